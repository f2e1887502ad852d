/* SPDX-License-Identifier: MIT */
/* Names of a ledger on this machine: nothing is asked over a network, and every submission is a block. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/chain/ledger.h"
#include "core/codec/hex.h"
#include "core/names/indexed.h"

#define FEE_RATE 10000 /* satoshis for 1,000 bytes, paid to nobody; what it costs elsewhere is felt here too */

struct embedded {
  struct bs_indexed indexed; /* of `ledger` */
  char *path;
  bool create;
  bool examine;
  bool writable;            /* how `ledger` is open */
  struct bs_ledger *ledger; /* opened when first needed, then kept; NULL: not yet */
};

static void embedded_close(void *state) {
  struct embedded *embedded = state;

  bs_ledger_close(embedded->ledger);
  free(embedded->path);
  free(embedded);
}

static bool embedded_open(void **ret_state, const struct bs_names_config *config, struct bs_error *error) {
  struct embedded *embedded;

  if (config->ledger == NULL || config->ledger[0] == '\0')
    return bs_fail(error, BS_WORD_config, "The embedded name provider needs the path of its ledger.");
  embedded = calloc(1, sizeof *embedded);
  if (embedded == NULL) return bs_fail_memory(error);
  embedded->create = config->create;
  embedded->examine = config->examine;
  embedded->indexed.cache = config->cache;
  embedded->path = strdup(config->ledger);
  if (embedded->path == NULL) {
    embedded_close(embedded);
    return bs_fail_memory(error);
  }
  *ret_state = embedded;
  return true;
}

static bool fail_missing(const struct embedded *embedded, struct bs_error *error) {
  return bs_fail(error, BS_WORD_no_names, "%s: There is no ledger; run: blockstore-cli init", embedded->path);
}

/* A connection for reading is replaced when the first write comes. */
static bool embedded_enter(void *state, const struct bs_scope *scope, bool write, bool *ret_exists,
                           struct bs_error *error) {
  struct embedded *embedded = state;
  enum bs_database_mode mode = !write ? BS_DATABASE_READ : embedded->create ? BS_DATABASE_CREATE : BS_DATABASE_WRITE;
  struct bs_ledger *ledger;

  *ret_exists = true;
  if (embedded->ledger != NULL && (embedded->writable || !write)) {
    bs_ledger_scope(embedded->ledger, scope);
    return true;
  }
  if (!(embedded->examine ? bs_ledger_examine(&ledger, embedded->path, scope, error)
                          : bs_ledger_open(&ledger, embedded->path, mode, NULL, scope, error))) {
    if (error->word != BS_WORD_not_found) return false;
    if (write) return fail_missing(embedded, error);
    *error = (struct bs_error){0};
    *ret_exists = false;
    return true;
  }
  if (!bs_indexed_use(&embedded->indexed, bs_ledger_index(ledger), error)) {
    bs_ledger_close(ledger);
    return false;
  }
  bs_ledger_close(embedded->ledger);
  embedded->ledger = ledger;
  embedded->writable = write;
  return true;
}

static void embedded_leave(void *state) {
  struct embedded *embedded = state;

  if (embedded->ledger == NULL) return;
  bs_ledger_scope(embedded->ledger, NULL); /* the scope ends with the call */
  if (!embedded->indexed.index->database->immutable) return;
  bs_ledger_close(embedded->ledger);
  embedded->ledger = NULL;
  embedded->indexed.index = NULL;
}

static bool embedded_hold(void *state, struct bs_error *error) {
  struct embedded *embedded = state;

  return embedded->ledger != NULL && bs_database_begin_read(embedded->indexed.index->database, error);
}

static void embedded_release(void *state) {
  struct embedded *embedded = state;

  if (embedded->ledger != NULL) bs_database_rollback(embedded->indexed.index->database);
}

static bool embedded_is_newest(void *state) {
  struct embedded *embedded = state;

  return embedded->ledger != NULL && bs_database_is_newest(embedded->indexed.index->database);
}

static bool embedded_check(void *state, const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error) {
  return bs_ledger_check(((struct embedded *)state)->path, scope, survey, error);
}

static bool embedded_network(void *state, const struct bs_scope *scope, enum bs_network *ret_network, struct bs_error *error) {
  (void)state, (void)scope, (void)error;
  *ret_network = BS_NETWORK_MAIN;
  return true;
}

static bool embedded_is_immediate(void *state) {
  (void)state;
  return true;
}

static const char *embedded_place(void *state) {
  return ((struct embedded *)state)->path;
}

static bool embedded_chain_id(void *state, unsigned char chain_id[32], struct bs_error *error) {
  struct embedded *embedded = state;

  (void)error;
  memcpy(chain_id, bs_ledger_chain_id(embedded->ledger), 32);
  return true;
}

static bool embedded_info(void *state, struct bs_names_info *info, struct bs_error *error) {
  struct embedded *embedded = state;
  struct bs_ledger_tip tip;

  info->network = "local";
  info->ledger = embedded->path;
  if (!info->exists) return true;
  if (!bs_ledger_get_tip(embedded->ledger, &tip, error) || !bs_index_count(embedded->indexed.index, &info->names, error))
    return false;
  bs_hex_encode(info->chain_id, bs_ledger_chain_id(embedded->ledger), BS_CHAIN_ID_SIZE);
  info->first_block = bs_ledger_parameters(embedded->ledger)->first_block;
  info->height = tip.height;
  info->block_time = tip.time;
  bs_hex_encode(info->consensus, tip.consensus, sizeof tip.consensus);
  return true;
}

static bool embedded_tip(void *state, uint64_t *ret_height, unsigned char consensus[BS_CONSENSUS_SIZE],
                         struct bs_error *error) {
  struct embedded *embedded = state;
  struct bs_ledger_tip tip;

  if (!bs_ledger_get_tip(embedded->ledger, &tip, error)) return false;
  *ret_height = tip.height + 1;
  memcpy(consensus, tip.consensus, BS_CONSENSUS_SIZE);
  return true;
}

static bool embedded_unspents(void *state, struct bs_unspent *unspents, size_t *ret_count,
                              const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  struct embedded *embedded = state;
  struct bs_outpoint outpoints[BS_COINS_MAX];
  struct bs_ledger_tip tip;
  size_t count;

  if (!bs_ledger_get_tip(embedded->ledger, &tip, error) ||
      !bs_ledger_get_unspents(embedded->ledger, outpoints, &count, BS_COINS_MAX, hash, error))
    return false;
  for (size_t i = 0; i < count; i++) {
    struct bs_unspent *unspent = &unspents[i];
    uint64_t height;

    *unspent = (struct bs_unspent){.confirmations = 0};
    if (!bs_ledger_get_transaction(embedded->ledger, &unspent->raw, &height, outpoints[i].txid, error) ||
        !bs_coin_from_transaction(&unspent->coin, outpoints[i].txid, outpoints[i].output, unspent->raw.bytes,
                                  unspent->raw.length, error)) {
      for (size_t k = 0; k <= i; k++) bs_buffer_free(&unspents[k].raw);
      return false;
    }
    unspent->confirmations = tip.height - height + 1;
  }
  *ret_count = count;
  return true;
}

static bool embedded_fee_rate(void *state, uint64_t *ret_rate, struct bs_error *error) {
  (void)state, (void)error;
  *ret_rate = FEE_RATE;
  return true;
}

static bool embedded_fund(void *state, const unsigned char hash[BS_HASH160_SIZE], uint64_t satoshis,
                          struct bs_error *error) {
  return bs_ledger_grant(((struct embedded *)state)->ledger, hash, satoshis, error);
}

static bool build_and_append(struct embedded *embedded, uint64_t *ret_block, bs_build build, void *user,
                             struct bs_error *error) {
  struct bs_view view = {&bs_provider_embedded, embedded};
  struct bs_batch batch BS_AUTO(bs_batch_free) = {.count = 0};
  struct bs_raw raws[BS_BATCH_MAX];

  if (!build(user, &view, &batch, error)) return false;
  for (size_t i = 0; i < batch.count; i++) raws[i] = (struct bs_raw){batch.raw[i].bytes, batch.raw[i].length};
  return bs_ledger_append(embedded->ledger, ret_block, NULL, raws, batch.count, true, error);
}

static bool submit(struct embedded *embedded, uint64_t *ret_block, bs_build build, void *user, struct bs_error *error) {
  if (!bs_ledger_begin(embedded->ledger, error)) return false;
  if (build_and_append(embedded, ret_block, build, user, error)) return bs_ledger_commit(embedded->ledger, error);
  bs_ledger_rollback(embedded->ledger);
  return false;
}

/* What a dry run works on instead of the ledger, which it leaves as it is, be it old, closed to writing, or not there. */
static bool begin_trial(struct embedded *trial, struct embedded *embedded, struct bs_error *error) {
  *trial = (struct embedded){.path = embedded->path, .writable = true};
  if (embedded->ledger == NULL && !embedded->create) return fail_missing(embedded, error);
  return bs_ledger_open_trial(&trial->ledger, embedded->ledger, error) &&
         bs_indexed_use(&trial->indexed, bs_ledger_index(trial->ledger), error);
}

static void end_trial(struct embedded *trial) {
  bs_ledger_close(trial->ledger);
}

static bool embedded_submit(void *state, uint64_t *ret_block, bs_build build, void *user, bool dry_run,
                            struct bs_error *error) {
  struct embedded trial BS_AUTO(end_trial) = {.ledger = NULL};

  if (!dry_run) return submit(state, ret_block, build, user, error);
  return begin_trial(&trial, state, error) && submit(&trial, ret_block, build, user, error);
}

static bool broadcast(struct embedded *embedded, struct bs_name_broadcast *ret_broadcast, const struct bs_buffer *raw,
                      struct bs_error *error) {
  const struct bs_raw transaction = {raw->bytes, raw->length};
  struct bs_verdict_text verdict;

  if (!bs_ledger_begin(embedded->ledger, error)) return false;
  if (!bs_ledger_append(embedded->ledger, &ret_broadcast->block, &verdict, &transaction, 1, false, error)) {
    bs_ledger_rollback(embedded->ledger);
    return false;
  }
  if (!bs_ledger_commit(embedded->ledger, error)) return false;
  ret_broadcast->is_operation = verdict.verdict != BS_VERDICT_NO_OPERATION;
  ret_broadcast->is_accepted = verdict.verdict == BS_VERDICT_ACCEPTED;
  memcpy(ret_broadcast->reason, verdict.reason, sizeof ret_broadcast->reason);
  return true;
}

static bool embedded_broadcast(void *state, struct bs_name_broadcast *ret_broadcast, const struct bs_buffer *raw,
                               bool dry_run, struct bs_error *error) {
  struct embedded trial BS_AUTO(end_trial) = {.ledger = NULL};

  if (!dry_run) return broadcast(state, ret_broadcast, raw, error);
  return begin_trial(&trial, state, error) && broadcast(&trial, ret_broadcast, raw, error);
}

const struct bs_provider bs_provider_embedded = {
    .name = "embedded",
    .proven = "local",
    .is_immediate = embedded_is_immediate,
    .open = embedded_open,
    .close = embedded_close,
    .enter = embedded_enter,
    .leave = embedded_leave,
    .hold = embedded_hold,
    .release = embedded_release,
    .is_newest = embedded_is_newest,
    .network = embedded_network,
    .check = embedded_check,
    .place = embedded_place,
    .chain_id = embedded_chain_id,
    .info = embedded_info,
    .tip = embedded_tip,
    BS_INDEXED_QUESTIONS,
    .unspents = embedded_unspents,
    .fee_rate = embedded_fee_rate,
    .fund = embedded_fund,
    .submit = embedded_submit,
    .broadcast = embedded_broadcast,
};

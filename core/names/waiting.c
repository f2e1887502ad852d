/* SPDX-License-Identifier: MIT */
/* Operations on a chain that is not immediate: their coins, and how they are kept and sent. */
#include <config.h>

#include "core/names/waiting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/chain/index.h"
#include "core/codec/hex.h"

#define LOCK "operations" /* no name: those have a dot */
#define LAG_MAX (BS_CONSENSUS_WINDOW - 4)

void bs_names_remember(struct bs_names *names, struct bs_state *state) {
  names->remembered = state;
}

bool bs_waiting_is_refusal(enum bs_word word) {
  return word == BS_WORD_conflict || word == BS_WORD_contested || word == BS_WORD_malformed ||
         word == BS_WORD_forged || word == BS_WORD_denied || word == BS_WORD_usage || word == BS_WORD_too_large;
}

bool bs_waiting_names_consensus(int opcode) {
  return opcode == BS_NAME_PREORDER || opcode == BS_NAMESPACE_PREORDER || opcode == BS_NAME_UPDATE || opcode == BS_NAME_TRANSFER;
}

/* ---- what waits ---- */

bool bs_waiting_lock(struct bs_waiting *waiting, struct bs_names *names, struct bs_scope *scope, struct bs_error *error) {
  if (names->remembered == NULL)
    return bs_fail(error, BS_WORD_config, "Operations wait for a block here, and there is no state directory to keep them in.");
  return bs_state_lock_name(names->remembered, scope, &waiting->lock, LOCK, error);
}

bool bs_waiting_load(struct bs_waiting *waiting, struct bs_names *names, struct bs_scope *scope, struct bs_error *error) {
  struct bs_names_info info = {.exists = true};
  unsigned char unused[BS_CONSENSUS_SIZE];

  waiting->names = names;
  waiting->scope = scope;
  if (!names->provider->chain_id(names->state, waiting->chain_id, error) || !names->provider->info(names->state, &info, error) ||
      !names->provider->tip(names->state, &waiting->next_block, unused, error))
    return false;
  waiting->index_block = info.height;
  if (info.node_height >= waiting->next_block) waiting->next_block = info.node_height + 1;
  if (!bs_hex_decode(waiting->consensus, sizeof waiting->consensus, info.consensus))
    return bs_fail(error, BS_WORD_malformed, "%s gave a consensus hash that is none.", names->provider->place(names->state));
  return names->remembered == NULL ||
         bs_state_underway_list(names->remembered, scope, &waiting->items, &waiting->count, waiting->chain_id, error);
}

void bs_waiting_free(struct bs_waiting *waiting) {
  if (waiting->lock >= 0) close(waiting->lock);
  waiting->lock = -1;
  bs_underway_free(waiting->items, waiting->count);
  waiting->items = NULL;
  waiting->count = 0;
}

static bool is_wanted(const struct bs_underway *item, int opcode, const char *name, bool planned) {
  return item->opcode == opcode && strcmp(item->name, name) == 0 && !item->is_over &&
         (planned ? item->stage == BS_STAGE_PLANNED : bs_waiting_is_alive(item));
}

struct bs_underway *bs_waiting_find(const struct bs_waiting *waiting, int opcode, const char *name, bool planned) {
  for (size_t i = waiting->count; i > 0; i--)
    if (is_wanted(&waiting->items[i - 1], opcode, name, planned)) return &waiting->items[i - 1];
  return NULL;
}

struct bs_underway *bs_waiting_find_of(const struct bs_waiting *waiting, int opcode, const char *name,
                                       const unsigned char sender[BS_HASH160_SIZE], const char *address, bool planned) {
  for (size_t i = waiting->count; i > 0; i--) {
    struct bs_underway *item = &waiting->items[i - 1];

    if (is_wanted(item, opcode, name, planned) && memcmp(item->sender, sender, sizeof item->sender) == 0 &&
        strcmp(item->address, address) == 0)
      return item;
  }
  return NULL;
}

bool bs_waiting_check(const struct bs_waiting *waiting, const char *name, struct bs_error *error) {
  static const int last[] = {BS_NAME_TRANSFER, BS_NAME_REVOKE};

  for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
    const struct bs_underway *item = bs_waiting_find(waiting, last[i], name, false);
    char txid[BS_TXID_TEXT];

    if (item == NULL) continue;
    bs_txid_text(txid, item->txid);
    return bs_fail(error, BS_WORD_conflict, "The name %s is about to be %s: the transaction %s waits for a block.", name,
                   last[i] == BS_NAME_TRANSFER ? "transferred" : "revoked", txid);
  }
  return true;
}

bool bs_names_state_of(struct bs_names *names, struct bs_scope *scope, enum bs_waiting_state *ret_state,
                       const unsigned char chain_id[32], const char *txid, struct bs_error *error) {
  struct bs_underway *items;
  unsigned char id[BS_TXID_SIZE];
  size_t count;

  *ret_state = BS_WAITING_NONE;
  if (names->remembered == NULL || !bs_txid_parse(id, txid)) return true;
  if (!bs_state_underway_list(names->remembered, scope, &items, &count, chain_id, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (memcmp(items[i].txid, id, sizeof id) == 0)
      *ret_state = bs_waiting_is_alive(&items[i])          ? BS_WAITING_UNDERWAY
                   : items[i].stage == BS_STAGE_REFUSED ? BS_WAITING_REFUSED
                                                           : BS_WAITING_NONE;
  bs_underway_free(items, count);
  return true;
}

bool bs_names_current_txid(struct bs_names *names, struct bs_scope *scope, char current[BS_TXID_TEXT],
                           const unsigned char chain_id[32], const char *txid, struct bs_error *error) {
  struct bs_underway *items;
  unsigned char id[BS_TXID_SIZE];
  size_t count;

  snprintf(current, BS_TXID_TEXT, "%s", txid);
  if (names->remembered == NULL || !bs_txid_parse(id, txid)) return true;
  if (!bs_state_underway_list(names->remembered, scope, &items, &count, chain_id, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (bs_underway_was(&items[i], id)) bs_txid_text(current, items[i].txid);
  bs_underway_free(items, count);
  return true;
}

/* ---- coins ---- */

static bool is_spent(const struct bs_waiting *waiting, const unsigned char txid[BS_TXID_SIZE], uint32_t output) {
  for (size_t i = 0; i < waiting->count; i++)
    for (size_t j = 0; bs_waiting_is_alive(&waiting->items[i]) && j < waiting->items[i].input_count; j++)
      if (waiting->items[i].inputs[j].output == output && memcmp(waiting->items[i].inputs[j].txid, txid, BS_TXID_SIZE) == 0)
        return true;
  return false;
}

static void drop_coin(struct bs_purse *purse, size_t number) {
  memmove(&purse->coins[number], &purse->coins[number + 1], (--purse->count - number) * sizeof purse->coins[0]);
}

static void drop_spent(const struct bs_waiting *waiting, struct bs_purse *purse) {
  for (size_t i = purse->count; i > 0; i--)
    if (is_spent(waiting, purse->coins[i - 1].txid, purse->coins[i - 1].output)) drop_coin(purse, i - 1);
}

static bool is_of(const struct bs_purse *purse, const struct bs_transaction_output *output) {
  unsigned char hash[BS_HASH160_SIZE];

  if (bs_script_classify(hash, output->script, output->script_length) == BS_SCRIPT_PUBLIC_KEY_HASH)
    return memcmp(hash, purse->hash, sizeof hash) == 0;
  return bs_script_witness_hash(hash, output->script, output->script_length) &&
         memcmp(hash, purse->witness_hash, sizeof hash) == 0;
}

/* To the front; a purse that is full lets go of its last, the smallest. */
static bool push_coin(struct bs_purse *purse, const struct bs_underway *item, uint32_t output, struct bs_error *error) {
  struct bs_coin coin;

  if (!bs_coin_from_transaction(&coin, item->txid, output, item->raw.bytes, item->raw.length, error)) return false;
  for (size_t i = purse->count; i > 0; i--)
    if (purse->coins[i - 1].output == output && memcmp(purse->coins[i - 1].txid, item->txid, BS_TXID_SIZE) == 0)
      drop_coin(purse, i - 1);
  if (purse->count == BS_PURSE_MAX) purse->count--;
  memmove(&purse->coins[1], &purse->coins[0], purse->count * sizeof purse->coins[0]);
  purse->coins[0] = coin;
  purse->count++;
  return true;
}

/* What it pays to the purse; its change last, so that this comes to the front. */
static bool add_paid_back(const struct bs_waiting *waiting, struct bs_purse *purse, const struct bs_underway *item,
                          struct bs_error *error) {
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {0};

  if (item->is_over || (item->stage != BS_STAGE_MADE && item->stage != BS_STAGE_SENT)) return true;
  if (!bs_transaction_parse(&transaction, item->raw.bytes, item->raw.length, error)) return false;
  for (size_t i = 0; i < transaction.output_count; i++)
    if (is_of(purse, &transaction.outputs[i]) && !is_spent(waiting, item->txid, (uint32_t)i) &&
        !push_coin(purse, item, (uint32_t)i, error))
      return false;
  return true;
}

static bool adjust(const struct bs_waiting *waiting, struct bs_purse *purse, struct bs_error *error) {
  drop_spent(waiting, purse);
  for (size_t i = 0; i < waiting->count; i++)
    if (!add_paid_back(waiting, purse, &waiting->items[i], error)) return false;
  return true;
}

bool bs_waiting_adjust(const struct bs_waiting *waiting, struct bs_payment *payment, struct bs_error *error) {
  return adjust(waiting, &payment->own, error) && (payment->owner_pays || adjust(waiting, &payment->pay, error));
}

/* ---- sending ---- */

bool bs_waiting_save(struct bs_waiting *waiting, struct bs_underway *item, struct bs_error *error) {
  return bs_state_underway_save(waiting->names->remembered, waiting->scope, &item, 1, error);
}

static void note_sent(struct bs_underway *item) {
  item->stage = BS_STAGE_SENT;
  item->reason[0] = '\0';
  item->is_unwanted = false;
}

/* Does it spend what another makes that the node does not have, though it may get it yet? */
static bool is_early(const struct bs_waiting *waiting, const struct bs_underway *item) {
  for (size_t i = 0; i < waiting->count; i++) {
    const struct bs_underway *other = &waiting->items[i];

    if (!other->is_unwanted || !bs_waiting_is_alive(other)) continue;
    for (size_t j = 0; j < item->input_count; j++)
      if (memcmp(item->inputs[j].txid, other->txid, BS_TXID_SIZE) == 0 || bs_underway_was(other, item->inputs[j].txid))
        return true;
  }
  return false;
}

bool bs_waiting_send(struct bs_waiting *waiting, struct bs_underway *item, struct bs_error *error) {
  const struct bs_provider *provider = waiting->names->provider;
  struct bs_name_broadcast answer = {.block = 0};
  struct bs_error failure = {0};

  if (provider->broadcast(waiting->names->state, &answer, &item->raw, false, &failure)) {
    note_sent(item);
    return true;
  }
  if (!bs_waiting_is_refusal(failure.word)) {
    *error = failure;
    return false;
  }
  snprintf(item->reason, sizeof item->reason, "%.*s", (int)sizeof item->reason - 1, failure.message);
  item->is_unwanted = failure.word != BS_WORD_conflict || is_early(waiting, item);
  if (!item->is_unwanted && item->stage != BS_STAGE_SPENT) {
    item->stage = BS_STAGE_SPENT;
    item->spent = waiting->next_block - 1;
  }
  return true;
}

/* ---- a job's operations ---- */

static bool keep_inputs(struct bs_underway *item, const struct bs_payment_made *made, struct bs_error *error) {
  item->inputs = calloc(made->input_count, sizeof *item->inputs);
  if (item->inputs == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < made->input_count; i++) {
    const struct bs_coin *coin = &made->inputs[i];
    struct bs_underway_input *input = &item->inputs[i];

    memcpy(input->txid, coin->txid, sizeof input->txid);
    input->output = coin->output;
    input->value = coin->value;
    input->script_length = coin->script.length;
    memcpy(input->script, coin->script.bytes, coin->script.length);
  }
  item->input_count = made->input_count;
  return true;
}

static void describe(const struct bs_job *job, struct bs_underway *item) {
  const struct bs_waiting *waiting = job->waiting;

  memcpy(item->chain_id, waiting->chain_id, sizeof item->chain_id);
  if (!job->is_nameless) snprintf(item->name, sizeof item->name, "%s", job->name);
  memcpy(item->address, job->owner, sizeof item->address);
  memcpy(item->sender, job->payment.own.hash, sizeof item->sender);
  memcpy(item->payer, job->payment.pay.hash, sizeof item->payer);
  item->block = waiting->next_block;
  item->looked = waiting->index_block;
  item->consensus_block = waiting->index_block;
  item->made = bs_clock_unix();
}

static bool describe_made(const struct bs_job *job, struct bs_underway *item, const struct bs_payment_made *made,
                          const struct bs_buffer *raw, struct bs_error *error) {
  describe(job, item);
  item->opcode = (int)made->operation.opcode;
  item->stage = BS_STAGE_MADE;
  item->has_consensus = bs_waiting_names_consensus(item->opcode);
  memcpy(item->txid, made->txid, sizeof item->txid);
  item->change = made->change;
  item->fee = made->fee;
  if (item->opcode == BS_NAME_UPDATE || item->opcode == BS_NAME_IMPORT)
    bs_hex_encode(item->value_hash, job->value_hash, sizeof job->value_hash);
  bs_buffer_add(&item->raw, raw->bytes, raw->length);
  return bs_buffer_ok(&item->raw, error) && keep_inputs(item, made, error);
}

static void describe_plan(const struct bs_job *job, struct bs_underway *plan) {
  describe(job, plan);
  plan->opcode = BS_NAME_REGISTRATION;
  plan->stage = BS_STAGE_PLANNED;
}

bool bs_waiting_plan(struct bs_job *job, struct bs_error *error) {
  struct bs_underway plan BS_AUTO(bs_underway_clear) = {.id = 0};

  if (job->operation->dry_run) return true;
  job->is_kept = true;
  describe_plan(job, &plan);
  return bs_waiting_save(job->waiting, &plan, error);
}

struct made_items {
  struct bs_underway items[BS_BATCH_MAX + 1];
  size_t count;
  struct bs_underway *ended_plan; /* of the waiting ones, for a registration among these; NULL: none */
};

static void free_made(struct made_items *made) {
  for (size_t i = 0; i < made->count; i++) bs_underway_clear(&made->items[i]);
}

/* A registration that was planned is over once its transaction is made. */
static void end_plan(struct bs_waiting *waiting, struct made_items *made, const struct bs_underway *item,
                     struct bs_underway **saved, size_t *count) {
  struct bs_underway *plan = item->opcode != BS_NAME_REGISTRATION || item->stage == BS_STAGE_PLANNED
                                 ? NULL
                                 : bs_waiting_find_of(waiting, item->opcode, item->name, item->sender, item->address, true);

  if (plan == NULL) return;
  plan->is_over = true;
  made->ended_plan = plan;
  saved[(*count)++] = plan;
}

/* Durably, before anything is sent. */
static bool keep(struct bs_job *job, struct made_items *made, const struct bs_batch *batch, struct bs_error *error) {
  struct bs_underway *saved[2 * (BS_BATCH_MAX + 1)];
  size_t count = 0;

  job->is_kept = true;
  for (; made->count < batch->count; made->count++)
    if (!describe_made(job, &made->items[made->count], &job->payment.made[made->count], &batch->raw[made->count], error)) {
      made->count++;
      return false;
    }
  if (job->plans_registration) {
    describe_plan(job, &made->items[made->count++]);
  }
  for (size_t i = 0; i < made->count; i++) {
    saved[count++] = &made->items[i];
    end_plan(job->waiting, made, &made->items[i], saved, &count);
  }
  return bs_state_underway_save(job->waiting->names->remembered, job->waiting->scope, saved, count, error);
}

/* What was refused for good never was: nobody has it.  A registration is planned again: its preorder was paid for, and the node
 * may take it later. */
static bool take_back(struct bs_job *job, struct made_items *made, size_t first, struct bs_error *error) {
  struct bs_underway *saved[BS_BATCH_MAX + 2];
  struct bs_error ignored;
  size_t count = 0;

  for (size_t i = first; i < made->count; i++) {
    made->items[i].is_over = true;
    saved[count++] = &made->items[i];
    if (made->items[i].opcode != BS_NAME_REGISTRATION || made->ended_plan == NULL) continue;
    made->ended_plan->is_over = false;
    made->ended_plan->id = 0;
    saved[count++] = made->ended_plan;
    made->ended_plan = NULL;
  }
  if (!bs_state_underway_save(job->waiting->names->remembered, NULL, saved, count, &ignored))
    bs_log(BS_LOG_WARNING, "An operation that was refused is still listed as pending: %s", ignored.message);
  return bs_context(error, "The operation on %s was not taken", job->name);
}

static bool send(struct bs_job *job, struct made_items *made, struct bs_error *error) {
  const struct bs_provider *provider = job->waiting->names->provider;

  for (size_t i = 0; i < made->count && made->items[i].stage == BS_STAGE_MADE; i++) {
    struct bs_name_broadcast answer = {.block = 0};
    struct bs_underway *item = &made->items[i];

    if (!provider->broadcast(job->waiting->names->state, &answer, &item->raw, false, error)) {
      if (bs_waiting_is_refusal(error->word)) return take_back(job, made, i, error);
      return bs_context(error, "The operation on %s was made, and it is not known whether it was sent; run: blockstore-cli"
                        " pending --resume", job->name);
    }
    note_sent(item);
    bs_log(BS_LOG_INFO, "sent: %s of %s, for a fee of %" PRIu64 " satoshis", bs_opcode_text((enum bs_opcode)item->opcode),
           job->name, item->fee);
    if (!bs_waiting_save(job->waiting, item, error)) {
      char txid[BS_TXID_TEXT];

      bs_txid_text(txid, item->txid);
      return bs_context(error, "The operation on %s was sent, by the transaction %s, and that cannot be remembered", job->name,
                        txid);
    }
  }
  return true;
}

static bool try_out(struct bs_job *job, const struct bs_batch *batch, struct bs_error *error) {
  const struct bs_provider *provider = job->waiting->names->provider;

  for (size_t i = 0; i < batch->count; i++) {
    struct bs_name_broadcast answer = {.block = 0};

    if (!provider->broadcast(job->waiting->names->state, &answer, &batch->raw[i], true, error)) return false;
  }
  return true;
}

static bool make_and_send(struct bs_job *job, bs_build build, struct bs_error *error) {
  struct bs_names *names = job->waiting->names;
  struct bs_view view = {names->provider, names->state};
  struct bs_batch batch BS_AUTO(bs_batch_free) = {.count = 0};
  struct made_items made BS_AUTO(free_made) = {.count = 0};

  if (!build(job, &view, &batch, error)) return false;
  if (job->operation->dry_run) return try_out(job, &batch, error);
  if (batch.count == 0) return true;
  return keep(job, &made, &batch, error) && send(job, &made, error);
}

/* What is made now gets into a block in a few, with a consensus hash that is as old as the index. */
static bool check_lag(const struct bs_waiting *waiting, struct bs_error *error) {
  uint64_t lag = waiting->next_block - 1 - waiting->index_block;

  if (waiting->next_block <= waiting->index_block + 1 || lag <= LAG_MAX) return true;
  return bs_fail(error, BS_WORD_stale, "%s is %" PRIu64 " blocks behind the chain: an operation that is made now would name a"
                 " consensus hash that is too old before it is in a block.",
                 waiting->names->provider->place(waiting->names->state), lag);
}

bool bs_waiting_submit(struct bs_job *job, struct bs_names *names, struct bs_scope *scope, bs_build build,
                       struct bs_error *error) {
  struct bs_waiting waiting BS_AUTO(bs_waiting_free) = BS_WAITING_INIT;
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  bool is_dry = job->operation->dry_run;

  if (!is_dry && !bs_waiting_lock(&waiting, names, scope, error)) return false;
  if (!bs_names_enter(&call, names, scope, !is_dry, error)) return false;
  if (!call.exists)
    return bs_fail(error, BS_WORD_no_names, "%s: There is no chain yet.", names->provider->place(names->state));
  if (!bs_waiting_load(&waiting, names, scope, error) || !check_lag(&waiting, error)) return false;
  if (is_dry ? !bs_waiting_look(&waiting, error)
             : !bs_waiting_settle(&waiting, job->operation->owner_key, job->operation->payment_key, error))
    return false;
  job->waiting = &waiting;
  if (!make_and_send(job, build, error)) return false;
  job->receipt.block = waiting.next_block;
  if (job->receipt.waits == NULL) job->receipt.waits = "sent";
  job->waiting = NULL;
  return true;
}

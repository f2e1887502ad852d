/* SPDX-License-Identifier: MIT */
/* How a ledger begins: its chain id and the namespaces that are ready before the first block. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/chain/ledger-private.h"
#include "core/chain/statements.h"
#include "core/state/examine.h"

#define TAG "blockstore-local-1" /* with its NUL: what a chain id is the hash of begins so (design section 3) */

static const struct bs_operation first_namespace = {
    .opcode = BS_NAMESPACE_REVEAL,
    .name = BS_LEDGER_NAMESPACE,
    .version = 1,
    .rules = {.lifetime = BS_LIFETIME_INFINITE,
              .coeff = 250,
              .base = 4,
              .buckets = {6, 5, 4, 3, 2, 1},
              .nonalpha_discount = 10,
              .no_vowel_discount = 10},
};

/* Magic `id`, addresses as on Bitcoin's main network, blocks from 1 on; the seed stands for block 0. */
void bs_ledger_set_chain(struct bs_ledger *ledger, const unsigned char chain_id[BS_CHAIN_ID_SIZE]) {
  ledger->parameters = (struct bs_chain_parameters){.magic = {'i', 'd'},
                                                    .address_version = 0,
                                                    .script_version = 5,
                                                    .first_block = 1,
                                                    .names_per_owner = 25,
                                                    .import_keys = 300,
                                                    .seed_first = 0,
                                                    .seed_last = 0};
  memcpy(ledger->parameters.seed, chain_id, sizeof ledger->parameters.seed);
  memcpy(ledger->chain_id, chain_id, sizeof ledger->chain_id);
  ledger->index = (struct bs_index){ledger->database, &ledger->parameters};
}

bool bs_ledger_read_chain(struct bs_ledger *ledger, unsigned char nonce[BS_NONCE_SIZE], bool *ret_found,
                          struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  unsigned char chain_id[BS_CHAIN_ID_SIZE];

  if (!bs_database_query(ledger->database, BS_SQL_get_chain, &row, BS_NO_VALUES, error)) return false;
  *ret_found = row != NULL;
  if (row == NULL) return true;
  if (!bs_row_bytes(ledger->database, row, 0, chain_id, sizeof chain_id, error) ||
      !bs_row_bytes(ledger->database, row, 1, nonce, BS_NONCE_SIZE, error))
    return false;
  bs_ledger_set_chain(ledger, chain_id);
  return true;
}

static bool write_namespace(struct bs_ledger *ledger, const struct bs_raw *payload, struct bs_error *error) {
  struct bs_operation reveal;

  if (!bs_operation_parse(&reveal, ledger->parameters.magic, payload->bytes, payload->length, error)) return false;
  return bs_rules_add_genesis(&ledger->index, &reveal, error) &&
         bs_database_run(ledger->database, BS_SQL_put_genesis,
                         BS_VALUES(bs_value_blob(payload->bytes, payload->length)), error);
}

bool bs_ledger_write_genesis(struct bs_ledger *ledger, const unsigned char nonce[BS_NONCE_SIZE],
                             const struct bs_raw *payloads, size_t count, struct bs_error *error) {
  unsigned char chain_id[BS_CHAIN_ID_SIZE];
  struct bs_sha256 hash;

  bs_sha256_begin(&hash);
  bs_sha256_add(&hash, TAG, sizeof TAG);
  bs_sha256_add(&hash, nonce, BS_NONCE_SIZE);
  for (size_t i = 0; i < count; i++) {
    unsigned char length[2] = {(unsigned char)(payloads[i].length >> 8), (unsigned char)payloads[i].length};

    bs_sha256_add(&hash, length, sizeof length);
    bs_sha256_add(&hash, payloads[i].bytes, payloads[i].length);
  }
  bs_sha256_end(&hash, chain_id);
  bs_ledger_set_chain(ledger, chain_id);
  for (size_t i = 0; i < count; i++)
    if (!write_namespace(ledger, &payloads[i], error)) return false;
  return bs_database_run(ledger->database, BS_SQL_put_chain,
                         BS_VALUES(bs_value_blob(chain_id, sizeof chain_id), bs_value_blob(nonce, BS_NONCE_SIZE)),
                         error);
}

/* ---- opening ---- */

struct payload {
  unsigned char bytes[BS_PAYLOAD_MAX];
  size_t length;
};

static int compare_payloads(const void *left, const void *right) {
  const struct payload *a = left, *b = right;
  int order = memcmp(a->bytes, b->bytes, a->length < b->length ? a->length : b->length);

  return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static bool check_reveal(const struct bs_operation *reveal, struct bs_error *error) {
  if (reveal->opcode != BS_NAMESPACE_REVEAL || reveal->version != 1 || !bs_namespace_id_check(reveal->name))
    return bs_fail(error, BS_WORD_usage,
                   "A genesis namespace must be a NAMESPACE_REVEAL of version 1 with an id of 1 to %d characters.",
                   BS_NAMESPACE_MAX);
  if (reveal->rules.nonalpha_discount - 1u > 14u || reveal->rules.no_vowel_discount - 1u > 14u)
    return bs_fail(error, BS_WORD_usage, "The discounts of the genesis namespace %s must be 1 to 15.", reveal->name);
  for (size_t i = 0; i < BS_BUCKETS; i++)
    if (reveal->rules.buckets[i] > 15)
      return bs_fail(error, BS_WORD_usage, "The buckets of the genesis namespace %s must be 0 to 15.", reveal->name);
  return true;
}

/* The payloads of the first namespace and of those asked for, sorted. */
static bool collect(struct payload *payloads, const unsigned char magic[2], const struct bs_ledger_genesis *genesis,
                    struct bs_error *error) {
  size_t count = genesis == NULL ? 0 : genesis->count;

  payloads[count].length = bs_operation_write(payloads[count].bytes, magic, &first_namespace);
  for (size_t i = 0; i < count; i++) {
    const struct bs_operation *reveal = &genesis->namespaces[i];

    if (!check_reveal(reveal, error)) return false;
    for (size_t j = 0; j < i; j++)
      if (strcmp(genesis->namespaces[j].name, reveal->name) == 0)
        return bs_fail(error, BS_WORD_usage, "The genesis namespace %s is given twice.", reveal->name);
    if (strcmp(reveal->name, first_namespace.name) == 0)
      return bs_fail(error, BS_WORD_usage, "The genesis namespace %s is in every ledger.", reveal->name);
    payloads[i].length = bs_operation_write(payloads[i].bytes, magic, reveal);
  }
  qsort(payloads, count + 1, sizeof *payloads, compare_payloads);
  return true;
}

static bool begin_chain(struct bs_ledger *ledger, const struct bs_ledger_genesis *genesis, struct bs_error *error) {
  size_t count = genesis == NULL ? 1 : genesis->count + 1;
  struct payload *payloads BS_AUTO_FREE = calloc(count, sizeof *payloads);
  struct bs_raw *raws BS_AUTO_FREE = calloc(count, sizeof *raws);
  unsigned char nonce[BS_NONCE_SIZE];

  if (payloads == NULL || raws == NULL) return bs_fail_memory(error);
  if (!collect(payloads, (const unsigned char *)"id", genesis, error)) return false;
  for (size_t i = 0; i < count; i++) raws[i] = (struct bs_raw){payloads[i].bytes, payloads[i].length};
  return bs_random(nonce, sizeof nonce, error) && bs_ledger_write_genesis(ledger, nonce, raws, count, error);
}

/* The genesis of a file that has none, unless another process was faster. */
static bool ensure_chain(struct bs_ledger *ledger, const struct bs_ledger_genesis *genesis, struct bs_error *error) {
  unsigned char nonce[BS_NONCE_SIZE];
  bool found;

  if (!bs_ledger_read_chain(ledger, nonce, &found, error)) return false;
  if (found) return true;
  if (ledger->database->read_only)
    return bs_fail(error, BS_WORD_not_found, "%s: The ledger is still empty.", ledger->database->path);
  if (!bs_ledger_begin(ledger, error)) return false;
  if (!bs_ledger_read_chain(ledger, nonce, &found, error) || (!found && !begin_chain(ledger, genesis, error))) {
    bs_ledger_rollback(ledger);
    return false;
  }
  return bs_ledger_commit(ledger, error);
}

bool bs_ledger_examine(struct bs_ledger **ret_ledger, const char *path, const struct bs_scope *scope, struct bs_error *error) {
  struct bs_ledger *ledger = calloc(1, sizeof *ledger);

  if (ledger == NULL) return bs_fail_memory(error);
  if (!bs_database_examine(&ledger->database, path, &bs_ledger_kind, false, scope, error) || !ensure_chain(ledger, NULL, error)) {
    bs_ledger_close(ledger);
    return false;
  }
  *ret_ledger = ledger;
  return true;
}

bool bs_ledger_open_trial(struct bs_ledger **ret_trial, struct bs_ledger *ledger, struct bs_error *error) {
  struct bs_ledger *trial = calloc(1, sizeof *trial);

  if (trial == NULL) return bs_fail_memory(error);
  if (!(ledger == NULL ? bs_database_open_memory(&trial->database, &bs_ledger_kind, error)
                       : bs_database_copy(&trial->database, ledger->database, error)) ||
      !ensure_chain(trial, NULL, error)) {
    bs_ledger_close(trial);
    return false;
  }
  *ret_trial = trial;
  return true;
}

bool bs_ledger_open(struct bs_ledger **ret_ledger, const char *path, enum bs_database_mode mode,
                    const struct bs_ledger_genesis *genesis, const struct bs_scope *scope, struct bs_error *error) {
  struct bs_ledger *ledger = calloc(1, sizeof *ledger);

  if (ledger == NULL) return bs_fail_memory(error);
  if (!bs_database_open(&ledger->database, path, &bs_ledger_kind, mode, scope, error) ||
      !ensure_chain(ledger, genesis, error)) {
    bs_ledger_close(ledger);
    return false;
  }
  *ret_ledger = ledger;
  return true;
}

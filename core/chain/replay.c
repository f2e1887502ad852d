/* SPDX-License-Identifier: MIT */
/* Is what the ledger derived from its blocks what the blocks say?  A second ledger in memory is made from them. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/chain/ledger-private.h"
#include "core/chain/statements.h"

/* Blobs out of rows, one behind the other. */
struct pile {
  struct bs_buffer bytes;
  struct bs_raw *raws; /* each within bytes; by free() */
  size_t count;
};

static void free_pile(struct pile *pile) {
  bs_buffer_free(&pile->bytes);
  free(pile->raws);
}

static bool add_to_pile(struct pile *pile, sqlite3_stmt *row, struct bs_error *error) {
  struct bs_raw *grown = reallocarray(pile->raws, pile->count + 1, sizeof *grown);

  if (grown == NULL) return bs_fail_memory(error);
  pile->raws = grown;
  pile->raws[pile->count++].length = (size_t)sqlite3_column_bytes(row, 0);
  bs_buffer_add(&pile->bytes, sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0));
  return bs_buffer_ok(&pile->bytes, error);
}

/* All of a statement's rows, one blob each. */
static bool read_pile(struct bs_ledger *ledger, struct pile *pile, size_t which, const struct bs_value *values,
                      size_t count, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  const unsigned char *at;

  if (!bs_database_query(ledger->database, which, &row, values, count, error)) return false;
  while (row != NULL)
    if (!add_to_pile(pile, row, error) || !bs_database_next(ledger->database, &row, error)) return false;
  at = pile->bytes.bytes; /* only now the bytes stay where they are */
  for (size_t i = 0; i < pile->count; i++) {
    pile->raws[i].bytes = at;
    at += pile->raws[i].length;
  }
  return true;
}

static bool copy_genesis(struct bs_ledger *copy, struct bs_ledger *ledger, struct bs_error *error) {
  struct pile payloads BS_AUTO(free_pile) = {BS_BUFFER_INIT, NULL, 0};
  unsigned char nonce[BS_NONCE_SIZE];
  bool found;

  if (!bs_ledger_read_chain(ledger, nonce, &found, error)) return false;
  if (!found || !read_pile(ledger, &payloads, BS_SQL_all_genesis, BS_NO_VALUES, error)) return false;
  if (!bs_ledger_write_genesis(copy, nonce, payloads.raws, payloads.count, error)) return false;
  if (memcmp(copy->chain_id, ledger->chain_id, BS_CHAIN_ID_SIZE) == 0) return true;
  return bs_fail(error, BS_WORD_corrupt, "The chain id is not that of the genesis.");
}

/* A coinbase is good where the ledger puts one: alone in its block.  False only for want of memory. */
static bool look_for_grant(bool *ret_is_grant, const struct pile *transactions, struct bs_error *error) {
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {0};

  *ret_is_grant = transactions->count == 1 &&
                  bs_transaction_parse(&transaction, transactions->raws[0].bytes, transactions->raws[0].length, error) &&
                  bs_transaction_is_coinbase(&transaction);
  return *ret_is_grant || error->word != BS_WORD_no_memory;
}

static bool copy_block(struct bs_ledger *copy, struct bs_ledger *ledger, uint64_t height, struct bs_error *error) {
  struct pile transactions BS_AUTO(free_pile) = {BS_BUFFER_INIT, NULL, 0};
  struct bs_new_block block = {.height = height};
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!bs_database_query(ledger->database, BS_SQL_get_block, &row, BS_VALUES(bs_value_integer(height)), error))
    return false;
  if (row == NULL) return bs_fail(error, BS_WORD_corrupt, "The block is missing.");
  block.time = bs_row_integer(row, 0);
  if (!read_pile(ledger, &transactions, BS_SQL_transactions_at, BS_VALUES(bs_value_integer(height)), error))
    return false;
  block.transactions = transactions.raws;
  block.count = transactions.count;
  error->word = BS_NO_WORD;
  if (!look_for_grant(&block.coinbase, &transactions, error)) return false;
  return bs_ledger_append_block(copy, &block, NULL, error);
}

/* All that is derived from the blocks, or is the blocks. */
static const struct bs_table tables[] = {
    {"chain", "*", "id", 1, false},
    {"genesis", "*", "payload", 1, false},
    {"blocks", "*", "height", 1, true},
    {"transactions", "*", "txid", 1, false},
    {"unspents", "*", "txid, output", 2, false},
    BS_INDEX_TABLES,
};

/* Is that a failure of the machine's, not the block's? */
static bool is_ours(const struct bs_error *error) {
  return error->word == BS_WORD_no_memory || error->word == BS_WORD_io || error->word == BS_WORD_cancelled ||
         error->word == BS_WORD_deadline;
}

/* Blocks up to the tip, or up to one that would be refused today: *ret_all is false then. */
static bool copy_blocks(struct bs_ledger *copy, struct bs_ledger *ledger, bool *ret_all, bs_replay_visit *visit, void *user,
                        struct bs_error *error) {
  struct bs_ledger_tip tip;
  char where[40];

  *ret_all = true;
  if (!bs_ledger_get_tip(ledger, &tip, error)) return false;
  for (uint64_t height = copy->parameters.first_block; height <= tip.height && *ret_all; height++) {
    if (ledger->database->scope != NULL && !bs_scope_check(ledger->database->scope, error)) return false;
    *ret_all = copy_block(copy, ledger, height, error);
    if (*ret_all) continue;
    snprintf(where, sizeof where, "block %" PRIu64, height);
    if (is_ours(error)) return bs_context(error, "%s", where);
    visit(user, where, error->message);
    *error = (struct bs_error){.word = BS_NO_WORD};
  }
  return true;
}

static bool replay(struct bs_ledger *copy, struct bs_ledger *ledger, bs_replay_visit *visit, void *user, struct bs_error *error) {
  uint64_t block = UINT64_MAX;
  bool all;

  if (!copy_genesis(copy, ledger, error)) {
    if (is_ours(error)) return false;
    visit(user, "table chain", error->message);
    *error = (struct bs_error){.word = BS_NO_WORD};
    return true;
  }
  if (!copy_blocks(copy, ledger, &all, visit, user, error)) return false;
  for (size_t i = 0; all && i < sizeof tables / sizeof tables[0]; i++)
    if (!bs_table_compare(&block, copy->database, ledger->database, &tables[i], visit, user, error)) return false;
  return true;
}

bool bs_ledger_replay(struct bs_ledger *ledger, bs_replay_visit *visit, void *user, struct bs_error *error) {
  struct bs_ledger copy = {0};
  int32_t version;
  bool good;

  if (!bs_database_version(ledger->database, &version, error)) return false;
  if (version != bs_ledger_kind.version)
    return bs_fail(error, BS_WORD_failed,
                   "The ledger has an older schema; open it for writing, which brings it up to date, to replay it.");
  if (!bs_database_open_memory(&copy.database, &bs_ledger_kind, error)) return false;
  good = bs_database_begin(copy.database, error) && replay(&copy, ledger, visit, user, error);
  bs_database_close(copy.database);
  return good;
}

/* The first difference, as an error. */
static void keep_first(void *user, const char *where, const char *problem) {
  struct bs_error *first = user;

  if (first->word == BS_NO_WORD) bs_fail(first, BS_WORD_corrupt, "%s: %s", where, problem);
}

bool bs_ledger_replay_check(struct bs_ledger *ledger, struct bs_error *error) {
  struct bs_error first = {.word = BS_NO_WORD};
  bool good = bs_database_begin_read(ledger->database, error) && bs_ledger_replay(ledger, keep_first, &first, error);

  bs_database_rollback(ledger->database);
  if (good && first.word != BS_NO_WORD) *error = first;
  return (good && first.word == BS_NO_WORD) || bs_context(error, "%s", ledger->database->path);
}

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

/* A coinbase is good where the ledger puts one: alone in its block. */
static bool is_grant(const struct pile *transactions) {
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {0};
  struct bs_error ignored;

  return transactions->count == 1 &&
         bs_transaction_parse(&transaction, transactions->raws[0].bytes, transactions->raws[0].length, &ignored) &&
         bs_transaction_is_coinbase(&transaction);
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
  block.coinbase = is_grant(&transactions);
  return bs_ledger_append_block(copy, &block, NULL, error);
}

static bool same_value(sqlite3_stmt *a, sqlite3_stmt *b, int column) {
  int length = sqlite3_column_bytes(a, column);

  if (sqlite3_column_type(a, column) != sqlite3_column_type(b, column) || length != sqlite3_column_bytes(b, column))
    return false;
  return length == 0 || memcmp(sqlite3_column_blob(a, column), sqlite3_column_blob(b, column), (size_t)length) == 0;
}

static bool same_rows(sqlite3_stmt *a, sqlite3_stmt *b) {
  for (;;) {
    int code = sqlite3_step(a);

    if (sqlite3_step(b) != code) return false;
    if (code != SQLITE_ROW) return code == SQLITE_DONE;
    for (int column = 0; column < sqlite3_column_count(a); column++)
      if (!same_value(a, b, column)) return false;
  }
}

/* Does the statement answer the same rows on both? */
static bool same_answer(struct bs_ledger *copy, struct bs_ledger *ledger, const char *sql) {
  sqlite3_stmt *a = NULL, *b = NULL;
  bool same = sqlite3_prepare_v2(ledger->database->sqlite, sql, -1, &a, NULL) == SQLITE_OK &&
              sqlite3_prepare_v2(copy->database->sqlite, sql, -1, &b, NULL) == SQLITE_OK && same_rows(a, b);

  sqlite3_finalize(a);
  sqlite3_finalize(b);
  return same;
}

/* All that is derived from the blocks, or is the blocks. */
static const struct table {
  const char *name, *columns, *key;
} tables[] = {
    {"chain", "*", "id"},
    {"genesis", "*", "payload"},
    {"blocks", "*", "height"},
    {"transactions", "*", "txid"},
    {"unspents", "*", "txid, output"},
    {"names", "*", "name"},
    {"preorders", "*", "opcode, hash"},
    {"pending", "*", "sender, block, vtxindex"},
    {"import_keys", "*", "namespace, address"},
    {"namespaces", "*", "id"},
    {"expiries", "*", "block, name"},
    {"consensus", "*", "block"},
    {"operations", "*", "block, position"},
    {"announcements", "*", "block, vtxindex"},
    {"refused", "block, vtxindex, txid", "block, vtxindex"}, /* reasons are told differently by every release */
};

static bool same_table(struct bs_ledger *copy, struct bs_ledger *ledger, const struct table *table,
                       struct bs_error *error) {
  char sql[100];

  snprintf(sql, sizeof sql, "SELECT %s FROM %s ORDER BY %s", table->columns, table->name, table->key);
  return same_answer(copy, ledger, sql) ||
         bs_fail(error, BS_WORD_corrupt, "The table %s does not follow from the blocks.", table->name);
}

/* A block that would be refused today is damage; a lack of memory isn't. */
static bool fail_block(uint64_t height, struct bs_error *error) {
  enum bs_word word = error->word == BS_WORD_no_memory || error->word == BS_WORD_io ? error->word : BS_WORD_corrupt;

  return bs_fail(error, word, "Block %" PRIu64 ": %s", height, error->message);
}

static bool replay(struct bs_ledger *copy, struct bs_ledger *ledger, struct bs_error *error) {
  struct bs_ledger_tip tip;

  if (!same_answer(copy, ledger, "PRAGMA user_version"))
    return bs_fail(error, BS_WORD_failed,
                   "The ledger has an older schema; open it for writing, which brings it up to date, to replay it.");
  if (!copy_genesis(copy, ledger, error) || !bs_ledger_get_tip(ledger, &tip, error)) return false;
  for (uint64_t height = copy->parameters.first_block; height <= tip.height; height++)
    if (!copy_block(copy, ledger, height, error)) return fail_block(height, error);
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
    if (!same_table(copy, ledger, &tables[i], error)) return false;
  return true;
}

bool bs_ledger_replay_check(struct bs_ledger *ledger, struct bs_error *error) {
  struct bs_ledger copy = {0};
  bool good;

  if (!bs_database_open_memory(&copy.database, &bs_ledger_kind, error)) return false;
  good = bs_database_begin_read(ledger->database, error) && bs_database_begin(copy.database, error) &&
         replay(&copy, ledger, error);
  bs_database_rollback(ledger->database);
  bs_database_close(copy.database);
  return good || bs_context(error, "%s", ledger->database->path);
}

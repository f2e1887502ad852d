/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/chain/compare.h"

#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"

static bool same_value(sqlite3_stmt *a, sqlite3_stmt *b, int column) {
  int length = sqlite3_column_bytes(a, column);

  if (sqlite3_column_type(a, column) != sqlite3_column_type(b, column) || length != sqlite3_column_bytes(b, column))
    return false;
  return length == 0 || memcmp(sqlite3_column_blob(a, column), sqlite3_column_blob(b, column), (size_t)length) == 0;
}

static bool same_row(sqlite3_stmt *a, sqlite3_stmt *b) {
  for (int column = 0; column < sqlite3_column_count(a); column++)
    if (!same_value(a, b, column)) return false;
  return true;
}

/* SQLite's order: numbers, texts, blobs.  No key has a NULL or a broken number that follows from the blocks. */
static int rank(sqlite3_stmt *row, int column) {
  int type = sqlite3_column_type(row, column);

  return type == SQLITE_NULL ? 0 : type == SQLITE_TEXT ? 2 : type == SQLITE_BLOB ? 3 : 1;
}

/* Does `a` come before `b` in the order of the key? */
static int compare_values(sqlite3_stmt *a, sqlite3_stmt *b, int column) {
  int length = sqlite3_column_bytes(a, column), other = sqlite3_column_bytes(b, column);
  int shorter = length < other ? length : other, order = rank(a, column) - rank(b, column);
  int64_t first = sqlite3_column_int64(a, column), second = sqlite3_column_int64(b, column);

  if (order != 0) return order;
  if (rank(a, column) == 1) return (first > second) - (first < second);
  order = shorter == 0 ? 0 : memcmp(sqlite3_column_blob(a, column), sqlite3_column_blob(b, column), (size_t)shorter);
  return order != 0 ? order : length - other;
}

static int compare_keys(sqlite3_stmt *a, sqlite3_stmt *b, const struct bs_table *table) {
  int order = 0;

  for (int column = 0; column < table->key_columns && order == 0; column++) order = compare_values(a, b, column);
  return order;
}

/* Appends the key; bytes in hexadecimal. */
static void add_key(struct bs_buffer *text, sqlite3_stmt *row, const struct bs_table *table) {
  for (int column = 0; column < table->key_columns; column++) {
    const unsigned char *bytes = sqlite3_column_blob(row, column);
    int length = sqlite3_column_bytes(row, column);
    bool is_blob = sqlite3_column_type(row, column) == SQLITE_BLOB;

    bs_buffer_byte(text, ' ');
    for (int i = 0; is_blob && i < length && i < 40; i++) bs_buffer_format(text, "%02x", bytes[i]);
    if (!is_blob) bs_buffer_add(text, bytes, (size_t)(length < 80 ? length : 80));
  }
}

/* Two tables, of the replayed blocks and of the file, side by side. */
struct pair {
  sqlite3_stmt *replayed, *stored;
  bool has_replayed, has_stored;
};

static void free_pair(struct pair *pair) {
  sqlite3_finalize(pair->replayed);
  sqlite3_finalize(pair->stored);
}

static bool prepare(struct bs_database *database, sqlite3_stmt **ret_statement, const char *sql, struct bs_error *error) {
  return sqlite3_prepare_v2(database->sqlite, sql, -1, ret_statement, NULL) == SQLITE_OK || bs_database_fail(database, error);
}

static bool step(struct bs_database *database, sqlite3_stmt *statement, bool *ret_has, struct bs_error *error) {
  int code = sqlite3_step(statement);

  *ret_has = code == SQLITE_ROW;
  return *ret_has || code == SQLITE_DONE || bs_database_fail(database, error);
}

static void lower(uint64_t *block, sqlite3_stmt *row) {
  int64_t number = sqlite3_column_int64(row, 0);

  if (number < 0) number = 0;
  if ((uint64_t)number < *block) *block = (uint64_t)number;
}

/* Where they part is told; the rest of a table is not looked at. */
static bool tell_difference(uint64_t *block, const struct pair *pair, const struct bs_table *table, bs_replay_visit *visit,
                            void *user, struct bs_error *error) {
  struct bs_buffer where BS_AUTO_BUFFER = BS_BUFFER_INIT;
  int order = !pair->has_stored ? -1 : !pair->has_replayed ? 1 : compare_keys(pair->replayed, pair->stored, table);
  sqlite3_stmt *first = order < 0 ? pair->replayed : pair->stored;

  if (table->is_by_block) lower(block, first);
  bs_buffer_format(&where, "table %s, row", table->name);
  add_key(&where, first, table);
  if (!bs_buffer_ok(&where, error)) return false;
  if (bs_buffer_string(&where) == NULL) return bs_fail_memory(error);
  visit(user, bs_buffer_string(&where),
        order < 0   ? "The row is missing, which follows from the blocks."
        : order > 0 ? "The row does not follow from the blocks."
                    : "The row is not what follows from the blocks.");
  return true;
}

bool bs_table_compare(uint64_t *block, struct bs_database *replayed, struct bs_database *stored, const struct bs_table *table,
                      bs_replay_visit *visit, void *user, struct bs_error *error) {
  struct pair pair BS_AUTO(free_pair) = {NULL, NULL, false, false};
  char sql[200];

  snprintf(sql, sizeof sql, "SELECT %s FROM %s ORDER BY %s", table->columns, table->name, table->key);
  if (!prepare(replayed, &pair.replayed, sql, error) || !prepare(stored, &pair.stored, sql, error)) return false;
  do {
    if (!step(replayed, pair.replayed, &pair.has_replayed, error) || !step(stored, pair.stored, &pair.has_stored, error))
      return false;
    if (!pair.has_replayed && !pair.has_stored) return true;
  } while (pair.has_replayed && pair.has_stored && same_row(pair.replayed, pair.stored));
  return tell_difference(block, &pair, table, visit, user, error);
}

/* ---- what undoes a block ---- */

/*
 * SQLite writes the changes of a block in an order of its own, which another release may change; then there are still as many of
 * each byte.  What is damaged is not parsed: SQLite's own reading of it may never end.
 */
static bool is_same(sqlite3_stmt *a, sqlite3_stmt *b) {
  const unsigned char *bytes = sqlite3_column_blob(a, 1), *others = sqlite3_column_blob(b, 1);
  int length = sqlite3_column_bytes(a, 1);
  long count[256] = {0};

  if (length != sqlite3_column_bytes(b, 1) || sqlite3_column_type(a, 1) != sqlite3_column_type(b, 1)) return false;
  for (int i = 0; i < length; i++) {
    count[bytes[i]]++;
    count[others[i]]--;
  }
  for (size_t i = 0; i < 256; i++)
    if (count[i] != 0) return false;
  return true;
}

static void tell_undo(uint64_t *block, sqlite3_stmt *row, bs_replay_visit *visit, void *user) {
  char where[60];

  lower(block, row);
  snprintf(where, sizeof where, "table undo, row %lld", (long long)sqlite3_column_int64(row, 0));
  visit(user, where, "The row is not what follows from the blocks.");
}

/* The replayed row of the stored one's block, if there is one; both go from the newest block down. */
static bool find_replayed(struct bs_database *replayed, struct pair *pair, bool *ret_found, struct bs_error *error) {
  int64_t block = sqlite3_column_int64(pair->stored, 0);

  while (pair->has_replayed && sqlite3_column_int64(pair->replayed, 0) > block)
    if (!step(replayed, pair->replayed, &pair->has_replayed, error)) return false;
  *ret_found = pair->has_replayed && sqlite3_column_int64(pair->replayed, 0) == block;
  return true;
}

static bool compare_undo(uint64_t *block, struct bs_database *replayed, struct bs_database *stored, struct pair *pair,
                         bs_replay_visit *visit, void *user, struct bs_error *error) {
  if (!step(replayed, pair->replayed, &pair->has_replayed, error)) return false;
  for (;;) {
    bool found;

    if (!step(stored, pair->stored, &pair->has_stored, error)) return false;
    if (!pair->has_stored) return true;
    if (!find_replayed(replayed, pair, &found, error)) return false;
    if (!found || is_same(pair->replayed, pair->stored)) continue;
    tell_undo(block, pair->stored, visit, user);
    return true;
  }
}

bool bs_undo_compare(uint64_t *block, struct bs_database *replayed, struct bs_database *stored, bs_replay_visit *visit,
                     void *user, struct bs_error *error) {
  static const char sql[] = "SELECT block, changes FROM undo ORDER BY block DESC";
  struct pair pair BS_AUTO(free_pair) = {NULL, NULL, false, false};

  return prepare(replayed, &pair.replayed, sql, error) && prepare(stored, &pair.stored, sql, error) &&
         compare_undo(block, replayed, stored, &pair, visit, user, error);
}

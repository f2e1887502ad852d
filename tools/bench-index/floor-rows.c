/* SPDX-License-Identifier: MIT */
/*
 * The floor of an index in SQLite: rows of the same number, sizes and keys as those of a finished index, in the order in
 * which its operations wrote them, by prepared statements, with nothing read and nothing decided.  Columns that are in
 * no key and no index are one blob.
 */
#include <config.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/chain/statements.h"
#include "tools/bench-index/bench.h"

struct row {
  sqlite3_int64 block, position;
  unsigned char txid[32], sender[25];
  char opcode, name[BS_NAME_MAX + 1];
  bool registers;
  int serialised; /* its length */
};

enum { OPERATION, PREORDER, REGISTERED, NAME, STATEMENTS };

static const char schema[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 10000; PRAGMA cache_size = -65536;"
    "CREATE TABLE operations (block, position, txid, opcode, name, value_hash, serialised, PRIMARY KEY (block, "
    "position)) WITHOUT ROWID;CREATE INDEX operations_by_name ON operations (name, block, position) WHERE name IS NOT "
    "NULL;"
    "CREATE TABLE preorders (hash PRIMARY KEY, rest) WITHOUT ROWID;"
    "CREATE TABLE names (name PRIMARY KEY NOT NULL, sender, rest);"
    "CREATE INDEX names_by_sender ON names (sender, name);"
    "CREATE INDEX names_by_namespace ON names (" BS_NAMESPACE_OF_ ", name);";

/* ?1 block, ?2 position, ?3 txid, ?4 opcode, ?5 name, ?6 serialised, ?7 sender */
static const char *const texts[STATEMENTS] = {
    [OPERATION] = "INSERT INTO operations VALUES (?1, ?2, ?3, ?4, ?5, zeroblob(20), ?6)",
    [PREORDER] = "INSERT INTO preorders VALUES (?3, zeroblob(180))",
    [REGISTERED] = "DELETE FROM preorders WHERE hash = ?3",
    [NAME] = "INSERT INTO names VALUES (?5, ?7, zeroblob(230)) ON CONFLICT DO UPDATE SET rest = zeroblob(230)",
};

static void copy_blob(sqlite3_stmt *statement, int column, void *bytes, size_t size) {
  if ((size_t)sqlite3_column_bytes(statement, column) == size) memcpy(bytes, sqlite3_column_blob(statement, column), size);
}

static struct row row_of(sqlite3_stmt *statement) {
  struct row row = {.block = sqlite3_column_int64(statement, 0),
                    .position = sqlite3_column_int64(statement, 1),
                    .opcode = (char)sqlite3_column_int(statement, 3),
                    .serialised = sqlite3_column_int(statement, 5),
                    .registers = sqlite3_column_int(statement, 7) != 0};

  copy_blob(statement, 2, row.txid, sizeof row.txid);
  copy_blob(statement, 6, row.sender, sizeof row.sender);
  if (sqlite3_column_type(statement, 4) != SQLITE_NULL)
    snprintf(row.name, sizeof row.name, "%s", (const char *)sqlite3_column_text(statement, 4));
  return row;
}

static struct row *read_rows(size_t *ret_count, const char *index) {
  sqlite3 *sqlite;
  sqlite3_stmt *statement;
  struct row *rows = NULL;
  size_t count = 0;

  if (sqlite3_open_v2(index, &sqlite, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(sqlite,
                         "SELECT o.block, position, o.txid, opcode, o.name, length(serialised), n.sender,"
                         " first_registered = o.block FROM operations o LEFT JOIN names n ON n.name = o.name"
                         " ORDER BY o.block, position",
                         -1, &statement, NULL) != SQLITE_OK)
    bench_die(sqlite3_errmsg(sqlite));
  while (sqlite3_step(statement) == SQLITE_ROW) {
    if ((count & (count - 1)) == 0) rows = reallocarray(rows, 2 * count + 1, sizeof *rows);
    if (rows == NULL) bench_die("memory");
    rows[count++] = row_of(statement);
  }
  sqlite3_finalize(statement);
  sqlite3_close(sqlite);
  *ret_count = count;
  return rows;
}

static void run(sqlite3_stmt *statement, const struct row *row) {
  sqlite3_bind_int64(statement, 1, row->block);
  sqlite3_bind_int64(statement, 2, row->position);
  sqlite3_bind_blob(statement, 3, row->txid, sizeof row->txid, SQLITE_STATIC);
  sqlite3_bind_int(statement, 4, row->opcode);
  if (row->name[0] != '\0') sqlite3_bind_text(statement, 5, row->name, -1, SQLITE_STATIC);
  else sqlite3_bind_null(statement, 5);
  sqlite3_bind_zeroblob(statement, 6, row->serialised);
  sqlite3_bind_blob(statement, 7, row->sender, sizeof row->sender, SQLITE_STATIC);
  if (sqlite3_step(statement) != SQLITE_DONE || sqlite3_reset(statement) != SQLITE_OK) bench_die("a statement");
}

static void execute(sqlite3 *sqlite, const char *sql) {
  if (sqlite3_exec(sqlite, sql, NULL, NULL, NULL) != SQLITE_OK) bench_die(sqlite3_errmsg(sqlite));
}

/* `done`: of the rows, how many preorders were taken out again, the oldest first. */
static void write_row(sqlite3_stmt **statements, const struct row *rows, const struct row *row, size_t *done) {
  run(statements[OPERATION], row);
  run(statements[row->name[0] != '\0' ? NAME : PREORDER], row);
  if (!row->registers) return;
  while (rows[*done].name[0] != '\0') ++*done;
  run(statements[REGISTERED], &rows[(*done)++]);
}

void bench_floor_rows(const char *index, const char *copy) {
  sqlite3 *sqlite;
  sqlite3_stmt *statements[STATEMENTS];
  size_t count, done = 0;
  struct row *rows = read_rows(&count, index);
  double from = bench_now_us();

  if (sqlite3_open(copy, &sqlite) != SQLITE_OK) bench_die(copy);
  execute(sqlite, schema);
  for (size_t i = 0; i < STATEMENTS; i++)
    if (sqlite3_prepare_v2(sqlite, texts[i], -1, &statements[i], NULL) != SQLITE_OK) bench_die(sqlite3_errmsg(sqlite));
  execute(sqlite, "BEGIN");
  for (size_t i = 0; i < count; i++) {
    write_row(statements, rows, &rows[i], &done);
    if ((i + 1) % ((size_t)COMMIT_BLOCKS * BLOCK_OPERATIONS) == 0) execute(sqlite, "COMMIT; BEGIN");
  }
  execute(sqlite, "COMMIT");
  for (size_t i = 0; i < STATEMENTS; i++) sqlite3_finalize(statements[i]);
  sqlite3_close(sqlite);
  free(rows);
  bench_tell_rate(count, bench_now_us() - from, copy);
}

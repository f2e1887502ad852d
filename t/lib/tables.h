/* SPDX-License-Identifier: MIT */
/* The whole content of an SQLite database as text, to tell whether two moments of it are the same. */
#ifndef BS_T_TABLES_H
#define BS_T_TABLES_H

#include "core/codec/hex.h"
#include "core/state/database.h"
#include "t/lib/unit.h"

static inline sqlite3_stmt *prepare_rows(struct bs_database *database, const char *sql) {
  sqlite3_stmt *rows;

  if (sqlite3_prepare_v2(database->sqlite, sql, -1, &rows, NULL) != SQLITE_OK)
    fail_msg("%s: %s", sql, sqlite3_errmsg(database->sqlite));
  return rows;
}

static inline void add_value(struct bs_buffer *text, sqlite3_stmt *row, int column) {
  bool is_blob = sqlite3_column_type(row, column) == SQLITE_BLOB;
  const void *value = is_blob ? sqlite3_column_blob(row, column) : sqlite3_column_text(row, column);
  size_t length = (size_t)sqlite3_column_bytes(row, column);

  bs_buffer_byte(text, ' ');
  if (!is_blob) {
    bs_buffer_text(text, value == NULL ? "NULL" : value);
  } else if (length > 0) {
    char *digits = (char *)bs_buffer_extend(text, 2 * length + 1);

    assert_non_null(digits);
    bs_hex_encode(digits, value, length);
    text->length--; /* without the NUL */
  }
}

/* Appends a line for each row of the table, in the order of its key. */
static inline void add_table(struct bs_buffer *text, struct bs_database *database, const char *table) {
  char sql[100];
  sqlite3_stmt *rows;

  snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1", table);
  rows = prepare_rows(database, sql);
  while (sqlite3_step(rows) == SQLITE_ROW) {
    bs_buffer_text(text, table);
    for (int column = 0; column < sqlite3_column_count(rows); column++) add_value(text, rows, column);
    bs_buffer_byte(text, '\n');
  }
  assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
}

/* All tables whose name is not LIKE `but`; NULL: all.  By free(). */
static inline char *tables_text(struct bs_database *database, const char *but) {
  struct bs_buffer text = BS_BUFFER_INIT;
  sqlite3_stmt *tables = prepare_rows(
      database, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE ifnull(?1, '') ORDER BY name");
  char *taken;

  sqlite3_bind_text(tables, 1, but, -1, SQLITE_STATIC);
  while (sqlite3_step(tables) == SQLITE_ROW) add_table(&text, database, (const char *)sqlite3_column_text(tables, 0));
  assert_int_equal(sqlite3_finalize(tables), SQLITE_OK);
  taken = bs_buffer_take(&text);
  assert_non_null(taken);
  return taken;
}

/* Fails with the first row that differs; `when` says between which moments. */
static inline void compare_tables(const char *expected, const char *got, const char *when) {
  const char *wanted = expected;

  while (*wanted != '\0' && *wanted == *got) {
    wanted++;
    got++;
  }
  if (*wanted == *got) return;
  for (; wanted > expected && wanted[-1] != '\n'; wanted--) got--;
  fail_msg("%s:\nexpected %.*s\ngot      %.*s", when, (int)strcspn(wanted, "\n"), wanted, (int)strcspn(got, "\n"), got);
}

/* Indexes and tables say the same. */
static inline void check_integrity(struct bs_database *database) {
  sqlite3_stmt *rows = prepare_rows(database, "PRAGMA integrity_check");

  assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
  assert_string_equal((const char *)sqlite3_column_text(rows, 0), "ok");
  sqlite3_finalize(rows);
}

#endif

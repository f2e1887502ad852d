/* SPDX-License-Identifier: MIT */
/* The floor of a lookup: one prepared SELECT by the primary key. */
#include <config.h>

#include <sqlite3.h>

#include "tools/bench-index/bench.h"

static void look(void *user, uint64_t number) {
  sqlite3_stmt *statement = user;
  char name[BS_NAME_MAX + 1];

  bench_name(name, number);
  sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
  if (sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_bytes(statement, 0) == 0) bench_die("a name");
  sqlite3_reset(statement);
}

void bench_floor_lookup(const char *index, size_t names, size_t count) {
  sqlite3 *sqlite;
  sqlite3_stmt *statement;

  if (sqlite3_open_v2(index, &sqlite, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(sqlite, "SELECT value_hash FROM names WHERE name = ?", -1, &statement, NULL) != SQLITE_OK)
    bench_die(sqlite3_errmsg(sqlite));
  bench_time_lookups(look, statement, names, count);
  sqlite3_finalize(statement);
  sqlite3_close(sqlite);
}

/* SPDX-License-Identifier: MIT */
/* The floor of remembering something: one durable commit. */
#include <config.h>

#include <sqlite3.h>
#include <stdlib.h>

#include "tools/bench-mutable/bench.h"

struct bench_floor_commit {
  sqlite3 *sqlite;
  sqlite3_stmt *write;
};

struct bench_floor_commit *bench_floor_commit_new(const char *file) {
  struct bench_floor_commit *floor = calloc(1, sizeof *floor);

  if (floor == NULL || sqlite3_open(file, &floor->sqlite) != SQLITE_OK ||
      sqlite3_exec(floor->sqlite,
                   "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                   "CREATE TABLE floors (name TEXT PRIMARY KEY, ver INTEGER, z BLOB) WITHOUT ROWID;",
                   NULL, NULL, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(floor->sqlite, "INSERT OR REPLACE INTO floors VALUES ('a name and an id', ?, zeroblob(32))",
                         -1, &floor->write, NULL) != SQLITE_OK)
    bench_die(file);
  return floor;
}

void bench_floor_commit_run(void *user, size_t turn) {
  struct bench_floor_commit *floor = user;

  sqlite3_bind_int64(floor->write, 1, (sqlite3_int64)turn);
  if (sqlite3_step(floor->write) != SQLITE_DONE || sqlite3_reset(floor->write) != SQLITE_OK) bench_die("a commit");
}

/* SPDX-License-Identifier: MIT */
/*
 * SQLite files: the only place that opens, migrates and locks them.  WAL, synchronous=FULL (NORMAL where the file is
 * derived), foreign keys, mode 0600.
 *
 * A connection belongs to one thread at a time and to the process that opened it: after fork() every call in the child
 * fails, and closing it there frees nothing (SQLite's locks are the parent's).
 *
 * Words of every function: io, no_space, no_memory, corrupt (not an SQLite file, or a damaged one), denied (a file that
 * may not be written), deadline or cancelled (another process kept it locked until the scope ended; without a scope,
 * five seconds; or the scope ended while a long statement ran, and with one that writes the whole transaction is rolled back),
 * failed (used after fork, a newer schema).
 */
#ifndef BS_STATE_DATABASE_H
#define BS_STATE_DATABASE_H

#include <sqlite3.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/auto.h"
#include "core/base/error.h"
#include "core/base/scope.h"

#define BS_DATABASE_PATIENCE_MS 5000 /* for a lock, without a scope */

/* What a kind of file is; static. */
struct bs_database_kind {
  const char *noun;              /* "ledger": for messages */
  int32_t application_id;        /* in the file's header: another kind of SQLite file is refused */
  const char *const *schema;     /* schema[i] brings version i to i + 1 */
  int32_t version;               /* how many there are */
  /* Who only reads needs no newer one: what came after it are indexes, or tables that it can do without; 0: only the last
   * will do. */
  int32_t read_version;
  bool derived; /* it can be made anew: a crash of the system may take the newest commits, nothing else */
  const char *mend; /* of a damaged one, the end of a sentence: "... makes it again"; NULL: blockstore-cli check says how */
  const char *const *statements; /* the texts that bs_database_query knows by number */
  size_t statement_count;
};

struct bs_database {
  const struct bs_database_kind *kind;
  sqlite3 *sqlite;
  char *path;
  pid_t pid;
  bool read_only;
  bool is_examined; /* any schema will do (examine.h) */
  bool immutable; /* read without locks, as nothing may be written here: don't keep it open, others may still write */
  bool has_failed; /* don't keep it either: it remembers why the system refused something, and says so of what fails later */
  const struct bs_scope *scope; /* of the call in progress: how long a lock is waited for; NULL: five seconds */
  uint64_t busy_since_ms;
  unsigned pulses; /* how often SQLite has told that the statement in progress goes on */
  sqlite3_stmt **statements; /* prepared when first used */
  sqlite3_stmt *begin_read, *end;   /* the same */
  const volatile uint32_t *commits; /* of all connections, counted where they share the log; NULL: that cannot be told */
  uint32_t seen_commits;            /* when the read began */
};

/* SQLite no longer counts the memory that it has, which nobody asks, and which is a lock each time.  For a program, before its
 * first database: all that it has to do with SQLite is concerned. */
void bs_database_count_nothing(void);

enum bs_database_mode {
  BS_DATABASE_READ,  /* never writes, not even a checkpoint; works where nothing may be written */
  BS_DATABASE_WRITE, /* the file must exist */
  /* Makes it; its directory must exist.  Nothing of it is visible before its schema is durable: until then it is
   * PATH.new, which the next one who makes it removes should this process be killed. */
  BS_DATABASE_CREATE
};

/* Word not_found: there is no such file.  `scope` is kept until bs_database_scope changes it. */
bool bs_database_open(struct bs_database **ret_database, const char *path, const struct bs_database_kind *kind,
                      enum bs_database_mode mode, const struct bs_scope *scope, struct bs_error *error);
/* An empty one that exists as long as it is open. */
bool bs_database_open_memory(struct bs_database **ret_database, const struct bs_database_kind *kind,
                             struct bs_error *error);
/* All that another holds at this moment, in memory and with the last schema: what is written to it, nobody else sees. */
bool bs_database_copy(struct bs_database **ret_copy, struct bs_database *database, struct bs_error *error);
/* The same for what memory may be too small for: what SQLite's cache does not hold is in a file without a name, in the directory
 * that SQLITE_TMPDIR or TMPDIR names, else in /var/tmp or /tmp. */
bool bs_database_open_temporary(struct bs_database **ret_database, const struct bs_database_kind *kind,
                                struct bs_error *error);
bool bs_database_copy_temporary(struct bs_database **ret_copy, struct bs_database *database, struct bs_error *error);
/* What SQLite failed with last, for who runs statements of his own; false. */
bool bs_database_fail(struct bs_database *database, struct bs_error *error);
/* Of its schema.  Words: corrupt (there is no such schema), failed (a newer one). */
bool bs_database_version(struct bs_database *database, int32_t *ret_version, struct bs_error *error);
/* Is the open file no longer the one at its path? */
bool bs_database_is_removed(const struct bs_database *database);
void bs_database_close(struct bs_database *database); /* NULL is allowed; an open transaction is rolled back */
static inline void bs_database_scope(struct bs_database *database, const struct bs_scope *scope) {
  database->scope = scope;
}

/* A write transaction from its start (BEGIN IMMEDIATE), or one for several reads of one state. */
bool bs_database_begin(struct bs_database *database, struct bs_error *error);
bool bs_database_begin_read(struct bs_database *database, struct bs_error *error);
/* After begin_read and a first query: has nobody committed anything since?  False also where that cannot be told. */
bool bs_database_is_newest(const struct bs_database *database);
bool bs_database_commit(struct bs_database *database, struct bs_error *error); /* rolled back when it fails */
void bs_database_rollback(struct bs_database *database);                       /* nothing happens when none is open */
/* Runs SQL text without parameters and results. */
bool bs_database_execute(struct bs_database *database, const char *sql, struct bs_error *error);

/* A parameter of a statement.  Bytes and text are the caller's until the row is done with. */
struct bs_value {
  enum { BS_VALUE_NULL, BS_VALUE_INTEGER, BS_VALUE_TEXT, BS_VALUE_BLOB } kind;
  int64_t integer;
  const void *bytes;
  size_t length;
};
static inline struct bs_value bs_value_integer(uint64_t integer) { /* at most INT64_MAX */
  return (struct bs_value){BS_VALUE_INTEGER, (int64_t)integer, NULL, 0};
}
struct bs_value bs_value_text(const char *text); /* NULL: SQL's NULL */
static inline struct bs_value bs_value_blob(const void *bytes, size_t length) {
  return (struct bs_value){bytes == NULL ? BS_VALUE_NULL : BS_VALUE_BLOB, 0, bytes, length};
}
#define BS_VALUES(...) \
  (const struct bs_value[]){__VA_ARGS__}, sizeof((const struct bs_value[]){__VA_ARGS__}) / sizeof(struct bs_value)
#define BS_NO_VALUES NULL, 0

/* A row to read with sqlite3_column_...; let go of at the end of the scope, so that no read stays open. */
#define BS_AUTO_ROW BS_AUTO(bs_row_done)
void bs_row_done(sqlite3_stmt **row);

/* Runs statement `which` of the kind.  *ret_row: its first row, or NULL when there is none. */
bool bs_database_query(struct bs_database *database, size_t which, sqlite3_stmt **ret_row,
                       const struct bs_value *values, size_t count, struct bs_error *error);
/* Goes to the next row; *row becomes NULL behind the last. */
bool bs_database_next(struct bs_database *database, sqlite3_stmt **row, struct bs_error *error);
/* Runs a statement that has no rows. */
bool bs_database_run(struct bs_database *database, size_t which, const struct bs_value *values, size_t count,
                     struct bs_error *error);

/* Columns whose size is fixed: false (corrupt) when the stored one has another. */
bool bs_row_bytes(struct bs_database *database, sqlite3_stmt *row, int column, void *bytes, size_t length,
                  struct bs_error *error);
/* Text of at most size - 1 bytes, NUL-terminated; SQL's NULL is "". */
bool bs_row_text(struct bs_database *database, sqlite3_stmt *row, int column, char *text, size_t size,
                 struct bs_error *error);
/* A number of `least` to `most`, both below 2^63; corrupt otherwise. */
bool bs_row_number(struct bs_database *database, sqlite3_stmt *row, int column, uint64_t *ret_number, uint64_t least,
                   uint64_t most, struct bs_error *error);
static inline uint64_t bs_row_integer(sqlite3_stmt *row, int column) {
  return (uint64_t)sqlite3_column_int64(row, column);
}

#endif

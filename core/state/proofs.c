/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/state/proofs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/state/database.h"

enum { FIND, KEEP, FIND_LIST, KEEP_LIST, USED, FORGET_LOWEST, FORGET_LOWEST_LISTS };
static const char *const statements[] = {
    [FIND] = "SELECT consensus, operations FROM blocks WHERE block = ?1",
    [KEEP] = "INSERT INTO blocks (block, consensus, operations) VALUES (?1, ?2, ?3) ON CONFLICT (block) DO UPDATE SET"
             " operations = CASE WHEN excluded.operations IS NULL AND excluded.consensus = consensus THEN operations"
             " ELSE excluded.operations END, consensus = excluded.consensus",
    [FIND_LIST] = "SELECT operations FROM lists WHERE block = ?1",
    [KEEP_LIST] = "INSERT OR REPLACE INTO lists (block, operations) VALUES (?1, ?2)",
    [USED] = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
    /* A quarter of them. */
    [FORGET_LOWEST] = "DELETE FROM blocks WHERE block <="
                      " (SELECT block FROM blocks ORDER BY block LIMIT 1 OFFSET (SELECT count(*) / 4 FROM blocks))",
    [FORGET_LOWEST_LISTS] = "DELETE FROM lists WHERE block <="
                            " (SELECT block FROM lists ORDER BY block LIMIT 1 OFFSET (SELECT count(*) / 4 FROM lists))",
};

static const char *const schema[] = {
    "CREATE TABLE blocks (block INTEGER PRIMARY KEY, consensus BLOB NOT NULL, operations BLOB);"
    "CREATE TABLE lists (block INTEGER PRIMARY KEY, operations BLOB NOT NULL);",
};

static const struct bs_database_kind proofs_kind = {
    .noun = "memory of proofs",
    .application_id = 0x42535052, /* "BSPR" */
    .schema = schema,
    .version = sizeof schema / sizeof schema[0],
    .derived = true,
    .statements = statements,
    .statement_count = sizeof statements / sizeof statements[0],
};

#define KEPT_MAX 4096                     /* rows that are kept in memory before they are written */
#define KEPT_BYTES_MAX ((size_t)4 << 20) /* of the lists among them */
#define LIST_MAX ((size_t)16 << 20)       /* bytes of a list: what has more is none */
#define WRITE_MS 500 /* that a write waits for another process's, which is as short; also after the end of the proof's time */

/* A row that is not written yet. */
struct kept {
  uint64_t block;
  unsigned char consensus[BS_PROOFS_CONSENSUS], operations[BS_PROOFS_OPERATIONS];
  bool has_operations;
  unsigned char *list; /* NULL: it is one of hashes */
  size_t length;
};

struct bs_proofs {
  char *path;
  const struct bs_scope *scope;
  struct bs_database *database; /* for reading; NULL: there is none yet, or it is done without */
  struct kept *kept;
  size_t kept_count, kept_room, kept_bytes;
  uint64_t most_bytes;
  bool is_given_up;
};

/* From now on nothing is remembered. */
static void give_up(struct bs_proofs *proofs, const struct bs_error *error) {
  bs_log(BS_LOG_WARNING, "What proofs verified is not remembered: %s", error->message);
  bs_database_close(proofs->database);
  proofs->database = NULL;
  proofs->is_given_up = true;
}

bool bs_proofs_open(struct bs_proofs **ret_proofs, const char *directory, const struct bs_scope *scope, struct bs_error *error) {
  struct bs_proofs *proofs = calloc(1, sizeof *proofs);
  struct bs_error why = {.word = BS_NO_WORD};

  if (proofs == NULL || asprintf(&proofs->path, "%s/proofs.db", directory) < 0) {
    free(proofs);
    return bs_fail_memory(error);
  }
  proofs->scope = scope;
  proofs->most_bytes = BS_PROOFS_BYTES;
  if (!bs_database_open(&proofs->database, proofs->path, &proofs_kind, BS_DATABASE_READ, scope, &why) &&
      why.word != BS_WORD_not_found)
    give_up(proofs, &why);
  *ret_proofs = proofs;
  return true;
}

void bs_proofs_bound(struct bs_proofs *proofs, uint64_t bytes) {
  proofs->most_bytes = bytes;
}

/* ---- writing ---- */

static bool write_row(struct bs_database *database, const struct kept *kept, struct bs_error *error) {
  const struct bs_value block = bs_value_integer(kept->block);

  if (kept->list != NULL)
    return bs_database_run(database, KEEP_LIST, BS_VALUES(block, bs_value_blob(kept->list, kept->length)), error);
  return bs_database_run(database, KEEP,
                         BS_VALUES(block, bs_value_blob(kept->consensus, BS_PROOFS_CONSENSUS),
                                   bs_value_blob(kept->has_operations ? kept->operations : NULL, BS_PROOFS_OPERATIONS)),
                         error);
}

static bool read_used(struct bs_database *database, uint64_t *ret_used, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  *ret_used = 0;
  if (!bs_database_query(database, USED, &row, BS_NO_VALUES, error)) return false;
  if (row != NULL) *ret_used = bs_row_integer(row, 0);
  return true;
}

/* The lowest blocks are those that the fewest proofs go down to, and a newer pin brings higher ones. */
static bool let_go(struct bs_database *database, uint64_t most, struct bs_error *error) {
  uint64_t used, before = UINT64_MAX;

  if (!read_used(database, &used, error)) return false;
  while (used > most && used < before) {
    before = used;
    if (!bs_database_run(database, FORGET_LOWEST_LISTS, BS_NO_VALUES, error) ||
        !bs_database_run(database, FORGET_LOWEST, BS_NO_VALUES, error) || !read_used(database, &used, error))
      return false;
  }
  return true;
}

static bool write_rows(const struct bs_proofs *proofs, const struct bs_scope *scope, struct bs_error *error) {
  struct bs_database *database;
  bool good;

  if (!bs_database_open(&database, proofs->path, &proofs_kind, BS_DATABASE_CREATE, scope, error)) return false;
  good = bs_database_begin(database, error);
  for (size_t i = 0; good && i < proofs->kept_count; i++) good = write_row(database, &proofs->kept[i], error);
  good = good && let_go(database, proofs->most_bytes, error) && bs_database_commit(database, error);
  bs_database_close(database);
  return good;
}

static bool erase_rows(const struct bs_proofs *proofs, const struct bs_scope *scope, struct bs_error *error) {
  struct bs_database *database;
  bool good;

  if (!bs_database_open(&database, proofs->path, &proofs_kind, BS_DATABASE_CREATE, scope, error)) return false;
  good = bs_database_execute(database, "DELETE FROM blocks; DELETE FROM lists", error);
  bs_database_close(database);
  return good;
}

/* With a scope of its own: the proof's may be over, and what it found out must not be lost by that. */
static void write_with(struct bs_proofs *proofs,
                       bool (*write)(const struct bs_proofs *, const struct bs_scope *, struct bs_error *)) {
  struct bs_scopes scopes = {NULL};
  struct bs_error why = {.word = BS_NO_WORD};
  struct bs_scope *scope;
  bool good = bs_scope_open(&scopes, &scope, WRITE_MS, &why);

  if (good) {
    good = write(proofs, scope, &why);
    bs_scope_close(scope);
  }
  if (!good && why.word == BS_WORD_deadline) /* by another process: it will have ended when there is more to write */
    bs_log(BS_LOG_WARNING, "Some of what proofs verified is not remembered: %s", why.message);
  else if (!good) give_up(proofs, &why);
  bs_scopes_free(&scopes);
}

static void drop_kept(struct bs_proofs *proofs) {
  while (proofs->kept_count > 0) free(proofs->kept[--proofs->kept_count].list);
  proofs->kept_bytes = 0;
}

/* All at once, and nothing is asked meanwhile: whoever else proves something must not wait for this proof's server. */
static void write_kept(struct bs_proofs *proofs) {
  if (proofs->kept_count > 0 && !proofs->is_given_up) write_with(proofs, write_rows);
  drop_kept(proofs);
}

void bs_proofs_close(struct bs_proofs *proofs) {
  if (proofs == NULL) return;
  write_kept(proofs);
  bs_database_close(proofs->database);
  free(proofs->kept);
  free(proofs->path);
  free(proofs);
}

void bs_proofs_forget(struct bs_proofs *proofs) {
  drop_kept(proofs);
  if (!proofs->is_given_up) write_with(proofs, erase_rows);
}

/* Takes the list over. */
static void keep(struct bs_proofs *proofs, const struct kept *kept) {
  struct bs_error why = {.word = BS_NO_WORD};

  if (proofs->kept_count == KEPT_MAX || proofs->kept_bytes + kept->length > KEPT_BYTES_MAX) write_kept(proofs);
  if (!proofs->is_given_up && proofs->kept_count == proofs->kept_room) {
    size_t room = proofs->kept_room == 0 ? 64 : 2 * proofs->kept_room;
    struct kept *grown = realloc(proofs->kept, room * sizeof *grown);

    if (grown == NULL) {
      bs_fail_memory(&why);
      give_up(proofs, &why);
    } else {
      proofs->kept = grown;
      proofs->kept_room = room;
    }
  }
  if (proofs->is_given_up) {
    free(kept->list);
    return;
  }
  proofs->kept[proofs->kept_count++] = *kept;
  proofs->kept_bytes += kept->length;
}

void bs_proofs_keep(struct bs_proofs *proofs, uint64_t block, const unsigned char consensus[BS_PROOFS_CONSENSUS],
                    const unsigned char *operations) {
  struct kept kept = {.block = block, .has_operations = operations != NULL};

  memcpy(kept.consensus, consensus, sizeof kept.consensus);
  if (operations != NULL) memcpy(kept.operations, operations, sizeof kept.operations);
  keep(proofs, &kept);
}

void bs_proofs_keep_list(struct bs_proofs *proofs, uint64_t block, const void *bytes, size_t length) {
  struct kept kept = {.block = block, .list = malloc(length + 1), .length = length};

  if (kept.list == NULL) return; /* it is asked for again */
  memcpy(kept.list, bytes, length);
  keep(proofs, &kept);
}

/* ---- reading ---- */

/* The only row, or NULL; what fails is done without. */
static sqlite3_stmt *find(struct bs_proofs *proofs, size_t which, uint64_t block) {
  struct bs_error why = {.word = BS_NO_WORD};
  sqlite3_stmt *row = NULL;

  if (proofs->database != NULL && !bs_database_query(proofs->database, which, &row, BS_VALUES(bs_value_integer(block)), &why))
    give_up(proofs, &why);
  return row;
}

static bool take(struct bs_proofs *proofs, sqlite3_stmt *row, int column, unsigned char *bytes, size_t length) {
  struct bs_error why = {.word = BS_NO_WORD};

  return sqlite3_column_type(row, column) == SQLITE_BLOB && bs_row_bytes(proofs->database, row, column, bytes, length, &why);
}

bool bs_proofs_find(struct bs_proofs *proofs, uint64_t block, unsigned char consensus[BS_PROOFS_CONSENSUS],
                    unsigned char *operations) {
  sqlite3_stmt *row BS_AUTO_ROW = find(proofs, FIND, block);

  return row != NULL && take(proofs, row, 0, consensus, BS_PROOFS_CONSENSUS) &&
         (operations == NULL || take(proofs, row, 1, operations, BS_PROOFS_OPERATIONS));
}

bool bs_proofs_find_list(struct bs_proofs *proofs, uint64_t block, struct bs_buffer *bytes) {
  sqlite3_stmt *row BS_AUTO_ROW = find(proofs, FIND_LIST, block);

  if (row == NULL || sqlite3_column_type(row, 0) != SQLITE_BLOB || sqlite3_column_bytes(row, 0) > (int)LIST_MAX) return false;
  bs_buffer_add(bytes, sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0));
  return !bytes->failed;
}

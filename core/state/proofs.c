/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/state/proofs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/state/database.h"

enum { FIND, KEEP, FIND_REACHED, KEEP_REACHED, FIND_QUIET, KEEP_QUIET };
static const char *const statements[] = {
    [FIND] = "SELECT operations, previous FROM verified WHERE consensus = ?1 AND block = ?2",
    [KEEP] = "INSERT OR REPLACE INTO verified (consensus, block, operations, previous) VALUES (?1, ?2, ?3, ?4)",
    [FIND_REACHED] = "SELECT consensus FROM reached WHERE pin = ?1 AND block = ?2",
    [KEEP_REACHED] = "INSERT OR REPLACE INTO reached (pin, block, consensus) VALUES (?1, ?2, ?3)",
    [FIND_QUIET] = "SELECT lowest FROM quiet WHERE name = ?1 AND consensus = ?2 AND block = ?3",
    [KEEP_QUIET] = "INSERT OR REPLACE INTO quiet (name, consensus, block, lowest) VALUES (?1, ?2, ?3, ?4)",
};

static const char *const schema[] = {
    "CREATE TABLE verified (consensus BLOB PRIMARY KEY NOT NULL, block INTEGER NOT NULL, operations BLOB NOT NULL,"
    " previous BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE reached (pin BLOB NOT NULL, block INTEGER NOT NULL, consensus BLOB NOT NULL, PRIMARY KEY (pin, block))"
    " WITHOUT ROWID;"
    "CREATE TABLE quiet (name TEXT NOT NULL, consensus BLOB NOT NULL, block INTEGER NOT NULL, lowest INTEGER NOT NULL,"
    " PRIMARY KEY (name, consensus)) WITHOUT ROWID;",
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

#define KEPT_MAX 4096 /* rows that are kept in memory before they are written */
#define WRITE_MS 500  /* that a write waits for another process's, which is as short */

/* A row that is not written yet. */
struct kept {
  size_t which; /* KEEP, KEEP_REACHED or KEEP_QUIET */
  uint64_t block, lowest;
  unsigned char consensus[BS_PROOFS_CONSENSUS], operations[BS_PROOFS_OPERATIONS];
  unsigned char other[BS_PROOFS_CONSENSUS]; /* of the block before, or reached */
  char *name;
};

struct bs_proofs {
  char *path;
  const struct bs_scope *scope;
  struct bs_database *database; /* for reading; NULL: there is none yet, or it is done without */
  struct kept *kept;
  size_t kept_count, kept_room;
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
  if (!bs_database_open(&proofs->database, proofs->path, &proofs_kind, BS_DATABASE_READ, scope, &why) &&
      why.word != BS_WORD_not_found)
    give_up(proofs, &why);
  *ret_proofs = proofs;
  return true;
}

static bool write_row(struct bs_database *database, const struct kept *kept, struct bs_error *error) {
  const struct bs_value consensus = bs_value_blob(kept->consensus, BS_PROOFS_CONSENSUS);
  const struct bs_value block = bs_value_integer(kept->block), other = bs_value_blob(kept->other, BS_PROOFS_CONSENSUS);

  if (kept->which == KEEP_REACHED) return bs_database_run(database, KEEP_REACHED, BS_VALUES(consensus, block, other), error);
  if (kept->which == KEEP_QUIET)
    return bs_database_run(database, KEEP_QUIET,
                           BS_VALUES(bs_value_text(kept->name), consensus, block, bs_value_integer(kept->lowest)), error);
  return bs_database_run(database, KEEP,
                         BS_VALUES(consensus, block, bs_value_blob(kept->operations, BS_PROOFS_OPERATIONS), other), error);
}

static bool write_rows(const struct bs_proofs *proofs, const struct bs_scope *scope, struct bs_error *error) {
  struct bs_database *database;
  bool good;

  if (!bs_database_open(&database, proofs->path, &proofs_kind, BS_DATABASE_CREATE, scope, error)) return false;
  good = bs_database_begin(database, error);
  for (size_t i = 0; good && i < proofs->kept_count; i++) good = write_row(database, &proofs->kept[i], error);
  good = good && bs_database_commit(database, error);
  bs_database_close(database);
  return good;
}

/* All at once, and nothing is asked meanwhile: whoever else proves something must not wait for this proof's server. */
static void write_kept(struct bs_proofs *proofs) {
  uint32_t left = proofs->scope == NULL ? WRITE_MS : bs_scope_time_left(proofs->scope);
  struct bs_scopes scopes = {NULL};
  struct bs_error why = {.word = BS_NO_WORD};
  struct bs_scope *scope;

  if (proofs->kept_count > 0 && left > 0 && !proofs->is_given_up) {
    if (!bs_scope_open(&scopes, &scope, left < WRITE_MS ? left : WRITE_MS, &why)) {
      give_up(proofs, &why);
    } else {
      if (!write_rows(proofs, scope, &why)) give_up(proofs, &why);
      bs_scope_close(scope);
    }
    bs_scopes_free(&scopes);
  }
  while (proofs->kept_count > 0) free(proofs->kept[--proofs->kept_count].name);
}

void bs_proofs_close(struct bs_proofs *proofs) {
  if (proofs == NULL) return;
  write_kept(proofs);
  bs_database_close(proofs->database);
  free(proofs->kept);
  free(proofs->path);
  free(proofs);
}

/* The only row, or NULL; what fails is done without. */
static sqlite3_stmt *find(struct bs_proofs *proofs, size_t which, const struct bs_value *values, size_t count) {
  struct bs_error why = {.word = BS_NO_WORD};
  sqlite3_stmt *row = NULL;

  if (proofs->database != NULL && !bs_database_query(proofs->database, which, &row, values, count, &why)) give_up(proofs, &why);
  return row;
}

static bool take(struct bs_proofs *proofs, sqlite3_stmt *row, int column, unsigned char *bytes, size_t length) {
  struct bs_error why = {.word = BS_NO_WORD};

  return bs_row_bytes(proofs->database, row, column, bytes, length, &why);
}

bool bs_proofs_find(struct bs_proofs *proofs, uint64_t block, const unsigned char consensus[BS_PROOFS_CONSENSUS],
                    unsigned char operations[BS_PROOFS_OPERATIONS], unsigned char previous[BS_PROOFS_CONSENSUS]) {
  sqlite3_stmt *row BS_AUTO_ROW =
      find(proofs, FIND, BS_VALUES(bs_value_blob(consensus, BS_PROOFS_CONSENSUS), bs_value_integer(block)));

  return row != NULL && take(proofs, row, 0, operations, BS_PROOFS_OPERATIONS) && take(proofs, row, 1, previous,
                                                                                       BS_PROOFS_CONSENSUS);
}

bool bs_proofs_find_reached(struct bs_proofs *proofs, uint64_t block, const unsigned char pin[BS_PROOFS_CONSENSUS],
                            unsigned char consensus[BS_PROOFS_CONSENSUS]) {
  sqlite3_stmt *row BS_AUTO_ROW =
      find(proofs, FIND_REACHED, BS_VALUES(bs_value_blob(pin, BS_PROOFS_CONSENSUS), bs_value_integer(block)));

  return row != NULL && take(proofs, row, 0, consensus, BS_PROOFS_CONSENSUS);
}

/* Takes the name over. */
static void keep(struct bs_proofs *proofs, const struct kept *kept) {
  struct bs_error why = {.word = BS_NO_WORD};

  if (proofs->kept_count == KEPT_MAX) write_kept(proofs);
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
  if (proofs->is_given_up) free(kept->name);
  else proofs->kept[proofs->kept_count++] = *kept;
}

void bs_proofs_keep(struct bs_proofs *proofs, uint64_t block, const unsigned char consensus[BS_PROOFS_CONSENSUS],
                    const unsigned char operations[BS_PROOFS_OPERATIONS], const unsigned char previous[BS_PROOFS_CONSENSUS]) {
  struct kept kept = {.which = KEEP, .block = block};

  memcpy(kept.consensus, consensus, sizeof kept.consensus);
  memcpy(kept.operations, operations, sizeof kept.operations);
  memcpy(kept.other, previous, sizeof kept.other);
  keep(proofs, &kept);
}

void bs_proofs_keep_reached(struct bs_proofs *proofs, uint64_t block, const unsigned char pin[BS_PROOFS_CONSENSUS],
                            const unsigned char consensus[BS_PROOFS_CONSENSUS]) {
  struct kept kept = {.which = KEEP_REACHED, .block = block};

  memcpy(kept.consensus, pin, sizeof kept.consensus);
  memcpy(kept.other, consensus, sizeof kept.other);
  keep(proofs, &kept);
}

bool bs_proofs_find_quiet(struct bs_proofs *proofs, uint64_t *ret_lowest, const char *name, uint64_t block,
                          const unsigned char consensus[BS_PROOFS_CONSENSUS]) {
  sqlite3_stmt *row BS_AUTO_ROW = find(proofs, FIND_QUIET, BS_VALUES(bs_value_text(name),
                                                                     bs_value_blob(consensus, BS_PROOFS_CONSENSUS),
                                                                     bs_value_integer(block)));
  struct bs_error why = {.word = BS_NO_WORD};

  return row != NULL && bs_row_number(proofs->database, row, 0, ret_lowest, 0, block, &why);
}

void bs_proofs_keep_quiet(struct bs_proofs *proofs, const char *name, uint64_t block,
                          const unsigned char consensus[BS_PROOFS_CONSENSUS], uint64_t lowest) {
  struct kept kept = {.which = KEEP_QUIET, .block = block, .lowest = lowest, .name = strdup(name)};

  if (kept.name == NULL) return; /* it is asked again */
  memcpy(kept.consensus, consensus, sizeof kept.consensus);
  keep(proofs, &kept);
}

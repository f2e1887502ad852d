/* SPDX-License-Identifier: MIT */
/* Rolling back: SQLite's session extension notes what a block changes in the tables of the index; applied inversely, it
 * is as if the block had never been. */
#include <config.h>

#include "core/chain/index.h"

#include <inttypes.h>
#include <string.h>

#include "core/chain/statements.h"

struct bs_undo {
  sqlite3_session *session;
};

static bool fail(const struct bs_index *index, int code, struct bs_error *error) {
  if (code == SQLITE_NOMEM) return bs_fail_memory(error);
  return bs_fail(error, BS_WORD_failed, "%s: The changes of a block could not be noted or undone (%s).",
                 index->database->path, sqlite3_errstr(code));
}

bool bs_undo_begin(struct bs_undo **ret_undo, const struct bs_index *index, struct bs_error *error) {
  static const char *const tables[] = {"names",     "preorders", "pending",    "import_keys",  "namespaces",
                                       "expiries",  "consensus", "operations", "announcements"};
  struct bs_undo *undo;
  int code;

  *ret_undo = NULL;
  if (index->parameters->undo_blocks == 0) return true;
  undo = calloc(1, sizeof *undo);
  if (undo == NULL) return bs_fail_memory(error);
  code = sqlite3session_create(index->database->sqlite, "main", &undo->session);
  for (size_t i = 0; i < sizeof tables / sizeof tables[0] && code == SQLITE_OK; i++)
    code = sqlite3session_attach(undo->session, tables[i]);
  if (code != SQLITE_OK) {
    bs_undo_free(undo);
    return fail(index, code, error);
  }
  *ret_undo = undo;
  return true;
}

void bs_undo_free(struct bs_undo *undo) {
  if (undo == NULL) return;
  if (undo->session != NULL) sqlite3session_delete(undo->session);
  free(undo);
}

bool bs_undo_keep(struct bs_undo *undo, const struct bs_index *index, uint64_t height, struct bs_error *error) {
  uint64_t blocks = index->parameters->undo_blocks;
  unsigned char digest[BS_SHA256_SIZE];
  void *changes = NULL;
  int length = 0, code;
  bool good;

  if (undo == NULL) return true;
  code = sqlite3session_changeset(undo->session, &length, &changes);
  if (code != SQLITE_OK) return fail(index, code, error);
  bs_sha256(digest, changes, (size_t)length);
  good = bs_database_run(index->database, BS_SQL_put_undo,
                         BS_VALUES(bs_value_integer(height), bs_value_blob(length == 0 ? "" : changes, (size_t)length),
                                   bs_value_blob(digest, sizeof digest)),
                         error) &&
         bs_database_run(index->database, BS_SQL_drop_undo_below,
                         BS_VALUES(bs_value_integer(height >= blocks ? height - blocks + 1 : 0)), error);
  sqlite3_free(changes);
  return good;
}

/* Nothing but this module's own changes may be there to be undone. */
static int refuse_conflict(void *user, int kind, sqlite3_changeset_iter *changes) {
  (void)user;
  (void)kind;
  (void)changes;
  return SQLITE_CHANGESET_ABORT;
}

/* Those of a schema before 5 have no digest, and are taken as they are. */
static bool is_whole(sqlite3_stmt *row) {
  unsigned char digest[BS_SHA256_SIZE];

  if (sqlite3_column_type(row, 2) == SQLITE_NULL) return true;
  bs_sha256(digest, sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1));
  return sqlite3_column_bytes(row, 2) == sizeof digest && memcmp(sqlite3_column_blob(row, 2), digest, sizeof digest) == 0;
}

bool bs_undo_check(const struct bs_index *index, uint64_t *ret_block, bool *ret_whole, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  *ret_whole = true;
  if (!bs_database_query(index->database, BS_SQL_all_undo, &row, BS_NO_VALUES, error)) return false;
  while (row != NULL) {
    if (!is_whole(row)) {
      *ret_block = bs_row_integer(row, 0);
      *ret_whole = false;
      return true;
    }
    if (!bs_database_next(index->database, &row, error)) return false;
  }
  return true;
}

static bool fail_damaged(const struct bs_index *index, uint64_t block, struct bs_error *error) {
  const struct bs_database_kind *kind = index->database->kind;

  return bs_fail(error, BS_WORD_corrupt, "%s: The %s is damaged: what takes block %" PRIu64 " back is not what was once written;"
                 " %s.", index->database->path, kind->noun, block,
                 kind->mend != NULL ? kind->mend : "it has to be made anew from its blocks");
}

static bool undo_changes(const struct bs_index *index, int length, const void *changes, struct bs_error *error) {
  void *inverse = NULL;
  int inverse_length = 0;
  int code = sqlite3changeset_invert(length, changes, &inverse_length, &inverse);

  if (code == SQLITE_OK)
    code = sqlite3changeset_apply(index->database->sqlite, inverse_length, inverse, NULL, refuse_conflict, NULL);
  sqlite3_free(inverse);
  return code == SQLITE_OK || fail(index, code, error);
}

/* Undoes the newest block, which is `newest`. */
static bool undo_block(const struct bs_index *index, uint64_t newest, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!bs_database_query(index->database, BS_SQL_newest_undo, &row, BS_NO_VALUES, error)) return false;
  if (row == NULL || bs_row_integer(row, 0) != newest)
    return bs_fail(error, BS_WORD_not_found, "%s: Block %" PRIu64 " cannot be undone any more.", index->database->path,
                   newest);
  if (!is_whole(row)) return fail_damaged(index, newest, error);
  if (!undo_changes(index, sqlite3_column_bytes(row, 1), sqlite3_column_blob(row, 1), error)) return false;
  bs_row_done(&row);
  return bs_database_run(index->database, BS_SQL_drop_undo, BS_VALUES(bs_value_integer(newest)), error);
}

static bool find_newest(const struct bs_index *index, uint64_t *ret_newest, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!bs_database_query(index->database, BS_SQL_newest_block, &row, BS_NO_VALUES, error)) return false;
  *ret_newest = row == NULL ? 0 : bs_row_integer(row, 0);
  return true;
}

bool bs_index_rollback(const struct bs_index *index, uint64_t height, struct bs_error *error) {
  uint64_t newest;

  if (!find_newest(index, &newest, error)) return false;
  for (; newest > height; newest--)
    if (!undo_block(index, newest, error)) return false;
  return bs_database_run(index->database, BS_SQL_drop_refused, BS_VALUES(bs_value_integer(height)), error);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/state/state-private.h"

#define LISTS "lists" /* no name: those have a dot */
#define LOCK_PAUSE_MS 20 /* between two looks at a lock that another process holds */

static const char *const statements[] = {
    [BS_STATE_JOURNAL_FORGET] = "DELETE FROM journal WHERE chain = ? AND name = ? AND txid IS NULL",
    [BS_STATE_JOURNAL_BEGIN] =
        "INSERT INTO journal (chain, name, value_hash, record, made_from, base, is_whole) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [BS_STATE_JOURNAL_SENT] = "UPDATE journal SET txid = ?2 WHERE id = ?1",
    [BS_STATE_JOURNAL_END] = "DELETE FROM journal WHERE id = ?",
    [BS_STATE_JOURNAL_FIND] = "SELECT id, value_hash, txid, record, made_from, base, is_whole FROM journal WHERE chain = ? AND "
    "name = ? ORDER BY id DESC LIMIT 1",
    [BS_STATE_JOURNAL_LIST] = "SELECT id, value_hash, txid, record, made_from, base, is_whole FROM journal WHERE chain = ? AND "
    "name = ? ORDER BY id",
    [BS_STATE_JOURNAL_FOLLOW] = "UPDATE journal SET txid = ?1 WHERE txid = ?2",
    [BS_STATE_JOURNAL_JOIN] = "UPDATE journal SET txid = ?1 WHERE chain = ?2 AND name = ?3 AND value_hash = ?4 AND txid IS NULL",
    [BS_STATE_JOURNAL_REFUSED] = "DELETE FROM journal WHERE txid = ?",
    [BS_STATE_UNDERWAY_LIST] = "SELECT id, chain, name, opcode, stage, txid, raw, earlier, inputs, value_hash, address, sender,"
    " payer, consensus_block, change, fee, block, looked, made, reason, has_consensus, spent FROM operations WHERE ?1 IS NULL OR"
    " chain = ?1 ORDER BY id",
    [BS_STATE_UNDERWAY_COUNT] = "SELECT count(*) FROM operations WHERE chain = ?",
    [BS_STATE_UNDERWAY_PUT] = "INSERT OR REPLACE INTO operations (id, chain, name, opcode, stage, txid, raw, earlier, inputs,"
    " value_hash, address, sender, payer, consensus_block, change, fee, block, looked, made, reason, has_consensus, spent)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [BS_STATE_UNDERWAY_END] = "DELETE FROM operations WHERE id = ?",
    [BS_STATE_RECALL] =
        "SELECT c.now, n.block, n.vtxindex, n.value_hash, n.owner, n.consensus, n.is_current, r.ver, r.z,"
        " f.signer, f.ver, f.z, f.is_tombstone, f.is_legacy, f.expires, f.length, f.sha256, f.sig FROM clock c"
        " LEFT JOIN names n ON n.chain = ?1 AND n.name = ?2"
        " LEFT JOIN reservations r ON r.chain = ?1 AND r.name = ?2 AND r.id = ?3"
        " LEFT JOIN floors f ON f.chain = ?1 AND f.name = ?2 AND f.id = ?3",
    [BS_STATE_KNOWS_NAME] = "SELECT 1 FROM names WHERE name = ? LIMIT 1",
    [BS_STATE_FLOOR_RAISE] = "INSERT OR REPLACE INTO floors (chain, name, id, signer, ver, z, is_tombstone, is_legacy, "
    "expires, length,"
                             " sha256, sig) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [BS_STATE_NAME_RAISE] = "INSERT OR REPLACE INTO names (chain, name, block, vtxindex, value_hash, owner, consensus, "
    "is_current)"
                            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [BS_STATE_CLOCK_RAISE] = "UPDATE clock SET now = max(now, ?)",
    [BS_STATE_RESERVE] = "INSERT OR REPLACE INTO reservations (chain, name, id, ver, z) VALUES (?, ?, ?, ?, ?)",
    [BS_STATE_RELEASE] = "DELETE FROM reservations WHERE chain = ? AND name = ? AND id = ? AND ver = ? AND z = ?",
    [BS_STATE_RELEASE_UP_TO] = "DELETE FROM reservations WHERE chain = ? AND name = ? AND id = ? AND ver <= ?",
    [BS_STATE_UNFINISHED] =
        "SELECT chain, name, NULL AS datum, NULL, value_hash, txid, 0 AS kind, id AS entry FROM journal UNION ALL "
        "SELECT lower(hex(chain)), name, id, ver, '', '', 1, 0 FROM reservations ORDER BY kind, name, chain, datum, entry",
};

static const char *const schema[] = {
    "CREATE TABLE journal ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " chain TEXT NOT NULL,"      /* 64 digits */
    " name TEXT NOT NULL,"
    " value_hash TEXT NOT NULL," /* of record, 40 digits */
    " txid TEXT,"                /* NULL: not sent as far as is known */
    " record BLOB NOT NULL);"
    "CREATE INDEX journal_by_name ON journal (chain, name, id);",
    /* What was believed.  A chain is 32 bytes from here on. */
    "CREATE TABLE clock (only INTEGER PRIMARY KEY CHECK (only = 1), now INTEGER NOT NULL);"
    "INSERT INTO clock VALUES (1, 0);"
    "CREATE TABLE names ("
    " chain BLOB NOT NULL,"
    " name TEXT NOT NULL,"
    " block INTEGER NOT NULL,"
    " vtxindex INTEGER NOT NULL,"
    " value_hash TEXT NOT NULL," /* "": none */
    " owner TEXT NOT NULL,"
    " consensus TEXT NOT NULL,"  /* "": not known */
    " is_current INTEGER NOT NULL,"
    " PRIMARY KEY (chain, name)) WITHOUT ROWID;"
    "CREATE TABLE floors ("
    " chain BLOB NOT NULL,"
    " name TEXT NOT NULL,"
    " id TEXT NOT NULL,"
    " signer BLOB NOT NULL,"
    " ver INTEGER NOT NULL,"
    " z BLOB NOT NULL,"
    " is_tombstone INTEGER NOT NULL,"
    " is_legacy INTEGER NOT NULL,"
    " expires INTEGER NOT NULL," /* what else was signed, and the signature: evidence, should other content turn up */
    " length INTEGER NOT NULL,"
    " sha256 BLOB NOT NULL,"
    " sig TEXT NOT NULL,"
    " PRIMARY KEY (chain, name, id, signer)) WITHOUT ROWID;"
    "CREATE TABLE reservations (" /* the highest of a datum */
    " chain BLOB NOT NULL,"
    " name TEXT NOT NULL,"
    " id TEXT NOT NULL,"
    " ver INTEGER NOT NULL,"
    " z BLOB NOT NULL,"
    " PRIMARY KEY (chain, name, id)) WITHOUT ROWID;",
    /* What waits for a block. */
    "ALTER TABLE journal ADD COLUMN made_from TEXT NOT NULL DEFAULT '';" /* the record that it was made from, by its hash */
    "ALTER TABLE journal ADD COLUMN base TEXT NOT NULL DEFAULT '';"      /* the name's value hash in a block, by then */
    "ALTER TABLE journal ADD COLUMN is_whole INTEGER NOT NULL DEFAULT 0;" /* no delta: it takes the place of any */
    "CREATE TABLE operations ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " chain BLOB NOT NULL,"
    " name TEXT NOT NULL," /* or a namespace's id; "": neither */
    " opcode INTEGER NOT NULL,"
    " stage INTEGER NOT NULL,"
    " txid BLOB NOT NULL,"
    " raw BLOB NOT NULL,"
    " earlier BLOB NOT NULL," /* the txids of what it replaced */
    " inputs BLOB NOT NULL,"
    " value_hash TEXT NOT NULL,"
    " address TEXT NOT NULL,"
    " sender BLOB NOT NULL,"
    " payer BLOB NOT NULL,"
    " has_consensus INTEGER NOT NULL,"
    " consensus_block INTEGER NOT NULL,"
    " change INTEGER NOT NULL,"
    " fee INTEGER NOT NULL,"
    " block INTEGER NOT NULL,"
    " spent INTEGER NOT NULL DEFAULT 0,"
    " looked INTEGER NOT NULL,"
    " made INTEGER NOT NULL,"
    " reason TEXT NOT NULL);"
    "CREATE INDEX operations_by_chain ON operations (chain, id);",
};

const struct bs_database_kind bs_state_kind = {
    .noun = "state",
    .application_id = 0x42535354, /* "BSST" */
    .schema = schema,
    .version = sizeof schema / sizeof schema[0],
    .statements = statements,
    .statement_count = sizeof statements / sizeof statements[0],
};

bool bs_state_new(struct bs_state **ret_state, const char *directory, struct bs_error *error) {
  struct bs_state *state = calloc(1, sizeof *state);
  struct bs_buffer file = BS_BUFFER_INIT, sequence_file = BS_BUFFER_INIT;

  if (state == NULL) return bs_fail_memory(error);
  pthread_mutex_init(&state->lock, NULL);
  pthread_mutex_init(&state->recalls.lock, NULL);
  state->directory = strdup(directory);
  bs_buffer_format(&file, "%s/state.db", directory);
  bs_buffer_format(&sequence_file, "%s/state.sequence", directory);
  state->file = bs_buffer_take(&file);
  if (!bs_sequence_init(&state->sequence, bs_buffer_take(&sequence_file)) || state->directory == NULL || state->file == NULL) {
    bs_state_free(state);
    return bs_fail_memory(error);
  }
  *ret_state = state;
  return true;
}

void bs_state_free(struct bs_state *state) {
  if (state == NULL) return;
  for (size_t i = 0; i < state->idle_count; i++) bs_database_close(state->idle[i]);
  pthread_mutex_destroy(&state->lock);
  pthread_mutex_destroy(&state->recalls.lock);
  bs_recall_free(&state->recalls);
  bs_sequence_free(&state->sequence);
  free(state->directory);
  free(state->file);
  free(state);
}

void bs_pending_clear(struct bs_pending *pending) {
  bs_buffer_free(&pending->record);
  *pending = (struct bs_pending)BS_PENDING_INIT;
}

/* Can nobody else have changed what is kept in it?  A directory that is missing has nothing. */
static bool check_directory(const char *directory, struct bs_error *error) {
  struct stat status;

  if (stat(directory, &status) < 0)
    return errno == ENOENT || errno == ENOTDIR || bs_fail_errno(error, "%s: The state directory cannot be examined", directory);
  if (!S_ISDIR(status.st_mode)) return bs_fail(error, BS_WORD_config, "%s: The state directory is not a directory.", directory);
  if (status.st_uid != geteuid() && status.st_uid != 0)
    return bs_fail(error, BS_WORD_config, "%s: The state directory belongs to user %u, who could change what is kept "
                   "in it; use one of your own.", directory, (unsigned)status.st_uid);
  if ((status.st_mode & 022) != 0)
    return bs_fail(error, BS_WORD_config, "%s: The state directory can be written by others (mode %04o); run: chmod "
                   "700 %s", directory, (unsigned)(status.st_mode & 07777), directory);
  return true;
}

bool bs_state_make_directory(const struct bs_state *state, struct bs_error *error) {
  return bs_file_make_directories(state->directory, 0700, error) && check_directory(state->directory, error);
}

static struct bs_database *pop_idle(struct bs_state *state) {
  BS_LOCKED(&state->lock);

  return state->idle_count == 0 ? NULL : state->idle[--state->idle_count];
}

/* One whose file is still there: in a removed one, what is committed is lost. */
static struct bs_database *take_idle(struct bs_state *state) {
  struct bs_database *database;

  while ((database = pop_idle(state)) != NULL && bs_database_is_removed(database)) bs_database_close(database);
  return database;
}

static bool keep_idle(struct bs_state *state, struct bs_database *database) {
  BS_LOCKED(&state->lock);

  if (state->idle_count == BS_STATE_IDLE_MAX) return false;
  state->idle[state->idle_count++] = database;
  return true;
}

bool bs_state_enter(struct bs_state_use *ret_use, struct bs_state *state, struct bs_scope *scope, bool create,
                    struct bs_error *error) {
  const enum bs_database_mode mode = create ? BS_DATABASE_CREATE : BS_DATABASE_WRITE;
  struct bs_database *database = take_idle(state);
  bool is_new = database == NULL;

  if (is_new && !(create ? bs_state_make_directory(state, error) : check_directory(state->directory, error))) return false;
  if (is_new && !bs_database_open(&database, state->file, &bs_state_kind, mode, scope, error)) {
    if (create || error->word != BS_WORD_not_found) return false;
    *error = (struct bs_error){.word = BS_NO_WORD};
  }
  if (database != NULL && (is_new || !bs_sequence_is_mapped(&state->sequence))) bs_sequence_prepare(&state->sequence);
  if (database != NULL) bs_database_scope(database, scope);
  *ret_use = (struct bs_state_use){state, database, false};
  return true;
}

bool bs_state_begin(struct bs_state_use *use, struct bs_error *error) {
  if (!bs_database_begin(use->database, error)) return false;
  use->commits = bs_sequence_begin(&use->state->sequence, use->database->scope, error);
  return use->commits;
}

static void end_sequence(struct bs_state_use *use) {
  if (use->commits) bs_sequence_end(&use->state->sequence);
  use->commits = false;
}

bool bs_state_commit(struct bs_state_use *use, struct bs_error *error) {
  bool good = bs_database_commit(use->database, error);

  end_sequence(use);
  return good;
}

void bs_state_leave(struct bs_state_use *use) {
  if (use->database == NULL) return;
  bs_database_rollback(use->database);
  end_sequence(use);
  bs_database_scope(use->database, NULL);
  if (use->database->has_failed || !keep_idle(use->state, use->database)) bs_database_close(use->database);
}

bool bs_state_pause(const struct bs_scope *scope, uint64_t since_ms, int milliseconds, struct bs_error *error) {
  struct pollfd cancelled = {scope == NULL ? -1 : scope->fd, POLLIN, 0};

  if (scope != NULL && !bs_scope_check(scope, error)) return false;
  if (scope == NULL && bs_clock_monotonic_ms() - since_ms >= BS_DATABASE_PATIENCE_MS)
    return bs_fail(error, BS_WORD_deadline, "A lock was not free within %d seconds.", BS_DATABASE_PATIENCE_MS / 1000);
  poll(&cancelled, 1, milliseconds);
  return true;
}

/* what: is in progress while somebody else has it. */
static bool lock_file(struct bs_state *state, struct bs_scope *scope, int *ret_fd, const char *suffix, int operation,
                      const char *what, struct bs_error *error) {
  struct bs_buffer path BS_AUTO_BUFFER = BS_BUFFER_INIT;
  uint64_t since_ms = bs_clock_monotonic_ms();
  bool waits = false;
  int fd BS_AUTO_CLOSE = -1;

  if (!bs_state_make_directory(state, error)) return false;
  bs_buffer_format(&path, "%s/lock-%s", state->directory, suffix);
  if (!bs_buffer_ok(&path, error)) return false;
  fd = open(bs_buffer_string(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return bs_fail_errno(error, "%s: The lock file cannot be opened", bs_buffer_string(&path));
  while (flock(fd, operation | LOCK_NB) < 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return bs_fail_errno(error, "%s: It cannot be locked", bs_buffer_string(&path));
    if (!waits) bs_log(BS_LOG_INFO, "%s is in progress: waiting for its end", what);
    waits = true;
    if (!bs_state_pause(scope, since_ms, LOCK_PAUSE_MS, error)) return bs_context(error, "While %s is in progress", what);
  }
  *ret_fd = fd;
  fd = -1;
  return true;
}

/* A checked name is a safe part of a file name. */
bool bs_state_lock_name(struct bs_state *state, struct bs_scope *scope, int *ret_fd, const char *name, struct bs_error *error) {
  char what[80];

  snprintf(what, sizeof what, "another put of %s", name);
  return lock_file(state, scope, ret_fd, name, LOCK_EX, what, error);
}

bool bs_state_lock_lists(struct bs_state *state, struct bs_scope *scope, int *ret_fd, bool alone, struct bs_error *error) {
  return lock_file(state, scope, ret_fd, LISTS, alone ? LOCK_EX : LOCK_SH, alone ? "a put, or another purge," : "a purge", error);
}

bool bs_state_journal_clear(struct bs_database *database, const char *chain, const char *name, struct bs_error *error) {
  return bs_database_run(database, BS_STATE_JOURNAL_FORGET, BS_VALUES(bs_value_text(chain), bs_value_text(name)), error);
}

static const char *text_or_empty(const char *text) {
  return text == NULL ? "" : text;
}

bool bs_state_journal_add(struct bs_database *database, int64_t *ret_id, const char *chain, const struct bs_intent *intent,
                          struct bs_error *error) {
  if (!bs_state_journal_clear(database, chain, intent->datum->name, error) ||
      !bs_database_run(database, BS_STATE_JOURNAL_BEGIN,
                       BS_VALUES(bs_value_text(chain), bs_value_text(intent->datum->name), bs_value_text(intent->value_hash),
                                 bs_value_blob(intent->record, intent->record_length),
                                 bs_value_text(text_or_empty(intent->made_from)), bs_value_text(text_or_empty(intent->base)),
                                 bs_value_integer(intent->is_whole)),
                       error))
    return false;
  *ret_id = sqlite3_last_insert_rowid(database->sqlite);
  return true;
}

bool bs_state_journal_sent(struct bs_state *state, struct bs_scope *scope, int64_t id, const char *txid, struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;

  return bs_state_enter(&use, state, scope, true, error) &&
         bs_database_run(use.database, BS_STATE_JOURNAL_SENT,
                         BS_VALUES(bs_value_integer((uint64_t)id), bs_value_text(txid)), error);
}

bool bs_state_journal_forget(struct bs_state *state, struct bs_scope *scope, const char *chain, const char *name,
                             struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;

  if (!bs_state_enter(&use, state, scope, false, error)) return false;
  return use.database == NULL || bs_state_journal_clear(use.database, chain, name, error);
}

/* All but its name. */
static bool read_pending(struct bs_database *database, struct bs_pending *pending, sqlite3_stmt *row, struct bs_error *error) {
  pending->id = (int64_t)bs_row_integer(row, 0);
  pending->is_whole = sqlite3_column_int(row, 6) != 0;
  bs_buffer_add(&pending->record, sqlite3_column_blob(row, 3), (size_t)sqlite3_column_bytes(row, 3));
  return bs_row_text(database, row, 1, pending->value_hash, sizeof pending->value_hash, error) &&
         bs_row_text(database, row, 2, pending->txid, sizeof pending->txid, error) &&
         bs_row_text(database, row, 4, pending->made_from, sizeof pending->made_from, error) &&
         bs_row_text(database, row, 5, pending->base, sizeof pending->base, error) && bs_buffer_ok(&pending->record, error);
}

void bs_pending_free(struct bs_pending *items, size_t count) {
  for (size_t i = 0; i < count; i++) bs_pending_clear(&items[i]);
  free(items);
}

struct pending_list {
  struct bs_pending *items;
  size_t count;
};

static void free_pending_list(struct pending_list *list) {
  bs_pending_free(list->items, list->count);
}

static bool append_pending(struct bs_database *database, struct pending_list *list, const char *name, sqlite3_stmt *row,
                           struct bs_error *error) {
  struct bs_pending *items = realloc(list->items, (list->count + 1) * sizeof *items), *item;

  if (items == NULL) return bs_fail_memory(error);
  list->items = items;
  item = &items[list->count++];
  *item = (struct bs_pending)BS_PENDING_INIT;
  memcpy(item->name, name, strlen(name) + 1);
  return read_pending(database, item, row, error);
}

static bool list_journal(struct bs_state *state, struct bs_scope *scope, struct bs_pending **ret_items, size_t *ret_count,
                         enum bs_state_statement statement, const char *chain, const char *name, struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;
  sqlite3_stmt *row BS_AUTO_ROW = NULL; /* let go of before the connection is */
  struct pending_list list BS_AUTO(free_pending_list) = {NULL, 0};

  if (!bs_state_enter(&use, state, scope, false, error)) return false;
  if (use.database != NULL &&
      !bs_database_query(use.database, statement, &row, BS_VALUES(bs_value_text(chain), bs_value_text(name)), error))
    return false;
  while (row != NULL)
    if (!append_pending(use.database, &list, name, row, error) || !bs_database_next(use.database, &row, error)) return false;
  *ret_items = list.items;
  *ret_count = list.count;
  list = (struct pending_list){NULL, 0};
  return true;
}

bool bs_state_journal_list(struct bs_state *state, struct bs_scope *scope, struct bs_pending **ret_items, size_t *ret_count,
                           const char *chain, const char *name, struct bs_error *error) {
  return list_journal(state, scope, ret_items, ret_count, BS_STATE_JOURNAL_LIST, chain, name, error);
}

bool bs_state_journal_find(struct bs_state *state, struct bs_scope *scope, bool *ret_found, struct bs_pending *ret_pending,
                           const char *chain, const char *name, struct bs_error *error) {
  struct bs_pending *items;
  size_t count;

  if (!list_journal(state, scope, &items, &count, BS_STATE_JOURNAL_FIND, chain, name, error)) return false;
  *ret_found = count != 0;
  if (count != 0) *ret_pending = items[0];
  free(items);
  return true;
}

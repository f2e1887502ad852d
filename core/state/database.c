/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/state/database.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/state/database-private.h"

#define CHECKPOINT_PAGES 64 /* a longer WAL makes the first open after all others have closed slow: it is read whole */
/* Of derived data much is written at once, at random places: each page that the cache has no room for is written again. */
#define DERIVED_CHECKPOINT_PAGES 10000
#define DERIVED_CACHE "65536" /* KiB */
#define PULSE_STEPS 10000 /* of SQLite's machine between two looks at the scope: a fraction of a millisecond */

static bool fail_locked(const char *path, const char *noun, const struct bs_scope *scope, struct bs_error *error) {
  if (scope != NULL && !bs_scope_check(scope, error))
    return bs_context(error, "%s: Another process keeps the %s locked", path, noun);
  return bs_fail(error, BS_WORD_deadline, "%s: Another process keeps the %s locked.", path, noun);
}

/* Why the system refused something, as far as it is the disk's fault: SQLite does not always tell, but the handles of
 * the file and of its log keep it, until the next.  They also keep whose lock was met, which is no failure.  0: nothing
 * of the kind. */
static int disk_errno(sqlite3 *sqlite) {
  static const int pointers[] = {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER};
  static const int faults[] = {EIO, ENOSPC, EDQUOT, EFBIG};

  for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
    sqlite3_file *file = NULL;
    int number = 0;

    if (sqlite3_file_control(sqlite, NULL, pointers[i], &file) != SQLITE_OK || file == NULL || file->pMethods == NULL) continue;
    if (file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number) != SQLITE_OK) continue;
    for (size_t j = 0; j < sizeof faults / sizeof faults[0]; j++)
      if (number == faults[j]) return number;
  }
  return 0;
}

/* One failure of SQLite: its code and text, and what the system said (0: nothing). */
struct failure {
  int code;
  const char *why;
  int number;
};

/* What cannot be read SQLite calls damaged, too. */
bool bs_database_is_unreadable(struct bs_database *database, struct bs_error *error) {
  errno = disk_errno(database->sqlite);
  return errno == EIO && !bs_fail_errno(error, "%s: The %s cannot be read", database->path, database->kind->noun);
}

static const char *mend_of(const struct bs_database_kind *kind) {
  return kind->mend != NULL ? kind->mend : BS_DATABASE_ADVICE;
}

static bool fail_damaged(struct bs_database *database, struct bs_error *error) {
  if (bs_database_is_unreadable(database, error)) return false;
  return bs_fail(error, BS_WORD_corrupt, "%s: The %s is damaged: %s.", database->path, database->kind->noun,
                 mend_of(database->kind));
}

/* The scope ended while a statement ran. */
static bool fail_interrupted(struct bs_database *database, struct bs_error *error) {
  if (database->scope != NULL && !bs_scope_check(database->scope, error)) return false;
  return bs_fail(error, BS_WORD_failed, "%s: What was asked of the %s was interrupted.", database->path, database->kind->noun);
}

/* A file that SQLite cannot open for writing, for whatever reason, it opens for reading. */
static bool fail_read_only(struct bs_database *database, struct bs_error *error) {
  const char *path = database->path, *noun = database->kind->noun;
  char *parent BS_AUTO_FREE = bs_file_parent(path);

  if (parent == NULL) return bs_fail_memory(error);
  if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 && faccessat(AT_FDCWD, parent, W_OK, AT_EACCESS) == 0)
    return bs_fail(error, BS_WORD_io, "%s: The %s could not be opened for writing, although it may be written; try "
                   "again.", path, noun);
  return bs_fail(error, BS_WORD_denied, "%s: The %s may not be written.", path, noun);
}

/* What SQLite cannot make beside the file it tries to open for reading, and tells only of that: ENOENT.  Why nothing can be made
 * there, as long as that lasts. */
static int making_errno(const char *path) {
  char *parent BS_AUTO_FREE = bs_file_parent(path);
  int fd BS_AUTO_CLOSE = parent == NULL ? -1 : open(parent, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

  return fd >= 0 || errno == EOPNOTSUPP ? ENOENT : errno;
}

/* By the system's doing. */
static bool fail_system(struct bs_database *database, const struct failure *failure, struct bs_error *error) {
  const char *path = database->path, *noun = database->kind->noun;

  errno = failure->number != 0 ? failure->number : disk_errno(database->sqlite);
  if (errno == ENOENT && (failure->code & 0xff) == SQLITE_CANTOPEN) errno = making_errno(path);
  if (errno == ENOSPC) return bs_fail(error, BS_WORD_no_space, "%s: There is no space left for the %s.", path, noun);
  if (errno != 0) return bs_fail_errno(error, "%s: The %s cannot be used: %s", path, noun, failure->why);
  return bs_fail(error, BS_WORD_io, "%s: The %s cannot be used: %s.", path, noun, failure->why);
}

static bool fail(struct bs_database *database, const struct failure *failure, struct bs_error *error) {
  const char *path = database->path, *noun = database->kind->noun;

  if ((failure->code & 0xff) == SQLITE_INTERRUPT) return fail_interrupted(database, error);
  database->has_failed = true;
  switch (failure->code & 0xff) {
    case SQLITE_FULL: return bs_fail(error, BS_WORD_no_space, "%s: There is no space left for the %s.", path, noun);
    case SQLITE_NOMEM: return bs_fail_memory(error);
    case SQLITE_NOTADB: return bs_fail(error, BS_WORD_corrupt, "%s: This file is not a %s.", path, noun);
    case SQLITE_CORRUPT: return fail_damaged(database, error);
    case SQLITE_READONLY:
    case SQLITE_PERM: return fail_read_only(database, error);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return fail_locked(path, noun, database->scope, error);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return fail_system(database, failure, error);
    default: return bs_fail(error, BS_WORD_io, "%s: The %s cannot be used: %s.", path, noun, failure->why);
  }
}

bool bs_database_fail(struct bs_database *database, struct bs_error *error) {
  const struct failure failure = {sqlite3_errcode(database->sqlite), sqlite3_errmsg(database->sqlite),
                                  sqlite3_system_errno(database->sqlite)};

  return fail(database, &failure, error);
}

/* This process: getpid() is a system call, 4 % of an index's making when each statement asks. */
static pid_t this_process;

static void note_process(void) {
  this_process = getpid();
}

static void watch_forks(void) {
  note_process();
  pthread_atfork(NULL, NULL, note_process);
}

static bool is_own(const struct bs_database *database) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;

  pthread_once(&once, watch_forks);
  return database->pid == this_process;
}

static bool check_process(const struct bs_database *database, struct bs_error *error) {
  if (is_own(database)) return true;
  return bs_fail(error, BS_WORD_failed, "%s: The %s was opened before a fork; open it anew in the child.",
                 database->path, database->kind->noun);
}

/* A pause before a lock is tried again, after `count` tries since `since_ms`; false when there is no time left. */
static bool pause_for_lock(const struct bs_scope *scope, uint64_t since_ms, int count) {
  uint64_t waited = bs_clock_monotonic_ms() - since_ms;

  if (scope != NULL ? bs_scope_time_left(scope) == 0 : waited >= BS_DATABASE_PATIENCE_MS) return false;
  nanosleep(&(struct timespec){.tv_nsec = count < 10 ? 500000 : 2000000}, NULL);
  return true;
}

/* SQLite calls this while somebody else holds the lock: count is 0 at first. */
static int wait_for_lock(void *user, int count) {
  struct bs_database *database = user;

  if (count == 0) database->busy_since_ms = bs_clock_monotonic_ms();
  return pause_for_lock(database->scope, database->busy_since_ms, count);
}

/*
 * SQLite calls this every so often while a statement runs; not 0: it ends.  The count goes on from one run of a prepared
 * statement to its next, so the first call of a run tells nothing: what is short is done also after the deadline, and COMMIT
 * never ends half-way.
 */
static int heed_scope(void *user) {
  struct bs_database *database = user;

  if (database->pulses++ == 0 || database->scope == NULL) return 0;
  return bs_scope_time_left(database->scope) == 0;
}

void bs_database_count_nothing(void) {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static void free_database(struct bs_database *database) {
  free(database->statements);
  free(database->path);
  free(database);
}

/* Moves all of the write-ahead log into the file. */
static bool empty_log(struct bs_database *database) {
  return sqlite3_wal_checkpoint_v2(database->sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK;
}

/* The next process would read the whole log when it opens the file.  In vain, without waiting, while others have it open. */
static void tidy_up(struct bs_database *database) {
  if (database->sqlite == NULL || sqlite3_total_changes(database->sqlite) == 0) return;
  sqlite3_busy_handler(database->sqlite, NULL, NULL);
  empty_log(database);
}

void bs_database_close(struct bs_database *database) {
  if (database == NULL) return;
  if (!is_own(database)) return; /* closing would drop the parent's locks */
  for (size_t i = 0; i < database->kind->statement_count; i++) sqlite3_finalize(database->statements[i]);
  sqlite3_finalize(database->begin_read);
  sqlite3_finalize(database->end);
  tidy_up(database);
  sqlite3_close(database->sqlite);
  free_database(database);
}

struct bs_database *bs_database_new(const char *path, const struct bs_database_kind *kind, bool read_only,
                                    const struct bs_scope *scope) {
  struct bs_database *database = calloc(1, sizeof *database);

  if (database == NULL) return NULL;
  database->kind = kind;
  database->path = strdup(path);
  database->statements = calloc(kind->statement_count + 1, sizeof *database->statements);
  database->read_only = read_only;
  database->scope = scope;
  database->pid = getpid();
  if (database->path != NULL && database->statements != NULL) return database;
  free_database(database);
  return NULL;
}

bool bs_database_execute(struct bs_database *database, const char *sql, struct bs_error *error) {
  if (!check_process(database, error)) return false;
  database->pulses = 0;
  if (sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
  return bs_database_fail(database, error);
}

/* The one integer that a PRAGMA answers. */
static bool pragma(struct bs_database *database, int32_t *ret_value, const char *sql, struct bs_error *error) {
  sqlite3_stmt *statement = NULL;
  bool good = sqlite3_prepare_v2(database->sqlite, sql, -1, &statement, NULL) == SQLITE_OK &&
              sqlite3_step(statement) == SQLITE_ROW;

  if (good) *ret_value = sqlite3_column_int(statement, 0);
  if (!good) bs_database_fail(database, error);
  sqlite3_finalize(statement);
  return good;
}

bool bs_database_version(struct bs_database *database, int32_t *ret_version, struct bs_error *error) {
  const struct bs_database_kind *kind = database->kind;

  if (!pragma(database, ret_version, "PRAGMA user_version", error)) return false;
  if (*ret_version < 0)
    return bs_fail(error, BS_WORD_corrupt, "%s: The %s is damaged: there is no schema %d.", database->path, kind->noun,
                   (int)*ret_version);
  return *ret_version <= kind->version ||
         bs_fail(error, BS_WORD_failed, "%s: The %s has schema %d, written by a newer release; this one knows %d.",
                 database->path, kind->noun, (int)*ret_version, (int)kind->version);
}

static bool bring_up_to_date(struct bs_database *database, struct bs_error *error) {
  const struct bs_database_kind *kind = database->kind;
  char sql[100];
  int32_t version;

  if (!bs_database_begin(database, error)) return false;
  if (!bs_database_version(database, &version, error)) return false; /* another process may have been first */
  bs_log(BS_LOG_DEBUG, "%s: the %s is brought from schema %d to %d", database->path, kind->noun, (int)version,
         (int)kind->version);
  for (; version < kind->version; version++)
    if (!bs_database_execute(database, kind->schema[version], error)) return false;
  snprintf(sql, sizeof sql, "PRAGMA user_version = %d; PRAGMA application_id = %d", (int)kind->version,
           (int)kind->application_id);
  return bs_database_execute(database, sql, error) && bs_database_commit(database, error);
}

/* Whatever it takes: interrupted, it would begin anew each time, and never be done. */
static bool migrate(struct bs_database *database, struct bs_error *error) {
  bool good;

  sqlite3_progress_handler(database->sqlite, 0, NULL, NULL);
  good = bring_up_to_date(database, error);
  sqlite3_progress_handler(database->sqlite, PULSE_STEPS, heed_scope, database);
  return good;
}

bool bs_database_check_kind(struct bs_database *database, struct bs_error *error) {
  const struct bs_database_kind *kind = database->kind;
  int32_t version, application;

  if (!pragma(database, &application, "PRAGMA application_id", error)) return false;
  if (application != kind->application_id)
    return bs_fail(error, BS_WORD_corrupt, "%s: This SQLite file is not a %s.", database->path, kind->noun);
  if (!bs_database_version(database, &version, error)) return false;
  if (version == kind->version) return true;
  if (database->is_examined && version > 0) return true;
  if (database->read_only && kind->read_version > 0 && version >= kind->read_version) return true;
  if (database->read_only)
    return bs_fail(error, BS_WORD_failed, "%s: The %s has the old schema %d; the first write brings it up to date.",
                   database->path, kind->noun, (int)version);
  return migrate(database, error);
}

/* The file's URI, in which the bytes that mean something there are escaped. */
bool bs_database_uri(struct bs_buffer *uri, const char *path, const char *query, struct bs_error *error) {
  bs_buffer_text(uri, "file:");
  for (; *path != '\0'; path++)
    if (strchr("?#%", *path) != NULL)
      bs_buffer_format(uri, "%%%02x", (unsigned)*path);
    else
      bs_buffer_byte(uri, (unsigned char)*path);
  bs_buffer_format(uri, "?%s", query);
  return bs_buffer_ok(uri, error);
}

/* Where neither the file nor its directory may be written, a WAL without content needs no locks. */
static bool reopen_immutable(struct bs_database *database, struct bs_error *error) {
  struct bs_buffer uri BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char *wal BS_AUTO_FREE = NULL;
  struct stat status;

  if (asprintf(&wal, "%s-wal", database->path) < 0) return bs_fail_memory(error);
  if (stat(wal, &status) == 0 && status.st_size > 0)
    return bs_fail(error, BS_WORD_denied,
                   "%s: The %s has changes in %s, which only somebody who may write its directory can take over.",
                   database->path, database->kind->noun, wal);
  if (!bs_database_uri(&uri, database->path, "immutable=1", error)) return false;
  sqlite3_close(database->sqlite);
  database->sqlite = NULL;
  if (sqlite3_open_v2(bs_buffer_string(&uri), &database->sqlite,
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL) != SQLITE_OK)
    return bs_database_fail(database, error);
  sqlite3_progress_handler(database->sqlite, PULSE_STEPS, heed_scope, database);
  database->immutable = true;
  return bs_database_check_kind(database, error);
}

bool bs_database_configure(struct bs_database *database, struct bs_error *error) {
  sqlite3_busy_handler(database->sqlite, wait_for_lock, database);
  sqlite3_progress_handler(database->sqlite, PULSE_STEPS, heed_scope, database);
  sqlite3_extended_result_codes(database->sqlite, 1);
  /* A reader leaves the log as it is; a writer has emptied it (tidy_up). */
  sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  if (database->read_only) return true;
  sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
  sqlite3_wal_autocheckpoint(database->sqlite, database->kind->derived ? DERIVED_CHECKPOINT_PAGES : CHECKPOINT_PAGES);
  return bs_database_execute(database,
                             database->kind->derived ? "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -" DERIVED_CACHE
                                                     : "PRAGMA synchronous = FULL",
                             error);
}

static bool open_sqlite(struct bs_database *database, struct bs_error *error) {
  int flags = (database->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;

  if (sqlite3_open_v2(database->path, &database->sqlite, flags, NULL) != SQLITE_OK) return bs_database_fail(database, error);
  return bs_database_configure(database, error);
}

/* A new file under a temporary name: schema and WAL mode are in it before it gets its own. */
static bool fill_new(const char *path, const struct bs_database_kind *kind, const struct bs_scope *scope,
                     struct bs_error *error) {
  struct bs_database *database = bs_database_new(path, kind, false, scope);
  bool good;

  if (database == NULL) return bs_fail_memory(error);
  good = open_sqlite(database, error) && bs_database_execute(database, "PRAGMA journal_mode = WAL", error) &&
         migrate(database, error);
  if (good && !empty_log(database)) good = bs_database_fail(database, error); /* all of it is in the file that gets the name */
  if (good) /* no empty log beside it either */
    sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  bs_database_close(database);
  return good;
}

/* With what SQLite left beside it. */
static void remove_temporary(const char *temporary) {
  static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    char *path BS_AUTO_FREE = NULL;

    if (asprintf(&path, "%s%s", temporary, suffixes[i]) >= 0) unlink(path);
  }
}

/* The directory of `path`, locked: one process at a time makes files in it, so that what lies there under a temporary
 * name is of one that was killed. */
static bool lock_directory(int *ret_fd, const char *path, const struct bs_database_kind *kind,
                           const struct bs_scope *scope, struct bs_error *error) {
  uint64_t since = bs_clock_monotonic_ms();
  char *copy BS_AUTO_FREE = strdup(path);
  int fd BS_AUTO_CLOSE = -1;

  if (copy == NULL) return bs_fail_memory(error);
  fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return bs_fail_errno(error, "%s: The %s cannot be made", path, kind->noun);
  for (int count = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; count++) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return bs_fail_errno(error, "%s: The directory cannot be locked", path);
    if (!pause_for_lock(scope, since, count)) return fail_locked(path, kind->noun, scope, error);
  }
  *ret_fd = fd;
  fd = -1;
  return true;
}

static bool create_temporary(const char *temporary, const char *path, const struct bs_database_kind *kind,
                             struct bs_error *error) {
  int fd;

  remove_temporary(temporary);
  fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return bs_fail_errno(error, "%s: The %s cannot be made", path, kind->noun);
  close(fd); /* before SQLite opens it: closing any descriptor of a file drops a process's locks on it */
  return true;
}

static bool create(const char *path, const struct bs_database_kind *kind, const struct bs_scope *scope,
                   struct bs_error *error) {
  char *temporary BS_AUTO_FREE = NULL;
  int directory BS_AUTO_CLOSE = -1;
  bool good;

  if (asprintf(&temporary, "%s.new", path) < 0) return bs_fail_memory(error);
  if (!lock_directory(&directory, path, kind, scope, error)) return false;
  if (access(path, F_OK) == 0) return true; /* another process was faster */
  good = create_temporary(temporary, path, kind, error) && fill_new(temporary, kind, scope, error);
  /* In one step, so that a process killed here leaves no second name; in two where the file system cannot. */
  if (good && renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) < 0 && link(temporary, path) < 0 &&
      errno != EEXIST) {
    bs_fail_errno(error, "%s: The %s cannot be made", path, kind->noun);
    good = false;
  }
  remove_temporary(temporary);
  return good && bs_file_sync_parent(path, error);
}

/* SQLite would replay what is left of a removed file into a new one of its name. */
static bool refuse_leftovers(const char *path, const struct bs_database_kind *kind, struct bs_error *error) {
  char *wal BS_AUTO_FREE = NULL;
  struct stat status;

  if (asprintf(&wal, "%s-wal", path) < 0) return bs_fail_memory(error);
  if (stat(wal, &status) < 0 || stat(path, &status) == 0) return true; /* none, or just now made by another process */
  return bs_fail(error, BS_WORD_corrupt,
                 "%s: The %s is gone, but %s is still there; restore the one or remove the other.", path, kind->noun,
                 wal);
}

/* Is there a file?  SQLite would report a missing one as one that cannot be opened. */
bool bs_database_look_for(const char *path, const struct bs_database_kind *kind, enum bs_database_mode mode,
                          const struct bs_scope *scope, struct bs_error *error) {
  struct stat status;

  if (stat(path, &status) == 0) {
    if (!S_ISREG(status.st_mode))
      return bs_fail(error, BS_WORD_io, "%s: The %s must be a regular file.", path, kind->noun);
    if (status.st_size == 0)
      return bs_fail(error, BS_WORD_corrupt, "%s: This file is empty, and no %s: %s.", path, kind->noun, mend_of(kind));
    return true;
  }
  if (errno != ENOENT && errno != ENOTDIR)
    return bs_fail_errno(error, "%s: The %s cannot be reached", path, kind->noun);
  if (mode == BS_DATABASE_CREATE) return refuse_leftovers(path, kind, error) && create(path, kind, scope, error);
  return bs_fail(error, BS_WORD_not_found, "%s: There is no %s.", path, kind->noun);
}

bool bs_database_open(struct bs_database **ret_database, const char *path, const struct bs_database_kind *kind,
                      enum bs_database_mode mode, const struct bs_scope *scope, struct bs_error *error) {
  struct bs_database *database;
  bool good;

  if (!bs_database_look_for(path, kind, mode, scope, error)) return false;
  database = bs_database_new(path, kind, mode == BS_DATABASE_READ, scope);
  if (database == NULL) return bs_fail_memory(error);
  good = open_sqlite(database, error);
  if (good && !bs_database_check_kind(database, error)) {
    int code = sqlite3_errcode(database->sqlite) & 0xff;

    good = database->read_only && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) &&
           reopen_immutable(database, error);
  }
  if (!good) {
    bs_database_close(database);
    return false;
  }
  *ret_database = database;
  return true;
}

/* Of what has no name of its own: what messages call it. */
static bool take_path(struct bs_database *database, char *path, struct bs_error *error) {
  if (path == NULL) return bs_fail_memory(error);
  free(database->path);
  database->path = path;
  return true;
}

/* For SQLite "" is a file without a name, which it removes while it is open. */
static bool open_nameless(struct bs_database **ret_database, bool temporary, const struct bs_database_kind *kind,
                          const struct bs_scope *scope, struct bs_error *error) {
  struct bs_database *database = bs_database_new(temporary ? "" : ":memory:", kind, false, scope);

  if (database == NULL) return bs_fail_memory(error);
  if (!open_sqlite(database, error) ||
      (temporary && (!take_path(database, strdup("A temporary file"), error) ||
                     !bs_database_execute(database, "PRAGMA journal_mode = MEMORY", error)))) {
    bs_database_close(database);
    return false;
  }
  *ret_database = database;
  return true;
}

static bool open_new(struct bs_database **ret_database, bool temporary, const struct bs_database_kind *kind,
                     struct bs_error *error) {
  struct bs_database *database;

  if (!open_nameless(&database, temporary, kind, NULL, error)) return false;
  if (!migrate(database, error)) {
    bs_database_close(database);
    return false;
  }
  *ret_database = database;
  return true;
}

bool bs_database_open_memory(struct bs_database **ret_database, const struct bs_database_kind *kind,
                             struct bs_error *error) {
  return open_new(ret_database, false, kind, error);
}

bool bs_database_open_temporary(struct bs_database **ret_database, const struct bs_database_kind *kind,
                                struct bs_error *error) {
  return open_new(ret_database, true, kind, error);
}

/* What fails is the file that is read: the copy is in memory.  SQLite tells it of neither connection. */
static bool copy_content(struct bs_database *copy, struct bs_database *database, struct bs_error *error) {
  sqlite3_backup *backup = sqlite3_backup_init(copy->sqlite, "main", database->sqlite, "main");
  struct failure failure = {.code = SQLITE_OK};

  if (backup == NULL) return bs_database_fail(copy, error);
  failure.code = sqlite3_backup_step(backup, -1);
  sqlite3_backup_finish(backup);
  failure.why = sqlite3_errstr(failure.code);
  return failure.code == SQLITE_DONE || fail(database, &failure, error);
}

static bool copy_database(struct bs_database **ret_copy, bool temporary, struct bs_database *database, struct bs_error *error) {
  struct bs_database *copy;

  if (!check_process(database, error) || !open_nameless(&copy, temporary, database->kind, database->scope, error)) return false;
  if (!take_path(copy, strdup(database->path), error) || !copy_content(copy, database, error) ||
      !bs_database_check_kind(copy, error)) {
    bs_database_close(copy);
    return false;
  }
  *ret_copy = copy;
  return true;
}

bool bs_database_copy(struct bs_database **ret_copy, struct bs_database *database, struct bs_error *error) {
  return copy_database(ret_copy, false, database, error);
}

bool bs_database_copy_temporary(struct bs_database **ret_copy, struct bs_database *database, struct bs_error *error) {
  return copy_database(ret_copy, true, database, error);
}

bool bs_database_is_removed(const struct bs_database *database) {
  int moved = 0;

  sqlite3_file_control(database->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

bool bs_database_begin(struct bs_database *database, struct bs_error *error) {
  if (database->read_only) /* where SQLite would begin a read */
    return bs_fail(error, BS_WORD_denied, "%s: The %s is open for reading only; it may not be written.", database->path,
                   database->kind->noun);
  return bs_database_execute(database, "BEGIN IMMEDIATE", error);
}

/* A statement without parameters and rows, which is asked for so often that it stays prepared. */
static bool run_kept(struct bs_database *database, sqlite3_stmt **statement, const char *sql) {
  if (*statement == NULL &&
      sqlite3_prepare_v3(database->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK)
    return false;
  sqlite3_step(*statement);
  return sqlite3_reset(*statement) == SQLITE_OK;
}

/*
 * Where the log's index, which all connections share, counts commits: the third number of its first page
 * (sqlite.org/walformat.html).  NULL: this connection has not read it yet, or there is none to be shared.
 */
static const volatile uint32_t *find_commits(const struct bs_database *database) {
  enum { FIRST_PAGE = 32768, AT = 2 };
  sqlite3_file *file = NULL, *log = NULL;
  volatile void *page = NULL;

  sqlite3_file_control(database->sqlite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  sqlite3_file_control(database->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (!database->read_only || log == NULL || log->pMethods == NULL || file == NULL || file->pMethods == NULL ||
      file->pMethods->iVersion < 2 || file->pMethods->xShmMap == NULL ||
      file->pMethods->xShmMap(file, 0, FIRST_PAGE, 0, &page) != SQLITE_OK || page == NULL)
    return NULL;
  return (const volatile uint32_t *)page + AT;
}

/* The number is looked at before the read begins: what is committed between the two counts as news, which it may be. */
bool bs_database_begin_read(struct bs_database *database, struct bs_error *error) {
  if (!check_process(database, error)) return false;
  database->commits = find_commits(database);
  if (database->commits != NULL) database->seen_commits = __atomic_load_n(database->commits, __ATOMIC_ACQUIRE);
  return run_kept(database, &database->begin_read, "BEGIN") || bs_database_fail(database, error);
}

bool bs_database_is_newest(const struct bs_database *database) {
  return database->commits != NULL && __atomic_load_n(database->commits, __ATOMIC_ACQUIRE) == database->seen_commits;
}

bool bs_database_commit(struct bs_database *database, struct bs_error *error) {
  if (bs_database_execute(database, "COMMIT", error)) return true;
  bs_database_rollback(database);
  return false;
}

void bs_database_rollback(struct bs_database *database) {
  if (!is_own(database) || sqlite3_get_autocommit(database->sqlite)) return;
  run_kept(database, &database->end, "ROLLBACK");
}

struct bs_value bs_value_text(const char *text) {
  return (struct bs_value){text == NULL ? BS_VALUE_NULL : BS_VALUE_TEXT, 0, text, text == NULL ? 0 : strlen(text)};
}

void bs_row_done(sqlite3_stmt **row) {
  if (*row != NULL) sqlite3_reset(*row);
  *row = NULL;
}

static int bind(sqlite3_stmt *statement, int number, const struct bs_value *value) {
  switch (value->kind) {
    case BS_VALUE_INTEGER: return sqlite3_bind_int64(statement, number, value->integer);
    case BS_VALUE_TEXT:
      return sqlite3_bind_text64(statement, number, value->bytes, value->length, SQLITE_STATIC, SQLITE_UTF8);
    case BS_VALUE_BLOB:
      if (value->length == 0) return sqlite3_bind_zeroblob(statement, number, 0);
      return sqlite3_bind_blob64(statement, number, value->bytes, value->length, SQLITE_STATIC);
    case BS_VALUE_NULL: break;
  }
  return sqlite3_bind_null(statement, number);
}

bool bs_database_next(struct bs_database *database, sqlite3_stmt **row, struct bs_error *error) {
  int code = sqlite3_step(*row);

  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) bs_database_fail(database, error);
  bs_row_done(row);
  return code == SQLITE_DONE;
}

bool bs_database_query(struct bs_database *database, size_t which, sqlite3_stmt **ret_row,
                       const struct bs_value *values, size_t count, struct bs_error *error) {
  sqlite3_stmt **statement = &database->statements[which], *row;

  if (!check_process(database, error)) return false;
  if (*statement == NULL && sqlite3_prepare_v3(database->sqlite, database->kind->statements[which], -1,
                                               SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK)
    return bs_database_fail(database, error);
  database->pulses = 0;
  sqlite3_reset(*statement); /* its last run's failure, if any, was reported then */
  for (size_t i = 0; i < count; i++)
    if (bind(*statement, (int)i + 1, &values[i]) != SQLITE_OK) return bs_database_fail(database, error);
  row = *statement;
  if (!bs_database_next(database, &row, error)) return false;
  *ret_row = row;
  return true;
}

bool bs_database_run(struct bs_database *database, size_t which, const struct bs_value *values, size_t count,
                     struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  return bs_database_query(database, which, &row, values, count, error);
}

static bool fail_column(struct bs_database *database, struct bs_error *error) {
  return bs_fail(error, BS_WORD_corrupt, "%s: The %s is damaged: a stored value has a wrong size.", database->path,
                 database->kind->noun);
}

bool bs_row_bytes(struct bs_database *database, sqlite3_stmt *row, int column, void *bytes, size_t length,
                  struct bs_error *error) {
  const void *stored = sqlite3_column_blob(row, column);

  if ((size_t)sqlite3_column_bytes(row, column) != length) return fail_column(database, error);
  if (length > 0) memcpy(bytes, stored, length);
  return true;
}

bool bs_row_number(struct bs_database *database, sqlite3_stmt *row, int column, uint64_t *ret_number, uint64_t least,
                   uint64_t most, struct bs_error *error) {
  uint64_t number = bs_row_integer(row, column);

  if (number < least || number > most)
    return bs_fail(error, BS_WORD_corrupt, "%s: The %s is damaged: a stored number is out of its range.",
                   database->path, database->kind->noun);
  *ret_number = number;
  return true;
}

bool bs_row_text(struct bs_database *database, sqlite3_stmt *row, int column, char *text, size_t size,
                 struct bs_error *error) {
  const unsigned char *stored = sqlite3_column_text(row, column);
  size_t length = (size_t)sqlite3_column_bytes(row, column);

  if (length >= size) return fail_column(database, error);
  if (length > 0) memcpy(text, stored, length);
  text[length] = '\0';
  return true;
}

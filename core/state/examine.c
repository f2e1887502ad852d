/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/state/examine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/state/database-private.h"

#define PRAGMA_INTEGRITY "PRAGMA integrity_check(20)" /* the most complaints that SQLite makes of one file */

/* What shows that a file was written: of the database and of its log. */
struct stamp {
  struct stat files[2];
};

/* The ways to read a file in WAL mode.  SQLite's usual one makes a log and an index of it (-shm) where there is none, and writes
 * into the index. */
struct way {
  const char *query, *vfs;
  const char *pragma;
  bool locks; /* what is read is of one moment, whoever writes */
};
static const struct way without_log = {"immutable=1", NULL, NULL, false},
                        with_log = {"mode=ro", "unix-none", "PRAGMA locking_mode = EXCLUSIVE", false},
                        with_index = {"mode=ro&readonly_shm=1", NULL, NULL, false},
                        with_locks = {"mode=ro", NULL, NULL, true};

/* ---- opening ---- */

/* Nothing else is opened: a FIFO would hang. */
static bool look_beside(const char *path, const char *suffix, struct stat *ret_status, bool *ret_exists, struct bs_error *error) {
  char *beside BS_AUTO_FREE = NULL;

  if (asprintf(&beside, "%s%s", path, suffix) < 0) return bs_fail_memory(error);
  *ret_exists = stat(beside, ret_status) == 0;
  if (!*ret_exists && errno != ENOENT) return bs_fail_errno(error, "%s: The file cannot be reached", beside);
  if (!*ret_exists) memset(ret_status, 0, sizeof *ret_status);
  return !*ret_exists || S_ISREG(ret_status->st_mode) || bs_fail(error, BS_WORD_io, "%s: This must be a regular file.", beside);
}

static bool take_stamp(struct stamp *stamp, const char *real, struct bs_error *error) {
  bool exists;

  return look_beside(real, "", &stamp->files[0], &exists, error) && look_beside(real, "-wal", &stamp->files[1], &exists, error);
}

static bool is_same(const struct stat *a, const struct stat *b) {
  return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
         a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool was_written(const struct stamp *before, const char *real) {
  struct bs_error ignored;
  struct stamp now;

  return !take_stamp(&now, real, &ignored) || !is_same(&before->files[0], &now.files[0]) ||
         !is_same(&before->files[1], &now.files[1]);
}

static bool choose_way(const struct way **ret_way, const char *real, bool locked, struct bs_error *error) {
  bool has_log, has_index;
  struct stat status;

  if (!look_beside(real, "-wal", &status, &has_log, error) || !look_beside(real, "-shm", &status, &has_index, error))
    return false;
  *ret_way = !has_log ? &without_log : !has_index ? &with_log : locked ? &with_locks : &with_index;
  return true;
}

static bool open_way(struct bs_database *database, const char *real, const struct way *way, struct bs_error *error) {
  struct bs_buffer uri BS_AUTO_BUFFER = BS_BUFFER_INIT;

  if (!bs_database_uri(&uri, real, way->query, error)) return false;
  sqlite3_close(database->sqlite);
  database->sqlite = NULL;
  if (sqlite3_open_v2(bs_buffer_string(&uri), &database->sqlite, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
                      way->vfs) != SQLITE_OK)
    return bs_database_fail(database, error);
  return bs_database_configure(database, error) && (way->pragma == NULL || bs_database_execute(database, way->pragma, error)) &&
         bs_database_check_kind(database, error);
}

static bool is_refused_index(const struct bs_database *database) {
  int code = sqlite3_errcode(database->sqlite) & 0xff;

  return code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PROTOCOL;
}

/*
 * An index that a program left when it died may not be that of the log; then the log is read without it.  That way ends the locks
 * that this process has on the file, and it has none: whoever uses a file in this process has its index open, and then that is
 * not refused.
 */
static bool open_file(struct bs_database *database, const char *real, const struct way **way, bool locked,
                      struct bs_error *error) {
  if (!choose_way(way, real, locked, error)) return false;
  if (open_way(database, real, *way, error)) return true;
  if (*way != &with_index || !is_refused_index(database)) return false;
  *way = &with_log;
  return open_way(database, real, *way, error);
}

/* The file that a link leads to: SQLite keeps the log beside that. */
static bool find_real(char **ret_real, const char *path, const struct bs_database_kind *kind, const struct bs_scope *scope,
                      struct bs_error *error) {
  if (!bs_database_look_for(path, kind, BS_DATABASE_READ, scope, error)) return false;
  if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0) return bs_fail_errno(error, "%s: The %s cannot be read", path, kind->noun);
  *ret_real = realpath(path, NULL);
  return *ret_real != NULL || bs_fail_errno(error, "%s: The %s cannot be reached", path, kind->noun);
}

static bool open_to_examine(struct bs_database **ret_database, const struct way **way, const char *path, const char *real,
                            const struct bs_database_kind *kind, bool locked, const struct bs_scope *scope,
                            struct bs_error *error) {
  struct bs_database *database = bs_database_new(path, kind, true, scope);

  if (database == NULL) return bs_fail_memory(error);
  database->is_examined = true;
  if (!open_file(database, real, way, locked, error)) {
    bs_database_close(database);
    return false;
  }
  *ret_database = database;
  return true;
}

bool bs_database_examine(struct bs_database **ret_database, const char *path, const struct bs_database_kind *kind, bool locked,
                         const struct bs_scope *scope, struct bs_error *error) {
  char *real BS_AUTO_FREE = NULL;
  const struct way *way;

  return find_real(&real, path, kind, scope, error) &&
         open_to_examine(ret_database, &way, path, real, kind, locked, scope, error);
}

/* ---- what is found ---- */

/* Only what is known to be damaged is worth a copy, or its removal. */
static void tell_mend(const struct bs_subject *subject, enum bs_word word, struct bs_survey *survey) {
  if (word == BS_WORD_corrupt)
    bs_finding_mend(survey, "%s", subject->mend);
  else if (word == BS_WORD_denied)
    bs_finding_mend_path(survey, subject->path, "Run this as the user whose file it is, or give that user the right to read it:"
                         " chmod u+r ");
  else if (word == BS_WORD_failed)
    bs_finding_mend(survey, "Use the release that wrote it, or a newer one.");
  else if (word == BS_WORD_deadline)
    bs_finding_mend(survey, "Run this again, while no other program uses it; the file itself may be sound.");
  else
    bs_finding_mend(survey, "See to what the problem names, and run this again; the file itself may be sound.");
}

bool bs_examine_tell(const struct bs_subject *subject, struct bs_survey *survey, struct bs_error *error) {
  const char *message = error->message, *advice = strstr(message, ": " BS_DATABASE_ADVICE "."); /* which is being followed */
  size_t length = strlen(subject->path);

  if (error->word == BS_WORD_no_memory || error->word == BS_WORD_cancelled) return false;
  if (strncmp(message, subject->path, length) == 0 && strncmp(message + length, ": ", 2) == 0) message += length + 2;
  bs_finding_add(survey, BS_FINDING_ERROR, subject->what, subject->path);
  if (advice == NULL) bs_finding_problem(survey, "%s", message);
  else bs_finding_problem(survey, "%.*s.", (int)(advice - message), message);
  tell_mend(subject, error->word, survey);
  *error = (struct bs_error){.word = BS_NO_WORD};
  return true;
}

/* What SQLite complains of; true when there is nothing.  A page that the disk did not give is no damage. */
static bool tell_complaints(const struct bs_subject *subject, struct bs_database *database, struct bs_survey *survey,
                            sqlite3_stmt *statement) {
  struct bs_error unreadable;
  bool sound = true;
  int code;

  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(statement, 0);

    if (text != NULL && strcmp(text, "ok") == 0) continue;
    if (bs_database_is_unreadable(database, &unreadable)) return false;
    sound = false;
    bs_finding_add(survey, BS_FINDING_ERROR, subject->what, subject->path);
    bs_finding_problem(survey, "The %s is damaged: %s.", subject->kind->noun,
                       text == NULL ? "what is wrong cannot be told" : text);
    bs_finding_mend(survey, "%s", subject->mend);
  }
  return sound && code == SQLITE_DONE;
}

static bool check_integrity(const struct bs_subject *subject, struct bs_database *database, struct bs_survey *survey,
                            bool *ret_sound, struct bs_error *error) {
  sqlite3_stmt *statement = NULL;
  size_t before = survey->errors;
  bool sound = sqlite3_prepare_v2(database->sqlite, PRAGMA_INTEGRITY, -1, &statement, NULL) == SQLITE_OK &&
               tell_complaints(subject, database, survey, statement);

  *ret_sound = sound;
  if (!sound && survey->errors == before && !bs_database_is_unreadable(database, error)) bs_database_fail(database, error);
  sqlite3_finalize(statement);
  return sound || survey->errors > before || bs_examine_tell(subject, survey, error);
}

static void tell_old(const struct bs_subject *subject, int32_t version, struct bs_survey *survey) {
  if (version == subject->kind->version) return;
  bs_finding_add(survey, BS_FINDING_WARNING, subject->what, subject->path);
  bs_finding_problem(survey, "The %s has the schema %d of an older release; this one knows %d.", subject->kind->noun,
                     (int)version, (int)subject->kind->version);
  bs_finding_mend(survey, "%s", subject->upgrade);
}

/* A table that the schema has, or a column, is missing: that is SQLITE_ERROR, which is told as if the file could not be used. */
static void know_damage(struct bs_database *database, struct bs_error *error) {
  if (error->word == BS_WORD_io && (sqlite3_errcode(database->sqlite) & 0xff) == SQLITE_ERROR) error->word = BS_WORD_corrupt;
}

static bool examine_content(const struct bs_subject *subject, struct bs_database *database, bs_examine_content *content,
                            void *user, struct bs_survey *survey, struct bs_error *error) {
  int32_t version;
  bool sound;

  if (!bs_database_begin_read(database, error) || !bs_database_version(database, &version, error))
    return bs_examine_tell(subject, survey, error);
  tell_old(subject, version, survey);
  if (!check_integrity(subject, database, survey, &sound, error)) return false;
  if (!sound || content(user, database, version, survey, error)) return true;
  know_damage(database, error);
  return bs_examine_tell(subject, survey, error);
}

static bool examine(const struct bs_subject *subject, const char *real, bool locked, bool *ret_changed,
                    const struct bs_scope *scope, bs_examine_content *content, void *user, struct bs_survey *survey,
                    struct bs_error *error) {
  struct bs_database *database = NULL;
  const struct way *way = NULL;
  struct stamp before;
  bool good;

  *ret_changed = false;
  if (!take_stamp(&before, real, error)) return bs_examine_tell(subject, survey, error);
  if (!open_to_examine(&database, &way, subject->path, real, subject->kind, locked, scope, error))
    good = bs_examine_tell(subject, survey, error);
  else
    good = examine_content(subject, database, content, user, survey, error);
  bs_database_close(database);
  *ret_changed = !(way != NULL && way->locks) && was_written(&before, real);
  return good;
}

static bool is_link(const char *path) {
  struct stat status;

  return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static void tell_dangling(const struct bs_subject *subject, struct bs_survey *survey) {
  bs_finding_add(survey, BS_FINDING_ERROR, subject->what, subject->path);
  bs_finding_problem(survey, "The link leads to a file that is not there.");
  bs_finding_mend(survey, "Mount or bring back what it leads to.");
}

/* A log without its database would be taken for that of the next one.  SQLite keeps it beside the file, not beside a link. */
static bool tell_missing(const struct bs_subject *subject, struct bs_survey *survey, struct bs_error *error) {
  struct stat status;
  bool has_log;

  if (is_link(subject->path)) {
    tell_dangling(subject, survey);
    return true;
  }
  if (!look_beside(subject->path, "-wal", &status, &has_log, error)) return bs_examine_tell(subject, survey, error);
  if (!has_log) return true;
  bs_finding_add(survey, BS_FINDING_ERROR, subject->what, subject->path);
  bs_finding_problem(survey, "The %s is gone, but its log %s-wal is still there.", subject->kind->noun, subject->path);
  bs_finding_mend(survey, "While no program uses it, bring %s back; or, where that is lost, remove %s-wal and %s-shm.",
                  subject->path, subject->path, subject->path);
  return true;
}

static void tell_changed(const struct bs_subject *subject, struct bs_survey *survey) {
  bs_finding_add(survey, BS_FINDING_WARNING, subject->what, subject->path);
  bs_finding_problem(survey, "The file was written while it was examined; what is said of it may be of two moments.");
  bs_finding_mend(survey, "Run this again, while no other program uses it.");
}

bool bs_examine(const struct bs_subject *subject, const struct bs_scope *scope, bs_examine_content *content, void *user,
                struct bs_survey *survey, struct bs_error *error) {
  char *real BS_AUTO_FREE = NULL;
  bool changed;

  if (!find_real(&real, subject->path, subject->kind, scope, error))
    return error->word == BS_WORD_not_found ? tell_missing(subject, survey, error) : bs_examine_tell(subject, survey, error);
  for (int attempt = 1;; attempt++) {
    struct bs_survey part BS_AUTO(bs_survey_free) = BS_SURVEY_INIT;

    bs_examined_add(&part, subject->what, subject->path);
    if (!examine(subject, real, attempt > 1, &changed, scope, content, user, &part, error)) return false;
    if (changed && attempt == 1) continue;
    bs_survey_move(survey, &part);
    if (changed) tell_changed(subject, survey);
    return true;
  }
}

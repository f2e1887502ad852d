/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/codec/hex.h"
#include "core/state/check.h"

#define WHAT "state directory"
#define WHILE_UNUSED "While no program uses the state directory, "

/* What a file there may be. */
enum place { STRANGER, LEFTOVER, DATABASE, OTHER };

struct looking {
  const char *directory;
  struct stat status;     /* of the directory */
  const char *ledgers[2]; /* its names in the directory: as the configuration has it, and of the file; NULL: it lies elsewhere */
  struct bs_survey *survey;
};

static bool begins(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

static bool is_beside(const char *name) {
  return strcmp(name, "") == 0 || strcmp(name, "-wal") == 0 || strcmp(name, "-shm") == 0;
}

/* Is it the database of that name, or what SQLite keeps beside it?  *ret_new: a database that was being made. */
static bool is_database(const char *name, const char *database, bool *ret_new) {
  if (database == NULL || !begins(name, database)) return false;
  name += strlen(database);
  *ret_new = begins(name, ".new");
  if (!*ret_new) return is_beside(name);
  return is_beside(name + 4) || strcmp(name + 4, "-journal") == 0;
}

bool bs_state_is_evidence(const char *name) {
  return begins(name, "evidence-") && strlen(name) == strlen("evidence-.json") + 16 && bs_hex_is(name + 9, 16) &&
         strcmp(name + 25, ".json") == 0;
}

static enum place place_of(const struct looking *looking, const char *name) {
  bool is_new;

  if (is_database(name, "state.db", &is_new) || is_database(name, "proofs.db", &is_new) ||
      is_database(name, looking->ledgers[0], &is_new) || is_database(name, looking->ledgers[1], &is_new))
    return is_new ? LEFTOVER : DATABASE;
  if (begins(name, ".blockstore-")) return LEFTOVER;
  return begins(name, "lock-") || strcmp(name, "state.sequence") == 0 || bs_state_is_evidence(name) ? OTHER : STRANGER;
}

static const char *kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return "a directory";
    case S_IFLNK: return "a link";
    case S_IFIFO: return "a FIFO";
    default: return "a device or a socket";
  }
}

static void tell_link(const struct looking *looking, const char *path) {
  struct stat status;
  bool leads_nowhere = stat(path, &status) < 0 && errno == ENOENT;

  bs_finding_add(looking->survey, leads_nowhere ? BS_FINDING_ERROR : BS_FINDING_WARNING, WHAT, path);
  if (leads_nowhere) {
    bs_finding_problem(looking->survey, "The link leads to a file that is not there.");
    bs_finding_mend(looking->survey, "Mount or bring back what it leads to.");
    return;
  }
  bs_finding_problem(looking->survey, "This is a link: the file lies elsewhere, and a copy of the directory lacks it.");
  bs_finding_mend(looking->survey, WHILE_UNUSED "remove the link, and move the file that it leads to, with those whose names have"
                                " -wal and -shm behind it, here.");
}

static void check_kind(const struct looking *looking, const char *path, enum place place, mode_t mode) {
  if (S_ISREG(mode)) return;
  if (S_ISLNK(mode) && place == DATABASE) {
    tell_link(looking, path);
    return;
  }
  bs_finding_add(looking->survey, BS_FINDING_ERROR, WHAT, path);
  bs_finding_problem(looking->survey, "This is %s, where a regular file is expected.", kind_of(mode));
  bs_finding_mend(looking->survey, WHILE_UNUSED "move it away.");
}

/* As the state itself takes it. */
static bool is_foreign(uid_t owner) {
  return owner != geteuid() && owner != 0;
}

static void tell_owner(struct bs_survey *survey, const char *path, uid_t owner) {
  bs_finding_add(survey, BS_FINDING_ERROR, WHAT, path);
  bs_finding_problem(survey, "This belongs to user %u, who could change what is kept in it.", (unsigned)owner);
  bs_finding_mend_path(survey, path, "Run this as that user; or, where it was copied, give it to the one who uses it: "
                       "chown -R %u ", (unsigned)geteuid());
}

static void check_mode(struct bs_survey *survey, const char *path, mode_t mode, unsigned wanted) {
  bool is_writable = (mode & 022) != 0;

  if ((mode & 077) == 0) return;
  bs_finding_add(survey, is_writable ? BS_FINDING_ERROR : BS_FINDING_WARNING, WHAT, path);
  bs_finding_problem(survey, "This can be %s by other users (mode %04o).", is_writable ? "written" : "read",
                     (unsigned)(mode & 07777));
  bs_finding_mend_path(survey, path, "Run: chmod %o ", wanted);
}

static void tell_leftover(const struct looking *looking, const char *path) {
  bs_finding_add(looking->survey, BS_FINDING_WARNING, WHAT, path);
  bs_finding_problem(looking->survey, "This was left by a program that ended early, unless one is writing just now.");
  bs_finding_mend(looking->survey, WHILE_UNUSED "remove it.");
}

static void tell_stranger(const struct looking *looking, const char *path) {
  bs_finding_add(looking->survey, BS_FINDING_WARNING, WHAT, path);
  bs_finding_problem(looking->survey, "This is none of the files that belong here.");
  bs_finding_mend(looking->survey, "This configuration does not use it. Another one may; else move it away.");
}

static void check_entry(const struct looking *looking, const char *path, const char *name) {
  enum place place = place_of(looking, name);
  struct stat status;

  if (lstat(path, &status) < 0) return; /* just now removed */
  if (place == STRANGER) {
    tell_stranger(looking, path);
    return;
  }
  if (place == LEFTOVER) tell_leftover(looking, path);
  check_kind(looking, path, place, status.st_mode);
  if (!S_ISREG(status.st_mode)) return;
  /* What belongs to the owner of a foreign directory is mended with that. */
  if (is_foreign(status.st_uid) && status.st_uid != looking->status.st_uid) tell_owner(looking->survey, path, status.st_uid);
  check_mode(looking->survey, path, status.st_mode, 0600);
}

static int is_entry(const struct dirent *entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void tell_unreadable(struct bs_survey *survey, const char *directory) {
  int number = errno;

  bs_finding_add(survey, BS_FINDING_ERROR, WHAT, directory);
  bs_finding_problem(survey, "The directory cannot be read: %s.", strerrordesc_np(number));
  if (number == EACCES) bs_finding_mend_path(survey, directory, "Run this as the user whose directory it is; or run: chmod 700 ");
  else bs_finding_mend(survey, "See to what the problem names, and run this again.");
}

static bool check_entries(const struct looking *looking, struct bs_error *error) {
  struct dirent **entries;
  int count = scandir(looking->directory, &entries, is_entry, bs_file_compare_names);

  if (count < 0 && errno == ENOMEM) return bs_fail_memory(error);
  if (count < 0) tell_unreadable(looking->survey, looking->directory);
  else bs_examined_count(looking->survey, "files", (uint64_t)count);
  for (int i = 0; i < count; i++) {
    char *path BS_AUTO_FREE = NULL;

    if (asprintf(&path, "%s/%s", looking->directory, entries[i]->d_name) < 0) looking->survey->failed = true;
    else check_entry(looking, path, entries[i]->d_name);
    free(entries[i]);
  }
  if (count >= 0) free(entries);
  return bs_survey_ok(looking->survey, error);
}

/* Locks and shared memory of other machines are not those of this one. */
static void check_mount(struct bs_survey *survey, const char *directory) {
  static const struct {
    unsigned long type;
    const char *name;
  } remote[] = {{0x6969, "NFS"}, {0xff534d42, "CIFS"}, {0xfe534d42, "SMB"}, {0x517b, "SMB"}, {0x65735546, "FUSE"},
                {0x01021997, "9P"}, {0x00c36400, "Ceph"}, {0x5346414f, "AFS"}};
  struct statfs status;

  if (statfs(directory, &status) < 0) return;
  for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++) {
    if (((unsigned long)status.f_type & UINT32_MAX) != remote[i].type) continue;
    bs_finding_add(survey, BS_FINDING_WARNING, WHAT, directory);
    bs_finding_problem(survey, "The directory is on a file system of the kind %s, which other machines may write, too.",
                       remote[i].name);
    bs_finding_mend(survey, "While no program uses it, move it to a disk of this machine, and set state_dir to the new place.");
  }
}

static void check_writable(struct bs_survey *survey, const char *directory) {
  if (faccessat(AT_FDCWD, directory, W_OK, AT_EACCESS) == 0) return;
  bs_finding_add(survey, BS_FINDING_WARNING, WHAT, directory);
  bs_finding_problem(survey, "The directory cannot be written: mutable data cannot be read, and nothing can be put.");
  bs_finding_mend_path(survey, directory, "Make it writable for the user who runs this: mount it so, or run: chmod 700 ");
}

static void tell_no_directory(struct bs_survey *survey, const char *directory) {
  bs_finding_add(survey, BS_FINDING_ERROR, WHAT, directory);
  bs_finding_problem(survey, "This, or what it is to lie in, is something else than a directory.");
  bs_finding_mend(survey, "Move it away, or set state_dir to another place.");
}

/* *ret_name: the file's name in the directory, by whatever path that is told; NULL: it lies elsewhere. */
static bool name_within(const struct looking *looking, const char *file, const char **ret_name, struct bs_error *error) {
  char *parent BS_AUTO_FREE = bs_file_parent(file);
  const char *slash = strrchr(file, '/');
  struct stat status;

  if (parent == NULL) return bs_fail_memory(error);
  if (stat(parent, &status) == 0 && status.st_dev == looking->status.st_dev && status.st_ino == looking->status.st_ino)
    *ret_name = slash == NULL ? file : slash + 1;
  return true;
}

/* A ledger may be a link, in the directory or into it. */
static bool check_entries_and_ledger(struct looking *looking, const char *ledger, struct bs_error *error) {
  char *real BS_AUTO_FREE = ledger == NULL ? NULL : realpath(ledger, NULL);

  if (ledger != NULL && real == NULL && errno == ENOMEM) return bs_fail_memory(error);
  return (ledger == NULL || name_within(looking, ledger, &looking->ledgers[0], error)) &&
         (real == NULL || name_within(looking, real, &looking->ledgers[1], error)) && check_entries(looking, error);
}

static void check_itself(const struct looking *looking) {
  const struct stat *status = &looking->status;

  if (is_foreign(status->st_uid)) tell_owner(looking->survey, looking->directory, status->st_uid);
  check_mode(looking->survey, looking->directory, status->st_mode, 0700);
  check_mount(looking->survey, looking->directory);
  check_writable(looking->survey, looking->directory);
}

bool bs_state_check_directory(const char *directory, const char *ledger, struct bs_survey *survey, bool *ret_exists,
                              struct bs_error *error) {
  struct looking looking = {.directory = directory, .survey = survey};
  int failed = stat(directory, &looking.status) < 0 ? errno : 0;

  *ret_exists = failed == 0 && S_ISDIR(looking.status.st_mode);
  if (failed == ENOENT) return true;
  bs_examined_add(survey, WHAT, directory);
  errno = failed;
  if (failed != 0 && failed != ENOTDIR) tell_unreadable(survey, directory);
  else if (!*ret_exists) tell_no_directory(survey, directory);
  if (!*ret_exists) return true;
  check_itself(&looking);
  return check_entries_and_ledger(&looking, ledger, error);
}

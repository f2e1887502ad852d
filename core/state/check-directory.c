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
#include "core/codec/hex.h"
#include "core/state/check.h"

#define WHAT "state directory"
#define WHILE_UNUSED "While no program uses the state directory, "

/* What a file there may be. */
enum place { STRANGER, LEFTOVER, DATABASE, OTHER };

struct looking {
  const char *directory;
  const char *ledger; /* its name in the directory; NULL: it lies elsewhere */
  uid_t owner;        /* of the directory */
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

static enum place place_of(const struct looking *looking, const char *name) {
  bool is_new;

  if (is_database(name, "state.db", &is_new) || is_database(name, looking->ledger, &is_new)) return is_new ? LEFTOVER : DATABASE;
  if (begins(name, ".blockstore-")) return LEFTOVER;
  if (begins(name, "lock-") || strcmp(name, "state.sequence") == 0) return OTHER;
  if (begins(name, "evidence-") && strlen(name) == strlen("evidence-.json") + 16 && bs_hex_is(name + 9, 16) &&
      strcmp(name + 25, ".json") == 0)
    return OTHER;
  return STRANGER;
}

static const char *kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return "a directory";
    case S_IFLNK: return "a link";
    case S_IFIFO: return "a FIFO";
    default: return "a device or a socket";
  }
}

static void check_kind(const struct looking *looking, const char *path, enum place place, mode_t mode) {
  bool is_link = S_ISLNK(mode) && place == DATABASE;

  if (S_ISREG(mode)) return;
  bs_flaw_add(looking->survey, is_link ? BS_FLAW_WARNING : BS_FLAW_ERROR, WHAT, path);
  if (is_link) bs_flaw_problem(looking->survey, "This is a link: the file lies elsewhere, and a copy of the directory lacks it.");
  else bs_flaw_problem(looking->survey, "This is %s, where a regular file is expected.", kind_of(mode));
  if (is_link)
    bs_flaw_mend(looking->survey, WHILE_UNUSED "remove the link, and move the file that it leads to, with those whose names have"
                                       " -wal and -shm behind it, here.");
  else bs_flaw_mend(looking->survey, WHILE_UNUSED "move it away.");
}

static void check_owner(struct bs_survey *survey, const char *path, uid_t owner) {
  bs_flaw_add(survey, BS_FLAW_ERROR, WHAT, path);
  bs_flaw_problem(survey, "This belongs to user %u, who could change what is kept in it.", (unsigned)owner);
  bs_flaw_mend(survey, "Run this as that user; or, where it was copied, give it to the one who uses it: chown -R %u %s",
                  (unsigned)geteuid(), path);
}

static void check_mode(struct bs_survey *survey, const char *path, mode_t mode, unsigned wanted) {
  bool is_writable = (mode & 022) != 0;

  if ((mode & 077) == 0) return;
  bs_flaw_add(survey, is_writable ? BS_FLAW_ERROR : BS_FLAW_WARNING, WHAT, path);
  bs_flaw_problem(survey, "This can be %s by other users (mode %04o).", is_writable ? "written" : "read",
                  (unsigned)(mode & 07777));
  bs_flaw_mend(survey, "Run: chmod %o %s", wanted, path);
}

static void tell_leftover(const struct looking *looking, const char *path) {
  bs_flaw_add(looking->survey, BS_FLAW_WARNING, WHAT, path);
  bs_flaw_problem(looking->survey, "This was left by a program that ended early, unless one is writing just now.");
  bs_flaw_mend(looking->survey, WHILE_UNUSED "remove it.");
}

static void tell_stranger(const struct looking *looking, const char *path) {
  bs_flaw_add(looking->survey, BS_FLAW_WARNING, WHAT, path);
  bs_flaw_problem(looking->survey, "This is none of the files that belong here.");
  bs_flaw_mend(looking->survey, "Move it to another place, if you know it; nothing here uses it.");
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
  if (status.st_uid != looking->owner && status.st_uid != 0) check_owner(looking->survey, path, status.st_uid);
  check_mode(looking->survey, path, status.st_mode, 0600);
}

static int compare_names(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_entry(const struct dirent *entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void tell_unreadable(struct bs_survey *survey, const char *directory) {
  bs_flaw_add(survey, BS_FLAW_ERROR, WHAT, directory);
  bs_flaw_problem(survey, "The directory cannot be read: %s.", strerror(errno));
  bs_flaw_mend(survey, "Run this as the user whose directory it is; or run: chmod 700 %s", directory);
}

static bool check_entries(const struct looking *looking, struct bs_error *error) {
  struct dirent **entries;
  int count = scandir(looking->directory, &entries, is_entry, compare_names);

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
    bs_flaw_add(survey, BS_FLAW_WARNING, WHAT, directory);
    bs_flaw_problem(survey, "The directory is on a file system of the kind %s, which other machines may write, too.",
                    remote[i].name);
    bs_flaw_mend(survey, "While no program uses it, move it to a disk of this machine, and set state_dir to the new place.");
  }
}

static void check_writable(struct bs_survey *survey, const char *directory) {
  if (faccessat(AT_FDCWD, directory, W_OK, AT_EACCESS) == 0) return;
  bs_flaw_add(survey, BS_FLAW_WARNING, WHAT, directory);
  bs_flaw_problem(survey, "The directory cannot be written: mutable data cannot be read, and nothing can be put.");
  bs_flaw_mend(survey, "Make it writable for the user who runs this: mount it so, or chmod 700 %s", directory);
}

static void tell_no_directory(struct bs_survey *survey, const char *directory) {
  bs_flaw_add(survey, BS_FLAW_ERROR, WHAT, directory);
  bs_flaw_problem(survey, "This, or what it is to lie in, is something else than a directory.");
  bs_flaw_mend(survey, "Move it away, or set state_dir to another place.");
}

/* The ledger's name in the directory; NULL: it lies elsewhere. */
static const char *name_within(const char *directory, const char *ledger) {
  size_t length = strlen(directory);

  if (ledger == NULL || strncmp(ledger, directory, length) != 0 || ledger[length] != '/') return NULL;
  return strchr(ledger + length + 1, '/') == NULL ? ledger + length + 1 : NULL;
}

bool bs_state_check_directory(const char *directory, const char *ledger, struct bs_survey *survey, bool *ret_exists,
                              struct bs_error *error) {
  struct looking looking = {.directory = directory, .ledger = name_within(directory, ledger), .survey = survey};
  struct stat status;
  int failed = stat(directory, &status) < 0 ? errno : 0;

  *ret_exists = failed == 0 && S_ISDIR(status.st_mode);
  if (failed == ENOENT) return true;
  bs_examined_add(survey, WHAT, directory);
  errno = failed;
  if (failed != 0 && failed != ENOTDIR) tell_unreadable(survey, directory);
  else if (!*ret_exists) tell_no_directory(survey, directory);
  if (!*ret_exists) return true;
  looking.owner = status.st_uid;
  if (status.st_uid != geteuid() && status.st_uid != 0) check_owner(survey, directory, status.st_uid);
  check_mode(survey, directory, status.st_mode, 0700);
  check_mount(survey, directory);
  check_writable(survey, directory);
  return check_entries(&looking, error);
}

/* SPDX-License-Identifier: MIT */
#undef _FORTIFY_SOURCE
#include <config.h>

#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/lib/home.h"

/* A directory or a regular file. */
struct entry {
  char *path, *bytes;
  struct stat status;
  bool seen; /* by the walk of now */
};

static const char *home;
static struct entry entries[1000];
static size_t count;
static bool differs, repairs;
static char litter[4096];

/* NULL: it cannot be read. */
static char *read_file(const char *path, size_t length) {
  char *bytes = malloc(length + 1);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = bytes != NULL && fd >= 0 ? read(fd, bytes, length) : -1;

  if (fd >= 0) close(fd);
  if (got == (ssize_t)length) return bytes;
  free(bytes);
  return NULL;
}

static int remember(const char *path, const struct stat *status, int type, struct FTW *where) {
  struct entry *entry = &entries[count++];

  (void)where;
  if (count == sizeof entries / sizeof entries[0] || (type != FTW_D && !S_ISREG(status->st_mode))) return 1;
  *entry = (struct entry){.path = strdup(path), .status = *status};
  if (type == FTW_D) return entry->path == NULL;
  entry->bytes = read_file(path, (size_t)status->st_size);
  return entry->path == NULL || entry->bytes == NULL;
}

bool home_remember(const char *root) {
  home = root;
  return nftw(root, remember, 20, FTW_PHYS) == 0;
}

static struct entry *find(const char *path) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(entries[i].path, path) == 0) return &entries[i];
  return NULL;
}

static bool is_same(const struct entry *entry, const char *path, const struct stat *status) {
  char *bytes;
  bool same;

  if (entry->status.st_mode != status->st_mode) return false;
  if (entry->bytes == NULL) return true;
  if (entry->status.st_size != status->st_size) return false;
  bytes = read_file(path, (size_t)status->st_size);
  same = bytes != NULL && memcmp(bytes, entry->bytes, (size_t)status->st_size) == 0;
  free(bytes);
  return same;
}

/* What is not as it was is removed, its contents before it, and counts as not seen. */
static int compare(const char *path, const struct stat *status, int type, struct FTW *where) {
  struct entry *entry = find(path);
  bool is_shared = fnmatch("*-shm", path, 0) == 0;

  (void)type;
  (void)where;
  if (entry != NULL && (is_shared || is_same(entry, path, status))) {
    entry->seen = true;
  } else {
    if (!is_shared) differs = true;
    if (repairs) remove(path);
  }
  return 0;
}

static void walk(bool to_repair) {
  differs = false;
  repairs = to_repair;
  for (size_t i = 0; i < count; i++) entries[i].seen = false;
  nftw(home, compare, 20, FTW_PHYS | FTW_DEPTH);
}

bool home_differs(void) {
  walk(false);
  for (size_t i = 0; i < count; i++)
    if (!entries[i].seen) differs = true;
  return differs;
}

static void make(const struct entry *entry) {
  const struct timespec times[2] = {entry->status.st_atim, entry->status.st_mtim};
  int fd;

  if (entry->bytes == NULL) {
    mkdir(entry->path, 0700);
    chmod(entry->path, entry->status.st_mode & 07777);
    return;
  }
  fd = open(entry->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, entry->bytes, (size_t)entry->status.st_size) != (ssize_t)entry->status.st_size ||
      fchmod(fd, entry->status.st_mode & 07777) != 0 || futimens(fd, times) != 0 || close(fd) != 0) {
    perror(entry->path);
    exit(1);
  }
}

void home_restore(void) {
  walk(true);
  for (size_t i = 0; i < count; i++)
    if (!entries[i].seen) make(&entries[i]);
}

static int find_litter(const char *path, const struct stat *status, int type, struct FTW *where) {
  static const char *const patterns[] = {"*/.tmp/*", "*/.blockstore-*", "*.db.*", "*.new"};

  (void)status;
  (void)where;
  if (type == FTW_D || fnmatch("*/.blockstore-disk", path, 0) == 0) return 0;
  for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
    if (fnmatch(patterns[i], path, 0) == 0) snprintf(litter, sizeof litter, "%s", path);
  return 0;
}

const char *home_litter(void) {
  litter[0] = '\0';
  nftw(home, find_litter, 20, FTW_PHYS);
  return litter[0] == '\0' ? NULL : litter;
}

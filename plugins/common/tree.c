/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* NOLINT(bugprone-reserved-identifier): its name, by feature_test_macros(7) */
#endif

#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

#define DIRECTORY (O_RDONLY | O_DIRECTORY)

#define AUTO_CLOSE __attribute__((__cleanup__(close_descriptor)))

static void close_descriptor(const int *fd) {
  if (*fd >= 0) close(*fd);
}

/* Is the path one that can only lead downwards? */
static int check(const char *path) {
  const char *at = path;

  for (;;) {
    size_t length = strcspn(at, "/");
    bool still = length == 0 || strncmp(at, ".", length) == 0 || strncmp(at, "..", length) == 0;

    if (still || length > NAME_MAX || (size_t)(at - path) + length >= PATH_MAX) {
      errno = still ? EINVAL : ENAMETOOLONG;
      return -1;
    }
    at += length;
    if (*at == '\0') return 0;
    at++;
  }
}

/* Cuts the first component off *path, which has one, into `part`.  Was it the last? */
static bool cut(char part[NAME_MAX + 1], const char **path) {
  size_t length = strcspn(*path, "/");
  bool last = (*path)[length] == '\0';

  memcpy(part, *path, length);
  part[length] = '\0';
  *path += length + (last ? 0 : 1);
  return last;
}

/* What open_at_once does, for kernels and sandboxes without openat2. */
static int open_by_part(int root, const char *path, int flags) {
  int directory AUTO_CLOSE = -1;
  char part[NAME_MAX + 1];

  for (;;) {
    bool last = cut(part, &path);
    int fd =
        openat(directory < 0 ? root : directory, part, (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || last) return fd;
    if (directory >= 0) close(directory);
    directory = fd;
  }
}

static int open_at_once(int root, const char *path, int flags) {
#ifdef SYS_openat2
  /* O_LARGEFILE: what the other ways of opening have from _FILE_OFFSET_BITS. */
  struct open_how how = {.flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC | O_LARGEFILE),
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};

  return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
#else
  (void)root;
  (void)path;
  (void)flags;
  errno = ENOSYS;
  return -1;
#endif
}

int bs_tree_open(int root, const char *path, int flags) {
  int fd = check(path) < 0 ? -1 : open_at_once(root, path, flags);

  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return fd;
  return open_by_part(root, path, flags);
}

int bs_tree_write(int fd, const void *bytes, size_t length) {
  const char *at = bytes;

  while (length > 0) {
    ssize_t written = write(fd, at, length);

    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return -1;
    at += written;
    length -= (size_t)written;
  }
  return 0;
}

int bs_tree_read(int fd, void *buffer, size_t length, uint64_t offset) {
  char *at = buffer;

  while (length > 0) {
    ssize_t got = pread(fd, at, length, (off_t)offset);

    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = 0;
    if (got <= 0) return -1;
    at += got;
    offset += (uint64_t)got;
    length -= (size_t)got;
  }
  return 0;
}

/* Copies all of `path` but its last component, which is returned; "" stands for the root. */
static const char *split(char parent[PATH_MAX], const char *path) {
  const char *slash = strrchr(path, '/');
  size_t length = slash == NULL ? 0 : (size_t)(slash - path);

  memcpy(parent, path, length);
  parent[length] = '\0';
  return slash == NULL ? path : slash + 1;
}

static int open_directory(int root, const char *path) {
  return path[0] == '\0' ? openat(root, ".", DIRECTORY | O_CLOEXEC) : bs_tree_open(root, path, DIRECTORY);
}

/*
 * Opens a directory, making it and its parents where they are missing.  *ret_made: how many had to be made.
 * A directory that is found may not be durable yet, its maker being between mkdir and fsync; journalling file
 * systems write in order, so that what is made durable in it later carries it along.
 */
static int make_directory(int root, const char *path, unsigned *ret_made) {
  int directory AUTO_CLOSE = -1;
  char part[NAME_MAX + 1];
  int fd = open_directory(root, path);

  *ret_made = 0;
  if (fd >= 0 || errno != ENOENT) return fd;
  for (;;) {
    bool last = cut(part, &path);
    int parent = directory < 0 ? root : directory;

    if (mkdirat(parent, part, 0700) == 0) {
      ++*ret_made;
    } else if (errno != EEXIST) {
      return -1;
    }
    fd = openat(parent, part, DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || last) return fd;
    if (directory >= 0) close(directory);
    directory = fd;
  }
}

int bs_tree_remove(int root, const char *path) {
  int directory AUTO_CLOSE = -1;
  char parent[PATH_MAX];
  const char *name;
  bool absent;

  if (check(path) < 0) return -1;
  name = split(parent, path);
  directory = open_directory(root, parent);
  if (directory < 0) return -1;
  absent = unlinkat(directory, name, 0) < 0;
  if (absent && errno != ENOENT) return -1;
  if (fsync(directory) < 0) return -1; /* of an absent file too: who removed it may have died before its fsync */
  if (absent) errno = ENOENT;
  return absent ? -1 : 0;
}

int bs_tree_sync(int root, const char *path, unsigned levels) {
  char parent[PATH_MAX];

  if (check(path) < 0) return -1;
  split(parent, path);
  for (; levels > 0; levels--) {
    int directory AUTO_CLOSE = open_directory(root, parent);
    char *slash;

    if (directory < 0 || fsync(directory) < 0) return -1;
    if (parent[0] == '\0') break;
    slash = strrchr(parent, '/');
    *(slash == NULL ? parent : slash) = '\0';
  }
  return 0;
}

/* 16 random digits, and the NUL. */
static int random_name(char name[17]) {
  uint64_t number;

  if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) return -1;
  snprintf(name, 17, "%016" PRIx64, number);
  return 0;
}

/* One file that is ours and still has its name: 1, or 0 when a sweep took it before it was locked: try again. */
static int try_temporary(struct bs_temporary *made) {
  struct stat status;

  if (random_name(made->name) < 0) return -1;
  made->fd = openat(made->directory, made->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (made->fd < 0) {
    made->name[0] = '\0';
    return errno == EEXIST ? 0 : -1;
  }
  if (flock(made->fd, LOCK_EX) < 0 || fstat(made->fd, &status) < 0) return -1;
  if (status.st_nlink > 0) return 1;
  close(made->fd);
  made->fd = -1;
  made->name[0] = '\0';
  return 0;
}

int bs_temporary_begin(struct bs_temporary *temporary, int root) {
  struct bs_temporary made = BS_TEMPORARY_INIT;
  unsigned unused;
  int tried = 0;

  made.directory = make_directory(root, BS_TREE_TEMPORARIES, &unused);
  if (made.directory < 0) return -1;
  while (tried == 0) tried = try_temporary(&made);
  if (tried < 0) {
    int reason = errno;

    bs_temporary_end(&made);
    errno = reason;
    return -1;
  }
  *temporary = made;
  return 0;
}

int bs_temporary_place(struct bs_temporary *temporary, int root, const char *path) {
  int directory AUTO_CLOSE = -1;
  char parent[PATH_MAX];
  const char *name;
  unsigned made;

  if (check(path) < 0) return -1;
  name = split(parent, path);
  directory = make_directory(root, parent, &made);
  if (directory < 0 || renameat(temporary->directory, temporary->name, directory, name) < 0) return -1;
  temporary->name[0] = '\0';
  return bs_tree_sync(root, path, 1 + made);
}

void bs_temporary_end(struct bs_temporary *temporary) {
  if (temporary->name[0] != '\0') unlinkat(temporary->directory, temporary->name, 0);
  if (temporary->fd >= 0) close(temporary->fd);
  if (temporary->directory >= 0) close(temporary->directory);
  *temporary = (struct bs_temporary)BS_TEMPORARY_INIT;
}

/* Removes the file unless its writer still holds it: 1 when it was removed. */
static int sweep_file(int directory, const char *name) {
  int fd AUTO_CLOSE = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat status;

  if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) return 0;
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) return 0;
  return unlinkat(directory, name, 0) == 0;
}

static void close_directory(DIR **stream) {
  if (*stream != NULL) closedir(*stream);
}

int bs_temporary_sweep(int root) {
  DIR *stream __attribute__((__cleanup__(close_directory))) = NULL;
  const struct dirent *entry;
  int swept = 0;
  int fd = bs_tree_open(root, BS_TREE_TEMPORARIES, DIRECTORY);

  if (fd < 0) return errno == ENOENT ? 0 : -1;
  stream = fdopendir(fd);
  if (stream == NULL) {
    close(fd);
    return -1;
  }
  while ((entry = readdir(stream)) != NULL)
    if (entry->d_name[0] != '.') swept += sweep_file(dirfd(stream), entry->d_name);
  return swept;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/common/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

#include "core/base/auto.h"
#include "core/codec/hex.h"

#define DIRECTORY (O_RDONLY | O_DIRECTORY)

/*
 * Cuts the first component off *path into `part`.  False at the end, or with errno EINVAL at a component that
 * would stay in place, climb, or be too long.
 */
static bool next_part(char part[NAME_MAX + 1], const char **path) {
  size_t length = strcspn(*path, "/");

  errno = 0;
  if (**path == '\0') return false;
  if (length == 0 || length > NAME_MAX || strncmp(*path, ".", length) == 0 || strncmp(*path, "..", length) == 0) {
    errno = EINVAL;
    return false;
  }
  memcpy(part, *path, length);
  part[length] = '\0';
  *path += length + ((*path)[length] == '/');
  return true;
}

/* What openat2 does in one call, for kernels and sandboxes without it. */
static int open_by_part(int root, const char *path, int flags) {
  int directory BS_AUTO_CLOSE = -1;
  char part[NAME_MAX + 1];

  while (next_part(part, &path)) {
    bool last = *path == '\0';
    int fd =
        openat(directory < 0 ? root : directory, part, (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || last) return fd;
    if (directory >= 0) close(directory);
    directory = fd;
  }
  if (errno == 0) errno = EINVAL;
  return -1;
}

int bs_tree_open(int root, const char *path, int flags) {
#ifdef SYS_openat2
  struct open_how how = {.flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  long fd = syscall(SYS_openat2, root, path, &how, sizeof how);

  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return (int)fd;
#endif
  return open_by_part(root, path, flags);
}

/* Copies all of `path` but its last component, which is returned; "" stands for the root.  NULL: it is too long. */
static const char *split(char parent[PATH_MAX], const char *path) {
  const char *slash = strrchr(path, '/');
  size_t length = slash == NULL ? 0 : (size_t)(slash - path);

  if (length >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return NULL;
  }
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
  int directory BS_AUTO_CLOSE = -1;
  char part[NAME_MAX + 1];
  int fd = open_directory(root, path);

  *ret_made = 0;
  if (fd >= 0 || errno != ENOENT) return fd;
  while (next_part(part, &path)) {
    int parent = directory < 0 ? root : directory;

    if (mkdirat(parent, part, 0700) == 0) {
      ++*ret_made;
    } else if (errno != EEXIST) {
      return -1;
    }
    fd = openat(parent, part, DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || *path == '\0') return fd;
    if (directory >= 0) close(directory);
    directory = fd;
  }
  return -1;
}

int bs_tree_remove(int root, const char *path) {
  char parent[PATH_MAX];
  const char *name = split(parent, path);
  int directory BS_AUTO_CLOSE = name == NULL ? -1 : open_directory(root, parent);
  bool absent;

  if (directory < 0) return -1;
  absent = unlinkat(directory, name, 0) < 0;
  if (absent && errno != ENOENT) return -1;
  if (fsync(directory) < 0) return -1; /* of an absent file too: who removed it may have died before its fsync */
  if (absent) errno = ENOENT;
  return absent ? -1 : 0;
}

int bs_tree_sync(int root, const char *path, unsigned levels) {
  char parent[PATH_MAX];

  if (split(parent, path) == NULL) return -1;
  for (; levels > 0; levels--) {
    int directory BS_AUTO_CLOSE = open_directory(root, parent);
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
  unsigned char bytes[8];

  if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) return -1;
  bs_hex_encode(name, bytes, sizeof bytes);
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
  char parent[PATH_MAX];
  const char *name = split(parent, path);
  unsigned made = 0;
  int directory BS_AUTO_CLOSE = name == NULL ? -1 : make_directory(root, parent, &made);

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
  int fd BS_AUTO_CLOSE = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat status;

  if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) return 0;
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) return 0;
  return unlinkat(directory, name, 0) == 0;
}

static void close_directory(DIR **stream) {
  if (*stream != NULL) closedir(*stream);
}

int bs_temporaries_sweep(int root) {
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

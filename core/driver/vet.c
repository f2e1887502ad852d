/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/vet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/driver/rule.h"

bool bs_vet_is_name(const char *name) {
  static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
  size_t length = strlen(name);

  return length > 0 && length <= 31 && name[0] >= 'a' && name[0] <= 'z' && strspn(name, characters) == length;
}

bool bs_vet_abi(struct bs_abi host, struct bs_abi driver, uint16_t min_host_minor, struct bs_error *error) {
  if (driver.major != host.major)
    return bs_refuse(error, abi, "The driver was built for ABI %u.%u and this is %u.%u: %s.", driver.major, driver.minor,
                     host.major, host.minor,
                     driver.major < host.major ? "build it anew, with this one's blockstore/driver.h"
                                               : "install a newer Blockstore, or a driver for this one");
  if (driver.minor > host.minor && min_host_minor > host.minor)
    return bs_refuse(error, abi,
                     "The driver needs ABI %u.%u or later and this is %u.%u: install a newer Blockstore.", driver.major,
                   min_host_minor, host.major, host.minor);
  return true;
}

static bool fail_missing(struct bs_error *error, const char *what, const char *path) {
  bs_fail(error, BS_WORD_not_found, "%s: There is no such %s.", path, what);
  return bs_by_rule(error, BS_RULE_missing);
}

/* The rules that files and directories share.  `what`: "directory", "driver". */
static bool check_owner(const struct stat *status, const char *path, const char *what, struct bs_error *error) {
  if (status->st_uid == 0 || status->st_uid == geteuid()) return true;
  return bs_refuse(error, owner, "%s: The %s belongs to user %u, who could change what is loaded; run: chown root %s",
                   path, what, (unsigned)status->st_uid, path);
}

static bool check_mode(const struct stat *status, const char *path, const char *what, struct bs_error *error) {
  if ((status->st_mode & (S_IWGRP | S_IWOTH)) == 0) return true;
  return bs_refuse(error, writable,
                   "%s: The %s can be written by %s (mode %04o), who could change what is loaded; run: chmod go-w %s",
                 path, what, (status->st_mode & S_IWOTH) != 0 ? "everyone" : "its group",
                 (unsigned)(status->st_mode & 07777), path);
}

static bool check_directory(const char *path, bool is_ancestor, struct bs_error *error) {
  struct stat status;

  if (lstat(path, &status) < 0) return bs_fail_errno(error, "%s: The directory cannot be examined", path);
  if (!S_ISDIR(status.st_mode))
    return bs_refuse(error, kind, "%s: This is no directory, so no drivers are in it.", path);
  if (!check_owner(&status, path, "directory", error)) return false;
  if (is_ancestor && status.st_uid == 0 && (status.st_mode & S_ISVTX) != 0) return true;
  return check_mode(&status, path, "directory", error);
}

bool bs_vet_directory(char **ret_real, const char *directory, struct bs_error *error) {
  char *real BS_AUTO_FREE = realpath(directory, NULL);

  if (real == NULL && errno == ENOENT)
    return fail_missing(error, "directory", directory);
  if (real == NULL) return bs_fail_errno(error, "%s: The directory of drivers cannot be reached", directory);
  if (!check_directory("/", real[1] != '\0', error)) return bs_context(error, "%s", directory);
  for (char *slash = strchr(real + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    bool good;

    *slash = '\0';
    good = check_directory(real, true, error);
    *slash = '/';
    if (!good) return bs_context(error, "%s", directory);
  }
  if (!check_directory(real, false, error)) return false;
  *ret_real = real;
  real = NULL;
  return true;
}

static struct bs_identity identity_of(const struct stat *status) {
  return (struct bs_identity){status->st_dev, status->st_ino, status->st_size, status->st_ctim};
}

static bool refuse_kind(const char *path, mode_t mode, struct bs_error *error) {
  if (S_ISLNK(mode))
    return bs_refuse(error, link, "%s: The driver is a symbolic link; put the file itself there.", path);
  return bs_refuse(error, kind, "%s: This is %s, not a regular file, so it cannot be a driver.", path,
                 S_ISDIR(mode) ? "a directory" : "a special file");
}

bool bs_vet_open(int *ret_fd, struct bs_identity *ret_identity, const char *path, struct bs_error *error) {
  int fd BS_AUTO_CLOSE = -1;
  struct stat status;

  if (lstat(path, &status) < 0) {
    if (errno == ENOENT) return fail_missing(error, "file", path);
    return bs_fail_errno(error, "%s: The driver cannot be examined", path);
  }
  if (!S_ISREG(status.st_mode)) return refuse_kind(path, status.st_mode, error);
  fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 || fstat(fd, &status) < 0) return bs_fail_errno(error, "%s: The driver cannot be opened", path);
  if (!S_ISREG(status.st_mode)) return refuse_kind(path, status.st_mode, error);
  if (!check_owner(&status, path, "driver", error) || !check_mode(&status, path, "driver", error)) return false;
  *ret_identity = identity_of(&status);
  *ret_fd = fd;
  fd = -1;
  return true;
}

bool bs_vet_is_identity(const struct bs_identity *one, const struct bs_identity *other) {
  return one->device == other->device && one->inode == other->inode && one->size == other->size &&
         one->changed.tv_sec == other->changed.tv_sec && one->changed.tv_nsec == other->changed.tv_nsec;
}

bool bs_vet_same(const struct bs_identity *identity, const char *path, struct bs_error *error) {
  struct bs_identity now;
  struct stat status;

  if (lstat(path, &status) < 0) return bs_fail_errno(error, "%s: The driver cannot be examined again", path);
  now = identity_of(&status);
  if (bs_vet_is_identity(identity, &now)) return true;
  return bs_fail(error, BS_WORD_driver, "%s: The driver was changed while it was being loaded; try again.", path);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/cache/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "plugins/common/tree.h"

#define NAME "tally"
#define MAGIC "BSTALLY1"
#define LOCK_TRIES 10000 /* a tenth of a millisecond each, and what a busy machine adds: who holds it longer was stopped */

/* The file; then a number for each slot. */
struct header {
  char magic[8];
  char boot[BS_CACHE_BOOT_SIZE];
  struct bs_cache_sums sums;
};
struct file {
  struct header header;
  uint64_t drops[BS_CACHE_SLOTS];
};

static int lock(int fd) {
  const struct timespec nap = {0, 100000};

  for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
    if ((errno != EWOULDBLOCK && errno != EINTR) || tries == LOCK_TRIES) return -1;
    nanosleep(&nap, NULL);
  }
  return 0;
}

static int write_at(int fd, const void *bytes, size_t length, size_t offset) {
  ssize_t written = pwrite(fd, bytes, length, (off_t)offset);

  if (written >= 0 && (size_t)written != length) errno = ENOSPC;
  return written >= 0 && (size_t)written == length ? 0 : -1;
}

/* The magic comes last: who dies before has made nothing. */
static int begin_anew(struct bs_cache_tally *tally, const struct bs_cache_place *place) {
  struct file file = {{"", "", {.used = BS_CACHE_UNCOUNTED}}, {0}};

  if (getrandom(&file.header.sums.epoch, sizeof file.header.sums.epoch, 0) < 0) return -1;
  memcpy(file.header.boot, place->boot, sizeof file.header.boot);
  if (write_at(tally->fd, &file, sizeof file, 0) < 0 || write_at(tally->fd, MAGIC, strlen(MAGIC), 0) < 0) return -1;
  tally->sums = file.header.sums;
  return 0;
}

/* A tally of before the last boot may be older than the files. */
static int read_sums(struct bs_cache_tally *tally, const struct bs_cache_place *place) {
  struct header header;
  struct stat status;

  if (fstat(tally->fd, &status) < 0) return -1;
  if (!S_ISREG(status.st_mode)) {
    errno = EINVAL;
    return -1;
  }
  if (status.st_size != sizeof(struct file) || bs_tree_read(tally->fd, &header, sizeof header, 0) < 0 ||
      memcmp(header.magic, MAGIC, sizeof header.magic) != 0 || memcmp(header.boot, place->boot, sizeof header.boot) != 0)
    return begin_anew(tally, place);
  tally->sums = header.sums;
  return 0;
}

int bs_cache_tally_open(struct bs_cache_tally *tally, const struct bs_cache_place *place) {
  int reason;

  /* Opened each time: each open file has a lock of its own, between threads too, and the directory may be emptied meanwhile. */
  tally->fd = openat(place->fd, NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  if (tally->fd >= 0 && lock(tally->fd) == 0 && read_sums(tally, place) == 0) return 0;
  reason = errno;
  bs_cache_tally_close(tally);
  errno = reason;
  return -1;
}

void bs_cache_tally_close(struct bs_cache_tally *tally) {
  if (tally->fd >= 0) close(tally->fd);
  tally->fd = -1;
}

int bs_cache_tally_write(const struct bs_cache_tally *tally) {
  return write_at(tally->fd, &tally->sums, sizeof tally->sums, offsetof(struct header, sums));
}

static size_t slot_at(const struct bs_cache_object *object) {
  return offsetof(struct file, drops) + object->slot * sizeof(uint64_t);
}

int bs_cache_tally_mark(const struct bs_cache_tally *tally, struct bs_cache_mark *ret_mark,
                        const struct bs_cache_object *object) {
  struct bs_cache_mark mark = {tally->sums.epoch, object->is_record ? tally->sums.all : 0, 0};

  if (bs_tree_read(tally->fd, &mark.one, sizeof mark.one, slot_at(object)) < 0) return -1;
  *ret_mark = mark;
  return 0;
}

int bs_cache_mark(struct bs_cache_mark *ret_mark, const struct bs_cache_place *place, const struct bs_cache_object *object) {
  struct bs_cache_tally tally BS_CACHE_AUTO_TALLY = BS_CACHE_TALLY_INIT;

  return bs_cache_tally_open(&tally, place) < 0 ? -1 : bs_cache_tally_mark(&tally, ret_mark, object);
}

void bs_cache_tally_leave(struct bs_cache_tally *tally, uint64_t bytes) {
  if (tally->sums.used >= BS_CACHE_UNCOUNTED) return;
  tally->sums.used = tally->sums.used > bytes ? tally->sums.used - bytes : 0;
  bs_cache_tally_write(tally); /* failing leaves it too high */
}

int bs_cache_grow(const struct bs_cache_place *place, int fd, uint64_t bytes, uint64_t size) {
  struct bs_cache_tally tally BS_CACHE_AUTO_TALLY = BS_CACHE_TALLY_INIT;
  int reason;

  if (bs_cache_tally_open(&tally, place) < 0) return -1;
  if (tally.sums.used >= BS_CACHE_UNCOUNTED || bytes > place->limit || tally.sums.used > place->limit - bytes) {
    errno = EDQUOT;
    return -1;
  }
  tally.sums.used += bytes;
  tally.sums.added += bytes;
  if (bs_cache_tally_write(&tally) < 0) return -1;
  if (ftruncate(fd, (off_t)size) == 0) return 0;
  reason = errno;
  bs_cache_tally_leave(&tally, bytes);
  errno = reason;
  return -1;
}

bool bs_cache_unlink(struct bs_cache_tally *tally, int directory, const char *name) {
  struct stat status;

  if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || unlinkat(directory, name, 0) < 0) return false;
  bs_cache_tally_leave(tally, bs_cache_cost((uint64_t)status.st_size));
  return true;
}

int bs_cache_drop(const struct bs_cache_place *place, const struct bs_cache_object *object) {
  struct bs_cache_tally tally BS_CACHE_AUTO_TALLY = BS_CACHE_TALLY_INIT;
  struct bs_cache_mark mark;
  int folder BS_AUTO_CLOSE = -1;

  if (bs_cache_tally_open(&tally, place) < 0) return -1;
  if (object == NULL) {
    tally.sums.all++;
    return bs_cache_tally_write(&tally);
  }
  if (bs_cache_tally_mark(&tally, &mark, object) < 0) return -1;
  mark.one++;
  if (write_at(tally.fd, &mark.one, sizeof mark.one, slot_at(object)) < 0) return -1;
  folder = bs_tree_open(place->fd, object->folder, O_RDONLY | O_DIRECTORY);
  if (folder < 0) return object->is_record || errno == ENOENT ? 0 : -1; /* a record of before is not fresh any more */
  bs_cache_unlink(&tally, folder, strrchr(object->path, '/') + 1);
  return object->is_record || faccessat(folder, strrchr(object->path, '/') + 1, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : -1;
}

void bs_cache_remove(const struct bs_cache_place *place, const struct bs_cache_object *object, int fd) {
  struct bs_cache_tally tally BS_CACHE_AUTO_TALLY = BS_CACHE_TALLY_INIT;
  const char *name = strrchr(object->path, '/') + 1;
  int folder BS_AUTO_CLOSE = bs_tree_open(place->fd, object->folder, O_RDONLY | O_DIRECTORY);
  struct stat opened, there;

  if (folder < 0 || bs_cache_tally_open(&tally, place) < 0 || fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) < 0) return;
  if (fd >= 0 && (fstat(fd, &opened) < 0 || opened.st_dev != there.st_dev || opened.st_ino != there.st_ino)) return;
  bs_cache_unlink(&tally, folder, name);
}

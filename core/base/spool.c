/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"

enum { PUSH = 8 << 20 };

void bs_spool_init(struct bs_spool *spool, const char *directory) {
  const char *temporary = secure_getenv("TMPDIR");

  *spool = (struct bs_spool){.memory = BS_BUFFER_INIT, .fd = -1, .directory = directory};
  if (directory == NULL) spool->directory = temporary != NULL && temporary[0] == '/' ? temporary : "/var/tmp";
}

void bs_spool_init_fd(struct bs_spool *spool, int fd) {
  *spool = (struct bs_spool){.memory = BS_BUFFER_INIT, .fd = fd, .fd_borrowed = true};
}

void bs_spool_free(struct bs_spool *spool) {
  bs_buffer_free(&spool->memory);
  if (spool->fd >= 0 && !spool->fd_borrowed) close(spool->fd);
  spool->fd = -1;
  spool->length = 0;
}

bool bs_spool_reset(struct bs_spool *spool, struct bs_error *error) {
  if (spool->fd_borrowed) {
    if (ftruncate(spool->fd, 0) < 0 || lseek(spool->fd, 0, SEEK_SET) < 0)
      return bs_fail_errno(error, "The temporary file could not be emptied");
  } else if (spool->fd >= 0) {
    close(spool->fd);
    spool->fd = -1;
  }
  bs_buffer_clear(&spool->memory);
  spool->length = spool->pushed = 0;
  return true;
}

/* An unlinked file: O_TMPFILE where the file system has it. */
static int unlinked_file(const char *directory) {
  static const char pattern[] = "/.blockstore-XXXXXX";
  char path[4096];
  size_t length = strlen(directory);
  int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
  if (length + sizeof pattern > sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(path, directory, length);
  memcpy(path + length, pattern, sizeof pattern);
  fd = mkostemp(path, O_CLOEXEC);
  if (fd >= 0) unlink(path);
  return fd;
}

static bool move_to_file(struct bs_spool *spool, struct bs_error *error) {
  spool->fd = unlinked_file(spool->directory);
  if (spool->fd < 0) return bs_fail_errno(error, "%s: A temporary file could not be made", spool->directory);
  if (!bs_file_write_all(spool->fd, spool->memory.bytes, spool->memory.length))
    return bs_fail_errno(error, "%s: The temporary file could not be written", spool->directory);
  bs_buffer_free(&spool->memory);
  return true;
}

/* Starts writing a file that is to be durable early, so that its fsync has little left to do.  A kernel that cannot
 * does without. */
static void push(struct bs_spool *spool) {
  uint64_t start = spool->pushed;

  if (!spool->fd_borrowed || spool->length - start < PUSH) return;
  spool->pushed = spool->length;
  sync_file_range(spool->fd, (off_t)start, (off_t)(spool->length - start), SYNC_FILE_RANGE_WRITE);
}

bool bs_spool_write(struct bs_spool *spool, const void *bytes, size_t length, struct bs_error *error) {
  if (spool->fd < 0 && spool->length + length > BS_SPOOL_MEMORY && !move_to_file(spool, error)) return false;
  if (spool->fd >= 0) {
    if (!bs_file_write_all(spool->fd, bytes, length))
      return bs_fail_errno(error, "The temporary file could not be written");
  } else {
    bs_buffer_add(&spool->memory, bytes, length);
    if (!bs_buffer_ok(&spool->memory, error)) return false;
  }
  spool->length += length;
  push(spool);
  return true;
}

bool bs_spool_read(const struct bs_spool *spool, void *buffer, size_t length, uint64_t offset, struct bs_error *error) {
  if (spool->fd >= 0) {
    if (!bs_file_read_at(spool->fd, buffer, length, offset))
      return bs_fail_errno(error, "The temporary file could not be read");
  } else if (length > 0) {
    memcpy(buffer, spool->memory.bytes + offset, length);
  }
  return true;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/io.h"

#include <errno.h>
#include <unistd.h>

bool bs_file_write_all(int fd, const void *bytes, size_t length) {
  const char *at = bytes;

  while (length > 0) {
    ssize_t written = write(fd, at, length);

    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    at += written;
    length -= (size_t)written;
  }
  return true;
}

bool bs_file_read_at(int fd, void *buffer, size_t length, uint64_t offset) {
  char *at = buffer;

  while (length > 0) {
    ssize_t got = pread(fd, at, length, (off_t)offset);

    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = 0;
    if (got <= 0) return false;
    at += got;
    offset += (uint64_t)got;
    length -= (size_t)got;
  }
  return true;
}

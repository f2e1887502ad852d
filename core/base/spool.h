/* SPDX-License-Identifier: MIT */
/*
 * Bytes kept until all of them are verified: in memory up to BS_SPOOL_MEMORY, beyond that in an unlinked file.
 * One thread at a time.
 */
#ifndef BS_BASE_SPOOL_H
#define BS_BASE_SPOOL_H

#include <stdint.h>

#include "core/base/buffer.h"

#define BS_SPOOL_MEMORY (1u << 20)

struct bs_spool {
  struct bs_buffer memory;
  int fd;           /* -1 while all is in memory */
  bool fd_borrowed; /* the caller's descriptor: truncated by reset, never closed here */
  uint64_t length;
  uint64_t pushed; /* bytes of a borrowed descriptor whose writing was started */
  const char *directory; /* where the file goes; the caller's */
};

/* directory: must outlive the spool; NULL: $TMPDIR or /var/tmp. */
void bs_spool_init(struct bs_spool *spool, const char *directory);
/* Writes straight into `fd` (an empty regular file, open for reading and writing), whatever the size. */
void bs_spool_init_fd(struct bs_spool *spool, int fd);
void bs_spool_free(struct bs_spool *spool);
/* Drops the content: the next attempt starts afresh. */
bool bs_spool_reset(struct bs_spool *spool, struct bs_error *error);
bool bs_spool_write(struct bs_spool *spool, const void *bytes, size_t length, struct bs_error *error);
/* offset + length <= spool->length. */
bool bs_spool_read(const struct bs_spool *spool, void *buffer, size_t length, uint64_t offset, struct bs_error *error);

#endif

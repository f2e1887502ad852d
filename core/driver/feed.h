/* SPDX-License-Identifier: MIT */
/*
 * Bytes that go into several stores from one source, read in place: the caller's memory, a regular file, a spool.
 *
 * A file may change between hashing and sending.  Up to BS_FEED_COPY bytes are therefore copied into memory when the
 * feed is made; of a longer one the first pass (bs_feed_digest) records a keyed tag per BS_FEED_CHUNK, against which
 * every later read is checked before a byte of it is handed on.  A file that became other, shorter or longer fails
 * with `changed`.
 *
 * Threads: made and digested by one thread, then immutable; any number of readers, each used by one thread at a time.
 */
#ifndef BS_DRIVER_FEED_H
#define BS_DRIVER_FEED_H

#include <stdint.h>

#include "core/base/spool.h"
#include "core/crypto/digest.h"

#define BS_FEED_COPY (1u << 20)
#define BS_FEED_CHUNK (256u << 10)

struct bs_feed;

/* The memory stays the caller's and must live, unchanged, until the last call that reads it has ended. */
bool bs_feed_from_memory(struct bs_feed **ret_feed, const void *bytes, size_t length, struct bs_error *error);
/* The rest of a regular file from `offset`.  The descriptor stays the caller's, as above; its position does not matter.
 * usage: no regular file, or offset behind its end; too_large: more than limit bytes. */
bool bs_feed_from_fd(struct bs_feed **ret_feed, int fd, uint64_t offset, uint64_t limit, struct bs_error *error);
/* Our own spool, which nobody else can change; the caller's, as above. */
bool bs_feed_from_spool(struct bs_feed **ret_feed, const struct bs_spool *spool, struct bs_error *error);
/* What `read` fills in: all of [offset, offset + length), or it fails.  Nothing is checked, so it gives the same at each call;
 * several readers call it at once. */
bool bs_feed_from_reader(struct bs_feed **ret_feed, uint64_t size,
                         bool (*read)(void *user, void *buffer, size_t length, uint64_t offset, struct bs_error *error),
                         void *user, struct bs_error *error);

struct bs_feed *bs_feed_retain(struct bs_feed *feed);
/* NULL is allowed. */
void bs_feed_release(struct bs_feed *feed);
static inline void bs_auto_feed(struct bs_feed **feed) {
  bs_feed_release(*feed);
}
#define BS_AUTO_FEED BS_AUTO(bs_auto_feed)

uint64_t bs_feed_size(const struct bs_feed *feed);

struct bs_scope;
/*
 * The first pass, once, before any reader: SHA-256 of all bytes, and RIPEMD-160 of that (hash160 may be NULL).  Of a
 * long file it must be made, or reading fails.  progress (may be NULL) hears how many bytes are done, at most every
 * 100 ms.  Words: changed, io, cancelled, deadline, no_memory.
 */
bool bs_feed_digest(struct bs_feed *feed, unsigned char sha256[BS_SHA256_SIZE], unsigned char hash160[BS_HASH160_SIZE],
                    void (*progress)(void *user, uint64_t done), void *user, const struct bs_scope *scope,
                    struct bs_error *error);

/* A place to read from: holds a reference on the feed and, for a long file, one verified chunk. */
struct bs_feed_reader {
  struct bs_feed *feed;
  struct bs_mac *mac;
  unsigned char *chunk; /* BS_FEED_CHUNK bytes, on demand */
  uint64_t chunk_number; /* which one `chunk` holds; UINT64_MAX: none */
};
void bs_feed_reader_begin(struct bs_feed_reader *reader, struct bs_feed *feed);
/* Also of a zeroed reader. */
void bs_feed_reader_end(struct bs_feed_reader *reader);
/* offset + length <= size (usage otherwise).  On failure the buffer's content is undefined. */
bool bs_feed_read(struct bs_feed_reader *reader, void *buffer, size_t length, uint64_t offset, struct bs_error *error);

#endif

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/feed.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/base/scope.h"
#include "core/crypto/mac.h"

#define NO_CHUNK UINT64_MAX
#define PROGRESS_MS 100

struct bs_feed {
  atomic_uint references;
  uint64_t size;
  const unsigned char *memory;   /* all of it: the caller's or `copy` */
  unsigned char *copy;           /* of a short file */
  const struct bs_spool *spool;  /* the caller's */
  bool (*read)(void *user, void *buffer, size_t length, uint64_t offset, struct bs_error *error); /* NULL: another kind */
  void *user;
  int fd;                        /* of a long file, the caller's; -1: none */
  uint64_t fd_offset;            /* where the feed begins in the file */
  struct bs_mac *mac;            /* the key of `tags`; readers copy it */
  unsigned char (*tags)[BS_MAC_SIZE]; /* one a chunk; NULL before the first pass */
};

static struct bs_feed *new_feed(uint64_t size, struct bs_error *error) {
  struct bs_feed *feed = calloc(1, sizeof *feed);

  if (feed == NULL) {
    bs_fail_memory(error);
    return NULL;
  }
  atomic_init(&feed->references, 1);
  feed->size = size;
  feed->fd = -1;
  return feed;
}

bool bs_feed_from_memory(struct bs_feed **ret_feed, const void *bytes, size_t length, struct bs_error *error) {
  struct bs_feed *feed = new_feed(length, error);

  if (feed == NULL) return false;
  feed->memory = bytes;
  *ret_feed = feed;
  return true;
}

bool bs_feed_from_spool(struct bs_feed **ret_feed, const struct bs_spool *spool, struct bs_error *error) {
  struct bs_feed *feed = new_feed(spool->length, error);

  if (feed == NULL) return false;
  feed->spool = spool;
  *ret_feed = feed;
  return true;
}

bool bs_feed_from_reader(struct bs_feed **ret_feed, uint64_t size,
                         bool (*read)(void *user, void *buffer, size_t length, uint64_t offset, struct bs_error *error),
                         void *user, struct bs_error *error) {
  struct bs_feed *feed = new_feed(size, error);

  if (feed == NULL) return false;
  feed->read = read;
  feed->user = user;
  *ret_feed = feed;
  return true;
}

static bool changed(struct bs_error *error) {
  return bs_fail(error, BS_WORD_changed, "The file was changed while it was being read.");
}

static bool fd_read(const struct bs_feed *feed, void *buffer, size_t length, uint64_t offset, struct bs_error *error) {
  if (bs_file_read_at(feed->fd, buffer, length, feed->fd_offset + offset)) return true;
  return errno == 0 ? changed(error) : bs_fail_errno(error, "The file could not be read");
}

/* Whether the file still has the size that the feed began with. */
static bool same_size(const struct bs_feed *feed, struct bs_error *error) {
  struct stat status;

  if (fstat(feed->fd, &status) < 0) return bs_fail_errno(error, "The file could not be examined");
  return (uint64_t)status.st_size == feed->fd_offset + feed->size ? true : changed(error);
}

static bool copy_file(struct bs_feed *feed, struct bs_error *error) {
  feed->copy = malloc(feed->size > 0 ? (size_t)feed->size : 1);
  if (feed->copy == NULL) return bs_fail_memory(error);
  if (!fd_read(feed, feed->copy, (size_t)feed->size, 0, error) || !same_size(feed, error)) return false;
  feed->memory = feed->copy;
  feed->fd = -1;
  return true;
}

static bool file_size(uint64_t *ret_size, int fd, uint64_t offset, uint64_t limit, struct bs_error *error) {
  struct stat status;
  uint64_t size;

  if (fstat(fd, &status) < 0) return bs_fail_errno(error, "The file could not be examined");
  if (!S_ISREG(status.st_mode)) return bs_fail(error, BS_WORD_usage, "The descriptor is not that of a regular file.");
  size = (uint64_t)status.st_size;
  if (offset > size) return bs_fail(error, BS_WORD_usage, "The file ends before the position to read from.");
  if (size - offset > limit)
    return bs_fail(error, BS_WORD_too_large, "The file has %ju bytes, the most is %ju.", (uintmax_t)(size - offset),
                   (uintmax_t)limit);
  *ret_size = size - offset;
  return true;
}

bool bs_feed_from_fd(struct bs_feed **ret_feed, int fd, uint64_t offset, uint64_t limit, struct bs_error *error) {
  struct bs_feed *feed;
  uint64_t size = 0;

  if (!file_size(&size, fd, offset, limit, error)) return false;
  feed = new_feed(size, error);
  if (feed == NULL) return false;
  feed->fd = fd;
  feed->fd_offset = offset;
  if (size <= BS_FEED_COPY && !copy_file(feed, error)) {
    bs_feed_release(feed);
    return false;
  }
  *ret_feed = feed;
  return true;
}

struct bs_feed *bs_feed_retain(struct bs_feed *feed) {
  atomic_fetch_add(&feed->references, 1);
  return feed;
}

void bs_feed_release(struct bs_feed *feed) {
  if (feed == NULL || atomic_fetch_sub(&feed->references, 1) != 1) return;
  bs_mac_free(feed->mac);
  free(feed->tags);
  free(feed->copy);
  free(feed);
}

uint64_t bs_feed_size(const struct bs_feed *feed) {
  return feed->size;
}

/* The length of the chunk that begins at `offset`. */
static size_t chunk_length(const struct bs_feed *feed, uint64_t offset) {
  return feed->size - offset < BS_FEED_CHUNK ? (size_t)(feed->size - offset) : BS_FEED_CHUNK;
}

static bool make_tags(struct bs_feed *feed, struct bs_error *error) {
  uint64_t count = feed->size / BS_FEED_CHUNK + 1;

  if (feed->tags != NULL) return bs_fail(error, BS_WORD_usage, "The source was hashed already.");
  if (!bs_mac_new(&feed->mac, error)) return false;
  if (count > SIZE_MAX / BS_MAC_SIZE)
    return bs_fail(error, BS_WORD_too_large, "The file has %ju bytes, more than this machine can address.",
                   (uintmax_t)feed->size);
  feed->tags = calloc((size_t)count, BS_MAC_SIZE);
  return feed->tags != NULL ? true : bs_fail_memory(error);
}

/* One chunk for the first pass: where it lies in memory, or read into `buffer`; of a file it gets its tag. */
static const unsigned char *first_chunk(struct bs_feed *feed, unsigned char *buffer, uint64_t offset, size_t length,
                                        struct bs_error *error) {
  uint64_t number = offset / BS_FEED_CHUNK;

  if (feed->memory != NULL) return feed->memory + offset;
  if (feed->spool != NULL) return bs_spool_read(feed->spool, buffer, length, offset, error) ? buffer : NULL;
  if (feed->read != NULL) return feed->read(feed->user, buffer, length, offset, error) ? buffer : NULL;
  if (!fd_read(feed, buffer, length, offset, error)) return NULL;
  return bs_mac_tag(feed->mac, feed->tags[number], number, buffer, length, error) ? buffer : NULL;
}

struct pass {
  void (*progress)(void *user, uint64_t done);
  void *user;
  uint64_t told_ms; /* when progress ran last */
};

static void tell(struct pass *pass, uint64_t done) {
  uint64_t now;

  if (pass->progress == NULL) return;
  now = bs_clock_monotonic_ms();
  if (now - pass->told_ms < PROGRESS_MS) return;
  pass->told_ms = now;
  pass->progress(pass->user, done);
}

static bool hash_all(struct bs_feed *feed, struct bs_sha256 *context, unsigned char *buffer, struct pass *pass,
                     const struct bs_scope *scope, struct bs_error *error) {
  for (uint64_t offset = 0; offset < feed->size; offset += BS_FEED_CHUNK) {
    size_t length = chunk_length(feed, offset);
    const unsigned char *bytes;

    if (!bs_scope_check(scope, error)) return false;
    bytes = first_chunk(feed, buffer, offset, length, error);
    if (bytes == NULL) return false;
    bs_sha256_add(context, bytes, length);
    tell(pass, offset + length);
  }
  return feed->fd < 0 || same_size(feed, error);
}

bool bs_feed_digest(struct bs_feed *feed, unsigned char sha256[BS_SHA256_SIZE], unsigned char hash160[BS_HASH160_SIZE],
                    void (*progress)(void *user, uint64_t done), void *user, const struct bs_scope *scope,
                    struct bs_error *error) {
  struct pass pass = {progress, user, bs_clock_monotonic_ms()};
  unsigned char *buffer BS_AUTO_FREE = NULL;
  struct bs_sha256 context;

  if (feed->memory == NULL) {
    buffer = malloc(BS_FEED_CHUNK);
    if (buffer == NULL) return bs_fail_memory(error);
  }
  if (feed->fd >= 0 && !make_tags(feed, error)) return false;
  bs_sha256_begin(&context);
  if (!hash_all(feed, &context, buffer, &pass, scope, error)) return false;
  bs_sha256_end(&context, sha256);
  if (hash160 != NULL) bs_ripemd160(hash160, sha256, BS_SHA256_SIZE);
  return true;
}

void bs_feed_reader_begin(struct bs_feed_reader *reader, struct bs_feed *feed) {
  *reader = (struct bs_feed_reader){.feed = bs_feed_retain(feed), .chunk_number = NO_CHUNK};
}

void bs_feed_reader_end(struct bs_feed_reader *reader) {
  bs_feed_release(reader->feed);
  bs_mac_free(reader->mac);
  free(reader->chunk);
  *reader = (struct bs_feed_reader){0};
}

static bool ready_to_verify(struct bs_feed_reader *reader, struct bs_error *error) {
  if (reader->feed->tags == NULL) return bs_fail(error, BS_WORD_usage, "The file was not hashed before it was read.");
  if (reader->mac == NULL && !bs_mac_copy(&reader->mac, reader->feed->mac, error)) return false;
  if (reader->chunk == NULL) reader->chunk = malloc(BS_FEED_CHUNK);
  return reader->chunk != NULL ? true : bs_fail_memory(error);
}

static bool load_chunk(struct bs_feed_reader *reader, uint64_t number, struct bs_error *error) {
  const struct bs_feed *feed = reader->feed;
  uint64_t offset = number * BS_FEED_CHUNK;
  size_t length = chunk_length(feed, offset);
  unsigned char tag[BS_MAC_SIZE];

  if (reader->chunk_number == number) return true;
  reader->chunk_number = NO_CHUNK;
  if (!fd_read(feed, reader->chunk, length, offset, error) ||
      !bs_mac_tag(reader->mac, tag, number, reader->chunk, length, error))
    return false;
  if (!bs_mac_equal(tag, feed->tags[number])) return changed(error);
  reader->chunk_number = number;
  return true;
}

static bool read_verified(struct bs_feed_reader *reader, unsigned char *buffer, size_t length, uint64_t offset,
                          struct bs_error *error) {
  uint64_t end = offset + length;

  if (!ready_to_verify(reader, error)) return false;
  while (offset < end) {
    size_t within = (size_t)(offset % BS_FEED_CHUNK);
    size_t part = BS_FEED_CHUNK - within < end - offset ? BS_FEED_CHUNK - within : (size_t)(end - offset);

    if (!load_chunk(reader, offset / BS_FEED_CHUNK, error)) return false;
    memcpy(buffer, reader->chunk + within, part);
    buffer += part;
    offset += part;
  }
  return end < reader->feed->size || same_size(reader->feed, error);
}

bool bs_feed_read(struct bs_feed_reader *reader, void *buffer, size_t length, uint64_t offset, struct bs_error *error) {
  const struct bs_feed *feed = reader->feed;

  if (offset > feed->size || length > feed->size - offset)
    return bs_fail(error, BS_WORD_usage, "Bytes behind the end of the source were asked for.");
  if (feed->fd >= 0) return read_verified(reader, buffer, length, offset, error);
  if (length == 0) return true;
  if (feed->spool != NULL) return bs_spool_read(feed->spool, buffer, length, offset, error);
  if (feed->read != NULL) return feed->read(feed->user, buffer, length, offset, error);
  memcpy(buffer, feed->memory + offset, length);
  return true;
}

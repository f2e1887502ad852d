/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/cache/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugins/cache/tally.h"
#include "plugins/common/tree.h"

#define CHUNK ((size_t)1 << 20) /* bytes between two looks at the clock */
#define WHOLE ((size_t)8 << 20) /* values of so many bytes are verified in memory, larger ones read twice */

struct kept {
  struct blockstore_call *call;
  const struct bs_cache_object *object;
  int fd;
  uint64_t size; /* of the value */
  struct bs_cache_head head;
  char *buffer; /* the value, or a chunk of it */
};

static bool is_small(const struct kept *kept) {
  return kept->size <= WHOLE;
}

static size_t step(const struct kept *kept, uint64_t offset) {
  return kept->size - offset < CHUNK ? (size_t)(kept->size - offset) : CHUNK;
}

/* Where the bytes of that offset stand, or go. */
static char *at(const struct kept *kept, uint64_t offset) {
  return is_small(kept) ? kept->buffer + offset : kept->buffer;
}

static bool read_at(const struct kept *kept, size_t length, uint64_t offset) {
  return bs_tree_read(kept->fd, at(kept, offset), length, bs_cache_object_head(kept->object) + offset) == 0;
}

/* 1 when a file is there, 0 when not; -1 what is there is none of the cache's. */
static int open_file(struct kept *kept, const struct bs_cache_place *place) {
  const struct timespec now[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
  size_t head = bs_cache_object_head(kept->object);
  struct stat status;

  kept->fd = bs_tree_open(place->fd, kept->object->path, O_RDONLY | O_NONBLOCK);
  if (kept->fd < 0) return errno == ELOOP ? -1 : 0;
  if (fstat(kept->fd, &status) < 0 || !S_ISREG(status.st_mode) || (uint64_t)status.st_size < head) return -1;
  futimens(kept->fd, now); /* failing makes it look older */
  kept->size = (uint64_t)status.st_size - head;
  return 1;
}

static bool is_sound_head(const struct bs_cache_head *head, const struct bs_cache_object *object) {
  return memcmp(head->magic, BS_CACHE_MAGIC, sizeof head->magic) == 0 && memcmp(head->url, object->hash, sizeof head->url) == 0;
}

/* Is it what it was when it was kept?  A small value then stands in the buffer.  *ret_status: CANCELLED, it was not looked at to
 * the end. */
static bool verify(enum blockstore_status *ret_status, struct kept *kept) {
  SHA256_CTX digest;

  if (kept->object->is_record && (bs_tree_read(kept->fd, &kept->head, sizeof kept->head, 0) < 0 ||
                                  !is_sound_head(&kept->head, kept->object)))
    return false;
  bs_cache_digest_begin(&digest, kept->object, &kept->head);
  for (uint64_t offset = 0; offset < kept->size; offset += step(kept, offset)) {
    size_t length = step(kept, offset);

    *ret_status = blockstore_go_on(kept->call);
    if (*ret_status != BLOCKSTORE_STATUS_OK || !read_at(kept, length, offset)) return false;
    SHA256_Update(&digest, at(kept, offset), length);
  }
  return bs_cache_digest_end(&digest, kept->object, &kept->head, false);
}

static enum blockstore_status give_small(const struct kept *kept, struct blockstore_sink *sink) {
  enum blockstore_status status = sink->begin(sink, kept->size);

  for (uint64_t offset = 0; status == BLOCKSTORE_STATUS_OK && offset < kept->size; offset += step(kept, offset)) {
    status = blockstore_go_on(kept->call);
    if (status == BLOCKSTORE_STATUS_OK) status = sink->write(sink, at(kept, offset), step(kept, offset));
  }
  return status;
}

/* It is read again, and verified again: its last bytes go out only when it still is what it was; without them it is no value. */
static enum blockstore_status give_large(bool *ret_given, struct kept *kept, struct blockstore_sink *sink) {
  enum blockstore_status status = sink->begin(sink, kept->size);
  SHA256_CTX digest;

  *ret_given = true;
  bs_cache_digest_begin(&digest, kept->object, &kept->head);
  for (uint64_t offset = 0; status == BLOCKSTORE_STATUS_OK && offset < kept->size; offset += step(kept, offset)) {
    size_t length = step(kept, offset);
    bool good;

    status = blockstore_go_on(kept->call);
    if (status != BLOCKSTORE_STATUS_OK) return status;
    good = read_at(kept, length, offset);
    if (good) SHA256_Update(&digest, kept->buffer, length);
    if (good && offset + length == kept->size) good = bs_cache_digest_end(&digest, kept->object, &kept->head, false);
    if (!good) {
      *ret_given = false;
      return BLOCKSTORE_STATUS_OK;
    }
    status = sink->write(sink, kept->buffer, length);
  }
  return status;
}

static enum blockstore_status give(bool *ret_given, struct kept *kept, struct blockstore_sink *sink) {
  *ret_given = true;
  return is_small(kept) ? give_small(kept, sink) : give_large(ret_given, kept, sink);
}

/* Nothing of it was dropped since the store was asked for it, and that is not too long ago. */
static bool is_fresh(const struct bs_cache_head *head, const struct bs_cache_place *place, const struct bs_cache_object *object,
                     uint64_t fresh_ms) {
  uint64_t now = bs_cache_now_ms();
  struct bs_cache_mark mark;

  return now >= head->kept_ms && now - head->kept_ms < fresh_ms && bs_cache_mark(&mark, place, object) == 0 &&
         mark.epoch == head->mark.epoch && mark.all == head->mark.all && mark.one == head->mark.one;
}

enum blockstore_status bs_cache_kept_give(bool *ret_given, struct bs_cache_place *place, struct blockstore_call *call,
                                          struct blockstore_sink *sink, const struct bs_cache_object *object, uint64_t fresh_ms) {
  struct kept kept = {.call = call, .object = object, .fd = -1};
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  int there = open_file(&kept, place);

  *ret_given = false;
  if (there > 0) {
    kept.buffer = malloc((is_small(&kept) ? (size_t)kept.size : CHUNK) + 1);
    if (kept.buffer == NULL) {
      there = 0;
    } else if (!verify(&status, &kept)) {
      *ret_given = status != BLOCKSTORE_STATUS_OK;
      there = *ret_given ? 0 : -1;
    } else if (!object->is_record || is_fresh(&kept.head, place, object, fresh_ms)) {
      status = give(ret_given, &kept, sink);
      if (!*ret_given) there = -1;
    }
  }
  if (there < 0) bs_cache_remove(place, object, kept.fd);
  if (kept.fd >= 0) close(kept.fd);
  free(kept.buffer);
  return status;
}

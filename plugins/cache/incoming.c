/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/cache/incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/cache/evict.h"
#include "plugins/cache/tally.h"

#define STEP ((uint64_t)1 << 20) /* room that is taken at once, at most, for a value whose size is not known */

/* ---- the temporary file ---- */

static void drop(struct bs_cache_incoming *incoming) {
  struct bs_cache_tally tally BS_CACHE_AUTO_TALLY = BS_CACHE_TALLY_INIT;
  bool counts = incoming->reserved > 0 && bs_cache_tally_open(&tally, incoming->place) == 0;

  incoming->is_open = false;
  bs_temporary_end(&incoming->temporary);
  if (counts) bs_cache_tally_leave(&tally, incoming->reserved);
  incoming->reserved = 0;
}

/* It is for all of this call. */
static void give_up(struct bs_cache_incoming *incoming, const char *what) {
  if (what != NULL) bs_cache_place_warn(incoming->place, incoming->call, what);
  incoming->is_over = true;
  drop(incoming);
}

/* Makes the file so large that `size` bytes of the value have room. */
static bool reserve(struct bs_cache_incoming *incoming, uint64_t size) {
  uint64_t room = size > incoming->place->limit ? UINT64_MAX / 2 : bs_cache_cost(bs_cache_object_head(incoming->object) + size);
  uint64_t more = room - incoming->reserved;
  int grown;

  if (room <= incoming->reserved) return true;
  if (room > incoming->place->limit / 2) { /* it would drive out too much */
    give_up(incoming, NULL);
    return false;
  }
  grown = bs_cache_grow(incoming->place, incoming->temporary.fd, more, room);
  if (grown < 0 && errno == EDQUOT) {
    bs_cache_evict(incoming->place, incoming->call, more);
    grown = bs_cache_grow(incoming->place, incoming->temporary.fd, more, room);
  }
  if (grown == 0) {
    incoming->reserved = room;
  } else { /* others have the room, or the tally: nothing to tell */
    give_up(incoming, errno == EDQUOT || errno == EAGAIN ? NULL : "Nothing can be kept");
  }
  return grown == 0;
}

static bool append(struct bs_cache_incoming *incoming, const void *bytes, size_t length) {
  if (bs_tree_write(incoming->temporary.fd, bytes, length) == 0) return true;
  give_up(incoming, "Nothing can be kept");
  return false;
}

/* size: of the value, or BLOCKSTORE_SIZE_UNKNOWN. */
static void start(struct bs_cache_incoming *incoming, uint64_t size) {
  if (incoming->is_over) return;
  if (bs_temporary_begin(&incoming->temporary, incoming->place->fd) < 0) {
    give_up(incoming, "Nothing can be kept");
    return;
  }
  incoming->is_open = true;
  incoming->size = 0;
  bs_cache_digest_begin(&incoming->digest, incoming->object, &incoming->head);
  if (!reserve(incoming, size == BLOCKSTORE_SIZE_UNKNOWN ? 0 : size)) return;
  if (incoming->object->is_record) append(incoming, &incoming->head, sizeof incoming->head);
}

static void take(struct bs_cache_incoming *incoming, const void *bytes, size_t length) {
  uint64_t wanted = incoming->size + length, limit = incoming->place->limit;
  uint64_t step = limit / 16 < STEP ? limit / 16 : STEP;

  if (!incoming->is_open || length == 0) return;
  if (bs_cache_object_head(incoming->object) + wanted > incoming->reserved && !reserve(incoming, wanted + step)) return;
  if (!append(incoming, bytes, length)) return;
  SHA256_Update(&incoming->digest, bytes, length);
  incoming->size = wanted;
}

/* ---- its place ---- */

static int open_folder(const struct bs_cache_incoming *incoming) {
  const char *folder = incoming->object->folder;
  int fd = bs_tree_open(incoming->place->fd, folder, O_RDONLY | O_DIRECTORY);

  if (fd >= 0 || errno != ENOENT) return fd;
  if (mkdirat(incoming->place->fd, incoming->object->is_record ? "mutable" : "immutable", 0700) < 0 && errno != EEXIST) return -1;
  if (mkdirat(incoming->place->fd, folder, 0700) < 0 && errno != EEXIST) return -1;
  return bs_tree_open(incoming->place->fd, folder, O_RDONLY | O_DIRECTORY);
}

static bool is_same(const struct bs_cache_mark *left, const struct bs_cache_mark *right) {
  return left->epoch == right->epoch && left->all == right->all && left->one == right->one;
}

/* 0 also when it was dropped meanwhile. */
static int put_in_place(struct bs_cache_incoming *incoming, int folder) {
  const char *name = strrchr(incoming->object->path, '/') + 1;
  uint64_t size = bs_cache_object_head(incoming->object) + incoming->size;
  struct bs_cache_tally tally BS_CACHE_AUTO_TALLY = BS_CACHE_TALLY_INIT;
  struct bs_cache_mark mark;

  if (bs_cache_tally_open(&tally, incoming->place) < 0 || bs_cache_tally_mark(&tally, &mark, incoming->object) < 0) return -1;
  if (!is_same(&mark, &incoming->head.mark)) return 0;
  bs_cache_unlink(&tally, folder, name);
  if (ftruncate(incoming->temporary.fd, (off_t)size) < 0 ||
      renameat(incoming->temporary.directory, incoming->temporary.name, folder, name) < 0)
    return -1;
  incoming->temporary.name[0] = '\0';
  bs_cache_tally_leave(&tally, incoming->reserved - bs_cache_cost(size));
  incoming->reserved = 0;
  return 0;
}

/* The value is whole, if its digest says so. */
static void finish(struct bs_cache_incoming *incoming) {
  const struct bs_cache_object *object = incoming->object;
  int folder BS_AUTO_CLOSE = -1;

  if (!incoming->is_open) return;
  if (!bs_cache_digest_end(&incoming->digest, object, &incoming->head, true)) {
    drop(incoming);
    return;
  }
  folder = open_folder(incoming);
  if (folder < 0 ||
      (object->is_record &&
       pwrite(incoming->temporary.fd, &incoming->head, sizeof incoming->head, 0) != (ssize_t)sizeof incoming->head) ||
      put_in_place(incoming, folder) < 0) {
    give_up(incoming, errno == EAGAIN ? NULL : "Nothing can be kept");
    return;
  }
  incoming->is_over = true;
  drop(incoming);
}

/* ---- from the store ---- */

static enum blockstore_status begin_value(struct blockstore_sink *sink, uint64_t size) {
  struct bs_cache_incoming *incoming = (struct bs_cache_incoming *)sink;
  enum blockstore_status status;

  if (incoming->begun++ > 0) {
    if (incoming->object->is_record) {
      give_up(incoming, NULL); /* which one is meant, only the reader knows */
    } else {
      finish(incoming);
    }
  }
  status = incoming->real_sink->begin(incoming->real_sink, size);
  if (status == BLOCKSTORE_STATUS_OK) start(incoming, size);
  return status;
}

static enum blockstore_status write_value(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct bs_cache_incoming *incoming = (struct bs_cache_incoming *)sink;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  if (incoming->begun == 0) status = begin_value(sink, BLOCKSTORE_SIZE_UNKNOWN);
  if (status == BLOCKSTORE_STATUS_OK) status = incoming->real_sink->write(incoming->real_sink, bytes, length);
  if (status == BLOCKSTORE_STATUS_OK) take(incoming, bytes, length);
  return status;
}

/* ---- to the store ---- */

/* What the store reads for the first time is kept; it may read again what it has read. */
static enum blockstore_status read_value(const struct blockstore_source *source, void *buffer, size_t length, uint64_t offset) {
  struct bs_cache_incoming *incoming =
      (struct bs_cache_incoming *)((char *)(uintptr_t)source - offsetof(struct bs_cache_incoming, source));
  enum blockstore_status status = incoming->real_source->read_at(incoming->real_source, buffer, length, offset);

  if (status != BLOCKSTORE_STATUS_OK) {
    give_up(incoming, NULL);
  } else if (offset <= incoming->size && offset + length > incoming->size) {
    take(incoming, (char *)buffer + (incoming->size - offset), length - (size_t)(incoming->size - offset));
  }
  return status;
}

/* ---- all of it ---- */

static void prepare(struct bs_cache_incoming *incoming, struct bs_cache_place *place, struct blockstore_call *call,
                    const struct bs_cache_object *object) {
  *incoming = (struct bs_cache_incoming){.place = place, .call = call, .object = object, .temporary = BS_TEMPORARY_INIT};
  memcpy(incoming->head.magic, BS_CACHE_MAGIC, sizeof incoming->head.magic);
  incoming->head.kept_ms = bs_cache_now_ms();
  if (object->is_record) memcpy(incoming->head.url, object->hash, sizeof incoming->head.url);
  if (bs_cache_mark(&incoming->head.mark, place, object) < 0) give_up(incoming, errno == EAGAIN ? NULL : "Nothing can be kept");
}

void bs_cache_incoming_from(struct bs_cache_incoming *incoming, struct bs_cache_place *place, struct blockstore_call *call,
                            const struct bs_cache_object *object, struct blockstore_sink *real) {
  prepare(incoming, place, call, object);
  incoming->sink = (struct blockstore_sink){sizeof incoming->sink, 0, begin_value, write_value};
  incoming->real_sink = real;
}

void bs_cache_incoming_to(struct bs_cache_incoming *incoming, struct bs_cache_place *place, struct blockstore_call *call,
                          const struct bs_cache_object *object, const struct blockstore_source *real) {
  prepare(incoming, place, call, object);
  incoming->source = (struct blockstore_source){sizeof incoming->source, 0, read_value, real->size};
  incoming->real_source = real;
  start(incoming, real->size);
}

enum blockstore_status bs_cache_incoming_done(struct bs_cache_incoming *incoming, enum blockstore_status status) {
  if (status == BLOCKSTORE_STATUS_OK && incoming->real_source == NULL && incoming->begun == 0)
    status = begin_value(&incoming->sink, 0); /* said aloud: the sink may have had the beginning of what was damaged here */
  if (status == BLOCKSTORE_STATUS_OK) finish(incoming); /* what a put did not read to its end has another digest */
  return status;
}

void bs_cache_incoming_end(struct bs_cache_incoming *incoming) {
  drop(incoming);
}

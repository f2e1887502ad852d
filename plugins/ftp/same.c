/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ftp/same.h"

#include <string.h>

/* A sink that holds what comes against the source, and refuses it from the first difference on. */
struct comparison {
  struct blockstore_sink sink;
  const struct blockstore_source *source;
  uint64_t offset;
  enum blockstore_status status; /* the source's */
  bool differs;
  char expected[16 << 10];
};

static enum blockstore_status compare_begin(struct blockstore_sink *sink, uint64_t size) {
  (void)sink, (void)size;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status compare_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct comparison *comparison = (struct comparison *)sink;
  const char *at = bytes;

  while (length > 0 && !comparison->differs && comparison->status == BLOCKSTORE_STATUS_OK) {
    size_t step = length < sizeof comparison->expected ? length : sizeof comparison->expected;

    comparison->differs = comparison->source->size - comparison->offset < step;
    if (!comparison->differs)
      comparison->status = comparison->source->read_at(comparison->source, comparison->expected, step, comparison->offset);
    if (!comparison->differs && comparison->status == BLOCKSTORE_STATUS_OK)
      comparison->differs = memcmp(comparison->expected, at, step) != 0;
    comparison->offset += step;
    at += step;
    length -= step;
  }
  return comparison->differs ? BLOCKSTORE_STATUS_FAILED : comparison->status;
}

enum blockstore_status bs_ftp_same(struct bs_ftp_wire *wire, struct blockstore_call *call, bool *ret_same, const char *path,
                                   const struct blockstore_source *source) {
  struct comparison comparison = {.sink = {.struct_size = sizeof comparison.sink, .begin = compare_begin, .write = compare_write},
                                  .source = source};
  struct bs_ftp_reply reply;
  uint64_t size = 0;
  enum blockstore_status status = bs_ftp_size(wire, call, &reply, &size, path);

  *ret_same = false;
  if (status != BLOCKSTORE_STATUS_OK && bs_ftp_reply_is_refusal(&reply)) return BLOCKSTORE_STATUS_OK;
  if (status != BLOCKSTORE_STATUS_OK && !bs_ftp_reply_is_unknown(&reply)) return status;
  if (status == BLOCKSTORE_STATUS_OK && size != source->size && size != BLOCKSTORE_SIZE_UNKNOWN) return BLOCKSTORE_STATUS_OK;
  status = bs_ftp_retrieve(wire, call, &reply, &comparison.sink, path);
  if (comparison.status != BLOCKSTORE_STATUS_OK) return comparison.status;
  if (comparison.differs || (status != BLOCKSTORE_STATUS_OK && bs_ftp_reply_is_refusal(&reply))) return BLOCKSTORE_STATUS_OK;
  *ret_same = status == BLOCKSTORE_STATUS_OK && comparison.offset == source->size;
  return status;
}

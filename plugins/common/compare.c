/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "compare.h"

#include <string.h>

#define STEP ((size_t)16 << 10)

static struct bs_compare *compare_of(struct blockstore_sink *sink) {
  return (struct bs_compare *)(void *)sink; /* its first member */
}

static enum blockstore_status differ(struct bs_compare *compare) {
  compare->differs = true;
  return BLOCKSTORE_STATUS_CANCELLED;
}

static enum blockstore_status compare_begin(struct blockstore_sink *sink, uint64_t size) {
  struct bs_compare *compare = compare_of(sink);

  return size == BLOCKSTORE_SIZE_UNKNOWN || size == compare->source->size ? BLOCKSTORE_STATUS_OK : differ(compare);
}

static enum blockstore_status compare_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct bs_compare *compare = compare_of(sink);
  const unsigned char *at = bytes;
  unsigned char buffer[STEP];

  if (length > compare->source->size - compare->offset) return differ(compare);
  while (length > 0) {
    size_t step = length < STEP ? length : STEP;

    compare->status = compare->source->read_at(compare->source, buffer, step, compare->offset);
    if (compare->status != BLOCKSTORE_STATUS_OK) return compare->status;
    if (memcmp(buffer, at, step) != 0) return differ(compare);
    compare->offset += step;
    at += step;
    length -= step;
  }
  return BLOCKSTORE_STATUS_OK;
}

void bs_compare_begin(struct bs_compare *compare, const struct blockstore_source *source) {
  memset(compare, 0, sizeof *compare);
  compare->source = source;
  compare->sink.struct_size = sizeof compare->sink;
  compare->sink.begin = compare_begin;
  compare->sink.write = compare_write;
}

bool bs_compare_is_same(const struct bs_compare *compare) {
  return !compare->differs && compare->offset == compare->source->size;
}

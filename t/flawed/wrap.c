/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/flawed/wrap.h"

#include <time.h>

/* ---- calls ---- */

static struct wrapped_call *call_of(struct blockstore_call *abi) {
  return (struct wrapped_call *)(void *)abi;
}

static void hand_on_error(struct blockstore_call *abi, const char *sentence) {
  struct blockstore_call *real = call_of(abi)->real;

  real->host->set_error(real, sentence);
}

static uint32_t time_left(struct blockstore_call *abi) {
  struct wrapped_call *call = call_of(abi);
  uint32_t left = call->real->host->time_left(call->real);

  call->looks++;
  return call->left == NULL ? left : call->left(call, left);
}

uint64_t wrap_now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void wrap_call(struct wrapped_call *call, struct blockstore_call *real, uint32_t (*left)(struct wrapped_call *call,
                                                                                         uint32_t left)) {
  *call = (struct wrapped_call){.abi = *real, .host = *real->host, .real = real, .left = left};
  call->due_ms = wrap_now_ms() + real->host->time_left(real);
  call->host.set_error = hand_on_error;
  call->host.time_left = time_left;
  call->abi.host = &call->host;
}

/* ---- sources ---- */

static enum blockstore_status read_at(const struct blockstore_source *abi, void *buffer, size_t length, uint64_t offset) {
  struct wrapped_source *source = (struct wrapped_source *)(uintptr_t)(const void *)abi;

  return source->read == NULL ? wrap_read(source, buffer, length, offset) : source->read(source, buffer, length, offset);
}

enum blockstore_status wrap_read(struct wrapped_source *source, void *buffer, size_t length, uint64_t offset) {
  enum blockstore_status status = source->real->read_at(source->real, buffer, length, offset);

  if (status != BLOCKSTORE_STATUS_OK) {
    source->failed = status;
    source->failed_at = offset;
    source->failed_length = length;
  }
  return status;
}

void wrap_source(struct wrapped_source *source, const struct blockstore_source *real) {
  *source = (struct wrapped_source){.abi = {.struct_size = sizeof source->abi, .size = real->size, .read_at = read_at},
                                    .real = real};
}

/* ---- sinks ---- */

static enum blockstore_status begin(struct blockstore_sink *abi, uint64_t size) {
  struct wrapped_sink *sink = (struct wrapped_sink *)(void *)abi;
  enum blockstore_status status = sink->begin == NULL ? sink->real->begin(sink->real, size) : sink->begin(sink, size);

  sink->announced = size;
  if (status != BLOCKSTORE_STATUS_OK) sink->refused = status;
  return status;
}

static enum blockstore_status write_bytes(struct blockstore_sink *abi, const void *bytes, size_t length) {
  struct wrapped_sink *sink = (struct wrapped_sink *)(void *)abi;
  enum blockstore_status status = sink->real->write(sink->real, bytes, length);

  if (status != BLOCKSTORE_STATUS_OK) sink->refused = status;
  sink->written += length;
  return status;
}

void wrap_sink(struct wrapped_sink *sink, struct blockstore_sink *real) {
  *sink = (struct wrapped_sink){.abi = {.struct_size = sizeof sink->abi, .begin = begin, .write = write_bytes}, .real = real};
}

/* SPDX-License-Identifier: MIT */
/* The source and the sink that a driver is given, and the revocation of both. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/driver/call_private.h"

#define URL_MOST 2048 /* bytes that make_mutable_url may write */

void bs_group_tell(struct bs_group *group) {
  uint64_t now;

  if (group->progress == NULL) return;
  now = bs_clock_monotonic_ms();
  if (now - group->told_ms < BS_CALL_PROGRESS_MS) return;
  group->told_ms = now;
  group->progress(group->user);
}

/* From within an inline call.  Its group is set before the driver is entered and stays until it has returned, so no
 * lock is needed to look at it; a thread of the driver's own is not the caller's. */
static void tell_progress(struct bs_call *call) {
  if (call->store->is_inline && call->group != NULL && pthread_equal(call->group->thread, pthread_self()))
    bs_group_tell(call->group);
}

/* What the driver is told when the core's own side failed with this word. */
static enum blockstore_status status_of(enum bs_word word) {
  if (word == BS_WORD_too_large) return BLOCKSTORE_STATUS_TOO_LARGE;
  if (word == BS_WORD_cancelled || word == BS_WORD_deadline) return BLOCKSTORE_STATUS_CANCELLED;
  return BLOCKSTORE_STATUS_FAILED;
}

/* All functions below run under the call's lock. */

static enum blockstore_status refuse(struct bs_call *call, const struct bs_error *error) {
  call->refusal = status_of(error->word);
  call->refusal_error = *error;
  return call->refusal;
}

/* Whether bytes may pass; once refused, always refused. */
static enum blockstore_status gate(struct bs_call *call) {
  if (call->state != BS_CALL_RUNNING) return BLOCKSTORE_STATUS_CANCELLED;
  if (call->refusal == BLOCKSTORE_STATUS_OK && bs_call_stop_word(call) != BS_NO_WORD)
    call->refusal = BLOCKSTORE_STATUS_CANCELLED;
  return call->refusal;
}

/* Notes that [from, to) was read: joins it with all ranges that it touches. */
static void note_range(struct bs_call *call, uint64_t from, uint64_t to) {
  size_t kept = 0;

  if (from == to || call->range_count == SIZE_MAX) return;
  for (size_t i = 0; i < call->range_count; i++) {
    struct bs_range range = call->ranges[i];

    if (range.to < from || to < range.from) {
      call->ranges[kept++] = range;
    } else {
      if (range.from < from) from = range.from;
      if (range.to > to) to = range.to;
    }
  }
  if (kept == BS_CALL_RANGES) {
    call->range_count = SIZE_MAX;
    return;
  }
  call->ranges[kept] = (struct bs_range){from, to};
  call->range_count = kept + 1;
}

static uint64_t bytes_read(const struct bs_call *call) {
  uint64_t sum = 0;

  if (call->range_count == SIZE_MAX) return call->source.abi.size;
  for (size_t i = 0; i < call->range_count; i++) sum += call->ranges[i].to - call->ranges[i].from;
  return sum;
}

static bool read_source(struct bs_call *call, void *buffer, size_t length, uint64_t offset, struct bs_error *error) {
  uint64_t size = call->source.abi.size;

  if (offset > size || length > size - offset)
    return bs_fail(error, BS_WORD_failed, "The driver %s asked for bytes behind the end of the %ju that there are.",
                   call->store->driver_name, (uintmax_t)size);
  return bs_feed_read(&call->reader, buffer, length, offset, error);
}

static enum blockstore_status source_read_at(const struct blockstore_source *source, void *buffer, size_t length,
                                             uint64_t offset) {
  struct bs_call *call = ((const struct bs_call_source *)source)->call;
  struct bs_error error = {0};
  enum blockstore_status status;

  tell_progress(call);
  BS_LOCKED(&call->lock);
  status = gate(call);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (!read_source(call, buffer, length, offset, &error)) return refuse(call, &error);
  note_range(call, offset, offset + length);
  atomic_fetch_add_explicit(&call->bytes, length, memory_order_relaxed);
  return BLOCKSTORE_STATUS_OK;
}

static bool value_is_whole(const struct bs_call *call) {
  return call->value_size == BLOCKSTORE_SIZE_UNKNOWN || call->value_size == call->value_written;
}

static bool end_value(struct bs_call *call, struct bs_error *error) {
  call->value_open = false;
  return call->receiver.end(call->receiver.user, error);
}

static bool begin_value(struct bs_call *call, uint64_t size, struct bs_error *error) {
  if (call->value_open && value_is_whole(call) && !end_value(call, error)) return false;
  call->value_open = false;
  if (size != BLOCKSTORE_SIZE_UNKNOWN && size > call->receiver.limit)
    return bs_fail_as(error, BLOCKSTORE_FORGED, BS_WORD_too_large, "It offers %ju bytes, the most is %ju.",
                      (uintmax_t)size, (uintmax_t)call->receiver.limit);
  if (!call->receiver.begin(call->receiver.user, size, error)) return false;
  call->value_open = true;
  call->value_size = size;
  call->value_written = 0;
  return true;
}

static bool write_value(struct bs_call *call, const void *bytes, size_t length, struct bs_error *error) {
  if (!call->value_open && !begin_value(call, BLOCKSTORE_SIZE_UNKNOWN, error)) return false;
  if (length == 0) return true;
  if (length > call->value_size - call->value_written)
    return bs_fail(error, BS_WORD_failed, "The driver %s wrote more than the %ju bytes that it had promised.",
                   call->store->driver_name, (uintmax_t)call->value_size);
  if (length > call->receiver.limit - call->value_written)
    return bs_fail_as(error, BLOCKSTORE_FORGED, BS_WORD_too_large, "It holds more than %ju bytes.",
                      (uintmax_t)call->receiver.limit);
  if (!call->receiver.write(call->receiver.user, bytes, length, error)) return false;
  call->value_written += length;
  atomic_fetch_add_explicit(&call->bytes, length, memory_order_relaxed);
  return true;
}

static enum blockstore_status sink_begin(struct blockstore_sink *sink, uint64_t size) {
  struct bs_call *call = ((struct bs_call_sink *)sink)->call;
  struct bs_error error = {0};
  enum blockstore_status status;

  tell_progress(call);
  BS_LOCKED(&call->lock);
  status = gate(call);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  return begin_value(call, size, &error) ? BLOCKSTORE_STATUS_OK : refuse(call, &error);
}

static enum blockstore_status sink_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct bs_call *call = ((struct bs_call_sink *)sink)->call;
  struct bs_error error = {0};
  enum blockstore_status status;

  tell_progress(call);
  BS_LOCKED(&call->lock);
  status = gate(call);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  return write_value(call, bytes, length, &error) ? BLOCKSTORE_STATUS_OK : refuse(call, &error);
}

void bs_call_begin_streams(struct bs_call *call) {
  uint64_t size = call->reader.feed == NULL ? 0 : bs_feed_size(call->reader.feed);

  call->source = (struct bs_call_source){{sizeof call->source.abi, 0, source_read_at, size}, call};
  call->sink = (struct bs_call_sink){{sizeof call->sink.abi, 0, sink_begin, sink_write}, call};
  if (call->entry == BS_ENTRY_MAKE_MUTABLE_URL && call->receiver.limit > URL_MOST) call->receiver.limit = URL_MOST;
}

/* A value that the driver neither began nor wrote is an empty one. */
static bool end_last_value(struct bs_call *call, struct bs_error *error) {
  if (!call->value_open && !begin_value(call, BLOCKSTORE_SIZE_UNKNOWN, error)) return false;
  if (!value_is_whole(call))
    return bs_fail(error, BS_WORD_failed, "The driver %s reports success but wrote only %ju of the %ju bytes promised.",
                   call->store->driver_name, (uintmax_t)call->value_written, (uintmax_t)call->value_size);
  return end_value(call, error);
}

bool bs_call_end_streams(struct bs_call *call) {
  struct bs_error error = {0};
  uint64_t size = call->source.abi.size;

  if (call->entry == BS_ENTRY_PUT_MUTABLE && bytes_read(call) < size)
    bs_fail(&error, BS_WORD_failed, "The driver %s reports success but read only %ju of %ju bytes.",
            call->store->driver_name, (uintmax_t)bytes_read(call), (uintmax_t)size);
  else if (!call->has_receiver || end_last_value(call, &error))
    return true;
  refuse(call, &error);
  return false;
}

/* SPDX-License-Identifier: MIT */
/* The host table, calls, sources and sinks. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tools/driver-test/host.h"

/* As the core tries again; driver.h says so. */
#define TRIES_MOST 3
#define FIRST_PAUSE_MS 100u
#define LONGEST_PAUSE_MS 5000u

/* What drivers know as their store. */
struct blockstore_store {
  struct store *store;
};

/* ---- the host table ---- */

/* The public struct is the first member of ours. */
static struct call *call_of(struct blockstore_call *abi) {
  return (struct call *)(void *)abi;
}

static void host_log(struct blockstore_store *store, enum blockstore_log_level level, const char *line) {
  (void)level;
  if (line != NULL && line[0] != '\0') host_heard(store->store->trial, line);
}

static void host_set_error(struct blockstore_call *abi, const char *sentence) {
  struct call *call = call_of(abi);

  if (sentence == NULL) sentence = ""; /* takes the last one back */
  if (sentence[0] != '\0') host_heard(call->trial, sentence);
  pthread_mutex_lock(&call->lock);
  snprintf(call->sentence, sizeof call->sentence, "%s", sentence);
  layers_blot(abi->store->store, call->sentence, sizeof call->sentence); /* we print it */
  pthread_mutex_unlock(&call->lock);
}

static void host_retry_after(struct blockstore_call *abi, uint32_t milliseconds) {
  struct call *call = call_of(abi);

  atomic_store(&call->delay_ms, milliseconds);
  atomic_fetch_add(&call->delays, 1);
}

static uint32_t host_time_left(struct blockstore_call *abi) {
  struct call *call = call_of(abi);
  uint64_t now = bs_clock_monotonic_ms();

  atomic_fetch_add(&call->looks, 1);
  if (atomic_load(&call->cancelled) || now >= call->deadline_ms) return 0;
  return (uint32_t)(call->deadline_ms - now);
}

static int host_cancel_fd(struct blockstore_call *abi) {
  return call_of(abi)->cancel_fd;
}

/* The store below a filter is called with the same call, so what it said stands there. */
static const char *host_get_error(struct blockstore_call *abi) {
  return call_of(abi)->sentence;
}

static uint32_t host_get_retry_after(struct blockstore_call *abi) {
  return atomic_load(&call_of(abi)->delay_ms);
}

const struct blockstore_host host_table = {.magic = BLOCKSTORE_HOST_MAGIC,
                                           .abi_major = BLOCKSTORE_ABI_MAJOR,
                                           .abi_minor = BLOCKSTORE_ABI_MINOR,
                                           .struct_size = sizeof host_table,
                                           .log = host_log,
                                           .set_error = host_set_error,
                                           .retry_after = host_retry_after,
                                           .time_left = host_time_left,
                                           .cancel_fd = host_cancel_fd,
                                           .setting = bs_settings_text,
                                           .setting_number = bs_settings_number,
                                           .get_error = host_get_error,
                                           .get_retry_after = host_get_retry_after};

void host_heard(struct trial *trial, const char *text) {
  if (trial->heard != NULL) trial->heard(trial, text);
}

struct blockstore_store *host_handle(struct store *store) {
  struct blockstore_store *handle = malloc(sizeof *handle);

  if (handle == NULL) trial_fail(store->trial, "There is not enough memory for the examination.");
  handle->store = store;
  return handle;
}

void host_handle_free(struct blockstore_store *handle) {
  free(handle);
}

/* ---- calls ---- */

void call_begin_plainly(struct call *call, struct store *store) {
  const struct trial *trial = store->trial;

  *call = (struct call){.abi = {.struct_size = (uint32_t)sizeof call->abi + trial->grown,
                                .host = trial->host == NULL ? &host_table : trial->host,
                                .store = store->handle},
                        .trial = store->trial,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .cancel_fd = trial->lacks_cancel_fd ? -1 : timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
  call_due(call, trial->patience_ms);
}

void call_begin(struct call *call, struct store *store) {
  call_begin_plainly(call, store);
  if (store->trial->begun != NULL) store->trial->begun(call);
}

/* Readable so soon, at once when it is 0. */
static void ring_in(const struct call *call, uint32_t milliseconds) {
  struct itimerspec time = {.it_value = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000 + 1}};

  if (call->cancel_fd >= 0) timerfd_settime(call->cancel_fd, 0, &time, NULL);
}

void call_due(struct call *call, uint32_t milliseconds) {
  call->deadline_ms = bs_clock_monotonic_ms() + milliseconds;
  ring_in(call, milliseconds);
}

void call_end(struct call *call) {
  if (call->cancel_fd >= 0) close(call->cancel_fd);
  call->cancel_fd = -1;
}

void call_cancel(struct call *call) {
  atomic_store(&call->cancelled, true);
  ring_in(call, 0);
}

bool call_again(struct call *call, enum blockstore_status status, unsigned *tried) {
  uint32_t pause_ms = FIRST_PAUSE_MS << *tried, asked_ms = atomic_load(&call->delay_ms);
  struct timespec pause;

  if (pause_ms < asked_ms) pause_ms = asked_ms;
  if (status != BLOCKSTORE_STATUS_TRANSIENT || ++*tried == TRIES_MOST || pause_ms > LONGEST_PAUSE_MS ||
      atomic_load(&call->cancelled) || bs_clock_monotonic_ms() + pause_ms >= call->deadline_ms)
    return false;
  pause = (struct timespec){pause_ms / 1000, (long)(pause_ms % 1000) * 1000000};
  nanosleep(&pause, NULL);
  call_end(call);
  return true;
}

/* ---- what goes in ---- */

static enum blockstore_status input_read_at(const struct blockstore_source *source, void *buffer, size_t length,
                                            uint64_t offset) {
  struct input *input = (struct input *)(uintptr_t)(const void *)source;

  if (offset > source->size || length > source->size - offset)
    trial_fail(input->trial, "The driver reads %zu bytes at %llu from a source of %llu.", length, (unsigned long long)offset,
               (unsigned long long)source->size);
  input->reads++;
  if (input->failed) input->late++;
  if (input->on_read != NULL) input->on_read(input, offset, length);
  if (input->fail_at != UINT64_MAX && offset + length > input->fail_at) {
    input->failed = true;
    return input->fail_with;
  }
  if (length > 0) memcpy(buffer, input->bytes + offset, length);
  return BLOCKSTORE_STATUS_OK;
}

void input_begin(struct input *input, struct trial *trial, const void *bytes, uint64_t size) {
  *input = (struct input){
      .abi = {.struct_size = (uint32_t)sizeof input->abi + trial->grown, .size = size, .read_at = input_read_at},
      .trial = trial,
      .bytes = bytes,
      .fail_at = UINT64_MAX,
      .fail_with = BLOCKSTORE_STATUS_FAILED};
}

/* ---- what comes out ---- */

static enum blockstore_status refuse(struct output *output) {
  output->refused = true;
  return output->refuse_with;
}

static enum blockstore_status output_take_begin(struct blockstore_sink *sink, uint64_t size) {
  struct output *output = (struct output *)(void *)sink;

  if (output->refused) output->late++;
  if (output->refused || output->refuse_begin) return refuse(output);
  if (output->candidates > 0 && output->announced != BLOCKSTORE_SIZE_UNKNOWN && output->announced != output->bytes.length)
    output->torn++;
  if (output->candidates > 0 && output->wanted != NULL && output_is(output, output->wanted)) output->matched = true;
  if (output->candidates > 0 && output->on_candidate != NULL) output->on_candidate(output);
  output->candidates++;
  output->announced = size;
  bs_buffer_clear(&output->bytes);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status output_take(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct output *output = (struct output *)(void *)sink;

  if (output->refused) output->late++;
  if (output->on_write != NULL) output->on_write(output, length);
  if (output->refused || length > output->room || output->bytes.length > output->room - length) return refuse(output);
  if (output->candidates == 0) output->candidates = 1; /* begin is optional */
  bs_buffer_add(&output->bytes, bytes, length);
  if (output->bytes.failed) trial_fail(output->trial, "There is not enough memory for the examination.");
  return BLOCKSTORE_STATUS_OK;
}

void output_begin(struct output *output, struct trial *trial) {
  *output = (struct output){.abi = {.struct_size = (uint32_t)sizeof output->abi + trial->grown,
                                    .begin = output_take_begin,
                                    .write = output_take},
                            .trial = trial,
                            .announced = BLOCKSTORE_SIZE_UNKNOWN,
                            .room = UINT64_MAX,
                            .refuse_with = BLOCKSTORE_STATUS_FAILED};
}

void output_end(struct output *output) {
  bs_buffer_free(&output->bytes);
}

bool output_is(const struct output *output, const struct datum *datum) {
  return output->bytes.length == datum->size && (datum->size == 0 || memcmp(output->bytes.bytes, datum->bytes, datum->size) == 0);
}

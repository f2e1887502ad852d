/* SPDX-License-Identifier: MIT */
/* Sources that fail and sinks that refuse. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/driver/call.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/witness.h"

#define SIZE ((size_t)1 << 18) /* more than one read and one write, for most */

/* ---- sources that fail ---- */

/* A put whose source fails with `status` from byte `at` on. */
static enum blockstore_status put_failing(struct store *store, const struct object *object, size_t at,
                                          enum blockstore_status status,
                                          struct input *ret_input) {
  enum blockstore_status answer;
  struct call call;

  call_begin(&call, store);
  input_begin(ret_input, store->trial, object->datum.bytes, object->datum.size);
  ret_input->fail_at = at;
  ret_input->fail_with = status;
  answer = object_put(store, &call, object, ret_input);
  if (answer != status)
    trial_fail(store->trial, "The source answered %s when byte %zu of %zu was read, and %s answered %s.",
               bs_status_text(status), at,
               object->datum.size, object_put_name(object->kind), answer_text(&call, answer));
  call_end(&call);
  return answer;
}

static void fail_at(struct store *store, enum kind kind, size_t at) {
  static const enum blockstore_status statuses[] = {BLOCKSTORE_STATUS_FAILED, BLOCKSTORE_STATUS_CANCELLED};

  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    struct object object AUTO_OBJECT;
    struct input input;

    object_make(&object, store->trial, kind, SIZE);
    put_failing(store, &object, at < object.datum.size ? at : object.datum.size - 1, statuses[i], &input);
    must_lack_object(store, &object);
  }
}

static void fail_first(struct store *store, enum kind kind) {
  fail_at(store, kind, 0);
}

static void fail_middle(struct store *store, enum kind kind) {
  fail_at(store, kind, object_size(store->trial, SIZE) / 2);
}

static void fail_last(struct store *store, enum kind kind) {
  fail_at(store, kind, SIZE);
}

static void source_first(struct trial *trial) {
  for_each_kind(trial, fail_first);
}

static void source_middle(struct trial *trial) {
  for_each_kind(trial, fail_middle);
}

static void source_last(struct trial *trial) {
  for_each_kind(trial, fail_last);
}

static void leave_record(struct trial *trial) {
  struct object before AUTO_OBJECT, after AUTO_OBJECT;
  struct input input;
  struct store store;

  must_open(&store, trial, 1);
  skip_without(&store, KIND_MUTABLE);
  object_make(&before, trial, KIND_MUTABLE, SIZE);
  object_make(&after, trial, KIND_MUTABLE, SIZE);
  must_put_object(&store, &before);
  free(after.id);
  after.id = strdup(before.id);
  after.version = before.version + 1;
  put_failing(&store, &after, after.datum.size / 2, BLOCKSTORE_STATUS_FAILED, &input);
  must_hold_object(&store, &before);
  store_close(&store);
}

static void go_on(struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT;
  struct input input;

  object_make(&object, store->trial, kind, SIZE);
  put_failing(store, &object, object.datum.size / 2, BLOCKSTORE_STATUS_FAILED, &input);
  must_put_object(store, &object);
  must_hold_object(store, &object);
}

static void go_on_after(struct trial *trial) {
  for_each_kind(trial, go_on);
}

static void stop_reading(struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT;
  struct input input;

  object_make(&object, store->trial, kind, SIZE);
  put_failing(store, &object, object.datum.size / 2, BLOCKSTORE_STATUS_FAILED, &input);
  if (input.late > 0)
    trial_fail(store->trial, "%s read %u times after a read had failed.", object_put_name(kind), input.late);
}

static void source_over(struct trial *trial) {
  for_each_kind(trial, stop_reading);
}

/* ---- what is not read yet is not seen ---- */

static void look_from_last_read(struct input *input, uint64_t offset, size_t length) {
  struct sight sight;

  if (length == 0 || offset + length < input->abi.size) return;
  sight = witness_look(input->user);
  if ((sight.seen & ~(SEEN_NOTHING | SEEN_FAILURE)) != 0)
    trial_fail(input->trial,
               "The object could be had by another process before the last %zu of its %llu bytes were read.", length,
               (unsigned long long)input->abi.size);
}

/* Each kind in a behaviour of its own: the witness stands before the driver is loaded. */
static void read_first(struct trial *trial, enum kind kind) {
  struct object object AUTO_OBJECT;
  struct witness witness;
  struct input input;
  struct store store;
  struct call call;
  enum blockstore_status status;

  object_make(&object, trial, kind, SIZE);
  witness_begin(&witness, trial, &object, NULL);
  must_open(&store, trial, 1);
  skip_without(&store, kind);
  call_begin(&call, &store);
  input_begin(&input, trial, object.datum.bytes, object.datum.size);
  input.on_read = look_from_last_read;
  input.user = &witness;
  status = object_put(&store, &call, &object, &input);
  if (status != BLOCKSTORE_STATUS_OK) trial_fail(trial, "%s answered %s.", object_put_name(kind), answer_text(&call, status));
  call_end(&call);
  must_hold_object(&store, &object);
  store_close(&store);
  witness_end(&witness);
}

static void read_immutable_first(struct trial *trial) {
  read_first(trial, KIND_IMMUTABLE);
}

static void read_mutable_first(struct trial *trial) {
  read_first(trial, KIND_MUTABLE);
}

/* ---- sinks that refuse ---- */

/* Was the refusal handed on, and nothing written after it?  A sink that nobody asked has refused nothing. */
static void judge_refusal(struct store *store, const char *entry, const struct call *call, const struct output *output,
                          enum blockstore_status answer) {
  enum blockstore_status wanted = output->refused ? output->refuse_with : BLOCKSTORE_STATUS_OK;

  if (answer != wanted)
    trial_fail(store->trial, "The sink answered %s, %zu bytes being written, and %s answered %s.", bs_status_text(wanted),
               output->bytes.length,
               entry, answer_text(call, answer));
  if (output->late > 0)
    trial_fail(store->trial, "%s gave the sink %u more after it had answered %s.", entry, output->late, bs_status_text(wanted));
}

static void get_refused(struct store *store, struct object *object, bool at_begin, size_t room, enum blockstore_status status) {
  enum blockstore_status answer;
  struct output output;
  struct call call;

  call_begin(&call, store);
  output_begin(&output, store->trial);
  output.refuse_begin = at_begin;
  output.room = room;
  output.refuse_with = status;
  answer = object_get(store, &call, object, &output);
  judge_refusal(store, object_get_name(object->kind), &call, &output, answer);
  output_end(&output);
  call_end(&call);
}

static void refuse_begin(struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT;

  object_make(&object, store->trial, kind, SIZE);
  must_put_object(store, &object);
  must_hold_object(store, &object);
  get_refused(store, &object, true, SIZE_MAX, BLOCKSTORE_STATUS_TOO_LARGE);
}

static void sink_begin(struct trial *trial) {
  for_each_kind(trial, refuse_begin);
}

static void refuse_write(struct store *store, enum kind kind, size_t room) {
  struct object object AUTO_OBJECT;

  object_make(&object, store->trial, kind, SIZE);
  must_put_object(store, &object);
  must_hold_object(store, &object);
  if (room >= object.datum.size) room = object.datum.size - 1;
  get_refused(store, &object, false, room, BLOCKSTORE_STATUS_CANCELLED);
  get_refused(store, &object, false, room, BLOCKSTORE_STATUS_FAILED);
}

static void refuse_first(struct store *store, enum kind kind) {
  refuse_write(store, kind, 0);
}

static void refuse_middle(struct store *store, enum kind kind) {
  refuse_write(store, kind, object_size(store->trial, SIZE) / 2);
}

static void refuse_last(struct store *store, enum kind kind) {
  refuse_write(store, kind, SIZE);
}

static void sink_first(struct trial *trial) {
  for_each_kind(trial, refuse_first);
}

static void sink_middle(struct trial *trial) {
  for_each_kind(trial, refuse_middle);
}

static void sink_last(struct trial *trial) {
  for_each_kind(trial, refuse_last);
}

static void sink_url(struct trial *trial) {
  static const enum blockstore_status statuses[] = {BLOCKSTORE_STATUS_FAILED, BLOCKSTORE_STATUS_CANCELLED};
  struct object object AUTO_OBJECT;
  struct store store;

  must_open(&store, trial, 1);
  object_make(&object, trial, KIND_MUTABLE, 0);
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    enum blockstore_status answer;
    struct output output;
    struct call call;

    call_begin(&call, &store);
    output_begin(&output, trial);
    output.room = 0;
    output.refuse_with = statuses[i];
    answer = store_make_url(&store, &call, &output, object.id);
    if (answer == BLOCKSTORE_STATUS_UNSUPPORTED) trial_skip(trial, "the driver does not support make_mutable_url");
    judge_refusal(&store, "make_mutable_url", &call, &output, answer);
    output_end(&output);
    call_end(&call);
  }
  store_close(&store);
}

static void sink_report(struct trial *trial) {
  struct output output;
  struct store store;
  struct call call;
  enum blockstore_status answer;

  must_open(&store, trial, 1);
  call_begin(&call, &store);
  output_begin(&output, trial);
  output.room = 0;
  answer = store_check(&store, &call, &output);
  if (answer == BLOCKSTORE_STATUS_UNSUPPORTED) trial_skip(trial, "the driver has no check");
  judge_refusal(&store, "check", &call, &output, answer);
  output_end(&output);
  call_end(&call);
  store_close(&store);
}

/* ---- what is announced ---- */

static void announce(struct store *store, enum kind kind) {
  static const size_t sizes[] = {4095, 4097, 65536, 98317, 131073};

  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct object object AUTO_OBJECT;

    object_make(&object, store->trial, kind, sizes[i]);
    must_put_object(store, &object);
    must_hold_object(store, &object);
  }
}

static void announce_size(struct trial *trial) {
  for_each_kind(trial, announce);
}

/* Records of two writers: where several could stand beside each other, all that are offered are whole, and the last is one. */
static void offer(struct trial *trial) {
  static const size_t sizes[] = {3000, 70000, 500, 40000};
  struct store stores[2];
  char *id;

  must_open(&stores[0], trial, 1);
  must_open(&stores[1], trial, 1);
  skip_without(&stores[0], KIND_MUTABLE);
  id = id_make(trial, "candidates");
  for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct datum datum AUTO_DATUM;

    datum_make(&datum, trial, object_size(trial, sizes[i]));
    must_put_mutable(&stores[i % 2], id, i + 8, &datum);
    must_hold_mutable(&stores[i % 2], id, &datum);
  }
  free(id);
  store_close(&stores[1]);
  store_close(&stores[0]);
}

static const struct behaviour behaviours[] = {
    {"streams.source-first", "a source that fails at its first read: its status is handed on, nothing is visible", NEEDS_WRITES,
     source_first},
    {"streams.source-middle", "a source that fails in the middle: its status is handed on, nothing is visible", NEEDS_WRITES,
     source_middle},
    {"streams.source-last", "a source that fails in its last bytes: its status is handed on, nothing is visible", NEEDS_WRITES,
     source_last},
    {"streams.record-stands", "when a source fails, the earlier record still stands", NEEDS_WRITES, leave_record},
    {"streams.go-on", "after a source has failed, the same put succeeds", NEEDS_WRITES, go_on_after},
    {"streams.source-over", "nothing is read from a source that has failed", NEEDS_WRITES, source_over},
    {"streams.read-first", "no object is visible before its source is read to the end", NEEDS_WRITES, read_immutable_first},
    {"streams.read-record-first", "no record is visible before its source is read to the end", NEEDS_WRITES, read_mutable_first},
    {"streams.sink-begin", "a sink that refuses to begin: its status is handed on, nothing is written", NEEDS_WRITES, sink_begin},
    {"streams.sink-first", "a sink that refuses the first bytes: its status is handed on, nothing is written after", NEEDS_WRITES,
     sink_first},
    {"streams.sink-middle", "a sink that refuses bytes in the middle: its status is handed on, nothing is written after",
     NEEDS_WRITES,
     sink_middle},
    {"streams.sink-last", "a sink that refuses the last bytes: its status is handed on", NEEDS_WRITES, sink_last},
    {"streams.sink-url", "a sink that refuses a URL: its status is handed on", 0, sink_url},
    {"streams.sink-report", "a sink that refuses the report of a check: its status is handed on", 0, sink_report},
    {"streams.announced", "a get writes as many bytes as it announces", NEEDS_WRITES, announce_size},
    {"streams.candidates", "all records that a get offers are whole, and the last that was put is one", NEEDS_WRITES, offer},
};
const struct group group_streams = GROUP(behaviours);

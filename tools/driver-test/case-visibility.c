/* SPDX-License-Identifier: MIT */
/* What others see, while a put goes on and when it was cut short: all or nothing. */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/driver/call.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/witness.h"

#define SIZE ((size_t)1 << 18)
#define NAP_MS 10 /* of a slow source, each read */
#define SETTLE_MS 1000
#define RIVAL_MS 300 /* how long a put waits for another's in its midst: some stores keep them apart */

static void nap(uint32_t milliseconds) {
  struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};

  nanosleep(&time, NULL);
}

static void read_slowly(struct input *input, uint64_t offset, size_t length) {
  (void)input, (void)offset, (void)length;
  nap(NAP_MS);
}

/* A put that calls on_read; any answer. */
static enum blockstore_status put_so(struct store *store, const struct object *object,
                                     void (*on_read)(struct input *input, uint64_t offset, size_t length), void *user) {
  enum blockstore_status status;
  struct input input;
  struct call call;

  call_begin(&call, store);
  input_begin(&input, store->trial, object->datum.bytes, object->datum.size);
  input.on_read = on_read;
  input.user = user;
  status = object_put(store, &call, object, &input);
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_UNSUPPORTED && status != BLOCKSTORE_STATUS_CONFLICT &&
      status != BLOCKSTORE_STATUS_TRANSIENT)
    trial_fail(store->trial, "%s answered %s.", object_put_name(object->kind), answer_text(&call, status));
  call_end(&call);
  return status;
}

static void must_put_slowly(struct store *store, const struct object *object) {
  enum blockstore_status status = put_so(store, object, read_slowly, NULL);

  if (status != BLOCKSTORE_STATUS_OK) trial_fail(store->trial, "%s answered %s.", object_put_name(object->kind),
                                                 bs_status_text(status));
}

/* The old object, and the same as it will be: a record with a new version. */
static void object_succeed(struct object *ret_after, struct trial *trial, const struct object *before) {
  object_make(ret_after, trial, before->kind, before->datum.size);
  free(ret_after->id);
  ret_after->id = strdup(before->id);
  ret_after->version = before->version + 1;
}

/* ---- a reader beside a writer ---- */

static void must_see_whole(struct trial *trial, const struct sight *sight, unsigned allowed, const char *what) {
  if ((sight->seen & SEEN_PART) != 0)
    trial_fail(trial, "While a put went on, a get in another process gave %zu bytes that are not %s.", sight->size, what);
  if ((sight->seen & ~allowed & SEEN_NOTHING) != 0)
    trial_fail(trial, "While a put went on, a get in another process answered NOT_FOUND.");
  if ((sight->seen & SEEN_FAILURE) != 0 && subject_is_consistent(trial->subject))
    trial_fail(trial, "While a put went on, a get in another process answered %s.", sight->answer);
}

static void see_all_or_nothing(struct trial *trial) {
  struct object object AUTO_OBJECT;
  struct witness witness;
  struct sight sight;
  struct store store;

  object_make(&object, trial, KIND_IMMUTABLE, SIZE);
  witness_begin(&witness, trial, &object, NULL);
  must_open(&store, trial, 1);
  skip_without(&store, KIND_IMMUTABLE);
  witness_watch(&witness);
  must_put_slowly(&store, &object);
  sight = witness_report(&witness);
  must_see_whole(trial, &sight, SEEN_OBJECT | SEEN_NOTHING, "the object");
  witness_end(&witness);
  store_close(&store);
}

static void see_old_or_new(struct trial *trial) {
  struct object before AUTO_OBJECT, after AUTO_OBJECT;
  struct witness witness;
  struct sight sight;
  struct store store;

  object_make(&before, trial, KIND_MUTABLE, SIZE);
  object_succeed(&after, trial, &before);
  witness_begin(&witness, trial, &before, &after.datum);
  must_open(&store, trial, 1);
  skip_without(&store, KIND_MUTABLE);
  must_put_object(&store, &before);
  must_hold_object(&store, &before);
  witness_watch(&witness);
  must_put_slowly(&store, &after);
  sight = witness_report(&witness);
  must_see_whole(trial, &sight, SEEN_OBJECT | SEEN_OTHER | (subject_is_consistent(trial->subject) ? 0 : SEEN_NOTHING),
                 "the old record nor the new one");
  witness_end(&witness);
  store_close(&store);
}

/* ---- a writer that dies ---- */

static void die(struct input *input, uint64_t offset, size_t length) {
  const struct object *object = input->user;

  if (offset + length >= object->datum.size / 2) kill(getpid(), SIGKILL);
}

static void put_and_die(struct trial *trial, void *user) {
  struct store store;

  must_open(&store, trial, 1);
  put_so(&store, user, die, user);
}

static void must_have_died(struct trial *trial, int status) {
  if (status == 128 + SIGKILL) return;
  trial_must_end(trial, status, "The process that put");
  trial_fail(trial, "A put ended before it had read half of its source.");
}

static void die_with_object(struct trial *trial) {
  struct object object AUTO_OBJECT;
  struct store store;
  int status;

  object_make(&object, trial, KIND_IMMUTABLE, SIZE);
  status = trial_in_child(trial, put_and_die, &object);
  must_open(&store, trial, 1);
  skip_without(&store, KIND_IMMUTABLE);
  must_have_died(trial, status);
  must_lack_object(&store, &object);
  must_put_object(&store, &object);
  must_hold_object(&store, &object);
  store_close(&store);
}

static void put_and_close(struct trial *trial, void *user) {
  const struct object *object = user;
  struct store store;

  must_open(&store, trial, 1);
  skip_without(&store, object->kind);
  must_put_object(&store, object);
  store_close(&store);
}

static void die_with_record(struct trial *trial) {
  struct object before AUTO_OBJECT, after AUTO_OBJECT;
  struct store store;

  object_make(&before, trial, KIND_MUTABLE, SIZE);
  object_succeed(&after, trial, &before);
  trial_must_end(trial, trial_in_child(trial, put_and_close, &before), "The process that put");
  must_have_died(trial, trial_in_child(trial, put_and_die, &after));
  must_open(&store, trial, 1);
  must_hold_object(&store, &before);
  must_put_object(&store, &after);
  must_hold_object(&store, &after);
  store_close(&store);
}

/* ---- what was acknowledged ---- */

/* Puts, replaces and deletes through `from`; `see` holds what can be seen against what must be. */
static void follow(struct store *from, struct object *object, struct trial *trial, struct sight (*see)(void *user), void *user,
                   const char *who) {
  struct sight sight;
  enum blockstore_status status;
  struct call call;

  see(user); /* there is nothing yet: what is remembered of that goes stale */
  must_put_object(from, object);
  sight = see(user);
  if (sight.seen != SEEN_OBJECT)
    trial_fail(trial, "%s had answered OK, and a get through %s %s.", object_put_name(object->kind), who,
               sight.seen == SEEN_NOTHING ? "answered NOT_FOUND" : sight.seen == SEEN_PART ? "gave other bytes" : sight.answer);
  call_begin(&call, from);
  status = object_delete(from, &call, object);
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_UNSUPPORTED)
    trial_fail(trial, "A delete answered %s.", answer_text(&call, status));
  call_end(&call);
  sight = see(user);
  if (status == BLOCKSTORE_STATUS_OK && sight.seen != SEEN_NOTHING)
    trial_fail(trial, "A delete had answered OK, and %s still gave the %s.", who,
               object->kind == KIND_MUTABLE ? "record" : "object");
}

struct viewer {
  struct store *store;
  struct object *object;
};

static struct sight see_here(void *user) {
  const struct viewer *viewer = user;

  return look_at(viewer->store, viewer->object, NULL);
}

static struct sight see_there(void *user) {
  return witness_look(user);
}

static void follow_instance(struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT;
  struct store other;
  struct viewer viewer = {&other, &object};

  must_open(&other, store->trial, 1);
  object_make(&object, store->trial, kind, 1000);
  follow(store, &object, store->trial, see_here, &viewer, "another instance");
  store_close(&other);
}

static void see_instance(struct trial *trial) {
  for_each_kind(trial, follow_instance);
}

/* Here and below each kind in a behaviour of its own: the other process begins before this one has used the driver. */
static void see_process(struct trial *trial, enum kind kind) {
  struct object object AUTO_OBJECT;
  struct witness witness;
  struct store store;

  object_make(&object, trial, kind, 1000);
  witness_begin(&witness, trial, &object, NULL);
  must_open(&store, trial, 1);
  skip_without(&store, kind);
  follow(&store, &object, trial, see_there, &witness, "another process");
  store_close(&store);
  witness_end(&witness);
}

static void see_object_of_process(struct trial *trial) {
  see_process(trial, KIND_IMMUTABLE);
}

static void see_record_of_process(struct trial *trial) {
  see_process(trial, KIND_MUTABLE);
}

static void put_and_end(struct trial *trial, void *user) {
  const struct object *object = user;
  struct store store;

  must_open(&store, trial, 1);
  skip_without(&store, object->kind);
  must_put_object(&store, object);
  _exit(0);
}

static void survive_end(struct trial *trial, enum kind kind) {
  struct object object AUTO_OBJECT;
  struct store store;

  object_make(&object, trial, kind, 1000);
  trial_must_end(trial, trial_in_child(trial, put_and_end, &object), "The process that put");
  must_open(&store, trial, 1);
  must_hold_object(&store, &object);
  store_close(&store);
}

static void keep_object(struct trial *trial) {
  survive_end(trial, KIND_IMMUTABLE);
}

static void keep_record(struct trial *trial) {
  survive_end(trial, KIND_MUTABLE);
}

/* ---- two writers ---- */

/* What may work later is put again, as the core does it. */
static enum blockstore_status put_again(struct store *store, const struct object *object, enum blockstore_status status) {
  if (status != BLOCKSTORE_STATUS_TRANSIENT || object->kind != KIND_IMMUTABLE) return status;
  must_put_object(store, object);
  return BLOCKSTORE_STATUS_OK;
}

/* Another process, which puts when it is told to. */
struct rival {
  struct object *object;
  int go;    /* eventfds */
  int done;
  bool told;
};

static void rival_begin(struct rival *rival, struct trial *trial, struct object *object) {
  *rival = (struct rival){object, eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC), false};
  if (rival->go < 0 || rival->done < 0) trial_fail(trial, "No descriptor could be made: %s", strerror(errno));
}

static void rival_end(struct rival *rival) {
  close(rival->go);
  close(rival->done);
}

static void put_as_rival(struct trial *trial, void *user) {
  const struct rival *rival = user;
  enum blockstore_status status;
  struct store store;
  eventfd_t count;

  must_open(&store, trial, 1);
  if (eventfd_read(rival->go, &count) < 0) return;
  status = put_again(&store, rival->object, put_so(&store, rival->object, NULL, NULL));
  eventfd_write(rival->done, status == BLOCKSTORE_STATUS_OK ? 1 : 2);
  store_close(&store);
}

/* In the middle of our put the other's begins, and ends unless the store keeps them apart. */
static void let_rival_put(struct input *input, uint64_t offset, size_t length) {
  struct rival *rival = input->user;
  struct pollfd poll_fd = {.fd = rival->done, .events = POLLIN};

  (void)offset, (void)length;
  if (rival->told) return;
  rival->told = true;
  eventfd_write(rival->go, 1);
  poll(&poll_fd, 1, RIVAL_MS);
}

/* Two puts, one in the midst of the other; what each answered is not TRANSIENT. */
static void put_both(struct trial *trial, struct store *store, struct object *ours, struct object *theirs,
                     enum blockstore_status answers[2]) {
  struct rival rival;
  eventfd_t done = 0;
  pid_t child;

  rival_begin(&rival, trial, theirs);
  child = trial_start_child(trial, put_as_rival, &rival);
  must_open(store, trial, 1);
  skip_without(store, ours->kind);
  answers[0] = put_so(store, ours, let_rival_put, &rival);
  if (!rival.told) eventfd_write(rival.go, 1);
  trial_must_end(trial, trial_wait_child(trial, child), "The process of the other writer");
  eventfd_read(rival.done, &done);
  answers[1] = done == 1 ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_CONFLICT;
  rival_end(&rival);
}

/* At once, but for a store that is busy or not consistent. */
static void must_stand_one(struct trial *trial, struct store *store, struct object *ours, const struct object *theirs) {
  uint64_t end_ms = bs_clock_monotonic_ms() + (subject_is_consistent(trial->subject) ? SETTLE_MS : trial->patience_ms);
  struct sight sight = look_at(store, ours, &theirs->datum);

  while ((sight.seen & (SEEN_OBJECT | SEEN_OTHER | SEEN_PART)) == 0 && bs_clock_monotonic_ms() < end_ms) {
    nap(NAP_MS);
    sight = look_at(store, ours, &theirs->datum);
  }
  if ((sight.seen & SEEN_PART) != 0)
    trial_fail(trial,
               "Two processes put records under one id at once; what stands there now are %zu bytes that are neither record.",
               sight.size);
  if ((sight.seen & (SEEN_OBJECT | SEEN_OTHER)) == 0)
    trial_fail(trial, "Two processes put records under one id at once, and a get then answered %s.",
               sight.seen == SEEN_NOTHING ? "NOT_FOUND" : sight.answer);
}

static void put_record_both(struct trial *trial) {
  struct object ours AUTO_OBJECT, theirs AUTO_OBJECT;
  enum blockstore_status answers[2];
  struct store store;

  object_make(&ours, trial, KIND_MUTABLE, SIZE);
  object_succeed(&theirs, trial, &ours);
  put_both(trial, &store, &ours, &theirs, answers);
  if (answers[0] != BLOCKSTORE_STATUS_OK && answers[1] != BLOCKSTORE_STATUS_OK)
    trial_fail(trial, "Two processes put records under one id at once, and both puts failed.");
  must_stand_one(trial, &store, &ours, &theirs);
  store_close(&store);
}

static void put_same_both(struct trial *trial) {
  struct object object AUTO_OBJECT;
  enum blockstore_status answers[2];
  struct store store;

  object_make(&object, trial, KIND_IMMUTABLE, SIZE);
  put_both(trial, &store, &object, &object, answers);
  answers[0] = put_again(&store, &object, answers[0]);
  for (int i = 0; i < 2; i++)
    if (answers[i] != BLOCKSTORE_STATUS_OK)
      trial_fail(trial, "Two processes put the same object at once, and the one that %s answered %s.",
                 i == 0 ? "began first" : "ended first",
                 i == 0 ? bs_status_text(answers[0]) : "no OK");
  must_hold_object(&store, &object);
  store_close(&store);
}

/* ---- a store that is gone ---- */

/* What nobody can look for is not absent. */
static void must_not_be_absent(struct store *store, struct object *object) {
  enum blockstore_status status;
  struct output output;
  struct call call;

  call_begin(&call, store);
  output_begin(&output, store->trial);
  status = object_get(store, &call, object, &output);
  if (status == BLOCKSTORE_STATUS_NOT_FOUND)
    trial_fail(store->trial, "The store's directory was gone, and %s answered of what had been put there: %s.",
               object_get_name(object->kind), answer_text(&call, status));
  output_end(&output);
  call_end(&call);
}

static void tell_gone_from_absent(struct trial *trial) {
  char *directory BS_AUTO_FREE = NULL, *away BS_AUTO_FREE = NULL;
  struct object objects[KINDS];
  struct store store;

  if (asprintf(&directory, "%s/store1", trial->directory) < 0 || asprintf(&away, "%s/away", trial->directory) < 0)
    trial_fail(trial, "There is not enough memory for the examination.");
  must_open(&store, trial, 1);
  for (int kind = 0; kind < KINDS; kind++) {
    object_make(&objects[kind], trial, (enum kind)kind, 1000);
    if (store_keeps(&store, (enum kind)kind)) must_put_object(&store, &objects[kind]);
  }
  if (rmdir(directory) == 0) trial_skip(trial, "the store is nowhere in @DIR@");
  if (rename(directory, away) < 0) trial_fail(trial, "%s: The directory cannot be taken away: %s", directory, strerror(errno));
  for (int kind = 0; kind < KINDS; kind++) {
    if (store_keeps(&store, (enum kind)kind)) must_not_be_absent(&store, &objects[kind]);
    object_free(&objects[kind]);
  }
  store_close(&store);
}

static const struct behaviour behaviours[] = {
    {"visibility.immutable", "a reader beside a slow put sees nothing or the whole object", NEEDS_WRITES, see_all_or_nothing},
    {"visibility.mutable", "a reader beside a slow put sees the old record or the new one, whole", NEEDS_WRITES, see_old_or_new},
    {"visibility.killed-immutable", "a put whose process dies leaves nothing visible, and can be made again", NEEDS_WRITES,
     die_with_object},
    {"visibility.killed-mutable", "a put whose process dies leaves the old record, and can be made again", NEEDS_WRITES,
     die_with_record},
    {"visibility.instance", "what one instance did, another sees at once", NEEDS_WRITES | NEEDS_CONSISTENT, see_instance},
    {"visibility.process", "what one process did to an object, another sees at once",
     NEEDS_WRITES | NEEDS_CONSISTENT, see_object_of_process},
    {"visibility.process-record", "what one process did to a record, another sees at once",
     NEEDS_WRITES | NEEDS_CONSISTENT, see_record_of_process},
    {"visibility.durable", "an object that was put is there when its process ends without closing the store",
     NEEDS_WRITES | NEEDS_DURABLE, keep_object},
    {"visibility.durable-record", "a record that was put is there when its process ends without closing the store",
     NEEDS_WRITES | NEEDS_DURABLE, keep_record},
    {"visibility.writers", "of two records put under one id at once, one stands there whole", NEEDS_WRITES, put_record_both},
    {"visibility.same", "two processes may put the same object at once", NEEDS_WRITES, put_same_both},
    {"visibility.gone", "what was put is not NOT_FOUND when the store's directory is gone", NEEDS_WRITES, tell_gone_from_absent},
};
const struct group group_visibility = GROUP(behaviours);

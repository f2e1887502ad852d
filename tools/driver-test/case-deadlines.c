/* SPDX-License-Identifier: MIT */
/* Calls that are cancelled or run out of time. */
#include <config.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/object.h"
#include "tools/driver-test/wrong.h"

#define SIZE ((size_t)4 << 20) /* several reads and writes, for most */
#define DUE_MS 1000            /* the header's half a second, and as much for a busy machine */
#define SHORT_MS 60            /* a deadline that passes */

/* Less than the driver declares: whether it stores the largest is another behaviour. */
static size_t long_size(const struct trial *trial) {
  size_t most = object_size(trial, SIZE);

  return most - most / 8;
}

/* How one put or get is cut short. */
struct cut {
  struct call call;
  void (*act)(struct cut *cut); /* from the first read or write, or the second where there is one */
  bool later;    /* from the second */
  unsigned moves; /* reads or writes */
  bool acted;
  bool at_end;   /* that was the last */
  sem_t go, done; /* for act_from_thread */
};

static void cancel(struct cut *cut) {
  call_cancel(&cut->call);
}

static void outlast(struct cut *cut) {
  const struct timespec nap = {0, (long)SHORT_MS * 1500000};

  (void)cut;
  nanosleep(&nap, NULL);
}

static void ask_thread(struct cut *cut) {
  sem_post(&cut->go);
  while (sem_wait(&cut->done) < 0) continue;
}

static void *cancel_when_asked(void *user) {
  struct cut *cut = user;

  while (sem_wait(&cut->go) < 0) continue;
  if (!cut->acted) return NULL;
  call_cancel(&cut->call);
  sem_post(&cut->done);
  return NULL;
}

/* last: nothing comes after this read or write. */
static void move(struct cut *cut, bool last) {
  cut->moves++;
  if (cut->acted || (cut->later && cut->moves == 1 && !last)) return;
  cut->acted = true;
  cut->at_end = last;
  cut->act(cut);
  trial_due(cut->call.trial, DUE_MS, "returned within a second of its call's end");
}

static void on_read(struct input *input, uint64_t offset, size_t length) {
  move(input->user, offset + length >= input->abi.size);
}

static void on_write(struct output *output, size_t length) {
  uint64_t written = output->bytes.length + length;

  /* Of an unknown size it may be the last. */
  move(output->user, output->announced == BLOCKSTORE_SIZE_UNKNOWN || written >= output->announced);
}

static void begin_cut(struct cut *cut, struct store *store, void (*act)(struct cut *cut), uint32_t due_ms) {
  cut->act = act;
  call_begin(&cut->call, store);
  call_due(&cut->call, due_ms);
  trial_due(store->trial, due_ms + DUE_MS, "returned within a second of its call's end");
}

static void end_cut(struct cut *cut, struct store *store) {
  trial_due(store->trial, 0, NULL);
  call_end(&cut->call);
}

/* CANCELLED; where nothing was left to read or write, or the time was over before the first, it may also be done. */
static void judge(struct store *store, const struct cut *cut, const char *entry, enum blockstore_status status) {
  bool may_be_done = !cut->acted || cut->at_end;

  if (status == BLOCKSTORE_STATUS_CANCELLED || (status == BLOCKSTORE_STATUS_OK && may_be_done)) return;
  trial_fail(store->trial, "The call %s while %s was at its bytes, and it answered %s.",
             cut->act == outlast ? "ran out of time" : "was cancelled", entry, answer_text(&cut->call, status));
}

/* The instance itself is not asked: it is another behaviour that it goes on. */
static void put_cut(struct store *store, enum kind kind, struct cut *cut, void (*act)(struct cut *cut), uint32_t due_ms) {
  struct object object AUTO_OBJECT;
  enum blockstore_status status;
  struct input input;
  struct store other;

  must_open(&other, store->trial, 1);
  object_make(&object, store->trial, kind, long_size(store->trial));
  input_begin(&input, store->trial, object.datum.bytes, object.datum.size);
  input.on_read = on_read;
  input.user = cut;
  begin_cut(cut, store, act, due_ms);
  status = object_put(store, &cut->call, &object, &input);
  end_cut(cut, store);
  judge(store, cut, object_put_name(kind), status);
  if (status == BLOCKSTORE_STATUS_CANCELLED) must_lack_object(&other, &object);
  else must_hold_object(&other, &object);
  store_close(&other);
}

static void get_cut(struct store *store, enum kind kind, struct cut *cut, void (*act)(struct cut *cut), uint32_t due_ms) {
  struct object object AUTO_OBJECT;
  enum blockstore_status status;
  struct output output;

  object_make(&object, store->trial, kind, long_size(store->trial));
  must_put_object(store, &object);
  must_hold_object(store, &object);
  if (kind == KIND_MUTABLE) object.url = must_make_url(store, object.id);
  output_begin(&output, store->trial);
  output.on_write = on_write;
  output.user = cut;
  begin_cut(cut, store, act, due_ms);
  status = object_get(store, &cut->call, &object, &output);
  end_cut(cut, store);
  judge(store, cut, object_get_name(kind), status);
  if (status == BLOCKSTORE_STATUS_OK && !output_is(&output, &object.datum))
    trial_fail(store->trial, "%s of a call that was over answered OK and gave %zu of %zu bytes.", object_get_name(kind),
               output.bytes.length, object.datum.size);
  output_end(&output);
}

/* Opens a store that keeps the kind, and cuts one put or get short. */
static void cut_one(struct trial *trial, enum kind kind,
                    void (*run)(struct store *store, enum kind kind, struct cut *cut, void (*act)(struct cut *cut),
                                uint32_t due_ms)) {
  struct cut cut = {.moves = 0};
  struct store store;

  must_open(&store, trial, 1);
  skip_without(&store, kind);
  run(&store, kind, &cut, cancel, trial->patience_ms);
  store_close(&store);
}

static void cancel_put_immutable(struct trial *trial) {
  cut_one(trial, KIND_IMMUTABLE, put_cut);
}

static void cancel_put_mutable(struct trial *trial) {
  cut_one(trial, KIND_MUTABLE, put_cut);
}

static void cancel_get_immutable(struct trial *trial) {
  cut_one(trial, KIND_IMMUTABLE, get_cut);
}

static void cancel_get_mutable(struct trial *trial) {
  cut_one(trial, KIND_MUTABLE, get_cut);
}

/* ---- time that runs out ---- */

static void put_slowly(struct store *store, enum kind kind) {
  struct cut cut = {.moves = 0};

  put_cut(store, kind, &cut, outlast, SHORT_MS);
}

static void slow_source(struct trial *trial) {
  for_each_kind(trial, put_slowly);
}

static void get_slowly(struct store *store, enum kind kind) {
  struct cut cut = {.moves = 0};

  get_cut(store, kind, &cut, outlast, SHORT_MS);
}

static void slow_sink(struct trial *trial) {
  for_each_kind(trial, get_slowly);
}

/* ---- other ways to cancel ---- */

static void put_cancelled(struct store *store, enum kind kind) {
  struct cut cut = {.moves = 0};

  put_cut(store, kind, &cut, cancel, store->trial->patience_ms);
}

static void no_descriptor(struct trial *trial) {
  trial->lacks_cancel_fd = true;
  for_each_kind(trial, put_cancelled);
}

static void put_cancelled_elsewhere(struct store *store, enum kind kind) {
  struct cut cut = {.later = true};
  pthread_t thread;

  sem_init(&cut.go, 0, 0);
  sem_init(&cut.done, 0, 0);
  if (pthread_create(&thread, NULL, cancel_when_asked, &cut) != 0) trial_fail(store->trial, "No thread could be made.");
  put_cut(store, kind, &cut, ask_thread, store->trial->patience_ms);
  if (!cut.acted) sem_post(&cut.go);
  pthread_join(thread, NULL);
}

static void other_thread(struct trial *trial) {
  for_each_kind(trial, put_cancelled_elsewhere);
}

/* Whatever a cancelled put does, the instance works. */
static void go_on(struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT, next AUTO_OBJECT;
  struct cut cut = {.moves = 0};
  struct input input;

  object_make(&object, store->trial, kind, long_size(store->trial));
  object_make(&next, store->trial, kind, 1000);
  input_begin(&input, store->trial, object.datum.bytes, object.datum.size);
  input.on_read = on_read;
  input.user = &cut;
  begin_cut(&cut, store, cancel, store->trial->patience_ms);
  object_put(store, &cut.call, &object, &input);
  end_cut(&cut, store);
  must_put_object(store, &next);
  must_hold_object(store, &next);
  must_put_object(store, &object);
  must_hold_object(store, &object);
}

static void go_on_after(struct trial *trial) {
  for_each_kind(trial, go_on);
}

/* ---- calls that are over before they begin ---- */

static void must_be_over(struct store *store, const struct call *call, enum blockstore_status status, const char *entry) {
  trial_due(store->trial, 0, NULL);
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_CANCELLED && status != BLOCKSTORE_STATUS_UNSUPPORTED)
    trial_fail(store->trial, "%s of a call that was over before it began answered %s.", entry, answer_text(call, status));
}

static void begin_over(struct call *call, struct store *store, bool cancelled, const char *what) {
  call_begin(call, store);
  if (cancelled) call_cancel(call);
  else call_due(call, 0);
  trial_due(store->trial, DUE_MS, what);
}

static void move_over(struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT, absent AUTO_OBJECT;
  struct output output;
  struct input input;
  struct call call;

  object_make(&object, store->trial, kind, 1000);
  object_make(&absent, store->trial, kind, 1000);
  must_put_object(store, &object);
  must_hold_object(store, &object);
  if (kind == KIND_MUTABLE) object.url = must_make_url(store, object.id);
  begin_over(&call, store, false, "returned from a put within a second, though its time was over before it began");
  input_begin(&input, store->trial, absent.datum.bytes, absent.datum.size);
  must_be_over(store, &call, object_put(store, &call, &absent, &input), object_put_name(kind));
  call_end(&call);
  begin_over(&call, store, false, "returned from a get within a second, though its time was over before it began");
  output_begin(&output, store->trial);
  must_be_over(store, &call, object_get(store, &call, &object, &output), object_get_name(kind));
  output_end(&output);
  call_end(&call);
}

static void past(struct trial *trial) {
  for_each_kind(trial, move_over);
}

static void past_urls(struct trial *trial) {
  char *id = id_make(trial, "past"), *url;
  struct output output;
  struct store store;
  struct call call;

  must_open(&store, trial, 1);
  output_begin(&output, trial);
  begin_over(&call, &store, false, "returned from make_mutable_url within a second, though its time was over before it began");
  must_be_over(&store, &call, store_make_url(&store, &call, &output, id), "make_mutable_url");
  call_end(&call);
  output_end(&output);
  url = must_make_url(&store, id);
  begin_over(&call, &store, false, "returned from handles_url within a second, though its time was over before it began");
  must_be_over(&store, &call, store_handles_url(&store, &call, url), "handles_url");
  call_end(&call);
  free(url);
  free(id);
  store_close(&store);
}

static void open_over(struct trial *trial, bool cancelled) {
  struct blockstore_settings *settings = must_settings(trial, NULL, NULL, NULL);
  uint32_t patience_ms = trial->patience_ms;
  enum blockstore_status status;
  struct store store;
  struct call call;

  if (cancelled) trial->begun = call_cancel;
  else trial->patience_ms = 0;
  trial_due(trial, DUE_MS, "returned from storage_init within a second, though its call was over before it began");
  status = store_try(&store, trial, settings, &call);
  trial_due(trial, 0, NULL);
  trial->begun = NULL;
  trial->patience_ms = patience_ms;
  if (status != BLOCKSTORE_STATUS_OK && status != BLOCKSTORE_STATUS_CANCELLED)
    trial_fail(trial, "storage_init of a call that was over before it began answered %s.", answer_text(&call, status));
  call_end(&call);
  if (status == BLOCKSTORE_STATUS_OK) store_close(&store);
}

static void over_opening(struct trial *trial) {
  struct store store;

  open_over(trial, false);
  open_over(trial, true);
  must_open(&store, trial, 1);
  store_close(&store);
}

static void delete_over(struct store *store, enum kind kind) {
  for (int cancelled = 0; cancelled < 2; cancelled++) {
    struct object object AUTO_OBJECT;
    struct call call;

    object_make(&object, store->trial, kind, 1000);
    must_put_object(store, &object);
    begin_over(&call, store, cancelled != 0, "returned from a delete within a second, though its call was over before it began");
    must_be_over(store, &call, object_delete(store, &call, &object),
                 kind == KIND_IMMUTABLE ? "delete_immutable_handler" : "delete_mutable_handler");
    call_end(&call);
  }
}

static void over_delete(struct trial *trial) {
  for_each_kind(trial, delete_over);
}

static void over_check(struct trial *trial) {
  struct store store;

  must_open(&store, trial, 1);
  for (int cancelled = 0; cancelled < 2; cancelled++) {
    enum blockstore_status status;
    struct output output;
    struct call call;

    output_begin(&output, trial);
    begin_over(&call, &store, cancelled != 0, "returned from a check within a second, though its call was over before it began");
    status = store_check(&store, &call, &output);
    if (status == BLOCKSTORE_STATUS_UNSUPPORTED) trial_skip(trial, "the driver has no check");
    must_be_over(&store, &call, status, "check");
    call_end(&call);
    output_end(&output);
  }
  store_close(&store);
}

static const struct behaviour behaviours[] = {
    {"deadlines.put-immutable", "a put of an object that is cancelled answers CANCELLED soon, and nothing is visible",
     NEEDS_WRITES,
     cancel_put_immutable},
    {"deadlines.put-mutable", "a put of a record that is cancelled answers CANCELLED soon, and nothing is visible", NEEDS_WRITES,
     cancel_put_mutable},
    {"deadlines.get-immutable", "a get of an object that is cancelled answers CANCELLED soon", NEEDS_WRITES,
     cancel_get_immutable},
    {"deadlines.get-mutable", "a get of a record that is cancelled answers CANCELLED soon", NEEDS_WRITES, cancel_get_mutable},
    {"deadlines.slow-source", "a put whose source is slower than its deadline answers CANCELLED, and nothing is visible",
     NEEDS_WRITES,
     slow_source},
    {"deadlines.slow-sink", "a get whose sink is slower than its deadline answers CANCELLED", NEEDS_WRITES, slow_sink},
    {"deadlines.past", "puts and gets whose deadline is past return soon", NEEDS_WRITES, past},
    {"deadlines.urls", "URLs are made and known soon when the deadline is past", 0, past_urls},
    {"deadlines.opening", "storage_init returns soon when it was cancelled before or its deadline is past", 0, over_opening},
    {"deadlines.delete", "deletes that are cancelled or past their deadline return soon", NEEDS_WRITES, over_delete},
    {"deadlines.check", "a check that is cancelled or past its deadline returns soon", 0, over_check},
    {"deadlines.no-descriptor", "a put that is cancelled returns soon also where there is no cancel_fd", NEEDS_WRITES,
     no_descriptor},
    {"deadlines.other-thread", "a put can be cancelled by another thread, at any time", NEEDS_WRITES, other_thread},
    {"deadlines.go-on", "after a put was cancelled, the instance goes on", NEEDS_WRITES, go_on_after},
};
const struct group group_deadlines = GROUP(behaviours);

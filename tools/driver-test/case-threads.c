/* SPDX-License-Identifier: MIT */
/* Calls from several threads, as many at once as the driver declares. */
#include <config.h>

#include <signal.h>
#include <time.h>

#include "core/base/clock.h"
#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/crew.h"
#include "tools/driver-test/tasks.h"

#define WORK_MS 500
#define OPENERS 3

/* ---- one call at a time, from changing threads ---- */

struct errand {
  struct trial *trial;
  struct store store;
};

static void *open_it(void *user) {
  struct errand *errand = user;

  must_open(&errand->store, errand->trial, 1);
  return NULL;
}

static void *use_it(void *user) {
  struct errand *errand = user;

  for (int kind = 0; kind < KINDS; kind++) {
    struct object object AUTO_OBJECT;

    if (!store_keeps(&errand->store, (enum kind)kind)) continue;
    object_make(&object, errand->trial, (enum kind)kind, 1000);
    must_put_object(&errand->store, &object);
    must_hold_object(&errand->store, &object);
  }
  return NULL;
}

static void *close_it(void *user) {
  struct errand *errand = user;

  store_close(&errand->store);
  return NULL;
}

static void move(struct trial *trial) {
  struct errand errand = {.trial = trial};

  trial_in_thread(trial, open_it, &errand);
  trial_in_thread(trial, use_it, &errand);
  trial_in_thread(trial, close_it, &errand);
}

/* ---- as declared ---- */

static void need_model(struct trial *trial, enum bs_threads wanted) {
  static const char *const names[] = {
      [BS_THREADS_SERIAL] = "serial", [BS_THREADS_INSTANCE] = "instance", [BS_THREADS_PARALLEL] = "parallel"};
  enum bs_threads declared = trial->subject->traits.threads;

  if (declared != wanted)
    trial_skip(trial, "%s threads=%s", trial->subject->filter_count > 0 ? "the filter that is asked first declares" :
               trial->subject->isolation != NULL ? "isolated, the driver has" : "the driver declares", names[declared]);
}

static void work_in_one(struct trial *trial) {
  struct store store;
  struct crew crew;

  must_open(&store, trial, 1);
  crew_make(&crew, &store);
  crew_work(&crew, &store, false, CREW_MOST, WORK_MS);
  crew_free(&crew);
  store_close(&store);
}

/* The calls take turns: store.c sees to it. */
static void work_serially(struct trial *trial) {
  need_model(trial, BS_THREADS_SERIAL);
  work_in_one(trial);
}

static void work_in_parallel(struct trial *trial) {
  need_model(trial, BS_THREADS_PARALLEL);
  work_in_one(trial);
}

static void work_in_each(struct trial *trial) {
  struct store stores[CREW_MOST];
  struct crew crew;

  need_model(trial, BS_THREADS_INSTANCE);
  for (int i = 0; i < CREW_MOST; i++) must_open(&stores[i], trial, 1);
  crew_make(&crew, &stores[0]);
  crew_work(&crew, stores, true, CREW_MOST, WORK_MS);
  crew_free(&crew);
  for (int i = 0; i < CREW_MOST; i++) store_close(&stores[i]);
}

/* ---- opening while another works ---- */

struct opener {
  struct trial *trial;
  uint64_t end_ms;
};

static void *open_and_close(void *user) {
  const struct opener *opener = user;

  do {
    struct store store;

    must_open(&store, opener->trial, 1);
    store_close(&store);
  } while (bs_clock_monotonic_ms() < opener->end_ms);
  return NULL;
}

/* One worker: only opening and closing are at odds with its calls. */
static void open_beside(struct trial *trial) {
  struct opener opener = {trial, 0};
  pthread_t threads[OPENERS];
  struct store store;
  struct crew crew;

  if (trial->subject->traits.threads == BS_THREADS_SERIAL) trial_skip(trial, "the driver declares threads=serial");
  must_open(&store, trial, 1);
  crew_make(&crew, &store);
  opener.end_ms = bs_clock_monotonic_ms() + WORK_MS / 2;
  for (int i = 0; i < OPENERS; i++)
    if (pthread_create(&threads[i], NULL, open_and_close, &opener) != 0) trial_fail(trial, "No thread could be made.");
  crew_work(&crew, &store, false, 1, WORK_MS / 2);
  for (int i = 0; i < OPENERS; i++) pthread_join(threads[i], NULL);
  crew_free(&crew);
  store_close(&store);
}

/* ---- threads of its own ---- */

#define BIT(signal) (UINT64_C(1) << ((signal) - 1))

/* Those of faults, those that cannot be blocked, and the C library's own. */
static const uint64_t may_be_open = BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGABRT) |
                                    BIT(SIGSYS) | BIT(SIGTRAP) | BIT(SIGKILL) | BIT(SIGSTOP) | BIT(32) | BIT(33) | BIT(34);

struct guard {
  struct trial *trial;
  struct list ours;
};

static void look(const struct guard *guard) {
  const struct timespec nap = {0, 5000000};
  struct list now;

  nanosleep(&nap, NULL); /* a thread that begins blocks all signals in any case */
  list_threads(&now, guard->trial);
  for (size_t i = 0; i < now.count; i++) {
    uint64_t open = list_has(&guard->ours, now.numbers[i]) ? 0 : ~(thread_blocked(now.numbers[i]) | may_be_open);

    for (int signal = 1; signal <= 64; signal++)
      if ((open & BIT(signal)) != 0)
        trial_fail(guard->trial,
                   "A thread of the driver does not block signal %d (pthread_sigmask before pthread_create).", signal);
  }
}

static void look_from_read(struct input *input, uint64_t offset, size_t length) {
  (void)offset, (void)length;
  look(input->user);
}

static void look_from_write(struct output *output, size_t length) {
  (void)length;
  look(output->user);
}

static void guard_one(struct store *store, enum kind kind, struct guard *guard) {
  struct object object AUTO_OBJECT;
  struct output output;
  struct input input;
  struct call call;

  object_make(&object, store->trial, kind, 100000);
  call_begin(&call, store);
  input_begin(&input, store->trial, object.datum.bytes, object.datum.size);
  input.on_read = look_from_read;
  input.user = guard;
  object_put(store, &call, &object, &input);
  call_end(&call);
  call_begin(&call, store);
  output_begin(&output, store->trial);
  output.on_write = look_from_write;
  output.user = guard;
  object_get(store, &call, &object, &output);
  output_end(&output);
  call_end(&call);
}

static void block_signals(struct trial *trial) {
  struct guard guard = {.trial = trial};
  struct store store;

  list_threads(&guard.ours, trial);
  must_open(&store, trial, 1);
  look(&guard);
  for (int kind = 0; kind < KINDS; kind++)
    if (store_keeps(&store, (enum kind)kind)) guard_one(&store, (enum kind)kind, &guard);
  look(&guard);
  store_close(&store);
  look(&guard);
}

static const struct behaviour behaviours[] = {
    {"threads.moved", "a store is opened by one thread, used by another and closed by a third", NEEDS_WRITES, move},
    {"threads.serial", "threads=serial: calls come from many threads, one at a time", NEEDS_WRITES, work_serially},
    {"threads.instance", "threads=instance: instances are used by a thread each, at once", NEEDS_WRITES, work_in_each},
    {"threads.parallel", "threads=parallel: one instance is used by many threads at once", NEEDS_WRITES, work_in_parallel},
    {"threads.opening", "instances are opened and closed while another works", NEEDS_WRITES, open_beside},
    {"threads.signals", "the driver's own threads block all signals but those of faults", NEEDS_WRITES, block_signals},
};
const struct group group_threads = GROUP(behaviours);

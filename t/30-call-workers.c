/* SPDX-License-Identifier: MIT */
/* Groups of calls on workers: side by side with inline ones, their reports and their progress. */
#include <config.h>

#include <signal.h>

#include "t/lib/calls.h"
#include "t/lib/threads.h"

static pthread_t caller;
static sem_t worker_entered;
static atomic_int on_workers;

static enum blockstore_status mock_init(void **ret_self, struct blockstore_call *call,
                                        const struct blockstore_settings *settings UNUSED,
                                        const struct blockstore_next *next UNUSED) {
  *ret_self = call->store;
  return BLOCKSTORE_STATUS_OK;
}

/* "quick"; "wait": until a worker's call is inside; "announce": is inside; "drip": 3 bytes in 300 ms. */
static enum blockstore_status mock_get(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                       const char *key) {
  sigset_t blocked;

  assert_ptr_equal(self, call->store);
  if (!pthread_equal(pthread_self(), caller)) {
    atomic_fetch_add(&on_workers, 1);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
    assert_true(sigismember(&blocked, SIGTERM) == 1);
  }
  if (strcmp(key, "announce") == 0) sem_post(&worker_entered);
  if (strcmp(key, "wait") == 0) wait_for(&worker_entered);
  for (int i = 0; strcmp(key, "drip") == 0 && i < 3; i++) {
    sleep_ms(110);
    if (ret_data->write(ret_data, "x", 1) != BLOCKSTORE_STATUS_OK) return BLOCKSTORE_STATUS_CANCELLED;
  }
  return ret_data->write(ret_data, key, strlen(key));
}

static enum blockstore_status mock_put(void *self UNUSED, struct blockstore_call *call UNUSED,
                                       const char *data_id UNUSED, uint64_t version UNUSED,
                                       const char *signature UNUSED, const struct blockstore_source *record) {
  char buffer[1000];

  for (uint64_t at = 0; at < record->size; at += sizeof buffer) {
    size_t part = record->size - at < sizeof buffer ? (size_t)(record->size - at) : sizeof buffer;
    enum blockstore_status status = record->read_at(record, buffer, part, at);

    if (status != BLOCKSTORE_STATUS_OK) return status;
    for (size_t i = 0; i < part; i++)
      if (buffer[i] != (char)((at + i) % 251)) return BLOCKSTORE_STATUS_FAILED;
  }
  return BLOCKSTORE_STATUS_OK;
}

static const struct blockstore_driver driver = {
    .storage_init = mock_init, .get_immutable_handler = mock_get, .put_mutable_handler = mock_put};

static struct bs_store *near_store;
static struct bs_store *far_store;
static struct collected collected[8];

static int set_up(void **state) {
  set_up_calls(state);
  caller = pthread_self();
  sem_init(&worker_entered, 0, 0);
  atomic_store(&on_workers, 0);
  near_store = open_store("near", &driver, BS_THREADS_PARALLEL, true, 0);
  far_store = open_store("far", &driver, BS_THREADS_PARALLEL, false, 0);
  return 0;
}

static int tear_down(void **state) {
  bs_store_close(near_store);
  bs_store_close(far_store);
  for (size_t i = 0; i < 8; i++) {
    bs_buffer_free(&collected[i].bytes);
    memset(&collected[i], 0, sizeof collected[i]);
  }
  return tear_down_calls(state);
}

/* The inline call is listed first, and would wait for ever if it also started first. */
static void workers_start_before_inline_calls(void **state UNUSED) {
  struct bs_call *calls[] = {get_call(near_store, "wait", &collected[0]),
                             get_call(far_store, "announce", &collected[1])};
  struct bs_scope *scope = scope_of(0);

  bs_calls_run(calls, 2, scope, NULL);
  bs_scope_close(scope);
  assert_status(bs_call_result(calls[0]), OK);
  assert_status(bs_call_result(calls[1]), OK);
  assert_int_equal(atomic_load(&on_workers), 1);
  bs_call_release(calls[0]);
  bs_call_release(calls[1]);
}

struct reports {
  int count;
  bool on_caller;
  struct bs_call *seen[8];
};

static bool note_report(void *user, struct bs_call *call) {
  struct reports *reports = user;

  reports->on_caller = pthread_equal(pthread_self(), caller) != 0;
  reports->seen[reports->count++] = call;
  assert_status(bs_call_result(call), OK);
  return false;
}

static void each_end_is_reported_once_on_the_callers_thread(void **state UNUSED) {
  struct bs_call *calls[8];
  struct reports reports = {0};
  struct bs_scope *scope = scope_of(0);

  for (size_t i = 0; i < 8; i++) {
    calls[i] = get_call(i % 2 == 0 ? far_store : near_store, "quick", &collected[i]);
    bs_call_set_user(calls[i], &collected[i]);
  }
  bs_calls_run(calls, 8, scope, &(struct bs_calls_watch){.ended = note_report, .user = &reports});
  bs_scope_close(scope);
  assert_int_equal(reports.count, 8);
  assert_true(reports.on_caller);
  for (size_t i = 0; i < 8; i++) {
    int times = 0;

    for (size_t j = 0; j < 8; j++) times += reports.seen[j] == calls[i];
    assert_int_equal(times, 1);
    assert_ptr_equal(bs_call_user(calls[i]), &collected[i]);
    assert_string_equal(bs_buffer_string(&collected[i].bytes), "quick");
    bs_call_release(calls[i]);
  }
}

static void no_call_at_all_is_fine(void **state UNUSED) {
  struct bs_scope *scope = scope_of(0);

  bs_calls_run(NULL, 0, scope, NULL);
  bs_scope_close(scope);
}

struct watched {
  struct bs_call *call;
  int told;
  uint64_t bytes;
};

static void watch(void *user) {
  struct watched *watched = user;

  assert_true(pthread_equal(pthread_self(), caller));
  watched->told++;
  assert_true(bs_call_bytes(watched->call) >= watched->bytes);
  watched->bytes = bs_call_bytes(watched->call);
}

static void progress_is_told_from_workers_and_from_within_inline_calls(void **state UNUSED) {
  struct bs_store *stores[] = {near_store, far_store};

  for (size_t i = 0; i < 2; i++) {
    struct watched watched = {.call = get_call(stores[i], "drip", &collected[i])};
    struct bs_scope *scope = scope_of(0);

    bs_calls_run(&watched.call, 1, scope, &(struct bs_calls_watch){.progress = watch, .user = &watched});
    bs_scope_close(scope);
    assert_status(bs_call_result(watched.call), OK);
    assert_true(bs_call_result(watched.call)->took_ms > 300);
    assert_true(watched.told >= 1);
    assert_true(watched.bytes >= 1);
    bs_call_release(watched.call);
  }
}

static void a_cancelled_inline_call_is_told_by_its_sink(void **state UNUSED) {
  struct bs_call *call = get_call(near_store, "drip", &collected[0]);

  assert_result(run_one(call, 50), CANCELLED, BS_WORD_deadline, "near");
  assert_false(bs_call_result(call)->abandoned);
  bs_call_release(call);
}

static void several_stores_read_one_feed(void **state UNUSED) {
  static unsigned char bytes[100000];
  struct bs_error error = {0};
  struct bs_feed *feed = NULL;
  struct bs_call *calls[6];
  struct bs_scope *scope = scope_of(0);

  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i % 251);
  assert_ok(bs_feed_from_memory(&feed, bytes, sizeof bytes, &error));
  for (size_t i = 0; i < 6; i++) calls[i] = put_call(i == 0 ? near_store : far_store, BS_ENTRY_PUT_MUTABLE, feed);
  bs_calls_run(calls, 6, scope, NULL);
  bs_scope_close(scope);
  for (size_t i = 0; i < 6; i++) {
    assert_status(bs_call_result(calls[i]), OK);
    assert_int_equal(bs_call_bytes(calls[i]), sizeof bytes);
    bs_call_release(calls[i]);
  }
  bs_feed_release(feed);
}

static void a_thread_that_cannot_be_started_fails_its_call_alone(void **state UNUSED) {
  struct bs_store *single = open_store("single", &driver, BS_THREADS_INSTANCE, false, 0);
  struct bs_call *calls[] = {get_call(single, "quick", &collected[0]), get_call(near_store, "quick", &collected[1]),
                             get_call(single, "quick", &collected[2])};
  struct bs_scope *scope = scope_of(0);

  bs_workers_rest();
  refuse_threads = true;
  bs_calls_run(calls, 3, scope, NULL);
  refuse_threads = false;
  bs_scope_close(scope);
  assert_result(bs_call_result(calls[0]), FAILED, BS_WORD_failed, "single: A thread could not be started");
  assert_status(bs_call_result(calls[1]), OK);
  assert_result(bs_call_result(calls[2]), FAILED, BS_WORD_failed, "single: A thread could not be started");
  for (size_t i = 0; i < 3; i++) bs_call_release(calls[i]);
  bs_store_close(single);
}

#define WORKER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WORKER_TEST(workers_start_before_inline_calls),
      WORKER_TEST(each_end_is_reported_once_on_the_callers_thread),
      WORKER_TEST(no_call_at_all_is_fine),
      WORKER_TEST(progress_is_told_from_workers_and_from_within_inline_calls),
      WORKER_TEST(a_cancelled_inline_call_is_told_by_its_sink),
      WORKER_TEST(several_stores_read_one_feed),
      WORKER_TEST(a_thread_that_cannot_be_started_fails_its_call_alone),
  };

  return RUN_TESTS(tests);
}

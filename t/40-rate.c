/* SPDX-License-Identifier: MIT */
/* The filter rate: what is counted, who waits, and who is told to come later. */
#include <config.h>

#include <time.h>

#include "t/lib/filter-host.h"

#define OPEN(...) (const struct host_setting[]){__VA_ARGS__, {NULL, NULL}}
#define TEN_MINUTES {"per", "600000"} /* in which nothing comes back that a test would notice */

static struct host_store store;

static int end(void **state) {
  (void)state;
  host_store_close(&store);
  return 0;
}

static uint64_t now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* What must wait for minutes has no time for that. */
static void open_hurried(const struct host_setting *rows) {
  filter_open(&store, "rate", rows);
  store.call.deadline = now() + 60000;
}

static void said(const char *text, uint32_t least_ms, uint32_t most_ms) {
  assert_string_equal(strncmp(store.call.sentence, text, strlen(text)) == 0 ? text : store.call.sentence, text);
  assert_non_null(strstr(store.call.sentence, ", when the deadline has passed."));
  assert_in_range(store.call.retry_after, least_ms, most_ms);
}

static void calls_are_counted(void **state) {
  (void)state;
  open_hurried(OPEN({"calls", "2"}, TEN_MINUTES));
  assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_put_immutable(&store, "key", "bytes", 5), BLOCKSTORE_STATUS_OK);
  assert_int_equal(store.driver->delete_mutable_handler(store.self, &store.call.call, "id", "v2:s"),
                   BLOCKSTORE_STATUS_TRANSIENT);
  said("The rate of 2 calls in 600000 ms would let this go on in ", 200000, 300001);
  assert_int_equal(below.asked, 2);
}

static void urls_are_not(void **state) {
  char *url;

  (void)state;
  open_hurried(OPEN({"calls", "1"}, {"bytes", "1"}, TEN_MINUTES));
  assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_OK);
  below_holds("mine:id");
  for (int i = 0; i < 3; i++) {
    url = host_url(&store, "id");
    assert_int_equal(store.driver->handles_url(store.self, &store.call.call, url), BLOCKSTORE_STATUS_OK);
    free(url);
  }
}

static void bytes_are_counted_both_ways(void **state) {
  (void)state;
  open_hurried(OPEN({"bytes", "10"}, TEN_MINUTES));
  assert_int_equal(host_put_immutable(&store, "key", "data", 4), BLOCKSTORE_STATUS_OK);
  host_holds_immutable(&store, "key", "data", 4);
  assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_TRANSIENT); /* its second half */
  assert_int_equal(below.asked, 3);
  said("The rate of 10 bytes in 600000 ms would let this go on in ", 60000, 120001);
  assert_int_equal(host_put_immutable(&store, "key", "else", 4), BLOCKSTORE_STATUS_TRANSIENT);
  said("The rate of 10 bytes in 600000 ms would let this go on in ", 60000, 120001);
  assert_memory_equal(below.value, "data", 4);
}

/* What was refused was not taken. */
static void who_comes_later_leaves_it_to_others(void **state) {
  (void)state;
  open_hurried(OPEN({"bytes", "10"}, TEN_MINUTES));
  assert_int_equal(host_put_immutable(&store, "key", "more than twenty bytes", 22), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(host_put_immutable(&store, "key", "ten bytes.", 10), BLOCKSTORE_STATUS_OK);
}

static void one_limit_is_not_the_other(void **state) {
  (void)state;
  open_hurried(OPEN({"calls", "0"}, {"bytes", "10000"}, TEN_MINUTES));
  below_holds("some data");
  for (int i = 0; i < 1000; i++) assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_OK);
  host_store_close(&store);
  open_hurried(OPEN({"calls", "3"}, {"bytes", "0"}, TEN_MINUTES));
  for (int i = 0; i < 3; i++)
    assert_int_equal(host_put_immutable(&store, "key", "more than ten bytes", 19), BLOCKSTORE_STATUS_OK);
}

static void a_wait_that_fits_is_waited(void **state) {
  uint64_t from;

  (void)state;
  filter_open(&store, "rate", OPEN({"calls", "2"}, {"per", "40"}));
  from = now();
  for (int i = 0; i < 4; i++) assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_OK);
  assert_true(now() - from >= 39); /* the clock's milliseconds are whole */
}

/* ---- cancelling ---- */

static struct blockstore_host ending;
static unsigned looks;

static uint32_t time_left(struct blockstore_call *call) {
  (void)call;
  return looks == 0 ? 0 : (looks--, UINT32_MAX);
}

static void who_is_cancelled_leaves_it_to_others(void **state) {
  const struct blockstore_host *real;

  (void)state;
  filter_open(&store, "rate", OPEN({"calls", "1"}, TEN_MINUTES));
  real = store.call.call.host;
  ending = *real;
  ending.time_left = time_left;
  assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_OK);
  store.call.call.host = &ending;
  looks = 3;
  assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_CANCELLED);
  assert_int_equal(looks, 0);
  assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_CANCELLED); /* at once */
  store.call.call.host = real;
  store.call.deadline = now() + 1000;
  assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_TRANSIENT);
  said("The rate of 1 calls in 600000 ms would", 300000, 600001);
  assert_int_equal(below.asked, 1);
}

/* ---- threads ---- */

#define THREADS 4
#define CALLS 25

static void *ask(void *user) {
  struct host_call call;
  struct host_sink sink;

  host_call_init(&call);
  host_sink_init(&sink);
  for (int i = 0; i < CALLS; i++)
    if (store.driver->get_immutable_handler(store.self, &call.call, &sink.sink, "key") != BLOCKSTORE_STATUS_OK) return user;
  host_sink_free(&sink);
  return NULL;
}

static void threads_share_one_bucket(void **state) {
  pthread_t threads[THREADS];
  uint64_t from = now();
  void *failed;

  (void)state;
  filter_open(&store, "rate", OPEN({"calls", "50"}, {"per", "400"}));
  below_holds("some data");
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask, &store), 0);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], &failed), 0);
    assert_null(failed);
  }
  assert_int_equal(below.asked, THREADS * CALLS);
  assert_true(now() - from >= 399); /* 50 are there, 50 more take as long as that */
}

static void limits_that_are_none_are_refused(void **state) {
  (void)state;
  filter_refuses("rate", OPEN({"calls", "-1"}, {"per", "1"}), "calls: This must be 0 (no limit) or more.");
  filter_refuses("rate", OPEN({"calls", "1"}, {"per", "0"}), "per: This must be 1 ms or more.");
  filter_refuses("rate", OPEN({"per", "1000"}), "calls, bytes: One of them must be more than 0, or nothing is limited.");
}

#define RATE_TEST(test) cmocka_unit_test_teardown(test, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      RATE_TEST(calls_are_counted),
      RATE_TEST(urls_are_not),
      RATE_TEST(bytes_are_counted_both_ways),
      RATE_TEST(who_comes_later_leaves_it_to_others),
      RATE_TEST(one_limit_is_not_the_other),
      RATE_TEST(a_wait_that_fits_is_waited),
      RATE_TEST(who_is_cancelled_leaves_it_to_others),
      RATE_TEST(threads_share_one_bucket),
      cmocka_unit_test(limits_that_are_none_are_refused),
  };

  return RUN_TESTS(tests);
}

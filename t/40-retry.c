/* SPDX-License-Identifier: MIT */
/* The filter retry: what is tried again, how often and when, and what its caller is told. */
#include <config.h>

#include <time.h>

#include "t/lib/filter-host.h"

#define OPEN(...) (const struct host_setting[]){__VA_ARGS__, {NULL, NULL}}
#define AT_ONCE {"times", "5"}, {"wait", "0"}, {"longest", "10000"}

static struct host_store store;
static struct host_sink sink;

static int end(void **state) {
  (void)state;
  host_store_close(&store);
  host_sink_free(&sink);
  return 0;
}

/* These first answers are TRANSIENT. */
static void open_failing(const struct host_setting *rows, unsigned count) {
  filter_open(&store, "retry", rows);
  host_sink_init(&sink);
  for (unsigned i = 0; i < count; i++) below.answers[i].status = BLOCKSTORE_STATUS_TRANSIENT;
  below_holds("some data");
}

static enum blockstore_status get(void) {
  return store.driver->get_immutable_handler(store.self, &store.call.call, &sink.sink, "key");
}

static void gave(const char *value) {
  assert_int_equal(sink.length, strlen(value));
  assert_memory_equal(sink.bytes, value, sink.length);
}

static uint64_t now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void it_tries_until_it_works(void **state) {
  (void)state;
  open_failing(OPEN(AT_ONCE), 4);
  assert_int_equal(get(), BLOCKSTORE_STATUS_OK);
  assert_int_equal(below.asked, 5);
  gave("some data");
  assert_string_equal(store.call.sentence, "");
  assert_int_equal(sink.begins, 1);
}

static void then_it_gives_the_last_answer(void **state) {
  (void)state;
  open_failing(OPEN(AT_ONCE), 6);
  below.answers[4].retry_after_ms = 70000;
  assert_int_equal(get(), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(below.asked, 5);
  assert_string_equal(store.call.sentence, "Tried 5 times: The store has its reasons.");
  assert_int_equal(store.call.retry_after, 70000);
}

static void once_is_not_again(void **state) {
  (void)state;
  open_failing(OPEN({"times", "1"}, {"wait", "0"}, {"longest", "0"}), 2);
  assert_int_equal(get(), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(below.asked, 1);
  assert_string_equal(store.call.sentence, "Tried 1 time: The store has its reasons.");
  assert_int_equal(store.call.retry_after, 10000); /* so that the core does not begin anew */
}

static void what_no_repeating_mends_is_not_repeated(void **state) {
  static const enum blockstore_status statuses[] = {
      BLOCKSTORE_STATUS_NOT_FOUND, BLOCKSTORE_STATUS_UNHANDLED_URL, BLOCKSTORE_STATUS_DENIED,    BLOCKSTORE_STATUS_NO_SPACE,
      BLOCKSTORE_STATUS_TOO_LARGE, BLOCKSTORE_STATUS_CONFLICT,      BLOCKSTORE_STATUS_CANCELLED, BLOCKSTORE_STATUS_UNSUPPORTED,
      BLOCKSTORE_STATUS_FAILED};
  const unsigned count = sizeof statuses / sizeof statuses[0];

  (void)state;
  open_failing(OPEN(AT_ONCE), 0);
  for (unsigned i = 0; i < count; i++) below.answers[i].status = statuses[i];
  for (unsigned i = 0; i < count; i++) {
    assert_int_equal(get(), statuses[i]);
    assert_int_equal(below.asked, i + 1);
    assert_string_equal(store.call.sentence, "The store has its reasons.");
  }
}

static void every_entry_is_tried_again(void **state) {
  const struct blockstore_driver *driver;
  struct blockstore_call *call = &store.call.call;
  struct host_source source;

  (void)state;
  open_failing(OPEN(AT_ONCE), 0);
  driver = store.driver;
  for (unsigned i = 0; i < 16; i += 2) below.answers[i].status = BLOCKSTORE_STATUS_TRANSIENT;
  host_source_init(&source, "bytes", 5);
  assert_int_equal(driver->put_immutable_handler(store.self, call, "key", &source.source, NULL), BLOCKSTORE_STATUS_OK);
  assert_memory_equal(below.value, "bytes", 5);
  host_source_init(&source, "record", 6);
  assert_int_equal(driver->put_mutable_handler(store.self, call, "id", 3, "v2:s", &source.source), BLOCKSTORE_STATUS_OK);
  assert_memory_equal(below.value, "record", 6);
  assert_int_equal(below.version, 3);
  assert_int_equal(driver->get_mutable_handler(store.self, call, &sink.sink, "mine:id"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(driver->delete_immutable_handler(store.self, call, "key", "txid"), BLOCKSTORE_STATUS_OK);
  assert_string_equal(below.txid, "txid");
  assert_int_equal(driver->delete_mutable_handler(store.self, call, "id", "v2:s"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(driver->check(store.self, call, &sink.sink), BLOCKSTORE_STATUS_OK);
  assert_int_equal(driver->make_mutable_url(store.self, call, &sink.sink, "id"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(driver->handles_url(store.self, call, "mine:id"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(below.asked, 16);
}

/* ---- bytes that went up already ---- */

static void a_value_cut_short_begins_anew(void **state) {
  (void)state;
  open_failing(OPEN(AT_ONCE), 2);
  below.answers[0].moves = below.answers[1].moves = true;
  below.answers[0].give = 4;
  assert_int_equal(get(), BLOCKSTORE_STATUS_OK);
  assert_int_equal(sink.begins, 3);
  assert_int_equal(sink.announced, 9);
  gave("some data");
}

/* A begin after a value of an unknown size would make what came of it a candidate. */
static void a_value_without_a_size_does_not(void **state) {
  (void)state;
  open_failing(OPEN(AT_ONCE), 2);
  below.answers[0].moves = below.answers[0].is_endless = true;
  below.answers[0].give = 4;
  assert_int_equal(get(), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(below.asked, 1);
  assert_int_equal(sink.begins, 1);
  assert_string_equal(store.call.sentence,
                      "Tried 1 time, as data whose size was not said cannot begin anew: The store has its reasons.");
  assert_int_equal(store.call.retry_after, 0); /* the core can */
}

static enum blockstore_status give_nothing(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                           const char *key) {
  (void)self, (void)ret_data;
  return below_end(call, &(struct below_answer){below_note("get_immutable", key, NULL, NULL).status, 0, false, false, 0});
}

/* The first try gives a part; the second an empty value, which it need not begin. */
static enum blockstore_status give_then_nothing(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                const char *key) {
  return below.asked == 0 ? below_get_immutable(self, call, ret_data, key) : give_nothing(self, call, ret_data, key);
}

static void an_empty_value_is_not_the_end_of_another(void **state) {
  struct blockstore_driver driver = below_driver;
  struct blockstore_next next = {sizeof next, sizeof driver, &driver, NULL};
  struct blockstore_settings settings = {OPEN(AT_ONCE)};

  (void)state;
  driver.get_immutable_handler = give_then_nothing;
  open_failing(OPEN(AT_ONCE), 1);
  below.answers[0].moves = true;
  below.answers[0].give = 4;
  host_store_close(&store);
  assert_int_equal(store.driver->storage_init(&store.self, &store.call.call, &settings, &next), BLOCKSTORE_STATUS_OK);
  assert_int_equal(get(), BLOCKSTORE_STATUS_OK);
  assert_int_equal(below.asked, 2);
  assert_int_equal(sink.begins, 2);
  assert_int_equal(sink.announced, 0);
  assert_int_equal(sink.length, 0);
}

static void what_the_caller_refuses_is_not_tried_again(void **state) {
  struct host_source source;

  (void)state;
  open_failing(OPEN(AT_ONCE), 0);
  sink.room = 5;
  sink.fail_with = BLOCKSTORE_STATUS_TRANSIENT;
  assert_int_equal(get(), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(below.asked, 1);
  host_source_init(&source, "bytes", 5);
  source.fail_at = 3;
  source.fail_with = BLOCKSTORE_STATUS_TRANSIENT;
  assert_int_equal(store.driver->put_immutable_handler(store.self, &store.call.call, "key", &source.source, NULL),
                   BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(below.asked, 2);
}

/* ---- time ---- */

static void it_waits_as_long_as_the_store_asks(void **state) {
  uint64_t from = now();

  (void)state;
  open_failing(OPEN(AT_ONCE), 1);
  below.answers[0].retry_after_ms = 40;
  assert_int_equal(get(), BLOCKSTORE_STATUS_OK);
  assert_true(now() - from >= 40);
}

static void it_does_not_begin_what_would_be_too_late(void **state) {
  (void)state;
  open_failing(OPEN(AT_ONCE), 2);
  below.answers[0].retry_after_ms = 600000;
  store.call.deadline = now() + 500000;
  assert_int_equal(get(), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(below.asked, 1);
  assert_string_equal(store.call.sentence,
                      "Tried 1 time, as the next try would be past the deadline: The store has its reasons.");
  assert_int_equal(store.call.retry_after, 600000);
}

static void a_call_that_is_over_is_cancelled(void **state) {
  (void)state;
  open_failing(OPEN(AT_ONCE), 2);
  store.call.deadline = 1;
  assert_int_equal(get(), BLOCKSTORE_STATUS_CANCELLED);
  assert_int_equal(below.asked, 1);
}

/* By full jitter the waits are even from nothing to what doubles, and what is said of them in the log follows from the seed. */
static char lines[4096];
static struct blockstore_host listening;

static void listen(struct blockstore_store *of, enum blockstore_log_level level, const char *line) {
  size_t length = strlen(lines);

  (void)of;
  assert_int_equal(level, BLOCKSTORE_LOG_INFO);
  snprintf(lines + length, sizeof lines - length, "%s\n", line);
}

static uint32_t no_time_passes(struct blockstore_call *call) {
  return ((struct host_call *)call)->looks == 0 ? 0 : UINT32_MAX;
}

/* The milliseconds of each wait of a get that fails 8 times. */
static void waits_of(unsigned long *waits, unsigned count, const char *seed) {
  const struct host_setting rows[] = {{"times", "8"}, {"wait", "4"}, {"longest", "16"}, {"seed", seed}, {NULL, NULL}};
  const char *line = lines;

  open_failing(rows, 8);
  listening = *store.call.call.host;
  listening.log = listen;
  listening.time_left = no_time_passes;
  store.call.call.host = &listening;
  lines[0] = '\0';
  assert_int_equal(get(), BLOCKSTORE_STATUS_TRANSIENT);
  for (unsigned i = 0; i < count; i++) {
    const char *prefix = "get_immutable key is tried again in ";

    assert_int_equal(strncmp(line, prefix, strlen(prefix)), 0);
    waits[i] = strtoul(line + strlen(prefix), NULL, 10);
    line = strchr(line, '\n') + 1;
  }
  assert_string_equal(line, "");
  host_store_close(&store);
  host_sink_free(&sink);
}

static void waits_double_up_to_the_longest(void **state) {
  static const unsigned long most[] = {4, 8, 16, 16, 16, 16, 16};
  unsigned long waits[7], again[7], others[7], largest[7] = {0};
  char seed[16];

  (void)state;
  for (int i = 0; i < 12; i++) {
    snprintf(seed, sizeof seed, "%d", i);
    waits_of(waits, 7, seed);
    for (int j = 0; j < 7; j++) {
      assert_true(waits[j] <= most[j]);
      if (waits[j] > largest[j]) largest[j] = waits[j];
    }
  }
  for (int j = 1; j < 3; j++) assert_true(largest[j] > most[j - 1]);
  waits_of(again, 7, seed);
  assert_memory_equal(again, waits, sizeof waits);
  waits_of(others, 7, "4711");
  assert_true(memcmp(others, waits, sizeof waits) != 0);
  open_failing(OPEN(AT_ONCE), 0); /* for the end */
}

static void less_than_once_is_refused(void **state) {
  (void)state;
  filter_refuses("retry", OPEN({"times", "0"}), "times: A call is tried 1 time or more, not 0.");
  filter_refuses("retry", OPEN({"times", "-3"}), "times: A call is tried 1 time or more, not -3.");
}

#define RETRY_TEST(test) cmocka_unit_test_teardown(test, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      RETRY_TEST(it_tries_until_it_works),
      RETRY_TEST(then_it_gives_the_last_answer),
      RETRY_TEST(once_is_not_again),
      RETRY_TEST(what_no_repeating_mends_is_not_repeated),
      RETRY_TEST(every_entry_is_tried_again),
      RETRY_TEST(a_value_cut_short_begins_anew),
      RETRY_TEST(a_value_without_a_size_does_not),
      RETRY_TEST(an_empty_value_is_not_the_end_of_another),
      RETRY_TEST(what_the_caller_refuses_is_not_tried_again),
      RETRY_TEST(it_waits_as_long_as_the_store_asks),
      RETRY_TEST(it_does_not_begin_what_would_be_too_late),
      RETRY_TEST(a_call_that_is_over_is_cancelled),
      RETRY_TEST(waits_double_up_to_the_longest),
      cmocka_unit_test(less_than_once_is_refused),
  };

  return RUN_TESTS(tests);
}

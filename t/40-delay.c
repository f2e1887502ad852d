/* SPDX-License-Identifier: MIT */
/* The filter delay: what waits, and how long. */
#include <config.h>

#include <time.h>

#include "plugins/common/chance.h"
#include "t/lib/filter-host.h"

#define OPEN(...) (const struct host_setting[]){__VA_ARGS__, {NULL, NULL}}
#define LONG "600000" /* milliseconds, which no test waits */

static uint64_t now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* What each entry point answers, in the header's order; 'C' for CANCELLED, '.' for OK. */
static const char *answers_of(struct host_store *store) {
  static char answers[10];
  const struct blockstore_driver *driver = store->driver;
  struct blockstore_call *call = &store->call.call;
  enum blockstore_status statuses[9];
  struct host_source source;
  struct host_sink sink;

  host_sink_init(&sink);
  host_source_init(&source, "bytes", 5);
  statuses[0] = driver->handles_url(store->self, call, "mine:id");
  statuses[1] = driver->make_mutable_url(store->self, call, &sink.sink, "id");
  statuses[2] = driver->get_immutable_handler(store->self, call, &sink.sink, "key");
  statuses[3] = driver->get_mutable_handler(store->self, call, &sink.sink, "mine:id");
  statuses[4] = driver->put_immutable_handler(store->self, call, "key", &source.source, NULL);
  statuses[5] = driver->put_mutable_handler(store->self, call, "id", 1, "v2:s", &source.source);
  statuses[6] = driver->delete_immutable_handler(store->self, call, "key", NULL);
  statuses[7] = driver->delete_mutable_handler(store->self, call, "id", "v2:s");
  statuses[8] = driver->check(store->self, call, &sink.sink);
  host_sink_free(&sink);
  for (int i = 0; i < 9; i++)
    answers[i] = statuses[i] == BLOCKSTORE_STATUS_OK ? '.' : statuses[i] == BLOCKSTORE_STATUS_CANCELLED ? 'C' : '?';
  return answers;
}

/* The call has no time: what waits is cancelled, what does not reaches the store. */
static void each_kind_has_its_own(void **state) {
  static const struct {
    const char *key, *answers;
  } rows[] = {{"get", "..CC....."}, {"put", "....CC..."}, {"delete", "......CC."}, {"check", "........C"},
              {"none", "........."}};
  struct host_store store;

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    filter_open(&store, "delay", OPEN({rows[i].key, LONG}));
    store.call.deadline = 1;
    assert_string_equal(answers_of(&store), rows[i].answers);
    host_store_close(&store);
  }
}

static void it_waits_before_the_store_is_asked(void **state) {
  struct host_store store;
  uint64_t from = now();

  (void)state;
  filter_open(&store, "delay", OPEN({"get", "25"}));
  below.answers[0].status = BLOCKSTORE_STATUS_NOT_FOUND;
  assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_NOT_FOUND);
  assert_true(now() - from >= 25);
  assert_int_equal(below.asked, 1);
  store.call.deadline = now() + 5;
  assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_CANCELLED);
  assert_int_equal(below.asked, 1);
  host_store_close(&store);
}

/* The deadline of the second call lies between what the seed gives it and what it gives the first. */
static void jitter_follows_from_the_seed(void **state) {
  struct host_store store;
  uint64_t from;
  int seed = 0;
  char text[16];

  (void)state;
  while (bs_chance_below(30001, (uint64_t)seed, 0) < 20000 || bs_chance_below(30001, (uint64_t)seed, 1) > 20) seed++;
  snprintf(text, sizeof text, "%d", seed);
  filter_open(&store, "delay", OPEN({"get", "10"}, {"jitter", "30000"}, {"seed", text}));
  store.call.deadline = now() + 50;
  assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_CANCELLED); /* more than 20 s */
  assert_int_equal(below.asked, 0);
  store.call.deadline = 0;
  from = now();
  assert_int_equal(host_get_immutable(&store, "key"), BLOCKSTORE_STATUS_OK);
  assert_true(now() - from >= 10 + bs_chance_below(30001, (uint64_t)seed, 1));
  host_store_close(&store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kind_has_its_own),
      cmocka_unit_test(it_waits_before_the_store_is_asked),
      cmocka_unit_test(jitter_follows_from_the_seed),
  };

  return RUN_TESTS(tests);
}

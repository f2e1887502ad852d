/* SPDX-License-Identifier: MIT */
/* Reads and writes over several stores, some of which lie: what is believed, what is enough, what is said. */
#include <config.h>

#include <blockstore/driver.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/worker.h"
#include "core/replica/replica.h"
#include "core/replica/round.h"
#include "t/lib/unit.h"

enum { STORES = 3, CANDIDATES = 3 };

/* How one test store behaves: its `self`. */
struct behaviour {
  enum blockstore_status put, get; /* what it answers */
  unsigned transient;              /* so many calls answer TRANSIENT first */
  uint32_t retry_after_ms;         /* and say that with it */
  const char *values[CANDIDATES];  /* what get gives, each a candidate; NULL: the end */
  bool endless;                    /* get writes until it is refused */
  bool wait;                       /* get and put wait until they are cancelled */
  long pause_ms;                   /* put takes so long for each byte */
  unsigned put_calls, get_calls;             /* calls */
};

static struct behaviour behaviours[STORES];
static struct bs_store *stores[STORES];
static struct bs_replicas replicas;
static struct bs_scopes scopes;
static struct bs_watch watch;
static struct bs_spool spool;

static void *opening; /* the behaviour of the store that is being opened */

static enum blockstore_status lying_init(void **ret_self, struct blockstore_call *call,
                                         const struct blockstore_settings *settings,
                                         const struct blockstore_next *next) {
  (void)call, (void)settings, (void)next;
  *ret_self = opening;
  return BLOCKSTORE_STATUS_OK;
}

static void lying_close(void *self, struct blockstore_call *call) {
  (void)self, (void)call;
}

static bool passes(struct behaviour *behaviour, struct blockstore_call *call) {
  if (behaviour->retry_after_ms > 0) call->host->retry_after(call, behaviour->retry_after_ms);
  return behaviour->transient > 0 && behaviour->transient-- > 0;
}

static enum blockstore_status lying_put(void *self, struct blockstore_call *call, const char *key,
                                        const struct blockstore_source *data, const char *txid) {
  struct behaviour *behaviour = self;
  char buffer[64];

  (void)key, (void)txid;
  behaviour->put_calls++;
  if (passes(behaviour, call)) return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "Busy.");
  while (behaviour->wait && call->host->time_left(call) > 0) continue;
  for (uint64_t i = 0; behaviour->pause_ms > 0 && i < data->size; i++) {
    usleep((useconds_t)(behaviour->pause_ms * 1000));
    if (data->read_at(data, buffer, 1, i) != BLOCKSTORE_STATUS_OK) return BLOCKSTORE_STATUS_CANCELLED;
  }
  if (data->size > sizeof buffer || data->read_at(data, buffer, (size_t)data->size, 0) != BLOCKSTORE_STATUS_OK)
    return BLOCKSTORE_STATUS_FAILED;
  return behaviour->put;
}

static enum blockstore_status lying_get(void *self, struct blockstore_call *call, struct blockstore_sink *sink, const char *key) {
  struct behaviour *behaviour = self;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  (void)key;
  behaviour->get_calls++;
  if (passes(behaviour, call)) return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "Busy.");
  while (behaviour->wait && call->host->time_left(call) > 0) continue;
  while (behaviour->endless && status == BLOCKSTORE_STATUS_OK) status = sink->write(sink, "endless ", 8);
  for (int i = 0; i < CANDIDATES && behaviour->values[i] != NULL && status == BLOCKSTORE_STATUS_OK; i++) {
    size_t length = strlen(behaviour->values[i]);

    status = sink->begin(sink, length);
    if (status == BLOCKSTORE_STATUS_OK) status = sink->write(sink, behaviour->values[i], length);
  }
  return status != BLOCKSTORE_STATUS_OK ? status : behaviour->get;
}

static enum blockstore_status lying_delete(void *self, struct blockstore_call *call, const char *key, const char *txid) {
  (void)self, (void)call, (void)key, (void)txid;
  return BLOCKSTORE_STATUS_OK;
}

static const struct blockstore_driver lying_driver = {.storage_init = lying_init,
                                                      .storage_close = lying_close,
                                                      .get_immutable_handler = lying_get,
                                                      .put_immutable_handler = lying_put,
                                                      .delete_immutable_handler = lying_delete};

static const char hello_key[] = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"; /* SHA-256 of "hello world" */
static const char hello_hash160[] = "d7d5ee7824ff93f94c3055af9382c86c68b5ca92";

/* Opens three stores, local or on workers, that hold nothing and take everything. */
static void open_stores(bool local) {
  static const char *const names[STORES] = {"one", "two", "three"};
  const struct bs_metadata metadata = {.largest = UINT64_MAX, .threads = BS_THREADS_PARALLEL,
                                       .capabilities = BS_CAPABILITY_DURABLE | (local ? BS_CAPABILITY_LOCAL : 0u)};
  struct bs_error error = {0};

  memset(behaviours, 0, sizeof behaviours);
  assert_ok(bs_scope_open(&scopes, &watch.scope, 10000, &error));
  assert_ok(bs_replicas_new(&replicas, STORES, &error));
  bs_spool_init(&spool, NULL);
  for (int i = 0; i < STORES; i++) {
    struct blockstore_settings *settings = NULL;

    behaviours[i].get = BLOCKSTORE_STATUS_NOT_FOUND;
    assert_ok(bs_settings_new(&settings, &error));
    opening = &behaviours[i];
    assert_ok(bs_store_open(&stores[i], names[i], "lying", &lying_driver, sizeof lying_driver, &metadata, settings, -1,
                            NULL, watch.scope, &error));
    replicas.items[i] = (struct bs_replica){.name = names[i], .store = stores[i], .is_durable = true};
  }
}

static void close_stores(void) {
  for (int i = 0; i < STORES; i++) bs_store_close(stores[i]);
  bs_replicas_free(&replicas);
  bs_spool_free(&spool);
  bs_scope_close(watch.scope);
}

static int local_stores(void **state) {
  (void)state;
  open_stores(true);
  return 0;
}

static int remote_stores(void **state) {
  (void)state;
  open_stores(false);
  return 0;
}

static int end(void **state) {
  (void)state;
  close_stores();
  return 0;
}

static void gives(int store, const char *value) {
  behaviours[store].values[0] = value;
  behaviours[store].get = BLOCKSTORE_STATUS_OK;
}

static bool put(size_t at_least, struct bs_error *error) {
  struct bs_feed *feed;
  bool good = bs_feed_from_memory(&feed, "hello world", 11, error);

  assert_true(good);
  good = bs_replicas_put_immutable(&replicas, at_least, hello_key, feed, NULL, &watch, error);
  bs_feed_release(feed);
  return good;
}

static bool get(const char *key, uint64_t limit, const char **ret_giver, struct bs_error *error) {
  const struct bs_replica *giver;

  if (!bs_replicas_get_immutable(&replicas, &spool, &giver, key, limit, &watch, error)) return false;
  *ret_giver = giver->name;
  return true;
}

static void assert_hello(void) {
  char bytes[11];
  struct bs_error error = {0};

  assert_int_equal(spool.length, 11);
  assert_ok(bs_spool_read(&spool, bytes, 11, 0, &error));
  assert_memory_equal(bytes, "hello world", 11);
}

/* ---- writes ---- */

static void put_asks_every_store(void **state) {
  struct bs_error error = {0};

  (void)state;
  assert_ok(put(3, &error));
  for (int i = 0; i < STORES; i++) assert_int_equal(behaviours[i].put_calls, 1);
}

static void put_is_done_with_enough_stores(void **state) {
  struct bs_error error = {0};

  (void)state;
  behaviours[1].put = BLOCKSTORE_STATUS_NO_SPACE;
  assert_ok(put(2, &error));
  assert_true(replicas.items[0].is_good);
  assert_false(replicas.items[1].is_good);
  assert_int_equal(replicas.items[1].error.word, BS_WORD_no_space);
}

static void put_leaves_time_to_what_follows(void **state) {
  struct bs_error error = {0};

  (void)state;
  behaviours[1].wait = true;
  bs_scope_close(watch.scope);
  assert_ok(bs_scope_open(&scopes, &watch.scope, 4000, &error));
  assert_ok(put(2, &error));
  assert_ok(bs_scope_check(watch.scope, &error));
  assert_false(replicas.items[1].is_good);
  assert_int_equal(replicas.items[1].error.word, BS_WORD_unreachable);
  assert_non_null(strstr(replicas.items[1].error.message, "two: It did not answer within "));
}

static void a_deadline_names_who_used_it_up(void **state) {
  struct bs_error error = {0};

  (void)state;
  behaviours[1].wait = true;
  bs_scope_close(watch.scope);
  assert_ok(bs_scope_open(&scopes, &watch.scope, 300, &error));
  assert_fails(put(3, &error), BS_WORD_deadline, "The call's deadline has passed: two: ");
}

static void put_waits_for_whom_the_policy_asks(void **state) {
  struct bs_error error = {0};

  (void)state;
  behaviours[1].wait = true;
  bs_scope_close(watch.scope);
  assert_ok(bs_scope_open(&scopes, &watch.scope, 500, &error));
  assert_fails(put(3, &error), BS_WORD_deadline, "deadline");
}

static uint32_t short_patience(void *user) {
  (void)user;
  return 50;
}

/* As the put that is asked of all, but for the patience. */
static bool put_impatiently(struct bs_error *error) {
  static const bool all[STORES] = {true, true, true};
  struct bs_feed *feed;
  bool good = bs_feed_from_memory(&feed, "hello world", 11, error);
  const struct bs_round round = {.entry = BS_ENTRY_PUT_IMMUTABLE,
                                 .arguments = {.target = hello_key, .feed = feed},
                                 .what = "storing",
                                 .watch = &watch,
                                 .patience = short_patience};

  assert_true(good);
  good = bs_round_run(&replicas, all, &round, error);
  bs_feed_release(feed);
  return good;
}

static void who_moves_bytes_is_waited_for(void **state) {
  struct bs_error error = {0};

  (void)state;
  behaviours[1].pause_ms = 20;
  assert_ok(put_impatiently(&error));
  assert_true(replicas.items[1].is_good);
}

static void who_does_not_is_left_and_not_asked_again(void **state) {
  struct bs_error error = {0};

  (void)state;
  behaviours[1].wait = true;
  behaviours[2].transient = 1;
  assert_ok(put_impatiently(&error));
  assert_false(replicas.items[1].is_good || replicas.items[2].is_good);
  assert_int_equal(behaviours[1].put_calls + behaviours[2].put_calls, 2);
}

static void put_names_the_stores_that_failed(void **state) {
  struct bs_error error = {0};

  (void)state;
  behaviours[1].put = BLOCKSTORE_STATUS_NO_SPACE;
  behaviours[2].put = BLOCKSTORE_STATUS_FAILED;
  assert_fails(put(2, &error), BS_WORD_too_few, "two: The store is full.");
  assert_fails(put(2, &error), BS_WORD_too_few, "three: ");
  assert_fails(put(2, &error), BS_WORD_too_few, "1, and the policy asks for 2");
}

static void put_needs_the_required_store(void **state) {
  struct bs_error error = {0};

  (void)state;
  replicas.items[2].is_required = true;
  behaviours[2].put = BLOCKSTORE_STATUS_FAILED;
  assert_fails(put(1, &error), BS_WORD_too_few, "required");
}

static void put_counts_durable_stores_only(void **state) {
  struct bs_error error = {0};

  (void)state;
  replicas.items[0].is_durable = false;
  replicas.items[1].is_durable = false;
  behaviours[2].put = BLOCKSTORE_STATUS_FAILED;
  assert_fails(put(1, &error), BS_WORD_too_few, "0, and the policy asks for 1");
}

static void put_is_denied_when_all_deny(void **state) {
  struct bs_error error = {0};

  (void)state;
  for (int i = 0; i < STORES; i++) behaviours[i].put = BLOCKSTORE_STATUS_DENIED;
  assert_fails(put(1, &error), BS_WORD_denied, "one: ");
}

static void put_tries_again_what_may_pass(void **state) {
  struct bs_error error = {0};

  (void)state;
  behaviours[0].transient = 2;
  assert_ok(put(3, &error));
  assert_int_equal(behaviours[0].put_calls, 3);
  assert_int_equal(behaviours[1].put_calls, 1);
}

static void put_gives_up_on_what_does_not_pass(void **state) {
  struct bs_error error = {0};

  (void)state;
  behaviours[0].transient = 9;
  assert_fails(put(3, &error), BS_WORD_too_few, "Busy.");
  assert_int_equal(behaviours[0].put_calls, 3);
}

static void who_wants_to_be_left_alone_holds_up_nobody(void **state) {
  static const uint32_t long_times[] = {6000, UINT32_MAX};
  struct bs_error error = {0};

  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    behaviours[0].transient = 9;
    behaviours[0].retry_after_ms = long_times[i];
    behaviours[1].transient = 1;
    assert_fails(put(3, &error), BS_WORD_too_few, "Busy.");
    assert_int_equal(behaviours[0].put_calls, 1 + i);
    assert_int_equal(behaviours[1].put_calls, 2 + 2 * i);
  }
}

static void put_names_a_store_that_is_not_open(void **state) {
  struct bs_error error = {0};

  (void)state;
  replicas.items[0].store = NULL;
  bs_fail(&replicas.items[0].error, BS_WORD_io, "one: The root is gone.");
  assert_ok(put(2, &error));
  assert_fails(put(3, &error), BS_WORD_too_few, "one: The root is gone.");
}

static void put_stops_when_cancelled(void **state) {
  struct bs_error error = {0};

  (void)state;
  bs_scopes_cancel(&scopes);
  assert_fails(put(1, &error), BS_WORD_cancelled, "cancelled");
  assert_int_equal(behaviours[0].put_calls, 0);
}

/* ---- reads ---- */

static void get_takes_the_first_store_that_has_it(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  gives(0, "hello world");
  gives(1, "hello world");
  assert_ok(get(hello_key, 100, &giver, &error));
  assert_string_equal(giver, "one");
  assert_int_equal(behaviours[1].get_calls, 0);
  assert_hello();
}

static void get_passes_over_a_liar(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  gives(0, "hello worle");
  gives(1, "");
  gives(2, "hello world");
  assert_ok(get(hello_key, 100, &giver, &error));
  assert_string_equal(giver, "three");
  assert_hello();
  assert_false(replicas.items[0].is_good);
}

static void get_reads_hash160_keys(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  gives(1, "hello world");
  assert_ok(get(hello_hash160, 100, &giver, &error));
  assert_hello();
}

static void get_picks_the_true_candidate(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  gives(0, "something else");
  behaviours[0].values[1] = "hello world";
  behaviours[0].values[2] = "one more";
  assert_ok(get(hello_key, 100, &giver, &error));
  assert_hello();
}

static void get_says_corrupt_before_absent(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  gives(1, "tampered");
  assert_fails(get(hello_key, 100, &giver, &error), BS_WORD_corrupt, "two: The store gave other bytes");
}

static void get_says_absent_only_when_all_answered(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  assert_fails(get(hello_key, 100, &giver, &error), BS_WORD_not_found, hello_key);
  behaviours[2].get = BLOCKSTORE_STATUS_FAILED;
  assert_fails(get(hello_key, 100, &giver, &error), BS_WORD_unreachable, "three: ");
}

static void get_does_not_believe_success_without_bytes(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  behaviours[0].get = BLOCKSTORE_STATUS_OK; /* an empty value, which is not the key's */
  assert_fails(get(hello_key, 100, &giver, &error), BS_WORD_corrupt, "one: ");
}

static void get_ends_an_endless_body(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  behaviours[0].endless = true;
  assert_fails(get(hello_key, 1000, &giver, &error), BS_WORD_too_large, "one: ");
  assert_int_equal(replicas.items[0].error.result, BLOCKSTORE_FORGED);
  gives(1, "hello world");
  assert_ok(get(hello_key, 1000, &giver, &error));
  assert_string_equal(giver, "two");
}

static void get_asks_again_what_may_pass(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  gives(0, "hello world");
  behaviours[0].transient = 1;
  assert_ok(get(hello_key, 100, &giver, &error));
  assert_string_equal(giver, "one");
}

static void get_asks_nobody_again_once_it_has_it(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  behaviours[0].transient = 9;
  gives(2, "hello world");
  assert_ok(get(hello_key, 100, &giver, &error));
  assert_string_equal(giver, "three");
  assert_true(behaviours[0].get_calls <= 1); /* 0: it had not even begun */
}

static void get_does_not_wait_for_the_slow(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  behaviours[0].wait = true;
  gives(2, "hello world");
  assert_ok(get(hello_key, 100, &giver, &error));
  assert_string_equal(giver, "three");
  assert_hello();
}

/* ---- the log ---- */

static char told[4096]; /* the lines, each ended */

static void keep_line(void *user, int level, const char *line) {
  size_t length = strlen(told);

  (void)user;
  assert_true(level <= BS_LOG_INFO);
  snprintf(told + length, sizeof told - length, "%s\n", line);
}

static void keep_log(bool on) {
  if (on) told[0] = '\0';
  bs_log_to(on ? keep_line : NULL, NULL, BS_LOG_INFO);
}

static size_t lines_told(void) {
  size_t count = 0;

  for (const char *at = told; (at = strchr(at, '\n')) != NULL; at++) count++;
  return count;
}

/* Takes the parts in this order. */
static void assert_told(const char *const *parts, size_t count) {
  const char *at = told;

  for (size_t i = 0; i < count; i++) {
    at = strstr(at, parts[i]);
    if (at == NULL) fail_msg("\"%s\" is missing, or not in its place, in:\n%s", parts[i], told);
    at += strlen(parts[i]);
  }
}
#define ASSERT_TOLD(...) \
  assert_told((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void log_tells_why_each_store_is_not_believed(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  gives(1, "other bytes");
  gives(2, "hello world");
  keep_log(true);
  assert_ok(get(hello_key, 100, &giver, &error));
  keep_log(false);
  ASSERT_TOLD("reading b94d27b9", ": one: The store does not hold it. (0 bytes in ", " ms)\nreading b94d27b9",
              ": two: The store gave other bytes than those of the key ", ". (11 bytes in ", " ms)\nreading b94d27b9",
              ": three: verified (11 bytes in ", " ms)\n");
  assert_int_equal(lines_told(), 3);
}

static void log_tells_who_is_asked_again(void **state) {
  struct bs_error error = {0};

  (void)state;
  behaviours[0].transient = 1;
  keep_log(true);
  assert_ok(put(3, &error));
  keep_log(false);
  ASSERT_TOLD(": one: Busy. (0 bytes in ", "storing: stores that could not be reached are asked again in 100 "
              "ms\nstoring b94d27b9", ": one: done (11 bytes in ");
  assert_int_equal(lines_told(), 5);
}

static void log_tells_who_is_not_waited_for(void **state) {
  struct bs_error error = {0};
  const char *giver = NULL;

  (void)state;
  behaviours[0].wait = true;
  behaviours[0].get = BLOCKSTORE_STATUS_CANCELLED;
  gives(2, "hello world");
  keep_log(true);
  assert_ok(get(hello_key, 100, &giver, &error));
  keep_log(false);
  ASSERT_TOLD(": three: verified (11 bytes in ", ": one: not waited for any more (");
}

#define LOCAL(test) cmocka_unit_test_setup_teardown(test, local_stores, end)
#define REMOTE(test) {#test " on workers", test, remote_stores, end, NULL}
#define BOTH(test) LOCAL(test), REMOTE(test)

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH(put_asks_every_store),
      BOTH(put_is_done_with_enough_stores),
      BOTH(put_names_the_stores_that_failed),
      BOTH(put_needs_the_required_store),
      BOTH(put_counts_durable_stores_only),
      BOTH(put_is_denied_when_all_deny),
      BOTH(put_tries_again_what_may_pass),
      BOTH(put_gives_up_on_what_does_not_pass),
      BOTH(who_wants_to_be_left_alone_holds_up_nobody),
      BOTH(put_names_a_store_that_is_not_open),
      BOTH(put_stops_when_cancelled),
      LOCAL(get_takes_the_first_store_that_has_it),
      BOTH(get_passes_over_a_liar),
      BOTH(get_reads_hash160_keys),
      BOTH(get_picks_the_true_candidate),
      BOTH(get_says_corrupt_before_absent),
      BOTH(get_says_absent_only_when_all_answered),
      BOTH(get_does_not_believe_success_without_bytes),
      BOTH(get_ends_an_endless_body),
      BOTH(get_asks_again_what_may_pass),
      REMOTE(get_asks_nobody_again_once_it_has_it),
      REMOTE(get_does_not_wait_for_the_slow),
      REMOTE(put_leaves_time_to_what_follows),
      BOTH(a_deadline_names_who_used_it_up),
      REMOTE(put_waits_for_whom_the_policy_asks),
      REMOTE(who_moves_bytes_is_waited_for),
      REMOTE(who_does_not_is_left_and_not_asked_again),
      LOCAL(log_tells_why_each_store_is_not_believed),
      BOTH(log_tells_who_is_asked_again),
      REMOTE(log_tells_who_is_not_waited_for),
  };
  int failed = RUN_TESTS(tests);

  bs_workers_rest();
  bs_scopes_free(&scopes);
  return failed;
}

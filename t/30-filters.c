/* SPDX-License-Identifier: MIT */
/* Filters and the store below them: who is asked, what is handed up, how all of it opens, ends and closes. */
#include <config.h>

#include "t/lib/calls.h"

static pthread_mutex_t story_lock = PTHREAD_MUTEX_INITIALIZER; /* story */
static char story[512];                                        /* what happened, in order */
static sem_t entered;
static sem_t released;                     /* parks "park" */
static atomic_int inside, most;            /* in the store */
static enum blockstore_status init_answer; /* of the filter */

static void tell(const char *what) {
  BS_LOCKED(&story_lock);
  size_t length = strlen(story);

  snprintf(story + length, sizeof story - length, "%s ", what);
}

static bool is_told(const char *what) {
  BS_LOCKED(&story_lock);
  return strstr(story, what) != NULL;
}

/* ---- a store that does as its key says ---- */

static enum blockstore_status store_init(void **ret_self, struct blockstore_call *call UNUSED,
                                         const struct blockstore_settings *settings UNUSED,
                                         const struct blockstore_next *next) {
  assert_null(next);
  *ret_self = NULL;
  tell("store-opens");
  return BLOCKSTORE_STATUS_OK;
}

static void store_close(void *self UNUSED, struct blockstore_call *call UNUSED) {
  tell("store-closes");
}

static enum blockstore_status stay(struct blockstore_call *call) {
  int now = atomic_fetch_add(&inside, 1) + 1, seen = atomic_load(&most);

  while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now)) continue;
  sem_post(&entered);
  wait_for(&released);
  atomic_fetch_sub(&inside, 1);
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "Nobody is to hear this.");
}

static enum blockstore_status store_get(void *self UNUSED, struct blockstore_call *call, struct blockstore_sink *sink,
                                        const char *key) {
  struct pollfd cancelled = {call->host->cancel_fd(call), POLLIN, 0};

  if (strcmp(key, "park") == 0) return stay(call);
  if (strcmp(key, "absent") == 0) return BLOCKSTORE_STATUS_NOT_FOUND;
  if (strcmp(key, "short") == 0)
    return sink->begin(sink, 10) != BLOCKSTORE_STATUS_OK ? BLOCKSTORE_STATUS_FAILED : sink->write(sink, "abc", 3);
  if (strcmp(key, "wait") == 0) {
    sem_post(&entered);
    poll(&cancelled, 1, -1);
    return call->host->time_left(call) == 0 ? BLOCKSTORE_STATUS_CANCELLED : BLOCKSTORE_STATUS_FAILED;
  }
  if (strcmp(key, "later") == 0) {
    call->host->retry_after(call, 1234);
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "The password sesame-open is too long.");
  }
  return blockstore_give(sink, "bytes", 5);
}

static enum blockstore_status store_put(void *self UNUSED, struct blockstore_call *call, const char *key,
                                        const struct blockstore_source *data, const char *txid UNUSED) {
  char bytes[16] = "";
  enum blockstore_status status;

  if (data->size >= sizeof bytes) return blockstore_fail(call, BLOCKSTORE_STATUS_TOO_LARGE, "%s", key);
  status = data->read_at(data, bytes, (size_t)data->size, 0);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  tell(bytes);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status store_make(void *self UNUSED, struct blockstore_call *call UNUSED,
                                         struct blockstore_sink *sink, const char *data_id) {
  return blockstore_give(sink, data_id, strlen(data_id));
}

static enum blockstore_status store_handles(void *self UNUSED, struct blockstore_call *call UNUSED, const char *url) {
  return strncmp(url, "mine:", 5) == 0 ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static const struct blockstore_driver store_driver = {.storage_init = store_init,
                                                      .storage_close = store_close,
                                                      .handles_url = store_handles,
                                                      .make_mutable_url = store_make,
                                                      .get_immutable_handler = store_get,
                                                      .put_immutable_handler = store_put};

/* ---- a filter that hands on ---- */

static enum blockstore_status filter_init(void **ret_self, struct blockstore_call *call,
                                          const struct blockstore_settings *settings UNUSED,
                                          const struct blockstore_next *next) {
  struct blockstore_next *copy = malloc(sizeof *copy);

  assert_non_null(next);
  assert_int_equal(next->driver->storage_init(NULL, call, NULL, NULL), BLOCKSTORE_STATUS_UNSUPPORTED);
  next->driver->storage_close(next->self, call); /* nothing happens */
  *copy = *next;
  tell("filter-opens");
  if (init_answer != BLOCKSTORE_STATUS_OK) {
    free(copy);
    return blockstore_fail(call, init_answer, "Not today.");
  }
  *ret_self = copy;
  return BLOCKSTORE_STATUS_OK;
}

static void filter_close(void *self, struct blockstore_call *call) {
  const struct blockstore_next *next = self;

  enum blockstore_status status = next->driver->handles_url(next->self, call, "mine:x");

  if (status != BLOCKSTORE_STATUS_OK) tell(status == BLOCKSTORE_STATUS_CANCELLED ? "too-late" : "not-open");
  free(self);
  tell("filter-closes");
}

static enum blockstore_status filter_handles(void *self, struct blockstore_call *call, const char *url) {
  const struct blockstore_next *next = self;

  return next->driver->handles_url(next->self, call, url);
}

static enum blockstore_status filter_make(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                          const char *data_id) {
  const struct blockstore_next *next = self;

  return next->driver->make_mutable_url(next->self, call, sink, data_id);
}

/* A sink of the filter's own. */
struct watching {
  struct blockstore_sink abi;
  const struct blockstore_next *next;
  struct blockstore_call *call;
  struct blockstore_sink *above;
  bool refuses, asks_below;
};

static enum blockstore_status watching_begin(struct blockstore_sink *sink, uint64_t size) {
  return ((struct watching *)sink)->above->begin(((struct watching *)sink)->above, size);
}

static enum blockstore_status watching_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct watching *watching = (struct watching *)sink;

  if (watching->refuses) return BLOCKSTORE_STATUS_NO_SPACE;
  if (watching->asks_below &&
      watching->next->driver->handles_url(watching->next->self, watching->call, "mine:x") != BLOCKSTORE_STATUS_CANCELLED)
    return BLOCKSTORE_STATUS_FAILED;
  return watching->above->write(watching->above, bytes, length);
}

static enum blockstore_status filter_get(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                         const char *key) {
  const struct blockstore_next *next = self;
  struct watching watching = {{sizeof watching.abi, 0, watching_begin, watching_write},
                              next,
                              call,
                              sink,
                              strcmp(key, "refuse") == 0,
                              strcmp(key, "nested") == 0};
  enum blockstore_status status;
  char said[128];

  if (strcmp(key, "twice") != 0) return next->driver->get_immutable_handler(next->self, call, &watching.abi, key);
  status = next->driver->get_immutable_handler(next->self, call, sink, "later");
  snprintf(said, sizeof said, "%d/%s/%u", (int)status, call->host->get_error(call),
           (unsigned)call->host->get_retry_after(call));
  tell(said);
  status = next->driver->get_immutable_handler(next->self, call, sink, "k");
  snprintf(said, sizeof said, "%d/%s/%u", (int)status, call->host->get_error(call),
           (unsigned)call->host->get_retry_after(call));
  tell(said);
  return status;
}

static enum blockstore_status refuse_read(const struct blockstore_source *source UNUSED, void *buffer UNUSED,
                                          size_t length UNUSED, uint64_t offset UNUSED) {
  return BLOCKSTORE_STATUS_DENIED;
}

static enum blockstore_status filter_put(void *self, struct blockstore_call *call, const char *key,
                                         const struct blockstore_source *data, const char *txid) {
  static const struct blockstore_source refusing = {sizeof refusing, 0, refuse_read, 3};
  const struct blockstore_next *next = self;

  return next->driver->put_immutable_handler(next->self, call, key, data->size == 1 ? &refusing : data, txid);
}

static const struct blockstore_driver filter_driver = {.storage_init = filter_init,
                                                       .storage_close = filter_close,
                                                       .handles_url = filter_handles,
                                                       .make_mutable_url = filter_make,
                                                       .get_immutable_handler = filter_get,
                                                       .put_immutable_handler = filter_put};

/* ---- stacks of them ---- */

static bool try_above(struct bs_store **ret_store, struct bs_store *below, unsigned capabilities, uint64_t largest,
                      struct bs_error *ret_error) {
  const struct bs_metadata metadata = {
      .threads = BS_THREADS_PARALLEL, .capabilities = capabilities, .largest = largest, .is_filter = true};
  struct blockstore_settings *settings;
  struct bs_scope *scope = scope_of(0);
  struct bs_error error = {0};
  bool good;

  assert_ok(bs_settings_new(&settings, &error));
  good = bs_store_open(ret_store, "shelf", "filter", &filter_driver, sizeof filter_driver, &metadata, settings, -1, below, scope,
                       ret_error);
  bs_scope_close(scope);
  return good;
}

static struct bs_store *above(struct bs_store *below) {
  struct bs_error error = {0};
  struct bs_store *store = NULL;

  assert_ok(try_above(&store, below, 0, UINT64_MAX, &error));
  return store;
}

static struct bs_store *shelf(enum bs_threads threads) {
  return open_store("shelf", &store_driver, threads, false, 0);
}

static struct bs_store *stack_of_two(void) {
  return above(shelf(BS_THREADS_PARALLEL));
}

static int set_up(void **state) {
  set_up_calls(state);
  sem_init(&entered, 0, 0);
  sem_init(&released, 0, 0);
  atomic_store(&inside, 0);
  atomic_store(&most, 0);
  story[0] = '\0';
  init_answer = BLOCKSTORE_STATUS_OK;
  bs_calls_set_grace(50);
  return 0;
}

static struct collected collected;

static void ask(struct bs_store *store, const char *key, enum blockstore_status expected, const char *text) {
  struct bs_call *call;
  const struct bs_call_result *result;

  memset(&collected, 0, sizeof collected);
  call = get_call(store, key, &collected);
  result = run_one(call, 0);
  if (result->status != expected) fail_msg("%s: %s, %s", key, bs_status_text(result->status), result->error.message);
  if (expected == BLOCKSTORE_STATUS_OK) assert_memory_equal(collected.bytes.bytes, text, strlen(text));
  else assert_string_equal(result->error.message, text);
  bs_buffer_free(&collected.bytes);
  bs_call_release(call);
}

static void what_the_store_answers_is_handed_up(void **state UNUSED) {
  struct bs_store *store = above(stack_of_two()); /* two filters */

  ask(store, "k", BLOCKSTORE_STATUS_OK, "bytes");
  ask(store, "absent", BLOCKSTORE_STATUS_NOT_FOUND, "shelf: The store does not hold it.");
  ask(store, "later", BLOCKSTORE_STATUS_TRANSIENT, "shelf: The password *** is too long.");
  ask(store, "short", BLOCKSTORE_STATUS_FAILED,
      "shelf: The driver mock reports success but wrote only 3 of the 10 bytes promised.");
  bs_store_close(store);
  assert_string_equal(story, "store-opens filter-opens filter-opens filter-closes filter-closes store-closes ");
}

static void puts_and_urls_go_through(void **state UNUSED) {
  struct bs_store *store = stack_of_two();
  struct bs_feed *feed = feed_of("some bytes"), *large = feed_of("more bytes than it takes");
  const struct bs_receiver receiver = receiver_of(&collected, 1000);
  struct bs_call *put = put_call(store, BS_ENTRY_PUT_IMMUTABLE, feed),
                 *put_large = put_call(store, BS_ENTRY_PUT_IMMUTABLE, large);
  struct bs_call *make =
      new_call(store, BS_ENTRY_MAKE_MUTABLE_URL, &(struct bs_arguments){.target = "mine:id", .receiver = &receiver});
  struct bs_call *handles = new_call(store, BS_ENTRY_HANDLES_URL, &(struct bs_arguments){.target = "other:x"});

  memset(&collected, 0, sizeof collected);
  assert_status(run_one(put, 0), OK);
  assert_int_equal(bs_call_bytes(put), 10);
  assert_result(run_one(put_large, 0), TOO_LARGE, BS_WORD_too_large, "shelf: k");
  assert_status(run_one(make, 0), OK);
  assert_memory_equal(collected.bytes.bytes, "mine:id", 7);
  assert_status(run_one(handles, 0), UNHANDLED_URL);
  bs_call_release(put);
  bs_call_release(put_large);
  bs_call_release(make);
  bs_call_release(handles);
  bs_feed_release(feed);
  bs_feed_release(large);
  bs_buffer_free(&collected.bytes);
  bs_store_close(store);
  assert_non_null(strstr(story, "some bytes"));
}

static void what_one_lacks_is_unsupported(void **state UNUSED) {
  struct bs_store *store = stack_of_two();
  const struct bs_receiver receiver = receiver_of(&collected, 1000);
  struct bs_call *call =
      new_call(store, BS_ENTRY_GET_MUTABLE, &(struct bs_arguments){.target = "mine:x", .receiver = &receiver});

  assert_result(run_one(call, 0), UNSUPPORTED, BS_WORD_failed, "shelf: The driver filter has no get_mutable.");
  bs_call_release(call);
  bs_store_close(store);
}

static void a_filter_hears_why_and_until_when(void **state UNUSED) {
  struct bs_store *store = stack_of_two();

  ask(store, "twice", BLOCKSTORE_STATUS_OK, "bytes");
  bs_store_close(store);
  assert_non_null(strstr(story, "7/The password *** is too long./1234 0//0 "));
}

static void what_the_filter_refuses_is_the_answer(void **state UNUSED) {
  struct bs_store *store = stack_of_two();
  struct bs_feed *feed = feed_of("x");
  struct bs_call *call = put_call(store, BS_ENTRY_PUT_IMMUTABLE, feed);

  ask(store, "refuse", BLOCKSTORE_STATUS_NO_SPACE, "shelf: The filter refuses it (NO_SPACE).");
  assert_result(run_one(call, 0), DENIED, BS_WORD_denied, "The filter refuses it (DENIED).");
  bs_call_release(call);
  bs_feed_release(feed);
  bs_store_close(store);
}

static void it_asks_one_thing_at_a_time(void **state UNUSED) {
  struct bs_store *store = stack_of_two();

  ask(store, "nested", BLOCKSTORE_STATUS_OK, "bytes");
  bs_store_close(store);
}

static void a_failing_init_closes_what_is_below(void **state UNUSED) {
  struct bs_error error = {0};
  struct bs_store *store = NULL;

  init_answer = BLOCKSTORE_STATUS_DENIED;
  assert_fails(try_above(&store, shelf(BS_THREADS_PARALLEL), 0, UINT64_MAX, &error), BS_WORD_denied, "shelf: Not today.");
  assert_string_equal(story, "store-opens filter-opens store-closes ");
}

static void a_stack_promises_what_all_do(void **state UNUSED) {
  static const unsigned promises = BS_CAPABILITY_DURABLE | BS_CAPABILITY_LOCAL | BS_CAPABILITY_CONSISTENT;
  struct bs_store *below = open_store("shelf", &store_driver, BS_THREADS_PARALLEL, true, promises | BS_CAPABILITY_PUBLIC),
                  *store = NULL;
  struct bs_error error = {0};

  assert_ok(try_above(&store, below, BS_CAPABILITY_DURABLE | BS_CAPABILITY_LOCAL | BS_CAPABILITY_READ_ONLY, 77, &error));
  assert_int_equal(store->capabilities,
                   BS_CAPABILITY_DURABLE | BS_CAPABILITY_LOCAL | BS_CAPABILITY_PUBLIC | BS_CAPABILITY_READ_ONLY);
  assert_int_equal(store->largest, 77);
  assert_true(store->is_inline);
  ask(store, "k", BLOCKSTORE_STATUS_OK, "bytes");
  bs_store_close(store);
}

/* ---- waiting, cancelling, giving up ---- */

static void a_deadline_reaches_the_store(void **state UNUSED) {
  struct bs_store *store = stack_of_two();
  struct bs_call *call = get_call(store, "wait", &collected);

  bs_calls_set_grace(BS_CALL_GRACE_MS);
  assert_result(run_until_entered(call, &entered), CANCELLED, BS_WORD_deadline, "shelf: The deadline passed");
  assert_false(bs_call_result(call)->abandoned);
  bs_call_release(call);
  bs_store_close(store);
  assert_non_null(strstr(story, "filter-closes store-closes "));
}

/* The other store's answer is enough, once this one is inside. */
static bool enough(void *user UNUSED, struct bs_call *call) {
  if (bs_call_result(call)->status == BLOCKSTORE_STATUS_NOT_FOUND) wait_for(&entered);
  return true;
}

static void what_is_cancelled_above_is_cancelled_below(void **state UNUSED) {
  struct bs_store *store = stack_of_two(), *other = shelf(BS_THREADS_PARALLEL);
  struct bs_call *calls[] = {get_call(store, "wait", &collected), get_call(other, "absent", &collected)};
  struct bs_scope *scope = scope_of(0);

  bs_calls_set_grace(BS_CALL_GRACE_MS);
  bs_calls_run(calls, 2, scope, &(struct bs_calls_watch){.ended = enough});
  bs_scope_close(scope);
  assert_result(bs_call_result(calls[0]), CANCELLED, BS_WORD_cancelled, "shelf: The call was cancelled.");
  for (size_t i = 0; i < 2; i++) bs_call_release(calls[i]);
  bs_store_close(store);
  bs_store_close(other);
}

static void a_store_that_does_not_return_is_left_with_its_filter(void **state UNUSED) {
  struct bs_store *store = stack_of_two();
  struct bs_call *call = get_call(store, "park", &collected);

  assert_true(run_until_entered(call, &entered)->abandoned);
  atomic_store(&collected.shut, true);
  bs_call_release(call);
  bs_store_close(store);
  assert_string_equal(story, "store-opens filter-opens ");
  sem_post(&released);
  for (int i = 0; i < 5000 && !is_told("store-closes"); i++) sleep_ms(1);
  assert_string_equal(story, "store-opens filter-opens too-late filter-closes store-closes "); /* the call is over */
  assert_int_equal(atomic_load(&collected.late), 0);
}

static struct bs_call *parked;

static void *park(void *user UNUSED) {
  struct bs_scopes own = {NULL};
  struct bs_error error = {0};
  struct bs_scope *scope = NULL;

  assert_ok(bs_scope_open(&own, &scope, 0, &error));
  bs_calls_run(&parked, 1, scope, NULL);
  bs_scopes_free(&own);
  return NULL;
}

/* Two stacks stand on a driver that takes one call in the whole process. */
static void the_store_below_has_its_turns(void **state UNUSED) {
  static struct collected first;
  struct bs_store *one = above(shelf(BS_THREADS_SERIAL)), *two = above(shelf(BS_THREADS_SERIAL));
  struct bs_call *call = get_call(two, "k", &collected);
  pthread_t thread;

  parked = get_call(one, "park", &first);
  assert_int_equal(pthread_create(&thread, NULL, park, NULL), 0);
  wait_for(&entered);
  assert_result(run_one(call, 20), CANCELLED, BS_WORD_deadline, "shelf");
  assert_false(bs_call_result(call)->abandoned);
  bs_call_release(call);
  sem_post(&released);
  pthread_join(thread, NULL);
  bs_call_release(parked);
  ask(two, "k", BLOCKSTORE_STATUS_OK, "bytes");
  bs_store_close(one);
  bs_store_close(two);
}

static void *ask_often(void *user) {
  struct bs_store *store = user;
  struct bs_scopes own = {NULL};
  struct bs_error error = {0};
  struct bs_scope *scope = NULL;

  assert_ok(bs_scope_open(&own, &scope, 0, &error));
  for (int i = 0; i < 50; i++) {
    struct collected mine = {0};
    struct bs_call *call = get_call(store, "k", &mine);

    bs_calls_run(&call, 1, scope, NULL);
    assert_status(bs_call_result(call), OK);
    bs_call_release(call);
    bs_buffer_free(&mine.bytes);
  }
  bs_scopes_free(&own);
  return NULL;
}

static void many_wait_for_their_turn_below(void **state UNUSED) {
  struct bs_store *stores[] = {above(shelf(BS_THREADS_SERIAL)), above(shelf(BS_THREADS_SERIAL)), shelf(BS_THREADS_SERIAL)};
  pthread_t threads[6];

  for (size_t i = 0; i < 6; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask_often, stores[i % 3]), 0);
  for (size_t i = 0; i < 6; i++) pthread_join(threads[i], NULL);
  for (size_t i = 0; i < 3; i++) bs_store_close(stores[i]);
}

static void nobody_waits_behind_a_lost_store(void **state UNUSED) {
  struct bs_store *one = above(shelf(BS_THREADS_SERIAL)), *two = above(shelf(BS_THREADS_SERIAL));
  struct bs_call *call = get_call(one, "park", &collected);

  assert_true(run_until_entered(call, &entered)->abandoned);
  bs_call_release(call);
  ask(two, "k", BLOCKSTORE_STATUS_FAILED, "shelf: The driver mock is still busy with a call that was given up.");
  sem_post(&released);
  for (int i = 0; i < 5000 && atomic_load(&inside) > 0; i++) sleep_ms(1);
  bs_store_close(one);
  bs_store_close(two);
}

#define FILTER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down_calls)

int main(void) {
  const struct CMUnitTest tests[] = {
      FILTER_TEST(what_the_store_answers_is_handed_up),
      FILTER_TEST(puts_and_urls_go_through),
      FILTER_TEST(what_one_lacks_is_unsupported),
      FILTER_TEST(a_filter_hears_why_and_until_when),
      FILTER_TEST(what_the_filter_refuses_is_the_answer),
      FILTER_TEST(it_asks_one_thing_at_a_time),
      FILTER_TEST(a_failing_init_closes_what_is_below),
      FILTER_TEST(a_stack_promises_what_all_do),
      FILTER_TEST(a_deadline_reaches_the_store),
      FILTER_TEST(what_is_cancelled_above_is_cancelled_below),
      FILTER_TEST(a_store_that_does_not_return_is_left_with_its_filter),
      FILTER_TEST(the_store_below_has_its_turns),
      FILTER_TEST(many_wait_for_their_turn_below),
      FILTER_TEST(nobody_waits_behind_a_lost_store),
  };

  return RUN_TESTS(tests);
}

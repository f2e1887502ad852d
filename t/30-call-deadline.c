/* SPDX-License-Identifier: MIT */
/* Calls on workers that end late, or never: deadline, cancellation, abandonment, revocation. */
#include <config.h>

#include "t/lib/calls.h"

/* How the driver behaves, by key. */
static sem_t entered;  /* posted by each call that is inside */
static sem_t released; /* parks "never" and "rude" until the test lets them go */
static sem_t left;     /* posted by a parked one that is about to return */
static atomic_int closed;
static atomic_int revoked; /* how many of the rude one's uses were answered CANCELLED */

static enum blockstore_status mock_init(void **ret_self, struct blockstore_call *call UNUSED,
                                        const struct blockstore_settings *settings UNUSED,
                                        const struct blockstore_next *next UNUSED) {
  *ret_self = NULL;
  return BLOCKSTORE_STATUS_OK;
}

static void mock_close(void *self UNUSED, struct blockstore_call *call UNUSED) {
  atomic_fetch_add(&closed, 1);
}

/* Never returns, as far as the caller can see. */
static enum blockstore_status never(void) {
  sem_post(&entered);
  wait_for(&released);
  sem_post(&left);
  return BLOCKSTORE_STATUS_OK;
}

/* Ignores its deadline, and goes on as if nothing had been. */
static enum blockstore_status rude_get(struct blockstore_call *call, struct blockstore_sink *sink) {
  int readable = call->host->cancel_fd(call);
  struct pollfd poll_fd = {readable, POLLIN, 0};

  sink->begin(sink, BLOCKSTORE_SIZE_UNKNOWN);
  sink->write(sink, "first", 5);
  sem_post(&entered);
  wait_for(&released);
  if (sink->write(sink, "later", 5) == BLOCKSTORE_STATUS_CANCELLED) atomic_fetch_add(&revoked, 1);
  if (sink->begin(sink, 1) == BLOCKSTORE_STATUS_CANCELLED) atomic_fetch_add(&revoked, 1);
  if (call->host->time_left(call) == 0) atomic_fetch_add(&revoked, 1);
  if (poll(&poll_fd, 1, 0) == 1 && call->host->cancel_fd(call) == readable) atomic_fetch_add(&revoked, 1);
  call->host->set_error(call, "too late");
  call->host->retry_after(call, 1);
  sem_post(&left);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status watch_cancel_fd(struct blockstore_call *call) {
  struct pollfd poll_fd = {call->host->cancel_fd(call), POLLIN, 0};

  assert_int_equal(call->host->cancel_fd(call), poll_fd.fd);
  assert_true(poll_fd.fd >= 0);
  assert_int_equal(poll(&poll_fd, 1, 0), 0);
  sem_post(&entered);
  poll(&poll_fd, 1, -1);
  return call->host->time_left(call) == 0 ? BLOCKSTORE_STATUS_CANCELLED : BLOCKSTORE_STATUS_FAILED;
}

/* However short its time is. */
static enum blockstore_status wait_on_cancel_fd(struct blockstore_call *call) {
  struct pollfd poll_fd = {call->host->cancel_fd(call), POLLIN, 0};

  poll(&poll_fd, 1, -1);
  return poll_fd.revents == POLLIN && call->host->time_left(call) == 0 ? BLOCKSTORE_STATUS_CANCELLED : BLOCKSTORE_STATUS_FAILED;
}

/* Only once two others are inside. */
static enum blockstore_status be_third(struct blockstore_sink *sink) {
  wait_for(&entered);
  wait_for(&entered);
  return sink->write(sink, "value", 5);
}

static enum blockstore_status watch_time_left(struct blockstore_call *call) {
  sem_post(&entered);
  while (call->host->time_left(call) > 0) sleep_ms(5);
  return BLOCKSTORE_STATUS_CANCELLED;
}

/* Past the deadline, but within the grace period, with a whole value. */
static enum blockstore_status be_late(struct blockstore_call *call, struct blockstore_sink *sink) {
  sink->write(sink, "value", 5);
  watch_time_left(call);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status mock_get(void *self UNUSED, struct blockstore_call *call,
                                       struct blockstore_sink *ret_data, const char *key) {
  if (strcmp(key, "never") == 0) return never();
  if (strcmp(key, "rude") == 0) return rude_get(call, ret_data);
  if (strcmp(key, "fd") == 0) return watch_cancel_fd(call);
  if (strcmp(key, "timer") == 0) return wait_on_cancel_fd(call);
  if (strcmp(key, "time") == 0) return watch_time_left(call);
  if (strcmp(key, "late") == 0) return be_late(call, ret_data);
  if (strcmp(key, "third") == 0) return be_third(ret_data);
  return ret_data->write(ret_data, "value", 5);
}

static enum blockstore_status mock_put(void *self UNUSED, struct blockstore_call *call UNUSED, const char *key,
                                       const struct blockstore_source *data, const char *txid UNUSED) {
  char byte;

  assert_string_equal(key, "k");
  data->read_at(data, &byte, 1, 0);
  sem_post(&entered);
  wait_for(&released);
  assert_string_equal(key, "k"); /* its arguments are still there */
  if (data->read_at(data, &byte, 1, 0) == BLOCKSTORE_STATUS_CANCELLED) atomic_fetch_add(&revoked, 1);
  sem_post(&left);
  return BLOCKSTORE_STATUS_OK;
}

static const struct blockstore_driver driver = {
    .storage_init = mock_init,
    .storage_close = mock_close,
    .get_immutable_handler = mock_get,
    .put_immutable_handler = mock_put,
};

static struct bs_store *store;
static struct collected collected;

static int set_up(void **state) {
  set_up_calls(state);
  sem_init(&entered, 0, 0);
  sem_init(&released, 0, 0);
  sem_init(&left, 0, 0);
  atomic_store(&closed, 0);
  atomic_store(&revoked, 0);
  store = open_store("far", &driver, BS_THREADS_PARALLEL, false, 0);
  bs_calls_set_grace(50);
  return 0;
}

static int tear_down(void **state) {
  bs_store_close(store);
  bs_buffer_free(&collected.bytes);
  memset(&collected, 0, sizeof collected);
  return tear_down_calls(state);
}

/* Lets an abandoned call return, and waits until its thread is done with it. */
static void let_go(void) {
  sem_post(&released);
  wait_for(&left);
}

static void wait_until_closed(void) {
  for (int i = 0; i < 5000 && atomic_load(&closed) == 0; i++) sleep_ms(1);
  assert_int_equal(atomic_load(&closed), 1);
}

static void a_watched_descriptor_ends_a_call_at_its_deadline(void **state UNUSED) {
  struct bs_call *call = get_call(store, "fd", &collected);

  bs_calls_set_grace(10000);
  assert_result(run_until_entered(call, &entered), CANCELLED, BS_WORD_deadline, "far");
  assert_false(bs_call_result(call)->abandoned);
  bs_call_release(call);
}

/* One that is known before the descriptor is made. */
static void a_timer_ends_a_call_at_its_deadline(void **state UNUSED) {
  struct bs_call *call = get_call(store, "timer", &collected);

  bs_calls_set_grace(10000);
  assert_result(run_one(call, 300), CANCELLED, BS_WORD_deadline, "far");
  assert_false(bs_call_result(call)->abandoned);
  bs_call_release(call);
}

static void polling_time_left_ends_a_call_at_its_deadline(void **state UNUSED) {
  struct bs_call *call = get_call(store, "time", &collected);

  bs_calls_set_grace(10000);
  assert_result(run_one(call, 300), CANCELLED, BS_WORD_deadline, "far");
  assert_false(bs_call_result(call)->abandoned);
  bs_call_release(call);
}

static void *cancel_when_entered(void *user UNUSED) {
  wait_for(&entered);
  bs_scopes_cancel(&scopes);
  return NULL;
}

static void cancelling_the_scope_ends_a_call(void **state UNUSED) {
  static const char *const keys[] = {"fd", "time"};

  bs_calls_set_grace(10000);
  for (size_t i = 0; i < 2; i++) {
    struct bs_call *call = get_call(store, keys[i], &collected);
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, cancel_when_entered, NULL), 0);
    assert_result(run_one(call, 0), CANCELLED, BS_WORD_cancelled, "far");
    pthread_join(thread, NULL);
    bs_call_release(call);
  }
}

static bool enough(void *user UNUSED, struct bs_call *call) {
  return bs_call_result(call)->status == BLOCKSTORE_STATUS_OK;
}

static void enough_cancels_the_others(void **state UNUSED) {
  struct bs_call *calls[] = {get_call(store, "fd", &collected), get_call(store, "time", &collected),
                             get_call(store, "third", &collected)};
  struct bs_scope *scope = scope_of(0);

  bs_calls_set_grace(10000);
  bs_calls_run(calls, 3, scope, &(struct bs_calls_watch){.ended = enough});
  assert_status(bs_call_result(calls[2]), OK);
  assert_result(bs_call_result(calls[0]), CANCELLED, BS_WORD_cancelled, "far");
  assert_result(bs_call_result(calls[1]), CANCELLED, BS_WORD_cancelled, "far");
  bs_scope_close(scope);
  for (size_t i = 0; i < 3; i++) bs_call_release(calls[i]);
}

static void a_late_result_within_the_grace_period_counts(void **state UNUSED) {
  struct bs_call *call = get_call(store, "late", &collected);

  bs_calls_set_grace(10000);
  assert_status(run_one(call, 300), OK);
  assert_int_equal(collected.ended, 1);
  bs_call_release(call);
}

static void a_call_that_never_returns_is_abandoned_and_named(void **state UNUSED) {
  struct bs_call *call = get_call(store, "never", &collected);

  assert_result(run_until_entered(call, &entered), CANCELLED, BS_WORD_deadline,
                "far: The driver mock did not return from get_immutable");
  assert_true(bs_call_result(call)->abandoned);
  assert_true(log_holds("far: The driver mock did not return from get_immutable"));
  bs_call_release(call);
  let_go();
}

/* Once the quick one has ended and the other is inside the driver. */
static bool end_the_scope(void *scope, struct bs_call *call) {
  if (bs_call_result(call)->status == BLOCKSTORE_STATUS_OK) {
    wait_for(&entered);
    ((struct bs_scope *)scope)->deadline_ms = bs_clock_monotonic_ms();
  }
  return false;
}

static void others_are_not_held_up(void **state UNUSED) {
  struct bs_call *calls[] = {get_call(store, "never", &collected), get_call(store, "quick", &collected)};
  struct bs_scope *scope = scope_of(0);

  bs_calls_run(calls, 2, scope, &(struct bs_calls_watch){.ended = end_the_scope, .user = scope});
  assert_true(bs_call_result(calls[0])->abandoned);
  assert_status(bs_call_result(calls[1]), OK);
  bs_scope_close(scope);
  bs_call_release(calls[0]);
  bs_call_release(calls[1]);
  let_go();
}

static void an_abandoned_sink_is_revoked(void **state UNUSED) {
  struct bs_call *call = get_call(store, "rude", &collected);

  assert_true(run_until_entered(call, &entered)->abandoned);
  atomic_store(&collected.shut, true);
  assert_string_equal(bs_buffer_string(&collected.bytes), "first");
  let_go();
  assert_int_equal(atomic_load(&collected.late), 0);
  assert_int_equal(atomic_load(&revoked), 4);
  assert_result(bs_call_result(call), CANCELLED, BS_WORD_deadline, "did not return");
  assert_int_equal(bs_call_result(call)->retry_after_ms, 0);
  bs_call_release(call);
}

static void an_abandoned_source_is_revoked(void **state UNUSED) {
  char *bytes = strdup("the caller's");
  struct bs_feed *feed = feed_of(bytes);
  struct bs_call *call = put_call(store, BS_ENTRY_PUT_IMMUTABLE, feed);

  assert_true(run_until_entered(call, &entered)->abandoned);
  bs_call_release(call);
  bs_feed_release(feed);
  free(bytes); /* a sanitizer or valgrind sees any later touch */
  let_go();
  assert_int_equal(atomic_load(&revoked), 1);
}

/* The scope is another call's by then: the abandoned one must neither see it nor be seen. */
static void a_scope_can_be_reused_after_an_abandoned_call(void **state UNUSED) {
  struct bs_call *rude = get_call(store, "rude", &collected);
  struct bs_call *quick = get_call(store, "quick", &collected);

  assert_true(run_until_entered(rude, &entered)->abandoned);
  assert_status(run_one(quick, 0), OK);
  let_go();
  assert_int_equal(atomic_load(&revoked), 4);
  bs_call_release(rude);
  bs_call_release(quick);
}

static void an_instance_with_a_lost_call_is_closed_when_it_returns(void **state UNUSED) {
  struct bs_store *other = open_store("other", &driver, BS_THREADS_PARALLEL, false, 0);
  struct bs_call *call = get_call(other, "never", &collected);

  assert_true(run_until_entered(call, &entered)->abandoned);
  bs_call_release(call);
  bs_store_close(other);
  assert_int_equal(atomic_load(&closed), 0);
  assert_true(log_holds("other: The driver mock is still inside a call"));
  let_go();
  wait_until_closed();
}

static enum blockstore_status stuck_init(void **ret_self, struct blockstore_call *call UNUSED,
                                         const struct blockstore_settings *settings UNUSED,
                                         const struct blockstore_next *next UNUSED) {
  *ret_self = NULL;
  return never();
}

static void stuck_close(void *self UNUSED, struct blockstore_call *call) {
  sem_post(&entered);
  while (call->host->time_left(call) > 0) sleep_ms(5);
  atomic_fetch_add(&closed, 1);
}

static bool open_stuck(struct bs_store **ret_store, const struct blockstore_driver *table, struct bs_error *error) {
  const struct bs_metadata metadata = {.threads = BS_THREADS_SERIAL, .largest = UINT64_MAX};
  struct bs_scope *scope = scope_of(1000);
  bool opened =
      bs_store_open(ret_store, "stuck", "mock", table, sizeof *table, &metadata, NULL, -1, NULL, scope, error);

  bs_scope_close(scope);
  return opened;
}

static void an_init_that_never_returns_is_abandoned(void **state UNUSED) {
  static const struct blockstore_driver table = {.storage_init = stuck_init, .storage_close = mock_close};
  struct bs_error error = {0};
  struct bs_store *opened;

  assert_fails(open_stuck(&opened, &table, &error), BS_WORD_deadline,
               "The driver mock did not return from storage_init");
  assert_fails(open_stuck(&opened, &table, &error), BS_WORD_failed, "still busy with a call that was given up");
  let_go();
  wait_until_closed(); /* what it opened at last, nobody wants */
}

static void a_close_has_a_deadline(void **state UNUSED) {
  static const struct blockstore_driver table = {.storage_init = mock_init, .storage_close = stuck_close};
  struct bs_error error = {0};
  struct bs_store *opened;

  assert_ok(open_stuck(&opened, &table, &error));
  bs_calls_set_grace(10000);
  bs_store_close(opened); /* BS_STORE_CLOSE_MS */
  assert_int_equal(atomic_load(&closed), 1);
}

static void never_close(void *self UNUSED, struct blockstore_call *call UNUSED) {
  never();
}

static void a_close_that_never_returns_is_abandoned(void **state UNUSED) {
  static const struct blockstore_driver table = {.storage_init = mock_init, .storage_close = never_close};
  struct bs_error error = {0};
  struct bs_store *opened;

  assert_ok(open_stuck(&opened, &table, &error));
  bs_store_close(opened);
  assert_true(log_holds("stuck: The driver mock did not return from storage_close"));
  assert_fails(open_stuck(&opened, &table, &error), BS_WORD_failed, "still busy with a call that was given up");
  let_go();
}

#define DEADLINE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      DEADLINE_TEST(a_watched_descriptor_ends_a_call_at_its_deadline),
      DEADLINE_TEST(a_timer_ends_a_call_at_its_deadline),
      DEADLINE_TEST(polling_time_left_ends_a_call_at_its_deadline),
      DEADLINE_TEST(cancelling_the_scope_ends_a_call),
      DEADLINE_TEST(enough_cancels_the_others),
      DEADLINE_TEST(a_late_result_within_the_grace_period_counts),
      DEADLINE_TEST(a_call_that_never_returns_is_abandoned_and_named),
      DEADLINE_TEST(others_are_not_held_up),
      DEADLINE_TEST(an_abandoned_sink_is_revoked),
      DEADLINE_TEST(an_abandoned_source_is_revoked),
      DEADLINE_TEST(a_scope_can_be_reused_after_an_abandoned_call),
      DEADLINE_TEST(an_instance_with_a_lost_call_is_closed_when_it_returns),
      DEADLINE_TEST(an_init_that_never_returns_is_abandoned),
      DEADLINE_TEST(a_close_has_a_deadline),
      DEADLINE_TEST(a_close_that_never_returns_is_abandoned),
  };

  return RUN_TESTS(tests);
}

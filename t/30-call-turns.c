/* SPDX-License-Identifier: MIT */
/* Thread models: how many calls are inside a driver at once, who waits, and what becomes of those who wait in vain. */
#include <config.h>

#include "core/driver/call_private.h"
#include "t/lib/calls.h"

static atomic_int inside;
static atomic_int most; /* inside at once */
static atomic_int calls_made;
static atomic_int closed;
static sem_t entered;
static sem_t released; /* parks "park" */
static sem_t left;

static enum blockstore_status mock_init(void **ret_self, struct blockstore_call *call UNUSED,
                                        const struct blockstore_settings *settings UNUSED,
                                        const struct blockstore_next *next UNUSED) {
  *ret_self = NULL;
  return BLOCKSTORE_STATUS_OK;
}

static void stay_a_while(const char *key) {
  int now = atomic_fetch_add(&inside, 1) + 1;
  int seen = atomic_load(&most);

  while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now)) continue;
  atomic_fetch_add(&calls_made, 1);
  sem_post(&entered);
  if (strcmp(key, "park") == 0)
    wait_for(&released);
  else if (strcmp(key, "meet") == 0)
    for (int i = 0; i < 5000 && atomic_load(&most) < 4; i++) sleep_ms(1); /* until all four are inside */
  else
    sleep_ms(2);
  atomic_fetch_sub(&inside, 1);
}

static enum blockstore_status mock_get(void *self UNUSED, struct blockstore_call *call UNUSED,
                                       struct blockstore_sink *ret_data UNUSED, const char *key) {
  stay_a_while(key);
  sem_post(&left);
  return BLOCKSTORE_STATUS_OK;
}

static void mock_close(void *self UNUSED, struct blockstore_call *call UNUSED) {
  atomic_fetch_add(&closed, 1);
}

static const struct blockstore_driver driver = {
    .storage_init = mock_init, .storage_close = mock_close, .get_immutable_handler = mock_get};

static struct collected collected[4];

static int set_up(void **state) {
  set_up_calls(state);
  sem_init(&entered, 0, 0);
  sem_init(&released, 0, 0);
  sem_init(&left, 0, 0);
  atomic_store(&inside, 0);
  atomic_store(&most, 0);
  atomic_store(&calls_made, 0);
  atomic_store(&closed, 0);
  bs_calls_set_grace(50);
  return 0;
}

/* Two calls each on two instances, all together. */
static void run_four(enum bs_threads threads, const char *key, bool first_is_inline) {
  struct bs_store *one = open_store("one", &driver, threads, first_is_inline, 0);
  struct bs_store *two = open_store("two", &driver, threads, false, 0);
  struct bs_call *calls[] = {get_call(one, key, &collected[0]), get_call(two, key, &collected[1]),
                             get_call(one, key, &collected[2]), get_call(two, key, &collected[3])};
  struct bs_scope *scope = scope_of(0);

  bs_calls_run(calls, 4, scope, NULL);
  bs_scope_close(scope);
  for (size_t i = 0; i < 4; i++) {
    assert_status(bs_call_result(calls[i]), OK);
    bs_call_release(calls[i]);
  }
  bs_store_close(one);
  bs_store_close(two);
  assert_int_equal(atomic_load(&calls_made), 4);
}

static void serial_is_one_in_the_process(void **state UNUSED) {
  run_four(BS_THREADS_SERIAL, "k", false);
  assert_int_equal(atomic_load(&most), 1);
}

static void serial_holds_for_inline_calls_too(void **state UNUSED) {
  run_four(BS_THREADS_SERIAL, "k", true);
  assert_int_equal(atomic_load(&most), 1);
}

static void instance_is_one_for_each(void **state UNUSED) {
  run_four(BS_THREADS_INSTANCE, "k", false);
  assert_in_range(atomic_load(&most), 1, 2);
}

static void parallel_is_all_at_once(void **state UNUSED) {
  run_four(BS_THREADS_PARALLEL, "meet", false);
  assert_int_equal(atomic_load(&most), 4);
}

static void *run_in_thread(void *user) {
  struct bs_store *store = user;
  struct bs_error error = {0};
  struct bs_scopes own = {NULL};
  struct bs_scope *scope = NULL;

  assert_ok(bs_scope_open(&own, &scope, 0, &error));
  for (int i = 0; i < 20; i++) {
    struct collected mine = {0};
    struct bs_call *call = get_call(store, "k", &mine);

    bs_calls_run(&call, 1, scope, NULL);
    assert_status(bs_call_result(call), OK);
    bs_call_release(call);
  }
  bs_scopes_free(&own);
  return NULL;
}

static void inline_callers_of_one_instance_take_turns(void **state UNUSED) {
  struct bs_store *store = open_store("one", &driver, BS_THREADS_INSTANCE, true, 0);
  pthread_t threads[3];

  for (size_t i = 0; i < 3; i++) assert_int_equal(pthread_create(&threads[i], NULL, run_in_thread, store), 0);
  for (size_t i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  assert_int_equal(atomic_load(&most), 1);
  assert_int_equal(atomic_load(&calls_made), 60);
  bs_store_close(store);
}

/* One call parked inside on a thread of its own, until let go. */
static struct bs_call *parked;
static pthread_t parker;

static void *park(void *user UNUSED) {
  struct bs_scopes own = {NULL};
  struct bs_error error = {0};
  struct bs_scope *scope = NULL;

  assert_ok(bs_scope_open(&own, &scope, 0, &error));
  bs_calls_run(&parked, 1, scope, NULL);
  bs_scopes_free(&own);
  return NULL;
}

static void park_in(struct bs_store *store) {
  parked = get_call(store, "park", &collected[0]);
  assert_int_equal(pthread_create(&parker, NULL, park, NULL), 0);
  wait_for(&entered);
}

static void unpark(void) {
  sem_post(&released);
  pthread_join(parker, NULL);
  assert_status(bs_call_result(parked), OK);
  bs_call_release(parked);
}

static void waiting_respects_the_deadline(void **state UNUSED) {
  for (int is_inline = 0; is_inline <= 1; is_inline++) {
    struct bs_store *store = open_store("one", &driver, BS_THREADS_INSTANCE, is_inline != 0, 0);
    struct bs_call *call = get_call(store, "k", &collected[1]);

    park_in(store);
    assert_result(run_one(call, 20), CANCELLED, BS_WORD_deadline, "one");
    assert_false(bs_call_result(call)->abandoned);
    unpark();
    bs_call_release(call);
    bs_store_close(store);
  }
  assert_int_equal(atomic_load(&calls_made), 2); /* only the parked ones entered */
}

/* Once the other store's has ended, and one is inside the driver. */
static bool end_the_scope(void *scope, struct bs_call *call) {
  if (bs_call_result(call)->status == BLOCKSTORE_STATUS_OK) {
    wait_for(&entered);
    wait_for(&entered);
    ((struct bs_scope *)scope)->deadline_ms = bs_clock_monotonic_ms();
  }
  return false;
}

static void who_waits_in_the_middle_can_leave(void **state UNUSED) {
  struct bs_store *store = open_store("one", &driver, BS_THREADS_INSTANCE, false, 0);
  struct bs_store *other = open_store("two", &driver, BS_THREADS_PARALLEL, false, 0);
  struct bs_call *calls[] = {get_call(store, "park", &collected[0]), get_call(store, "k", &collected[1]),
                             get_call(store, "k", &collected[2]), get_call(other, "k", &collected[3])};
  struct bs_scope *scope = scope_of(0);

  bs_calls_run(calls, 4, scope, &(struct bs_calls_watch){.ended = end_the_scope, .user = scope});
  assert_true(bs_call_result(calls[0])->abandoned);
  assert_result(bs_call_result(calls[1]), CANCELLED, BS_WORD_deadline, "one");
  assert_result(bs_call_result(calls[2]), CANCELLED, BS_WORD_deadline, "one");
  assert_status(bs_call_result(calls[3]), OK);
  wait_for(&left);
  sem_post(&released);
  wait_for(&left);
  assert_int_equal(atomic_load(&calls_made), 2);
  bs_scope_close(scope);
  for (size_t i = 0; i < 4; i++) bs_call_release(calls[i]);
  bs_store_close(store);
  bs_store_close(other);
}

/* Lets the call go that is lost; once it has left, all is well again. */
static void free_the_turn(struct bs_store *store) {
  enum blockstore_status status = BLOCKSTORE_STATUS_FAILED;

  sem_post(&released);
  wait_for(&left);
  for (int i = 0; i < 5000 && status != BLOCKSTORE_STATUS_OK; i++) {
    struct bs_call *call = get_call(store, "k", &collected[1]);

    status = run_one(call, 0)->status;
    bs_call_release(call);
    sleep_ms(1);
  }
  assert_int_equal(status, BLOCKSTORE_STATUS_OK);
}

static void nobody_waits_behind_a_lost_call(void **state UNUSED) {
  struct bs_store *store = open_store("one", &driver, BS_THREADS_INSTANCE, false, 0);
  struct bs_call *call = get_call(store, "park", &collected[0]);

  assert_true(run_until_entered(call, &entered)->abandoned);
  bs_call_release(call);
  call = get_call(store, "k", &collected[1]);
  assert_result(run_one(call, 0), FAILED, BS_WORD_failed,
                "one: The driver mock is still busy with a call that was given up.");
  bs_call_release(call);
  free_the_turn(store);
  bs_store_close(store);
}

/* Queues behind the call that is inside, which nobody gives up before that. */
struct follower {
  struct bs_call *call;
  struct bs_scope *scope; /* of the call that is inside */
  pthread_t thread;
  bool follows;
};

static void *follow(void *user) {
  const struct follower *follower = user;
  struct bs_scopes own = {NULL};
  struct bs_error error = {0};
  struct bs_scope *scope = NULL;

  assert_ok(bs_scope_open(&own, &scope, 20000, &error));
  bs_calls_run(&follower->call, 1, scope, NULL);
  bs_scopes_free(&own);
  return NULL;
}

static bool is_waiting(struct bs_call *call) {
  BS_LOCKED(&call->lock);
  return call->state == BS_CALL_WAITING;
}

static void follow_once_entered(void *user) {
  struct follower *follower = user;

  if (follower->follows || sem_trywait(&entered) != 0) return;
  follower->follows = true;
  assert_int_equal(pthread_create(&follower->thread, NULL, follow, follower), 0);
  while (!is_waiting(follower->call)) sleep_ms(1);
  follower->scope->deadline_ms = bs_clock_monotonic_ms();
}

static void who_waits_already_when_a_call_is_lost_waits_no_longer(void **state UNUSED) {
  for (int is_inline = 0; is_inline <= 1; is_inline++) {
    struct bs_store *store = open_store("one", &driver, BS_THREADS_SERIAL, false, 0);
    struct bs_store *other = open_store("two", &driver, BS_THREADS_SERIAL, is_inline != 0, 0);
    struct bs_call *call = get_call(store, "park", &collected[0]);
    struct follower follower = {.call = get_call(other, "k", &collected[1]), .scope = scope_of(0)};

    bs_calls_run(&call, 1, follower.scope, &(struct bs_calls_watch){.progress = follow_once_entered, .user = &follower});
    assert_true(bs_call_result(call)->abandoned);
    pthread_join(follower.thread, NULL);
    assert_result(bs_call_result(follower.call), FAILED, BS_WORD_failed,
                  "two: The driver mock is still busy with a call that was given up.");
    bs_scope_close(follower.scope);
    bs_call_release(call);
    bs_call_release(follower.call);
    free_the_turn(other);
    while (sem_trywait(&entered) == 0) continue; /* for the next round */
    bs_store_close(store);
    bs_store_close(other);
  }
}

static void an_instance_behind_a_lost_call_is_left_open(void **state UNUSED) {
  static struct bs_store *other; /* what nobody frees stays in sight of leak checkers */
  struct bs_store *store = open_store("one", &driver, BS_THREADS_SERIAL, false, 0);
  struct bs_call *call = get_call(store, "park", &collected[0]);

  other = open_store("two", &driver, BS_THREADS_SERIAL, false, 0);
  assert_true(run_until_entered(call, &entered)->abandoned);
  bs_call_release(call);
  bs_store_close(other);
  assert_int_equal(atomic_load(&closed), 0);
  assert_true(log_holds("two: The instance could not be closed and is left open"));
  bs_store_close(store);
  sem_post(&released);
  wait_for(&left);
  for (int i = 0; i < 5000 && atomic_load(&closed) == 0; i++) sleep_ms(1);
  assert_int_equal(atomic_load(&closed), 1);
}

#define TURN_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down_calls)

int main(void) {
  const struct CMUnitTest tests[] = {
      TURN_TEST(serial_is_one_in_the_process),
      TURN_TEST(serial_holds_for_inline_calls_too),
      TURN_TEST(instance_is_one_for_each),
      TURN_TEST(parallel_is_all_at_once),
      TURN_TEST(inline_callers_of_one_instance_take_turns),
      TURN_TEST(waiting_respects_the_deadline),
      TURN_TEST(who_waits_in_the_middle_can_leave),
      TURN_TEST(nobody_waits_behind_a_lost_call),
      TURN_TEST(who_waits_already_when_a_call_is_lost_waits_no_longer),
      TURN_TEST(an_instance_behind_a_lost_call_is_left_open),
  };

  return RUN_TESTS(tests);
}

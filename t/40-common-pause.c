/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <pthread.h>
#include <time.h>

#include "plugins/common/pause.h"
#include "t/lib/driver-host.h"

#define LONG_MS 600000 /* which no test waits for */

static uint64_t now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void it_lasts_as_long_as_was_said(void **state) {
  struct host_call call;
  uint64_t from = now();

  (void)state;
  host_call_init(&call);
  assert_int_equal(bs_pause_for(&call.call, 30), BLOCKSTORE_STATUS_OK);
  assert_true(now() - from >= 30);
  assert_string_equal(call.sentence, "");
  assert_int_equal(bs_pause_for(&call.call, 0), BLOCKSTORE_STATUS_OK);
}

static void a_call_that_is_over_is_not_waited_in(void **state) {
  struct host_call call;

  (void)state;
  host_call_init(&call);
  call.deadline = 1;
  assert_int_equal(bs_pause_for(&call.call, LONG_MS), BLOCKSTORE_STATUS_CANCELLED);
  assert_string_equal(call.sentence, "The call was cancelled or its time is over.");
  assert_int_equal(bs_pause_for(&call.call, 0), BLOCKSTORE_STATUS_CANCELLED);
}

/* Also where there is no descriptor. */
static void the_deadline_ends_it(void **state) {
  struct host_call call;
  int ends[2];

  (void)state;
  assert_int_equal(pipe(ends), 0);
  for (int i = 0; i < 2; i++) {
    host_call_init(&call);
    call.cancel_fd = i == 0 ? -1 : ends[0];
    call.deadline = now() + 20;
    assert_int_equal(bs_pause_for(&call.call, LONG_MS), BLOCKSTORE_STATUS_CANCELLED);
    assert_true(now() >= call.deadline);
  }
  close(ends[0]);
  close(ends[1]);
}

struct cancelling {
  struct host_call call;
  int fd; /* written to when it is cancelled; -1: nobody is woken */
};

static void *cancel(void *user) {
  const struct timespec nap = {0, 20000000};
  struct cancelling *cancelling = user;

  nanosleep(&nap, NULL);
  atomic_store(&cancelling->call.looks, 0);
  if (cancelling->fd >= 0) assert_int_equal(write(cancelling->fd, "x", 1), 1);
  return NULL;
}

static void cancelling_ends_it(void **state) {
  struct cancelling cancelling;
  pthread_t thread;
  int ends[2];

  (void)state;
  assert_int_equal(pipe(ends), 0);
  for (int i = 0; i < 2; i++) {
    host_call_init(&cancelling.call);
    cancelling.call.cancel_fd = i == 0 ? ends[0] : -1;
    cancelling.fd = i == 0 ? ends[1] : -1;
    assert_int_equal(pthread_create(&thread, NULL, cancel, &cancelling), 0);
    assert_int_equal(bs_pause_for(&cancelling.call.call, LONG_MS), BLOCKSTORE_STATUS_CANCELLED);
    pthread_join(thread, NULL);
  }
  close(ends[0]);
  close(ends[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_lasts_as_long_as_was_said),
      cmocka_unit_test(a_call_that_is_over_is_not_waited_in),
      cmocka_unit_test(the_deadline_ends_it),
      cmocka_unit_test(cancelling_ends_it),
  };

  return RUN_TESTS(tests);
}

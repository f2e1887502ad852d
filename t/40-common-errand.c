/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <time.h>

#include "plugins/common/errand.h"
#include "t/lib/driver-host.h"

static uint64_t now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static uint32_t time_left(struct bs_errand *errand) {
  return errand->call.host->time_left(&errand->call);
}

static void it_is_a_call(void **state) {
  struct host_call outer;
  struct bs_errand within, after;

  (void)state;
  host_call_init(&outer);
  outer.call.store = (struct blockstore_store *)&outer;
  bs_errand_within(&within, &outer.call, 1000);
  bs_errand_after(&after, &outer.call);
  for (int i = 0; i < 2; i++) {
    const struct blockstore_call *call = i == 0 ? &within.call : &after.call;

    assert_int_equal(call->struct_size, sizeof *call);
    assert_int_equal(call->host->magic, BLOCKSTORE_HOST_MAGIC);
    assert_int_equal(call->host->struct_size, sizeof *call->host);
    assert_ptr_equal(call->store, outer.call.store);
    assert_ptr_equal(call->host->log, outer.call.host->log);
    assert_ptr_equal(call->host->setting, outer.call.host->setting);
  }
}

/* A core may be older than the driver: what lies behind its table is not looked at. */
static void the_hosts_table_has_its_own_size(void **state) {
  struct host_call outer;
  struct blockstore_host shorter;
  struct bs_errand errand;

  (void)state;
  host_call_init(&outer);
  shorter = *outer.call.host;
  shorter.struct_size = offsetof(struct blockstore_host, get_retry_after);
  outer.call.host = &shorter;
  bs_errand_within(&errand, &outer.call, 1000);
  assert_ptr_equal(errand.host.get_error, shorter.get_error);
  assert_true(errand.host.get_retry_after == NULL);
}

static void a_while_ends_with_the_outer_call(void **state) {
  struct host_call outer;
  struct bs_errand errand;

  (void)state;
  host_call_init(&outer);
  outer.cancel_fd = 77;
  bs_errand_within(&errand, &outer.call, 1000);
  assert_in_range(time_left(&errand), 1, 1000);
  assert_int_equal(errand.call.host->cancel_fd(&errand.call), 77);
  outer.deadline = now() + 300;
  assert_in_range(time_left(&errand), 0, 300);
  outer.deadline = 1;
  assert_int_equal(time_left(&errand), 0);
}

static void a_while_ends_before_the_outer_call(void **state) {
  struct host_call outer;
  struct bs_errand errand;

  (void)state;
  host_call_init(&outer);
  bs_errand_within(&errand, &outer.call, 0);
  assert_int_equal(blockstore_go_on(&errand.call), BLOCKSTORE_STATUS_CANCELLED);
  assert_int_equal(blockstore_go_on(&outer.call), BLOCKSTORE_STATUS_OK);
}

static void what_a_while_says_the_outer_call_says(void **state) {
  struct host_call outer;
  struct bs_errand errand;

  (void)state;
  host_call_init(&outer);
  bs_errand_within(&errand, &outer.call, 1000);
  assert_int_equal(blockstore_fail(&errand.call, BLOCKSTORE_STATUS_TRANSIENT, "%s", "No."), BLOCKSTORE_STATUS_TRANSIENT);
  errand.call.host->retry_after(&errand.call, 7);
  assert_string_equal(outer.sentence, "No.");
  assert_string_equal(errand.reason, "");
  assert_int_equal(outer.retry_after, 7);
}

static void tidying_up_is_silent(void **state) {
  char sentence[600];
  struct host_call outer;
  struct bs_errand errand;

  (void)state;
  host_call_init(&outer);
  blockstore_fail(&outer.call, BLOCKSTORE_STATUS_FAILED, "%s", "It went wrong.");
  bs_errand_after(&errand, &outer.call);
  blockstore_fail(&errand.call, BLOCKSTORE_STATUS_TRANSIENT, "%s", "It stays.");
  errand.call.host->retry_after(&errand.call, 7);
  assert_string_equal(outer.sentence, "It went wrong.");
  assert_int_equal(outer.retry_after, 0);
  assert_string_equal(errand.reason, "It stays.");
  memset(sentence, 'x', sizeof sentence);
  sentence[sizeof sentence - 1] = '\0';
  errand.call.host->set_error(&errand.call, sentence);
  assert_int_equal(strlen(errand.reason), sizeof errand.reason - 1);
  errand.call.host->set_error(&errand.call, NULL);
  assert_string_equal(errand.reason, "");
}

/* left: of the outer call in milliseconds; 0: it is over; -1: it has no deadline. */
static void has_to_tidy_up(int left, uint32_t least, uint32_t most, int fd) {
  struct host_call outer;
  struct bs_errand errand;

  host_call_init(&outer);
  outer.cancel_fd = 77;
  if (left >= 0) outer.deadline = left == 0 ? 1 : now() + (uint64_t)left;
  bs_errand_after(&errand, &outer.call);
  assert_in_range(time_left(&errand), least, most);
  assert_int_equal(errand.call.host->cancel_fd(&errand.call), fd);
}

static void tidying_up_has_its_time(void **state) {
  (void)state;
  has_to_tidy_up(-1, 1000, BS_ERRAND_MOST_MS, 77);
  has_to_tidy_up(600000, 1000, BS_ERRAND_MOST_MS, 77);
  has_to_tidy_up(0, 1, BS_ERRAND_LEAST_MS, -1);
  has_to_tidy_up(100, 101, BS_ERRAND_LEAST_MS, -1);
}

static void tidying_up_ends_with_a_call_that_had_time(void **state) {
  struct host_call outer;
  struct bs_errand errand;

  (void)state;
  host_call_init(&outer);
  bs_errand_after(&errand, &outer.call);
  outer.deadline = 1;
  assert_int_equal(blockstore_go_on(&errand.call), BLOCKSTORE_STATUS_CANCELLED);
}

static void an_errand_has_errands(void **state) {
  struct host_call outer;
  struct bs_errand within, after;

  (void)state;
  host_call_init(&outer);
  bs_errand_within(&within, &outer.call, 0);
  bs_errand_after(&after, &within.call);
  assert_in_range(time_left(&after), 1, BS_ERRAND_LEAST_MS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_a_call),
      cmocka_unit_test(the_hosts_table_has_its_own_size),
      cmocka_unit_test(a_while_ends_with_the_outer_call),
      cmocka_unit_test(a_while_ends_before_the_outer_call),
      cmocka_unit_test(what_a_while_says_the_outer_call_says),
      cmocka_unit_test(tidying_up_is_silent),
      cmocka_unit_test(tidying_up_has_its_time),
      cmocka_unit_test(tidying_up_ends_with_a_call_that_had_time),
      cmocka_unit_test(an_errand_has_errands),
  };

  return RUN_TESTS(tests);
}

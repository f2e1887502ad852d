/* SPDX-License-Identifier: MIT */
/* Time runs a hundred times as fast here, so that what is slow is so soon. */
#include <config.h>

#include "t/lib/http-world.h"

int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);
static long speed = 1;

int __wrap_clock_gettime(clockid_t id, struct timespec *time) {
  int result = __real_clock_gettime(id, time);
  int64_t nanoseconds = ((int64_t)time->tv_sec * 1000000000 + time->tv_nsec) * speed;

  time->tv_sec = nanoseconds / 1000000000;
  time->tv_nsec = nanoseconds % 1000000000;
  return result;
}

static struct http_world world;

static int begin(void **state) {
  (void)state;
  world_begin(&world);
  speed = 100;
  return 0;
}

static int end(void **state) {
  (void)state;
  speed = 1;
  world_end(&world);
  return 0;
}

static void a_slow_answer_is_broken_off(void **state) {
  struct bs_http_request request = {.method = "GET", .reply_most = 1 << 20};

  (void)state;
  world_refuses(&world, &request, "/drip", BLOCKSTORE_STATUS_TRANSIENT, "too slow: less than minimum_rate (1024 bytes a second)");
  world_refuses(&world, &request, "/hang-within", BLOCKSTORE_STATUS_TRANSIENT, "too slow");
  world_goes_on(&world);
}

static void a_slow_upload_is_broken_off(void **state) {
  static unsigned char bytes[30000000];
  struct host_source source;
  struct bs_http_request request = {.method = "PUT", .source = &source.source, .length = sizeof bytes};

  (void)state;
  host_source_init(&source, bytes, sizeof bytes);
  world_refuses(&world, &request, "/stall", BLOCKSTORE_STATUS_TRANSIENT, "too slow");
  world_goes_on(&world);
}

/* A server may think as long as the call has time. */
static void thinking_is_not_slow(void **state) {
  struct bs_http_request request = {.method = "PUT", .head = "abc", .head_length = 3, .reply_most = 100};

  (void)state;
  world_answers(&world, &request, "/later?ms=500", 200);
  bs_http_end(&request);
}

static void without_a_rate_nothing_is_slow(void **state) {
  const struct host_setting settings[] = {{"proxy", "none"}, {"minimum_rate", "0"}, {NULL, NULL}};
  struct bs_http_request request = {.method = "GET", .reply_most = 15};

  (void)state;
  bs_http_close(world.http);
  world_open(&world, settings);
  world_refuses(&world, &request, "/drip", BLOCKSTORE_STATUS_FAILED, "longer than the 15 bytes");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_slow_answer_is_broken_off),
                                     cmocka_unit_test(a_slow_upload_is_broken_off), cmocka_unit_test(thinking_is_not_slow),
                                     cmocka_unit_test(without_a_rate_nothing_is_slow)};

  alarm(120);
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests_name(__FILE__, tests, begin, end);
}

/* SPDX-License-Identifier: MIT */
/* Time runs fifty times as fast here, so that what is slow is so soon, and a busy machine not yet. */
#include <config.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "t/lib/http-world.h"

/* Where time has 64 bits on a machine of 32, the function has another name. */
#if __TIMESIZE == 32
#define real_gettime __real___clock_gettime64
#define wrap_gettime __wrap___clock_gettime64
#else
#define real_gettime __real_clock_gettime
#define wrap_gettime __wrap_clock_gettime
#endif
int real_gettime(clockid_t id, struct timespec *time);
int wrap_gettime(clockid_t id, struct timespec *time);
static long speed = 1;

int wrap_gettime(clockid_t id, struct timespec *time) {
  int result = real_gettime(id, time);
  int64_t nanoseconds = ((int64_t)time->tv_sec * 1000000000 + time->tv_nsec) * speed;

  time->tv_sec = nanoseconds / 1000000000;
  time->tv_nsec = nanoseconds % 1000000000;
  return result;
}

static int begin(void **state) {
  const struct host_setting settings[] = {{"proxy", "none"}, {"minimum_rate", "1024"}, {"silence", "60000"}, {NULL, NULL}};

  (void)state;
  standin_start(&world.standin, NULL, NULL);
  world_open(&world, settings);
  speed = 50;
  return 0;
}

static int end(void **state) {
  speed = 1;
  return world_teardown(state);
}

static void a_slow_answer_is_broken_off(void **state) {
  static const char *const paths[] = {"/drip", "/hang-within"};

  (void)state;
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    struct host_sink sink;
    struct bs_http_request request = {.method = "GET", .sink = &sink.sink, .thinking_ms = 600000};

    host_sink_init(&sink);
    world_refuses(&world, &request, paths[i], BLOCKSTORE_STATUS_TRANSIENT,
                  "too slow: less than minimum_rate (1024 bytes a second)");
    host_sink_free(&sink);
    world_goes_on(&world);
  }
}

static void a_slow_error_is_one_all_the_same(void **state) {
  struct bs_http_request request = {.method = "GET", .reply_most = 100};

  (void)state;
  world_answers(&world, &request, "/drip?code=404", 404);
  bs_http_end(&request);
  world_goes_on(&world);
}

static void a_slow_upload_is_broken_off(void **state) {
  static unsigned char bytes[30000000];
  struct host_source source;
  struct bs_http_request request = {.method = "PUT", .source = &source.source, .length = sizeof bytes};

  (void)state;
  host_source_init(&source, bytes, sizeof bytes);
  request.thinking_ms = 600000; /* libcurl's time, a second until it sends the body, is not ours */
  world_refuses(&world, &request, "/stall", BLOCKSTORE_STATUS_TRANSIENT, "too slow");
  world_goes_on(&world);
}

/* None of these calls has a deadline. */
static void silence_is_broken_off(void **state) {
  static const char *const paths[] = {"/hang", "/hang-within", "/drip", "/later?ms=60000", "/aloud?ms=60000"};

  (void)state;
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    struct bs_http_request get = {.method = "GET", .reply_most = 1 << 20};

    world_refuses(&world, &get, paths[i], BLOCKSTORE_STATUS_TRANSIENT,
                  "The server has said nothing, or next to nothing, for 60 s (silence).");
    world_goes_on(&world);
  }
}

static void silence_after_a_body_is_broken_off(void **state) {
  struct bs_http_request put = {.method = "PUT", .head = "abc", .head_length = 3, .reply_most = 100};

  (void)state;
  world_refuses(&world, &put, "/hang", BLOCKSTORE_STATUS_TRANSIENT, "for 60 s (silence)");
  put.thinking_ms = 100000;
  world_refuses(&world, &put, "/hang", BLOCKSTORE_STATUS_TRANSIENT, "for 100 s (silence)");
  put.thinking_ms = 1000; /* no less than the option says */
  world_refuses(&world, &put, "/hang", BLOCKSTORE_STATUS_TRANSIENT, "for 60 s (silence)");
  world_goes_on(&world);
}

/* Whoever does not take the connection: one is waiting already, and there is room for no other. */
static void a_server_that_does_not_accept_is_silent(void **state) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), waiting[2];
  struct bs_http_request request = {.method = "GET", .url = world.url};

  (void)state;
  assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
  assert_int_equal(listen(listener, 0), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
  for (int i = 0; i < 2; i++) {
    waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    connect(waiting[i], (struct sockaddr *)&address, length);
  }
  snprintf(world.url, sizeof world.url, "http://127.0.0.1:%u/", ntohs(address.sin_port));
  assert_int_equal(bs_http_perform(world.http, &world.call.call, &request), BLOCKSTORE_STATUS_TRANSIENT);
  assert_non_null(strstr(world.call.sentence, "(silence)"));
  bs_http_end(&request);
  close(waiting[0]), close(waiting[1]), close(listener);
}

/* A server may think as long as that, and also aloud: a reply need not flow. */
static void thinking_is_not_slow(void **state) {
  struct bs_http_request request = {.method = "PUT", .head = "abc", .head_length = 3, .reply_most = 100};

  (void)state;
  world_answers(&world, &request, "/later?ms=300", 200);
  world_answers(&world, &request, "/aloud?ms=300", 200);
  assert_non_null(strstr(request.reply, "done"));
  request.thinking_ms = 600000;
  world_answers(&world, &request, "/later?ms=2000", 200);
  bs_http_end(&request);
}

static void each_of_many_has_its_own_time(void **state) {
  char slow[sizeof world.url], silent[sizeof world.url];
  struct bs_http_request requests[] = {{.method = "GET", .url = slow, .thinking_ms = 600000, .reply_most = 100},
                                       {.method = "GET", .url = silent, .reply_most = 100}};
  struct bs_http_request *failed = NULL;

  (void)state;
  snprintf(slow, sizeof slow, "%s", world_url(&world, "/later?ms=3000"));
  snprintf(silent, sizeof silent, "%s", world_url(&world, "/hang"));
  assert_int_equal(bs_http_perform_all(world.http, &world.call.call, requests, 2, 2, &failed), BLOCKSTORE_STATUS_TRANSIENT);
  assert_ptr_equal(failed, &requests[1]);
  bs_http_end(&requests[0]);
  bs_http_end(&requests[1]);
}

static void opens_with(const char *rate, const char *silence) {
  const struct host_setting settings[] = {{"proxy", "none"}, {"minimum_rate", rate}, {"silence", silence}, {NULL, NULL}};

  bs_http_close(world.http);
  world_open(&world, settings);
}

static void without_a_rate_nothing_is_slow(void **state) {
  struct host_sink sink;
  struct bs_http_request request = {.method = "GET", .sink = &sink.sink};

  (void)state;
  opens_with("0", "60000");
  host_sink_init(&sink);
  sink.room = 15;
  sink.fail_with = BLOCKSTORE_STATUS_NO_SPACE;
  assert_int_equal(world_perform(&world, &request, "/drip"), BLOCKSTORE_STATUS_NO_SPACE);
  host_sink_free(&sink);
  host_sink_init(&sink);
  world_refuses(&world, &request, "/hang-within", BLOCKSTORE_STATUS_TRANSIENT, "(silence)");
  host_sink_free(&sink);
}

static void without_a_limit_silence_lasts(void **state) {
  struct bs_http_request request = {.method = "GET", .reply_most = 100};

  (void)state;
  opens_with("1024", "0");
  world_answers(&world, &request, "/later?ms=2000", 200);
  bs_http_end(&request);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_slow_answer_is_broken_off),
      cmocka_unit_test(a_slow_error_is_one_all_the_same),
      cmocka_unit_test(a_slow_upload_is_broken_off),
      cmocka_unit_test(silence_is_broken_off),
      cmocka_unit_test(silence_after_a_body_is_broken_off),
      cmocka_unit_test(a_server_that_does_not_accept_is_silent),
      cmocka_unit_test(thinking_is_not_slow),
      cmocka_unit_test(each_of_many_has_its_own_time),
      cmocka_unit_test(without_a_rate_nothing_is_slow),
      cmocka_unit_test(without_a_limit_silence_lasts),
  };

  return RUN_IN_WORLD_BY(tests, begin, end);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/timerfd.h>

#include "t/lib/http-world.h"

/* What goes wrong in an answer, whoever takes it. */
static void broken_answers_end_in_their_status(void **state) {
  static const struct {
    const char *path;
    enum blockstore_status status;
    const char *text;
  } rows[] = {{"/silence", BLOCKSTORE_STATUS_TRANSIENT, "closed before an answer"},
              {"/truncate", BLOCKSTORE_STATUS_TRANSIENT, "closed within the data"},
              {"/truncate?n=0", BLOCKSTORE_STATUS_TRANSIENT, "closed within the data"},
              {"/chunks-cut", BLOCKSTORE_STATUS_TRANSIENT, "closed within the data"},
              {"/reset", BLOCKSTORE_STATUS_TRANSIENT, "broken off"},
              {"/chunks-wrong", BLOCKSTORE_STATUS_FAILED, "malformed"},
              {"/noise", BLOCKSTORE_STATUS_FAILED, "not HTTP"},
              {"/negative-length", BLOCKSTORE_STATUS_FAILED, ""},
              {"/headers?n=70", BLOCKSTORE_STATUS_FAILED, "more than 64 KiB of headers"},
              {"/headers?n=10000", BLOCKSTORE_STATUS_FAILED, "more than 64 KiB of headers"},
              {"/header-line?n=70000", BLOCKSTORE_STATUS_FAILED, "more than 64 KiB of headers"},
              {"/header-line?n=10000000", BLOCKSTORE_STATUS_FAILED, "too long"},
              {"/interim?n=10000", BLOCKSTORE_STATUS_FAILED, "more than 64 KiB of headers"}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct host_sink sink;
    struct bs_http_request request = {.method = "GET", .reply_most = 1000};

    world_refuses(&world, &request, rows[i].path, rows[i].status, rows[i].text);
    host_sink_init(&sink);
    request.sink = &sink.sink;
    world_refuses(&world, &request, rows[i].path, rows[i].status, rows[i].text);
    host_sink_free(&sink);
    world_goes_on(&world);
  }
}

static void headers_below_the_limit_pass(void **state) {
  struct bs_http_request request = {.method = "GET"};

  (void)state;
  world_answers(&world, &request, "/headers?n=60", 200);
  bs_http_end(&request);
}

/* What is beyond the length is no part of the answer, nor of the next. */
static void a_longer_body_is_cut_at_its_length(void **state) {
  struct bs_http_request request = {.method = "GET", .reply_most = 1000};

  (void)state;
  for (int i = 0; i < 3; i++) {
    world_answers(&world, &request, "/longer", 200);
    assert_string_equal(request.reply, "hello");
    world_goes_on(&world);
  }
  bs_http_end(&request);
}

static void nobody_there(void **state) {
  static const struct {
    const char *url, *text;
  } rows[] = {{"http://127.0.0.1:1/x?y", "http://127.0.0.1:1/x: Nobody listens there."},
              {"http://nobody.invalid/x?y", "http://nobody.invalid/x: No such host, or no name server answers."},
              {"http://[::1]:1/", "http://[::1]:1/: "}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct bs_http_request request = {.method = "GET", .url = rows[i].url};

    assert_int_equal(bs_http_perform(world.http, &world.call.call, &request), BLOCKSTORE_STATUS_TRANSIENT);
    assert_int_equal(strncmp(world.call.sentence, rows[i].text, strlen(rows[i].text)), 0);
    assert_int_equal(request.code, 0);
    assert_int_equal(bs_http_judge(&request, &world.call.call, "x", NULL), BLOCKSTORE_STATUS_FAILED);
    bs_http_end(&request);
  }
}

/* ---- bodies that the server does not take ---- */

static void an_early_refusal_is_heard(void **state) {
  static unsigned char bytes[4000000];
  struct host_source source;
  struct bs_http_request request = {.method = "PUT", .source = &source.source, .length = sizeof bytes};

  (void)state;
  host_source_init(&source, bytes, sizeof bytes);
  world_answers(&world, &request, "/early?code=403", 403);
  assert_string_equal(request.reply, "No.");
  world_answers(&world, &request, "/early?code=413", 413);
  assert_int_equal(bs_http_judge(&request, &world.call.call, "x", NULL), BLOCKSTORE_STATUS_TOO_LARGE);
  bs_http_end(&request);
}

static const char *eager; /* the name of the request that is answered too early */

/* Bytes that come when the server has answered, but for the first. */
static enum blockstore_status read_when_answered(const struct blockstore_source *source, void *buffer, size_t length,
                                                 uint64_t offset) {
  char url[128];
  struct bs_http_request request = {.method = "GET", .url = url, .reply_most = 10};
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  bool answered = offset == 0;

  (void)source;
  snprintf(url, sizeof url, "http://127.0.0.1:%u/seen?what=%s", world.standin.port, eager);
  while (status == BLOCKSTORE_STATUS_OK && !answered) {
    status = bs_http_perform(world.http, &world.call.call, &request);
    answered = request.reply != NULL && strcmp(request.reply, "1") == 0;
  }
  bs_http_end(&request);
  memset(buffer, 0, length);
  return status;
}

/* With a body that waits for "100 Continue", and with one that does not; by a server that closes the connection, which may
 * be what is seen first, and by one that then takes the body. */
static void an_early_yes_is_none(void **state) {
  static const struct {
    const char *name, *path, *text;
    size_t size;
  } rows[] = {{"one", "/early?code=200&name=one", "before it had all of the data", 4000000},
              {"two", "/early?code=200&name=two", "", 1000000},
              {"three", "/eager?name=three", "before it had all of the data", 4000000},
              {"four", "/eager?name=four", "before it had all of the data", 1000000}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct blockstore_source source = {.size = rows[i].size, .read_at = read_when_answered};
    struct bs_http_request request = {.method = "PUT", .source = &source, .length = rows[i].size};

    eager = rows[i].name;
    world_refuses(&world, &request, rows[i].path, BLOCKSTORE_STATUS_TRANSIENT, rows[i].text);
    world_goes_on(&world);
  }
}

static void a_broken_upload_is_transient(void **state) {
  static unsigned char bytes[4000000];
  struct host_source source;
  struct bs_http_request request = {.method = "PUT", .source = &source.source, .length = sizeof bytes};

  (void)state;
  host_source_init(&source, bytes, sizeof bytes);
  world_refuses(&world, &request, "/break", BLOCKSTORE_STATUS_TRANSIENT, "broken off");
  world_goes_on(&world);
}

/* ---- deadlines ---- */

static const char *const endless[] = {"/hang", "/hang-within", "/drip", "/endless", "/later?ms=60000"};

static void is_soon_over(struct bs_http_request *request, const char *path) {
  uint64_t before = world_now();

  assert_int_equal(world_perform(&world, request, path), BLOCKSTORE_STATUS_CANCELLED);
  assert_string_not_equal(world.call.sentence, "");
  if (world_now() - before > 20000) fail_msg("%s: it took %d ms", path, (int)(world_now() - before));
  bs_http_end(request);
}

static void a_deadline_ends_it(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
    struct bs_http_request request = {.method = "GET", .reply_most = SIZE_MAX / 4};

    world.call.deadline = world_now() + 200;
    is_soon_over(&request, endless[i]);
    world.call.deadline = 0;
    world_goes_on(&world);
  }
}

static void cancelling_ends_it(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
    const struct itimerspec soon = {.it_value = {0, 200000000}};
    struct bs_http_request request = {.method = "GET", .reply_most = SIZE_MAX / 4};

    world.call.cancel_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    timerfd_settime(world.call.cancel_fd, 0, &soon, NULL);
    world.call.deadline = world_now() + 250;
    is_soon_over(&request, endless[i]);
    world.call.deadline = 0;
    close(world.call.cancel_fd);
    world.call.cancel_fd = -1;
  }
  world_goes_on(&world);
}

static void a_body_that_nobody_reads_is_cancelled(void **state) {
  static unsigned char bytes[30000000];
  struct host_source source;
  struct bs_http_request request = {.method = "PUT", .source = &source.source, .length = sizeof bytes};

  (void)state;
  host_source_init(&source, bytes, sizeof bytes);
  world.call.deadline = world_now() + 1500;
  is_soon_over(&request, "/stall");
  world.call.deadline = 0;
  world_goes_on(&world);
}

static void a_late_call_sends_nothing(void **state) {
  struct bs_http_request request = {.method = "GET"};

  (void)state;
  world.call.deadline = 1;
  is_soon_over(&request, "/bytes?n=1");
  world.call.deadline = 0;
}

/* ---- manners ---- */

static volatile sig_atomic_t pipes;

static void note_pipe(int signal) {
  (void)signal;
  pipes++;
}

/* On the program's own thread, whose signals are its own. */
static void signals_stay_as_they_were(void **state) {
  static unsigned char bytes[4000000];
  struct sigaction action = {.sa_handler = note_pipe}, old;
  sigset_t before, after, pending;
  struct host_source source;
  struct bs_http_request request = {.method = "PUT", .source = &source.source, .length = sizeof bytes};

  (void)state;
  host_source_init(&source, bytes, sizeof bytes);
  sigaction(SIGPIPE, &action, &old);
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  for (int i = 0; i < 3; i++) {
    world_refuses(&world, &request, "/break", BLOCKSTORE_STATUS_TRANSIENT, "broken off");
    world_goes_on(&world);
  }
  pthread_sigmask(SIG_SETMASK, NULL, &after);
  sigpending(&pending);
  sigaction(SIGPIPE, &old, NULL);
  assert_int_equal(pipes, 0);
  assert_int_equal(sigismember(&pending, SIGPIPE), 0);
  for (int signal = 1; signal < SIGRTMAX; signal++) assert_int_equal(sigismember(&before, signal), sigismember(&after, signal));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(broken_answers_end_in_their_status),
                                     cmocka_unit_test(headers_below_the_limit_pass),
                                     cmocka_unit_test(a_longer_body_is_cut_at_its_length),
                                     cmocka_unit_test(nobody_there),
                                     cmocka_unit_test(an_early_refusal_is_heard),
                                     cmocka_unit_test(an_early_yes_is_none),
                                     cmocka_unit_test(a_broken_upload_is_transient),
                                     cmocka_unit_test(a_deadline_ends_it),
                                     cmocka_unit_test(cancelling_ends_it),
                                     cmocka_unit_test(a_body_that_nobody_reads_is_cancelled),
                                     cmocka_unit_test(a_late_call_sends_nothing),
                                     cmocka_unit_test(signals_stay_as_they_were)};

  return RUN_IN_WORLD(tests);
}

/* SPDX-License-Identifier: MIT */
/* Answers that lie about their length, or have more of something than there can be: alone, and among others. */
#include <config.h>

#include "plugins/common/url.h"
#include "t/lib/http-world.h"

#define COUNT 8
#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

struct lie {
  const char *name, *answer; /* what the server sends, and then closes the connection */
  enum blockstore_status status;
  const char *body, *sentence; /* with OK; else */
  uint64_t size;
};

static const struct lie lengths[] = {
    {"none", OK "\r\nhello", BLOCKSTORE_STATUS_OK, "hello", NULL, BLOCKSTORE_SIZE_UNKNOWN},
    {"right", OK "Content-Length: 5\r\n\r\nhello", BLOCKSTORE_STATUS_OK, "hello", NULL, 5},
    {"shorter", OK "Content-Length: 3\r\n\r\nhello", BLOCKSTORE_STATUS_OK, "hel", NULL, 3},
    {"nothing", OK "Content-Length: 0\r\n\r\nhello", BLOCKSTORE_STATUS_OK, "", NULL, 0},
    {"longer", OK "Content-Length: 9\r\n\r\nhello", BLOCKSTORE_STATUS_TRANSIENT, NULL, "closed within the data", 0},
    {"negative", OK "Content-Length: -5\r\n\r\nhello", BLOCKSTORE_STATUS_FAILED, NULL, "Content-Length", 0},
    {"no number", OK "Content-Length: five\r\n\r\nhello", BLOCKSTORE_STATUS_FAILED, NULL, "Content-Length", 0},
    {"a number and more", OK "Content-Length: 5x\r\n\r\nhello", BLOCKSTORE_STATUS_FAILED, NULL, "Content-Length", 0},
    {"empty", OK "Content-Length:\r\n\r\nhello", BLOCKSTORE_STATUS_FAILED, NULL, "Content-Length", 0},
    {"huge", OK "Content-Length: 999999999999999999\r\n\r\nhello",
     BLOCKSTORE_STATUS_TRANSIENT, NULL, "closed within the data", 0},
    {"beyond 63 bits", OK "Content-Length: 18446744073709551621\r\n\r\nhello",
     BLOCKSTORE_STATUS_FAILED, NULL, "Content-Length", 0},
    {"twice the same", OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
     BLOCKSTORE_STATUS_OK, "hello", NULL, 5},
    {"twice, then less", OK "Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello", BLOCKSTORE_STATUS_FAILED, NULL,
     "Content-Length", 0},
    {"twice, then more", OK "Content-Length: 3\r\nContent-Length: 5\r\n\r\nhello", BLOCKSTORE_STATUS_FAILED, NULL,
     "Content-Length", 0},
    {"a list", OK "Content-Length: 5, 3\r\n\r\nhello", BLOCKSTORE_STATUS_FAILED, NULL, "Content-Length", 0},
    {"chunks beside it", OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
     BLOCKSTORE_STATUS_OK,
     "hello", NULL, BLOCKSTORE_SIZE_UNKNOWN},
};

static const struct lie chunks[] = {
    {"right", CHUNKED "5\r\nhello\r\n0\r\n\r\n", BLOCKSTORE_STATUS_OK, "hello", NULL, BLOCKSTORE_SIZE_UNKNOWN},
    {"with an extension", CHUNKED "5;a=b\r\nhello\r\n000\r\n\r\n",
     BLOCKSTORE_STATUS_OK, "hello", NULL, BLOCKSTORE_SIZE_UNKNOWN},
    {"no number", CHUNKED "zz\r\nhello\r\n0\r\n\r\n", BLOCKSTORE_STATUS_FAILED, NULL, "malformed", 0},
    {"no size", CHUNKED "\r\nhello\r\n0\r\n\r\n", BLOCKSTORE_STATUS_FAILED, NULL, "malformed", 0},
    {"negative", CHUNKED "-5\r\nhello\r\n0\r\n\r\n", BLOCKSTORE_STATUS_FAILED, NULL, "malformed", 0},
    {"beyond 64 bits", CHUNKED "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
     BLOCKSTORE_STATUS_FAILED, NULL, "malformed", 0},
    {"all of 64 bits", CHUNKED "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
     BLOCKSTORE_STATUS_FAILED, NULL, "malformed", 0},
    {"huge", CHUNKED "7fffffffffffffff\r\nhello", BLOCKSTORE_STATUS_TRANSIENT, NULL, "closed within the data", 0},
    {"longer", CHUNKED "9\r\nhello", BLOCKSTORE_STATUS_TRANSIENT, NULL, "closed within the data", 0},
    {"shorter", CHUNKED "3\r\nhello\r\n0\r\n\r\n", BLOCKSTORE_STATUS_FAILED, NULL, "malformed", 0},
    {"no end", CHUNKED "5\r\nhello\r\n", BLOCKSTORE_STATUS_TRANSIENT, NULL, "closed within the data", 0},
    {"no end of the trailers", CHUNKED "5\r\nhello\r\n0\r\nX: y\r\n",
     BLOCKSTORE_STATUS_TRANSIENT, NULL, "closed within the data", 0},
};

static void set_url(char *ret_url, size_t size, const char *answer) {
  int length = snprintf(ret_url, size, "http://127.0.0.1:%u/raw?say=", world.standin.port);

  assert_true(bs_url_escape(ret_url + length, size - (size_t)length, answer, strlen(answer), BS_URL_UNRESERVED) > 0);
}

static void meets(const struct lie *lie, bool sinks) {
  char url[2048];
  struct host_sink sink;
  struct bs_http_request request = {.method = "GET", .url = url, .reply_most = 1000};
  enum blockstore_status status;

  set_url(url, sizeof url, lie->answer);
  host_sink_init(&sink);
  if (sinks) request.sink = &sink.sink;
  world.call.sentence[0] = '\0';
  status = bs_http_perform(world.http, &world.call.call, &request);
  if (status != lie->status) fail_msg("%s: status %d: %s", lie->name, (int)status, world.call.sentence);
  if (status == BLOCKSTORE_STATUS_OK) {
    const char *got = sinks ? (const char *)sink.bytes : request.reply;

    if (strcmp(got == NULL ? "" : got, lie->body) != 0) fail_msg("%s: %s", lie->name, got);
    if (request.size != lie->size) fail_msg("%s: size %llu", lie->name, (unsigned long long)request.size);
    if (sinks) assert_true(sink.announced == lie->size);
  } else if (strstr(world.call.sentence, lie->sentence) == NULL) {
    fail_msg("%s: %s", lie->name, world.call.sentence);
  }
  host_sink_free(&sink);
  bs_http_end(&request);
  world_goes_on(&world);
}

/* Among others on their way, each into a sink of its own; the liar is the third. */
static void meets_among_others(const struct lie *lie) {
  static char urls[COUNT][2048];
  struct host_sink sinks[COUNT];
  struct bs_http_request requests[COUNT], *failed = NULL;
  enum blockstore_status status;

  for (int i = 0; i < COUNT; i++) {
    set_url(urls[i], sizeof urls[i], i == 2 ? lie->answer : OK "Content-Length: 6\r\n\r\nothers");
    host_sink_init(&sinks[i]);
    requests[i] = (struct bs_http_request){.method = "GET", .url = urls[i], .sink = &sinks[i].sink};
  }
  world.call.sentence[0] = '\0';
  status = bs_http_perform_all(world.http, &world.call.call, requests, COUNT, 3, &failed);
  if (status != lie->status) fail_msg("%s: status %d: %s", lie->name, (int)status, world.call.sentence);
  if (status != BLOCKSTORE_STATUS_OK) assert_ptr_equal(failed, &requests[2]);
  for (int i = 0; i < COUNT; i++) {
    const char *body = i == 2 ? lie->body : "others", *got = sinks[i].bytes == NULL ? "" : (const char *)sinks[i].bytes;

    if (status == BLOCKSTORE_STATUS_OK && strcmp(got, body) != 0) fail_msg("%s: %d: %s", lie->name, i, got);
    host_sink_free(&sinks[i]);
    bs_http_end(&requests[i]);
  }
}

static void lengths_are_held_against_the_body(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    meets(&lengths[i], false);
    meets(&lengths[i], true);
    meets_among_others(&lengths[i]);
  }
}

static void chunks_are_read_strictly(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
    meets(&chunks[i], false);
    meets(&chunks[i], true);
    meets_among_others(&chunks[i]);
  }
}

/* While the first is on its way, the others go over one connection, each when all of the last has come. */
static enum blockstore_status await_excess(struct bs_http_request *request, struct blockstore_call *call) {
  (void)call;
  if (request->context != NULL) usleep(50000);
  return BLOCKSTORE_STATUS_OK;
}

/* What is beyond its length is no part of the next answer either. */
static void excess_is_nobodys_answer(void **state) {
  static char urls[6][sizeof world.url];
  struct bs_http_request requests[6], *failed = NULL;

  (void)state;
  for (int i = 0; i < 6; i++) {
    snprintf(urls[i], sizeof urls[i], "%s", world_url(&world, i == 0 ? "/later?ms=1000" : i % 2 == 1 ? "/splits" : "/bytes?n=3"));
    requests[i] = (struct bs_http_request){.method = "GET", .url = urls[i], .reply_most = 100, .prepare = await_excess};
    if (i > 1) requests[i].context = urls;
  }
  if (bs_http_perform_all(world.http, &world.call.call, requests, 6, 2, &failed) != BLOCKSTORE_STATUS_OK)
    fail_msg("%s", world.call.sentence);
  for (int i = 0; i < 6; i++) {
    assert_string_equal(requests[i].reply, i == 0 ? "late" : i % 2 == 1 ? "hello" : "xxx");
    bs_http_end(&requests[i]);
  }
}

/* ---- bodies where there is none ---- */

static void no_body_is_taken_where_there_is_none(void **state) {
  static const struct {
    const char *method, *answer;
    int code;
  } rows[] = {{"GET", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello", 204},
              {"PUT", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 204},
              {"GET", "HTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\nhello", 304},
              {"HEAD", OK "Content-Length: 5\r\n\r\nhello", 200},
              {"HEAD", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200},
              {"HEAD", "HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nhello", 404}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char url[1024];
    struct host_sink sink;
    struct bs_http_request request = {.method = rows[i].method, .url = url, .sink = &sink.sink};

    host_sink_init(&sink);
    set_url(url, sizeof url, rows[i].answer);
    if (bs_http_perform(world.http, &world.call.call, &request) != BLOCKSTORE_STATUS_OK) fail_msg("%s", world.call.sentence);
    assert_int_equal(request.code, rows[i].code);
    assert_int_equal(sink.length, 0);
    assert_int_equal(request.reply_length, 0);
    host_sink_free(&sink);
    bs_http_end(&request);
    world_goes_on(&world);
  }
}

/* ---- heads ---- */

static void heads_have_their_limit(void **state) {
  static const struct {
    const char *path, *text;
  } rows[] = {{"/headers?n=10000", "more than 64 KiB of headers"},
              {"/headers?n=1000000&size=0", "headers"}, /* ours, or libcurl's */
              {"/trailers?n=1000000", "headers"}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct bs_http_request request = {.method = "GET", .reply_most = 100};

    world_refuses(&world, &request, rows[i].path, BLOCKSTORE_STATUS_FAILED, rows[i].text);
    world_goes_on(&world);
  }
}

static void codes_are_of_three_digits(void **state) {
  static const char *const answers[] = {"HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 99 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
                                        "HTTP/1.1\r\n\r\n", "HTTP/7.0 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\nhello"};

  (void)state;
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    char url[1024];
    struct bs_http_request request = {.method = "GET", .url = url, .reply_most = 100};

    set_url(url, sizeof url, answers[i]);
    if (bs_http_perform(world.http, &world.call.call, &request) != BLOCKSTORE_STATUS_FAILED)
      fail_msg("%s: %d: %s", answers[i], request.code, world.call.sentence);
    if (strstr(world.call.sentence, ": The answer ") == NULL) fail_msg("%s: %s", answers[i], world.call.sentence);
    bs_http_end(&request);
    world_goes_on(&world);
  }
}

/* ---- redirects ---- */

/* Neither is it followed to the same server, nor is it told what was in it. */
static void a_redirect_with_a_user_is_not_followed(void **state) {
  static const char *const targets[] = {"http://user:secret@127.0.0.1:%u/bytes", "//user:secret@127.0.0.1:%u/bytes",
                                        "http://user@127.0.0.1:%u/bytes", "http://:secret@127.0.0.1:%u/bytes"};
  struct bs_http_request request = {.method = "GET", .follow = true, .reply_most = 100};

  (void)state;
  for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
    char target[128], path[256];
    const char *port = strstr(targets[i], "%u");

    snprintf(target, sizeof target, "%.*s%u%s", (int)(port - targets[i]), targets[i], world.standin.port, port + 2);
    snprintf(path, sizeof path, "/redirect?to=%s", target);
    world_answers(&world, &request, path, 302);
    assert_int_equal(bs_http_judge(&request, &world.call.call, "It cannot be read", NULL), BLOCKSTORE_STATUS_FAILED);
    if (strstr(world.call.sentence, "a redirect that is not followed, to ") == NULL) fail_msg("%s", world.call.sentence);
    if (strstr(world.call.sentence, "secret") != NULL || strstr(world.call.sentence, "user") != NULL)
      fail_msg("%s", world.call.sentence);
  }
  bs_http_end(&request);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lengths_are_held_against_the_body),
      cmocka_unit_test(chunks_are_read_strictly),
      cmocka_unit_test(excess_is_nobodys_answer),
      cmocka_unit_test(no_body_is_taken_where_there_is_none),
      cmocka_unit_test(heads_have_their_limit),
      cmocka_unit_test(codes_are_of_three_digits),
      cmocka_unit_test(a_redirect_with_a_user_is_not_followed),
  };

  return RUN_IN_WORLD(tests);
}

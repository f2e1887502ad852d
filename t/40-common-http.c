/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <openssl/sha.h>

#include "t/lib/http-world.h"

static void has(const struct bs_http_request *request, const char *line) {
  char wanted[512];

  snprintf(wanted, sizeof wanted, "\n%s\n", line);
  if (request->reply == NULL || strstr(request->reply, wanted) == NULL) fail_msg("%s: not in %s", line, request->reply);
}

static void lacks(const struct bs_http_request *request, const char *text) {
  if (strstr(request->reply, text) != NULL) fail_msg("%s: in %s", text, request->reply);
}

/* ---- what goes out ---- */

static void a_request_is_sent_as_it_stands(void **state) {
  static const char *const headers[] = {"X-One: 1", "X-Empty:", NULL};
  struct bs_http_request request = {.method = "GET", .headers = headers, .reply_most = 4096};

  (void)state;
  world_answers(&world, &request, "/echo/./a/../b%2F%zz//?b=2&a=%41", 200);
  assert_ptr_equal(strstr(request.reply, "GET /echo/./a/../b%2F%zz//?b=2&a=%41\n"), request.reply);
  has(&request, "X-One: 1");
  has(&request, "X-Empty:");
  has(&request, "User-Agent: blockstore/" PACKAGE_VERSION);
  lacks(&request, "Accept-Encoding");
  lacks(&request, "Cookie");
  lacks(&request, "Authorization");
  bs_http_end(&request);
  assert_null(request.reply);
  bs_http_end(&request);
}

static void every_method_is_sent(void **state) {
  static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "MKCOL", "PROPFIND", "MOVE", "OPTIONS"};

  (void)state;
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    struct bs_http_request request = {.method = methods[i], .reply_most = 4096};
    bool sends = strcmp(methods[i], "PUT") == 0 || strcmp(methods[i], "POST") == 0;

    world_answers(&world, &request, "/echo", 200);
    assert_int_equal(strncmp(request.reply, methods[i], strlen(methods[i])), 0);
    if (sends) has(&request, "Content-Length: 0");
    else lacks(&request, "Content-Length");
    lacks(&request, "Content-Type");
    bs_http_end(&request);
  }
}

static void told(char *ret_line, size_t size, const void *bytes, size_t length) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  int at = snprintf(ret_line, size, "body: %zu ", length);

  SHA256(bytes, length, digest);
  for (size_t i = 0; i < sizeof digest; i++) at += snprintf(ret_line + at, size - (size_t)at, "%02x", digest[i]);
}

/* Head, a range of the source, and tail, of sizes around the buffers' edges. */
static void a_body_is_head_source_and_tail(void **state) {
  static const size_t sizes[] = {0, 1, 65535, 131071, 131072, 131073, 3000000};
  static unsigned char bytes[3000010], expected[3000010];
  struct host_source source;

  (void)state;
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 7 + i / 251);
  host_source_init(&source, bytes, sizeof bytes);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    char line[128];
    struct bs_http_request request = {.method = "PUT", .head = "abc", .head_length = 3, .tail = "yz", .tail_length = 2,
                                      .source = &source.source, .offset = 5, .length = sizes[i], .reply_most = 4096};

    memcpy(expected, "abc", 3);
    memcpy(expected + 3, bytes + 5, sizes[i]);
    memcpy(expected + 3 + sizes[i], "yz", 2);
    world_answers(&world, &request, "/echo", 200);
    told(line, sizeof line, expected, sizes[i] + 5);
    if (strstr(request.reply, line) == NULL) fail_msg("%zu: %s", sizes[i], request.reply);
    if (sizes[i] > 1 << 20) has(&request, "Expect: 100-continue");
    else lacks(&request, "Expect");
    bs_http_end(&request);
  }
}

static void the_sources_answer_is_handed_on(void **state) {
  static unsigned char bytes[300000];
  struct host_source source;
  struct bs_http_request request = {.method = "PUT", .source = &source.source, .length = sizeof bytes};

  (void)state;
  host_source_init(&source, bytes, sizeof bytes);
  source.fail_at = sizeof bytes;
  source.fail_with = BLOCKSTORE_STATUS_NO_SPACE; /* none of http.c's own */
  assert_int_equal(world_perform(&world, &request, "/echo"), BLOCKSTORE_STATUS_NO_SPACE);
  assert_string_equal(world.call.sentence, "");
  bs_http_end(&request);
  world_goes_on(&world);
}

static void a_broken_header_is_not_sent(void **state) {
  static const char *const broken[] = {"X: 1\r\nY: 2", "X", ": 1", "X: \n"};

  (void)state;
  for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
    const char *const headers[] = {broken[i], NULL};
    struct bs_http_request request = {.method = "GET", .headers = headers};

    world_refuses(&world, &request, "/echo", BLOCKSTORE_STATUS_FAILED, "A header cannot be sent");
  }
}

/* A signature is made when the request goes out, each time. */
static unsigned prepared;
static const char *prepared_headers[] = {"X-Prepared: yes", NULL};
static enum blockstore_status prepare(struct bs_http_request *request, struct blockstore_call *call) {
  prepared++;
  request->headers = prepared_headers;
  if (request->context == NULL) return BLOCKSTORE_STATUS_OK;
  return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "%s", "No.");
}

static void prepare_comes_first(void **state) {
  struct bs_http_request request = {.method = "GET", .prepare = prepare, .reply_most = 4096};

  (void)state;
  prepared = 0;
  world_answers(&world, &request, "/echo", 200);
  has(&request, "X-Prepared: yes");
  assert_int_equal(prepared, 1);
  request.context = &prepared;
  assert_int_equal(world_perform(&world, &request, "/echo"), BLOCKSTORE_STATUS_DENIED);
  assert_string_equal(world.call.sentence, "No.");
  assert_int_equal(request.code, 0);
  bs_http_end(&request);
}

static void url_is_refused(void **state) {
  static const char *const urls[] = {"http://user@127.0.0.1/", "http://u:p@127.0.0.1/", "http://127.0.0.1/#x", "ftp://127.0.0.1/",
                                     "file:///etc/passwd", "127.0.0.1", "http://", "http://a b/", "http://127.0.0.1:99999/", ""};

  (void)state;
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    struct bs_http_request request = {.method = "GET", .url = urls[i]};

    assert_int_equal(bs_http_perform(world.http, &world.call.call, &request), BLOCKSTORE_STATUS_FAILED);
    assert_string_not_equal(world.call.sentence, "");
    assert_null(strstr(world.call.sentence, "u:p"));
    bs_http_end(&request);
  }
}

/* ---- what comes in ---- */

static void a_sink_gets_the_length_and_the_body(void **state) {
  static const struct {
    const char *path;
    uint64_t announced, size;
    const char *bytes;
  } rows[] = {{"/bytes?n=4", 4, 4, "xxxx"},
              {"/bytes?n=0", 0, 0, ""},
              {"/chunked?n=2", BLOCKSTORE_SIZE_UNKNOWN, BLOCKSTORE_SIZE_UNKNOWN, "hellohello"},
              {"/until-close", BLOCKSTORE_SIZE_UNKNOWN, BLOCKSTORE_SIZE_UNKNOWN, "hello"},
              {"/interim?n=3", 5, 5, "hello"},
              {"/status?code=204", 0, BLOCKSTORE_SIZE_UNKNOWN, ""}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct host_sink sink;
    struct bs_http_request request = {.method = "GET", .sink = &sink.sink};

    host_sink_init(&sink);
    assert_int_equal(world_perform(&world, &request, rows[i].path), BLOCKSTORE_STATUS_OK);
    assert_int_equal(sink.begins, 1);
    assert_int_equal(sink.announced, rows[i].announced);
    assert_int_equal(request.size, rows[i].size);
    assert_int_equal(sink.length, strlen(rows[i].bytes));
    if (sink.length > 0) assert_memory_equal(sink.bytes, rows[i].bytes, sink.length);
    assert_true(request.sunk);
    assert_null(request.reply);
    host_sink_free(&sink);
    bs_http_end(&request);
  }
}

static void errors_never_reach_the_sink(void **state) {
  struct host_sink sink;
  struct bs_http_request request = {.method = "GET", .sink = &sink.sink};

  (void)state;
  host_sink_init(&sink);
  world_answers(&world, &request, "/status?code=500&say=trouble", 500);
  assert_int_equal(sink.begins, 0);
  assert_false(request.sunk);
  assert_string_equal(request.reply, "trouble");
  assert_int_equal(request.reply_length, 7);
  world_answers(&world, &request, "/redirect?to=/bytes", 302);
  assert_int_equal(sink.begins, 0);
  request.method = "HEAD";
  world_answers(&world, &request, "/bytes?n=77", 200);
  assert_int_equal(sink.begins, 0);
  assert_int_equal(request.size, 77);
  bs_http_end(&request);
  host_sink_free(&sink);
}

/* A refusal of begin comes before the body, of which there may be no end. */
static void the_sinks_answer_is_handed_on(void **state) {
  static const size_t rooms[] = {0, 100000};

  (void)state;
  for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
    struct host_sink sink;
    struct bs_http_request request = {.method = "GET", .sink = &sink.sink};

    host_sink_init(&sink);
    sink.room = rooms[i];
    sink.fail_with = BLOCKSTORE_STATUS_TOO_LARGE;
    assert_int_equal(world_perform(&world, &request, rooms[i] == 0 ? "/hang-within" : "/endless"), BLOCKSTORE_STATUS_TOO_LARGE);
    assert_string_equal(world.call.sentence, "");
    assert_int_equal(sink.begins, 1);
    assert_true(sink.length <= rooms[i]);
    host_sink_free(&sink);
    bs_http_end(&request);
  }
  world_goes_on(&world);
}

static void a_reply_has_a_limit(void **state) {
  struct bs_http_request request = {.method = "GET", .reply_most = 5};

  (void)state;
  world_answers(&world, &request, "/bytes?n=5", 200);
  assert_string_equal(request.reply, "xxxxx");
  world_refuses(&world, &request, "/bytes?n=6", BLOCKSTORE_STATUS_FAILED, "longer than the 5 bytes");
  world_refuses(&world, &request, "/endless", BLOCKSTORE_STATUS_FAILED, "longer than the 5 bytes");
  request.reply_most = 0;
  world_answers(&world, &request, "/bytes?n=100000000", 200);
  assert_int_equal(request.reply_length, 16384);
  world_answers(&world, &request, "/endless?code=404", 404);
  assert_int_equal(request.reply_length, 16384);
  bs_http_end(&request);
  world_goes_on(&world);
}

static void headers_are_kept(void **state) {
  struct bs_http_request request = {.method = "GET", .reply_most = 100};
  char *value;

  (void)state;
  assert_null(bs_http_header(&request, "x-answer"));
  world_answers(&world, &request, "/interim", 200);
  value = bs_http_header(&request, "x-answer");
  assert_string_equal(value, "spaces are cut");
  free(value);
  assert_null(bs_http_header(&request, "x-interim"));
  assert_null(bs_http_header(&request, "x-answ"));
  assert_non_null(strstr(request.answer_headers, "x-answer: spaces are cut\nx-answer: second\ncontent-length: 5\n"));
  bs_http_end(&request);
}

static void trailers_stand_behind_the_headers(void **state) {
  struct host_sink sink;
  struct bs_http_request request = {.method = "GET", .sink = &sink.sink};
  char *value;

  (void)state;
  host_sink_init(&sink);
  world_answers(&world, &request, "/chunked", 200);
  value = bs_http_header(&request, "x-trailer");
  assert_string_equal(value, "late");
  free(value);
  assert_non_null(strstr(request.answer_headers, "transfer-encoding: chunked\nx-trailer: late\n"));
  host_sink_free(&sink);
  host_sink_init(&sink);
  world_answers(&world, &request, "/chunked?trailer=HTTP/1.1:%20404", 200);
  assert_true(request.sunk);
  host_sink_free(&sink);
  bs_http_end(&request);
}

/* ---- connections ---- */

static void a_connection_is_kept(void **state) {
  struct bs_http_request request = {.method = "GET", .reply_most = 100};
  char *first = NULL, *last;

  (void)state;
  for (int i = 0; i < 10; i++) {
    world_answers(&world, &request, i % 2 == 0 ? "/bytes?n=3" : "/status?code=404&say=no", i % 2 == 0 ? 200 : 404);
    if (i == 0) first = bs_http_header(&request, "connection-number");
  }
  last = bs_http_header(&request, "connection-number");
  assert_string_equal(last, first);
  free(first);
  free(last);
  bs_http_end(&request);
}

/* The server closed it meanwhile: nobody is to blame, and the body is sent from its beginning. */
static void a_kept_connection_may_be_dead(void **state) {
  static unsigned char bytes[200000];
  struct host_source source;
  struct bs_http_request request = {.method = "PUT", .source = &source.source, .length = sizeof bytes};

  (void)state;
  host_source_init(&source, bytes, sizeof bytes);
  for (int i = 0; i < 5; i++) world_answers(&world, &request, "/goodbye", 200);
  bs_http_end(&request);
}

/* ---- redirects ---- */

static void redirects_are_followed_within_the_server(void **state) {
  struct bs_http_request request = {.method = "GET", .follow = true, .reply_most = 100};
  char path[256];

  (void)state;
  for (int n = 0; n <= 6; n++) {
    snprintf(path, sizeof path, "/redirect?n=%d&to=/bytes%%3Fn%%3D3", n);
    world_answers(&world, &request, path, n < 5 ? 200 : 302);
    assert_string_equal(request.reply, n < 5 ? "xxx" : "moved");
  }
  request.method = "HEAD";
  world_answers(&world, &request, "/redirect?n=1&to=/bytes%3Fn%3D3&code=308", 200);
  assert_int_equal(request.size, 3);
  request.method = "PUT";
  world_answers(&world, &request, "/redirect?to=/bytes%3Fn%3D3&code=307", 307);
  request.method = "GET";
  request.follow = false;
  world_answers(&world, &request, "/redirect?to=/bytes%3Fn%3D3", 302);
  bs_http_end(&request);
}

static void redirects_elsewhere_are_not_followed(void **state) {
  static const char *const targets[] = {"https://127.0.0.1:%u/bytes", "http://localhost:%u/bytes", "http://127.0.0.1:1/bytes",
                                        "file:///etc/passwd", "ftp://127.0.0.1:%u/bytes", "//localhost:%u/bytes",
                                        "http://user:pass@localhost:%u/bytes", "gopher://127.0.0.1:%u/"};
  struct bs_http_request request = {.method = "GET", .follow = true, .reply_most = 100};

  (void)state;
  for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
    char target[128], path[256];
    const char *port = strstr(targets[i], "%u");

    if (port == NULL) snprintf(target, sizeof target, "%s", targets[i]);
    else snprintf(target, sizeof target, "%.*s%u%s", (int)(port - targets[i]), targets[i], world.standin.port, port + 2);
    snprintf(path, sizeof path, "/redirect?to=%s", target);
    world_answers(&world, &request, path, 302);
    assert_string_equal(request.reply, "moved");
    assert_int_equal(bs_http_judge(&request, &world.call.call, "It cannot be read", NULL), BLOCKSTORE_STATUS_FAILED);
    if (strstr(world.call.sentence, "a redirect that is not followed, to ") == NULL) fail_msg("%s", world.call.sentence);
  }
  bs_http_end(&request);
}

static void a_long_url_leaves_room_for_the_reason(void **state) {
  char url[2000];
  struct bs_http_request request = {.method = "GET", .url = url, .reply_most = 100};

  (void)state;
  snprintf(url, sizeof url, "%s%01200d?code=403", world_url(&world, "/status/"), 0);
  assert_int_equal(bs_http_perform(world.http, &world.call.call, &request), BLOCKSTORE_STATUS_OK);
  assert_int_equal(bs_http_judge(&request, &world.call.call, "It cannot be read", "so it is"), BLOCKSTORE_STATUS_DENIED);
  assert_non_null(strstr(world.call.sentence, ": It cannot be read: the server answered 403 Forbidden: so it is."));
  bs_http_end(&request);
}

/* ---- credentials ---- */

static void credentials_are_sent(void **state) {
  struct bs_http_credentials credentials = {.user = "user", .password = "pass:word"};
  struct bs_http_request request = {.method = "PUT", .credentials = &credentials, .reply_most = 4096};

  (void)state;
  world_answers(&world, &request, "/basic", 200);
  credentials.password = "wrong";
  world_answers(&world, &request, "/basic", 401);
  assert_int_equal(bs_http_judge(&request, &world.call.call, "It cannot be stored", request.reply), BLOCKSTORE_STATUS_DENIED);
  credentials = (struct bs_http_credentials){.bearer = "token-1"};
  world_answers(&world, &request, "/echo", 200);
  has(&request, "Authorization: Bearer token-1");
  request.follow = true;
  request.method = "GET";
  world_answers(&world, &request, "/redirect?to=/echo", 302);
  bs_http_end(&request);
}

static void digest_is_used_where_it_is_asked_for(void **state) {
  static unsigned char bytes[70000];
  struct bs_http_credentials credentials = {.user = "user", .password = "pass:word"};
  struct host_source source;
  struct bs_http_request request = {.method = "PUT", .credentials = &credentials, .source = &source.source,
                                    .length = sizeof bytes, .reply_most = 4096};
  char line[128], expected[256];

  (void)state;
  host_source_init(&source, bytes, sizeof bytes);
  told(line, sizeof line, bytes, sizeof bytes);
  world_answers(&world, &request, "/digest", 200);
  snprintf(expected, sizeof expected, "3 %s", line + strlen("body: "));
  assert_string_equal(request.reply, expected); /* Basic is refused, the nonce fetched, then it is sent */
  world_answers(&world, &request, "/digest", 200);
  assert_int_equal(request.reply[0], '5'); /* Basic is not tried again */
  credentials.password = "wrong";
  world_answers(&world, &request, "/digest", 401);
  bs_http_end(&request);
}

/* ---- addresses ---- */

static void private_addresses_are_refused(void **state) {
  static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]", "127.1", "2130706433", "0x7f000001", "10.1.2.3",
                                      "[::ffff:127.0.0.1]", "169.254.169.254", "a.localhost", "127.0.0.1."};

  (void)state;
  for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
    char url[128];
    struct bs_http_request request = {.method = "GET", .url = url, .public_only = true, .reply_most = 100};

    snprintf(url, sizeof url, "http://%s:%u/bytes?n=1", hosts[i], world.standin.port);
    assert_int_equal(bs_http_perform(world.http, &world.call.call, &request), BLOCKSTORE_STATUS_FAILED);
    if (strstr(world.call.sentence, "not allowed") == NULL) fail_msg("%s: %s", hosts[i], world.call.sentence);
    assert_int_equal(request.code, 0);
    bs_http_end(&request);
  }
  world_goes_on(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_request_is_sent_as_it_stands),
                                     cmocka_unit_test(every_method_is_sent),
                                     cmocka_unit_test(a_body_is_head_source_and_tail),
                                     cmocka_unit_test(the_sources_answer_is_handed_on),
                                     cmocka_unit_test(a_broken_header_is_not_sent),
                                     cmocka_unit_test(prepare_comes_first),
                                     cmocka_unit_test(url_is_refused),
                                     cmocka_unit_test(a_sink_gets_the_length_and_the_body),
                                     cmocka_unit_test(errors_never_reach_the_sink),
                                     cmocka_unit_test(the_sinks_answer_is_handed_on),
                                     cmocka_unit_test(a_reply_has_a_limit),
                                     cmocka_unit_test(headers_are_kept),
                                     cmocka_unit_test(trailers_stand_behind_the_headers),
                                     cmocka_unit_test(a_connection_is_kept),
                                     cmocka_unit_test(a_kept_connection_may_be_dead),
                                     cmocka_unit_test(redirects_are_followed_within_the_server),
                                     cmocka_unit_test(redirects_elsewhere_are_not_followed),
      cmocka_unit_test(a_long_url_leaves_room_for_the_reason),
                                     cmocka_unit_test(credentials_are_sent),
                                     cmocka_unit_test(digest_is_used_where_it_is_asked_for),
                                     cmocka_unit_test(private_addresses_are_refused)};

  return RUN_IN_WORLD(tests);
}

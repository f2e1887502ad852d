/* SPDX-License-Identifier: MIT */
/*
 * What the s3 driver makes of answers that a real server does not give when it is asked to: a server of the test's own
 * gives them.  It is a process, so that it may answer several connections at once, and end with the test.
 */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "t/lib/driver-host.h"

#define KEY "ab34567890123456789012345678901234567890123456789012345678901234"
#define ID "0a8ce26f:alice.id:status"
#define SECRET "wJalrXUtnFEMI+K7MDENG"
#define LONG ((size_t)70 << 20) /* goes up in parts: nine of them */
#define OK "HTTP/1.1 200 OK\r\n"
#define TAG "ETag: \"1\"\r\n"
#define XML_ERROR(line, code) "HTTP/1.1 " line "\r\n", "<Error><Code>" code "</Code><Message>In its words.</Message></Error>"

struct request {
  char method[16], target[1024], head[8192];
};

/* What came, for the test to look at. */
static struct seen {
  atomic_int requests, conditional, plain, parts, completed, aborted, odd;
} *seen;

static struct world {
  pid_t server;
  unsigned port;
  struct host_store store;
} world;

static void say(int fd, const char *text) {
  size_t length = strlen(text);

  while (length > 0) {
    ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);

    if (sent <= 0) _exit(0);
    text += sent;
    length -= (size_t)sent;
  }
}

static void answer(int fd, const char *head, const char *body) {
  char length[64];

  snprintf(length, sizeof length, "Content-Length: %zu\r\n\r\n", strlen(body));
  say(fd, head);
  say(fd, length);
  say(fd, body);
}

static bool has(const struct request *request, const char *text) {
  return strcasestr(request->head, text) != NULL;
}

/* Reads a request and drops its body; false: the connection is over. */
static bool take(int fd, struct request *request) {
  size_t length = 0;
  char *end = NULL, *field, buffer[65536];
  unsigned long long body;

  while (end == NULL) {
    if (length + 1 >= sizeof request->head || read(fd, request->head + length, 1) != 1) return false;
    request->head[++length] = '\0';
    if (length >= 4) end = strstr(request->head + length - 4, "\r\n\r\n");
  }
  if (sscanf(request->head, "%15s %1023s", request->method, request->target) != 2) return false;
  field = strcasestr(request->head, "\r\nContent-Length:");
  body = field == NULL ? 0 : strtoull(field + strlen("\r\nContent-Length:"), NULL, 10);
  if (has(request, "\r\nExpect: 100-continue")) say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
  while (body > 0) {
    ssize_t got = read(fd, buffer, body < sizeof buffer ? (size_t)body : sizeof buffer);

    if (got <= 0) return false;
    body -= (unsigned long long)got;
  }
  return true;
}

static void count(const struct request *request) {
  bool put = strcmp(request->method, "PUT") == 0;

  atomic_fetch_add(&seen->requests, 1);
  if (put && strstr(request->target, "partNumber=") != NULL) atomic_fetch_add(&seen->parts, 1);
  if (put && has(request, "\r\nif-none-match: *")) atomic_fetch_add(&seen->conditional, 1);
  if (put && !has(request, "\r\nif-none-match")) atomic_fetch_add(&seen->plain, 1);
  if (strcmp(request->method, "POST") == 0 && strstr(request->target, "uploadId=") != NULL) atomic_fetch_add(&seen->completed, 1);
  if (strcmp(request->method, "DELETE") == 0 && strstr(request->target, "uploadId=a%2Fb%2B") != NULL)
    atomic_fetch_add(&seen->aborted, 1);
}

typedef void (*answerer)(int fd, const struct request *request);

static void serve(int listener, answerer give) {
  signal(SIGCHLD, SIG_IGN);
  while (true) {
    int fd = accept(listener, NULL, NULL);
    struct request request;

    if (fd < 0) _exit(0);
    if (fork() == 0) {
      while (take(fd, &request)) {
        count(&request);
        give(fd, &request);
      }
      _exit(0);
    }
    close(fd);
  }
}

static int listen_here(unsigned *ret_port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  assert_true(listener >= 0);
  assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(listener, 16), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
  *ret_port = ntohs(address.sin_port);
  return listener;
}

/* A server that gives these answers, and a store of it. */
static void begin(answerer give) {
  int listener = listen_here(&world.port);
  char endpoint[64];

  memset(seen, 0, sizeof *seen);
  world.server = fork();
  assert_true(world.server >= 0);
  if (world.server == 0) {
    setpgid(0, 0);
    serve(listener, give);
  }
  setpgid(world.server, world.server);
  close(listener);
  snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", world.port);
  host_store_open(&world.store, "s3",
                  (const struct host_setting[]){{"endpoint", endpoint}, {"bucket", "data"}, {"style", "path"},
                                                {"access_key_id", "KEY"}, {"secret_access_key", SECRET},
                                                {"session_token", "tok/en+"}, {"storage_class", "COLD"},
                                                {"proxy", "none"}, {NULL, NULL}});
}

static int end(void **state) {
  (void)state;
  if (world.store.self != NULL) host_store_close(&world.store);
  if (world.server > 0) {
    kill(-world.server, SIGKILL);
    waitpid(world.server, NULL, 0);
  }
  world = (struct world){0};
  return 0;
}

static void expect(enum blockstore_status status, enum blockstore_status expected, const char *text) {
  const char *sentence = world.store.call.sentence;

  if (status != expected) fail_msg("status %d instead of %d: %s", (int)status, (int)expected, sentence);
  if (strstr(sentence, text) == NULL) fail_msg("%s: wanted: %s", sentence, text);
  assert_null(strstr(sentence, SECRET));
  assert_null(strstr(sentence, "tok/en+"));
}

static enum blockstore_status put_long(void) {
  char *bytes = calloc(1, LONG);
  enum blockstore_status status;

  assert_non_null(bytes);
  status = host_put_mutable(&world.store, ID, bytes, LONG);
  free(bytes);
  return status;
}

static enum blockstore_status delete(void) {
  return world.store.driver->delete_immutable_handler(world.store.self, &world.store.call.call, KEY, NULL);
}

static enum blockstore_status check(void) {
  struct host_sink sink;
  enum blockstore_status status;

  host_sink_init(&sink);
  status = world.store.driver->check(world.store.self, &world.store.call.call, &sink.sink);
  host_sink_free(&sink);
  return status;
}

/* Redirects. */

static unsigned elsewhere;

static void redirect_elsewhere(int fd, const struct request *request) {
  char head[256];

  (void)request;
  snprintf(head, sizeof head, "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:%u/data/x\r\n", elsewhere);
  answer(fd, head, "");
}

static void redirect_to_file(int fd, const struct request *request) {
  (void)request;
  answer(fd, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n", "");
}

static void redirects_are_not_followed(void **state) {
  int other = listen_here(&elsewhere);

  (void)state;
  assert_int_equal(fcntl(other, F_SETFL, O_NONBLOCK), 0);
  begin(redirect_elsewhere);
  expect(host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_FAILED, "not followed, to http://127.0.0.1:");
  expect(host_put_immutable(&world.store, KEY, "x", 1), BLOCKSTORE_STATUS_FAILED, "redirect");
  expect(delete(), BLOCKSTORE_STATUS_FAILED, "redirect");
  expect(check(), BLOCKSTORE_STATUS_FAILED, "redirect");
  assert_int_equal(accept(other, NULL, NULL), -1); /* nobody came */
  assert_int_equal(errno, EAGAIN);
  close(other);
}

static void redirects_to_files_are_not_followed(void **state) {
  (void)state;
  begin(redirect_to_file);
  expect(host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_FAILED, "not followed, to file:///etc/passwd");
}

/* Too much, too slow. */

static void endless_body(int fd, const struct request *request) {
  static char much[65536];

  memset(much, 'x', sizeof much - 1);
  say(fd, strstr(request->target, "list-type") != NULL || strstr(request->target, "immutable") != NULL
              ? OK "\r\n" : "HTTP/1.1 403 Forbidden\r\n\r\n");
  while (true) say(fd, much);
}

static void endless_bodies_end(void **state) {
  struct host_sink sink;
  char *url;

  (void)state;
  begin(endless_body);
  host_sink_init(&sink);
  sink.room = 1000000;
  expect(world.store.driver->get_immutable_handler(world.store.self, &world.store.call.call, &sink.sink, KEY),
         BLOCKSTORE_STATUS_TOO_LARGE, "");
  host_sink_free(&sink);
  expect(check(), BLOCKSTORE_STATUS_FAILED, "longer than");
  url = host_url(&world.store, ID);
  expect(host_get_url(&world.store, url), BLOCKSTORE_STATUS_DENIED, "403"); /* an error that does not end */
  free(url);
}

static void endless_headers(int fd, const struct request *request) {
  static const char line[] = "X-Much: 01234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n";

  (void)request;
  say(fd, OK);
  for (size_t done = 0; done < 10000000; done += strlen(line)) say(fd, line);
  say(fd, "Content-Length: 0\r\n\r\n");
}

static void headers_have_an_end(void **state) {
  (void)state;
  begin(endless_headers);
  expect(host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_FAILED, "headers");
  expect(host_put_mutable(&world.store, ID, "x", 1), BLOCKSTORE_STATUS_FAILED, "headers");
}

static void drip(int fd, const struct request *request) {
  (void)request;
  say(fd, OK "Content-Length: 1000000\r\n\r\n");
  while (true) {
    say(fd, "x");
    usleep(20000);
  }
}

static void hang(int fd, const struct request *request) {
  (void)fd, (void)request;
  pause();
}

/* The call is over after so many looks at the clock, as past its deadline. */
static void slow_answers_end_with_the_call(void **state) {
  static const answerer slow[] = {drip, hang};

  for (size_t i = 0; i < 2; i++) {
    begin(slow[i]);
    atomic_store(&world.store.call.looks, 12);
    expect(host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_CANCELLED, "");
    end(state);
  }
  begin(hang);
  atomic_store(&world.store.call.looks, 12);
  expect(host_put_immutable(&world.store, KEY, "x", 1), BLOCKSTORE_STATUS_CANCELLED, "");
}

/* Uploads in parts.  The id needs escaping. */

static void start_upload(int fd) {
  answer(fd, OK, "<InitiateMultipartUploadResult><UploadId>a/b+</UploadId></InitiateMultipartUploadResult>");
}

static void upload(int fd, const struct request *request, const char *head, const char *body) {
  if (strstr(request->target, "?uploads=") != NULL) start_upload(fd);
  else if (strcmp(request->method, "DELETE") == 0) answer(fd, "HTTP/1.1 204 No Content\r\n", "");
  else if (strcmp(request->method, "POST") == 0) answer(fd, head, body);
  else answer(fd, OK TAG, "");
}

static void upload_succeeds(int fd, const struct request *request) {
  upload(fd, request, OK, "<CompleteMultipartUploadResult/>");
}

static void upload_fails_late(int fd, const struct request *request) {
  upload(fd, request, OK, "  <Error><Code>InternalError</Code><Message>In its words.</Message></Error>");
}

static void upload_is_not_confirmed(int fd, const struct request *request) {
  upload(fd, request, OK, "");
}

static void upload_has_no_tags(int fd, const struct request *request) {
  if (strcmp(request->method, "PUT") == 0) answer(fd, OK, "");
  else upload_succeeds(fd, request);
}

static void upload_has_no_id(int fd, const struct request *request) {
  (void)request;
  answer(fd, OK, "<InitiateMultipartUploadResult/>");
}

static void part_is_denied(int fd, const struct request *request) {
  if (strstr(request->target, "partNumber=5") != NULL) answer(fd, XML_ERROR("403 Forbidden", "AccessDenied"));
  else upload_succeeds(fd, request);
}

/* One that fails for now: twice, or always. */
static void part_fails_twice(int fd, const struct request *request) {
  if (strstr(request->target, "partNumber=5&") != NULL && atomic_fetch_add(&seen->odd, 1) < 2)
    answer(fd, XML_ERROR("503 Service Unavailable", "SlowDown"));
  else upload_succeeds(fd, request);
}

static void part_breaks_off(int fd, const struct request *request) {
  if (strstr(request->target, "partNumber=5&") != NULL && atomic_fetch_add(&seen->odd, 1) < 2) _exit(0);
  upload_succeeds(fd, request);
}

static void part_always_fails(int fd, const struct request *request) {
  if (strstr(request->target, "partNumber=5&") != NULL) answer(fd, XML_ERROR("503 Service Unavailable", "SlowDown"));
  else upload_succeeds(fd, request);
}

static void upload_is_gone(int fd, const struct request *request) {
  if (strstr(request->target, "partNumber=5&") != NULL) answer(fd, XML_ERROR("404 Not Found", "NoSuchUpload"));
  else upload_succeeds(fd, request);
}

static void part_hangs(int fd, const struct request *request) {
  if (strstr(request->target, "partNumber=5") != NULL) pause();
  else upload_succeeds(fd, request);
}

static void uploads_that_fail_are_aborted(void **state) {
  static const struct {
    answerer give;
    enum blockstore_status status;
    const char *sentence;
    int completed, aborted;
  } rows[] = {
      {upload_succeeds, BLOCKSTORE_STATUS_OK, "", 1, 0},
      {upload_fails_late, BLOCKSTORE_STATUS_TRANSIENT, "InternalError: In its words.", 1, 1},
      {upload_is_not_confirmed, BLOCKSTORE_STATUS_TRANSIENT, "did not confirm", 1, 1},
      {upload_has_no_tags, BLOCKSTORE_STATUS_FAILED, "no ETag", 0, 1},
      {upload_has_no_id, BLOCKSTORE_STATUS_FAILED, "no UploadId", 0, 0},
      {part_is_denied, BLOCKSTORE_STATUS_DENIED, "Access denied", 0, 1},
      {part_fails_twice, BLOCKSTORE_STATUS_OK, "", 1, 0},
      {part_breaks_off, BLOCKSTORE_STATUS_OK, "", 1, 0},
      {part_always_fails, BLOCKSTORE_STATUS_TRANSIENT, "SlowDown", 0, 1},
      {upload_is_gone, BLOCKSTORE_STATUS_TRANSIENT, "NoSuchUpload", 0, 1},
  };

  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    begin(rows[i].give);
    expect(put_long(), rows[i].status, rows[i].sentence);
    assert_int_equal(atomic_load(&seen->completed), rows[i].completed);
    assert_int_equal(atomic_load(&seen->aborted), rows[i].aborted);
    end(state);
  }
}

static void source_fails(void **state) {
  char *bytes = calloc(1, LONG);
  struct host_source source;

  (void)state;
  begin(upload_succeeds);
  host_source_init(&source, bytes, LONG);
  source.fail_at = (uint64_t)30 << 20;
  source.fail_with = BLOCKSTORE_STATUS_NO_SPACE;
  expect(world.store.driver->put_mutable_handler(world.store.self, &world.store.call.call, ID, 1, "v2:", &source.source),
         BLOCKSTORE_STATUS_NO_SPACE, "");
  assert_int_equal(atomic_load(&seen->completed), 0);
  assert_int_equal(atomic_load(&seen->aborted), 1);
  free(bytes);
}

static void *cancel_when_all_came(void *unused) {
  while (atomic_load(&seen->parts) < 9) usleep(1000);
  atomic_store(&world.store.call.looks, 0);
  return unused;
}

/* A call that is over has a little time left to clear up. */
static void cancelled_uploads_are_aborted(void **state) {
  pthread_t thread;

  (void)state;
  begin(part_hangs);
  assert_int_equal(pthread_create(&thread, NULL, cancel_when_all_came, NULL), 0);
  expect(put_long(), BLOCKSTORE_STATUS_CANCELLED, "");
  pthread_join(thread, NULL);
  assert_int_equal(atomic_load(&seen->completed), 0);
  assert_int_equal(atomic_load(&seen->aborted), 1);
}

static uint64_t looked, gap; /* when the driver last asked how much time is left, and for how long it did not; milliseconds */

static uint32_t time_left_watched(struct blockstore_call *call) {
  struct timespec now;
  uint64_t now_ms;

  (void)call;
  clock_gettime(CLOCK_MONOTONIC, &now);
  now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
  if (looked > 0 && now_ms - looked > gap) gap = now_ms - looked;
  looked = now_ms;
  return UINT32_MAX;
}

/* Without a descriptor the clock is asked twice a second, also between two tries. */
static void rests_look_at_the_clock(void **state) {
  static struct blockstore_host host;

  begin(part_always_fails);
  host = *world.store.call.call.host;
  host.time_left = time_left_watched;
  world.store.call.call.host = &host;
  expect(put_long(), BLOCKSTORE_STATUS_TRANSIENT, "SlowDown");
  if (gap >= 900) fail_msg("it did not look for %llu milliseconds", (unsigned long long)gap);
  end(state);
}

/* Conditions. */

static void no_conditions(int fd, const struct request *request) {
  if (has(request, "\r\nif-none-match")) answer(fd, XML_ERROR("501 Not Implemented", "NotImplemented"));
  else if (strcmp(request->method, "GET") == 0) answer(fd, XML_ERROR("404 Not Found", "NoSuchKey"));
  else upload_succeeds(fd, request);
}

static void servers_without_conditions_get_plain_puts(void **state) {
  char *bytes = calloc(1, LONG);

  (void)state;
  begin(no_conditions);
  expect(host_put_immutable(&world.store, KEY, bytes, LONG), BLOCKSTORE_STATUS_OK, "");
  assert_int_equal(atomic_load(&seen->completed), 2);
  assert_int_equal(atomic_load(&seen->aborted), 0);
  end(state);
  begin(no_conditions);
  for (int i = 0; i < 2; i++) expect(host_put_immutable(&world.store, KEY, "x", 1), BLOCKSTORE_STATUS_OK, "");
  assert_int_equal(atomic_load(&seen->conditional), 1); /* it learns */
  assert_int_equal(atomic_load(&seen->plain), 2);
  free(bytes);
}

static void object_stands(int fd, const struct request *request) {
  if (strcmp(request->method, "GET") == 0) answer(fd, OK, "same");
  else if (has(request, "\r\nif-none-match: *")) answer(fd, XML_ERROR("412 Precondition Failed", "PreconditionFailed"));
  else answer(fd, OK TAG, "");
}

static void what_stands_is_compared(void **state) {
  (void)state;
  begin(object_stands);
  expect(host_put_immutable(&world.store, KEY, "same", 4), BLOCKSTORE_STATUS_OK, "");
  assert_int_equal(atomic_load(&seen->plain), 0);
  for (size_t length = 3; length <= 5; length++) { /* shorter, other bytes, longer: damage */
    expect(host_put_immutable(&world.store, KEY, "other", length), BLOCKSTORE_STATUS_OK, "");
    assert_int_equal(atomic_load(&seen->plain), (int)length - 2);
  }
}

static struct reading {
  const char *head, *body;
} reading; /* what who wants to read is answered */

static void object_is_hidden(int fd, const struct request *request) {
  if (strcmp(request->method, "GET") != 0) {
    object_stands(fd, request);
    return;
  }
  answer(fd, reading.head, reading.body);
  if (strstr(reading.head, "Connection: close") != NULL) _exit(0);
}

/* The comparison only saves work. */
static void what_cannot_be_read_is_put(void **state) {
  static const struct {
    struct reading reading;
    enum blockstore_status status;
    const char *sentence;
  } rows[] = {
      {{XML_ERROR("403 Forbidden", "InvalidObjectState")}, BLOCKSTORE_STATUS_OK, ""},
      {{XML_ERROR("400 Bad Request", "KMS.DisabledException")}, BLOCKSTORE_STATUS_OK, ""},
      {{XML_ERROR("500 Internal Server Error", "InternalError")}, BLOCKSTORE_STATUS_OK, ""},
      {{OK "Transfer-Encoding: chunked\r\nConnection: close\r\n", "x"}, BLOCKSTORE_STATUS_OK, ""},
      {{XML_ERROR("403 Forbidden", "AccessDenied")}, BLOCKSTORE_STATUS_DENIED, "lacks a permission"},
  };
  static const size_t lengths[] = {4, 2 << 20}; /* the longer one is looked for first */
  char *bytes = calloc(1, 2 << 20);

  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    for (size_t each = 0; each < 2; each++) {
      reading = rows[i].reading;
      begin(object_is_hidden);
      expect(host_put_immutable(&world.store, KEY, bytes, lengths[each]), rows[i].status, rows[i].sentence);
      assert_int_equal(atomic_load(&seen->plain), rows[i].status == BLOCKSTORE_STATUS_OK);
      end(state);
    }
  }
  free(bytes);
}

static void busy(int fd, const struct request *request) {
  (void)request;
  answer(fd, XML_ERROR("409 Conflict", "ConditionalRequestConflict"));
}

static void no_s3(int fd, const struct request *request) {
  (void)request;
  answer(fd, "HTTP/1.1 404 Not Found\r\n", "<html>Not Found</html>");
}

static void gone(int fd, const struct request *request) {
  (void)request;
  answer(fd, XML_ERROR("404 Not Found", "NoSuchKey"));
}

static void web_page(int fd, const struct request *request) {
  (void)request;
  answer(fd, OK, "<html>Hello</html>");
}

static void nothing(int fd, const struct request *request) {
  (void)request;
  say(fd, "HTTP/1.1 204 No Content\r\n\r\n");
}

static void part(int fd, const struct request *request) {
  (void)request;
  answer(fd, "HTTP/1.1 206 Partial Content\r\n", "part");
}

static void what_is_no_object_is_not_read(void **state) {
  begin(nothing);
  expect(host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_FAILED, "does not answer as an S3 server does");
  end(state);
  begin(part);
  expect(host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_FAILED, "does not answer as an S3 server does");
}

static void answers_get_their_status(void **state) {
  begin(busy);
  expect(host_put_immutable(&world.store, KEY, "x", 1), BLOCKSTORE_STATUS_TRANSIENT, "just now");
  end(state);
  begin(no_s3);
  expect(host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_FAILED, "404");
  expect(delete(), BLOCKSTORE_STATUS_FAILED, "404");
  end(state);
  begin(gone);
  expect(host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_NOT_FOUND, "");
  expect(delete(), BLOCKSTORE_STATUS_OK, "");
  end(state);
  begin(web_page);
  expect(check(), BLOCKSTORE_STATUS_FAILED, "does not answer as an S3 server does");
  expect(host_put_immutable(&world.store, KEY, "x", 1), BLOCKSTORE_STATUS_FAILED, "does not answer as an S3 server does");
  expect(host_put_mutable(&world.store, ID, "x", 1), BLOCKSTORE_STATUS_FAILED, "does not answer as an S3 server does");
  expect(delete(), BLOCKSTORE_STATUS_FAILED, "does not answer as an S3 server does");
  assert_null(strchr(world.store.call.sentence, '?'));
}

/* A kept connection that its server has closed is no reason to fail. */
static void close_after(int fd, const struct request *request) {
  gone(fd, request);
  _exit(0);
}

static void closed_connections_are_made_again(void **state) {
  (void)state;
  begin(close_after);
  for (int i = 0; i < 3; i++) {
    expect(host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_NOT_FOUND, "");
    expect(delete(), BLOCKSTORE_STATUS_OK, "");
  }
}

static void nobody_listens(void **state) {
  begin(gone);
  kill(-world.server, SIGKILL);
  waitpid(world.server, NULL, 0);
  world.server = 0;
  expect(host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_TRANSIENT, "Nobody listens there");
  end(state);
}

/* Headers of what is made, all of them signed. */
static void look_at_headers(int fd, const struct request *request) {
  bool good = has(request, "\r\nx-amz-security-token: tok/en+\r\n") && has(request, "\r\nx-amz-storage-class: COLD\r\n") &&
              has(request, "\r\ncontent-type: application/octet-stream\r\n") && !has(request, SECRET) &&
              has(request, "Credential=KEY/") &&
              has(request, "\r\nx-amz-content-sha256: " KEY "\r\n") && /* what has its hash for a key is not hashed again */
              has(request, "SignedHeaders=content-type;host;if-none-match;x-amz-content-sha256;x-amz-date;x-amz-security-token;"
                           "x-amz-storage-class,");

  if (!good) atomic_fetch_add(&seen->odd, 1);
  answer(fd, OK TAG, "");
}

static void all_headers_are_signed(void **state) {
  (void)state;
  begin(look_at_headers);
  expect(host_put_immutable(&world.store, KEY, "x", 1), BLOCKSTORE_STATUS_OK, "");
  assert_int_equal(atomic_load(&seen->requests), 1);
  assert_int_equal(atomic_load(&seen->odd), 0);
}

#define TEST(function) cmocka_unit_test_teardown(function, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(redirects_are_not_followed),
      TEST(redirects_to_files_are_not_followed),
      TEST(endless_bodies_end),
      TEST(headers_have_an_end),
      TEST(slow_answers_end_with_the_call),
      TEST(uploads_that_fail_are_aborted),
      TEST(source_fails),
      TEST(cancelled_uploads_are_aborted),
      TEST(rests_look_at_the_clock),
      TEST(servers_without_conditions_get_plain_puts),
      TEST(what_stands_is_compared),
      TEST(what_cannot_be_read_is_put),
      TEST(what_is_no_object_is_not_read),
      TEST(answers_get_their_status),
      TEST(closed_connections_are_made_again),
      TEST(nobody_listens),
      TEST(all_headers_are_signed),
  };

  seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return seen == MAP_FAILED ? 1 : RUN_TESTS(tests);
}

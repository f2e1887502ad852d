/* SPDX-License-Identifier: MIT */
/* The head of an HTTP request, as blockstored reads it: what there is of it, and what is refused. */
#include <config.h>

#include <string.h>

#include "t/lib/unit.h"
#include "tools/blockstored/http.h"

#define UNUSED __attribute__((unused))
#define HOST "Host: here\r\n"

static struct bsd_http_head head;

static enum bsd_http_state read_text(const char *text) {
  return bsd_http_read(&head, text, strlen(text));
}

static void is_span(struct bsd_http_span span, const char *text) {
  assert_non_null(span.text);
  assert_int_equal(span.length, strlen(text));
  assert_memory_equal(span.text, text, span.length);
}

static void a_request_is_taken_apart(void **state UNUSED) {
  assert_int_equal(read_text("GET /v1/names?count=5 HTTP/1.1\r\n" HOST "if-none-match: \t\"5-a\" \r\nAccept: */*\r\n\r\nmore"),
                   BSD_HTTP_WHOLE);
  assert_int_equal(head.method, BSD_HTTP_GET);
  is_span(head.target, "/v1/names?count=5");
  is_span(head.known, "\"5-a\"");
  assert_int_equal(read_text("HEAD / HTTP/1.0\n\n"), BSD_HTTP_WHOLE);
  assert_int_equal(head.method, BSD_HTTP_HEAD);
  is_span(head.target, "/");
  assert_null(head.known.text);
  assert_int_equal(read_text("\r\nGET http://here/x HTTP/1.9\r\n" HOST "If-None-Match:\r\nIf-None-Match: b\r\n\r\n"),
                   BSD_HTTP_WHOLE);
  is_span(head.target, "http://here/x");
  is_span(head.known, "");
}

static void other_methods_are_told_apart(void **state UNUSED) {
  static const char *const methods[] = {"POST", "get", "GETS", "HEADS", "GE", "M-SEARCH", "!"};

  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    char text[80];

    snprintf(text, sizeof text, "%s / HTTP/1.1\r\n" HOST "\r\n", methods[i]);
    assert_int_equal(read_text(text), BSD_HTTP_WHOLE);
    assert_int_equal(head.method, BSD_HTTP_OTHER);
  }
}

static void its_beginning_is_no_more(void **state UNUSED) {
  static const char text[] = "GET / HTTP/1.1\r\n" HOST "A: b\r\n\r\n";

  for (size_t i = 0; i < sizeof text - 1; i++) assert_int_equal(bsd_http_read(&head, text, i), BSD_HTTP_PARTIAL);
  assert_int_equal(bsd_http_read(&head, text, sizeof text - 1), BSD_HTTP_WHOLE);
  assert_int_equal(bsd_http_read(&head, "\r", 1), BSD_HTTP_PARTIAL);
}

static void what_is_malformed(void **state UNUSED) {
  static const char *const texts[] = {
      "nonsense\n\n",
      "\n\n",
      " GET / HTTP/1.1\r\n" HOST "\r\n",
      "GET  / HTTP/1.1\r\n" HOST "\r\n",
      "GET / HTTP/1.1 \r\n" HOST "\r\n",
      "GET /a b HTTP/1.1\r\n" HOST "\r\n",
      "GET /\x01 HTTP/1.1\r\n" HOST "\r\n",
      "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n",
      "GET / HTTP/2.0\r\n" HOST "\r\n",
      "GET / HTTP/1.x\r\n" HOST "\r\n",
      "GET / HTTP/1.10\r\n" HOST "\r\n",
      "GET / http/1.1\r\n" HOST "\r\n",
      "GET /\r\n" HOST "\r\n",
      "GET\r\n" HOST "\r\n",
      "G(T / HTTP/1.1\r\n" HOST "\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\n" HOST HOST "\r\n",
      "GET / HTTP/1.0\r\n" HOST HOST "\r\n",
      "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
      "GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n",
      "GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n",
      "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n",
      "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n",
      "GET / HTTP/1.1\r\n" HOST "A: \x7f\r\n\r\n",
  };
  static const char nul[] = "GET / HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n", nul_name[] = "GET / HTTP/1.1\r\n" HOST "A\0: b\r\n\r\n";

  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (read_text(texts[i]) != BSD_HTTP_MALFORMED) fail_msg("not refused: %s", texts[i]);
  assert_int_equal(bsd_http_read(&head, nul, sizeof nul - 1), BSD_HTTP_MALFORMED);
  assert_int_equal(bsd_http_read(&head, nul_name, sizeof nul_name - 1), BSD_HTTP_MALFORMED);
}

static void it_has_a_bound(void **state UNUSED) {
  static const char begin[] = "GET / HTTP/1.1\r\n" HOST "A: ";
  static char text[BSD_HTTP_HEAD_MAX + 100];

  memset(text, 'x', sizeof text);
  memcpy(text, begin, sizeof begin - 1);
  assert_int_equal(bsd_http_read(&head, text, BSD_HTTP_HEAD_MAX - 1), BSD_HTTP_PARTIAL);
  assert_int_equal(bsd_http_read(&head, text, BSD_HTTP_HEAD_MAX), BSD_HTTP_TOO_LARGE);
  memcpy(text + BSD_HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
  assert_int_equal(bsd_http_read(&head, text, BSD_HTTP_HEAD_MAX), BSD_HTTP_WHOLE);
  assert_int_equal(bsd_http_read(&head, text, sizeof text), BSD_HTTP_WHOLE);
  memcpy(text + BSD_HTTP_HEAD_MAX - 4, "xxx\r\n\r\n", 7);
  assert_int_equal(bsd_http_read(&head, text, sizeof text), BSD_HTTP_TOO_LARGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_is_taken_apart), cmocka_unit_test(other_methods_are_told_apart),
      cmocka_unit_test(its_beginning_is_no_more), cmocka_unit_test(what_is_malformed),
      cmocka_unit_test(it_has_a_bound),
  };

  return RUN_TESTS(tests);
}

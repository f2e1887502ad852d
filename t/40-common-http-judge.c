/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/lib/http-world.h"

static enum blockstore_status judge(struct host_call *call, int code, char *headers, const char *said) {
  const struct bs_http_request request = {
      .method = "GET", .url = "http://a.example/x?secret=1", .code = code, .answer_headers = headers};

  host_call_init(call);
  return bs_http_judge(&request, &call->call, "It cannot be read", said);
}

static void codes_have_their_status(void **state) {
  static const struct {
    int code;
    enum blockstore_status status;
  } rows[] = {{200, BLOCKSTORE_STATUS_OK},          {201, BLOCKSTORE_STATUS_OK},        {299, BLOCKSTORE_STATUS_OK},
              {301, BLOCKSTORE_STATUS_FAILED},      {400, BLOCKSTORE_STATUS_FAILED},    {401, BLOCKSTORE_STATUS_DENIED},
              {403, BLOCKSTORE_STATUS_DENIED},      {404, BLOCKSTORE_STATUS_NOT_FOUND}, {405, BLOCKSTORE_STATUS_UNSUPPORTED},
              {407, BLOCKSTORE_STATUS_DENIED},      {408, BLOCKSTORE_STATUS_TRANSIENT}, {409, BLOCKSTORE_STATUS_CONFLICT},
              {410, BLOCKSTORE_STATUS_NOT_FOUND},   {412, BLOCKSTORE_STATUS_CONFLICT},  {413, BLOCKSTORE_STATUS_TOO_LARGE},
              {425, BLOCKSTORE_STATUS_TRANSIENT},   {429, BLOCKSTORE_STATUS_TRANSIENT}, {500, BLOCKSTORE_STATUS_TRANSIENT},
              {501, BLOCKSTORE_STATUS_UNSUPPORTED}, {502, BLOCKSTORE_STATUS_TRANSIENT}, {503, BLOCKSTORE_STATUS_TRANSIENT},
              {504, BLOCKSTORE_STATUS_TRANSIENT},   {507, BLOCKSTORE_STATUS_NO_SPACE},  {599, BLOCKSTORE_STATUS_FAILED}};
  struct host_call call;

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(judge(&call, rows[i].code, NULL, NULL), rows[i].status);
    assert_null(strstr(call.sentence, "secret"));
  }
}

static void sentences_say_what_the_server_said(void **state) {
  char location[] = "location: http://b.example/y?token=1\n", long_text[1000];
  struct host_call call;

  (void)state;
  judge(&call, 404, NULL, NULL);
  assert_string_equal(call.sentence, "http://a.example/x: It cannot be read: the server answered 404 Not Found.");
  judge(&call, 418, NULL, " no \r\n\t\x01 tea ");
  assert_string_equal(call.sentence, "http://a.example/x: It cannot be read: the server answered 418: no tea.");
  judge(&call, 302, location, "moved");
  assert_string_equal(call.sentence, "http://a.example/x: It cannot be read: the server answered 302 Found, a redirect that "
                                     "is not followed, to http://b.example/y.");
  memset(long_text, 'x', sizeof long_text);
  long_text[sizeof long_text - 1] = '\0';
  judge(&call, 404, NULL, long_text);
  assert_true(strlen(call.sentence) < 300);
}

static void retry_after_is_handed_on(void **state) {
  static const struct {
    const char *value;
    uint32_t least, most;
  } rows[] = {{"7", 7000, 7000},       {"0", 0, 0}, {"-5", 0, 0}, {"soon", 0, 0}, {"99999999999", 86400000, 86400000},
              {"Sun, 06 Nov 1994 08:49:37 GMT", 0, 0}};
  struct host_call call;
  char line[128], date[64];
  time_t later = time(NULL) + 100;
  struct tm parts;

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    snprintf(line, sizeof line, "date: x\nretry-after: %s\n", rows[i].value);
    judge(&call, 503, line, NULL);
    assert_in_range(call.retry_after, rows[i].least, rows[i].most);
  }
  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&later, &parts));
  snprintf(line, sizeof line, "retry-after: %s\n", date);
  judge(&call, 429, line, NULL);
  assert_in_range(call.retry_after, 1000, 100000);
  judge(&call, 404, line, NULL);
  assert_int_equal(call.retry_after, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(codes_have_their_status),
                                     cmocka_unit_test(sentences_say_what_the_server_said),
                                     cmocka_unit_test(retry_after_is_handed_on)};

  return RUN_TESTS(tests);
}

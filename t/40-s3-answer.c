/* SPDX-License-Identifier: MIT */
/* What is made of answers: the texts in their XML, and statuses with sentences. */
#include <config.h>

#include "plugins/s3/answer.h"
#include "t/lib/driver-host.h"

#define ERROR(code, more) "<?xml version=\"1.0\"?>\n<Error><Code>" code "</Code>" more "<RequestId>1</RequestId></Error>"

static char origin[] = "https://s3.example.org", path[] = "/bucket/", bucket[] = "bucket", prefix[] = "";
static const struct bs_s3_place place = {
    .forms = {{origin, path}, {NULL, NULL}, {NULL, NULL}}, .bucket = bucket, .prefix = prefix, .region = "here-1"};

static void elements_are_found(void **state) {
  static const struct {
    const char *reply, *name, *text; /* NULL: none */
  } rows[] = {
      {"<A><Code>NoSuchKey</Code></A>", "Code", "NoSuchKey"},
      {"<A><CodeX>1</CodeX><Code>2</Code></A>", "Code", "2"},
      {"<A><Code>first</Code><Code>second</Code></A>", "Code", "first"},
      {"<Code></Code>", "Code", ""},
      {"<Code>a &lt;b&gt; &amp;amp; &quot;c&quot; &apos; &unknown;</Code>", "Code", "a <b> &amp; \"c\" ' &unknown;"},
      {"<Code><b>x</b></Code><Code>text</Code>", "Code", "text"},
      {"<Code>never closed", "Code", NULL},
      {"<Code>closed otherwise</Kode>", "Code", NULL},
      {"<Code>cut</Code", "Code", NULL},
      {"<Code", "Code", NULL},
      {"<", "Code", NULL},
      {"no XML", "Code", NULL},
      {"", "Code", NULL},
      {NULL, "Code", NULL},
  };
  char text[64];

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    bool found = bs_s3_element(text, sizeof text, rows[i].reply, rows[i].name);

    if (found != (rows[i].text != NULL)) fail_msg("row %zu", i);
    assert_string_equal(text, found ? rows[i].text : "");
  }
}

static void what_does_not_fit_is_not_found(void **state) {
  char text[4];

  (void)state;
  assert_true(bs_s3_element(text, sizeof text, "<Code>abc</Code>", "Code"));
  assert_false(bs_s3_element(text, sizeof text, "<Code>abcd</Code>", "Code"));
  assert_string_equal(text, "");
  assert_true(bs_s3_element(text, sizeof text, "<Code>ab&amp;</Code>", "Code"));
  assert_string_equal(text, "ab&");
}

static enum blockstore_status judge(struct host_call *call, int code, const char *reply, const char *headers) {
  struct bs_http_request request = {.method = "GET", .url = "https://s3.example.org/bucket/key", .code = code};

  request.reply = reply == NULL ? NULL : strdup(reply);
  request.reply_length = reply == NULL ? 0 : strlen(reply);
  request.answer_headers = strdup(headers);
  host_call_init(call);

  enum blockstore_status status = bs_s3_judge(&request, &call->call, &place, "It failed");

  bs_http_end(&request);
  return status;
}

static void answers_are_judged(void **state) {
  static const struct {
    int code;
    enum blockstore_status status;
    const char *reply, *sentence;
  } rows[] = {
      {200, BLOCKSTORE_STATUS_OK, NULL, ""},
      {204, BLOCKSTORE_STATUS_OK, NULL, ""},
      {200, BLOCKSTORE_STATUS_OK, "<ListBucketResult/>", ""},
      {404, BLOCKSTORE_STATUS_NOT_FOUND, ERROR("NoSuchKey", ""), "There is no such object"},
      {404, BLOCKSTORE_STATUS_FAILED, ERROR("NoSuchBucket", ""),
       "https://s3.example.org/bucket/: It failed: The bucket does not exist"},
      {404, BLOCKSTORE_STATUS_FAILED, NULL, "404"},
      {404, BLOCKSTORE_STATUS_FAILED, "<html>Not Found</html>", "404"},
      {410, BLOCKSTORE_STATUS_FAILED, NULL, "410"},
      {403, BLOCKSTORE_STATUS_DENIED, ERROR("AccessDenied", ""), "lacks a permission"},
      {403, BLOCKSTORE_STATUS_DENIED, ERROR("SignatureDoesNotMatch", ""), "The secret access key is wrong"},
      {403, BLOCKSTORE_STATUS_DENIED, ERROR("InvalidAccessKeyId", ""), "does not know the access key id"},
      {400, BLOCKSTORE_STATUS_DENIED, ERROR("ExpiredToken", ""), "expired"},
      {403, BLOCKSTORE_STATUS_DENIED, ERROR("SomethingNew", "<Message>In its words.</Message>"), "SomethingNew: In its words."},
      {403, BLOCKSTORE_STATUS_FAILED,
       ERROR("RequestTimeTooSkewed", "<RequestTime>20260101T000000Z</RequestTime><ServerTime>2026-01-02T00:00:00Z</ServerTime>"),
       "The clock is off: this computer's says 20260101T000000Z, the server's 2026-01-02T00:00:00Z"},
      {403, BLOCKSTORE_STATUS_FAILED, ERROR("RequestTimeTooSkewed", ""), "the server's Fri, 27 Nov 2026 00:00:00 GMT"},
      {400, BLOCKSTORE_STATUS_FAILED, ERROR("AuthorizationHeaderMalformed", "<Region>there-2</Region>"),
       "The region is wrong: `region` is here-1, the server's answer names there-2"},
      {301, BLOCKSTORE_STATUS_FAILED, ERROR("PermanentRedirect", "<Endpoint>bucket.s3.there.example.org</Endpoint>"),
       "the server names the endpoint bucket.s3.there.example.org"},
      {403, BLOCKSTORE_STATUS_NO_SPACE, ERROR("QuotaExceeded", ""), "quota"},
      {507, BLOCKSTORE_STATUS_NO_SPACE, ERROR("Whatever", ""), "507"},
      {400, BLOCKSTORE_STATUS_TOO_LARGE, ERROR("EntityTooLarge", ""), "larger"},
      {409, BLOCKSTORE_STATUS_TRANSIENT, ERROR("ConditionalRequestConflict", ""), "Somebody else writes"},
      {400, BLOCKSTORE_STATUS_TRANSIENT, ERROR("XAmzContentSHA256Mismatch", ""), "Other bytes"},
      {400, BLOCKSTORE_STATUS_TRANSIENT, ERROR("RequestTimeout", ""), "waited"},
      {503, BLOCKSTORE_STATUS_TRANSIENT, ERROR("SlowDown", ""), "fewer requests"},
      {500, BLOCKSTORE_STATUS_TRANSIENT, ERROR("InternalError", ""), "InternalError"},
      {412, BLOCKSTORE_STATUS_CONFLICT, ERROR("PreconditionFailed", ""), "PreconditionFailed"},
      {501, BLOCKSTORE_STATUS_UNSUPPORTED, ERROR("NotImplemented", ""), "NotImplemented"},
      /* Errors in the body of a success. */
      {200, BLOCKSTORE_STATUS_TRANSIENT, ERROR("InternalError", ""), "InternalError"},
      {200, BLOCKSTORE_STATUS_DENIED, ERROR("AccessDenied", ""), "Access denied"},
  };
  struct host_call call;

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    enum blockstore_status status = judge(&call, rows[i].code, rows[i].reply, "date: Fri, 27 Nov 2026 00:00:00 GMT\n");

    if (status != rows[i].status) fail_msg("row %zu: %d: %s", i, status, call.sentence);
    if (strstr(call.sentence, rows[i].sentence) == NULL) fail_msg("row %zu: %s", i, call.sentence);
  }
}

/* Amazon answers HEAD and redirects with the region in a header. */
static void region_is_told_by_a_header(void **state) {
  struct host_call call;

  (void)state;
  assert_int_equal(judge(&call, 301, ERROR("PermanentRedirect", ""), "x-amz-bucket-region: there-2\n"), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(call.sentence, "names there-2"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(elements_are_found),
      cmocka_unit_test(what_does_not_fit_is_not_found),
      cmocka_unit_test(answers_are_judged),
      cmocka_unit_test(region_is_told_by_a_header),
  };

  return RUN_TESTS(tests);
}

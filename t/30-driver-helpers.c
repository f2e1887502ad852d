/* SPDX-License-Identifier: MIT */
/* The functions that driver.h gives to drivers: sentences, lines of the log, the look at the clock, whole values. */
#include <config.h>

#include "t/lib/driver-host.h"

static char logged[2048];
static enum blockstore_log_level logged_level;

static void keep_line(struct blockstore_store *store, enum blockstore_log_level level, const char *line) {
  (void)store;
  logged_level = level;
  snprintf(logged, sizeof logged, "%s", line);
}

static void failing_says_why(void **state) {
  struct host_call call;

  (void)state;
  host_call_init(&call);
  assert_int_equal(blockstore_fail(&call.call, BLOCKSTORE_STATUS_DENIED, "%s: %d", "a path", 7), BLOCKSTORE_STATUS_DENIED);
  assert_string_equal(call.sentence, "a path: 7");
}

/* What is too long is cut, not overrun. */
static void long_texts_are_cut(void **state) {
  struct blockstore_host host;
  struct host_call call;
  char text[3000];

  (void)state;
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  host_call_init(&call);
  host = *call.call.host;
  host.log = keep_line;
  call.call.host = &host;
  assert_int_equal(blockstore_fail(&call.call, BLOCKSTORE_STATUS_FAILED, "%s", text), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(strlen(call.sentence), 1023);
  blockstore_log(&call.call, BLOCKSTORE_LOG_WARNING, "%s", text);
  assert_int_equal(strlen(logged), 1023);
  blockstore_log(&call.call, BLOCKSTORE_LOG_INFO, "%s %d", "line", 2);
  assert_string_equal(logged, "line 2");
  assert_int_equal(logged_level, BLOCKSTORE_LOG_INFO);
}

static void a_call_goes_on_until_its_time_is_over(void **state) {
  struct host_call call;

  (void)state;
  host_call_init(&call);
  assert_int_equal(blockstore_go_on(&call.call), BLOCKSTORE_STATUS_OK); /* without a deadline */
  atomic_store(&call.looks, 1);
  assert_int_equal(blockstore_go_on(&call.call), BLOCKSTORE_STATUS_OK);
  assert_string_equal(call.sentence, "");
  assert_int_equal(blockstore_go_on(&call.call), BLOCKSTORE_STATUS_CANCELLED);
  assert_string_equal(call.sentence, "The call was cancelled or its time is over.");
}

static void a_value_is_given_whole(void **state) {
  struct host_sink sink;

  (void)state;
  host_sink_init(&sink);
  assert_int_equal(blockstore_give(&sink.sink, "a\0b", 3), BLOCKSTORE_STATUS_OK);
  assert_int_equal(sink.begins, 1);
  assert_int_equal(sink.announced, 3);
  assert_int_equal(sink.length, 3);
  assert_memory_equal(sink.bytes, "a\0b", 3);
  assert_int_equal(blockstore_give(&sink.sink, NULL, 0), BLOCKSTORE_STATUS_OK); /* another, which is empty */
  assert_int_equal(sink.begins, 2);
  assert_int_equal(sink.announced, 0);
  assert_int_equal(sink.length, 0);
  host_sink_free(&sink);
}

/* Room for nothing: begin refuses; room for one byte: write does. */
static void a_refusal_is_handed_on(void **state) {
  struct host_sink sink;

  (void)state;
  for (size_t room = 0; room < 2; room++) {
    host_sink_init(&sink);
    sink.room = room;
    sink.fail_with = BLOCKSTORE_STATUS_CANCELLED;
    assert_int_equal(blockstore_give(&sink.sink, "ab", 2), BLOCKSTORE_STATUS_CANCELLED);
    assert_int_equal(sink.begins, 1);
    assert_int_equal(sink.length, 0);
    host_sink_free(&sink);
  }
}

static void an_errno_has_its_status(void **state) {
  static const struct {
    int reason;
    enum blockstore_status status;
  } rows[] = {
      {EACCES, BLOCKSTORE_STATUS_DENIED},       {EPERM, BLOCKSTORE_STATUS_DENIED},
      {EROFS, BLOCKSTORE_STATUS_DENIED},        {ENOSPC, BLOCKSTORE_STATUS_NO_SPACE},
      {EDQUOT, BLOCKSTORE_STATUS_NO_SPACE},     {EFBIG, BLOCKSTORE_STATUS_TOO_LARGE},
      {EAGAIN, BLOCKSTORE_STATUS_TRANSIENT},    {ENOMEM, BLOCKSTORE_STATUS_TRANSIENT},
      {EMFILE, BLOCKSTORE_STATUS_TRANSIENT},    {ENFILE, BLOCKSTORE_STATUS_TRANSIENT},
      {ENOBUFS, BLOCKSTORE_STATUS_TRANSIENT},   {ENETUNREACH, BLOCKSTORE_STATUS_TRANSIENT},
      {EHOSTUNREACH, BLOCKSTORE_STATUS_TRANSIENT}, {ECONNREFUSED, BLOCKSTORE_STATUS_TRANSIENT},
      {ECONNRESET, BLOCKSTORE_STATUS_TRANSIENT},   {ETIMEDOUT, BLOCKSTORE_STATUS_TRANSIENT},
      {EIO, BLOCKSTORE_STATUS_FAILED},          {ENOTDIR, BLOCKSTORE_STATUS_FAILED},
      {ENOENT, BLOCKSTORE_STATUS_FAILED}, /* never absence by itself */
      {0, BLOCKSTORE_STATUS_FAILED}, /* never OK: something did fail */
      {-1, BLOCKSTORE_STATUS_FAILED},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_int_equal(blockstore_errno_status(rows[i].reason), rows[i].status);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(failing_says_why),
      cmocka_unit_test(long_texts_are_cut),
      cmocka_unit_test(an_errno_has_its_status),
      cmocka_unit_test(a_call_goes_on_until_its_time_is_over),
      cmocka_unit_test(a_value_is_given_whole),
      cmocka_unit_test(a_refusal_is_handed_on),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/common/health.h"
#include "t/lib/driver-host.h"

static void members_make_an_object(void **state) {
  struct host_call call;
  struct host_sink sink;
  struct bs_health health;

  (void)state;
  host_call_init(&call);
  host_sink_init(&sink);
  bs_health_begin(&health);
  bs_health_text(&health, "text", "a\"b\\c\n\x1f\xc3\xa9");
  bs_health_number(&health, "number", UINT64_MAX);
  bs_health_flag(&health, "yes", true);
  bs_health_flag(&health, "no", false);
  assert_int_equal(bs_health_end(&health, &call.call, &sink.sink), BLOCKSTORE_STATUS_OK);
  assert_string_equal((char *)sink.bytes,
                      "{\"text\": \"a\\\"b\\\\c\\u000a\\u001f\xc3\xa9\", \"number\": 18446744073709551615, "
                      "\"yes\": true, \"no\": false}");
  assert_int_equal(sink.announced, sink.length);
  host_sink_free(&sink);
}

static void no_members_make_one_too(void **state) {
  struct host_call call;
  struct host_sink sink;
  struct bs_health health;

  (void)state;
  host_call_init(&call);
  host_sink_init(&sink);
  bs_health_begin(&health);
  assert_int_equal(bs_health_end(&health, &call.call, &sink.sink), BLOCKSTORE_STATUS_OK);
  assert_string_equal((char *)sink.bytes, "{}");
  host_sink_free(&sink);
}

static void the_sink_has_the_last_word(void **state) {
  struct host_call call;
  struct host_sink sink;
  struct bs_health health;

  (void)state;
  host_call_init(&call);
  for (size_t room = 0; room < 2; room++) {
    host_sink_init(&sink);
    sink.room = room;
    sink.fail_with = BLOCKSTORE_STATUS_CANCELLED;
    bs_health_begin(&health);
    assert_int_equal(bs_health_end(&health, &call.call, &sink.sink), BLOCKSTORE_STATUS_CANCELLED);
    host_sink_free(&sink);
  }
}

static void lack_of_memory_is_said(void **state) {
  struct bs_health health = {0}; /* as open_memstream leaves it when it fails */
  struct host_call call;
  struct host_sink sink;

  (void)state;
  host_call_init(&call);
  host_sink_init(&sink);
  bs_health_text(&health, "text", "x");
  bs_health_number(&health, "number", 1);
  bs_health_flag(&health, "flag", true);
  assert_int_equal(bs_health_end(&health, &call.call, &sink.sink), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(call.sentence, "memory"));
  assert_int_equal(sink.begins, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(members_make_an_object), cmocka_unit_test(no_members_make_one_too),
      cmocka_unit_test(the_sink_has_the_last_word), cmocka_unit_test(lack_of_memory_is_said)};

  return RUN_TESTS(tests);
}

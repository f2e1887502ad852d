/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/json.h"
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

/* The member's value as the core reads it. */
static void read_back(struct bs_buffer *ret_text, const char *value) {
  const struct bs_json_limits limits = {1 << 10, 2};
  struct bs_error error = {0};
  struct bs_json root, member;
  struct bs_health health;
  struct host_call call;
  struct host_sink sink;

  host_call_init(&call);
  host_sink_init(&sink);
  bs_health_begin(&health);
  bs_health_text(&health, "text", value);
  assert_int_equal(bs_health_end(&health, &call.call, &sink.sink), BLOCKSTORE_STATUS_OK);
  assert_ok(bs_json_scan(&root, sink.bytes, sink.length, &limits, &error));
  assert_true(bs_json_find(root, "text", &member));
  bs_buffer_clear(ret_text);
  bs_json_string(member, ret_text);
  host_sink_free(&sink);
}

static void check_text(const unsigned char *value) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  size_t length = strlen((const char *)value);

  read_back(&text, (const char *)value);
  assert_int_equal(text.length == length && memcmp(text.bytes, value, length) == 0, bs_utf8_valid(value, length));
}

/* Each first byte with bytes at the edges of what may follow: what is UTF-8 comes back, what is not has become so. */
static void any_text_makes_json(void **state) {
  static const unsigned char second[] = {0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0};
  static const unsigned char more[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0};

  (void)state;
  for (unsigned first = 1; first < 256; first++)
    for (size_t i = 0; i < sizeof second; i++)
      for (size_t j = 0; j < sizeof more; j++)
        for (size_t k = 0; k < sizeof more; k++)
          check_text((const unsigned char[]){(unsigned char)first, second[i], more[j], more[k], '\0'});
}

static void what_is_no_utf8_is_marked(void **state) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

  (void)state;
  read_back(&text, "/a/\xff\xc3\xa9/\xe2\x82");
  assert_string_equal(bs_buffer_string(&text), "/a/\xef\xbf\xbd\xc3\xa9/\xef\xbf\xbd\xef\xbf\xbd");
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
      cmocka_unit_test(members_make_an_object), cmocka_unit_test(any_text_makes_json),
      cmocka_unit_test(what_is_no_utf8_is_marked), cmocka_unit_test(no_members_make_one_too),
      cmocka_unit_test(the_sink_has_the_last_word), cmocka_unit_test(lack_of_memory_is_said)};

  return RUN_TESTS(tests);
}

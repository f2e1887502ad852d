/* SPDX-License-Identifier: MIT */
/* Netstrings: what is written, what is read as it arrives, and all that is refused. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/netstring.h"
#include "t/lib/unit.h"

#define LIMIT 1000

static enum bs_netstring_state decode(struct bs_netstring *frame, const char *text) {
  return bs_netstring_decode(frame, text, strlen(text), LIMIT);
}

static void assert_state(const char *text, enum bs_netstring_state expected) {
  struct bs_netstring frame = {NULL, 7, 7};

  if (decode(&frame, text) != expected) fail_msg("%s: state %d", text, (int)decode(&frame, text));
  if (expected != BS_NETSTRING_WHOLE) assert_true(frame.payload == NULL && frame.length == 7 && frame.total == 7);
}

static void what_is_written_is_read(void **state) {
  static const size_t lengths[] = {0, 1, 9, 10, 99, 100, 999, LIMIT};
  unsigned char payload[LIMIT];

  (void)state;
  for (size_t i = 0; i < sizeof payload; i++) payload[i] = (unsigned char)i;
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
    struct bs_netstring frame;

    bs_netstring_encode(&text, payload, lengths[i]);
    assert_int_equal(bs_netstring_decode(&frame, text.bytes, text.length, LIMIT), BS_NETSTRING_WHOLE);
    assert_int_equal(frame.length, lengths[i]);
    assert_int_equal(frame.total, text.length);
    assert_memory_equal(frame.payload, payload, lengths[i]);
  }
}

static void its_form_is_that_of_the_wire(void **state) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

  (void)state;
  bs_netstring_encode(&text, "hello world!", 12);
  bs_netstring_encode(&text, "", 0);
  assert_string_equal(bs_buffer_string(&text), "12:hello world!,0:,");
}

static void it_is_read_as_it_arrives(void **state) {
  static const char text[] = "12:hello world!,3:abc,";
  struct bs_netstring frame;

  (void)state;
  for (size_t i = 0; i < 16; i++) assert_int_equal(bs_netstring_decode(&frame, text, i, LIMIT), BS_NETSTRING_PARTIAL);
  for (size_t i = 16; i < sizeof text; i++) {
    assert_int_equal(bs_netstring_decode(&frame, text, i, LIMIT), BS_NETSTRING_WHOLE);
    assert_int_equal(frame.total, 16);
  }
  assert_int_equal(decode(&frame, text + frame.total), BS_NETSTRING_WHOLE);
  assert_memory_equal(frame.payload, "abc", 3);
}

static void one_form_only_is_taken(void **state) {
  static const char *const malformed[] = {
      ":",      ":,",   "a",      "a:",   "-1:a,", "+1:a,", " 1:a,", "1 :a,",   "1\n:a,",          "01:a,", "00:,", "00",
      "0x1:a,", "1;a,", "1.0:a,", "1:ab", "1:a;",  "1:a\n", "0:a",   "3:abcd,", "12:hello world! ", "1,a:",
  };

  (void)state;
  for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) assert_state(malformed[i], BS_NETSTRING_MALFORMED);
  assert_state("", BS_NETSTRING_PARTIAL);
  assert_state("0", BS_NETSTRING_PARTIAL);
  assert_state("0:", BS_NETSTRING_PARTIAL);
  assert_state("10:,,,,,,,,,,", BS_NETSTRING_PARTIAL);
  assert_state("0:,", BS_NETSTRING_WHOLE);
}

static void too_much_is_refused_before_it_comes(void **state) {
  char ones[400];

  (void)state;
  memset(ones, '1', sizeof ones - 1);
  ones[sizeof ones - 1] = '\0';
  assert_state("1000", BS_NETSTRING_PARTIAL);
  assert_state("1000:", BS_NETSTRING_PARTIAL);
  assert_state("1001", BS_NETSTRING_TOO_LARGE);
  assert_state("9999", BS_NETSTRING_TOO_LARGE);
  assert_state("10000", BS_NETSTRING_TOO_LARGE);
  assert_state(ones, BS_NETSTRING_TOO_LARGE);
}

static void no_number_overflows(void **state) {
  struct bs_netstring frame;
  char text[40];
  size_t length = (size_t)snprintf(text, sizeof text, "%zu", SIZE_MAX);

  (void)state;
  assert_int_equal(bs_netstring_decode(&frame, text, length, SIZE_MAX), BS_NETSTRING_PARTIAL);
  assert_int_equal(bs_netstring_decode(&frame, text, length, SIZE_MAX - 1), BS_NETSTRING_TOO_LARGE);
  snprintf(text + length, sizeof text - length, ":abc");
  assert_int_equal(bs_netstring_decode(&frame, text, length + 4, SIZE_MAX), BS_NETSTRING_PARTIAL);
  text[length - 1]++;
  assert_int_equal(bs_netstring_decode(&frame, text, length, SIZE_MAX), BS_NETSTRING_TOO_LARGE);
  assert_int_equal(bs_netstring_decode(&frame, "0:,", 3, 0), BS_NETSTRING_WHOLE);
  assert_int_equal(bs_netstring_decode(&frame, "1:a,", 4, 0), BS_NETSTRING_TOO_LARGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_is_read),   cmocka_unit_test(its_form_is_that_of_the_wire),
      cmocka_unit_test(it_is_read_as_it_arrives),  cmocka_unit_test(one_form_only_is_taken),
      cmocka_unit_test(too_much_is_refused_before_it_comes), cmocka_unit_test(no_number_overflows),
  };

  return RUN_TESTS(tests);
}

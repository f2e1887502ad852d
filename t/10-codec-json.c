/* SPDX-License-Identifier: MIT */
/* The JSON scanner: its messages, its limits, long strings and large objects.  What it takes and refuses:
 * t/10-codec-json-vectors.c. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/json.h"
#include "t/lib/unit.h"

static const struct bs_json_limits limits = {1 << 20, 16};

static void messages_say_what_is_wrong(void **state) {
  static const struct {
    const char *text, *message;
  } cases[] = {
    {"[1", "The JSON is wrong at byte 2: ',' or ']' was expected, but it ends."},
    {"{\"a\" 1}", "The JSON is wrong at byte 5: ':' was expected."},
    {"{1:1}", "The JSON is wrong at byte 1: a key was expected."},
    {"[x]", "The JSON is wrong at byte 1: a value was expected."},
    {"1.x", "The JSON is wrong at byte 2: a digit was expected."},
    {"01", "The JSON is wrong at byte 0: a number must not begin with a zero."},
    {"{} x", "The JSON is wrong at byte 3: something follows the value."},
    {"\"\\q\"", "The JSON is wrong at byte 2: one of \"\\/bfnrtu was expected."},
    {"\"\\u12\"", "The JSON is wrong at byte 3: four hexadecimal digits were expected."},
    {"\"\\u0000\"", "The JSON is wrong at byte 1: U+0000 is not allowed."},
    {"\"\\udc00\"", "The JSON is wrong at byte 1: a surrogate without its other half."},
    {"\"\xff\"", "The JSON is wrong at byte 1: this is not UTF-8."},
    {"\"\n\"", "The JSON is wrong at byte 1: a control character in a string must be escaped."},
    {"\xef\xbb\xbf{}", "The JSON is wrong at byte 0: a byte order mark is not allowed."},
    {" {\"b\":1,\"a\":1,\"b\":1}", "The JSON is wrong: the object at byte 1 has two members \"b\"."},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct bs_error error = {0};
    struct bs_json root;
    assert_false(bs_json_scan(&root, cases[i].text, strlen(cases[i].text), &limits, &error));
    assert_string_equal(error.message, cases[i].message);
  }
}

/* Long runs are looked at in blocks: no byte of them may go by, wherever it stands. */
static void every_byte_of_a_long_string_counts(void **state) {
  char text[202];
  (void)state;
  memset(text, 'a', sizeof text);
  text[0] = text[sizeof text - 1] = '"';
  for (size_t at = 1; at < sizeof text - 1; at++) {
    for (int byte = 0; byte < 256; byte++) {
      bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
      struct bs_error error = {0};
      struct bs_json root;
      text[at] = (char)byte;
      if (bs_json_scan(&root, text, sizeof text, &limits, &error) != plain) fail_msg("byte %d at %zu", byte, at);
    }
    text[at] = 'a';
  }
}

static void size_is_bounded(void **state) {
  const struct bs_json_limits small = {4, 1}, none = {0, 0}, endless = {SIZE_MAX, SIZE_MAX};
  struct bs_error error = {0};
  struct bs_json root;
  (void)state;
  assert_ok(bs_json_scan(&root, "[12]", 4, &small, &error));
  assert_false(bs_json_scan(&root, "[123]", 5, &small, &error));
  assert_int_equal(error.word, BS_WORD_too_large);
  assert_int_equal(error.result, BLOCKSTORE_FORGED);
  assert_string_equal(error.message, "The JSON has 5 bytes, more than 4.");
  assert_fails(bs_json_scan(&root, "     ", 5, &small, &error), BS_WORD_too_large, "more than 4");
  assert_fails(bs_json_scan(&root, "1", 1, &none, &error), BS_WORD_too_large, "more than 0");
  assert_fails(bs_json_scan(&root, NULL, 0, &none, &error), BS_WORD_malformed, "at byte 0");
  assert_ok(bs_json_scan(&root, "[1]", 3, &endless, &error));
#if SIZE_MAX > UINT32_MAX
  assert_fails(bs_json_scan(&root, "", (size_t)UINT32_MAX + 1, &endless, &error), BS_WORD_too_large,
               "more than 4294967295");
#endif
}

static void depth_is_bounded(void **state) {
  const struct bs_json_limits flat = {1 << 20, 0}, one = {1 << 20, 1}, endless = {1 << 20, SIZE_MAX};
  struct bs_error error = {0};
  struct bs_json root;
  char deep[1 << 17];
  (void)state;
  assert_ok(bs_json_scan(&root, "1", 1, &flat, &error));
  assert_fails(bs_json_scan(&root, "[]", 2, &flat, &error), BS_WORD_malformed, "at byte 0: it is nested too deeply");
  assert_fails(bs_json_scan(&root, "{}", 2, &flat, &error), BS_WORD_malformed, "at byte 0: it is nested too deeply");
  assert_ok(bs_json_scan(&root, "[1]", 3, &one, &error));
  assert_fails(bs_json_scan(&root, "[1,[]]", 6, &one, &error), BS_WORD_malformed, "at byte 3: it is nested too deeply");
  assert_fails(bs_json_scan(&root, "{\"a\":{}}", 8, &one, &error), BS_WORD_malformed,
               "at byte 5: it is nested too deeply");
  memset(deep, '[', sizeof deep);
  assert_fails(bs_json_scan(&root, deep, sizeof deep, &endless, &error), BS_WORD_malformed, "at byte 64: it is nested");
  memset(deep + BS_JSON_DEPTH_MAX, ']', BS_JSON_DEPTH_MAX);
  assert_ok(bs_json_scan(&root, deep, 2 * BS_JSON_DEPTH_MAX, &endless, &error));
}

/* An object of `count` members: keys descend, or all are escaped; then one more, `last`. */
static void big_object(struct bs_buffer *text, unsigned count, const char *format, const char *last) {
  bs_buffer_text(text, "{");
  for (unsigned i = count; i > 0; i--) {
    bs_buffer_text(text, "\"");
    bs_buffer_format(text, "%s%016x\":1,", format, i);
  }
  bs_buffer_format(text, "\"%s\":1}", last);
}

static void many_keys(void **state) {
  static const struct {
    const char *format, *last;
    bool good;
  } cases[] = {
    {"", "x", true},
    {"", "0000000000004e20", false},
    {"", "0000000000000001", false},
    {"", "000000000000\\u0030001", false},
    {"\\u0041\\n", "A\\n", true},
    {"\\u0041\\n", "A\\u000a0000000000000100", false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct bs_error error = {0};
    struct bs_json root;
    struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
    big_object(&text, 20000, cases[i].format, cases[i].last);
    bool good = bs_json_scan(&root, text.bytes, text.length, &limits, &error);
    if (good != cases[i].good) fail_msg("case %zu: %s", i, error.message);
    if (!good) assert_non_null(strstr(error.message, "the object at byte 0 has two members"));
  }
}

/* The message shows the beginning of a long key, cut between two characters. */
static void a_long_duplicate_is_cut(void **state) {
  struct bs_error error = {0};
  struct bs_json root;
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char key[69];
  (void)state;
  memset(key, 'k', sizeof key);
  memcpy(key + 63, "\xc3\xa9", 2);
  key[68] = '\0';
  bs_buffer_format(&text, "{\"%s\":1,\"%s\":2}", key, key);
  assert_fails(bs_json_scan(&root, text.bytes, text.length, &limits, &error), BS_WORD_malformed, "kkkkk\".");
  assert_true(bs_utf8_valid(error.message, strlen(error.message)));
}

static void utf8(void **state) {
  (void)state;
  assert_true(bs_utf8_valid("", 0));
  assert_true(bs_utf8_valid(NULL, 0));
  assert_true(bs_utf8_valid("a\n\x7f\xc2\x80\xef\xbf\xbd\xf4\x8f\xbf\xbf", 12));
  assert_false(bs_utf8_valid("a\0b", 3));
  assert_false(bs_utf8_valid("\0", 1));
  assert_false(bs_utf8_valid("abc\xc3", 4));
  assert_false(bs_utf8_valid("\xc0\xaf", 2));
  assert_false(bs_utf8_valid("\xed\xa0\x80", 3));
  assert_false(bs_utf8_valid("\xf4\x90\x80\x80", 4));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(messages_say_what_is_wrong),
    cmocka_unit_test(every_byte_of_a_long_string_counts),
    cmocka_unit_test(size_is_bounded),
    cmocka_unit_test(depth_is_bounded),
    cmocka_unit_test(many_keys),
    cmocka_unit_test(a_long_duplicate_is_cut),
    cmocka_unit_test(utf8),
  };
  return RUN_TESTS(tests);
}

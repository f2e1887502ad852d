/* SPDX-License-Identifier: MIT */
/* The JSON scanner against a second opinion (t/lib/json-oracle.h), on all texts of a kind: documents with each byte at each
 * place, all short sequences of tokens, of what numbers are made of, of bytes beyond ASCII, of escapes, and of keys. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/json.h"
#include "t/lib/json-oracle.h"
#include "t/lib/unit.h"

#define DEPTH 3
#define TEXT_MAX 128

static const struct bs_json_limits limits = {1 << 20, DEPTH};

/* How many texts were taken and refused: a sweep that meets one kind only proves nothing. */
static struct {
  size_t good, bad;
} seen;

static int reset(void **state) {
  (void)state;
  seen.good = seen.bad = 0;
  return 0;
}

static void fail_with(const char *what, const char *text, size_t length) {
  struct bs_buffer hex BS_AUTO_BUFFER = BS_BUFFER_INIT;

  for (size_t i = 0; i < length; i++) bs_buffer_format(&hex, "%02x ", (unsigned char)text[i]);
  fail_msg("%s: %.*s: %s", what, (int)length, text, bs_buffer_string(&hex));
}

/* Where the message says that it is wrong; false for a duplicate, of which it names the object. */
static bool wrong_at(size_t *ret_at, const struct bs_error *error) {
  static const char words[] = "The JSON is wrong at byte ";
  bool tells = strncmp(error->message, words, sizeof words - 1) == 0;

  if (tells) *ret_at = strtoul(error->message + sizeof words - 1, NULL, 10);
  return tells;
}

/* The text lies at the end of a block of its size: valgrind and ASan see a read beyond. */
static bool check(const char *bytes, size_t length, size_t *ret_at) {
  char *text BS_AUTO_FREE = malloc(length > 0 ? length : 1);
  struct bs_error error = {0};
  struct bs_json root;
  bool good;

  assert_non_null(text);
  memcpy(text, bytes, length);
  good = bs_json_scan(&root, text, length, &limits, &error);
  if (good != json_oracle(text, length, DEPTH)) fail_with(good ? "taken" : error.message, text, length);
  if (good) seen.good++;
  else seen.bad++;
  if (good || !wrong_at(ret_at, &error)) *ret_at = length;
  if (*ret_at > length) fail_with(error.message, text, length);
  return good;
}

/* Also: up to the byte that is called wrong, it is right. */
static void check_place(const char *text, size_t length) {
  size_t at, again;

  if (check(text, length, &at)) return;
  if (!check(text, at, &again) && again != at) fail_with("wrong before that", text, at);
}

static void check_string(const char *text) {
  size_t at;

  check(text, strlen(text), &at);
}

/* Every kind of place that the grammar has. */
static const char *const documents[] = {
    "null", "true", "false", "-10.25e+13", "0.5E-7", " [ 1 , \"a\" , { } ] ", "{ \"a\" : [ ] , \"b\" : -0 }\n",
    "{\"a\":{\"b\":{\"c\":1}},\"\\u0061b\":[[],[true]]}", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "\"\\u0041\\uD83d\\uDE00x\"",
    "\"a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80z\"", "[null,false,true,0,\"\",[],{}]", "{\"a\":1,\"\\u0062\":2,\"c\":3}",
    "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567\"",
};

static void with_other_bytes(const char *document) {
  size_t length = strlen(document);

  for (size_t at = 0; at <= length; at++) {
    char text[TEXT_MAX];

    for (int byte = 0; byte < 256; byte++) {
      memcpy(text, document, length);
      text[at] = (char)byte; /* behind the last one: one more */
      check_place(text, at < length ? length : length + 1);
      memcpy(text + at + 1, document + at, length - at);
      check_place(text, length + 1);
    }
  }
}

static void with_bytes_missing(const char *document) {
  size_t length = strlen(document);

  for (size_t from = 0; from < length; from++) {
    for (size_t to = from + 1; to <= length; to++) {
      char text[TEXT_MAX];

      memcpy(text, document, from);
      memcpy(text + from, document + to, length - to);
      check_place(text, from + length - to);
    }
  }
}

static void each_byte_at_each_place(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
    check_place(documents[i], strlen(documents[i]));
    assert_int_equal(seen.good, 1);
    with_other_bytes(documents[i]);
    with_bytes_missing(documents[i]);
    assert_true(seen.good > 1 && seen.bad > 100);
    reset(NULL);
  }
}

/* All sequences of up to `length` of the parts, behind what stands in text already. */
static void check_sequences(char *text, const char *const *parts, size_t count, size_t length, const char *behind) {
  size_t before = strlen(text);

  snprintf(text + before, TEXT_MAX - before, "%s", behind);
  check_string(text);
  text[before] = '\0';
  for (size_t i = 0; i < count && length > 0; i++) {
    snprintf(text + before, TEXT_MAX - before, "%s", parts[i]);
    check_sequences(text, parts, count, length - 1, behind);
    text[before] = '\0';
  }
}

#define CHECK_SEQUENCES(before, parts, length, behind)                              \
  do {                                                                              \
    char text_[TEXT_MAX] = before;                                                  \
    check_sequences(text_, parts, sizeof parts / sizeof parts[0], length, behind);  \
  } while (0)

static void sequences_of_tokens(void **state) {
  static const char *const tokens[] = {"{", "}", "[", "]", ",", ":", "\"a\"", "1"};
  static const char *const separators[] = {" ", ",", "1", "\"b\"", ":", "null"};

  (void)state;
  CHECK_SEQUENCES("", tokens, 6, "");
  CHECK_SEQUENCES("{\"a\":", tokens, 5, "}");
  CHECK_SEQUENCES("[1", separators, 5, "]");
  CHECK_SEQUENCES("{\"a\":1", separators, 5, "}");
  assert_true(seen.good > 300 && seen.bad > 10000);
}

static void sequences_in_numbers(void **state) {
  static const char *const parts[] = {"0", "7", "-", "+", ".", "e", "E"};

  (void)state;
  CHECK_SEQUENCES("", parts, 6, "");
  CHECK_SEQUENCES("[", parts, 4, "]");
  assert_true(seen.good > 1000 && seen.bad > 10000);
}

static void sequences_in_literals(void **state) {
  static const char *const parts[] = {"n", "u", "l", "t", "r", "e", " ", ","};

  (void)state;
  CHECK_SEQUENCES("[", parts, 5, "]");
  CHECK_SEQUENCES("", parts, 4, "");
  assert_true(seen.good >= 4 && seen.bad > 10000);
}

static void sequences_in_strings(void **state) {
  static const char *const parts[] = {"\\", "\"", "u", "0041", "D800", "dc00", "n", "0000"};

  (void)state;
  CHECK_SEQUENCES("\"", parts, 5, "\"");
  CHECK_SEQUENCES("{\"", parts, 4, "\":1}");
  assert_true(seen.good > 100 && seen.bad > 10000);
}

static void every_unit_escaped(void **state) {
  static const unsigned units[] = {0x0000, 0x0041, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff};
  char text[TEXT_MAX];

  (void)state;
  for (unsigned unit = 0; unit <= 0xffff; unit++) {
    snprintf(text, sizeof text, "\"\\u%04x\"", unit);
    check_string(text);
  }
  assert_int_equal(seen.bad, 1 + 0x800);
  for (size_t i = 0; i < 9 * 9 * 9; i++) {
    snprintf(text, sizeof text, "\"\\u%04x\\u%04X\\u%04x\"", units[i / 81], units[i / 9 % 9], units[i % 9]);
    check_string(text);
  }
}

static void check_utf8(const unsigned char *bytes, size_t length) {
  char text[8] = "\"";
  size_t at;

  memcpy(text + 1, bytes, length);
  text[1 + length] = '"';
  if (check(text, length + 2, &at)) assert_true(bs_utf8_valid(bytes, length));
  else if (bytes[0] >= 0x80) assert_false(bs_utf8_valid(bytes, length));
}

/* All of one and of two bytes; longer ones with each first byte, and at the edges of every range behind it. */
static void bytes_beyond_ascii(void **state) {
  static const unsigned char edges[] = {0x20, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0};
  const size_t count = sizeof edges;

  (void)state;
  for (unsigned first = 0; first < 256; first++) {
    unsigned char bytes[5] = {(unsigned char)first};

    check_utf8(bytes, 1);
    for (unsigned second = 0; second < 256; second++) {
      bytes[1] = (unsigned char)second;
      check_utf8(bytes, 2);
    }
    for (size_t i = 0; i < count * count * count && first >= 0xc0; i++) {
      memcpy(bytes + 1, (unsigned char[]){edges[i / count / count], edges[i / count % count], edges[i % count], 0x80}, 4);
      check_utf8(bytes, 3);
      check_utf8(bytes, 4);
      check_utf8(bytes, 5);
    }
  }
  assert_true(seen.good > 9000 && seen.bad > 50000);
}

static void every_choice_of_keys(void **state) {
  static const char *const keys[] = {"", "a", "\\u0061", "b", "ab", "a\\u0062", "\\n", "\\u000A", "\xc3\xa9", "\\u00e9"};
  const size_t count = sizeof keys / sizeof keys[0];

  (void)state;
  for (size_t i = 0; i < count * count * count * count; i++) {
    const char *first = keys[i % count], *second = keys[i / count % count], *third = keys[i / count / count % count];
    const char *last = keys[i / count / count / count];
    char text[TEXT_MAX];

    snprintf(text, sizeof text, "{\"%s\":1,\"%s\":{\"%s\":2},\"%s\":3}", first, second, third, last);
    check_string(text);
    snprintf(text, sizeof text, "{\"%s\":1,\"%s\":2,\"%s\":[{\"%s\":3,\"x\":4}]}", first, second, third, last);
    check_string(text);
  }
  assert_true(seen.good > 5000 && seen.bad > 5000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(each_byte_at_each_place, reset), cmocka_unit_test_setup(sequences_of_tokens, reset),
      cmocka_unit_test_setup(sequences_in_numbers, reset),    cmocka_unit_test_setup(sequences_in_literals, reset),
      cmocka_unit_test_setup(sequences_in_strings, reset),    cmocka_unit_test_setup(every_unit_escaped, reset),
      cmocka_unit_test_setup(bytes_beyond_ascii, reset),      cmocka_unit_test_setup(every_choice_of_keys, reset),
  };

  return RUN_TESTS(tests);
}

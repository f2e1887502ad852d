/* SPDX-License-Identifier: MIT */
/* The JSON scanner: what it takes, what it refuses and where. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/json.h"
#include "t/lib/unit.h"

static const struct bs_json_limits limits = {1 << 20, 16};

/* A C string that may hold NUL bytes. */
#define BYTES(literal) literal, sizeof(literal) - 1

/* The scan may not read beyond its bytes: they lie in a block of their exact size, which valgrind and ASan watch. */
static bool scan(struct bs_json *ret_root, unsigned char **ret_block, const char *bytes, size_t length,
                 struct bs_error *error) {
  *ret_block = malloc(length > 0 ? length : 1);
  assert_non_null(*ret_block);
  memcpy(*ret_block, bytes, length);
  return bs_json_scan(ret_root, *ret_block, length, &limits, error);
}

static const struct {
  const char *bytes;
  size_t length;
} accepted[] = {
  {BYTES("null")}, {BYTES("true")}, {BYTES("false")}, {BYTES("0")}, {BYTES("\"\"")}, {BYTES("{}")}, {BYTES("[]")},
  {BYTES(" \t\r\n1 \t\r\n")}, {BYTES("[ ]")}, {BYTES("{ }")}, {BYTES("[ 1 , 2 ]")},
  {BYTES("{ \"a\" : 1 , \"b\" : 2 }")}, {BYTES("{\"a\":1}")}, {BYTES("\n{\n\"a\"\n:\n1\n}\n")}, {BYTES("[[],{}]")},
  {BYTES("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]")}, {BYTES("{\"a\":{\"a\":{\"a\":{}}}}")}, {BYTES("[{\"a\":1},{\"a\":1}]")},
  {BYTES("{\"b\":1,\"a\":2}")}, {BYTES("[null,true,false,0,\"\"]")}, {BYTES("[1,[2,[3]],{\"x\":[4]}]")},
  /* Numbers. */
  {BYTES("-0")}, {BYTES("-1")}, {BYTES("10")}, {BYTES("1.5")}, {BYTES("0.0")}, {BYTES("-0.1")}, {BYTES("1e5")},
  {BYTES("1E5")}, {BYTES("1e+5")}, {BYTES("1e-5")}, {BYTES("1.25E-05")}, {BYTES("0e0")}, {BYTES("0E+0")},
  {BYTES("1e00")}, {BYTES("1e999999")}, {BYTES("123456789012345678901234567890")},
  {BYTES("-0.000000000000000000000000000000000001")},
  /* Strings. */
  {BYTES("\"a\"")}, {BYTES("\" \"")}, {BYTES("\"/\"")}, {BYTES("\"'\"")}, {BYTES("\"\x7f\"")}, {BYTES("\"\\\"\"")},
  {BYTES("\"\\\\\"")}, {BYTES("\"\\/\"")}, {BYTES("\"\\b\\f\\n\\r\\t\"")}, {BYTES("\"\\\\\\\"\"")},
  {BYTES("\"\\\\u0000\"")}, {BYTES("\"\\\\n\"")}, {BYTES("\"\\u0001\"")}, {BYTES("\"\\u0020\"")},
  {BYTES("\"\\u00e9\"")}, {BYTES("\"\\u00E9\"")}, {BYTES("\"\\uffff\"")}, {BYTES("\"\\uFFFE\"")},
  {BYTES("\"\\ud800\\udc00\"")}, {BYTES("\"\\uDBFF\\uDFFF\"")}, {BYTES("\"\\ud83d\\ude00x\"")}, {BYTES("\"\\ud7ff\"")},
  {BYTES("\"\\ue000\"")}, {BYTES("\"\\u0022\\u005c\"")}, {BYTES("\"\xc2\x80\"")}, {BYTES("\"\xdf\xbf\"")},
  {BYTES("\"\xe0\xa0\x80\"")}, {BYTES("\"\xed\x9f\xbf\"")}, {BYTES("\"\xee\x80\x80\"")}, {BYTES("\"\xef\xbf\xbf\"")},
  {BYTES("\"\xef\xbb\xbf\"")}, {BYTES("\"\xe2\x80\xa8\xe2\x80\xa9\"")}, {BYTES("\"\xf0\x90\x80\x80\"")},
  {BYTES("\"\xf4\x8f\xbf\xbf\"")}, {BYTES("\"0123456789abcdef0123456789abcdef\xc3\xa9!\"")},
  {BYTES("\"01234567\\n01234567\"")}, {BYTES("\"[{]},:\\\"\"")},
  /* Keys. */
  {BYTES("{\"\":0}")}, {BYTES("{\"a\":0,\"A\":0}")}, {BYTES("{\"\\n\":0,\"n\":0}")}, {BYTES("{\"a\":0,\"a \":0}")},
  {BYTES("{\"a\":0,\"\":0}")}, {BYTES("{\"ab\":0,\"a\":0}")}, {BYTES("{\"a\":{\"b\":0},\"b\":{\"a\":0}}")},
  {BYTES("{\"\\u0061\":0,\"\\u0062\":0}")}, {BYTES("{\"b\":0,\"\\u0061\":{\"\\u0062\":0},\"\\u0063\":0}")},
  {BYTES("{\"\xc3\xa9\":0,\"e\xcc\x81\":0}")}, {BYTES("{\"a\":[{\"b\":0},{\"b\":0}],\"b\":0}")},
  {BYTES("{\"\\\\\":0,\"/\":0}")},
};

static void takes_what_is_json(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
    struct bs_error error = {0};
    struct bs_json root = {NULL, 0};
    unsigned char *block BS_AUTO_FREE = NULL;
    bool good = scan(&root, &block, accepted[i].bytes, accepted[i].length, &error);
    if (!good) fail_msg("%s: %s", accepted[i].bytes, error.message);
    assert_non_null(root.text);
    assert_null(memchr(" \t\r\n", root.text[0], 4));
    assert_null(memchr(" \t\r\n", root.text[root.length - 1], 4));
  }
}

static const struct {
  const char *bytes;
  size_t length;
  int at; /* the byte that the message names; -1 for a duplicate, which names its object */
} refused[] = {
  /* Nothing, or not all. */
  {BYTES(""), 0}, {BYTES(" "), 1}, {BYTES("\n\n"), 2}, {BYTES("["), 1}, {BYTES("{"), 1}, {BYTES("[1"), 2},
  {BYTES("[1,"), 3}, {BYTES("[[]"), 3}, {BYTES("{\"a\""), 4}, {BYTES("{\"a\":"), 5}, {BYTES("{\"a\":1"), 6},
  {BYTES("{\"a\":1,"), 7}, {BYTES("\""), 1}, {BYTES("\"a"), 2}, {BYTES("\"\\"), 2}, {BYTES("\"\\\""), 3},
  {BYTES("\"\\u"), 3}, {BYTES("\"\\u00"), 3}, {BYTES("\"\\u0041"), 7}, {BYTES("t"), 0}, {BYTES("tru"), 0},
  {BYTES("nul"), 0}, {BYTES("fals"), 0}, {BYTES("-"), 1}, {BYTES("1."), 2}, {BYTES("1e"), 2}, {BYTES("1e+"), 3},
  {BYTES("["), 1}, {BYTES("[\"a"), 3}, {BYTES("[{"), 2}, {BYTES("0123456789"), 0}, {BYTES("{\"a\":[{\"b\":["), 12},
  /* Structure. */
  {BYTES("[,]"), 1}, {BYTES("[1,]"), 3}, {BYTES("[,1]"), 1}, {BYTES("[1,,2]"), 3}, {BYTES("[1 2]"), 3},
  {BYTES("[1:2]"), 2}, {BYTES("[1;2]"), 2}, {BYTES("[}"), 1}, {BYTES("{]"), 1}, {BYTES("[1}"), 2},
  {BYTES("{\"a\":1]"), 6}, {BYTES("[[1}]"), 3}, {BYTES("]"), 0}, {BYTES("}"), 0}, {BYTES(","), 0}, {BYTES(":"), 0},
  {BYTES("[\"a\":1]"), 4}, {BYTES("[\"a\" \"b\"]"), 5}, {BYTES("{,}"), 1}, {BYTES("{\"a\":1,}"), 7},
  {BYTES("{,\"a\":1}"), 1}, {BYTES("{\"a\":1,,\"b\":1}"), 7}, {BYTES("{\"a\"}"), 4}, {BYTES("{\"a\",1}"), 4},
  {BYTES("{\"a\" 1}"), 5}, {BYTES("{\"a\":}"), 5}, {BYTES("{\"a\"::1}"), 5}, {BYTES("{\"a\":1 \"b\":1}"), 7},
  {BYTES("{\"a\":1:2}"), 6}, {BYTES("{a:1}"), 1}, {BYTES("{1:1}"), 1}, {BYTES("{null:1}"), 1}, {BYTES("{'a':1}"), 1},
  {BYTES("{[]:1}"), 1}, {BYTES("{{}:1}"), 1}, {BYTES("{:1}"), 1}, {BYTES("{\"a\":1,b:1}"), 7},
  {BYTES("{\"a\":1,\"b\"}"), 10}, {BYTES("{\"a\":1;}"), 6}, {BYTES("[\"a\",\"b\"}"), 8}, {BYTES("['a']"), 1},
  {BYTES("(1)"), 0}, {BYTES("[1)"), 2}, {BYTES("<null>"), 0},
  /* Something behind. */
  {BYTES("1 2"), 2}, {BYTES("{}{}"), 2}, {BYTES("{} x"), 3}, {BYTES("[]]"), 2}, {BYTES("{}}"), 2}, {BYTES("[],"), 2},
  {BYTES("\"a\"\"b\""), 3}, {BYTES("nulll"), 4}, {BYTES("truefalse"), 4}, {BYTES("{}//"), 2}, {BYTES("{}#"), 2},
  {BYTES("{}\0"), 2}, {BYTES("1\0"), 1}, {BYTES("[1]\x00 "), 3}, {BYTES("\"\"\xef\xbb\xbf"), 2}, {BYTES("1;"), 1},
  {BYTES("{} \xc2\xa0"), 3},
  /* Literals and white space that are none. */
  {BYTES("True"), 0}, {BYTES("TRUE"), 0}, {BYTES("NULL"), 0}, {BYTES("Null"), 0}, {BYTES("nan"), 0}, {BYTES("NaN"), 0},
  {BYTES("Infinity"), 0}, {BYTES("-Infinity"), 1}, {BYTES("-NaN"), 1}, {BYTES("undefined"), 0}, {BYTES("tRue"), 0},
  {BYTES("a"), 0}, {BYTES("'a'"), 0}, {BYTES("`a`"), 0}, {BYTES("\v1"), 0}, {BYTES("\f1"), 0}, {BYTES("[\f]"), 1},
  {BYTES("\xc2\xa0" "1"), 0}, {BYTES("\xe2\x80\xa8" "1"), 0}, {BYTES("[\0]"), 1}, {BYTES("\0"), 0}, {BYTES("/**/1"), 0},
  {BYTES("//\n1"), 0}, {BYTES("#\n1"), 0}, {BYTES("[1/**/]"), 2}, {BYTES("{/**/}"), 1},
  /* Numbers. */
  {BYTES("01"), 0}, {BYTES("00"), 0}, {BYTES("-01"), 1}, {BYTES("000"), 0}, {BYTES("00.5"), 0}, {BYTES("+1"), 0},
  {BYTES("--1"), 1}, {BYTES("-+1"), 1}, {BYTES(".5"), 0}, {BYTES("-.5"), 1}, {BYTES("5.e1"), 2}, {BYTES("[1.]"), 3},
  {BYTES("1.e"), 2}, {BYTES("1.2.3"), 3}, {BYTES("1e1.5"), 3}, {BYTES("1e1e1"), 3}, {BYTES("1ee1"), 2},
  {BYTES("1e++1"), 3}, {BYTES("1e+-1"), 3}, {BYTES("1 000"), 2}, {BYTES("1_000"), 1}, {BYTES("1,000"), 1},
  {BYTES("0x10"), 1}, {BYTES("0b1"), 1}, {BYTES("1f"), 1}, {BYTES("1L"), 1}, {BYTES("[-]"), 2}, {BYTES("- 1"), 1},
  {BYTES("[0e]"), 3}, {BYTES("[0e+]"), 4}, {BYTES("1-1"), 1}, {BYTES("\xef\xbc\x91"), 0}, {BYTES("0\xcc\xb8"), 1},
  {BYTES("[-a]"), 2}, {BYTES("[1a]"), 2}, {BYTES("[1e1a]"), 4}, {BYTES("1e\xd9\xa1"), 2},
  /* Escapes. */
  {BYTES("\"\\a\""), 2}, {BYTES("\"\\x41\""), 2}, {BYTES("\"\\'\""), 2}, {BYTES("\"\\0\""), 2}, {BYTES("\"\\v\""), 2},
  {BYTES("\"\\U0041\""), 2}, {BYTES("\"\\N\""), 2}, {BYTES("\"\\ \""), 2}, {BYTES("\"\\\n\""), 2},
  {BYTES("\"\\\0\""), 2}, {BYTES("\"\\\xc3\xa9\""), 2}, {BYTES("\"\\u\""), 3}, {BYTES("\"\\u004\""), 3},
  {BYTES("\"\\u00g1\""), 3}, {BYTES("\"\\u-041\""), 3}, {BYTES("\"\\u 041\""), 3}, {BYTES("\"\\u{41}\""), 3},
  {BYTES("\"\\u00\xc3\xa9\""), 3}, {BYTES("\"a\\u0000\""), 2}, {BYTES("\"\\ud800\""), 1}, {BYTES("\"\\udc00\""), 1},
  {BYTES("\"\\udfff\\ud800\""), 1}, {BYTES("\"\\ud800\\ud800\""), 1}, {BYTES("\"\\ud800\\u0041\""), 1},
  {BYTES("\"\\ud800x\""), 1}, {BYTES("\"\\ud800\\n\""), 1}, {BYTES("\"\\ud800\\\""), 1},
  {BYTES("\"\\udbff\\ue000\""), 1}, {BYTES("\"\\ud83d\\ude0\""), 9}, {BYTES("\"\\ud83d\\\\ude00\""), 1},
  {BYTES("\"\\ud83d\xf0\x9f\x98\x80\""), 1}, {BYTES("\"\\u0041\\udc00\""), 7}, {BYTES("{\"\\u0000\":1}"), 2},
  {BYTES("{\"\\ud800\":1}"), 2},
  /* Bytes in strings. */
  {BYTES("\"\0\""), 1}, {BYTES("\"\x01\""), 1}, {BYTES("\"\x1f\""), 1}, {BYTES("\"a\tb\""), 2}, {BYTES("\"a\nb\""), 2},
  {BYTES("\"\r\""), 1}, {BYTES("\"01234567\x08\""), 9}, {BYTES("\"0123456789abcdef\x1f" "0123\""), 17},
  {BYTES("{\"a\nb\":1}"), 3}, {BYTES("\"\x80\""), 1}, {BYTES("\"\xbf\""), 1}, {BYTES("\"\xff\""), 1},
  {BYTES("\"\xfe\""), 1}, {BYTES("\"\xc0\x80\""), 1}, {BYTES("\"\xc1\xbf\""), 1}, {BYTES("\"\xc3\""), 1},
  {BYTES("\"\xc3(\""), 1}, {BYTES("\"\xc3\xa9\xa9\""), 3}, {BYTES("\"\xe0\x80\xaf\""), 1},
  {BYTES("\"\xe0\x9f\xbf\""), 1}, {BYTES("\"\xe4\xb8\""), 1}, {BYTES("\"\xe4\xb8"), 1}, {BYTES("\"\xe4"), 1},
  {BYTES("\"\xed\xa0\x80\""), 1}, {BYTES("\"\xed\xbf\xbf\""), 1}, {BYTES("\"\xed\xa0\xbd\xed\xb8\x80\""), 1},
  {BYTES("\"\xf0\x80\x80\xaf\""), 1}, {BYTES("\"\xf0\x8f\xbf\xbf\""), 1}, {BYTES("\"\xf4\x90\x80\x80\""), 1},
  {BYTES("\"\xf5\x80\x80\x80\""), 1}, {BYTES("\"\xf8\x88\x80\x80\x80\""), 1}, {BYTES("\"\xf0\x9f\x98\""), 1},
  {BYTES("\"\xfc\x84\x80\x80\x80\x80\""), 1}, {BYTES("{\"\xff\":1}"), 2}, {BYTES("\xff"), 0}, {BYTES("[\xc3\xa9]"), 1},
  {BYTES("\"abcdefgh\xe9 \""), 9},
  /* Encodings. */
  {BYTES("\xef\xbb\xbf{}"), 0}, {BYTES("\xef\xbb\xbf"), 0}, {BYTES("\xef\xbb{}"), 0}, {BYTES("\xff\xfe{\0}\0"), 0},
  {BYTES("\xfe\xff\0{\0}"), 0}, {BYTES("[\0]\0"), 1}, {BYTES("\0[\0]"), 0},
  /* Duplicate keys. */
  {BYTES("{\"a\":1,\"a\":1}"), -1}, {BYTES("{\"a\":1,\"b\":1,\"a\":1}"), -1}, {BYTES("{\"a\":1,\"\\u0061\":1}"), -1},
  {BYTES("{\"\\u0061\":1,\"a\":1}"), -1}, {BYTES("{\"\\u0061\":1,\"\\u0061\":1}"), -1}, {BYTES("{\"\":1,\"\":1}"), -1},
  {BYTES("{\"/\":1,\"\\/\":1}"), -1}, {BYTES("{\"\\n\":1,\"\\u000a\":1}"), -1},
  {BYTES("{\"\\u000A\":1,\"\\u000a\":1}"), -1}, {BYTES("{\"\xc3\xa9\":1,\"\\u00e9\":1}"), -1},
  {BYTES("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":1}"), -1}, {BYTES("{\"c\":1,\"b\":1,\"a\":1,\"c\":1}"), -1},
  {BYTES("[{\"x\":{\"a\":1,\"a\":2}}]"), -1}, {BYTES("{\"a\":{\"b\":1},\"a\":{\"c\":1}}"), -1},
  {BYTES("{\"a\":[{\"z\":1,\"y\":1}],\"b\":1,\"a\":1}"), -1}, {BYTES("{\"0123456789\":1,\"0123456789\":1}"), -1},
  {BYTES("{\"b\\n\":{\"\\t\":1},\"a\":1,\"b\\u000a\":1}"), -1},
};

static void refuses_what_is_not(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    struct bs_error error = {0};
    struct bs_json root = {NULL, 0};
    unsigned char *block BS_AUTO_FREE = NULL;
    char where[64] = "has two members";
    if (scan(&root, &block, refused[i].bytes, refused[i].length, &error)) fail_msg("accepted: %s", refused[i].bytes);
    assert_null(root.text);
    assert_int_equal(error.word, BS_WORD_malformed);
    if (refused[i].at >= 0) snprintf(where, sizeof where, "The JSON is wrong at byte %d: ", refused[i].at);
    if (strstr(error.message, where) == NULL)
      fail_msg("%s: \"%s\", not at %d", refused[i].bytes, error.message, refused[i].at);
  }
}

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
    cmocka_unit_test(takes_what_is_json),
    cmocka_unit_test(refuses_what_is_not),
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

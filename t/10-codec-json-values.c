/* SPDX-License-Identifier: MIT */
/* Scanned JSON: walking, finding, decoding, integers, writing; and that mutated documents break none of it. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/json.h"
#include "t/lib/unit.h"

static const struct bs_json_limits limits = {1 << 20, 16};

static struct bs_json scanned(const char *text) {
  struct bs_error error = {0};
  struct bs_json root = {NULL, 0};
  assert_ok(bs_json_scan(&root, text, strlen(text), &limits, &error));
  return root;
}

static void assert_span(struct bs_json value, const char *text) {
  assert_int_equal(value.length, strlen(text));
  assert_memory_equal(value.text, text, value.length);
}

static void types(void **state) {
  (void)state;
  assert_int_equal(bs_json_type(scanned(" null")), BS_JSON_NULL);
  assert_int_equal(bs_json_type(scanned("false")), BS_JSON_FALSE);
  assert_int_equal(bs_json_type(scanned("true")), BS_JSON_TRUE);
  assert_int_equal(bs_json_type(scanned("-1e5")), BS_JSON_NUMBER);
  assert_int_equal(bs_json_type(scanned("7")), BS_JSON_NUMBER);
  assert_int_equal(bs_json_type(scanned("\"t\"")), BS_JSON_STRING);
  assert_int_equal(bs_json_type(scanned("[1]")), BS_JSON_ARRAY);
  assert_int_equal(bs_json_type(scanned("{ }")), BS_JSON_OBJECT);
}

static void walks_an_array(void **state) {
  static const char *const items[] = {
    "1", "\"a,]\\\"\"", "[2, [3], \"]\"]", "{\"x\": [\"}\"]}", "null", "-0.5e3", "\"\\\\\"", "\"\"",
  };
  struct bs_json item;
  struct bs_json_iterator array = bs_json_begin(
      scanned(" [1 ,\"a,]\\\"\",[2, [3], \"]\"]\n, {\"x\": [\"}\"]},null , -0.5e3,\"\\\\\",\t\"\"] "));
  (void)state;
  for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
    assert_true(bs_json_next_item(&array, &item));
    assert_span(item, items[i]);
  }
  assert_false(bs_json_next_item(&array, &item));
  assert_false(bs_json_next_item(&array, &item));
  assert_span(item, "\"\"");
}

static void walks_an_object(void **state) {
  struct bs_json key, value;
  struct bs_json_iterator object = bs_json_begin(scanned("{ \"a\" : {\"b\":\"c\"} ,\"\\\":\":[ ],\"n\":1 }"));
  (void)state;
  assert_true(bs_json_next_member(&object, &key, &value));
  assert_span(key, "\"a\"");
  assert_span(value, "{\"b\":\"c\"}");
  assert_true(bs_json_next_member(&object, &key, &value));
  assert_span(key, "\"\\\":\"");
  assert_span(value, "[ ]");
  assert_true(bs_json_next_member(&object, &key, &value));
  assert_span(key, "\"n\"");
  assert_span(value, "1");
  assert_false(bs_json_next_member(&object, &key, &value));
}

static void nothing_to_walk(void **state) {
  static const char *const empty[] = {"[]", "{}", "[ \n]", "{ }", "1", "null", "\"[1]\""};
  (void)state;
  for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
    struct bs_json key, value;
    struct bs_json_iterator items = bs_json_begin(scanned(empty[i])), members = items;
    assert_false(bs_json_next_item(&items, &value));
    assert_false(bs_json_next_member(&members, &key, &value));
  }
}

static void finds_members(void **state) {
  struct bs_json root =
      scanned("{\"x\":{\"id\":0},\"y\":[\"id\"],\"\\u0069d\":1,\"ID\":2,\"id \":3,\"\":4,\"\xc3\xa9\":5}");
  struct bs_json value = {NULL, 0};
  (void)state;
  assert_true(bs_json_find(root, "id", &value));
  assert_span(value, "1");
  assert_true(bs_json_find(root, "ID", &value));
  assert_span(value, "2");
  assert_true(bs_json_find(root, "", &value));
  assert_span(value, "4");
  assert_true(bs_json_find(root, "\xc3\xa9", &value));
  assert_span(value, "5");
  assert_false(bs_json_find(root, "Id", &value));
  assert_false(bs_json_find(root, "i", &value));
  assert_false(bs_json_find(root, "idx", &value));
  assert_false(bs_json_find(scanned("[\"id\",1]"), "id", &value));
  assert_false(bs_json_find(scanned("\"id\""), "id", &value));
  assert_span(value, "5");
}

static const struct {
  const char *json, *text;
} strings[] = {
  {"\"\"", ""},
  {"\"plain\"", "plain"},
  {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
  {"\"\\u0041\\u00e9\\u00E9\\u20ac\\uFFFD\"", "A\xc3\xa9\xc3\xa9\xe2\x82\xac\xef\xbf\xbd"},
  {"\"\\ud83d\\ude00\\uDBFF\\uDFFF\\ud800\\udc00\"", "\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xf0\x90\x80\x80"},
  {"\"\\u007f\\u0080\\u07ff\\u0800\"", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80"},
  {"\"a\\\\u0041\\\\\"", "a\\u0041\\"},
  {"\"\xe4\xb8\xad\\n\xf0\x9f\x98\x80\"", "\xe4\xb8\xad\n\xf0\x9f\x98\x80"},
};

static void decodes_strings(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
    struct bs_json value = scanned(strings[i].json);
    struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
    size_t length = strlen(strings[i].text);
    bs_buffer_text(&text, ">");
    bs_json_string(value, &text);
    assert_string_equal(bs_buffer_string(&text) + 1, strings[i].text);
    assert_true(bs_json_string_is(value, strings[i].text, length));
    for (size_t j = 0; j < sizeof strings / sizeof *strings; j++) {
      assert_int_equal(bs_json_string_is(scanned(strings[j].json), strings[i].text, length), i == j);
    }
    if (length > 0) assert_false(bs_json_string_is(value, strings[i].text, length - 1));
  }
}

static void decodes_nothing_else(void **state) {
  static const char *const others[] = {"1", "0", "null", "[]", "[\"a\"]", "{\"a\":\"b\"}"};
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  (void)state;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) bs_json_string(scanned(others[i]), &text);
  assert_int_equal(text.length, 0);
  assert_false(text.failed);
}

static void string_is_compares_all(void **state) {
  (void)state;
  assert_true(bs_json_string_is(scanned("\"\""), NULL, 0));
  assert_false(bs_json_string_is(scanned("\"\\u0061\""), NULL, 0));
  assert_false(bs_json_string_is(scanned("\"\\u0061\""), "ab", 2));
  assert_false(bs_json_string_is(scanned("\"a\\u0062\""), "a", 1));
  assert_false(bs_json_string_is(scanned("\"a\\u0062\""), "ac", 2));
  assert_false(bs_json_string_is(scanned("\"a\""), "a\0", 2));
  assert_false(bs_json_string_is(scanned("1"), "1", 1));
  assert_false(bs_json_string_is(scanned("12345"), "234", 3));
  assert_false(bs_json_string_is(scanned("null"), "", 0));
}

static void integers(void **state) {
  static const struct {
    const char *text;
    uint64_t value;
  } good[] = {
    {"0", 0}, {"7", 7}, {"10", 10}, {"9007199254740990", 9007199254740990}, {"9007199254740991", BS_JSON_INTEGER_MAX},
  };
  static const char *const bad[] = {
    "-1", "-0", "-9007199254740991", "1.0", "0.0", "1e2", "1E2", "0e0", "1e-1", "10e+1", "9007199254740992",
    "9007199254740993", "9999999999999999", "10000000000000000", "18446744073709551616", "18446744073709551617",
    "184467440737095516150000000000000",
    "\"1\"", "\"\"", "null", "true", "[1]", "{}", "[]",
  };
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    uint64_t value = 99;
    assert_true(bs_json_integer(scanned(good[i].text), &value));
    assert_true(value == good[i].value);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    uint64_t value = 99;
    if (bs_json_integer(scanned(bad[i]), &value)) fail_msg("accepted: %s", bad[i]);
    assert_true(value == 99);
  }
}

static void writes_minimal_escapes(void **state) {
  static const struct {
    const char *text, *json;
  } cases[] = {
    {"", "\"\""},
    {"plain text of more than eight", "\"plain text of more than eight\""},
    {"\"\\/", "\"\\\"\\\\/\""},
    {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
    {"\x01\x0b\x1f ", "\"\\u0001\\u000b\\u001f \""},
    {"\x7f\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80", "\"\x7f\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\""},
    {"\xc3\xa9\n\xc3\xa9\"", "\"\xc3\xa9\\n\xc3\xa9\\\"\""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct bs_buffer json BS_AUTO_BUFFER = BS_BUFFER_INIT;
    bs_json_write_string(&json, cases[i].text, strlen(cases[i].text));
    assert_string_equal(bs_buffer_string(&json), cases[i].json);
    assert_true(bs_json_string_is(scanned((char *)json.bytes), cases[i].text, strlen(cases[i].text)));
  }
}

/* Writes what the spans say, without white space and with minimal escapes: equal documents give equal text. */
static void rewrite(struct bs_buffer *out, struct bs_json value) {
  enum bs_json_type type = bs_json_type(value);
  struct bs_json_iterator iterator = bs_json_begin(value);
  struct bs_json key, item;
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  if (type == BS_JSON_STRING) {
    bs_json_string(value, &text);
    assert_true(bs_utf8_valid(text.bytes, text.length));
    assert_true(bs_json_string_is(value, (char *)text.bytes, text.length));
    bs_json_write_string(out, (char *)text.bytes, text.length);
  } else if (type == BS_JSON_ARRAY) {
    bs_buffer_text(out, "[");
    for (int i = 0; bs_json_next_item(&iterator, &item); i++) {
      if (i > 0) bs_buffer_text(out, ",");
      rewrite(out, item);
    }
    bs_buffer_text(out, "]");
  } else if (type == BS_JSON_OBJECT) {
    bs_buffer_text(out, "{");
    for (int i = 0; bs_json_next_member(&iterator, &key, &item); i++) {
      if (i > 0) bs_buffer_text(out, ",");
      rewrite(out, key);
      bs_buffer_text(out, ":");
      rewrite(out, item);
    }
    bs_buffer_text(out, "}");
  } else {
    bs_buffer_add(out, value.text, value.length);
  }
}

/* An accepted document, rewritten through its spans, is accepted again and then rewrites to itself. */
static bool check_rewriting(const unsigned char *bytes, size_t length) {
  struct bs_error error = {0};
  struct bs_json root, again;
  struct bs_buffer first BS_AUTO_BUFFER = BS_BUFFER_INIT, second BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char *block BS_AUTO_FREE = malloc(length > 0 ? length : 1); /* of the exact size, for valgrind and ASan */
  assert_non_null(block);
  memcpy(block, bytes, length);
  if (!bs_json_scan(&root, block, length, &limits, &error)) {
    assert_int_equal(error.word, BS_WORD_malformed);
    return false;
  }
  rewrite(&first, root);
  assert_ok(bs_json_scan(&again, first.bytes, first.length, &limits, &error));
  rewrite(&second, again);
  assert_int_equal(first.length, second.length);
  assert_memory_equal(first.bytes, second.bytes, first.length);
  return true;
}

static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525 + 1013904223;
  return *seed >> 8;
}

static size_t mutate(unsigned char *bytes, size_t length, uint32_t *seed) {
  static const char pieces[] =
      "\"\\{}[]:,0123456789eE+-. \n\tutrnfabcd\x01\x7f\x80\xbf\xc3\xa9\xe4\xed\xa0\xf0\xf4\xff";
  size_t at = next_random(seed) % length, other = next_random(seed) % length;
  switch (next_random(seed) % 5) {
    case 0: bytes[at] ^= (unsigned char)(1u << next_random(seed) % 8); break;
    case 1: bytes[at] = (unsigned char)pieces[next_random(seed) % sizeof pieces]; break;
    case 2: memmove(bytes + at, bytes + at + 1, length - at - 1); return length - 1;
    case 3: memmove(bytes + at + 1, bytes + at, length - at); return length + 1; /* the byte twice */
    default: bytes[at] = bytes[other];
  }
  return length;
}

static void mutated_documents(void **state) {
  static const char *const documents[] = {
    "{\"data\": \"aGVsbG8=\", \"id\": \"/my/second/datum\", \"sig\": \"v2:G7MQ\", \"ver\": 2}",
    "{\"immutable_data\": [\"00ff\"], \"mutable_data\": [{\"id\": \"x\\u00e9\", \"urls\": [\"s3:a\"]}], \"v\": \"3\"}",
    "[1,-0.5e+10,true,false,null,\"\\ud83d\\ude00\\\\\\\"\",{\"b\":{},\"a\":[[]]}]",
    "{\"\\u0061\":1,\"b\xc3\xa9\":\"\xf0\x9f\x98\x80\",\"\\n\":{\"z\":1,\"\\u0079\":2,\"x\":3}}",
  };
  uint32_t seed = 20150701, good = 0, bad = 0;
  (void)state;
  for (int round = 0; round < 40000; round++) {
    unsigned char bytes[256];
    size_t length = strlen(documents[round % 4]);
    memcpy(bytes, documents[round % 4], length);
    for (uint32_t changes = 1 + next_random(&seed) % 4; changes > 0; changes--) length = mutate(bytes, length, &seed);
    if (check_rewriting(bytes, length)) good++;
    else bad++;
  }
  assert_in_range(good, 1000, 39000);
  assert_in_range(bad, 1000, 39000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(types),
    cmocka_unit_test(walks_an_array),
    cmocka_unit_test(walks_an_object),
    cmocka_unit_test(nothing_to_walk),
    cmocka_unit_test(finds_members),
    cmocka_unit_test(decodes_strings),
    cmocka_unit_test(decodes_nothing_else),
    cmocka_unit_test(string_is_compares_all),
    cmocka_unit_test(integers),
    cmocka_unit_test(writes_minimal_escapes),
    cmocka_unit_test(mutated_documents),
  };
  return RUN_TESTS(tests);
}

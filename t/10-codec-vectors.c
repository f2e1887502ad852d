/* SPDX-License-Identifier: MIT */
/* Hexadecimal, base58 and base64 by their vectors, in both directions; and what makes a file of vectors a good one. */
#include <config.h>

#include "core/codec/base58.h"
#include "core/codec/base64.h"
#include "core/codec/hex.h"
#include "t/lib/vectors.h"

static bool reads_base58(const struct vector *vector) {
  size_t length, read_length = 99;
  unsigned char *text BS_AUTO_FREE = vector_input(vector, &length);
  unsigned char bytes[BS_BASE58_MAX];
  char again[BS_BASE58_TEXT_MAX];

  if (!bs_base58_decode(bytes, &read_length, (char *)text, length)) {
    assert_int_equal(read_length, 99);
    return false;
  }
  vector_is(vector, "bytes", bytes, read_length);
  bs_base58_encode(again, bytes, read_length);
  vector_is_text(vector, "text", again);
  return true;
}

static bool reads_base64(const struct vector *vector) {
  size_t length;
  unsigned char *text BS_AUTO_FREE = vector_input(vector, &length);
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT, again BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_buffer_text(&bytes, ">");
  if (!bs_base64_decode(&bytes, (char *)text, length)) {
    assert_int_equal(bytes.length, 1);
    assert_false(bytes.failed);
    return false;
  }
  vector_is(vector, "bytes", bytes.bytes + 1, bytes.length - 1);
  bs_base64_encode(&again, bytes.bytes + 1, bytes.length - 1);
  vector_is_text(vector, "text", bs_buffer_string(&again));
  return true;
}

/* As texts of a known number of digits are read everywhere: first whether it is one. */
static bool reads_hex(const struct vector *vector) {
  size_t length, size = (size_t)vector_find(vector, "size")->valueint;
  unsigned char *text BS_AUTO_FREE = vector_input(vector, &length);
  unsigned char bytes[32];
  char again[65];

  assert_true(size <= sizeof bytes);
  if (length != 2 * size || !bs_hex_is((char *)text, length)) return false;
  assert_true(bs_hex_decode(bytes, size, (char *)text));
  vector_is(vector, "bytes", bytes, size);
  bs_hex_encode(again, bytes, size);
  vector_is_text(vector, "text", again);
  return true;
}

static void base58(void **state) {
  const struct vector_kind kinds[] = {{"Base58", reads_base58}};

  (void)state;
  vectors_run("encoding/base58.json", kinds, 1);
}

static void base64(void **state) {
  const struct vector_kind kinds[] = {{"Base64", reads_base64}};

  (void)state;
  vectors_run("encoding/base64.json", kinds, 1);
}

static void hexadecimal(void **state) {
  const struct vector_kind kinds[] = {{"HexLower", reads_hex}};

  (void)state;
  vectors_run("encoding/hex.json", kinds, 1);
}

/* A good file, and what one change makes of it. */
static void a_file_of_vectors_is_checked_first(void **state) {
  static const char good[] =
      "{\"algorithm\": \"a\", \"numberOfTests\": 3, \"header\": [\"h\"], \"notes\": {\"F\": \"f\", \"G\": \"g\"}, "
      "\"testGroups\": ["
      "{\"type\": \"t\", \"tests\": [{\"tcId\": 1, \"comment\": \"c\", \"flags\": [], \"result\": \"valid\"}, "
      "{\"tcId\": 2, \"comment\": \"d\", \"flags\": [\"F\"], \"result\": \"invalid\"}]}, "
      "{\"type\": \"u\", \"tests\": [{\"tcId\": 3, \"comment\": \"e\", \"flags\": [\"F\", \"G\"], \"result\": \"invalid\"}]}]}";
  static const struct {
    const char *from, *to, *fault;
  } changes[] = {
      {"", "", NULL},
      {"\"algorithm\"", "\"b\"", "it names no algorithm"},
      {"[\"h\"]", "[]", "it has no header"},
      {"\"notes\"", "\"b\"", "it has no groups or no notes"},
      {"\"testGroups\"", "\"b\"", "it has no groups or no notes"},
      {": 3, \"header\"", ": 2, \"header\"", "numberOfTests is wrong"},
      {"\"numberOfTests\"", "\"b\"", "numberOfTests is wrong"},
      {"\"F\": \"f\", ", "", "a flag has no note"},
      {"\"F\": \"f\"", "\"F\": \"\"", "a flag has no note"},
      {"[\"F\", \"G\"]", "[\"F\", 1]", "a flag has no note"},
      {"[\"F\", \"G\"]", "[\"G\", \"f\"]", "a flag has no note"},
      {"[\"F\", \"G\"]", "[\"F\"]", "a note is of no test"},
      {"[\"F\", \"G\"]", "[]", "an invalid test has no flag"},
      {"\"flags\": [], ", "", "a test has no flags"},
      {"\"comment\": \"d\"", "\"comment\": \"\"", "a test has no comment"},
      {"\"tcId\": 3", "\"tcId\": 2", "a tcId is out of order"},
      {"\"tcId\": 3", "\"tcId\": 4", "a tcId is out of order"},
      {"\"tcId\": 1, ", "", "a tcId is out of order"},
      {"\"valid\"", "\"good\"", "a result is neither valid nor invalid"},
      {"[\"F\"], \"result\": \"invalid\"", "[\"F\"], \"result\": \"valid\"", "it has fewer invalid tests than valid ones"},
      {"\"type\": \"u\"", "\"b\": \"u\"", "a group has no type"},
      {"\"u\", \"tests\": [", "\"u\", \"tests\": [], \"b\": [", "a group has no tests"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
    const char *at = strstr(good, changes[i].from), *fault;
    cJSON *root;

    assert_non_null(at);
    bs_buffer_add(&text, good, (size_t)(at - good));
    bs_buffer_text(&text, changes[i].to);
    bs_buffer_text(&text, at + strlen(changes[i].from));
    root = cJSON_Parse(bs_buffer_string(&text));
    assert_non_null(root);
    fault = vectors_fault(root);
    if (changes[i].fault == NULL) assert_null(fault);
    else if (fault == NULL || strcmp(fault, changes[i].fault) != 0) fail_msg("%s: %s", changes[i].fault, fault);
    cJSON_Delete(root);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_of_vectors_is_checked_first),
      cmocka_unit_test(base58),
      cmocka_unit_test(base64),
      cmocka_unit_test(hexadecimal),
  };

  return RUN_TESTS(tests);
}

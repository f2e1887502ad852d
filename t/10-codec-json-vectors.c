/* SPDX-License-Identifier: MIT */
/* JSON by its vectors, a file for each part of the grammar: what the scanner takes, what it refuses and at which byte, what
 * strings and integers are worth, and how strings are written. */
#include <config.h>

#include "core/codec/json.h"
#include "t/lib/json-oracle.h"
#include "t/lib/vectors.h"

#define DEPTH 16

static const struct bs_json_limits limits = {1 << 20, DEPTH};

static void assert_refused_at(const struct vector *vector, const struct bs_error *error) {
  int at = vector_find(vector, "at")->valueint;
  char where[64] = "has two members";

  assert_int_equal(error->word, BS_WORD_malformed);
  if (at >= 0) snprintf(where, sizeof where, "The JSON is wrong at byte %d: ", at);
  if (strstr(error->message, where) == NULL)
    fail_msg("%s: %s: \"%s\", not at %d", vector->file, vector_text(vector, "comment"), error->message, at);
}

/* The second opinion is tried on the vectors, too. */
static bool scan(struct bs_json *ret_root, const struct vector *vector, const unsigned char *text, size_t length) {
  struct bs_error error = {0};
  bool good = bs_json_scan(ret_root, text, length, &limits, &error);

  assert_int_equal(json_oracle(text, length, DEPTH), good);
  if (!good && !vector->is_valid) assert_refused_at(vector, &error);
  return good;
}

static bool is_space(char byte) {
  return memchr(" \t\r\n", byte, 4) != NULL;
}

static bool reads_json(const struct vector *vector) {
  struct bs_json root = {NULL, 0};
  size_t length;
  unsigned char *text BS_AUTO_FREE = vector_input(vector, &length);

  if (!scan(&root, vector, text, length)) {
    assert_null(root.text);
    return false;
  }
  assert_false(is_space(root.text[0]) || is_space(root.text[root.length - 1]));
  for (const char *at = (char *)text; at < root.text; at++) assert_true(is_space(*at));
  for (const char *at = root.text + root.length; at < (char *)text + length; at++) assert_true(is_space(*at));
  return true;
}

static bool reads_string(const struct vector *vector) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT, again BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_json root;
  size_t length;
  unsigned char *text BS_AUTO_FREE = vector_input(vector, &length);

  if (!scan(&root, vector, text, length)) return false;
  assert_int_equal(bs_json_type(root), BS_JSON_STRING);
  bs_json_string(root, &bytes);
  vector_is(vector, "bytes", bytes.bytes, bytes.length);
  assert_true(bs_utf8_valid(bytes.bytes, bytes.length));
  assert_true(bs_json_string_is(root, bs_buffer_string(&bytes), bytes.length));
  bs_json_write_string(&again, bs_buffer_string(&bytes), bytes.length);
  vector_is(vector, "canonical", again.bytes, again.length);
  return true;
}

static bool reads_integer(const struct vector *vector) {
  struct bs_error error = {0};
  struct bs_json root;
  uint64_t integer = 99;
  char again[24];
  size_t length;
  unsigned char *text BS_AUTO_FREE = vector_input(vector, &length);

  assert_ok(bs_json_scan(&root, text, length, &limits, &error));
  if (!bs_json_integer(root, &integer)) {
    assert_int_equal(integer, 99);
    return false;
  }
  snprintf(again, sizeof again, "%llu", (unsigned long long)integer);
  vector_is_text(vector, "integer", again);
  return true;
}

static void run(const char *name) {
  const struct vector_kind kinds[] = {{"Json", reads_json}, {"JsonString", reads_string}, {"JsonInteger", reads_integer}};

  vectors_run(name, kinds, sizeof kinds / sizeof kinds[0]);
}

static void structure(void **state) {
  (void)state;
  run("json/structure.json");
}

static void literals(void **state) {
  (void)state;
  run("json/literals.json");
}

static void numbers(void **state) {
  (void)state;
  run("json/numbers.json");
}

static void strings(void **state) {
  (void)state;
  run("json/strings.json");
}

static void keys(void **state) {
  (void)state;
  run("json/keys.json");
}

static void integers(void **state) {
  (void)state;
  run("json/integers.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(structure), cmocka_unit_test(literals), cmocka_unit_test(numbers),
      cmocka_unit_test(strings),   cmocka_unit_test(keys),     cmocka_unit_test(integers),
  };

  return RUN_TESTS(tests);
}

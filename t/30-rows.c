/* SPDX-License-Identifier: MIT */
/* A configuration's sections as rows: what is read into which member, and every refusal with its place. */
#include <config.h>

#include "core/driver/rows.h"
#include "t/lib/unit.h"

struct sample {
  char *path, *word, *kind;
  int64_t number, bytes, wait;
};

#define BS_ROWS_OF struct sample
static const struct bs_row rows[] = {
    BS_ROW("", "path", PATH, "", 0, 0, path),            BS_ROW("", "word", STRING, "", 0, 0, word),
    BS_ROW("deep", "kind", ENUM, "one,two", 0, 0, kind), BS_ROW("deep", "number", INT, "", 1, 9, number),
    BS_ROW("deep", "bytes", SIZE, "", 1, 4096, bytes),   BS_ROW("deep", "wait", DURATION, "", 1, 60000, wait),
};
enum { COUNT = sizeof rows / sizeof rows[0] };
static const char *const extra[] = {"deep", "list"};

static bool read_sample(struct sample *sample, const char *text, struct bs_error *error) {
  struct bs_rows_file file = {"f.yaml", "/base", NULL};
  struct bs_yaml *root;
  bool good;

  *sample = (struct sample){0};
  assert_true(bs_yaml_read(&root, text, strlen(text), "f.yaml", error));
  file.root = root;
  good = bs_rows_read(&file, sample, rows, COUNT, "", extra, 2, error) &&
         bs_rows_read(&file, sample, rows, COUNT, "deep", NULL, 0, error);
  bs_yaml_free(root);
  return good;
}

static void members(void **state) {
  struct bs_error error = {0};
  struct sample sample;

  (void)state;
  assert_true(read_sample(&sample, "path: a/b\nword: w\ndeep: {kind: two, number: 7, bytes: 2K, wait: 3s}\n", &error));
  assert_string_equal(sample.path, "/base/a/b");
  assert_string_equal(sample.word, "w");
  assert_string_equal(sample.kind, "two");
  assert_int_equal(sample.number, 7);
  assert_int_equal(sample.bytes, 2048);
  assert_int_equal(sample.wait, 3000);
  bs_rows_free(&sample, rows, COUNT);
}

static void refusals(void **state) {
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"wrod: w\n", "f.yaml:1:1: There is no key \"wrod\" here; did you mean \"word\"?"},
      {"deep: {nmber: 1}\n", "f.yaml:1:8: There is no key \"nmber\" here; did you mean \"number\"?"},
      {"deep: [1]\n", "f.yaml:1:7: deep must be a mapping (key: value lines)."},
      {"deep: {number: 10}\n", "f.yaml:1:16: number: The value is outside its range (1 to 9)."},
      {"deep: {bytes: 5K}\n", "f.yaml:1:15: bytes: The value is outside its range (1 to 4096 bytes)."},
      {"deep: {wait: 2m}\n", "f.yaml:1:14: wait: The value is outside its range (1 to 60000 milliseconds)."},
      {"deep: {kind: three}\n", "f.yaml:1:14: Expected here: one or two"},
      {"word: [a]\n", "f.yaml:1:7: Expected here: "},
      {"word:\n", "f.yaml:1:6: Expected here: "},
      {"\n\nword: ${BLOCKSTORE_NO_SUCH}\n", "f.yaml:3:7: "},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bs_error error = {0};
    struct sample sample;

    assert_false(read_sample(&sample, cases[i].text, &error));
    assert_int_equal(error.word, BS_WORD_config);
    if (strncmp(error.message, cases[i].message, strlen(cases[i].message)) != 0) fail_msg("%s", error.message);
    bs_rows_free(&sample, rows, COUNT);
  }
}

static void lists(void **state) {
  static const char text[] = "list: [a, ../b]\nwrong: a\n";
  struct bs_error error = {0};
  struct bs_rows_file file = {"f.yaml", "/base", NULL};
  struct bs_yaml *root;
  char **texts = NULL;
  size_t count = 0;

  (void)state;
  assert_true(bs_yaml_read(&root, text, sizeof text - 1, "f.yaml", &error));
  file.root = root;
  assert_true(bs_rows_read_list(&file, bs_yaml_find(root, "list"), false, &texts, &count, &error));
  assert_true(bs_rows_read_list(&file, bs_yaml_find(root, "list"), true, &texts, &count, &error));
  assert_int_equal(count, 4);
  assert_string_equal(texts[0], "a");
  assert_string_equal(texts[2], "/base/a");
  assert_false(bs_rows_read_list(&file, bs_yaml_find(root, "wrong"), false, &texts, &count, &error));
  assert_string_equal(error.message, "f.yaml:2:8: Expected here: a list such as [one, two]");
  for (size_t i = 0; i < count; i++) free(texts[i]);
  free(texts);
  bs_yaml_free(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(members), cmocka_unit_test(refusals), cmocka_unit_test(lists)};

  return RUN_TESTS(tests);
}

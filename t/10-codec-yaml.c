/* SPDX-License-Identifier: MIT */
/* YAML: the nodes with their places, and every refusal with its own. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/yaml.h"
#include "t/lib/unit.h"

static void free_root(struct bs_yaml **root) {
  bs_yaml_free(*root);
}
#define AUTO_YAML BS_AUTO(free_root)

static bool read_text(struct bs_yaml **ret_root, const char *text, struct bs_error *error) {
  return bs_yaml_read(ret_root, text, strlen(text), "f.yaml", error);
}

static void assert_node(const struct bs_yaml *node, enum bs_yaml_kind kind, unsigned line, unsigned column,
                        const char *text) {
  assert_non_null(node);
  assert_int_equal(node->kind, kind);
  assert_int_equal(node->line, line);
  assert_int_equal(node->column, column);
  if (text == NULL) assert_null(node->text);
  else assert_string_equal(node->text, text);
}

static void nodes_know_their_places(void **state) {
  struct bs_error error = {0};
  struct bs_yaml *root AUTO_YAML = NULL;
  (void)state;
  assert_ok(read_text(&root,
                      "# comment\n"
                      "plugin_path: [/a, '/b']\n"
                      "stores:\n"
                      "  - name: laptop\n"
                      "    root: \"~/x \\u00e9\"\n"
                      "  - {name: b, secret: {file: f}}\n"
                      "text: |\n"
                      "  one\n"
                      "  two\n",
                      &error));
  assert_node(root, BS_YAML_MAPPING, 2, 1, NULL);
  assert_int_equal(root->count, 3);
  assert_node(root->keys[1], BS_YAML_SCALAR, 3, 1, "stores");
  const struct bs_yaml *path = bs_yaml_find(root, "plugin_path");
  assert_node(path, BS_YAML_SEQUENCE, 2, 14, NULL);
  assert_int_equal(path->count, 2);
  assert_null(path->keys);
  assert_node(path->values[0], BS_YAML_SCALAR, 2, 15, "/a");
  assert_node(path->values[1], BS_YAML_SCALAR, 2, 19, "/b");
  assert_true(path->values[0]->plain);
  assert_false(path->values[1]->plain);
  const struct bs_yaml *stores = bs_yaml_find(root, "stores");
  assert_node(stores, BS_YAML_SEQUENCE, 4, 3, NULL);
  assert_node(bs_yaml_find(stores->values[0], "root"), BS_YAML_SCALAR, 5, 11, "~/x \xc3\xa9");
  const struct bs_yaml *secret = bs_yaml_find(stores->values[1], "secret");
  assert_node(bs_yaml_find(secret, "file"), BS_YAML_SCALAR, 6, 30, "f");
  assert_node(bs_yaml_find(root, "text"), BS_YAML_SCALAR, 7, 7, "one\ntwo\n");
  assert_null(bs_yaml_find(root, "Stores"));
  assert_null(bs_yaml_find(stores, "name"));
  assert_null(bs_yaml_find(secret->values[0], "file"));
}

static void no_value(void **state) {
  static const char *const names[] = {"empty", "tilde", "word"}, *const values[] = {"quoted", "upper", "list", "zero"};
  struct bs_error error = {0};
  struct bs_yaml *root AUTO_YAML = NULL;
  (void)state;
  assert_ok(read_text(&root, "empty:\ntilde: ~\nword: null\nquoted: ''\nupper: NULL\nlist: []\nzero: 0\n", &error));
  for (size_t i = 0; i < 3; i++) assert_true(bs_yaml_is_null(bs_yaml_find(root, names[i])));
  for (size_t i = 0; i < 4; i++) assert_false(bs_yaml_is_null(bs_yaml_find(root, values[i])));
}

static void an_empty_document_is_an_empty_mapping(void **state) {
  static const char *const empty[] = {"", "\n\n", "# nothing\n", "---\n", "---\n...\n", "\xef\xbb\xbf", "{}"};
  struct bs_error error = {0};
  (void)state;
  for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
    struct bs_yaml *root AUTO_YAML = NULL;
    assert_ok(read_text(&root, empty[i], &error));
    assert_node(root, BS_YAML_MAPPING, 1, 1, NULL);
    assert_int_equal(root->count, 0);
  }
  struct bs_yaml *root AUTO_YAML = NULL;
  assert_ok(bs_yaml_read(&root, NULL, 0, "f.yaml", &error));
}

static void accepted_forms(void **state) {
  static const char *const good[] = {
    "---\na: 1\n", "a: 1\n...\n", "a: 1", "a:\r\n  b: 1\r\n", "[1, 2]", "text", "? a\n: b\n", "'<<': quoted\n",
    "{a: 1, b: {a: 1}}", "\"a\": 1\nb: 1\n", "a: 'it''s'\n", "a: >\n  folded\n  text\n", "a: {file: ~/x}\n",
    "key with space: 1\n", "a: b#c\n", "a: \"\xe4\xb8\xad\"\n",
    "- a\n-\n- - b\n", "\xef\xbb\xbf{a: 1}\n", "'': empty key in quotes\n",
  };
  struct bs_error error = {0};
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    struct bs_yaml *root AUTO_YAML = NULL;
    assert_ok(read_text(&root, good[i], &error));
    assert_non_null(root);
  }
}

static const struct {
  const char *text;
  const char *message; /* its beginning, behind "f.yaml:" */
} refusals[] = {
  {"a: &x 1\n", "1:4: Anchors"},
  {"a: &x [1]\n", "1:4: Anchors"},
  {"a:\n  &x b: 1\n", "2:3: Anchors"},
  {"a: &x\n  b: 1\n", "1:4: Anchors"},
  {"b: 1\na: *x\n", "2:4: Aliases"},
  {"*x : 1\n", "1:1: Aliases"},
  {"a: !x 1\n", "1:4: Tags"},
  {"a: !!str 1\n", "1:4: Tags"},
  {"a: ! 1\n", "1:4: Tags"},
  {"a: !<tag:x> {}\n", "1:4: Tags"},
  {"- !x [1]\n", "1:3: Tags"},
  {"!x a: 1\n", "1:1: Tags"},
  {"a: !q!x 1\n", "1:4: This is not YAML: found undefined tag handle."},
  {"%YAML 1.1\n---\na: 1\n", "1:1: Directives"},
  {"%YAML 2.0\n---\na: 1\n", "1:1: This is not YAML: found incompatible YAML document."},
  {"%TAG ! tag:x,2000:\n---\na: 1\n", "1:1: Directives"},
  {"%FOO bar\n---\na: 1\n", "1:5: This is not YAML: found unknown directive name."},
  {"a: 1\n---\nb: 2\n", "2:1: A second document"},
  {"---\n---\n", "2:1: A second document"},
  {"a: 1\n...\nb: 2\n", "3:1: This is not YAML: did not find expected <document start>."},
  {"a: 1\nb: 2\na: 3\n", "3:1: The key \"a\" stands in line 1 already."},
  {"a: 1\n'a': 3\n", "2:1: The key \"a\" stands in line 1 already."},
  {"a: 1\n\"\\x61\": 3\n", "2:1: The key \"a\" stands in line 1 already."},
  {"x: {b: 1, a: 1, b: 2}\n", "1:17: The key \"b\" stands in line 1 already."},
  {"- k: 1\n  j: 1\n  k: 1\n", "3:3: The key \"k\" stands in line 1 already."},
  {"[a]: 1\n", "1:1: A key must be"},
  {"{a: 1}: 1\n", "1:1: A key must be"},
  {"x:\n  ? - a\n  : 1\n", "2:5: A key must be"},
  {"?\n: 1\n", "1:2: A key is missing here."},
  {": 1\n", "1:1: A key was expected here"},
  {"a: {? : 1}\n", "1:7: A key is missing here."},
  {"a: 1\n<<: {b: 1}\n", "2:1: Merge keys"},
  {"a: \"x\\0y\"\n", "1:4: U+0000"},
  {"b: 1\na: x\x01y\n", "2:5: Only UTF-8"},
  {"b: 1\na: \x7f\n", "2:4: Only UTF-8"},
  {"a: \xff\n", "1:4: Only UTF-8"},
  {"a: \xc3\xa9\xc0\x80\n", "1:5: Only UTF-8"},
  {"a: \xed\xa0\x80\n", "1:4: Only UTF-8"},
  {"a: \xef\xbf\xbe\n", "1:4: Only UTF-8"},
  {"a: \xc2\x80\n", "1:4: Only UTF-8"},
  {"a: \xe4\xb8", "1:4: Only UTF-8"},
  {"\xff\xfe" "a: 1\n", "1:1: Only UTF-8"},
  {"\xfe\xff" "a: 1\n", "1:1: Only UTF-8"},
  {"a:\n\tb: 1\n", "2:1: A tab is not allowed here; indent with spaces"},
  {"\ta: 1\n", "1:1: A tab is not allowed here; indent with spaces."},
  {"x:\n  - \xc3\xa9: 1\n\t c: 1\n", "3:1: A tab is not allowed here"},
  {"a:\n  b: 1\n c: 2\n",
   "3:2: A key was expected here; indent the line like its neighbours, in what begins in line 1."},
  {"a: 1\n  b: 2\n", "2:4: A ':' is not allowed here"},
  {"a: b: c\n", "1:5: A ':' is not allowed here"},
  {"a:\n  - x\n b: 1\n", "3:2: A key was expected here"},
  {"x:\n  - a\n  b: 1\n", "3:3: An item's '-' was expected here"},
  {"a: - b\n", "1:4: An item's '-' is not allowed here"},
  {"a: 1\nb\nc: 1\n", "3:1: The ':' of a key is missing before this, in what begins in line 2."},
  {"a: [1, 2\nb: 1\n", "2:2: A ',' or ']' was expected here, in what begins in line 1."},
  {"a: {b: 1\nc: 2\n", "2:2: A ',' or '}' was expected here, in what begins in line 1."},
  {"a: [1}\n", "1:6: A ',' or ']' was expected here."},
  {"a: 'x\n", "2:1: The file ends before its last text in quotes does, in what begins in line 1."},
  {"a: \"x\\q\"\n", "1:6: There is no such escape"},
  {"a: \"\\ud800\"\n", "1:7: This is not YAML: found invalid Unicode character escape code."},
  {"a: @x\n", "1:4: A value cannot begin with this character"},
  {"a: `x`\n", "1:4: A value cannot begin with this character"},
  {"a: %x\n", "1:4: A value cannot begin with this character"},
  {"]\n", "1:1: A value was expected here."},
  {"a: [\n", "2:1: A value was expected here."},
};

static void refusals_name_line_and_column(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    struct bs_error error = {0};
    struct bs_yaml *root = NULL;
    if (read_text(&root, refusals[i].text, &error)) fail_msg("accepted: %s", refusals[i].text);
    assert_null(root);
    assert_int_equal(error.word, BS_WORD_config);
    assert_int_equal(error.result, BLOCKSTORE_USAGE);
    bool same = strncmp(error.message, "f.yaml:", 7) == 0 &&
                strncmp(error.message + 7, refusals[i].message, strlen(refusals[i].message)) == 0;
    if (!same) fail_msg("%s: got \"%s\", not \"%s\"", refusals[i].text, error.message, refusals[i].message);
    assert_int_equal(error.message[strlen(error.message) - 1], '.');
  }
}

static void a_nul_byte_is_refused(void **state) {
  struct bs_error error = {0};
  struct bs_yaml *root = NULL;
  (void)state;
  assert_fails(bs_yaml_read(&root, "a: 1\nb: \0\n", 10, "f.yaml", &error), BS_WORD_config, "f.yaml:2:4: Only UTF-8");
  assert_fails(bs_yaml_read(&root, "a: 1\n\0b", 7, "f.yaml", &error), BS_WORD_config, "f.yaml:2:1: Only UTF-8");
  assert_fails(bs_yaml_read(&root, "a\0:\0 \0", 6, "f.yaml", &error), BS_WORD_config, "f.yaml:1:2: Only UTF-8");
}

static void size_is_bounded(void **state) {
  struct bs_error error = {0};
  struct bs_yaml *root AUTO_YAML = NULL;
  size_t limit = (size_t)1 << 20;
  char *text BS_AUTO_FREE = malloc(limit + 1);
  (void)state;
  assert_non_null(text);
  memset(text, ' ', limit + 1);
  memcpy(text, "a: 1\n#", 6);
  assert_fails(bs_yaml_read(&root, text, limit + 1, "f.yaml", &error), BS_WORD_config,
               "f.yaml: The file has more than 1048576 bytes.");
  assert_ok(bs_yaml_read(&root, text, limit, "f.yaml", &error));
}

static void depth_is_bounded(void **state) {
  struct bs_error error = {0};
  struct bs_yaml *root AUTO_YAML = NULL, *none = NULL;
  char text[4001];
  (void)state;
  assert_ok(read_text(&root, "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", &error));
  assert_fails(read_text(&none, "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", &error), BS_WORD_config,
               "f.yaml:1:17: This is nested too deeply.");
  assert_fails(read_text(&none, "- - - - - - - - - - - - - - - -\n - a: 1", &error), BS_WORD_config, "f.yaml:2:2: ");
  memset(text, '[', 4000);
  text[4000] = '\0';
  assert_fails(read_text(&none, text, &error), BS_WORD_config, "f.yaml:1:17: This is nested");
  assert_null(none);
}

/* Many keys in one mapping, the duplicate at its end. */
static void many_keys(void **state) {
  struct bs_error error = {0};
  struct bs_yaml *root AUTO_YAML = NULL, *none = NULL;
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  (void)state;
  for (int i = 0; i < 50000; i++) bs_buffer_format(&text, "%x: \n", 50000 - i);
  assert_ok(bs_yaml_read(&root, text.bytes, text.length, "f.yaml", &error));
  assert_int_equal(root->count, 50000);
  assert_node(root->keys[49999], BS_YAML_SCALAR, 50000, 1, "1");
  bs_buffer_text(&text, "c350: again\n");
  assert_fails(bs_yaml_read(&none, text.bytes, text.length, "f.yaml", &error), BS_WORD_config,
               "f.yaml:50001:1: The key \"c350\" stands in line 1 already.");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(nodes_know_their_places),
    cmocka_unit_test(no_value),
    cmocka_unit_test(an_empty_document_is_an_empty_mapping),
    cmocka_unit_test(accepted_forms),
    cmocka_unit_test(refusals_name_line_and_column),
    cmocka_unit_test(a_nul_byte_is_refused),
    cmocka_unit_test(size_is_bounded),
    cmocka_unit_test(depth_is_bounded),
    cmocka_unit_test(many_keys),
  };
  return RUN_TESTS(tests);
}

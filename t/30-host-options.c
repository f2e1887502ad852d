/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/auto.h"
#include "core/driver/options.h"
#include "t/lib/plugins.h"

static const char text[] =
    "name=x\nabi=1.0\nversion=1\n"
    "option=root\tpath\trequired\t\tWhere the data is\n"
    "option=label\tstring\toptional\t\tA text\n"
    "option=count\tint\toptional\t-3\tA number\n"
    "option=chunk\tsize\toptional\t64K\tA size\n"
    "option=sync\tbool\toptional\ttrue\tA bool\n"
    "option=wait\tduration\toptional\t\tA duration\n"
    "option=cache\tpath\toptional\t\tA path\n"
    "option=key\tsecret\toptional\t\tA secret\n"
    "option=hosts\tlist\toptional\ta,b\tHosts\n"
    "option=mode\tenum:fast,safe\toptional\tsafe\tA word\n";

static const char *const core_keys[] = {"name", "driver", "inline"};

/* Reads the options of a store written as YAML lines; paths are relative to the place. */
static bool read_options(struct blockstore_settings **ret_settings, const char *place, const char *yaml,
                         struct bs_error *ret_error) {
  struct bs_options_place where = {"FILE", place, core_keys, 3};
  struct bs_metadata *metadata = NULL;
  struct bs_yaml *root = NULL;
  struct bs_error error = {0};
  bool good;

  assert_ok(bs_metadata_parse(&metadata, text, sizeof text - 1, &error));
  assert_ok(bs_yaml_read(&root, yaml, strlen(yaml), "FILE", &error));
  good = bs_options_read(ret_settings, metadata, root, &where, ret_error);
  bs_yaml_free(root);
  bs_metadata_free(metadata);
  return good;
}

static void values_are_canonical(void **state) {
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};
  char *cache BS_AUTO_FREE = path_in(*state, "x/y");

  assert_ok(read_options(&settings, *state,
                         "name: n\ndriver: x\ninline: false\nroot: /data\nlabel: Gr\xc3\xbc\xc3\x9f\x65\n"
                         "count: 12\nchunk: 2MiB\nsync: false\nwait: 2m\ncache: x/y\n"
                         "hosts: [one, two words]\nmode: fast\n",
                         &error));
  assert_string_equal(bs_settings_text(settings, "root", 0), "/data");
  assert_string_equal(bs_settings_text(settings, "label", 0), "Gr\xc3\xbc\xc3\x9f\x65");
  assert_int_equal(bs_settings_number(settings, "count"), 12);
  assert_string_equal(bs_settings_text(settings, "chunk", 0), "2097152");
  assert_int_equal(bs_settings_number(settings, "chunk"), 2 << 20);
  assert_string_equal(bs_settings_text(settings, "sync", 0), "false");
  assert_int_equal(bs_settings_number(settings, "sync"), 0);
  assert_string_equal(bs_settings_text(settings, "wait", 0), "120000");
  assert_string_equal(bs_settings_text(settings, "cache", 0), cache);
  assert_string_equal(bs_settings_text(settings, "hosts", 1), "two words");
  assert_null(bs_settings_text(settings, "hosts", 2));
  assert_string_equal(bs_settings_text(settings, "mode", 0), "fast");
  assert_null(bs_settings_text(settings, "name", 0)); /* the core's, not the driver's */
  bs_settings_free(settings);
}

static void what_is_left_out_has_its_initial_value_or_none(void **state) {
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};

  assert_ok(read_options(&settings, *state, "root: /data\n", &error));
  assert_int_equal(bs_settings_number(settings, "count"), -3);
  assert_string_equal(bs_settings_text(settings, "count", 0), "-3");
  assert_int_equal(bs_settings_number(settings, "chunk"), 65536);
  assert_int_equal(bs_settings_number(settings, "sync"), 1);
  assert_string_equal(bs_settings_text(settings, "mode", 0), "safe");
  assert_string_equal(bs_settings_text(settings, "hosts", 1), "b");
  assert_null(bs_settings_text(settings, "label", 0));
  assert_null(bs_settings_text(settings, "wait", 0));
  assert_null(bs_settings_text(settings, "key", 0));
  bs_settings_free(settings);
  assert_ok(read_options(&settings, *state, "root: /data\nhosts: []\n", &error));
  assert_null(bs_settings_text(settings, "hosts", 0));
  bs_settings_free(settings);
}

static void variables_stand_for_whole_values(void **state) {
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};

  setenv("HOME", "/home/u", 1);
  setenv("BLOCKSTORE_TEST", "12", 1);
  setenv("BLOCKSTORE_TEST_PATH", "~/data", 1);
  assert_ok(read_options(&settings, *state,
                         "root: ${BLOCKSTORE_TEST_PATH}\ncount: ${BLOCKSTORE_TEST}\nlabel: a${BLOCKSTORE_TEST}\n"
                         "hosts: [\"${BLOCKSTORE_TEST}\"]\nkey: ${BLOCKSTORE_TEST}\n",
                         &error));
  assert_string_equal(bs_settings_text(settings, "root", 0), "/home/u/data");
  assert_int_equal(bs_settings_number(settings, "count"), 12);
  assert_string_equal(bs_settings_text(settings, "label", 0), "a${BLOCKSTORE_TEST}");
  assert_string_equal(bs_settings_text(settings, "hosts", 0), "12");
  assert_string_equal(bs_settings_text(settings, "key", 0), "12");
  bs_settings_free(settings);
}

static void a_path_has_one_spelling(void **state) {
  static const struct {
    const char *written, *path;
  } rows[] = {
      {"/data", "/data"},         {"/data/", "/data"},         {"//data///objects//", "/data/objects"},
      {"/./data/./.", "/data"},   {"/", "/"},                  {"/.//", "/"},
      {"/.data/...", "/.data/..."}, {"/data/../other/", "/data/../other"}, /* what is before it may be a link */
      {"~", "/home/u"},           {"~/", "/home/u"},           {"~//./data/", "/home/u/data"},
  };
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};

  setenv("HOME", "/home/u/", 1);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char yaml[64];

    snprintf(yaml, sizeof yaml, "root: \"%s\"\n", rows[i].written);
    assert_ok(read_options(&settings, *state, yaml, &error));
    assert_string_equal(bs_settings_text(settings, "root", 0), rows[i].path);
    bs_settings_free(settings);
  }
  settings = NULL;
}

static void mistakes_are_told_with_place_and_expectation(void **state) {
  static const struct {
    const char *yaml, *message;
  } rows[] = {
      {"roat: /data\n",
       "FILE:1:1: The driver x has no option \"roat\"; did you mean \"root\"?  Its options: root, label"},
      {"root: /data\ndrive: x\n", "FILE:2:1: The driver x has no option \"drive\"; did you mean \"driver\"?"},
      {"root: /data\nsomething: x\n", "has no option \"something\".  Its options: root"},
      {"label: a\n", "FILE:1:1: The driver x needs the option \"root\" here, a path: Where the data is"},
      {"root:\n", "The option \"root\" must be a path, not nothing."},
      {"root: \"\"\n", "The option \"root\" must be a path, not \"\"."},
      {"root: [a]\n", "FILE:1:7: The option \"root\" must be a path, not a list."},
      {"root: {a: b}\n", "must be a path, not a mapping."},
      {"root: /data\ncount: many\n", "FILE:2:8: The option \"count\" must be a whole number of 64 bits, not \"many\"."},
      {"root: /data\ncount: 9223372036854775808\n", "must be a whole number"},
      {"root: /data\nchunk: 5X\n", "must be a size in bytes such as"},
      {"root: /data\nsync: yes\n", "must be true or false, not \"yes\""},
      {"root: /data\nwait: 5\n", "must be a duration such as 500ms, 5s, 2m or 1h, not \"5\""},
      {"root: /data\nmode: slow\n", "must be fast or safe, not \"slow\""},
      {"root: /data\nhosts: one\n", "must be a list of texts, not \"one\""},
      {"root: /data\nhosts: [[a]]\n", "must be a list of texts, not a list"},
      {"root: /data\nhosts: [a, null]\n", "not nothing"},
      {"root: /data\nlabel: \"a\\tb\"\n", "FILE:2:8: The option \"label\" has a control character"},
      {"root: ${BLOCKSTORE_TEST_UNSET}\n", "FILE:1:7: The environment variable BLOCKSTORE_TEST_UNSET is not set."},
  };
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};

  unsetenv("BLOCKSTORE_TEST_UNSET");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_fails(read_options(&settings, *state, rows[i].yaml, &error), BS_WORD_config, rows[i].message);
  assert_null(settings);
}

static void a_variables_value_is_not_shown(void **state) {
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};

  setenv("BLOCKSTORE_TEST_SECRET", "hunter2", 1);
  assert_false(read_options(&settings, *state, "root: /data\ncount: ${BLOCKSTORE_TEST_SECRET}\n", &error));
  assert_non_null(strstr(error.message, "not \"${BLOCKSTORE_TEST_SECRET}\""));
  assert_null(strstr(error.message, "hunter2"));
}

static void a_secret_comes_from_a_file(void **state) {
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};

  write_file(*state, "secret", "s3cret\n", 7);
  change_mode(*state, "secret", 0600);
  assert_ok(read_options(&settings, *state, "root: /data\nkey: {file: secret}\n", &error));
  assert_string_equal(bs_settings_text(settings, "key", 0), "s3cret");
  bs_settings_free(settings);
  change_mode(*state, "secret", 0640);
  assert_fails(read_options(&settings, *state, "root: /data\nkey: {file: secret}\n", &error), BS_WORD_denied,
               "chmod 600");
  assert_fails(read_options(&settings, *state, "root: /data\nkey: {file: missing}\n", &error), BS_WORD_config,
               "FILE:2:13: /");
  write_file(*state, "empty", "\n", 1);
  change_mode(*state, "empty", 0600);
  assert_fails(read_options(&settings, *state, "root: /data\nkey: {file: empty}\n", &error), BS_WORD_config,
               "is empty");
  write_file(*state, "zero", "a\0b", 3);
  change_mode(*state, "zero", 0600);
  assert_fails(read_options(&settings, *state, "root: /data\nkey: {file: zero}\n", &error), BS_WORD_config,
               "has a NUL");
  write_file(*state, "lines", "abc\ndef", 7);
  change_mode(*state, "lines", 0600);
  assert_fails(read_options(&settings, *state, "root: /data\nkey: {file: lines}\n", &error), BS_WORD_config,
               "control character");
  assert_null(strstr(error.message, "abc"));
}

static void a_secret_never_stands_in_the_configuration(void **state) {
  static const char *const yaml[] = {"key: hunter2", "key: ", "key: \"\"", "key: [hunter2]", "key: {value: hunter2}",
                                     "key: {file: a, value: hunter2}", "key: x${A}"};
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};
  char store[100];

  for (size_t i = 0; i < sizeof yaml / sizeof yaml[0]; i++) {
    snprintf(store, sizeof store, "root: /data\n%s\n", yaml[i]);
    assert_false(read_options(&settings, *state, store, &error));
    assert_null(strstr(error.message, "hunter2"));
    assert_fails(read_options(&settings, *state, store, &error), BS_WORD_config,
                 "The option \"key\" is a secret and does not stand in this file: write ${VARIABLE} or {file: PATH}.");
  }
  setenv("BLOCKSTORE_TEST_EMPTY", "", 1);
  assert_fails(read_options(&settings, *state, "root: /data\nkey: ${BLOCKSTORE_TEST_EMPTY}\n", &error), BS_WORD_config,
               "and ${BLOCKSTORE_TEST_EMPTY} is empty");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(values_are_canonical),
      in_place(what_is_left_out_has_its_initial_value_or_none),
      in_place(variables_stand_for_whole_values),
      in_place(a_path_has_one_spelling),
      in_place(mistakes_are_told_with_place_and_expectation),
      in_place(a_variables_value_is_not_shown),
      in_place(a_secret_comes_from_a_file),
      in_place(a_secret_never_stands_in_the_configuration),
  };
  return RUN_TESTS(tests);
}

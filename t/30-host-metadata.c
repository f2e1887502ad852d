/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/metadata.h"
#include "core/driver/value.h"
#include "core/driver/vet.h"
#include "t/lib/unit.h"

#define HEAD "name=x\nabi=1.0\nversion=1\n"
#define LATER "name=x\nabi=1.1\nversion=1\n"

static bool parse(struct bs_metadata **ret_metadata, const char *text, struct bs_error *error) {
  return bs_metadata_parse(ret_metadata, text, strlen(text), error);
}

static void every_line_is_read(void **state) {
  static const char text[] =
      "name=s3\nabi=1.12\nversion=0.1\ndescription=S3 = buckets\nscheme=s3\nscheme=s3+x\nlargest=18446744073709551615\n"
      "min-host-minor=11\nkind=filter\nthreads=instance\ncapability=durable\ncapability=read-only\nneeds=network\n"
      "capability=changes\nneeds=hashes\n"
      "option=root\tpath\trequired\t\tWhere it is\noption=mode\tenum:a,b\toptional\tb\tWhich\n";
  struct bs_error error = {0};
  struct bs_metadata *metadata;

  (void)state;
  assert_ok(parse(&metadata, text, &error));
  assert_string_equal(metadata->text, text);
  assert_string_equal(metadata->name, "s3");
  assert_int_equal(metadata->abi_major, 1);
  assert_int_equal(metadata->abi_minor, 12);
  assert_int_equal(metadata->min_host_minor, 11);
  assert_string_equal(metadata->description, "S3 = buckets");
  assert_true(metadata->largest == UINT64_MAX);
  assert_true(metadata->is_filter);
  assert_int_equal(metadata->threads, BS_THREADS_INSTANCE);
  assert_int_equal(metadata->capabilities, BS_CAPABILITY_DURABLE | BS_CAPABILITY_READ_ONLY | BS_CAPABILITY_CHANGES);
  assert_int_equal(metadata->needs, BS_NEEDS_NETWORK | BS_NEEDS_HASHES);
  assert_int_equal(metadata->scheme_count, 2);
  assert_string_equal(metadata->schemes[1], "s3+x");
  assert_int_equal(metadata->option_count, 2);
  assert_true(metadata->options[0].required);
  assert_int_equal(metadata->options[1].type, BS_OPTION_ENUM);
  assert_string_equal(metadata->options[1].values, "a,b");
  assert_string_equal(metadata->options[1].initial, "b");
  bs_metadata_free(metadata);
}

static void what_is_not_said_has_a_default(void **state) {
  struct bs_error error = {0};
  struct bs_metadata *metadata;

  (void)state;
  assert_ok(parse(&metadata, HEAD "a line of a later=version\n", &error));
  assert_int_equal(metadata->threads, BS_THREADS_SERIAL);
  assert_true(metadata->largest == UINT64_MAX);
  assert_string_equal(metadata->description, "");
  assert_false(metadata->is_filter);
  bs_metadata_free(metadata);
}

static void bad_texts_are_refused(void **state) {
  static const struct {
    const char *text, *message;
  } rows[] = {
      {"", "empty or cut off"},
      {"name=x\nabi=1.0\nversion=1", "cut off"},
      {"abi=1.0\nversion=1\n", "no name line"},
      {"name=x\nversion=1\n", "no abi line"},
      {"name=x\nabi=1.0\n", "no version line"},
      {HEAD "name=y\n", "a second name line"},
      {HEAD "threads=serial\nthreads=serial\n", "a second threads line"},
      {HEAD "\n", "not KEY=VALUE"},
      {HEAD "word\n", "\"word\" is not KEY=VALUE"},
      {HEAD "description=\x01\n", "control character at byte"},
      {HEAD "description=\x7f\n", "control character"},
      {HEAD "description=\xc3\n", "not UTF-8"},
      {"name=X\nabi=1.0\nversion=1\n", "name line has the bad value \"X\""},
      {"name=a2345678901234567890123456789012\nabi=1.0\nversion=1\n", "name line"},
      {"name=x\nabi=0\nversion=1\n", "abi line"},
      {"name=x\nabi=0.1.2\nversion=1\n", "abi line"},
      {"name=x\nabi=0.65536\nversion=1\n", "abi line"},
      {"name=x\nabi=0.-1\nversion=1\n", "abi line"},
      {"name=x\nabi=1.0\nversion=\n", "version line"},
      {HEAD "largest=18446744073709551616\n", "largest line"},
      {HEAD "largest=1K\n", "largest line"},
      {HEAD "kind=driver\n", "expected: filter"},
      {HEAD "kind=filter\n", "A filter cannot be threads=serial"},
      {HEAD "threads=many\n", "threads line"},
      {HEAD "capability=durables\n", "capability line"},
      {HEAD "needs=\n", "needs line"},
      {HEAD "scheme=\n", "scheme line"},
      {HEAD "scheme=S3\n", "scheme line"},
      {HEAD "option=a\tint\toptional\t\n", "option line"},
      {HEAD "option=a\tint\toptional\t\thelp\tmore\n", "option line"},
      {HEAD "option=\tint\toptional\t\thelp\n", "option line"},
      {HEAD "option=a\tfloat\toptional\t\thelp\n", "option line"},
      {HEAD "option=a\tint:1,2\toptional\t\thelp\n", "option line"},
      {HEAD "option=a\tenum:\toptional\t\thelp\n", "option line"},
      {HEAD "option=a\tenum:b,c\toptional\td\thelp\n", "option line"},
      {HEAD "option=a\tint\tperhaps\t\thelp\n", "option line"},
      {HEAD "option=a\tint\toptional\tx\thelp\n", "option line"},
      {HEAD "option=a\tint\trequired\t1\thelp\n", "option line"},
      {HEAD "option=a\tsecret\toptional\tx\thelp\n", "option line"},
      {HEAD "option=driver\tstring\toptional\t\thelp\n", "option line"},
      {HEAD "option=isolate\tbool\toptional\t\thelp\n", "option line"},
      {HEAD "option=filter\tstring\toptional\t\thelp\n", "option line"},
      {HEAD "option=filters\tlist\toptional\t\thelp\n", "option line"},
      {HEAD "option=sha256\tstring\toptional\t\thelp\n", "option line"},
      {HEAD "option=timeouts\tlist\toptional\t\thelp\n", "option line"},
      {HEAD "option=limits\tlist\toptional\t\thelp\n", "option line"},
      {HEAD "option=replication\tlist\toptional\t\thelp\n", "option line"},
      {HEAD "option=a\tint\toptional\t\thelp\noption=a\tint\toptional\t\thelp\n", "option line"},
  };
  struct bs_error error = {0};
  struct bs_metadata *metadata = NULL;

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_fails(parse(&metadata, rows[i].text, &error), BS_WORD_driver, rows[i].message);
  assert_null(metadata);
  assert_fails(bs_metadata_parse(&metadata, HEAD "a=\0\n", sizeof HEAD + 3, &error), BS_WORD_driver,
               "control character");
}

/* What a driver of a later ABI promises and needs beyond ours is nothing to us; what it demands is. */
static void values_of_a_later_abi_are_passed_over(void **state) {
  static const struct {
    const char *text, *message;
  } refused[] = {
      {LATER "kind=mirror\n", "was built for ABI 1.1 and this is 1.0, which does not know the kind \"mirror\""},
      {LATER "option=a\tcolour\toptional\t\thelp\n", "does not know the option \"a\" of its metadata: install"},
      {LATER "largest=much\n", "does not know the largest \"much\""},
      {"name=x\nabi=0.9\nversion=1\ncapability=instant\n", "capability line has the bad value \"instant\""},
  };
  struct bs_error error = {0};
  struct bs_metadata *metadata;

  (void)state;
  assert_ok(parse(&metadata, LATER "threads=two\ncapability=instant\ncapability=durable\nneeds=camera\nneeds=network\n", &error));
  assert_int_equal(metadata->threads, BS_THREADS_SERIAL);
  assert_int_equal(metadata->capabilities, BS_CAPABILITY_DURABLE);
  assert_int_equal(metadata->needs, BS_NEEDS_NETWORK);
  bs_metadata_free(metadata);
  assert_ok(parse(&metadata, "name=x\nabi=2.0\nversion=1\ncapability=instant\n", &error));
  assert_int_equal(metadata->capabilities, 0);
  bs_metadata_free(metadata);
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
    assert_fails(parse(&metadata, refused[i].text, &error), BS_WORD_driver, refused[i].message);
}

static void there_is_an_end_to_everything(void **state) {
  static char text[BS_METADATA_MAX + 2];
  struct bs_error error = {0};
  struct bs_metadata *metadata = NULL;
  size_t length = 0;

  (void)state;
  memset(text, '\n', sizeof text);
  assert_fails(bs_metadata_parse(&metadata, text, BS_METADATA_MAX + 1, &error), BS_WORD_driver,
               "more than the 65536 bytes");
  length = (size_t)snprintf(text, sizeof text, HEAD);
  for (int i = 0; i <= BS_METADATA_OPTIONS_MAX; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "option=o%d\tint\toptional\t\t\n", i);
  assert_fails(bs_metadata_parse(&metadata, text, length, &error), BS_WORD_driver, "\"o256\"");
  length = (size_t)snprintf(text, sizeof text, HEAD);
  for (int i = 0; i <= BS_METADATA_SCHEMES_MAX; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "scheme=a\n");
  assert_fails(bs_metadata_parse(&metadata, text, length, &error), BS_WORD_driver, "no more than 64");
}

static void only_a_fitting_abi_is_taken(void **state) {
  static const struct {
    struct bs_abi host, driver;
    uint16_t min_host_minor;
    const char *refusal; /* NULL: fits */
  } rows[] = {
      {{1, 0}, {1, 0}, 0, NULL},
      {{1, 0}, {0, 1}, 0, "was built for ABI 0.1 and this is 1.0: build it anew, with this one's blockstore/driver.h."},
      {{1, 3}, {1, 0}, 0, NULL},
      {{1, 3}, {1, 0}, 4, NULL}, /* it knows no better, and was built without that */
      {{1, 3}, {1, 9}, 0, NULL},
      {{1, 3}, {1, 9}, 3, NULL},
      {{1, 3}, {1, 9}, 4, "The driver needs ABI 1.4 or later and this is 1.3: install a newer Blockstore."},
      {{1, 9}, {2, 0}, 0, "was built for ABI 2.0 and this is 1.9: install a newer Blockstore, or a driver for this one."},
      {{2, 0}, {1, 0}, 0, "build it anew"},
  };
  struct bs_error error = {0};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].refusal == NULL)
      assert_ok(bs_vet_abi(rows[i].host, rows[i].driver, rows[i].min_host_minor, &error));
    else
      assert_fails(bs_vet_abi(rows[i].host, rows[i].driver, rows[i].min_host_minor, &error), BS_WORD_driver,
                   rows[i].refusal);
  }
}

static void values_mean_what_their_type_says(void **state) {
  static const struct {
    enum bs_option_type type;
    const char *text;
    int64_t number;
  } rows[] = {
      {BS_OPTION_INT, "-9223372036854775808", INT64_MIN}, {BS_OPTION_INT, "9223372036854775807", INT64_MAX},
      {BS_OPTION_INT, "0", 0},                            {BS_OPTION_SIZE, "5", 5},
      {BS_OPTION_SIZE, "64K", 65536},                     {BS_OPTION_SIZE, "1MiB", 1 << 20},
      {BS_OPTION_SIZE, "2G", INT64_C(2) << 30},           {BS_OPTION_SIZE, "8388607TiB", INT64_C(8388607) << 40},
      {BS_OPTION_BOOL, "true", 1},                        {BS_OPTION_BOOL, "false", 0},
      {BS_OPTION_DURATION, "500ms", 500},                 {BS_OPTION_DURATION, "5s", 5000},
      {BS_OPTION_DURATION, "2m", 120000},                 {BS_OPTION_DURATION, "1h", 3600000},
      {BS_OPTION_ENUM, "bb", 0},                          {BS_OPTION_ENUM, "c", 0},
      {BS_OPTION_STRING, "", 0},                          {BS_OPTION_PATH, "/", 0},
  };
  int64_t number;

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    number = 77;
    if (!bs_option_number(&number, rows[i].type, rows[i].text, "a,bb,c")) fail_msg("%s: refused", rows[i].text);
    assert_true(number == rows[i].number);
  }
}

static void anything_else_is_no_value(void **state) {
  static const struct {
    enum bs_option_type type;
    const char *text;
  } rows[] = {
      {BS_OPTION_INT, ""},          {BS_OPTION_INT, "-"},         {BS_OPTION_INT, "1.0"},
      {BS_OPTION_INT, "+1"},        {BS_OPTION_INT, " 1"},        {BS_OPTION_INT, "1 "},
      {BS_OPTION_INT, "010"},       {BS_OPTION_INT, "0x1"},       {BS_OPTION_INT, "9223372036854775808"},
      {BS_OPTION_INT, "-9223372036854775809"}, {BS_OPTION_INT, "1K"}, {BS_OPTION_SIZE, "-1"},
      {BS_OPTION_SIZE, "1k"},       {BS_OPTION_SIZE, "1 K"},      {BS_OPTION_SIZE, "1KB"},
      {BS_OPTION_SIZE, "K"},        {BS_OPTION_SIZE, "8388608T"}, {BS_OPTION_BOOL, "yes"},
      {BS_OPTION_BOOL, "True"},     {BS_OPTION_BOOL, "1"},        {BS_OPTION_BOOL, ""},
      {BS_OPTION_DURATION, "5"},    {BS_OPTION_DURATION, "5sec"}, {BS_OPTION_DURATION, "-5s"},
      {BS_OPTION_DURATION, "1.5s"}, {BS_OPTION_DURATION, "2562047788016h"}, {BS_OPTION_ENUM, "b"},
      {BS_OPTION_ENUM, ""},         {BS_OPTION_ENUM, "a,bb"},     {BS_OPTION_PATH, ""},
  };
  int64_t number = 77;

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (bs_option_number(&number, rows[i].type, rows[i].text, "a,bb,c")) fail_msg("%s: taken", rows[i].text);
  assert_int_equal(number, 77);
}

static void what_is_expected_is_told_in_words(void **state) {
  static const char *const rows[][2] = {{"one", "one"}, {"one,two", "one or two"}, {"one,two,three", "one, two or three"}};
  char text[BS_EXPECTED_SIZE], many[2 * BS_EXPECTED_SIZE + 1] = {0};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_string_equal(bs_option_expected(text, BS_OPTION_ENUM, rows[i][0]), rows[i][1]);
  assert_string_equal(bs_option_expected(NULL, BS_OPTION_BOOL, NULL), "true or false");
  for (size_t i = 0; i + 1 < sizeof many; i++) many[i] = i % 2 == 0 ? 'a' : ',';
  assert_int_equal(strlen(bs_option_expected(text, BS_OPTION_ENUM, many)), sizeof text - 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_line_is_read),           cmocka_unit_test(what_is_not_said_has_a_default),
      cmocka_unit_test(bad_texts_are_refused),        cmocka_unit_test(values_of_a_later_abi_are_passed_over),
      cmocka_unit_test(there_is_an_end_to_everything),
      cmocka_unit_test(only_a_fitting_abi_is_taken),  cmocka_unit_test(values_mean_what_their_type_says),
      cmocka_unit_test(anything_else_is_no_value),    cmocka_unit_test(what_is_expected_is_told_in_words),
  };
  return RUN_TESTS(tests);
}

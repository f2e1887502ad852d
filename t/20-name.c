/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/record/name.h"
#include "t/lib/unit.h"

static struct bs_error error;

static void good_names_pass(void **state) {
  static const char *const names[] = {
      "a.b",
      "foo.test",
      "muneeb.id",
      "-.-",
      "_.0",
      "0123456789_-.id",
      "abcdefghijklmnopqrstuvwxyz_-0123456.x", /* 37 bytes: the longest */
      "a.abcdefghijklmnopqrs",                 /* the longest namespace */
      "abcdefghijklmnopq.abcdefghijklmnopqrs", /* both */
  };

  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) assert_ok(bs_name_check(names[i], &error));
}

static void the_namespace_is_behind_the_dot(void **state) {
  (void)state;
  assert_string_equal(bs_name_namespace("foo.test"), "test");
  assert_string_equal(bs_name_namespace("-._"), "_");
}

static void bad_names_are_refused_with_the_reason(void **state) {
  static const struct {
    const char *name, *reason;
  } refused[] = {
      {"", "empty"},
      {"foo", "has no dot"},
      {".", "nothing before its dot"},
      {".id", "nothing before its dot"},
      {"foo.", "no namespace"},
      {"a.b.c", "second dot at position 4"},
      {"a..b", "second dot at position 3"},
      {"..", "second dot at position 2"},
      {"foo.id.", "second dot at position 7"},
      {"Foo.id", "capital 'F' at position 1; names are in lower case"},
      {"foo.iD", "capital 'D' at position 6"},
      {"foo bar.id", "has ' ' at position 4"},
      {"foo+bar.id", "has '+' at position 4"},
      {"foo/bar.id", "has '/' at position 4"},
      {"foo.i:d", "has ':' at position 6"},
      {"foo.id\n", "\"foo.id\\x0a\" has byte 0a at position 7"},
      {"f\"o.id", "\"f\\x22o.id\" has byte 22 at position 2"},
      {"f\x7fo.id", "\"f\\x7fo.id\" has byte 7f at position 2"},
      {"f\xc3\xb6o.id", "\"f\\xc3\\xb6o.id\" has byte c3 at position 2"},
      {"a.abcdefghijklmnopqrst", "namespace of 20 characters; 19 are allowed"},
      {"abcdefghijklmnopqr.abcdefghijklmnopqrs", "has 38 characters; 37 are allowed"},
      {"abcdefghijklmnopqrstuvwxyz0123456789.x", "has 38 characters; 37 are allowed"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
    assert_fails(bs_name_check(refused[i].name, &error), BS_WORD_usage, refused[i].reason);
}

static void a_message_shows_no_more_than_the_start_of_a_long_name(void **state) {
  char name[5000];

  (void)state;
  memset(name, '\xff', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  assert_fails(bs_name_check(name, &error), BS_WORD_usage, "\\xff...\" has byte ff at position 1");
  memset(name, 'a', sizeof name - 1);
  name[100] = '.';
  assert_fails(bs_name_check(name, &error), BS_WORD_usage, "aaa...\" has a namespace of 4898 characters");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good_names_pass),
      cmocka_unit_test(the_namespace_is_behind_the_dot),
      cmocka_unit_test(bad_names_are_refused_with_the_reason),
      cmocka_unit_test(a_message_shows_no_more_than_the_start_of_a_long_name),
  };

  return RUN_TESTS(tests);
}

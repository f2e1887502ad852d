/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/environment.h"
#include "core/base/nearest.h"
#include "t/lib/unit.h"

static const char *const words[] = {"root", "region", "bucket", "endpoint", "secret_access_key", "x"};
#define NEAREST(word) bs_nearest(word, words, sizeof words / sizeof words[0])

static void a_slip_of_the_finger_is_near(void **state) {
  (void)state;
  assert_string_equal(NEAREST("roat"), "root");
  assert_string_equal(NEAREST("rot"), "root");
  assert_string_equal(NEAREST("roots"), "root");
  assert_string_equal(NEAREST("orot"), "root");
  assert_string_equal(NEAREST("ergion"), "region");
}

static void another_word_is_not(void **state) {
  char longer[300];

  (void)state;
  memset(longer, 'a', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  assert_null(NEAREST("toor"));
  assert_null(NEAREST("zzz"));
  assert_null(NEAREST("y")); /* no letter of x is left */
  assert_null(NEAREST(""));
  assert_null(NEAREST(longer));
  assert_null(bs_nearest("root", NULL, 0));
}

static void the_nearest_wins_and_the_first_of_equals(void **state) {
  static const char *const alike[] = {"timeouts", "timeout", "timeour"};

  (void)state;
  assert_string_equal(bs_nearest("timeout", alike, 3), "timeout");
  assert_string_equal(bs_nearest("timeoux", alike, 3), "timeout");
}

static void variables_are_expanded_as_a_whole_only(void **state) {
  struct bs_error error = {0};

  (void)state;
  assert_int_equal(setenv("BLOCKSTORE_TEST_1", "a value", 1), 0);
  assert_string_equal(bs_environment_expand("${BLOCKSTORE_TEST_1}", &error), "a value");
  assert_string_equal(bs_environment_expand("x${BLOCKSTORE_TEST_1}", &error), "x${BLOCKSTORE_TEST_1}");
  assert_string_equal(bs_environment_expand("$BLOCKSTORE_TEST_1", &error), "$BLOCKSTORE_TEST_1");
  assert_string_equal(bs_environment_expand("", &error), "");
  assert_string_equal(bs_environment_expand("${", &error), "${");
}

static void a_variable_that_is_not_there_is_an_error(void **state) {
  struct bs_error error = {0};

  (void)state;
  unsetenv("BLOCKSTORE_TEST_2");
  assert_fails(bs_environment_expand("${BLOCKSTORE_TEST_2}", &error), BS_WORD_config, "BLOCKSTORE_TEST_2 is not set");
  assert_fails(bs_environment_expand("${}", &error), BS_WORD_config, "does not name a variable");
  assert_fails(bs_environment_expand("${1A}", &error), BS_WORD_config, "does not name a variable");
  assert_fails(bs_environment_expand("${A:-b}", &error), BS_WORD_config, "does not name a variable");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_slip_of_the_finger_is_near),
      cmocka_unit_test(another_word_is_not),
      cmocka_unit_test(the_nearest_wins_and_the_first_of_equals),
      cmocka_unit_test(variables_are_expanded_as_a_whole_only),
      cmocka_unit_test(a_variable_that_is_not_there_is_an_error),
  };
  return RUN_TESTS(tests);
}

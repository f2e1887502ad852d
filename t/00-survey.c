/* SPDX-License-Identifier: MIT */
/* What an examination looked at and found, as it is kept. */
#include <config.h>

#include "core/base/auto.h"
#include "t/lib/survey.h"

static void findings_are_kept_in_order(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_error error = {0};

  (void)state;
  bs_examined_add(&survey, "state", "/a/b");
  bs_examined_count(&survey, "rows", 7);
  bs_examined_add(&survey, "stores", NULL);
  bs_finding_add(&survey, BS_FINDING_WARNING, "state", "/a/b");
  bs_finding_problem(&survey, "It has %d.", 7);
  bs_finding_mend(&survey, "Take %s.", "one");
  bs_finding_add(&survey, BS_FINDING_ERROR, "stores", "here");
  bs_finding_problem(&survey, "Two.");
  bs_finding_mend(&survey, "None.");
  assert_ok(bs_survey_ok(&survey, &error));
  assert_int_equal(survey.count, 2);
  assert_int_equal(survey.errors, 1);
  assert_string_equal(survey.items[0].problem, "It has 7.");
  assert_string_equal(survey.items[0].mend, "Take one.");
  assert_string_equal(survey.items[1].where, "here");
  assert_int_equal(survey.examined_count, 2);
  assert_string_equal(survey.examined[0].counts[0].name, "rows");
  assert_int_equal(survey.examined[0].counts[0].number, 7);
  assert_null(survey.examined[1].path);
}

static void beyond_the_most_they_are_counted(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT, part AUTO_SURVEY = BS_SURVEY_INIT;
  char number[16];

  (void)state;
  for (int i = 0; i < BS_FINDINGS_MAX + 5; i++) {
    snprintf(number, sizeof number, "%d", i);
    bs_finding_add(&part, BS_FINDING_ERROR, "state", number);
    bs_finding_problem(&part, "problem %d", i);
    bs_finding_mend(&part, "mend %d", i);
  }
  assert_int_equal(part.count, BS_FINDINGS_MAX);
  assert_int_equal(part.left_out, 5);
  assert_int_equal(part.errors, BS_FINDINGS_MAX + 5);
  assert_string_equal(part.items[BS_FINDINGS_MAX - 1].problem, "problem 199");
  bs_finding_add(&survey, BS_FINDING_WARNING, "ledger", "first");
  bs_finding_problem(&survey, "first");
  bs_finding_mend(&survey, "first");
  bs_survey_move(&survey, &part);
  assert_int_equal(survey.count, BS_FINDINGS_MAX);
  assert_int_equal(survey.left_out, 6);
  assert_int_equal(survey.errors, BS_FINDINGS_MAX + 5);
  assert_string_equal(survey.items[0].mend, "mend 0");
  assert_int_equal(part.count, 0);
}

static void all_of_a_part_is_moved(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT, part AUTO_SURVEY = BS_SURVEY_INIT;

  (void)state;
  bs_examined_add(&survey, "one", "1");
  bs_examined_add(&part, "two", "2");
  bs_examined_count(&part, "rows", 3);
  bs_finding_add(&part, BS_FINDING_WARNING, "two", "2");
  bs_finding_problem(&part, "problem");
  bs_finding_mend(&part, "mend");
  bs_survey_move(&survey, &part);
  assert_int_equal(survey.examined_count, 2);
  assert_string_equal(survey.examined[1].path, "2");
  assert_int_equal(survey.examined[1].counts[0].number, 3);
  assert_found(&survey, BS_FINDING_WARNING, "2", "problem");
  assert_int_equal(part.examined_count, 0);
}

/* A file's name may be anything, and goes to a terminal. */
static void texts_are_fit_to_be_shown(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  (void)state;
  bs_examined_add(&survey, "file", "a\033b");
  bs_finding_add(&survey, BS_FINDING_WARNING, "file", "a\nb\xff");
  bs_finding_problem(&survey, "%s", "c\033[0m");
  bs_finding_mend(&survey, "d");
  assert_string_equal(survey.examined[0].path, "a?b");
  assert_string_equal(survey.items[0].where, "a?b?");
  assert_string_equal(survey.items[0].problem, "c?[0m");
}

/* Where there is no more room, an error goes before a warning, and each keeps its own texts. */
static void an_error_takes_the_place_of_the_last_warning(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT, part AUTO_SURVEY = BS_SURVEY_INIT;

  (void)state;
  for (int i = 0; i < BS_FINDINGS_MAX + 2; i++) {
    bs_finding_add(&survey, i == BS_FINDINGS_MAX - 1 ? BS_FINDING_ERROR : BS_FINDING_WARNING, "state", "here");
    bs_finding_problem(&survey, "problem %d", i);
    bs_finding_mend(&survey, "mend %d", i);
  }
  assert_int_equal(survey.left_out, 2);
  assert_string_equal(survey.items[BS_FINDINGS_MAX - 1].mend, "mend 199");
  bs_finding_add(&survey, BS_FINDING_ERROR, "state", "there");
  bs_finding_problem(&survey, "problem of the error");
  bs_finding_mend(&survey, "mend of the error");
  bs_finding_add(&survey, BS_FINDING_WARNING, "state", "nowhere");
  bs_finding_problem(&survey, "problem left out");
  bs_finding_mend(&survey, "mend left out");
  bs_finding_add(&part, BS_FINDING_ERROR, "part", "part");
  bs_finding_problem(&part, "problem of the part");
  bs_finding_mend(&part, "mend of the part");
  bs_survey_move(&survey, &part);
  assert_int_equal(survey.count, BS_FINDINGS_MAX);
  assert_int_equal(survey.left_out, 5);
  assert_int_equal(survey.errors, 3);
  assert_string_equal(survey.items[BS_FINDINGS_MAX - 4].problem, "problem 196");
  assert_string_equal(survey.items[BS_FINDINGS_MAX - 3].problem, "problem 199");
  assert_string_equal(survey.items[BS_FINDINGS_MAX - 2].problem, "problem of the error");
  assert_string_equal(survey.items[BS_FINDINGS_MAX - 2].mend, "mend of the error");
  assert_string_equal(survey.items[BS_FINDINGS_MAX - 1].mend, "mend of the part");
}

static void a_path_in_a_command_is_one_word(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  (void)state;
  bs_finding_add(&survey, BS_FINDING_WARNING, "file", "here");
  bs_finding_mend_path(&survey, "/a b/it's; $(x)", "Run: chmod %o ", 0600u);
  assert_string_equal(survey.items[0].mend, "Run: chmod 600 '/a b/it'\\''s; $(x)'");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(findings_are_kept_in_order),
      cmocka_unit_test(beyond_the_most_they_are_counted),
      cmocka_unit_test(all_of_a_part_is_moved),
      cmocka_unit_test(texts_are_fit_to_be_shown),
      cmocka_unit_test(an_error_takes_the_place_of_the_last_warning),
      cmocka_unit_test(a_path_in_a_command_is_one_word),
  };

  return RUN_TESTS(tests);
}

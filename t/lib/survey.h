/* SPDX-License-Identifier: MIT */
/* For tests of what an examination finds. */
#ifndef BS_T_SURVEY_H
#define BS_T_SURVEY_H

#include "core/base/survey.h"
#include "t/lib/unit.h"

#define AUTO_SURVEY BS_AUTO(bs_survey_free)

static inline const struct bs_finding *find_finding(const struct bs_survey *survey, enum bs_severity severity, const char *where,
                                                    const char *problem) {
  for (size_t i = 0; i < survey->count; i++)
    if (survey->items[i].severity == severity && strstr(survey->items[i].where, where) != NULL &&
        strstr(survey->items[i].problem, problem) != NULL)
      return &survey->items[i];
  for (size_t i = 0; i < survey->count; i++)
    print_message("# found: %s: %s: %s\n", survey->items[i].severity == BS_FINDING_ERROR ? "error" : "warning",
                  survey->items[i].where,
                  survey->items[i].problem);
  return NULL;
}

static inline bool has_mend(const struct bs_finding *finding) {
  return finding != NULL && finding->mend != NULL && finding->mend[0] != '\0';
}

/* It was found, and there is a way to mend it. */
#define assert_found(survey, severity, where, problem)                                                                \
  do {                                                                                                                \
    if ((problem)[0] == '\0') fail_msg("any problem of %s would do", (where));                                        \
    if (!has_mend(find_finding(survey, severity, where, problem))) fail_msg("not found: %s: %s", (where), (problem)); \
  } while (0)

#define assert_nothing_found(survey)                                            \
  do {                                                                          \
    find_finding(survey, BS_FINDING_ERROR, "", "\n"); /* tells what there is */ \
    assert_int_equal((survey)->count, 0);                                       \
    assert_int_equal((survey)->errors, 0);                                      \
  } while (0)

#endif

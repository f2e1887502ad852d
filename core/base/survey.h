/* SPDX-License-Identifier: MIT */
/*
 * What an examination looked at, and what is wrong there.  Who examines adds, and never fails for it: when memory runs out the
 * survey is marked failed, ignores what follows, and bs_survey_ok says so once, at the end.
 */
#ifndef BS_BASE_SURVEY_H
#define BS_BASE_SURVEY_H

#include <stdint.h>

#include "core/base/error.h"

#define BS_FINDINGS_MAX 200 /* of one examination: damage is often everywhere, and nobody reads more */
#define BS_COUNTS_MAX 4

enum bs_severity { BS_FINDING_WARNING, BS_FINDING_ERROR };

/* One thing that was looked at. */
struct bs_examined {
  const char *what; /* static */
  char *path;       /* NULL: it has none */
  struct {
    const char *name; /* static: "rows" */
    uint64_t number;
  } counts[BS_COUNTS_MAX];
  size_t count;
};

struct bs_finding {
  enum bs_severity severity;
  const char *what; /* static */
  char *where;      /* a file, perhaps with table and row or block behind it */
  char *problem;    /* a sentence */
  char *mend;       /* a sentence: what to do */
};

struct bs_survey {
  struct bs_examined *examined;
  size_t examined_count;
  struct bs_finding *items;
  size_t count;
  size_t errors;   /* of them, and of those left out */
  size_t left_out; /* beyond the most: an error takes the place of the last warning */
  bool is_kept;    /* the newest of them */
  bool failed;
};
#define BS_SURVEY_INIT {.failed = false}
void bs_survey_free(struct bs_survey *survey);
/* False, with no_memory, when an addition failed. */
bool bs_survey_ok(const struct bs_survey *survey, struct bs_error *error);

/* Adds all of *part, which is empty afterwards. */
void bs_survey_move(struct bs_survey *survey, struct bs_survey *part);

/* What was looked at; its counts follow, at most BS_COUNTS_MAX.  path NULL: it has none. */
void bs_examined_add(struct bs_survey *survey, const char *what, const char *path);
void bs_examined_count(struct bs_survey *survey, const char *name, uint64_t number);

/* What was found.  Where it is; the problem and the mend follow at once. */
void bs_finding_add(struct bs_survey *survey, enum bs_severity severity, const char *what, const char *where);
void bs_finding_problem(struct bs_survey *survey, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bs_finding_mend(struct bs_survey *survey, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of a command that ends with the path, which is quoted for the shell. */
void bs_finding_mend_path(struct bs_survey *survey, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: MIT */
/* What is told of the behaviours: TAP as they end, and one JSON document at the end. */
#ifndef BS_DRIVER_TEST_REPORT_H
#define BS_DRIVER_TEST_REPORT_H

#include <stdio.h>

#include <cjson/cJSON.h>

#include "tools/driver-test/trial.h"

struct report {
  unsigned number; /* of the last behaviour */
  unsigned counts[OUTCOME_SKIPPED + 1];
  cJSON *rows; /* NULL when no document is wanted, or memory ran out */
};

void report_begin(struct report *report, const struct subject *subject, size_t planned, bool wants_document);
void report_add(struct report *report, const struct behaviour *behaviour, const struct verdict *verdict);
/* Can it be written there?  False with errno.  Makes the file, or leaves what is in it. */
bool report_prepare(const char *path);
/* Writes the document, if one is wanted, to `path` ("-": none).  False with errno when that fails. */
bool report_write(struct report *report, const struct subject *subject, const char *path);

#endif

/* SPDX-License-Identifier: MIT */
/* What the user wants around the driver: filters above it, and a process of its own. */
#ifndef BS_DRIVER_TEST_STACK_H
#define BS_DRIVER_TEST_STACK_H

#include "tools/driver-test/subject.h"

/* Appends KEY=VALUE.  False: it is none. */
bool assignments_add(struct assignments *assignments, const char *text);

/* Another filter, below those before: NAME[,KEY=VALUE]..., a comma in a value written twice.  False: it is none. */
bool stack_add_filter(struct subject *subject, const char *text);
/* true or process.  False: it is neither. */
bool stack_isolate(struct subject *subject, const char *text);

/* Finds the files of the filters, and those of an isolated driver, as a configuration without `plugin_path` does, and what
 * holds of all together.  After subject_read; of a file that it could not read nothing is looked for.  Words: driver, usage. */
bool stack_find(struct subject *subject, struct bs_error *error);

/* "the driver", or that with what it has around it: the subject of a sentence. */
const char *stack_name(const struct subject *subject);

#endif

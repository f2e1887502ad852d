/* SPDX-License-Identifier: MIT */
/* All behaviours, in the order in which they are tried: a file each group. */
#ifndef BS_DRIVER_TEST_BEHAVIOURS_H
#define BS_DRIVER_TEST_BEHAVIOURS_H

#include "tools/driver-test/trial.h"

struct group {
  const struct behaviour *behaviours;
  size_t count;
};
#define GROUP(array) {array, sizeof(array) / sizeof(array)[0]}

extern const struct group group_file;
extern const struct group group_opening;
extern const struct group group_options;
extern const struct group group_immutable;
extern const struct group group_mutable;
extern const struct group group_ids;
extern const struct group group_urls;
extern const struct group group_changed_urls;
extern const struct group group_streams;
extern const struct group group_visibility;
extern const struct group group_deadlines;
extern const struct group group_threads;
extern const struct group group_manners;
extern const struct group group_filter;

#endif

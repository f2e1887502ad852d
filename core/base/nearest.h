/* SPDX-License-Identifier: MIT */
#ifndef BS_BASE_NEAREST_H
#define BS_BASE_NEAREST_H

#include <stddef.h>

/* The candidate that `word` was probably meant to be: at most a third of its letters (one at least) inserted, left out,
 * changed or swapped with a neighbour; the first of equally near ones.  NULL when nothing is near. */
const char *bs_nearest(const char *word, const char *const *candidates, size_t count);

#endif

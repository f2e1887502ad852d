/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/nearest.h"

#include <string.h>

#define LONGEST 64 /* bytes of a word that is worth guessing */

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Insertions, deletions, changes and swaps of neighbours (optimal string alignment); both at most LONGEST. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  size_t rows[3][LONGEST + 1]; /* of the table, the last three, in turn */

  for (size_t j = 0; j <= b_length; j++) rows[0][j] = j;
  for (size_t i = 1; i <= a_length; i++) {
    size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];
    const size_t *two_above = rows[(i + 1) % 3];

    row[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
      row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = least(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a_length % 3][b_length];
}

const char *bs_nearest(const char *word, const char *const *candidates, size_t count) {
  size_t length = strlen(word);
  size_t best = (length < 6 ? 1 : length / 3) + 1;
  const char *nearest = NULL;

  if (length > LONGEST) return NULL;
  for (size_t i = 0; i < count; i++) {
    size_t other = strlen(candidates[i]);
    size_t apart;

    if (other > LONGEST) continue;
    apart = distance(word, length, candidates[i], other);
    if (apart >= best || apart >= least(length, other)) continue; /* no letter in common is never near */
    best = apart;
    nearest = candidates[i];
  }
  return nearest;
}

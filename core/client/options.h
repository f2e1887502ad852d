/* SPDX-License-Identifier: MIT */
/* Options of callers that were built against an older header: their struct is shorter, what it lacks has its default. */
#ifndef BS_CLIENT_OPTIONS_H
#define BS_CLIENT_OPTIONS_H

#include <string.h>

#include "core/base/error.h"

/* Copies what the caller's struct has over the defaults in `known`, whose first member is its struct_size.  Word: usage (no
 * size, or a larger one whose further members this library does not know). */
static inline bool bs_options_take(void *known, size_t known_size, const void *given, struct bs_error *error) {
  size_t size;

  if (given == NULL) return true;
  memcpy(&size, given, sizeof size);
  if (size < sizeof size || size > known_size)
    return bs_fail(error, BS_WORD_usage, "The options have %zu bytes; this library knows %zu: initialise them with "
                   "their _INIT macro.", size, known_size);
  memcpy(known, given, size);
  return true;
}

#endif

/* SPDX-License-Identifier: MIT */
/* For a test of what happens when memory runs out; it is linked with $(wrap_memory). */
#ifndef BS_T_MEMORY_H
#define BS_T_MEMORY_H

#include <errno.h>
#include <limits.h>

#include "t/lib/unit.h"

static unsigned left = UINT_MAX; /* allocations until all fail */
static bool refused;             /* one has failed */

static bool refuse(void) {
  if (left == UINT_MAX) return false;
  if (left == 0) {
    errno = ENOMEM;
    refused = true;
    return true;
  }
  left--;
  return false;
}

/* The linker sends the rooms' own calls here; libraries keep theirs. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size) {
  return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return refuse() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size) {
  return refuse() ? NULL : __real_realloc(pointer, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return refuse() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text) {
  return refuse() ? NULL : __real_strdup(text);
}

/* Calls `once` with no allocation allowed, then one, then two ... until it has all that it asks for; until then it must say
 * no_memory. */
static void assert_each_failure_is_said(bool (*once)(struct bs_error *error), unsigned at_least) {
  unsigned allocations = 0;
  for (bool ok = false; !ok; allocations++) {
    struct bs_error error = {0};
    refused = false;
    left = allocations;
    ok = once(&error);
    left = UINT_MAX;
    assert_int_equal(error.word, ok ? BS_NO_WORD : BS_WORD_no_memory);
    if (ok == refused) fail_msg("%u allocations: %s", allocations, ok ? "a failure was not told" : "it failed without one");
  }
  assert_true(allocations > at_least);
}

#endif

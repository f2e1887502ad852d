/* SPDX-License-Identifier: MIT */
/*
 * Test vectors in the manner of Project Wycheproof: a JSON file with a header, notes that explain each flag, and groups of
 * tests.  Each test has a tcId, counted through the file, a comment, its flags, what is read, and whether that is valid; what
 * all tests of a group have in common stands in the group.  t/vectors/README says more.
 */
#ifndef BS_T_VECTORS_H
#define BS_T_VECTORS_H

#include <cjson/cJSON.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "t/lib/unit.h"

struct vector {
  const char *file;
  const cJSON *group, *test;
  bool is_valid;
};

/* Is it accepted?  If so, it is held against the vector by vector_is; if the vector is valid, it is written again, too. */
struct vector_kind {
  const char *type; /* of the group */
  bool (*accepts)(const struct vector *vector);
};

/* Reads t/vectors/NAME and runs all its tests. */
void vectors_run(const char *name, const struct vector_kind *kinds, size_t count);
/* What is wrong with the file itself: a note that is missing or unused, a wrong number, too few invalid tests, ...  NULL if
 * nothing is. */
const char *vectors_fault(const cJSON *root);

/* A member of the test, else of its group; NULL when there is none. */
const cJSON *vector_find(const struct vector *vector, const char *member);
/* The same, which must be a string. */
const char *vector_text(const struct vector *vector, const char *member);
bool vector_has_flag(const struct vector *vector, const char *flag);
/* The bytes of a string in hexadecimal, in a block of their exact size, which valgrind and ASan watch; by free(). */
unsigned char *vector_bytes(const struct vector *vector, const char *member, size_t *ret_length);
/* The same of `text`, or of `textHex` where it is no printable text. */
unsigned char *vector_input(const struct vector *vector, size_t *ret_length);

/* Of a valid vector: the member, a string or one in hexadecimal, must be this. */
void vector_is_text(const struct vector *vector, const char *member, const char *text);
void vector_is(const struct vector *vector, const char *member, const void *bytes, size_t length);

#endif

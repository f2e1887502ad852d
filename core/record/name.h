/* SPDX-License-Identifier: MIT */
/* The syntax of names: NAME.NAMESPACE, exactly one dot, [a-z0-9_-], at most 37 bytes, namespace 1..19. */
#ifndef BS_RECORD_NAME_H
#define BS_RECORD_NAME_H

#include "core/base/error.h"

#define BS_NAME_MAX 37
#define BS_NAMESPACE_MAX 19

/* Word: usage.  The message quotes the name (with anything unprintable escaped) and says what is wrong with it, and at
 * which position, counted from 1. */
bool bs_name_check(const char *name, struct bs_error *error);
/* The part behind the dot of a checked name; within `name`. */
const char *bs_name_namespace(const char *name);

#endif

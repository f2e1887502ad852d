/* SPDX-License-Identifier: MIT */
#ifndef BS_BASE_ENVIRONMENT_H
#define BS_BASE_ENVIRONMENT_H

#include "core/base/error.h"

/* Is `text`, the whole of it, ${VAR}: dollar, brace, anything, brace? */
bool bs_environment_is_reference(const char *text);
/*
 * `text` itself, or for ${VAR} the variable's value, which stays valid until the environment is changed.  NULL, with
 * config, when the variable is not set or VAR is no name ([A-Za-z_][A-Za-z0-9_]*).  A program that runs with more
 * rights than its caller (AT_SECURE) sees no variable at all.
 */
const char *bs_environment_expand(const char *text, struct bs_error *error);

#endif

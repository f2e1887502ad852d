/* SPDX-License-Identifier: MIT */
/*
 * A second opinion on JSON: the grammar of RFC 8259 taken word by word, recursive and slow, with the further rules of
 * core/codec/json.h.  It shares no code with that scanner and does nothing the same way.
 */
#ifndef BS_T_JSON_ORACLE_H
#define BS_T_JSON_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

/* For small texts: a string has at most 1,100 characters, an object 16 members. */
bool json_oracle(const void *bytes, size_t length, size_t depth);

#endif

/* SPDX-License-Identifier: MIT */
/* The types that an option can have: what their values look like and what they mean.  No I/O, no environment. */
#ifndef BS_DRIVER_VALUE_H
#define BS_DRIVER_VALUE_H

#include "core/driver/metadata.h"

/*
 * What `text` means as a type: an int; bytes of a size (a number and nothing, K, M, G, T or KiB, MiB, GiB, TiB, powers
 * of 1024); 0 or 1 of a bool; milliseconds of a duration (a number and ms, s, m or h); 0 of the others.  False unless
 * the whole text is such a value; of an enum, one of the comma-separated `values` (else ignored).
 */
bool bs_option_number(int64_t *ret_number, enum bs_option_type type, const char *text, const char *values);

/* What a value looks like: "a duration such as 500ms, 5s, 2m or 1h"; of an ENUM, in `text`: "one, another or a third".
 * text, values: NULL for other types. */
#define BS_EXPECTED_SIZE 256
const char *bs_option_expected(char text[BS_EXPECTED_SIZE], enum bs_option_type type, const char *values);
/* "string", "duration" ... as in the metadata. */
const char *bs_option_type_text(enum bs_option_type type);

#endif

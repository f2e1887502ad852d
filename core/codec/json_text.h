/* SPDX-License-Identifier: MIT */
/* What stands inside JSON strings, for the scanner and the values: runs, UTF-8 and escapes.  Private to codec. */
#ifndef BS_CODEC_JSON_TEXT_H
#define BS_CODEC_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Where the run of printable ASCII other than '"' and '\\' that begins at `at` ends. */
const unsigned char *bs_json_plain_end(const unsigned char *at, const unsigned char *end);

/* Bytes of the one UTF-8 character at `at` < `end`, 1..4; 0 when it is not valid. */
size_t bs_utf8_size(const unsigned char *at, const unsigned char *end);

/* Writes the text of a scanned string, given without its quotes, to `to`, which has room for `length` bytes.  Returns
 * the size. */
size_t bs_json_unescape(unsigned char *to, const char *from, size_t length);

#endif

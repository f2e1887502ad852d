/* SPDX-License-Identifier: MIT */
/* Hexadecimal: written in lower case; read in lower case only unless said otherwise. */
#ifndef BS_CODEC_HEX_H
#define BS_CODEC_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* Writes 2 * length digits and a NUL. */
void bs_hex_encode(char *text, const void *bytes, size_t length);
/* The same, the last byte first: as Bitcoin shows its hashes. */
void bs_hex_encode_reversed(char *text, const void *bytes, size_t length);
/* Reads exactly 2 * length digits of `text` (no NUL needed behind them); false on any other character. */
bool bs_hex_decode(void *bytes, size_t length, const char *text);
/* The same, upper case too. */
bool bs_hex_decode_any_case(void *bytes, size_t length, const char *text);
/* Are the first `digits` bytes of `text` lower-case hexadecimal digits?  All of them are read, whatever they are. */
bool bs_hex_is(const char *text, size_t digits);
/* Is `string` exactly that many lower-case hexadecimal digits and then its NUL? */
bool bs_hex_is_string(const char *string, size_t digits);

#endif

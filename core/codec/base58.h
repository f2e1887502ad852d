/* SPDX-License-Identifier: MIT */
/* Base58 in Bitcoin's alphabet, without a checksum: core/crypto/base58check.h adds that. */
#ifndef BS_CODEC_BASE58_H
#define BS_CODEC_BASE58_H

#include <stdbool.h>
#include <stddef.h>

#define BS_BASE58_MAX 80       /* bytes */
#define BS_BASE58_TEXT_MAX 112 /* characters with the NUL */

/* length: 0..BS_BASE58_MAX; each leading zero byte is one '1'. */
void bs_base58_encode(char text[BS_BASE58_TEXT_MAX], const void *bytes, size_t length);
/* False on a character outside the alphabet or a result beyond BS_BASE58_MAX bytes. */
bool bs_base58_decode(unsigned char bytes[BS_BASE58_MAX], size_t *ret_length, const char *text, size_t text_length);

#endif

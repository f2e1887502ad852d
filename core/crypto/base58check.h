/* SPDX-License-Identifier: MIT */
/* Base58Check: the payload (version byte first) and the first four bytes of its double SHA-256, in base 58. */
#ifndef BS_CRYPTO_BASE58CHECK_H
#define BS_CRYPTO_BASE58CHECK_H

#include "core/codec/base58.h"

#define BS_BASE58CHECK_MAX (BS_BASE58_MAX - 4)

/* length: 1..BS_BASE58CHECK_MAX. */
void bs_base58check_encode(char text[BS_BASE58_TEXT_MAX], const void *payload, size_t length);
/* False unless all of text is Base58Check of 1..BS_BASE58CHECK_MAX bytes.  Wipes its copies: it may be a WIF. */
bool bs_base58check_decode(unsigned char payload[BS_BASE58CHECK_MAX], size_t *ret_length, const char *text,
                           size_t text_length);

#endif

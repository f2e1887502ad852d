/* SPDX-License-Identifier: MIT */
/*
 * A message authentication code for bytes that this process will read again and that somebody may change meanwhile:
 * AES-128-GMAC, about 5 GB/s, with a random key that never leaves the memory.  Not for anything that is stored or sent.
 * The first use loads libcrypto's providers (2 ms).
 */
#ifndef BS_CRYPTO_MAC_H
#define BS_CRYPTO_MAC_H

#include <stdint.h>

#include "core/base/error.h"

#define BS_MAC_SIZE 16

/* A fresh random key, set up once.  One thread at a time; further threads use copies. */
struct bs_mac;

bool bs_mac_new(struct bs_mac **ret_mac, struct bs_error *error);
/* The same key for another thread. */
bool bs_mac_copy(struct bs_mac **ret_mac, const struct bs_mac *mac, struct bs_error *error);
/* Wipes the key.  NULL is allowed. */
void bs_mac_free(struct bs_mac *mac);

/* The tag of `length` (up to 2^30) bytes that stand in place `number`.  A number must not be used for two different
 * messages whose tags an attacker sees; here nobody sees any. */
bool bs_mac_tag(struct bs_mac *mac, unsigned char tag[BS_MAC_SIZE], uint64_t number, const void *bytes, size_t length,
                struct bs_error *error);
/* In constant time. */
bool bs_mac_equal(const unsigned char one[BS_MAC_SIZE], const unsigned char other[BS_MAC_SIZE]);

#endif

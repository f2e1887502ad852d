/* SPDX-License-Identifier: MIT */
/*
 * Digests, by libcrypto's low-level functions: the EVP interface costs 1.7 to 2.2 ms at its first use (it loads
 * providers), which is more than a whole cold get may take.
 */
#ifndef BS_CRYPTO_DIGEST_H
#define BS_CRYPTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define BS_SHA256_SIZE 32
#define BS_HASH160_SIZE 20
#define BS_HASH128_SIZE 16

/* A running SHA-256.  May be copied by assignment; holds nothing to free. */
struct bs_sha256 {
  uint64_t opaque[16];
};
void bs_sha256_begin(struct bs_sha256 *context);
void bs_sha256_add(struct bs_sha256 *context, const void *bytes, size_t length);
/* Wipes the context: begin again before the next use. */
void bs_sha256_end(struct bs_sha256 *context, unsigned char digest[BS_SHA256_SIZE]);

void bs_sha256(unsigned char digest[BS_SHA256_SIZE], const void *bytes, size_t length);
/* SHA-256 of SHA-256. */
void bs_sha256d(unsigned char digest[BS_SHA256_SIZE], const void *bytes, size_t length);
void bs_ripemd160(unsigned char digest[BS_HASH160_SIZE], const void *bytes, size_t length);
/* RIPEMD-160 of SHA-256. */
void bs_hash160(unsigned char digest[BS_HASH160_SIZE], const void *bytes, size_t length);
/* The first 16 bytes of SHA-256. */
void bs_hash128(unsigned char digest[BS_HASH128_SIZE], const void *bytes, size_t length);

#endif

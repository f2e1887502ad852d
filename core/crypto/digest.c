/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/crypto/digest.h"

/* The low-level functions are deprecated in favour of EVP, whose price at first use digest.h tells. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ripemd.h>
#include <openssl/sha.h>
#include <string.h>

_Static_assert(sizeof(struct bs_sha256) >= sizeof(SHA256_CTX), "struct bs_sha256 has room for libcrypto's context");
_Static_assert(_Alignof(struct bs_sha256) >= _Alignof(SHA256_CTX),
               "struct bs_sha256 is aligned like libcrypto's context");
_Static_assert(BS_SHA256_SIZE == SHA256_DIGEST_LENGTH && BS_HASH160_SIZE == RIPEMD160_DIGEST_LENGTH, "digest sizes");

static SHA256_CTX *inside(struct bs_sha256 *context) {
  return (SHA256_CTX *)(void *)context; /* only libcrypto looks into it */
}

void bs_sha256_begin(struct bs_sha256 *context) {
  SHA256_Init(inside(context));
}

void bs_sha256_add(struct bs_sha256 *context, const void *bytes, size_t length) {
  if (length > 0) SHA256_Update(inside(context), bytes, length);
}

void bs_sha256_end(struct bs_sha256 *context, unsigned char digest[BS_SHA256_SIZE]) {
  SHA256_Final(digest, inside(context));
  explicit_bzero(context, sizeof *context); /* its last block may be of a private key */
}

void bs_sha256(unsigned char digest[BS_SHA256_SIZE], const void *bytes, size_t length) {
  struct bs_sha256 context;

  bs_sha256_begin(&context);
  bs_sha256_add(&context, bytes, length);
  bs_sha256_end(&context, digest);
}

void bs_sha256d(unsigned char digest[BS_SHA256_SIZE], const void *bytes, size_t length) {
  unsigned char once[BS_SHA256_SIZE];

  bs_sha256(once, bytes, length);
  bs_sha256(digest, once, sizeof once);
}

void bs_ripemd160(unsigned char digest[BS_HASH160_SIZE], const void *bytes, size_t length) {
  RIPEMD160_CTX context;

  RIPEMD160_Init(&context);
  if (length > 0) RIPEMD160_Update(&context, bytes, length);
  RIPEMD160_Final(digest, &context);
}

void bs_hash160(unsigned char digest[BS_HASH160_SIZE], const void *bytes, size_t length) {
  unsigned char once[BS_SHA256_SIZE];

  bs_sha256(once, bytes, length);
  bs_ripemd160(digest, once, sizeof once);
}

void bs_hash128(unsigned char digest[BS_HASH128_SIZE], const void *bytes, size_t length) {
  unsigned char whole[BS_SHA256_SIZE];

  bs_sha256(whole, bytes, length);
  memcpy(digest, whole, BS_HASH128_SIZE);
}

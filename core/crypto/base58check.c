/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/crypto/base58check.h"

#include <string.h>

#include "core/crypto/digest.h"

#define CHECKSUM_SIZE 4

void bs_base58check_encode(char text[BS_BASE58_TEXT_MAX], const void *payload, size_t length) {
  unsigned char bytes[BS_BASE58_MAX], digest[BS_SHA256_SIZE];

  memcpy(bytes, payload, length);
  bs_sha256d(digest, payload, length);
  memcpy(bytes + length, digest, CHECKSUM_SIZE);
  bs_base58_encode(text, bytes, length + CHECKSUM_SIZE);
  explicit_bzero(bytes, sizeof bytes); /* a WIF is a private key */
}

bool bs_base58check_decode(unsigned char payload[BS_BASE58CHECK_MAX], size_t *ret_length, const char *text,
                           size_t text_length) {
  unsigned char bytes[BS_BASE58_MAX], digest[BS_SHA256_SIZE];
  size_t length;
  bool good = false;

  if (bs_base58_decode(bytes, &length, text, text_length) && length > CHECKSUM_SIZE) {
    length -= CHECKSUM_SIZE;
    bs_sha256d(digest, bytes, length);
    good = memcmp(digest, bytes + length, CHECKSUM_SIZE) == 0;
  }
  if (good) {
    memcpy(payload, bytes, length);
    *ret_length = length;
  }
  explicit_bzero(bytes, sizeof bytes);
  return good;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/dht/place.h"

/* EVP, which these functions are deprecated for, costs 2 ms at its first use. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <inttypes.h>
#include <openssl/ripemd.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DOMAIN "blockstore-dht-1"
#define HASH_SIZE ((size_t)DHT_HASH_DIGITS / 2)

static void write_digits(char *ret_digits, const unsigned char *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";

  for (size_t i = 0; i < length; i++) {
    ret_digits[2 * i] = digits[bytes[i] >> 4];
    ret_digits[2 * i + 1] = digits[bytes[i] & 15];
  }
  ret_digits[2 * length] = '\0';
}

void dht_place_derive(char ret_hash[DHT_HASH_DIGITS + 1], enum dht_kind kind, const char *name) {
  const char separators[] = {'\0', (char)kind, '\0'};
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256_CTX context;

  SHA256_Init(&context);
  SHA256_Update(&context, DOMAIN, strlen(DOMAIN));
  SHA256_Update(&context, separators, sizeof separators);
  SHA256_Update(&context, name, strlen(name));
  SHA256_Final(digest, &context);
  write_digits(ret_hash, digest, HASH_SIZE);
}

bool dht_place_of_url(char ret_hash[DHT_HASH_DIGITS + 1], const char *url) {
  const char *hash = url + strlen(DHT_SCHEME);

  if (strncmp(url, DHT_SCHEME, strlen(DHT_SCHEME)) != 0 || strlen(hash) != DHT_HASH_DIGITS ||
      strspn(hash, "0123456789abcdef") != DHT_HASH_DIGITS)
    return false;
  memcpy(ret_hash, hash, DHT_HASH_DIGITS + 1);
  return true;
}

bool dht_place_is_key_of(const char *key, const void *bytes, size_t length) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  char digits[2 * sizeof digest + 1];
  size_t size = sizeof digest;

  SHA256(bytes, length, digest);
  if (strlen(key) == 2 * (size_t)RIPEMD160_DIGEST_LENGTH) {
    RIPEMD160(digest, sizeof digest, digest);
    size = RIPEMD160_DIGEST_LENGTH;
  }
  write_digits(digits, digest, size);
  return strcmp(digits, key) == 0;
}

void dht_place_number(char ret_decimal[21], const void *bytes, size_t length) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  uint64_t number = 0;

  SHA256(bytes, length, digest);
  for (size_t i = 0; i < sizeof number; i++) number = number << 8 | digest[i];
  snprintf(ret_decimal, 21, "%" PRIu64, number == 0 ? 1 : number); /* 0 lets the node choose another each time */
}

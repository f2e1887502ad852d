/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <string.h>

#include "core/codec/base58.h"

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

void bs_base58_encode(char text[BS_BASE58_TEXT_MAX], const void *bytes, size_t length) {
  const unsigned char *from = bytes;
  unsigned char digits[BS_BASE58_TEXT_MAX]; /* values, lowest first */
  size_t count = 0, zeros = 0;
  while (zeros < length && from[zeros] == 0) zeros++;
  for (size_t i = zeros; i < length; i++) {
    unsigned carry = from[i];
    for (size_t j = 0; j < count; j++) {
      carry += 256u * digits[j];
      digits[j] = (unsigned char)(carry % 58);
      carry /= 58;
    }
    for (; carry > 0; carry /= 58) digits[count++] = (unsigned char)(carry % 58);
  }
  memset(text, alphabet[0], zeros);
  for (size_t i = 0; i < count; i++) text[zeros + i] = alphabet[digits[count - 1 - i]];
  text[zeros + count] = '\0';
  explicit_bzero(digits, sizeof digits); /* what is written in base 58 may be a private key */
}

/* number: working space, in base 256, lowest first. */
static bool decode(unsigned char bytes[BS_BASE58_MAX], size_t *ret_length, const char *text, size_t text_length,
                   unsigned char number[BS_BASE58_MAX]) {
  size_t count = 0, zeros = 0;
  while (zeros < text_length && text[zeros] == alphabet[0]) zeros++;
  if (zeros > BS_BASE58_MAX) return false;
  for (size_t i = zeros; i < text_length; i++) {
    const char *digit = memchr(alphabet, text[i], sizeof(alphabet) - 1);
    if (digit == NULL) return false;
    unsigned carry = (unsigned)(digit - alphabet);
    for (size_t j = 0; j < count; j++) {
      carry += 58u * number[j];
      number[j] = (unsigned char)carry;
      carry >>= 8;
    }
    if (carry == 0) continue;
    if (zeros + count == BS_BASE58_MAX) return false;
    number[count++] = (unsigned char)carry;
  }
  memset(bytes, 0, zeros);
  for (size_t i = 0; i < count; i++) bytes[zeros + i] = number[count - 1 - i];
  *ret_length = zeros + count;
  return true;
}

bool bs_base58_decode(unsigned char bytes[BS_BASE58_MAX], size_t *ret_length, const char *text, size_t text_length) {
  unsigned char number[BS_BASE58_MAX];
  bool good = decode(bytes, ret_length, text, text_length, number);
  explicit_bzero(number, sizeof number);
  return good;
}

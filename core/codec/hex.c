/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/codec/hex.h"

#include <string.h>

static char *add_byte(char *text, unsigned char byte) {
  static const char digits[] = "0123456789abcdef";

  text[0] = digits[byte >> 4];
  text[1] = digits[byte & 15];
  return text + 2;
}

void bs_hex_encode(char *text, const void *bytes, size_t length) {
  const unsigned char *from = bytes;

  for (size_t i = 0; i < length; i++) text = add_byte(text, from[i]);
  *text = '\0';
}

void bs_hex_encode_reversed(char *text, const void *bytes, size_t length) {
  const unsigned char *from = bytes;

  for (size_t i = length; i-- > 0;) text = add_byte(text, from[i]);
  *text = '\0';
}

/* -1 when it is no digit; `first_letter` is 'a' or 'A'. */
static int digit_value(char digit, char first_letter) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= first_letter && digit <= first_letter + 5) return digit - first_letter + 10;
  return -1;
}

static int lower_value(char digit) {
  return digit_value(digit, 'a');
}

static int any_case_value(char digit) {
  int value = digit_value(digit, 'a');
  return value >= 0 ? value : digit_value(digit, 'A');
}

static bool decode(unsigned char *bytes, size_t length, const char *text, int (*value_of)(char)) {
  /* The whole text is checked first: on failure the output is untouched. */
  for (size_t i = 0; i < 2 * length; i++) {
    if (value_of(text[i]) < 0) return false;
  }
  for (size_t i = 0; i < length; i++, text += 2)
    bytes[i] = (unsigned char)((unsigned)value_of(text[0]) << 4 | (unsigned)value_of(text[1]));
  return true;
}

bool bs_hex_decode(void *bytes, size_t length, const char *text) {
  return decode(bytes, length, text, lower_value);
}

bool bs_hex_decode_any_case(void *bytes, size_t length, const char *text) {
  return decode(bytes, length, text, any_case_value);
}

/* Without a branch on the digits: on data that cannot be predicted, as hashes are, branches cost more than all else. */
bool bs_hex_is(const char *text, size_t digits) {
  bool good = true;
  for (size_t i = 0; i < digits; i++) {
    unsigned char byte = (unsigned char)text[i];
    good &= ((unsigned char)(byte - '0') < 10) | ((unsigned char)(byte - 'a') < 6);
  }
  return good;
}

bool bs_hex_is_string(const char *string, size_t digits) {
  return strlen(string) == digits && bs_hex_is(string, digits);
}

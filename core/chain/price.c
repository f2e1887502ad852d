/* SPDX-License-Identifier: MIT */
/* Prices (protocol.md 3.3), in doubles as the original's were: a paid fee is compared with the unrounded price. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chain/wire.h"

#define UNIT 100.0 /* satoshis; the least price too */
#define COIN UINT64_C(100000000)

/* The nearest double: of the bits below the highest 64 it only matters whether there is one. */
static double to_double(uint64_t high, uint64_t low) {
  int shift = 0;
  double value;

  for (; high > 0; shift++) {
    low = low >> 1 | (low & 1) | high << 63;
    high >>= 1;
  }
  value = (double)low;
  for (; shift > 0; shift--) value *= 2;
  return value;
}

/* coeff * base^exponent, at most 255^16 and so below 2^128: an integer in the original, made a double once. */
static double power(unsigned coeff, unsigned base, unsigned exponent) {
  uint64_t high = 0, low = coeff;

  for (unsigned i = 0; i < exponent; i++) {
    uint64_t upper = (low >> 32) * base + ((low & UINT32_MAX) * base >> 32);

    low *= base;
    high = high * base + (upper >> 32);
  }
  return to_double(high, low);
}

static double raw_price(const struct bs_namespace_rules *rules, const char *name) {
  size_t length = strcspn(name, ".");
  unsigned exponent = rules->buckets[length >= 1 && length <= BS_BUCKETS ? length - 1 : BS_BUCKETS - 1];
  unsigned discount = 1;

  if (strcspn(name, "aeiouy") >= length) discount = rules->no_vowel_discount;
  if (strcspn(name, "0123456789-_") < length && rules->nonalpha_discount > discount)
    discount = rules->nonalpha_discount;
  return power(rules->coeff, rules->base, exponent) / discount * UNIT;
}

double bs_price_of_name(const struct bs_namespace_rules *rules, const char *name) {
  double price = raw_price(rules, name);

  return price < UNIT ? UNIT : price;
}

/* The program may have set a locale with another decimal point, of any number of bytes. */
static void set_decimal_point(char *text) {
  char *to = text;

  for (const char *from = text; *from != '\0'; from++)
    if (strchr("0123456789e+", *from) != NULL) {
      *to++ = *from;
    } else if (to[-1] != '.') {
      *to++ = '.';
    }
  *to = '\0';
}

/* 12 significant digits, as Python 2 prints them; what looks like an integer has ".0" behind. */
void bs_price_text(char text[BS_FEE_TEXT], const struct bs_namespace_rules *rules, const char *name) {
  double price = raw_price(rules, name);

  if (price < UNIT) {
    snprintf(text, BS_FEE_TEXT, "%.0f", UNIT);
    return;
  }
  snprintf(text, BS_FEE_TEXT, "%.12g", price);
  set_decimal_point(text);
  if (strpbrk(text, ".e") == NULL) snprintf(text + strlen(text), BS_FEE_TEXT - strlen(text), ".0");
}

/* At most 12 digits, so no sum here is too large. */
uint64_t bs_fee_satoshis(const char *text) {
  uint64_t value = 0;
  long shift = 0;
  const char *at = text;

  for (; *at >= '0' && *at <= '9'; at++) value = value * 10 + (uint64_t)(*at - '0');
  if (*at == '.')
    for (at++; *at >= '0' && *at <= '9'; at++, shift--) value = value * 10 + (uint64_t)(*at - '0');
  if (*at == 'e') shift += strtol(at + 1, NULL, 10);
  for (; shift < 0; shift++) value /= 10;
  for (; shift > 0; shift--) {
    if (value > INT64_MAX / 10) return INT64_MAX;
    value *= 10;
  }
  return value;
}

uint64_t bs_price_to_pay(const struct bs_namespace_rules *rules, const char *name) {
  double price = bs_price_of_name(rules, name);
  uint64_t whole;

  if (price >= (double)INT64_MAX) return INT64_MAX;
  whole = (uint64_t)price;
  return (double)whole < price ? whole + 1 : whole;
}

uint64_t bs_price_of_namespace(const char *id) {
  size_t length = strlen(id);

  if (length <= 1) return 400 * COIN;
  if (length <= 3) return 40 * COIN;
  return length <= 7 ? 4 * COIN : 4 * COIN / 10;
}

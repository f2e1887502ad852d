/* SPDX-License-Identifier: MIT */
/* Prices (protocol.md 3.3): the original computed with doubles, and what it came to is hashed.  Here they are integers,
 * for some machines round a double twice, first in a longer register. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chain/wire.h"

#define UNIT 100u /* satoshis; the least price too */
#define COIN UINT64_C(100000000)
#define DOUBLE_BITS 53

/* mantissa * 2^exponent: a double, exactly. */
struct binary {
  uint64_t mantissa;
  int exponent;
};

/* The nearest double, of two the even one.  Of the bits far below its own it only matters whether there is one. */
static struct binary nearest(uint64_t mantissa, int exponent) {
  uint64_t half, rest;
  int excess = 0;

  while (mantissa >> excess >> DOUBLE_BITS > 0) excess++;
  if (excess == 0) return (struct binary){mantissa, exponent};
  half = UINT64_C(1) << (excess - 1);
  rest = mantissa & (2 * half - 1);
  mantissa >>= excess;
  if (rest > half || (rest == half && (mantissa & 1) != 0)) mantissa++;
  return (struct binary){mantissa, exponent + excess};
}

/* coeff * base^exponent, at most 255^16 and so below 2^128: an integer in the original, made a double once. */
static struct binary power(unsigned coeff, unsigned base, unsigned exponent) {
  uint64_t high = 0, low = coeff;
  int shift = 0;

  for (unsigned i = 0; i < exponent; i++) {
    uint64_t upper = (low >> 32) * base + ((low & UINT32_MAX) * base >> 32);

    low *= base;
    high = high * base + (upper >> 32);
  }
  for (; high > 0; shift++) {
    low = low >> 1 | (low & 1) | high << 63;
    high >>= 1;
  }
  return nearest(low, shift);
}

/* divisor: at most 15, so that the quotient has bits to spare. */
static struct binary divide(struct binary number, unsigned divisor) {
  if (number.mantissa == 0) return number;
  for (; number.mantissa >> 63 == 0; number.exponent--) number.mantissa <<= 1;
  return nearest(number.mantissa / divisor | (number.mantissa % divisor != 0), number.exponent);
}

/* The smallest integer that is not below it; UINT64_MAX, which nobody can pay, for all from there on. */
static uint64_t round_up(struct binary number) {
  uint64_t whole = number.mantissa, rest = 0;

  for (int i = 0; i < number.exponent; i++) {
    if (whole > UINT64_MAX / 2) return UINT64_MAX;
    whole *= 2;
  }
  for (int i = 0; i > number.exponent; i--) {
    rest |= whole & 1;
    whole /= 2;
  }
  return whole + rest;
}

/* No step rounds. */
static double to_double(struct binary number) {
  double value = (double)number.mantissa;

  for (int i = 0; i < number.exponent; i++) value *= 2;
  for (int i = 0; i > number.exponent; i--) value /= 2;
  return value;
}

static struct binary raw_price(const struct bs_namespace_rules *rules, const char *name) {
  size_t length = strcspn(name, ".");
  unsigned exponent = rules->buckets[length >= 1 && length <= BS_BUCKETS ? length - 1 : BS_BUCKETS - 1];
  unsigned discount = 1;
  struct binary price;

  if (strcspn(name, "aeiouy") >= length) discount = rules->no_vowel_discount;
  if (strcspn(name, "0123456789-_") < length && rules->nonalpha_discount > discount)
    discount = rules->nonalpha_discount;
  price = divide(power(rules->coeff, rules->base, exponent), discount);
  return nearest(price.mantissa * UNIT, price.exponent);
}

static uint64_t least_fee(const struct bs_namespace_rules *rules, const char *name) {
  uint64_t price = round_up(raw_price(rules, name));

  return price < UNIT ? UNIT : price;
}

bool bs_price_is_paid(const struct bs_namespace_rules *rules, const char *name, uint64_t fee) {
  return fee >= least_fee(rules, name);
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
  double price = to_double(raw_price(rules, name));

  if (price < UNIT) {
    snprintf(text, BS_FEE_TEXT, "%u", UNIT);
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
  uint64_t price = least_fee(rules, name);

  return price > INT64_MAX ? INT64_MAX : price;
}

uint64_t bs_price_of_namespace(const char *id) {
  size_t length = strlen(id);

  if (length <= 1) return 400 * COIN;
  if (length <= 3) return 40 * COIN;
  return length <= 7 ? 4 * COIN : 4 * COIN / 10;
}

/* SPDX-License-Identifier: MIT */
/* Prices (protocol.md 3.3), in doubles as the original's were: a paid fee is compared with the unrounded price. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chain/wire.h"

#define UNIT 100.0 /* satoshis; the least price too */
#define COIN UINT64_C(100000000)

static double raw_price(const struct bs_namespace_rules *rules, const char *name) {
  size_t length = strcspn(name, ".");
  unsigned exponent = rules->buckets[length >= 1 && length <= BS_BUCKETS ? length - 1 : BS_BUCKETS - 1];
  unsigned discount = 1;
  double price = rules->coeff;

  if (strcspn(name, "aeiouy") >= length) discount = rules->no_vowel_discount;
  if (strcspn(name, "0123456789-_") < length && rules->nonalpha_discount > discount)
    discount = rules->nonalpha_discount;
  for (unsigned i = 0; i < exponent; i++) price *= rules->base;
  return price / discount * UNIT;
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

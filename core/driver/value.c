/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/value.h"

#include <stdio.h>
#include <string.h>

static const struct {
  const char *text;
  const char *expected;
} types[] = {
    [BS_OPTION_STRING] = {"string", "text"},
    [BS_OPTION_INT] = {"int", "a whole number of 64 bits"},
    [BS_OPTION_SIZE] = {"size", "a size in bytes such as 4096, 64K, 10M or 2GiB"},
    [BS_OPTION_BOOL] = {"bool", "true or false"},
    [BS_OPTION_DURATION] = {"duration", "a duration such as 500ms, 5s, 2m or 1h"},
    [BS_OPTION_PATH] = {"path", "a path"},
    [BS_OPTION_SECRET] = {"secret", "a secret, as ${VARIABLE} or {file: PATH}"},
    [BS_OPTION_LIST] = {"list", "a list of texts"},
    [BS_OPTION_ENUM] = {"enum", NULL},
};

struct unit {
  const char *text;
  int64_t factor;
};
static const struct unit sizes[] = {
    {"", 1},
    {"K", INT64_C(1) << 10}, {"KiB", INT64_C(1) << 10}, {"M", INT64_C(1) << 20}, {"MiB", INT64_C(1) << 20},
    {"G", INT64_C(1) << 30}, {"GiB", INT64_C(1) << 30}, {"T", INT64_C(1) << 40}, {"TiB", INT64_C(1) << 40},
    {NULL, 0},
};
static const struct unit durations[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct unit none[] = {{"", 1}, {NULL, 0}};

/* [-]DIGITS UNIT, digits without needless zeros: 010 is eight to some readers and ten to others. */
static bool read_number(int64_t *ret_number, const char *text, const struct unit *units, bool may_be_negative) {
  const char *at = text;
  int64_t number = 0;

  if (*at == '-' && may_be_negative) at++;
  if (at[0] < '0' || at[0] > '9' || (at[0] == '0' && at[1] >= '0' && at[1] <= '9')) return false;
  for (; *at >= '0' && *at <= '9'; at++) {
    int digit = text[0] == '-' ? '0' - *at : *at - '0';

    if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digit, &number)) return false;
  }
  for (; units->text != NULL; units++) {
    if (strcmp(at, units->text) != 0) continue;
    if (__builtin_mul_overflow(number, units->factor, &number)) return false;
    *ret_number = number;
    return true;
  }
  return false;
}

static bool read_bool(int64_t *ret_number, const char *text) {
  bool is_true = strcmp(text, "true") == 0;

  if (!is_true && strcmp(text, "false") != 0) return false;
  *ret_number = is_true;
  return true;
}

static bool is_one_of(const char *text, const char *values) {
  size_t length = strlen(text);

  for (const char *at = values; length > 0; at++) {
    size_t word = strcspn(at, ",");

    if (word == length && memcmp(at, text, length) == 0) return true;
    at += word;
    if (*at == '\0') break;
  }
  return false;
}

bool bs_option_number(int64_t *ret_number, enum bs_option_type type, const char *text, const char *values) {
  switch (type) {
    case BS_OPTION_INT: return read_number(ret_number, text, none, true);
    case BS_OPTION_SIZE: return read_number(ret_number, text, sizes, false);
    case BS_OPTION_BOOL: return read_bool(ret_number, text);
    case BS_OPTION_DURATION: return read_number(ret_number, text, durations, false);
    case BS_OPTION_ENUM:
      if (!is_one_of(text, values)) return false;
      break;
    case BS_OPTION_PATH:
      if (text[0] == '\0') return false;
      break;
    case BS_OPTION_STRING:
    case BS_OPTION_SECRET:
    case BS_OPTION_LIST: break;
  }
  *ret_number = 0;
  return true;
}

const char *bs_option_expected(char text[BS_EXPECTED_SIZE], enum bs_option_type type, const char *values) {
  size_t length = 0;

  if (type != BS_OPTION_ENUM) return types[type].expected;
  text[0] = '\0';
  for (const char *at = values; *at != '\0' && length < BS_EXPECTED_SIZE;) {
    size_t word = strcspn(at, ",");
    const char *next = at + word + (at[word] == ',');
    const char *comma = length == 0 ? "" : *next == '\0' ? " or " : ", ";

    length += (size_t)snprintf(text + length, BS_EXPECTED_SIZE - length, "%s%.*s", comma, (int)word, at);
    at = next;
  }
  return text;
}

const char *bs_option_type_text(enum bs_option_type type) {
  return types[type].text;
}

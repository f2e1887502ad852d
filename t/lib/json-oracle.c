/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/lib/json-oracle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHARACTERS 1100
#define MEMBERS 16

/* What is left to read.  A rule that matches takes its bytes off; one that does not match returns false, and all is over, or
 * has taken nothing. */
struct text {
  const unsigned char *at, *end;
};

struct string {
  uint32_t characters[CHARACTERS];
  size_t count;
};

static bool value(struct text *text, size_t depth);

static bool literal(struct text *text, const char *expected) {
  size_t length = strlen(expected);

  if ((size_t)(text->end - text->at) < length || memcmp(text->at, expected, length) != 0) return false;
  text->at += length;
  return true;
}

/* One byte of those; the character in a C string, so never a zero byte. */
static bool one_of(struct text *text, const char *bytes) {
  if (text->at == text->end || *text->at == 0 || strchr(bytes, *text->at) == NULL) return false;
  text->at++;
  return true;
}

static bool some_of(struct text *text, const char *bytes) {
  if (!one_of(text, bytes)) return false;
  while (one_of(text, bytes)) continue;
  return true;
}

/* ws = *( %x20 / %x09 / %x0A / %x0D ) */
static void ws(struct text *text) {
  some_of(text, " \t\n\r");
}

/* number = [ minus ] int [ frac ] [ exp ] */
static bool number(struct text *text) {
  const char *digits = "0123456789";

  literal(text, "-");
  if (!literal(text, "0")) {
    if (!one_of(text, "123456789")) return false;
    some_of(text, digits);
  }
  if (literal(text, ".") && !some_of(text, digits)) return false;
  if (!one_of(text, "eE")) return true;
  one_of(text, "+-");
  return some_of(text, digits);
}

static size_t utf8_size(uint32_t character) {
  return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

/* Whatever the leading one bits promise; then it must be what the character needs. */
static bool utf8(struct text *text, uint32_t *ret_character) {
  unsigned first = *text->at++, size = 0;
  uint32_t character;

  while (size < 8 && (first & 0x80u >> size) != 0) size++;
  if (size == 1 || size > 4) return false;
  character = size == 0 ? first : first & 0x7fu >> size;
  for (size_t i = 1; i < size; i++) {
    if (text->at == text->end || *text->at / 64 != 2) return false;
    character = character * 64 + *text->at++ % 64;
  }
  *ret_character = character;
  return utf8_size(character) == (size == 0 ? 1 : size) && character <= 0x10ffff && character / 0x800 != 0xd800 / 0x800;
}

static bool hex4(struct text *text, uint32_t *ret_unit) {
  char digits[5] = "";

  for (size_t i = 0; i < 4; i++) {
    if (!one_of(text, "0123456789abcdefABCDEF")) return false;
    digits[i] = (char)text->at[-1];
  }
  *ret_unit = (uint32_t)strtoul(digits, NULL, 16);
  return true;
}

/* Behind a backslash. */
static bool escape(struct text *text, uint32_t *ret_character) {
  static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  uint32_t low;

  if (one_of(text, names)) {
    *ret_character = (unsigned char)meanings[strchr(names, text->at[-1]) - names];
    return true;
  }
  if (!literal(text, "u") || !hex4(text, ret_character)) return false;
  if (*ret_character / 0x400 == 0xdc00 / 0x400) return false;
  if (*ret_character / 0x400 != 0xd800 / 0x400) return true;
  if (!literal(text, "\\u") || !hex4(text, &low) || low / 0x400 != 0xdc00 / 0x400) return false;
  *ret_character = 0x10000 + *ret_character % 0x400 * 0x400 + low % 0x400;
  return true;
}

/* string = quotation-mark *char quotation-mark; no character is U+0000 */
static bool string(struct text *text, struct string *ret_string) {
  ret_string->count = 0;
  if (!literal(text, "\"")) return false;
  while (!literal(text, "\"")) {
    uint32_t character = 0;

    if (text->at == text->end || *text->at < 0x20 || ret_string->count == CHARACTERS) return false;
    if (!(literal(text, "\\") ? escape(text, &character) : utf8(text, &character)) || character == 0) return false;
    ret_string->characters[ret_string->count++] = character;
  }
  return true;
}

static bool is_same(const struct string *a, const struct string *b) {
  return a->count == b->count && memcmp(a->characters, b->characters, a->count * sizeof a->characters[0]) == 0;
}

/* array = begin-array [ value *( value-separator value ) ] end-array */
static bool array(struct text *text, size_t depth) {
  ws(text);
  if (literal(text, "]")) return true;
  do {
    ws(text);
    if (!value(text, depth)) return false;
    ws(text);
  } while (literal(text, ","));
  return literal(text, "]");
}

/* object = begin-object [ member *( value-separator member ) ] end-object; no key twice */
static bool members(struct text *text, size_t depth, struct string *keys) {
  size_t count = 0;

  do {
    ws(text);
    if (count == MEMBERS || !string(text, &keys[count])) return false;
    for (size_t i = 0; i < count; i++)
      if (is_same(&keys[i], &keys[count])) return false;
    count++;
    ws(text);
    if (!literal(text, ":")) return false;
    ws(text);
    if (!value(text, depth)) return false;
    ws(text);
  } while (literal(text, ","));
  return literal(text, "}");
}

static bool object(struct text *text, size_t depth) {
  struct string *keys;
  bool good;

  ws(text);
  if (literal(text, "}")) return true;
  keys = malloc(MEMBERS * sizeof *keys);
  good = keys != NULL && members(text, depth, keys);
  free(keys);
  return good;
}

/* value = false / null / true / object / array / number / string */
static bool value(struct text *text, size_t depth) {
  struct string ignored;

  if (literal(text, "[")) return depth > 0 && array(text, depth - 1);
  if (literal(text, "{")) return depth > 0 && object(text, depth - 1);
  if (text->at < text->end && *text->at == '"') return string(text, &ignored);
  return literal(text, "true") || literal(text, "false") || literal(text, "null") || number(text);
}

/* JSON-text = ws value ws */
bool json_oracle(const void *bytes, size_t length, size_t depth) {
  struct text text = {bytes, (const unsigned char *)bytes + length};

  ws(&text);
  if (!value(&text, depth)) return false;
  ws(&text);
  return text.at == text.end;
}

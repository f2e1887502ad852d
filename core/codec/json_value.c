/* SPDX-License-Identifier: MIT */
/* Walks over scanned values.  Nothing is checked again, but no walk leaves its span, whatever that holds. */
#include <config.h>

#include "core/codec/json.h"

#include "core/codec/hex.h"

enum bs_json_type bs_json_type(struct bs_json value) {
  switch (value.text[0]) {
    case '{': return BS_JSON_OBJECT;
    case '[': return BS_JSON_ARRAY;
    case '"': return BS_JSON_STRING;
    case 't': return BS_JSON_TRUE;
    case 'f': return BS_JSON_FALSE;
    case 'n': return BS_JSON_NULL;
    default: return BS_JSON_NUMBER;
  }
}

/* The byte behind the string that begins at `at`: behind the first quote with an even number of backslashes before. */
static const char *string_end(const char *at, const char *end) {
  const char *start = ++at;
  while (at < end) {
    const char *quote = memchr(at, '"', (size_t)(end - at)), *before = quote;
    if (quote == NULL) return end;
    while (before > start && before[-1] == '\\') before--;
    if ((quote - before) % 2 == 0) return quote + 1;
    at = quote + 1;
  }
  return end;
}

static const char *container_end(const char *at, const char *end) {
  size_t depth = 0;
  while (at < end) {
    if (*at == '"') {
      at = string_end(at, end);
      continue;
    }
    if (*at == '{' || *at == '[') depth++;
    if (*at == '}' || *at == ']') depth--;
    at++;
    if (depth == 0) break;
  }
  return at;
}

static bool is_separator(char byte) {
  return byte == ' ' || byte == ',' || byte == ':' || byte == '\n' || byte == '\t' || byte == '\r';
}

static const char *value_end(const char *at, const char *end) {
  if (*at == '"') return string_end(at, end);
  if (*at == '{' || *at == '[') return container_end(at, end);
  while (at < end && !is_separator(*at)) at++;
  return at;
}

struct bs_json_iterator bs_json_begin(struct bs_json array_or_object) {
  struct bs_json value = array_or_object;
  bool nests = bs_json_type(value) == BS_JSON_ARRAY || bs_json_type(value) == BS_JSON_OBJECT;
  if (!nests) return (struct bs_json_iterator){value.text, value.text};
  return (struct bs_json_iterator){value.text + 1, value.text + value.length - 1};
}

bool bs_json_next_item(struct bs_json_iterator *iterator, struct bs_json *ret_item) {
  const char *at = iterator->at;
  while (at < iterator->end && is_separator(*at)) at++;
  if (at == iterator->end) return false;
  iterator->at = value_end(at, iterator->end);
  *ret_item = (struct bs_json){at, (size_t)(iterator->at - at)};
  return true;
}

/* In a scanned object keys and values alternate, and a colon separates as a comma does. */
bool bs_json_next_member(struct bs_json_iterator *iterator, struct bs_json *ret_key, struct bs_json *ret_value) {
  return bs_json_next_item(iterator, ret_key) && bs_json_next_item(iterator, ret_value);
}

bool bs_json_find(struct bs_json object, const char *key, struct bs_json *ret_value) {
  if (bs_json_type(object) != BS_JSON_OBJECT) return false;
  struct bs_json_iterator members = bs_json_begin(object);
  struct bs_json name, value;
  size_t length = strlen(key);
  while (bs_json_next_member(&members, &name, &value)) {
    if (!bs_json_string_is(name, key, length)) continue;
    *ret_value = value;
    return true;
  }
  return false;
}

bool bs_json_hex(struct bs_json value, void *bytes, size_t length) {
  return bs_json_type(value) == BS_JSON_STRING && value.length == 2 * length + 2 && bs_hex_decode(bytes, length, value.text + 1);
}

bool bs_json_integer(struct bs_json value, uint64_t *ret_integer) {
  uint64_t integer = 0;
  if (value.length > 16 || (value.length > 1 && value.text[0] == '0')) return false;
  for (size_t i = 0; i < value.length; i++) {
    if (value.text[i] < '0' || value.text[i] > '9') return false;
    integer = integer * 10 + (uint64_t)(value.text[i] - '0');
  }
  if (integer > BS_JSON_INTEGER_MAX) return false;
  *ret_integer = integer;
  return true;
}

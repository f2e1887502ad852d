/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "core/codec/json_text.h"

#define BLOCK 64
#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* Eight bytes at once; a borrow can only come out of a byte that itself is not plain. */
static bool all_plain(const unsigned char *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  uint64_t control = word - EACH_BYTE(0x20);
  uint64_t quote = (word ^ EACH_BYTE('"')) - EACH_BYTE(1);
  uint64_t backslash = (word ^ EACH_BYTE('\\')) - EACH_BYTE(1);
  return ((word | control | quote | backslash) & EACH_BYTE(0x80)) == 0;
}

/* Without a branch: the compiler makes vectors of a block of them. */
static bool is_plain(unsigned char byte) {
  return (byte >= 0x20) & (byte < 0x80) & (byte != '"') & (byte != '\\');
}

static bool is_plain_block(const unsigned char *at) {
  unsigned char plain = 1;
  for (size_t i = 0; i < BLOCK; i++) plain &= (unsigned char)is_plain(at[i]);
  return plain;
}

const unsigned char *bs_json_plain_end(const unsigned char *at, const unsigned char *end) {
  while (end - at >= BLOCK && is_plain_block(at)) at += BLOCK;
  while (end - at >= 8 && all_plain(at)) at += 8;
  while (at < end && is_plain(*at)) at++;
  return at;
}

/* The Unicode Standard, table 3-7: the second byte's range is what rules out overlong forms and surrogates. */
size_t bs_utf8_size(const unsigned char *at, const unsigned char *end) {
  unsigned char first = at[0], low = 0x80, high = 0xbf;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if ((size_t)(end - at) < size) return 0;
  if (first == 0xe0) low = 0xa0;
  if (first == 0xed) high = 0x9f;
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f;
  if (at[1] < low || at[1] > high) return 0;
  for (size_t i = 2; i < size; i++) {
    if (at[i] < 0x80 || at[i] > 0xbf) return 0;
  }
  return size;
}

bool bs_utf8_valid(const void *bytes, size_t length) {
  const unsigned char *at = bytes;
  for (size_t left = length, size; left > 0; at += size, left -= size) {
    size = *at == 0 ? 0 : bs_utf8_size(at, at + left);
    if (size == 0) return false;
  }
  return true;
}

static size_t write_utf8(unsigned char *to, uint32_t character) {
  if (character < 0x80) {
    to[0] = (unsigned char)character;
    return 1;
  }
  size_t size = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
  static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = size; i-- > 1; character >>= 6) to[i] = (unsigned char)(0x80 | (character & 0x3f));
  to[0] = (unsigned char)(marks[size] | character);
  return size;
}

static uint32_t read_hex4(const char *digits) {
  unsigned char bytes[2] = {0};
  (void)bs_hex_decode_any_case(bytes, sizeof bytes, digits);
  return (uint32_t)(bytes[0] << 8 | bytes[1]);
}

/* Decodes the escape at *at, a backslash, and moves behind it. */
static size_t unescape_one(unsigned char to[4], const char **at) {
  static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
  const char *escape = *at;
  if (escape[1] != 'u') {
    const char *name = memchr(names, escape[1], sizeof(names) - 1);
    to[0] = (unsigned char)(name != NULL ? values[name - names] : escape[1]);
    *at += 2;
    return 1;
  }
  uint32_t character = read_hex4(escape + 2);
  *at += 6;
  if (character >= 0xd800 && character <= 0xdbff) {
    character = 0x10000 + ((character - 0xd800) << 10) + (read_hex4(escape + 8) - 0xdc00);
    *at += 6;
  }
  return write_utf8(to, character);
}

size_t bs_json_unescape(unsigned char *to, const char *from, size_t length) {
  unsigned char *start = to;
  const char *end = from + length;
  while (from < end) {
    const char *escape = memchr(from, '\\', (size_t)(end - from));
    size_t run = (size_t)((escape != NULL ? escape : end) - from);
    memcpy(to, from, run);
    to += run;
    from += run;
    if (escape != NULL) to += unescape_one(to, &from);
  }
  return (size_t)(to - start);
}

void bs_json_string(struct bs_json string, struct bs_buffer *ret_text) {
  if (bs_json_type(string) != BS_JSON_STRING) return;
  unsigned char *to = bs_buffer_extend(ret_text, string.length); /* the quotes' two bytes more than needed */
  if (to == NULL) return;
  ret_text->length -= string.length;
  ret_text->length += bs_json_unescape(to, string.text + 1, string.length - 2);
}

bool bs_json_string_is(struct bs_json value, const char *text, size_t length) {
  if (bs_json_type(value) != BS_JSON_STRING || value.length - 2 < length) return false;
  const char *at = value.text + 1, *end = value.text + value.length - 1;
  while (at < end) {
    unsigned char escaped[4];
    const void *run = at;
    const char *escape = memchr(at, '\\', (size_t)(end - at));
    size_t size = (size_t)((escape != NULL ? escape : end) - at);
    at += size;
    if (size == 0) {
      size = unescape_one(escaped, &at);
      run = escaped;
    }
    if (length < size || memcmp(text, run, size) != 0) return false;
    text += size;
    length -= size;
  }
  return length == 0;
}

static void write_escape(struct bs_buffer *json, unsigned char byte) {
  static const char names[] = "\"\\bfnrt", values[] = "\"\\\b\f\n\r\t";
  const char *value = memchr(values, byte, sizeof(values) - 1);
  if (value == NULL) {
    bs_buffer_format(json, "\\u%04x", byte);
  } else {
    bs_buffer_byte(json, '\\');
    bs_buffer_byte(json, (unsigned char)names[value - values]);
  }
}

void bs_json_write_string(struct bs_buffer *ret_json, const char *text, size_t length) {
  const unsigned char *at = (const unsigned char *)(length > 0 ? text : ""), *end = at + length;
  bs_buffer_reserve(ret_json, length + 2);
  bs_buffer_byte(ret_json, '"');
  while (at < end) {
    const unsigned char *run = at;
    do at = bs_json_plain_end(at, end);
    while (at < end && *at >= 0x80 && ++at < end);
    bs_buffer_add(ret_json, run, (size_t)(at - run));
    if (at < end) write_escape(ret_json, *at++);
  }
  bs_buffer_byte(ret_json, '"');
}

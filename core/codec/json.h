/* SPDX-License-Identifier: MIT */
/*
 * JSON that is hashed or signed: RFC 8259 and more strictly.  Valid UTF-8, no U+0000, no lone surrogates, no duplicate
 * keys (compared after unescaping), nothing but white space around the one value, depth and size bounded.
 *
 * A document is scanned once, whole; after that its values are spans of the received bytes, which are found, compared
 * and decoded without copying the document.  Spans are valid while those bytes are.
 */
#ifndef BS_CODEC_JSON_H
#define BS_CODEC_JSON_H

#include <stdint.h>

#include "core/base/buffer.h"

#define BS_JSON_INTEGER_MAX ((UINT64_C(1) << 53) - 1)
#define BS_JSON_DEPTH_MAX 64

enum bs_json_type {
  BS_JSON_NULL,
  BS_JSON_FALSE,
  BS_JSON_TRUE,
  BS_JSON_NUMBER,
  BS_JSON_STRING,
  BS_JSON_ARRAY,
  BS_JSON_OBJECT
};

/* One scanned value, without white space around it; a string includes its quotes. */
struct bs_json {
  const char *text;
  size_t length;
};

struct bs_json_limits {
  size_t size;  /* bytes of the document; never more than UINT32_MAX */
  size_t depth; /* of nested arrays and objects, a scalar having 0; never more than BS_JSON_DEPTH_MAX */
};

/* The only way to a struct bs_json.  The message says what is wrong and at which byte offset; word: malformed
 * (too_large, with result BLOCKSTORE_FORGED, beyond limits->size). */
bool bs_json_scan(struct bs_json *ret_root, const void *bytes, size_t length, const struct bs_json_limits *limits,
                  struct bs_error *error);

enum bs_json_type bs_json_type(struct bs_json value);

/* Iterates over an array or object: start at bs_json_begin(value), call next until it returns false.  Nothing is in a
 * scalar. */
struct bs_json_iterator {
  const char *at;
  const char *end;
};
struct bs_json_iterator bs_json_begin(struct bs_json array_or_object);
bool bs_json_next_item(struct bs_json_iterator *iterator, struct bs_json *ret_item);
bool bs_json_next_member(struct bs_json_iterator *iterator, struct bs_json *ret_key, struct bs_json *ret_value);

/* The member of an object; false when it has none, or is no object.  Keys are compared exactly, after unescaping.  It
 * walks over the members before: who looks up many keys of a large object iterates instead. */
bool bs_json_find(struct bs_json object, const char *key, struct bs_json *ret_value);

/* Appends the unescaped UTF-8 of a string; nothing for a value of another type. */
void bs_json_string(struct bs_json string, struct bs_buffer *ret_text);
/* Is it a string that unescapes to exactly `text`? */
bool bs_json_string_is(struct bs_json value, const char *text, size_t length);
/* False unless it is a number written as digits only, without leading zero, at most BS_JSON_INTEGER_MAX. */
bool bs_json_integer(struct bs_json value, uint64_t *ret_integer);
/* False unless it is a string of exactly 2 * length lower-case hexadecimal digits, none of them escaped. */
bool bs_json_hex(struct bs_json value, void *bytes, size_t length);

/* Appends text as a JSON string: escapes '"', '\\' and control characters only (\b \f \n \r \t, else \u00xx). */
void bs_json_write_string(struct bs_buffer *ret_json, const char *text, size_t length);

/* Valid UTF-8 without U+0000? */
bool bs_utf8_valid(const void *bytes, size_t length);

#endif

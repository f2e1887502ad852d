/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/json.h"

#include <string.h>

#include "core/codec/hex.h"
#include "core/codec/json.h"

void bsd_json_item(struct bs_buffer *json) {
  unsigned char last = json->length == 0 ? '[' : json->bytes[json->length - 1];

  if (last != '{' && last != '[' && last != ':') bs_buffer_byte(json, ',');
}

void bsd_json_key(struct bs_buffer *json, const char *key) {
  bsd_json_item(json);
  bs_buffer_byte(json, '"');
  bs_buffer_text(json, key);
  bs_buffer_add(json, "\":", 2);
}

void bsd_json_text(struct bs_buffer *json, const char *key, const char *text) {
  bsd_json_key(json, key);
  if (text == NULL) bs_buffer_text(json, "null");
  else bs_json_write_string(json, text, strlen(text));
}

void bsd_json_number(struct bs_buffer *json, const char *key, uint64_t number) {
  bsd_json_key(json, key);
  bs_buffer_decimal(json, number);
}

void bsd_json_truth(struct bs_buffer *json, const char *key, bool truth) {
  bsd_json_key(json, key);
  bs_buffer_text(json, truth ? "true" : "false");
}

void bsd_json_hex_digits(struct bs_buffer *json, const void *bytes, size_t length) {
  char *digits = (char *)bs_buffer_extend(json, 2 * length + 1);

  if (digits == NULL) return;
  bs_hex_encode(digits, bytes, length);
  json->length--; /* the NUL */
}

void bsd_json_hex(struct bs_buffer *json, const char *key, const void *bytes, size_t length) {
  bsd_json_key(json, key);
  if (length == 0) {
    bs_buffer_text(json, "null");
    return;
  }
  bs_buffer_byte(json, '"');
  bsd_json_hex_digits(json, bytes, length);
  bs_buffer_byte(json, '"');
}

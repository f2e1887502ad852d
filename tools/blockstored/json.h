/* SPDX-License-Identifier: MIT */
/*
 * JSON as it is written here: behind what stands in the buffer, with a comma where one is due, which the last byte tells.
 * Texts are UTF-8.
 */
#ifndef BLOCKSTORED_JSON_H
#define BLOCKSTORED_JSON_H

#include "core/base/buffer.h"

/* A comma, unless an object, an array or a member begins here. */
void bsd_json_item(struct bs_buffer *json);
void bsd_json_key(struct bs_buffer *json, const char *key);
void bsd_json_text(struct bs_buffer *json, const char *key, const char *text); /* NULL: null */
void bsd_json_number(struct bs_buffer *json, const char *key, uint64_t number);
void bsd_json_truth(struct bs_buffer *json, const char *key, bool truth);
void bsd_json_hex(struct bs_buffer *json, const char *key, const void *bytes, size_t length); /* length 0: null */
/* The bytes as hexadecimal, without quotes. */
void bsd_json_hex_digits(struct bs_buffer *json, const void *bytes, size_t length);

#endif

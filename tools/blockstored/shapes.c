/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/shapes.h"

#include <string.h>

#include "core/base/auto.h"
#include "core/codec/json.h"
#include "tools/blockstored/json.h"
#include "tools/blockstored/service.h"

/* A byte beyond ASCII, which only the count of a preorder of several names can be, is shown as the character of that
 * number; so is one below. */
static void write_text(struct bs_buffer *json, const struct bs_field *field) {
  char text[2 * 128 + 1];
  size_t length = 0;

  if (field->length <= 128 && strcmp(field->name, "op") != 0) { /* of no other one a byte can be such */
    bs_json_write_string(json, field->value, field->length);
    return;
  }
  for (size_t i = 0; i < field->length && length + 2 < sizeof text; i++) {
    unsigned char byte = (unsigned char)field->value[i];

    if (byte >= 0x80) text[length++] = (char)(0xc0 | byte >> 6);
    text[length++] = (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
  }
  bs_json_write_string(json, text, length);
}

void bsd_field_write(struct bs_buffer *json, const struct bs_field *field) {
  bsd_json_key(json, field->name);
  if (field->kind == BS_FIELD_TRUTH) bs_buffer_text(json, field->value[0] == 'T' ? "true" : "false");
  else if (field->kind != BS_FIELD_TEXT) bs_buffer_add(json, field->value, field->length); /* as JSON writes it */
  else if (field->length == 0) bs_buffer_text(json, "null");
  else write_text(json, field);
}

void bsd_fields_write(struct bs_buffer *json, const struct bs_fields *fields) {
  bsd_json_text(json, "opcode", bs_opcode_text(fields->opcode));
  for (size_t i = 0; i < fields->count; i++) bsd_field_write(json, &fields->items[i]);
}

void bsd_fields_serialise(struct bs_buffer *text, const struct bs_fields *fields) {
  bs_buffer_byte(text, (unsigned char)fields->opcode);
  bs_buffer_byte(text, ':');
  for (size_t i = 0; i < fields->count; i++) {
    bs_buffer_format(text, "%s%zu:", i == 0 ? "" : ",", fields->items[i].length);
    bs_buffer_add(text, fields->items[i].value, fields->items[i].length);
  }
}

bool bsd_list_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct bs_buffer *json = user;

  bsd_json_item(json);
  bs_buffer_byte(json, '{');
  bsd_json_number(json, "block", block);
  bsd_fields_write(json, fields);
  bs_buffer_byte(json, '}');
  return bs_buffer_ok(json, error);
}

void bsd_list_texts(struct bs_buffer *json, const char *texts, size_t count) {
  bs_buffer_byte(json, '[');
  for (size_t i = 0; i < count; i++, texts += strlen(texts) + 1) {
    if (i > 0) bs_buffer_byte(json, ',');
    bs_json_write_string(json, texts, strlen(texts));
  }
  bs_buffer_byte(json, ']');
}

void bsd_moment_write(struct bs_buffer *json, const struct bs_moment *moment) {
  bsd_json_number(json, "block", moment->block);
  bsd_json_hex(json, "consensus", moment->consensus, moment->exists ? sizeof moment->consensus : 0);
}

/* Is there room for one more? */
static bool has_room(struct bsd_page *page) {
  page->more = page->json->length - page->from > BSD_RESULT_MAX;
  return !page->more;
}

bool bsd_page_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct bsd_page *page = user;

  if (!has_room(page))
    return bs_fail(error, BS_WORD_too_large, "There are more operations than one reply holds; %s.", page->full);
  return bsd_list_operation(page->json, block, fields, error);
}

bool bsd_page_serialised(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct bsd_page *page = user;
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

  if (page->skip > 0) {
    page->skip--;
    return true;
  }
  if (!has_room(page)) return false;
  bsd_fields_serialise(&text, fields);
  bsd_json_item(page->json);
  if (page->with_block) bs_buffer_format(page->json, "[%llu,", (unsigned long long)block);
  bs_buffer_byte(page->json, '"');
  bsd_json_hex_digits(page->json, text.bytes, text.length);
  bs_buffer_text(page->json, page->with_block ? "\"]" : "\"");
  return bs_buffer_ok(&text, error) && bs_buffer_ok(page->json, error);
}

bool bsd_page_end(const struct bsd_page *page, bool good) {
  return good || page->more;
}

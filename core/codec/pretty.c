/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/codec/pretty.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"

struct member {
  struct bs_json key, value;
};

static int compare(const void *a, const void *b) {
  const struct bs_json *left = &((const struct member *)a)->key, *right = &((const struct member *)b)->key;
  size_t least = left->length < right->length ? left->length : right->length;
  int order = memcmp(left->text + 1, right->text + 1, least - 2);

  return order != 0 ? order : (left->length > right->length) - (left->length < right->length);
}

static void line(struct bs_buffer *text, size_t depth) {
  bs_buffer_byte(text, '\n');
  for (size_t i = 0; i < depth; i++) bs_buffer_text(text, "    ");
}

static void print(struct bs_buffer *text, struct bs_json value, size_t depth);

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the scanner's limit let the document be, 64 */
static void print_object(struct bs_buffer *text, struct bs_json object, size_t depth) {
  struct bs_buffer members BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_json_iterator iterator = bs_json_begin(object);
  struct member member, *sorted;
  size_t count;

  while (bs_json_next_member(&iterator, &member.key, &member.value)) bs_buffer_add(&members, &member, sizeof member);
  if (members.failed) text->failed = true;
  if (members.failed) return;
  sorted = (struct member *)(void *)members.bytes;
  count = members.length / sizeof *sorted;
  if (count > 0) qsort(sorted, count, sizeof *sorted, compare);
  bs_buffer_byte(text, '{');
  for (size_t i = 0; i < count; i++) {
    if (i > 0) bs_buffer_byte(text, ',');
    line(text, depth + 1);
    bs_buffer_add(text, sorted[i].key.text, sorted[i].key.length);
    bs_buffer_text(text, ": ");
    print(text, sorted[i].value, depth + 1);
  }
  if (count > 0) line(text, depth);
  bs_buffer_byte(text, '}');
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
static void print_array(struct bs_buffer *text, struct bs_json array, size_t depth) {
  struct bs_json_iterator iterator = bs_json_begin(array);
  struct bs_json item;
  bool is_empty = true;

  bs_buffer_byte(text, '[');
  for (; bs_json_next_item(&iterator, &item); is_empty = false) {
    if (!is_empty) bs_buffer_byte(text, ',');
    line(text, depth + 1);
    print(text, item, depth + 1);
  }
  if (!is_empty) line(text, depth);
  bs_buffer_byte(text, ']');
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
static void print(struct bs_buffer *text, struct bs_json value, size_t depth) {
  enum bs_json_type type = bs_json_type(value);

  if (type == BS_JSON_OBJECT) print_object(text, value, depth);
  if (type == BS_JSON_ARRAY) print_array(text, value, depth);
  if (type != BS_JSON_OBJECT && type != BS_JSON_ARRAY) bs_buffer_add(text, value.text, value.length);
}

void bs_json_pretty(struct bs_buffer *ret_text, struct bs_json value) {
  print(ret_text, value, 0);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/record/entries.h"

#include <stdlib.h>
#include <string.h>

void bs_entries_free(struct bs_entries *entries) {
  bs_buffer_free(&entries->array);
  bs_buffer_free(&entries->decoded);
}

void bs_entries_clear(struct bs_entries *entries) {
  bs_buffer_clear(&entries->array);
  bs_buffer_clear(&entries->decoded);
}

void bs_entries_add_text(struct bs_entries *entries, const char *text, size_t length, struct bs_json value) {
  struct bs_entry entry = {text, length, value};

  bs_buffer_add(&entries->array, &entry, sizeof entry);
}

void bs_entries_add(struct bs_entries *entries, struct bs_json string, struct bs_json value, size_t most) {
  struct bs_buffer *decoded = &entries->decoded;
  size_t before;

  if (memchr(string.text, '\\', string.length) == NULL) {
    bs_entries_add_text(entries, string.text + 1, string.length - 2, value);
    return;
  }
  if (decoded->length == 0) bs_buffer_reserve(decoded, most); /* so that what points into it stays valid */
  before = decoded->length;
  bs_json_string(string, decoded);
  if (!decoded->failed)
    bs_entries_add_text(entries, (const char *)decoded->bytes + before, decoded->length - before, value);
}

bool bs_entries_ok(const struct bs_entries *entries, struct bs_error *error) {
  return bs_buffer_ok(&entries->array, error) && bs_buffer_ok(&entries->decoded, error);
}

size_t bs_entries_count(const struct bs_entries *entries) {
  return entries->array.length / sizeof(struct bs_entry);
}

static struct bs_entry *array_of(const struct bs_entries *entries) {
  return (struct bs_entry *)(void *)entries->array.bytes; /* malloc's alignment */
}

const struct bs_entry *bs_entries_at(const struct bs_entries *entries, size_t at) {
  return array_of(entries) + at;
}

int bs_entry_compare(const struct bs_entry *one, const struct bs_entry *other) {
  int order = memcmp(one->text, other->text, one->length < other->length ? one->length : other->length);

  return order != 0 ? order : (one->length > other->length) - (one->length < other->length);
}

size_t bs_entries_disorder(const struct bs_entries *entries) {
  size_t count = bs_entries_count(entries);

  for (size_t i = 1; i < count; i++)
    if (bs_entry_compare(bs_entries_at(entries, i - 1), bs_entries_at(entries, i)) >= 0) return i;
  return count;
}

static int compare(const void *one, const void *other) {
  return bs_entry_compare(one, other);
}

void bs_entries_sort(struct bs_entries *entries) {
  size_t count = bs_entries_count(entries);

  if (bs_entries_disorder(entries) < count) qsort(array_of(entries), count, sizeof(struct bs_entry), compare);
}

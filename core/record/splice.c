/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/record/splice.h"

#include <string.h>

void bs_splice_free(struct bs_splice *splice) {
  bs_buffer_free(&splice->scratch);
  bs_entries_free(&splice->members);
}

static bool is_one_of(struct bs_json key, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (bs_json_string_is(key, names[i], strlen(names[i]))) return true;
  return false;
}

void bs_splice_collect(struct bs_entries *members, struct bs_json object, const char *const *names, size_t count) {
  struct bs_json_iterator iterator = bs_json_begin(object);
  struct bs_json key, value;

  while (bs_json_next_member(&iterator, &key, &value))
    if (!is_one_of(key, names, count)) bs_entries_add(members, key, value, object.length);
}

void bs_splice_make(struct bs_entries *members, const char *key) {
  static const struct bs_json made = {NULL, 0};

  bs_entries_add_text(members, key, strlen(key), made);
}

bool bs_splice_is(const struct bs_entry *entry, const char *name) {
  return strlen(name) == entry->length && memcmp(name, entry->text, entry->length) == 0;
}

void bs_splice_text(struct bs_splice *splice, const char *text) {
  bs_json_write_string(splice->out, text, strlen(text));
}

/* A string without escapes has none too many. */
void bs_splice_string(struct bs_splice *splice, struct bs_json string) {
  if (memchr(string.text, '\\', string.length) == NULL) {
    bs_splice_copy(splice, string);
    return;
  }
  bs_buffer_clear(&splice->scratch);
  bs_json_string(string, &splice->scratch);
  if (splice->scratch.failed) splice->out->failed = true;
  bs_json_write_string(splice->out, (const char *)splice->scratch.bytes, splice->scratch.length);
}

void bs_splice_copy(struct bs_splice *splice, struct bs_json value) {
  bs_buffer_add(splice->out, value.text, value.length);
}

void bs_splice_separate(struct bs_splice *splice, bool first) {
  if (!first) bs_buffer_add(splice->out, ", ", 2);
}

void bs_splice_key(struct bs_splice *splice, const struct bs_entry *entry, bool first) {
  bs_splice_separate(splice, first);
  bs_json_write_string(splice->out, entry->text, entry->length);
  bs_buffer_add(splice->out, ": ", 2);
}

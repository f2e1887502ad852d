/* SPDX-License-Identifier: MIT */
/*
 * What a JSON array or object holds, with the text that it is sorted by: an object's members by key, routes by id,
 * immutable keys by themselves.  One allocation for all of them, and one more if any text has escapes.
 */
#ifndef BS_RECORD_ENTRIES_H
#define BS_RECORD_ENTRIES_H

#include "core/codec/json.h"

struct bs_entry {
  const char *text; /* unescaped; within the document, or owned by the entries */
  size_t length;
  struct bs_json value;
};

struct bs_entries {
  struct bs_buffer array;   /* of struct bs_entry */
  struct bs_buffer decoded; /* the texts that had escapes; never grows beyond its first reservation */
};

#define BS_ENTRIES_INIT {BS_BUFFER_INIT, BS_BUFFER_INIT}
#define BS_AUTO_ENTRIES BS_AUTO(bs_entries_free)

void bs_entries_free(struct bs_entries *entries);
/* Keeps the memory. */
void bs_entries_clear(struct bs_entries *entries);

/* string: of the text; together the strings that are added between two clears have at most `most` bytes, always the
 * same number (the length of the document that they are from will do). */
void bs_entries_add(struct bs_entries *entries, struct bs_json string, struct bs_json value, size_t most);
/* text: must outlive the entries. */
void bs_entries_add_text(struct bs_entries *entries, const char *text, size_t length, struct bs_json value);
/* False, with no_memory, when an entry could not be added. */
bool bs_entries_ok(const struct bs_entries *entries, struct bs_error *error);

size_t bs_entries_count(const struct bs_entries *entries);
/* at: below the count. */
const struct bs_entry *bs_entries_at(const struct bs_entries *entries, size_t at);

/* By the bytes of their texts: negative, 0 or positive, like memcmp. */
int bs_entry_compare(const struct bs_entry *one, const struct bs_entry *other);
/* The first entry whose text is not above that of the one before it, or the count: then they are sorted and unique. */
size_t bs_entries_disorder(const struct bs_entries *entries);
void bs_entries_sort(struct bs_entries *entries);

#endif

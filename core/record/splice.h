/* SPDX-License-Identifier: MIT */
/*
 * Rewriting JSON objects by splicing: members that are ours are written in one canonical form, what stands in the
 * others is copied byte for byte, because its bytes may mean something to its owner.  All that is written is appended.
 */
#ifndef BS_RECORD_SPLICE_H
#define BS_RECORD_SPLICE_H

#include "core/record/entries.h"

struct bs_splice {
  struct bs_buffer *out;     /* the caller's */
  struct bs_buffer scratch;  /* one unescaped string */
  struct bs_entries members; /* of one object at a time, by key; a value of length 0 is made by whoever writes it */
};

/* Leaves `out` alone. */
void bs_splice_free(struct bs_splice *splice);

/* Adds the object's members but those named. */
void bs_splice_collect(struct bs_entries *members, struct bs_json object, const char *const *names, size_t count);
/* Adds a member whose value is made, not copied. */
void bs_splice_make(struct bs_entries *members, const char *key);

bool bs_splice_is(const struct bs_entry *entry, const char *name);
void bs_splice_text(struct bs_splice *splice, const char *text);
/* With minimal escapes, however it was written. */
void bs_splice_string(struct bs_splice *splice, struct bs_json string);
void bs_splice_copy(struct bs_splice *splice, struct bs_json value);
/* ", " before all but the first. */
void bs_splice_separate(struct bs_splice *splice, bool first);
/* The separator, the key, and ": ". */
void bs_splice_key(struct bs_splice *splice, const struct bs_entry *entry, bool first);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * User records: what a name's value hash points at.  Both generations are read; version 3 is written, by splicing:
 * members that are not ours are copied byte for byte.
 */
#ifndef BS_RECORD_USER_H
#define BS_RECORD_USER_H

#include "core/codec/json.h"

#define BS_USER_RECORD_MAX (32u << 20)
#define BS_KEY_TEXT 65 /* room for 64 hexadecimal digits and a NUL */

enum bs_user_generation { BS_USER_V2, BS_USER_V3 };

/* A parsed user record; its spans are of the bytes given to bs_user_parse. */
struct bs_user {
  enum bs_user_generation generation;
  struct bs_json root;
  struct bs_json immutable; /* the array, or length 0 */
  struct bs_json mutable_;  /* the array, or length 0 */
  char owner[48];           /* v3: the address it was written by; else "" */
};

/* name: the record must be that name's (wrong_id otherwise).  Words: malformed, wrong_id, too_large. */
bool bs_user_parse(struct bs_user *ret_user, const void *bytes, size_t length, const char *name, struct bs_error *error);
/* Is the key (40 or 64 lower-case digits) listed? */
bool bs_user_has_immutable(const struct bs_user *user, const char *key);

/* A change that can be applied again to a newer record (rule 10: a delta). */
struct bs_user_change {
  const char *add_immutable;    /* NULL: none */
  const char *remove_immutable; /* NULL: none */
};

/* Appends a new version 3 record of the name: `user` with the change, or an empty one with it when user is NULL.
 * *ret_changed: false when the result says the same as `user` did (nothing needs to go to the chain). */
bool bs_user_write(struct bs_buffer *ret_record, bool *ret_changed, const struct bs_user *user, const char *name,
                   const char *owner, const struct bs_user_change *change, struct bs_error *error);

/* 40 lower-case digits: hash160 of the record's bytes. */
void bs_user_hash(char hash[41], const void *record, size_t length);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * User records: what a name's value hash points at.  Both generations are read; version 3 is written, by splicing:
 * the values of members that are not ours are copied byte for byte.
 *
 * Version 2 (2015): any order, duplicate immutable keys and routes without order are tolerated, `owner` means nothing.
 * Version 3: `owner`, the address that owned the name; immutable keys and routes sorted by their bytes, each once.
 */
#ifndef BS_RECORD_USER_H
#define BS_RECORD_USER_H

#include "core/codec/json.h"

#define BS_USER_RECORD_MAX (32u << 20)
#define BS_USER_DEPTH_MAX 32
#define BS_KEY_TEXT 65 /* room for 64 hexadecimal digits and a NUL */
#define BS_ID_MAX 4096 /* bytes of a datum's id, once unescaped */
#define BS_URLS_MAX 16
#define BS_URL_MAX 2048

enum bs_user_generation { BS_USER_V2, BS_USER_V3 };

/* A parsed user record; its spans are of the bytes given to bs_user_parse and valid while those are. */
struct bs_user {
  const void *bytes; /* all of the record, as received */
  size_t length;
  enum bs_user_generation generation;
  struct bs_json root;
  struct bs_json name;      /* the object */
  struct bs_json immutable; /* the array, or length 0; its strings are plain digits, without escapes */
  struct bs_json mutable_;  /* the array, or length 0; its items are checked routes */
  char owner[48];           /* v3: the address it says it was written by; else "" */
  bool is_foreign;          /* false; set by who knows that it was not published by the name's present owner, whatever it says */
};

/* name: the record must be that name's (wrong_id otherwise).  Words: malformed, wrong_id, too_large (all FORGED: a
 * caller that parses what a user typed says otherwise), no_memory. */
bool bs_user_parse(struct bs_user *ret_user, const void *bytes, size_t length, const char *name,
                   struct bs_error *error);
/* Is the key (40 or 64 lower-case digits) listed? */
bool bs_user_has_immutable(const struct bs_user *user, const char *key);

struct bs_public_key;

enum bs_route_action {
  BS_ROUTE_KEEP,   /* no route changes */
  BS_ROUTE_SET,    /* adds the route, replaces it, or creates again what was deleted */
  BS_ROUTE_DELETE, /* leaves {"deleted": VER, "id": ID, "urls": []} */
  BS_ROUTE_DROP    /* leaves nothing, not even the memory of a deletion */
};

/* What happens to one route.  No action but BS_ROUTE_DROP lowers the version from which a reader takes the datum:
 * setting a route raises ver_min above a deletion, deleting it raises VER to ver_min - 1, where they are not given so.
 * Members of the route that are not ours are kept. */
struct bs_route_change {
  enum bs_route_action action;
  const char *id;                  /* 1..BS_ID_MAX bytes of UTF-8 */
  const char *const *urls;         /* set: at most BS_URLS_MAX of 1..BS_URL_MAX bytes of UTF-8 */
  size_t url_count;
  const struct bs_public_key *key; /* set: of whom signs; never NULL */
  uint64_t ver;                    /* set: ver_min, 0 for none; delete: the version of the tombstone */
};

/* A change that can be applied again to a newer record (rule 10: a delta).  Keys: 40 or 64 lower-case digits, the two
 * different. */
struct bs_user_change {
  const char *add_immutable;    /* NULL: none */
  const char *remove_immutable; /* NULL: none */
  struct bs_route_change route; /* all zero: none */
};

/*
 * Appends a version 3 record of the name: `user` (NULL: an empty one) with the change (NULL: an import), written by
 * `owner`, an address.  Nothing is dropped but duplicates, empty lists, and what a version 2 record may call `owner`.
 * *ret_changed: false when `user` said the same already, being version 3 of that owner; then its bytes are appended as
 * they are, and nothing needs to go to the chain.
 *
 * A change to a record of another owner (of version 3 by what it says, or a foreign one) drops that owner's routes:
 * they were refused since the name changed hands, and the present owner's name under them would bring them back to
 * life.
 * Words: usage (a key, a route or the owner is none; a tombstone of the highest version is set again), too_large,
 * no_memory.
 *
 * To import a whole record that a user hands over, parse it and write it without a change: all of it is kept.  Whether
 * it differs from the name's present record is then told by bs_user_hash, not by *ret_changed.
 */
bool bs_user_write(struct bs_buffer *ret_record, bool *ret_changed, const struct bs_user *user, const char *name,
                   const char *owner, const struct bs_user_change *change, struct bs_error *error);

/* 40 lower-case digits: hash160 of the record's bytes. */
void bs_user_hash(char hash[41], const void *record, size_t length);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What a session keeps of names: user records, which their hash proves however old they are, with the routes that were
 * looked up in them; and name records, for as long as names.max_age allows (trust rule 5).
 *
 * Threads: any number at once.
 */
#ifndef BS_CLIENT_CACHE_H
#define BS_CLIENT_CACHE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/names/names.h"
#include "core/record/route.h"
#include "core/record/user.h"

#define BS_CACHE_USERS 16
#define BS_CACHE_USER_BYTES ((size_t)64 << 20) /* of all user records that are kept */
#define BS_CACHE_NAMES 64
#define BS_CACHE_ROUTES 8 /* of one user record */

struct bs_known_route {
  char *id; /* NULL: none */
  struct bs_route route;
  struct bs_public_key key; /* where the route has one */
};

/* A user record, parsed.  Shared, and never changed but for its routes. */
struct bs_user_copy {
  atomic_uint references;
  char name[BS_NAME_MAX + 1], value_hash[BS_VALUE_HASH_TEXT];
  struct bs_buffer bytes; /* with a NUL behind them; others use them at the same time, so that nobody touches the buffer */
  struct bs_user user;    /* of `bytes` */
  pthread_mutex_t lock; /* routes */
  struct bs_known_route routes[BS_CACHE_ROUTES];
  size_t next_route;
};

/* Takes the bytes, whatever the result.  Words: those of bs_user_parse. */
bool bs_user_copy_new(struct bs_user_copy **ret_copy, const char *name, const char *value_hash, struct bs_buffer *bytes,
                      struct bs_error *error);
void bs_user_copy_release(struct bs_user_copy *copy); /* NULL is allowed */
/* The route to `id`; false where there is none.  ret_key: of length 0 when the route has no pubkey, or one that is no key. */
bool bs_user_copy_route(struct bs_user_copy *copy, const char *id, struct bs_route *ret_route, struct bs_public_key *ret_key);

struct bs_cache {
  pthread_mutex_t lock; /* of all of it */
  struct bs_user_copy *users[BS_CACHE_USERS];
  size_t next_user, user_bytes;
  struct {
    struct bs_name_record record; /* name "": none */
    uint64_t fetched_ms;
  } names[BS_CACHE_NAMES];
  size_t next_name;
};

void bs_cache_begin(struct bs_cache *cache);
void bs_cache_end(struct bs_cache *cache);
/* The copy that was found to be the name's, by bs_user_copy_release, or NULL. */
struct bs_user_copy *bs_cache_find_user(struct bs_cache *cache, const char *name, const char *value_hash);
void bs_cache_keep_user(struct bs_cache *cache, struct bs_user_copy *copy);
/* False when there is none of at most that age. */
bool bs_cache_find_name(struct bs_cache *cache, struct bs_name_record *ret_record, const char *name, uint64_t max_age_ms);
/* One that was believed. */
void bs_cache_keep_name(struct bs_cache *cache, const struct bs_name_record *record);
void bs_cache_forget_name(struct bs_cache *cache, const char *name);

#endif

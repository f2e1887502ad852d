/* SPDX-License-Identifier: MIT */
/* One route of a user record: where a datum's mutable records lie, and who signs them. */
#ifndef BS_RECORD_ROUTE_H
#define BS_RECORD_ROUTE_H

#include "core/crypto/key.h"
#include "core/record/user.h"

/* The spans are of the user record. */
struct bs_route {
  struct bs_json whole;
  struct bs_json id;     /* a string */
  struct bs_json urls;   /* an array of at most BS_URLS_MAX strings */
  struct bs_json pubkey; /* a string of 66, 128 or 130 lower-case digits; length 0: none */
  uint64_t ver_min;      /* 0: none */
  uint64_t deleted;      /* the version of the tombstone; 0: not deleted */
};

/* Iterates over the routes of a parsed user record, in their order there. */
struct bs_json_iterator bs_routes_begin(const struct bs_user *user);
bool bs_routes_next(struct bs_json_iterator *iterator, struct bs_route *ret_route);
/* One walk, without allocation.  False when there is none. */
bool bs_route_find(struct bs_route *ret_route, const struct bs_user *user, const char *id);

/* The lowest version that a reader may take: ver_min, and above the version that was deleted; at least 1.  2^53, which
 * no version reaches, behind a tombstone of the highest version. */
uint64_t bs_route_lowest(const struct bs_route *route);
/* The key of a route that has one.  Word: malformed, when no point on the curve is like that. */
bool bs_route_key(struct bs_public_key *ret_key, const struct bs_route *route, struct bs_error *error);

#endif

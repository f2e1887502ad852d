/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/record/route.h"

#include <string.h>

#include "core/codec/hex.h"

static const struct bs_json absent = {NULL, 0};

struct bs_json_iterator bs_routes_begin(const struct bs_user *user) {
  if (user->mutable_.length == 0) return (struct bs_json_iterator){NULL, NULL};
  return bs_json_begin(user->mutable_);
}

static bool is(struct bs_json key, const char *name) {
  return bs_json_string_is(key, name, strlen(name));
}

/* The user record was checked: what stands here has its type. */
static void read_route(struct bs_route *ret_route, struct bs_json whole) {
  struct bs_route route = {.whole = whole, .id = absent, .urls = absent, .pubkey = absent};
  struct bs_json_iterator members = bs_json_begin(whole);
  struct bs_json key, value;

  while (bs_json_next_member(&members, &key, &value)) {
    if (is(key, "id")) route.id = value;
    if (is(key, "urls")) route.urls = value;
    if (is(key, "pubkey")) route.pubkey = value;
    if (is(key, "ver_min")) (void)bs_json_integer(value, &route.ver_min);
    if (is(key, "deleted")) (void)bs_json_integer(value, &route.deleted);
  }
  *ret_route = route;
}

bool bs_routes_next(struct bs_json_iterator *iterator, struct bs_route *ret_route) {
  struct bs_json whole;

  if (!bs_json_next_item(iterator, &whole)) return false;
  read_route(ret_route, whole);
  return true;
}

bool bs_route_find(struct bs_route *ret_route, const struct bs_user *user, const char *id) {
  struct bs_json_iterator iterator = bs_routes_begin(user);
  size_t length = strlen(id);
  struct bs_json whole, here;

  while (bs_json_next_item(&iterator, &whole)) {
    if (!bs_json_find(whole, "id", &here) || !bs_json_string_is(here, id, length)) continue;
    read_route(ret_route, whole);
    return true;
  }
  return false;
}

uint64_t bs_route_lowest(const struct bs_route *route) {
  uint64_t lowest = route->ver_min > 0 ? route->ver_min : 1;

  return route->deleted >= lowest ? route->deleted + 1 : lowest;
}

bool bs_route_key(struct bs_public_key *ret_key, const struct bs_route *route, struct bs_error *error) {
  unsigned char bytes[BS_PUBLIC_KEY_MAX] = {4};
  size_t digits = route->pubkey.length < 2 ? 0 : route->pubkey.length - 2;
  size_t bare = digits == 128; /* some of 2015 wrote the two coordinates without the 04 before */

  if ((digits == 66 || digits == 128 || digits == 130) &&
      bs_hex_decode(bytes + bare, digits / 2, route->pubkey.text + 1) &&
      bs_public_key_parse(ret_key, bytes, digits / 2 + bare))
    return true;
  return bs_fail(error, BS_WORD_malformed, "The pubkey of the route is no public key: no such point is on the curve.");
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/cache.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/clock.h"

/* ---- a user record ---- */

static void destroy(struct bs_user_copy *copy) {
  for (size_t i = 0; i < BS_CACHE_ROUTES; i++) free(copy->routes[i].id);
  pthread_mutex_destroy(&copy->lock);
  bs_buffer_free(&copy->bytes);
  free(copy);
}

void bs_user_copy_release(struct bs_user_copy *copy) {
  if (copy != NULL && atomic_fetch_sub(&copy->references, 1) == 1) destroy(copy);
}

bool bs_user_copy_new(struct bs_user_copy **ret_copy, const char *name, const char *value_hash, struct bs_buffer *bytes,
                      struct bs_error *error) {
  struct bs_user_copy *copy = calloc(1, sizeof *copy);

  if (copy == NULL) {
    bs_buffer_free(bytes);
    return bs_fail_memory(error);
  }
  atomic_init(&copy->references, 1);
  pthread_mutex_init(&copy->lock, NULL);
  memcpy(copy->name, name, strlen(name) + 1);
  memcpy(copy->value_hash, value_hash, strlen(value_hash) + 1);
  copy->bytes = *bytes;
  *bytes = (struct bs_buffer)BS_BUFFER_INIT;
  if (bs_buffer_string(&copy->bytes) == NULL) {
    destroy(copy);
    return bs_fail_memory(error);
  }
  if (!bs_user_parse(&copy->user, copy->bytes.bytes, copy->bytes.length, name, error)) {
    destroy(copy);
    return bs_context(error, "The user record %s of the name %s", value_hash, name);
  }
  *ret_copy = copy;
  return true;
}

static bool find_known(struct bs_user_copy *copy, const char *id, struct bs_route *ret_route, struct bs_public_key *ret_key) {
  BS_LOCKED(&copy->lock);

  for (size_t i = 0; i < BS_CACHE_ROUTES; i++) {
    const struct bs_known_route *known = &copy->routes[i];

    if (known->id == NULL || strcmp(known->id, id) != 0) continue;
    *ret_route = known->route;
    *ret_key = known->key;
    return true;
  }
  return false;
}

/* Where there is no memory for it, it is looked up again. */
static void keep_known(struct bs_user_copy *copy, const char *id, const struct bs_route *route, const struct bs_public_key *key) {
  BS_LOCKED(&copy->lock);
  struct bs_known_route *known = &copy->routes[copy->next_route];
  char *text = strdup(id);

  if (text == NULL) return;
  copy->next_route = (copy->next_route + 1) % BS_CACHE_ROUTES;
  free(known->id);
  *known = (struct bs_known_route){text, *route, *key};
}

bool bs_user_copy_route(struct bs_user_copy *copy, const char *id, struct bs_route *ret_route, struct bs_public_key *ret_key) {
  struct bs_public_key key = {.length = 0};
  struct bs_error unusable;
  struct bs_route route;

  if (find_known(copy, id, ret_route, ret_key)) return true;
  if (!bs_route_find(&route, &copy->user, id)) return false;
  if (route.pubkey.length > 0 && !bs_route_key(&key, &route, &unusable)) key.length = 0;
  keep_known(copy, id, &route, &key);
  *ret_route = route;
  *ret_key = key;
  return true;
}

/* ---- the cache ---- */

void bs_cache_begin(struct bs_cache *cache) {
  *cache = (struct bs_cache){.next_user = 0};
  pthread_mutex_init(&cache->lock, NULL);
}

void bs_cache_end(struct bs_cache *cache) {
  for (size_t i = 0; i < BS_CACHE_USERS; i++) bs_user_copy_release(cache->users[i]);
  pthread_mutex_destroy(&cache->lock);
}

struct bs_user_copy *bs_cache_find_user(struct bs_cache *cache, const char *name, const char *value_hash) {
  BS_LOCKED(&cache->lock);

  for (size_t i = 0; i < BS_CACHE_USERS; i++) {
    struct bs_user_copy *copy = cache->users[i];

    if (copy == NULL || strcmp(copy->value_hash, value_hash) != 0 || strcmp(copy->name, name) != 0) continue;
    atomic_fetch_add(&copy->references, 1);
    return copy;
  }
  return NULL;
}

static void drop_user(struct bs_cache *cache, size_t at) {
  struct bs_user_copy *copy = cache->users[at];

  if (copy == NULL) return;
  cache->users[at] = NULL;
  cache->user_bytes -= copy->bytes.length;
  bs_user_copy_release(copy);
}

void bs_cache_keep_user(struct bs_cache *cache, struct bs_user_copy *copy) {
  BS_LOCKED(&cache->lock);
  size_t at = cache->next_user;

  if (copy->bytes.length > BS_CACHE_USER_BYTES) return;
  drop_user(cache, at);
  for (size_t i = 0; cache->user_bytes + copy->bytes.length > BS_CACHE_USER_BYTES; i++)
    drop_user(cache, (at + i) % BS_CACHE_USERS);
  atomic_fetch_add(&copy->references, 1);
  cache->users[at] = copy;
  cache->user_bytes += copy->bytes.length;
  cache->next_user = (at + 1) % BS_CACHE_USERS;
}

static size_t find_name(const struct bs_cache *cache, const char *name) {
  size_t at = 0;

  while (at < BS_CACHE_NAMES && strcmp(cache->names[at].record.name, name) != 0) at++;
  return at;
}

bool bs_cache_find_name(struct bs_cache *cache, struct bs_name_record *ret_record, const char *name, uint64_t max_age_ms) {
  BS_LOCKED(&cache->lock);
  size_t at = find_name(cache, name);

  if (at == BS_CACHE_NAMES || bs_clock_monotonic_ms() - cache->names[at].fetched_ms >= max_age_ms) return false;
  *ret_record = cache->names[at].record;
  return true;
}

void bs_cache_keep_name(struct bs_cache *cache, const struct bs_name_record *record) {
  BS_LOCKED(&cache->lock);
  size_t at = find_name(cache, record->name);

  if (at == BS_CACHE_NAMES) {
    at = cache->next_name;
    cache->next_name = (at + 1) % BS_CACHE_NAMES;
  }
  cache->names[at].record = *record;
  cache->names[at].fetched_ms = bs_clock_monotonic_ms();
}

void bs_cache_forget_name(struct bs_cache *cache, const char *name) {
  BS_LOCKED(&cache->lock);
  size_t at = find_name(cache, name);

  if (at < BS_CACHE_NAMES) cache->names[at].record.name[0] = '\0';
}

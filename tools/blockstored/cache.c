/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WAYS 4
#define ASKED 4
#define ENTRY_BYTES 512   /* about; what decides how many places there are */
#define REPLY_MOST 65536  /* bytes of one that is kept */
#define PLACES_MOST (1u << 20)

struct entry {
  uint64_t hash;
  uint64_t turn;
  uint32_t method;
  uint32_t params_length;
  uint32_t length;
  unsigned char bytes[]; /* params, then the reply */
};

struct bsd_cache {
  struct entry **entries; /* WAYS for each of `places`, a power of two */
  size_t places;
  uint16_t *asked; /* of what was asked last, ASKED for each of the entries, by its hash: 16 bits of that, not 0 */
  size_t most, bytes;
  size_t hand; /* where the next one is let go of */
  uint64_t turn;
  uint64_t seed; /* nobody outside knows which requests share a place */
};

struct bsd_cache *bsd_cache_new(size_t most) {
  struct bsd_cache *cache = calloc(1, sizeof *cache);

  if (cache == NULL) return NULL;
  cache->most = most;
  cache->places = 64;
  while (cache->places < PLACES_MOST && cache->places * WAYS * ENTRY_BYTES < most) cache->places *= 2;
  if (getrandom(&cache->seed, sizeof cache->seed, 0) != (ssize_t)sizeof cache->seed) cache->seed = (uintptr_t)cache;
  if (most == 0) return cache;
  cache->entries = calloc(cache->places * WAYS, sizeof(struct entry *));
  cache->asked = calloc(cache->places * WAYS * ASKED, sizeof *cache->asked);
  if (cache->entries != NULL && cache->asked != NULL) return cache;
  bsd_cache_free(cache);
  return NULL;
}

static size_t size_of(const struct entry *entry) {
  return sizeof *entry + entry->params_length + entry->length;
}

static void drop(struct bsd_cache *cache, size_t at) {
  if (cache->entries[at] == NULL) return;
  cache->bytes -= size_of(cache->entries[at]);
  free(cache->entries[at]);
  cache->entries[at] = NULL;
}

void bsd_cache_free(struct bsd_cache *cache) {
  if (cache == NULL) return;
  for (size_t i = 0; cache->entries != NULL && i < cache->places * WAYS; i++) free(cache->entries[i]);
  free(cache->entries);
  free(cache->asked);
  free(cache);
}

void bsd_cache_turn(struct bsd_cache *cache) {
  cache->turn++;
}

size_t bsd_cache_bytes(const struct bsd_cache *cache) {
  return cache->bytes;
}

/* Eight bytes at a time, multiplied and folded. */
static uint64_t hash_of(const struct bsd_cache *cache, size_t method, const unsigned char *bytes, size_t length) {
  uint64_t hash = cache->seed ^ (method * UINT64_C(0x9e3779b97f4a7c15)) ^ length;

  for (size_t i = 0; i < length; i += 8) {
    uint64_t word = 0;

    memcpy(&word, bytes + i, length - i < 8 ? length - i : 8);
    hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 32;
  }
  return hash * UINT64_C(0xc4ceb9fe1a85ec53);
}

static size_t place_of(const struct bsd_cache *cache, uint64_t hash) {
  return ((hash >> 20) & (cache->places - 1)) * WAYS;
}

static bool is_it(const struct entry *entry, uint64_t hash, size_t method, const void *params, size_t params_length) {
  return entry != NULL && entry->hash == hash && entry->method == method && entry->params_length == params_length &&
         memcmp(entry->bytes, params, params_length) == 0;
}

bool bsd_cache_find(const struct bsd_cache *cache, const unsigned char **ret_reply, size_t *ret_length, size_t method,
                    const void *params, size_t params_length) {
  uint64_t hash;
  size_t place;

  if (cache->most == 0) return false;
  hash = hash_of(cache, method, params, params_length);
  place = place_of(cache, hash);
  for (size_t i = 0; i < WAYS; i++) {
    const struct entry *entry = cache->entries[place + i];

    if (!is_it(entry, hash, method, params, params_length) || entry->turn != cache->turn) continue;
    *ret_reply = entry->bytes + params_length;
    *ret_length = entry->length;
    return true;
  }
  return false;
}

bool bsd_cache_wants(struct bsd_cache *cache, size_t method, const void *params, size_t params_length) {
  uint64_t hash;
  uint16_t mark, *place;

  if (cache->most == 0) return false;
  hash = hash_of(cache, method, params, params_length);
  mark = (uint16_t)(hash | 1);
  place = &cache->asked[(hash >> 20) & (cache->places * WAYS * ASKED - 1)];
  if (*place == mark) return true;
  *place = mark;
  return false;
}

/* The same question's place, else an empty one, one of a former turn, or any. */
static size_t choose(const struct bsd_cache *cache, uint64_t hash, size_t method, const void *params, size_t params_length) {
  size_t place = place_of(cache, hash), chosen = place + (hash & (WAYS - 1));

  for (size_t i = 0; i < WAYS; i++)
    if (cache->entries[place + i] == NULL || cache->entries[place + i]->turn != cache->turn) chosen = place + i;
  for (size_t i = 0; i < WAYS; i++)
    if (is_it(cache->entries[place + i], hash, method, params, params_length)) chosen = place + i;
  return chosen;
}

void bsd_cache_keep(struct bsd_cache *cache, size_t method, const void *params, size_t params_length, const void *reply,
                    size_t length) {
  size_t size = sizeof(struct entry) + params_length + length, at;
  struct entry *entry;
  uint64_t hash;

  if (size > cache->most || length > REPLY_MOST || params_length > REPLY_MOST) return;
  hash = hash_of(cache, method, params, params_length);
  at = choose(cache, hash, method, params, params_length);
  drop(cache, at);
  for (size_t i = 0; cache->bytes + size > cache->most && i < cache->places * WAYS; i++) {
    drop(cache, cache->hand);
    cache->hand = (cache->hand + 1) % (cache->places * WAYS);
  }
  entry = malloc(size);
  if (entry == NULL) return;
  *entry = (struct entry){hash, cache->turn, (uint32_t)method, (uint32_t)params_length, (uint32_t)length};
  memcpy(entry->bytes, params, params_length);
  memcpy(entry->bytes + params_length, reply, length);
  cache->entries[at] = entry;
  cache->bytes += size;
}

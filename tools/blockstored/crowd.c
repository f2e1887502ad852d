/* SPDX-License-Identifier: MIT */
/* A table of addresses, at most half full: an address is in the first place from its own on that is not another's. */
#include <config.h>

#include "tools/blockstored/crowd.h"

#include <stdlib.h>
#include <sys/random.h>

#include "core/base/auto.h"

struct place {
  uint64_t key; /* 0: free */
  size_t count;
};

struct bsd_crowd {
  size_t most, of_one;
  size_t mask;   /* one less than there are places, of which there is a power of two */
  uint64_t seed; /* nobody outside knows which addresses meet */
  pthread_mutex_t mutex; /* what follows */
  size_t count;
  struct place places[];
};

struct bsd_crowd *bsd_crowd_new(size_t most, size_t of_one) {
  size_t size = 2;
  struct bsd_crowd *crowd;

  while (size < 2 * most) size *= 2;
  crowd = calloc(1, sizeof *crowd + size * sizeof(struct place));
  if (crowd == NULL) return NULL;
  crowd->most = most;
  crowd->of_one = of_one;
  crowd->mask = size - 1;
  if (getrandom(&crowd->seed, sizeof crowd->seed, 0) != (ssize_t)sizeof crowd->seed) crowd->seed = (uintptr_t)crowd;
  pthread_mutex_init(&crowd->mutex, NULL);
  return crowd;
}

void bsd_crowd_free(struct bsd_crowd *crowd) {
  if (crowd == NULL) return;
  pthread_mutex_destroy(&crowd->mutex);
  free(crowd);
}

static size_t own_place(const struct bsd_crowd *crowd, uint64_t key) {
  uint64_t hash = (key ^ crowd->seed) * UINT64_C(0x9e3779b97f4a7c15);

  hash = (hash ^ (hash >> 32)) * UINT64_C(0xd6e8feb86659fd93);
  return (size_t)(hash ^ (hash >> 32)) & crowd->mask;
}

static size_t find(const struct bsd_crowd *crowd, uint64_t key) {
  size_t at = own_place(crowd, key);

  while (crowd->places[at].key != 0 && crowd->places[at].key != key) at = (at + 1) & crowd->mask;
  return at;
}

enum bsd_entry bsd_crowd_enter(struct bsd_crowd *crowd, uint64_t key) {
  size_t at;
  BS_LOCKED(&crowd->mutex);

  at = key == 0 ? 0 : find(crowd, key);
  if (key != 0 && crowd->places[at].count >= crowd->of_one) return BSD_FULL_OF_ONE;
  if (crowd->count >= crowd->most) return BSD_FULL;
  crowd->count++;
  if (key == 0) return BSD_ENTERED;
  crowd->places[at].key = key;
  crowd->places[at].count++;
  return BSD_ENTERED;
}

/* Those behind a place that is free again come nearer to their own, as the first free one ends the search for them. */
static void close_up(struct bsd_crowd *crowd, size_t hole) {
  for (size_t at = (hole + 1) & crowd->mask; crowd->places[at].key != 0; at = (at + 1) & crowd->mask) {
    size_t own = own_place(crowd, crowd->places[at].key);

    if (((at - own) & crowd->mask) < ((at - hole) & crowd->mask)) continue;
    crowd->places[hole] = crowd->places[at];
    crowd->places[at].key = 0;
    crowd->places[at].count = 0;
    hole = at;
  }
}

void bsd_crowd_leave(struct bsd_crowd *crowd, uint64_t key) {
  size_t at;
  BS_LOCKED(&crowd->mutex);

  crowd->count--;
  if (key == 0) return;
  at = find(crowd, key);
  if (--crowd->places[at].count > 0) return;
  crowd->places[at].key = 0;
  close_up(crowd, at);
}

size_t bsd_crowd_count(struct bsd_crowd *crowd) {
  BS_LOCKED(&crowd->mutex);

  return crowd->count;
}

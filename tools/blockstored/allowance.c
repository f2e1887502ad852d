/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/allowance.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/base/auto.h"

#define SETS 1024 /* 192 KiB; an address has a place in one of them, and who has asked nothing for longest goes first */
#define WAYS 8
#define LOCKS 64 /* each for the sets of its number, and those LOCKS further: few loops meet */

struct place {
  uint64_t key; /* 0: nobody's */
  double left;
  uint64_t at_ms; /* when `left` was right */
};

struct bsd_allowance {
  double rate;
  uint64_t seed; /* nobody outside knows which addresses share a set */
  pthread_mutex_t locks[LOCKS]; /* what follows */
  struct place places[SETS][WAYS];
};

struct bsd_allowance *bsd_allowance_new(uint64_t rate) {
  struct bsd_allowance *allowance = calloc(1, sizeof *allowance);

  if (allowance == NULL) return NULL;
  allowance->rate = (double)rate;
  for (size_t i = 0; i < LOCKS; i++) pthread_mutex_init(&allowance->locks[i], NULL);
  if (getrandom(&allowance->seed, sizeof allowance->seed, 0) != (ssize_t)sizeof allowance->seed)
    allowance->seed = (uintptr_t)allowance;
  return allowance;
}

void bsd_allowance_free(struct bsd_allowance *allowance) {
  if (allowance == NULL) return;
  for (size_t i = 0; i < LOCKS; i++) pthread_mutex_destroy(&allowance->locks[i]);
  free(allowance);
}

static uint64_t mix(uint64_t value) {
  value *= UINT64_C(0x9e3779b97f4a7c15);
  return value ^ (value >> 29);
}

uint64_t bsd_allowance_key(const struct sockaddr *address) {
  uint64_t key = 0;

  if (address->sa_family == AF_INET) {
    struct sockaddr_in internet;

    memcpy(&internet, address, sizeof internet);
    return mix(internet.sin_addr.s_addr) | 1;
  }
  if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 internet;

    memcpy(&internet, address, sizeof internet);
    if (IN6_IS_ADDR_V4MAPPED(&internet.sin6_addr)) { /* of a socket for both, as a service manager makes them */
      uint32_t of_four;

      memcpy(&of_four, internet.sin6_addr.s6_addr + 12, sizeof of_four);
      return mix(of_four) | 1;
    }
    memcpy(&key, &internet.sin6_addr, sizeof key);
    return mix(key ^ UINT64_C(0x66)) | 1;
  }
  return 0;
}

bool bsd_allowance_is_local(const struct sockaddr *address) {
  if (address->sa_family == AF_INET) {
    struct sockaddr_in internet;

    memcpy(&internet, address, sizeof internet);
    return ntohl(internet.sin_addr.s_addr) >> 24 == 127;
  }
  if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 internet;

    memcpy(&internet, address, sizeof internet);
    return IN6_IS_ADDR_LOOPBACK(&internet.sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&internet.sin6_addr) && internet.sin6_addr.s6_addr[12] == 127);
  }
  return address->sa_family == AF_UNIX;
}

static size_t set_of(const struct bsd_allowance *allowance, uint64_t key) {
  return (mix((key ^ allowance->seed) >> 1) >> 16) % SETS;
}

/* The place of an address in its set, or the one that it may have.  Under the set's lock. */
static struct place *find(struct place *set, uint64_t key) {
  struct place *oldest = set;

  for (size_t i = 0; i < WAYS; i++) {
    if (set[i].key == key) return &set[i];
    if (set[i].at_ms < oldest->at_ms) oldest = &set[i];
  }
  return oldest;
}

/* now_ms may be a little before what another thread has said. */
static bool take(struct place *place, uint32_t *ret_wait_ms, double rate, uint64_t key, uint64_t now_ms) {
  if (place->key != key) *place = (struct place){.key = key, .left = rate, .at_ms = now_ms};
  if (now_ms > place->at_ms) {
    place->left += (double)(now_ms - place->at_ms) * rate / 1000;
    place->at_ms = now_ms;
  }
  if (place->left > rate) place->left = rate;
  if (place->left < 1) {
    *ret_wait_ms = (uint32_t)((1 - place->left) * 1000 / rate) + 1;
    return false;
  }
  place->left--;
  return true;
}

bool bsd_allowance_take(struct bsd_allowance *allowance, uint32_t *ret_wait_ms, uint64_t key, uint64_t now_ms) {
  size_t set;

  if (allowance->rate <= 0 || key == 0) return true;
  set = set_of(allowance, key);
  BS_LOCKED(&allowance->locks[set % LOCKS]);
  return take(find(allowance->places[set], key), ret_wait_ms, allowance->rate, key, now_ms);
}

void bsd_allowance_charge(struct bsd_allowance *allowance, uint64_t key, uint64_t requests) {
  struct place *place;
  size_t set;

  if (allowance->rate <= 0 || key == 0 || requests == 0) return;
  set = set_of(allowance, key);
  BS_LOCKED(&allowance->locks[set % LOCKS]);
  place = find(allowance->places[set], key);
  if (place->key == key) place->left -= (double)requests;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/allowance.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 8192 /* 256 KiB; who comes to a taken place shares it, if its owner's allowance is not full again */

struct place {
  uint64_t key;
  double left;
  uint64_t at_ms; /* when `left` was right */
};

struct bsd_allowance {
  double rate;
  struct place places[PLACES];
};

struct bsd_allowance *bsd_allowance_new(uint64_t rate) {
  struct bsd_allowance *allowance = calloc(1, sizeof *allowance);

  if (allowance != NULL) allowance->rate = (double)rate;
  return allowance;
}

void bsd_allowance_free(struct bsd_allowance *allowance) {
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
    memcpy(&key, &internet.sin6_addr, sizeof key);
    return mix(key ^ UINT64_C(0x66)) | 1;
  }
  return 0;
}

bool bsd_allowance_take(struct bsd_allowance *allowance, uint32_t *ret_wait_ms, uint64_t key, uint64_t now_ms) {
  struct place *place = &allowance->places[(key >> 1) % PLACES];

  if (allowance->rate <= 0 || key == 0) return true;
  place->left += (double)(now_ms - place->at_ms) * allowance->rate / 1000;
  if (place->left > allowance->rate || place->at_ms == 0) place->left = allowance->rate;
  if (place->key != key && place->left >= allowance->rate) place->key = key;
  place->at_ms = now_ms;
  if (place->left < 1) {
    *ret_wait_ms = (uint32_t)((1 - place->left) * 1000 / allowance->rate) + 1;
    return false;
  }
  place->left--;
  return true;
}

void bsd_allowance_charge(struct bsd_allowance *allowance, uint64_t key, uint64_t requests) {
  struct place *place = &allowance->places[(key >> 1) % PLACES];

  if (allowance->rate > 0 && key != 0) place->left -= (double)requests;
}

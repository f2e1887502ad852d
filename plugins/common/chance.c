/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "chance.h"

#include <sys/random.h>
#include <time.h>

uint64_t bs_chance_seed(struct blockstore_call *call, const struct blockstore_settings *settings) {
  struct timespec now;
  uint32_t seed;

  if (call->host->setting(settings, "seed", 0) != NULL) return (uint64_t)call->host->setting_number(settings, "seed");
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed) return seed;
  clock_gettime(CLOCK_MONOTONIC, &now); /* while the machine starts */
  return (uint32_t)now.tv_nsec;
}

uint64_t bs_chance_at(uint64_t seed, uint64_t number) {
  uint64_t mixed = seed + (number + 1) * UINT64_C(0x9e3779b97f4a7c15);

  mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
  return mixed ^ (mixed >> 31);
}

uint64_t bs_chance_below(uint64_t bound, uint64_t seed, uint64_t number) {
  return bound == 0 ? 0 : bs_chance_at(seed, number) % bound;
}

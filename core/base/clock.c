/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/clock.h"

#include <time.h>

uint64_t bs_clock_monotonic_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t bs_clock_unix(void) {
  struct timespec now;

  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec < 0 ? 0 : (uint64_t)now.tv_sec;
}

/* SPDX-License-Identifier: MIT */
/* Preloaded into a program: its clock is off by SKEWED seconds. */
#include <config.h>

#include <stdlib.h>
#include <time.h>

__attribute__((visibility("default"))) time_t time(time_t *ret_time);
__attribute__((visibility("default"))) time_t time(time_t *ret_time) {
  const char *skewed = getenv("SKEWED");
  struct timespec now;

  clock_gettime(CLOCK_REALTIME, &now);
  now.tv_sec += skewed == NULL ? 0 : strtol(skewed, NULL, 10);
  if (ret_time != NULL) *ret_time = now.tv_sec;
  return now.tv_sec;
}

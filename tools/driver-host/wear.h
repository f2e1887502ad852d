/* SPDX-License-Identifier: MIT */
/* Whether the driver has left so much behind that its process is better replaced: memory, descriptors. */
#ifndef BS_DRIVER_HOST_WEAR_H
#define BS_DRIVER_HOST_WEAR_H

#include <stdbool.h>
#include <stdint.h>

struct wear {
  int statm;      /* /proc/self/statm; -1: memory is not looked at */
  uint64_t first; /* bytes in memory after the first call; 0: not yet */
  unsigned calls;
};

/* Before a sandbox closes /proc. */
void wear_begin(struct wear *wear);
/* After each call.  True, with a line on standard error: this process should serve no other. */
bool wear_is_out(struct wear *wear);

#endif

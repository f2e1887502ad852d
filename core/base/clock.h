/* SPDX-License-Identifier: MIT */
#ifndef BS_BASE_CLOCK_H
#define BS_BASE_CLOCK_H

#include <stdint.h>

#define BS_CLOCK_NEVER UINT64_MAX

/* Milliseconds that never go backwards, since some start. */
uint64_t bs_clock_monotonic_ms(void);
/* Seconds since 1970. */
uint64_t bs_clock_unix(void);

#endif

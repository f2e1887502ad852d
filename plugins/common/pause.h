/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Waiting within a call: it ends at once when the call is cancelled or past its deadline.
 *
 * A part to copy into a driver: pause.h and pause.c, C99, which need POSIX.  Any number of threads may call it: it keeps
 * nothing.  A driver that waits does not declare BLOCKSTORE_CAPABILITY_LOCAL.
 */
#ifndef BS_PLUGINS_PAUSE_H
#define BS_PLUGINS_PAUSE_H

#include <stdint.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

/* Milliseconds of a clock that nobody sets. */
uint64_t bs_pause_clock(void);

/* Returns OK after so many milliseconds, not before; CANCELLED with its sentence when the call is over earlier or by then, also
 * with 0 milliseconds. */
enum blockstore_status bs_pause_for(struct blockstore_call *call, uint64_t milliseconds);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

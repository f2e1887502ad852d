/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Chance that can be had again: numbers that follow from a seed and from which one is asked for (SplitMix64).  What is drawn for
 * the seventh call is the same whichever thread it is on.  Not for secrets.
 *
 * A part to copy into a driver: chance.h and chance.c, C99, which need Linux (getrandom).  Any number of threads may call these
 * functions: they keep nothing.
 */
#ifndef BS_PLUGINS_CHANCE_H
#define BS_PLUGINS_CHANCE_H

#include <stdint.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

/* The value of the driver's INT option "seed"; where that is not set, a number of 32 bits that nobody knows before. */
uint64_t bs_chance_seed(struct blockstore_call *call, const struct blockstore_settings *settings);

/* All of the 64 bits are evenly distributed.  number: counted from 0. */
uint64_t bs_chance_at(uint64_t seed, uint64_t number);
/* From 0 to below `bound`; 0 when that is 0. */
uint64_t bs_chance_below(uint64_t bound, uint64_t seed, uint64_t number);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

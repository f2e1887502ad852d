/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * A call within a call: what a driver does on the side, by its own functions, with a time of its own.
 *
 *   struct bs_errand errand;
 *   bs_errand_after(&errand, call);
 *   remove_temporary(store, &errand.call, path);
 *
 * A part to copy into a driver: errand.h and errand.c, C99, which need POSIX.  An errand is for the thread that the outer
 * call is on, and over before that returns; its call and its host are never the core's to see.
 */
#ifndef BS_PLUGINS_ERRAND_H
#define BS_PLUGINS_ERRAND_H

#include <stdbool.h>
#include <stdint.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

#define BS_ERRAND_MOST_MS 5000 /* to tidy up in */
#define BS_ERRAND_LEAST_MS 250 /* the same, of the half second in which a call that is over has to return */

/* Stays where it was begun, for the call is in it; it holds nothing that would have to be ended. */
struct bs_errand {
  struct blockstore_call call; /* for what is done meanwhile; first */
  struct blockstore_host host;
  struct blockstore_call *outer;
  bool is_outlasting; /* the outer call's end is not its own */
  uint64_t end_ms;    /* of the monotonic clock */
  char reason[256];   /* of bs_errand_after: the last sentence, cut; "" when there was none */
};

/* Something to try for a while: it has what the outer call has, but `milliseconds` at most, and all it says the outer call
 * says.  What ends with CANCELLED ended the outer call, too, unless blockstore_go_on of that is OK. */
void bs_errand_within(struct bs_errand *ret_errand, struct blockstore_call *outer, uint32_t milliseconds);

/* Tidying up when the outer call has failed of whatever: the sentence of that stays.  It has what the outer call has left,
 * BS_ERRAND_MOST_MS at most; of one that is cancelled, past its deadline or nearly so, BS_ERRAND_LEAST_MS. */
void bs_errand_after(struct bs_errand *ret_errand, struct blockstore_call *outer);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

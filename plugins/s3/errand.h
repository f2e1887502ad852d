/* SPDX-License-Identifier: MIT */
/*
 * A call within a call, for clearing up after it: it says nothing to the outer call's caller, and when that is over it
 * has a little time of its own.
 */
#ifndef BS_PLUGINS_S3_ERRAND_H
#define BS_PLUGINS_S3_ERRAND_H

#include <stdbool.h>
#include <time.h>

#include "plugins/common/plugin.h"

#pragma GCC visibility push(hidden)

#define BS_S3_ERRAND_MS 300 /* of the half second that a call has to return when it is over */

struct bs_s3_errand {
  struct blockstore_call call; /* for what is done meanwhile */
  struct blockstore_host host;
  struct blockstore_call *outer; /* NULL: it is over */
  struct timespec start;
  char reason[256]; /* the sentence of what failed */
};
void bs_s3_errand_begin(struct bs_s3_errand *errand, struct blockstore_call *outer);

#pragma GCC visibility pop
#endif

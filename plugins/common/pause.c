/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "pause.h"

#include <poll.h>
#include <time.h>

#define BLIND_MS 100  /* between two looks at time_left where there is no descriptor */
#define STEP_MS 60000 /* the same where there is one: poll takes an int */

uint64_t bs_pause_clock(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int step_of(uint64_t milliseconds, uint64_t most) {
  return (int)(milliseconds < most ? milliseconds : most);
}

enum blockstore_status bs_pause_for(struct blockstore_call *call, uint64_t milliseconds) {
  const uint64_t from = bs_pause_clock();
  struct pollfd over = {call->host->cancel_fd(call), POLLIN, 0};

  for (;;) {
    enum blockstore_status status = blockstore_go_on(call);
    uint64_t passed = bs_pause_clock() - from, left = call->host->time_left(call);

    if (status != BLOCKSTORE_STATUS_OK || passed >= milliseconds) return status;
    if (left > milliseconds - passed) left = milliseconds - passed;
    poll(&over, 1, step_of(left, over.fd < 0 ? BLIND_MS : STEP_MS));
  }
}

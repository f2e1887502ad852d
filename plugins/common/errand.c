/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "errand.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct bs_errand *errand_of(struct blockstore_call *call) {
  return (struct bs_errand *)(void *)call; /* its first member */
}

static struct blockstore_call *outer_of(struct blockstore_call *call) {
  return errand_of(call)->outer;
}

/* ---- what is the outer call's ---- */

static void hand_on_error(struct blockstore_call *call, const char *sentence) {
  outer_of(call)->host->set_error(outer_of(call), sentence);
}

static void hand_on_retry_after(struct blockstore_call *call, uint32_t milliseconds) {
  outer_of(call)->host->retry_after(outer_of(call), milliseconds);
}

/* ---- what is its own ---- */

static void keep_error(struct blockstore_call *call, const char *sentence) {
  struct bs_errand *errand = errand_of(call);

  snprintf(errand->reason, sizeof errand->reason, "%s", sentence == NULL ? "" : sentence);
}

static void ignore_retry_after(struct blockstore_call *call, uint32_t milliseconds) {
  (void)call, (void)milliseconds;
}

static uint32_t time_left(struct blockstore_call *call) {
  const struct bs_errand *errand = errand_of(call);
  uint64_t now = now_ms(), left = now < errand->end_ms ? errand->end_ms - now : 0;
  uint32_t most = errand->is_outlasting ? UINT32_MAX : errand->outer->host->time_left(errand->outer);

  return left < most ? (uint32_t)left : most;
}

/* It tells of the outer call's end only: that of the errand is found by time_left. */
static int cancel_fd(struct blockstore_call *call) {
  const struct bs_errand *errand = errand_of(call);

  return errand->is_outlasting ? -1 : errand->outer->host->cancel_fd(errand->outer);
}

static void begin(struct bs_errand *errand, struct blockstore_call *outer, uint32_t milliseconds) {
  size_t size = outer->host->struct_size;

  memset(errand, 0, sizeof *errand);
  memcpy(&errand->host, outer->host, size < sizeof errand->host ? size : sizeof errand->host);
  errand->host.struct_size = sizeof errand->host;
  errand->host.set_error = hand_on_error;
  errand->host.retry_after = hand_on_retry_after;
  errand->host.time_left = time_left;
  errand->host.cancel_fd = cancel_fd;
  errand->call.struct_size = sizeof errand->call;
  errand->call.host = &errand->host;
  errand->call.store = outer->store;
  errand->outer = outer;
  errand->end_ms = now_ms() + milliseconds;
}

void bs_errand_within(struct bs_errand *ret_errand, struct blockstore_call *outer, uint32_t milliseconds) {
  begin(ret_errand, outer, milliseconds);
}

void bs_errand_after(struct bs_errand *ret_errand, struct blockstore_call *outer) {
  bool is_over = outer->host->time_left(outer) < BS_ERRAND_LEAST_MS;

  begin(ret_errand, outer, is_over ? BS_ERRAND_LEAST_MS : BS_ERRAND_MOST_MS);
  ret_errand->is_outlasting = is_over;
  ret_errand->host.set_error = keep_error;
  ret_errand->host.retry_after = ignore_retry_after;
}

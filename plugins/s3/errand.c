/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/s3/errand.h"

#include <stdint.h>
#include <stdio.h>

static struct bs_s3_errand *errand_of(struct blockstore_call *call) {
  return (struct bs_s3_errand *)(void *)call; /* its first member */
}

static void keep_sentence(struct blockstore_call *call, const char *sentence) {
  struct bs_s3_errand *errand = errand_of(call);

  snprintf(errand->reason, sizeof errand->reason, "%s", sentence == NULL ? "" : sentence);
}

static void ignore_wait(struct blockstore_call *call, uint32_t milliseconds) {
  (void)call;
  (void)milliseconds;
}

static uint32_t own_time_left(struct blockstore_call *call) {
  const struct bs_s3_errand *errand = errand_of(call);
  struct timespec now;
  int64_t gone;

  if (errand->outer != NULL) return errand->outer->host->time_left(errand->outer);
  clock_gettime(CLOCK_MONOTONIC, &now);
  gone = (int64_t)(now.tv_sec - errand->start.tv_sec) * 1000 + (now.tv_nsec - errand->start.tv_nsec) / 1000000;
  return gone < BS_S3_ERRAND_MS ? (uint32_t)(BS_S3_ERRAND_MS - gone) : 0;
}

static int own_cancel_fd(struct blockstore_call *call) {
  const struct bs_s3_errand *errand = errand_of(call);

  return errand->outer == NULL ? -1 : errand->outer->host->cancel_fd(errand->outer);
}

void bs_s3_errand_begin(struct bs_s3_errand *errand, struct blockstore_call *outer) {
  *errand = (struct bs_s3_errand){.call = *outer, .host = *outer->host};
  errand->call.struct_size = sizeof errand->call;
  errand->call.host = &errand->host;
  errand->host.struct_size = sizeof errand->host;
  errand->host.set_error = keep_sentence;
  errand->host.retry_after = ignore_wait;
  errand->host.time_left = own_time_left;
  errand->host.cancel_fd = own_cancel_fd;
  errand->outer = outer->host->time_left(outer) > 0 ? outer : NULL;
  clock_gettime(CLOCK_MONOTONIC, &errand->start);
}

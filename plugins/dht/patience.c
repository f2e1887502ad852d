/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/dht/patience.h"

#include <time.h>

static uint64_t now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct blockstore_call *outer_of(struct blockstore_call *call) {
  return ((struct dht_patience *)call)->outer;
}

static void set_error(struct blockstore_call *call, const char *sentence) {
  outer_of(call)->host->set_error(outer_of(call), sentence);
}

static void retry_after(struct blockstore_call *call, uint32_t milliseconds) {
  outer_of(call)->host->retry_after(outer_of(call), milliseconds);
}

static uint32_t time_left(struct blockstore_call *call) {
  uint64_t now = now_ms(), until = ((struct dht_patience *)call)->until_ms;
  uint32_t left = outer_of(call)->host->time_left(outer_of(call));

  if (until <= now) return 0;
  return until - now < left ? (uint32_t)(until - now) : left;
}

/* None tells when this time is over: time_left is looked at instead. */
static int cancel_fd(struct blockstore_call *call) {
  (void)call;
  return -1;
}

void dht_patience_begin(struct dht_patience *ret_patience, struct blockstore_call *outer, uint32_t milliseconds) {
  ret_patience->host = *outer->host;
  ret_patience->host.struct_size = sizeof ret_patience->host;
  ret_patience->host.set_error = set_error;
  ret_patience->host.retry_after = retry_after;
  ret_patience->host.time_left = time_left;
  ret_patience->host.cancel_fd = cancel_fd;
  ret_patience->call =
      (struct blockstore_call){.struct_size = sizeof ret_patience->call, .host = &ret_patience->host, .store = outer->store};
  ret_patience->outer = outer;
  ret_patience->until_ms = now_ms() + milliseconds;
}

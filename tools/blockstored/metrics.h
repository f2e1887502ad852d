/* SPDX-License-Identifier: MIT */
/* What is counted, for Prometheus.  Any thread may count; each loop does so apart, as counters that several of them write would
 * be passed from one processor to the other. */
#ifndef BLOCKSTORED_METRICS_H
#define BLOCKSTORED_METRICS_H

#include <stdatomic.h>

#include "core/base/buffer.h"
#include "tools/blockstored/method.h"

enum bsd_outcome { BSD_OK, BSD_ERROR, BSD_FAULT, BSD_OUTCOMES };
enum { BSD_BUCKETS = 11, BSD_METHODS_MAX = 96, BSD_APART = 8 /* as much as a processor takes at once */ };

struct bsd_metrics {
  atomic_ullong requests[BSD_METHODS_MAX][BSD_OUTCOMES]; /* by the method's number; the last row: no method */
  atomic_ullong buckets[BSD_BUCKETS + 1];                /* durations of answers, not yet summed up */
  atomic_ullong nanoseconds;
  atomic_ullong connections_open, connections_total, connections_refused;
  atomic_ullong bytes_in, bytes_out;
  atomic_ullong frames_malformed, throttled, dropped_idle, dropped_slow;
  atomic_ullong cache_hits, cache_misses;
  atomic_ullong http_requests, http_connections_open;
  atomic_ullong lane_waiting[BSD_LANES], lane_running[BSD_LANES]; /* requests */
  atomic_ullong tip, node_blocks, lag_blocks, reorganisations;
  atomic_ullong apart_before[BSD_APART];
  atomic_ullong replies_waiting; /* bytes, also of those that come from a lane: all loops look at it for every request */
  atomic_ullong apart_behind[BSD_APART];
};

static inline void bsd_count(atomic_ullong *counter, unsigned long long more) {
  atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}
static inline void bsd_uncount(atomic_ullong *counter, unsigned long long less) {
  atomic_fetch_sub_explicit(counter, less, memory_order_relaxed);
}
static inline unsigned long long bsd_counted(const atomic_ullong *counter) {
  return atomic_load_explicit(counter, memory_order_relaxed);
}

/* number: of the method, or BSD_METHODS_MAX - 1. */
void bsd_metrics_request(struct bsd_metrics *metrics, size_t number, enum bsd_outcome outcome, uint64_t nanoseconds);
/* Adds what one counted; `sum` is nobody else's. */
void bsd_metrics_add(struct bsd_metrics *sum, const struct bsd_metrics *one);
/* In Prometheus' text format.  state: how the index stands to its source (follower.h). */
void bsd_metrics_write(struct bs_buffer *text, const struct bsd_metrics *metrics, const char *state);

#endif

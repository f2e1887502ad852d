/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/metrics.h"

#include <stddef.h>
#include <string.h>

static const uint64_t edges_us[BSD_BUCKETS] = {10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000, 1000000, 10000000};
static const char *const outcomes[BSD_OUTCOMES] = {"ok", "error", "fault"};

void bsd_metrics_request(struct bsd_metrics *metrics, size_t number, enum bsd_outcome outcome, uint64_t nanoseconds) {
  size_t bucket = 0;

  while (bucket < BSD_BUCKETS && nanoseconds > edges_us[bucket] * 1000) bucket++;
  bsd_count(&metrics->requests[number][outcome], 1);
  bsd_count(&metrics->buckets[bucket], 1);
  bsd_count(&metrics->nanoseconds, nanoseconds);
}

_Static_assert(sizeof(struct bsd_metrics) % sizeof(atomic_ullong) == 0, "there are counters only");

void bsd_metrics_add(struct bsd_metrics *sum, const struct bsd_metrics *one) {
  atomic_ullong *to = (atomic_ullong *)(void *)sum;
  const atomic_ullong *from = (const atomic_ullong *)(const void *)one;

  for (size_t i = 0; i < sizeof *sum / sizeof *to; i++) bsd_count(&to[i], bsd_counted(&from[i]));
}

static void head(struct bs_buffer *text, const char *name, const char *type, const char *help) {
  bs_buffer_format(text, "# HELP blockstored_%s %s\n# TYPE blockstored_%s %s\n", name, help, name, type);
}

static void write_requests(struct bs_buffer *text, const struct bsd_metrics *metrics) {
  head(text, "requests_total", "counter", "Requests answered, by method and outcome.");
  for (size_t i = 0; i < BSD_METHODS_MAX; i++)
    for (size_t k = 0; k < BSD_OUTCOMES; k++) {
      unsigned long long count = bsd_counted(&metrics->requests[i][k]);

      if (count > 0)
        bs_buffer_format(text, "blockstored_requests_total{method=\"%s\",outcome=\"%s\"} %llu\n",
                         i < bsd_method_count ? bsd_methods[i].name : "", outcomes[k], count);
    }
}

static void write_durations(struct bs_buffer *text, const struct bsd_metrics *metrics) {
  unsigned long long sum = 0;

  head(text, "request_duration_seconds", "histogram", "How long answers took, without waiting in line.");
  for (size_t i = 0; i < BSD_BUCKETS; i++) {
    sum += bsd_counted(&metrics->buckets[i]);
    bs_buffer_format(text, "blockstored_request_duration_seconds_bucket{le=\"%g\"} %llu\n", (double)edges_us[i] / 1e6, sum);
  }
  sum += bsd_counted(&metrics->buckets[BSD_BUCKETS]);
  bs_buffer_format(text, "blockstored_request_duration_seconds_bucket{le=\"+Inf\"} %llu\n", sum);
  bs_buffer_format(text, "blockstored_request_duration_seconds_sum %.6f\nblockstored_request_duration_seconds_count %llu\n",
                   (double)bsd_counted(&metrics->nanoseconds) / 1e9, sum);
}

static void write_lanes(struct bs_buffer *text, const char *name, const char *help, const atomic_ullong counts[BSD_LANES]) {
  static const char *const lanes[BSD_LANES] = {[BSD_SCAN] = "scan", [BSD_SEND] = "send", [BSD_NODE] = "node"};

  head(text, name, "gauge", help);
  for (size_t i = 0; i < BSD_LANES; i++)
    if (lanes[i] != NULL) bs_buffer_format(text, "blockstored_%s{lane=\"%s\"} %llu\n", name, lanes[i], bsd_counted(&counts[i]));
}

static void write_state(struct bs_buffer *text, const char *state) {
  static const char *const states[] = {"following", "indexing", "waiting"};

  head(text, "state", "gauge", "1 for how the index stands to the chain's source.");
  for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
    bs_buffer_format(text, "blockstored_state{state=\"%s\"} %d\n", states[i], strcmp(states[i], state) == 0 ? 1 : 0);
}

#define ROW(name, type, help) {#name, type, help, offsetof(struct bsd_metrics, name), ""}
#define TOTAL(name, help) {#name, "counter", help, offsetof(struct bsd_metrics, name), "_total"}
static const struct {
  const char *name, *type, *help;
  size_t offset;
  const char *suffix;
} rows[] = {
    ROW(connections_open, "gauge", "Connections of the RPC that are open."),
    {"connections", "counter", "Connections of the RPC that were taken.", offsetof(struct bsd_metrics, connections_total),
     "_total"},
    TOTAL(connections_refused, "Connections beyond the limit."),
    TOTAL(bytes_in, "Bytes that peers sent."),
    TOTAL(bytes_out, "Bytes that peers were sent."),
    ROW(replies_waiting, "gauge", "Bytes of replies that were not taken yet."),
    TOTAL(frames_malformed, "Connections that ended with a malformed frame."),
    TOTAL(throttled, "Times that a peer's requests waited for the request rate."),
    TOTAL(dropped_idle, "Connections that ended because their peer said nothing."),
    TOTAL(dropped_slow, "Connections that ended because their peer did not take its replies."),
    TOTAL(cache_hits, "Replies that were kept from before."),
    TOTAL(cache_misses, "Replies that were looked up although they can be kept."),
    ROW(http_connections_open, "gauge", "Connections of the HTTP side that are open."),
    TOTAL(http_requests, "Requests of the HTTP side."),
    ROW(tip, "gauge", "The last block of the index."),
    ROW(node_blocks, "gauge", "The last block of the chain's source."),
    ROW(lag_blocks, "gauge", "How many blocks with enough confirmations the index lacks."),
    TOTAL(reorganisations, "Times that blocks left the chain."),
};

void bsd_metrics_write(struct bs_buffer *text, const struct bsd_metrics *metrics, const char *state) {
  write_requests(text, metrics);
  write_durations(text, metrics);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const atomic_ullong *counter = (const atomic_ullong *)(const void *)((const char *)metrics + rows[i].offset);

    bs_buffer_format(text, "# HELP blockstored_%s%s %s\n# TYPE blockstored_%s%s %s\nblockstored_%s%s %llu\n", rows[i].name,
                     rows[i].suffix, rows[i].help, rows[i].name, rows[i].suffix, rows[i].type, rows[i].name, rows[i].suffix,
                     bsd_counted(counter));
  }
  write_lanes(text, "lane_waiting", "Requests that wait for a thread.", metrics->lane_waiting);
  write_lanes(text, "lane_running", "Requests that a thread is answering.", metrics->lane_running);
  write_state(text, state);
}

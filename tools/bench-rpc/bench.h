/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RPC_H
#define BENCH_RPC_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

void bench_die(const char *what) __attribute__((noreturn)); /* what: with errno; NULL: it was told */
uint64_t bench_now_ns(void);

/* The name with this number. */
#define BENCH_NAME "bench-%07lu.id"

struct bench_fill {
  const char *path;
  bool is_index; /* of a node's chain, regtest; else a ledger */
  unsigned long names, updates;
};
void bench_fill(const struct bench_fill *fill);
void bench_echo(uint16_t port);
void bench_idle(uint16_t port, unsigned long count);

struct bench_load {
  uint16_t port;
  unsigned long connections, depth, seconds, names;
};
void bench_load(const struct bench_load *load);
int bench_connect(uint16_t port);

#endif

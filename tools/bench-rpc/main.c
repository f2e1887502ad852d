/* SPDX-License-Identifier: MIT */
/*
 * What tools/bench-server measures with.
 *
 *   bench-rpc fill LEDGER COUNT UPDATES                      a ledger with so many names, each updated so often, written into its
 *                                                            index directly
 *   bench-rpc fill-index INDEX COUNT UPDATES                 the same for an index of a node's chain, regtest
 *   bench-rpc echo PORT                                      a bare libevent server that sends back what it gets
 *   bench-rpc load PORT CONNECTIONS DEPTH SECONDS COUNT      each connection asks for names, DEPTH at once; prints replies a
 *                                                            second, median and 99th percentile (us), the generator's share
 *                                                            of a processor
 *   bench-rpc idle PORT CONNECTIONS                          so many connections that say nothing, until standard input ends
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench-rpc/bench.h"

void bench_die(const char *what) {
  if (what != NULL) perror(what);
  exit(1); /* NOLINT(concurrency-mt-unsafe): there is one thread */
}

uint64_t bench_now_ns(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static unsigned long number(char **arguments, int count, int which) {
  if (which >= count) {
    fputs("bench-rpc: arguments are missing; its head tells them\n", stderr);
    bench_die(NULL);
  }
  return strtoul(arguments[which], NULL, 10);
}

int main(int count, char **arguments) {
  const char *what = count > 2 ? arguments[1] : "";

  if (strcmp(what, "fill") == 0 || strcmp(what, "fill-index") == 0)
    bench_fill(&(struct bench_fill){arguments[2], what[4] == '-', number(arguments, count, 3), number(arguments, count, 4)});
  else if (strcmp(what, "echo") == 0) bench_echo((uint16_t)number(arguments, count, 2));
  else if (strcmp(what, "idle") == 0) bench_idle((uint16_t)number(arguments, count, 2), number(arguments, count, 3));
  else if (strcmp(what, "load") == 0)
    bench_load(&(struct bench_load){(uint16_t)number(arguments, count, 2), number(arguments, count, 3),
                                    number(arguments, count, 4), number(arguments, count, 5), number(arguments, count, 6)});
  else number(arguments, 0, 0);
  return 0;
}

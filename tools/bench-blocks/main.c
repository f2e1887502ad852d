/* SPDX-License-Identifier: MIT */
/*
 * What tools/bench-node measures, one thing a process:
 *
 *   bench-blocks follow URL USER PASSWORD INDEX   the index of all blocks of a regtest node
 *   bench-blocks floor URL USER PASSWORD BLOCKS [EVERY]
 *                                                 the same blocks, fetched in batches and not looked at; each EVERYth also with
 *                                                 what it spends
 *
 * Both print: blocks, seconds, seconds of this process's processor, peak memory in KiB.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/bitcoind/follow.h"
#include "tools/bench-blocks/bench.h"

void bench_die(const char *what) {
  fprintf(stderr, "bench-blocks: failed: %s\n", what);
  exit(1); /* NOLINT(concurrency-mt-unsafe): whatever the other threads do */
}

static double now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(const struct timeval *time) {
  return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static unsigned long follow(char **arguments) {
  const struct bs_bitcoind_config config = {.rpc = {.url = arguments[0], .user = arguments[1], .password = arguments[2]},
                                            .network = "regtest",
                                            .index = arguments[3]};
  struct bs_follow_state state;
  struct bs_follower *follower;
  struct bs_error error = {0};

  if (!bs_follower_open(&follower, &config, &error) || !bs_follow(follower, NULL, &state, &error)) bench_die(error.message);
  bs_follower_close(follower);
  return state.applied;
}

int main(int argc, char **argv) {
  struct rusage usage;
  double from = now(), took;
  unsigned long blocks;

  if (argc != 6 && argc != 7) bench_die("usage: bench-blocks follow|floor URL USER PASSWORD INDEX|BLOCKS [EVERY]");
  blocks = strcmp(argv[1], "floor") == 0 ? bench_floor(argv + 2) : follow(argv + 2);
  took = now() - from;
  getrusage(RUSAGE_SELF, &usage);
  printf("%lu %.3f %.3f %ld\n", blocks, took, seconds(&usage.ru_utime) + seconds(&usage.ru_stime), usage.ru_maxrss);
  return 0;
}

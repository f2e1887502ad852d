/* SPDX-License-Identifier: MIT */
/*
 * What tools/bench-names measures, one thing a process:
 *
 *   bench-index generate CHAIN INDEX OPERATIONS   makes a chain of name operations, and an index of it
 *   bench-index fill INDEX NAMES                  makes an index with names only
 *   bench-index apply CHAIN INDEX                 makes the index of a chain
 *   bench-index floor-hash CHAIN
 *   bench-index floor-rows INDEX COPY
 *   bench-index ledger LEDGER COUNT               updates on the local chain
 *   bench-index floor-verify COUNT
 *     these five print: count, how many a second, peak memory in KiB, size of the file in bytes
 *   bench-index lookup INDEX NAMES COUNT
 *   bench-index floor-lookup INDEX NAMES COUNT
 *     these two print: median and 99th percentile in microseconds
 *   bench-index fill-blocks INDEX BLOCKS          makes an index of blocks, one in ten with operations
 *   bench-index prove-included INDEX BLOCKS BACK
 *   bench-index prove-current INDEX BLOCKS BACK
 *     these two print: milliseconds, blocks checked, questions, bytes
 *   bench-index fill-ledger LEDGER BLOCKS         makes such a ledger, for a blockstored
 *   bench-index remote-included SERVER BLOCKS BACK
 *   bench-index remote-current SERVER BLOCKS BACK
 *     these two print the same, and the bytes on the way to the server and back
 *   bench-index floor-prove COUNT                 prints milliseconds
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "tools/bench-index/bench.h"

void bench_die(const char *what) {
  fprintf(stderr, "bench-index: failed: %s\n", what);
  exit(1); /* NOLINT(concurrency-mt-unsafe): whatever the other threads do */
}

void bench_check(bool good, const struct bs_error *error) {
  if (!good) bench_die(error->message);
}

double bench_now_us(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

void bench_tell_rate(size_t count, double microseconds, const char *path) {
  struct stat status = {.st_size = 0};
  struct rusage usage;

  if (path != NULL && stat(path, &status) < 0) bench_die(path);
  getrusage(RUSAGE_SELF, &usage);
  printf("%zu %.0f %ld %lld\n", count, (double)count / microseconds * 1e6, usage.ru_maxrss, (long long)status.st_size);
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

void bench_time_lookups(void (*look)(void *user, uint64_t number), void *user, size_t names, size_t count) {
  double *times = calloc(count, sizeof *times);

  if (times == NULL) bench_die("memory");
  for (size_t i = 0; i < count; i++) {
    uint64_t number = bench_scatter(i) % names;
    double from = bench_now_us();

    look(user, number);
    times[i] = bench_now_us() - from;
  }
  qsort(times, count, sizeof *times, compare_doubles);
  printf("%.2f %.2f\n", times[count / 2], times[count * 99 / 100]);
  free(times);
}

static size_t number_of(const char *text) {
  size_t number = strtoul(text, NULL, 10);

  if (number == 0) bench_die("a number was expected");
  return number;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";

  if (argc == 5 && strcmp(what, "generate") == 0) bench_generate(argv[2], argv[3], number_of(argv[4]));
  else if (argc == 4 && strcmp(what, "fill") == 0) bench_fill(argv[2], number_of(argv[3]));
  else if (argc == 4 && strcmp(what, "apply") == 0) bench_apply(argv[2], argv[3]);
  else if (argc == 3 && strcmp(what, "floor-hash") == 0) bench_floor_hash(argv[2]);
  else if (argc == 4 && strcmp(what, "floor-rows") == 0) bench_floor_rows(argv[2], argv[3]);
  else if (argc == 4 && strcmp(what, "ledger") == 0) bench_ledger(argv[2], number_of(argv[3]));
  else if (argc == 3 && strcmp(what, "floor-verify") == 0) bench_floor_verify(number_of(argv[2]));
  else if (argc == 5 && strcmp(what, "lookup") == 0) bench_lookup(argv[2], number_of(argv[3]), number_of(argv[4]));
  else if (argc == 5 && strcmp(what, "floor-lookup") == 0) bench_floor_lookup(argv[2], number_of(argv[3]), number_of(argv[4]));
  else if (argc == 4 && strcmp(what, "fill-blocks") == 0) bench_fill_blocks(argv[2], number_of(argv[3]));
  else if (argc == 5 && strcmp(what, "prove-included") == 0) bench_prove(argv[2], number_of(argv[3]), number_of(argv[4]), false);
  else if (argc == 5 && strcmp(what, "prove-current") == 0) bench_prove(argv[2], number_of(argv[3]), number_of(argv[4]), true);
  else if (argc == 4 && strcmp(what, "fill-ledger") == 0) bench_fill_ledger(argv[2], number_of(argv[3]));
  else if (argc == 5 && strcmp(what, "remote-included") == 0)
    bench_prove_remote(argv[2], number_of(argv[3]), number_of(argv[4]), false);
  else if (argc == 5 && strcmp(what, "remote-current") == 0)
    bench_prove_remote(argv[2], number_of(argv[3]), number_of(argv[4]), true);
  else if (argc == 3 && strcmp(what, "floor-prove") == 0) bench_floor_prove(number_of(argv[2]));
  else bench_die("a wrong command");
  return 0;
}

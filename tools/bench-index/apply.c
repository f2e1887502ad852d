/* SPDX-License-Identifier: MIT */
/* The indexing of a chain, from its file to the index's: what a chain source does with the blocks that it is given. */
#include <config.h>

#include <string.h>

#include "tools/bench-index/bench.h"

void bench_apply(const char *chain, const char *path) {
  double from = bench_now_us();
  FILE *file = fopen(chain, "r");
  struct bench_index index;
  struct bench_block block = {.bytes = BS_BUFFER_INIT};
  struct bs_block_result result = {0};
  unsigned char consensus[BS_CONSENSUS_SIZE];
  size_t operations = 0;

  if (file == NULL) bench_die(chain);
  bench_index_open(&index, path, BS_DATABASE_CREATE);
  for (uint64_t height = BENCH_FIRST_BLOCK; bench_block_read(&block, file); height++) {
    bench_index_apply(&index, &result, height, &block, NULL);
    operations += block.count;
  }
  bench_index_close(&index);
  if (fread(consensus, sizeof consensus, 1, file) != 1 || memcmp(consensus, result.consensus, sizeof consensus) != 0)
    bench_die("another consensus hash than when the chain was made");
  fclose(file);
  bench_block_free(&block);
  bench_tell_rate(operations, bench_now_us() - from, path);
}

/* SPDX-License-Identifier: MIT */
/* The floor of indexing, without any index: the file is read, and hashed what must be: per operation its transaction,
 * the hash that names its name, its serialised form and its node in the tree of the block. */
#include <config.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ripemd.h>
#include <openssl/sha.h>

#include "tools/bench-index/bench.h"

enum { SERIALISED = 450, NAME_HASHED = 80 };

/* SHA256() itself goes through EVP, and is slower than what it does. */
static void once(unsigned char digest[32], const unsigned char *bytes, size_t length) {
  SHA256_CTX context;

  SHA256_Init(&context);
  SHA256_Update(&context, bytes, length);
  SHA256_Final(digest, &context);
}

static void twice(unsigned char digest[32], const unsigned char *bytes, size_t length) {
  once(digest, bytes, length);
  once(digest, digest, 32);
}

void bench_floor_hash(const char *chain) {
  static const unsigned char serialised[SERIALISED];
  double from = bench_now_us();
  FILE *file = fopen(chain, "r");
  struct bench_block block = {.bytes = BS_BUFFER_INIT};
  unsigned char pair[64], digest[32];
  size_t operations = 0;

  if (file == NULL) bench_die(chain);
  for (; bench_block_read(&block, file); operations += block.count)
    for (size_t i = 0; i < block.count; i++) {
      twice(pair, block.raws[i].bytes, block.raws[i].length);
      once(digest, serialised, NAME_HASHED);
      RIPEMD160(digest, sizeof digest, digest);
      twice(pair + 32, serialised, sizeof serialised);
      twice(digest, pair, sizeof pair);
    }
  fclose(file);
  bench_block_free(&block);
  bench_tell_rate(operations, bench_now_us() - from, chain);
}

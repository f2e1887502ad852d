/* SPDX-License-Identifier: MIT */
/* The floor of put_mutable: sign, a durable file, a durable commit. */
#include <config.h>

#include <fcntl.h>
#include <secp256k1.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "tools/bench-mutable/bench.h"

struct bench_floor_put {
  int directory;
  size_t size;
  unsigned char *bytes;
  secp256k1_context *context;
  struct bench_floor_commit *commit;
};

struct bench_floor_put *bench_floor_put_new(const char *directory, size_t size) {
  struct bench_floor_put *floor = calloc(1, sizeof *floor);

  if (floor == NULL) bench_die("memory");
  floor->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  floor->size = size;
  floor->bytes = calloc(1, size);
  floor->context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
  floor->commit = bench_floor_commit_new("floor-put.db");
  if (floor->directory < 0 || floor->bytes == NULL) bench_die(directory);
  return floor;
}

static void write_durably(const struct bench_floor_put *floor) {
  int fd = openat(floor->directory, "new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  if (fd < 0 || write(fd, floor->bytes, floor->size) != (ssize_t)floor->size || fsync(fd) < 0 || close(fd) < 0 ||
      renameat(floor->directory, "new", floor->directory, "record") < 0 || fsync(floor->directory) < 0)
    bench_die("a file");
}

void bench_floor_put_run(void *user, size_t turn) {
  struct bench_floor_put *floor = user;
  unsigned char secret[32] = {1}, digest[32];
  secp256k1_ecdsa_signature signature;

  memcpy(floor->bytes, &turn, sizeof turn);
  SHA256(floor->bytes, floor->size, digest);
  if (!secp256k1_ecdsa_sign(floor->context, &signature, digest, secret, NULL, NULL)) bench_die("a signature");
  write_durably(floor);
  bench_floor_commit_run(floor->commit, turn);
}

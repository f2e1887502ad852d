/* SPDX-License-Identifier: MIT */
/* The floor of get_immutable: a file is read and hashed, a piece at a time. */
#include <config.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "tools/bench-mutable/bench.h"

enum { PIECE = 256 << 10 }; /* bytes that are hashed while they are in the cache */

struct bench_floor_hash {
  const char *file;
  unsigned char piece[PIECE];
};

struct bench_floor_hash *bench_floor_hash_new(const char *file) {
  struct bench_floor_hash *floor = calloc(1, sizeof *floor);

  if (floor == NULL) bench_die("memory");
  floor->file = file;
  return floor;
}

void bench_floor_hash_run(void *user, size_t turn) {
  struct bench_floor_hash *floor = user;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int fd = open(floor->file, O_RDONLY | O_CLOEXEC);
  unsigned char digest[32];
  ssize_t got = -1;

  (void)turn;
  if (context == NULL || !EVP_DigestInit_ex(context, EVP_sha256(), NULL)) bench_die("memory");
  while ((got = read(fd, floor->piece, PIECE)) > 0) EVP_DigestUpdate(context, floor->piece, (size_t)got);
  if (got < 0 || !EVP_DigestFinal_ex(context, digest, NULL)) bench_die(floor->file);
  EVP_MD_CTX_free(context);
  close(fd);
}

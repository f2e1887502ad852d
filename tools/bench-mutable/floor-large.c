/* SPDX-License-Identifier: MIT */
/* The floor of a large record: read it, decode its base64, hash the data. */
#include <config.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "tools/bench-mutable/bench.h"

enum { PIECE = 48 << 10 }; /* characters that are decoded and hashed while they are in the cache */

struct bench_floor_large {
  const char *file;
  size_t size;
};

struct bench_floor_large *bench_floor_large_new(const char *file) {
  struct bench_floor_large *floor = calloc(1, sizeof *floor);
  struct stat status;

  if (floor == NULL || stat(file, &status) < 0) bench_die(file);
  floor->file = file;
  floor->size = (size_t)status.st_size / 4 * 4; /* the few bytes around the base64 count as base64 */
  return floor;
}

static void read_all(const struct bench_floor_large *floor, unsigned char *text) {
  int fd = open(floor->file, O_RDONLY | O_CLOEXEC);
  ssize_t got;

  for (size_t at = 0; at < floor->size; at += (size_t)got)
    if ((got = read(fd, text + at, floor->size - at)) <= 0) bench_die(floor->file);
  close(fd);
}

void bench_floor_large_run(void *user, size_t turn) {
  const struct bench_floor_large *floor = user;
  unsigned char *text = malloc(floor->size), *data = malloc(floor->size / 4 * 3), digest[32];

  EVP_MD_CTX *context = EVP_MD_CTX_new();

  (void)turn;
  if (text == NULL || data == NULL || context == NULL || !EVP_DigestInit_ex(context, EVP_sha256(), NULL)) bench_die("memory");
  read_all(floor, text);
  for (size_t at = 0; at < floor->size; at += PIECE) {
    size_t run = floor->size - at < PIECE ? floor->size - at : PIECE;

    EVP_DecodeBlock(data + at / 4 * 3, text + at, (int)run);
    EVP_DigestUpdate(context, data + at / 4 * 3, run / 4 * 3);
  }
  EVP_DigestFinal_ex(context, digest, NULL);
  EVP_MD_CTX_free(context);
  free(text);
  free(data);
}

/* SPDX-License-Identifier: MIT */
/* The floor of get_mutable: a file is read, hashed, and a signature verified. */
#include <config.h>

#include <fcntl.h>
#include <secp256k1.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "tools/bench-mutable/bench.h"

struct bench_floor_get {
  const char *file;
  bool parse_each_time;
  secp256k1_context *context;
  unsigned char key[33], message[32];
  secp256k1_pubkey parsed;
  secp256k1_ecdsa_signature signature;
};

struct bench_floor_get *bench_floor_get_new(const char *file, bool parse_each_time) {
  struct bench_floor_get *floor = calloc(1, sizeof *floor);
  unsigned char secret[32] = {1};
  size_t length = sizeof floor->key;

  if (floor == NULL) bench_die("memory");
  floor->file = file;
  floor->parse_each_time = parse_each_time;
  floor->context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
  SHA256(secret, sizeof secret, floor->message); /* not zero: half of the work would fall away */
  if (!secp256k1_ec_pubkey_create(floor->context, &floor->parsed, secret) ||
      !secp256k1_ec_pubkey_serialize(floor->context, floor->key, &length, &floor->parsed, SECP256K1_EC_COMPRESSED) ||
      !secp256k1_ecdsa_sign(floor->context, &floor->signature, floor->message, secret, NULL, NULL))
    bench_die("secp256k1");
  return floor;
}

void bench_floor_get_run(void *user, size_t turn) {
  struct bench_floor_get *floor = user;
  unsigned char bytes[4096], digest[32];
  int fd = open(floor->file, O_RDONLY | O_CLOEXEC);
  ssize_t got = read(fd, bytes, sizeof bytes);

  (void)turn;
  close(fd);
  if (got <= 0) bench_die(floor->file);
  SHA256(bytes, (size_t)got, digest);
  if (floor->parse_each_time && !secp256k1_ec_pubkey_parse(floor->context, &floor->parsed, floor->key, sizeof floor->key))
    bench_die("a key");
  if (!secp256k1_ecdsa_verify(floor->context, &floor->signature, floor->message, &floor->parsed)) bench_die("a signature");
}

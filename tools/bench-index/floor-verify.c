/* SPDX-License-Identifier: MIT */
/* The floor of the local chain: as many signatures verified, each by a key that is parsed. */
#include <config.h>

#include <secp256k1.h>

#include "tools/bench-index/bench.h"

void bench_floor_verify(size_t count) {
  secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
  unsigned char secret[32] = {1}, message[32], key[33];
  size_t length = sizeof key;
  secp256k1_pubkey parsed;
  secp256k1_ecdsa_signature signature;
  double from;

  bs_sha256(message, secret, sizeof secret); /* not zero: half of the work would fall away */
  if (!secp256k1_ec_pubkey_create(context, &parsed, secret) ||
      !secp256k1_ec_pubkey_serialize(context, key, &length, &parsed, SECP256K1_EC_COMPRESSED) ||
      !secp256k1_ecdsa_sign(context, &signature, message, secret, NULL, NULL))
    bench_die("secp256k1");
  from = bench_now_us();
  for (size_t i = 0; i < count; i++)
    if (!secp256k1_ec_pubkey_parse(context, &parsed, key, sizeof key) ||
        !secp256k1_ecdsa_verify(context, &signature, message, &parsed))
      bench_die("a signature");
  bench_tell_rate(count, bench_now_us() - from, NULL);
  secp256k1_context_destroy(context);
}

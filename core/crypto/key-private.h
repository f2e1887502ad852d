/* SPDX-License-Identifier: MIT */
/* What the files of keys, addresses and signatures share; for this folder only. */
#ifndef BS_CRYPTO_KEY_PRIVATE_H
#define BS_CRYPTO_KEY_PRIVATE_H

#include <secp256k1.h>

#include "core/crypto/key.h"

struct bs_key {
  unsigned char secret[32];     /* 1 to the curve's order - 1 */
  struct bs_public_key public_; /* compressed or not, as the key is meant */
};

/* For parsing and verifying: built into the library, costs nothing. */
const secp256k1_context *bs_secp256k1_public(void);
/* For what touches a secret: blinded by random bytes, made at its first use, kept until the process ends.  NULL when
 * there was no memory for it. */
const secp256k1_context *bs_secp256k1_secret(void);

bool bs_public_key_load(secp256k1_pubkey *ret_point, const struct bs_public_key *key);
/* compressed: the form to write. */
void bs_public_key_store(struct bs_public_key *ret_key, const secp256k1_pubkey *point, bool compressed);

#endif

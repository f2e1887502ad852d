/* SPDX-License-Identifier: MIT */
/* Children of public keys (BIP 32). */
#include <config.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "core/crypto/key-private.h"

#define CHAIN_CODE_SIZE 32
#define COMPRESSED_SIZE 33

bool bs_public_key_derive(struct bs_public_key *ret_child, bool *ret_exists, const struct bs_public_key *parent,
                          uint32_t number, struct bs_error *error) {
  static const unsigned char chain_code[CHAIN_CODE_SIZE];
  unsigned char text[COMPRESSED_SIZE + 4], digest[64];
  struct bs_public_key compressed;
  secp256k1_pubkey point;

  *ret_exists = false;
  if (number >= UINT32_C(0x80000000) || !bs_public_key_load(&point, parent)) return true;
  bs_public_key_store(&compressed, &point, true);
  memcpy(text, compressed.bytes, COMPRESSED_SIZE);
  for (size_t i = 0; i < 4; i++) text[COMPRESSED_SIZE + i] = (unsigned char)(number >> (24 - 8 * i));
  /* The first fetch of an algorithm sets up libcrypto's default context; 3.0 crashes where that lacked memory. */
  if (OSSL_LIB_CTX_get0_global_default() == NULL ||
      HMAC(EVP_sha512(), chain_code, sizeof chain_code, text, sizeof text, digest, NULL) == NULL)
    return bs_fail_memory(error);
  if (!secp256k1_ec_pubkey_tweak_add(bs_secp256k1_public(), &point, digest)) return true;
  *ret_exists = true;
  bs_public_key_store(ret_child, &point, true);
  return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * The writer of 2015, for tests only: nothing of ours writes such records any more.  Strings aren't escaped.  v is 27
 * plus the oddness of the nonce point's y; s is as it came out, or the lower of the two (then v stayed as it was).
 * What can't be signed has the signature "".
 */
#ifndef BS_T_LEGACY_H
#define BS_T_LEGACY_H

#include <inttypes.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/base64.h"
#include "core/crypto/key-private.h"

/* Is the y of the point odd that the nonce for z gives? */
static inline bool legacy_nonce_y(bool *ret_is_odd, const struct bs_key *key, const unsigned char z[32]) {
  struct bs_public_key compressed;
  unsigned char nonce[32];
  secp256k1_pubkey point;

  if (!secp256k1_nonce_function_rfc6979(nonce, z, key->secret, NULL, NULL, 0) ||
      !secp256k1_ec_pubkey_create(bs_secp256k1_secret(), &point, nonce))
    return false;
  bs_public_key_store(&compressed, &point, true);
  *ret_is_odd = compressed.bytes[0] == 3;
  return true;
}

/* z: hash160 of the text, as an integer of 32 bytes. */
static inline void legacy_sign(char sig[89], const struct bs_key *key, bool low_s, const void *text, size_t length) {
  struct bs_buffer base64 BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char z[32] = {0}, signature[65];
  bool y_is_odd, negated;

  sig[0] = '\0';
  bs_hash160(z + 12, text, length);
  if (!legacy_nonce_y(&y_is_odd, key, z) || !bs_sign_recoverable(signature, key, z)) return;
  negated = (((signature[0] - 27) & 1) == 1) != y_is_odd; /* to be low, s changed its sign, and with it the id */
  if (negated && !low_s && !secp256k1_ec_seckey_negate(bs_secp256k1_secret(), signature + 33)) return;
  signature[0] = (unsigned char)(27 + y_is_odd);
  bs_base64_encode(&base64, signature, sizeof signature);
  if (bs_buffer_string(&base64) != NULL) memcpy(sig, base64.bytes, 89);
}

/* Appends the record. */
static inline void legacy_write(struct bs_buffer *record, const struct bs_key *key, bool low_s, const char *id,
                                uint64_t ver, const void *data, size_t length) {
  struct bs_buffer preimage BS_AUTO_BUFFER = BS_BUFFER_INIT, base64 BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char sig[89];

  bs_base64_encode(&base64, data, length);
  bs_buffer_format(&preimage, "%s%" PRIu64 "%.*s", id, ver, (int)base64.length, (const char *)base64.bytes);
  legacy_sign(sig, key, low_s, preimage.bytes, preimage.length);
  bs_buffer_format(record, "{\"data\": \"%.*s\", \"id\": \"%s\", \"sig\": \"%s\", \"ver\": \"%" PRIu64 "\"}",
                   (int)base64.length, (const char *)base64.bytes, id, sig, ver);
}

#endif

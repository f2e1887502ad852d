/* SPDX-License-Identifier: MIT */
/* ECDSA over digests, in the two forms that are signed here: DER for transactions, recoverable for records. */
#include <config.h>

#include <secp256k1_recovery.h>
#include <string.h>

#include "core/crypto/key-private.h"

#define HEADER_BASE 27
#define HEADER_COMPRESSED 4

/* libsecp256k1 takes the nonce of RFC 6979 and gives low S when it is not told otherwise. */
bool bs_sign_der(unsigned char signature[72], size_t *ret_length, const struct bs_key *key,
                 const unsigned char digest[32]) {
  const secp256k1_context *context = bs_secp256k1_secret();
  secp256k1_ecdsa_signature parsed;
  size_t length = 72;

  if (context == NULL || !secp256k1_ecdsa_sign(context, &parsed, digest, key->secret, NULL, NULL) ||
      !secp256k1_ecdsa_signature_serialize_der(context, signature, &length, &parsed))
    return false;
  *ret_length = length;
  return true;
}

bool bs_verify_der(const struct bs_public_key *key, const unsigned char digest[32], const void *signature,
                   size_t length) {
  const secp256k1_context *context = bs_secp256k1_public();
  secp256k1_ecdsa_signature parsed;
  secp256k1_pubkey point;

  return bs_public_key_load(&point, key) && secp256k1_ecdsa_signature_parse_der(context, &parsed, signature, length) &&
         secp256k1_ecdsa_verify(context, &parsed, digest, &point); /* takes low S only */
}

bool bs_sign_recoverable(unsigned char signature[65], const struct bs_key *key, const unsigned char digest[32]) {
  const secp256k1_context *context = bs_secp256k1_secret();
  secp256k1_ecdsa_recoverable_signature made;
  int id;

  if (context == NULL || !secp256k1_ecdsa_sign_recoverable(context, &made, digest, key->secret, NULL, NULL))
    return false;
  secp256k1_ecdsa_recoverable_signature_serialize_compact(context, signature + 1, &id, &made);
  signature[0] = (unsigned char)(HEADER_BASE + id + (key->public_.length == 33 ? HEADER_COMPRESSED : 0));
  return true;
}

/* The parts that need no key; *ret_parsed has low S.  libsecp256k1's parser refuses r and s above the order, but not
 * zero. */
static enum bs_signature_fault parse(secp256k1_ecdsa_signature *ret_parsed, const unsigned char signature[65],
                                     bool allow_high_s) {
  static const unsigned char zero[32];
  secp256k1_ecdsa_signature parsed;
  bool high_s;

  if (signature[0] < HEADER_BASE || signature[0] > HEADER_BASE + 7) return BS_SIGNATURE_MALFORMED;
  if (memcmp(signature + 1, zero, 32) == 0 || memcmp(signature + 33, zero, 32) == 0) return BS_SIGNATURE_MALFORMED;
  if (!secp256k1_ecdsa_signature_parse_compact(bs_secp256k1_public(), &parsed, signature + 1))
    return BS_SIGNATURE_MALFORMED;
  high_s = secp256k1_ecdsa_signature_normalize(bs_secp256k1_public(), ret_parsed, &parsed);
  return high_s && !allow_high_s ? BS_SIGNATURE_HIGH_S : BS_SIGNATURE_GOOD;
}

enum bs_signature_fault bs_verify_recoverable(const struct bs_public_key *key, const unsigned char digest[32],
                                              const unsigned char signature[65], bool allow_high_s) {
  secp256k1_ecdsa_signature parsed;
  secp256k1_pubkey point;
  enum bs_signature_fault fault = parse(&parsed, signature, allow_high_s);

  if (fault != BS_SIGNATURE_GOOD) return fault;
  if (!bs_public_key_load(&point, key) || !secp256k1_ecdsa_verify(bs_secp256k1_public(), &parsed, digest, &point))
    return BS_SIGNATURE_FORGED;
  return BS_SIGNATURE_GOOD;
}

/* The key that signature and id stand for, in the form whose hash is the owner's. */
static bool recover_with(struct bs_public_key *ret_key, const unsigned char owner[BS_HASH160_SIZE],
                         const unsigned char digest[32], const unsigned char signature[65], int id) {
  const secp256k1_context *context = bs_secp256k1_public();
  secp256k1_ecdsa_recoverable_signature parsed;
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_public_key key;
  secp256k1_pubkey point;

  if (!secp256k1_ecdsa_recoverable_signature_parse_compact(context, &parsed, signature + 1, id)) return false;
  if (!secp256k1_ecdsa_recover(context, &point, &parsed, digest)) return false;
  for (int compressed = 0; compressed <= 1; compressed++) {
    bs_public_key_store(&key, &point, compressed);
    bs_public_key_hash(hash, &key);
    if (memcmp(hash, owner, BS_HASH160_SIZE) != 0) continue;
    *ret_key = key;
    return true;
  }
  return false;
}

enum bs_signature_fault bs_recover(struct bs_public_key *ret_key, const unsigned char owner[BS_HASH160_SIZE],
                                   const unsigned char digest[32], const unsigned char signature[65],
                                   bool allow_high_s) {
  secp256k1_ecdsa_signature parsed;
  enum bs_signature_fault fault = parse(&parsed, signature, allow_high_s);
  int hint = (signature[0] - HEADER_BASE) & 3;

  if (fault != BS_SIGNATURE_GOOD) return fault;
  /* The header is no more than a hint: 2015 signers changed s without changing it. */
  for (int i = 0; i < 4; i++)
    if (recover_with(ret_key, owner, digest, signature, hint ^ i)) return BS_SIGNATURE_GOOD;
  return BS_SIGNATURE_FORGED;
}

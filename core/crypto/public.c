/* SPDX-License-Identifier: MIT */
/* Public keys and the addresses made of them. */
#include <config.h>

#include <string.h>

#include "core/crypto/base58check.h"
#include "core/crypto/key-private.h"

#define ADDRESS_SIZE (1 + BS_HASH160_SIZE)

_Static_assert(BS_ADDRESS_TEXT > (ADDRESS_SIZE + 4) * 138 / 100 + 1, "an address fits into BS_ADDRESS_TEXT");

/* libsecp256k1 also takes the hybrid form (06 and 07), which nothing here may produce or accept. */
static bool known_form(const unsigned char *bytes, size_t length) {
  return (length == 33 && (bytes[0] == 2 || bytes[0] == 3)) || (length == 65 && bytes[0] == 4);
}

_Static_assert(sizeof(secp256k1_pubkey) == sizeof(((struct bs_public_key *)NULL)->point), "a parsed key fits into its room");

bool bs_public_key_load(secp256k1_pubkey *ret_point, const struct bs_public_key *key) {
  if (key->is_parsed) {
    memcpy(ret_point, key->point, sizeof *ret_point);
    return true;
  }
  return known_form(key->bytes, key->length) &&
         secp256k1_ec_pubkey_parse(bs_secp256k1_public(), ret_point, key->bytes, key->length);
}

void bs_public_key_store(struct bs_public_key *ret_key, const secp256k1_pubkey *point, bool compressed) {
  ret_key->length = compressed ? 33 : 65;
  memcpy(ret_key->point, point, sizeof *point);
  ret_key->is_parsed = true;
  secp256k1_ec_pubkey_serialize(bs_secp256k1_public(), ret_key->bytes, &ret_key->length, point,
                                compressed ? SECP256K1_EC_COMPRESSED : SECP256K1_EC_UNCOMPRESSED);
}

bool bs_public_key_parse(struct bs_public_key *ret_key, const void *bytes, size_t length) {
  struct bs_public_key key = {.length = length};
  secp256k1_pubkey point;

  if (length > sizeof key.bytes) return false;
  memcpy(key.bytes, bytes, length);
  if (!bs_public_key_load(&point, &key)) return false;
  memcpy(key.point, &point, sizeof point);
  key.is_parsed = true;
  *ret_key = key;
  return true;
}

bool bs_public_key_compress(struct bs_public_key *ret_key, const struct bs_public_key *key) {
  secp256k1_pubkey point;

  if (!bs_public_key_load(&point, key)) return false;
  bs_public_key_store(ret_key, &point, true);
  return true;
}

void bs_public_key_hash(unsigned char hash[BS_HASH160_SIZE], const struct bs_public_key *key) {
  bs_hash160(hash, key->bytes, key->length);
}

/* Compressing takes no mathematics: the first coordinate, and whether the second is odd. */
void bs_public_key_signer(unsigned char hash[BS_HASH160_SIZE], const struct bs_public_key *key) {
  unsigned char compressed[33];

  if (key->length == sizeof compressed) {
    bs_public_key_hash(hash, key);
    return;
  }
  compressed[0] = (unsigned char)(2 + (key->bytes[64] & 1));
  memcpy(compressed + 1, key->bytes + 1, 32);
  bs_hash160(hash, compressed, sizeof compressed);
}

const struct bs_public_key *bs_key_public(const struct bs_key *key) {
  return &key->public_;
}

void bs_address_encode(char text[BS_ADDRESS_TEXT], unsigned char version, const unsigned char hash[BS_HASH160_SIZE]) {
  unsigned char payload[ADDRESS_SIZE];
  char whole[BS_BASE58_TEXT_MAX];

  payload[0] = version;
  memcpy(payload + 1, hash, BS_HASH160_SIZE);
  bs_base58check_encode(whole, payload, sizeof payload);
  memcpy(text, whole, strlen(whole) + 1);
}

bool bs_address_decode(unsigned char *ret_version, unsigned char hash[BS_HASH160_SIZE], const char *text) {
  unsigned char payload[BS_BASE58CHECK_MAX];
  size_t length = strnlen(text, BS_ADDRESS_TEXT);

  if (length == BS_ADDRESS_TEXT || !bs_base58check_decode(payload, &length, text, length) || length != ADDRESS_SIZE)
    return false;
  *ret_version = payload[0];
  memcpy(hash, payload + 1, BS_HASH160_SIZE);
  return true;
}

unsigned char bs_address_version(enum bs_network network) {
  return network == BS_NETWORK_TEST ? 111 : 0;
}

void bs_key_address(char text[BS_ADDRESS_TEXT], const struct bs_key *key, enum bs_network network) {
  unsigned char hash[BS_HASH160_SIZE];

  bs_public_key_hash(hash, &key->public_);
  bs_address_encode(text, bs_address_version(network), hash);
}

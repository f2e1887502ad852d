/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/chain/script.h"

enum {
  OP_PUSHDATA1 = 0x4c,
  OP_1 = 0x51,
  OP_16 = 0x60,
  OP_RETURN = 0x6a,
  OP_DUP = 0x76,
  OP_EQUAL = 0x87,
  OP_EQUALVERIFY = 0x88,
  OP_HASH160 = 0xa9,
  OP_CHECKSIG = 0xac,
  OP_CHECKMULTISIG = 0xae
};

/* Takes the push at *position; false at the end, on any other instruction, and when it reaches beyond the script. */
static bool next_push(const unsigned char **ret_push, size_t *ret_length, const unsigned char *script, size_t length,
                      size_t *position) {
  size_t at = *position, size;

  if (at >= length) return false;
  size = script[at++];
  if (size == OP_PUSHDATA1) {
    if (at >= length) return false;
    size = script[at++];
  } else if (size > OP_PUSHDATA1) {
    if (size > OP_16 || size < 0x4f || size == 0x50) return false; /* PUSHDATA2 and 4: too long to matter here */
    size = 0;                                                      /* a small number: no bytes of its own */
  }
  if (size > length - at) return false;
  *ret_push = script + at;
  *ret_length = size;
  *position = at + size;
  return true;
}

/* Bytes of a public key that begins so; 0: none does.  Bitcoin also knows the hybrid forms, 06 and 07. */
static size_t public_key_size(unsigned char first) {
  if (first == 2 || first == 3) return 33;
  return first == 4 || first == 6 || first == 7 ? 65 : 0;
}

/* m, n public keys, n, OP_CHECKMULTISIG; 1 <= m <= n <= 16. */
static bool is_multisig(const unsigned char *script, size_t length) {
  size_t at = 1, keys = 0;

  if (length < 3 || script[length - 1] != OP_CHECKMULTISIG || script[0] < OP_1 || script[0] > OP_16) return false;
  for (; at < length - 2 && script[at] == public_key_size(script[at + 1]) && script[at] < length - 2 - at; keys++)
    at += 1u + script[at];
  return at == length - 2 && keys <= 16 && script[at] == OP_1 - 1 + keys && script[0] <= script[at];
}

enum bs_script_kind bs_script_classify(unsigned char hash[BS_HASH160_SIZE], const unsigned char *script,
                                       size_t length) {
  unsigned char unused[BS_HASH160_SIZE];

  if (hash == NULL) hash = unused;
  if (length == 25 && script[0] == OP_DUP && script[1] == OP_HASH160 && script[2] == 20 &&
      script[23] == OP_EQUALVERIFY && script[24] == OP_CHECKSIG) {
    memcpy(hash, script + 3, BS_HASH160_SIZE);
    return BS_SCRIPT_PUBLIC_KEY_HASH;
  }
  if (length == 23 && script[0] == OP_HASH160 && script[1] == 20 && script[22] == OP_EQUAL) {
    memcpy(hash, script + 2, BS_HASH160_SIZE);
    return BS_SCRIPT_SCRIPT_HASH;
  }
  if (length >= 35 && script[0] == length - 2 && script[0] == public_key_size(script[1]) &&
      script[length - 1] == OP_CHECKSIG) {
    bs_hash160(hash, script + 1, length - 2);
    return BS_SCRIPT_PUBLIC_KEY;
  }
  if (length >= 1 && script[0] == OP_RETURN) return BS_SCRIPT_NULL_DATA;
  return is_multisig(script, length) ? BS_SCRIPT_MULTISIG : BS_SCRIPT_OTHER;
}

bool bs_script_payload(const unsigned char **ret_payload, size_t *ret_length, const unsigned char *script,
                       size_t length) {
  const unsigned char *push;
  size_t push_length, position = 1;

  if (length < 2 || script[0] != OP_RETURN) return false;
  if (!next_push(&push, &push_length, script, length, &position)) return false;
  if (position != length || push_length == 0 || push_length > BS_PAYLOAD_MAX) return false;
  *ret_payload = push;
  *ret_length = push_length;
  return true;
}

bool bs_script_second_push(const unsigned char **ret_push, size_t *ret_length, const unsigned char *script,
                           size_t length) {
  size_t position = 0;

  return next_push(ret_push, ret_length, script, length, &position) && /* NOLINT(misc-redundant-expression): moves on */
         next_push(ret_push, ret_length, script, length, &position);
}

void bs_script_pay_to(struct bs_script *ret_script, const unsigned char hash[BS_HASH160_SIZE]) {
  unsigned char *bytes = ret_script->bytes;

  bytes[0] = OP_DUP;
  bytes[1] = OP_HASH160;
  bytes[2] = BS_HASH160_SIZE;
  memcpy(bytes + 3, hash, BS_HASH160_SIZE);
  bytes[23] = OP_EQUALVERIFY;
  bytes[24] = OP_CHECKSIG;
  ret_script->length = 25;
}

bool bs_script_witness_hash(unsigned char hash[BS_HASH160_SIZE], const unsigned char *script, size_t length) {
  if (length != 2 + BS_HASH160_SIZE || script[0] != 0 || script[1] != BS_HASH160_SIZE) return false;
  if (hash != NULL) memcpy(hash, script + 2, BS_HASH160_SIZE);
  return true;
}

void bs_script_pay_to_witness(struct bs_script *ret_script, const unsigned char hash[BS_HASH160_SIZE]) {
  ret_script->bytes[0] = 0; /* the version */
  ret_script->bytes[1] = BS_HASH160_SIZE;
  memcpy(ret_script->bytes + 2, hash, BS_HASH160_SIZE);
  ret_script->length = 2 + BS_HASH160_SIZE;
}

/* SPDX-License-Identifier: MIT */
/* Output scripts: the few kinds that name operations know, and their addresses. */
#ifndef BS_CHAIN_SCRIPT_H
#define BS_CHAIN_SCRIPT_H

#include <string.h>

#include "core/crypto/key.h"

#define BS_SCRIPT_MAX 67 /* of a script with an address: P2PK with an uncompressed key */
#define BS_PAYLOAD_MAX 40

/* A script that has an address, by value; length 0: none. */
struct bs_script {
  unsigned char bytes[BS_SCRIPT_MAX];
  size_t length;
};

enum bs_script_kind {
  BS_SCRIPT_OTHER,
  BS_SCRIPT_PUBLIC_KEY_HASH, /* P2PKH */
  BS_SCRIPT_PUBLIC_KEY,      /* P2PK: its address is that of the key's hash */
  BS_SCRIPT_SCRIPT_HASH,     /* P2SH */
  BS_SCRIPT_MULTISIG,        /* bare: it has addresses, but none of its own */
  BS_SCRIPT_NULL_DATA        /* OP_RETURN and whatever: nobody can spend it */
};

/* hash: of the address, for the three kinds that have one; may be NULL. */
enum bs_script_kind bs_script_classify(unsigned char hash[BS_HASH160_SIZE], const unsigned char *script, size_t length);
/* The single push behind OP_RETURN, of at most BS_PAYLOAD_MAX bytes; false for any other script. */
bool bs_script_payload(const unsigned char **ret_payload, size_t *ret_length, const unsigned char *script,
                       size_t length);
/* The second push of an input's script: where P2PKH has its public key.  False when there is none. */
bool bs_script_second_push(const unsigned char **ret_push, size_t *ret_length, const unsigned char *script,
                           size_t length);

static inline bool bs_script_has_hash(enum bs_script_kind kind) {
  return kind == BS_SCRIPT_PUBLIC_KEY_HASH || kind == BS_SCRIPT_PUBLIC_KEY || kind == BS_SCRIPT_SCRIPT_HASH;
}

/* P2WPKH, whose address no name can have: for the rules it is a script like any other. */
bool bs_script_witness_hash(unsigned char hash[BS_HASH160_SIZE], const unsigned char *script, size_t length);
void bs_script_pay_to_witness(struct bs_script *ret_script, const unsigned char hash[BS_HASH160_SIZE]);

void bs_script_pay_to(struct bs_script *ret_script, const unsigned char hash[BS_HASH160_SIZE]);
static inline bool bs_script_equal(const struct bs_script *a, const struct bs_script *b) {
  return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

#endif

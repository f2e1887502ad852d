/* SPDX-License-Identifier: MIT */
/* Payloads of name operations: what the OP_RETURN output holds (protocol.md section 3, exact lengths). */
#ifndef BS_CHAIN_WIRE_H
#define BS_CHAIN_WIRE_H

#include "core/chain/script.h"
#include "core/record/name.h"

#define BS_CONSENSUS_SIZE 16
#define BS_BUCKETS 16
#define BS_FEE_TEXT 24 /* satoshis: an integer, or Python's float for imports */
#define BS_LIFETIME_INFINITE UINT32_MAX

enum bs_opcode {
  BS_NAME_PREORDER = '?',
  BS_NAME_REGISTRATION = ':', /* and renewal */
  BS_NAME_UPDATE = '+',
  BS_NAME_TRANSFER = '>',
  BS_NAME_REVOKE = '~',
  BS_NAME_IMPORT = ';',
  BS_NAMESPACE_PREORDER = '*',
  BS_NAMESPACE_REVEAL = '&',
  BS_NAMESPACE_READY = '!',
  BS_ANNOUNCE = '#'
};

/* Prices and lifetime of the names of a namespace. */
struct bs_namespace_rules {
  uint32_t lifetime; /* blocks; BS_LIFETIME_INFINITE */
  uint8_t coeff;
  uint8_t base;
  uint8_t buckets[BS_BUCKETS]; /* exponents 0..15 by length of the name's first part, from 1 on */
  uint8_t nonalpha_discount;   /* 1..15 */
  uint8_t no_vowel_discount;   /* 1..15 */
};

/* A parsed payload; which members count depends on the opcode. */
struct bs_operation {
  enum bs_opcode opcode;
  char name[BS_NAME_MAX + 1];          /* registration, revoke, import: the name; reveal, ready: the namespace's id */
  unsigned char hash[BS_HASH160_SIZE]; /* preorders: name hash; announce: of the message */
  unsigned char name_hash[BS_HASH128_SIZE]; /* update: of name and consensus hash; transfer: of the name */
  unsigned char consensus[BS_CONSENSUS_SIZE];
  unsigned char value_hash[BS_HASH160_SIZE]; /* update */
  uint8_t quantity;                          /* preorder: names it stands for, at least 1 */
  bool keep_data;                            /* transfer */
  uint16_t version;                          /* reveal */
  struct bs_namespace_rules rules;           /* reveal */
};

/* False when the payload is no operation: another magic, an unknown opcode, a wrong length or an impossible value.  The
 * message of `error` (word malformed) says which. */
bool bs_operation_parse(struct bs_operation *ret_operation, const unsigned char magic[2], const unsigned char *payload,
                        size_t length, struct bs_error *error);
/* Returns the payload's length.  The operation must be one that parses. */
size_t bs_operation_write(unsigned char payload[BS_PAYLOAD_MAX], const unsigned char magic[2],
                          const struct bs_operation *operation);
/* "NAME_UPDATE"; static. */
const char *bs_opcode_text(enum bs_opcode opcode);

/* The name as a big-endian number in base 40, in as many bytes as it needs.  bytes: at least BS_NAME_MAX. */
size_t bs_b40_encode(unsigned char bytes[BS_NAME_MAX], const char *name);
/* What a preorder commits to: the name (or namespace), the sender's script and the address that is to get it. */
void bs_name_hash(unsigned char hash[BS_HASH160_SIZE], const char *name, const struct bs_script *sender,
                  const char *address);
/* What an update names its name by. */
void bs_update_hash(unsigned char hash[BS_HASH128_SIZE], const char *name,
                    const unsigned char consensus[BS_CONSENSUS_SIZE]);
/* [a-z0-9_-], 1..19 bytes. */
bool bs_namespace_id_check(const char *id);

/* Whether so many satoshis, below 2^63, are no less than the price, a fraction of one being one.  `name` is checked. */
bool bs_price_is_paid(const struct bs_namespace_rules *rules, const char *name, uint64_t fee);
/* The price as an import's op_fee has it: Python's str() of a float, or of the integer 100 for a price below 100
 * (x_import_fee). */
void bs_price_text(char text[BS_FEE_TEXT], const struct bs_namespace_rules *rules, const char *name);
/* An entry's op_fee, whether an integer below 2^63 or of bs_price_text, in whole satoshis; at most INT64_MAX. */
uint64_t bs_fee_satoshis(const char *text);
/* The price, rounded up to what must be paid; at most INT64_MAX. */
uint64_t bs_price_to_pay(const struct bs_namespace_rules *rules, const char *name);
uint64_t bs_price_of_namespace(const char *id);

#endif

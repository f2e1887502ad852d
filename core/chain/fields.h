/* SPDX-License-Identifier: MIT */
/*
 * What blocks did, to be told.  A serialised operation, as entry.h writes it, is read back: the fields by the names that
 * the original gave them (protocol.md 4.3), with the values that the record had after the operation.
 */
#ifndef BS_CHAIN_FIELDS_H
#define BS_CHAIN_FIELDS_H

#include "core/chain/transaction.h"
#include "core/chain/wire.h"

#define BS_FIELDS_MAX 20 /* of NAMESPACE_READY */

enum bs_field_kind {
  BS_FIELD_TEXT, /* bytes, of length 0: no value */
  BS_FIELD_NUMBER, /* decimal, perhaps with a fraction or an exponent: as JSON has it */
  BS_FIELD_TRUTH,  /* True or False */
  BS_FIELD_LIST    /* of numbers, as JSON has it */
};

/* The value is within the bytes it was read from; no NUL stands behind it. */
struct bs_field {
  const char *name; /* static */
  enum bs_field_kind kind;
  const char *value;
  size_t length;
};

struct bs_fields {
  enum bs_opcode opcode;
  struct bs_field items[BS_FIELDS_MAX];
  size_t count;
};

/* An announcement that was accepted: no operation that the operations hash is over. */
struct bs_announcement {
  uint64_t vtxindex;
  unsigned char txid[BS_TXID_SIZE];
  char address[BS_ADDRESS_TEXT]; /* of who made it */
  unsigned char hash[BS_HASH160_SIZE];
};

/* What the rules refused; a payload with the chain's magic that is no operation is one too. */
struct bs_refused {
  uint64_t vtxindex;
  unsigned char txid[BS_TXID_SIZE];
  char reason[200];
};

/* Given what a question finds, one after the other; false ends the question, with `error`. */
typedef bool (*bs_visit_operation)(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error);
typedef bool (*bs_visit_announcement)(void *user, const struct bs_announcement *announcement, struct bs_error *error);
typedef bool (*bs_visit_refused)(void *user, const struct bs_refused *refused, struct bs_error *error);

/* Word: corrupt (not what entry.h writes). */
bool bs_fields_read(struct bs_fields *ret_fields, const void *serialised, size_t length, struct bs_error *error);
/* Appends what entry.h wrote: the bytes that were read, but for superfluous zeros before a length. */
void bs_fields_write(struct bs_buffer *serialised, const struct bs_fields *fields);

#endif

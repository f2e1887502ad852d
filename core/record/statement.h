/* SPDX-License-Identifier: MIT */
/*
 * What the owner of mutable data signs: the statement P, that one version of one datum of one name on one chain has
 * this content, or is deleted.  P is, with unsigned big-endian integers, the 21 ASCII bytes "blockstore-mutable-v2" and
 * 00 | kind u8 | chain id 32 | u16 n + name | u16 m + id | ver u64 | expires u64 | length of data u64 | SHA-256(data)
 * 32.  The last three are zero in a tombstone.  What is signed is z = SHA-256(P).
 */
#ifndef BS_RECORD_STATEMENT_H
#define BS_RECORD_STATEMENT_H

#include "core/base/buffer.h"
#include "core/crypto/digest.h"

#define BS_VER_MAX ((UINT64_C(1) << 53) - 1)

/* What is asked for, or written: never taken from a record, since that is the store's word.  The strings are the
 * caller's. */
struct bs_datum {
  const unsigned char *chain_id; /* 32 bytes, in displayed order */
  const char *name;              /* of the syntax of name.h */
  const char *id;                /* 1..BS_ID_MAX bytes of UTF-8 */
};

/* The values go into P. */
enum bs_statement_kind { BS_STATEMENT_DATA = 1, BS_STATEMENT_TOMBSTONE = 2 };

struct bs_statement {
  enum bs_statement_kind kind;
  uint64_t ver;                         /* 1..BS_VER_MAX */
  uint64_t expires;                     /* seconds since 1970, 1..BS_VER_MAX; 0: never, and in a tombstone */
  uint64_t length;                      /* bytes of the data; 0 in a tombstone, as is what follows */
  unsigned char sha256[BS_SHA256_SIZE]; /* of the data */
};

/* Is the id 1..BS_ID_MAX bytes of UTF-8?  Word: usage. */
bool bs_id_check(const char *id, struct bs_error *error);

/* z of a statement; allocates nothing.  The datum is checked (bs_name_check, bs_id_check). */
void bs_statement_digest(unsigned char z[BS_SHA256_SIZE], const struct bs_datum *datum,
                         const struct bs_statement *statement);

/* Has it expired at `now`, seconds since 1970?  Which clock that is of, is the caller's affair. */
bool bs_statement_expired(const struct bs_statement *statement, uint64_t now);

/* Appends the id that a store's driver sees, CHAIN8:NAME:ID: two names or two chains never share an object.  CHAIN8:
 * the last 8 hexadecimal digits of the chain id. */
void bs_data_id(struct bs_buffer *ret_text, const struct bs_datum *datum);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Signatures that verified, kept in memory so that the very same one need not be verified again: the curve costs 35 us,
 * three times as much as all the rest of a small read.  A signature is known only with the same digest, the same 65
 * bytes and the same authority; one that differs in any bit is verified, and refused, as if nothing were known.
 * Nothing of this is ever written to a disk.
 *
 * Threads: any number at once.
 */
#ifndef BS_RECORD_MEMO_H
#define BS_RECORD_MEMO_H

#include <pthread.h>

#include "core/crypto/key.h"

#define BS_MEMO_ENTRIES 256

/* Zeroed before it is filled: entries are compared as bytes. */
struct bs_memo_entry {
  unsigned char z[BS_SHA256_SIZE];
  unsigned char signature[65];
  unsigned char authority[BS_PUBLIC_KEY_MAX]; /* a public key, or the hash160 of an owner: told apart by their length */
  unsigned char authority_length;
  unsigned char allows_high_s;
};

struct bs_memo {
  pthread_mutex_t lock; /* entries */
  struct {
    bool is_used;
    struct bs_memo_entry entry;
    unsigned char signer[BS_HASH160_SIZE];
  } slots[BS_MEMO_ENTRIES]; /* one for each digest, by its last byte: whoever comes later takes it */
};

/* NULL when there is no memory. */
struct bs_memo *bs_memo_new(void);
void bs_memo_free(struct bs_memo *memo); /* NULL is allowed */
/* Is it known?  Then *signer is whose it is. */
bool bs_memo_find(struct bs_memo *memo, unsigned char signer[BS_HASH160_SIZE], const struct bs_memo_entry *entry);
void bs_memo_keep(struct bs_memo *memo, const struct bs_memo_entry *entry, const unsigned char signer[BS_HASH160_SIZE]);

#endif

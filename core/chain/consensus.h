/* SPDX-License-Identifier: MIT */
/* The hash of a block's accepted operations and the consensus hash of the chain up to it (protocol.md 4.1, 4.3). */
#ifndef BS_CHAIN_CONSENSUS_H
#define BS_CHAIN_CONSENSUS_H

#include "core/chain/wire.h"

/* A leaf of the tree: 16 or 32 bytes, in displayed order. */
struct bs_leaf {
  unsigned char bytes[BS_SHA256_SIZE];
  size_t length;
};

/* The root of `count` leaves, at least 1, in the order given; the leaves are overwritten. */
void bs_merkle_root(struct bs_leaf *ret_root, struct bs_leaf *leaves, size_t count);
/* The double SHA-256 of one accepted operation, serialised: its leaf. */
void bs_operation_leaf(struct bs_leaf *ret_leaf, const void *serialised, size_t length);
/* The root over the sorted leaves of a block; overwrites them.  count 0: no operation. */
void bs_operations_hash(unsigned char hash[BS_SHA256_SIZE], struct bs_leaf *leaves, size_t count);

/* How many earlier consensus hashes go into one: of the blocks k-1, k-3, k-7, ... */
#define BS_CONSENSUS_PREVIOUS_MAX 63
/* consensus: of the block with this operations hash.  previous: `count` leaves of 16 bytes. */
void bs_consensus_hash(unsigned char consensus[BS_CONSENSUS_SIZE], const unsigned char operations_hash[BS_SHA256_SIZE],
                       const struct bs_leaf *previous, size_t count);

#endif

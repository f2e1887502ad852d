/* SPDX-License-Identifier: MIT */
/*
 * The acceptance rules (protocol.md 3.5 and 3.6): which operations of a block count, what they change, and the block's
 * consensus hash.  The same for every chain source.
 */
#ifndef BS_CHAIN_RULES_H
#define BS_CHAIN_RULES_H

#include "core/chain/index.h"

enum bs_verdict {
  BS_VERDICT_NO_OPERATION, /* an ordinary payment */
  BS_VERDICT_ACCEPTED,
  BS_VERDICT_REFUSED
};

/* One transaction of a block, in the block's order. */
struct bs_block_transaction {
  const struct bs_transaction *transaction;
  uint64_t vtxindex;
  const unsigned char *sender; /* script of the output that input 0 spends; NULL: none (a coinbase) */
  size_t sender_length;
  enum bs_verdict verdict; /* out */
  char reason[200];        /* out: of a refusal, a sentence */
};

struct bs_block_result {
  unsigned char operations_hash[BS_SHA256_SIZE];
  unsigned char consensus[BS_CONSENSUS_SIZE];
  size_t accepted;
};

/*
 * Applies block `height`, which must follow the last one applied (or be the first), to the index.  Belongs into a write
 * transaction of the caller, who rolls back when it fails: a refused operation is no failure, and is kept as one.
 */
bool bs_rules_apply(const struct bs_index *index, struct bs_block_result *ret_result, uint64_t height,
                    struct bs_block_transaction *transactions, size_t count, struct bs_error *error);
/* A namespace that is ready before the first block. */
bool bs_rules_add_genesis(const struct bs_index *index, const struct bs_operation *reveal, struct bs_error *error);

/* Is this a transaction that bs_rules_apply may find an operation in: is its first null-data payload one of the chain's magic? */
bool bs_rules_has_payload(const struct bs_chain_parameters *parameters, const struct bs_transaction *transaction);

/* Does the name count as registered for operations of block `height`? */
bool bs_rules_is_registered(const struct bs_name_entry *entry, const struct bs_namespace_entry *name_space,
                            uint64_t height);

#endif

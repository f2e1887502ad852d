/* SPDX-License-Identifier: MIT */
/*
 * Simplified name verification (protocol.md 4.5): what a name said up to a block whose consensus hash is known for sure, the
 * pin, out of answers of a server that need not be honest.  Pure: it asks by the questions of a struct bs_proof_source only.
 *
 * What a hash fixes.  The consensus hash of block n is a Merkle root over the block's operations hash (32 bytes) and the
 * consensus hashes (16 bytes) of the blocks n-1, n-3, n-7, ... down to the first, sorted; the operations hash is a root over
 * the sorted hashes of the operations.  An odd row repeats its last hash, so [a b c] and [a b c c] have one root: all hashes
 * of a block must be distinct here, and every operation must have the form that entry.h gives it, so that nothing can be
 * passed off as another list.  An inner node is no operation: leaves are hashed in reverse byte order, and 64 bytes of two
 * hashes have not that form.
 *
 * What it does not fix.  Sorting loses which hash is whose: a server can name the hash of n-3 for n-1, and shift all of what
 * is behind it, or hide the blocks between.  And hashes of 16 and 32 bytes side by side can be cut elsewhere, which makes
 * one hash that belongs to no block.  The walk of 4.5 alone sees neither.  So two things are shown besides:
 *   - the order (bs_proof_reach): of each block n that a jump begins at, the chain n-1, n-2, n-3, n-6, n-7, n-14, n-15, ... is
 *     verified down to the last of its inputs.  Each is an input of the one before, so each is older; so many different
 *     inputs in that order can only be the true ones.  A jump costs O(log^2) hashes that way, the walk O(log^3) at most:
 *     some 100 KiB on a chain of 1,000,000 blocks.
 *   - completeness (bs_proof_descend): down from the pin each block is an input of the one above it.  With a lowest block
 *     that was reached in order, or is the first, there is no room for one that was left out.  It goes in chunks, whose lowest
 *     blocks are reached in order each from the one before: so what was verified of a chunk stands, whatever comes after it.
 *
 * What is left: a consensus hash has 128 bits, so that whoever can do 2^64 hashes, and has his operations mined, can make two
 * histories with one; and the pin is as good as the place it came from.
 */
#ifndef BS_NAMES_PROOF_H
#define BS_NAMES_PROOF_H

#include <stdint.h>

#include "core/chain/entry.h"
#include "core/chain/fields.h"

#define BS_PROOF_BATCH 2000                         /* hashes in one question */
#define BS_PROOF_LISTS 240                          /* blocks whose operations are asked for in one question */
#define BS_PROOF_LIST_BYTES ((size_t)8 << 20)       /* operations of a block: a Bitcoin block has not room for more */
#define BS_PROOF_LIST_COUNT 20000

/* A block that is asked for, and the answer; at least one of the hashes is. */
struct bs_block_hashes {
  uint64_t block;
  bool wants_operations; /* false: the operations hash is not needed */
  bool has_consensus;    /* nor is the consensus hash, which is known */
  unsigned char consensus[BS_CONSENSUS_SIZE];
  unsigned char operations[BS_SHA256_SIZE];
};

/* The serialised operations of a block, in any order.  Zero is empty. */
struct bs_operation_list {
  struct bs_buffer bytes; /* one behind the other */
  size_t *ends;
  size_t count, room;
};
void bs_operation_list_free(struct bs_operation_list *list);
/* Word: too_large (a block cannot have so many). */
bool bs_operation_list_add(struct bs_operation_list *list, const void *serialised, size_t length, struct bs_error *error);
const unsigned char *bs_operation_list_at(const struct bs_operation_list *list, size_t number, size_t *ret_length);

/* The questions.  Whatever they answer is checked; they fail as they like, not_found where there is no such block. */
struct bs_proof_source {
  void *user;
  /* At most BS_PROOF_BATCH, ascending, all different. */
  bool (*hashes)(void *user, struct bs_block_hashes *blocks, size_t count, struct bs_error *error);
  /* At most BS_PROOF_LISTS, each into its empty list. */
  bool (*operations)(void *user, struct bs_operation_list *lists, const uint64_t *blocks, size_t count, struct bs_error *error);
};

/*
 * Answers that hung on a pin in earlier proofs.  They are looked for before the source is asked, and believed no more than its:
 * each proof verifies them anew.  Nothing here fails: what cannot be recalled is asked for.  Zero: nothing is remembered.
 */
struct bs_proof_memory {
  void *user;
  /* False: it does not know all that is wanted. */
  bool (*recall)(void *user, struct bs_block_hashes *block);
  /* A block whose place was shown; wants_operations false: an input of one, whose own place may still have to be. */
  void (*keep)(void *user, const struct bs_block_hashes *block);
  /* Into an empty list.  False: it does not know them. */
  bool (*recall_list)(void *user, struct bs_operation_list *list, uint64_t block);
  void (*keep_list)(void *user, const struct bs_operation_list *list, uint64_t block);
  /* What is remembered is false, and the source has told what is true: all of it goes. */
  void (*forget)(void *user);
};

struct bs_pin {
  uint64_t block; /* below 2^62 */
  unsigned char consensus[BS_CONSENSUS_SIZE];
};

/* Bytes: of hashes and serialised operations themselves; in hexadecimal they are twice as many. */
struct bs_proof_cost {
  uint64_t blocks; /* whose hash was recomputed */
  uint64_t questions;
  uint64_t bytes;
};

struct bs_proof;
/* first_block: the chain's.  A wrong one shows as soon as it matters.  Words: stale (a pin before the first block). */
bool bs_proof_new(struct bs_proof **ret_proof, const struct bs_proof_source *source, const struct bs_proof_memory *memory,
                  const struct bs_pin *pin, uint64_t first_block, struct bs_error *error);
void bs_proof_free(struct bs_proof *proof); /* NULL is allowed */
/* Did the memory give anything?  What a proof then finds forged or malformed may be its fault, not the source's. */
bool bs_proof_has_recalled(const struct bs_proof *proof);
const struct bs_proof_cost *bs_proof_cost(const struct bs_proof *proof);

/*
 * What reaching `block` will cost, and with `whole` descending to it, should nothing be remembered;
 * without the operations of blocks that have some, which nobody knows before.  Asks nothing.
 */
bool bs_proof_estimate(const struct bs_proof *proof, struct bs_proof_cost *ret_cost, uint64_t block, bool whole,
                       struct bs_error *error);

/* Words of the following, besides those of the source: forged (an answer contradicts the pin; says in which block),
 * stale (the block is after the pin, or the server ends before it), too_large, malformed, no_memory. */

/* Trusts the hashes of `block`, as those of this block and no other. */
bool bs_proof_reach(struct bs_proof *proof, uint64_t block, struct bs_error *error);
/* Trusts those of every block from the pin down to `block`, which is reached before unless it is the chain's first.  What was
 * verified on the way is kept, also where it fails before the end. */
bool bs_proof_descend(struct bs_proof *proof, uint64_t block, struct bs_error *error);
/* The consensus hash of a block that is trusted. */
const unsigned char *bs_proof_consensus(const struct bs_proof *proof, uint64_t block);
/* Does the block have no operation?  It must be trusted. */
bool bs_proof_is_empty(const struct bs_proof *proof, uint64_t block);
/* The operations of at most BS_PROOF_LISTS blocks that are trusted, not empty and all different: all of them, and nothing
 * else.  Each list by bs_operation_list_free, also after a failure.  Word: too_large, too, where fewer blocks may do. */
bool bs_proof_operations(struct bs_proof *proof, struct bs_operation_list *ret_lists, const uint64_t *blocks, size_t count,
                         struct bs_error *error);

#endif

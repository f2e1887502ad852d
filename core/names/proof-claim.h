/* SPDX-License-Identifier: MIT */
/*
 * What a name service says of a name, held against what its blocks say up to the pin.
 *
 * "included": this operation, with the owner, the value hash and all else that it tells, was accepted in that block, which is
 * on the pin's chain.  Nothing is said of what came after it, nor of when the name expires.
 *
 * "current_at T", T being the pin's block: besides, no block from there to T has another operation on the name, and the
 * namespace's record is proven the same way: by its NAMESPACE_READY, after which nothing changes its rules, or, for an imported
 * name of a namespace that waits, by its NAMESPACE_REVEAL and no NAMESPACE_READY up to T.  So owner, value hash, revocation
 * and expiry are those of block T.  Of a namespace of the chain's genesis, which is in no block, the rules are the service's word
 * (is_genesis); only local chains have them.
 *
 * Not registered: no block from the first to T has an operation on the name.
 *
 * Never proven: whether a name that was renewed last came to its owner with its value hash (is_inherited), what happened
 * after T, and the id of the chain, which no consensus hash stands for.
 */
#ifndef BS_NAMES_PROOF_CLAIM_H
#define BS_NAMES_PROOF_CLAIM_H

#include "core/names/proof-name.h"

struct bs_claim {
  const char *name;
  bool found; /* false: not registered; what follows is not looked at */
  struct bs_name_entry entry;
  bool is_inherited;
  bool is_expired; /* by now: the index has forgotten a revocation then, which the operation tells */
  bool has_name_space; /* false: its reveal lapsed */
  struct bs_namespace_entry name_space;
};

enum bs_extent { BS_EXTENT_INCLUDED, BS_EXTENT_CURRENT };

struct bs_claim_result {
  enum bs_extent extent;
  bool is_genesis;
  uint64_t expires; /* BS_EXTENT_CURRENT: the last block of its lifetime, as bs_name_last_block */
  bool expired;     /* the same: at the pin's block */
};

/* The block to which a claim's proof of that extent goes down; see bs_proof_estimate. */
uint64_t bs_claim_lowest(const struct bs_claim *claim, uint64_t first_block);

/*
 * Words, besides those of proof.h: forged (the blocks say something else: another value hash, owner or time, an operation on a
 * name that is said not to be registered, other rules of the namespace), stale (there is a newer operation; or the
 * claim's is after the pin), failed (the namespace lapsed, whose record is not told any more).
 */
bool bs_claim_prove(struct bs_proof *proof, struct bs_claim_result *ret_result, const struct bs_claim *claim,
                    enum bs_extent extent, const struct bs_pin *pin, uint64_t first_block, struct bs_error *error);

#endif

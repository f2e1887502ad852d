/* SPDX-License-Identifier: MIT */
/* A name, looked up and proven by a pin: what proof-claim.h says that the words mean. */
#ifndef BS_NAMES_PROVE_H
#define BS_NAMES_PROVE_H

#include "core/names/names.h"
#include "core/names/proof-claim.h"

struct bs_prove_request {
  struct bs_pin pin;
  enum bs_extent extent;
  uint64_t most_blocks; /* more of them are not descended through */
  const struct bs_proof_memory *memory; /* NULL: none */
};

struct bs_prove_result {
  struct bs_claim_result claim;
  struct bs_proof_cost cost;
};

/*
 * As bs_names_lookup, which it asks first; record->proven says how far it is proven.  A name that is not registered is
 * not_found only when that is proven, whatever the extent.  Tells the cost in the log before it begins.
 * Words besides: those of bs_claim_prove; too_large (more blocks than most_blocks; says how many); failed (a provider that
 * cannot be asked for proofs).
 */
bool bs_names_prove(struct bs_names *names, struct bs_scope *scope, struct bs_name_record *ret_record,
                    struct bs_prove_result *ret_result, const char *name, const struct bs_prove_request *request,
                    struct bs_error *error);

/* The consensus hash that `block` has in the chain of the pin, which is not below it.  Words: those of bs_proof_reach. */
bool bs_names_reach(struct bs_names *names, struct bs_scope *scope, unsigned char consensus[BS_CONSENSUS_SIZE],
                    const struct bs_pin *pin, uint64_t block, struct bs_error *error);

#endif

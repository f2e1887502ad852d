/* SPDX-License-Identifier: MIT */
/*
 * What proofs of names have verified, in `state_dir`/proofs.db: blocks by their consensus hash, which no server can make fit,
 * blocks that were reached below a pin, and runs of blocks in which nothing happened to a name.  Derived: losing it costs the
 * questions again, and a damaged or unwritable one is done without; so nothing here fails but for no_memory.
 *
 * A struct bs_proofs is one proof's, of one thread; any number of processes may have one.
 */
#ifndef BS_STATE_PROOFS_H
#define BS_STATE_PROOFS_H

#include <stdint.h>

#include "core/base/scope.h"

#define BS_PROOFS_CONSENSUS 16 /* bytes of a consensus hash */
#define BS_PROOFS_OPERATIONS 32

struct bs_proofs;
/* scope: as long as the proofs.  Opens what there is; the file is made by the first that is kept. */
bool bs_proofs_open(struct bs_proofs **ret_proofs, const char *directory, const struct bs_scope *scope, struct bs_error *error);
/* What was kept is there from now on; until then no other process waits for this one.  NULL is allowed. */
void bs_proofs_close(struct bs_proofs *proofs);

/* previous: the consensus hash of the block before, zero for the first. */
bool bs_proofs_find(struct bs_proofs *proofs, uint64_t block, const unsigned char consensus[BS_PROOFS_CONSENSUS],
                    unsigned char operations[BS_PROOFS_OPERATIONS], unsigned char previous[BS_PROOFS_CONSENSUS]);
void bs_proofs_keep(struct bs_proofs *proofs, uint64_t block, const unsigned char consensus[BS_PROOFS_CONSENSUS],
                    const unsigned char operations[BS_PROOFS_OPERATIONS], const unsigned char previous[BS_PROOFS_CONSENSUS]);
bool bs_proofs_find_reached(struct bs_proofs *proofs, uint64_t block, const unsigned char pin[BS_PROOFS_CONSENSUS],
                            unsigned char consensus[BS_PROOFS_CONSENSUS]);
void bs_proofs_keep_reached(struct bs_proofs *proofs, uint64_t block, const unsigned char pin[BS_PROOFS_CONSENSUS],
                            const unsigned char consensus[BS_PROOFS_CONSENSUS]);
/* No block from `block`, with that hash, down to the lowest has an operation on the name or on its namespace. */
bool bs_proofs_find_quiet(struct bs_proofs *proofs, uint64_t *ret_lowest, const char *name, uint64_t block,
                          const unsigned char consensus[BS_PROOFS_CONSENSUS]);
void bs_proofs_keep_quiet(struct bs_proofs *proofs, const char *name, uint64_t block,
                          const unsigned char consensus[BS_PROOFS_CONSENSUS], uint64_t lowest);

#endif

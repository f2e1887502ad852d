/* SPDX-License-Identifier: MIT */
/*
 * Answers that proofs of names have verified, in `state_dir`/proofs.db: the hashes of blocks, and their operations.  They are
 * hints: who reads them verifies them as those of a server, so that nobody need trust the file.  Derived: losing it costs
 * the questions again, and a damaged or unwritable one, or a full disk, is done without, with a warning; so nothing here
 * fails but for no_memory.
 *
 * A struct bs_proofs is one proof's, of one thread; any number of processes may have one.  Nothing is locked but for the
 * moment of a write.
 */
#ifndef BS_STATE_PROOFS_H
#define BS_STATE_PROOFS_H

#include <stdint.h>

#include "core/base/buffer.h"
#include "core/base/scope.h"

#define BS_PROOFS_CONSENSUS 16 /* bytes of a consensus hash */
#define BS_PROOFS_OPERATIONS 32
#define BS_PROOFS_BYTES ((uint64_t)96 << 20) /* the file has hardly more: what is of the lowest blocks goes first */

struct bs_proofs;
/* scope: as long as the proofs.  Opens what there is; the file is made by the first that is kept. */
bool bs_proofs_open(struct bs_proofs **ret_proofs, const char *directory, const struct bs_scope *scope, struct bs_error *error);
/* What was kept is there from now on, also when the scope is over or cancelled.  NULL is allowed. */
void bs_proofs_close(struct bs_proofs *proofs);
/* Instead of BS_PROOFS_BYTES. */
void bs_proofs_bound(struct bs_proofs *proofs, uint64_t bytes);

/* operations NULL: is not wanted, or not known.  What is known of a block replaces what was known before. */
bool bs_proofs_find(struct bs_proofs *proofs, uint64_t block, unsigned char consensus[BS_PROOFS_CONSENSUS],
                    unsigned char *operations);
void bs_proofs_keep(struct bs_proofs *proofs, uint64_t block, const unsigned char consensus[BS_PROOFS_CONSENSUS],
                    const unsigned char *operations);
/* The operations of a block, in the caller's form; added to `bytes`. */
bool bs_proofs_find_list(struct bs_proofs *proofs, uint64_t block, struct bs_buffer *bytes);
void bs_proofs_keep_list(struct bs_proofs *proofs, uint64_t block, const void *bytes, size_t length);
/* All of it, also what was kept since the opening. */
void bs_proofs_forget(struct bs_proofs *proofs);

#endif

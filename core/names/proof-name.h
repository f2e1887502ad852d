/* SPDX-License-Identifier: MIT */
/*
 * What blocks that are trusted (proof.h) say of one name and its namespace.
 *
 * Every operation on a name but its preorder is serialised with the name's whole record, so that the newest one tells owner,
 * value hash, revocation, and when it was registered and renewed.  How long it lives is told by the namespace's record, by
 * its NAMESPACE_READY, or, where the name was imported and the namespace waits, by its NAMESPACE_REVEAL.
 */
#ifndef BS_NAMES_PROOF_NAME_H
#define BS_NAMES_PROOF_NAME_H

#include "core/names/proof.h"

/* Zero with the name: nothing was looked through yet. */
struct bs_proof_findings {
  char name[BS_NAME_MAX + 1];
  /* The newest operation on the name; entry.changed_block is its block. */
  bool found;
  struct bs_name_entry entry;
  struct bs_entry_context context;
  /* The namespace's: the one that made it ready, or else its newest reveal. */
  bool found_name_space;
  struct bs_namespace_entry name_space;
  uint64_t name_space_block;
};

/* Looks through the operations of a block that is trusted.  Of two on the name in one block the later transaction counts; a
 * registration comes before all others, as one that waited for its set (rules-multi.c) keeps the place of its own
 * transaction.  Words: those of bs_proof_operations; conflict (two that have no order). */
bool bs_proof_look(struct bs_proof *proof, struct bs_proof_findings *findings, uint64_t block, struct bs_error *error);
/* From block `from` down to `to`, both descended to; stops where there is an operation on the name. */
bool bs_proof_look_down(struct bs_proof *proof, struct bs_proof_findings *findings, uint64_t from, uint64_t to,
                        struct bs_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* What the files of the proof share. */
#ifndef BS_NAMES_PROOF_PRIVATE_H
#define BS_NAMES_PROOF_PRIVATE_H

#include "core/names/proof.h"

/* ---- proof-list.c ---- */
/* Are these the operations of the block, each once?  Words: forged, malformed. */
bool bs_operation_list_check(const struct bs_operation_list *list, const unsigned char hash[BS_SHA256_SIZE], uint64_t block,
                             struct bs_error *error);

/* ---- proof-table.c ---- */

/* What is known of a block. */
struct bs_proof_block {
  uint64_t block;
  unsigned char consensus[BS_CONSENSUS_SIZE];
  unsigned char operations[BS_SHA256_SIZE];
  bool is_used; /* a place in the table that is taken */
  bool has_consensus, has_operations;
  bool wants_operations; /* when it is asked for */
  bool is_asked;         /* it is among the next questions */
  bool is_trusted;       /* the consensus hash is an input of a trusted block that was verified, or the pin's */
  bool is_verified;      /* it was recomputed from the operations hash and the inputs, which are trusted since */
  bool keeps_consensus, keeps_operations; /* the memory has it */
};

/* Blocks by number: open addressing, at most half full.  Zero is empty. */
struct bs_proof_table {
  struct bs_proof_block *places;
  size_t room, count;
};
void bs_proof_table_free(struct bs_proof_table *table);
/* NULL: nothing is known of it. */
struct bs_proof_block *bs_proof_table_find(const struct bs_proof_table *table, uint64_t block);
/* A fresh one where there is none; moves the others.  NULL: no memory. */
struct bs_proof_block *bs_proof_table_add(struct bs_proof_table *table, uint64_t block);

/* The inputs of a block: back[i] blocks before it, 2^(i+1) - 1.  Returns how many there are. */
size_t bs_proof_inputs(uint64_t backs[64], uint64_t block, uint64_t first_block);

#endif

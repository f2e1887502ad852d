/* SPDX-License-Identifier: MIT */
/*
 * Is what a file derived from its blocks what the blocks say?  Its tables are held against those of a replay, row by row in the
 * order of their keys.
 */
#ifndef BS_CHAIN_COMPARE_H
#define BS_CHAIN_COMPARE_H

#include "core/state/database.h"

struct bs_table {
  const char *name, *columns, *key;
  int key_columns;  /* the first ones of `columns` */
  bool is_by_block; /* the key begins with the block that the row is of */
};

/* What every index has, but for what undoes a block.  Of what was refused not the reason: every release tells it in its words. */
#define BS_INDEX_TABLES                                                                                          \
  {"consensus", "*", "block", 1, true},                                                                          \
      {"operations", "block, position, txid, opcode, name, value_hash, serialised", "block, position", 2, true}, \
      {"announcements", "*", "block, vtxindex", 2, true},                                                        \
      {"refused", "block, vtxindex, txid", "block, vtxindex", 2, true},                                          \
      {"names", "*", "name", 1, false},                                                                          \
      {"preorders", "*", "opcode, hash", 2, false},                                                              \
      {"pending", "*", "sender, block, vtxindex", 3, false},                                                     \
      {"import_keys", "*", "namespace, address", 2, false},                                                      \
      {"namespaces", "*", "id", 1, false},                                                                       \
      {"expiries", "*", "block, name", 2, false}

/* A difference: "table names, row alice.id" or "block 12", and a sentence. */
typedef void bs_replay_visit(void *user, const char *where, const char *problem);

/* Visits the first row of the table that is not the same in both, if there is one; where the table is by block, *block becomes
 * that row's block, if it was greater.  Within transactions for reading. */
bool bs_table_compare(uint64_t *block, struct bs_database *replayed, struct bs_database *stored, const struct bs_table *table,
                      bs_replay_visit *visit, void *user, struct bs_error *error);
/* The same of what undoes the newest blocks, where both have it of a block: how many are kept depends on what was the newest
 * block when they were made. */
bool bs_undo_compare(uint64_t *block, struct bs_database *replayed, struct bs_database *stored, bs_replay_visit *visit,
                     void *user, struct bs_error *error);

#endif

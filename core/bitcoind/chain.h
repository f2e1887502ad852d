/* SPDX-License-Identifier: MIT */
/*
 * The index of a Bitcoin chain: the tables of core/chain/index.h with the hashes of the blocks that they were made from, in one
 * SQLite file.  Derived data: it can be removed and made again from the node.
 *
 * A struct bs_bitcoin_chain belongs to one thread at a time; several, and several processes, may have one file open, of which one
 * follows the node.  What is written between begin and commit is seen by others all at once or, after a kill, not at all.
 *
 * Words of every function: those of core/state/database.h; what else one fails with stands beside it.
 */
#ifndef BS_BITCOIND_CHAIN_H
#define BS_BITCOIND_CHAIN_H

#include "core/base/survey.h"
#include "core/bitcoind/block.h"
#include "core/chain/networks.h"
#include "core/chain/rules.h"

#define BS_BITCOIN_KEPT_BLOCKS 100 /* the newest, which can be rolled back */
#define BS_BITCOIN_CHAIN_ID_SIZE 32

struct bs_bitcoin_chain;

/* The file is of one network and one first block for good.  Words: not_found (no file, or an empty one, and mode does not make
 * it), config (it is of another network or first block). */
bool bs_bitcoin_chain_open(struct bs_bitcoin_chain **ret_chain, const char *path, const struct bs_bitcoin_network *network,
                           uint64_t first_block, enum bs_database_mode mode, const struct bs_scope *scope,
                           struct bs_error *error);
/* One in memory, for a replay. */
bool bs_bitcoin_chain_open_memory(struct bs_bitcoin_chain **ret_chain, const struct bs_bitcoin_network *network,
                                  uint64_t first_block, struct bs_error *error);
void bs_bitcoin_chain_close(struct bs_bitcoin_chain *chain); /* NULL is allowed; what was not committed did not happen */
void bs_bitcoin_chain_scope(struct bs_bitcoin_chain *chain, const struct bs_scope *scope);

/* Is the open file no longer the one at its path? */
bool bs_bitcoin_chain_is_removed(const struct bs_bitcoin_chain *chain);
/* What is wrong with the file at `path`, if there is one, and how to mend it; nothing is changed.  Words: no_memory, cancelled,
 * deadline. */
bool bs_bitcoin_chain_check(const char *path, const struct bs_bitcoin_network *network, uint64_t first_block,
                            const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error);

/* These live as long as the chain. */
const char *bs_bitcoin_chain_path(const struct bs_bitcoin_chain *chain);
const struct bs_index *bs_bitcoin_chain_index(const struct bs_bitcoin_chain *chain);
const struct bs_bitcoin_network *bs_bitcoin_chain_network(const struct bs_bitcoin_chain *chain);
/* In displayed order. */
void bs_bitcoin_chain_id(const struct bs_bitcoin_chain *chain, unsigned char chain_id[BS_BITCOIN_CHAIN_ID_SIZE]);

struct bs_bitcoin_tip {
  uint64_t height; /* first block - 1 when there is no block yet */
  bool has_block;  /* false: hash and time are zero */
  unsigned char hash[BS_BITCOIN_HASH_SIZE];
  uint64_t time;
  unsigned char consensus[BS_CONSENSUS_SIZE]; /* the seed when there is no block */
};
bool bs_bitcoin_chain_tip(struct bs_bitcoin_chain *chain, struct bs_bitcoin_tip *ret_tip, struct bs_error *error);
bool bs_bitcoin_chain_hash_at(struct bs_bitcoin_chain *chain, unsigned char hash[BS_BITCOIN_HASH_SIZE], bool *ret_found,
                              uint64_t height, struct bs_error *error);

/* For writing, or for several reads of one state; ended by commit or abort. */
bool bs_bitcoin_chain_begin(struct bs_bitcoin_chain *chain, struct bs_error *error);
bool bs_bitcoin_chain_begin_read(struct bs_bitcoin_chain *chain, struct bs_error *error);
bool bs_bitcoin_chain_commit(struct bs_bitcoin_chain *chain, struct bs_error *error);
void bs_bitcoin_chain_abort(struct bs_bitcoin_chain *chain); /* nothing happens when nothing was begun */

/* The transactions of a block that the rules must see: those with a payload of ours, but never the coinbase.  Their numbers
 * in the block, ascending; by free(), NULL when there are none. */
bool bs_bitcoin_chain_find_operations(const struct bs_bitcoin_chain *chain, size_t **ret_numbers, size_t *ret_count,
                                      const struct bs_bitcoin_block *block, struct bs_error *error);
/* A transaction of a block with the script of the output that its input 0 spends. */
struct bs_bitcoin_operation {
  size_t number; /* in the block */
  const unsigned char *sender;
  size_t sender_length;
};
/* The next block, within begin and commit; after a failure abort.  operations: all that bs_bitcoin_chain_find_operations found.
 * is_kept: it can be rolled back as long as it is one of the newest.  Word: conflict (it does not follow the last one). */
bool bs_bitcoin_chain_append(struct bs_bitcoin_chain *chain, const struct bs_bitcoin_block *block,
                             const struct bs_bitcoin_operation *operations, size_t count, bool is_kept, struct bs_error *error);
/* Takes back all blocks above `height`, within begin and commit.  Word: conflict (they are not kept; says what to do). */
bool bs_bitcoin_chain_unwind(struct bs_bitcoin_chain *chain, uint64_t height, struct bs_error *error);

#endif

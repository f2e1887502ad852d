/* SPDX-License-Identifier: MIT */
/*
 * Following a node: its blocks, from the first one of the index on, as far as they are confirmed.
 *
 * A struct bs_follower has connections of its own to the node and to the index; it belongs to one thread at a time, and is the
 * only one that writes that index.  Readers have theirs (bs_bitcoin_chain_open) and see whole blocks only, also while it rolls
 * back.
 *
 * Words of every function: those of rpc.h and of chain.h; what else one fails with stands beside it.
 */
#ifndef BS_BITCOIND_FOLLOW_H
#define BS_BITCOIND_FOLLOW_H

#include "core/bitcoind/chain.h"
#include "core/bitcoind/rpc.h"

#define BS_CONFIRMATIONS 6

/* Where the node and the index are; what a name service over them needs, too (provider.h). */
struct bs_bitcoind_config {
  struct bs_rpc_config rpc; /* its wallet is not looked at */
  const char *network;      /* "main", "test", "signet", "regtest" */
  uint64_t first_block;     /* 0: the network's; otherwise for the networks of tests only */
  /* A block is indexed when so many have followed it: with 6 the index goes up to the node's height less 6, as the original's
   * (protocol.md 3). */
  uint64_t confirmations;
  const char *index;  /* path of the file */
  const char *wallet; /* of the node, for coins, without private keys; NULL: scantxoutset */
};

struct bs_follower;

/* Makes the index when it is not there.  The configuration may go afterwards.  Words: config (no such network). */
bool bs_follower_open(struct bs_follower **ret_follower, const struct bs_bitcoind_config *config, struct bs_error *error);
void bs_follower_close(struct bs_follower *follower); /* NULL is allowed */

struct bs_follow_state {
  uint64_t node_height;
  uint64_t height; /* of the index; its first block - 1: there is none yet */
  bool is_syncing; /* the node still loads old blocks itself, or is behind the index: what is there is followed */
  uint64_t applied, taken_back; /* blocks, by this step */
};
/*
 * One step: takes back what has left the node's chain, and applies what it has more, until the index is where the node was when
 * the step began.  Behind a block, what was applied is committed when it is 500 of them or was begun a second ago, and what was
 * taken back with those that take its place; a kill, a cancelled scope or a failure loses what was not, and the next step goes
 * on there.
 * After a failure the caller tries again later; only conflict and config do not go away by themselves.  *ret_state is set also
 * then, and says how far it came: node_height 0, the node was not reached.
 * An index whose file was removed meanwhile is made again.
 *
 * Words: no_names also when the node has pruned a block that is needed (says from which block on it has them), config (the node
 * is of another network), conflict (more blocks have left the chain than can be taken back; says what to do).
 */
bool bs_follow(struct bs_follower *follower, const struct bs_scope *scope, struct bs_follow_state *ret_state,
               struct bs_error *error);
/* What is told during a step, on its thread: as soon as the node has answered (applied 0; `height` the index's own, not looked at
 * for other branches yet), and after each commit. */
void bs_follower_hear(struct bs_follower *follower, void (*tell)(const struct bs_follow_state *state, void *user), void *user);
/* Its own connection, until the next step. */
struct bs_bitcoin_chain *bs_follower_chain(struct bs_follower *follower);

/*
 * A replay: the node's blocks, from the first one on, into *made, which has none yet, up to the tip of *stored, of one network
 * and first block with it; both stay the caller's, who is the only one to use them.  Blocks that have left the node's
 * chain since they were stored, also during the call, are got by the hashes that *stored has: `taken_back` of *ret_state is how
 * many they are.  Where *stored has a tip that the node never had, or misses blocks, `height` stays below that tip.  `hear`, of
 * which NULL is none, is as with bs_follower_hear.
 *
 * Words: no_names also when the node has pruned a block, failed also when it has one that left its chain no more.
 */
bool bs_follow_again(struct bs_bitcoin_chain *made, struct bs_bitcoin_chain *stored, const struct bs_bitcoind_config *config,
                     void (*hear)(const struct bs_follow_state *state, void *user), void *user, const struct bs_scope *scope,
                     struct bs_follow_state *ret_state, struct bs_error *error);

#endif

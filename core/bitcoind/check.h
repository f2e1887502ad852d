/* SPDX-License-Identifier: MIT */
/* An index held against the blocks of its node; and one that is made anew. */
#ifndef BS_BITCOIND_CHECK_H
#define BS_BITCOIND_CHECK_H

#include "core/bitcoind/follow.h"

/* Who watches what takes long; called on the caller's thread. */
struct bs_replay_watch {
  /* Before it begins: so many blocks, and about so many bytes of temporary files.  NULL: nobody is told. */
  void (*begin)(uint64_t blocks, uint64_t bytes, void *user);
  /* As bs_follower_hear; NULL: nobody hears. */
  void (*tell)(const struct bs_follow_state *state, void *user);
  void *user;
};

/*
 * As bs_bitcoin_chain_check, and where nothing else is wrong a copy of the index is compared with what bs_follow_again makes of
 * the node's blocks: every table, from the first block to the tip.  The first block that is not the same is named, and the first
 * row of each table.  The index may be written meanwhile, by whoever follows: what counts is its state of one moment.
 * A node that cannot be asked is a finding, too.  Words: no_memory, cancelled; deadline and those of a full disk are findings.
 */
bool bs_bitcoin_chain_replay(const struct bs_bitcoind_config *config, const struct bs_replay_watch *watch,
                             const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error);

/*
 * Makes the index anew, beside the old one: INDEX.reindex, which takes its place when it is as far as the node, so that a server
 * that runs answers from the old one until then.  One that ends early, or is killed, goes on where it was the next time.  What
 * stands at the path is gone afterwards, damaged or not; only what is no index of this configuration stays, and fails it.
 *
 * Words: those of bs_follow; conflict (another process does it already), config (an index of something else), corrupt (the file
 * at the path is no index), denied (root, in a directory of another user).
 */
bool bs_bitcoin_reindex(const struct bs_bitcoind_config *config, const struct bs_replay_watch *watch,
                        const struct bs_scope *scope, struct bs_follow_state *ret_state, struct bs_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* A Bitcoin node behind the server: a thread follows it, tries again when it is away, and says how that goes. */
#ifndef BLOCKSTORED_FOLLOWER_H
#define BLOCKSTORED_FOLLOWER_H

#include "tools/blockstored/settings.h"

/* How the index stands to the node, and what clients should pay. */
struct bsd_node {
  const char *state; /* static: "following", "indexing" (behind), "waiting" (the node cannot be asked) */
  bool is_behind;    /* so that what is not found may yet be: also while it waits, and until the node was reached */
  uint64_t height;   /* of the node; 0: not known */
  uint64_t reorganisations; /* steps in which blocks left the index */
  uint64_t fee_rate; /* satoshis for 1,000 bytes; 0: not known */
};

struct bsd_follower;

/* Starts following; the settings live longer.  Words: config, no_memory, failed. */
bool bsd_follower_open(struct bsd_follower **ret_follower, const struct bsd_settings *settings, struct bs_error *error);
/* Ends it, and waits for that; a step loses nothing that was committed.  NULL is allowed. */
void bsd_follower_close(struct bsd_follower *follower);
/* Any thread. */
void bsd_follower_look(struct bsd_follower *follower, struct bsd_node *ret_node);
/* True: it has ended, as waiting would not help; with the reason. */
bool bsd_follower_has_failed(struct bsd_follower *follower, struct bs_error *ret_error);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Operations on a chain that puts a transaction into a block later: what was sent is kept (core/state/underway.h) before
 * it goes out, until the index shows what became of it.
 */
#ifndef BS_NAMES_PENDING_H
#define BS_NAMES_PENDING_H

#include "core/names/names.h"
#include "core/state/state.h"

#define BS_REBUILD_AGE 16 /* blocks: an operation that names an older consensus hash is made anew; from 25 on none takes it */

/* Where they are kept; before the first operation.  `state` lives longer than `names`. */
void bs_names_remember(struct bs_names *names, struct bs_state *state);

struct bs_pending_operation {
  int64_t id; /* as in core/state/underway.h */
  char name[38];         /* or a namespace's id; "": an announcement */
  const char *operation; /* static: "NAME_UPDATE" */
  char txid[BS_TXID_TEXT]; /* ""; there is none yet */
  char value_hash[BS_VALUE_HASH_TEXT];
  /* static: "planned" (a registration that waits for its preorder), "made" (perhaps it was sent), "sent", "spent" (its
   * coins are; by what, the index will show), and what ends it: "done", "lost", "refused" */
  const char *state;
  const char *due;         /* static: "register", "send", "rebuild"; NULL: nothing is */
  uint64_t age;            /* blocks since it was made */
  uint64_t consensus_age;  /* of the consensus hash it names; UINT64_MAX: it names none */
  uint64_t fee;
  char reason[200];        /* why it was refused or lost, or is not done yet; "" */
};

/* All of them, as they stand, the oldest first; by free().  Changes nothing, and sends nothing. */
bool bs_names_pending(struct bs_names *names, struct bs_scope *scope, struct bs_pending_operation **ret_items, size_t *ret_count,
                      struct bs_error *error);
/*
 * Does what is due: sends again what nobody knows any more, makes anew what names a consensus hash that is about to be too
 * old (with what depends on it), registers what was preordered, and ends what is done.  What is lost or refused stays until
 * bs_names_told.
 * Keys may be NULL: what only they can sign stays as it is, and says so in `reason`.  Words: those of asking and sending.
 */
bool bs_names_resume(struct bs_names *names, struct bs_scope *scope, struct bs_pending_operation **ret_items, size_t *ret_count,
                     const struct bs_key *owner_key, const struct bs_key *payment_key, struct bs_error *error);
/* What was listed as lost or refused has been told to whoever wants to know: it goes. */
bool bs_names_told(struct bs_names *names, struct bs_scope *scope, const struct bs_pending_operation *items, size_t count,
                   struct bs_error *error);
/* The same as resuming, without registrations and a list: what every operation does first. */
bool bs_names_settle(struct bs_names *names, struct bs_scope *scope, const struct bs_key *owner_key,
                     const struct bs_key *payment_key, struct bs_error *error);

/* The id that the transaction has by now, which was `txid` before it was made anew; else `txid` itself.  Asks nobody. */
bool bs_names_current_txid(struct bs_names *names, struct bs_scope *scope, char current[BS_TXID_TEXT],
                           const unsigned char chain_id[32], const char *txid, struct bs_error *error);

enum bs_waiting_state { BS_WAITING_NONE, BS_WAITING_UNDERWAY, BS_WAITING_REFUSED };
/* Of a transaction, as far as was seen when the last operation or bs_names_resume looked; none: it is not kept (any more), or
 * lost.  Asks nobody. */
bool bs_names_state_of(struct bs_names *names, struct bs_scope *scope, enum bs_waiting_state *ret_state,
                       const unsigned char chain_id[32], const char *txid, struct bs_error *error);

#endif

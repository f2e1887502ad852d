/* SPDX-License-Identifier: MIT */
/* Operations that wait for a block: what the files that keep, settle and rebuild them share. */
#ifndef BS_NAMES_WAITING_H
#define BS_NAMES_WAITING_H

#include "core/names/job.h"
#include "core/names/pending.h"
#include "core/state/underway.h"

/* What waits, and the chain that it waits for, during one call; within bs_names_enter. */
struct bs_waiting {
  struct bs_names *names;
  struct bs_scope *scope;
  int lock; /* among processes; -1: not held */
  unsigned char chain_id[32];
  /* The last that the index has, and its hash: the newest that can be named.  The index is behind by its confirmations, so
   * that the hash has lost so many blocks of its window before it is used. */
  uint64_t index_block;
  unsigned char consensus[BS_CONSENSUS_SIZE];
  uint64_t next_block;  /* that the next transactions can be in */
  struct bs_underway *items;
  size_t count;
};
#define BS_WAITING_INIT {.lock = -1}

/* Only who holds the lock may make, send or settle anything.  Before bs_names_enter. */
bool bs_waiting_lock(struct bs_waiting *waiting, struct bs_names *names, struct bs_scope *scope, struct bs_error *error);
bool bs_waiting_load(struct bs_waiting *waiting, struct bs_names *names, struct bs_scope *scope, struct bs_error *error);
void bs_waiting_free(struct bs_waiting *waiting);

/* Has it a transaction that may get into a block? */
static inline bool bs_waiting_is_alive(const struct bs_underway *item) {
  return !item->is_over && (item->stage == BS_STAGE_MADE || item->stage == BS_STAGE_SENT || item->stage == BS_STAGE_SPENT);
}
bool bs_waiting_names_consensus(int opcode);
/* The newest with this operation on this name that is alive, or `planned`; NULL. */
struct bs_underway *bs_waiting_find(const struct bs_waiting *waiting, int opcode, const char *name, bool planned);
/* The same of this key, for this address. */
struct bs_underway *bs_waiting_find_of(const struct bs_waiting *waiting, int opcode, const char *name,
                                       const unsigned char sender[BS_HASH160_SIZE], const char *address, bool planned);
/* Another operation of ours that ends the owner's rights is on its way.  Word: conflict. */
bool bs_waiting_check(const struct bs_waiting *waiting, const char *name, struct bs_error *error);

/* The purses without what is spent already, and with what those operations pay back: of the newest, first of all, so that
 * each operation of an owner follows the one before it into the chain. */
bool bs_waiting_adjust(const struct bs_waiting *waiting, struct bs_payment *payment, struct bs_error *error);

/* Sends it, again or for the first time, and notes in it what came of that; not saved.  False: nobody could be asked. */
bool bs_waiting_send(struct bs_waiting *waiting, struct bs_underway *item, struct bs_error *error);
bool bs_waiting_save(struct bs_waiting *waiting, struct bs_underway *item, struct bs_error *error);
/* Is it a refusal for good, rather than a failure to ask? */
bool bs_waiting_is_refusal(enum bs_word word);

/* Looks at what became of each, in memory only; of what is spent it takes another broadcast to say that it is lost. */
bool bs_waiting_look(struct bs_waiting *waiting, struct bs_error *error);
/* And does what is due but registrations; saved. */
bool bs_waiting_settle(struct bs_waiting *waiting, const struct bs_key *owner_key, const struct bs_key *payment_key,
                       struct bs_error *error);

/* What its transaction says. */
bool bs_waiting_operation(struct bs_operation *ret_operation, const struct bs_underway *item, struct bs_error *error);

/* Must it be made anew, and why: static, NULL when not. */
const char *bs_waiting_rebuild_reason(const struct bs_waiting *waiting, const struct bs_underway *item);
/* Made anew, saved, not sent.  *ret_made false: it could not be, and item->reason says why; or, of one that a node does not
 * want, no more would be paid for it. */
bool bs_waiting_rebuild(struct bs_waiting *waiting, struct bs_underway *item, bool *ret_made, const char *why,
                        const struct bs_key *owner_key, const struct bs_key *payment_key, struct bs_error *error);

/* A plan that adds no transaction: the registration that is to follow a preorder is kept.  Nothing in a dry run. */
bool bs_waiting_plan(struct bs_job *job, struct bs_error *error);
/* The operations of a job, kept and sent. */
bool bs_waiting_submit(struct bs_job *job, struct bs_names *names, struct bs_scope *scope, bs_build build,
                       struct bs_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What a name server tells besides names.h: the entries as the rules know them, each answer as of one moment of the chain,
 * and what a client needs to build transactions.  Threads, scopes and words: as in names.h; failed also where the provider
 * cannot tell it.
 */
#ifndef BS_NAMES_MOMENT_H
#define BS_NAMES_MOMENT_H

#include "core/names/provider.h"

/* The chain's end.  Two that are equal: nothing changed between them. */
struct bs_moment {
  bool exists; /* false: there is no chain yet; what follows is zero */
  uint64_t block;
  unsigned char consensus[BS_CONSENSUS_SIZE];
};
bool bs_names_moment(struct bs_names *names, struct bs_scope *scope, struct bs_moment *ret_moment, struct bs_error *error);

/* Between the two all that is read is of one moment, for who asks much at once; nothing may be written meanwhile, and no
 * other thread asks.  A failure is none of the questions': they are then answered each for itself. */
void bs_names_hold(struct bs_names *names, struct bs_scope *scope);
void bs_names_release(struct bs_names *names);
/* Is a state held, and surely none newer than it?  Ask after a first question only. */
bool bs_names_is_newest(struct bs_names *names);

struct bs_name_answer {
  struct bs_moment moment;
  bool found, name_space_found;
  struct bs_name_entry entry;
  struct bs_namespace_entry name_space;
  bool inherited; /* names.h: is_inherited */
};
/* Word: usage (not a name). */
bool bs_names_name_state(struct bs_names *names, struct bs_scope *scope, struct bs_name_answer *ret_state, const char *name,
                         struct bs_error *error);

/* The name alone, and then `visit` for each of its operations, as bs_names_operations_on: all of one moment. */
bool bs_names_name_history(struct bs_names *names, struct bs_scope *scope, bool *ret_found, const char *name,
                           const struct bs_history_visitor *visitor, struct bs_error *error);

struct bs_namespace_answer {
  struct bs_moment moment;
  bool found;
  struct bs_namespace_entry entry;
};
/* Word: usage (not an id). */
bool bs_names_namespace_state(struct bs_names *names, struct bs_scope *scope, struct bs_namespace_answer *ret_state,
                              const char *id, struct bs_error *error);

/* The same, and then `visit` for the NAMESPACE_PREORDER and the NAMESPACE_REVEAL that made it, in this order; none for one of the
 * chain's genesis: all of one moment.  It may be visited anew; `restart` comes before each time. */
struct bs_namespace_history_visit {
  void (*restart)(void *user, const struct bs_namespace_answer *answer);
  bs_visit_operation visit;
  void *user;
};
bool bs_names_namespace_history(struct bs_names *names, struct bs_scope *scope, struct bs_namespace_answer *ret_answer,
                                const char *id, const struct bs_namespace_history_visit *visit, struct bs_error *error);

struct bs_preorder_answer {
  struct bs_moment moment;
  bool found;
  struct bs_preorder_entry entry;
};
/* opcode: NAME_PREORDER or NAMESPACE_PREORDER. */
bool bs_names_preorder_state(struct bs_names *names, struct bs_scope *scope, struct bs_preorder_answer *ret_state,
                             enum bs_opcode opcode, const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error);

/* The block of which this is the consensus hash; the seed is that of none.  Looks through all blocks. */
bool bs_names_block_of(struct bs_names *names, struct bs_scope *scope, uint64_t *ret_block, bool *ret_found,
                       const unsigned char consensus[BS_CONSENSUS_SIZE], struct bs_error *error);
/* What the operations of a block hash to: one of the inputs of its consensus hash. */
bool bs_names_operations_hash_at(struct bs_names *names, struct bs_scope *scope, unsigned char hash[BS_SHA256_SIZE],
                                 bool *ret_found, uint64_t block, struct bs_error *error);

/* Satoshis for 1,000 bytes; 0: not known. */
bool bs_names_fee_rate(struct bs_names *names, struct bs_scope *scope, uint64_t *ret_rate, struct bs_error *error);
/* The largest unspent outputs of an address, at most BS_COINS_MAX; each by bs_unspent_free.  Word: usage (not an address). */
bool bs_names_unspents(struct bs_names *names, struct bs_scope *scope, struct bs_unspent *unspents, size_t *ret_count,
                       const char *address, struct bs_error *error);
void bs_unspent_free(struct bs_unspent *unspent);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the files of the rules share.  Each operation has a row: `check` decides on the state as it is, `apply` changes
 * it and serialises.  Both return false on a failure of the database (or of memory) only; a refusal is noted in the
 * judgement.
 *
 * (x_sameblock), (x_expiry), ...: the recorded run of the original server that shows a rule, t/vectors/names.
 */
#ifndef BS_CHAIN_RULES_PRIVATE_H
#define BS_CHAIN_RULES_PRIVATE_H

#include "core/chain/consensus.h"
#include "core/chain/rules.h"

/* Does the registration complete what a preorder of several names began? */
enum bs_membership { BS_MEMBERSHIP_NONE, BS_MEMBERSHIP_WAITS, BS_MEMBERSHIP_COMPLETES };

/* An operation of a block while it is judged. */
struct bs_judgement {
  const struct bs_rule *row; /* NULL: no operation, or not a well-formed one */
  struct bs_block_transaction *block_transaction;
  struct bs_operation operation;
  struct bs_entry_origin origin; /* of the transaction; op is filled by apply */
  enum bs_script_kind sender_kind;
  bool has_fee;
  uint64_t fee; /* burned */
  bool has_recipient;
  struct bs_script recipient;
  char recipient_address[BS_ADDRESS_TEXT];
  enum bs_script_kind recipient_kind;
  bool collides;
  /* What check found, for apply. */
  struct bs_name_entry name; /* name "": there is none */
  bool is_new;               /* apply: the entry is the first of its name */
  struct bs_namespace_entry name_space;
  struct bs_preorder_entry preorder;
  bool renews;
  enum bs_membership membership;
  unsigned char consensus[BS_CONSENSUS_SIZE];
};

struct bs_engine {
  const struct bs_index *index;
  uint64_t height;
  struct bs_judgement *judgements; /* of the block's transactions, in order */
  struct bs_namespace_entry name_space; /* a ready one, which never changes: the one asked for last; id "": none yet */
  struct bs_window window; /* the consensus hashes that operations of this block may name */
  struct bs_buffer text;   /* the operation just serialised */
  struct bs_leaf *leaves;  /* of the accepted ones */
  size_t accepted, capacity;
};

struct bs_rule {
  enum bs_opcode opcode;
  bool collides; /* two valid ones of one name in a block: both are refused */
  bool (*check)(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
  bool (*apply)(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
};

/* Fills the judgement from its transaction; the row stays NULL when there is nothing to judge. */
void bs_rules_read_transaction(const struct bs_engine *engine, struct bs_judgement *judgement);
const struct bs_rule *bs_rules_find_row(enum bs_opcode opcode);

bool bs_rules_refuse(struct bs_judgement *judgement, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline bool bs_rules_refused(const struct bs_judgement *judgement) {
  return judgement->block_transaction->verdict == BS_VERDICT_REFUSED;
}

/* Conditions that several operations share.  With an error: false when something failed, and a refusal is noted in the
 * judgement; without one: false when it was noted. */
bool bs_rules_need_ready_namespace(struct bs_engine *engine, struct bs_judgement *judgement, const char *name,
                                   struct bs_error *error);
/* The window begins with the block before this one (x_window), and reaches the seed at first (x_seed). */
bool bs_rules_need_recent_consensus(const struct bs_engine *engine, struct bs_judgement *judgement);
/* `owner` must have fewer than `limit` names; revoked ones don't count (x_quota). */
bool bs_rules_need_quota(struct bs_engine *engine, struct bs_judgement *judgement, const struct bs_script *owner,
                         const char *address, size_t limit, struct bs_error *error);
bool bs_rules_need_sender(struct bs_judgement *judgement); /* judgement->name is the sender's */

/* Adds what engine->text holds to the block's accepted operations.  name, value_hash: NULL when it has none. */
bool bs_rules_keep(struct bs_engine *engine, const struct bs_judgement *judgement, const char *name,
                   const unsigned char *value_hash, struct bs_error *error);
/* Serialises and keeps judgement->name as the transaction leaves it.  op: NULL when it stays. */
bool bs_rules_keep_name(struct bs_engine *engine, struct bs_judgement *judgement, const char *op,
                        const struct bs_entry_context *context, struct bs_error *error);
void bs_rules_set_op(struct bs_entry_origin *origin, const char *op);

/* A registration by the preorder in the judgement: is it good for the name?  Then the name's entry is made. */
bool bs_rules_need_preorder(struct bs_judgement *judgement);
bool bs_rules_register(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);

/* rules-multi.c: a registration that no preorder of its own name stands for. */
bool bs_rules_check_member(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_apply_member(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);

#define BS_RULE_FUNCTIONS_(operation)                                                                             \
  bool bs_rules_check_##operation(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error); \
  bool bs_rules_apply_##operation(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
BS_RULE_FUNCTIONS_(preorder)     /* of names and of namespaces */
BS_RULE_FUNCTIONS_(registration) /* and renewal */
BS_RULE_FUNCTIONS_(update)
BS_RULE_FUNCTIONS_(transfer)
BS_RULE_FUNCTIONS_(revoke)
BS_RULE_FUNCTIONS_(import)
BS_RULE_FUNCTIONS_(reveal)
BS_RULE_FUNCTIONS_(ready)
BS_RULE_FUNCTIONS_(announce)
#undef BS_RULE_FUNCTIONS_

#endif

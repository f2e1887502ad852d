/* SPDX-License-Identifier: MIT */
/*
 * What the files of the rules share.  Each operation has a row: `check` decides on the state as it is, `apply` changes
 * it and serialises.  Both return false on a failure of the database only; a refusal is noted in the judgement.
 */
#ifndef BS_CHAIN_RULES_PRIVATE_H
#define BS_CHAIN_RULES_PRIVATE_H

#include "core/chain/consensus.h"
#include "core/chain/rules.h"

/* An operation of a block while it is judged. */
struct bs_judgement {
  const struct bs_rule *row; /* NULL: no operation, or not a well-formed one */
  struct bs_block_transaction *block_transaction;
  struct bs_operation operation;
  struct bs_entry_origin origin; /* of the transaction; op is filled by apply */
  bool has_fee;
  uint64_t fee; /* burned */
  bool has_recipient;
  struct bs_script recipient;
  char recipient_address[BS_ADDRESS_TEXT];
  bool recipient_is_key_hash;
  bool collides;
  /* What check found, for apply. */
  struct bs_name_entry name;
  struct bs_namespace_entry name_space;
  struct bs_preorder_entry preorder;
  bool renews;
  unsigned char consensus[BS_CONSENSUS_SIZE];
};

struct bs_engine {
  const struct bs_index *index;
  uint64_t height;
  struct bs_buffer text; /* the operation just serialised */
  struct bs_leaf *leaves;
  size_t accepted;
};

struct bs_rule {
  enum bs_opcode opcode;
  bool collides; /* two valid ones of one name in a block: both are refused */
  bool (*check)(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
  bool (*apply)(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
};

bool bs_rules_refuse(struct bs_judgement *judgement, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline bool bs_rules_refused(const struct bs_judgement *judgement) {
  return judgement->block_transaction->verdict == BS_VERDICT_REFUSED;
}

/* Conditions that several operations share; each notes a refusal. */
bool bs_rules_need_ready_namespace(struct bs_engine *engine, struct bs_judgement *judgement, const char *name,
                                   struct bs_error *error);
bool bs_rules_need_recent_consensus(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
/* `owner` must have fewer than `limit` names. */
bool bs_rules_need_quota(struct bs_engine *engine, struct bs_judgement *judgement, const struct bs_script *owner,
                         size_t limit, struct bs_error *error);

/* Adds what engine->text holds to the block's accepted operations.  name, value_hash: NULL when it has none. */
bool bs_rules_keep(struct bs_engine *engine, const struct bs_judgement *judgement, const char *name,
                   const unsigned char *value_hash, struct bs_error *error);
void bs_rules_set_op(struct bs_entry_origin *origin, const char *op);

bool bs_rules_check_preorder(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_apply_preorder(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_check_registration(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_apply_registration(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_check_update(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_apply_update(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_check_transfer(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_apply_transfer(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_check_revoke(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_apply_revoke(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_check_reveal(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_apply_reveal(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_check_ready(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);
bool bs_rules_apply_ready(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error);

#endif

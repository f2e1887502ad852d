/* SPDX-License-Identifier: MIT */
/* The rules for a block: its operations are read, judged one after the other, and closed with the consensus hash. */
#include <config.h>

#include "core/chain/rules-private.h"

#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"

static const struct bs_rule rows[] = {
    {BS_NAME_PREORDER, false, bs_rules_check_preorder, bs_rules_apply_preorder},
    {BS_NAME_REGISTRATION, true, bs_rules_check_registration, bs_rules_apply_registration},
    {BS_NAME_UPDATE, false, bs_rules_check_update, bs_rules_apply_update},
    {BS_NAME_TRANSFER, false, bs_rules_check_transfer, bs_rules_apply_transfer},
    {BS_NAME_REVOKE, false, bs_rules_check_revoke, bs_rules_apply_revoke},
    {BS_NAME_IMPORT, false, bs_rules_check_import, bs_rules_apply_import},
    {BS_NAMESPACE_PREORDER, false, bs_rules_check_preorder, bs_rules_apply_preorder},
    {BS_NAMESPACE_REVEAL, true, bs_rules_check_reveal, bs_rules_apply_reveal},
    {BS_NAMESPACE_READY, false, bs_rules_check_ready, bs_rules_apply_ready},
    {BS_ANNOUNCE, false, bs_rules_check_announce, bs_rules_apply_announce},
};

const struct bs_rule *bs_rules_find_row(enum bs_opcode opcode) {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].opcode == opcode) return &rows[i];
  return NULL;
}

bool bs_rules_refuse(struct bs_judgement *judgement, const char *format, ...) {
  struct bs_block_transaction *judged = judgement->block_transaction;
  va_list arguments;

  va_start(arguments, format);
  if (vsnprintf(judged->reason, sizeof judged->reason, format, arguments) < 0) judged->reason[0] = '\0';
  va_end(arguments);
  judged->verdict = BS_VERDICT_REFUSED;
  return true;
}

/* ---- conditions that several operations share; each notes a refusal ---- */

bool bs_rules_need_ready_namespace(struct bs_engine *engine, struct bs_judgement *judgement, const char *name,
                                   struct bs_error *error) {
  const char *id = bs_name_namespace(name);
  bool found;

  if (strcmp(engine->name_space.id, id) == 0) {
    judgement->name_space = engine->name_space;
    return true;
  }
  if (!bs_index_get_namespace(engine->index, &judgement->name_space, &found, id, error)) return false;
  if (!found) return bs_rules_refuse(judgement, "There is no namespace %s.", id);
  if (judgement->name_space.state != BS_NAMESPACE_IS_READY)
    return bs_rules_refuse(judgement, "The namespace %s is not ready.", id);
  engine->name_space = judgement->name_space;
  return true;
}

bool bs_rules_need_recent_consensus(const struct bs_engine *engine, struct bs_judgement *judgement) {
  for (size_t i = 0; i < engine->window.count; i++)
    if (memcmp(engine->window.hashes[i], judgement->operation.consensus, BS_CONSENSUS_SIZE) == 0) return true;
  return !bs_rules_refuse(judgement, "The consensus hash is not one of the last %d blocks.", BS_CONSENSUS_WINDOW);
}

bool bs_rules_need_quota(struct bs_engine *engine, struct bs_judgement *judgement, const struct bs_script *owner,
                         const char *address, size_t limit, struct bs_error *error) {
  size_t owned;

  if (!bs_index_count_owned(engine->index, &owned, owner, error)) return false;
  if (owned < limit) return true;
  return bs_rules_refuse(judgement, "%s owns %zu names already; nobody may own more than %zu: transfer one first.",
                         address, owned, engine->index->parameters->names_per_owner);
}

bool bs_rules_need_sender(struct bs_judgement *judgement) {
  if (bs_script_equal(&judgement->name.origin.sender, &judgement->origin.sender)) return true;
  return !bs_rules_refuse(judgement, "The name %s belongs to %s, not to %s.", judgement->name.name,
                          judgement->name.origin.address, judgement->origin.address);
}

/* ---- keeping what was accepted ---- */

/* One transaction may complete the registrations of others: there can be more operations than transactions. */
static bool grow_leaves(struct bs_engine *engine, struct bs_error *error) {
  size_t capacity = 2 * engine->capacity + 64;
  struct bs_leaf *leaves = reallocarray(engine->leaves, capacity, sizeof *leaves);

  if (leaves == NULL) return bs_fail_memory(error);
  engine->leaves = leaves;
  engine->capacity = capacity;
  return true;
}

bool bs_rules_keep(struct bs_engine *engine, const struct bs_judgement *judgement, const char *name,
                   const unsigned char *value_hash, struct bs_error *error) {
  if (!bs_buffer_ok(&engine->text, error)) return false;
  if (engine->accepted == engine->capacity && !grow_leaves(engine, error)) return false;
  bs_operation_leaf(&engine->leaves[engine->accepted], engine->text.bytes, engine->text.length);
  return bs_index_put_operation(engine->index, engine->height, engine->accepted++, judgement->origin.txid,
                                judgement->operation.opcode, name, value_hash, &engine->text, error);
}

bool bs_rules_keep_name(struct bs_engine *engine, struct bs_judgement *judgement, const char *op,
                        const struct bs_entry_context *context, struct bs_error *error) {
  struct bs_name_entry *entry = &judgement->name;

  if (op != NULL) bs_rules_set_op(&entry->origin, op);
  memcpy(entry->origin.txid, judgement->origin.txid, BS_TXID_SIZE);
  entry->origin.vtxindex = judgement->origin.vtxindex;
  entry->changed_block = engine->height;
  bs_serialise_name(&engine->text, entry, context);
  return (judgement->is_new ? bs_index_add_name : bs_index_put_name)(engine->index, entry, error) &&
         bs_rules_keep(engine, judgement, entry->name, entry->has_value ? entry->value_hash : NULL, error);
}

void bs_rules_set_op(struct bs_entry_origin *origin, const char *op) {
  snprintf(origin->op, sizeof origin->op, "%s", op);
}

/* ---- a block ---- */

static int compare_claims(const void *left, const void *right) {
  const struct bs_judgement *a = *(struct bs_judgement *const *)left, *b = *(struct bs_judgement *const *)right;

  if (a->row != b->row) return a->row < b->row ? -1 : 1;
  return strcmp(a->operation.name, b->operation.name);
}

static bool same_claim(const struct bs_judgement *a, const struct bs_judgement *b) {
  return a->row == b->row && strcmp(a->operation.name, b->operation.name) == 0;
}

/* Of the claims of one name, those whose check succeeds on the state before the block (x_sameblock); if there are
 * several, none of them counts. */
static bool judge_rivals(struct bs_engine *engine, struct bs_judgement **rivals, size_t count, struct bs_error *error) {
  size_t valid = 0;

  for (size_t i = 0; i < count; i++) {
    struct bs_judgement trial = *rivals[i];

    if (!trial.row->check(engine, &trial, error)) return false;
    rivals[i]->collides = !bs_rules_refused(&trial);
    valid += rivals[i]->collides;
    trial.block_transaction->verdict = BS_VERDICT_NO_OPERATION;
    trial.block_transaction->reason[0] = '\0';
  }
  for (size_t i = 0; i < count; i++) rivals[i]->collides = valid > 1;
  return true;
}

static bool find_collisions(struct bs_engine *engine, struct bs_judgement *judgements, size_t count,
                            struct bs_error *error) {
  struct bs_judgement **claims BS_AUTO_FREE = calloc(count + 1, sizeof *claims);
  size_t claimed = 0;

  if (claims == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < count; i++)
    if (judgements[i].row != NULL && judgements[i].row->collides) claims[claimed++] = &judgements[i];
  qsort(claims, claimed, sizeof *claims, compare_claims);
  for (size_t first = 0, end; first < claimed; first = end) {
    for (end = first + 1; end < claimed && same_claim(claims[first], claims[end]);) end++;
    if (end - first > 1 && !judge_rivals(engine, claims + first, end - first, error)) return false;
  }
  return true;
}

static bool judge(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  if (judgement->row == NULL) return true;
  if (judgement->collides)
    return bs_rules_refuse(judgement, "Several transactions of one block claim %s; all are refused.",
                           judgement->operation.name);
  if (!judgement->row->check(engine, judgement, error)) return false;
  if (bs_rules_refused(judgement)) return true;
  judgement->block_transaction->verdict = BS_VERDICT_ACCEPTED;
  return judgement->row->apply(engine, judgement, error);
}

static bool judge_all(struct bs_engine *engine, struct bs_block_transaction *transactions, size_t count,
                      struct bs_error *error) {
  struct bs_judgement *judgements = engine->judgements;

  for (size_t i = 0; i < count; i++) {
    judgements[i].block_transaction = &transactions[i];
    transactions[i].verdict = BS_VERDICT_NO_OPERATION;
    transactions[i].reason[0] = '\0';
    bs_rules_read_transaction(engine, &judgements[i]);
  }
  if (!find_collisions(engine, judgements, count, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (!judge(engine, &judgements[i], error)) return false;
  return true;
}

static bool keep_refused(const struct bs_engine *engine, const struct bs_block_transaction *judged, size_t count,
                         struct bs_error *error) {
  for (size_t i = 0; i < count; i++)
    if (judged[i].verdict == BS_VERDICT_REFUSED &&
        !bs_index_put_refused(engine->index, engine->height, judged[i].vtxindex, judged[i].transaction->txid, judged[i].reason,
                              error))
      return false;
  return true;
}

static bool apply(struct bs_engine *engine, struct bs_block_result *result, struct bs_block_transaction *transactions,
                  size_t count, struct bs_error *error) {
  const struct bs_index *index = engine->index;

  if ((count > 0 && !bs_index_get_window(index, &engine->window, engine->height, error)) ||
      !judge_all(engine, transactions, count, error) || !keep_refused(engine, transactions, count, error))
    return false;
  bs_operations_hash(result->operations_hash, engine->leaves, engine->accepted);
  result->accepted = engine->accepted;
  return bs_index_expire(index, engine->height, error) &&
         bs_index_close_block(index, result->consensus, engine->height, result->operations_hash, error);
}

bool bs_rules_apply(const struct bs_index *index, struct bs_block_result *ret_result, uint64_t height,
                    struct bs_block_transaction *transactions, size_t count, struct bs_error *error) {
  struct bs_judgement *judgements BS_AUTO_FREE = calloc(count + 1, sizeof *judgements);
  struct bs_engine engine = {.index = index, .height = height, .judgements = judgements};
  struct bs_undo *undo;
  struct bs_block_result result;
  bool good;

  if (judgements == NULL) return bs_fail_memory(error);
  if (!bs_undo_begin(&undo, index, error)) return false;
  good = apply(&engine, &result, transactions, count, error) && bs_undo_keep(undo, index, height, error);
  bs_undo_free(undo);
  bs_buffer_free(&engine.text);
  free(engine.leaves);
  if (good) *ret_result = result;
  return good;
}

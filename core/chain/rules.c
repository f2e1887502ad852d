/* SPDX-License-Identifier: MIT */
/* The rules for a block: its operations are read, judged one after the other, and closed with the consensus hash. */
#include <config.h>

#include "core/chain/rules-private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"

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

  if (!bs_index_get_namespace(engine->index, &judgement->name_space, &found, id, error)) return false;
  if (!found) return bs_rules_refuse(judgement, "There is no namespace %s.", id);
  if (judgement->name_space.state != BS_NAMESPACE_IS_READY)
    return bs_rules_refuse(judgement, "The namespace %s is not ready.", id);
  return true;
}

bool bs_rules_need_recent_consensus(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  bool recent;

  if (!bs_index_is_recent(engine->index, &recent, judgement->operation.consensus, engine->height, error)) return false;
  if (!recent)
    return bs_rules_refuse(judgement, "The consensus hash is not one of the last %d blocks.", BS_CONSENSUS_WINDOW);
  return true;
}

/* `owner` must have fewer than `limit` names. */
bool bs_rules_need_quota(struct bs_engine *engine, struct bs_judgement *judgement, const struct bs_script *owner,
                         size_t limit, struct bs_error *error) {
  const struct bs_chain_parameters *parameters = engine->index->parameters;
  unsigned char hash[BS_HASH160_SIZE];
  char address[BS_ADDRESS_TEXT];
  size_t owned;

  if (!bs_index_count_owned(engine->index, &owned, owner, error)) return false;
  if (owned < limit) return true;
  bs_script_classify(hash, owner->bytes, owner->length);
  bs_address_encode(address, parameters->address_version, hash);
  return bs_rules_refuse(judgement, "%s owns %zu names already; nobody may own more than %zu.", address, owned,
                         parameters->names_per_owner);
}

/* ---- keeping what was accepted ---- */

bool bs_rules_keep(struct bs_engine *engine, const struct bs_judgement *judgement, const char *name,
                   const unsigned char *value_hash, struct bs_error *error) {
  if (!bs_buffer_ok(&engine->text, error)) return false;
  bs_operation_leaf(&engine->leaves[engine->accepted], engine->text.bytes, engine->text.length);
  return bs_index_put_operation(engine->index, engine->height, engine->accepted++, judgement->origin.txid,
                                judgement->operation.opcode, name, value_hash, &engine->text, error);
}

void bs_rules_set_op(struct bs_entry_origin *origin, const char *op) {
  snprintf(origin->op, sizeof origin->op, "%s", op);
}

static bool check_unsupported(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  (void)engine;
  (void)error;
  return bs_rules_refuse(judgement, "%s is not supported yet.", bs_opcode_text(judgement->operation.opcode));
}

static const struct bs_rule rows[] = {
    {BS_NAME_PREORDER, false, bs_rules_check_preorder, bs_rules_apply_preorder},
    {BS_NAME_REGISTRATION, true, bs_rules_check_registration, bs_rules_apply_registration},
    {BS_NAME_UPDATE, false, bs_rules_check_update, bs_rules_apply_update},
    {BS_NAME_TRANSFER, false, bs_rules_check_transfer, bs_rules_apply_transfer},
    {BS_NAME_REVOKE, false, bs_rules_check_revoke, bs_rules_apply_revoke},
    {BS_NAME_IMPORT, false, check_unsupported, NULL},
    {BS_NAMESPACE_PREORDER, false, bs_rules_check_preorder, bs_rules_apply_preorder},
    {BS_NAMESPACE_REVEAL, true, bs_rules_check_reveal, bs_rules_apply_reveal},
    {BS_NAMESPACE_READY, false, bs_rules_check_ready, bs_rules_apply_ready},
    {BS_ANNOUNCE, false, check_unsupported, NULL},
};

/* ---- reading a transaction ---- */

/* False when the script has no address. */
static bool read_address(const struct bs_engine *engine, struct bs_script *script, char address[BS_ADDRESS_TEXT],
                         bool *ret_is_key_hash, const unsigned char *bytes, size_t length) {
  const struct bs_chain_parameters *parameters = engine->index->parameters;
  unsigned char hash[BS_HASH160_SIZE];
  enum bs_script_kind kind = bs_script_classify(hash, bytes, length);

  if (kind == BS_SCRIPT_OTHER || kind == BS_SCRIPT_NULL_DATA) return false;
  memcpy(script->bytes, bytes, length);
  script->length = length;
  *ret_is_key_hash = kind != BS_SCRIPT_SCRIPT_HASH;
  bs_address_encode(address, *ret_is_key_hash ? parameters->address_version : parameters->script_version, hash);
  return true;
}

/* The public key of the sender's address, from whichever input shows it first. */
static void read_public_key(struct bs_judgement *judgement) {
  const struct bs_transaction *transaction = judgement->block_transaction->transaction;
  unsigned char owner[BS_HASH160_SIZE], hash[BS_HASH160_SIZE];

  bs_script_classify(owner, judgement->origin.sender.bytes, judgement->origin.sender.length);
  for (size_t i = 0; i < transaction->input_count; i++) {
    const unsigned char *push;
    size_t length;

    if (!bs_script_second_push(&push, &length, transaction->inputs[i].script, transaction->inputs[i].script_length))
      continue;
    if (length != 33 && length != 65) continue;
    bs_hash160(hash, push, length);
    if (memcmp(hash, owner, sizeof hash) != 0) continue;
    memcpy(judgement->origin.public_key.bytes, push, length);
    judgement->origin.public_key.length = length;
    return;
  }
}

/* Recipient and burned fee: the first payment, and the first payment to the address of 20 zero bytes.  False when an
 * output has no address, which no operation may have. */
static bool read_outputs(const struct bs_engine *engine, struct bs_judgement *judgement) {
  static const unsigned char burn[BS_HASH160_SIZE];
  const struct bs_transaction *transaction = judgement->block_transaction->transaction;

  for (size_t i = 0; i < transaction->output_count && !judgement->has_fee; i++) {
    const struct bs_transaction_output *output = &transaction->outputs[i];
    unsigned char hash[BS_HASH160_SIZE];
    enum bs_script_kind kind = bs_script_classify(hash, output->script, output->script_length);

    if (kind == BS_SCRIPT_NULL_DATA) continue;
    if (kind == BS_SCRIPT_OTHER) return false;
    if (!judgement->has_recipient)
      judgement->has_recipient = read_address(engine, &judgement->recipient, judgement->recipient_address,
                                              &judgement->recipient_is_key_hash, output->script, output->script_length);
    if (kind != BS_SCRIPT_PUBLIC_KEY_HASH || memcmp(hash, burn, sizeof burn) != 0) continue;
    judgement->has_fee = true;
    judgement->fee = output->value;
  }
  return true;
}

static bool find_payload(const struct bs_transaction *transaction, const unsigned char **ret_payload,
                         size_t *ret_length) {
  for (size_t i = 0; i < transaction->output_count; i++)
    if (bs_script_payload(ret_payload, ret_length, transaction->outputs[i].script,
                          transaction->outputs[i].script_length))
      return true;
  return false;
}

static const struct bs_rule *find_row(enum bs_opcode opcode) {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].opcode == opcode) return &rows[i];
  return NULL;
}

/* Fills the judgement; its row stays NULL when there is nothing to judge. */
static void read_transaction(const struct bs_engine *engine, struct bs_judgement *judgement) {
  struct bs_block_transaction *judged = judgement->block_transaction;
  const unsigned char *magic = engine->index->parameters->magic, *payload;
  struct bs_error why = {0};
  size_t length;
  bool is_key_hash;

  if (judged->sender == NULL || !find_payload(judged->transaction, &payload, &length)) return;
  if (length < 2 || memcmp(payload, magic, 2) != 0) return;
  if (!bs_operation_parse(&judgement->operation, magic, payload, length, &why)) {
    bs_rules_refuse(judgement, "%.*s", (int)sizeof judged->reason - 1, why.message);
    return;
  }
  memcpy(judgement->origin.txid, judged->transaction->txid, BS_TXID_SIZE);
  judgement->origin.vtxindex = judged->vtxindex;
  if (!read_address(engine, &judgement->origin.sender, judgement->origin.address, &is_key_hash, judged->sender,
                    judged->sender_length)) {
    bs_rules_refuse(judgement, "The sender's output has no address.");
  } else if (!is_key_hash) {
    bs_rules_refuse(judgement, "The sender's address is a script's.");
  } else if (!read_outputs(engine, judgement)) {
    bs_rules_refuse(judgement, "An output of the transaction has no address.");
  } else {
    read_public_key(judgement);
    judgement->row = find_row(judgement->operation.opcode);
  }
}

/* ---- a block ---- */

/* Marks those whose check succeeds on the state before the block, if another such one has the same name. */
static bool find_collisions(struct bs_engine *engine, struct bs_judgement *judgements, size_t count,
                            struct bs_error *error) {
  for (size_t i = 0; i < count; i++) {
    struct bs_judgement *judgement = &judgements[i];
    struct bs_block_transaction *judged = judgement->block_transaction;
    struct bs_judgement trial = *judgement;

    if (judgement->row == NULL || !judgement->row->collides) continue;
    if (!judgement->row->check(engine, &trial, error)) return false;
    judgement->collides = judged->verdict != BS_VERDICT_REFUSED;
    judged->verdict = BS_VERDICT_NO_OPERATION;
    judged->reason[0] = '\0';
  }
  return true;
}

static bool has_rival(const struct bs_judgement *judgements, size_t count, const struct bs_judgement *judgement) {
  size_t valid = 0;

  for (size_t i = 0; i < count; i++)
    if (judgements[i].collides && judgements[i].row == judgement->row &&
        strcmp(judgements[i].operation.name, judgement->operation.name) == 0)
      valid++;
  return valid >= 2;
}

static bool judge(struct bs_engine *engine, struct bs_judgement *judgements, size_t count,
                  struct bs_judgement *judgement, struct bs_error *error) {
  if (judgement->row == NULL) return true;
  if (judgement->row->collides && has_rival(judgements, count, judgement))
    return bs_rules_refuse(judgement, "Two transactions of one block are for %s; both are refused.",
                           judgement->operation.name);
  if (!judgement->row->check(engine, judgement, error)) return false;
  if (bs_rules_refused(judgement)) return true;
  judgement->block_transaction->verdict = BS_VERDICT_ACCEPTED;
  return judgement->row->apply(engine, judgement, error);
}

static bool judge_all(struct bs_engine *engine, struct bs_judgement *judgements,
                      struct bs_block_transaction *transactions, size_t count, struct bs_error *error) {
  for (size_t i = 0; i < count; i++) {
    judgements[i].block_transaction = &transactions[i];
    transactions[i].verdict = BS_VERDICT_NO_OPERATION;
    transactions[i].reason[0] = '\0';
    read_transaction(engine, &judgements[i]);
  }
  if (!find_collisions(engine, judgements, count, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (!judge(engine, judgements, count, &judgements[i], error)) return false;
  return true;
}

bool bs_rules_apply(const struct bs_index *index, struct bs_block_result *ret_result, uint64_t height,
                    struct bs_block_transaction *transactions, size_t count, struct bs_error *error) {
  struct bs_engine engine = {.index = index, .height = height};
  struct bs_judgement *judgements BS_AUTO_FREE = calloc(count + 1, sizeof *judgements);
  struct bs_leaf *leaves BS_AUTO_FREE = calloc(count + 1, sizeof *leaves);
  struct bs_block_result result;
  bool good;

  if (judgements == NULL || leaves == NULL) return bs_fail_memory(error);
  engine.leaves = leaves;
  good = judge_all(&engine, judgements, transactions, count, error);
  bs_buffer_free(&engine.text);
  if (!good) return false;
  bs_operations_hash(result.operations_hash, leaves, engine.accepted);
  result.accepted = engine.accepted;
  if (!bs_index_expire(index, height, error) ||
      !bs_index_close_block(index, result.consensus, height, result.operations_hash, error))
    return false;
  *ret_result = result;
  return true;
}

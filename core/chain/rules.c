/* SPDX-License-Identifier: MIT */
/*
 * One row of `rows` for each operation: `check` decides on the state as it is, `apply` changes it and serialises.  Both
 * return false on a failure of the database only; a refusal is noted in the judgement.
 */
#include <config.h>

#include "core/chain/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/chain/consensus.h"

/* An operation of a block while it is judged. */
struct judgement {
  const struct row *row; /* NULL: no operation, or not a well-formed one */
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

struct engine {
  const struct bs_index *index;
  uint64_t height;
  struct bs_buffer text; /* the operation just serialised */
  struct bs_leaf *leaves;
  size_t accepted;
};

struct row {
  enum bs_opcode opcode;
  bool collides; /* two valid ones of one name in a block: both are refused */
  bool (*check)(struct engine *engine, struct judgement *judgement, struct bs_error *error);
  bool (*apply)(struct engine *engine, struct judgement *judgement, struct bs_error *error);
};

static bool refuse(struct judgement *judgement, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct judgement *judgement, const char *format, ...) {
  struct bs_block_transaction *judged = judgement->block_transaction;
  va_list arguments;

  va_start(arguments, format);
  if (vsnprintf(judged->reason, sizeof judged->reason, format, arguments) < 0) judged->reason[0] = '\0';
  va_end(arguments);
  judged->verdict = BS_VERDICT_REFUSED;
  return true;
}

static bool refused(const struct judgement *judgement) {
  return judgement->block_transaction->verdict == BS_VERDICT_REFUSED;
}

/* ---- conditions that several operations share; each notes a refusal ---- */

static bool need_ready_namespace(struct engine *engine, struct judgement *judgement, const char *name,
                                 struct bs_error *error) {
  const char *id = bs_name_namespace(name);
  bool found;

  if (!bs_index_get_namespace(engine->index, &judgement->name_space, &found, id, error)) return false;
  if (!found) return refuse(judgement, "There is no namespace %s.", id);
  if (judgement->name_space.state != BS_NAMESPACE_IS_READY)
    return refuse(judgement, "The namespace %s is not ready.", id);
  return true;
}

static bool need_recent_consensus(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  bool recent;

  if (!bs_index_is_recent(engine->index, &recent, judgement->operation.consensus, engine->height, error)) return false;
  if (!recent) return refuse(judgement, "The consensus hash is not one of the last %d blocks.", BS_CONSENSUS_WINDOW);
  return true;
}

/* `owner` must have fewer than `limit` names. */
static bool need_quota(struct engine *engine, struct judgement *judgement, const struct bs_script *owner, size_t limit,
                       struct bs_error *error) {
  size_t owned;

  if (!bs_index_count_owned(engine->index, &owned, owner, error)) return false;
  if (owned >= limit) return refuse(judgement, "The owner has %zu names already.", owned);
  return true;
}

/* The name, registered and not revoked, in judgement->name; its namespace is ready. */
static bool need_name(struct engine *engine, struct judgement *judgement, const char *name, struct bs_error *error) {
  bool found;

  if (!bs_index_get_name(engine->index, &judgement->name, &found, name, error)) return false;
  if (!found) return refuse(judgement, "The name %s is not registered.", name);
  if (judgement->name.revoked) return refuse(judgement, "The name %s is revoked.", name);
  if (!need_ready_namespace(engine, judgement, name, error)) return false;
  if (refused(judgement)) return true;
  if (!bs_rules_is_registered(&judgement->name, &judgement->name_space, engine->height))
    return refuse(judgement, "The name %s has expired.", name);
  return true;
}

static bool need_owner(struct judgement *judgement) {
  if (bs_script_equal(&judgement->name.origin.sender, &judgement->origin.sender)) return true;
  return refuse(judgement, "The name %s belongs to %s, not to %s.", judgement->name.name,
                judgement->name.origin.address, judgement->origin.address);
}

bool bs_rules_is_registered(const struct bs_name_entry *entry, const struct bs_namespace_entry *name_space,
                            uint64_t height) {
  uint64_t last = bs_name_last_block(entry, name_space);

  return last == UINT64_MAX || last + 1 >= height; /* the block behind the last one still sees it as it was */
}

/* ---- keeping what was accepted ---- */

static bool keep(struct engine *engine, const struct judgement *judgement, const char *name,
                 const unsigned char *value_hash, struct bs_error *error) {
  if (!bs_buffer_ok(&engine->text, error)) return false;
  bs_operation_leaf(&engine->leaves[engine->accepted], engine->text.bytes, engine->text.length);
  return bs_index_put_operation(engine->index, engine->height, engine->accepted++, judgement->origin.txid,
                                judgement->operation.opcode, name, value_hash, &engine->text, error);
}

static void set_op(struct bs_entry_origin *origin, const char *op) {
  snprintf(origin->op, sizeof origin->op, "%s", op);
}

/* The name's entry as the transaction leaves it; the owner stays. */
static bool keep_name(struct engine *engine, struct judgement *judgement, const char *op,
                      const struct bs_entry_context *context, struct bs_error *error) {
  struct bs_name_entry *entry = &judgement->name;

  set_op(&entry->origin, op);
  memcpy(entry->origin.txid, judgement->origin.txid, BS_TXID_SIZE);
  entry->origin.vtxindex = judgement->origin.vtxindex;
  entry->changed_block = engine->height;
  bs_serialise_name(&engine->text, entry, context);
  return bs_index_put_name(engine->index, entry, error) &&
         keep(engine, judgement, entry->name, entry->has_value ? entry->value_hash : NULL, error);
}

/* ---- NAME_PREORDER ---- */

static bool check_preorder(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  const struct bs_operation *operation = &judgement->operation;
  bool found;

  if (operation->quantity > 1) return refuse(judgement, "Preorders of several names are not supported.");
  if (!bs_index_get_preorder(engine->index, &judgement->preorder, &found, operation->opcode, operation->hash, error))
    return false;
  if (found) return refuse(judgement, "The same preorder is pending already.");
  if (!need_recent_consensus(engine, judgement, error)) return false;
  if (refused(judgement)) return true;
  if (operation->opcode == BS_NAME_PREORDER &&
      !need_quota(engine, judgement, &judgement->origin.sender, engine->index->parameters->names_per_owner, error))
    return false;
  if (!refused(judgement) && !judgement->has_fee) return refuse(judgement, "The preorder burns no fee.");
  return true;
}

static bool apply_preorder(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  const struct bs_operation *operation = &judgement->operation;
  struct bs_preorder_entry entry = {
      .origin = judgement->origin, .block_number = engine->height, .op_fee = judgement->fee};

  memcpy(entry.hash, operation->hash, sizeof entry.hash);
  memcpy(entry.consensus, operation->consensus, sizeof entry.consensus);
  set_op(&entry.origin, operation->opcode == BS_NAME_PREORDER ? "?" : "*");
  if (operation->opcode == BS_NAME_PREORDER) {
    bs_serialise_preorder(&engine->text, &entry);
  } else {
    bs_serialise_namespace_preorder(&engine->text, &entry);
  }
  return bs_index_put_preorder(engine->index, &entry, operation->opcode, error) &&
         keep(engine, judgement, NULL, NULL, error);
}

/* ---- NAME_REGISTRATION, also as renewal ---- */

static bool check_first_registration(struct judgement *judgement, const struct bs_preorder_entry *preorder,
                                     bool registered) {
  const char *name = judgement->operation.name;

  if (registered)
    return refuse(judgement, "The name %s is registered already, by %s.", name, judgement->name.origin.address);
  if (preorder->block_number < judgement->name_space.ready_block)
    return refuse(judgement, "The name %s was preordered before its namespace was ready.", name);
  if ((double)preorder->op_fee < bs_price_of_name(&judgement->name_space.rules, name))
    return refuse(judgement, "The preorder of %s burned %" PRIu64 " satoshis, less than the price.", name,
                  preorder->op_fee);
  return true;
}

static bool check_renewal(struct judgement *judgement) {
  const char *name = judgement->operation.name;

  if (!need_owner(judgement) || refused(judgement)) return true;
  if (!bs_script_equal(&judgement->recipient, &judgement->name.origin.sender))
    return refuse(judgement, "The renewal of %s names another owner.", name);
  if (!judgement->has_fee || (double)judgement->fee < bs_price_of_name(&judgement->name_space.rules, name))
    return refuse(judgement, "The renewal of %s burns less than the price.", name);
  judgement->renews = true;
  return true;
}

static bool check_registration(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  const char *name = judgement->operation.name;
  unsigned char hash[BS_HASH160_SIZE];
  bool found, registered, preordered;

  if (!judgement->has_recipient || !judgement->recipient_is_key_hash)
    return refuse(judgement, "The registration names no new owner.");
  if (!bs_index_get_name(engine->index, &judgement->name, &found, name, error)) return false;
  if (found && judgement->name.revoked) return refuse(judgement, "The name %s is revoked.", name);
  if (!need_ready_namespace(engine, judgement, name, error)) return false;
  if (refused(judgement)) return true;
  if (!need_quota(engine, judgement, &judgement->recipient, engine->index->parameters->names_per_owner, error))
    return false;
  if (refused(judgement)) return true;
  registered = found && bs_rules_is_registered(&judgement->name, &judgement->name_space, engine->height);
  bs_name_hash(hash, name, &judgement->origin.sender, judgement->recipient_address);
  if (!bs_index_get_preorder(engine->index, &judgement->preorder, &preordered, BS_NAME_PREORDER, hash, error))
    return false;
  if (preordered) return check_first_registration(judgement, &judgement->preorder, registered);
  if (registered) return check_renewal(judgement);
  return refuse(judgement, "The name %s was not preordered by this sender for this owner.", name);
}

/* A first registration's entry: what an earlier owner left is gone, but for the block in which the name appeared. */
static struct bs_name_entry new_name(const struct engine *engine, const struct judgement *judgement) {
  bool known = judgement->name.name[0] != '\0';
  struct bs_name_entry entry = {.origin = judgement->origin,
                                .block_number = known ? judgement->name.block_number : judgement->preorder.block_number,
                                .preorder_block_number = judgement->preorder.block_number,
                                .first_registered = engine->height,
                                .last_renewed = engine->height,
                                .listed = true};

  snprintf(entry.name, sizeof entry.name, "%s", judgement->operation.name);
  snprintf(entry.op_fee, sizeof entry.op_fee, "%" PRIu64, judgement->preorder.op_fee);
  entry.origin.sender = judgement->recipient;
  entry.origin.public_key = judgement->preorder.origin.public_key;
  memcpy(entry.origin.address, judgement->recipient_address, sizeof entry.origin.address);
  return entry;
}

static bool apply_registration(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  struct bs_entry_context context = {.opcode = BS_NAME_REGISTRATION, .recipient = judgement->recipient};
  uint64_t before = bs_name_last_block(&judgement->name, &judgement->name_space);

  memcpy(context.recipient_address, judgement->recipient_address, sizeof context.recipient_address);
  if (judgement->renews) {
    judgement->name.last_renewed = engine->height;
    if (!bs_index_drop_expiry(engine->index, before, judgement->name.name, error)) return false;
  } else {
    judgement->name = new_name(engine, judgement);
    if (!bs_index_drop_preorder(engine->index, BS_NAME_PREORDER, judgement->preorder.hash, error)) return false;
  }
  return bs_index_put_expiry(engine->index, bs_name_last_block(&judgement->name, &judgement->name_space),
                             judgement->name.name, error) &&
         keep_name(engine, judgement, judgement->renews ? "::" : ":", &context, error);
}

/* ---- NAME_UPDATE ---- */

static bool check_update(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  const struct bs_script *sender = &judgement->origin.sender;
  char name[BS_NAME_MAX + 1];
  bool found;

  if (!bs_index_find_update(engine->index, name, judgement->consensus, &found, sender, judgement->operation.name_hash,
                            engine->height, error))
    return false;
  if (!found)
    return refuse(judgement,
                  "%s owns no name that this update is of, under the consensus hashes of the last %d blocks.",
                  judgement->origin.address, BS_CONSENSUS_WINDOW);
  if (!need_name(engine, judgement, name, error)) return false;
  return refused(judgement) ||
         need_quota(engine, judgement, sender, engine->index->parameters->names_per_owner + 1, error);
}

static bool apply_update(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  struct bs_entry_context context = {.opcode = BS_NAME_UPDATE};
  struct bs_name_entry *entry = &judgement->name;

  memcpy(context.name_hash, judgement->operation.name_hash, sizeof context.name_hash);
  memcpy(context.consensus, judgement->consensus, sizeof context.consensus);
  memcpy(entry->consensus, judgement->consensus, sizeof entry->consensus);
  entry->has_consensus = true;
  memcpy(entry->value_hash, judgement->operation.value_hash, sizeof entry->value_hash);
  entry->has_value = true;
  return keep_name(engine, judgement, "+", &context, error);
}

/* ---- NAME_TRANSFER ---- */

static bool check_transfer(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  char name[BS_NAME_MAX + 1];
  bool found;

  if (!judgement->has_recipient || !judgement->recipient_is_key_hash)
    return refuse(judgement, "The transfer names no new owner.");
  if (!bs_index_find_hash(engine->index, name, &found, judgement->operation.name_hash, error)) return false;
  if (!found) return refuse(judgement, "The name that this transfer is of is not registered.");
  if (!need_name(engine, judgement, name, error)) return false;
  if (refused(judgement) || !need_owner(judgement) || refused(judgement)) return true;
  if (bs_script_equal(&judgement->origin.sender, &judgement->recipient))
    return refuse(judgement, "The new owner of %s is the old one.", name);
  if (!need_recent_consensus(engine, judgement, error)) return false;
  return refused(judgement) ||
         need_quota(engine, judgement, &judgement->recipient, engine->index->parameters->names_per_owner, error);
}

/* The consensus hash that is serialised is that of the newest update, if there was one: the original's slip is the
 * rule. */
static bool apply_transfer(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  struct bs_entry_context context = {.opcode = BS_NAME_TRANSFER, .keep_data = judgement->operation.keep_data};
  struct bs_name_entry *entry = &judgement->name;

  memcpy(context.name_hash, judgement->operation.name_hash, sizeof context.name_hash);
  memcpy(context.consensus, entry->has_consensus ? entry->consensus : judgement->operation.consensus,
         sizeof context.consensus);
  entry->origin.sender = judgement->recipient;
  entry->origin.public_key.length = 0;
  memcpy(entry->origin.address, judgement->recipient_address, sizeof entry->origin.address);
  if (!context.keep_data) entry->has_value = false;
  return keep_name(engine, judgement, context.keep_data ? ">>" : ">~", &context, error);
}

/* ---- NAME_REVOKE ---- */

static bool check_revoke(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  if (!need_name(engine, judgement, judgement->operation.name, error)) return false;
  return refused(judgement) || need_owner(judgement);
}

static bool apply_revoke(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  const struct bs_entry_context context = {.opcode = BS_NAME_REVOKE};

  judgement->name.revoked = true;
  judgement->name.has_value = false;
  return keep_name(engine, judgement, "~", &context, error);
}

/* ---- NAMESPACE_PREORDER (as NAME_PREORDER), NAMESPACE_REVEAL, NAMESPACE_READY ---- */

static bool check_reveal(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  const struct bs_operation *operation = &judgement->operation;
  unsigned char hash[BS_HASH160_SIZE];
  bool found;

  if (!judgement->has_recipient || judgement->origin.public_key.length == 0)
    return refuse(judgement, "The namespace's reveal has no recipient or no public key.");
  if (operation->version != 1)
    return refuse(judgement, "The namespace has version %u; only 1 is known.", (unsigned)operation->version);
  if (!bs_index_get_namespace(engine->index, &judgement->name_space, &found, operation->name, error)) return false;
  if (found) return refuse(judgement, "The namespace %s is revealed already.", operation->name);
  bs_name_hash(hash, operation->name, &judgement->origin.sender, judgement->recipient_address);
  if (!bs_index_get_preorder(engine->index, &judgement->preorder, &found, BS_NAMESPACE_PREORDER, hash, error))
    return false;
  if (!found) return refuse(judgement, "The namespace %s was not preordered by this sender.", operation->name);
  if (judgement->preorder.op_fee < bs_price_of_namespace(operation->name))
    return refuse(judgement, "The preorder of the namespace %s burned less than the price.", operation->name);
  return true;
}

static bool apply_reveal(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  struct bs_namespace_entry entry = {.state = BS_NAMESPACE_REVEALED,
                                     .origin = judgement->origin,
                                     .recipient = judgement->recipient,
                                     .version = judgement->operation.version,
                                     .rules = judgement->operation.rules,
                                     .block_number = judgement->preorder.block_number,
                                     .reveal_block = engine->height};

  snprintf(entry.id, sizeof entry.id, "%.*s", BS_NAMESPACE_MAX, judgement->operation.name);
  memcpy(entry.hash, judgement->preorder.hash, sizeof entry.hash);
  memcpy(entry.recipient_address, judgement->recipient_address, sizeof entry.recipient_address);
  set_op(&entry.origin, "&");
  bs_serialise_namespace(&engine->text, &entry, BS_NAMESPACE_REVEAL);
  return bs_index_drop_preorder(engine->index, BS_NAMESPACE_PREORDER, entry.hash, error) &&
         bs_index_put_namespace(engine->index, &entry, error) && keep(engine, judgement, NULL, NULL, error);
}

static bool check_ready(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  const char *id = judgement->operation.name;
  bool found;

  if (!bs_index_get_namespace(engine->index, &judgement->name_space, &found, id, error)) return false;
  if (!found) return refuse(judgement, "The namespace %s is not revealed.", id);
  if (judgement->name_space.state != BS_NAMESPACE_REVEALED)
    return refuse(judgement, "The namespace %s is ready already.", id);
  if (!bs_script_equal(&judgement->name_space.recipient, &judgement->origin.sender))
    return refuse(judgement, "The namespace %s belongs to %s.", id, judgement->name_space.recipient_address);
  return true;
}

static bool apply_ready(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  struct bs_namespace_entry *entry = &judgement->name_space;

  entry->state = BS_NAMESPACE_IS_READY;
  entry->ready_block = engine->height;
  entry->origin.sender = judgement->origin.sender; /* key and address stay those of the reveal */
  memcpy(entry->origin.txid, judgement->origin.txid, BS_TXID_SIZE);
  entry->origin.vtxindex = judgement->origin.vtxindex;
  set_op(&entry->origin, "!");
  bs_serialise_namespace(&engine->text, entry, BS_NAMESPACE_READY);
  return bs_index_put_namespace(engine->index, entry, error) && keep(engine, judgement, NULL, NULL, error);
}

static bool check_unsupported(struct engine *engine, struct judgement *judgement, struct bs_error *error) {
  (void)engine;
  (void)error;
  return refuse(judgement, "%s is not supported yet.", bs_opcode_text(judgement->operation.opcode));
}

static const struct row rows[] = {
    {BS_NAME_PREORDER, false, check_preorder, apply_preorder},
    {BS_NAME_REGISTRATION, true, check_registration, apply_registration},
    {BS_NAME_UPDATE, false, check_update, apply_update},
    {BS_NAME_TRANSFER, false, check_transfer, apply_transfer},
    {BS_NAME_REVOKE, false, check_revoke, apply_revoke},
    {BS_NAME_IMPORT, false, check_unsupported, NULL},
    {BS_NAMESPACE_PREORDER, false, check_preorder, apply_preorder},
    {BS_NAMESPACE_REVEAL, true, check_reveal, apply_reveal},
    {BS_NAMESPACE_READY, false, check_ready, apply_ready},
    {BS_ANNOUNCE, false, check_unsupported, NULL},
};

/* ---- reading a transaction ---- */

/* False when the script has no address. */
static bool read_address(const struct engine *engine, struct bs_script *script, char address[BS_ADDRESS_TEXT],
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
static void read_public_key(struct judgement *judgement) {
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
static bool read_outputs(const struct engine *engine, struct judgement *judgement) {
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

static const struct row *find_row(enum bs_opcode opcode) {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].opcode == opcode) return &rows[i];
  return NULL;
}

/* Fills the judgement; its row stays NULL when there is nothing to judge. */
static void read_transaction(const struct engine *engine, struct judgement *judgement) {
  struct bs_block_transaction *judged = judgement->block_transaction;
  const unsigned char *magic = engine->index->parameters->magic, *payload;
  struct bs_error why = {0};
  size_t length;
  bool is_key_hash;

  if (judged->sender == NULL || !find_payload(judged->transaction, &payload, &length)) return;
  if (length < 2 || memcmp(payload, magic, 2) != 0) return;
  if (!bs_operation_parse(&judgement->operation, magic, payload, length, &why)) {
    refuse(judgement, "%.*s", (int)sizeof judged->reason - 1, why.message);
    return;
  }
  memcpy(judgement->origin.txid, judged->transaction->txid, BS_TXID_SIZE);
  judgement->origin.vtxindex = judged->vtxindex;
  if (!read_address(engine, &judgement->origin.sender, judgement->origin.address, &is_key_hash, judged->sender,
                    judged->sender_length)) {
    refuse(judgement, "The sender's output has no address.");
  } else if (!is_key_hash) {
    refuse(judgement, "The sender's address is a script's.");
  } else if (!read_outputs(engine, judgement)) {
    refuse(judgement, "An output of the transaction has no address.");
  } else {
    read_public_key(judgement);
    judgement->row = find_row(judgement->operation.opcode);
  }
}

/* ---- a block ---- */

/* Marks those whose check succeeds on the state before the block, if another such one has the same name. */
static bool find_collisions(struct engine *engine, struct judgement *judgements, size_t count, struct bs_error *error) {
  for (size_t i = 0; i < count; i++) {
    struct judgement *judgement = &judgements[i];
    struct bs_block_transaction *judged = judgement->block_transaction;
    struct judgement trial = *judgement;

    if (judgement->row == NULL || !judgement->row->collides) continue;
    if (!judgement->row->check(engine, &trial, error)) return false;
    judgement->collides = judged->verdict != BS_VERDICT_REFUSED;
    judged->verdict = BS_VERDICT_NO_OPERATION;
    judged->reason[0] = '\0';
  }
  return true;
}

static bool has_rival(const struct judgement *judgements, size_t count, const struct judgement *judgement) {
  size_t valid = 0;

  for (size_t i = 0; i < count; i++)
    if (judgements[i].collides && judgements[i].row == judgement->row &&
        strcmp(judgements[i].operation.name, judgement->operation.name) == 0)
      valid++;
  return valid >= 2;
}

static bool judge(struct engine *engine, struct judgement *judgements, size_t count, struct judgement *judgement,
                  struct bs_error *error) {
  if (judgement->row == NULL) return true;
  if (judgement->row->collides && has_rival(judgements, count, judgement))
    return refuse(judgement, "Two transactions of one block are for %s; both are refused.", judgement->operation.name);
  if (!judgement->row->check(engine, judgement, error)) return false;
  if (refused(judgement)) return true;
  judgement->block_transaction->verdict = BS_VERDICT_ACCEPTED;
  return judgement->row->apply(engine, judgement, error);
}

static bool judge_all(struct engine *engine, struct judgement *judgements, struct bs_block_transaction *transactions,
                      size_t count, struct bs_error *error) {
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
  struct engine engine = {.index = index, .height = height};
  struct judgement *judgements BS_AUTO_FREE = calloc(count + 1, sizeof *judgements);
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

bool bs_rules_add_genesis(const struct bs_index *index, const struct bs_operation *reveal, struct bs_error *error) {
  uint64_t before = index->parameters->first_block - 1;
  struct bs_namespace_entry entry = {.state = BS_NAMESPACE_IS_READY,
                                     .version = reveal->version,
                                     .rules = reveal->rules,
                                     .block_number = before,
                                     .reveal_block = before,
                                     .ready_block = before};

  snprintf(entry.id, sizeof entry.id, "%.*s", BS_NAMESPACE_MAX, reveal->name);
  set_op(&entry.origin, "!");
  return bs_index_put_namespace(index, &entry, error);
}

/* SPDX-License-Identifier: MIT */
/* What names ask of their operations: preorder, registration and renewal, update, transfer, revoke. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/chain/rules-private.h"

/* The name, registered and not revoked, in judgement->name; its namespace is ready. */
static bool need_name(struct bs_engine *engine, struct bs_judgement *judgement, const char *name,
                      struct bs_error *error) {
  bool found;

  if (!bs_index_get_name(engine->index, &judgement->name, &found, name, error)) return false;
  if (!found) return bs_rules_refuse(judgement, "The name %s is not registered.", name);
  if (judgement->name.revoked) return bs_rules_refuse(judgement, "The name %s is revoked.", name);
  if (!bs_rules_need_ready_namespace(engine, judgement, name, error)) return false;
  if (bs_rules_refused(judgement)) return true;
  if (!bs_rules_is_registered(&judgement->name, &judgement->name_space, engine->height))
    return bs_rules_refuse(judgement, "The name %s has expired.", name);
  return true;
}

static bool need_owner(struct bs_judgement *judgement) {
  if (bs_script_equal(&judgement->name.origin.sender, &judgement->origin.sender)) return true;
  return bs_rules_refuse(judgement, "The name %s belongs to %s, not to %s.", judgement->name.name,
                         judgement->name.origin.address, judgement->origin.address);
}

bool bs_rules_is_registered(const struct bs_name_entry *entry, const struct bs_namespace_entry *name_space,
                            uint64_t height) {
  uint64_t last = bs_name_last_block(entry, name_space);

  return last == UINT64_MAX || last + 1 >= height; /* the block behind the last one still sees it as it was */
}

/* The name's entry as the transaction leaves it; the owner stays. */
static bool keep_name(struct bs_engine *engine, struct bs_judgement *judgement, const char *op,
                      const struct bs_entry_context *context, struct bs_error *error) {
  struct bs_name_entry *entry = &judgement->name;

  bs_rules_set_op(&entry->origin, op);
  memcpy(entry->origin.txid, judgement->origin.txid, BS_TXID_SIZE);
  entry->origin.vtxindex = judgement->origin.vtxindex;
  entry->changed_block = engine->height;
  bs_serialise_name(&engine->text, entry, context);
  return bs_index_put_name(engine->index, entry, error) &&
         bs_rules_keep(engine, judgement, entry->name, entry->has_value ? entry->value_hash : NULL, error);
}

/* ---- NAME_PREORDER ---- */

bool bs_rules_check_preorder(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const struct bs_operation *operation = &judgement->operation;
  bool found;

  if (operation->quantity > 1) return bs_rules_refuse(judgement, "Preorders of several names are not supported.");
  if (!bs_index_get_preorder(engine->index, &judgement->preorder, &found, operation->opcode, operation->hash, error))
    return false;
  if (found) return bs_rules_refuse(judgement, "The same preorder is pending already.");
  if (!bs_rules_need_recent_consensus(engine, judgement, error)) return false;
  if (bs_rules_refused(judgement)) return true;
  if (operation->opcode == BS_NAME_PREORDER && !bs_rules_need_quota(engine, judgement, &judgement->origin.sender,
                                                                    engine->index->parameters->names_per_owner, error))
    return false;
  if (!bs_rules_refused(judgement) && !judgement->has_fee)
    return bs_rules_refuse(judgement, "The preorder burns no fee.");
  return true;
}

bool bs_rules_apply_preorder(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const struct bs_operation *operation = &judgement->operation;
  struct bs_preorder_entry entry = {
      .origin = judgement->origin, .block_number = engine->height, .op_fee = judgement->fee};

  memcpy(entry.hash, operation->hash, sizeof entry.hash);
  memcpy(entry.consensus, operation->consensus, sizeof entry.consensus);
  bs_rules_set_op(&entry.origin, operation->opcode == BS_NAME_PREORDER ? "?" : "*");
  if (operation->opcode == BS_NAME_PREORDER) {
    bs_serialise_preorder(&engine->text, &entry);
  } else {
    bs_serialise_namespace_preorder(&engine->text, &entry);
  }
  return bs_index_put_preorder(engine->index, &entry, operation->opcode, error) &&
         bs_rules_keep(engine, judgement, NULL, NULL, error);
}

/* ---- NAME_REGISTRATION, also as renewal ---- */

static bool check_first_registration(struct bs_judgement *judgement, const struct bs_preorder_entry *preorder,
                                     bool registered) {
  const char *name = judgement->operation.name;

  if (registered)
    return bs_rules_refuse(judgement, "The name %s is registered already, by %s.", name,
                           judgement->name.origin.address);
  if (preorder->block_number < judgement->name_space.ready_block)
    return bs_rules_refuse(judgement, "The name %s was preordered before its namespace was ready.", name);
  if ((double)preorder->op_fee < bs_price_of_name(&judgement->name_space.rules, name))
    return bs_rules_refuse(judgement, "The preorder of %s burned %" PRIu64 " satoshis, less than the price.", name,
                           preorder->op_fee);
  return true;
}

static bool check_renewal(struct bs_judgement *judgement) {
  const char *name = judgement->operation.name;

  if (!need_owner(judgement) || bs_rules_refused(judgement)) return true;
  if (!bs_script_equal(&judgement->recipient, &judgement->name.origin.sender))
    return bs_rules_refuse(judgement, "The renewal of %s names another owner.", name);
  if (!judgement->has_fee || (double)judgement->fee < bs_price_of_name(&judgement->name_space.rules, name))
    return bs_rules_refuse(judgement, "The renewal of %s burns less than the price.", name);
  judgement->renews = true;
  return true;
}

bool bs_rules_check_registration(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const char *name = judgement->operation.name;
  unsigned char hash[BS_HASH160_SIZE];
  bool found, registered, preordered;

  if (!judgement->has_recipient || !judgement->recipient_is_key_hash)
    return bs_rules_refuse(judgement, "The registration names no new owner.");
  if (!bs_index_get_name(engine->index, &judgement->name, &found, name, error)) return false;
  if (found && judgement->name.revoked) return bs_rules_refuse(judgement, "The name %s is revoked.", name);
  if (!bs_rules_need_ready_namespace(engine, judgement, name, error)) return false;
  if (bs_rules_refused(judgement)) return true;
  if (!bs_rules_need_quota(engine, judgement, &judgement->recipient, engine->index->parameters->names_per_owner, error))
    return false;
  if (bs_rules_refused(judgement)) return true;
  registered = found && bs_rules_is_registered(&judgement->name, &judgement->name_space, engine->height);
  bs_name_hash(hash, name, &judgement->origin.sender, judgement->recipient_address);
  if (!bs_index_get_preorder(engine->index, &judgement->preorder, &preordered, BS_NAME_PREORDER, hash, error))
    return false;
  if (preordered) return check_first_registration(judgement, &judgement->preorder, registered);
  if (registered) return check_renewal(judgement);
  return bs_rules_refuse(judgement, "The name %s was not preordered by this sender for this owner.", name);
}

/* A first registration's entry: what an earlier owner left is gone, but for the block in which the name appeared. */
static struct bs_name_entry new_name(const struct bs_engine *engine, const struct bs_judgement *judgement) {
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

bool bs_rules_apply_registration(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
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

bool bs_rules_check_update(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const struct bs_script *sender = &judgement->origin.sender;
  char name[BS_NAME_MAX + 1];
  bool found;

  if (!bs_index_find_update(engine->index, name, judgement->consensus, &found, sender, judgement->operation.name_hash,
                            engine->height, error))
    return false;
  if (!found)
    return bs_rules_refuse(judgement,
                           "%s owns no name that this update is of, under the consensus hashes of the last %d blocks.",
                           judgement->origin.address, BS_CONSENSUS_WINDOW);
  if (!need_name(engine, judgement, name, error)) return false;
  return bs_rules_refused(judgement) ||
         bs_rules_need_quota(engine, judgement, sender, engine->index->parameters->names_per_owner + 1, error);
}

bool bs_rules_apply_update(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
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

bool bs_rules_check_transfer(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  char name[BS_NAME_MAX + 1];
  bool found;

  if (!judgement->has_recipient || !judgement->recipient_is_key_hash)
    return bs_rules_refuse(judgement, "The transfer names no new owner.");
  if (!bs_index_find_hash(engine->index, name, &found, judgement->operation.name_hash, error)) return false;
  if (!found) return bs_rules_refuse(judgement, "The name that this transfer is of is not registered.");
  if (!need_name(engine, judgement, name, error)) return false;
  if (bs_rules_refused(judgement) || !need_owner(judgement) || bs_rules_refused(judgement)) return true;
  if (bs_script_equal(&judgement->origin.sender, &judgement->recipient))
    return bs_rules_refuse(judgement, "The new owner of %s is the old one.", name);
  if (!bs_rules_need_recent_consensus(engine, judgement, error)) return false;
  return bs_rules_refused(judgement) || bs_rules_need_quota(engine, judgement, &judgement->recipient,
                                                            engine->index->parameters->names_per_owner, error);
}

/* The consensus hash that is serialised is that of the newest update, if there was one: the original's slip is the
 * rule. */
bool bs_rules_apply_transfer(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
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

bool bs_rules_check_revoke(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  if (!need_name(engine, judgement, judgement->operation.name, error)) return false;
  return bs_rules_refused(judgement) || need_owner(judgement);
}

bool bs_rules_apply_revoke(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const struct bs_entry_context context = {.opcode = BS_NAME_REVOKE};

  judgement->name.revoked = true;
  judgement->name.has_value = false;
  return keep_name(engine, judgement, "~", &context, error);
}

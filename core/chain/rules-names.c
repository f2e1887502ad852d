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

bool bs_rules_is_registered(const struct bs_name_entry *entry, const struct bs_namespace_entry *name_space,
                            uint64_t height) {
  uint64_t last = bs_name_last_block(entry, name_space);

  return last == UINT64_MAX || last + 1 >= height; /* the block behind the last one sees it as it was (x_expiry) */
}

/* ---- NAME_PREORDER, also of several names, and NAMESPACE_PREORDER ---- */

/* Was the same accepted before in this block?  It may have been used since, and is not pending then. */
static bool is_repeated(const struct bs_engine *engine, const struct bs_judgement *judgement) {
  for (const struct bs_judgement *earlier = engine->judgements; earlier < judgement; earlier++)
    if (earlier->row == judgement->row && earlier->block_transaction->verdict == BS_VERDICT_ACCEPTED &&
        memcmp(earlier->operation.hash, judgement->operation.hash, sizeof earlier->operation.hash) == 0)
      return true;
  return false;
}

/* A pending hash is never forgotten, and keeps out the same one for ever (x_preorder_expire). */
bool bs_rules_check_preorder(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const struct bs_operation *operation = &judgement->operation;
  bool found;

  if (judgement->sender_kind == BS_SCRIPT_SCRIPT_HASH)
    return bs_rules_refuse(judgement, "%s is the address of a script, which cannot preorder.",
                           judgement->origin.address);
  if (!bs_index_get_preorder(engine->index, &judgement->preorder, &found, operation->opcode, operation->hash, error))
    return false;
  if (found || is_repeated(engine, judgement))
    return bs_rules_refuse(judgement, "The same preorder %s already.", found ? "is pending" : "was made in this block");
  if (!bs_rules_need_recent_consensus(engine, judgement)) return true;
  if (operation->opcode == BS_NAME_PREORDER &&
      !bs_rules_need_quota(engine, judgement, &judgement->origin.sender, judgement->origin.address,
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
  bs_preorder_set_op(&entry, operation);
  bs_serialise_preorder(&engine->text, &entry);
  return bs_index_put_preorder(engine->index, &entry, operation->opcode, error) &&
         bs_rules_keep(engine, judgement, NULL, NULL, error);
}

/* ---- NAME_REGISTRATION, also as renewal ---- */

bool bs_rules_need_preorder(struct bs_judgement *judgement) {
  const char *name = judgement->operation.name;

  if (!bs_script_equal(&judgement->preorder.origin.sender, &judgement->origin.sender))
    return !bs_rules_refuse(judgement, "The preorder of %s was sent by %s, not by %s.", name,
                            judgement->preorder.origin.address, judgement->origin.address);
  if (judgement->preorder.block_number < judgement->name_space.ready_block)
    return !bs_rules_refuse(judgement, "The name %s was preordered before its namespace was ready.", name);
  return true;
}

static bool need_price(struct bs_judgement *judgement, bool paid, uint64_t fee) {
  const char *name = judgement->operation.name;

  if (paid && bs_price_is_paid(&judgement->name_space.rules, name, fee)) return true;
  return !bs_rules_refuse(judgement, "%" PRIu64 " satoshis were burned for %s, less than the price.", fee, name);
}

/* What is registered is renewed or left alone, preordered or not (x_sameblock).  The quota counts the name itself: who
 * has as many as allowed renews none (x_quota). */
static void check_renewal(struct bs_judgement *judgement) {
  if (!bs_rules_need_sender(judgement)) return;
  judgement->renews = true;
  if (!bs_script_equal(&judgement->recipient, &judgement->name.origin.sender)) {
    bs_rules_refuse(judgement, "The renewal of %s names another owner.", judgement->operation.name);
  } else {
    need_price(judgement, judgement->has_fee, judgement->fee);
  }
}

/* By a preorder of this name, or else by one of several names. */
static bool check_first(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  unsigned char hash[BS_HASH160_SIZE];
  bool preordered;

  bs_name_hash(hash, judgement->operation.name, &judgement->origin.sender, judgement->recipient_address);
  if (!bs_index_get_preorder(engine->index, &judgement->preorder, &preordered, BS_NAME_PREORDER, hash, error))
    return false;
  if (!preordered) return bs_rules_check_member(engine, judgement, error);
  if (bs_rules_need_preorder(judgement)) need_price(judgement, true, judgement->preorder.op_fee);
  return true;
}

bool bs_rules_check_registration(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const char *name = judgement->operation.name;
  bool found;

  if (!judgement->has_recipient || judgement->recipient_kind == BS_SCRIPT_SCRIPT_HASH)
    return bs_rules_refuse(judgement, "The registration of %s names no new owner.", name);
  if (!bs_index_get_name(engine->index, &judgement->name, &found, name, error)) return false;
  if (found && judgement->name.revoked) return bs_rules_refuse(judgement, "The name %s is revoked.", name);
  if (!bs_rules_need_ready_namespace(engine, judgement, name, error)) return false;
  if (bs_rules_refused(judgement)) return true;
  if (!bs_rules_need_quota(engine, judgement, &judgement->recipient, judgement->recipient_address,
                           engine->index->parameters->names_per_owner, error))
    return false;
  if (bs_rules_refused(judgement)) return true;
  if (!found || !bs_rules_is_registered(&judgement->name, &judgement->name_space, engine->height))
    return check_first(engine, judgement, error);
  check_renewal(judgement);
  return true;
}

/* A first registration's entry: what an earlier owner left is gone, but for the block in which the name appeared. */
static struct bs_name_entry new_name(const struct bs_engine *engine, const struct bs_judgement *judgement) {
  bool known = judgement->name.name[0] != '\0';
  struct bs_name_entry entry = {.origin = judgement->origin,
                                .block_number = known ? judgement->name.block_number : judgement->preorder.block_number,
                                .preorder_block_number = judgement->preorder.block_number,
                                .first_registered = engine->height,
                                .last_renewed = engine->height,
                                .listed = BS_LIST_BOTH};

  snprintf(entry.name, sizeof entry.name, "%s", judgement->operation.name);
  snprintf(entry.op_fee, sizeof entry.op_fee, "%" PRIu64, judgement->preorder.op_fee);
  entry.origin.sender = judgement->recipient;
  entry.origin.public_key = judgement->preorder.origin.public_key;
  memcpy(entry.origin.address, judgement->recipient_address, sizeof entry.origin.address);
  return entry;
}

/* The name's entry, for another lifetime. */
static bool keep_registration(struct bs_engine *engine, struct bs_judgement *judgement, const char *op,
                              struct bs_error *error) {
  struct bs_entry_context context = {.opcode = BS_NAME_REGISTRATION, .recipient = judgement->recipient};

  memcpy(context.recipient_address, judgement->recipient_address, sizeof context.recipient_address);
  return bs_index_put_expiry(engine->index, bs_unlisted_block(engine->height, &judgement->name_space.rules),
                             judgement->name.name, error) &&
         bs_rules_keep_name(engine, judgement, op, &context, error);
}

bool bs_rules_register(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  judgement->is_new = judgement->name.name[0] == '\0';
  judgement->name = new_name(engine, judgement);
  return keep_registration(engine, judgement, ":", error);
}

/* Of the name's entry, a renewal changes the block of renewal and the transaction, not the fee (x_tx). */
static bool apply_renewal(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  struct bs_name_entry *entry = &judgement->name;
  uint64_t before = bs_unlisted_block(entry->last_renewed, &judgement->name_space.rules);

  entry->last_renewed = engine->height;
  return bs_index_drop_expiry(engine->index, before, entry->name, error) &&
         keep_registration(engine, judgement, "::", error);
}

bool bs_rules_apply_registration(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  if (judgement->renews) return apply_renewal(engine, judgement, error);
  if (judgement->membership != BS_MEMBERSHIP_NONE) return bs_rules_apply_member(engine, judgement, error);
  return bs_index_drop_preorder(engine->index, BS_NAME_PREORDER, judgement->preorder.hash, error) &&
         bs_rules_register(engine, judgement, error);
}

/* ---- NAME_UPDATE ---- */

/* One name more than may be had still takes updates (x_quota): an import gave it. */
bool bs_rules_check_update(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const struct bs_entry_origin *origin = &judgement->origin;
  char name[BS_NAME_MAX + 1];
  bool found;

  if (!bs_rules_need_quota(engine, judgement, &origin->sender, origin->address,
                           engine->index->parameters->names_per_owner + 1, error))
    return false;
  if (bs_rules_refused(judgement)) return true;
  if (!bs_index_find_update(engine->index, name, judgement->consensus, &found, &origin->sender,
                            judgement->operation.name_hash, &engine->window, error))
    return false;
  if (!found)
    return bs_rules_refuse(
        judgement, "%s has no name that this update could be of, under the consensus hashes of the last %d blocks.",
        origin->address, BS_CONSENSUS_WINDOW);
  return need_name(engine, judgement, name, error);
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
  return bs_rules_keep_name(engine, judgement, "+", &context, error);
}

/* ---- NAME_TRANSFER ---- */

bool bs_rules_check_transfer(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  char name[BS_NAME_MAX + 1];
  bool found;

  if (!judgement->has_recipient || judgement->recipient_kind == BS_SCRIPT_SCRIPT_HASH)
    return bs_rules_refuse(judgement, "The transfer names no new owner.");
  if (!bs_index_find_transfer(engine->index, name, &found, &judgement->origin.sender, judgement->operation.name_hash,
                              error))
    return false;
  if (!found)
    return bs_rules_refuse(judgement, "%s has no name that this transfer could be of.", judgement->origin.address);
  if (!need_name(engine, judgement, name, error)) return false;
  if (bs_rules_refused(judgement)) return true;
  if (bs_script_equal(&judgement->origin.sender, &judgement->recipient))
    return bs_rules_refuse(judgement, "The new owner of %s is the old one.", name);
  if (!bs_rules_need_recent_consensus(engine, judgement)) return true;
  return bs_rules_need_quota(engine, judgement, &judgement->recipient, judgement->recipient_address,
                             engine->index->parameters->names_per_owner, error);
}

/* The consensus hash that is serialised is that of the newest update, if there was one: the original's slip is the
 * rule (x_tx). */
bool bs_rules_apply_transfer(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  struct bs_entry_context context = {.opcode = BS_NAME_TRANSFER, .keep_data = judgement->operation.keep_data};
  struct bs_name_entry *entry = &judgement->name;

  memcpy(context.name_hash, judgement->operation.name_hash, sizeof context.name_hash);
  memcpy(context.consensus, entry->has_consensus ? entry->consensus : judgement->operation.consensus,
         sizeof context.consensus);
  entry->origin.sender = judgement->recipient;
  entry->origin.public_key.length = 0;
  memcpy(entry->origin.address, judgement->recipient_address, sizeof entry->origin.address);
  entry->listed = BS_LIST_BOTH;
  if (!context.keep_data) entry->has_value = false;
  return bs_rules_keep_name(engine, judgement, context.keep_data ? ">>" : ">~", &context, error);
}

/* ---- NAME_REVOKE ---- */

bool bs_rules_check_revoke(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  if (!need_name(engine, judgement, judgement->operation.name, error)) return false;
  if (!bs_rules_refused(judgement)) bs_rules_need_sender(judgement);
  return true;
}

bool bs_rules_apply_revoke(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const struct bs_entry_context context = {.opcode = BS_NAME_REVOKE};

  judgement->name.revoked = true;
  judgement->name.has_value = false;
  return bs_rules_keep_name(engine, judgement, "~", &context, error);
}

/* SPDX-License-Identifier: MIT */
/* What namespaces ask of their operations: reveal and ready, their preorders being like those of names; announcements. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/chain/rules-private.h"

/* ---- NAMESPACE_PREORDER (as NAME_PREORDER), NAMESPACE_REVEAL, NAMESPACE_READY ---- */

bool bs_rules_check_reveal(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const struct bs_operation *operation = &judgement->operation;
  unsigned char hash[BS_HASH160_SIZE];
  bool found;

  if (!judgement->has_recipient)
    return bs_rules_refuse(judgement, "The reveal of the namespace %s names nobody to open it.", operation->name);
  if (judgement->origin.public_key.length == 0)
    return bs_rules_refuse(judgement, "The reveal of the namespace %s does not show the sender's public key.",
                           operation->name);
  if (operation->version != 1)
    return bs_rules_refuse(judgement, "The namespace has version %u; only 1 is known.", (unsigned)operation->version);
  if (!bs_index_get_namespace(engine->index, &judgement->name_space, &found, operation->name, error)) return false;
  if (found) return bs_rules_refuse(judgement, "The namespace %s is revealed already.", operation->name);
  bs_name_hash(hash, operation->name, &judgement->origin.sender, judgement->recipient_address);
  if (!bs_index_get_preorder(engine->index, &judgement->preorder, &found, BS_NAMESPACE_PREORDER, hash, error))
    return false;
  if (!found) return bs_rules_refuse(judgement, "The namespace %s was not preordered by this sender.", operation->name);
  if (judgement->preorder.op_fee < bs_price_of_namespace(operation->name))
    return bs_rules_refuse(judgement, "The preorder of the namespace %s burned less than the price.", operation->name);
  return true;
}

bool bs_rules_apply_reveal(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
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
  bs_rules_set_op(&entry.origin, "&");
  bs_serialise_namespace(&engine->text, &entry, BS_NAMESPACE_REVEAL);
  return bs_index_drop_preorder(engine->index, BS_NAMESPACE_PREORDER, entry.hash, error) &&
         bs_index_put_namespace(engine->index, &entry, error) && bs_rules_keep(engine, judgement, NULL, NULL, error);
}

bool bs_rules_check_ready(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const char *id = judgement->operation.name;
  bool found;

  if (!bs_index_get_namespace(engine->index, &judgement->name_space, &found, id, error)) return false;
  if (!found) return bs_rules_refuse(judgement, "The namespace %s is not revealed.", id);
  if (judgement->name_space.state != BS_NAMESPACE_REVEALED)
    return bs_rules_refuse(judgement, "The namespace %s is ready already.", id);
  if (!bs_script_equal(&judgement->name_space.recipient, &judgement->origin.sender))
    return bs_rules_refuse(judgement, "The namespace %s belongs to %s.", id, judgement->name_space.recipient_address);
  return true;
}

/* The same preorder made again since the reveal goes too (x_fuzz2). */
bool bs_rules_apply_ready(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  struct bs_namespace_entry *entry = &judgement->name_space;

  entry->state = BS_NAMESPACE_IS_READY;
  entry->ready_block = engine->height;
  entry->origin.sender = judgement->origin.sender; /* key and address stay those of the reveal (x_tx) */
  memcpy(entry->origin.txid, judgement->origin.txid, BS_TXID_SIZE);
  entry->origin.vtxindex = judgement->origin.vtxindex;
  bs_rules_set_op(&entry->origin, "!");
  bs_serialise_namespace(&engine->text, entry, BS_NAMESPACE_READY);
  return bs_index_put_namespace(engine->index, entry, error) &&
         bs_index_drop_import_keys(engine->index, entry->id, error) &&
         bs_index_drop_preorder(engine->index, BS_NAMESPACE_PREORDER, entry->hash, error) &&
         bs_rules_keep(engine, judgement, NULL, NULL, error);
}

/* ---- namespaces of a genesis ---- */

bool bs_rules_add_genesis(const struct bs_index *index, const struct bs_operation *reveal, struct bs_error *error) {
  uint64_t before = index->parameters->first_block - 1;
  struct bs_namespace_entry entry = {.state = BS_NAMESPACE_IS_READY,
                                     .version = reveal->version,
                                     .rules = reveal->rules,
                                     .block_number = before,
                                     .reveal_block = before,
                                     .ready_block = before};

  snprintf(entry.id, sizeof entry.id, "%.*s", BS_NAMESPACE_MAX, reveal->name);
  bs_rules_set_op(&entry.origin, "!");
  return bs_index_put_namespace(index, &entry, error);
}

/* ---- ANNOUNCE: changes nothing, and no hash is over it ---- */

/* Is the name the sender's?  A revoked one will do, an expired one not. */
static bool owns(struct bs_engine *engine, const struct bs_judgement *judgement, const char *name, bool *ret_owns,
                 struct bs_error *error) {
  struct bs_name_entry entry;
  struct bs_namespace_entry name_space = {.state = BS_NAMESPACE_REVEALED};
  bool found, name_space_found;

  if (!bs_index_get_name_in_namespace(engine->index, &entry, &found, &name_space, &name_space_found, name, error))
    return false;
  *ret_owns = found && bs_script_equal(&entry.origin.sender, &judgement->origin.sender) &&
              bs_rules_is_registered(&entry, &name_space, engine->height);
  return true;
}

static bool is_announcer(struct bs_engine *engine, const struct bs_judgement *judgement, bool *ret_is,
                         struct bs_error *error) {
  const char *const *announcers = engine->index->parameters->announcers;
  size_t owned = 0;

  *ret_is = false;
  if (announcers == NULL) {
    if (!bs_index_count_owned(engine->index, &owned, &judgement->origin.sender, error)) return false;
    *ret_is = owned > 0;
    return true;
  }
  for (size_t i = 0; announcers[i] != NULL && !*ret_is; i++)
    if (!owns(engine, judgement, announcers[i], ret_is, error)) return false;
  return true;
}

bool bs_rules_check_announce(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  bool is;

  if (!is_announcer(engine, judgement, &is, error)) return false;
  return is || bs_rules_refuse(judgement, "%s owns no name whose announcements count.", judgement->origin.address);
}

bool bs_rules_apply_announce(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  return bs_index_put_announcement(engine->index, engine->height, &judgement->origin, judgement->operation.hash, error);
}

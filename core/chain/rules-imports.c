/* SPDX-License-Identifier: MIT */
/* NAME_IMPORT: names that a namespace has before it is ready, given by whoever revealed it. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/chain/rules-private.h"

/* The value hash is the address of the first payment to another script than the recipient's. */
static bool read_value(struct bs_judgement *judgement) {
  const struct bs_transaction *transaction = judgement->block_transaction->transaction;
  const struct bs_script *recipient = &judgement->recipient;

  for (size_t i = 0; i < transaction->output_count; i++) {
    const struct bs_transaction_output *output = &transaction->outputs[i];
    enum bs_script_kind kind =
        bs_script_classify(judgement->operation.value_hash, output->script, output->script_length);

    if (kind == BS_SCRIPT_NULL_DATA) continue;
    if (output->script_length == recipient->length &&
        memcmp(output->script, recipient->bytes, recipient->length) == 0)
      continue;
    return bs_script_has_hash(kind);
  }
  return false;
}

/* The first import comes from the address of the reveal, and shows its key; later ones also from children of that key
 * (x_import). */
static bool need_importer(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const struct bs_namespace_entry *name_space = &judgement->name_space;
  bool found;

  if (strcmp(judgement->origin.address, name_space->recipient_address) == 0) return true;
  if (!bs_index_find_import_key(engine->index, &found, name_space->id, judgement->origin.address, error)) return false;
  return found || bs_rules_refuse(judgement, "%s may not import names into the namespace %s.",
                                  judgement->origin.address, name_space->id);
}

bool bs_rules_check_import(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  const char *name = judgement->operation.name, *id = bs_name_namespace(name);
  bool found;

  if (judgement->origin.public_key.length == 0)
    return bs_rules_refuse(judgement, "The import of %s does not show the sender's public key.", name);
  if (!judgement->has_recipient) return bs_rules_refuse(judgement, "The import of %s names no owner.", name);
  if (!read_value(judgement)) return bs_rules_refuse(judgement, "The import of %s has no value hash.", name);
  if (!bs_index_get_namespace(engine->index, &judgement->name_space, &found, id, error)) return false;
  if (!found || judgement->name_space.state != BS_NAMESPACE_REVEALED)
    return bs_rules_refuse(judgement, "The namespace %s %s.", id, found ? "is ready already" : "is not revealed");
  return need_importer(engine, judgement, error) &&
         (bs_rules_refused(judgement) ||
          bs_index_get_name(engine->index, &judgement->name, &found, name, error));
}

/* A key has one child less for each that does not exist. */
static bool put_import_keys(struct bs_engine *engine, const struct bs_judgement *judgement, struct bs_error *error) {
  const struct bs_chain_parameters *parameters = engine->index->parameters;
  const struct bs_entry_origin *origin = &judgement->origin;
  const char *id = judgement->name_space.id;
  bool known;

  if (strcmp(origin->address, judgement->name_space.recipient_address) != 0) return true;
  if (!bs_index_find_import_key(engine->index, &known, id, origin->address, error)) return false;
  if (known) return true;
  for (uint32_t i = 0; i < parameters->import_keys; i++) {
    unsigned char hash[BS_HASH160_SIZE];
    char address[BS_ADDRESS_TEXT];
    struct bs_public_key child;
    bool exists;

    if (!bs_public_key_derive(&child, &exists, &origin->public_key, i, error)) return false;
    if (!exists) continue;
    bs_public_key_hash(hash, &child);
    bs_address_encode(address, parameters->address_version, hash);
    if (!bs_index_put_import_key(engine->index, id, address, error)) return false;
  }
  return bs_index_put_import_key(engine->index, id, origin->address, error);
}

/* A name that has left the lists is found by its hash again, and by its owner only if that is another one now: the
 * original appends the name to the new owner's list and removes it from the old one's (x_import). */
static unsigned lists_after(const struct bs_name_entry *entry, const struct bs_script *recipient) {
  if (bs_script_equal(&entry->origin.sender, recipient)) return entry->listed | BS_LIST_BY_HASH;
  return BS_LIST_BOTH;
}

/* An import over another one changes value, owner and importer; when the name came stays as it was (x_import). */
bool bs_rules_apply_import(struct bs_engine *engine, struct bs_judgement *judgement, struct bs_error *error) {
  struct bs_entry_context context = {.opcode = BS_NAME_IMPORT, .recipient = judgement->recipient};
  struct bs_name_entry *entry = &judgement->name;
  const struct bs_namespace_rules *rules = &judgement->name_space.rules;

  judgement->is_new = entry->name[0] == '\0';
  if (judgement->is_new) {
    *entry = (struct bs_name_entry){.block_number = engine->height,
                                    .preorder_block_number = engine->height,
                                    .first_registered = engine->height,
                                    .last_renewed = engine->height};
    snprintf(entry->name, sizeof entry->name, "%s", judgement->operation.name);
    bs_price_text(entry->op_fee, rules, entry->name);
  }
  entry->listed = lists_after(entry, &judgement->recipient);
  memcpy(context.recipient_address, judgement->recipient_address, sizeof context.recipient_address);
  memcpy(entry->value_hash, judgement->operation.value_hash, sizeof entry->value_hash);
  entry->has_value = true;
  entry->importer = judgement->origin.sender;
  memcpy(entry->importer_address, judgement->origin.address, sizeof entry->importer_address);
  entry->origin.sender = judgement->recipient;
  entry->origin.public_key = judgement->origin.public_key;
  memcpy(entry->origin.address, judgement->recipient_address, sizeof entry->origin.address);
  return put_import_keys(engine, judgement, error) &&
         bs_index_put_expiry(engine->index, bs_unlisted_block(engine->height, rules), entry->name, error) &&
         bs_rules_keep_name(engine, judgement, judgement->is_new ? ";" : NULL, &context, error);
}

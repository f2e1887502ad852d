/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/chain/entry-read.h"

#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"

struct bs_field bs_field_of(const struct bs_fields *fields, const char *name) {
  for (size_t i = 0; i < fields->count; i++)
    if (strcmp(fields->items[i].name, name) == 0) return fields->items[i];
  return (struct bs_field){.name = name, .value = ""};
}

bool bs_field_is(const struct bs_field *field, const char *text) {
  return field->length == strlen(text) && memcmp(field->value, text, field->length) == 0;
}

bool bs_fields_are_of_name(const struct bs_fields *fields) {
  return fields->opcode == BS_NAME_REGISTRATION || fields->opcode == BS_NAME_IMPORT || fields->opcode == BS_NAME_UPDATE ||
         fields->opcode == BS_NAME_TRANSFER || fields->opcode == BS_NAME_REVOKE;
}

bool bs_fields_are_of_namespace(const struct bs_fields *fields) {
  return fields->opcode == BS_NAMESPACE_REVEAL || fields->opcode == BS_NAMESPACE_READY;
}

/* ---- one value each; false: it is not what the entry can hold ---- */

static bool take_text(char *text, size_t size, const struct bs_fields *fields, const char *name) {
  struct bs_field field = bs_field_of(fields, name);

  if (field.length >= size) return false;
  memcpy(text, field.value, field.length);
  text[field.length] = '\0';
  return true;
}

static bool take_hex(void *bytes, size_t most, size_t *ret_length, const struct bs_fields *fields, const char *name) {
  struct bs_field field = bs_field_of(fields, name);

  *ret_length = field.length / 2;
  return field.length % 2 == 0 && *ret_length <= most && bs_hex_decode(bytes, *ret_length, field.value);
}

static bool take_hash(void *bytes, size_t length, const struct bs_fields *fields, const char *name) {
  size_t taken;

  return take_hex(bytes, length, &taken, fields, name) && taken == length;
}

static bool take_number(uint64_t *number, uint64_t most, const struct bs_fields *fields, const char *name) {
  struct bs_field field = bs_field_of(fields, name);

  *number = 0;
  for (size_t i = 0; i < field.length; i++) {
    unsigned digit = (unsigned)(field.value[i] - '0');

    if (digit > 9 || *number > (most - digit) / 10) return false;
    *number = *number * 10 + digit;
  }
  return field.length > 0;
}

static bool take_small(uint8_t *number, const struct bs_fields *fields, const char *name) {
  uint64_t value;

  if (!take_number(&value, UINT8_MAX, fields, name)) return false;
  *number = (uint8_t)value;
  return true;
}

static bool take_script(struct bs_script *script, const struct bs_fields *fields, const char *name) {
  return take_hex(script->bytes, sizeof script->bytes, &script->length, fields, name);
}

static bool take_origin(struct bs_entry_origin *origin, const struct bs_fields *fields) {
  char txid[2 * BS_TXID_SIZE + 1];

  return take_script(&origin->sender, fields, "sender") &&
         take_hex(origin->public_key.bytes, sizeof origin->public_key.bytes, &origin->public_key.length, fields,
                  "sender_pubkey") &&
         take_text(origin->address, sizeof origin->address, fields, "address") &&
         take_text(origin->op, sizeof origin->op, fields, "op") && take_text(txid, sizeof txid, fields, "txid") &&
         bs_txid_parse(origin->txid, txid) && take_number(&origin->vtxindex, INT64_MAX, fields, "vtxindex");
}

/* "[6, 5, 4]", of which fields.c knows that it is a list of numbers. */
static bool take_buckets(uint8_t buckets[BS_BUCKETS], const struct bs_fields *fields) {
  struct bs_field list = bs_field_of(fields, "buckets");
  size_t count = 0;
  unsigned value = 0;

  for (size_t i = 1; i < list.length; i++) {
    char c = list.value[i];

    if (c >= '0' && c <= '9') {
      value = value * 10 + (unsigned)(c - '0');
      if (value > UINT8_MAX) return false;
    } else if (c == ',' || c == ']') {
      if (count == BS_BUCKETS) return false;
      buckets[count++] = (uint8_t)value;
      value = 0;
    }
  }
  return count == BS_BUCKETS;
}

/* ---- entries ---- */

static bool refuse(struct bs_error *error) {
  return bs_fail(error, BS_WORD_malformed, "A serialised operation does not have the form that the chain's rules give it.");
}

static bool is_same(const struct bs_buffer *text, const void *serialised, size_t length) {
  return text->length == length && memcmp(text->bytes, serialised, length) == 0;
}

static bool take_name(struct bs_name_entry *entry, const struct bs_fields *fields) {
  struct bs_field revoked = bs_field_of(fields, "revoked"), value = bs_field_of(fields, "value_hash");

  entry->revoked = bs_field_is(&revoked, "True");
  entry->has_value = value.length > 0;
  return take_text(entry->name, sizeof entry->name, fields, "name") && take_origin(&entry->origin, fields) &&
         (!entry->has_value || take_hash(entry->value_hash, sizeof entry->value_hash, fields, "value_hash")) &&
         take_number(&entry->block_number, INT64_MAX, fields, "block_number") &&
         take_number(&entry->preorder_block_number, INT64_MAX, fields, "preorder_block_number") &&
         take_number(&entry->first_registered, INT64_MAX, fields, "first_registered") &&
         take_number(&entry->last_renewed, INT64_MAX, fields, "last_renewed") &&
         take_text(entry->op_fee, sizeof entry->op_fee, fields, "op_fee") && take_script(&entry->importer, fields, "importer") &&
         take_text(entry->importer_address, sizeof entry->importer_address, fields, "importer_address");
}

static bool take_context(struct bs_entry_context *context, const struct bs_fields *fields) {
  struct bs_field keep = bs_field_of(fields, "keep_data");

  context->opcode = fields->opcode;
  context->keep_data = bs_field_is(&keep, "True");
  if (fields->opcode == BS_NAME_REGISTRATION || fields->opcode == BS_NAME_IMPORT)
    return take_script(&context->recipient, fields, "recipient") &&
           take_text(context->recipient_address, sizeof context->recipient_address, fields, "recipient_address");
  if (fields->opcode == BS_NAME_REVOKE) return true;
  return take_hash(context->name_hash, sizeof context->name_hash, fields, "name_hash") &&
         take_hash(context->consensus, sizeof context->consensus, fields, "consensus_hash");
}

bool bs_name_from_operation(struct bs_name_entry *ret_entry, struct bs_entry_context *ret_context, const struct bs_fields *fields,
                            const void *serialised, size_t length, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_entry entry = {.revoked = false};
  struct bs_entry_context context = {.keep_data = false};

  if (!bs_fields_are_of_name(fields) || !take_name(&entry, fields) || !take_context(&context, fields)) return refuse(error);
  bs_serialise_name(&text, &entry, &context);
  if (!bs_buffer_ok(&text, error)) return false;
  if (!is_same(&text, serialised, length)) return refuse(error);
  *ret_entry = entry;
  *ret_context = context;
  return true;
}

static bool take_namespace(struct bs_namespace_entry *entry, const struct bs_fields *fields) {
  struct bs_namespace_rules *rules = &entry->rules;
  uint64_t version, lifetime;

  if (!take_text(entry->id, sizeof entry->id, fields, "namespace_id") ||
      !take_hash(entry->hash, sizeof entry->hash, fields, "namespace_id_hash") ||
      !take_number(&version, UINT16_MAX, fields, "version") || !take_origin(&entry->origin, fields) ||
      !take_script(&entry->recipient, fields, "recipient") ||
      !take_text(entry->recipient_address, sizeof entry->recipient_address, fields, "recipient_address") ||
      !take_number(&entry->block_number, INT64_MAX, fields, "block_number") ||
      !take_number(&entry->reveal_block, INT64_MAX, fields, "reveal_block") ||
      !take_number(&lifetime, UINT32_MAX, fields, "lifetime") || !take_small(&rules->coeff, fields, "coeff") ||
      !take_small(&rules->base, fields, "base") || !take_buckets(rules->buckets, fields) ||
      !take_small(&rules->nonalpha_discount, fields, "nonalpha_discount") ||
      !take_small(&rules->no_vowel_discount, fields, "no_vowel_discount"))
    return false;
  entry->version = (uint16_t)version;
  rules->lifetime = (uint32_t)lifetime;
  entry->state = fields->opcode == BS_NAMESPACE_READY ? BS_NAMESPACE_IS_READY : BS_NAMESPACE_REVEALED;
  return fields->opcode != BS_NAMESPACE_READY || take_number(&entry->ready_block, INT64_MAX, fields, "ready_block");
}

bool bs_namespace_from_operation(struct bs_namespace_entry *ret_entry, const struct bs_fields *fields, const void *serialised,
                                 size_t length, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_namespace_entry entry = {.version = 0};

  if (!bs_fields_are_of_namespace(fields) || !take_namespace(&entry, fields)) return refuse(error);
  bs_serialise_namespace(&text, &entry, fields->opcode);
  if (!bs_buffer_ok(&text, error)) return false;
  if (!is_same(&text, serialised, length)) return refuse(error);
  *ret_entry = entry;
  return true;
}

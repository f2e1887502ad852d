/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/chain/entry.h"

#include <stdio.h>
#include <string.h>

#include "core/codec/hex.h"

#define DIGITS 20 /* of 2^64 - 1 */

/* Twenty numbers an operation: printf would be a twentieth of an index's making.  Returns where in `digits` the number
 * begins; it ends with them. */
static const char *decimal(char digits[DIGITS], uint64_t value) {
  char *at = digits + DIGITS;

  do {
    *--at = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  return at;
}

/* Fields are netstrings without their comma, joined by commas; the first, behind "opcode:", has none before it. */
static void add_field(struct bs_buffer *text, const void *bytes, size_t length) {
  char digits[DIGITS];
  const char *from = decimal(digits, length);

  if (text->length > 2) bs_buffer_byte(text, ',');
  bs_buffer_add(text, from, (size_t)(digits + DIGITS - from));
  bs_buffer_byte(text, ':');
  bs_buffer_add(text, bytes, length);
}

static void add_text(struct bs_buffer *text, const char *value) {
  add_field(text, value, strlen(value));
}

static void add_number(struct bs_buffer *text, uint64_t value) {
  char digits[DIGITS];
  const char *from = decimal(digits, value);

  add_field(text, from, (size_t)(digits + DIGITS - from));
}

static void add_hex(struct bs_buffer *text, const unsigned char *bytes, size_t length) {
  char digits[2 * BS_SCRIPT_MAX + 1];

  bs_hex_encode(digits, bytes, length);
  add_text(text, digits);
}

static void add_txid(struct bs_buffer *text, const unsigned char txid[BS_TXID_SIZE]) {
  char digits[2 * BS_TXID_SIZE + 1];

  bs_txid_text(digits, txid);
  add_text(text, digits);
}

static void add_script(struct bs_buffer *text, const struct bs_script *script) {
  add_hex(text, script->bytes, script->length);
}

static void add_owner(struct bs_buffer *text, const struct bs_entry_origin *origin) {
  add_script(text, &origin->sender);
  add_hex(text, origin->public_key.bytes, origin->public_key.length);
  add_text(text, origin->address);
}

static void begin(struct bs_buffer *text, enum bs_opcode opcode) {
  bs_buffer_clear(text);
  bs_buffer_byte(text, (unsigned char)opcode);
  bs_buffer_byte(text, ':');
}

void bs_serialise_name(struct bs_buffer *text, const struct bs_name_entry *entry,
                       const struct bs_entry_context *context) {
  begin(text, context->opcode);
  add_text(text, entry->name);
  add_hex(text, entry->value_hash, entry->has_value ? sizeof entry->value_hash : 0);
  add_owner(text, &entry->origin);
  add_number(text, entry->block_number);
  add_number(text, entry->preorder_block_number);
  add_number(text, entry->first_registered);
  add_number(text, entry->last_renewed);
  add_text(text, entry->revoked ? "True" : "False");
  add_text(text, entry->origin.op);
  add_txid(text, entry->origin.txid);
  add_number(text, entry->origin.vtxindex);
  add_text(text, entry->op_fee);
  add_script(text, &entry->importer);
  add_text(text, entry->importer_address);
  if (context->opcode == BS_NAME_REGISTRATION || context->opcode == BS_NAME_IMPORT) {
    add_script(text, &context->recipient);
    add_text(text, context->recipient_address);
  }
  if (context->opcode == BS_NAME_UPDATE || context->opcode == BS_NAME_TRANSFER) {
    add_hex(text, context->name_hash, sizeof context->name_hash);
    add_hex(text, context->consensus, sizeof context->consensus);
  }
  if (context->opcode == BS_NAME_TRANSFER) add_text(text, context->keep_data ? "True" : "False");
}

static void serialise_name_preorder(struct bs_buffer *text, const struct bs_preorder_entry *entry) {
  begin(text, BS_NAME_PREORDER);
  add_hex(text, entry->hash, sizeof entry->hash);
  add_hex(text, entry->consensus, sizeof entry->consensus);
  add_owner(text, &entry->origin);
  add_number(text, entry->block_number);
  add_text(text, entry->origin.op);
  add_txid(text, entry->origin.txid);
  add_number(text, entry->origin.vtxindex);
  add_number(text, entry->op_fee);
}

static void serialise_namespace_preorder(struct bs_buffer *text, const struct bs_preorder_entry *entry) {
  begin(text, BS_NAMESPACE_PREORDER);
  add_hex(text, entry->hash, sizeof entry->hash);
  add_hex(text, entry->consensus, sizeof entry->consensus);
  add_text(text, entry->origin.op);
  add_number(text, entry->op_fee);
  add_txid(text, entry->origin.txid);
  add_number(text, entry->origin.vtxindex);
  add_number(text, entry->block_number);
  add_owner(text, &entry->origin);
}

void bs_serialise_preorder(struct bs_buffer *text, const struct bs_preorder_entry *entry) {
  if (entry->origin.op[0] == BS_NAMESPACE_PREORDER) {
    serialise_namespace_preorder(text, entry);
  } else {
    serialise_name_preorder(text, entry);
  }
}

void bs_preorder_set_op(struct bs_preorder_entry *entry, const struct bs_operation *operation) {
  char *op = entry->origin.op;

  memset(op, 0, sizeof entry->origin.op);
  op[0] = (char)operation->opcode;
  if (operation->opcode != BS_NAME_PREORDER || operation->quantity <= 1) return;
  op[1] = '*';
  op[2] = (char)operation->quantity;
}

size_t bs_preorder_quantity(const struct bs_preorder_entry *entry) {
  return entry->origin.op[0] == BS_NAME_PREORDER && entry->origin.op[1] == '*' ? (unsigned char)entry->origin.op[2] : 1;
}

/* As Python prints a list: "[6, 5, 4]". */
static void add_buckets(struct bs_buffer *text, const uint8_t buckets[BS_BUCKETS]) {
  char list[5 * BS_BUCKETS + 2]; /* of any byte: "[255, 255]" */
  size_t length = 0;

  for (size_t i = 0; i < BS_BUCKETS; i++)
    length += (size_t)snprintf(list + length, sizeof list - length, "%s%u", i == 0 ? "[" : ", ", (unsigned)buckets[i]);
  snprintf(list + length, sizeof list - length, "]");
  add_text(text, list);
}

void bs_serialise_namespace(struct bs_buffer *text, const struct bs_namespace_entry *entry, enum bs_opcode opcode) {
  begin(text, opcode);
  add_text(text, entry->id);
  add_hex(text, entry->hash, sizeof entry->hash);
  add_number(text, entry->version);
  add_owner(text, &entry->origin);
  add_script(text, &entry->recipient);
  add_text(text, entry->recipient_address);
  add_number(text, entry->block_number);
  add_number(text, entry->reveal_block);
  add_text(text, entry->origin.op);
  add_txid(text, entry->origin.txid);
  add_number(text, entry->origin.vtxindex);
  add_number(text, entry->rules.lifetime);
  add_number(text, entry->rules.coeff);
  add_number(text, entry->rules.base);
  add_buckets(text, entry->rules.buckets);
  add_number(text, entry->rules.nonalpha_discount);
  add_number(text, entry->rules.no_vowel_discount);
  if (opcode == BS_NAMESPACE_READY) add_number(text, entry->ready_block);
}

uint64_t bs_unlisted_block(uint64_t block, const struct bs_namespace_rules *rules) {
  return rules->lifetime == BS_LIFETIME_INFINITE ? UINT64_MAX : block + rules->lifetime;
}

uint64_t bs_name_last_block(const struct bs_name_entry *entry, const struct bs_namespace_entry *name_space) {
  uint64_t from = entry->last_renewed;

  if (name_space->state != BS_NAMESPACE_IS_READY) return UINT64_MAX;
  if (name_space->ready_block > from) from = name_space->ready_block;
  return bs_unlisted_block(from, &name_space->rules);
}

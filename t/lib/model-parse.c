/* SPDX-License-Identifier: MIT */
/* From a transaction to what it asks for: protocol.md 3, 3.1 and 3.2, with 3.6 numbers 5, 11, 13 and 14. */
#include <config.h>

#include "core/codec/hex.h"
#include "t/lib/model.h"

#define BURN_HASH "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

/* A payload; every reader takes from its front. */
struct body {
  const unsigned char *at;
  size_t left;
};

static uint64_t take_number(struct body *body, size_t width) {
  uint64_t number = 0;

  for (; width > 0; width--) number = number << 8 | *body->at++, body->left--;
  return number;
}

static void take_hex(char *text, struct body *body, size_t length) {
  bs_hex_encode(text, body->at, length);
  body->at += length;
  body->left -= length;
}

static void take_text(char text[MODEL_NAME], struct body *body) {
  memcpy(text, body->at, body->left);
  text[body->left] = '\0';
}

/* [a-z0-9_-], at least one. */
static bool is_label(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] == '\0' || strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", text[i]) == NULL) return false;
  return length > 0;
}

static bool is_namespace(const char *id, size_t length) {
  return length <= 19 && is_label(id, length);
}

/* The rest of the body is a name with a namespace. */
static bool take_name(struct model_operation *operation, struct body *body) {
  const char *dot = memchr(body->at, '.', body->left), *start = (const char *)body->at;

  if (body->left > BS_NAME_MAX || dot == NULL || !is_label(start, (size_t)(dot - start)) ||
      !is_namespace(dot + 1, body->left - (size_t)(dot + 1 - start)))
    return false;
  take_text(operation->name, body);
  return true;
}

static bool take_namespace(struct model_operation *operation, struct body *body) {
  if (!is_namespace((const char *)body->at, body->left)) return false;
  take_text(operation->name, body);
  return true;
}

static bool parse_preorder(struct model_operation *operation, struct body *body) {
  if (body->left != 36 && body->left != 37) return false;
  operation->quantity = body->left == 37 ? take_number(body, 1) : 1;
  if (operation->quantity == 0) operation->quantity = 1;
  take_hex(operation->hash, body, 20);
  take_hex(operation->consensus, body, 16);
  return true;
}

static bool parse_update(struct model_operation *operation, struct body *body) {
  if (body->left != 36) return false;
  take_hex(operation->name_hash, body, 16);
  take_hex(operation->value_hash, body, 20);
  return true;
}

static bool parse_transfer(struct model_operation *operation, struct body *body) {
  uint64_t disposition;

  if (body->left != 33) return false;
  disposition = take_number(body, 1);
  operation->keep_data = disposition == '>';
  take_hex(operation->name_hash, body, 16);
  take_hex(operation->consensus, body, 16);
  return disposition == '>' || disposition == '~';
}

static bool parse_namespace_preorder(struct model_operation *operation, struct body *body) {
  return body->left == 36 && parse_preorder(operation, body);
}

static bool parse_reveal(struct model_operation *operation, struct body *body) {
  struct model_prices *prices = &operation->prices;
  uint64_t bits;

  if (body->left < 18) return false;
  prices->lifetime = take_number(body, 4);
  prices->coeff = take_number(body, 1);
  prices->base = take_number(body, 1);
  bits = take_number(body, 8);
  for (size_t i = 0; i < 16; i++) prices->buckets[i] = bits >> (60 - 4 * i) & 15;
  bits = take_number(body, 1);
  prices->nonalpha_discount = bits >> 4;
  prices->no_vowel_discount = bits & 15;
  operation->version = take_number(body, 2);
  return prices->nonalpha_discount > 0 && prices->no_vowel_discount > 0 && take_namespace(operation, body);
}

static bool parse_ready(struct model_operation *operation, struct body *body) {
  return body->left > 1 && take_number(body, 1) == '.' && take_namespace(operation, body);
}

static bool parse_announcement(struct model_operation *operation, struct body *body) {
  (void)operation;
  return body->left == 20;
}

static bool parse_body(struct model_operation *operation, struct body *body) {
  switch (operation->opcode) {
  case BS_NAME_PREORDER: return parse_preorder(operation, body);
  case BS_NAME_REGISTRATION:
  case BS_NAME_REVOKE:
  case BS_NAME_IMPORT: return take_name(operation, body);
  case BS_NAME_UPDATE: return parse_update(operation, body);
  case BS_NAME_TRANSFER: return parse_transfer(operation, body);
  case BS_NAMESPACE_PREORDER: return parse_namespace_preorder(operation, body);
  case BS_NAMESPACE_REVEAL: return parse_reveal(operation, body);
  case BS_NAMESPACE_READY: return parse_ready(operation, body);
  case BS_ANNOUNCE: return parse_announcement(operation, body);
  default: return false;
  }
}

/* ---- scripts ---- */

/* A script and its address, as texts; false: it has none. */
static bool read_script(char text[MODEL_SCRIPT], char address[BS_ADDRESS_TEXT], const unsigned char *script,
                        size_t length, const struct bs_chain_parameters *parameters) {
  unsigned char hash[BS_HASH160_SIZE];
  enum bs_script_kind kind = script == NULL ? BS_SCRIPT_OTHER : bs_script_classify(hash, script, length);

  if (kind != BS_SCRIPT_PUBLIC_KEY_HASH && kind != BS_SCRIPT_PUBLIC_KEY && kind != BS_SCRIPT_SCRIPT_HASH) return false;
  bs_hex_encode(text, script, length);
  bs_address_encode(address, kind == BS_SCRIPT_SCRIPT_HASH ? parameters->script_version : parameters->address_version,
                    hash);
  return true;
}

/* OP_RETURN, whatever follows. */
static bool is_data(const struct bs_transaction_output *output) {
  return output->script_length > 0 && output->script[0] == 0x6a;
}

/* OP_1 to OP_16 as a number; 0: none of them. */
static size_t small_number(unsigned char opcode) {
  return opcode >= 0x51 && opcode <= 0x60 ? opcode - 0x50u : 0;
}

/* Bytes of the public key that is pushed at `at`; 0: none is. */
static size_t pushed_key(const unsigned char *at, size_t left) {
  if (left < 66 && left < 34) return 0;
  if (at[0] == 33 && (at[1] == 2 || at[1] == 3)) return 33;
  return left >= 66 && at[0] == 65 && (at[1] == 4 || at[1] == 6 || at[1] == 7) ? 65 : 0;
}

/* m, n keys, n, OP_CHECKMULTISIG: a script of several addresses, so that none of them is who is paid. */
static bool is_multisig(const struct bs_transaction_output *output) {
  const unsigned char *script = output->script;
  size_t length = output->script_length, at = 1, keys = 0, needed;

  if (length < 3 || script[length - 1] != 0xae) return false;
  needed = small_number(script[0]);
  for (size_t key; (key = pushed_key(script + at, length - at)) > 0; keys++) at += 1 + key;
  return at == length - 2 && small_number(script[at]) == keys && needed >= 1 && needed <= keys;
}

/* The first input (any) whose second push is the key of the sender's address, which must be that of a key's hash. */
static void find_key(struct model_operation *operation, const struct bs_chain_parameters *parameters,
                     const struct bs_transaction *transaction) {
  for (size_t i = 0; i < transaction->input_count && strncmp(operation->origin.sender, "76a914", 6) == 0; i++) {
    const struct bs_transaction_input *input = &transaction->inputs[i];
    unsigned char hash[BS_HASH160_SIZE];
    char address[BS_ADDRESS_TEXT];
    const unsigned char *push;
    size_t length;

    if (!bs_script_second_push(&push, &length, input->script, input->script_length) || length > BS_PUBLIC_KEY_MAX)
      continue;
    bs_hash160(hash, push, length);
    bs_address_encode(address, parameters->address_version, hash);
    if (strcmp(address, operation->origin.address) != 0) continue;
    bs_hex_encode(operation->origin.sender_pubkey, push, length);
    return;
  }
}

/* The first output to the burn address is the fee.  False: one before it has no address. */
static bool find_fee(struct model_operation *operation, const struct bs_chain_parameters *parameters,
                     const struct bs_transaction *transaction) {
  char script[MODEL_SCRIPT], address[BS_ADDRESS_TEXT], burn[BS_ADDRESS_TEXT];

  bs_address_encode(burn, parameters->address_version, (const unsigned char *)BURN_HASH);
  for (size_t i = 0; i < transaction->output_count && !operation->has_fee; i++) {
    const struct bs_transaction_output *output = &transaction->outputs[i];

    if (is_data(output) || is_multisig(output)) continue;
    if (!read_script(script, address, output->script, output->script_length, parameters)) return false;
    operation->has_fee = strcmp(address, burn) == 0;
    operation->fee = output->value;
  }
  return true;
}

/* The first output that is no data and not to the script `other`.  False: there is none, or it has not one address. */
static bool find_payment(char script[MODEL_SCRIPT], char address[BS_ADDRESS_TEXT],
                         const struct bs_chain_parameters *parameters, const struct bs_transaction *transaction,
                         const char *other) {
  for (size_t i = 0; i < transaction->output_count; i++) {
    const struct bs_transaction_output *output = &transaction->outputs[i];

    if (is_data(output)) continue;
    if (!read_script(script, address, output->script, output->script_length, parameters)) return false;
    if (strcmp(script, other) != 0) return true;
  }
  return false;
}

/* The hash in the address of the second payment is the value. */
static bool find_value(struct model_operation *operation, const struct bs_chain_parameters *parameters,
                       const struct bs_transaction *transaction) {
  char script[MODEL_SCRIPT], address[BS_ADDRESS_TEXT];
  unsigned char hash[BS_HASH160_SIZE], version;

  if (!find_payment(script, address, parameters, transaction, operation->recipient) ||
      !bs_address_decode(&version, hash, address))
    return false;
  bs_hex_encode(operation->value_hash, hash, sizeof hash);
  return true;
}

/* All that is not in the payload.  False: something that the operation needs is missing. */
static bool read_parties(struct model_operation *operation, const struct bs_chain_parameters *parameters,
                         const struct bs_block_transaction *given) {
  const struct bs_transaction *transaction = given->transaction;
  unsigned char opcode = operation->opcode;

  if (!read_script(operation->origin.sender, operation->origin.address, given->sender, given->sender_length,
                   parameters) ||
      !find_fee(operation, parameters, transaction))
    return false;
  find_key(operation, parameters, transaction);
  if (opcode == BS_NAME_REGISTRATION || opcode == BS_NAME_TRANSFER || opcode == BS_NAME_IMPORT ||
      opcode == BS_NAMESPACE_REVEAL)
    if (!find_payment(operation->recipient, operation->recipient_address, parameters, transaction, "")) return false;
  return opcode != BS_NAME_IMPORT || find_value(operation, parameters, transaction);
}

static bool find_payload(struct body *body, const struct bs_transaction *transaction) {
  for (size_t i = 0; i < transaction->output_count; i++)
    if (bs_script_payload(&body->at, &body->left, transaction->outputs[i].script,
                          transaction->outputs[i].script_length))
      return true;
  return false;
}

bool model_parse(struct model_operation *ret_operation, const struct bs_chain_parameters *parameters,
                 const struct bs_block_transaction *transaction) {
  struct model_operation operation = {0};
  struct body body;

  if (transaction->sender == NULL || !find_payload(&body, transaction->transaction) || body.left < 2 ||
      memcmp(body.at, parameters->magic, 2) != 0)
    return false;
  take_number(&body, 2);
  if (body.left > 0) operation.opcode = (unsigned char)take_number(&body, 1);
  bs_txid_text(operation.origin.txid, transaction->transaction->txid);
  operation.origin.vtxindex = transaction->vtxindex;
  if (!parse_body(&operation, &body) || !read_parties(&operation, parameters, transaction)) operation.opcode = 0;
  *ret_operation = operation;
  return true;
}

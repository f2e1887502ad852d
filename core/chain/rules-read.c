/* SPDX-License-Identifier: MIT */
/* What a transaction says, before any rule is asked: payload, sender, recipient, burned fee (protocol.md 3.1). */
#include <config.h>

#include <string.h>

#include "core/chain/rules-private.h"

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

/* The public key of the sender's address, from whichever input shows it first (x_parse). */
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

void bs_rules_read_transaction(const struct bs_engine *engine, struct bs_judgement *judgement) {
  struct bs_block_transaction *judged = judgement->block_transaction;
  const unsigned char *magic = engine->index->parameters->magic, *payload;
  struct bs_error why = {0};
  size_t length;
  if (judged->sender == NULL || !find_payload(judged->transaction, &payload, &length)) return;
  if (length < 2 || memcmp(payload, magic, 2) != 0) return;
  if (!bs_operation_parse(&judgement->operation, magic, payload, length, &why)) {
    bs_rules_refuse(judgement, "%.*s", (int)sizeof judged->reason - 1, why.message);
    return;
  }
  memcpy(judgement->origin.txid, judged->transaction->txid, BS_TXID_SIZE);
  judgement->origin.vtxindex = judged->vtxindex;
  if (!read_address(engine, &judgement->origin.sender, judgement->origin.address, &judgement->sender_is_key_hash,
                    judged->sender, judged->sender_length)) {
    bs_rules_refuse(judgement, "The sender's output has no address.");
  } else if (!read_outputs(engine, judgement)) {
    bs_rules_refuse(judgement, "An output of the transaction has no address.");
  } else {
    if (judgement->sender_is_key_hash) read_public_key(judgement);
    judgement->row = bs_rules_find_row(judgement->operation.opcode);
  }
}

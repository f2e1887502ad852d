/* SPDX-License-Identifier: MIT */
/* What a transaction says, before any rule is asked: payload, sender, recipient, burned fee (protocol.md 3.1). */
#include <config.h>

#include <string.h>

#include "core/chain/rules-private.h"

/* False when the script has no address, or none of its own. */
static bool read_address(const struct bs_engine *engine, struct bs_script *script, char address[BS_ADDRESS_TEXT],
                         enum bs_script_kind *ret_kind, const unsigned char *bytes, size_t length) {
  const struct bs_chain_parameters *parameters = engine->index->parameters;
  unsigned char hash[BS_HASH160_SIZE];

  *ret_kind = bs_script_classify(hash, bytes, length);
  if (!bs_script_has_hash(*ret_kind)) return false;
  memcpy(script->bytes, bytes, length);
  script->length = length;
  bs_address_encode(
      address, *ret_kind == BS_SCRIPT_SCRIPT_HASH ? parameters->script_version : parameters->address_version, hash);
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

static bool is_burn(enum bs_script_kind kind, const unsigned char hash[BS_HASH160_SIZE]) {
  static const unsigned char nobody[BS_HASH160_SIZE];

  return kind == BS_SCRIPT_PUBLIC_KEY_HASH && memcmp(hash, nobody, sizeof nobody) == 0;
}

/* Recipient and burned fee: the first payment, also when that burns, and the first one that burns (x_burn).  False when
 * an output before the latter has no address, which no operation may have. */
static bool read_outputs(const struct bs_engine *engine, struct bs_judgement *judgement) {
  const struct bs_transaction *transaction = judgement->block_transaction->transaction;
  bool is_first = true;

  for (size_t i = 0; i < transaction->output_count && !judgement->has_fee; i++) {
    const struct bs_transaction_output *output = &transaction->outputs[i];
    unsigned char hash[BS_HASH160_SIZE];
    enum bs_script_kind kind = bs_script_classify(hash, output->script, output->script_length);

    if (kind == BS_SCRIPT_NULL_DATA) continue;
    if (kind == BS_SCRIPT_OTHER) return false;
    if (is_first)
      judgement->has_recipient = read_address(engine, &judgement->recipient, judgement->recipient_address,
                                              &judgement->recipient_kind, output->script, output->script_length);
    is_first = false;
    judgement->has_fee = is_burn(kind, hash);
    if (judgement->has_fee) judgement->fee = output->value;
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

static bool find_ours(const struct bs_chain_parameters *parameters, const struct bs_transaction *transaction,
                      const unsigned char **ret_payload, size_t *ret_length) {
  return find_payload(transaction, ret_payload, ret_length) && *ret_length >= sizeof parameters->magic &&
         memcmp(*ret_payload, parameters->magic, sizeof parameters->magic) == 0;
}

bool bs_rules_has_payload(const struct bs_chain_parameters *parameters, const struct bs_transaction *transaction) {
  const unsigned char *payload;
  size_t length;

  return find_ours(parameters, transaction, &payload, &length);
}

void bs_rules_read_transaction(const struct bs_engine *engine, struct bs_judgement *judgement) {
  struct bs_block_transaction *judged = judgement->block_transaction;
  const unsigned char *magic = engine->index->parameters->magic, *payload;
  struct bs_error why = {0};
  size_t length;
  if (judged->sender == NULL || !find_ours(engine->index->parameters, judged->transaction, &payload, &length)) return;
  if (!bs_operation_parse(&judgement->operation, magic, payload, length, &why)) {
    bs_rules_refuse(judgement, "%.*s", (int)sizeof judged->reason - 1, why.message);
    return;
  }
  memcpy(judgement->origin.txid, judged->transaction->txid, BS_TXID_SIZE);
  judgement->origin.vtxindex = judged->vtxindex;
  if (!read_address(engine, &judgement->origin.sender, judgement->origin.address, &judgement->sender_kind,
                    judged->sender, judged->sender_length)) {
    bs_rules_refuse(judgement, "The sender's output has no address of its own.");
  } else if (!read_outputs(engine, judgement)) {
    bs_rules_refuse(judgement, "An output of the transaction has no address.");
  } else {
    if (judgement->sender_kind == BS_SCRIPT_PUBLIC_KEY_HASH) read_public_key(judgement);
    judgement->row = bs_rules_find_row(judgement->operation.opcode);
  }
}

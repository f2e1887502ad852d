/* SPDX-License-Identifier: MIT */
/* Transactions in the making: coins in, outputs in the order of protocol.md 3.1, signatures last. */
#include <config.h>

#include "core/chain/transaction.h"

#include <string.h>

#include "core/base/auto.h"

#define SIGNED_INPUT_SIZE 180 /* with an uncompressed key: 41 + 1 + 73 + 1 + 65 */

bool bs_coin_from_transaction(struct bs_coin *ret_coin, const unsigned char txid[BS_TXID_SIZE], uint32_t output,
                              const unsigned char *raw, size_t length, struct bs_error *error) {
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {0};
  const struct bs_transaction_output *found;
  struct bs_coin coin = {.output = output};

  if (!bs_transaction_parse(&transaction, raw, length, error)) return bs_context(error, "A previous transaction");
  if (memcmp(transaction.txid, txid, BS_TXID_SIZE) != 0)
    return bs_fail(error, BS_WORD_forged, "A previous transaction is not the one that was asked for.");
  if (output >= transaction.output_count)
    return bs_fail(error, BS_WORD_forged, "A previous transaction has no output %u.", (unsigned)output);
  found = &transaction.outputs[output];
  if (bs_script_classify(NULL, found->script, found->script_length) != BS_SCRIPT_PUBLIC_KEY_HASH)
    return bs_fail(error, BS_WORD_denied, "Output %u of a previous transaction is not P2PKH.", (unsigned)output);
  memcpy(coin.txid, txid, BS_TXID_SIZE);
  memcpy(coin.script.bytes, found->script, found->script_length);
  coin.script.length = found->script_length;
  coin.value = found->value;
  *ret_coin = coin;
  return true;
}

void bs_draft_spend(struct bs_draft *draft, const struct bs_coin *coin, const struct bs_key *key) {
  draft->inputs[draft->input_count].coin = *coin;
  draft->inputs[draft->input_count].key = key;
  draft->input_count++;
}

void bs_draft_pay(struct bs_draft *draft, const unsigned char hash[BS_HASH160_SIZE], uint64_t satoshis) {
  struct bs_script script;

  bs_script_pay_to(&script, hash);
  memcpy(draft->outputs[draft->output_count].script, script.bytes, script.length);
  draft->outputs[draft->output_count].script_length = script.length;
  draft->outputs[draft->output_count].value = satoshis;
  draft->output_count++;
}

void bs_draft_data(struct bs_draft *draft, const unsigned char *payload, size_t length) {
  unsigned char *script = draft->outputs[draft->output_count].script;

  script[0] = 0x6a; /* OP_RETURN */
  script[1] = (unsigned char)length;
  memcpy(script + 2, payload, length);
  draft->outputs[draft->output_count].script_length = length + 2;
  draft->outputs[draft->output_count].value = 0;
  draft->output_count++;
}

uint64_t bs_draft_in(const struct bs_draft *draft) {
  uint64_t sum = 0;

  for (size_t i = 0; i < draft->input_count; i++) sum += draft->inputs[i].coin.value;
  return sum;
}

uint64_t bs_draft_out(const struct bs_draft *draft) {
  uint64_t sum = 0;

  for (size_t i = 0; i < draft->output_count; i++) sum += draft->outputs[i].value;
  return sum;
}

size_t bs_draft_size(const struct bs_draft *draft) {
  size_t size = 10 + draft->input_count * SIGNED_INPUT_SIZE;

  for (size_t i = 0; i < draft->output_count; i++) size += 9 + draft->outputs[i].script_length;
  return size;
}

/* The input's script: signature and type, public key.  Returns its length, 0 when the key is not the coin's. */
static size_t sign_input(unsigned char script[SIGNED_INPUT_SIZE], const struct bs_transaction *transaction,
                         size_t number, const struct bs_draft *draft, struct bs_error *error) {
  const struct bs_script *spent = &draft->inputs[number].coin.script;
  const struct bs_key *key = draft->inputs[number].key;
  const struct bs_public_key *public_key = bs_key_public(key);
  unsigned char owner[BS_HASH160_SIZE], hash[BS_HASH160_SIZE], digest[BS_SHA256_SIZE];
  size_t length;

  bs_public_key_hash(hash, public_key);
  if (bs_script_classify(owner, spent->bytes, spent->length) != BS_SCRIPT_PUBLIC_KEY_HASH ||
      memcmp(hash, owner, sizeof hash) != 0) {
    bs_fail(error, BS_WORD_denied, "The coin of input %zu does not belong to the key that should sign it.", number);
    return 0;
  }
  if (!bs_transaction_digest(digest, transaction, number, spent->bytes, spent->length, error)) return 0;
  if (!bs_sign_der(script + 1, &length, key, digest)) {
    bs_fail(error, BS_WORD_key, "Input %zu could not be signed.", number);
    return 0;
  }
  script[0] = (unsigned char)(length + 1);
  script[length + 1] = 1; /* SIGHASH_ALL */
  script[length + 2] = (unsigned char)public_key->length;
  memcpy(script + length + 3, public_key->bytes, public_key->length);
  return length + 3 + public_key->length;
}

bool bs_draft_sign(struct bs_buffer *raw, unsigned char txid[BS_TXID_SIZE], const struct bs_draft *draft,
                   struct bs_error *error) {
  struct bs_transaction_input inputs[BS_DRAFT_INPUTS] = {0};
  struct bs_transaction_output outputs[BS_DRAFT_OUTPUTS] = {0};
  struct bs_transaction transaction = {.version = 1,
                                       .inputs = inputs,
                                       .input_count = draft->input_count,
                                       .outputs = outputs,
                                       .output_count = draft->output_count};
  unsigned char scripts[BS_DRAFT_INPUTS][SIGNED_INPUT_SIZE];
  size_t start = raw->length;

  for (size_t i = 0; i < draft->input_count; i++) {
    memcpy(inputs[i].txid, draft->inputs[i].coin.txid, BS_TXID_SIZE);
    inputs[i].output = draft->inputs[i].coin.output;
    inputs[i].sequence = UINT32_MAX;
  }
  for (size_t i = 0; i < draft->output_count; i++)
    outputs[i] = (struct bs_transaction_output){draft->outputs[i].value, draft->outputs[i].script,
                                                draft->outputs[i].script_length};
  for (size_t i = 0; i < draft->input_count; i++) {
    inputs[i].script_length = sign_input(scripts[i], &transaction, i, draft, error);
    inputs[i].script = scripts[i];
    if (inputs[i].script_length == 0) return false;
  }
  bs_transaction_write(raw, &transaction);
  if (!bs_buffer_ok(raw, error)) return false;
  bs_sha256d(txid, raw->bytes + start, raw->length - start);
  return true;
}

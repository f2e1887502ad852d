/* SPDX-License-Identifier: MIT */
/* Transactions in the making: coins in, outputs in the order of protocol.md 3.1, signatures last. */
#include <config.h>

#include "core/chain/transaction.h"

#include <string.h>

#include "core/base/auto.h"

#define REPLACEABLE 0xfffffffd        /* an input's sequence number */
#define INPUT_SIZE 41                 /* without a script */
#define SIGNATURE_PUSH 73             /* with its type and length */
#define SCRIPT_SIZE (SIGNATURE_PUSH + 1 + BS_PUBLIC_KEY_MAX)
#define WITNESS_SIZE (1 + SIGNATURE_PUSH + 1 + 33)

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
  if (bs_script_classify(NULL, found->script, found->script_length) != BS_SCRIPT_PUBLIC_KEY_HASH &&
      !bs_script_witness_hash(NULL, found->script, found->script_length))
    return bs_fail(error, BS_WORD_denied, "Output %u of a previous transaction is neither P2PKH nor P2WPKH.", (unsigned)output);
  memcpy(coin.txid, txid, BS_TXID_SIZE);
  memcpy(coin.script.bytes, found->script, found->script_length);
  coin.script.length = found->script_length;
  coin.value = found->value;
  coin.is_coinbase = bs_transaction_is_coinbase(&transaction);
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

static bool is_witness(const struct bs_draft *draft, size_t number) {
  const struct bs_script *script = &draft->inputs[number].coin.script;

  return bs_script_witness_hash(NULL, script->bytes, script->length);
}

static bool has_witness(const struct bs_draft *draft) {
  for (size_t i = 0; i < draft->input_count; i++)
    if (is_witness(draft, i)) return true;
  return false;
}

size_t bs_draft_size(const struct bs_draft *draft) {
  size_t size = 10 + draft->input_count * INPUT_SIZE, witnesses = has_witness(draft) ? 2 + draft->input_count : 0;

  for (size_t i = 0; i < draft->input_count; i++)
    if (is_witness(draft, i)) witnesses += WITNESS_SIZE - 1;
    else size += SIGNATURE_PUSH + 1 + bs_key_public(draft->inputs[i].key)->length;
  for (size_t i = 0; i < draft->output_count; i++) size += 9 + draft->outputs[i].script_length;
  return bs_transaction_virtual_size(size, size + witnesses);
}

/* What the signatures are: the inputs' scripts and witnesses point into it. */
struct signed_inputs {
  unsigned char scripts[BS_DRAFT_INPUTS][SCRIPT_SIZE]; /* or witnesses, which are no longer */
};

/* Signature with its type, and public key, each with its length before it.  Returns their length, 0 when that fails. */
static size_t write_signature(unsigned char *pushes, const struct bs_key *key, const struct bs_public_key *public_key,
                              const unsigned char digest[BS_SHA256_SIZE]) {
  size_t length;

  if (!bs_sign_der(pushes + 1, &length, key, digest)) return 0;
  pushes[0] = (unsigned char)(length + 1);
  pushes[length + 1] = 1; /* SIGHASH_ALL */
  pushes[length + 2] = (unsigned char)public_key->length;
  memcpy(pushes + length + 3, public_key->bytes, public_key->length);
  return length + 3 + public_key->length;
}

static bool fail_signing(size_t number, struct bs_error *error) {
  return bs_fail(error, BS_WORD_key, "Input %zu could not be signed.", number);
}

static bool sign_witness(unsigned char *room, struct bs_transaction *transaction, size_t number,
                         const struct bs_draft *draft, const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  const struct bs_key *key = draft->inputs[number].key;
  struct bs_transaction_input *input = &transaction->inputs[number];
  struct bs_public_key compressed;
  unsigned char digest[BS_SHA256_SIZE];
  size_t length;

  if (!bs_public_key_compress(&compressed, bs_key_public(key))) return fail_signing(number, error);
  if (!bs_transaction_witness_digest(digest, transaction, number, hash, draft->inputs[number].coin.value, error)) return false;
  room[0] = 2; /* items */
  length = write_signature(room + 1, key, &compressed, digest);
  if (length == 0) return fail_signing(number, error);
  input->witness = room;
  input->witness_length = length + 1;
  transaction->has_witnesses = true;
  return true;
}

static bool sign_script(unsigned char *room, struct bs_transaction *transaction, size_t number,
                        const struct bs_draft *draft, struct bs_error *error) {
  const struct bs_script *spent = &draft->inputs[number].coin.script;
  const struct bs_key *key = draft->inputs[number].key;
  struct bs_transaction_input *input = &transaction->inputs[number];
  unsigned char digest[BS_SHA256_SIZE];

  if (!bs_transaction_digest(digest, transaction, number, spent->bytes, spent->length, error)) return false;
  input->script_length = write_signature(room, key, bs_key_public(key), digest);
  input->script = room;
  return input->script_length != 0 || fail_signing(number, error);
}

static bool sign_input(struct signed_inputs *signs, struct bs_transaction *transaction, size_t number,
                       const struct bs_draft *draft, struct bs_error *error) {
  const struct bs_script *spent = &draft->inputs[number].coin.script;
  const struct bs_public_key *public_key = bs_key_public(draft->inputs[number].key);
  unsigned char owner[BS_HASH160_SIZE], hash[BS_HASH160_SIZE], *room = signs->scripts[number];

  bs_public_key_hash(hash, public_key);
  if (bs_script_classify(owner, spent->bytes, spent->length) == BS_SCRIPT_PUBLIC_KEY_HASH &&
      memcmp(hash, owner, sizeof hash) == 0)
    return sign_script(room, transaction, number, draft, error);
  bs_public_key_signer(hash, public_key);
  if (bs_script_witness_hash(owner, spent->bytes, spent->length) && memcmp(hash, owner, sizeof hash) == 0)
    return sign_witness(room, transaction, number, draft, hash, error);
  return bs_fail(error, BS_WORD_denied, "The coin of input %zu does not belong to the key that should sign it.", number);
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
  struct bs_buffer hashed BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct signed_inputs signs;

  for (size_t i = 0; i < draft->input_count; i++) {
    memcpy(inputs[i].txid, draft->inputs[i].coin.txid, BS_TXID_SIZE);
    inputs[i].output = draft->inputs[i].coin.output;
    inputs[i].sequence = draft->is_replaceable ? REPLACEABLE : UINT32_MAX;
  }
  for (size_t i = 0; i < draft->output_count; i++)
    outputs[i] = (struct bs_transaction_output){draft->outputs[i].value, draft->outputs[i].script,
                                                draft->outputs[i].script_length};
  for (size_t i = 0; i < draft->input_count; i++)
    if (!sign_input(&signs, &transaction, i, draft, error)) return false;
  bs_transaction_write(&hashed, &transaction);
  bs_transaction_write_whole(raw, &transaction);
  if (!bs_buffer_ok(&hashed, error) || !bs_buffer_ok(raw, error)) return false;
  bs_sha256d(txid, hashed.bytes, hashed.length);
  return true;
}

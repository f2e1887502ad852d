/* SPDX-License-Identifier: MIT */
/*
 * An operation made anew: the same coins, the newest consensus hash, and a higher fee, so that a node takes it in place
 * of the one before (BIP 125).  What spends its change is then made anew in turn, as its coin has another id.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/names/waiting.h"

static const unsigned char magic[2] = {'i', 'd'};

#define RELAY_RATE 1 /* satoshis for a byte, that what replaces something pays beyond it */

/* The operation that made the coin under an id that it has no more; NULL. */
static const struct bs_underway *find_replaced(const struct bs_waiting *waiting, const struct bs_underway_input *input) {
  for (size_t i = 0; i < waiting->count; i++) {
    const struct bs_underway *item = &waiting->items[i];

    if (!item->is_over && item->stage == BS_STAGE_SENT && bs_underway_was(item, input->txid)) return item;
  }
  return NULL;
}

static bool is_orphan(const struct bs_waiting *waiting, const struct bs_underway *item) {
  for (size_t i = 0; i < item->input_count; i++)
    if (find_replaced(waiting, &item->inputs[i]) != NULL) return true;
  return false;
}

const char *bs_waiting_rebuild_reason(const struct bs_waiting *waiting, const struct bs_underway *item) {
  if (!bs_waiting_is_alive(item)) return NULL;
  if (is_orphan(waiting, item)) return "what it depends on was made anew";
  if (item->stage == BS_STAGE_SPENT || !item->has_consensus) return NULL;
  if (waiting->next_block < item->consensus_block + BS_REBUILD_AGE || waiting->index_block <= item->consensus_block) return NULL;
  return "its consensus hash is about to be too old";
}

/* ---- the draft ---- */

static const struct bs_key *key_of(const struct bs_script *script, const struct bs_key *const keys[2]) {
  unsigned char wanted[BS_HASH160_SIZE], hash[BS_HASH160_SIZE];
  bool is_witness = bs_script_witness_hash(wanted, script->bytes, script->length);

  if (!is_witness && bs_script_classify(wanted, script->bytes, script->length) != BS_SCRIPT_PUBLIC_KEY_HASH) return NULL;
  for (size_t i = 0; i < 2; i++) {
    if (keys[i] == NULL) continue;
    if (is_witness) bs_public_key_signer(hash, bs_key_public(keys[i]));
    else bs_public_key_hash(hash, bs_key_public(keys[i]));
    if (memcmp(hash, wanted, sizeof hash) == 0) return keys[i];
  }
  return NULL;
}

/* The coin as it is now. */
static bool take_coin(const struct bs_waiting *waiting, struct bs_coin *coin, const struct bs_underway_input *input,
                      struct bs_error *error) {
  const struct bs_underway *parent = find_replaced(waiting, input);

  if (parent != NULL)
    return bs_coin_from_transaction(coin, parent->txid, input->output, parent->raw.bytes, parent->raw.length, error);
  *coin = (struct bs_coin){.output = input->output, .value = input->value};
  memcpy(coin->txid, input->txid, sizeof coin->txid);
  memcpy(coin->script.bytes, input->script, input->script_length);
  coin->script.length = input->script_length;
  return true;
}

static bool take_inputs(const struct bs_waiting *waiting, struct bs_draft *draft, bool *ret_signable,
                        const struct bs_underway *item, const struct bs_key *const keys[2], struct bs_error *error) {
  *ret_signable = item->input_count <= BS_DRAFT_INPUTS;
  for (size_t i = 0; i < item->input_count && *ret_signable; i++) {
    const struct bs_key *key;
    struct bs_coin coin;

    if (!take_coin(waiting, &coin, &item->inputs[i], error)) return false;
    key = key_of(&coin.script, keys);
    *ret_signable = key != NULL;
    if (key != NULL) bs_draft_spend(draft, &coin, key);
  }
  return true;
}

static void renew_payload(const struct bs_waiting *waiting, struct bs_operation *operation, const struct bs_underway *item) {
  if (!item->has_consensus) return;
  if (item->opcode == BS_NAME_UPDATE) bs_update_hash(operation->name_hash, item->name, waiting->consensus);
  else memcpy(operation->consensus, waiting->consensus, sizeof operation->consensus);
}

static bool fail_kept(const struct bs_underway *item, struct bs_error *error) {
  return bs_fail(error, BS_WORD_corrupt, "The operation on %s that is kept to be sent is none.", item->name);
}

static bool read_operation(struct bs_operation *ret_operation, const struct bs_underway *item,
                           const struct bs_transaction *transaction, struct bs_error *error) {
  const unsigned char *payload;
  size_t length;

  return (transaction->output_count > 0 &&
          bs_script_payload(&payload, &length, transaction->outputs[0].script, transaction->outputs[0].script_length) &&
          bs_operation_parse(ret_operation, magic, payload, length, error)) ||
         fail_kept(item, error);
}

bool bs_waiting_operation(struct bs_operation *ret_operation, const struct bs_underway *item, struct bs_error *error) {
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {0};

  return bs_transaction_parse(&transaction, item->raw.bytes, item->raw.length, error) &&
         read_operation(ret_operation, item, &transaction, error);
}

/* The outputs as they were, but for the operation's. */
static bool take_outputs(const struct bs_waiting *waiting, struct bs_draft *draft, const struct bs_underway *item,
                         struct bs_error *error) {
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {0};
  unsigned char payload[BS_PAYLOAD_MAX];
  struct bs_operation operation;

  if (!bs_transaction_parse(&transaction, item->raw.bytes, item->raw.length, error)) return false;
  if (transaction.output_count > BS_DRAFT_OUTPUTS || item->change >= transaction.output_count) return fail_kept(item, error);
  if (!read_operation(&operation, item, &transaction, error)) return false;
  renew_payload(waiting, &operation, item);
  bs_draft_data(draft, payload, bs_operation_write(payload, magic, &operation));
  for (size_t i = 1; i < transaction.output_count; i++) {
    const struct bs_transaction_output *output = &transaction.outputs[i];

    if (output->script_length > BS_OUTPUT_SCRIPT_MAX)
      return fail_kept(item, error);
    memcpy(draft->outputs[i].script, output->script, output->script_length);
    draft->outputs[i].script_length = output->script_length;
    draft->outputs[i].value = output->value;
    draft->output_count++;
  }
  return true;
}

/* ---- the fee ---- */

/* All that spends what it makes, or what such spends: those go when it is replaced. */
static uint64_t fees_of_dependents(const struct bs_waiting *waiting, const struct bs_underway *item) {
  const struct bs_underway *gone[BS_UNDERWAY_MAX] = {item};
  size_t count = 1;
  uint64_t fees = 0;

  for (size_t i = 0; i < waiting->count && count < BS_UNDERWAY_MAX; i++) {
    const struct bs_underway *other = &waiting->items[i];
    bool depends = false;

    if (!bs_waiting_is_alive(other) || other == item) continue;
    for (size_t j = 0; j < other->input_count && !depends; j++)
      for (size_t k = 0; k < count && !depends; k++)
        depends = memcmp(other->inputs[j].txid, gone[k]->txid, BS_TXID_SIZE) == 0;
    if (!depends) continue;
    gone[count++] = other;
    fees += other->fee;
  }
  return fees;
}

/* A rule of nodes: no less than all that goes, and its own relaying.  What depended on one that was replaced has gone with
 * that, and was paid for. */
static uint64_t fee_of(const struct bs_waiting *waiting, const struct bs_underway *item, uint64_t rate, size_t size) {
  uint64_t usual = (size * rate + 999) / 1000, least;

  if (is_orphan(waiting, item)) return usual;
  least = item->fee + fees_of_dependents(waiting, item) + size * RELAY_RATE;
  return usual > least ? usual : least;
}

static bool balance(struct bs_waiting *waiting, struct bs_draft *draft, struct bs_underway *item, uint64_t fee) {
  uint64_t others, in = bs_draft_in(draft), most = waiting->names->max_fee;

  draft->outputs[item->change].value = 0;
  others = bs_draft_out(draft);
  if (fee > most) {
    snprintf(item->reason, sizeof item->reason, "To be made anew its fee would have to be %" PRIu64 " satoshis for %zu bytes,"
             " but names.max_fee allows %" PRIu64 ".", fee, bs_draft_size(draft), most);
    return false;
  }
  if (in < others + fee + BS_DUST) {
    snprintf(item->reason, sizeof item->reason, "To be made anew it needs a fee of %" PRIu64 " satoshis, and its coins have %"
             PRIu64 " satoshis too little.", fee, others + fee + BS_DUST - in);
    return false;
  }
  draft->outputs[item->change].value = in - others - fee;
  return true;
}

static bool replace(struct bs_waiting *waiting, struct bs_underway *item, const struct bs_draft *draft, uint64_t fee,
                    struct bs_error *error) {
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char txid[BS_TXID_SIZE];

  if (!bs_draft_sign(&raw, txid, draft, error)) return false;
  if (memcmp(txid, item->txid, sizeof txid) != 0) bs_buffer_add(&item->earlier, item->txid, BS_TXID_SIZE);
  bs_buffer_clear(&item->raw);
  bs_buffer_add(&item->raw, raw.bytes, raw.length);
  if (!bs_buffer_ok(&item->earlier, error) || !bs_buffer_ok(&item->raw, error)) return false;
  memcpy(item->txid, txid, sizeof txid);
  for (size_t i = 0; i < item->input_count; i++) {
    memcpy(item->inputs[i].txid, draft->inputs[i].coin.txid, BS_TXID_SIZE);
    item->inputs[i].value = draft->inputs[i].coin.value;
  }
  item->fee = fee;
  item->stage = BS_STAGE_MADE;
  item->reason[0] = '\0';
  item->consensus_block = waiting->index_block;
  return true;
}

bool bs_waiting_rebuild(struct bs_waiting *waiting, struct bs_underway *item, bool *ret_made, const char *why,
                        const struct bs_key *owner_key, const struct bs_key *payment_key, struct bs_error *error) {
  const struct bs_provider *provider = waiting->names->provider;
  const struct bs_key *const keys[2] = {owner_key, payment_key};
  struct bs_draft draft = {.is_replaceable = true};
  uint64_t rate, fee;
  bool signable;

  *ret_made = false;
  if (!provider->fee_rate(waiting->names->state, &rate, error) ||
      !take_inputs(waiting, &draft, &signable, item, keys, error) || !take_outputs(waiting, &draft, item, error))
    return false;
  if (!signable && item->is_unwanted) return true; /* what the node had against it is told */
  if (!signable) {
    snprintf(item->reason, sizeof item->reason, "It is to be made anew (%s), which needs the keys that signed it.", why);
    return true;
  }
  if (item->is_unwanted && (bs_draft_size(&draft) * rate + 999) / 1000 <= item->fee) return true;
  fee = fee_of(waiting, item, rate, bs_draft_size(&draft));
  if (!balance(waiting, &draft, item, fee)) return true;
  bs_log(BS_LOG_INFO, "%s of %s is made anew, for a fee of %" PRIu64 " instead of %" PRIu64 " satoshis: %s",
         bs_opcode_text((enum bs_opcode)item->opcode), item->name, fee, item->fee, why);
  if (!replace(waiting, item, &draft, fee, error)) return false;
  *ret_made = true;
  return bs_waiting_save(waiting, item, error);
}

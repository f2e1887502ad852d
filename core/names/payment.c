/* SPDX-License-Identifier: MIT */
/*
 * Transactions are made here, out of coins that were checked against the transactions they come from; the fee is
 * computed and bounded here, whoever answers.
 */
#include <config.h>

#include "core/names/payment.h"

#include <inttypes.h>
#include <string.h>

#include "core/names/moment.h"

#define BURN_MIN 546u                 /* a node takes no transaction with a smaller P2PKH output; whatever the price */
#define FUND_MORE UINT64_C(100000000) /* beyond what is needed: not every operation makes coins */

static const unsigned char magic[2] = {'i', 'd'};
static const unsigned char burn_address[BS_HASH160_SIZE];

static void set_purse(struct bs_purse *purse, const struct bs_key *key) {
  purse->key = key;
  bs_public_key_hash(purse->hash, bs_key_public(key));
  bs_public_key_signer(purse->witness_hash, bs_key_public(key));
}

void bs_payment_begin(struct bs_payment *payment, const struct bs_names *names, const struct bs_key *owner,
                      const struct bs_key *payer) {
  payment->names = names;
  set_purse(&payment->own, owner);
  set_purse(&payment->pay, payer == NULL ? owner : payer);
  payment->owner_pays = memcmp(payment->pay.hash, payment->own.hash, sizeof payment->pay.hash) == 0;
}

bool bs_coins_of(const struct bs_view *view, struct bs_coin *coins, size_t *ret_count, const unsigned char hash[BS_HASH160_SIZE],
                 struct bs_error *error) {
  struct bs_unspent unspents[BS_COINS_MAX];

  if (view->provider->coins != NULL) return view->provider->coins(view->state, coins, ret_count, BS_COINS_MAX, hash, error);
  if (!view->provider->unspents(view->state, unspents, ret_count, hash, error)) return false;
  for (size_t i = 0; i < *ret_count; i++) {
    coins[i] = unspents[i].coin;
    bs_unspent_free(&unspents[i]);
  }
  return true;
}

static bool is_public_key_hash(const struct bs_coin *coin) {
  return bs_script_classify(NULL, coin->script.bytes, coin->script.length) == BS_SCRIPT_PUBLIC_KEY_HASH;
}

/* An uncompressed key has its P2WPKH coins under another hash.  Those under its own cannot be spent by anybody; whoever pays
 * there must not keep the key's owner from his own. */
static bool has_two_hashes(const struct bs_purse *purse) {
  return memcmp(purse->witness_hash, purse->hash, sizeof purse->hash) != 0;
}

static void drop_unspendable(struct bs_purse *purse) {
  size_t kept = 0;

  for (size_t i = 0; i < purse->count; i++)
    if (is_public_key_hash(&purse->coins[i])) purse->coins[kept++] = purse->coins[i];
  purse->count = kept;
}

static bool load_witness_coins(struct bs_view *view, struct bs_purse *purse, struct bs_error *error) {
  struct bs_coin coins[BS_COINS_MAX];
  size_t count;

  if (!bs_coins_of(view, coins, &count, purse->witness_hash, error)) return false;
  for (size_t i = 0; i < count && purse->count < BS_COINS_MAX; i++)
    if (!is_public_key_hash(&coins[i])) purse->coins[purse->count++] = coins[i];
  return true;
}

static bool load_purse(struct bs_view *view, struct bs_purse *purse, struct bs_error *error) {
  purse->missing = 0;
  if (!bs_coins_of(view, purse->coins, &purse->count, purse->hash, error)) return false;
  if (!has_two_hashes(purse)) return true;
  drop_unspendable(purse);
  return view->provider->is_immediate(view->state) || load_witness_coins(view, purse, error);
}

bool bs_payment_load(struct bs_payment *payment, struct bs_view *view, struct bs_error *error) {
  payment->fee = 0;
  payment->size = 0;
  payment->is_replaceable = !view->provider->is_immediate(view->state);
  return view->provider->fee_rate(view->state, &payment->rate, error) && load_purse(view, &payment->own, error) &&
         (payment->owner_pays || load_purse(view, &payment->pay, error));
}

bool bs_payment_lacks(const struct bs_payment *payment) {
  return payment->own.missing != 0 || payment->pay.missing != 0;
}

static bool fund(const struct bs_purse *purse, struct bs_view *view, struct bs_error *error) {
  return purse->missing == 0 || view->provider->fund(view->state, purse->hash, purse->missing + FUND_MORE, error);
}

bool bs_payment_fund(const struct bs_payment *payment, struct bs_view *view, struct bs_error *error) {
  return fund(&payment->own, view, error) && fund(&payment->pay, view, error);
}

/* ---- one transaction ---- */

static uint64_t fee_of(const struct bs_payment *payment, const struct bs_draft *draft) {
  return (bs_draft_size(draft) * payment->rate + 999) / 1000;
}

static void spend(struct bs_draft *draft, struct bs_purse *purse, size_t number) {
  bs_draft_spend(draft, &purse->coins[number], purse->key);
  memmove(&purse->coins[number], &purse->coins[number + 1], (--purse->count - number) * sizeof purse->coins[0]);
}

/* Spends the purse's coins until `draft` has `need` more than it pays (the fee comes on top); notes what is missing. */
static bool spend_from(const struct bs_payment *payment, struct bs_draft *draft, struct bs_purse *purse,
                       uint64_t need) {
  while (bs_draft_in(draft) < bs_draft_out(draft) + fee_of(payment, draft) + need) {
    if (purse->count == 0 || draft->input_count == BS_DRAFT_INPUTS) {
      purse->missing = bs_draft_out(draft) + fee_of(payment, draft) + need - bs_draft_in(draft);
      return false;
    }
    spend(draft, purse, 0);
  }
  return true;
}

/* Input 0 tells the rules who the sender is: only P2PKH does. */
static bool spend_own(struct bs_draft *draft, struct bs_purse *own) {
  size_t number = 0;

  while (number < own->count && !is_public_key_hash(&own->coins[number])) number++;
  if (number < own->count) spend(draft, own, number);
  else own->missing = BS_DUST;
  return own->missing == 0;
}

/* `change` is the output that goes back to the owner, its value still open.  The owner's coin comes first; when
 * somebody else pays, the owner gets it back whole. */
static bool balance(struct bs_payment *payment, struct bs_draft *draft, size_t change) {
  if (!spend_own(draft, &payment->own)) return false;
  if (payment->owner_pays) {
    if (!spend_from(payment, draft, &payment->own, BS_DUST)) return false;
    draft->outputs[change].value = bs_draft_in(draft) - bs_draft_out(draft) - fee_of(payment, draft);
    return true;
  }
  draft->outputs[change].value = bs_draft_in(draft);
  bs_draft_pay(draft, payment->pay.hash, BS_DUST);
  if (!spend_from(payment, draft, &payment->pay, 0)) return false;
  draft->outputs[draft->output_count - 1].value += bs_draft_in(draft) - bs_draft_out(draft) - fee_of(payment, draft);
  return true;
}

static bool fail_poor(const struct bs_payment *payment, struct bs_error *error) {
  bool owner = payment->own.missing != 0;

  return bs_fail(error, BS_WORD_denied, "The coins of %s do not suffice: %" PRIu64 " satoshis are missing%s.",
                 owner ? "the owner's key" : "the paying key", owner ? payment->own.missing : payment->pay.missing,
                 owner && !payment->owner_pays ? "; the owner's own coin, which comes back, tells whose operation it is" : "");
}

static bool bound_fee(struct bs_payment *payment, const struct bs_draft *draft, struct bs_error *error) {
  payment->fee += bs_draft_in(draft) - bs_draft_out(draft);
  payment->size += bs_draft_size(draft);
  if (payment->fee <= payment->names->max_fee) return true;
  return bs_fail(error, BS_WORD_usage, "The fee would be %" PRIu64 " satoshis, for %zu bytes at %" PRIu64
                 " satoshis for 1,000, but names.max_fee allows %" PRIu64 ".",
                 payment->fee, payment->size, payment->rate, payment->names->max_fee);
}

/* What the new transaction pays to the purse's address can be spent by the next one. */
static bool regain(struct bs_purse *purse, const struct bs_draft *draft, const unsigned char txid[BS_TXID_SIZE],
                   const struct bs_buffer *raw, struct bs_error *error) {
  struct bs_script script;

  bs_script_pay_to(&script, purse->hash);
  for (size_t i = 0; i < draft->output_count && purse->count < BS_PURSE_MAX; i++) {
    if (draft->outputs[i].script_length != script.length ||
        memcmp(draft->outputs[i].script, script.bytes, script.length) != 0)
      continue;
    memmove(&purse->coins[1], &purse->coins[0], purse->count * sizeof purse->coins[0]);
    if (!bs_coin_from_transaction(&purse->coins[0], txid, (uint32_t)i, raw->bytes, raw->length, error)) return false;
    purse->count++;
  }
  return true;
}

uint64_t bs_payment_burned(const struct bs_payment *payment, uint64_t price) {
  return payment->is_replaceable && price < BURN_MIN ? BURN_MIN : price;
}

static void note_made(struct bs_payment_made *made, const struct bs_draft *draft, const struct bs_operation *operation,
                      size_t change) {
  made->operation = *operation;
  made->input_count = draft->input_count;
  for (size_t i = 0; i < draft->input_count; i++) made->inputs[i] = draft->inputs[i].coin;
  made->change = (uint32_t)change;
  made->fee = bs_draft_in(draft) - bs_draft_out(draft);
}

bool bs_payment_add(struct bs_payment *payment, struct bs_batch *batch, char ret_txid[BS_TXID_TEXT],
                    const struct bs_payment_outputs *outputs, struct bs_error *error) {
  struct bs_draft draft = {.is_replaceable = payment->is_replaceable};
  struct bs_buffer *raw = &batch->raw[batch->count];
  unsigned char payload[BS_PAYLOAD_MAX], id[BS_TXID_SIZE];
  size_t change;

  bs_draft_data(&draft, payload, bs_operation_write(payload, magic, outputs->operation));
  if (outputs->recipient != NULL) bs_draft_pay(&draft, outputs->recipient, BS_DUST);
  if (outputs->value_hash != NULL) bs_draft_pay(&draft, outputs->value_hash, BS_DUST);
  change = draft.output_count;
  bs_draft_pay(&draft, payment->own.hash, 0);
  if (outputs->burn > 0) bs_draft_pay(&draft, burn_address, bs_payment_burned(payment, outputs->burn));
  if (!balance(payment, &draft, change)) return fail_poor(payment, error);
  if (!bound_fee(payment, &draft, error)) return false;
  note_made(&payment->made[batch->count], &draft, outputs->operation, payment->owner_pays ? change : draft.output_count - 1);
  batch->count++;
  if (!bs_draft_sign(raw, id, &draft, error)) return false;
  memcpy(payment->made[batch->count - 1].txid, id, sizeof id);
  bs_txid_text(ret_txid, id);
  return regain(&payment->own, &draft, id, raw, error) &&
         (payment->owner_pays || regain(&payment->pay, &draft, id, raw, error));
}

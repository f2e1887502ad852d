/* SPDX-License-Identifier: MIT */
/*
 * What changes names.  Transactions are made here, out of coins that were checked against the transactions they come
 * from, with the outputs in the order of protocol.md 3.1; price and fee are computed and bounded here, whoever answers.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/chain/rules.h"
#include "core/codec/hex.h"
#include "core/names/names-private.h"

#define DUST 5500u                    /* satoshis: what an output that only names an owner holds */
#define FUND_MORE UINT64_C(100000000) /* beyond what is needed: not every operation makes coins */
#define FUND_ATTEMPTS 3

static const unsigned char magic[2] = {'i', 'd'};
static const unsigned char burn_address[BS_HASH160_SIZE];

/* The coins of one key, as the transactions made so far leave them. */
struct purse {
  const struct bs_key *key;
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_coin coins[BS_COINS_MAX + BS_BATCH_MAX];
  size_t count;
  uint64_t missing; /* how much a transaction lacked; 0: nothing did */
};

struct job {
  const struct bs_names *names;
  const struct bs_name_operation *operation;
  const char *name;
  bool (*plan)(struct job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error);
  /* Who gets it: an address and its hash. */
  char owner[BS_ADDRESS_TEXT];
  unsigned char owner_hash[BS_HASH160_SIZE];
  unsigned char value_hash[BS_HASH160_SIZE]; /* update */
  struct purse own, pay;                     /* pay: unused when the owner pays */
  bool owner_pays;
  /* The chain as the plan sees it. */
  uint64_t height;
  unsigned char consensus[BS_CONSENSUS_SIZE];
  bool found;
  struct bs_name_entry entry;
  struct bs_namespace_entry name_space;
  struct bs_name_receipt receipt;
};

void bs_name_receipt_clear(struct bs_name_receipt *receipt) {
  free(receipt->raw);
  *receipt = (struct bs_name_receipt)BS_NAME_RECEIPT_INIT;
}

/* ---- one transaction ---- */

/* Outputs in their order; `change` is the one that goes back to the owner, its value still open. */
struct outline {
  struct bs_draft draft;
  size_t change;
};

static void outline_begin(struct outline *outline, const struct bs_operation *operation) {
  unsigned char payload[BS_PAYLOAD_MAX];

  *outline = (struct outline){.change = SIZE_MAX};
  bs_draft_data(&outline->draft, payload, bs_operation_write(payload, magic, operation));
}

static void outline_change(struct outline *outline, const struct job *job) {
  outline->change = outline->draft.output_count;
  bs_draft_pay(&outline->draft, job->own.hash, 0);
}

static uint64_t fee_of(const struct job *job, const struct bs_draft *draft) {
  return bs_draft_size(draft) * job->names->provider->fee_per_byte;
}

/* Spends the purse's coins until `draft` has `need` more than it pays (the fee comes on top); notes what is missing. */
static bool spend_from(const struct job *job, struct bs_draft *draft, struct purse *purse, uint64_t need) {
  while (bs_draft_in(draft) < bs_draft_out(draft) + fee_of(job, draft) + need) {
    if (purse->count == 0 || draft->input_count == BS_DRAFT_INPUTS) {
      purse->missing = bs_draft_out(draft) + fee_of(job, draft) + need - bs_draft_in(draft);
      return false;
    }
    bs_draft_spend(draft, &purse->coins[0], purse->key);
    memmove(&purse->coins[0], &purse->coins[1], --purse->count * sizeof purse->coins[0]);
  }
  return true;
}

/* The owner's coin comes first; when somebody else pays, the owner gets it back whole. */
static bool balance(struct job *job, struct outline *outline) {
  struct bs_draft *draft = &outline->draft;
  uint64_t *change = &draft->outputs[outline->change].value, left;

  if (job->owner_pays) {
    if (!spend_from(job, draft, &job->own, DUST)) return false;
    *change = bs_draft_in(draft) - bs_draft_out(draft) - fee_of(job, draft);
    return true;
  }
  if (job->own.count == 0) {
    job->own.missing = DUST;
    return false;
  }
  bs_draft_spend(draft, &job->own.coins[0], job->own.key);
  *change = job->own.coins[0].value;
  memmove(&job->own.coins[0], &job->own.coins[1], --job->own.count * sizeof job->own.coins[0]);
  bs_draft_pay(draft, job->pay.hash, DUST);
  if (!spend_from(job, draft, &job->pay, 0)) return false;
  left = bs_draft_in(draft) - bs_draft_out(draft) - fee_of(job, draft);
  draft->outputs[draft->output_count - 1].value += left;
  return true;
}

/* What the new transaction pays to the purse's address can be spent by the next one. */
static bool regain(struct purse *purse, const struct bs_draft *draft, const unsigned char txid[BS_TXID_SIZE],
                   const struct bs_buffer *raw, struct bs_error *error) {
  struct bs_script script;

  bs_script_pay_to(&script, purse->hash);
  for (size_t i = 0; i < draft->output_count && purse->count < BS_COINS_MAX + BS_BATCH_MAX; i++) {
    if (draft->outputs[i].script_length != script.length ||
        memcmp(draft->outputs[i].script, script.bytes, script.length) != 0)
      continue;
    memmove(&purse->coins[1], &purse->coins[0], purse->count * sizeof purse->coins[0]);
    if (!bs_coin_from_transaction(&purse->coins[0], txid, (uint32_t)i, raw->bytes, raw->length, error)) return false;
    purse->count++;
  }
  return true;
}

/* Balances, signs and adds the transaction to the batch.  Its id goes to `txid`. */
static bool finish(struct job *job, struct outline *outline, struct bs_batch *batch, char txid[BS_TXID_TEXT],
                   struct bs_error *error) {
  struct bs_buffer *raw = &batch->raw[batch->count];
  unsigned char id[BS_TXID_SIZE];

  if (!balance(job, outline))
    return bs_fail(error, BS_WORD_denied, "The coins of %s do not suffice: %" PRIu64 " satoshis are missing.",
                   job->own.missing != 0 || job->owner_pays ? "the owner's key" : "the paying key",
                   job->own.missing != 0 ? job->own.missing : job->pay.missing);
  job->receipt.fee += bs_draft_in(&outline->draft) - bs_draft_out(&outline->draft);
  if (job->receipt.fee > job->names->max_fee)
    return bs_fail(error, BS_WORD_usage, "The fee would be %" PRIu64 " satoshis, but names.max_fee allows %" PRIu64 ".",
                   job->receipt.fee, job->names->max_fee);
  batch->count++;
  if (!bs_draft_sign(raw, id, &outline->draft, error)) return false;
  bs_txid_text(txid, id);
  if (!regain(&job->own, &outline->draft, id, raw, error)) return false;
  return job->owner_pays || regain(&job->pay, &outline->draft, id, raw, error);
}

static bool bound_price(struct job *job, struct bs_error *error) {
  job->receipt.price = bs_price_to_pay(&job->name_space.rules, job->name);
  if (job->receipt.price <= job->names->max_price) return true;
  return bs_fail(error, BS_WORD_usage,
                 "The name %s costs %" PRIu64 " satoshis, but names.max_price allows %" PRIu64 ".", job->name,
                 job->receipt.price, job->names->max_price);
}

/* ---- what the operations need of the chain ---- */

static bool is_registered(const struct job *job) {
  return job->found && bs_rules_is_registered(&job->entry, &job->name_space, job->height);
}

static bool need_free(const struct job *job, struct bs_error *error) {
  if (!is_registered(job)) return true;
  if (strcmp(job->entry.origin.address, job->owner) == 0)
    return bs_fail(error, BS_WORD_conflict, "The name %s is registered already, by this very key.", job->name);
  return bs_fail(error, BS_WORD_conflict, "The name %s is registered already, by %s.", job->name,
                 job->entry.origin.address);
}

static bool need_owned(const struct job *job, struct bs_error *error) {
  char address[BS_ADDRESS_TEXT];

  if (!job->found)
    return bs_fail(error, BS_WORD_not_found, "The name %s is not registered; run: blockstore-cli register %s",
                   job->name, job->name);
  bs_key_address(address, job->own.key, BS_NETWORK_MAIN);
  if (strcmp(job->entry.origin.address, address) != 0)
    return bs_fail(error, BS_WORD_denied, "The name %s belongs to %s, and the key given is that of %s.", job->name,
                   job->entry.origin.address, address);
  if (job->entry.revoked)
    return bs_fail(error, BS_WORD_denied, "The name %s was revoked; it cannot be changed.", job->name);
  return true;
}

/* The name hash that a preorder of this job commits to. */
static void preorder_hash(const struct job *job, unsigned char hash[BS_HASH160_SIZE]) {
  struct bs_script sender;

  bs_script_pay_to(&sender, job->own.hash);
  bs_name_hash(hash, job->name, &sender, job->owner);
}

static bool add_preorder(struct job *job, struct bs_batch *batch, char txid[BS_TXID_TEXT], struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_PREORDER, .quantity = 1};
  struct outline outline;

  preorder_hash(job, operation.hash);
  memcpy(operation.consensus, job->consensus, sizeof operation.consensus);
  outline_begin(&outline, &operation);
  outline_change(&outline, job);
  bs_draft_pay(&outline.draft, burn_address, job->receipt.price);
  return finish(job, &outline, batch, txid, error);
}

/* burn: a renewal's price; 0: a registration, which was paid for by its preorder. */
static bool add_registration(struct job *job, struct bs_batch *batch, uint64_t burn, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_REGISTRATION};
  struct outline outline;

  snprintf(operation.name, sizeof operation.name, "%s", job->name);
  outline_begin(&outline, &operation);
  bs_draft_pay(&outline.draft, job->owner_hash, DUST);
  outline_change(&outline, job);
  if (burn > 0) bs_draft_pay(&outline.draft, burn_address, burn);
  return finish(job, &outline, batch, job->receipt.txid, error);
}

static bool plan_preorder(struct job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_preorder_entry preorder;
  unsigned char hash[BS_HASH160_SIZE];
  bool pending;

  if (!need_free(job, error) || !bound_price(job, error)) return false;
  preorder_hash(job, hash);
  if (!view->provider->get_preorder(view->state, &preorder, &pending, hash, error)) return false;
  if (pending)
    return bs_fail(error, BS_WORD_conflict, "The name %s is preordered already, by this very key.", job->name);
  return add_preorder(job, batch, job->receipt.txid, error);
}

/* A preorder made before is used; should it be no good (it paid too little), the rules refuse the registration. */
static bool plan_register(struct job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_preorder_entry preorder;
  unsigned char hash[BS_HASH160_SIZE];
  bool pending;

  if (!need_free(job, error) || !bound_price(job, error)) return false;
  preorder_hash(job, hash);
  if (!view->provider->get_preorder(view->state, &preorder, &pending, hash, error)) return false;
  if (!pending && !add_preorder(job, batch, job->receipt.preorder_txid, error)) return false;
  if (pending) job->receipt.price = 0;
  return add_registration(job, batch, 0, error);
}

static bool plan_renew(struct job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  (void)view;
  if (!need_owned(job, error)) return false;
  if (!is_registered(job))
    return bs_fail(error, BS_WORD_expired, "The name %s has expired; register it anew.", job->name);
  return bound_price(job, error) && add_registration(job, batch, job->receipt.price, error);
}

/* Two writers that started from the same value: the second must look again. */
static bool need_replaced(const struct job *job, struct bs_error *error) {
  char present[BS_VALUE_HASH_TEXT] = "";

  if (job->operation->replaces == NULL) return true;
  if (job->entry.has_value) bs_hex_encode(present, job->entry.value_hash, sizeof job->entry.value_hash);
  if (strcmp(present, job->operation->replaces) == 0) return true;
  return bs_fail(error, BS_WORD_conflict, "The name %s was updated by somebody else meanwhile.", job->name);
}

static bool plan_update(struct job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_UPDATE};
  struct outline outline;

  (void)view;
  if (!need_owned(job, error)) return false;
  if (bs_name_last_block(&job->entry, &job->name_space) < job->height)
    return bs_fail(error, BS_WORD_expired, "The name %s has expired.", job->name);
  if (!need_replaced(job, error)) return false;
  bs_update_hash(operation.name_hash, job->name, job->consensus);
  memcpy(operation.value_hash, job->value_hash, sizeof operation.value_hash);
  outline_begin(&outline, &operation);
  outline_change(&outline, job);
  return finish(job, &outline, batch, job->receipt.txid, error);
}

/* ---- one submission ---- */

static bool load_purse(struct bs_view *view, struct purse *purse, struct bs_error *error) {
  purse->missing = 0;
  return view->provider->coins(view->state, purse->coins, &purse->count, BS_COINS_MAX, purse->hash, error);
}

static bool load(struct job *job, struct bs_view *view, struct bs_error *error) {
  const struct bs_provider *provider = view->provider;
  const char *id = bs_name_namespace(job->name);
  bool found;

  if (!provider->get_namespace(view->state, &job->name_space, &found, id, error)) return false;
  if (!found || job->name_space.state != BS_NAMESPACE_IS_READY)
    return bs_fail(error, BS_WORD_usage, "There is no namespace %s on %s.", id, provider->place(view->state));
  return provider->get_name(view->state, &job->entry, &job->found, job->name, error) &&
         provider->tip(view->state, &job->height, job->consensus, error) && load_purse(view, &job->own, error) &&
         (job->owner_pays || load_purse(view, &job->pay, error));
}

static void drop_batch(struct bs_batch *batch) {
  for (size_t i = 0; i < BS_BATCH_MAX; i++) bs_buffer_clear(&batch->raw[i]);
  batch->count = 0;
}

static bool fund(const struct purse *purse, struct bs_view *view, struct bs_error *error) {
  return purse->missing == 0 || view->provider->fund(view->state, purse->hash, purse->missing + FUND_MORE, error);
}

/* Plans on the chain as it is; where coins are missing and can be made, makes them and plans again. */
static bool build(void *user, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct job *job = user;

  for (int attempt = 1;; attempt++) {
    drop_batch(batch);
    bs_name_receipt_clear(&job->receipt);
    if (!load(job, view, error)) return false;
    if (job->plan(job, view, batch, error)) return true;
    if ((job->own.missing == 0 && job->pay.missing == 0) || view->provider->fund == NULL || attempt == FUND_ATTEMPTS)
      return false;
    *error = (struct bs_error){0};
    if (!fund(&job->own, view, error) || !fund(&job->pay, view, error)) return false;
  }
}

static bool build_and_show(void *user, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct job *job = user;
  const struct bs_buffer *last;

  if (!build(user, view, batch, error)) return false;
  last = &batch->raw[batch->count - 1];
  job->receipt.raw = malloc(2 * last->length + 1);
  if (job->receipt.raw == NULL) return bs_fail_memory(error);
  bs_hex_encode(job->receipt.raw, last->bytes, last->length);
  return true;
}

static bool set_keys(struct job *job, const char *owner_address, struct bs_error *error) {
  const struct bs_name_operation *operation = job->operation;
  unsigned char version;

  if (operation->owner_key == NULL)
    return bs_fail(error, BS_WORD_usage, "The operation on %s needs the owner's key.", job->name);
  job->owner_pays = operation->payment_key == NULL;
  job->own.key = operation->owner_key;
  bs_public_key_hash(job->own.hash, bs_key_public(job->own.key));
  job->pay.key = operation->payment_key;
  if (!job->owner_pays) {
    bs_public_key_hash(job->pay.hash, bs_key_public(job->pay.key));
    if (memcmp(job->pay.hash, job->own.hash, sizeof job->pay.hash) == 0) job->owner_pays = true;
  }
  bs_key_address(job->owner, job->own.key, BS_NETWORK_MAIN);
  memcpy(job->owner_hash, job->own.hash, sizeof job->owner_hash);
  if (owner_address == NULL) return true;
  if (!bs_address_decode(&version, job->owner_hash, owner_address) || version != bs_address_version(BS_NETWORK_MAIN))
    return bs_fail(error, BS_WORD_usage, "%s is not an address of a key on this chain.", owner_address);
  snprintf(job->owner, sizeof job->owner, "%s", owner_address);
  return true;
}

static bool submit(struct job *job, struct bs_names *names, const struct bs_scope *scope, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  bool dry_run = job->operation->dry_run;

  if (!bs_names_enter(&call, names, scope, true, error)) return false;
  return names->provider->submit(names->state, &job->receipt.block, dry_run ? build_and_show : build, job, dry_run,
                                 error);
}

/* The frame of all operations; `job` holds what is special. */
static bool run(struct job *job, struct bs_names *names, const struct bs_scope *scope,
                struct bs_name_receipt *ret_receipt, const char *owner_address, struct bs_error *error) {
  job->names = names;
  if (!bs_name_check(job->name, error) || !set_keys(job, owner_address, error)) return false;
  if (!submit(job, names, scope, error)) {
    bs_name_receipt_clear(&job->receipt);
    return false;
  }
  memcpy(job->receipt.owner, job->owner, sizeof job->receipt.owner);
  *ret_receipt = job->receipt;
  return true;
}

bool bs_names_preorder(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const char *name, const char *owner_address, const struct bs_name_operation *operation,
                       struct bs_error *error) {
  struct job job = {.operation = operation, .name = name, .plan = plan_preorder};

  return run(&job, names, scope, ret_receipt, owner_address, error);
}

bool bs_names_register(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const char *name, const char *owner_address, const struct bs_name_operation *operation,
                       struct bs_error *error) {
  struct job job = {.operation = operation, .name = name, .plan = plan_register};

  return run(&job, names, scope, ret_receipt, owner_address, error);
}

bool bs_names_renew(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                    const char *name, const struct bs_name_operation *operation, struct bs_error *error) {
  struct job job = {.operation = operation, .name = name, .plan = plan_renew};

  return run(&job, names, scope, ret_receipt, NULL, error);
}

bool bs_names_update(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                     const char *name, const char *value_hash, const struct bs_name_operation *operation,
                     struct bs_error *error) {
  struct job job = {.operation = operation, .name = name, .plan = plan_update};

  if (strlen(value_hash) != 2 * sizeof job.value_hash ||
      !bs_hex_decode(job.value_hash, sizeof job.value_hash, value_hash))
    return bs_fail(error, BS_WORD_usage, "A value hash is 40 hexadecimal digits in lower case.");
  return run(&job, names, scope, ret_receipt, NULL, error);
}

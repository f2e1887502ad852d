/* SPDX-License-Identifier: MIT */
/* What changes names: which transactions each operation needs, and what it refuses before any is made. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/chain/rules.h"
#include "core/codec/hex.h"
#include "core/names/names-private.h"
#include "core/names/payment.h"

#define FUND_ATTEMPTS 3

struct job {
  const struct bs_name_operation *operation;
  const char *name;
  bool is_new; /* a registration: makes the chain where there is none */
  bool (*plan)(struct job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error);
  const char *owner_address;                 /* as given; NULL: that of owner_key */
  unsigned char value_hash[BS_HASH160_SIZE]; /* update */
  bool keep_data;                            /* transfer */
  /* Who gets it: an address and its hash. */
  char owner[BS_ADDRESS_TEXT];
  unsigned char owner_hash[BS_HASH160_SIZE];
  struct bs_payment payment;
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

static bool bound_price(struct job *job, struct bs_error *error) {
  job->receipt.price = bs_price_to_pay(&job->name_space.rules, job->name);
  if (job->receipt.price <= job->payment.names->max_price) return true;
  return bs_fail(error, BS_WORD_usage,
                 "The name %s costs %" PRIu64 " satoshis, but names.max_price allows %" PRIu64 ".", job->name,
                 job->receipt.price, job->payment.names->max_price);
}

/* ---- what the operations need of the chain ---- */

static bool is_registered(const struct job *job) {
  return job->found && bs_rules_is_registered(&job->entry, &job->name_space, job->height);
}

static bool need_free(const struct job *job, struct bs_error *error) {
  if (!is_registered(job)) return true;
  if (job->entry.revoked)
    return bs_fail(error, BS_WORD_denied, "The name %s was revoked; nobody can register it before it expires.",
                   job->name);
  if (strcmp(job->entry.origin.address, job->owner) == 0)
    return bs_fail(error, BS_WORD_conflict, "The name %s is registered already, by this very key.", job->name);
  return bs_fail(error, BS_WORD_conflict, "The name %s is registered already, by %s.", job->name,
                 job->entry.origin.address);
}

static bool fail_unregistered(const struct job *job, struct bs_error *error) {
  return bs_fail(error, BS_WORD_not_found, "The name %s is not registered; run: blockstore-cli register %s", job->name,
                 job->name);
}

static bool need_owned(const struct job *job, struct bs_error *error) {
  char address[BS_ADDRESS_TEXT];

  if (!job->found) return fail_unregistered(job, error);
  bs_key_address(address, job->operation->owner_key, BS_NETWORK_MAIN);
  if (strcmp(job->entry.origin.address, address) != 0)
    return bs_fail(error, BS_WORD_denied, "The name %s belongs to %s, and the key given is that of %s.", job->name,
                   job->entry.origin.address, address);
  if (job->entry.revoked)
    return bs_fail(error, BS_WORD_denied, "The name %s was revoked; it cannot be changed.", job->name);
  return true;
}

/* Owned, and neither updates nor transfers are too late. */
static bool need_current(const struct job *job, struct bs_error *error) {
  uint64_t last;

  if (!need_owned(job, error)) return false;
  last = bs_name_last_block(&job->entry, &job->name_space);
  if (last >= job->height) return true;
  return bs_fail(error, BS_WORD_expired, "The name %s expired at block %" PRIu64 "; register it anew.", job->name,
                 last);
}

/* Two writers that started from the same value: the second must look again. */
static bool need_replaced(const struct job *job, struct bs_error *error) {
  char present[BS_VALUE_HASH_TEXT] = "";

  if (job->operation->replaces == NULL) return true;
  if (job->entry.has_value) bs_hex_encode(present, job->entry.value_hash, sizeof job->entry.value_hash);
  if (strcmp(present, job->operation->replaces) == 0) return true;
  return bs_fail(error, BS_WORD_conflict, "The name %s was updated by somebody else meanwhile.", job->name);
}

/* ---- the operations ---- */

/* The name hash that a preorder of this job commits to. */
static void preorder_hash(const struct job *job, unsigned char hash[BS_HASH160_SIZE]) {
  struct bs_script sender;

  bs_script_pay_to(&sender, job->payment.own.hash);
  bs_name_hash(hash, job->name, &sender, job->owner);
}

static bool add_preorder(struct job *job, struct bs_batch *batch, char txid[BS_TXID_TEXT], struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_PREORDER, .quantity = 1};

  preorder_hash(job, operation.hash);
  memcpy(operation.consensus, job->consensus, sizeof operation.consensus);
  return bs_payment_add(&job->payment, batch, txid, &operation, NULL, job->receipt.price, error);
}

/* The last transaction of a job.  recipient: the name's owner from now on; NULL: as before. */
static bool add(struct job *job, struct bs_batch *batch, const struct bs_operation *operation,
                const unsigned char *recipient, struct bs_error *error) {
  return bs_payment_add(&job->payment, batch, job->receipt.txid, operation, recipient, 0, error);
}

/* burn: a renewal's price; 0: a registration, which was paid for by its preorder. */
static bool add_registration(struct job *job, struct bs_batch *batch, uint64_t burn, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_REGISTRATION};

  snprintf(operation.name, sizeof operation.name, "%s", job->name);
  return bs_payment_add(&job->payment, batch, job->receipt.txid, &operation, job->owner_hash, burn, error);
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

static bool plan_update(struct job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_UPDATE};

  (void)view;
  if (!need_current(job, error) || !need_replaced(job, error)) return false;
  bs_update_hash(operation.name_hash, job->name, job->consensus);
  memcpy(operation.value_hash, job->value_hash, sizeof operation.value_hash);
  return add(job, batch, &operation, NULL, error);
}

static bool plan_transfer(struct job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_TRANSFER, .keep_data = job->keep_data};

  (void)view;
  if (!need_current(job, error)) return false;
  if (strcmp(job->entry.origin.address, job->owner) == 0)
    return bs_fail(error, BS_WORD_usage, "The name %s belongs to %s already; give the address of somebody else.",
                   job->name, job->owner);
  bs_hash128(operation.name_hash, job->name, strlen(job->name));
  memcpy(operation.consensus, job->consensus, sizeof operation.consensus);
  return add(job, batch, &operation, job->owner_hash, error);
}

static bool plan_revoke(struct job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_REVOKE};

  (void)view;
  if (!need_current(job, error)) return false;
  snprintf(operation.name, sizeof operation.name, "%s", job->name);
  return add(job, batch, &operation, NULL, error);
}

/* ---- one submission ---- */

static bool load(struct job *job, struct bs_view *view, struct bs_error *error) {
  const struct bs_provider *provider = view->provider;
  const char *id = bs_name_namespace(job->name);
  bool found;

  if (!provider->get_name(view->state, &job->entry, &job->found, &job->name_space, &found, job->name, error)) return false;
  if (!found || job->name_space.state != BS_NAMESPACE_IS_READY)
    return bs_fail(error, BS_WORD_usage, "There is no namespace %s on %s.", id, provider->place(view->state));
  return provider->tip(view->state, &job->height, job->consensus, error) && bs_payment_load(&job->payment, view, error);
}

static void drop_batch(struct bs_batch *batch) {
  for (size_t i = 0; i < BS_BATCH_MAX; i++) bs_buffer_clear(&batch->raw[i]);
  batch->count = 0;
}

/* Plans on the chain as it is; where coins are missing and can be made, makes them and plans again. */
static bool build(void *user, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct job *job = user;

  for (int attempt = 1;; attempt++) {
    drop_batch(batch);
    bs_name_receipt_clear(&job->receipt);
    if (!load(job, view, error)) return false;
    if (job->plan(job, view, batch, error)) return true;
    if (!bs_payment_lacks(&job->payment) || view->provider->fund == NULL || attempt == FUND_ATTEMPTS) return false;
    *error = (struct bs_error){0};
    if (!bs_payment_fund(&job->payment, view, error)) return false;
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

static bool set_owner(struct job *job, struct bs_error *error) {
  unsigned char version;

  if (job->owner_address == NULL) {
    bs_key_address(job->owner, job->operation->owner_key, BS_NETWORK_MAIN);
    memcpy(job->owner_hash, job->payment.own.hash, sizeof job->owner_hash);
    return true;
  }
  if (!bs_address_decode(&version, job->owner_hash, job->owner_address) ||
      version != bs_address_version(BS_NETWORK_MAIN))
    return bs_fail(error, BS_WORD_usage, "%s is not an address of a key on this chain.", job->owner_address);
  snprintf(job->owner, sizeof job->owner, "%s", job->owner_address);
  return true;
}

static bool submit(struct job *job, struct bs_names *names, const struct bs_scope *scope, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  bool dry_run = job->operation->dry_run;

  if (!job->is_new) {
    if (!bs_names_enter(&call, names, scope, false, error)) return false;
    if (!call.exists) return fail_unregistered(job, error);
    bs_names_leave(&call);
  }
  if (!bs_names_enter(&call, names, scope, true, error)) return false;
  return names->provider->submit(names->state, &job->receipt.block, dry_run ? build_and_show : build, job, dry_run,
                                 error);
}

/* The frame of all operations; `job` holds what is special. */
static bool run(struct job *job, struct bs_names *names, const struct bs_scope *scope,
                struct bs_name_receipt *ret_receipt, struct bs_error *error) {
  const struct bs_name_operation *operation = job->operation;

  if (!bs_name_check(job->name, error)) return false;
  if (operation->owner_key == NULL)
    return bs_fail(error, BS_WORD_usage, "The operation on %s needs the owner's key.", job->name);
  bs_payment_begin(&job->payment, names, operation->owner_key, operation->payment_key);
  if (!set_owner(job, error)) return false;
  if (!submit(job, names, scope, error)) {
    bs_name_receipt_clear(&job->receipt);
    return false;
  }
  job->receipt.fee = job->payment.fee;
  memcpy(job->receipt.owner, job->owner, sizeof job->receipt.owner);
  *ret_receipt = job->receipt;
  return true;
}

bool bs_names_preorder(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const char *name, const char *owner_address, const struct bs_name_operation *operation,
                       struct bs_error *error) {
  struct job job = {
      .operation = operation, .name = name, .owner_address = owner_address, .is_new = true, .plan = plan_preorder};

  return run(&job, names, scope, ret_receipt, error);
}

bool bs_names_register(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const char *name, const char *owner_address, const struct bs_name_operation *operation,
                       struct bs_error *error) {
  struct job job = {
      .operation = operation, .name = name, .owner_address = owner_address, .is_new = true, .plan = plan_register};

  return run(&job, names, scope, ret_receipt, error);
}

bool bs_names_renew(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                    const char *name, const struct bs_name_operation *operation, struct bs_error *error) {
  struct job job = {.operation = operation, .name = name, .plan = plan_renew};

  return run(&job, names, scope, ret_receipt, error);
}

bool bs_names_update(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                     const char *name, const char *value_hash, const struct bs_name_operation *operation,
                     struct bs_error *error) {
  struct job job = {.operation = operation, .name = name, .plan = plan_update};

  if (strlen(value_hash) != 2 * sizeof job.value_hash ||
      !bs_hex_decode(job.value_hash, sizeof job.value_hash, value_hash))
    return bs_fail(error, BS_WORD_usage, "A value hash is 40 hexadecimal digits in lower case.");
  return run(&job, names, scope, ret_receipt, error);
}

bool bs_names_transfer(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const char *name, const char *owner_address, bool keep_data,
                       const struct bs_name_operation *operation, struct bs_error *error) {
  struct job job = {.operation = operation,
                    .name = name,
                    .owner_address = owner_address,
                    .keep_data = keep_data,
                    .plan = plan_transfer};

  return run(&job, names, scope, ret_receipt, error);
}

bool bs_names_revoke(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                     const char *name, const struct bs_name_operation *operation, struct bs_error *error) {
  struct job job = {.operation = operation, .name = name, .plan = plan_revoke};

  return run(&job, names, scope, ret_receipt, error);
}

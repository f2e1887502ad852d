/* SPDX-License-Identifier: MIT */
/* What changes names: which transactions each operation needs, and what it refuses before any is made. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/chain/rules.h"
#include "core/codec/hex.h"
#include "core/names/waiting.h"

/* ---- what the operations need of the chain ---- */

static bool is_registered(const struct bs_job *job) {
  return job->found && bs_rules_is_registered(&job->entry, &job->name_space, job->height);
}

static uint64_t last_block(const struct bs_job *job) {
  return bs_name_last_block(&job->entry, &job->name_space);
}

/* The block from which on anybody can register it: the one behind its last sees it as it was. */
static uint64_t free_block(const struct bs_job *job) {
  return last_block(job) + 2;
}

static bool fail_expired(const struct bs_job *job, struct bs_error *error) {
  if (job->height >= free_block(job))
    return bs_fail(error, BS_WORD_expired, "The name %s expired at block %" PRIu64 "; register it anew.", job->name,
                   last_block(job));
  return bs_fail(error, BS_WORD_expired,
                 "The name %s expired at block %" PRIu64 "; anybody can register it from block %" PRIu64 " on.",
                 job->name, last_block(job), free_block(job));
}

static bool fail_revoked(const struct bs_job *job, struct bs_error *error) {
  if (last_block(job) == UINT64_MAX)
    return bs_fail(error, BS_WORD_denied, "The name %s was revoked, and nobody can register it: it never expires.",
                   job->name);
  return bs_fail(error, BS_WORD_denied, "The name %s was revoked; nobody can register it before block %" PRIu64 ".",
                 job->name, free_block(job));
}

static bool need_free(const struct bs_job *job, struct bs_error *error) {
  char address[BS_ADDRESS_TEXT];

  if (!is_registered(job)) return true;
  if (last_block(job) < job->height) return fail_expired(job, error);
  if (job->entry.revoked) return fail_revoked(job, error);
  bs_job_sender(job, address);
  if (strcmp(job->entry.origin.address, address) == 0)
    return bs_fail(error, BS_WORD_conflict, "The name %s is registered already, by this very key.", job->name);
  return bs_fail(error, BS_WORD_conflict, "The name %s is registered already, by %s.", job->name,
                 job->entry.origin.address);
}

static bool fail_unregistered(const struct bs_job *job, struct bs_error *error) {
  return bs_fail(error, BS_WORD_not_found, "The name %s is not registered; run: blockstore-cli register %s", job->name,
                 job->name);
}

static bool need_owned(const struct bs_job *job, struct bs_error *error) {
  char address[BS_ADDRESS_TEXT];

  if (!job->found) return fail_unregistered(job, error);
  bs_job_sender(job, address);
  if (strcmp(job->entry.origin.address, address) != 0)
    return bs_fail(error, BS_WORD_denied, "The name %s belongs to %s, and the key given is that of %s.", job->name,
                   job->entry.origin.address, address);
  if (job->entry.revoked)
    return bs_fail(error, BS_WORD_denied, "The name %s was revoked; it cannot be changed.", job->name);
  return true;
}

/* Owned, and not expired. */
static bool need_current(const struct bs_job *job, struct bs_error *error) {
  return need_owned(job, error) && (last_block(job) >= job->height || fail_expired(job, error));
}

/* Updates and transfers tell a hash of the name, which is looked for in a list.  A name that was imported leaves the
 * lists before it expires (bs_unlisted_block), and no renewal puts it back. */
static bool need_listed(const struct bs_job *job, enum bs_lists lists, const char *done, struct bs_error *error) {
  if (!need_current(job, error)) return false;
  if ((job->entry.listed & lists) != 0) return true;
  return bs_fail(error, BS_WORD_expired,
                 "The name %s can no longer be %s: the lifetime that began with its import is over.  Anybody can"
                 " register it from block %" PRIu64 " on.",
                 job->name, done, free_block(job));
}

/* Two writers that started from the same value: the second must look again. */
static bool need_replaced(const struct bs_job *job, struct bs_error *error) {
  char present[BS_VALUE_HASH_TEXT] = "";

  if (job->operation->replaces == NULL) return true;
  if (job->entry.has_value) bs_hex_encode(present, job->entry.value_hash, sizeof job->entry.value_hash);
  if (strcmp(present, job->operation->replaces) == 0) return true;
  return bs_fail(error, BS_WORD_conflict, "The name %s was updated by somebody else meanwhile.", job->name);
}

/* ---- the operations ---- */

static bool bound_price(struct bs_job *job, struct bs_error *error) {
  return bs_job_bound_price(job, "name", bs_price_to_pay(&job->name_space.rules, job->name), error);
}

/* burn: a renewal's price; 0: a registration, which was paid for by its preorder. */
static bool add_registration(struct bs_job *job, struct bs_batch *batch, uint64_t burn, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_REGISTRATION};

  snprintf(operation.name, sizeof operation.name, "%s", job->name);
  return bs_job_add(job, batch,
                    &(struct bs_payment_outputs){.operation = &operation, .recipient = job->owner_hash, .burn = burn},
                    error);
}

/* Of this name, key and owner: one that waits. */
static const struct bs_underway *find_mine(const struct bs_job *job, int opcode, bool planned) {
  return job->waiting == NULL
             ? NULL
             : bs_waiting_find_of(job->waiting, opcode, job->name, job->payment.own.hash, job->owner, planned);
}

static bool plan_preorder(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  bool pending;

  if (!need_free(job, error) || !bound_price(job, error) ||
      !bs_job_find_preorder(job, view, BS_NAME_PREORDER, &pending, error))
    return false;
  if (pending || find_mine(job, BS_NAME_PREORDER, false) != NULL)
    return bs_fail(error, BS_WORD_conflict,
                   "The name %s is preordered already, by this very key; run: blockstore-cli register %s %s", job->name,
                   job->name, job->owner);
  return bs_job_add_preorder(job, batch, BS_NAME_PREORDER, job->receipt.txid, error);
}

/* A preorder made before is used.  It cannot be made again while it is pending, whatever it paid. */
static bool need_paid(const struct bs_job *job, struct bs_error *error) {
  if (bs_price_is_paid(&job->name_space.rules, job->name, job->preorder.op_fee)) return true;
  return bs_fail(error, BS_WORD_denied,
                 "The preorder of %s by this key burned %" PRIu64 " satoshis, and the name costs %" PRIu64
                 ".  Register it with another key, or for another address.",
                 job->name, job->preorder.op_fee, job->receipt.price);
}

/* What was sent before is told again. */
static bool is_underway(struct bs_job *job, int opcode, char txid[BS_TXID_TEXT]) {
  const struct bs_underway *item = find_mine(job, opcode, false);

  if (item == NULL) return false;
  bs_txid_text(txid, item->txid);
  job->receipt.price = 0;
  return true;
}

/* Two registrations in one block are both refused. */
static bool need_sole(const struct bs_job *job, struct bs_error *error) {
  const struct bs_underway *other =
      job->waiting == NULL ? NULL : bs_waiting_find(job->waiting, BS_NAME_REGISTRATION, job->name, false);
  char txid[BS_TXID_TEXT];

  if (other == NULL) return true;
  bs_txid_text(txid, other->txid);
  return bs_fail(error, BS_WORD_conflict, "The name %s is about to be registered for %s: the transaction %s waits for a block.",
                 job->name, other->address, txid);
}

/* The registration tells the name: it is not sent before the preorder is safe. */
static bool plan_first_step(struct bs_job *job, struct bs_batch *batch, struct bs_error *error) {
  job->receipt.waits = "preordered";
  job->plans_registration = find_mine(job, BS_NAME_REGISTRATION, true) == NULL;
  if (is_underway(job, BS_NAME_PREORDER, job->receipt.preorder_txid) && !job->plans_registration) return true;
  if (job->receipt.preorder_txid[0] != '\0') return bs_waiting_plan(job, error);
  return bs_job_add_preorder(job, batch, BS_NAME_PREORDER, job->receipt.preorder_txid, error);
}

static bool plan_register(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  bool pending;

  if (!need_free(job, error) || !bound_price(job, error)) return false;
  if (is_underway(job, BS_NAME_REGISTRATION, job->receipt.txid)) return true;
  if (!need_sole(job, error)) return false;
  if (!bs_job_find_preorder(job, view, BS_NAME_PREORDER, &pending, error)) return false;
  if (!pending && job->waiting != NULL) return plan_first_step(job, batch, error);
  if (!pending && !bs_job_add_preorder(job, batch, BS_NAME_PREORDER, job->receipt.preorder_txid, error)) return false;
  if (pending && !need_paid(job, error)) return false;
  if (pending) job->receipt.price = 0;
  return add_registration(job, batch, 0, error);
}

/* The chain takes a renewal in the block behind the last one, too, and leaves a name that no update finds. */
static bool plan_renew(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  (void)view;
  if (!need_listed(job, BS_LIST_BOTH, "saved by a renewal", error)) return false;
  if (is_underway(job, BS_NAME_REGISTRATION, job->receipt.txid)) return true;
  return bound_price(job, error) && add_registration(job, batch, job->receipt.price, error);
}

static bool plan_update(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_UPDATE};

  (void)view;
  if (!need_listed(job, BS_LIST_OF_OWNER, "updated", error) || !need_replaced(job, error)) return false;
  bs_update_hash(operation.name_hash, job->name, job->consensus);
  memcpy(operation.value_hash, job->value_hash, sizeof operation.value_hash);
  return bs_job_add(job, batch, &(struct bs_payment_outputs){.operation = &operation}, error);
}

static bool is_transfer_underway(struct bs_job *job) {
  const struct bs_underway *item = find_mine(job, BS_NAME_TRANSFER, false);
  struct bs_operation operation;
  struct bs_error ignored;

  return item != NULL && bs_waiting_operation(&operation, item, &ignored) && operation.keep_data == job->keep_data &&
         is_underway(job, BS_NAME_TRANSFER, job->receipt.txid);
}

static bool plan_transfer(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_TRANSFER, .keep_data = job->keep_data};

  (void)view;
  if (!need_listed(job, BS_LIST_BY_HASH, "transferred", error)) return false;
  if (is_transfer_underway(job)) return true;
  if (strcmp(job->entry.origin.address, job->owner) == 0)
    return bs_fail(error, BS_WORD_usage, "The name %s belongs to %s already; give the address of somebody else.",
                   job->name, job->owner);
  bs_hash128(operation.name_hash, job->name, strlen(job->name));
  memcpy(operation.consensus, job->consensus, sizeof operation.consensus);
  return bs_job_add(
      job, batch, &(struct bs_payment_outputs){.operation = &operation, .recipient = job->owner_hash}, error);
}

static bool is_revocation_underway(struct bs_job *job) {
  return is_underway(job, BS_NAME_REVOKE, job->receipt.txid);
}

static bool plan_revoke(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_REVOKE};

  (void)view;
  if (!need_current(job, error)) return false;
  if (is_revocation_underway(job)) return true;
  snprintf(operation.name, sizeof operation.name, "%s", job->name);
  return bs_job_add(job, batch, &(struct bs_payment_outputs){.operation = &operation}, error);
}

static bool look(struct bs_job *job, struct bs_view *view, struct bs_error *error) {
  const char *id = bs_name_namespace(job->name);

  if (!view->provider->get_name(view->state, &job->entry, &job->found, &job->name_space, &job->name_space_found,
                                job->name, error))
    return false;
  if (!job->name_space_found)
    return bs_fail(error, BS_WORD_usage, "There is no namespace %s on %s.", id, view->provider->place(view->state));
  if (job->name_space.state != BS_NAMESPACE_IS_READY)
    return bs_fail(error, BS_WORD_usage,
                   "The namespace %s is not ready yet; until then names are imported by %s alone.", id,
                   job->name_space.recipient_address);
  return true;
}

/* ---- the public ones ---- */

static bool run(struct bs_job *job, struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                struct bs_error *error) {
  job->look = look;
  return bs_name_check(job->name, error) && bs_job_run(job, names, scope, ret_receipt, error);
}

bool bs_names_preorder(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const char *name, const char *owner_address, const struct bs_name_operation *operation,
                       struct bs_error *error) {
  struct bs_job job = {
      .operation = operation, .name = name, .owner_address = owner_address, .plan = plan_preorder};

  return run(&job, names, scope, ret_receipt, error);
}

bool bs_names_register(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const char *name, const char *owner_address, const struct bs_name_operation *operation,
                       struct bs_error *error) {
  struct bs_job job = {
      .operation = operation, .name = name, .owner_address = owner_address, .plan = plan_register};

  return run(&job, names, scope, ret_receipt, error);
}

bool bs_names_renew(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                    const char *name, const struct bs_name_operation *operation, struct bs_error *error) {
  struct bs_job job = {
      .operation = operation, .name = name, .plan = plan_renew, .fail_absent = fail_unregistered};

  return run(&job, names, scope, ret_receipt, error);
}

bool bs_names_update(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                     const char *name, const char *value_hash, const struct bs_name_operation *operation,
                     struct bs_error *error) {
  struct bs_job job = {
      .operation = operation, .name = name, .plan = plan_update, .fail_absent = fail_unregistered};

  if (strlen(value_hash) != 2 * sizeof job.value_hash ||
      !bs_hex_decode(job.value_hash, sizeof job.value_hash, value_hash))
    return bs_fail(error, BS_WORD_usage, "A value hash is 40 hexadecimal digits in lower case.");
  return run(&job, names, scope, ret_receipt, error);
}

bool bs_names_transfer(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const char *name, const char *owner_address, bool keep_data,
                       const struct bs_name_operation *operation, struct bs_error *error) {
  struct bs_job job = {.operation = operation,
                    .name = name,
                    .owner_address = owner_address,
                    .keep_data = keep_data,
                    .plan = plan_transfer,
                    .is_repeated = is_transfer_underway,
                    .fail_absent = fail_unregistered};

  return run(&job, names, scope, ret_receipt, error);
}

bool bs_names_revoke(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                     const char *name, const struct bs_name_operation *operation, struct bs_error *error) {
  struct bs_job job = {
      .operation = operation, .name = name, .plan = plan_revoke, .is_repeated = is_revocation_underway,
      .fail_absent = fail_unregistered};

  return run(&job, names, scope, ret_receipt, error);
}

/* SPDX-License-Identifier: MIT */
/* What changes namespaces, what fills them before they are ready, and what changes nothing: announcements, and
 * transactions that were made elsewhere. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/names/job.h"

/* ---- what the operations need of the chain ---- */

static bool look_at_namespace(struct bs_job *job, struct bs_view *view, struct bs_error *error) {
  return view->provider->get_namespace(view->state, &job->name_space, &job->name_space_found, job->name, error);
}

static bool need_new(const struct bs_job *job, struct bs_error *error) {
  if (!job->name_space_found) return true;
  return bs_fail(error, BS_WORD_conflict, "The namespace %s is %s already.", job->name,
                 job->name_space.state == BS_NAMESPACE_IS_READY ? "ready" : "revealed");
}

static bool fail_unrevealed(const struct bs_job *job, struct bs_error *error) {
  const char *dot = strchr(job->name, '.'), *id = dot == NULL ? job->name : dot + 1;

  return bs_fail(
      error, BS_WORD_not_found,
      "The namespace %s is not revealed; run: blockstore-cli namespace_reveal %s, after its namespace_preorder", id,
      id);
}

/* hint: what follows where it is ready. */
static bool need_revealed(const struct bs_job *job, const char *hint, struct bs_error *error) {
  const struct bs_namespace_entry *name_space = &job->name_space;

  if (!job->name_space_found) return fail_unrevealed(job, error);
  return name_space->state == BS_NAMESPACE_REVEALED ||
         bs_fail(error, BS_WORD_conflict, "The namespace %s is ready already%s.", name_space->id, hint);
}

/* ---- NAMESPACE_PREORDER, NAMESPACE_REVEAL, NAMESPACE_READY ---- */

static bool plan_preorder(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  bool pending;

  if (!need_new(job, error) || !bs_job_bound_price(job, "namespace", bs_price_of_namespace(job->name), error) ||
      !bs_job_find_preorder(job, view, BS_NAMESPACE_PREORDER, &pending, error))
    return false;
  if (pending)
    return bs_fail(
        error, BS_WORD_conflict,
        "The namespace %s is preordered already, by this very key; run: blockstore-cli namespace_reveal %s %s",
        job->name, job->name, job->owner);
  return bs_job_add_preorder(job, batch, BS_NAMESPACE_PREORDER, job->receipt.txid, error);
}

static bool fail_unpreordered(const struct bs_job *job, struct bs_error *error) {
  return bs_fail(error, BS_WORD_denied,
                 "The namespace %s was not preordered by this key for %s; run: blockstore-cli namespace_preorder %s %s",
                 job->name, job->owner, job->name, job->owner);
}

static bool plan_reveal(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAMESPACE_REVEAL, .version = 1, .rules = job->rules};
  bool pending;

  if (!need_new(job, error) || !bs_job_find_preorder(job, view, BS_NAMESPACE_PREORDER, &pending, error)) return false;
  if (!pending) return fail_unpreordered(job, error);
  snprintf(operation.name, sizeof operation.name, "%s", job->name);
  return bs_job_add(
      job, batch, &(struct bs_payment_outputs){.operation = &operation, .recipient = job->owner_hash}, error);
}

static bool plan_ready(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAMESPACE_READY};
  char address[BS_ADDRESS_TEXT];

  (void)view;
  if (!need_revealed(job, "", error)) return false;
  bs_job_sender(job, address);
  if (strcmp(job->name_space.recipient_address, address) != 0)
    return bs_fail(error, BS_WORD_denied, "The namespace %s belongs to %s, and the key given is that of %s.", job->name,
                   job->name_space.recipient_address, address);
  snprintf(operation.name, sizeof operation.name, "%s", job->name);
  return bs_job_add(job, batch, &(struct bs_payment_outputs){.operation = &operation}, error);
}

/* ---- NAME_IMPORT ---- */

static bool look_at_both(struct bs_job *job, struct bs_view *view, struct bs_error *error) {
  return view->provider->get_name(view->state, &job->entry, &job->found, &job->name_space, &job->name_space_found,
                                  job->name, error);
}

/* Which keys are derived from that of the reveal address is for the rules to say. */
static bool plan_import(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_NAME_IMPORT};

  (void)view;
  if (!need_revealed(job, "; its names are registered, not imported", error)) return false;
  snprintf(operation.name, sizeof operation.name, "%s", job->name);
  return bs_job_add(job, batch,
                    &(struct bs_payment_outputs){
                        .operation = &operation, .recipient = job->owner_hash, .value_hash = job->value_hash},
                    error);
}

/* ---- ANNOUNCE ---- */

static bool fail_nameless(const struct bs_job *job, struct bs_error *error) {
  (void)job;
  return bs_fail(error, BS_WORD_denied, "Only who owns a name can announce something, and there is no name yet.");
}

static bool plan_announce(struct bs_job *job, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_operation operation = {.opcode = BS_ANNOUNCE};

  (void)view;
  memcpy(operation.hash, job->value_hash, sizeof operation.hash);
  return bs_job_add(job, batch, &(struct bs_payment_outputs){.operation = &operation}, error);
}

/* ---- the public ones ---- */

static bool run(struct bs_job *job, struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                struct bs_error *error) {
  job->look = look_at_namespace;
  return bs_names_check_namespace(job->name, error) && bs_job_run(job, names, scope, ret_receipt, error);
}

bool bs_names_namespace_preorder(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                                 const char *id, const char *reveal_address, const struct bs_name_operation *operation,
                                 struct bs_error *error) {
  struct bs_job job = {
      .operation = operation, .name = id, .owner_address = reveal_address, .plan = plan_preorder};

  return run(&job, names, scope, ret_receipt, error);
}

static bool check_rules(const struct bs_namespace_rules *rules, struct bs_error *error) {
  if (rules->lifetime == 0)
    return bs_fail(error, BS_WORD_usage, "A namespace's lifetime is at least 1 block.");
  for (size_t i = 0; i < BS_BUCKETS; i++)
    if (rules->buckets[i] > 15) return bs_fail(error, BS_WORD_usage, "A namespace's bucket exponents are 0 to 15.");
  if (rules->nonalpha_discount - 1u > 14u || rules->no_vowel_discount - 1u > 14u)
    return bs_fail(error, BS_WORD_usage, "A namespace's discounts are 1 to 15.");
  return true;
}

bool bs_names_namespace_reveal(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                               const char *id, const char *reveal_address, const struct bs_namespace_rules *rules,
                               const struct bs_name_operation *operation, struct bs_error *error) {
  struct bs_job job = {.operation = operation,
                       .name = id,
                       .owner_address = reveal_address,
                       .rules = *rules,
                       .plan = plan_reveal,
                       .fail_absent = fail_unpreordered};

  return check_rules(rules, error) && run(&job, names, scope, ret_receipt, error);
}

bool bs_names_namespace_ready(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                              const char *id, const struct bs_name_operation *operation, struct bs_error *error) {
  struct bs_job job = {.operation = operation, .name = id, .plan = plan_ready, .fail_absent = fail_unrevealed};

  return run(&job, names, scope, ret_receipt, error);
}

/* The chain tells the two outputs apart by their scripts. */
static bool take_value_hash(struct bs_job *job, const char *value_hash, struct bs_error *error) {
  unsigned char version, hash[BS_HASH160_SIZE];

  if (!bs_hex_is_string(value_hash, 2 * sizeof job->value_hash) ||
      !bs_hex_decode(job->value_hash, sizeof job->value_hash, value_hash))
    return bs_fail(error, BS_WORD_usage, "A value hash is 40 hexadecimal digits in lower case.");
  if (bs_address_decode(&version, hash, job->owner_address) && memcmp(hash, job->value_hash, sizeof hash) == 0)
    return bs_fail(error, BS_WORD_usage,
                   "The value hash of %s is the hash in its owner's address, which no import can say.", job->name);
  return true;
}

bool bs_names_import(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                     const char *name, const char *owner_address, const char *value_hash,
                     const struct bs_name_operation *operation, struct bs_error *error) {
  struct bs_job job = {.operation = operation,
                       .name = name,
                       .owner_address = owner_address,
                       .look = look_at_both,
                       .plan = plan_import,
                       .fail_absent = fail_unrevealed};

  return bs_name_check(name, error) && take_value_hash(&job, value_hash, error) &&
         bs_job_run(&job, names, scope, ret_receipt, error);
}

bool bs_names_announce(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const unsigned char hash[BS_HASH160_SIZE], const struct bs_name_operation *operation,
                       struct bs_error *error) {
  struct bs_job job = {
      .operation = operation, .name = "the announcement", .is_nameless = true, .plan = plan_announce,
      .fail_absent = fail_nameless};

  memcpy(job.value_hash, hash, sizeof job.value_hash);
  return bs_job_run(&job, names, scope, ret_receipt, error);
}

/* ---- a transaction as it is ---- */

static bool read_transaction(struct bs_buffer *raw, char txid[BS_TXID_TEXT], const char *hex, struct bs_error *error) {
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {0};
  size_t length = strlen(hex) / 2;
  unsigned char *bytes = bs_buffer_extend(raw, length + 1); /* one more: none would be no memory */

  if (bytes == NULL) return bs_fail_memory(error);
  raw->length = length;
  if (strlen(hex) % 2 != 0 || !bs_hex_decode_any_case(bytes, length, hex))
    return bs_fail(error, BS_WORD_usage, "A transaction is given as hexadecimal digits, two a byte.");
  if (!bs_transaction_parse(&transaction, raw->bytes, raw->length, error))
    return error->word == BS_WORD_malformed ? bs_fail(error, BS_WORD_usage, "%s", error->message) : false;
  bs_txid_text(txid, transaction.txid);
  return true;
}

bool bs_names_broadcast(struct bs_names *names, struct bs_scope *scope, struct bs_name_broadcast *ret_broadcast,
                        const char *hex, bool dry_run, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_broadcast broadcast = {.block = 0};

  if (!read_transaction(&raw, broadcast.txid, hex, error) || !bs_names_enter(&call, names, scope, false, error))
    return false;
  if (!call.exists)
    return bs_fail(error, BS_WORD_no_names, "%s: There is no ledger, and no coin that the transaction could spend.",
                   names->provider->place(names->state));
  bs_names_leave(&call);
  if (!bs_names_enter(&call, names, scope, !dry_run, error) ||
      !names->provider->broadcast(names->state, &broadcast, &raw, dry_run, error))
    return false;
  *ret_broadcast = broadcast;
  return true;
}

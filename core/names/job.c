/* SPDX-License-Identifier: MIT */
/* The frame of all operations: plan on the chain as it is, pay, submit. */
#include <config.h>

#include "core/names/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/names/waiting.h"

#define FUND_ATTEMPTS 3

void bs_name_receipt_clear(struct bs_name_receipt *receipt) {
  free(receipt->raw);
  *receipt = (struct bs_name_receipt)BS_NAME_RECEIPT_INIT;
}

/* ---- for plans ---- */

void bs_job_sender(const struct bs_job *job, char address[BS_ADDRESS_TEXT]) {
  bs_key_address(address, job->operation->owner_key, job->network);
}

bool bs_job_bound_price(struct bs_job *job, const char *noun, uint64_t price, struct bs_error *error) {
  uint64_t most = job->payment.names->max_price;

  job->receipt.price = price;
  if (!bs_names_is_payable(price))
    return bs_fail(error, BS_WORD_usage,
                   "The %s %s costs %" PRIu64 " satoshis: nobody can ever pay that, there are not as many.", noun,
                   job->name, price);
  if (price <= most) return true;
  return bs_fail(error, BS_WORD_usage,
                 "The %s %s costs %" PRIu64 " satoshis, but names.max_price allows %" PRIu64
                 "; to pay that, set names.max_price to %" PRIu64 " in the configuration.",
                 noun, job->name, price, most, price);
}

void bs_job_preorder_hash(unsigned char hash[BS_HASH160_SIZE], const char *name, const unsigned char sender[BS_HASH160_SIZE],
                          const char *address) {
  struct bs_script script;

  bs_script_pay_to(&script, sender);
  bs_name_hash(hash, name, &script, address);
}

bool bs_job_find_preorder(struct bs_job *job, struct bs_view *view, enum bs_opcode opcode, bool *ret_pending,
                          struct bs_error *error) {
  unsigned char hash[BS_HASH160_SIZE];

  bs_job_preorder_hash(hash, job->name, job->payment.own.hash, job->owner);
  return view->provider->get_preorder(view->state, &job->preorder, ret_pending, opcode, hash, error);
}

bool bs_job_add_preorder(struct bs_job *job, struct bs_batch *batch, enum bs_opcode opcode, char txid[BS_TXID_TEXT],
                         struct bs_error *error) {
  struct bs_operation operation = {.opcode = opcode, .quantity = 1};

  bs_job_preorder_hash(operation.hash, job->name, job->payment.own.hash, job->owner);
  memcpy(operation.consensus, job->consensus, sizeof operation.consensus);
  return bs_payment_add(&job->payment, batch, txid,
                        &(struct bs_payment_outputs){.operation = &operation, .burn = job->receipt.price}, error);
}

bool bs_job_add(struct bs_job *job, struct bs_batch *batch, const struct bs_payment_outputs *outputs,
                struct bs_error *error) {
  return bs_payment_add(&job->payment, batch, job->receipt.txid, outputs, error);
}

/* ---- one submission ---- */

static bool load(struct bs_job *job, struct bs_view *view, struct bs_error *error) {
  const struct bs_waiting *waiting = job->waiting;

  if ((job->look != NULL && !job->look(job, view, error)) ||
      !view->provider->tip(view->state, &job->height, job->consensus, error) || !bs_payment_load(&job->payment, view, error))
    return false;
  if (waiting == NULL) return true;
  job->height = waiting->next_block;
  memcpy(job->consensus, waiting->consensus, sizeof job->consensus);
  return ((job->is_repeated != NULL && job->is_repeated(job)) || bs_waiting_check(waiting, job->name, error)) &&
         bs_waiting_adjust(waiting, &job->payment, error);
}

static void drop_batch(struct bs_batch *batch) {
  for (size_t i = 0; i < BS_BATCH_MAX; i++) bs_buffer_clear(&batch->raw[i]);
  batch->count = 0;
}

/* Plans on the chain as it is; where coins are missing and can be made, makes them and plans again. */
static bool build(void *user, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_job *job = user;

  for (int attempt = 1;; attempt++) {
    drop_batch(batch);
    bs_name_receipt_clear(&job->receipt);
    job->plans_registration = false;
    if (!load(job, view, error)) return false;
    if (job->plan(job, view, batch, error)) return true;
    if (!bs_payment_lacks(&job->payment) || view->provider->fund == NULL || attempt == FUND_ATTEMPTS) return false;
    *error = (struct bs_error){0};
    if (!bs_payment_fund(&job->payment, view, error)) return false;
  }
}

static bool build_and_show(void *user, struct bs_view *view, struct bs_batch *batch, struct bs_error *error) {
  struct bs_job *job = user;
  const struct bs_buffer *last;

  if (!build(user, view, batch, error)) return false;
  if (batch->count == 0) return true;
  last = &batch->raw[batch->count - 1];
  job->receipt.raw = malloc(2 * last->length + 1);
  if (job->receipt.raw == NULL) return bs_fail_memory(error);
  bs_hex_encode(job->receipt.raw, last->bytes, last->length);
  return true;
}

static bool set_owner(struct bs_job *job, struct bs_error *error) {
  unsigned char version;

  if (job->owner_address == NULL) {
    bs_key_address(job->owner, job->operation->owner_key, job->network);
    memcpy(job->owner_hash, job->payment.own.hash, sizeof job->owner_hash);
    return true;
  }
  if (!bs_address_decode(&version, job->owner_hash, job->owner_address) ||
      version != bs_address_version(job->network))
    return bs_names_fail_address(job->owner_address, error);
  snprintf(job->owner, sizeof job->owner, "%s", job->owner_address);
  return true;
}

static bool submit(struct bs_job *job, struct bs_names *names, struct bs_scope *scope, struct bs_error *error) {
  struct bs_names_call call BS_AUTO(bs_names_leave) = {0};
  bool dry_run = job->operation->dry_run;

  if (job->fail_absent != NULL) {
    if (!bs_names_enter(&call, names, scope, false, error)) return false;
    if (!call.exists) return job->fail_absent(job, error);
    bs_names_leave(&call);
  }
  if (!names->provider->is_immediate(names->state))
    return bs_waiting_submit(job, names, scope, dry_run ? build_and_show : build, error);
  if (!bs_names_enter(&call, names, scope, !dry_run, error)) return false;
  return names->provider->submit(names->state, &job->receipt.block, dry_run ? build_and_show : build, job, dry_run,
                                 error);
}

/* Once more where the server was one that only boasted of its chain, and nothing was made. */
static bool submit_somewhere(struct bs_job *job, struct bs_names *names, struct bs_scope *scope, struct bs_error *error) {
  if (submit(job, names, scope, error)) return true;
  job->waiting = NULL;
  if (job->is_kept || !bs_names_may_repeat(names)) return false;
  *error = (struct bs_error){0};
  return submit(job, names, scope, error);
}

bool bs_job_run(struct bs_job *job, struct bs_names *names, struct bs_scope *scope,
                struct bs_name_receipt *ret_receipt, struct bs_error *error) {
  const struct bs_name_operation *operation = job->operation;

  if (operation->owner_key == NULL)
    return bs_fail(error, BS_WORD_usage, "The operation on %s needs the owner's key.", job->name);
  bs_payment_begin(&job->payment, names, operation->owner_key, operation->payment_key);
  if (!bs_names_network(names, scope, &job->network, error) || !set_owner(job, error)) return false;
  if (!submit_somewhere(job, names, scope, error)) {
    bs_name_receipt_clear(&job->receipt);
    return false;
  }
  job->receipt.fee = job->payment.fee;
  job->receipt.size = job->payment.size;
  memcpy(job->receipt.owner, job->owner, sizeof job->receipt.owner);
  *ret_receipt = job->receipt;
  return true;
}

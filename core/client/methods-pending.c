/* SPDX-License-Identifier: MIT */
/* What was begun and is not done, and going on with it. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/client/methods.h"
#include "core/client/publish.h"
#include "core/codec/hex.h"
#include "core/names/pending.h"
#include "core/state/floors.h"

static cJSON *describe_unfinished(const struct bs_unfinished *unfinished) {
  cJSON *item = cJSON_CreateObject();

  bs_document_text(item, "chain_id", unfinished->chain);
  bs_document_text(item, "name", unfinished->name);
  if (unfinished->id != NULL) {
    bs_document_text(item, "id", unfinished->id);
    bs_document_number(item, "ver", unfinished->ver);
  } else {
    bs_document_text(item, "value_hash", unfinished->value_hash);
    bs_document_text(item, "txid", unfinished->txid);
  }
  return item;
}

static cJSON *describe_operation(const struct bs_pending_operation *operation) {
  cJSON *item = cJSON_CreateObject();

  bs_document_text(item, "name", operation->name);
  bs_document_text(item, "operation", operation->operation);
  bs_document_text(item, "txid", operation->txid);
  bs_document_text(item, "value_hash", operation->value_hash);
  bs_document_text(item, "state", operation->state);
  bs_document_text(item, "due", operation->due);
  bs_document_number(item, "age", operation->age);
  if (operation->consensus_age == UINT64_MAX) bs_document_null(item, "consensus_age");
  else bs_document_number(item, "consensus_age", operation->consensus_age);
  bs_document_number(item, "fee", operation->fee);
  bs_document_text(item, "reason", operation->reason);
  return item;
}

struct unfinished {
  struct bs_unfinished *items;
  size_t count;
};

static void free_unfinished(struct unfinished *unfinished) {
  bs_unfinished_free(unfinished->items, unfinished->count);
}

static bool list(struct bs_method_call *call, struct unfinished *ret_unfinished) {
  return bs_state_unfinished(call->work->session->state, call->work->scope, &ret_unfinished->items, &ret_unfinished->count,
                             bs_method_error(call));
}

/* ---- user records whose transaction was lost, or that somebody else overwrote: published anew ---- */

static bool skip_what_stands(void *user, struct bs_work *work, struct bs_publication *publication,
                             const struct bs_present *present) {
  (void)user, (void)work;
  publication->is_done = present->copy == NULL || strcmp(present->copy->value_hash, present->will_be) == 0 ||
                         strcmp(publication->owner->addresses[present->record.network], present->record.owner) != 0;
  return true;
}

static bool publish_again(struct bs_method_call *call, const char *name) {
  struct bs_publication publication = {.name = name,
                                       .owner = call->options->owner_key,
                                       .payment = call->options->payment_key,
                                       .prepare = skip_what_stands};
  bool good = bs_publish(call->work, &publication);

  bs_name_receipt_clear(&publication.receipt);
  return good;
}

/* Each name once; what cannot be published now is told, and no reason to leave out the others. */
static bool publish_all_again(struct bs_method_call *call, const char *chain) {
  struct unfinished unfinished BS_AUTO(free_unfinished) = {NULL, 0};
  cJSON *failed = bs_document_array(call->answer, "failed");
  const char *last = "";

  if (!list(call, &unfinished)) return false;
  for (size_t i = 0; i < unfinished.count; i++) {
    const struct bs_unfinished *item = &unfinished.items[i];
    cJSON *told;

    if (item->id != NULL || strcmp(item->chain, chain) != 0 || strcmp(item->name, last) == 0 || item->txid[0] == '\0') continue;
    last = item->name;
    if (publish_again(call, item->name)) continue;
    if (bs_method_error(call)->word == BS_WORD_cancelled || bs_method_error(call)->word == BS_WORD_deadline) return false;
    told = cJSON_CreateObject();
    bs_document_text(told, "name", item->name);
    bs_document_text(told, "error", bs_method_error(call)->message);
    bs_document_append(failed, told);
    *bs_method_error(call) = (struct bs_error){0};
  }
  return true;
}

static bool resume(struct bs_method_call *call, struct bs_pending_operation **ret_items, size_t *ret_count) {
  const struct blockstore_name_options *options = call->options;
  struct bs_names_info info;

  if (!bs_names_info(bs_method_names(call), call->work->scope, &info, bs_method_error(call))) return false;
  if (options->owner_key != NULL && info.exists && !publish_all_again(call, info.chain_id)) return false;
  return bs_names_resume(bs_method_names(call), call->work->scope, ret_items, ret_count,
                         options->owner_key == NULL ? NULL : options->owner_key->key,
                         options->payment_key == NULL ? NULL : options->payment_key->key, bs_method_error(call));
}

/* Without the name service only the operations are not listed. */
static bool look(struct bs_method_call *call, struct bs_pending_operation **ret_items, size_t *ret_count) {
  struct bs_error *error = bs_method_error(call);

  if (bs_names_pending(bs_method_names(call), call->work->scope, ret_items, ret_count, error)) return true;
  if (error->word != BS_WORD_unreachable && error->word != BS_WORD_no_names) return false;
  bs_document_text(call->answer, "operations_unknown", error->message);
  *error = (struct bs_error){0};
  *ret_items = NULL;
  *ret_count = 0;
  return true;
}

bool bs_method_pending(struct bs_method_call *call) {
  struct unfinished unfinished BS_AUTO(free_unfinished) = {NULL, 0};
  struct bs_pending_operation *operations BS_AUTO_FREE = NULL;
  cJSON *records, *versions, *listed;
  bool resumes = false;
  size_t count;

  if (!bs_method_boolean(call, &resumes, 0, "RESUME")) return false;
  if (resumes && call->options->dry_run != 0)
    return bs_fail(bs_method_error(call), BS_WORD_usage, "To go on with what was begun sends transactions: there is no dry run of"
                   " it.  Without RESUME, pending says what waits.");
  if (!(resumes ? resume(call, &operations, &count) : look(call, &operations, &count)) || !list(call, &unfinished))
    return false;
  listed = bs_document_array(call->answer, "operations");
  records = bs_document_array(call->answer, "user_records");
  versions = bs_document_array(call->answer, "versions");
  for (size_t i = 0; i < count; i++) bs_document_append(listed, describe_operation(&operations[i]));
  for (size_t i = 0; i < unfinished.count; i++)
    bs_document_append(unfinished.items[i].id == NULL ? records : versions, describe_unfinished(&unfinished.items[i]));
  if (!resumes) return true;
  call->told = operations;
  call->told_count = count;
  operations = NULL;
  return true;
}

void bs_method_told(struct bs_method_call *call) {
  struct bs_error error = {0};

  if (call->told_count > 0 && !bs_names_told(bs_method_names(call), call->work->scope, call->told, call->told_count, &error))
    bs_log(BS_LOG_WARNING, "What was lost or refused is told once more the next time: %s", error.message);
}

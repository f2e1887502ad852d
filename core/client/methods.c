/* SPDX-License-Identifier: MIT */
/* The name operations and questions: a table of methods, each answered as a document. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/nearest.h"
#include "core/client/methods.h"
#include "core/client/options.h"
#include "core/client/proving.h"
#include "core/client/publish.h"
#include "core/client/reading.h"
#include "core/codec/hex.h"
#include "core/driver/value.h"

struct method {
  const char *name;
  size_t least, most;  /* arguments */
  const char *synopsis;
  bool needs_key;
  bool needs_stores;
  bool (*run)(struct bs_method_call *call);
};

static bool ping(struct bs_method_call *call) {
  struct bs_names_info info;

  if (!bs_names_info(bs_method_names(call), call->work->scope, &info, bs_method_error(call))) return false;
  bs_document_string(call->answer, "status", "alive");
  return true;
}

static bool getinfo(struct bs_method_call *call) {
  struct bs_names_info info;

  if (!bs_names_info(bs_method_names(call), call->work->scope, &info, bs_method_error(call))) return false;
  bs_document_text(call->answer, "version", blockstore_version());
  bs_document_text(call->answer, "provider", info.provider);
  bs_document_text(call->answer, "proven", info.proven);
  bs_document_text(call->answer, "network", info.network);
  if (info.server != NULL) bs_document_text(call->answer, "server", info.server);
  else bs_document_text(call->answer, "ledger", info.ledger);
  bs_document_text(call->answer, "chain_id", info.exists ? info.chain_id : NULL);
  bs_document_text(call->answer, "consensus", info.exists ? info.consensus : NULL);
  bs_document_number(call->answer, "last_block", info.height);
  bs_document_number(call->answer, "names", info.names);
  if (strcmp(info.provider, "embedded") == 0)
    bs_document_string(call->answer, "note",
                       "The embedded ledger is a file of this machine: its names exist here only, and whoever can write the file "
                       "decides them.");
  else
    bs_document_string(call->answer, "note",
                       "A name server is believed without proof, as a certificate authority is: whoever runs it, or is between, "
                       "decides what names say.");
  return true;
}

static void add_name_record(cJSON *object, const struct bs_name_record *record) {
  bs_document_text(object, "name", record->name);
  bs_document_text(object, "address", record->owner);
  bs_document_text(object, "value_hash", record->value_hash);
  bs_document_truth(object, "revoked", record->revoked);
  bs_document_truth(object, "expired", record->expired);
  bs_document_number(object, "first_registered", record->first_registered);
  bs_document_number(object, "last_renewed", record->last_renewed);
  if (record->expires == BS_NAMES_NEVER) bs_document_null(object, "expires");
  else bs_document_number(object, "expires", record->expires);
  bs_document_number(object, "block_number", record->block_number);
  bs_document_number(object, "preorder_block_number", record->preorder_block_number);
  bs_document_number(object, "last_block", record->block);
  bs_document_number(object, "vtxindex", record->vtxindex);
  bs_document_text(object, "txid", record->txid);
  bs_document_text(object, "op", record->op);
  bs_document_text(object, "opcode", record->opcode);
  bs_document_number(object, "op_fee", record->op_fee);
  bs_document_text(object, "sender", record->sender);
  bs_document_text(object, "sender_pubkey", record->sender_pubkey);
}

/* Of several servers the one whose word alone it is. */
static void add_teller(cJSON *object, const struct bs_name_record *record) {
  if (record->told_by != NULL) bs_document_text(object, "told_by", record->told_by);
}

static bool get_name_blockchain_record(struct bs_method_call *call) {
  struct bs_name_record record;

  if (!bs_names_lookup(bs_method_names(call), call->work->scope, &record, call->arguments[0], bs_method_error(call)))
    return false;
  add_name_record(call->answer, &record);
  add_teller(call->answer, &record);
  return true;
}

bool bs_method_number(const struct bs_method_call *call, uint64_t *number, size_t argument, const char *what) {
  const char *text = call->arguments[argument];
  int64_t value;

  if (text == NULL) return true;
  if (!bs_option_number(&value, BS_OPTION_INT, text, "") || value < 0)
    return bs_fail(bs_method_error(call), BS_WORD_usage, "%s is a number from 0 on, not \"%s\".", what, text);
  *number = (uint64_t)value;
  return true;
}

static bool get_name_cost(struct bs_method_call *call) {
  uint64_t price;

  if (!bs_names_cost(bs_method_names(call), call->work->scope, &price, call->arguments[0], bs_method_error(call)))
    return false;
  bs_document_text(call->answer, "name", call->arguments[0]);
  bs_document_number(call->answer, "satoshis", price);
  bs_document_truth(call->answer, "payable", bs_names_is_payable(price));
  return true;
}

bool bs_method_list(struct bs_method_call *call, const char *texts, size_t count) {
  cJSON *list = bs_document_array(call->answer, "names");

  for (size_t i = 0; i < count; i++, texts += strlen(texts) + 1)
    if (!bs_document_append(list, cJSON_CreateString(texts))) return bs_fail_memory(bs_method_error(call));
  return true;
}

static bool answer_names(struct bs_method_call *call, const char *address, uint64_t offset, uint64_t count) {
  char *names BS_AUTO_FREE = NULL;
  size_t found;

  return bs_names_list(bs_method_names(call), call->work->scope, &names, &found, address, offset, count,
                       bs_method_error(call)) &&
         bs_method_list(call, names, found);
}

static bool get_all_names(struct bs_method_call *call) {
  uint64_t offset = 0, count = INT64_MAX;

  return bs_method_number(call, &offset, 0, "OFFSET") && bs_method_number(call, &count, 1, "COUNT") &&
         answer_names(call, NULL, offset, count);
}

static bool get_names_owned_by_address(struct bs_method_call *call) {
  bs_document_text(call->answer, "address", call->arguments[0]);
  return answer_names(call, call->arguments[0], 0, INT64_MAX);
}

static bool get_consensus_at(struct bs_method_call *call) {
  char consensus[BS_CONSENSUS_TEXT];
  uint64_t block = 0;

  if (!bs_method_number(call, &block, 0, "BLOCK") ||
      !bs_names_consensus_at(bs_method_names(call), call->work->scope, consensus, block, bs_method_error(call)))
    return false;
  bs_document_number(call->answer, "block", block);
  bs_document_text(call->answer, "consensus", consensus);
  return true;
}

static bool lookup(struct bs_method_call *call) {
  struct bs_present present BS_AUTO(bs_present_free) = BS_PRESENT_INIT;
  const char *name = call->arguments[0];

  call->work->proving.is_wanted = call->options->prove != 0;
  call->work->proving.most_blocks = call->options->prove_blocks;
  if (!bs_present_load(call->work, &present, name)) return false;
  add_name_record(bs_document_object(call->answer, "name_record"), &present.record);
  bs_document_text(call->answer, "proven", present.record.proven);
  add_teller(call->answer, &present.record);
  bs_proving_describe(call->work, call->answer);
  if (present.copy == NULL) bs_document_null(call->answer, "user_record");
  else bs_document_raw(call->answer, "user_record", present.copy->user.bytes);
  return bs_present_believe_name(call->work, &present);
}

static bool explain(struct bs_method_call *call) {
  return bs_explain(call->work, call->answer, call->arguments[0], call->arguments[1]);
}

struct bs_name_operation bs_method_operation(const struct bs_method_call *call) {
  const struct blockstore_name_options *options = call->options;

  return (struct bs_name_operation){.owner_key = options->owner_key->key,
                                    .payment_key = options->payment_key == NULL ? NULL : options->payment_key->key,
                                    .dry_run = options->dry_run != 0};
}

bool bs_method_make_directory(const struct bs_method_call *call) {
  return call->options->dry_run != 0 || bs_state_make_directory(call->work->session->state, bs_method_error(call));
}

bool bs_method_receipt(struct bs_method_call *call, struct bs_name_receipt *receipt) {
  if (receipt->raw == NULL) memcpy(call->work->report.txid, receipt->txid, sizeof call->work->report.txid);
  bs_document_text(call->answer, "address", receipt->owner);
  bs_document_text(call->answer, "txid", receipt->txid);
  if (receipt->preorder_txid[0] != '\0') bs_document_text(call->answer, "preorder_txid", receipt->preorder_txid);
  if (receipt->waits == NULL) bs_document_number(call->answer, "block", receipt->block);
  else bs_document_null(call->answer, "block");
  if (receipt->waits != NULL) bs_document_text(call->answer, "state", receipt->raw == NULL ? receipt->waits : "dry_run");
  bs_document_number(call->answer, "price", receipt->price);
  bs_document_number(call->answer, "fee", receipt->fee);
  bs_document_number(call->answer, "size", receipt->size);
  if (receipt->raw != NULL) bs_document_text(call->answer, "transaction", receipt->raw);
  bs_name_receipt_clear(receipt);
  return true;
}

static bool answer_receipt(struct bs_method_call *call, struct bs_name_receipt *receipt) {
  bs_document_text(call->answer, "name", call->arguments[0]);
  return bs_method_receipt(call, receipt);
}

static bool preorder(struct bs_method_call *call) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  const struct bs_name_operation operation = bs_method_operation(call);
  struct bs_error *error = bs_method_error(call);

  return bs_present_need_newest(call->work, call->arguments[0]) && bs_method_make_directory(call) &&
         bs_names_preorder(bs_method_names(call), call->work->scope, &receipt, call->arguments[0], call->arguments[1],
                           &operation, error) &&
         answer_receipt(call, &receipt);
}

static bool register_name(struct bs_method_call *call) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  const struct bs_name_operation operation = bs_method_operation(call);
  struct bs_error *error = bs_method_error(call);

  return bs_present_need_newest(call->work, call->arguments[0]) && bs_method_make_directory(call) &&
         bs_names_register(bs_method_names(call), call->work->scope, &receipt, call->arguments[0], call->arguments[1],
                           &operation, error) &&
         answer_receipt(call, &receipt);
}

static bool renew(struct bs_method_call *call) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  const struct bs_name_operation operation = bs_method_operation(call);

  return bs_present_need_newest(call->work, call->arguments[0]) &&
         bs_names_renew(bs_method_names(call), call->work->scope, &receipt, call->arguments[0], &operation,
                        bs_method_error(call)) &&
         answer_receipt(call, &receipt);
}

bool bs_method_boolean(const struct bs_method_call *call, bool *boolean, size_t argument, const char *what) {
  const char *text = call->arguments[argument];

  if (text == NULL) return true;
  *boolean = strcmp(text, "true") == 0;
  if (*boolean || strcmp(text, "false") == 0) return true;
  return bs_fail(bs_method_error(call), BS_WORD_usage, "%s is true or false, not \"%s\".", what, text);
}

static bool transfer(struct bs_method_call *call) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  const struct bs_name_operation operation = bs_method_operation(call);
  bool keep_data = true;

  if (!bs_method_boolean(call, &keep_data, 2, "KEEPDATA") ||
      !bs_present_need_newest(call->work, call->arguments[0]) ||
      !bs_names_transfer(bs_method_names(call), call->work->scope, &receipt, call->arguments[0], call->arguments[1],
                         keep_data, &operation, bs_method_error(call)))
    return false;
  bs_document_truth(call->answer, "keep_data", keep_data);
  return answer_receipt(call, &receipt);
}

static bool revoke_name(struct bs_method_call *call) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  const struct bs_name_operation operation = bs_method_operation(call);

  return bs_present_need_newest(call->work, call->arguments[0]) &&
         bs_names_revoke(bs_method_names(call), call->work->scope, &receipt, call->arguments[0], &operation,
                         bs_method_error(call)) &&
         answer_receipt(call, &receipt);
}

/* A bare value hash: whoever gives it keeps its record. */
static bool update_hash(struct bs_method_call *call, const char *value_hash) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  const struct bs_name_operation operation = bs_method_operation(call);

  if (!bs_present_need_newest(call->work, call->arguments[0]) ||
      !bs_names_update(bs_method_names(call), call->work->scope, &receipt, call->arguments[0], value_hash, &operation,
                       bs_method_error(call)))
    return false;
  bs_document_text(call->answer, "value_hash", value_hash);
  return answer_receipt(call, &receipt);
}

static bool update_record(struct bs_method_call *call) {
  struct bs_publication publication = {.name = call->arguments[0],
                                       .owner = call->options->owner_key,
                                       .payment = call->options->payment_key,
                                       .txid = call->arguments[2],
                                       .record = call->arguments[1],
                                       .record_length = strlen(call->arguments[1]),
                                       .dry_run = call->options->dry_run != 0};

  if (!bs_publish(call->work, &publication)) {
    bs_name_receipt_clear(&publication.receipt);
    return false;
  }
  bs_document_text(call->answer, "value_hash", publication.value_hash);
  bs_document_add(call->answer, "stores", bs_document_outcomes(&call->work->report.outcomes));
  if (publication.receipt.txid[0] != '\0') return answer_receipt(call, &publication.receipt);
  bs_document_text(call->answer, "name", publication.name);
  bs_document_text(call->answer, "txid", publication.txid_sent);
  return true;
}

static bool update(struct bs_method_call *call) {
  if (!bs_hex_is_string(call->arguments[1], 40)) return update_record(call);
  if (call->arguments[2] == NULL) return update_hash(call, call->arguments[1]);
  return bs_fail(bs_method_error(call), BS_WORD_usage, "With a TXID the record itself is needed, not its hash.");
}

#define RULES "[LIFETIME [COEFF [BASE [BUCKETS [NONALPHA_DISCOUNT [NO_VOWEL_DISCOUNT]]]]]]"

static const struct method methods[] = {
    {"announce", 1, 1, "MESSAGE", true, false, bs_method_announce},
    {"broadcast_transaction", 1, 1, "HEX", false, false, bs_method_broadcast_transaction},
    {"explain", 2, 2, "NAME ID", false, true, explain},
    {"get_all_names", 0, 2, "[OFFSET [COUNT]]", false, false, get_all_names},
    {"get_consensus_at", 1, 1, "BLOCK", false, false, get_consensus_at},
    {"get_consensus_range", 2, 2, "FIRST LAST", false, false, bs_method_get_consensus_range},
    {"get_name_blockchain_history", 1, 3, "NAME [FIRST [LAST]]", false, false, bs_method_get_name_blockchain_history},
    {"get_name_blockchain_record", 1, 1, "NAME", false, false, get_name_blockchain_record},
    {"get_name_cost", 1, 1, "NAME", false, false, get_name_cost},
    {"get_nameops_at", 1, 2, "BLOCK [REFUSED]", false, false, bs_method_get_nameops_at},
    {"get_names_in_namespace", 1, 3, "NAMESPACE [OFFSET [COUNT]]", false, false, bs_method_get_names_in_namespace},
    {"get_names_owned_by_address", 1, 1, "ADDRESS", false, false, get_names_owned_by_address},
    {"get_namespace_blockchain_record", 1, 1, "NAMESPACE", false, false, bs_method_get_namespace_blockchain_record},
    {"get_namespace_cost", 1, 1, "NAMESPACE", false, false, bs_method_get_namespace_cost},
    {"getinfo", 0, 0, "", false, false, getinfo},
    {"lookup", 1, 1, "NAME", false, true, lookup},
    {"name_import", 3, 3, "NAME ADDRESS VALUE_HASH", true, false, bs_method_name_import},
    {"namespace_preorder", 1, 2, "NAMESPACE [REVEAL_ADDRESS]", true, false, bs_method_namespace_preorder},
    {"namespace_ready", 1, 1, "NAMESPACE", true, false, bs_method_namespace_ready},
    {"namespace_reveal", 1, 8, "NAMESPACE [REVEAL_ADDRESS " RULES "]", true, false, bs_method_namespace_reveal},
    {"pending", 0, 1, "[RESUME]", false, false, bs_method_pending},
    {"ping", 0, 0, "", false, false, ping},
    {"preorder", 1, 2, "NAME [ADDRESS]", true, false, preorder},
    {"register", 1, 2, "NAME [ADDRESS]", true, false, register_name},
    {"renew", 1, 1, "NAME", true, false, renew},
    {"revoke", 1, 1, "NAME", true, false, revoke_name},
    {"transfer", 2, 3, "NAME ADDRESS [KEEPDATA]", true, false, transfer},
    {"update", 2, 3, "NAME RECORD [TXID]", true, true, update},
};
enum { METHOD_COUNT = sizeof methods / sizeof methods[0] };

/* '-' and '_' are one letter. */
static bool same_name(const char *a, const char *b) {
  for (; *a != '\0' && (*a == *b || (*a == '-' && *b == '_')); a++) b++;
  return *a == *b;
}

static const struct method *find_method(const char *name, struct bs_error *error) {
  const char *known[METHOD_COUNT], *nearest;

  for (size_t i = 0; i < METHOD_COUNT; i++) {
    if (same_name(name, methods[i].name)) return &methods[i];
    known[i] = methods[i].name;
  }
  nearest = bs_nearest(name, known, METHOD_COUNT);
  bs_fail(error, BS_WORD_usage, "There is no method \"%s\"%s%s%s", name, nearest == NULL ? "" : "; did you mean \"",
          nearest == NULL ? "." : nearest, nearest == NULL ? "" : "\"?");
  return NULL;
}

static bool check_call(const struct method *method, const char *const *arguments, size_t count,
                       const struct blockstore_name_options *options, struct bs_error *error) {
  if (count < method->least || count > method->most)
    return bs_fail(error, BS_WORD_usage, "%s takes %s%s, not %zu arguments.", method->name,
                   method->most == 0 ? "no arguments" : "", method->synopsis, count);
  for (size_t i = 0; i < method->least; i++)
    if (arguments[i] == NULL)
      return bs_fail(error, BS_WORD_usage, "%s takes %s; argument %zu is NULL.", method->name, method->synopsis, i);
  if (options->prove != 0 && method->run != lookup)
    return bs_fail(error, BS_WORD_usage, "%s proves nothing; lookup does.", method->name);
  if (method->needs_key && options->owner_key == NULL)
    return bs_fail(error, BS_WORD_usage, "%s needs the owner's private key.", method->name);
  return true;
}

/* What a server said is not proven; that our own ledger says so, no document but getinfo and lookup repeats. */
static void add_proven(struct bs_method_call *call) {
  const struct bs_names *names = call->work->session->names;

  if (!bs_names_is_local(names) && !cJSON_HasObjectItem(call->answer, "proven"))
    bs_document_text(call->answer, "proven", bs_names_proven(names));
}

enum blockstore_result blockstore_call_method(struct blockstore *blockstore, char **ret_json, const char *method,
                                              const char *const *arguments, size_t count,
                                              const struct blockstore_name_options *options,
                                              struct blockstore_error **error) {
  struct blockstore_name_options known = BLOCKSTORE_NAME_INIT;
  struct bs_report early = BS_REPORT_INIT;
  const struct method *found = find_method(method, &early.error);
  struct bs_work work;
  struct bs_method_call call = {.work = &work, .options = &known};
  bool good;

  if (found == NULL || !bs_options_take(&known, sizeof known, options, &early.error) ||
      !check_call(found, arguments, count, &known, &early.error))
    return bs_report_end(&early, false, error);
  for (size_t i = 0; i < count; i++) call.arguments[i] = arguments[i];
  good = bs_work_begin(&work, blockstore, known.deadline_ms, NULL, NULL,
                       found->needs_stores || (found->run == bs_method_pending && count > 0)); /* which resumes puts */
  work.is_trial = found->needs_key && known.dry_run != 0;
  call.answer = cJSON_CreateObject();
  good = good && found->run(&call);
  if (found->needs_key) bs_cache_forget_name(&blockstore->cache, arguments[0]);
  if (good) add_proven(&call);
  if (good) good = bs_document_give(ret_json, call.answer, &work.report.error);
  else cJSON_Delete(call.answer);
  if (good) bs_method_told(&call);
  free(call.told);
  return bs_work_end(&work, good, error);
}

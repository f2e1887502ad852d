/* SPDX-License-Identifier: MIT */
/* Questions on namespaces, on blocks, and on what happened to a name. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/client/methods.h"
#include "core/codec/hex.h"

/* ---- operations as documents ---- */

/* A byte beyond ASCII, which only the count of a preorder of several names can be, is shown as the character of that
 * number. */
static void add_text(cJSON *object, const struct bs_field *field) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

  for (size_t i = 0; i < field->length; i++) {
    unsigned char byte = (unsigned char)field->value[i];

    if (byte >= 0x80) bs_buffer_byte(&text, (unsigned char)(0xc0 | byte >> 6));
    bs_buffer_byte(&text, byte < 0x80 ? byte : (unsigned char)(0x80 | (byte & 0x3f)));
  }
  if (field->length == 0) bs_document_null(object, field->name);
  else bs_document_string(object, field->name, bs_buffer_string(&text));
}

/* A number or a list, which JSON writes in the same way. */
static void add_raw(cJSON *object, const struct bs_field *field) {
  char text[200];

  snprintf(text, sizeof text, "%.*s", (int)field->length, field->value);
  bs_document_raw(object, field->name, text);
}

static void add_fields(cJSON *object, const struct bs_fields *fields) {
  bs_document_text(object, "opcode", bs_opcode_text(fields->opcode));
  for (size_t i = 0; i < fields->count; i++) {
    const struct bs_field *field = &fields->items[i];

    switch (field->kind) {
      case BS_FIELD_TEXT: add_text(object, field); break;
      case BS_FIELD_TRUTH: bs_document_truth(object, field->name, field->value[0] == 'T'); break;
      case BS_FIELD_NUMBER:
      case BS_FIELD_LIST: add_raw(object, field); break;
    }
  }
}

static bool append(cJSON *list, cJSON *item, struct bs_error *error) {
  return bs_document_append(list, item) || bs_fail_memory(error);
}

/* Adds an operation to the list `user`. */
static bool list_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  cJSON *item = cJSON_CreateObject();

  bs_document_number(item, "block", block);
  add_fields(item, fields);
  return append(user, item, error);
}

/* ---- namespaces ---- */

bool bs_method_get_namespace_cost(struct bs_method_call *call) {
  uint64_t price;

  if (!bs_names_namespace_cost(&price, call->arguments[0], bs_method_error(call))) return false;
  bs_document_text(call->answer, "namespace", call->arguments[0]);
  bs_document_number(call->answer, "satoshis", price);
  return true;
}

static bool show_namespace(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  cJSON *object = user;

  (void)block;
  (void)error;
  add_fields(object, fields);
  bs_document_string(object, "state", fields->opcode == BS_NAMESPACE_READY ? "ready" : "revealed");
  return true;
}

bool bs_method_get_namespace_blockchain_record(struct bs_method_call *call) {
  return bs_names_namespace(bs_method_names(call), call->work->scope, call->arguments[0], show_namespace, call->answer,
                            bs_method_error(call));
}

bool bs_method_get_names_in_namespace(struct bs_method_call *call) {
  uint64_t offset = 0, count = INT64_MAX;
  char *names BS_AUTO_FREE = NULL;
  size_t found;

  if (!bs_method_number(call, &offset, 1, "OFFSET") || !bs_method_number(call, &count, 2, "COUNT") ||
      !bs_names_list_in_namespace(bs_method_names(call), call->work->scope, &names, &found, call->arguments[0], offset,
                                  count, bs_method_error(call)))
    return false;
  bs_document_text(call->answer, "namespace", call->arguments[0]);
  return bs_method_list(call, names, found);
}

/* ---- blocks ---- */

static void add_place(cJSON *item, const unsigned char txid[BS_TXID_SIZE], uint64_t vtxindex) {
  char text[BS_TXID_TEXT];

  bs_txid_text(text, txid);
  bs_document_text(item, "txid", text);
  bs_document_number(item, "vtxindex", vtxindex);
}

static bool list_announcement(void *user, const struct bs_announcement *announcement, struct bs_error *error) {
  cJSON *item = cJSON_CreateObject();
  char hash[2 * BS_HASH160_SIZE + 1];

  bs_hex_encode(hash, announcement->hash, sizeof announcement->hash);
  add_place(item, announcement->txid, announcement->vtxindex);
  bs_document_text(item, "address", announcement->address);
  bs_document_text(item, "message_hash", hash);
  return append(user, item, error);
}

static bool list_refused(void *user, const struct bs_refused *refused, struct bs_error *error) {
  cJSON *item = cJSON_CreateObject();

  add_place(item, refused->txid, refused->vtxindex);
  bs_document_text(item, "reason", refused->reason);
  return append(user, item, error);
}

bool bs_method_get_nameops_at(struct bs_method_call *call) {
  struct bs_names *names = bs_method_names(call);
  struct bs_scope *scope = call->work->scope;
  struct bs_error *error = bs_method_error(call);
  uint64_t block = 0;
  bool refused = false;

  if (!bs_method_number(call, &block, 0, "BLOCK") || !bs_method_boolean(call, &refused, 1, "REFUSED") ||
      !bs_names_operations_at(names, scope, block, list_operation, bs_document_array(call->answer, "nameops"),
                              error) ||
      !bs_names_announcements_at(names, scope, block, list_announcement,
                                 bs_document_array(call->answer, "announcements"), error))
    return false;
  bs_document_number(call->answer, "block", block);
  return !refused || bs_names_refused_at(names, scope, block, list_refused,
                                         bs_document_array(call->answer, "refused"), error);
}

bool bs_method_get_consensus_range(struct bs_method_call *call) {
  cJSON *list = bs_document_array(call->answer, "consensus");
  char(*consensus)[BS_CONSENSUS_TEXT] BS_AUTO_FREE = calloc(BS_NAMES_RANGE_MAX, sizeof *consensus);
  uint64_t first = 0, last = 0;

  if (consensus == NULL) return bs_fail_memory(bs_method_error(call));
  if (!bs_method_number(call, &first, 0, "FIRST") || !bs_method_number(call, &last, 1, "LAST") ||
      !bs_names_consensus_range(bs_method_names(call), call->work->scope, consensus, first, last,
                                bs_method_error(call)))
    return false;
  bs_document_number(call->answer, "first", first);
  bs_document_number(call->answer, "last", last);
  for (uint64_t i = 0; i <= last - first; i++)
    if (!append(list, cJSON_CreateString(consensus[i]), bs_method_error(call))) return false;
  return true;
}

/* ---- a name's history ---- */

bool bs_method_get_name_blockchain_history(struct bs_method_call *call) {
  uint64_t first = 0, last = INT64_MAX;

  bs_document_text(call->answer, "name", call->arguments[0]);
  return bs_method_number(call, &first, 1, "FIRST") && bs_method_number(call, &last, 2, "LAST") &&
         bs_names_operations_on(bs_method_names(call), call->work->scope, call->arguments[0], first, last,
                                list_operation, bs_document_array(call->answer, "history"), bs_method_error(call));
}

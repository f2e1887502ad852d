/* SPDX-License-Identifier: MIT */
/* Questions on names. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/names/entry-json.h"
#include "tools/blockstored/json.h"
#include "tools/blockstored/service.h"
#include "tools/blockstored/shapes.h"

#define LIST_MAX 100000 /* names of one reply; 4 MB when all are as long as can be */

/* ---- records ---- */

/* The record as it was before there was a history: what clients of the first months read. */
bool bsd_lookup(struct bsd_call *call) {
  struct bs_buffer *reply = call->reply;
  struct bs_name_answer state;
  const struct bs_name_entry *entry = &state.entry;

  if (!bs_names_name_state(call->names, call->scope, &state, call->arguments[0].text, call->error)) return false;
  if (!state.found && bsd_is_indexing(call)) return bsd_fail_2015(call, BS_WORD_not_found, "");
  if (!state.found) {
    bs_buffer_text(reply, "null");
    return true;
  }
  bs_buffer_byte(reply, '{');
  bsd_json_text(reply, "address", entry->origin.address);
  bsd_json_number(reply, "first_registered", entry->first_registered);
  bsd_json_number(reply, "last_renewed", entry->last_renewed);
  bsd_json_truth(reply, "revoked", entry->revoked);
  bsd_json_hex(reply, "sender", entry->origin.sender.bytes, entry->origin.sender.length);
  bsd_json_hex(reply, "sender_pubkey", entry->origin.public_key.bytes, entry->origin.public_key.length);
  bsd_json_hex(reply, "value_hash", entry->value_hash, entry->has_value ? sizeof entry->value_hash : 0);
  bs_buffer_byte(reply, '}');
  return true;
}

/*
 * The history of a record: an object with a member for each block that changed it, an array of what its operations replaced:
 * the former values of the fields that they changed.  The first operation of a registration replaced nothing, or a record
 * that was over: then it is a whole record, with "history_snapshot".
 */
struct history {
  struct bs_buffer *json;
  size_t from; /* where the record begins in it */
  uint64_t block; /* whose array is open; 0: none */
  struct bs_buffer *text; /* the values of the operation before */
  struct bs_fields before;
};

static const struct bs_field *find_field(const struct bs_fields *fields, const char *name) {
  for (size_t i = 0; i < fields->count; i++)
    if (strcmp(fields->items[i].name, name) == 0) return &fields->items[i];
  return NULL;
}

/* Does the operation begin a registration? */
static bool begins(const struct bs_fields *fields) {
  const struct bs_field *op = find_field(fields, "op");

  return op != NULL && op->length == 1 && (op->value[0] == BS_NAME_REGISTRATION || op->value[0] == BS_NAME_IMPORT);
}

static void write_difference(struct bs_buffer *json, const struct bs_fields *before, const struct bs_fields *after) {
  if (before->opcode != after->opcode) bsd_json_text(json, "opcode", bs_opcode_text(before->opcode));
  for (size_t i = 0; i < before->count; i++) {
    const struct bs_field *former = &before->items[i], *later = find_field(after, former->name);

    if (later != NULL && (later->length != former->length || memcmp(later->value, former->value, later->length) != 0))
      bsd_field_write(json, former);
  }
}

/* The values stand in one text, in the order of the fields. */
static bool remember(struct history *history, const struct bs_fields *fields, struct bs_error *error) {
  const struct bs_field *last = &fields->items[fields->count - 1];
  const char *from = fields->items[0].value;

  history->before = *fields;
  bs_buffer_clear(history->text);
  bs_buffer_add(history->text, from, (size_t)(last->value + last->length - from));
  if (!bs_buffer_ok(history->text, error)) return false;
  for (size_t i = 0; i < fields->count; i++)
    history->before.items[i].value = (const char *)history->text->bytes + (fields->items[i].value - from);
  return true;
}

static bool add_history(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct history *history = user;
  struct bs_buffer *json = history->json;

  if (json->length - history->from > BSD_RESULT_MAX)
    return bs_fail(error, BS_WORD_too_large, "The name has a longer history than one reply holds; ask get_operations_on.");
  if (block != history->block) {
    if (history->block != 0) bs_buffer_byte(json, ']');
    bsd_json_item(json);
    bs_buffer_byte(json, '"');
    bs_buffer_decimal(json, block);
    bs_buffer_add(json, "\":[", 3);
    history->block = block;
  }
  bsd_json_item(json);
  bs_buffer_byte(json, '{');
  if (history->before.count == 0 || begins(fields)) {
    bsd_fields_write(json, history->before.count == 0 ? fields : &history->before);
    bsd_json_truth(json, "history_snapshot", true);
  } else {
    write_difference(json, &history->before, fields);
  }
  bs_buffer_byte(json, '}');
  return bs_buffer_ok(json, error) && remember(history, fields, error);
}

/* Before the first operation: what the record itself says. */
static void begin_record(void *user, const struct bs_name_entry *entry) {
  struct bs_buffer *json = ((struct history *)user)->json;

  bs_buffer_byte(json, '{');
  bs_name_members_to_json(json, entry);
  bsd_json_text(json, "opcode", bs_opcode_text((enum bs_opcode)(unsigned char)entry->origin.op[0]));
  bsd_json_key(json, "history");
  bs_buffer_byte(json, '{');
}

bool bsd_name_record(struct bsd_call *call) {
  struct history history = {.json = call->reply, .from = call->reply->length, .text = call->room};
  const struct bs_history_visitor visitor = {begin_record, add_history, &history};
  bool found, good = bs_names_name_history(call->names, call->scope, &found, call->arguments[0].text, &visitor, call->error);

  if (history.block != 0) bs_buffer_byte(call->reply, ']');
  bs_buffer_text(call->reply, "}}");
  if (!good) return false;
  return found || bsd_fail_2015(call, BS_WORD_not_found, "Not found.");
}

bool bsd_name_state(struct bsd_call *call) {
  struct bs_buffer *reply = call->reply;
  struct bs_name_answer state;

  if (!bs_names_name_state(call->names, call->scope, &state, call->arguments[0].text, call->error)) return false;
  bs_buffer_byte(reply, '{');
  bsd_moment_write(reply, &state.moment);
  bsd_json_key(reply, "name");
  if (state.found) bs_name_to_json(reply, &state.entry);
  else bs_buffer_text(reply, "null");
  bsd_json_key(reply, "namespace");
  if (state.name_space_found) bs_namespace_to_json(reply, &state.name_space);
  else bs_buffer_text(reply, "null");
  bsd_json_truth(reply, "inherited", state.inherited);
  bs_buffer_byte(reply, '}');
  return true;
}

bool bsd_preorder_state(struct bsd_call *call) {
  const char *which = call->arguments[0].text;
  enum bs_opcode opcode = strcmp(which, "name") == 0 ? BS_NAME_PREORDER : BS_NAMESPACE_PREORDER;
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_preorder_answer state;

  if (opcode == BS_NAMESPACE_PREORDER && strcmp(which, "namespace") != 0)
    return bs_fail(call->error, BS_WORD_usage, "Parameter 1 of get_preorder_state is \"name\" or \"namespace\".");
  bs_hex_decode(hash, sizeof hash, call->arguments[1].text);
  if (!bs_names_preorder_state(call->names, call->scope, &state, opcode, hash, call->error)) return false;
  bs_buffer_byte(call->reply, '{');
  bsd_moment_write(call->reply, &state.moment);
  bsd_json_key(call->reply, "preorder");
  if (state.found) bs_preorder_to_json(call->reply, &state.entry);
  else bs_buffer_text(call->reply, "null");
  bs_buffer_byte(call->reply, '}');
  return true;
}

/* ---- operations ---- */

static uint64_t number_or(const struct bsd_argument *argument, uint64_t otherwise) {
  return argument->given ? argument->number : otherwise;
}

bool bsd_name_history(struct bsd_call *call) {
  struct bsd_page page = {.json = call->reply, .from = call->reply->length, .full = "ask for fewer blocks"};
  uint64_t first = number_or(&call->arguments[1], 0), last = number_or(&call->arguments[2], INT64_MAX);

  bs_buffer_byte(call->reply, '[');
  if (!bs_names_operations_on(call->names, call->scope, call->arguments[0].text, first, last, bsd_page_operation, &page,
                              call->error))
    return call->error->word == BS_WORD_not_found ? bsd_fail_2015(call, BS_WORD_not_found, "Not found.") : false;
  bs_buffer_byte(call->reply, ']');
  return true;
}

bool bsd_operations_on(struct bsd_call *call) {
  struct bsd_page page = {
      .json = call->reply, .skip = number_or(&call->arguments[3], 0), .from = call->reply->length, .with_block = true};
  bool good;

  bs_buffer_text(call->reply, "{\"operations\":[");
  good = bs_names_operations_on(call->names, call->scope, call->arguments[0].text, call->arguments[1].number,
                                call->arguments[2].number, bsd_page_serialised, &page, call->error);
  if (!bsd_page_end(&page, good) && call->error->word != BS_WORD_not_found) return false;
  bs_buffer_byte(call->reply, ']');
  bsd_json_truth(call->reply, "more", page.more);
  bs_buffer_byte(call->reply, '}');
  return true;
}

/* Of an accepted update; found without a value: the transaction did something else. */
bool bsd_name_value(struct bsd_call *call) {
  char value[BS_VALUE_HASH_TEXT];
  bool good = bs_names_transaction_value(call->names, call->scope, value, call->arguments[0].text, call->arguments[1].text,
                                         call->error);

  if (!good && call->error->word != BS_WORD_not_found && call->error->word != BS_WORD_wrong_id) return false;
  bs_buffer_byte(call->reply, '{');
  bsd_json_truth(call->reply, "found", good || call->error->word == BS_WORD_wrong_id);
  bsd_json_text(call->reply, "value_hash", good ? value : NULL);
  bs_buffer_byte(call->reply, '}');
  return true;
}

/* ---- prices and lists ---- */

bool bsd_name_cost(struct bsd_call *call) {
  uint64_t price;

  if (!bs_names_cost(call->names, call->scope, &price, call->arguments[0].text, call->error))
    return call->error->word == BS_WORD_not_found ? bsd_fail_2015(call, BS_WORD_not_found, "Unknown/invalid namespace") : false;
  bs_buffer_byte(call->reply, '{');
  bsd_json_number(call->reply, "satoshis", price);
  bs_buffer_byte(call->reply, '}');
  return true;
}

static bool list(struct bsd_call *call, const char *address, uint64_t offset, uint64_t count) {
  char *texts BS_AUTO_FREE = NULL;
  size_t found;

  if (!bs_names_list(call->names, call->scope, &texts, &found, address, offset, count < LIST_MAX ? count : LIST_MAX, call->error))
    return false;
  bsd_list_texts(call->reply, texts, found);
  return true;
}

bool bsd_names_of_address(struct bsd_call *call) {
  return list(call, call->arguments[0].text, 0, LIST_MAX);
}

bool bsd_all_names(struct bsd_call *call) {
  return list(call, NULL, number_or(&call->arguments[0], 0), number_or(&call->arguments[1], LIST_MAX));
}

bool bsd_names_in_namespace(struct bsd_call *call) {
  uint64_t count = number_or(&call->arguments[2], LIST_MAX);
  char *texts BS_AUTO_FREE = NULL;
  size_t found;

  if (!bs_names_list_in_namespace(call->names, call->scope, &texts, &found, call->arguments[0].text,
                                  number_or(&call->arguments[1], 0), count < LIST_MAX ? count : LIST_MAX, call->error))
    return false;
  bsd_list_texts(call->reply, texts, found);
  return true;
}

bool bsd_data_is_read_by_clients(struct bsd_call *call) {
  return bs_fail(call->error, BS_WORD_usage,
                 "This server answers for names; data is read by the client, from the stores that the name's routes tell, and "
                 "checked there (blockstore-cli get_mutable, get_immutable).");
}

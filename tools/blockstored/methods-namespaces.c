/* SPDX-License-Identifier: MIT */
/* Questions on namespaces. */
#include <config.h>

#include <string.h>

#include "core/names/entry-json.h"
#include "tools/blockstored/json.h"
#include "tools/blockstored/service.h"
#include "tools/blockstored/shapes.h"

bool bsd_namespace_cost(struct bsd_call *call) {
  uint64_t price;

  if (!bs_names_namespace_cost(&price, call->arguments[0].text, call->error)) return false;
  bs_buffer_byte(call->reply, '{');
  bsd_json_number(call->reply, "satoshis", price);
  bs_buffer_byte(call->reply, '}');
  return true;
}

/*
 * The history of a record, as of a name's (methods-names.c): a member for each block that changed it.  Each operation makes a
 * whole record out of that of the one before, so what it replaced is told whole: the preorder in the block of the reveal, what
 * was revealed in the block that made it ready.
 */
struct history {
  struct bs_buffer *json;
  size_t from;    /* where the record begins in it */
  uint64_t block; /* whose array is open; 0: none */
  struct bs_namespace_entry entry;
};

/* Before the first operation: what the record itself says. */
static void begin_record(void *user, const struct bs_namespace_answer *answer) {
  struct history *history = user;
  struct bs_buffer *json = history->json;

  json->length = history->from;
  history->block = 0;
  history->entry = answer->entry;
  bs_buffer_byte(json, '{');
  bs_namespace_members_to_json(json, &answer->entry);
  bsd_json_text(json, "opcode",
                bs_opcode_text(answer->entry.state == BS_NAMESPACE_IS_READY ? BS_NAMESPACE_READY : BS_NAMESPACE_REVEAL));
  bsd_json_key(json, "history");
  bs_buffer_byte(json, '{');
}

static bool add_replaced(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct history *history = user;
  struct bs_buffer *json = history->json;
  bool is_preorder = fields->opcode == BS_NAMESPACE_PREORDER;
  uint64_t replaced_in = is_preorder ? history->entry.reveal_block : history->entry.ready_block;

  (void)block;
  if (!is_preorder && history->entry.state != BS_NAMESPACE_IS_READY) return true;
  if (history->block != replaced_in) {
    if (history->block != 0) bs_buffer_byte(json, ']');
    bsd_json_item(json);
    bs_buffer_byte(json, '"');
    bs_buffer_decimal(json, replaced_in);
    bs_buffer_text(json, "\":[");
    history->block = replaced_in;
  }
  bsd_json_item(json);
  bs_buffer_byte(json, '{');
  bsd_fields_write(json, fields);
  bsd_json_truth(json, "history_snapshot", true);
  bs_buffer_byte(json, '}');
  return bs_buffer_ok(json, error);
}

/* One in the wanted state, in the words of 2015 when there is none. */
static bool record(struct bsd_call *call, enum bs_namespace_state wanted, const char *missing) {
  struct history history = {.json = call->reply, .from = call->reply->length};
  const struct bs_namespace_history_visit visit = {begin_record, add_replaced, &history};
  struct bs_namespace_answer answer;

  if (!bs_names_namespace_history(call->names, call->scope, &answer, call->arguments[0].text, &visit, call->error)) return false;
  if (!answer.found || answer.entry.state != wanted) return bsd_fail_2015(call, BS_WORD_not_found, missing);
  bs_buffer_text(call->reply, history.block != 0 ? "]}}" : "}}");
  return true;
}

bool bsd_namespace_record(struct bsd_call *call) {
  return record(call, BS_NAMESPACE_IS_READY, "No such ready namespace");
}

bool bsd_namespace_reveal_record(struct bsd_call *call) {
  return record(call, BS_NAMESPACE_REVEALED, "No such revealed namespace");
}

bool bsd_namespace_state(struct bsd_call *call) {
  struct bs_namespace_answer state;

  if (!bs_names_namespace_state(call->names, call->scope, &state, call->arguments[0].text, call->error)) return false;
  bs_buffer_byte(call->reply, '{');
  bsd_moment_write(call->reply, &state.moment);
  bsd_json_key(call->reply, "namespace");
  if (state.found) bs_namespace_to_json(call->reply, &state.entry);
  else bs_buffer_text(call->reply, "null");
  bs_buffer_byte(call->reply, '}');
  return true;
}

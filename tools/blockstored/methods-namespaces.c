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

/* One in the wanted state, in the words of 2015 when there is none. */
static bool record(struct bsd_call *call, enum bs_namespace_state wanted, const char *missing) {
  struct bs_namespace_answer state;

  if (!bs_names_namespace_state(call->names, call->scope, &state, call->arguments[0].text, call->error)) return false;
  if (!state.found || state.entry.state != wanted) return bsd_fail_2015(call, BS_WORD_not_found, missing);
  bs_buffer_byte(call->reply, '{');
  bs_namespace_members_to_json(call->reply, &state.entry);
  bsd_json_text(call->reply, "opcode",
                bs_opcode_text(wanted == BS_NAMESPACE_IS_READY ? BS_NAMESPACE_READY : BS_NAMESPACE_REVEAL));
  bs_buffer_byte(call->reply, '}');
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

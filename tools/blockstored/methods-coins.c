/* SPDX-License-Identifier: MIT */
/* What a client needs to build a transaction, and where it goes then. */
#include <config.h>

#include <string.h>

#include "tools/blockstored/json.h"
#include "tools/blockstored/service.h"

static void write_unspent(struct bs_buffer *json, const struct bs_unspent *unspent) {
  char txid[BS_TXID_TEXT];

  bs_txid_text(txid, unspent->coin.txid);
  bsd_json_item(json);
  bs_buffer_byte(json, '{');
  bsd_json_text(json, "txid", txid);
  bsd_json_number(json, "output", unspent->coin.output);
  bsd_json_number(json, "value", unspent->coin.value);
  bsd_json_number(json, "confirmations", unspent->confirmations);
  bsd_json_hex(json, "transaction", unspent->raw.bytes, unspent->raw.length);
  bs_buffer_byte(json, '}');
}

bool bsd_unspents(struct bsd_call *call) {
  struct bs_unspent unspents[BS_COINS_MAX];
  size_t count, from = call->reply->length;

  if (!bs_names_unspents(call->names, call->scope, unspents, &count, call->arguments[0].text, call->error)) return false;
  bs_buffer_text(call->reply, "{\"unspents\":[");
  for (size_t i = 0; i < count; i++) {
    /* A coin whose transaction has no room any more is left out: the larger ones are there. */
    if (call->reply->length - from + 2 * unspents[i].raw.length < BSD_RESULT_MAX) write_unspent(call->reply, &unspents[i]);
    bs_unspent_free(&unspents[i]);
  }
  bs_buffer_text(call->reply, "]}");
  return true;
}

bool bsd_broadcast(struct bsd_call *call) {
  struct bs_name_broadcast broadcast;

  if (!bs_names_broadcast(call->names, call->scope, &broadcast, call->arguments[0].text, call->arguments[1].number != 0,
                          call->error))
    return false;
  bs_buffer_byte(call->reply, '{');
  bsd_json_text(call->reply, "transaction_hash", broadcast.txid);
  bsd_json_truth(call->reply, "status", true);
  if (bs_names_is_immediate(call->names)) {
    bsd_json_number(call->reply, "block", broadcast.block);
    bsd_json_truth(call->reply, "operation", broadcast.is_operation);
    bsd_json_truth(call->reply, "accepted", broadcast.is_accepted);
    bsd_json_text(call->reply, "reason", broadcast.reason[0] == '\0' ? NULL : broadcast.reason);
  }
  bs_buffer_byte(call->reply, '}');
  return true;
}

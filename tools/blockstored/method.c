/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/method.h"

#include <stdlib.h>
#include <string.h>

#include "tools/blockstored/json.h"
#include "tools/blockstored/service.h"

/* Sorted.  Where the server was asked by two names in its time, both are here. */
const struct bsd_method bsd_methods[] = {
    {"broadcast_transaction", "HEX [DRY_RUN]", 1, 2, {BSD_TRANSACTION, BSD_TRUTH}, BSD_SEND, false, bsd_broadcast, 0},
    {"get_all_names", "[OFFSET [COUNT]]", 0, 2, {BSD_WHOLE, BSD_WHOLE}, BSD_SCAN, false, bsd_all_names, 0},
    {"get_announcements_at", "BLOCK", 1, 1, {BSD_WHOLE}, BSD_AT_ONCE, false, bsd_announcements_at, 0},
    {"get_block_from_consensus", "CONSENSUS", 1, 1, {BSD_CONSENSUS}, BSD_SCAN, false, bsd_block_from_consensus, 0},
    {"get_consensus_at", "BLOCK", 1, 1, {BSD_WHOLE}, BSD_AT_ONCE, true, bsd_consensus_at, 0},
    {"get_consensus_range", "FIRST LAST", 2, 2, {BSD_WHOLE, BSD_WHOLE}, BSD_SCAN, false, bsd_consensus_range, 0},
    {"get_immutable_data", "NAME HASH", 0, 4, {0}, BSD_AT_ONCE, false, bsd_data_is_read_by_clients, 0},
    {"get_mutable_data", "NAME ID", 0, 4, {0}, BSD_AT_ONCE, false, bsd_data_is_read_by_clients, 0},
    {"get_name_blockchain_history", "NAME [FIRST [LAST]]", 1, 3, {BSD_NAME, BSD_WHOLE, BSD_WHOLE}, BSD_SCAN, false,
     bsd_name_history, 0},
    {"get_name_blockchain_record", "NAME", 1, 1, {BSD_NAME}, BSD_AT_ONCE, true, bsd_name_record, 0},
    {"get_name_cost", "NAME", 1, 1, {BSD_NAME}, BSD_AT_ONCE, true, bsd_name_cost, 0},
    {"get_name_state", "NAME", 1, 1, {BSD_NAME}, BSD_AT_ONCE, true, bsd_name_state, 0},
    {"get_name_value", "NAME TXID", 2, 2, {BSD_NAME, BSD_TXID}, BSD_AT_ONCE, true, bsd_name_value, 0},
    {"get_nameops_at", "BLOCK", 1, 1, {BSD_WHOLE}, BSD_AT_ONCE, true, bsd_nameops_at, 0},
    {"get_nameops_hash_at", "BLOCK", 1, 1, {BSD_WHOLE}, BSD_AT_ONCE, true, bsd_nameops_hash_at, 0},
    {"get_names_in_namespace", "ID [OFFSET [COUNT]]", 1, 3, {BSD_NAMESPACE, BSD_WHOLE, BSD_WHOLE}, BSD_SCAN, false,
     bsd_names_in_namespace, 0},
    {"get_names_owned_by_address", "ADDRESS", 1, 1, {BSD_ADDRESS}, BSD_AT_ONCE, true, bsd_names_of_address, 0},
    {"get_namespace_blockchain_record", "ID", 1, 1, {BSD_NAMESPACE}, BSD_AT_ONCE, true, bsd_namespace_record, 0},
    {"get_namespace_cost", "ID", 1, 1, {BSD_NAMESPACE}, BSD_AT_ONCE, true, bsd_namespace_cost, 0},
    {"get_namespace_reveal_blockchain_record", "ID", 1, 1, {BSD_NAMESPACE}, BSD_AT_ONCE, true, bsd_namespace_reveal_record, 0},
    {"get_namespace_state", "ID", 1, 1, {BSD_NAMESPACE}, BSD_AT_ONCE, true, bsd_namespace_state, 0},
    {"get_operations_at", "BLOCK [OFFSET]", 1, 2, {BSD_WHOLE, BSD_WHOLE}, BSD_AT_ONCE, true, bsd_operations_at, 0},
    {"get_operations_on", "NAME FIRST LAST [OFFSET]", 3, 4, {BSD_NAME, BSD_WHOLE, BSD_WHOLE, BSD_WHOLE}, BSD_SCAN, false,
     bsd_operations_on, 0},
    {"get_preorder_state", "name|namespace HASH", 2, 2, {BSD_WORD, BSD_HASH}, BSD_AT_ONCE, true, bsd_preorder_state, 0},
    {"get_refused_at", "BLOCK", 1, 1, {BSD_WHOLE}, BSD_AT_ONCE, false, bsd_refused_at, 0},
    {"get_unspents", "ADDRESS", 1, 1, {BSD_ADDRESS}, BSD_NODE, false, bsd_unspents, 20},
    {"getinfo", "", 0, 0, {0}, BSD_AT_ONCE, false, bsd_getinfo, 0},
    {"lookup", "NAME", 1, 1, {BSD_NAME}, BSD_AT_ONCE, true, bsd_lookup, 0},
    {"lookup_namespace", "ID", 1, 1, {BSD_NAMESPACE}, BSD_AT_ONCE, true, bsd_namespace_record, 0},
    {"name_cost", "NAME", 1, 1, {BSD_NAME}, BSD_AT_ONCE, true, bsd_name_cost, 0},
    {"namespace_cost", "ID", 1, 1, {BSD_NAMESPACE}, BSD_AT_ONCE, true, bsd_namespace_cost, 0},
    {"ping", "", 0, 0, {0}, BSD_AT_ONCE, false, bsd_ping, 0},
};
const size_t bsd_method_count = sizeof bsd_methods / sizeof bsd_methods[0];
_Static_assert(sizeof bsd_methods / sizeof bsd_methods[0] < BSD_METHODS_MAX, "each method has its row of counters");

struct text {
  const char *bytes;
  size_t length;
};

static int compare(const void *key, const void *element) {
  const struct text *text = key;
  const char *name = ((const struct bsd_method *)element)->name;
  int order = strncmp(text->bytes, name, text->length);

  return order != 0 ? order : name[text->length] == '\0' ? 0 : -1;
}

const struct bsd_method *bsd_method_find(const char *name, size_t length) {
  const struct text text = {name, length};

  return bsearch(&text, bsd_methods, bsd_method_count, sizeof bsd_methods[0], compare);
}

/* ---- methods that changed names ---- */

static const struct {
  const char *name, *instead;
} mutators[] = {
    {"announce", "announce"},
    {"name_import", "name_import"},
    {"namespace_preorder", "namespace_preorder"},
    {"namespace_ready", "namespace_ready"},
    {"namespace_reveal", "namespace_reveal"},
    {"preorder", "preorder"},
    {"register", "register"},
    {"renew", "renew"},
    {"revoke", "revoke"},
    {"send_subsidized", "register"},
    {"transfer", "transfer"},
    {"update", "update"},
};

/* Takes "_tx" and "_tx_subsidized" off the end. */
static size_t plain_length(const char *name, size_t length) {
  static const char *const suffixes[] = {"_tx_subsidized", "_tx"};

  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    size_t suffix = strlen(suffixes[i]);

    if (length > suffix && memcmp(name + length - suffix, suffixes[i], suffix) == 0) return length - suffix;
  }
  return length;
}

bool bsd_method_is_refused(const char *name, size_t length, struct bs_error *error) {
  length = plain_length(name, length);
  for (size_t i = 0; i < sizeof mutators / sizeof mutators[0]; i++) {
    if (strlen(mutators[i].name) != length || memcmp(mutators[i].name, name, length) != 0) continue;
    bs_fail(error, BS_WORD_denied,
            "Private keys never travel: this server neither takes one nor makes transactions. Build and sign the transaction "
            "where the key is (blockstore-cli %s does all of it), with what get_unspents, get_name_state and getinfo tell, and "
            "give it to broadcast_transaction.",
            mutators[i].instead);
    return true;
  }
  return false;
}

bool bsd_fail_2015(struct bsd_call *call, enum bs_word word, const char *sentence) {
  if (word == BS_WORD_not_found && bsd_is_indexing(call)) return bs_fail(call->error, BS_WORD_no_names, "Indexing blockchain");
  return bs_fail(call->error, word, "%s", sentence);
}

bool bsd_is_indexing(const struct bsd_call *call) {
  struct bsd_node node;

  bsd_service_node(call->service, &node);
  return node.is_behind;
}

/* ---- the server itself ---- */

bool bsd_ping(struct bsd_call *call) {
  bs_buffer_text(call->reply, "{\"status\":\"alive\"}");
  return true;
}

bool bsd_getinfo(struct bsd_call *call) {
  struct bs_buffer *reply = call->reply;
  struct bs_names_info info;
  struct bsd_node node;

  if (!(call->names == call->service->names[BSD_AT_ONCE]
            ? bsd_service_info(call->service, &info, call->error)
            : bs_names_index_info(call->names, call->scope, &info, call->error)))
    return false;
  bsd_service_node(call->service, &node);
  /* A node is asked for it now and then, as that takes a while; another chain knows it. */
  if (call->service->follower == NULL) {
    node.height = info.height;
    if (!bs_names_fee_rate(call->names, call->scope, &node.fee_rate, call->error)) return false;
  }
  bs_buffer_byte(reply, '{');
  bsd_json_number(reply, "blocks", node.height);
  bsd_json_number(reply, "bitcoind_blocks", node.height);
  bsd_json_text(reply, "consensus", info.exists ? info.consensus : NULL);
  bsd_json_number(reply, "last_block", info.height);
  bsd_json_text(reply, "blockstore_version", PACKAGE_VERSION ".0");
  bsd_json_text(reply, "testset", "False");
  bsd_json_text(reply, "chain_id", info.exists ? info.chain_id : NULL);
  bsd_json_text(reply, "network", info.network);
  bsd_json_number(reply, "first_block", info.first_block);
  bsd_json_number(reply, "block_time", info.block_time);
  bsd_json_number(reply, "names", info.names);
  bsd_json_number(reply, "fee_rate", node.fee_rate);
  bsd_json_number(reply, "confirmations", (uint64_t)call->service->settings->confirmations);
  bsd_json_number(reply, "node_blocks", node.height);
  bsd_json_text(reply, "state", node.state);
  bsd_json_text(reply, "server", "blockstored " PACKAGE_VERSION);
  bs_buffer_byte(reply, '}');
  return true;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/bitcoind/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"

/* ---- results ---- */

bool bs_node_hash(const struct bs_rpc *rpc, const char *method, const struct bs_rpc_result *result,
                  unsigned char hash[BS_BITCOIN_HASH_SIZE], struct bs_error *error) {
  char text[2 * BS_BITCOIN_HASH_SIZE + 1];

  if (result->code != 0) return bs_rpc_fail(rpc, method, result, error);
  if (bs_json_type(result->value) == BS_JSON_STRING && result->value.length == sizeof text + 1) {
    memcpy(text, result->value.text + 1, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    if (bs_txid_parse(hash, text)) return true;
  }
  return bs_rpc_fail_answer(rpc, method, "a hash", error);
}

bool bs_node_bytes(const struct bs_rpc *rpc, const char *method, const struct bs_rpc_result *result, struct bs_buffer *bytes,
                   struct bs_error *error) {
  struct bs_json value = result->value;
  size_t length = value.length / 2 - 1;
  unsigned char *room;

  if (result->code != 0) return bs_rpc_fail(rpc, method, result, error);
  if (bs_json_type(value) != BS_JSON_STRING || value.length % 2 != 0)
    return bs_rpc_fail_answer(rpc, method, "bytes in hexadecimal", error);
  room = bs_buffer_extend(bytes, length);
  if (room == NULL && length > 0) return bs_fail_memory(error);
  if (length == 0 || bs_hex_decode(room, length, value.text + 1)) return true;
  return bs_rpc_fail_answer(rpc, method, "bytes in hexadecimal", error);
}

bool bs_node_hashes(struct bs_rpc *rpc, const struct bs_scope *scope, unsigned char (*hashes)[BS_BITCOIN_HASH_SIZE],
                    uint64_t first, size_t count, struct bs_error *error) {
  struct bs_rpc_result *results BS_AUTO_FREE = calloc(count + 1, sizeof *results);

  if (results == NULL) return bs_fail_memory(error);
  if (count == 0) return true;
  for (size_t i = 0; i < count; i++) bs_rpc_add(rpc, "getblockhash", "%" PRIu64, first + i);
  if (!bs_rpc_send(rpc, scope, error) || !bs_rpc_receive(rpc, scope, results, count, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (!bs_node_hash(rpc, "getblockhash", &results[i], hashes[i], error)) return false;
  return true;
}

/* ---- the chain ---- */

static bool fail_network(const struct bs_rpc *rpc, const struct bs_bitcoin_network *network, const char *other,
                         struct bs_error *error) {
  return bs_fail(error, BS_WORD_config, "The Bitcoin node at %s is of %s, and the network %s is configured.", bs_rpc_url(rpc),
                 other, network->name);
}

static bool check_network(const struct bs_rpc *rpc, const struct bs_rpc_result *results,
                          const struct bs_bitcoin_network *network, struct bs_error *error) {
  struct bs_buffer name BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char hash[BS_BITCOIN_HASH_SIZE];
  char text[2 * BS_BITCOIN_HASH_SIZE + 1], other[60];
  struct bs_json chain;

  if (!bs_json_find(results[0].value, "chain", &chain) || bs_json_type(chain) != BS_JSON_STRING)
    return bs_rpc_fail_answer(rpc, "getblockchaininfo", "the name of its network", error);
  bs_json_string(chain, &name);
  if (!bs_buffer_ok(&name, error) || !bs_node_hash(rpc, "getblockhash", &results[1], hash, error)) return false;
  if (name.length != strlen(network->name) || memcmp(name.bytes, network->name, name.length) != 0) {
    snprintf(other, sizeof other, "the network %.*s", name.length < 20 ? (int)name.length : 20, (const char *)name.bytes);
    return fail_network(rpc, network, other, error);
  }
  bs_txid_text(text, hash);
  return strcmp(text, network->chain_id) == 0 || fail_network(rpc, network, "another chain", error);
}

static bool is_true(struct bs_json object, const char *key) {
  struct bs_json value;

  return bs_json_find(object, key, &value) && bs_json_type(value) == BS_JSON_TRUE;
}

bool bs_node_info(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_node_info *ret_info,
                  const struct bs_bitcoin_network *network, struct bs_error *error) {
  struct bs_node_info info = {.height = 0};
  struct bs_rpc_result results[2];
  struct bs_json value;

  bs_rpc_drop(rpc);
  bs_rpc_add(rpc, "getblockchaininfo", "%s", "");
  bs_rpc_add(rpc, "getblockhash", "0");
  if (!bs_rpc_send(rpc, scope, error) || !bs_rpc_receive(rpc, scope, results, 2, error)) return false;
  if (results[0].code != 0) return bs_rpc_fail(rpc, "getblockchaininfo", &results[0], error);
  if (!check_network(rpc, results, network, error)) return false;
  if (!bs_json_find(results[0].value, "blocks", &value) || !bs_json_integer(value, &info.height) || info.height > INT32_MAX)
    return bs_rpc_fail_answer(rpc, "getblockchaininfo", "its height", error);
  info.is_loading = is_true(results[0].value, "initialblockdownload");
  if (is_true(results[0].value, "pruned") && bs_json_find(results[0].value, "pruneheight", &value))
    bs_json_integer(value, &info.first_block);
  *ret_info = info;
  return true;
}

/* ---- senders ---- */

static bool find_in(struct bs_json object, const char *const *keys, size_t count, struct bs_json *ret_value) {
  for (size_t i = 0; i < count; i++)
    if (!bs_json_find(object, keys[i], &object)) return false;
  *ret_value = object;
  return true;
}

/* The script of the output that input 0 of `transaction`, as the node tells it, spends; appended. */
static bool add_sender(const struct bs_rpc *rpc, struct bs_buffer *scripts, size_t *ret_length, struct bs_json transaction,
                       const unsigned char txid[BS_TXID_SIZE], struct bs_error *error) {
  static const char *const script_path[] = {"prevout", "scriptPubKey", "hex"};
  char text[2 * BS_TXID_SIZE + 1];
  struct bs_rpc_result script = {.code = 0};
  struct bs_json value, inputs, input;
  struct bs_json_iterator items;
  size_t before = scripts->length;

  bs_txid_text(text, txid);
  if (!bs_json_find(transaction, "txid", &value) || !bs_json_string_is(value, text, sizeof text - 1))
    return bs_rpc_fail_answer(rpc, "getblock", "the transactions that the block has", error);
  if (!bs_json_find(transaction, "vin", &inputs))
    return bs_rpc_fail_answer(rpc, "getblock", "the inputs of a transaction", error);
  items = bs_json_begin(inputs);
  if (!bs_json_next_item(&items, &input) || !find_in(input, script_path, 3, &script.value))
    return bs_rpc_fail_answer(rpc, "getblock", "the outputs that a transaction spends; Bitcoin Core does so from version 24 on",
                              error);
  if (!bs_node_bytes(rpc, "getblock", &script, scripts, error)) return false;
  *ret_length = scripts->length - before;
  return true;
}

static bool add_senders(const struct bs_rpc *rpc, struct bs_buffer *scripts, struct bs_bitcoin_operation *operations,
                        size_t count, const struct bs_bitcoin_block *block, struct bs_json transactions,
                        struct bs_error *error) {
  struct bs_json_iterator items = bs_json_begin(transactions);
  struct bs_json item;
  size_t done = 0;

  for (size_t number = 0; done < count && bs_json_next_item(&items, &item); number++) {
    if (number != operations[done].number) continue;
    if (!add_sender(rpc, scripts, &operations[done].sender_length, item, block->transactions[number].txid, error)) return false;
    done++;
  }
  return done == count || bs_rpc_fail_answer(rpc, "getblock", "all transactions of the block", error);
}

void bs_node_ask_senders(struct bs_rpc *rpc, const struct bs_bitcoin_block *block) {
  char hash[2 * BS_BITCOIN_HASH_SIZE + 1];

  bs_txid_text(hash, block->header.hash);
  bs_rpc_add(rpc, "getblock", "\"%s\",3", hash);
}

bool bs_node_read_senders(const struct bs_rpc *rpc, struct bs_buffer *scripts, struct bs_bitcoin_operation *operations,
                          size_t count, const struct bs_bitcoin_block *block, const struct bs_rpc_result *result,
                          struct bs_error *error) {
  const unsigned char *at;
  struct bs_json transactions;

  if (result->code != 0) return bs_rpc_fail(rpc, "getblock", result, error);
  if (!bs_json_find(result->value, "tx", &transactions)) return bs_rpc_fail_answer(rpc, "getblock", "transactions", error);
  bs_buffer_clear(scripts);
  if (!add_senders(rpc, scripts, operations, count, block, transactions, error)) return false;
  at = scripts->bytes; /* only now the bytes stay where they are */
  for (size_t i = 0; i < count; i++) {
    operations[i].sender = at;
    at += operations[i].sender_length;
  }
  return true;
}

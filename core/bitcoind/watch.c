/* SPDX-License-Identifier: MIT */
/* A wallet of the node without private keys, which watches what we ask about. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/bitcoind/node.h"
#include "core/bitcoind/wallet-private.h"
#include "core/codec/hex.h"

/* Loads it, or makes it. */
static bool ensure_loaded(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_error *error) {
  struct bs_buffer name BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_rpc_result result;

  if (wallet->is_loaded) return true;
  bs_json_write_string(&name, wallet->name, strlen(wallet->name));
  if (bs_buffer_string(&name) == NULL) return bs_fail_memory(error);
  if (!bs_rpc_try(wallet->node, scope, &result, error, "loadwallet", "%s", (char *)name.bytes)) return false;
  if (result.code == BS_RPC_WALLET_NOT_FOUND &&
      !bs_rpc_try(wallet->node, scope, &result, error, "createwallet", "%s,true,true,\"\",false,true", (char *)name.bytes))
    return false;
  if (result.code != 0 && result.code != BS_RPC_WALLET_LOADED) return bs_rpc_fail(wallet->node, "loadwallet", &result, error);
  wallet->is_loaded = true;
  return true;
}

/* Is the hash watched?  Both its scripts are, from one call on. */
static bool is_watched(struct bs_wallet *wallet, const struct bs_scope *scope, bool *ret_watched,
                       const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  struct bs_rpc_result result;
  struct bs_json value;
  char address[BS_ADDRESS_TEXT];

  bs_address_encode(address, bs_address_version(wallet->addresses), hash);
  if (!bs_rpc_try(wallet->watching, scope, &result, error, "getaddressinfo", "\"%s\"", address)) return false;
  if (result.code == BS_RPC_WALLET_NOT_FOUND) wallet->is_loaded = false; /* the node was restarted */
  if (result.code != 0) return bs_rpc_fail(wallet->watching, "getaddressinfo", &result, error);
  *ret_watched = bs_json_find(result.value, "ismine", &value) && bs_json_type(value) == BS_JSON_TRUE;
  return true;
}

static bool fail_import(const struct bs_wallet *wallet, struct bs_json outcome, struct bs_error *error) {
  struct bs_rpc_result result = {.code = BS_RPC_MISC};
  struct bs_json value;

  if (!bs_json_find(outcome, "error", &value) || !bs_json_find(value, "message", &result.message))
    return bs_rpc_fail_answer(wallet->watching, "importdescriptors", "success", error);
  return bs_rpc_fail(wallet->watching, "importdescriptors", &result, error);
}

static bool add_descriptor(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_buffer *descriptors,
                           const struct bs_script *script, struct bs_error *error) {
  struct bs_json answer, descriptor;
  char hex[2 * BS_SCRIPT_MAX + 1];

  bs_hex_encode(hex, script->bytes, script->length);
  if (!bs_rpc_call(wallet->node, scope, &answer, error, "getdescriptorinfo", "\"raw(%s)\"", hex)) return false;
  if (!bs_json_find(answer, "descriptor", &descriptor) || bs_json_type(descriptor) != BS_JSON_STRING)
    return bs_rpc_fail_answer(wallet->node, "getdescriptorinfo", "a descriptor", error);
  bs_buffer_format(descriptors, "%s{\"desc\":%.*s,\"timestamp\":0}", descriptors->length == 0 ? "[" : ",", (int)descriptor.length,
                   descriptor.text);
  return true;
}

static bool watch(struct bs_wallet *wallet, const struct bs_scope *scope, const struct bs_scripts *scripts,
                  struct bs_error *error) {
  struct bs_buffer descriptors BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_json answer, outcome, value;
  struct bs_json_iterator items;

  for (size_t i = 0; i < 2; i++)
    if (!add_descriptor(wallet, scope, &descriptors, &scripts->items[i], error)) return false;
  bs_buffer_text(&descriptors, "]");
  if (bs_buffer_string(&descriptors) == NULL) return bs_fail_memory(error);
  if (!bs_rpc_call(wallet->watching, scope, &answer, error, "importdescriptors", "%s", (char *)descriptors.bytes)) return false;
  items = bs_json_begin(answer);
  while (bs_json_next_item(&items, &outcome))
    if (!bs_json_find(outcome, "success", &value) || bs_json_type(value) != BS_JSON_TRUE)
      return fail_import(wallet, outcome, error);
  return true;
}

/* *ret_has false: it is another hash's. */
static bool read_unspent(const struct bs_wallet *wallet, struct bs_json unspent, const struct bs_scripts *scripts,
                         struct bs_candidate *ret_candidate, bool *ret_has, struct bs_error *error) {
  struct bs_buffer script BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_rpc_result txid = {.code = 0}, hex = {.code = 0};
  struct bs_json output, amount, confirmations;
  uint64_t number, depth;

  if (!bs_json_find(unspent, "txid", &txid.value) || !bs_json_find(unspent, "scriptPubKey", &hex.value) ||
      !bs_json_find(unspent, "vout", &output) || !bs_json_integer(output, &number) || number > UINT32_MAX ||
      !bs_json_find(unspent, "amount", &amount) || !bs_node_amount(amount, &ret_candidate->value) ||
      !bs_json_find(unspent, "confirmations", &confirmations) || !bs_json_integer(confirmations, &depth))
    return bs_rpc_fail_answer(wallet->watching, "listunspent", "what a coin is", error);
  if (!bs_node_hash(wallet->watching, "listunspent", &txid, ret_candidate->txid, error) ||
      !bs_node_bytes(wallet->watching, "listunspent", &hex, &script, error))
    return false;
  ret_candidate->output = (uint32_t)number;
  ret_candidate->confirmations = depth;
  ret_candidate->height = 0;
  *ret_has = bs_scripts_have(scripts, script.bytes, script.length);
  return true;
}

/* What is safe: in a block, or paid back by what the wallet's own coins were spent for. */
static bool list(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                 const struct bs_scripts *scripts, struct bs_error *error) {
  struct bs_json answer, unspent;
  struct bs_json_iterator items;

  if (!bs_rpc_call(wallet->watching, scope, &answer, error, "listunspent", "0,9999999,[],false")) return false;
  items = bs_json_begin(answer);
  while (bs_json_next_item(&items, &unspent)) {
    struct bs_candidate candidate;
    bool has = false;

    if (!read_unspent(wallet, unspent, scripts, &candidate, &has, error)) return false;
    if (has && !bs_candidates_add(candidates, &candidate, error)) return false;
  }
  return true;
}

bool bs_wallet_watch(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                     const unsigned char hash[BS_HASH160_SIZE], const struct bs_scripts *scripts, struct bs_error *error) {
  bool watched = false;

  return ensure_loaded(wallet, scope, error) && is_watched(wallet, scope, &watched, hash, error) &&
         (watched || watch(wallet, scope, scripts, error)) && list(wallet, scope, candidates, scripts, error);
}

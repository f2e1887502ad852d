/* SPDX-License-Identifier: MIT */
/*
 * A wallet of the node without private keys, which watches what we ask about.
 *
 * A hash is watched from the first question on: what is paid to it then the wallet sees by itself.  What was paid before is
 * looked for once in the node's set of coins, after the wallet has begun to watch, so that nothing falls between the two; each
 * such coin is handed to the wallet with the proof of its block.  Neither goes over old blocks, so both do on a pruned node.  The
 * label of the address says, for whoever asks later, that this was done.
 *
 * A coin that was spent between being found and handed over would look unspent to the wallet for ever: each that it lists is
 * looked up in the node's set and mempool before it is told.
 */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/bitcoind/node.h"
#include "core/bitcoind/wallet-private.h"
#include "core/codec/hex.h"

#define LABEL "blockstored" /* of an address whose older coins the wallet has */
#define ADDRESS_MAX 100     /* bytes of a P2WPKH address as JSON */

/* What the wallet knows of a hash. */
struct watched {
  char address[BS_ADDRESS_TEXT];     /* P2PKH */
  char witness_address[ADDRESS_MAX]; /* P2WPKH, in quotes */
  bool is_complete; /* it watches, and has what was paid before */
};

/* Of a call to the wallet. */
static bool fail(struct bs_wallet *wallet, const char *method, const struct bs_rpc_result *result, struct bs_error *error) {
  if (result->code == BS_RPC_WALLET_NOT_FOUND) wallet->is_loaded = false; /* the node was restarted, or somebody unloaded it */
  return bs_rpc_fail(wallet->watching, method, result, error);
}

/* Loads it, or makes it; from then on the node does so itself when it starts, so that the wallet misses no block that is
 * pruned. */
static bool ensure_loaded(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_error *error) {
  struct bs_buffer name BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_rpc_result result;

  if (wallet->is_loaded) return true;
  bs_json_write_string(&name, wallet->name, strlen(wallet->name));
  if (bs_buffer_string(&name) == NULL) return bs_fail_memory(error);
  if (!bs_rpc_try(wallet->node, scope, &result, error, "loadwallet", "%s,true", (char *)name.bytes)) return false;
  if (result.code == BS_RPC_WALLET_NOT_FOUND && !bs_rpc_try(wallet->node, scope, &result, error, "createwallet",
                                                            "%s,true,true,\"\",false,true,true", (char *)name.bytes))
    return false;
  if (result.code != 0 && result.code != BS_RPC_WALLET_LOADED) return bs_rpc_fail(wallet->node, "loadwallet", &result, error);
  wallet->is_loaded = true;
  return true;
}

/* ---- what it watches ---- */

static bool has_label(struct bs_json info) {
  struct bs_json labels, label;
  struct bs_json_iterator items;

  if (!bs_json_find(info, "labels", &labels) || bs_json_type(labels) != BS_JSON_ARRAY) return false;
  items = bs_json_begin(labels);
  while (bs_json_next_item(&items, &label))
    if (bs_json_string_is(label, LABEL, sizeof LABEL - 1)) return true;
  return false;
}

static bool look(struct bs_wallet *wallet, const struct bs_scope *scope, struct watched *watched,
                 const unsigned char hash[BS_HASH160_SIZE], const struct bs_scripts *scripts, struct bs_error *error) {
  struct bs_rpc_result results[2];
  struct bs_json value;
  char hex[2 * BS_SCRIPT_MAX + 1];

  bs_address_encode(watched->address, bs_address_version(wallet->addresses), hash);
  bs_hex_encode(hex, scripts->items[1].bytes, scripts->items[1].length);
  bs_rpc_drop(wallet->watching);
  bs_rpc_add(wallet->watching, "getaddressinfo", "\"%s\"", watched->address);
  bs_rpc_add(wallet->watching, "decodescript", "\"%s\"", hex);
  if (!bs_wallet_ask(wallet->watching, scope, results, 2, error)) return false;
  if (results[0].code != 0) return fail(wallet, "getaddressinfo", &results[0], error);
  if (results[1].code != 0) return fail(wallet, "decodescript", &results[1], error);
  if (!bs_json_find(results[1].value, "address", &value) || bs_json_type(value) != BS_JSON_STRING ||
      value.length >= sizeof watched->witness_address)
    return bs_rpc_fail_answer(wallet->watching, "decodescript", "an address", error);
  memcpy(watched->witness_address, value.text, value.length);
  watched->witness_address[value.length] = '\0';
  watched->is_complete = bs_json_find(results[0].value, "ismine", &value) && bs_json_type(value) == BS_JSON_TRUE &&
                         has_label(results[0].value);
  return true;
}

/* ---- from now on ---- */

static bool fail_import(const struct bs_wallet *wallet, struct bs_json outcome, struct bs_error *error) {
  struct bs_rpc_result result = {.code = BS_RPC_MISC};
  struct bs_json value;

  if (!bs_json_find(outcome, "error", &value) || !bs_json_find(value, "message", &result.message))
    return bs_rpc_fail_answer(wallet->watching, "importdescriptors", "success", error);
  return bs_rpc_fail(wallet->watching, "importdescriptors", &result, error);
}

static bool write_descriptors(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_buffer *descriptors,
                              const struct bs_scripts *scripts, struct bs_error *error) {
  struct bs_rpc_result results[2];

  bs_rpc_drop(wallet->node);
  for (size_t i = 0; i < 2; i++) {
    char hex[2 * BS_SCRIPT_MAX + 1];

    bs_hex_encode(hex, scripts->items[i].bytes, scripts->items[i].length);
    bs_rpc_add(wallet->node, "getdescriptorinfo", "\"raw(%s)\"", hex);
  }
  if (!bs_wallet_ask(wallet->node, scope, results, 2, error)) return false;
  for (size_t i = 0; i < 2; i++) {
    struct bs_json descriptor;

    if (results[i].code != 0) return bs_rpc_fail(wallet->node, "getdescriptorinfo", &results[i], error);
    if (!bs_json_find(results[i].value, "descriptor", &descriptor) || bs_json_type(descriptor) != BS_JSON_STRING)
      return bs_rpc_fail_answer(wallet->node, "getdescriptorinfo", "a descriptor", error);
    bs_buffer_format(descriptors, "%s{\"desc\":%.*s,\"timestamp\":\"now\"}", i == 0 ? "[" : ",", (int)descriptor.length,
                     descriptor.text);
  }
  bs_buffer_text(descriptors, "]");
  return bs_buffer_string(descriptors) != NULL || bs_fail_memory(error);
}

/* It goes over the blocks of the last hours for an address that is new, and does nothing else meanwhile. */
static bool is_rescanning(const struct bs_rpc_result *result) {
  return result->code == BS_RPC_WALLET_ERROR && result->message.length > 0 &&
         memmem(result->message.text, result->message.length, "rescanning", 10) != NULL;
}

static bool watch(struct bs_wallet *wallet, const struct bs_scope *scope, const struct bs_scripts *scripts,
                  struct bs_error *error) {
  struct bs_buffer descriptors BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_rpc_result result;
  struct bs_json outcome, value;
  struct bs_json_iterator items;

  if (!write_descriptors(wallet, scope, &descriptors, scripts, error)) return false;
  for (;;) {
    if (!bs_rpc_try(wallet->watching, scope, &result, error, "importdescriptors", "%s", (char *)descriptors.bytes)) return false;
    if (!is_rescanning(&result)) break;
    if (!bs_wallet_pause(scope, error)) return bs_context(error, "The Bitcoin node's wallet looks through blocks for others");
  }
  if (result.code != 0) return fail(wallet, "importdescriptors", &result, error);
  items = bs_json_begin(result.value);
  while (bs_json_next_item(&items, &outcome))
    if (!bs_json_find(outcome, "success", &value) || bs_json_type(value) != BS_JSON_TRUE)
      return fail_import(wallet, outcome, error);
  return true;
}

/* ---- what was paid before ---- */

/* The transactions of some coins, with their proofs. */
static bool hand_over(struct bs_wallet *wallet, const struct bs_scope *scope, const struct bs_candidate *items, size_t count,
                      struct bs_error *error) {
  struct bs_rpc_result results[2 * BS_TRANSACTIONS_MAX], imported[BS_TRANSACTIONS_MAX];
  size_t handed = 0;

  if (!bs_wallet_transactions(wallet, scope, results, items, count, true, error)) return false;
  bs_rpc_drop(wallet->watching);
  for (size_t i = 0; i < count; i++) {
    const struct bs_rpc_result *raw = &results[i], *proof = &results[count + i];

    if (bs_wallet_lacks(raw)) continue;
    if (raw->code != 0) return bs_rpc_fail(wallet->node, "getrawtransaction", raw, error);
    if (proof->code != 0) return bs_rpc_fail(wallet->node, "gettxoutproof", proof, error);
    if (bs_json_type(raw->value) != BS_JSON_STRING || bs_json_type(proof->value) != BS_JSON_STRING)
      return bs_rpc_fail_answer(wallet->node, "gettxoutproof", "a transaction and its proof", error);
    bs_rpc_add(wallet->watching, "importprunedfunds", "%.*s,%.*s", (int)raw->value.length, raw->value.text,
               (int)proof->value.length, proof->value.text);
    handed++;
  }
  if (handed == 0) return true;
  if (!bs_wallet_ask(wallet->watching, scope, imported, handed, error)) return false;
  for (size_t i = 0; i < handed; i++)
    if (imported[i].code != 0) return fail(wallet, "importprunedfunds", &imported[i], error);
  return true;
}

static bool add_older(struct bs_wallet *wallet, const struct bs_scope *scope, const struct watched *watched,
                      const unsigned char hash[BS_HASH160_SIZE], const struct bs_scripts *scripts, struct bs_error *error) {
  struct bs_candidates older BS_AUTO(bs_candidates_free) = {NULL, 0};
  struct bs_rpc_result result;

  if (!bs_wallet_scan(wallet, scope, &older, hash, scripts, error)) return false;
  for (size_t first = 0, count; first < older.count; first += count) {
    count = older.count - first < BS_TRANSACTIONS_MAX ? older.count - first : BS_TRANSACTIONS_MAX;
    if (!hand_over(wallet, scope, &older.items[first], count, error)) return false;
  }
  if (!bs_rpc_try(wallet->watching, scope, &result, error, "setlabel", "\"%s\",\"" LABEL "\"", watched->address)) return false;
  return result.code == 0 || fail(wallet, "setlabel", &result, error);
}

/* ---- what there is ---- */

/* *ret_has false: it is another hash's. */
static bool read_unspent(const struct bs_wallet *wallet, struct bs_json unspent, const struct bs_scripts *scripts,
                         struct bs_candidate *ret_candidate, bool *ret_has, struct bs_error *error) {
  struct bs_buffer script BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_rpc_result txid = {.code = 0}, hex = {.code = 0};
  struct bs_json output, amount, confirmations;
  uint64_t number;

  if (!bs_json_find(unspent, "txid", &txid.value) || !bs_json_find(unspent, "scriptPubKey", &hex.value) ||
      !bs_json_find(unspent, "vout", &output) || !bs_json_integer(output, &number) || number > UINT32_MAX ||
      !bs_json_find(unspent, "amount", &amount) || !bs_node_amount(amount, &ret_candidate->value) ||
      !bs_json_find(unspent, "confirmations", &confirmations) ||
      !bs_json_integer(confirmations, &ret_candidate->confirmations))
    return bs_rpc_fail_answer(wallet->watching, "listunspent", "what a coin is", error);
  if (!bs_node_hash(wallet->watching, "listunspent", &txid, ret_candidate->txid, error) ||
      !bs_node_bytes(wallet->watching, "listunspent", &hex, &script, error))
    return false;
  ret_candidate->output = (uint32_t)number;
  *ret_has = bs_scripts_have(scripts, &ret_candidate->is_witness, script.bytes, script.length);
  return true;
}

/* Those that the node has, too, and that its mempool does not spend. */
static bool drop_gone(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                      struct bs_error *error) {
  struct bs_rpc_result results[BS_CANDIDATES_MAX];
  size_t kept = 0;

  if (candidates->count == 0) return true;
  bs_rpc_drop(wallet->node);
  for (size_t i = 0; i < candidates->count; i++) {
    char txid[2 * BS_TXID_SIZE + 1];

    bs_txid_text(txid, candidates->items[i].txid);
    bs_rpc_add(wallet->node, "gettxout", "\"%s\",%u,true", txid, candidates->items[i].output);
  }
  if (!bs_wallet_ask(wallet->node, scope, results, candidates->count, error)) return false;
  for (size_t i = 0; i < candidates->count; i++) {
    if (results[i].code != 0) return bs_rpc_fail(wallet->node, "gettxout", &results[i], error);
    if (bs_json_type(results[i].value) == BS_JSON_OBJECT) candidates->items[kept++] = candidates->items[i];
  }
  candidates->count = kept;
  return true;
}

/* What is safe: in a block, or paid back by what the wallet's own coins were spent for. */
static bool list(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                 const struct watched *watched, const struct bs_scripts *scripts, struct bs_error *error) {
  struct bs_rpc_result result;
  struct bs_json unspent;
  struct bs_json_iterator items;

  if (!bs_rpc_try(wallet->watching, scope, &result, error, "listunspent", "0,9999999,[\"%s\",%s],false", watched->address,
                  watched->witness_address))
    return false;
  if (result.code != 0) return fail(wallet, "listunspent", &result, error);
  items = bs_json_begin(result.value);
  while (bs_json_next_item(&items, &unspent)) {
    struct bs_candidate candidate = {.height = 0};
    bool has = false;

    if (!read_unspent(wallet, unspent, scripts, &candidate, &has, error)) return false;
    if (has && !bs_candidates_add(candidates, &candidate, error)) return false;
  }
  bs_candidates_bound(candidates);
  return drop_gone(wallet, scope, candidates, error);
}

static bool ask(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                const unsigned char hash[BS_HASH160_SIZE], const struct bs_scripts *scripts, struct bs_error *error) {
  struct watched watched = {.is_complete = false};

  candidates->count = 0;
  if (!ensure_loaded(wallet, scope, error) || !look(wallet, scope, &watched, hash, scripts, error)) return false;
  if (!watched.is_complete &&
      (!watch(wallet, scope, scripts, error) || !add_older(wallet, scope, &watched, hash, scripts, error)))
    return false;
  return list(wallet, scope, candidates, &watched, scripts, error);
}

bool bs_wallet_watch(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                     const unsigned char hash[BS_HASH160_SIZE], const struct bs_scripts *scripts, struct bs_error *error) {
  bool was_loaded = wallet->is_loaded;

  if (ask(wallet, scope, candidates, hash, scripts, error)) return true;
  if (!was_loaded || wallet->is_loaded) return false;
  *error = (struct bs_error){0};
  return ask(wallet, scope, candidates, hash, scripts, error);
}

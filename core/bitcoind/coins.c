/* SPDX-License-Identifier: MIT */
/* Which coins there are: from the node's set of them, or from a wallet of its that watches; less what its mempool spends. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/bitcoind/node.h"
#include "core/bitcoind/wallet-private.h"
#include "core/codec/hex.h"

#define CANDIDATES_MAX 256 /* that are looked at, the largest */
#define SPENDERS_MAX 100   /* transactions in the mempool that are followed */

void bs_candidates_free(struct bs_candidates *candidates) {
  free(candidates->items);
  candidates->items = NULL;
  candidates->count = 0;
}

bool bs_candidates_add(struct bs_candidates *candidates, const struct bs_candidate *candidate, struct bs_error *error) {
  struct bs_candidate *grown = candidates->items;

  if ((candidates->count & (candidates->count - 1)) == 0) /* room for a power of two */
    grown = reallocarray(grown, candidates->count == 0 ? 1 : 2 * candidates->count, sizeof *grown);
  if (grown == NULL) return bs_fail_memory(error);
  candidates->items = grown;
  candidates->items[candidates->count++] = *candidate;
  return true;
}

static int compare_candidates(const void *left, const void *right) {
  const struct bs_candidate *a = left, *b = right;

  return (a->value < b->value) - (a->value > b->value);
}

bool bs_scripts_have(const struct bs_scripts *scripts, const unsigned char *script, size_t length) {
  for (size_t i = 0; i < 2; i++)
    if (scripts->items[i].length == length && memcmp(scripts->items[i].bytes, script, length) == 0) return true;
  return false;
}

/* ---- the node's set ---- */

static bool take_unspent(const struct bs_rpc *rpc, struct bs_candidates *candidates, struct bs_json unspent, uint64_t tip,
                         struct bs_error *error) {
  struct bs_candidate candidate = {.height = 0};
  struct bs_rpc_result txid = {.code = 0};
  struct bs_json output, amount, height, coinbase;
  uint64_t number;

  if (!bs_json_find(unspent, "txid", &txid.value) || !bs_json_find(unspent, "vout", &output) ||
      !bs_json_integer(output, &number) || number > UINT32_MAX || !bs_json_find(unspent, "amount", &amount) ||
      !bs_node_amount(amount, &candidate.value) || !bs_json_find(unspent, "height", &height) ||
      !bs_json_integer(height, &candidate.height) || candidate.height == 0)
    return bs_rpc_fail_answer(rpc, "scantxoutset", "what a coin is", error);
  if (!bs_node_hash(rpc, "scantxoutset", &txid, candidate.txid, error)) return false;
  candidate.output = (uint32_t)number;
  if (bs_json_find(unspent, "coinbase", &coinbase) && bs_json_type(coinbase) == BS_JSON_TRUE &&
      tip + 1 < candidate.height + BS_COINBASE_MATURITY)
    return true;
  candidate.confirmations = tip < candidate.height ? 1 : tip - candidate.height + 1;
  return bs_candidates_add(candidates, &candidate, error);
}

static bool fail_scan(const struct bs_rpc *rpc, const struct bs_rpc_result *result, struct bs_error *error) {
  if (result->code == BS_RPC_OUT_OF_RANGE)
    return bs_fail(error, BS_WORD_failed,
                   "The Bitcoin node at %s goes over its coins for somebody else: try again, or let it watch by a wallet.",
                   bs_rpc_url(rpc));
  return bs_rpc_fail(rpc, "scantxoutset", result, error);
}

static bool scan(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                 const struct bs_scripts *scripts, struct bs_error *error) {
  struct bs_rpc_result result;
  struct bs_json value, unspent;
  struct bs_json_iterator items;
  char hex[2][2 * BS_SCRIPT_MAX + 1];
  uint64_t tip;

  for (size_t i = 0; i < 2; i++) bs_hex_encode(hex[i], scripts->items[i].bytes, scripts->items[i].length);
  if (!bs_rpc_try(wallet->node, scope, &result, error, "scantxoutset", "\"start\",[\"raw(%s)\",\"raw(%s)\"]", hex[0], hex[1]))
    return false;
  if (result.code != 0) return fail_scan(wallet->node, &result, error);
  if (!bs_json_find(result.value, "height", &value) || !bs_json_integer(value, &tip) ||
      !bs_json_find(result.value, "unspents", &value))
    return bs_rpc_fail_answer(wallet->node, "scantxoutset", "coins", error);
  items = bs_json_begin(value);
  while (bs_json_next_item(&items, &unspent))
    if (!take_unspent(wallet->node, candidates, unspent, tip, error)) return false;
  return true;
}

/* ---- the mempool ---- */

/* Transactions there that spend ours. */
struct spenders {
  unsigned char txids[SPENDERS_MAX][BS_TXID_SIZE];
  size_t count;
};

static void add_spender(struct spenders *spenders, const unsigned char txid[BS_TXID_SIZE]) {
  for (size_t i = 0; i < spenders->count; i++)
    if (memcmp(spenders->txids[i], txid, BS_TXID_SIZE) == 0) return;
  if (spenders->count < SPENDERS_MAX) memcpy(spenders->txids[spenders->count++], txid, BS_TXID_SIZE);
}

/* Drops the candidates from number `first` on that a transaction in the mempool spends, and notes that one. */
static bool drop_spent(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates, size_t first,
                       struct spenders *spenders, struct bs_error *error) {
  struct bs_buffer outputs BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_rpc_result spender = {.code = 0};
  struct bs_json answer, item;
  struct bs_json_iterator items;
  size_t kept = first, seen = first;

  if (candidates->count == first) return true;
  for (size_t i = first; i < candidates->count; i++) {
    char txid[2 * BS_TXID_SIZE + 1];

    bs_txid_text(txid, candidates->items[i].txid);
    bs_buffer_format(&outputs, "%s{\"txid\":\"%s\",\"vout\":%u}", i == first ? "[" : ",", txid, candidates->items[i].output);
  }
  bs_buffer_text(&outputs, "]");
  if (bs_buffer_string(&outputs) == NULL) return bs_fail_memory(error);
  if (!bs_rpc_call(wallet->node, scope, &answer, error, "gettxspendingprevout", "%s", (char *)outputs.bytes)) return false;
  items = bs_json_begin(answer);
  for (; seen < candidates->count && bs_json_next_item(&items, &item); seen++) {
    unsigned char txid[BS_TXID_SIZE];

    if (!bs_json_find(item, "spendingtxid", &spender.value)) {
      candidates->items[kept++] = candidates->items[seen];
    } else {
      if (!bs_node_hash(wallet->node, "gettxspendingprevout", &spender, txid, error)) return false;
      add_spender(spenders, txid);
    }
  }
  if (seen != candidates->count)
    return bs_rpc_fail_answer(wallet->node, "gettxspendingprevout", "all outputs that were asked for", error);
  candidates->count = kept;
  return true;
}

/* What a transaction in the mempool pays back. */
static bool add_outputs(struct bs_candidates *candidates, const struct bs_scripts *scripts, const struct bs_buffer *raw,
                        struct bs_error *error) {
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {0};

  if (!bs_transaction_parse(&transaction, raw->bytes, raw->length, error)) return false;
  for (size_t i = 0; i < transaction.output_count; i++) {
    struct bs_candidate candidate = {.output = (uint32_t)i, .value = transaction.outputs[i].value};

    if (!bs_scripts_have(scripts, transaction.outputs[i].script, transaction.outputs[i].script_length)) continue;
    memcpy(candidate.txid, transaction.txid, sizeof candidate.txid);
    if (!bs_candidates_add(candidates, &candidate, error)) return false;
  }
  return true;
}

/* The spenders' own outputs to the hash, and theirs, and so on.  One that left the mempool meanwhile is passed over. */
static bool follow_spenders(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                            const struct bs_scripts *scripts, struct spenders *spenders, struct bs_error *error) {
  for (size_t i = 0; i < spenders->count; i++) {
    struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
    struct bs_rpc_result result;
    char txid[2 * BS_TXID_SIZE + 1];
    size_t first = candidates->count;

    bs_txid_text(txid, spenders->txids[i]);
    if (!bs_rpc_try(wallet->node, scope, &result, error, "getrawtransaction", "\"%s\"", txid)) return false;
    if (result.code == BS_RPC_NOT_FOUND) continue;
    if (!bs_node_bytes(wallet->node, "getrawtransaction", &result, &raw, error) ||
        !add_outputs(candidates, scripts, &raw, error) || !drop_spent(wallet, scope, candidates, first, spenders, error))
      return false;
  }
  return true;
}

/* ---- coins ---- */

/* The whole transaction that made it, which for a coin in a block needs the block's hash. */
static bool ask_transaction(struct bs_wallet *wallet, const struct bs_scope *scope, const struct bs_candidate *candidate,
                            struct bs_rpc_result *ret_result, struct bs_error *error) {
  unsigned char hash[1][BS_BITCOIN_HASH_SIZE];
  char txid[2 * BS_TXID_SIZE + 1], block[2 * BS_BITCOIN_HASH_SIZE + 1];

  bs_txid_text(txid, candidate->txid);
  if (wallet->watching != NULL) { /* it keeps them, whatever was pruned */
    if (!bs_rpc_try(wallet->watching, scope, ret_result, error, "gettransaction", "\"%s\"", txid)) return false;
    return ret_result->code != 0 || bs_json_find(ret_result->value, "hex", &ret_result->value) ||
           bs_rpc_fail_answer(wallet->watching, "gettransaction", "the transaction", error);
  }
  if (candidate->height == 0) return bs_rpc_try(wallet->node, scope, ret_result, error, "getrawtransaction", "\"%s\"", txid);
  if (!bs_node_hashes(wallet->node, scope, hash, candidate->height, 1, error)) return false;
  bs_txid_text(block, hash[0]);
  return bs_rpc_try(wallet->node, scope, ret_result, error, "getrawtransaction", "\"%s\",false,\"%s\"", txid, block);
}

void bs_wallet_free_coins(struct bs_unspent *unspents, size_t count) {
  for (size_t i = 0; i < count; i++) bs_buffer_free(&unspents[i].raw);
}

/* *ret_has false: its block was pruned, or it left mempool or chain meanwhile. */
static bool take_coin(struct bs_wallet *wallet, const struct bs_scope *scope, const struct bs_candidate *candidate,
                      struct bs_unspent *unspent, bool *ret_has, struct bs_error *error) {
  struct bs_rpc_result result;

  *unspent = (struct bs_unspent){.confirmations = candidate->confirmations};
  if (!ask_transaction(wallet, scope, candidate, &result, error)) return false;
  *ret_has = result.code != BS_RPC_NOT_FOUND && result.code != BS_RPC_MISC;
  if (!*ret_has) {
    bs_log(BS_LOG_INFO, "bitcoind: a coin is left out, as the node does not have the transaction that made it");
    return true;
  }
  return bs_node_bytes(wallet->node, "getrawtransaction", &result, &unspent->raw, error) &&
         bs_coin_from_transaction(&unspent->coin, candidate->txid, candidate->output, unspent->raw.bytes, unspent->raw.length,
                                  error);
}

static bool take_coins(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                       struct bs_unspent *unspents, size_t *ret_count, size_t most, struct bs_error *error) {
  size_t count = 0;

  for (size_t i = 0; i < candidates->count && count < most; i++) {
    bool has = false;

    if (!take_coin(wallet, scope, &candidates->items[i], &unspents[count], &has, error)) {
      bs_wallet_free_coins(unspents, count + 1);
      return false;
    }
    count += has;
  }
  *ret_count = count;
  return true;
}

bool bs_wallet_coins(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_unspent *unspents, size_t *ret_count,
                     size_t most, const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  struct bs_candidates candidates BS_AUTO(bs_candidates_free) = {NULL, 0};
  struct spenders spenders = {.count = 0};
  struct bs_scripts scripts;

  bs_script_pay_to(&scripts.items[0], hash);
  bs_script_pay_to_witness(&scripts.items[1], hash);
  if (wallet->watching != NULL) {
    if (!bs_wallet_watch(wallet, scope, &candidates, hash, &scripts, error)) return false;
  } else if (!scan(wallet, scope, &candidates, &scripts, error)) {
    return false;
  }
  if (candidates.count > 0) qsort(candidates.items, candidates.count, sizeof *candidates.items, compare_candidates);
  if (candidates.count > CANDIDATES_MAX) candidates.count = CANDIDATES_MAX;
  if (wallet->watching == NULL && (!drop_spent(wallet, scope, &candidates, 0, &spenders, error) ||
                                   !follow_spenders(wallet, scope, &candidates, &scripts, &spenders, error)))
    return false;
  if (candidates.count > 0) qsort(candidates.items, candidates.count, sizeof *candidates.items, compare_candidates);
  return take_coins(wallet, scope, &candidates, unspents, ret_count, most, error);
}

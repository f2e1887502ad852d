/* SPDX-License-Identifier: MIT */
/* Which coins there are: from the node's set of them, or from a wallet of its that watches; less what its mempool spends. */
#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/bitcoind/node.h"
#include "core/bitcoind/wallet-private.h"
#include "core/codec/hex.h"

#define SPENDERS_MAX 100 /* transactions in the mempool that are followed */

/* ---- candidates ---- */

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

bool bs_candidates_add_all(struct bs_candidates *candidates, const struct bs_candidates *others, struct bs_error *error) {
  for (size_t i = 0; i < others->count; i++)
    if (!bs_candidates_add(candidates, &others->items[i], error)) return false;
  return true;
}

static int compare_candidates(const void *left, const void *right) {
  const struct bs_candidate *a = left, *b = right;

  if (a->is_spare != b->is_spare) return a->is_spare - b->is_spare;
  return (a->value < b->value) - (a->value > b->value);
}

static void sort(struct bs_candidates *candidates) {
  if (candidates->count > 0) qsort(candidates->items, candidates->count, sizeof *candidates->items, compare_candidates);
}

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

void bs_candidates_order(struct bs_candidates *candidates, size_t most) {
  size_t have[2] = {0, 0}, room[2], taken = 0;

  for (size_t i = 0; i < candidates->count; i++) {
    candidates->items[i].is_spare = false;
    have[candidates->items[i].is_witness]++;
  }
  sort(candidates);
  for (size_t kind = 0; kind < 2; kind++) room[kind] = most - least(have[1 - kind], most / 2);
  for (size_t i = 0; i < candidates->count; i++) {
    struct bs_candidate *candidate = &candidates->items[i];

    candidate->is_spare = taken == most || room[candidate->is_witness] == 0;
    if (candidate->is_spare) continue;
    taken++;
    room[candidate->is_witness]--;
  }
  sort(candidates);
}

void bs_candidates_bound(struct bs_candidates *candidates) {
  bs_candidates_order(candidates, BS_CANDIDATES_MAX);
  candidates->count = least(candidates->count, BS_CANDIDATES_MAX);
}

bool bs_scripts_have(const struct bs_scripts *scripts, bool *ret_witness, const unsigned char *script, size_t length) {
  for (size_t i = 0; i < 2; i++) {
    if (scripts->items[i].length != length || memcmp(scripts->items[i].bytes, script, length) != 0) continue;
    *ret_witness = i == 1;
    return true;
  }
  return false;
}

/* ---- the node ---- */

bool bs_wallet_ask(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_rpc_result *results, size_t count,
                   struct bs_error *error) {
  return bs_rpc_send(rpc, scope, error) && bs_rpc_receive(rpc, scope, results, count, error);
}

/* Of the blocks that have the candidates; zero for those in none. */
static bool find_blocks(struct bs_wallet *wallet, const struct bs_scope *scope, unsigned char (*hashes)[BS_BITCOIN_HASH_SIZE],
                        const struct bs_candidate *items, size_t count, struct bs_error *error) {
  struct bs_rpc_result results[BS_TRANSACTIONS_MAX];
  size_t asked = 0;

  bs_rpc_drop(wallet->node);
  for (size_t i = 0; i < count; i++) {
    if (items[i].height == 0) continue;
    bs_rpc_add(wallet->node, "getblockhash", "%" PRIu64, items[i].height);
    asked++;
  }
  memset(hashes, 0, count * sizeof *hashes);
  if (asked == 0) return true;
  if (!bs_wallet_ask(wallet->node, scope, results, asked, error)) return false;
  for (size_t i = 0, at = 0; i < count; i++)
    if (items[i].height != 0 && !bs_node_hash(wallet->node, "getblockhash", &results[at++], hashes[i], error)) return false;
  return true;
}

/* Without an index of transactions the node finds one in a block by the block's hash only. */
bool bs_wallet_transactions(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_rpc_result *results,
                            const struct bs_candidate *items, size_t count, bool with_proofs, struct bs_error *error) {
  unsigned char hashes[BS_TRANSACTIONS_MAX][BS_BITCOIN_HASH_SIZE];
  char txid[BS_TRANSACTIONS_MAX][2 * BS_TXID_SIZE + 1], block[BS_TRANSACTIONS_MAX][2 * BS_BITCOIN_HASH_SIZE + 1];

  if (!find_blocks(wallet, scope, hashes, items, count, error)) return false;
  for (size_t i = 0; i < count; i++) {
    bs_txid_text(txid[i], items[i].txid);
    bs_txid_text(block[i], hashes[i]);
    if (items[i].height == 0) bs_rpc_add(wallet->node, "getrawtransaction", "\"%s\"", txid[i]);
    else bs_rpc_add(wallet->node, "getrawtransaction", "\"%s\",false,\"%s\"", txid[i], block[i]);
  }
  for (size_t i = 0; i < count && with_proofs; i++)
    bs_rpc_add(wallet->node, "gettxoutproof", "[\"%s\"],\"%s\"", txid[i], block[i]);
  return count == 0 || bs_wallet_ask(wallet->node, scope, results, with_proofs ? 2 * count : count, error);
}

bool bs_wallet_lacks(const struct bs_rpc_result *transaction) {
  if (transaction->code != BS_RPC_NOT_FOUND && transaction->code != BS_RPC_MISC) return false;
  bs_log(BS_LOG_INFO, "bitcoind: a coin is left out, as the node does not have the transaction that made it");
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

    if (!bs_scripts_have(scripts, &candidate.is_witness, transaction.outputs[i].script, transaction.outputs[i].script_length))
      continue;
    memcpy(candidate.txid, transaction.txid, sizeof candidate.txid);
    if (!bs_candidates_add(candidates, &candidate, error)) return false;
  }
  return true;
}

/* Some of them, and what they pay back. */
static bool follow_some(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                        const struct bs_scripts *scripts, unsigned char (*txids)[BS_TXID_SIZE], size_t count,
                        struct bs_error *error) {
  struct bs_rpc_result results[BS_TRANSACTIONS_MAX];

  bs_rpc_drop(wallet->node);
  for (size_t i = 0; i < count; i++) {
    char txid[2 * BS_TXID_SIZE + 1];

    bs_txid_text(txid, txids[i]);
    bs_rpc_add(wallet->node, "getrawtransaction", "\"%s\"", txid);
  }
  if (!bs_wallet_ask(wallet->node, scope, results, count, error)) return false;
  for (size_t i = 0; i < count; i++) {
    struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;

    if (results[i].code == BS_RPC_NOT_FOUND) continue; /* it left the mempool meanwhile */
    if (!bs_node_bytes(wallet->node, "getrawtransaction", &results[i], &raw, error) ||
        !add_outputs(candidates, scripts, &raw, error))
      return false;
  }
  return true;
}

/* The spenders' own outputs to the hash, and theirs, and so on. */
static bool follow_spenders(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                            const struct bs_scripts *scripts, struct spenders *spenders, struct bs_error *error) {
  for (size_t done = 0, count; done < spenders->count; done += count) {
    size_t first = candidates->count;

    count = least(spenders->count - done, BS_TRANSACTIONS_MAX);
    if (!follow_some(wallet, scope, candidates, scripts, &spenders->txids[done], count, error) ||
        !drop_spent(wallet, scope, candidates, first, spenders, error))
      return false;
  }
  return true;
}

/* ---- coins ---- */

/* The whole transactions that made them.  A wallet keeps its own, whatever was pruned. */
static bool ask_transactions(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_rpc_result *results,
                             const struct bs_candidate *items, size_t count, struct bs_error *error) {
  if (wallet->watching == NULL) return bs_wallet_transactions(wallet, scope, results, items, count, false, error);
  bs_rpc_drop(wallet->watching);
  for (size_t i = 0; i < count; i++) {
    char txid[2 * BS_TXID_SIZE + 1];

    bs_txid_text(txid, items[i].txid);
    bs_rpc_add(wallet->watching, "gettransaction", "\"%s\"", txid);
  }
  if (!bs_wallet_ask(wallet->watching, scope, results, count, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (results[i].code == 0 && !bs_json_find(results[i].value, "hex", &results[i].value))
      return bs_rpc_fail_answer(wallet->watching, "gettransaction", "the transaction", error);
  return true;
}

void bs_wallet_free_coins(struct bs_unspent *unspents, size_t count) {
  for (size_t i = 0; i < count; i++) bs_buffer_free(&unspents[i].raw);
}

static bool take_coin(const struct bs_wallet *wallet, const struct bs_candidate *candidate, const struct bs_rpc_result *result,
                      struct bs_unspent *unspent, struct bs_error *error) {
  *unspent = (struct bs_unspent){.confirmations = candidate->confirmations};
  if (bs_node_bytes(wallet->node, "getrawtransaction", result, &unspent->raw, error) &&
      bs_coin_from_transaction(&unspent->coin, candidate->txid, candidate->output, unspent->raw.bytes, unspent->raw.length,
                               error))
    return true;
  bs_buffer_free(&unspent->raw);
  return false;
}

/* Of some candidates. */
static bool take_some(struct bs_wallet *wallet, const struct bs_scope *scope, const struct bs_candidate *items, size_t count,
                      struct bs_unspent *unspents, size_t *taken, size_t most, struct bs_error *error) {
  struct bs_rpc_result results[BS_TRANSACTIONS_MAX];

  if (!ask_transactions(wallet, scope, results, items, count, error)) return false;
  for (size_t i = 0; i < count && *taken < most; i++) {
    if (bs_wallet_lacks(&results[i])) continue;
    if (!take_coin(wallet, &items[i], &results[i], &unspents[*taken], error)) return false;
    ++*taken;
  }
  return true;
}

static int compare_unspents(const void *left, const void *right) {
  const struct bs_unspent *a = left, *b = right;

  return (a->coin.value < b->coin.value) - (a->coin.value > b->coin.value);
}

static bool take_coins(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                       struct bs_unspent *unspents, size_t *ret_count, size_t most, struct bs_error *error) {
  size_t taken = 0;

  bs_candidates_order(candidates, most);
  for (size_t first = 0, count; first < candidates->count && taken < most; first += count) {
    count = least(least(candidates->count - first, BS_TRANSACTIONS_MAX), most - taken);
    if (take_some(wallet, scope, &candidates->items[first], count, unspents, &taken, most, error)) continue;
    bs_wallet_free_coins(unspents, taken);
    return false;
  }
  if (taken > 0) qsort(unspents, taken, sizeof *unspents, compare_unspents);
  *ret_count = taken;
  return true;
}

static void drop_immature(struct bs_candidates *candidates) {
  size_t kept = 0;

  for (size_t i = 0; i < candidates->count; i++)
    if (!candidates->items[i].is_immature) candidates->items[kept++] = candidates->items[i];
  candidates->count = kept;
}

/* Without a wallet. */
static bool search(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                   const unsigned char hash[BS_HASH160_SIZE], const struct bs_scripts *scripts, struct bs_error *error) {
  struct spenders spenders = {.count = 0};

  if (!bs_wallet_scan(wallet, scope, candidates, hash, scripts, error)) return false;
  drop_immature(candidates);
  return drop_spent(wallet, scope, candidates, 0, &spenders, error) &&
         follow_spenders(wallet, scope, candidates, scripts, &spenders, error);
}

bool bs_wallet_coins(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_unspent *unspents, size_t *ret_count,
                     size_t most, const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  struct bs_candidates candidates BS_AUTO(bs_candidates_free) = {NULL, 0};
  struct bs_scripts scripts;

  bs_script_pay_to(&scripts.items[0], hash);
  bs_script_pay_to_witness(&scripts.items[1], hash);
  return (wallet->watching != NULL ? bs_wallet_watch(wallet, scope, &candidates, hash, &scripts, error)
                                   : search(wallet, scope, &candidates, hash, &scripts, error)) &&
         take_coins(wallet, scope, &candidates, unspents, ret_count, most, error);
}

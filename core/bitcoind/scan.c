/* SPDX-License-Identifier: MIT */
/* The coins of a hash out of the node's set of all there are.  To go over it takes a node of the main network minutes, and it
 * does so for one who asks at a time. */
#include <config.h>

#include <poll.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/bitcoind/node.h"
#include "core/bitcoind/wallet-private.h"
#include "core/codec/hex.h"

#define PAUSE_MS 500
#define ABORT_MS 2000 /* for the node to hear that nobody waits any more */

bool bs_wallet_pause(const struct bs_scope *scope, struct bs_error *error) {
  struct pollfd cancelled = {scope == NULL ? -1 : scope->fd, POLLIN, 0};
  uint32_t left = scope == NULL ? UINT32_MAX : bs_scope_time_left(scope);

  poll(&cancelled, 1, left < PAUSE_MS ? (int)left : PAUSE_MS);
  return scope == NULL || bs_scope_check(scope, error);
}

/* ---- asking the node ---- */

static bool fail_busy(const struct bs_rpc *rpc, struct bs_error *error) {
  return bs_fail(error, BS_WORD_failed,
                 "The Bitcoin node at %s goes over its coins for somebody else: try again, or let it watch by a wallet.",
                 bs_rpc_url(rpc));
}

static bool fail_slow(const struct bs_rpc *rpc, struct bs_error *error) {
  return bs_fail(error, BS_WORD_deadline,
                 "The Bitcoin node at %s was not done with going over all its coins when the time was over: give it more, or"
                 " let it watch by a wallet, with which it does so once for each address.",
                 bs_rpc_url(rpc));
}

/* A node does not notice that it was left: it would go on for nobody, and have no time for the next one. */
static void abort_scan(struct bs_wallet *wallet) {
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;
  struct bs_rpc_result result;
  struct bs_error error = {0};

  if (bs_scope_open(&scopes, &scope, ABORT_MS, &error)) {
    bs_rpc_try(wallet->node, scope, &result, &error, "scantxoutset", "\"abort\"%s", "");
    bs_scope_close(scope);
  }
  bs_scopes_free(&scopes);
}

/* *ret_busy: it does so for others, or was told by them to stop. */
static bool start(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_rpc_result *ret_result, bool *ret_busy,
                  const struct bs_scripts *scripts, struct bs_error *error) {
  char hex[2][2 * BS_SCRIPT_MAX + 1];
  struct bs_json success;

  for (size_t i = 0; i < 2; i++) bs_hex_encode(hex[i], scripts->items[i].bytes, scripts->items[i].length);
  if (!bs_rpc_try(wallet->node, scope, ret_result, error, "scantxoutset", "\"start\",[\"raw(%s)\",\"raw(%s)\"]", hex[0],
                  hex[1])) {
    bool is_over = error->word == BS_WORD_deadline;

    if (is_over || error->word == BS_WORD_cancelled) abort_scan(wallet);
    return is_over ? fail_slow(wallet->node, error) : false;
  }
  *ret_busy = ret_result->code == BS_RPC_OUT_OF_RANGE ||
              (ret_result->code == 0 && bs_json_find(ret_result->value, "success", &success) &&
               bs_json_type(success) == BS_JSON_FALSE);
  return *ret_busy || ret_result->code == 0 || bs_rpc_fail(wallet->node, "scantxoutset", ret_result, error);
}

static bool run(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_json *ret_value,
                const struct bs_scripts *scripts, struct bs_error *error) {
  struct bs_rpc_result result = {.code = 0};
  bool busy = true;

  if (scope != NULL && !bs_scope_check(scope, error)) return false;
  if (!start(wallet, scope, &result, &busy, scripts, error)) return false;
  while (busy) {
    if (!bs_wallet_pause(scope, error)) return error->word == BS_WORD_deadline ? fail_busy(wallet->node, error) : false;
    if (!start(wallet, scope, &result, &busy, scripts, error)) return false;
  }
  *ret_value = result.value;
  return true;
}

/* ---- what it tells ---- */

static bool read_unspent(const struct bs_rpc *rpc, struct bs_json unspent, const struct bs_scripts *scripts,
                         struct bs_candidate *candidate, bool *ret_coinbase, struct bs_error *error) {
  struct bs_buffer script BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_rpc_result txid = {.code = 0}, hex = {.code = 0};
  struct bs_json output, amount, height, coinbase;
  uint64_t number;

  if (!bs_json_find(unspent, "txid", &txid.value) || !bs_json_find(unspent, "scriptPubKey", &hex.value) ||
      !bs_json_find(unspent, "vout", &output) || !bs_json_integer(output, &number) || number > UINT32_MAX ||
      !bs_json_find(unspent, "amount", &amount) || !bs_node_amount(amount, &candidate->value) ||
      !bs_json_find(unspent, "height", &height) || !bs_json_integer(height, &candidate->height) || candidate->height == 0)
    return bs_rpc_fail_answer(rpc, "scantxoutset", "what a coin is", error);
  if (!bs_node_hash(rpc, "scantxoutset", &txid, candidate->txid, error) ||
      !bs_node_bytes(rpc, "scantxoutset", &hex, &script, error))
    return false;
  candidate->output = (uint32_t)number;
  *ret_coinbase = bs_json_find(unspent, "coinbase", &coinbase) && bs_json_type(coinbase) == BS_JSON_TRUE;
  return bs_scripts_have(scripts, &candidate->is_witness, script.bytes, script.length) ||
         bs_rpc_fail_answer(rpc, "scantxoutset", "a script that it was asked for", error);
}

static bool take_unspent(const struct bs_rpc *rpc, struct bs_candidates *candidates, struct bs_json unspent, uint64_t tip,
                         const struct bs_scripts *scripts, struct bs_error *error) {
  struct bs_candidate candidate = {.height = 0};
  bool is_coinbase = false;

  if (!read_unspent(rpc, unspent, scripts, &candidate, &is_coinbase, error)) return false;
  candidate.is_immature = is_coinbase && tip + 1 < candidate.height + BS_COINBASE_MATURITY;
  candidate.confirmations = tip < candidate.height ? 1 : tip - candidate.height + 1;
  return bs_candidates_add(candidates, &candidate, error);
}

static bool read_scan(const struct bs_rpc *rpc, struct bs_scan *scan, struct bs_json value, const struct bs_scripts *scripts,
                      struct bs_error *error) {
  struct bs_rpc_result best = {.code = 0};
  struct bs_json height, unspents, unspent;
  struct bs_json_iterator items;
  uint64_t tip;

  if (!bs_json_find(value, "height", &height) || !bs_json_integer(height, &tip) ||
      !bs_json_find(value, "unspents", &unspents))
    return bs_rpc_fail_answer(rpc, "scantxoutset", "coins", error);
  if (!bs_json_find(value, "bestblock", &best.value)) return bs_rpc_fail_answer(rpc, "scantxoutset", "its newest block", error);
  if (!bs_node_hash(rpc, "scantxoutset", &best, scan->tip, error)) return false;
  items = bs_json_begin(unspents);
  while (bs_json_next_item(&items, &unspent))
    if (!take_unspent(rpc, &scan->candidates, unspent, tip, scripts, error)) return false;
  bs_candidates_bound(&scan->candidates);
  return true;
}

/* ---- what is kept ---- */

static void forget(struct bs_scan *scan) {
  bs_candidates_free(&scan->candidates);
  scan->is_used = false;
}

void bs_wallet_forget_scans(struct bs_wallet *wallet) {
  for (size_t i = 0; i < BS_SCANS_KEPT; i++) forget(&wallet->scans[i]);
}

/* Where a scan of the hash is kept, or will be. */
static struct bs_scan *find_place(struct bs_wallet *wallet, const unsigned char hash[BS_HASH160_SIZE]) {
  struct bs_scan *place;

  for (size_t i = 0; i < BS_SCANS_KEPT; i++)
    if (wallet->scans[i].is_used && memcmp(wallet->scans[i].hash, hash, BS_HASH160_SIZE) == 0) return &wallet->scans[i];
  place = &wallet->scans[wallet->next_scan];
  wallet->next_scan = (wallet->next_scan + 1) % BS_SCANS_KEPT;
  return place;
}

/* Has no block come since? */
static bool is_good(struct bs_wallet *wallet, const struct bs_scope *scope, const struct bs_scan *scan,
                    const unsigned char hash[BS_HASH160_SIZE], bool *ret_good, struct bs_error *error) {
  unsigned char tip[BS_BITCOIN_HASH_SIZE];
  struct bs_rpc_result result;

  *ret_good = scan->is_used && memcmp(scan->hash, hash, BS_HASH160_SIZE) == 0;
  if (!*ret_good) return true;
  if (!bs_rpc_try(wallet->node, scope, &result, error, "getbestblockhash", "%s", "") ||
      !bs_node_hash(wallet->node, "getbestblockhash", &result, tip, error))
    return false;
  *ret_good = memcmp(tip, scan->tip, sizeof tip) == 0;
  return true;
}

bool bs_wallet_scan(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                    const unsigned char hash[BS_HASH160_SIZE], const struct bs_scripts *scripts, struct bs_error *error) {
  struct bs_scan *place = find_place(wallet, hash);
  struct bs_json value;
  bool good;

  if (!is_good(wallet, scope, place, hash, &good, error)) return false;
  if (!good) {
    forget(place);
    if (!run(wallet, scope, &value, scripts, error)) return false;
    if (!read_scan(wallet->node, place, value, scripts, error)) {
      forget(place);
      return false;
    }
    memcpy(place->hash, hash, BS_HASH160_SIZE);
    place->is_used = true;
  }
  return bs_candidates_add_all(candidates, &place->candidates, error);
}

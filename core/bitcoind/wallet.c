/* SPDX-License-Identifier: MIT */
/* Opening; fees; sending. */
#include <config.h>

#include "core/bitcoind/wallet.h"

#include <string.h>

#include "core/base/auto.h"
#include "core/base/text.h"
#include "core/bitcoind/wallet-private.h"
#include "core/codec/hex.h"

#define BLOCKS_TO_WAIT 6
#define REASON_MAX 200

void bs_wallet_close(struct bs_wallet *wallet) {
  if (wallet == NULL) return;
  bs_rpc_close(wallet->node);
  bs_rpc_close(wallet->watching);
  bs_wallet_forget_scans(wallet);
  free(wallet->name);
  free(wallet);
}

static bool set_up(struct bs_wallet *wallet, const struct bs_bitcoind_config *config, struct bs_error *error) {
  struct bs_rpc_config rpc = config->rpc;

  rpc.wallet = NULL;
  if (!bs_rpc_open(&wallet->node, &rpc, error)) return false;
  if (config->wallet == NULL) return true;
  rpc.wallet = config->wallet;
  wallet->name = strdup(config->wallet);
  return wallet->name == NULL ? bs_fail_memory(error) : bs_rpc_open(&wallet->watching, &rpc, error);
}

bool bs_wallet_open(struct bs_wallet **ret_wallet, const struct bs_bitcoind_config *config, struct bs_error *error) {
  const struct bs_bitcoin_network *network = bs_bitcoin_network_find(config->network);
  struct bs_wallet *wallet;

  if (network == NULL) return bs_fail(error, BS_WORD_config, "There is no network %s of Bitcoin.", config->network);
  wallet = calloc(1, sizeof *wallet);
  if (wallet == NULL) return bs_fail_memory(error);
  wallet->addresses = network->addresses;
  if (!set_up(wallet, config, error)) {
    bs_wallet_close(wallet);
    return false;
  }
  *ret_wallet = wallet;
  return true;
}

bool bs_wallet_height(struct bs_wallet *wallet, const struct bs_scope *scope, uint64_t *ret_height, struct bs_error *error) {
  struct bs_json value;

  return bs_rpc_call(wallet->node, scope, &value, error, "getblockcount", "%s", "") &&
         (bs_json_integer(value, ret_height) || bs_rpc_fail_answer(wallet->node, "getblockcount", "a height", error));
}

/* ---- fees ---- */

bool bs_node_amount(struct bs_json value, uint64_t *ret_satoshis) {
  uint64_t satoshis = 0;
  size_t decimals = 0, at = 0;
  bool in_fraction = false;

  for (; at < value.length; at++) {
    char digit = value.text[at];

    if (digit == '.' && !in_fraction) {
      in_fraction = true;
      continue;
    }
    if (digit < '0' || digit > '9' || decimals == 8 || satoshis > BS_MONEY_MAX) return false;
    satoshis = satoshis * 10 + (uint64_t)(digit - '0');
    decimals += in_fraction;
  }
  for (; decimals < 8; decimals++) {
    if (satoshis > BS_MONEY_MAX) return false;
    satoshis *= 10;
  }
  if (value.length == 0 || satoshis > BS_MONEY_MAX) return false;
  *ret_satoshis = satoshis;
  return true;
}

static void raise_to(uint64_t *rate, struct bs_json object, const char *key) {
  struct bs_json value;
  uint64_t other;

  if (bs_json_find(object, key, &value) && bs_node_amount(value, &other) && other > *rate) *rate = other;
}

bool bs_wallet_fee_rate(struct bs_wallet *wallet, const struct bs_scope *scope, uint64_t *ret_rate, struct bs_error *error) {
  struct bs_rpc_result results[2];
  uint64_t rate = 0;

  bs_rpc_drop(wallet->node);
  bs_rpc_add(wallet->node, "getmempoolinfo", "%s", "");
  bs_rpc_add(wallet->node, "estimatesmartfee", "%d", BLOCKS_TO_WAIT);
  if (!bs_rpc_send(wallet->node, scope, error) || !bs_rpc_receive(wallet->node, scope, results, 2, error)) return false;
  if (results[0].code != 0) return bs_rpc_fail(wallet->node, "getmempoolinfo", &results[0], error);
  raise_to(&rate, results[0].value, "mempoolminfee");
  raise_to(&rate, results[0].value, "minrelaytxfee");
  raise_to(&rate, results[1].value, "feerate"); /* absent while it has seen too little */
  if (rate == 0) return bs_rpc_fail_answer(wallet->node, "getmempoolinfo", "the fees that it takes", error);
  *ret_rate = rate;
  return true;
}

/* ---- sending ---- */

static const struct {
  const char *part; /* of what the node says */
  enum bs_word word;
  const char *sentence;
} refusals[] = {
    {"missingorspent", BS_WORD_conflict, "what it spends was spent already, or is not known there"},
    {"missing-inputs", BS_WORD_conflict, "what it spends was spent already, or is not known there"},
    {"txn-mempool-conflict", BS_WORD_contested, "another transaction that waits for a block spends the same coins"},
    {"insufficient fee", BS_WORD_contested,
     "another transaction that waits for a block spends the same coins, and this one does not pay enough to replace it"},
    {"min relay fee not met", BS_WORD_denied, "its fee is too low"},
    {"mempool min fee not met", BS_WORD_denied, "its fee is too low: the mempool is full of better ones"},
    {"script-verify-flag", BS_WORD_forged, "a signature is not good"},
    {"premature-spend-of-coinbase", BS_WORD_denied, "it spends what was mined less than 100 blocks ago"},
    {"dust", BS_WORD_denied, "an output holds too little"},
    {"too-long-mempool-chain", BS_WORD_denied, "too many transactions that wait for a block depend on each other: wait for one"},
    {"TX decode failed", BS_WORD_malformed, "it is no transaction"},
};

static bool fail_refused(const struct bs_wallet *wallet, struct bs_json said, struct bs_error *error) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char reason[REASON_MAX];
  size_t length;

  bs_json_string(said, &text);
  length = text.length < sizeof reason - 1 ? text.length : sizeof reason - 1;
  if (length > 0) memcpy(reason, text.bytes, length);
  reason[length] = '\0';
  bs_text_tidy(reason);
  for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
    if (strstr(reason, refusals[i].part) != NULL)
      return bs_fail(error, refusals[i].word, "The Bitcoin node at %s does not take the transaction: %s (%s).",
                     bs_rpc_url(wallet->node), refusals[i].sentence, reason);
  return bs_fail(error, BS_WORD_denied, "The Bitcoin node at %s does not take the transaction: %s.", bs_rpc_url(wallet->node),
                 reason);
}

static char *hex_of(const struct bs_buffer *raw, struct bs_error *error) {
  char *hex = malloc(2 * raw->length + 1);

  if (hex == NULL) bs_fail_memory(error);
  else bs_hex_encode(hex, raw->bytes, raw->length);
  return hex;
}

/* No limit of the node on fees: whoever made the transaction has one. */
bool bs_wallet_send(struct bs_wallet *wallet, const struct bs_scope *scope, const struct bs_buffer *raw, struct bs_error *error) {
  char *hex BS_AUTO_FREE = hex_of(raw, error);
  struct bs_rpc_result result;

  if (hex == NULL || !bs_rpc_try(wallet->node, scope, &result, error, "sendrawtransaction", "\"%s\",0", hex)) return false;
  if (result.code == 0 || result.code == BS_RPC_KNOWN) return true;
  if (result.code == BS_RPC_REFUSED || result.code == BS_RPC_REJECTED || result.code == BS_RPC_UNREADABLE)
    return fail_refused(wallet, result.message, error);
  return bs_rpc_fail(wallet->node, "sendrawtransaction", &result, error);
}

/* One verdict of testmempoolaccept. */
static bool check_verdict(const struct bs_wallet *wallet, struct bs_json verdict, struct bs_error *error) {
  struct bs_json value;

  if (bs_json_find(verdict, "allowed", &value) && bs_json_type(value) == BS_JSON_TRUE) return true;
  if (!bs_json_find(verdict, "reject-reason", &value) && !bs_json_find(verdict, "package-error", &value))
    return bs_json_find(verdict, "txid", &value) || /* it was not looked at, as another one is refused */
           bs_rpc_fail_answer(wallet->node, "testmempoolaccept", "a verdict", error);
  return bs_json_string_is(value, "txn-already-in-mempool", 22) || bs_json_string_is(value, "txn-already-known", 17) ||
         fail_refused(wallet, value, error);
}

bool bs_wallet_try(struct bs_wallet *wallet, const struct bs_scope *scope, const struct bs_buffer *raws, size_t count,
                   struct bs_error *error) {
  struct bs_buffer parameters BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_json verdicts, verdict;
  struct bs_json_iterator items;
  size_t seen = 0;

  for (size_t i = 0; i < count; i++) {
    char *hex BS_AUTO_FREE = hex_of(&raws[i], error);

    if (hex == NULL) return false;
    bs_buffer_text(&parameters, i == 0 ? "[\"" : "\",\"");
    bs_buffer_text(&parameters, hex);
  }
  bs_buffer_text(&parameters, "\"],0");
  if (bs_buffer_string(&parameters) == NULL) return bs_fail_memory(error);
  if (!bs_rpc_call(wallet->node, scope, &verdicts, error, "testmempoolaccept", "%s", (char *)parameters.bytes)) {
    if (error->word == BS_WORD_failed && strstr(error->message, "TX decode failed") != NULL) error->word = BS_WORD_malformed;
    return false;
  }
  items = bs_json_begin(verdicts);
  for (; bs_json_next_item(&items, &verdict); seen++)
    if (!check_verdict(wallet, verdict, error)) return false;
  return seen == count || bs_rpc_fail_answer(wallet->node, "testmempoolaccept", "as many verdicts as transactions", error);
}

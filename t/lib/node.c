/* SPDX-License-Identifier: MIT */
/*
 * For the shell tests with a Bitcoin node: node COMMAND ARGUMENT...
 *   rpc METHOD [PARAMETERS]     prints the result, in JSON
 *   twice METHOD [PARAMETERS]   on one connection, with a line read from the standard input in between
 *   follow INDEX [CONFIRMATIONS]  one step: "HEIGHT of NODE'S, +APPLIED -TAKEN-BACK", and "syncing"; without CONFIRMATIONS 0
 *   tip INDEX                     "HEIGHT HASH CONSENSUS"
 *   refused INDEX BLOCK           "PLACE REASON" of each operation
 *   coins HASH [MOST]             "VALUE TXID:OUTPUT" of each, " mined" for a coinbase's, " waits" in no block; with the wallet
 *                                 NODE_WALLET
 *   fee                           satoshis
 *   send TRANSACTION              "taken"
 *   try TRANSACTION...            "taken"
 * The network is NODE_NETWORK, or regtest, from block NODE_FIRST_BLOCK on.  The node is at NODE_URL, with NODE_COOKIE or
 * NODE_USER and NODE_PASSWORD; NODE_MS is the deadline.  A failure is "WORD: MESSAGE" and a status of 1.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bitcoind/wallet.h"
#include "core/codec/hex.h"

static struct bs_scopes scopes;
static struct bs_scope *scope;
static struct bs_error error;

static _Noreturn void fail(void) {
  printf("%s: %s\n", bs_word_text(error.word), error.message);
  exit(1);
}

static struct bs_rpc_config config(void) {
  const char *most = getenv("NODE_ANSWER_MAX");

  return (struct bs_rpc_config){.url = getenv("NODE_URL"),
                                .wallet = getenv("NODE_WALLET"),
                                .cookie = getenv("NODE_COOKIE"),
                                .user = getenv("NODE_USER"),
                                .password = getenv("NODE_PASSWORD"),
                                .answer_max = most == NULL ? 0 : strtoul(most, NULL, 10)};
}

static void call(struct bs_rpc *rpc, char **arguments, int count) {
  struct bs_json value;

  if (!bs_rpc_call(rpc, scope, &value, &error, arguments[0], "%s", count > 1 ? arguments[1] : "")) fail();
  printf("%.*s\n", (int)value.length, value.text);
}

static void rpc_once(char **arguments, int count) {
  const struct bs_rpc_config where = config();
  struct bs_rpc *rpc;

  if (!bs_rpc_open(&rpc, &where, &error)) fail();
  call(rpc, arguments, count);
  bs_rpc_close(rpc);
}

static void rpc_twice(char **arguments, int count) {
  const struct bs_rpc_config where = config();
  struct bs_rpc *rpc;

  if (!bs_rpc_open(&rpc, &where, &error)) fail();
  call(rpc, arguments, count);
  fflush(stdout);
  while (getchar() != '\n') {
  }
  call(rpc, arguments, count);
  bs_rpc_close(rpc);
}

static const char *text_of(const char *variable, const char *otherwise) {
  const char *text = getenv(variable);

  return text == NULL ? otherwise : text;
}

static void follow(char **arguments, int count) {
  const struct bs_bitcoind_config where = {.rpc = config(),
                                           .network = text_of("NODE_NETWORK", "regtest"),
                                           .first_block = strtoul(text_of("NODE_FIRST_BLOCK", "0"), NULL, 10),
                                           .confirmations = count > 1 ? strtoul(arguments[1], NULL, 10) : 0,
                                           .index = arguments[0]};
  struct bs_follow_state state;
  struct bs_follower *follower;
  bool good;

  if (!bs_follower_open(&follower, &where, &error)) fail();
  good = bs_follow(follower, scope, &state, &error);
  bs_follower_close(follower);
  if (!good) fail();
  printf("%llu of %llu, +%llu -%llu%s\n", (unsigned long long)state.height, (unsigned long long)state.node_height,
         (unsigned long long)state.applied, (unsigned long long)state.taken_back, state.is_syncing ? ", syncing" : "");
}

static struct bs_bitcoin_chain *open_index(const char *path) {
  const struct bs_bitcoin_network *network = bs_bitcoin_network_find(text_of("NODE_NETWORK", "regtest"));
  struct bs_bitcoin_chain *chain;

  if (network == NULL) abort();
  if (!bs_bitcoin_chain_open(&chain, path, network, strtoul(text_of("NODE_FIRST_BLOCK", "0"), NULL, 10), BS_DATABASE_READ, scope,
                             &error))
    fail();
  return chain;
}

static void tip(char **arguments, int count) {
  struct bs_bitcoin_chain *chain = open_index(arguments[0]);
  struct bs_bitcoin_tip tip;
  char hash[65], consensus[33];

  (void)count;
  if (!bs_bitcoin_chain_tip(chain, &tip, &error)) fail();
  bs_txid_text(hash, tip.hash);
  bs_hex_encode(consensus, tip.consensus, sizeof tip.consensus);
  printf("%llu %s %s\n", (unsigned long long)tip.height, hash, consensus);
  bs_bitcoin_chain_close(chain);
}

static bool show_refused(void *user, const struct bs_refused *refused, struct bs_error *failure) {
  (void)user, (void)failure;
  printf("%llu %s\n", (unsigned long long)refused->vtxindex, refused->reason);
  return true;
}

static void refused(char **arguments, int count) {
  struct bs_bitcoin_chain *chain = open_index(arguments[0]);

  (void)count;
  if (!bs_index_refused_at(bs_bitcoin_chain_index(chain), strtoul(arguments[1], NULL, 10), show_refused, NULL, &error)) fail();
  bs_bitcoin_chain_close(chain);
}

static struct bs_wallet *open_wallet(void) {
  const struct bs_bitcoind_config where = {
      .rpc = config(), .network = text_of("NODE_NETWORK", "regtest"), .wallet = getenv("NODE_WALLET")};
  struct bs_wallet *wallet;

  if (!bs_wallet_open(&wallet, &where, &error)) fail();
  return wallet;
}

static void coins(char **arguments, int count) {
  struct bs_wallet *wallet = open_wallet();
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_unspent found[24];
  char txid[2 * BS_TXID_SIZE + 1];
  size_t most = count > 1 ? strtoul(arguments[1], NULL, 10) : 24;

  if (!bs_hex_decode(hash, sizeof hash, arguments[0])) abort();
  if (!bs_wallet_coins(wallet, scope, found, &most, most, hash, &error)) fail();
  for (size_t i = 0; i < most; i++) {
    const struct bs_coin *coin = &found[i].coin;

    bs_txid_text(txid, coin->txid);
    printf("%llu %s:%u%s%s\n", (unsigned long long)coin->value, txid, coin->output, coin->is_coinbase ? " mined" : "",
           found[i].confirmations == 0 ? " waits" : "");
  }
  bs_wallet_free_coins(found, most);
  bs_wallet_close(wallet);
}

static void fee(char **arguments, int count) {
  struct bs_wallet *wallet = open_wallet();
  uint64_t rate;

  (void)arguments, (void)count;
  if (!bs_wallet_fee_rate(wallet, scope, &rate, &error)) fail();
  printf("%llu\n", (unsigned long long)rate);
  bs_wallet_close(wallet);
}

static void send_or_try(char **arguments, int count, bool really) {
  struct bs_wallet *wallet = open_wallet();
  struct bs_buffer raws[4] = {BS_BUFFER_INIT};

  for (int i = 0; i < count; i++) {
    size_t length = strlen(arguments[i]) / 2;

    if (!bs_hex_decode(bs_buffer_extend(&raws[i], length), length, arguments[i])) abort();
  }
  if (really ? !bs_wallet_send(wallet, scope, &raws[0], &error)
             : !bs_wallet_try(wallet, scope, raws, (size_t)count, &error))
    fail();
  puts("taken");
  for (int i = 0; i < count; i++) bs_buffer_free(&raws[i]);
  bs_wallet_close(wallet);
}

static void send_one(char **arguments, int count) {
  (void)count;
  send_or_try(arguments, 1, true);
}

static void try_some(char **arguments, int count) {
  send_or_try(arguments, count, false);
}

static const struct {
  const char *name;
  int least; /* arguments */
  void (*run)(char **arguments, int count);
} commands[] = {
    {"coins", 1, coins},
    {"fee", 0, fee},
    {"follow", 1, follow},
    {"refused", 2, refused},
    {"rpc", 1, rpc_once},
    {"send", 1, send_one},
    {"tip", 1, tip},
    {"try", 1, try_some},
    {"twice", 1, rpc_twice},
};

int main(int argc, char **argv) {
  const char *limit = getenv("NODE_MS");

  if (!bs_scope_open(&scopes, &scope, limit == NULL ? 60000 : strtoul(limit, NULL, 10), &error)) fail();
  for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
    if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].least) {
      commands[i].run(argv + 2, argc - 2);
      bs_scope_close(scope);
      bs_scopes_free(&scopes);
      return 0;
    }
  fprintf(stderr, "usage: node COMMAND ARGUMENT...\n");
  return 2;
}

/* SPDX-License-Identifier: MIT */
/*
 * Names on a Bitcoin node in regtest (NODE_URL, NODE_USER, NODE_PASSWORD), whose only user this is: a wallet "miner" that pays
 * for everything, keys, and an index that is followed after each block.  What the index says can be held against a replay of all
 * blocks by the rules alone.
 */
#ifndef BS_T_NODE_WORLD_H
#define BS_T_NODE_WORLD_H

#include "core/base/auto.h"
#include "core/bitcoind/node.h"
#include "core/bitcoind/provider.h"
#include "core/names/pending.h"
#include "t/lib/tables.h"
#include "t/lib/unit.h"

#define VALUE_1 "1111111111111111111111111111111111111111"
#define VALUE_2 "2222222222222222222222222222222222222222"
#define LIFETIME 40 /* blocks, of the namespaces here */

struct world {
  char directory[40];
  char index[60];
  struct bs_scopes scopes;
  struct bs_scope *scope;
  struct bs_bitcoind_config config;
  struct bs_rpc *node, *miner;
  struct bs_follower *follower;
  struct bs_state *state; /* where operations that wait for a block are kept */
  struct bs_names *names;
};

/* A result that is text, by free(). */
static inline char *ask_text(struct world *world, struct bs_rpc *rpc, const char *method, const char *parameters) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  struct bs_json value;

  assert_ok(bs_rpc_call(rpc, world->scope, &value, &error, method, "%s", parameters));
  bs_json_string(value, &text);
  return text.length > 0 ? bs_buffer_take(&text) : NULL;
}

static inline void tell_node(struct world *world, struct bs_rpc *rpc, const char *method, const char *parameters) {
  free(ask_text(world, rpc, method, parameters));
}

static inline struct bs_follow_state follow(struct world *world) {
  struct bs_follow_state state;
  struct bs_error error = {0};

  assert_ok(bs_follow(world->follower, world->scope, &state, &error));
  return state;
}

static inline struct bs_follow_state mine(struct world *world, unsigned count) {
  char parameters[40];

  snprintf(parameters, sizeof parameters, "%u,\"raw(51)\"", count);
  tell_node(world, world->node, "generatetodescriptor", parameters);
  return follow(world);
}

static inline void set_up_node(struct world *world) {
  char *address BS_AUTO_FREE = NULL, parameters[200];

  tell_node(world, world->node, "createwallet", "\"miner\"");
  address = ask_text(world, world->miner, "getnewaddress", "");
  snprintf(parameters, sizeof parameters, "150,\"%s\"", address);
  tell_node(world, world->node, "generatetoaddress", parameters);
}

/* Who keeps what waits in a state of his own. */
struct user {
  struct bs_state *state;
  struct bs_names *names;
};

static inline struct user new_user(const struct world *world, const char *name) {
  const struct bs_names_config config = {.bitcoind = &world->config, .max_price = UINT64_C(1000000000)};
  struct user user = {NULL, NULL};
  struct bs_error error = {0};
  char path[80];

  snprintf(path, sizeof path, "%s/%s", world->directory, name);
  assert_ok(bs_names_open_on(&user.names, &bs_provider_bitcoind, &config, &error));
  assert_ok(bs_state_new(&user.state, path, &error));
  bs_names_remember(user.names, user.state);
  return user;
}

static inline void free_user(struct user *user) {
  bs_names_close(user->names);
  bs_state_free(user->state);
}

static inline int set_up_world(void **state) {
  struct world *world = calloc(1, sizeof *world);
  struct bs_error error = {0};
  struct bs_rpc_config miner;
  struct user user;

  assert_non_null(world);
  snprintf(world->directory, sizeof world->directory, "/tmp/blockstore-node-XXXXXX");
  assert_non_null(mkdtemp(world->directory));
  snprintf(world->index, sizeof world->index, "%s/index", world->directory);
  world->config = (struct bs_bitcoind_config){
      .rpc = {.url = getenv("NODE_URL"), .user = getenv("NODE_USER"), .password = getenv("NODE_PASSWORD")},
      .network = "regtest",
      .index = world->index};
  assert_ok(bs_scope_open(&world->scopes, &world->scope, 500000, &error));
  assert_ok(bs_rpc_open(&world->node, &world->config.rpc, &error));
  miner = world->config.rpc;
  miner.wallet = "miner";
  assert_ok(bs_rpc_open(&world->miner, &miner, &error));
  set_up_node(world);
  assert_ok(bs_follower_open(&world->follower, &world->config, &error));
  user = new_user(world, "state");
  world->names = user.names;
  world->state = user.state;
  follow(world);
  *state = world;
  return 0;
}

static inline int tear_down_world(void **state) {
  struct world *world = *state;
  char command[80];

  bs_names_close(world->names);
  bs_state_free(world->state);
  bs_follower_close(world->follower);
  bs_rpc_close(world->node);
  bs_rpc_close(world->miner);
  bs_scope_close(world->scope);
  bs_scopes_free(&world->scopes);
  snprintf(command, sizeof command, "rm -rf %s", world->directory);
  if (system(command) != 0) return -1;
  free(world);
  return 0;
}

/* ---- keys ---- */

struct person {
  struct bs_key *key;
  char address[BS_ADDRESS_TEXT];
};

/* With so many coins of one bitcoin, once a block has come. */
static inline struct person new_person(struct world *world, unsigned coins) {
  struct person person;
  struct bs_error error = {0};
  char parameters[100];

  assert_ok(bs_key_generate(&person.key, &error));
  bs_key_address(person.address, person.key, BS_NETWORK_TEST);
  snprintf(parameters, sizeof parameters, "\"%s\",1", person.address);
  while (coins-- > 0) tell_node(world, world->miner, "sendtoaddress", parameters);
  return person;
}

/* The same key's P2WPKH address gets as many bitcoins. */
static inline void pay_witness(struct world *world, const struct person *person, const char *amount) {
  const struct bs_public_key *key = bs_key_public(person->key);
  char hex[2 * BS_PUBLIC_KEY_MAX + 1], parameters[200];
  struct bs_json value, item;
  struct bs_json_iterator items;
  struct bs_error error = {0};

  bs_hex_encode(hex, key->bytes, key->length);
  assert_ok(bs_rpc_call(world->node, world->scope, &value, &error, "getdescriptorinfo", "\"wpkh(%s)\"", hex));
  assert_true(bs_json_find(value, "descriptor", &item));
  snprintf(parameters, sizeof parameters, "%.*s", (int)item.length, item.text);
  assert_ok(bs_rpc_call(world->node, world->scope, &value, &error, "deriveaddresses", "%s", parameters));
  items = bs_json_begin(value);
  assert_true(bs_json_next_item(&items, &item));
  snprintf(parameters, sizeof parameters, "%.*s,%s", (int)item.length, item.text, amount);
  tell_node(world, world->miner, "sendtoaddress", parameters);
}

static inline void free_person(struct person *person) {
  bs_key_free(person->key);
}
#define AUTO_PERSON BS_AUTO(free_person)

/* ---- a replay ---- */

struct history {
  struct bs_bitcoin_block *blocks; /* from block 0 on */
  struct bs_buffer *bytes;         /* of each */
  size_t count;
};

static inline void load_history(struct world *world, struct history *history, uint64_t height) {
  struct bs_error error = {0};

  history->blocks = calloc(height + 1, sizeof *history->blocks);
  history->bytes = calloc(height + 1, sizeof *history->bytes);
  assert_true(history->blocks != NULL && history->bytes != NULL);
  for (history->count = 0; history->count <= height; history->count++) {
    struct bs_buffer *bytes = &history->bytes[history->count];
    char hash[80], number[30];
    char *text BS_AUTO_FREE = NULL, *raw BS_AUTO_FREE = NULL;

    snprintf(number, sizeof number, "%zu", history->count);
    text = ask_text(world, world->node, "getblockhash", number);
    snprintf(hash, sizeof hash, "\"%s\",0", text);
    raw = ask_text(world, world->node, "getblock", hash);
    assert_true(bs_hex_decode(bs_buffer_extend(bytes, strlen(raw) / 2), strlen(raw) / 2, raw));
    assert_ok(bs_bitcoin_block_parse(&history->blocks[history->count], bytes->bytes, bytes->length, &error));
  }
}

static inline void free_history(struct history *history) {
  for (size_t i = 0; i < history->count; i++) {
    bs_bitcoin_block_free(&history->blocks[i]);
    bs_buffer_free(&history->bytes[i]);
  }
  free(history->blocks);
  free(history->bytes);
}

/* The output that an input spends, among all that there are. */
static inline const struct bs_transaction_output *find_output(const struct history *history,
                                                              const struct bs_transaction_input *input) {
  for (size_t i = history->count; i-- > 0;)
    for (size_t k = 0; k < history->blocks[i].count; k++)
      if (memcmp(history->blocks[i].transactions[k].txid, input->txid, BS_TXID_SIZE) == 0)
        return &history->blocks[i].transactions[k].outputs[input->output];
  fail_msg("an input spends nothing");
  return NULL;
}

/* All transactions are given to the rules: what is no operation they find out themselves. */
static inline void apply_block(const struct bs_index *index, const struct history *history, uint64_t height) {
  const struct bs_bitcoin_block *block = &history->blocks[height];
  struct bs_block_transaction *transactions BS_AUTO_FREE = calloc(block->count, sizeof *transactions);
  struct bs_block_result result;
  struct bs_error error = {0};

  assert_non_null(transactions);
  for (size_t i = 0; i < block->count; i++) {
    const struct bs_transaction *transaction = &block->transactions[i];
    const struct bs_transaction_output *spent = i == 0 ? NULL : find_output(history, &transaction->inputs[0]);

    transactions[i] = (struct bs_block_transaction){.transaction = transaction, .vtxindex = i};
    if (spent == NULL) continue;
    transactions[i].sender = spent->script;
    transactions[i].sender_length = spent->script_length;
  }
  assert_ok(bs_rules_apply(index, &result, height, transactions, block->count, &error));
}

static inline void add_index(struct bs_buffer *text, struct bs_database *database) {
  static const char *const tables[] = {"names",     "preorders", "pending",    "import_keys",  "namespaces",
                                       "expiries",  "consensus", "operations", "announcements"};

  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) add_table(text, database, tables[i]);
  if (bs_buffer_string(text) == NULL) fail_msg("no memory");
}

/* The index is what the rules make of the node's blocks, one after the other: records, operations, consensus hashes. */
static inline void assert_replayed(struct world *world) {
  struct history history BS_AUTO(free_history) = {0};
  struct bs_buffer followed BS_AUTO_BUFFER = BS_BUFFER_INIT, replayed BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_bitcoin_chain *fresh;
  struct bs_error error = {0};

  load_history(world, &history, follow(world).height);
  assert_ok(bs_bitcoin_chain_open_memory(&fresh, bs_bitcoin_network_find("regtest"), 0, &error));
  assert_ok(bs_bitcoin_chain_begin(fresh, &error));
  for (uint64_t height = 1; height < history.count; height++) apply_block(bs_bitcoin_chain_index(fresh), &history, height);
  add_index(&replayed, bs_bitcoin_chain_index(fresh)->database);
  add_index(&followed, bs_bitcoin_chain_index(bs_follower_chain(world->follower))->database);
  bs_bitcoin_chain_close(fresh);
  assert_string_equal((char *)followed.bytes, (char *)replayed.bytes);
}

#endif

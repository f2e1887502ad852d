/* SPDX-License-Identifier: MIT */
/* The scenarios of names (protocol.md 9.2) on a Bitcoin node, for t/50-bitcoind-names.t.  After each of them the index is what
 * the rules make of the node's blocks. */
#include <config.h>

#include <pthread.h>
#include <stdatomic.h>

#include "core/bitcoind/check.h"
#include "core/names/moment.h"
#include "t/lib/node-world.h"
#include "t/lib/survey.h"

#define WORLD (world->names), (world->scope)

static const struct bs_namespace_rules rules = {
    .lifetime = LIFETIME, .coeff = 1, .base = 1, .nonalpha_discount = 1, .no_vowel_discount = 1};

/* The newest receipt, of a call that must succeed; each operation goes into a block of its own. */
static struct bs_name_receipt receipt;
static struct bs_error error;
#define SENT(call)                                        \
  do {                                                    \
    const struct bs_name_receipt none_ = BS_NAME_RECEIPT_INIT; \
    error = (struct bs_error){0};                              \
    receipt = none_;                                      \
    assert_ok(call);                                      \
  } while (0)
#define DONE(call)    \
  do {                \
    SENT(call);       \
    mine(world, 1);   \
  } while (0)
#define BY(person) &(const struct bs_name_operation){.owner_key = (person).key}

static void make_namespace(struct world *world, const char *id, const struct person *creator) {
  DONE(bs_names_namespace_preorder(WORLD, &receipt, id, NULL, BY(*creator), &error));
  DONE(bs_names_namespace_reveal(WORLD, &receipt, id, NULL, &rules, BY(*creator), &error));
}

static void open_namespace(struct world *world, const char *id, const struct person *creator) {
  make_namespace(world, id, creator);
  DONE(bs_names_namespace_ready(WORLD, &receipt, id, BY(*creator), &error));
}

static void own(struct world *world, const char *name, const struct person *owner) {
  DONE(bs_names_preorder(WORLD, &receipt, name, NULL, BY(*owner), &error));
  DONE(bs_names_register(WORLD, &receipt, name, NULL, BY(*owner), &error));
}

static struct bs_name_record look_up(struct world *world, const char *name) {
  struct bs_name_record record;

  assert_ok(bs_names_lookup(WORLD, &record, name, &error));
  assert_string_equal(record.proven, "local");
  return record;
}

/* How many operations the newest block had refused, all with this text in their reason. */
struct refused {
  const char *text;
  size_t count;
};

static bool count_refused(void *user, const struct bs_refused *refused, struct bs_error *failure) {
  struct refused *counted = user;

  (void)failure;
  if (strstr(refused->reason, counted->text) == NULL) fail_msg("refused, but: %s", refused->reason);
  counted->count++;
  return true;
}

static size_t refused_with(struct world *world, const char *text) {
  struct refused counted = {text, 0};

  assert_ok(bs_names_refused_at(WORLD, follow(world).height, count_refused, &counted, &error));
  return counted.count;
}

static void what_is_known_of_the_chain(void **state) {
  struct world *world = *state;
  struct bs_names_info info;

  assert_ok(bs_names_info(WORLD, &info, &error));
  assert_string_equal(info.provider, "bitcoind");
  assert_string_equal(info.network, "regtest");
  assert_string_equal(info.chain_id, "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206");
  assert_string_equal(info.server, getenv("NODE_URL"));
  assert_null(info.ledger);
  assert_int_equal(info.first_block, 1);
  assert_true(info.height >= 150 && info.block_time > 0);
  assert_false(bs_names_is_immediate(world->names));
}

/* Before anybody has followed the node. */
static void no_index_yet(void **state) {
  struct world *world = *state;
  struct bs_bitcoind_config config = world->config;
  const struct bs_names_config wanted = {.bitcoind = &config};
  struct person alice AUTO_PERSON = new_person(world, 0);
  const struct bs_name_operation dry = {.owner_key = alice.key, .dry_run = true};
  struct bs_name_record record;
  struct bs_names_info info;
  struct bs_names *names;
  char path[80];

  snprintf(path, sizeof path, "%s/none", world->directory);
  config.index = path;
  assert_ok(bs_names_open_on(&names, &bs_provider_bitcoind, &wanted, &error));
  bs_names_remember(names, world->state);
  assert_ok(bs_names_info(names, world->scope, &info, &error));
  assert_false(info.exists);
  assert_fails(bs_names_lookup(names, world->scope, &record, "a.id", &error), BS_WORD_not_found, "a.id");
  assert_fails(bs_names_preorder(names, world->scope, &receipt, "a.id", NULL, BY(alice), &error), BS_WORD_no_names,
               "There is no index of Bitcoin's network regtest yet");
  assert_fails(bs_names_preorder(names, world->scope, &receipt, "a.id", NULL, &dry, &error), BS_WORD_no_names,
               "Bitcoin's network regtest");
  assert_int_not_equal(access(path, F_OK), 0);
  bs_names_close(names);
  config.network = "moon";
  assert_fails(bs_names_open_on(&names, &bs_provider_bitcoind, &wanted, &error), BS_WORD_config, "moon");
  config.network = "main";
  config.first_block = 5;
  assert_fails(bs_names_open_on(&names, &bs_provider_bitcoind, &wanted, &error), BS_WORD_config, "373601");
}

/* All that a server asks at once is of one moment, whatever is followed meanwhile. */
static void held(void **state) {
  struct world *world = *state;
  struct bs_moment before, after;

  bs_names_hold(WORLD);
  assert_ok(bs_names_moment(WORLD, &before, &error));
  mine(world, 1);
  assert_ok(bs_names_moment(WORLD, &after, &error));
  assert_int_equal(after.block, before.block);
  bs_names_release(world->names);
  assert_ok(bs_names_moment(WORLD, &after, &error));
  assert_int_equal(after.block, before.block + 1);
}

struct following {
  struct world *world;
  struct bs_scope *scope;
  atomic_bool ends;
  bool failed;
};

static void *follow_on(void *user) {
  struct following *following = user;
  struct bs_follow_state follow_state;
  struct bs_error failure = {0};

  while (!atomic_load(&following->ends) && !following->failed)
    following->failed = !bs_follow(following->world->follower, following->scope, &follow_state, &failure);
  return NULL;
}

/* One thread follows, another asks: each answer is of whole blocks. */
static void two_threads(void **state) {
  struct world *world = *state;
  struct following following = {.world = world};
  struct bs_names_info info = {.height = 0};
  pthread_t thread;
  uint64_t height = 0;

  assert_ok(bs_scope_open(&world->scopes, &following.scope, 300000, &error));
  assert_int_equal(pthread_create(&thread, NULL, follow_on, &following), 0);
  for (int i = 0; i < 20; i++) {
    char consensus[BS_CONSENSUS_TEXT];

    tell_node(world, world->node, "generatetodescriptor", "10,\"raw(51)\"");
    for (int k = 0; k < 20; k++) {
      bs_names_hold(WORLD);
      assert_ok(bs_names_info(WORLD, &info, &error));
      assert_ok(bs_names_consensus_at(WORLD, consensus, info.height, &error));
      assert_string_equal(consensus, info.consensus);
      bs_names_release(world->names);
      assert_true(info.height >= height);
      height = info.height;
    }
  }
  atomic_store(&following.ends, true);
  pthread_join(thread, NULL);
  assert_false(following.failed);
  bs_scope_close(following.scope);
  assert_replayed(world);
}

static void check_index(struct world *world, struct bs_survey *survey) {
  *survey = (struct bs_survey){0};
  assert_ok(bs_names_check(world->names, world->scope, survey, &error));
}

static void damage_is_found(void **state) {
  struct world *world = *state;
  struct bs_database *database = bs_bitcoin_chain_index(bs_follower_chain(world->follower))->database;
  struct bs_survey survey;

  check_index(world, &survey);
  assert_nothing_found(&survey);
  bs_survey_free(&survey);
  assert_ok(bs_database_execute(database, "UPDATE operations SET serialised = CAST(serialised || x'00' AS BLOB) WHERE block ="
                                          " (SELECT max(block) FROM operations) AND position = 0", &error));
  check_index(world, &survey);
  assert_found(&survey, BS_FINDING_ERROR, world->index, "The consensus hash is not that of");
  bs_survey_free(&survey);
  assert_ok(bs_database_execute(database, "UPDATE operations SET serialised = substr(serialised, 1, length(serialised) - 1) WHERE"
                                          " block = (SELECT max(block) FROM operations) AND position = 0", &error));
}

static void a_life(void **state) {
  struct world *world = *state;
  struct person alice AUTO_PERSON = new_person(world, 3), bob AUTO_PERSON = new_person(world, 2);
  struct bs_name_record record;
  uint64_t registered;

  mine(world, 1);
  open_namespace(world, "lives-here", &alice);
  own(world, "a.lives-here", &alice);
  record = look_up(world, "a.lives-here");
  assert_string_equal(record.owner, alice.address);
  assert_string_equal(record.value_hash, "");
  registered = record.block;
  assert_int_equal(record.expires, registered + LIFETIME);
  DONE(bs_names_update(WORLD, &receipt, "a.lives-here", VALUE_1, BY(alice), &error));
  assert_string_equal(look_up(world, "a.lives-here").value_hash, VALUE_1);
  assert_string_equal(look_up(world, "a.lives-here").txid, receipt.txid);
  assert_string_equal(receipt.waits, "sent");
  assert_int_equal(receipt.block, look_up(world, "a.lives-here").block);
  DONE(bs_names_renew(WORLD, &receipt, "a.lives-here", BY(alice), &error));
  assert_int_equal(look_up(world, "a.lives-here").last_renewed, registered + 2);
  DONE(bs_names_transfer(WORLD, &receipt, "a.lives-here", bob.address, true, BY(alice), &error));
  record = look_up(world, "a.lives-here");
  assert_string_equal(record.owner, bob.address);
  assert_string_equal(record.value_hash, VALUE_1);
  assert_true(record.is_inherited);
  DONE(bs_names_update(WORLD, &receipt, "a.lives-here", VALUE_2, BY(bob), &error));
  DONE(bs_names_transfer(WORLD, &receipt, "a.lives-here", alice.address, false, BY(bob), &error));
  assert_string_equal(look_up(world, "a.lives-here").value_hash, "");
  DONE(bs_names_revoke(WORLD, &receipt, "a.lives-here", BY(alice), &error));
  assert_true(look_up(world, "a.lives-here").revoked);
  assert_replayed(world);
}

static void imports(void **state) {
  struct world *world = *state;
  struct person alice AUTO_PERSON = new_person(world, 4), bob AUTO_PERSON = new_person(world, 1);

  mine(world, 1);
  make_namespace(world, "brought-in", &alice);
  DONE(bs_names_import(WORLD, &receipt, "one.brought-in", bob.address, VALUE_1, BY(alice), &error));
  DONE(bs_names_import(WORLD, &receipt, "one.brought-in", bob.address, VALUE_2, BY(alice), &error));
  DONE(bs_names_import(WORLD, &receipt, "two.brought-in", alice.address, VALUE_1, BY(alice), &error));
  DONE(bs_names_import(WORLD, &receipt, "two.brought-in", bob.address, VALUE_1, BY(bob), &error));
  assert_int_equal(refused_with(world, "import"), 1);
  DONE(bs_names_namespace_ready(WORLD, &receipt, "brought-in", BY(alice), &error));
  assert_string_equal(look_up(world, "one.brought-in").owner, bob.address);
  assert_string_equal(look_up(world, "one.brought-in").value_hash, VALUE_2);
  DONE(bs_names_update(WORLD, &receipt, "one.brought-in", VALUE_1, BY(bob), &error));
  assert_string_equal(look_up(world, "one.brought-in").value_hash, VALUE_1);
  assert_replayed(world);
}

/* Several operations wait for one block: each spends what the one before it paid back. */
static void several_in_a_block(void **state) {
  struct world *world = *state;
  struct person alice AUTO_PERSON = new_person(world, 1);

  mine(world, 1);
  open_namespace(world, "busy-place", &alice);
  SENT(bs_names_preorder(WORLD, &receipt, "x.busy-place", NULL, BY(alice), &error));
  SENT(bs_names_preorder(WORLD, &receipt, "y.busy-place", NULL, BY(alice), &error));
  SENT(bs_names_preorder(WORLD, &receipt, "z.busy-place", NULL, BY(alice), &error));
  mine(world, 1);
  SENT(bs_names_register(WORLD, &receipt, "x.busy-place", NULL, BY(alice), &error));
  assert_string_equal(receipt.preorder_txid, "");
  SENT(bs_names_register(WORLD, &receipt, "y.busy-place", NULL, BY(alice), &error));
  SENT(bs_names_register(WORLD, &receipt, "z.busy-place", NULL, BY(alice), &error));
  mine(world, 1);
  SENT(bs_names_update(WORLD, &receipt, "x.busy-place", VALUE_1, BY(alice), &error));
  SENT(bs_names_update(WORLD, &receipt, "x.busy-place", VALUE_2, BY(alice), &error));
  SENT(bs_names_revoke(WORLD, &receipt, "y.busy-place", BY(alice), &error));
  mine(world, 1);
  assert_string_equal(look_up(world, "x.busy-place").value_hash, VALUE_2);
  assert_true(look_up(world, "y.busy-place").revoked);
  assert_string_equal(look_up(world, "z.busy-place").owner, alice.address);
  assert_replayed(world);
}

static void expiry(void **state) {
  struct world *world = *state;
  struct person alice AUTO_PERSON = new_person(world, 2), bob AUTO_PERSON = new_person(world, 2);

  mine(world, 1);
  open_namespace(world, "short-time", &alice);
  own(world, "gone.short-time", &alice);
  own(world, "kept.short-time", &alice);
  mine(world, LIFETIME / 2);
  DONE(bs_names_renew(WORLD, &receipt, "kept.short-time", BY(alice), &error));
  assert_false(look_up(world, "gone.short-time").expired);
  mine(world, LIFETIME / 2);
  assert_true(look_up(world, "gone.short-time").expired);
  assert_false(look_up(world, "kept.short-time").expired);
  assert_fails(bs_names_update(WORLD, &receipt, "gone.short-time", VALUE_1, BY(alice), &error), BS_WORD_expired, "");
  own(world, "gone.short-time", &bob);
  assert_string_equal(look_up(world, "gone.short-time").owner, bob.address);
  assert_false(look_up(world, "gone.short-time").expired);
  assert_replayed(world);
}

static void collisions(void **state) {
  struct world *world = *state;
  struct person alice AUTO_PERSON = new_person(world, 2), bob AUTO_PERSON = new_person(world, 2);
  struct user other BS_AUTO(free_user) = new_user(world, "other");
  struct bs_name_record record;

  mine(world, 1);
  open_namespace(world, "fought-for", &alice);
  SENT(bs_names_preorder(WORLD, &receipt, "both.fought-for", NULL, BY(alice), &error));
  SENT(bs_names_preorder(other.names, world->scope, &receipt, "both.fought-for", NULL, BY(bob), &error));
  mine(world, 1);
  SENT(bs_names_register(WORLD, &receipt, "both.fought-for", NULL, BY(alice), &error));
  SENT(bs_names_register(other.names, world->scope, &receipt, "both.fought-for", NULL, BY(bob), &error));
  mine(world, 1);
  assert_int_equal(refused_with(world, "Several transactions of one block claim"), 2);
  assert_fails(bs_names_lookup(WORLD, &record, "both.fought-for", &error), BS_WORD_not_found, "");
  DONE(bs_names_register(other.names, world->scope, &receipt, "both.fought-for", NULL, BY(bob), &error));
  assert_string_equal(look_up(world, "both.fought-for").owner, bob.address);
  assert_fails(bs_names_preorder(WORLD, &receipt, "both.fought-for", NULL, BY(alice), &error), BS_WORD_conflict, bob.address);
  assert_replayed(world);
}

/* A key that pays, and an owner that has a coin to sign with. */
static void others_pay(void **state) {
  struct world *world = *state;
  struct person alice AUTO_PERSON = new_person(world, 3), owner AUTO_PERSON = new_person(world, 1),
                nobody AUTO_PERSON = new_person(world, 0);
  const struct bs_name_operation paid = {.owner_key = owner.key, .payment_key = alice.key};
  const struct bs_name_operation poor = {.owner_key = nobody.key};
  const struct bs_name_operation dry = {.owner_key = alice.key, .dry_run = true};
  struct bs_name_broadcast broadcast;
  struct bs_name_record record;

  mine(world, 1);
  open_namespace(world, "paid-for-it", &alice);
  DONE(bs_names_preorder(WORLD, &receipt, "o.paid-for-it", NULL, &paid, &error));
  DONE(bs_names_register(WORLD, &receipt, "o.paid-for-it", NULL, &paid, &error));
  assert_string_equal(look_up(world, "o.paid-for-it").owner, owner.address);
  assert_fails(bs_names_preorder(WORLD, &receipt, "n.paid-for-it", NULL, &poor, &error), BS_WORD_denied, "do not suffice");
  SENT(bs_names_preorder(WORLD, &receipt, "d.paid-for-it", NULL, &dry, &error));
  assert_non_null(receipt.raw);
  assert_ok(bs_names_broadcast(WORLD, &broadcast, receipt.raw, true, &error));
  assert_true(broadcast.is_operation);
  bs_name_receipt_clear(&receipt);
  mine(world, 1);
  assert_fails(bs_names_register(WORLD, &receipt, "o.paid-for-it", NULL, BY(alice), &error), BS_WORD_conflict, owner.address);
  SENT(bs_names_preorder(WORLD, &receipt, "d.paid-for-it", NULL, &dry, &error));
  assert_ok(bs_names_broadcast(WORLD, &broadcast, receipt.raw, false, &error));
  assert_ok(bs_names_broadcast(WORLD, &broadcast, receipt.raw, false, &error));
  assert_int_equal(broadcast.block, 0);
  bs_name_receipt_clear(&receipt);
  mine(world, 1);
  DONE(bs_names_register(WORLD, &receipt, "d.paid-for-it", NULL, BY(alice), &error));
  record = look_up(world, "d.paid-for-it");
  assert_string_equal(record.owner, alice.address);
  assert_replayed(world);
}

/* A registration in one call after the other: the first does not tell the name. */
static void registered_by_and_by(void **state) {
  struct world *world = *state;
  struct person alice AUTO_PERSON = new_person(world, 2);

  mine(world, 1);
  open_namespace(world, "one-by-one", &alice);
  DONE(bs_names_register(WORLD, &receipt, "r.one-by-one", NULL, BY(alice), &error));
  assert_string_equal(receipt.waits, "preordered");
  assert_string_not_equal(receipt.preorder_txid, "");
  DONE(bs_names_register(WORLD, &receipt, "r.one-by-one", NULL, BY(alice), &error));
  assert_string_equal(receipt.waits, "sent");
  assert_string_equal(look_up(world, "r.one-by-one").owner, alice.address);
  assert_replayed(world);
}

/* The node takes what a P2WPKH output pays for. */
static void witnesses_pay(void **state) {
  struct world *world = *state;
  struct person alice AUTO_PERSON = new_person(world, 2), payer AUTO_PERSON = new_person(world, 0);
  const struct bs_name_operation paid = {.owner_key = alice.key, .payment_key = payer.key};

  pay_witness(world, &payer, "0.5");
  pay_witness(world, &payer, "0.25");
  mine(world, 1);
  open_namespace(world, "paid-by-new", &alice);
  DONE(bs_names_preorder(WORLD, &receipt, "w.paid-by-new", NULL, &paid, &error));
  DONE(bs_names_register(WORLD, &receipt, "w.paid-by-new", NULL, &paid, &error));
  DONE(bs_names_update(WORLD, &receipt, "w.paid-by-new", VALUE_1, &paid, &error));
  assert_string_equal(look_up(world, "w.paid-by-new").value_hash, VALUE_1);
  assert_string_equal(look_up(world, "w.paid-by-new").owner, alice.address);
  assert_replayed(world);
}

/* The node's chain, which ends with block `height`, is another from `depth` blocks back on. */
static void branch_off(struct world *world, uint64_t height, unsigned depth) {
  char number[30], quoted[80], parameters[60];
  char *hash BS_AUTO_FREE = NULL;
  static unsigned branches;

  snprintf(number, sizeof number, "%llu", (unsigned long long)(height - depth + 1));
  hash = ask_text(world, world->node, "getblockhash", number);
  snprintf(quoted, sizeof quoted, "\"%s\"", hash);
  tell_node(world, world->node, "invalidateblock", quoted);
  snprintf(parameters, sizeof parameters, "%u,\"raw(01%02x51)\"", depth + 1, ++branches);
  tell_node(world, world->node, "generatetodescriptor", parameters);
}

static void reorganise(struct world *world, unsigned depth) {
  uint64_t height = follow(world).height;
  struct bs_follow_state state;

  branch_off(world, height, depth);
  state = follow(world);
  assert_int_equal(state.height, height + 1);
  assert_int_equal(state.taken_back, depth);
  assert_replayed(world);
}

/* Operations come back to the mempool, and into one block of the other branch: some are accepted there, some not. */
static void other_branches(void **state) {
  struct world *world = *state;
  struct person alice AUTO_PERSON = new_person(world, 4), bob AUTO_PERSON = new_person(world, 2);

  mine(world, 1);
  open_namespace(world, "built-again", &alice);
  own(world, "a.built-again", &alice);
  DONE(bs_names_update(WORLD, &receipt, "a.built-again", VALUE_1, BY(alice), &error));
  reorganise(world, 1);
  own(world, "b.built-again", &bob);
  DONE(bs_names_update(WORLD, &receipt, "b.built-again", VALUE_1, BY(bob), &error));
  DONE(bs_names_transfer(WORLD, &receipt, "b.built-again", alice.address, true, BY(bob), &error));
  DONE(bs_names_update(WORLD, &receipt, "b.built-again", VALUE_2, BY(alice), &error));
  DONE(bs_names_revoke(WORLD, &receipt, "a.built-again", BY(alice), &error));
  reorganise(world, 6);
  mine(world, 90);
  reorganise(world, 99);
}

/* ---- beside a replay ---- */

/* Once, when the replay begins. */
static void branch_off_now(const struct bs_follow_state *follow_state, void *user) {
  struct world **world = user;

  if (*world != NULL) branch_off(*world, follow_state->node_height, 5);
  *world = NULL;
}

static void replay_index(struct world *world, const char *index, const struct bs_replay_watch *watch, struct bs_survey *survey) {
  struct bs_bitcoind_config config = world->config;

  config.index = index;
  *survey = (struct bs_survey)BS_SURVEY_INIT;
  error = (struct bs_error){0};
  assert_ok(bs_bitcoin_chain_replay(&config, watch, world->scope, survey, &error));
  assert_ok(bs_survey_ok(survey, &error));
}

static const struct bs_replay_watch nobody = {.begin = NULL};

/* The index of the moment in a file of its own, changed. */
static void spoil(struct world *world, const char *copy, const char *sql) {
  struct bs_database *database = bs_bitcoin_chain_index(bs_follower_chain(world->follower))->database;
  struct bs_bitcoin_chain *chain;
  char text[120];

  snprintf(text, sizeof text, "VACUUM INTO '%s'", copy);
  assert_ok(bs_database_execute(database, text, &error));
  assert_ok(bs_bitcoin_chain_open(&chain, copy, bs_bitcoin_network_find("regtest"), 0, BS_DATABASE_WRITE, NULL, &error));
  assert_ok(bs_database_execute(bs_bitcoin_chain_index(chain)->database, sql, &error));
  bs_bitcoin_chain_close(chain);
}

static void remove_copy(const char *copy) {
  char path[90];

  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s%s", copy, (const char *const[]){"", "-wal", "-shm"}[i]);
    unlink(path);
  }
}

static void what_was_followed_is_what_the_node_has(void **state) {
  struct world *world = *state;
  struct bs_survey survey;

  follow(world);
  replay_index(world, world->index, &nobody, &survey);
  assert_nothing_found(&survey);
  assert_string_equal(survey.examined[0].counts[2].name, "replayed");
  assert_int_equal(survey.examined[0].counts[2].number, survey.examined[0].counts[0].number);
  bs_survey_free(&survey);
}

/* Each is one that the consensus hashes alone do not tell, but for those with a block. */
static void each_row_that_does_not_follow_is_named(void **state) {
  static const struct {
    const char *sql, *where, *problem;
    bool is_of_block; /* the first block that is not the same is told, too */
  } cases[] = {
      {"UPDATE names SET address = 'nobody' WHERE name = 'a.lives-here'",
       "table names, row a.lives-here", "not what follows", false},
      {"DELETE FROM names WHERE name = 'a.lives-here'", "table names, row a.lives-here", "is missing", false},
      {"INSERT INTO expiries (block, name) VALUES (100000, 'a.lives-here')",
       "table expiries, row 100000", "does not follow", false},
      {"INSERT INTO import_keys VALUES ('lives-here', 'x')",
       "table import_keys, row lives-here x", "does not follow", false},
      {"UPDATE namespaces SET base = 2 WHERE id = 'lives-here'",
       "table namespaces, row lives-here", "not what follows", false},
      {"INSERT INTO preorders SELECT opcode, zeroblob(20), sender, public_key, address, op, txid, vtxindex, consensus,"
       " block_number, op_fee FROM preorders LIMIT 1; INSERT INTO pending VALUES (x'00', 7, 1, 'x.id', x'00', 'x', x'00')",
       "table pending, row 00 7 1", "does not follow", false},
      {"UPDATE operations SET value_hash = zeroblob(20) WHERE block = (SELECT max(block) FROM operations)",
       "table operations, row",
       "not what follows", true},
      {"UPDATE operations SET name = 'z.lives-here' WHERE block = (SELECT min(block) FROM operations)",
       "table operations, row",
       "not what follows", true},
      {"DELETE FROM refused WHERE block = (SELECT max(block) FROM refused)",
       "table refused, row", "is missing", true},
      {"INSERT INTO announcements VALUES (3, 1, zeroblob(32), 'x', zeroblob(20))",
       "table announcements, row 3 1", "does not follow",
       true},
      {"UPDATE blocks SET hash = zeroblob(32) WHERE height = 7", "table blocks, row 7", "not what follows", true},
      {"UPDATE blocks SET time = time + 1 WHERE height = 8", "table blocks, row 8", "not what follows", true},
      {"UPDATE undo SET changes = x'00' WHERE block = (SELECT max(block) FROM undo)",
       "table undo, row", "not what follows", true},
      {"UPDATE undo SET changes = x'' WHERE block = (SELECT min(block) FROM undo)",
       "table undo, row", "not what follows", true},
      {"UPDATE undo SET digest = NULL, changes = x'00' WHERE block = (SELECT max(block) FROM undo)",
       "table undo, row", "not what follows", true},
      {"UPDATE undo SET digest = zeroblob(32) WHERE block = (SELECT max(block) FROM undo)",
       "table undo, row", "not what was once written", false},
      {"UPDATE source SET first_block = 5", "spoilt", "from block 5 on", false},
      /* What the index tells by itself. */
      {"UPDATE consensus SET hash = zeroblob(16) WHERE block = 9", "block 9", "The consensus hash is not that of", true},
      {"DELETE FROM blocks WHERE height = 7", "table blocks", "not a row for each block", true},
      {"INSERT INTO blocks VALUES (0, zeroblob(32), 7)", "table blocks, row 0", "of a block before the first", true},
      {"INSERT INTO consensus VALUES (0, zeroblob(16), zeroblob(32))",
       "table consensus, row 0", "of a block before the first", true},
      {"INSERT INTO operations SELECT -1, position, txid, opcode, name, value_hash, serialised FROM operations LIMIT 1",
       "table operations, row -1", "of a block before the first", true},
      {"INSERT INTO refused VALUES (999999, 1, zeroblob(32), 'x')",
       "table refused, row 999999", "behind the last", true},
      {"INSERT INTO undo (block, changes) VALUES (999999, x'')", "table undo, row 999999", "behind the last", false},
      {"INSERT INTO announcements VALUES (0, 1, zeroblob(32), 'x', zeroblob(20))",
       "table announcements, row 0", "before the first",
       true},
  };
  struct world *world = *state;
  char copy[80];

  follow(world);
  snprintf(copy, sizeof copy, "%s/spoilt", world->directory);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bs_survey survey;

    spoil(world, copy, cases[i].sql);
    replay_index(world, copy, &nobody, &survey);
    assert_found(&survey, BS_FINDING_ERROR, cases[i].where, cases[i].problem);
    if (cases[i].is_of_block) assert_found(&survey, BS_FINDING_ERROR, ", block ", "This is the first block");
    bs_survey_free(&survey);
    remove_copy(copy);
  }
}

/* The tip is of a block that the node never had: what is not the same begins there. */
static void a_tip_that_is_not_the_nodes(void **state) {
  struct world *world = *state;
  struct bs_survey survey;
  char copy[80], where[60];

  snprintf(where, sizeof where, ", block %llu", (unsigned long long)follow(world).height);
  snprintf(copy, sizeof copy, "%s/spoilt", world->directory);
  spoil(world, copy, "UPDATE blocks SET hash = zeroblob(32) WHERE height = (SELECT max(height) FROM blocks)");
  replay_index(world, copy, &nobody, &survey);
  assert_found(&survey, BS_FINDING_ERROR, where, "This is the first block");
  bs_survey_free(&survey);
  remove_copy(copy);
}

/* The node takes another branch while the blocks are replayed: that is no damage. */
static void a_branch_meanwhile_is_no_damage(void **state) {
  struct world *world = *state, *once = world;
  struct bs_replay_watch watch = {NULL, branch_off_now, &once};
  struct bs_survey survey;

  follow(world);
  replay_index(world, world->index, &watch, &survey);
  assert_null(once);
  assert_int_equal(survey.errors, 0);
  assert_found(&survey, BS_FINDING_WARNING, world->index, "have left the node's chain since they were indexed");
  bs_survey_free(&survey);
  /* And before. */
  replay_index(world, world->index, &nobody, &survey);
  assert_int_equal(survey.errors, 0);
  assert_found(&survey, BS_FINDING_WARNING, world->index, "have left the node's chain since they were indexed");
  bs_survey_free(&survey);
  assert_int_equal(follow(world).taken_back, 5);
  replay_index(world, world->index, &nobody, &survey);
  assert_nothing_found(&survey);
  bs_survey_free(&survey);
}

static void it_ends_when_it_is_cancelled(void **state) {
  struct world *world = *state;
  struct bs_scopes scopes = {NULL};
  struct bs_survey survey = BS_SURVEY_INIT;
  struct bs_scope *scope;

  assert_ok(bs_scope_open(&scopes, &scope, 0, &error));
  bs_scopes_cancel(&scopes);
  error = (struct bs_error){0};
  assert_fails(bs_bitcoin_chain_replay(&world->config, &nobody, scope, &survey, &error), BS_WORD_cancelled, "");
  bs_survey_free(&survey);
  bs_scope_close(scope);
  bs_scopes_free(&scopes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_known_of_the_chain),
      cmocka_unit_test(no_index_yet),
      cmocka_unit_test(held),
      cmocka_unit_test(a_life),
      cmocka_unit_test(imports),
      cmocka_unit_test(several_in_a_block),
      cmocka_unit_test(expiry),
      cmocka_unit_test(collisions),
      cmocka_unit_test(others_pay),
      cmocka_unit_test(registered_by_and_by),
      cmocka_unit_test(witnesses_pay),
      cmocka_unit_test(other_branches),
      cmocka_unit_test(two_threads),
      cmocka_unit_test(damage_is_found),
      cmocka_unit_test(what_was_followed_is_what_the_node_has),
      cmocka_unit_test(each_row_that_does_not_follow_is_named),
      cmocka_unit_test(a_tip_that_is_not_the_nodes),
      cmocka_unit_test(a_branch_meanwhile_is_no_damage),
      cmocka_unit_test(it_ends_when_it_is_cancelled),
  };

  alarm(600);
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests_name(__FILE__, tests, set_up_world, tear_down_world);
}

/* SPDX-License-Identifier: MIT */
/* What a server of names tells besides the questions of the client: entries with their moment, hashes of blocks, coins. */
#include <config.h>

#include <string.h>

#include "core/codec/hex.h"
#include "core/names/moment.h"
#include "t/lib/names.h"

#define NAMES(fixture) (fixture)->names, (fixture)->scope

static void no_chain_yet(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};
  struct bs_moment moment;
  struct bs_name_answer name;
  struct bs_unspent unspents[BS_COINS_MAX];
  unsigned char hash[BS_SHA256_SIZE] = {0};
  uint64_t block;
  size_t count = 7;
  bool found = true;

  assert_ok(bs_names_moment(NAMES(fixture), &moment, &error));
  assert_false(moment.exists);
  assert_int_equal(moment.block, 0);
  assert_ok(bs_names_name_state(NAMES(fixture), &name, "alice.id", &error));
  assert_false(name.found || name.name_space_found || name.moment.exists);
  assert_ok(bs_names_unspents(NAMES(fixture), unspents, &count, fixture->alice_address, &error));
  assert_int_equal(count, 0);
  assert_ok(bs_names_block_of(NAMES(fixture), &block, &found, hash, &error));
  assert_false(found);
  found = true;
  assert_ok(bs_names_operations_hash_at(NAMES(fixture), hash, &found, 1, &error));
  assert_false(found);
}

static void a_name_and_its_moment(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = register_name(fixture, "alice.id", fixture->alice);
  struct bs_error error = {0};
  struct bs_name_answer name;
  struct bs_moment moment;
  char consensus[BS_CONSENSUS_TEXT], expected[BS_CONSENSUS_TEXT];

  assert_ok(bs_names_moment(NAMES(fixture), &moment, &error));
  assert_true(moment.exists);
  assert_int_equal(moment.block, receipt.block);
  bs_hex_encode(consensus, moment.consensus, sizeof moment.consensus);
  assert_ok(bs_names_consensus_at(NAMES(fixture), expected, receipt.block, &error));
  assert_string_equal(consensus, expected);
  assert_ok(bs_names_name_state(NAMES(fixture), &name, "alice.id", &error));
  assert_true(name.found && name.name_space_found && !name.inherited);
  assert_string_equal(name.entry.name, "alice.id");
  assert_string_equal(name.name_space.id, "id");
  assert_int_equal(name.moment.block, receipt.block);
  assert_ok(bs_names_name_state(NAMES(fixture), &name, "bob.id", &error));
  assert_true(!name.found && name.name_space_found);
  assert_fails(bs_names_name_state(NAMES(fixture), &name, "Bob", &error), BS_WORD_usage, "Bob");
}

static void namespaces_and_preorders(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation operation = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};
  struct bs_namespace_answer name_space;
  struct bs_preorder_answer preorder;
  unsigned char hash[BS_HASH160_SIZE] = {1};

  assert_ok(bs_names_preorder(NAMES(fixture), &receipt, "alice.id", NULL, &operation, &error));
  assert_ok(bs_names_namespace_state(NAMES(fixture), &name_space, "id", &error));
  assert_true(name_space.found);
  assert_int_equal(name_space.entry.state, BS_NAMESPACE_IS_READY);
  assert_ok(bs_names_namespace_state(NAMES(fixture), &name_space, "test", &error));
  assert_false(name_space.found);
  assert_fails(bs_names_namespace_state(NAMES(fixture), &name_space, "a.b", &error), BS_WORD_usage, "a.b");
  assert_ok(bs_names_preorder_state(NAMES(fixture), &preorder, BS_NAME_PREORDER, hash, &error));
  assert_false(preorder.found);
}

static void blocks_and_coins(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = register_name(fixture, "alice.id", fixture->alice);
  struct bs_error error = {0};
  struct bs_moment moment;
  struct bs_unspent unspents[BS_COINS_MAX];
  unsigned char hash[BS_SHA256_SIZE];
  uint64_t block = 0, rate = 0;
  size_t count = 0;
  bool found = false;

  assert_ok(bs_names_moment(NAMES(fixture), &moment, &error));
  assert_ok(bs_names_block_of(NAMES(fixture), &block, &found, moment.consensus, &error));
  assert_true(found);
  assert_int_equal(block, receipt.block);
  moment.consensus[0] ^= 1;
  assert_ok(bs_names_block_of(NAMES(fixture), &block, &found, moment.consensus, &error));
  assert_false(found);
  assert_ok(bs_names_operations_hash_at(NAMES(fixture), hash, &found, receipt.block, &error));
  assert_true(found);
  assert_ok(bs_names_operations_hash_at(NAMES(fixture), hash, &found, receipt.block + 1, &error));
  assert_false(found);
  assert_ok(bs_names_operations_hash_at(NAMES(fixture), hash, &found, UINT64_MAX, &error));
  assert_false(found);
  assert_ok(bs_names_fee_rate(NAMES(fixture), &rate, &error));
  assert_true(rate > 0);
  assert_ok(bs_names_unspents(NAMES(fixture), unspents, &count, fixture->alice_address, &error));
  assert_true(count > 0);
  for (size_t i = 0; i < count; i++) {
    struct bs_coin coin;

    assert_true(unspents[i].confirmations >= 1 && (i == 0 || unspents[i].coin.value <= unspents[i - 1].coin.value));
    assert_ok(bs_coin_from_transaction(&coin, unspents[i].coin.txid, unspents[i].coin.output, unspents[i].raw.bytes,
                                       unspents[i].raw.length, &error));
    bs_unspent_free(&unspents[i]);
  }
  assert_fails(bs_names_unspents(NAMES(fixture), unspents, &count, "nobody", &error), BS_WORD_usage, "nobody");
}

/* What is held stays as it is, and says when there is something newer. */
static void a_held_state(void **state) {
  struct fixture *fixture = *state;
  struct bs_names *reader = open_names(fixture->ledger, false);
  struct bs_error error = {0};
  struct bs_moment before, after;

  bs_names_hold(reader, fixture->scope); /* there is no chain yet */
  assert_false(bs_names_is_newest(reader));
  bs_names_release(reader);
  register_name(fixture, "alice.id", fixture->alice);
  assert_ok(bs_names_moment(reader, fixture->scope, &before, &error));
  assert_false(bs_names_is_newest(reader)); /* nothing is held */
  for (int i = 0; i < 2; i++) {
    bs_names_hold(reader, fixture->scope);
    assert_ok(bs_names_moment(reader, fixture->scope, &before, &error));
    assert_true(bs_names_is_newest(reader));
    register_name(fixture, i == 0 ? "bob.id" : "carol.id", fixture->bob);
    assert_false(bs_names_is_newest(reader));
    assert_ok(bs_names_moment(reader, fixture->scope, &after, &error));
    assert_int_equal(after.block, before.block);
    bs_names_release(reader);
    assert_false(bs_names_is_newest(reader));
    assert_ok(bs_names_moment(reader, fixture->scope, &after, &error));
    assert_true(after.block > before.block);
  }
  bs_names_close(reader);
}

static void note_name(void *user, const struct bs_name_entry *entry) {
  snprintf(user, BS_NAME_MAX + 1, "%s", entry->name);
}

static bool pass(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  (void)user, (void)block, (void)fields, (void)error;
  return true;
}

/* What the operations are: t/50-chain-histories.c. */
static void a_name_with_its_history(void **state) {
  struct fixture *fixture = *state;
  struct bs_provider silent = bs_provider_embedded;
  const struct bs_names_config config = {.ledger = fixture->ledger};
  char name[BS_NAME_MAX + 1] = "";
  const struct bs_history_visitor visitor = {note_name, pass, name};
  struct bs_names *other;
  struct bs_error error = {0};
  bool found = true;

  assert_ok(bs_names_name_history(NAMES(fixture), &found, "alice.id", &visitor, &error));
  assert_false(found);
  register_name(fixture, "alice.id", fixture->alice);
  assert_ok(bs_names_name_history(NAMES(fixture), &found, "alice.id", &visitor, &error));
  assert_true(found);
  assert_string_equal(name, "alice.id");
  assert_ok(bs_names_name_history(NAMES(fixture), &found, "bob.id", &visitor, &error));
  assert_false(found);
  assert_fails(bs_names_name_history(NAMES(fixture), &found, "Bob", &visitor, &error), BS_WORD_usage, "Bob");
  silent.get_history = NULL;
  assert_ok(bs_names_open_on(&other, &silent, &config, &error));
  assert_fails(bs_names_name_history(other, fixture->scope, &found, "alice.id", &visitor, &error), BS_WORD_failed,
               "does not tell the history of a name");
  bs_names_close(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      NAMES_TEST(no_chain_yet),
      NAMES_TEST(a_name_and_its_moment),
      NAMES_TEST(namespaces_and_preorders),
      NAMES_TEST(blocks_and_coins),
      NAMES_TEST(a_held_state),
      NAMES_TEST(a_name_with_its_history),
  };

  return RUN_TESTS(tests);
}

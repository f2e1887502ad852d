/* SPDX-License-Identifier: MIT */
/* An index of a node's chain that an older release wrote: read as it is, brought up to date by who follows the node. */
#include <config.h>

#include "core/base/auto.h"
#include "core/bitcoind/chain.h"
#include "t/lib/old-ledger.h"
#include "t/lib/unit.h"

#define NAMES 3
#define OPERATIONS 4 /* of each */

struct fixture {
  char directory[40], path[60];
  struct bs_bitcoin_chain *chain;
};

static bool open_chain(struct fixture *fixture, enum bs_database_mode mode, struct bs_error *error) {
  bs_bitcoin_chain_close(fixture->chain);
  fixture->chain = NULL;
  return bs_bitcoin_chain_open(&fixture->chain, fixture->path, bs_bitcoin_network_find("regtest"), 0, mode, NULL, error);
}

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  struct bs_error error = {0};

  assert_non_null(fixture);
  snprintf(fixture->directory, sizeof fixture->directory, "/tmp/blockstore-schema-XXXXXX");
  assert_non_null(mkdtemp(fixture->directory));
  snprintf(fixture->path, sizeof fixture->path, "%s/index", fixture->directory);
  assert_ok(open_chain(fixture, BS_DATABASE_CREATE, &error));
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  char command[60];

  bs_bitcoin_chain_close(fixture->chain);
  snprintf(command, sizeof command, "rm -rf %s", fixture->directory);
  free(fixture);
  return system(command) == 0 ? 0 : -1;
}

static struct bs_name_entry entry_of(unsigned number) {
  static const unsigned char hash[BS_HASH160_SIZE] = {1};
  struct bs_name_entry entry = {.listed = BS_LIST_BOTH, .first_registered = 5, .op_fee = "1", .origin = {.op = ":"}};

  snprintf(entry.name, sizeof entry.name, "n%u.id", number);
  bs_script_pay_to(&entry.origin.sender, hash);
  bs_address_encode(entry.origin.address, 111, hash);
  return entry;
}

/* In each block an operation on each of them. */
static void fill(struct fixture *fixture) {
  const struct bs_index *index = bs_bitcoin_chain_index(fixture->chain);
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  assert_ok(bs_bitcoin_chain_begin(fixture->chain, &error));
  for (unsigned i = 0; i < NAMES * OPERATIONS; i++) {
    const struct bs_entry_context context = {.opcode = i < NAMES ? BS_NAME_REGISTRATION : BS_NAME_UPDATE};
    struct bs_name_entry entry = entry_of(i % NAMES);

    entry.origin.vtxindex = i;
    bs_serialise_name(&text, &entry, &context);
    assert_ok(bs_index_put_operation(index, 5 + i / NAMES, i % NAMES, entry.origin.txid, context.opcode, entry.name,
                                     entry.value_hash, &text, &error));
    if (i < NAMES) assert_ok(bs_index_add_name(index, &entry, &error));
  }
  assert_ok(bs_bitcoin_chain_commit(fixture->chain, &error));
}

static void no_name(void *user, const struct bs_name_entry *entry) {
  (void)user, (void)entry;
}

static bool count(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  unsigned *seen = user;

  (void)fields, (void)error;
  assert_int_equal(block, 5 + *seen);
  ++*seen;
  return true;
}

static void assert_filled(struct fixture *fixture) {
  for (unsigned i = 0; i < NAMES; i++) {
    unsigned seen = 0;
    const struct bs_history_visitor visitor = {no_name, count, &seen};
    struct bs_name_entry entry = entry_of(i);
    struct bs_error error = {0};
    bool found = false;

    assert_ok(bs_index_get_history(bs_bitcoin_chain_index(fixture->chain), &found, entry.name, &visitor, &error));
    assert_true(found);
    assert_int_equal(seen, OPERATIONS);
  }
}

static int schema_of(struct fixture *fixture) {
  int32_t version;
  struct bs_error error = {0};

  assert_ok(bs_database_version(bs_bitcoin_chain_index(fixture->chain)->database, &version, &error));
  return (int)version;
}

static void an_old_index(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  fill(fixture);
  assert_filled(fixture);
  assert_int_equal(schema_of(fixture), 6);
  assert_ok(bs_database_execute(bs_bitcoin_chain_index(fixture->chain)->database, BACK_TO_SCHEMA_3 "PRAGMA user_version = 4",
                                &error));
  assert_ok(open_chain(fixture, BS_DATABASE_READ, &error));
  assert_int_equal(schema_of(fixture), 4);
  assert_filled(fixture);
  assert_ok(open_chain(fixture, BS_DATABASE_WRITE, &error));
  assert_int_equal(schema_of(fixture), 6);
  assert_filled(fixture);
}

/* A block of ours, and what it says of the chain. */
static void close_block(struct fixture *fixture, uint64_t height) {
  static const unsigned char operations[BS_SHA256_SIZE] = {7};
  const struct bs_index *index = bs_bitcoin_chain_index(fixture->chain);
  struct bs_chain_parameters parameters = *index->parameters;
  struct bs_index keeping = {index->database, &parameters};
  unsigned char consensus[BS_CONSENSUS_SIZE];
  struct bs_error error = {0};
  struct bs_undo *undo;

  parameters.undo_blocks = 10;
  assert_ok(bs_undo_begin(&undo, &keeping, &error));
  assert_ok(bs_index_close_block(&keeping, consensus, height, operations, &error));
  assert_ok(bs_undo_keep(undo, &keeping, height, &error));
  bs_undo_free(undo);
}

static void assert_block_is_found(struct fixture *fixture, uint64_t height, bool expected) {
  const struct bs_index *index = bs_bitcoin_chain_index(fixture->chain);
  unsigned char consensus[BS_CONSENSUS_SIZE] = {0};
  struct bs_error error = {0};
  uint64_t block = 0;
  bool found = false;

  assert_ok(bs_index_get_consensus(index, consensus, NULL, &found, height, &error));
  assert_int_equal(found, expected);
  assert_ok(bs_index_find_block(index, &block, &found, consensus, &error));
  assert_int_equal(found, expected);
  if (expected) assert_int_equal(block, height);
}

/* Blocks are found by their hashes in both, and what an older release kept takes its blocks back, beside what is kept since. */
static void one_before_digests(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  close_block(fixture, 1);
  close_block(fixture, 2);
  assert_ok(bs_database_execute(bs_bitcoin_chain_index(fixture->chain)->database, BACK_TO_SCHEMA_4 "PRAGMA user_version = 5",
                                &error));
  assert_ok(open_chain(fixture, BS_DATABASE_READ, &error));
  assert_int_equal(schema_of(fixture), 5);
  assert_block_is_found(fixture, 2, true);
  assert_ok(open_chain(fixture, BS_DATABASE_WRITE, &error));
  assert_int_equal(schema_of(fixture), 6);
  assert_block_is_found(fixture, 2, true);
  close_block(fixture, 3);
  assert_block_is_found(fixture, 3, true);
  assert_ok(bs_index_rollback(bs_bitcoin_chain_index(fixture->chain), 1, &error));
  assert_block_is_found(fixture, 1, true);
  assert_block_is_found(fixture, 2, false);
  assert_block_is_found(fixture, 3, false);
}

static void one_of_the_first_days(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  assert_ok(bs_database_execute(bs_bitcoin_chain_index(fixture->chain)->database, "PRAGMA user_version = 3", &error));
  assert_fails(open_chain(fixture, BS_DATABASE_READ, &error), BS_WORD_failed, "old schema 3");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(an_old_index, set_up, tear_down),
      cmocka_unit_test_setup_teardown(one_before_digests, set_up, tear_down),
      cmocka_unit_test_setup_teardown(one_of_the_first_days, set_up, tear_down),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* A fresh ledger with two keys, and operations sent to it one by one: for the tests of the chain's rules. */
#ifndef BS_T_LEDGER_H
#define BS_T_LEDGER_H

#include <unistd.h>

#include "core/base/auto.h"
#include "t/lib/brief.h"

#define DUST 5500u
#define RICH UINT64_C(1000000000)

struct fixture {
  char directory[40];
  char path[60];
  struct bs_ledger *ledger;
  struct bs_key *alice, *bob;
  struct bs_verdict_text verdicts[4]; /* of the last block */
};

static inline void hash_of(unsigned char hash[BS_HASH160_SIZE], const struct bs_key *key) {
  bs_public_key_hash(hash, bs_key_public(key));
}

static inline void open_ledger(struct fixture *fixture) {
  fixture->ledger = open_brief_ledger(fixture->path);
}

static inline void grant(struct fixture *fixture, const struct bs_key *key) {
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_error error = {0};

  hash_of(hash, key);
  assert_ok(bs_ledger_begin(fixture->ledger, &error));
  assert_ok(bs_ledger_grant(fixture->ledger, hash, RICH, &error));
  assert_ok(bs_ledger_commit(fixture->ledger, &error));
}

static inline int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  struct bs_error error = {0};

  assert_non_null(fixture);
  snprintf(fixture->directory, sizeof fixture->directory, "/tmp/blockstore-ledger-XXXXXX");
  assert_non_null(mkdtemp(fixture->directory));
  snprintf(fixture->path, sizeof fixture->path, "%s/ledger", fixture->directory);
  assert_ok(bs_key_generate(&fixture->alice, &error));
  assert_ok(bs_key_generate(&fixture->bob, &error));
  open_ledger(fixture);
  grant(fixture, fixture->alice);
  grant(fixture, fixture->bob);
  *state = fixture;
  return 0;
}

static inline int tear_down(void **state) {
  struct fixture *fixture = *state;
  char command[80];

  bs_ledger_close(fixture->ledger);
  bs_key_free(fixture->alice);
  bs_key_free(fixture->bob);
  snprintf(command, sizeof command, "rm -rf %s", fixture->directory);
  if (system(command) != 0) return -1;
  free(fixture);
  return 0;
}

static inline struct bs_ledger_tip tip_of(struct fixture *fixture) {
  struct bs_ledger_tip tip;
  struct bs_error error = {0};

  assert_ok(bs_ledger_get_tip(fixture->ledger, &tip, &error));
  return tip;
}

/* The key's coin number `number`, the largest being 0. */
static inline struct bs_coin coin_of(struct fixture *fixture, const struct bs_key *key, size_t number) {
  struct bs_outpoint outpoints[8];
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_coin coin;
  unsigned char hash[BS_HASH160_SIZE];
  size_t count;
  struct bs_error error = {0};

  hash_of(hash, key);
  assert_ok(bs_ledger_get_unspents(fixture->ledger, outpoints, &count, 8, hash, &error));
  assert_true(number < count);
  assert_ok(bs_ledger_get_transaction(fixture->ledger, &raw, NULL, outpoints[number].txid, &error));
  assert_ok(
      bs_coin_from_transaction(&coin, outpoints[number].txid, outpoints[number].output, raw.bytes, raw.length, &error));
  return coin;
}

/* One transaction: the operation, then a payment to `recipient` and a burned fee (each NULL or 0: none), then change.
 */
static inline void make(struct bs_buffer *raw, const struct bs_coin *coin, const struct bs_key *key,
                        const struct bs_operation *operation, const struct bs_key *recipient, uint64_t burn) {
  static const unsigned char nobody[BS_HASH160_SIZE];
  struct bs_draft draft = {.input_count = 0};
  unsigned char payload[BS_PAYLOAD_MAX], hash[BS_HASH160_SIZE], txid[BS_TXID_SIZE];
  struct bs_error error = {0};

  bs_draft_spend(&draft, coin, key);
  bs_draft_data(&draft, payload, bs_operation_write(payload, (const unsigned char *)"id", operation));
  hash_of(hash, recipient == NULL ? key : recipient);
  if (recipient != NULL) bs_draft_pay(&draft, hash, DUST);
  hash_of(hash, key);
  bs_draft_pay(&draft, hash, coin->value - burn - (recipient == NULL ? 0 : DUST));
  if (burn > 0) bs_draft_pay(&draft, nobody, burn);
  assert_ok(bs_draft_sign(raw, txid, &draft, &error));
}

/* A block of `count` transactions; their verdicts are kept in the fixture. */
static inline bool append(struct fixture *fixture, const struct bs_buffer *raws, size_t count, struct bs_error *error) {
  struct bs_raw transactions[4];
  uint64_t height;

  for (size_t i = 0; i < count; i++) transactions[i] = (struct bs_raw){raws[i].bytes, raws[i].length};
  if (!bs_ledger_begin(fixture->ledger, error)) return false;
  if (bs_ledger_append(fixture->ledger, &height, fixture->verdicts, transactions, count, false, error))
    return bs_ledger_commit(fixture->ledger, error);
  bs_ledger_rollback(fixture->ledger);
  return false;
}

/* A block with this one operation; NULL when it was accepted, else why not. */
static inline const char *send(struct fixture *fixture, const struct bs_key *key, const struct bs_operation *operation,
                               const struct bs_key *recipient, uint64_t burn) {
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_coin coin = coin_of(fixture, key, 0);
  struct bs_error error = {0};

  make(&raw, &coin, key, operation, recipient, burn);
  assert_ok(append(fixture, &raw, 1, &error));
  return fixture->verdicts[0].verdict == BS_VERDICT_ACCEPTED ? NULL : fixture->verdicts[0].reason;
}

static inline struct bs_operation preorder_of(struct fixture *fixture, const char *name, const struct bs_key *sender,
                                              const struct bs_key *owner) {
  struct bs_operation operation = {.opcode = BS_NAME_PREORDER, .quantity = 1};
  unsigned char hash[BS_HASH160_SIZE];
  char address[BS_ADDRESS_TEXT];
  struct bs_script script;
  struct bs_ledger_tip tip = tip_of(fixture);

  hash_of(hash, sender);
  bs_script_pay_to(&script, hash);
  bs_key_address(address, owner, BS_NETWORK_MAIN);
  bs_name_hash(operation.hash, name, &script, address);
  memcpy(operation.consensus, tip.consensus, sizeof operation.consensus);
  return operation;
}

static inline struct bs_operation registration_of(const char *name) {
  struct bs_operation operation = {.opcode = BS_NAME_REGISTRATION};

  snprintf(operation.name, sizeof operation.name, "%s", name);
  return operation;
}

static inline struct bs_operation update_of(struct fixture *fixture, const char *name, unsigned char value) {
  struct bs_operation operation = {.opcode = BS_NAME_UPDATE};
  struct bs_ledger_tip tip = tip_of(fixture);

  bs_update_hash(operation.name_hash, name, tip.consensus);
  memset(operation.value_hash, value, sizeof operation.value_hash);
  return operation;
}

static inline uint64_t price_of(struct fixture *fixture, const char *name) {
  struct bs_namespace_entry name_space;
  struct bs_error error = {0};
  bool found;

  assert_ok(
      bs_index_get_namespace(bs_ledger_index(fixture->ledger), &name_space, &found, bs_name_namespace(name), &error));
  assert_true(found);
  return bs_price_to_pay(&name_space.rules, name);
}

/* Preorders and registers it for the key itself. */
static inline void own(struct fixture *fixture, const char *name, const struct bs_key *key) {
  struct bs_operation preorder = preorder_of(fixture, name, key, key), registration = registration_of(name);

  assert_null(send(fixture, key, &preorder, NULL, price_of(fixture, name)));
  assert_null(send(fixture, key, &registration, key, 0));
}

static inline void mine(struct fixture *fixture, int count) {
  struct bs_error error = {0};

  while (count-- > 0) assert_ok(append(fixture, NULL, 0, &error));
}

static inline struct bs_name_entry entry_of(struct fixture *fixture, const char *name) {
  struct bs_name_entry entry = {0};
  struct bs_error error = {0};
  bool found;

  assert_ok(bs_index_get_name(bs_ledger_index(fixture->ledger), &entry, &found, name, &error));
  assert_true(found);
  return entry;
}

#define assert_refused(reason, text)                                                       \
  do {                                                                                     \
    const char *given_ = (reason);                                                         \
    if (given_ == NULL) fail_msg("%s: accepted", #reason);                                 \
    if (strstr(given_, (text)) == NULL) fail_msg("%s: refused, but: %s", #reason, given_); \
  } while (0)

#define LEDGER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif

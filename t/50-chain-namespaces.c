/* SPDX-License-Identifier: MIT */
/* Namespaces, imports, preorders of several names, announcements: each rule kept once, broken once. */
#include <config.h>

#include "core/codec/hex.h"
#include "t/lib/derive.h"
#include "t/lib/ledger.h"

#define NAMESPACE_PRICE UINT64_C(40000000) /* of eight characters and more */
#define LONG_ID "longspace"

static struct bs_operation named(enum bs_opcode opcode, const char *name) {
  struct bs_operation operation = registration_of(name);

  operation.opcode = opcode;
  return operation;
}

static struct bs_operation namespace_preorder_of(struct fixture *fixture, const char *id) {
  struct bs_operation operation = preorder_of(fixture, id, fixture->alice, fixture->bob);

  operation.opcode = BS_NAMESPACE_PREORDER;
  return operation;
}

static struct bs_operation reveal_of(const char *id) {
  struct bs_operation operation = named(BS_NAMESPACE_REVEAL, id);

  operation.version = 1;
  operation.rules = (struct bs_namespace_rules){
      .lifetime = 100, .coeff = 1, .base = 2, .buckets = {8, 7, 6}, .nonalpha_discount = 1, .no_vowel_discount = 1};
  return operation;
}

/* By alice for bob. */
static void reveal(struct fixture *fixture, const char *id) {
  struct bs_operation preorder = namespace_preorder_of(fixture, id), operation = reveal_of(id);

  assert_null(send(fixture, fixture->alice, &preorder, NULL, NAMESPACE_PRICE));
  assert_null(send(fixture, fixture->alice, &operation, fixture->bob, 0));
}

static void make_ready(struct fixture *fixture, const char *id) {
  struct bs_operation operation = named(BS_NAMESPACE_READY, id);

  assert_null(send(fixture, fixture->bob, &operation, NULL, 0));
}

static struct bs_namespace_entry namespace_of(struct fixture *fixture, const char *id) {
  struct bs_namespace_entry entry;
  struct bs_error error = {0};
  bool found;

  assert_ok(bs_index_get_namespace(bs_ledger_index(fixture->ledger), &entry, &found, id, &error));
  assert_true(found);
  return entry;
}

static void a_namespace_is_made_in_three_steps(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder = namespace_preorder_of(fixture, LONG_ID);
  struct bs_operation operation = reveal_of(LONG_ID), ready = named(BS_NAMESPACE_READY, LONG_ID);
  struct bs_error error = {0};

  assert_refused(send(fixture, fixture->alice, &operation, fixture->bob, 0), "not preordered");
  assert_refused(send(fixture, fixture->bob, &ready, NULL, 0), "not revealed");
  assert_null(send(fixture, fixture->alice, &preorder, NULL, NAMESPACE_PRICE));
  assert_refused(send(fixture, fixture->alice, &preorder, NULL, NAMESPACE_PRICE), "pending");
  assert_refused(send(fixture, fixture->bob, &operation, fixture->bob, 0), "not preordered by this sender");
  assert_refused(send(fixture, fixture->alice, &operation, fixture->alice, 0), "not preordered"); /* for another */
  assert_null(send(fixture, fixture->alice, &operation, fixture->bob, 0));
  assert_int_equal(namespace_of(fixture, LONG_ID).state, BS_NAMESPACE_REVEALED);
  assert_refused(send(fixture, fixture->alice, &operation, fixture->bob, 0), "revealed already");
  assert_refused(send(fixture, fixture->alice, &ready, NULL, 0), "belongs to");
  assert_null(send(fixture, fixture->bob, &ready, NULL, 0));
  assert_int_equal(namespace_of(fixture, LONG_ID).state, BS_NAMESPACE_IS_READY);
  assert_refused(send(fixture, fixture->bob, &ready, NULL, 0), "ready already");
  assert_refused(send(fixture, fixture->alice, &operation, fixture->bob, 0), "revealed already");
  own(fixture, "foo." LONG_ID, fixture->alice);
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
}

static void a_namespace_is_paid_for(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder = namespace_preorder_of(fixture, LONG_ID), operation = reveal_of(LONG_ID);

  assert_refused(send(fixture, fixture->alice, &preorder, NULL, 0), "burns no fee");
  assert_null(send(fixture, fixture->alice, &preorder, NULL, NAMESPACE_PRICE - 1));
  assert_refused(send(fixture, fixture->alice, &operation, fixture->bob, 0), "less than the price");
}

static void a_namespace_has_version_1(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder = namespace_preorder_of(fixture, LONG_ID), operation = reveal_of(LONG_ID);

  operation.version = 2;
  assert_null(send(fixture, fixture->alice, &preorder, NULL, NAMESPACE_PRICE));
  assert_refused(send(fixture, fixture->alice, &operation, fixture->bob, 0), "only 1 is known");
  operation.version = 1;
  assert_refused(send(fixture, fixture->alice, &operation, NULL, 0), "not preordered"); /* the change for a recipient */
}

/* ---- imports ---- */

/* As `sender`, for alice; `value` is the address of the second payment. */
static const char *import(struct fixture *fixture, const struct bs_key *sender, const char *name, unsigned char value) {
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_operation operation = named(BS_NAME_IMPORT, name);
  struct bs_coin coin = coin_of(fixture, sender, 0);
  struct bs_draft draft = {.input_count = 0};
  unsigned char payload[BS_PAYLOAD_MAX], hash[BS_HASH160_SIZE], txid[BS_TXID_SIZE];
  struct bs_error error = {0};

  bs_draft_spend(&draft, &coin, sender);
  bs_draft_data(&draft, payload, bs_operation_write(payload, (const unsigned char *)"id", &operation));
  hash_of(hash, fixture->alice);
  bs_draft_pay(&draft, hash, DUST);
  memset(hash, value, sizeof hash);
  bs_draft_pay(&draft, hash, DUST);
  hash_of(hash, sender);
  bs_draft_pay(&draft, hash, coin.value - 2 * DUST);
  assert_ok(bs_draft_sign(&raw, txid, &draft, &error));
  assert_ok(append(fixture, &raw, 1, &error));
  return fixture->verdicts[0].verdict == BS_VERDICT_ACCEPTED ? NULL : fixture->verdicts[0].reason;
}

static void names_are_imported_before_a_namespace_is_ready(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_entry entry;
  struct bs_error error = {0};

  assert_refused(import(fixture, fixture->bob, "foo." LONG_ID, 1), "not revealed");
  reveal(fixture, LONG_ID);
  assert_refused(import(fixture, fixture->alice, "foo." LONG_ID, 1), "may not import");
  assert_null(import(fixture, fixture->bob, "foo." LONG_ID, 1));
  assert_null(import(fixture, fixture->bob, "foo." LONG_ID, 2));
  assert_refused(import(fixture, fixture->alice, "foo." LONG_ID, 3), "may not import");
  make_ready(fixture, LONG_ID);
  assert_refused(import(fixture, fixture->bob, "foo." LONG_ID, 4), "ready already");
  entry = entry_of(fixture, "foo." LONG_ID);
  assert_int_equal(entry.value_hash[0], 2);
  assert_string_equal(entry.op_fee, "6400.0"); /* 1 * 2^6 * 100 */
  assert_string_equal(entry.origin.op, ";");
  assert_int_equal(entry.first_registered + 3, tip_of(fixture).height - 1); /* of the first import */
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
}

static void an_import_names_an_owner_and_a_value(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation operation = named(BS_NAME_IMPORT, "foo." LONG_ID);

  reveal(fixture, LONG_ID);
  assert_refused(send(fixture, fixture->bob, &operation, fixture->bob, 0), "has no value hash"); /* all are bob's */
}

/* The keys of the namespace: 300 children of bob's. */
static void children_of_the_key_import(void **state) {
  struct fixture *fixture = *state;
  const struct bs_index *index = bs_ledger_index(fixture->ledger);
  struct bs_public_key child;
  unsigned char hash[BS_HASH160_SIZE];
  char address[BS_ADDRESS_TEXT];
  struct bs_error error = {0};
  bool found;

  reveal(fixture, LONG_ID);
  assert_null(import(fixture, fixture->bob, "foo." LONG_ID, 1));
  for (uint32_t i = 0; i < 302; i++) {
    assert_true(derive(&child, bs_key_public(fixture->bob), i));
    bs_public_key_hash(hash, &child);
    bs_address_encode(address, 0, hash);
    assert_ok(bs_index_find_import_key(index, &found, LONG_ID, address, &error));
    assert_int_equal(found, i < 300);
  }
  make_ready(fixture, LONG_ID);
  bs_key_address(address, fixture->bob, BS_NETWORK_MAIN);
  assert_ok(bs_index_find_import_key(index, &found, LONG_ID, address, &error));
  assert_false(found);
}

/* Updates look for names in the owner's list, transfers in that by hash: what has left both comes back to the latter only,
 * unless the owner changes. */
static void an_import_over_an_expired_one_lists_it_by_hash(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder = namespace_preorder_of(fixture, LONG_ID), operation = reveal_of(LONG_ID), update,
                      transfer = {.opcode = BS_NAME_TRANSFER, .keep_data = true};

  operation.rules.lifetime = 5;
  assert_null(send(fixture, fixture->alice, &preorder, NULL, NAMESPACE_PRICE));
  assert_null(send(fixture, fixture->alice, &operation, fixture->bob, 0));
  assert_null(import(fixture, fixture->bob, "foo." LONG_ID, 1));
  assert_int_equal(entry_of(fixture, "foo." LONG_ID).listed, BS_LIST_BOTH);
  mine(fixture, 5);
  assert_int_equal(entry_of(fixture, "foo." LONG_ID).listed, 0);
  assert_null(import(fixture, fixture->bob, "foo." LONG_ID, 2));
  assert_int_equal(entry_of(fixture, "foo." LONG_ID).listed, BS_LIST_BY_HASH);
  make_ready(fixture, LONG_ID);
  update = update_of(fixture, "foo." LONG_ID, 3);
  assert_refused(send(fixture, fixture->alice, &update, NULL, 0), "has no name that this update could be of");
  bs_hash128(transfer.name_hash, "foo." LONG_ID, strlen("foo." LONG_ID));
  memcpy(transfer.consensus, tip_of(fixture).consensus, sizeof transfer.consensus);
  assert_null(send(fixture, fixture->alice, &transfer, fixture->bob, 0));
  assert_int_equal(entry_of(fixture, "foo." LONG_ID).listed, BS_LIST_BOTH);
}

/* A reveal that nobody makes ready lapses with its names: they count for nobody's quota and take no operations. */
static void names_of_a_lapsed_namespace_leave_the_lists(void **state) {
  struct fixture *fixture = *state;
  struct bs_index index = *bs_ledger_index(fixture->ledger);
  uint64_t lapses;
  struct bs_error error = {0};
  bool found;
  struct bs_namespace_entry gone;

  reveal(fixture, LONG_ID);
  assert_null(import(fixture, fixture->bob, "foo." LONG_ID, 1));
  lapses = namespace_of(fixture, LONG_ID).block_number + 52595;
  assert_ok(bs_ledger_begin(fixture->ledger, &error));
  assert_ok(bs_index_expire(&index, lapses - 1, &error));
  assert_int_equal(entry_of(fixture, "foo." LONG_ID).listed, BS_LIST_BOTH);
  assert_ok(bs_index_expire(&index, lapses, &error));
  assert_ok(bs_index_get_namespace(&index, &gone, &found, LONG_ID, &error));
  assert_false(found);
  assert_int_equal(entry_of(fixture, "foo." LONG_ID).listed, 0);
  bs_ledger_rollback(fixture->ledger);
}

/* ---- preorders of several names ---- */

struct wanted {
  const char *name;
  const struct bs_key *owner;
};

/* What alice commits to, `wanted` being sorted by name. */
static struct bs_operation multi_preorder(struct fixture *fixture, const struct wanted *wanted, size_t count) {
  struct bs_operation operation = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice);
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char address[BS_ADDRESS_TEXT], hex[2 * BS_SCRIPT_MAX + 1];
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_script script;

  for (size_t i = 0; i < count; i++) {
    bs_key_address(address, wanted[i].owner, BS_NETWORK_MAIN);
    bs_buffer_format(&text, "%s%s:%s", i == 0 ? "" : ",", wanted[i].name, address);
  }
  hash_of(hash, fixture->alice);
  bs_script_pay_to(&script, hash);
  bs_hex_encode(hex, script.bytes, script.length);
  bs_buffer_format(&text, "%s", hex);
  bs_hash160(operation.hash, text.bytes, text.length);
  operation.quantity = (uint8_t)count;
  return operation;
}

static const char *claim(struct fixture *fixture, const char *name, const struct bs_key *owner) {
  struct bs_operation operation = registration_of(name);

  return send(fixture, fixture->alice, &operation, owner, 0);
}

static bool is_registered(struct fixture *fixture, const char *name) {
  struct bs_name_entry entry;
  struct bs_error error = {0};
  bool found;

  assert_ok(bs_index_get_name(bs_ledger_index(fixture->ledger), &entry, &found, name, &error));
  return found;
}

static void several_names_are_registered_together(void **state) {
  struct fixture *fixture = *state;
  const struct wanted wanted[] = {{"bar.id", fixture->alice}, {"foo.id", fixture->bob}, {"quux.id", fixture->alice}};
  struct bs_operation preorder = multi_preorder(fixture, wanted, 3);
  struct bs_error error = {0};

  assert_refused(claim(fixture, "foo.id", fixture->bob), "not preordered");
  assert_null(send(fixture, fixture->alice, &preorder, NULL, 1));
  assert_null(claim(fixture, "foo.id", fixture->bob));
  assert_null(claim(fixture, "bar.id", fixture->alice));
  assert_false(is_registered(fixture, "foo.id"));
  assert_null(claim(fixture, "quux.id", fixture->alice));
  assert_true(is_registered(fixture, "foo.id"));
  assert_int_equal(entry_of(fixture, "bar.id").first_registered, tip_of(fixture).height);
  assert_refused(claim(fixture, "other.id", fixture->alice), "not preordered"); /* used up */
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
}

static void a_set_with_a_name_that_was_taken_stays_open(void **state) {
  struct fixture *fixture = *state;
  const struct wanted wanted[] = {{"bar.id", fixture->alice}, {"foo.id", fixture->alice}};
  struct bs_operation preorder = multi_preorder(fixture, wanted, 2);

  assert_null(send(fixture, fixture->alice, &preorder, NULL, 1));
  assert_null(claim(fixture, "foo.id", fixture->alice));
  own(fixture, "foo.id", fixture->bob);
  assert_refused(claim(fixture, "bar.id", fixture->alice), "foo.id is registered already");
  assert_false(is_registered(fixture, "bar.id"));
}

/* One hash, two preorders: only one that counts several names stands for a set. */
static void a_set_has_at_least_two_names(void **state) {
  struct fixture *fixture = *state;
  const struct wanted several[] = {{"bar.id", fixture->alice}, {"baz.id", fixture->alice}},
                      one[] = {{"foo.id", fixture->alice}};
  struct bs_operation pending = multi_preorder(fixture, several, 2), cheap = multi_preorder(fixture, one, 1);

  assert_null(send(fixture, fixture->alice, &pending, NULL, 1));
  assert_null(send(fixture, fixture->alice, &cheap, NULL, 1));
  assert_null(claim(fixture, "foo.id", fixture->alice)); /* it waits for ever */
  assert_false(is_registered(fixture, "foo.id"));
}

static void a_name_is_not_registered_twice_by_one_set(void **state) {
  struct fixture *fixture = *state;
  const struct wanted wanted[] = {{"foo.id", fixture->alice}, {"foo.id", fixture->alice}};
  struct bs_operation preorder = multi_preorder(fixture, wanted, 2);

  assert_null(send(fixture, fixture->alice, &preorder, NULL, 1));
  assert_null(claim(fixture, "foo.id", fixture->alice));
  assert_refused(claim(fixture, "foo.id", fixture->alice), "waits already");
  assert_false(is_registered(fixture, "foo.id"));
}

static void a_set_counts_what_its_preorder_counts(void **state) {
  struct fixture *fixture = *state;
  const struct wanted wanted[] = {{"bar.id", fixture->alice}, {"foo.id", fixture->alice}};
  struct bs_operation preorder = multi_preorder(fixture, wanted, 2);

  preorder.quantity = 3;
  assert_null(send(fixture, fixture->alice, &preorder, NULL, 1));
  assert_null(claim(fixture, "foo.id", fixture->alice));
  assert_null(claim(fixture, "bar.id", fixture->alice));
  assert_false(is_registered(fixture, "bar.id"));
}

/* ---- announcements ---- */

static void owners_of_names_announce(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation announcement = {.opcode = BS_ANNOUNCE};
  struct bs_ledger_tip before, after;
  struct bs_error error = {0};

  assert_refused(send(fixture, fixture->alice, &announcement, NULL, 0), "owns no name");
  own(fixture, "foo.id", fixture->alice);
  before = tip_of(fixture);
  assert_null(send(fixture, fixture->alice, &announcement, NULL, 0));
  after = tip_of(fixture);
  assert_int_equal(after.height, before.height + 1);
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      LEDGER_TEST(a_namespace_is_made_in_three_steps),
      LEDGER_TEST(a_namespace_is_paid_for),
      LEDGER_TEST(a_namespace_has_version_1),
      LEDGER_TEST(names_are_imported_before_a_namespace_is_ready),
      LEDGER_TEST(an_import_names_an_owner_and_a_value),
      LEDGER_TEST(children_of_the_key_import),
      LEDGER_TEST(an_import_over_an_expired_one_lists_it_by_hash),
      LEDGER_TEST(names_of_a_lapsed_namespace_leave_the_lists),
      LEDGER_TEST(several_names_are_registered_together),
      LEDGER_TEST(a_set_with_a_name_that_was_taken_stays_open),
      LEDGER_TEST(a_set_has_at_least_two_names),
      LEDGER_TEST(a_name_is_not_registered_twice_by_one_set),
      LEDGER_TEST(a_set_counts_what_its_preorder_counts),
      LEDGER_TEST(owners_of_names_announce),
  };

  return RUN_TESTS(tests);
}

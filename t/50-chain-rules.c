/* SPDX-License-Identifier: MIT */
/* Every acceptance rule of preorders, registrations, renewals and updates: kept once, broken once. */
#include <config.h>

#include "t/lib/ledger.h"

static void preorder_register_update(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation update;
  struct bs_name_entry entry;
  struct bs_error error = {0};
  unsigned char value[20];

  own(fixture, "foo.id", fixture->alice);
  update = update_of(fixture, "foo.id", 0x42);
  assert_null(send(fixture, fixture->alice, &update, NULL, 0));
  entry = entry_of(fixture, "foo.id");
  memset(value, 0x42, sizeof value);
  assert_true(entry.has_value);
  assert_memory_equal(entry.value_hash, value, sizeof value);
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
}

static void preorders_are_unique_until_used(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice),
                      registration = registration_of("foo.id");

  assert_null(send(fixture, fixture->alice, &preorder, NULL, 6400000));
  assert_refused(send(fixture, fixture->alice, &preorder, NULL, 6400000), "pending");
  assert_null(send(fixture, fixture->alice, &registration, fixture->alice, 0));
  assert_null(send(fixture, fixture->alice, &preorder, NULL, 6400000)); /* used up: it may be sent again */
}

/* Also when it was used up within the block. */
static void preorders_are_unique_within_a_block(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice),
                      registration = registration_of("foo.id");
  struct bs_buffer raws[3] = {BS_BUFFER_INIT, BS_BUFFER_INIT, BS_BUFFER_INIT};
  struct bs_coin coins[3];
  struct bs_error error = {0};

  grant(fixture, fixture->alice);
  grant(fixture, fixture->alice);
  for (size_t i = 0; i < 3; i++) coins[i] = coin_of(fixture, fixture->alice, i);
  make(&raws[0], &coins[0], fixture->alice, &preorder, NULL, 6400000);
  make(&raws[1], &coins[1], fixture->alice, &registration, fixture->alice, 0);
  make(&raws[2], &coins[2], fixture->alice, &preorder, NULL, 6400000);
  assert_ok(append(fixture, raws, 3, &error));
  assert_int_equal(fixture->verdicts[0].verdict, BS_VERDICT_ACCEPTED);
  assert_int_equal(fixture->verdicts[1].verdict, BS_VERDICT_ACCEPTED);
  assert_refused(fixture->verdicts[2].reason, "in this block");
  for (size_t i = 0; i < 3; i++) bs_buffer_free(&raws[i]);
}

static void a_preorder_burns_something(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice);

  assert_refused(send(fixture, fixture->alice, &preorder, NULL, 0), "burns no fee");
}

static void a_consensus_hash_is_good_for_24_blocks(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation early = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice),
                      late = preorder_of(fixture, "bar.id", fixture->alice, fixture->alice);
  struct bs_operation wrong = preorder_of(fixture, "baz.id", fixture->alice, fixture->alice);

  wrong.consensus[0] ^= 1;
  assert_refused(send(fixture, fixture->alice, &wrong, NULL, 6400000), "consensus hash");
  mine(fixture, 22);
  assert_null(send(fixture, fixture->alice, &early, NULL, 6400000)); /* the 24th block behind it */
  assert_refused(send(fixture, fixture->alice, &late, NULL, 6400000), "consensus hash");
}

static void the_seed_is_good_at_first_only(void **state) {
  struct fixture *fixture = *state; /* two grants: the tip is block 2 */
  struct bs_operation preorder = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice),
                      again = preorder_of(fixture, "bar.id", fixture->alice, fixture->alice);

  memcpy(preorder.consensus, bs_ledger_chain_id(fixture->ledger), sizeof preorder.consensus);
  memcpy(again.consensus, bs_ledger_chain_id(fixture->ledger), sizeof again.consensus);
  assert_null(send(fixture, fixture->alice, &preorder, NULL, 6400000));
  mine(fixture, 21);
  assert_refused(send(fixture, fixture->alice, &again, NULL, 6400000), "consensus hash"); /* block 25 */
}

static void a_registration_needs_its_preorder(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice),
                      registration = registration_of("foo.id");

  assert_refused(send(fixture, fixture->alice, &registration, fixture->alice, 0), "not preordered");
  assert_null(send(fixture, fixture->alice, &preorder, NULL, 6400000));
  assert_refused(send(fixture, fixture->bob, &registration, fixture->alice, 0), "not preordered"); /* another sender */
  assert_refused(send(fixture, fixture->alice, &registration, fixture->bob, 0), "not preordered"); /* another owner */
  assert_null(send(fixture, fixture->alice, &registration, fixture->alice, 0));
}

static void a_registration_is_paid_for(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation foo = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice),
                      bar = preorder_of(fixture, "bar.id", fixture->alice, fixture->alice);
  struct bs_operation registration = registration_of("foo.id");

  assert_null(send(fixture, fixture->alice, &foo, NULL, 6399999));
  assert_refused(send(fixture, fixture->alice, &registration, fixture->alice, 0), "less than the price");
  registration = registration_of("bar.id");
  assert_null(send(fixture, fixture->alice, &bar, NULL, 6400000));
  assert_null(send(fixture, fixture->alice, &registration, fixture->alice, 0));
}

static void a_taken_name_stays_taken(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder, registration = registration_of("foo.id");

  own(fixture, "foo.id", fixture->alice);
  preorder = preorder_of(fixture, "foo.id", fixture->bob, fixture->bob);
  assert_null(send(fixture, fixture->bob, &preorder, NULL, 6400000)); /* it doesn't show what it is for */
  assert_refused(send(fixture, fixture->bob, &registration, fixture->bob, 0), "belongs to");
}

/* The registration of a name that the sender has is a renewal, whatever was preordered. */
static void what_is_registered_is_renewed(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder, registration = registration_of("foo.id");

  own(fixture, "foo.id", fixture->alice);
  preorder = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice);
  assert_null(send(fixture, fixture->alice, &preorder, NULL, 6400000));
  assert_refused(send(fixture, fixture->alice, &registration, fixture->alice, 0), "less than the price");
  assert_null(send(fixture, fixture->alice, &registration, fixture->alice, 6400000));
  assert_string_equal(entry_of(fixture, "foo.id").origin.op, "::");
  assert_refused(send(fixture, fixture->alice, &preorder, NULL, 6400000), "pending"); /* it was not used */
}

static void a_preorder_is_the_senders(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice),
                      registration = registration_of("foo.id");

  assert_null(send(fixture, fixture->bob, &preorder, NULL, 6400000)); /* copied */
  assert_refused(send(fixture, fixture->alice, &registration, fixture->alice, 0), "was sent by");
}

static void namespaces_must_be_ready(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder = preorder_of(fixture, "foo.nowhere", fixture->alice, fixture->alice),
                      registration = registration_of("foo.nowhere");

  assert_null(send(fixture, fixture->alice, &preorder, NULL, 6400000));
  assert_refused(send(fixture, fixture->alice, &registration, fixture->alice, 0), "no namespace nowhere");
}

static void renewals_are_the_owners_and_paid_for(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation renewal = registration_of("foo.id");
  struct bs_name_entry before, after;

  own(fixture, "foo.id", fixture->alice);
  before = entry_of(fixture, "foo.id");
  assert_refused(send(fixture, fixture->bob, &renewal, fixture->bob, 6400000), "belongs to");
  assert_refused(send(fixture, fixture->alice, &renewal, fixture->bob, 6400000), "another owner");
  assert_refused(send(fixture, fixture->alice, &renewal, fixture->alice, 6399999), "less than the price");
  assert_refused(send(fixture, fixture->alice, &renewal, fixture->alice, 0), "less than the price");
  assert_null(send(fixture, fixture->alice, &renewal, fixture->alice, 6400000));
  after = entry_of(fixture, "foo.id");
  assert_string_equal(after.origin.op, "::");
  assert_int_equal(after.first_registered, before.first_registered);
  assert_int_equal(after.last_renewed, tip_of(fixture).height);
}

static void updates_are_the_owners_and_fresh(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation update, unregistered = update_of(fixture, "bar.id", 1);

  own(fixture, "foo.id", fixture->alice);
  update = update_of(fixture, "foo.id", 1);
  assert_refused(send(fixture, fixture->bob, &update, NULL, 0), "has no name");
  assert_refused(send(fixture, fixture->alice, &unregistered, NULL, 0), "has no name");
  mine(fixture, 21);
  assert_null(send(fixture, fixture->alice, &update, NULL, 0)); /* the 24th block */
  assert_refused(send(fixture, fixture->alice, &update, NULL, 0), "has no name");
}

static void two_registrations_in_a_block_refuse_each_other(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation alices = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice),
                      bobs = preorder_of(fixture, "foo.id", fixture->bob, fixture->bob);
  struct bs_operation registration = registration_of("foo.id");
  struct bs_buffer raws[2] = {BS_BUFFER_INIT, BS_BUFFER_INIT};
  struct bs_coin coins[2];
  struct bs_error error = {0};

  assert_null(send(fixture, fixture->alice, &alices, NULL, 6400000));
  assert_null(send(fixture, fixture->bob, &bobs, NULL, 6400000));
  coins[0] = coin_of(fixture, fixture->alice, 0);
  coins[1] = coin_of(fixture, fixture->bob, 0);
  make(&raws[0], &coins[0], fixture->alice, &registration, fixture->alice, 0);
  make(&raws[1], &coins[1], fixture->bob, &registration, fixture->bob, 0);
  assert_ok(append(fixture, raws, 2, &error));
  assert_int_equal(fixture->verdicts[0].verdict, BS_VERDICT_REFUSED);
  assert_int_equal(fixture->verdicts[1].verdict, BS_VERDICT_REFUSED);
  assert_null(send(fixture, fixture->bob, &registration, fixture->bob, 0)); /* the preorders stay */
  bs_buffer_free(&raws[0]);
  bs_buffer_free(&raws[1]);
}

static void an_owner_has_25_names(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder, registration = registration_of("last.brief");

  for (int i = 0; i < 24; i++) {
    char name[20];

    snprintf(name, sizeof name, "n%d.id", i);
    own(fixture, name, fixture->alice);
  }
  preorder = preorder_of(fixture, "last.brief", fixture->alice, fixture->alice);
  assert_null(send(fixture, fixture->alice, &preorder, NULL, 6400000));
  own(fixture, "number25.id", fixture->alice);
  assert_refused(send(fixture, fixture->alice, &registration, fixture->alice, 0), "25 names");
  preorder = preorder_of(fixture, "more.id", fixture->alice, fixture->alice);
  assert_refused(send(fixture, fixture->alice, &preorder, NULL, 6400000), "25 names");
  preorder = preorder_of(fixture, "more.id", fixture->alice, fixture->bob);
  assert_refused(send(fixture, fixture->alice, &preorder, NULL, 6400000), "25 names"); /* whoever it is for */
}

/* Lifetime 5: registered in block n, the owner's until n + 5, renewable in n + 6, free from n + 7 on. */
static void names_expire(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation update, preorder, registration = registration_of("foo.brief");

  own(fixture, "foo.brief", fixture->alice);
  preorder = preorder_of(fixture, "foo.brief", fixture->bob, fixture->bob);
  assert_null(send(fixture, fixture->bob, &preorder, NULL, 100)); /* n + 1 */
  mine(fixture, 3);
  update = update_of(fixture, "foo.brief", 1);
  assert_null(send(fixture, fixture->alice, &update, NULL, 0)); /* n + 5 */
  update = update_of(fixture, "foo.brief", 2);
  assert_refused(send(fixture, fixture->alice, &update, NULL, 0), "has no name"); /* n + 6 */
  assert_null(send(fixture, fixture->bob, &registration, fixture->bob, 0));        /* n + 7 */
  assert_false(entry_of(fixture, "foo.brief").has_value);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      LEDGER_TEST(preorder_register_update),
      LEDGER_TEST(preorders_are_unique_until_used),
      LEDGER_TEST(preorders_are_unique_within_a_block),
      LEDGER_TEST(a_preorder_burns_something),
      LEDGER_TEST(a_consensus_hash_is_good_for_24_blocks),
      LEDGER_TEST(the_seed_is_good_at_first_only),
      LEDGER_TEST(a_registration_needs_its_preorder),
      LEDGER_TEST(a_registration_is_paid_for),
      LEDGER_TEST(a_taken_name_stays_taken),
      LEDGER_TEST(what_is_registered_is_renewed),
      LEDGER_TEST(a_preorder_is_the_senders),
      LEDGER_TEST(namespaces_must_be_ready),
      LEDGER_TEST(renewals_are_the_owners_and_paid_for),
      LEDGER_TEST(updates_are_the_owners_and_fresh),
      LEDGER_TEST(two_registrations_in_a_block_refuse_each_other),
      LEDGER_TEST(an_owner_has_25_names),
      LEDGER_TEST(names_expire),
  };
  return RUN_TESTS(tests);
}

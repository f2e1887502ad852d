/* SPDX-License-Identifier: MIT */
/* Operations whose coins something else spends: contested while it waits, spent when it is in a block, and lost when the index
 * has that block; and how that is told. */
#include <config.h>

#include "t/lib/waiting.h"

/* foo.id is updated, and the coin of that is spent in a block by the other client's update. */
static void overtake(struct fixture *fixture) {
  struct bs_buffer raw = rival_of(fixture, "foo.id", VALUE_3);

  update(fixture, "foo.id", VALUE_1);
  slow_mine_raw(&raw);
  bs_buffer_free(&raw);
}

static void what_was_spent_by_something_else_is_lost(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt;
  struct bs_buffer raw;

  own(fixture, "foo.id");
  raw = rival_of(fixture, "foo.id", VALUE_3);
  receipt = update(fixture, "foo.id", VALUE_1);
  update(fixture, "foo.id", VALUE_2); /* depends on it */
  slow_mine_raw(&raw);
  bs_buffer_free(&raw);
  assert_false(slow_has(receipt.txid));
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_state(&listed, 0, "spent"); /* by what, the index does not show yet */
    assert_state(&listed, 1, "spent");
  }
  slow_mine(LAG);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_state(&listed, 0, "lost");
    assert_true(strstr(listed.items[0].reason, "spent by another transaction") != NULL);
    assert_state(&listed, 1, "lost");
  }
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, NULL); /* told once */

    assert_int_equal(listed.count, 0);
  }
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_3);
  update(fixture, "foo.id", VALUE_1); /* with the coins that are left */
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_1);
}

/* The rival was in the pool only, and has left it. */
static void what_was_spent_in_the_pool_only_is_sent_again(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt rival = BS_NAME_RECEIPT_INIT;
  struct slow_transactions rivals;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  assert_ok(bs_names_update(fixture->two.names, NULL, &rival, "foo.id", VALUE_3, &fixture->by_alice, &error));
  rivals = slow->pool;
  slow_forget();
  update(fixture, "foo.id", VALUE_1);
  for (int i = 0; i < 2; i++) { /* however long it stays there: its coins are not spent */
    slow_forget();
    slow_mine(i == 0 ? 0 : LAG + 1);
    slow->pool = rivals;
    {
      struct listed listed AUTO_LISTED = resume(&fixture->one, NULL);

      assert_int_equal(listed.count, 1);
      assert_state(&listed, 0, "sent");
      assert_true(strstr(listed.items[0].reason, "insufficient fee") != NULL);
    }
  }
  slow_forget();
  assert_first(fixture, NULL, "sent");
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_1);
}

/* A node does not take the new form for its fee, and has the old one. */
static void what_its_earlier_form_has_spent_is_not_lost(void **state) {
  struct fixture *fixture = *state;
  struct slow_transactions kept;

  own(fixture, "foo.id");
  update(fixture, "foo.id", VALUE_1);
  kept = slow->pool;
  kept.items[0].fee = 50000;
  slow_forget();
  slow_mine(16 - LAG - 1);
  slow->pool = kept;
  for (int i = 0; i < 2; i++) {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_state(&listed, 0, "made");
    assert_true(strstr(listed.items[0].reason, "insufficient fee") != NULL);
    if (i > 0) break;
    slow_forget();
    slow_mine(LAG);
    slow->pool = kept;
  }
  slow_mine(1 + LAG);
  assert_first(fixture, fixture->alice, "done");
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_1);
}

/* In a block, and out of it again: what was found spent then is not lost now. */
static void what_a_block_had_spent_that_left_the_chain_is_sent_again(void **state) {
  struct fixture *fixture = *state;

  own(fixture, "foo.id");
  overtake(fixture);
  assert_first(fixture, NULL, "spent");
  slow_reorganise(1);
  slow_forget();
  slow_mine(1 + LAG);
  assert_first(fixture, NULL, "sent");
}

/* A call that fails behind that has told nobody. */
static void what_was_lost_is_told_by_a_call_that_succeeds(void **state) {
  struct fixture *fixture = *state;
  struct bs_pending_operation *items;
  struct bs_error error = {0};
  size_t count;

  own(fixture, "foo.id");
  try_register(fixture, "bar.id");
  slow_mine(1 + LAG);
  overtake(fixture);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, NULL);

    assert_state(&listed, 1, "spent");
  }
  slow_mine(LAG);
  slow->is_deaf = true;
  assert_fails(bs_names_resume(fixture->one.names, NULL, &items, &count, fixture->alice, NULL, &error), BS_WORD_unreachable,
               "The node did not answer"); /* for the registration */
  slow->is_deaf = false;
  for (int i = 0; i < 2; i++) {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_int_equal(listed.count, i == 0 ? 2 : 1);
    assert_state(&listed, 0, i == 0 ? "lost" : "sent");
  }
}

/* It goes when somebody says that it was told, and nothing else goes with it. */
static void what_was_lost_stays_until_it_was_told(void **state) {
  struct fixture *fixture = *state;
  struct bs_pending_operation *items;
  struct bs_error error = {0};
  size_t count;

  own(fixture, "foo.id");
  overtake(fixture);
  assert_first(fixture, NULL, "spent");
  slow_mine(LAG);
  try_register(fixture, "bar.id");
  for (int i = 0; i < 3; i++) {
    assert_ok(bs_names_resume(fixture->one.names, NULL, &items, &count, NULL, NULL, &error));
    assert_int_equal(count, i < 2 ? 3 : 2);
    assert_string_equal(items[0].state, i < 2 ? "lost" : "sent");
    if (i == 1) assert_ok(bs_names_told(fixture->one.names, NULL, items, count, &error));
    free(items);
  }
}

/* Another client with the same keys sent the same update: another id, the same effect. */
static void what_has_its_effect_by_another_id_is_done(void **state) {
  struct fixture *fixture = *state;
  struct bs_buffer raw;

  own(fixture, "foo.id");
  slow->fee_rate = 20000;
  raw = rival_of(fixture, "foo.id", VALUE_1);
  slow->fee_rate = 10000;
  update(fixture, "foo.id", VALUE_1);
  slow_mine_raw(&raw);
  bs_buffer_free(&raw);
  assert_first(fixture, NULL, "spent");
  slow_mine(LAG);
  assert_first(fixture, NULL, "done");
}

static void a_refused_operation_is_told(void **state) {
  struct fixture *fixture = *state;

  own(fixture, "foo.id");
  update(fixture, "foo.id", VALUE_1);
  {
    struct slow_transactions kept = slow->pool;

    slow_forget();
    slow_mine(26); /* without it: its consensus hash is too old now */
    slow->pool = kept;
  }
  slow_mine(1 + LAG);
  {
    struct listed listed AUTO_LISTED = list(&fixture->one);

    assert_state(&listed, 0, "refused");
  }
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_state(&listed, 0, "refused");
    assert_true(listed.items[0].reason[0] != '\0');
  }
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, "");
  update(fixture, "foo.id", VALUE_2);
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SLOW_TEST(what_was_spent_by_something_else_is_lost),
      SLOW_TEST(what_was_spent_in_the_pool_only_is_sent_again),
      SLOW_TEST(what_its_earlier_form_has_spent_is_not_lost),
      SLOW_TEST(what_a_block_had_spent_that_left_the_chain_is_sent_again),
      SLOW_TEST(what_was_lost_is_told_by_a_call_that_succeeds),
      SLOW_TEST(what_was_lost_stays_until_it_was_told),
      SLOW_TEST(what_has_its_effect_by_another_id_is_done),
      SLOW_TEST(a_refused_operation_is_told),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* Operations on a chain whose blocks come later: two steps, coins, what is kept, and what becomes of it. */
#include <config.h>

#include <signal.h>

#include "t/lib/waiting.h"

static void a_registration_has_two_steps(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt first = try_register(fixture, "foo.id"), again, second;
  struct bs_error error = {0};

  assert_string_equal(first.waits, "preordered");
  assert_string_equal(first.txid, "");
  assert_int_equal(strlen(first.preorder_txid), 64);
  assert_int_equal(first.price, 6400000);
  assert_true(first.fee > 0 && first.size > 0);
  assert_int_equal(slow->pool.count, 1); /* nothing there tells the name */
  again = try_register(fixture, "foo.id");
  assert_string_equal(again.waits, "preordered");
  assert_string_equal(again.preorder_txid, first.preorder_txid);
  slow_mine(1);
  restart(fixture);
  again = try_register(fixture, "foo.id"); /* in a block, but not deep enough */
  assert_string_equal(again.waits, "preordered");
  assert_int_equal(slow->pool.count, 0);
  slow_mine(LAG);
  second = try_register(fixture, "foo.id");
  assert_string_equal(second.waits, "sent");
  assert_true(slow_has(second.txid));
  again = try_register(fixture, "foo.id");
  assert_string_equal(again.txid, second.txid);
  assert_int_equal(slow->pool.count, 1);
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").owner, fixture->alice_address);
  assert_fails(bs_names_register(fixture->one.names, NULL, &again, "foo.id", NULL, &fixture->by_alice, &error), BS_WORD_conflict,
               "registered already, by this very key");
  {
    struct listed listed AUTO_LISTED = list(&fixture->one);

    assert_int_equal(listed.count, 0);
  }
}

static void pending_registers_what_was_preordered(void **state) {
  struct fixture *fixture = *state;

  try_register(fixture, "foo.id");
  {
    struct listed listed AUTO_LISTED = list(&fixture->one);

    assert_int_equal(listed.count, 2);
    assert_state(&listed, 0, "sent");
    assert_string_equal(listed.items[0].operation, "NAME_PREORDER");
    assert_string_equal(listed.items[0].name, "foo.id");
    assert_state(&listed, 1, "planned");
    assert_null(listed.items[1].due);
    assert_string_equal(listed.items[1].txid, "");
  }
  slow_mine(1 + LAG);
  restart(fixture);
  {
    struct listed listed AUTO_LISTED = list(&fixture->one);

    assert_state(&listed, 0, "done");
    assert_string_equal(listed.items[1].due, "register");
  }
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, NULL); /* without the key it stays */

    assert_state(&listed, 1, "planned");
    assert_int_equal(slow->pool.count, 0);
  }
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->bob); /* nor by another */

    assert_state(&listed, 0, "planned");
  }
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_state(&listed, 0, "sent");
    assert_true(slow_has(listed.items[0].txid));
  }
  slow_mine(1 + LAG);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, NULL);

    assert_int_equal(listed.count, 1);
    assert_state(&listed, 0, "done");
  }
  assert_string_equal(lookup(&fixture->one, "foo.id").owner, fixture->alice_address);
}

/* The price is burned by then. */
static void a_registration_that_the_node_refused_stays_planned(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  try_register(fixture, "foo.id");
  slow_mine(1 + LAG);
  slow->refuses = true;
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_state(&listed, 1, "planned");
    assert_true(strstr(listed.items[1].reason, "The node does not like it") != NULL);
  }
  assert_fails(bs_names_register(fixture->one.names, NULL, &receipt, "foo.id", NULL, &fixture->by_alice, &error), BS_WORD_denied,
               "The node does not like it");
  restart(fixture);
  slow->refuses = false;
  {
    struct listed listed AUTO_LISTED = list(&fixture->one);

    assert_int_equal(listed.count, 1);
    assert_state(&listed, 0, "planned");
    assert_string_equal(listed.items[0].due, "register");
  }
  assert_first(fixture, fixture->alice, "sent");
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").owner, fixture->alice_address);
}

/* The same name for one owner, and then for another: each has a preorder and a plan of its own. */
static void two_plans_of_a_name_are_two(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};
  struct bs_buffer first = BS_BUFFER_INIT;

  try_register(fixture, "foo.id");
  slow_mine(1); /* his preorder is deeper than the other one's */
  assert_ok(bs_names_register(fixture->one.names, NULL, &receipt, "foo.id", fixture->bob_address, &fixture->by_alice, &error));
  assert_string_equal(receipt.waits, "preordered");
  assert_int_equal(slow->pool.count, 1);
  slow_mine(LAG);
  {
    struct listed listed AUTO_LISTED = list(&fixture->one);

    assert_int_equal(listed.count, 4);
    assert_state(&listed, 0, "done");
    assert_string_equal(listed.items[1].due, "register"); /* though the other preorder is not there yet */
    assert_state(&listed, 2, "sent");
    assert_null(listed.items[3].due);
  }
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_state(&listed, 1, "sent");
    assert_state(&listed, 3, "planned");
    assert_string_equal(listed.items[3].reason, "");
    assert_true(slow_has(listed.items[1].txid));
  }
  bs_buffer_add(&first, slow->pool.items[0].raw, slow->pool.items[0].length);
  slow_forget();
  slow_mine(1);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice); /* two in one block would both be refused */

    assert_state(&listed, 2, "sent");
    assert_state(&listed, 1, "planned");
    assert_string_equal(listed.items[1].due, "register");
    assert_true(strstr(listed.items[1].reason, "is about to be registered for ") != NULL);
  }
  slow_mine_raw(&first);
  bs_buffer_free(&first);
  slow_mine(LAG);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_state(&listed, 0, "planned");
    assert_true(strstr(listed.items[0].reason, "is registered already") != NULL);
  }
  assert_string_equal(lookup(&fixture->one, "foo.id").owner, fixture->alice_address);
}

static void a_payment_key_preorders_for_a_fresh_owner(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_key *fresh;
  struct bs_error error = {0};
  char address[BS_ADDRESS_TEXT];

  assert_ok(bs_key_generate(&fresh, &error));
  bs_key_address(address, fresh, BS_NETWORK_MAIN);
  assert_ok(bs_names_preorder(fixture->one.names, NULL, &receipt, "foo.id", address, &fixture->by_alice, &error));
  assert_fails(bs_names_preorder(fixture->one.names, NULL, &receipt, "foo.id", address, &fixture->by_alice, &error),
               BS_WORD_conflict, "preordered already");
  slow_mine(1 + LAG);
  assert_ok(bs_names_register(fixture->one.names, NULL, &receipt, "foo.id", address, &fixture->by_alice, &error));
  assert_string_equal(receipt.waits, "sent");
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").owner, address);
  bs_key_free(fresh);
}

/* ---- coins ---- */

static void later_updates_spend_the_change_of_earlier_ones(void **state) {
  struct fixture *fixture = *state;
  static const char *const values[] = {VALUE_1, VALUE_2, VALUE_3};
  char before[BS_TXID_TEXT] = "";

  own(fixture, "foo.id");
  for (size_t i = 0; i < 3; i++) {
    struct bs_name_receipt receipt = update(fixture, "foo.id", values[i]);
    struct bs_transaction transaction = slow_transaction_of(receipt.txid);
    char spent[BS_TXID_TEXT];

    bs_txid_text(spent, transaction.inputs[0].txid);
    assert_int_equal(transaction.inputs[0].sequence, 0xfffffffd);
    if (i > 0) assert_string_equal(spent, before);
    memcpy(before, receipt.txid, sizeof before);
    bs_transaction_free(&transaction);
    restart(fixture);
  }
  assert_int_equal(slow->pool.count, 3);
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_3);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, NULL);

    assert_int_equal(listed.count, 3);
    for (size_t i = 0; i < 3; i++) assert_state(&listed, i, "done");
  }
}

static void coins_are_not_spent_twice(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation paid = {.owner_key = fixture->alice, .payment_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  for (size_t i = 0; i < 4; i++) { /* bob has a single coin */
    assert_ok(bs_names_update(fixture->one.names, NULL, &receipt, "foo.id", i % 2 == 0 ? VALUE_1 : VALUE_2, &paid, &error));
    assert_int_equal(slow->pool.count, i + 1);
  }
  try_register(fixture, "bar.id");
  assert_int_equal(slow->pool.count, 5);
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_2);
}

static void a_lack_of_coins_and_a_high_fee_are_told(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_operation poor = {.owner_key = NULL};
  struct bs_key *fresh;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  assert_ok(bs_key_generate(&fresh, &error));
  poor.owner_key = fresh;
  assert_fails(bs_names_register(fixture->one.names, NULL, &receipt, "bar.id", NULL, &poor, &error), BS_WORD_denied,
               "coins of the owner's key do not suffice");
  poor.payment_key = fixture->bob;
  assert_fails(bs_names_register(fixture->one.names, NULL, &receipt, "bar.id", NULL, &poor, &error), BS_WORD_denied,
               "tells whose operation it is");
  slow->fee_rate = 1000000;
  assert_fails(bs_names_update(fixture->one.names, NULL, &receipt, "foo.id", VALUE_1, &fixture->by_alice, &error), BS_WORD_usage,
               "bytes at 1000000 satoshis for 1,000, but names.max_fee allows 100000");
  assert_int_equal(slow->pool.count, 0);
  bs_key_free(fresh);
}

static void a_witness_coin_pays(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_operation paid = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_transaction transaction;
  struct bs_error error = {0};
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_key *rich;

  own(fixture, "foo.id");
  /* uncompressed: its P2WPKH coins are those of its compressed form */
  assert_ok(bs_key_from_text(&rich, "00000000000000000000000000000000000000000000000000000000000000ff", 64, &error));
  bs_public_key_signer(hash, bs_key_public(rich));
  slow->extra = (struct bs_coin){.txid = {7}, .output = 1, .value = 50000};
  bs_script_pay_to_witness(&slow->extra.script, hash);
  paid.payment_key = rich;
  assert_ok(bs_names_update(fixture->one.names, NULL, &receipt, "foo.id", VALUE_1, &paid, &error));
  transaction = slow_transaction_of(receipt.txid);
  assert_int_equal(transaction.input_count, 2);
  assert_true(transaction.has_witnesses);
  assert_int_equal(transaction.inputs[1].txid[0], 7);
  assert_int_equal(transaction.inputs[1].script_length, 0);
  bs_transaction_free(&transaction);
  bs_key_free(rich);
}

/* P2WPKH of an uncompressed key: anybody can pay so, and nobody can spend it. */
static void what_cannot_be_spent_is_no_coin(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_operation paid = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_transaction transaction;
  struct bs_error error = {0};
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_key *payer;

  own(fixture, "foo.id");
  assert_ok(bs_key_from_text(&payer, "00000000000000000000000000000000000000000000000000000000000000ff", 64, &error));
  bs_public_key_hash(hash, bs_key_public(payer));
  slow->extra = (struct bs_coin){.txid = {7}, .output = 1, .value = 2 * COIN};
  bs_script_pay_to_witness(&slow->extra.script, hash);
  paid.payment_key = payer;
  assert_fails(bs_names_update(fixture->one.names, NULL, &receipt, "foo.id", VALUE_1, &paid, &error), BS_WORD_denied,
               "The coins of the paying key do not suffice");
  slow_grant(payer, COIN);
  assert_ok(bs_names_update(fixture->one.names, NULL, &receipt, "foo.id", VALUE_1, &paid, &error));
  transaction = slow_transaction_of(receipt.txid);
  assert_int_equal(transaction.input_count, 2);
  assert_false(transaction.has_witnesses);
  assert_int_not_equal(transaction.inputs[1].txid[0], 7);
  bs_transaction_free(&transaction);
  bs_key_free(payer);
}

static void a_dry_run_keeps_nothing(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_operation dry = {.owner_key = fixture->alice, .dry_run = true};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  assert_ok(bs_names_update(fixture->one.names, NULL, &receipt, "foo.id", VALUE_1, &dry, &error));
  assert_non_null(receipt.raw);
  assert_int_equal(receipt.fee, (receipt.size * slow->fee_rate + 999) / 1000);
  assert_in_range(strlen(receipt.raw) / 2, receipt.size - 2, receipt.size);
  bs_name_receipt_clear(&receipt);
  assert_ok(bs_names_register(fixture->one.names, NULL, &receipt, "bar.id", NULL, &dry, &error));
  assert_non_null(receipt.raw);
  bs_name_receipt_clear(&receipt);
  assert_int_equal(slow->pool.count, 0);
  {
    struct listed listed AUTO_LISTED = list(&fixture->one);

    assert_int_equal(listed.count, 0);
  }
}

static void a_small_price_is_no_dust(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = try_register(fixture, "a-name-of-many-letters.id");
  struct bs_transaction transaction = slow_transaction_of(receipt.preorder_txid);

  assert_true(receipt.price < 546 * 20);
  assert_true(transaction.outputs[2].value >= receipt.price && transaction.outputs[2].value >= 546);
  bs_transaction_free(&transaction);
  slow_mine(1 + LAG);
  receipt = try_register(fixture, "a-name-of-many-letters.id");
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "a-name-of-many-letters.id").owner, fixture->alice_address);
}

/* ---- what becomes of them ---- */

static void what_the_node_forgot_is_sent_again(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt;

  own(fixture, "foo.id");
  receipt = update(fixture, "foo.id", VALUE_1);
  slow_forget();
  assert_first(fixture, NULL, "sent");
  assert_true(slow_has(receipt.txid));
}

/* Waits for a block, and is done when the index has it. */
static void assert_gets_done(struct fixture *fixture, const struct bs_name_receipt *receipt, const char *operation) {
  assert_string_equal(receipt->waits, "sent");
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, NULL);

    assert_int_equal(listed.count, 1);
    assert_state(&listed, 0, "sent");
    assert_string_equal(listed.items[0].operation, operation);
  }
  slow_mine(1 + LAG);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, NULL);

    assert_int_equal(listed.count, 1);
    assert_state(&listed, 0, "done");
  }
}

static void every_operation_is_known_when_it_is_done(void **state) {
  struct fixture *fixture = *state;
  static const struct bs_namespace_rules rules = {.lifetime = 1000, .coeff = 4, .base = 4, .nonalpha_discount = 1,
                                                  .no_vowel_discount = 1};
  static const unsigned char message[BS_HASH160_SIZE] = {1};
  const struct bs_name_operation *by = &fixture->by_alice;
  struct bs_names *names = fixture->one.names;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  assert_ok(bs_names_namespace_preorder(names, NULL, &receipt, "long-enough", NULL, by, &error));
  assert_gets_done(fixture, &receipt, "NAMESPACE_PREORDER");
  assert_ok(bs_names_namespace_reveal(names, NULL, &receipt, "long-enough", NULL, &rules, by, &error));
  assert_gets_done(fixture, &receipt, "NAMESPACE_REVEAL");
  assert_ok(bs_names_import(names, NULL, &receipt, "bar.long-enough", fixture->bob_address, VALUE_1, by, &error));
  assert_gets_done(fixture, &receipt, "NAME_IMPORT");
  assert_ok(bs_names_namespace_ready(names, NULL, &receipt, "long-enough", by, &error));
  assert_gets_done(fixture, &receipt, "NAMESPACE_READY");
  assert_ok(bs_names_announce(names, NULL, &receipt, message, by, &error));
  assert_gets_done(fixture, &receipt, "ANNOUNCE");
  assert_ok(bs_names_renew(names, NULL, &receipt, "foo.id", by, &error));
  assert_gets_done(fixture, &receipt, "NAME_REGISTRATION");
  assert_ok(bs_names_transfer(names, NULL, &receipt, "foo.id", fixture->bob_address, false, by, &error));
  assert_gets_done(fixture, &receipt, "NAME_TRANSFER");
  own(fixture, "baz.id");
  assert_ok(bs_names_revoke(names, NULL, &receipt, "baz.id", by, &error));
  assert_gets_done(fixture, &receipt, "NAME_REVOKE");
}

static void a_name_that_is_about_to_go_is_not_changed(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  update(fixture, "foo.id", VALUE_1);
  assert_ok(bs_names_transfer(fixture->one.names, NULL, &receipt, "foo.id", fixture->bob_address, true, &fixture->by_alice,
                              &error));
  assert_fails(bs_names_update(fixture->one.names, NULL, &receipt, "foo.id", VALUE_2, &fixture->by_alice, &error),
               BS_WORD_conflict, "is about to be transferred");
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").owner, fixture->bob_address);
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_1);
}

/* What is on its way already is said again, and not paid for twice; something else is refused. */
static void the_same_again_is_said_again(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation *by = &fixture->by_alice;
  struct bs_names *names = fixture->one.names;
  struct bs_name_receipt first = BS_NAME_RECEIPT_INIT, again = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  own(fixture, "bar.id");
  assert_ok(bs_names_renew(names, NULL, &first, "foo.id", by, &error));
  assert_ok(bs_names_renew(names, NULL, &again, "foo.id", by, &error));
  assert_string_equal(again.txid, first.txid);
  assert_int_equal(again.price, 0);
  assert_int_equal(slow->pool.count, 1);
  assert_ok(bs_names_transfer(names, NULL, &first, "foo.id", fixture->bob_address, true, by, &error));
  assert_ok(bs_names_transfer(names, NULL, &again, "foo.id", fixture->bob_address, true, by, &error));
  assert_string_equal(again.txid, first.txid);
  assert_string_equal(again.waits, "sent");
  assert_fails(bs_names_transfer(names, NULL, &again, "foo.id", fixture->bob_address, false, by, &error), BS_WORD_conflict,
               "is about to be transferred");
  assert_fails(bs_names_revoke(names, NULL, &again, "foo.id", by, &error), BS_WORD_conflict, "is about to be transferred");
  assert_ok(bs_names_revoke(names, NULL, &first, "bar.id", by, &error));
  assert_ok(bs_names_revoke(names, NULL, &again, "bar.id", by, &error));
  assert_string_equal(again.txid, first.txid);
  assert_int_equal(slow->pool.count, 3);
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").owner, fixture->bob_address);
  assert_true(lookup(&fixture->one, "bar.id").revoked);
}

/* ---- consensus hashes ---- */

static void old_ones_are_made_anew_with_what_depends_on_them(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt first, second;

  own(fixture, "foo.id");
  own(fixture, "bar.id");
  first = update(fixture, "foo.id", VALUE_1);
  second = update(fixture, "bar.id", VALUE_2);
  {
    struct slow_transactions kept = slow->pool;

    slow_forget();
    slow_mine(16 - LAG - 2);
    slow->pool = kept;
    {
      struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

      assert_int_equal(listed.items[0].consensus_age, 15);
      assert_string_equal(listed.items[0].txid, first.txid);
    }
    slow_forget();
    slow_mine(1);
    slow->pool = kept;
  }
  {
    struct listed listed AUTO_LISTED = list(&fixture->one);

    assert_string_equal(listed.items[0].due, "rebuild");
    assert_int_equal(listed.items[0].consensus_age, 16);
  }
  restart(fixture);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, NULL); /* without the key the old ones stay */

    assert_true(slow_has(first.txid));
    assert_true(strstr(listed.items[0].reason, "needs the keys") != NULL);
  }
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_false(slow_has(first.txid));
    assert_false(slow_has(second.txid));
    assert_int_equal(slow->pool.count, 2);
    assert_true(slow_has(listed.items[0].txid) && slow_has(listed.items[1].txid));
    assert_true(listed.items[0].fee > first.fee + second.fee); /* a node asks for both */
    assert_int_equal(listed.items[1].fee, second.fee);
    assert_int_equal(listed.items[0].consensus_age, LAG + 1);
  }
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_1);
  assert_string_equal(lookup(&fixture->one, "bar.id").value_hash, VALUE_2);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_int_equal(listed.count, 2);
    assert_state(&listed, 0, "done");
    assert_state(&listed, 1, "done");
  }
}

static void the_older_one_may_be_mined_all_the_same(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt first;
  struct bs_buffer raw = BS_BUFFER_INIT;

  own(fixture, "foo.id");
  first = update(fixture, "foo.id", VALUE_1);
  bs_buffer_add(&raw, slow->pool.items[0].raw, slow->pool.items[0].length);
  slow_forget();
  slow_mine(16 - LAG);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_string_not_equal(listed.items[0].txid, first.txid);
  }
  slow_mine_raw(&raw);
  bs_buffer_free(&raw);
  slow_mine(LAG);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_state(&listed, 0, "done");
    assert_string_equal(listed.items[0].txid, first.txid);
  }
  assert_string_equal(lookup(&fixture->one, "foo.id").txid, first.txid);
}

static void a_fee_that_is_too_high_is_told_when_it_is_due(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt first;

  own(fixture, "foo.id");
  first = update(fixture, "foo.id", VALUE_1);
  slow_forget();
  slow_mine(16);
  slow->fee_rate = 1000000;
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_string_equal(listed.items[0].txid, first.txid);
    assert_true(strstr(listed.items[0].reason, "names.max_fee allows 100000") != NULL);
  }
  assert_true(slow_has(first.txid));
}

/* A node that started anew, and wants more than when it was made. */
static void what_a_node_does_not_want_any_more_pays_more(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt first, second;

  own(fixture, "foo.id");
  first = update(fixture, "foo.id", VALUE_1);
  second = update(fixture, "foo.id", VALUE_2);
  slow_forget();
  slow->least_rate = 20000;
  for (int i = 0; i < 2; i++) { /* what would it pay?  As much as now; and without the key nothing can be done */
    struct listed listed AUTO_LISTED = resume(&fixture->one, i == 0 ? fixture->alice : NULL);

    assert_state(&listed, 0, "sent");
    assert_state(&listed, 1, "sent"); /* its coin is not spent: it is not there yet */
    assert_string_equal(listed.items[0].reason, "min relay fee not met");
    assert_string_equal(listed.items[0].txid, first.txid);
    assert_string_equal(listed.items[1].txid, second.txid);
    assert_int_equal(slow->pool.count, 0);
    slow->fee_rate = 25000;
  }
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_int_equal(slow->pool.count, 2);
    assert_string_equal(listed.items[0].reason, "");
  }
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_2);
}

static void an_index_that_is_far_behind_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  slow->lag = 21;
  slow_mine(21 - LAG - 1);
  update(fixture, "foo.id", VALUE_1);
  slow_mine(1);
  assert_fails(bs_names_update(fixture->one.names, NULL, &receipt, "foo.id", VALUE_2, &fixture->by_alice, &error), BS_WORD_stale,
               "21 blocks behind the chain");
}

static void a_registration_names_no_consensus_hash(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt;

  try_register(fixture, "foo.id");
  slow_mine(1 + LAG);
  receipt = try_register(fixture, "foo.id");
  slow_forget();
  slow_mine(60);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, fixture->alice);

    assert_int_equal(listed.count, 1);
    assert_string_equal(listed.items[0].txid, receipt.txid);
    assert_true(listed.items[0].consensus_age == UINT64_MAX);
    assert_int_equal(listed.items[0].age, 60);
    assert_state(&listed, 0, "sent");
  }
  assert_true(slow_has(receipt.txid));
}

/* ---- nodes that fail, blocks that go, processes that are killed ---- */

static void what_may_have_been_sent_is_kept(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  for (int deaf = 0; deaf < 2; deaf++) {
    slow->is_down = deaf == 0;
    slow->is_deaf = deaf != 0;
    assert_fails(bs_names_update(fixture->one.names, NULL, &receipt, "foo.id", VALUE_1, &fixture->by_alice, &error),
                 BS_WORD_unreachable, "not known whether it was sent");
    slow->is_down = slow->is_deaf = false;
    {
      struct listed listed AUTO_LISTED = list(&fixture->one);

      assert_int_equal(listed.count, 1);
      assert_state(&listed, 0, "made");
      assert_string_equal(listed.items[0].due, "send");
    }
    assert_first(fixture, NULL, "sent");
    assert_int_equal(slow->pool.count, 1);
    slow_mine(1 + LAG);
    assert_first(fixture, NULL, "done");
  }
}

static void what_was_refused_was_never_made(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  slow->refuses = true;
  assert_fails(bs_names_update(fixture->one.names, NULL, &receipt, "foo.id", VALUE_1, &fixture->by_alice, &error), BS_WORD_denied,
               "was not taken: The node does not like it");
  slow->refuses = false;
  {
    struct listed listed AUTO_LISTED = list(&fixture->one);

    assert_int_equal(listed.count, 0);
  }
  update(fixture, "foo.id", VALUE_1);
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_1);
}

static void a_reorganisation_loses_nothing(void **state) {
  struct fixture *fixture = *state;

  own(fixture, "foo.id");
  update(fixture, "foo.id", VALUE_1);
  slow_mine(3);
  slow_reorganise(3);
  slow_forget();
  slow_mine(1);
  assert_first(fixture, NULL, "sent");
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_1);
}

/* In a process of its own, which is killed at a broadcast. */
static void killed_at(struct fixture *fixture, bool before, int number, void (*act)(struct fixture *fixture)) {
  pid_t child;
  int status;

  close_client(&fixture->one);
  slow->broadcasts = 0;
  slow->kill_before = before ? number : 0;
  slow->kill_after = before ? 0 : number;
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    open_client(fixture, &fixture->one);
    act(fixture);
    _exit(0);
  }
  waitpid(child, &status, 0);
  slow->kill_before = slow->kill_after = 0;
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  open_client(fixture, &fixture->one);
}

static void register_foo(struct fixture *fixture) {
  try_register(fixture, "foo.id");
}

static void update_foo(struct fixture *fixture) {
  update(fixture, "foo.id", VALUE_1);
}

static void resume_all(struct fixture *fixture) {
  struct listed listed = resume(&fixture->one, fixture->alice);

  free_listed(&listed);
}

static void a_client_that_is_killed_goes_on(void **state) {
  struct fixture *fixture = *state;

  for (int before = 0; before < 2; before++) {
    const char *name = before == 0 ? "foo.id" : "bar.id";

    if (before == 0) killed_at(fixture, false, 1, register_foo);
    else try_register(fixture, name);
    resume_all(fixture);
    slow_mine(1 + LAG);
    if (before == 0) killed_at(fixture, true, 1, resume_all); /* which registers */
    resume_all(fixture);
    assert_int_equal(slow->pool.count, 1);
    slow_mine(1 + LAG);
    assert_string_equal(lookup(&fixture->one, name).owner, fixture->alice_address);
  }
  for (int i = 0; i < 2; i++) {
    killed_at(fixture, i == 0, 1, update_foo);
    {
      struct listed listed AUTO_LISTED = list(&fixture->one);

      assert_int_equal(listed.items[listed.count - 1].state[0], 'm');
    }
    resume_all(fixture);
    assert_int_equal(slow->pool.count, 1);
    slow_forget();
    slow_mine(16);
    killed_at(fixture, i == 0, 1, resume_all); /* which makes it anew */
    resume_all(fixture);
    assert_int_equal(slow->pool.count, 1);
    slow_mine(1 + LAG);
    resume_all(fixture);
    {
      struct listed listed AUTO_LISTED = list(&fixture->one);

      assert_int_equal(listed.count, 0);
    }
    assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_1);
  }
}

/* Two clients with one key, each with a state of its own: whoever comes second is told by the node. */
static void two_clients_race(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  update(fixture, "foo.id", VALUE_1);
  assert_fails(bs_names_update(fixture->two.names, NULL, &receipt, "foo.id", VALUE_2, &fixture->by_alice, &error),
               BS_WORD_contested, "insufficient fee");
  {
    struct listed listed AUTO_LISTED = list(&fixture->two);

    assert_int_equal(listed.count, 0);
  }
  slow_mine(1 + LAG);
  assert_ok(bs_names_update(fixture->two.names, NULL, &receipt, "foo.id", VALUE_2, &fixture->by_alice, &error));
  slow_mine(1 + LAG);
  assert_string_equal(lookup(&fixture->one, "foo.id").value_hash, VALUE_2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SLOW_TEST(a_registration_has_two_steps),
      SLOW_TEST(pending_registers_what_was_preordered),
      SLOW_TEST(a_registration_that_the_node_refused_stays_planned),
      SLOW_TEST(two_plans_of_a_name_are_two),
      SLOW_TEST(a_payment_key_preorders_for_a_fresh_owner),
      SLOW_TEST(later_updates_spend_the_change_of_earlier_ones),
      SLOW_TEST(coins_are_not_spent_twice),
      SLOW_TEST(a_lack_of_coins_and_a_high_fee_are_told),
      SLOW_TEST(a_witness_coin_pays),
      SLOW_TEST(what_cannot_be_spent_is_no_coin),
      SLOW_TEST(a_dry_run_keeps_nothing),
      SLOW_TEST(a_small_price_is_no_dust),
      SLOW_TEST(what_the_node_forgot_is_sent_again),
      SLOW_TEST(every_operation_is_known_when_it_is_done),
      SLOW_TEST(a_name_that_is_about_to_go_is_not_changed),
      SLOW_TEST(the_same_again_is_said_again),
      SLOW_TEST(old_ones_are_made_anew_with_what_depends_on_them),
      SLOW_TEST(the_older_one_may_be_mined_all_the_same),
      SLOW_TEST(a_fee_that_is_too_high_is_told_when_it_is_due),
      SLOW_TEST(what_a_node_does_not_want_any_more_pays_more),
      SLOW_TEST(an_index_that_is_far_behind_is_refused),
      SLOW_TEST(a_registration_names_no_consensus_hash),
      SLOW_TEST(what_may_have_been_sent_is_kept),
      SLOW_TEST(what_was_refused_was_never_made),
      SLOW_TEST(a_reorganisation_loses_nothing),
      SLOW_TEST(a_client_that_is_killed_goes_on),
      SLOW_TEST(two_clients_race),
  };

  return RUN_TESTS(tests);
}

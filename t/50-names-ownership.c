/* SPDX-License-Identifier: MIT */
/* How a name comes to another owner, or to none: transfer, revocation, the end of its lifetime. */
#include <config.h>

#include "t/lib/brief.h"
#include "t/lib/names.h"

/* Registers it for Alice and gives it a value. */
static void own_with_value(struct fixture *fixture, const char *name) {
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = register_name(fixture, name, fixture->alice);
  struct bs_error error = {0};

  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, name, VALUE_1, &alice, &error));
}

static struct bs_name_record record_of(struct fixture *fixture, const char *name) {
  struct bs_name_record record;
  struct bs_error error = {0};

  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, name, &error));
  return record;
}

static uint64_t height_of(struct fixture *fixture) {
  struct bs_names_info info;
  struct bs_error error = {0};

  assert_ok(bs_names_info(fixture->names, fixture->scope, &info, &error));
  return info.height;
}

static void a_transfer_that_keeps_the_data(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record before, record;
  struct bs_error error = {0};

  own_with_value(fixture, "foo.id");
  before = record_of(fixture, "foo.id");
  assert_ok(bs_names_transfer(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, true, &alice,
                              &error));
  assert_string_equal(receipt.owner, fixture->bob_address);
  assert_string_equal(receipt.preorder_txid, "");
  assert_int_equal(receipt.price, 0);
  assert_true(receipt.fee > 0 && receipt.block > before.block);
  record = record_of(fixture, "foo.id");
  assert_string_equal(record.owner, fixture->bob_address);
  assert_string_equal(record.value_hash, VALUE_1);
  assert_string_equal(record.op, ">>");
  assert_string_equal(record.opcode, "NAME_TRANSFER");
  assert_string_equal(record.txid, receipt.txid);
  assert_string_equal(record.sender_pubkey, ""); /* not seen yet */
  assert_int_equal(record.first_registered, before.first_registered);
  assert_fails(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_2, &alice, &error),
               BS_WORD_denied, fixture->bob_address);
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_2, &bob, &error));
  assert_ok(bs_names_transfer(fixture->names, fixture->scope, &receipt, "foo.id", fixture->alice_address, true, &bob,
                              &error));
  assert_string_equal(record_of(fixture, "foo.id").owner, fixture->alice_address);
}

static void a_transfer_that_drops_the_data(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_name_operation bob = {.owner_key = fixture->bob, .replaces = VALUE_1};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  struct bs_error error = {0};

  own_with_value(fixture, "foo.id");
  assert_ok(bs_names_transfer(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, false, &alice,
                              &error));
  record = record_of(fixture, "foo.id");
  assert_string_equal(record.owner, fixture->bob_address);
  assert_string_equal(record.value_hash, "");
  assert_string_equal(record.op, ">~");
  assert_fails(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_2, &bob, &error),
               BS_WORD_conflict, "foo.id");
  bob.replaces = "";
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_2, &bob, &error));
}

static void transfers_that_are_refused(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob},
                                 nobody = {.owner_key = NULL};
  struct bs_names *names = fixture->names;
  struct bs_scope *scope = fixture->scope;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};
  uint64_t height;

  own_with_value(fixture, "foo.id");
  height = height_of(fixture);
  assert_fails(bs_names_transfer(names, scope, &receipt, "bar.id", fixture->bob_address, true, &alice, &error),
               BS_WORD_not_found, "bar.id is not registered");
  assert_fails(bs_names_transfer(names, scope, &receipt, "foo.id", fixture->alice_address, true, &bob, &error),
               BS_WORD_denied, fixture->bob_address);
  assert_fails(bs_names_transfer(names, scope, &receipt, "foo.id", fixture->alice_address, true, &alice, &error),
               BS_WORD_usage, "already");
  assert_fails(bs_names_transfer(names, scope, &receipt, "foo.id", NULL, true, &alice, &error), BS_WORD_usage,
               "already");
  assert_fails(bs_names_transfer(names, scope, &receipt, "foo.id", "1xyz", true, &alice, &error), BS_WORD_usage,
               "\"1xyz\" is not an address");
  assert_fails(
      bs_names_transfer(names, scope, &receipt, "foo.id", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", true, &alice, &error),
      BS_WORD_usage, "not an address of a key on this chain"); /* a script's */
  assert_fails(bs_names_transfer(names, scope, &receipt, "foo.nowhere", fixture->bob_address, true, &alice, &error),
               BS_WORD_usage, "no namespace nowhere");
  assert_fails(bs_names_transfer(names, scope, &receipt, "Foo.id", fixture->bob_address, true, &alice, &error),
               BS_WORD_usage, "Foo");
  assert_fails(bs_names_transfer(names, scope, &receipt, "foo.id", fixture->bob_address, true, &nobody, &error),
               BS_WORD_usage, "owner's key");
  assert_int_equal(height_of(fixture), height);
  assert_string_equal(record_of(fixture, "foo.id").owner, fixture->alice_address);
}

static void nobody_is_given_a_twenty_sixth_name(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  register_name(fixture, "foo.id", fixture->alice);
  for (int i = 0; i < 25; i++) {
    char name[32];

    snprintf(name, sizeof name, "longername-%d.id", i);
    register_name(fixture, name, fixture->bob);
  }
  assert_fails(
      bs_names_transfer(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, true, &alice, &error),
      BS_WORD_denied, "owns 25 names");
  assert_fails(
      bs_names_transfer(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, true, &alice, &error),
      BS_WORD_denied, fixture->bob_address);
  assert_ok(
      bs_names_revoke(fixture->names, fixture->scope, &receipt, "longername-3.id", &bob, &error)); /* makes room */
  assert_ok(bs_names_transfer(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, true, &alice,
                              &error));
}

static void a_revoked_name_is_dead(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob};
  struct bs_names *names = fixture->names;
  struct bs_scope *scope = fixture->scope;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  struct bs_error error = {0};

  own_with_value(fixture, "foo.id");
  assert_fails(bs_names_revoke(names, scope, &receipt, "bar.id", &alice, &error), BS_WORD_not_found, "not registered");
  assert_fails(bs_names_revoke(names, scope, &receipt, "foo.id", &bob, &error), BS_WORD_denied, fixture->alice_address);
  assert_false(record_of(fixture, "foo.id").revoked);
  assert_ok(bs_names_revoke(names, scope, &receipt, "foo.id", &alice, &error));
  assert_string_equal(receipt.owner, fixture->alice_address);
  assert_int_equal(receipt.price, 0);
  record = record_of(fixture, "foo.id");
  assert_true(record.revoked);
  assert_string_equal(record.value_hash, "");
  assert_string_equal(record.opcode, "NAME_REVOKE");
  assert_string_equal(record.txid, receipt.txid);
  assert_fails(bs_names_revoke(names, scope, &receipt, "foo.id", &alice, &error), BS_WORD_denied, "was revoked");
  assert_fails(bs_names_renew(names, scope, &receipt, "foo.id", &alice, &error), BS_WORD_denied, "was revoked");
  assert_fails(bs_names_update(names, scope, &receipt, "foo.id", VALUE_2, &alice, &error), BS_WORD_denied,
               "was revoked");
  assert_fails(bs_names_transfer(names, scope, &receipt, "foo.id", fixture->bob_address, true, &alice, &error),
               BS_WORD_denied, "was revoked");
  assert_fails(bs_names_register(names, scope, &receipt, "foo.id", NULL, &bob, &error), BS_WORD_denied,
               "was revoked, and nobody can register it: it never expires");
  assert_fails(bs_names_preorder(names, scope, &receipt, "foo.id", NULL, &alice, &error), BS_WORD_denied,
               "was revoked");
}

static void dry_runs_neither_transfer_nor_revoke(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation dry = {.owner_key = fixture->alice, .dry_run = true};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record before, after;
  struct bs_error error = {0};
  uint64_t height;

  own_with_value(fixture, "foo.id");
  before = record_of(fixture, "foo.id");
  height = height_of(fixture);
  assert_ok(
      bs_names_transfer(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, false, &dry, &error));
  assert_non_null(strstr(receipt.raw, "6a24" /* 36 bytes: */ "69643e7e")); /* "id>~" */
  bs_name_receipt_clear(&receipt);
  assert_ok(bs_names_revoke(fixture->names, fixture->scope, &receipt, "foo.id", &dry, &error));
  assert_non_null(strstr(receipt.raw,
                         "6a09" /* 9 bytes: */ "69647e"
                         "666f6f2e6964")); /* "id~foo.id" */
  bs_name_receipt_clear(&receipt);
  after = record_of(fixture, "foo.id");
  assert_memory_equal(&before, &after, sizeof before);
  assert_int_equal(height_of(fixture), height);
}

static void another_key_pays_for_transfer_and_revocation(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_operation operation = {.owner_key = fixture->alice, .payment_key = NULL};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_key *payer;
  struct bs_error error = {0};

  own_with_value(fixture, "foo.id");
  own_with_value(fixture, "bar.id");
  assert_ok(bs_key_generate(&payer, &error));
  operation.payment_key = payer;
  assert_ok(bs_names_transfer(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, true,
                              &operation, &error));
  assert_string_equal(record_of(fixture, "foo.id").owner, fixture->bob_address);
  assert_ok(bs_names_revoke(fixture->names, fixture->scope, &receipt, "bar.id", &operation, &error));
  assert_true(record_of(fixture, "bar.id").revoked);
  bs_key_free(payer);
}

/* ---- a namespace whose names live for 5 blocks ---- */

static void an_expired_name_is_anybodys(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob};
  struct bs_names *names = fixture->names;
  struct bs_scope *scope = fixture->scope;
  struct bs_ledger *ledger = open_brief_ledger(fixture->ledger);
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  struct bs_error error = {0};

  own_with_value(fixture, "foo.brief");
  record = record_of(fixture, "foo.brief");
  assert_int_equal(record.expires, record.first_registered + 5);
  mine_to(ledger, record.expires + 1);
  assert_true(record_of(fixture, "foo.brief").expired);
  assert_fails(bs_names_update(names, scope, &receipt, "foo.brief", VALUE_2, &alice, &error), BS_WORD_expired,
               "register it anew");
  assert_fails(bs_names_transfer(names, scope, &receipt, "foo.brief", fixture->bob_address, true, &alice, &error),
               BS_WORD_expired, "register it anew");
  assert_fails(bs_names_revoke(names, scope, &receipt, "foo.brief", &alice, &error), BS_WORD_expired,
               "register it anew");
  assert_fails(bs_names_renew(names, scope, &receipt, "foo.brief", &alice, &error), BS_WORD_expired,
               "register it anew");
  assert_ok(bs_names_register(names, scope, &receipt, "foo.brief", NULL, &bob, &error));
  record = record_of(fixture, "foo.brief");
  assert_false(record.expired);
  assert_string_equal(record.owner, fixture->bob_address);
  assert_string_equal(record.value_hash, ""); /* nothing of the former owner's */
  bs_ledger_close(ledger);
}

/* The block behind the last one: the chain would take the money of a renewal, and no update of the name ever after. */
static void in_the_block_after_its_last_a_name_is_nobodys(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_ledger *ledger = open_brief_ledger(fixture->ledger);
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_names *names = fixture->names;
  struct bs_scope *scope = fixture->scope;
  uint64_t last;
  char free_from[60];
  struct bs_error error = {0};

  own_with_value(fixture, "foo.brief");
  last = record_of(fixture, "foo.brief").expires;
  mine_to(ledger, last);
  snprintf(free_from, sizeof free_from, "anybody can register it from block %d on", (int)last + 2);
  assert_fails(bs_names_renew(names, scope, &receipt, "foo.brief", &alice, &error), BS_WORD_expired, free_from);
  assert_fails(bs_names_update(names, scope, &receipt, "foo.brief", VALUE_2, &alice, &error), BS_WORD_expired,
               free_from);
  assert_fails(bs_names_register(names, scope, &receipt, "foo.brief", NULL, &alice, &error), BS_WORD_expired,
               free_from);
  mine_to(ledger, last + 1);
  assert_ok(bs_names_register(names, scope, &receipt, "foo.brief", NULL, &alice, &error));
  assert_int_equal(record_of(fixture, "foo.brief").first_registered, last + 2);
  bs_ledger_close(ledger);
}

static void a_renewal_in_time_gives_another_life(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_ledger *ledger = open_brief_ledger(fixture->ledger);
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record before, after;
  struct bs_error error = {0};

  own_with_value(fixture, "foo.brief");
  before = record_of(fixture, "foo.brief");
  mine_to(ledger, before.expires - 1);
  assert_ok(bs_names_renew(fixture->names, fixture->scope, &receipt, "foo.brief", &alice, &error));
  after = record_of(fixture, "foo.brief");
  assert_int_equal(after.expires, before.expires + 5);
  assert_string_equal(after.value_hash, VALUE_1);
  mine_to(ledger, before.expires + 2);
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.brief", VALUE_2, &alice, &error));
  bs_ledger_close(ledger);
}

static void a_revocation_ends_with_the_lifetime(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob};
  struct bs_ledger *ledger = open_brief_ledger(fixture->ledger);
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  own_with_value(fixture, "foo.brief");
  assert_ok(bs_names_revoke(fixture->names, fixture->scope, &receipt, "foo.brief", &alice, &error));
  assert_fails(bs_names_register(fixture->names, fixture->scope, &receipt, "foo.brief", NULL, &bob, &error),
               BS_WORD_denied, "was revoked; nobody can register it before block");
  mine_to(ledger, record_of(fixture, "foo.brief").expires + 1);
  assert_ok(bs_names_register(fixture->names, fixture->scope, &receipt, "foo.brief", NULL, &bob, &error));
  assert_false(record_of(fixture, "foo.brief").revoked);
  bs_ledger_close(ledger);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      NAMES_TEST(a_transfer_that_keeps_the_data),
      NAMES_TEST(a_transfer_that_drops_the_data),
      NAMES_TEST(transfers_that_are_refused),
      NAMES_TEST(nobody_is_given_a_twenty_sixth_name),
      NAMES_TEST(a_revoked_name_is_dead),
      NAMES_TEST(dry_runs_neither_transfer_nor_revoke),
      NAMES_TEST(another_key_pays_for_transfer_and_revocation),
      NAMES_TEST(an_expired_name_is_anybodys),
      NAMES_TEST(in_the_block_after_its_last_a_name_is_nobodys),
      NAMES_TEST(a_renewal_in_time_gives_another_life),
      NAMES_TEST(a_revocation_ends_with_the_lifetime),
  };
  return RUN_TESTS(tests);
}

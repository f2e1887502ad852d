/* SPDX-License-Identifier: MIT */
/* The name service on an embedded ledger, as the client uses it. */
#include <config.h>

#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/chain/ledger-private.h"
#include "t/lib/names.h"
#include "t/lib/old-ledger.h"

static void a_name_is_registered_and_updated(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation operation = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = register_name(fixture, "foo.id", fixture->alice), update = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  struct bs_names_info info;
  struct bs_error error = {0};
  char value[BS_VALUE_HASH_TEXT];

  assert_string_equal(receipt.owner, fixture->alice_address);
  assert_int_equal(receipt.price, 6400000);
  assert_true(receipt.fee > 0 && receipt.fee <= BS_NAMES_MAX_FEE);
  assert_int_equal(strlen(receipt.preorder_txid), 64);
  assert_null(receipt.raw);
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo.id", &error));
  assert_string_equal(record.owner, fixture->alice_address);
  assert_string_equal(record.value_hash, "");
  assert_string_equal(record.txid, receipt.txid);
  assert_string_equal(record.proven, "local");
  assert_int_equal(record.block, receipt.block);
  assert_int_equal(record.first_registered, receipt.block);
  assert_true(record.expires == BS_NAMES_NEVER && !record.expired && !record.revoked);

  assert_ok(bs_names_update(fixture->names, fixture->scope, &update, "foo.id", VALUE_1, &operation, &error));
  assert_int_equal(update.block, receipt.block + 1);
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo.id", &error));
  assert_string_equal(record.value_hash, VALUE_1);
  assert_string_equal(record.opcode, "NAME_UPDATE");
  assert_string_equal(record.txid, update.txid);
  assert_ok(bs_names_transaction_value(fixture->names, fixture->scope, value, "foo.id", update.txid, &error));
  assert_string_equal(value, VALUE_1);
  assert_ok(bs_names_info(fixture->names, fixture->scope, &info, &error));
  assert_true(info.exists);
  assert_int_equal(info.height, update.block);
  assert_int_equal(info.names, 1);
}

static void refusals_say_what_is_wrong(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob},
                                 nobody = {.owner_key = NULL};
  struct bs_name_receipt receipt = register_name(fixture, "foo.id", fixture->alice), other = BS_NAME_RECEIPT_INIT;
  struct bs_names *names = fixture->names;
  struct bs_scope *scope = fixture->scope;
  struct bs_error error = {0};
  char value[BS_VALUE_HASH_TEXT];

  assert_fails(bs_names_register(names, scope, &other, "foo.id", NULL, &bob, &error), BS_WORD_conflict,
               fixture->alice_address);
  assert_fails(bs_names_register(names, scope, &other, "foo.id", NULL, &alice, &error), BS_WORD_conflict,
               "this very key");
  assert_fails(bs_names_preorder(names, scope, &other, "foo.id", NULL, &bob, &error), BS_WORD_conflict,
               "registered already");
  assert_fails(bs_names_update(names, scope, &other, "foo.id", VALUE_1, &bob, &error), BS_WORD_denied,
               fixture->alice_address);
  assert_fails(bs_names_update(names, scope, &other, "foo.id", VALUE_1, &bob, &error), BS_WORD_denied,
               fixture->bob_address);
  assert_fails(bs_names_update(names, scope, &other, "foo.id", "xx", &alice, &error), BS_WORD_usage, "40 hexadecimal");
  assert_fails(bs_names_update(names, scope, &other, "bar.id", VALUE_1, &alice, &error), BS_WORD_not_found,
               "not registered");
  assert_fails(bs_names_renew(names, scope, &other, "foo.id", &bob, &error), BS_WORD_denied, fixture->alice_address);
  assert_fails(bs_names_register(names, scope, &other, "foo.nowhere", NULL, &alice, &error), BS_WORD_usage,
               "no namespace nowhere");
  assert_fails(bs_names_register(names, scope, &other, "Foo.id", NULL, &alice, &error), BS_WORD_usage, "Foo");
  assert_fails(bs_names_register(names, scope, &other, "bar.id", NULL, &nobody, &error), BS_WORD_usage, "owner's key");
  assert_fails(bs_names_register(names, scope, &other, "bar.id", "1xyz", &alice, &error), BS_WORD_usage,
               "not an address");
  assert_fails(bs_names_transaction_value(names, scope, value, "foo.id", receipt.txid, &error), BS_WORD_wrong_id,
               "did not update");
  assert_fails(bs_names_transaction_value(names, scope, value, "foo.id", "12", &error), BS_WORD_usage,
               "64 hexadecimal");
  receipt.txid[0] = receipt.txid[0] == '0' ? '1' : '0';
  assert_fails(bs_names_transaction_value(names, scope, value, "foo.id", receipt.txid, &error), BS_WORD_not_found,
               "no accepted");
}

static void a_missing_ledger_is_empty(void **state) {
  struct fixture *fixture = *state;
  struct bs_names *names = open_names(fixture->ledger, false);
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  struct bs_names_info info;
  struct bs_error error = {0};
  unsigned char chain_id[32];

  assert_fails(bs_names_lookup(names, fixture->scope, &record, "foo.id", &error), BS_WORD_not_found,
               "this machine only");
  assert_ok(bs_names_info(names, fixture->scope, &info, &error));
  assert_false(info.exists);
  assert_string_equal(info.ledger, fixture->ledger);
  assert_fails(bs_names_register(names, fixture->scope, &receipt, "foo.id", NULL, &alice, &error), BS_WORD_no_names,
               "no ledger");
  assert_fails(bs_names_renew(names, fixture->scope, &receipt, "foo.id", &alice, &error), BS_WORD_not_found,
               "not registered");
  assert_fails(bs_names_revoke(fixture->names, fixture->scope, &receipt, "foo.id", &alice, &error), BS_WORD_not_found,
               "not registered"); /* nor is one made for it */
  assert_fails(bs_names_chain_id(names, fixture->scope, chain_id, &error), BS_WORD_no_names, "no ledger");
  assert_int_equal(access(fixture->ledger, F_OK), -1);
  assert_ok(bs_names_chain_id(fixture->names, fixture->scope, chain_id, &error));
  assert_ok(bs_names_info(names, fixture->scope, &info, &error)); /* the other one sees it now */
  assert_true(info.exists);
  assert_int_equal(info.height, 0);
  bs_names_close(names);
}

static void a_dry_run_changes_nothing(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation dry = {.owner_key = fixture->alice, .dry_run = true};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  struct bs_names_info info;
  struct bs_error error = {0};

  assert_ok(bs_names_register(fixture->names, fixture->scope, &receipt, "foo.id", NULL, &dry, &error));
  assert_non_null(receipt.raw);
  assert_true(strlen(receipt.raw) > 300);
  bs_name_receipt_clear(&receipt);
  assert_ok(bs_names_info(fixture->names, fixture->scope, &info, &error));
  assert_false(info.exists); /* nor is a ledger made for it */
  assert_int_equal(access(fixture->ledger, F_OK), -1);
  assert_fails(bs_names_lookup(fixture->names, fixture->scope, &record, "foo.id", &error), BS_WORD_not_found, "foo.id");
}

/* The ledger's file, all of it; no other process has it open, so that there is nothing beside it. */
static void read_ledger(struct fixture *fixture, struct bs_buffer *ret_bytes) {
  struct bs_error error = {0};

  bs_names_close(fixture->names);
  assert_ok(bs_file_read(ret_bytes, fixture->ledger, 1 << 30, &error));
  fixture->names = open_names(fixture->ledger, true);
}

static void make_old(struct fixture *fixture) {
  struct bs_database *database;
  struct bs_error error = {0};

  bs_names_close(fixture->names);
  assert_ok(bs_database_open(&database, fixture->ledger, &bs_ledger_kind, BS_DATABASE_WRITE, NULL, &error));
  assert_ok(bs_database_execute(database, BACK_TO_SCHEMA_1 "PRAGMA user_version = 1", &error));
  bs_database_close(database);
  fixture->names = open_names(fixture->ledger, true);
}

/* Dry runs of all that is written: the operations, and a transaction that was made before. */
static void run_dry(struct fixture *fixture) {
  const struct bs_name_operation dry = {.owner_key = fixture->alice, .dry_run = true};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_broadcast broadcast;
  struct bs_error error = {0};

  assert_ok(bs_names_register(fixture->names, fixture->scope, &receipt, "bar.id", NULL, &dry, &error));
  bs_name_receipt_clear(&receipt);
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_1, &dry, &error));
  assert_ok(bs_names_broadcast(fixture->names, fixture->scope, &broadcast, receipt.raw, true, &error));
  assert_true(broadcast.is_accepted);
  bs_name_receipt_clear(&receipt);
}

static void a_dry_run_leaves_an_old_ledger_as_it_is(void **state) {
  struct fixture *fixture = *state;
  struct bs_buffer before BS_AUTO_BUFFER = BS_BUFFER_INIT, after BS_AUTO_BUFFER = BS_BUFFER_INIT;

  register_name(fixture, "foo.id", fixture->alice);
  make_old(fixture);
  read_ledger(fixture, &before);
  run_dry(fixture);
  read_ledger(fixture, &after);
  assert_int_equal(after.length, before.length);
  assert_memory_equal(after.bytes, before.bytes, before.length);
}

static void a_dry_run_needs_a_ledger_that_may_be_made(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation dry = {.owner_key = fixture->alice, .dry_run = true};
  struct bs_names *names = open_names(fixture->ledger, false);
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  assert_fails(bs_names_register(names, fixture->scope, &receipt, "foo.id", NULL, &dry, &error), BS_WORD_no_names, "no ledger");
  bs_names_close(names);
}

static void price_and_fee_are_bounded(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_names_config config = {
      .provider = "embedded", .ledger = fixture->ledger, .create = true, .max_price = 6399999};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_names *names;
  struct bs_error error = {0};
  uint64_t price;

  assert_ok(bs_names_open(&names, &config, &error));
  assert_fails(bs_names_cost(names, fixture->scope, &price, "foo.id", &error), BS_WORD_not_found,
               "namespace id"); /* no ledger yet */
  assert_fails(bs_names_register(names, fixture->scope, &receipt, "foo.id", NULL, &alice, &error), BS_WORD_usage,
               "max_price");
  assert_ok(bs_names_cost(names, fixture->scope, &price, "foo.id", &error));
  assert_int_equal(price, 6400000);
  bs_names_close(names);
  config.max_price = 6400000;
  config.max_fee = 100;
  assert_ok(bs_names_open(&names, &config, &error));
  assert_fails(bs_names_register(names, fixture->scope, &receipt, "foo.id", NULL, &alice, &error), BS_WORD_usage,
               "max_fee");
  bs_names_close(names);
  config.provider = "namecoin";
  assert_fails(bs_names_open(&names, &config, &error), BS_WORD_config, "namecoin");
  config.provider = "embedded";
  config.ledger = NULL;
  assert_fails(bs_names_open(&names, &config, &error), BS_WORD_config, "path");
}

static void another_key_pays(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation operation = {.owner_key = fixture->alice, .payment_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  struct bs_error error = {0};

  assert_ok(bs_names_register(fixture->names, fixture->scope, &receipt, "foo.id", NULL, &operation, &error));
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_1, &operation, &error));
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_2, &operation, &error));
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo.id", &error));
  assert_string_equal(record.owner, fixture->alice_address);
  assert_string_equal(record.value_hash, VALUE_2);
}

/* Two writers that began from the same value: the second is told. */
static void an_update_replaces_what_it_was_made_from(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_operation operation = {.owner_key = fixture->alice, .replaces = ""};
  struct bs_name_receipt receipt = register_name(fixture, "foo.id", fixture->alice);
  struct bs_name_record record;
  struct bs_error error = {0};

  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_1, &operation, &error));
  assert_fails(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_2, &operation, &error),
               BS_WORD_conflict, "foo.id");
  operation.replaces = VALUE_2;
  assert_fails(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_2, &operation, &error),
               BS_WORD_conflict, "foo.id");
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo.id", &error));
  assert_string_equal(record.value_hash, VALUE_1);
  operation.replaces = VALUE_1;
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_2, &operation, &error));
}

static void preorder_then_register_for_somebody_else(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  struct bs_error error = {0};

  assert_ok(
      bs_names_preorder(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, &alice, &error));
  assert_string_equal(receipt.preorder_txid, "");
  assert_fails(
      bs_names_preorder(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, &alice, &error),
      BS_WORD_conflict, "run: blockstore-cli register foo.id 1");
  assert_ok(
      bs_names_register(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, &alice, &error));
  assert_string_equal(receipt.preorder_txid, ""); /* the pending one was used */
  assert_string_equal(receipt.owner, fixture->bob_address);
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo.id", &error));
  assert_string_equal(record.owner, fixture->bob_address);
  assert_fails(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_1, &alice, &error),
               BS_WORD_denied, "belongs to");
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_1, &bob, &error));
}

/* It is pending for ever, so that this key cannot preorder the name for this owner again. */
static void a_preorder_that_paid_too_little(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_ledger *ledger;
  struct bs_error error = {0};

  assert_ok(bs_names_preorder(fixture->names, fixture->scope, &receipt, "foo.id", NULL, &alice, &error));
  assert_ok(bs_ledger_open(&ledger, fixture->ledger, BS_DATABASE_WRITE, NULL, NULL, &error));
  assert_ok(bs_database_execute(ledger->database, "UPDATE preorders SET op_fee = 6399999", &error));
  bs_ledger_close(ledger);
  assert_fails(bs_names_register(fixture->names, fixture->scope, &receipt, "foo.id", NULL, &alice, &error),
               BS_WORD_denied, "burned 6399999 satoshis, and the name costs 6400000.  Register it with another key");
  assert_ok(
      bs_names_register(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, &alice, &error));
  assert_fails(
      bs_names_register(fixture->names, fixture->scope, &receipt, "foo.id", fixture->bob_address, &alice, &error),
      BS_WORD_conflict, fixture->bob_address); /* not "by this very key" */
}

static void a_renewal_keeps_owner_and_value(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = register_name(fixture, "foo.id", fixture->alice);
  struct bs_name_record record;
  struct bs_error error = {0};

  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_1, &alice, &error));
  assert_ok(bs_names_renew(fixture->names, fixture->scope, &receipt, "foo.id", &alice, &error));
  assert_int_equal(receipt.price, 6400000);
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo.id", &error));
  assert_string_equal(record.op, "::");
  assert_string_equal(record.opcode, "NAME_REGISTRATION");
  assert_string_equal(record.value_hash, VALUE_1);
  assert_int_equal(record.last_renewed, receipt.block);
  assert_true(record.first_registered < receipt.block);
}

static void names_are_listed(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};
  char *texts;
  size_t count;

  assert_ok(bs_names_list(fixture->names, fixture->scope, &texts, &count, NULL, 0, 10, &error));
  assert_int_equal(count, 0);
  free(texts);
  register_name(fixture, "beta.id", fixture->bob);
  register_name(fixture, "alpha.id", fixture->alice);
  register_name(fixture, "gamma.id", fixture->alice);
  assert_ok(bs_names_list(fixture->names, fixture->scope, &texts, &count, NULL, 1, 10, &error));
  assert_int_equal(count, 2);
  assert_memory_equal(texts, "beta.id\0gamma.id", 17);
  free(texts);
  assert_ok(bs_names_list(fixture->names, fixture->scope, &texts, &count, fixture->alice_address, 0, 1, &error));
  assert_int_equal(count, 1);
  assert_string_equal(texts, "alpha.id");
  free(texts);
  assert_ok(bs_names_list(fixture->names, fixture->scope, &texts, &count, NULL, UINT64_C(1) << 63, 1, &error));
  assert_int_equal(count, 0);
  free(texts);
  assert_ok(bs_names_list(fixture->names, fixture->scope, &texts, &count, NULL, 0, UINT64_MAX, &error));
  assert_int_equal(count, 3);
  free(texts);
  assert_fails(bs_names_list(fixture->names, fixture->scope, &texts, &count, "nobody", 0, 1, &error), BS_WORD_usage,
               "not an address");
}

static void consensus_hashes_are_told(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_receipt receipt = register_name(fixture, "foo.id", fixture->alice);
  struct bs_names_info info;
  struct bs_error error = {0};
  char consensus[BS_CONSENSUS_TEXT];

  assert_ok(bs_names_info(fixture->names, fixture->scope, &info, &error));
  assert_ok(bs_names_consensus_at(fixture->names, fixture->scope, consensus, receipt.block, &error));
  assert_string_equal(consensus, info.consensus);
  assert_fails(bs_names_consensus_at(fixture->names, fixture->scope, consensus, receipt.block + 1, &error),
               BS_WORD_not_found, "no block");
}

static void the_twenty_sixth_name_is_denied(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  for (int i = 0; i < 25; i++) {
    char name[32];

    snprintf(name, sizeof name, "longername-%d.id", i);
    register_name(fixture, name, fixture->alice);
  }
  assert_fails(bs_names_register(fixture->names, fixture->scope, &receipt, "onemore.id", NULL, &alice, &error),
               BS_WORD_denied, "25 names");
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "longername-7.id", VALUE_1, &alice, &error));
}

static void a_cancelled_call_does_nothing(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  bs_scopes_cancel(&fixture->scopes);
  assert_fails(bs_names_register(fixture->names, fixture->scope, &receipt, "foo.id", NULL, &alice, &error),
               BS_WORD_cancelled, "cancelled");
  assert_int_equal(access(fixture->ledger, F_OK), -1);
}

static void a_fork_may_not_use_the_parents(void **state) {
  struct fixture *fixture = *state;
  struct bs_name_record record;
  int status;
  pid_t child;

  register_name(fixture, "foo.id", fixture->alice);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    struct bs_error error = {0};

    if (!bs_names_lookup(fixture->names, fixture->scope, &record, "foo.id", &error) && error.word == BS_WORD_failed)
      execlp("true", "true", (char *)NULL); /* what cannot be freed here is no leak */
    _exit(1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      NAMES_TEST(a_name_is_registered_and_updated),
      NAMES_TEST(refusals_say_what_is_wrong),
      NAMES_TEST(a_missing_ledger_is_empty),
      NAMES_TEST(a_dry_run_changes_nothing),
      NAMES_TEST(a_dry_run_leaves_an_old_ledger_as_it_is),
      NAMES_TEST(a_dry_run_needs_a_ledger_that_may_be_made),
      NAMES_TEST(price_and_fee_are_bounded),
      NAMES_TEST(another_key_pays),
      NAMES_TEST(an_update_replaces_what_it_was_made_from),
      NAMES_TEST(preorder_then_register_for_somebody_else),
      NAMES_TEST(a_preorder_that_paid_too_little),
      NAMES_TEST(a_renewal_keeps_owner_and_value),
      NAMES_TEST(names_are_listed),
      NAMES_TEST(consensus_hashes_are_told),
      NAMES_TEST(the_twenty_sixth_name_is_denied),
      NAMES_TEST(a_cancelled_call_does_nothing),
      NAMES_TEST(a_fork_may_not_use_the_parents),
  };
  return RUN_TESTS(tests);
}

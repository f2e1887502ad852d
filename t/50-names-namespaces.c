/* SPDX-License-Identifier: MIT */
/* Namespaces, imports and announcements as the name service sends them, what it is asked of blocks, and transactions that
 * are sent after they were made. */
#include <config.h>

#include "core/chain/ledger-private.h"
#include "core/codec/hex.h"
#include "t/lib/namespace.h"

static const struct bs_namespace_rules rules = {.lifetime = 1000,
                                                .coeff = 10,
                                                .base = 2,
                                                .buckets = {3, 3, 3, 2},
                                                .nonalpha_discount = 2,
                                                .no_vowel_discount = 3};

/* The service anew, with this max_price. */
static void allow(struct fixture *fixture, uint64_t max_price) {
  open_on(fixture, &bs_provider_embedded, max_price);
}

static void reveal(struct fixture *fixture, const char *id) {
  reveal_with(fixture, id, &rules);
}

static uint64_t height_of(struct fixture *fixture) {
  return info_of(fixture).height;
}

/* ---- what is visited ---- */

struct seen {
  size_t count;
  enum bs_opcode opcodes[8];
  uint64_t blocks[8];
};

static bool see(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct seen *seen = user;

  (void)error;
  assert_true(seen->count < 8);
  seen->opcodes[seen->count] = fields->opcode;
  seen->blocks[seen->count++] = block;
  return true;
}

static bool see_announcement(void *user, const struct bs_announcement *announcement, struct bs_error *error) {
  (void)error;
  *(struct bs_announcement *)user = *announcement;
  return true;
}

static bool see_refused(void *user, const struct bs_refused *refused, struct bs_error *error) {
  (void)error;
  *(struct bs_refused *)user = *refused;
  return true;
}

/* ---- namespaces ---- */

static void from_preorder_to_ready(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  struct seen seen = {0};
  uint64_t price;
  struct bs_error error = {0};

  allow(fixture, 40000000);
  assert_ok(bs_names_namespace_preorder(fixture->names, fixture->scope, &receipt, ID, fixture->bob_address, &alice,
                                        &error));
  assert_int_equal(receipt.price, 40000000);
  assert_string_equal(receipt.owner, fixture->bob_address);
  assert_true(receipt.fee > 0);
  assert_ok(bs_names_namespace_reveal(fixture->names, fixture->scope, &receipt, ID, fixture->bob_address, &rules, &alice,
                                      &error));
  assert_int_equal(receipt.price, 0);
  assert_ok(bs_names_import(fixture->names, fixture->scope, &receipt, "foo." ID, fixture->alice_address, VALUE_1, &bob,
                            &error));
  assert_int_equal(receipt.price, 0);
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo." ID, &error));
  assert_string_equal(record.owner, fixture->alice_address);
  assert_string_equal(record.value_hash, VALUE_1);
  assert_string_equal(record.opcode, "NAME_IMPORT");
  assert_false(record.is_inherited);
  assert_true(record.expires == BS_NAMES_NEVER);
  assert_ok(bs_names_namespace(fixture->names, fixture->scope, ID, see, &seen, &error));
  assert_int_equal(seen.opcodes[0], BS_NAMESPACE_REVEAL);
  make_ready(fixture, ID);
  assert_ok(bs_names_namespace(fixture->names, fixture->scope, ID, see, &seen, &error));
  assert_int_equal(seen.count, 2);
  assert_int_equal(seen.opcodes[1], BS_NAMESPACE_READY);
  assert_int_equal(seen.blocks[1], height_of(fixture));
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo." ID, &error));
  assert_true(record.expires == height_of(fixture) + 1000);
  assert_ok(bs_names_cost(fixture->names, fixture->scope, &price, "bar." ID, &error));
  assert_int_equal(price, 10 * 8 * 100);
  register_name(fixture, "bar." ID, fixture->bob);
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo." ID, VALUE_2, &alice, &error));
}

static void preorders_that_are_refused(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, nobody = {.owner_key = NULL};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_scope *scope = fixture->scope;
  struct bs_error error = {0};
  uint64_t height;

  assert_fails(bs_names_namespace_preorder(fixture->names, scope, &receipt, ID, NULL, &alice, &error), BS_WORD_usage,
               "names.max_price to 40000000");
  allow(fixture, 40000000);
  assert_fails(bs_names_namespace_preorder(fixture->names, scope, &receipt, "long.space", NULL, &alice, &error),
               BS_WORD_usage, "long.space");
  assert_fails(bs_names_namespace_preorder(fixture->names, scope, &receipt, ID, "1xyz", &alice, &error), BS_WORD_usage,
               "\"1xyz\" is not an address");
  assert_fails(bs_names_namespace_preorder(fixture->names, scope, &receipt, ID, NULL, &nobody, &error), BS_WORD_usage,
               "owner's key");
  assert_fails(bs_names_namespace_preorder(fixture->names, scope, &receipt, "id", NULL, &alice, &error),
               BS_WORD_conflict, "id is ready already");
  assert_ok(bs_names_namespace_preorder(fixture->names, scope, &receipt, ID, NULL, &alice, &error));
  height = height_of(fixture);
  assert_fails(bs_names_namespace_preorder(fixture->names, scope, &receipt, ID, NULL, &alice, &error),
               BS_WORD_conflict, "run: blockstore-cli namespace_reveal " ID);
  assert_int_equal(height_of(fixture), height);
}

static void reveals_that_are_refused(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_scope *scope = fixture->scope;
  struct bs_namespace_rules bad;
  struct bs_error error = {0};

  assert_fails(bs_names_namespace_reveal(fixture->names, scope, &receipt, ID, NULL, &rules, &alice, &error),
               BS_WORD_denied, "not preordered");
  assert_int_equal(access(fixture->ledger, F_OK), -1); /* and no ledger was made for that */
  allow(fixture, 40000000);
  assert_ok(bs_names_namespace_preorder(fixture->names, scope, &receipt, ID, fixture->bob_address, &alice, &error));
  assert_fails(bs_names_namespace_reveal(fixture->names, scope, &receipt, ID, NULL, &rules, &alice, &error),
               BS_WORD_denied, "not preordered");
  assert_fails(bs_names_namespace_reveal(fixture->names, scope, &receipt, ID, fixture->bob_address, &rules, &bob, &error),
               BS_WORD_denied, "not preordered");
  bad = rules;
  bad.lifetime = 0;
  assert_fails(bs_names_namespace_reveal(fixture->names, scope, &receipt, ID, fixture->bob_address, &bad, &alice, &error),
               BS_WORD_usage, "lifetime");
  bad = rules;
  bad.buckets[15] = 16;
  assert_fails(bs_names_namespace_reveal(fixture->names, scope, &receipt, ID, fixture->bob_address, &bad, &alice, &error),
               BS_WORD_usage, "exponents");
  bad = rules;
  bad.nonalpha_discount = 0;
  assert_fails(bs_names_namespace_reveal(fixture->names, scope, &receipt, ID, fixture->bob_address, &bad, &alice, &error),
               BS_WORD_usage, "discounts");
  bad = rules;
  bad.no_vowel_discount = 16;
  assert_fails(bs_names_namespace_reveal(fixture->names, scope, &receipt, ID, fixture->bob_address, &bad, &alice, &error),
               BS_WORD_usage, "discounts");
  assert_ok(
      bs_names_namespace_reveal(fixture->names, scope, &receipt, ID, fixture->bob_address, &rules, &alice, &error));
  assert_fails(
      bs_names_namespace_reveal(fixture->names, scope, &receipt, ID, fixture->bob_address, &rules, &alice, &error),
      BS_WORD_conflict, "revealed already");
}

static void what_is_refused_until_it_is_ready_and_after(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_scope *scope = fixture->scope;
  struct bs_error error = {0};
  char own_hash[41];
  unsigned char hash[BS_HASH160_SIZE];

  assert_fails(bs_names_namespace_ready(fixture->names, scope, &receipt, ID, &bob, &error), BS_WORD_not_found,
               "run: blockstore-cli namespace_reveal " ID);
  reveal(fixture, ID);
  assert_fails(bs_names_register(fixture->names, scope, &receipt, "foo." ID, NULL, &bob, &error), BS_WORD_usage,
               "not ready yet");
  assert_fails(bs_names_import(fixture->names, scope, &receipt, "foo." ID, fixture->bob_address, VALUE_1, &alice, &error),
               BS_WORD_denied, "may not import");
  assert_fails(bs_names_import(fixture->names, scope, &receipt, "foo.other", fixture->bob_address, VALUE_1, &bob, &error),
               BS_WORD_not_found, "other is not revealed");
  assert_fails(bs_names_import(fixture->names, scope, &receipt, "foo", fixture->bob_address, VALUE_1, &bob, &error),
               BS_WORD_usage, "foo");
  assert_fails(bs_names_import(fixture->names, scope, &receipt, "foo." ID, "1xyz", VALUE_1, &bob, &error),
               BS_WORD_usage, "1xyz");
  assert_fails(bs_names_import(fixture->names, scope, &receipt, "foo." ID, fixture->bob_address, "", &bob, &error),
               BS_WORD_usage, "40 hexadecimal");
  bs_public_key_hash(hash, bs_key_public(fixture->alice));
  bs_hex_encode(own_hash, hash, sizeof hash);
  assert_fails(
      bs_names_import(fixture->names, scope, &receipt, "foo." ID, fixture->alice_address, own_hash, &bob, &error),
      BS_WORD_usage, "owner's address");
  assert_fails(bs_names_namespace_ready(fixture->names, scope, &receipt, ID, &alice, &error), BS_WORD_denied,
               fixture->bob_address);
  make_ready(fixture, ID);
  assert_fails(bs_names_namespace_ready(fixture->names, scope, &receipt, ID, &bob, &error), BS_WORD_conflict,
               "ready already.");
  assert_fails(bs_names_import(fixture->names, scope, &receipt, "foo." ID, fixture->bob_address, VALUE_1, &bob, &error),
               BS_WORD_conflict, "ready already; its names are registered");
}

/* The importer's own address, and a value hash that is the importer's: the chain must tell them apart all the same. */
static void imports_to_oneself(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation bob = {.owner_key = fixture->bob, .payment_key = fixture->alice};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  unsigned char hash[BS_HASH160_SIZE];
  char own_hash[41];
  struct bs_error error = {0};

  reveal(fixture, ID);
  assert_ok(bs_names_import(fixture->names, fixture->scope, &receipt, "foo." ID, fixture->bob_address, VALUE_2, &bob,
                            &error));
  bs_public_key_hash(hash, bs_key_public(fixture->bob));
  bs_hex_encode(own_hash, hash, sizeof hash);
  assert_ok(bs_names_import(fixture->names, fixture->scope, &receipt, "bar." ID, fixture->alice_address, own_hash, &bob,
                            &error));
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo." ID, &error));
  assert_string_equal(record.owner, fixture->bob_address);
  assert_string_equal(record.value_hash, VALUE_2);
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "bar." ID, &error));
  assert_string_equal(record.value_hash, own_hash);
}

/* 21 million bitcoins are all that there are; a tenth of them can be paid. */
static void a_price_above_all_coins(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_namespace_rules dear = {.lifetime = 1000,
                                    .coeff = 21,
                                    .base = 10,
                                    .buckets = {15, 15, 12, 11},
                                    .nonalpha_discount = 1,
                                    .no_vowel_discount = 1};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  uint64_t price;
  struct bs_error error = {0};

  reveal_with(fixture, ID, &dear);
  make_ready(fixture, ID);
  allow(fixture, UINT64_C(2100000000000000));
  assert_ok(bs_names_cost(fixture->names, fixture->scope, &price, "foo." ID, &error));
  assert_true(price == UINT64_C(2100000000000000));
  assert_false(bs_names_is_payable(price));
  assert_fails(bs_names_register(fixture->names, fixture->scope, &receipt, "foo." ID, NULL, &alice, &error),
               BS_WORD_usage, "nobody can ever pay");
  assert_fails(bs_names_register(fixture->names, fixture->scope, &receipt, "o." ID, NULL, &alice, &error),
               BS_WORD_usage, "nobody can ever pay");
  assert_ok(bs_names_register(fixture->names, fixture->scope, &receipt, "food." ID, NULL, &alice, &error));
  assert_true(receipt.price == UINT64_C(210000000000000));
}

static void import_foo(struct fixture *fixture) {
  const struct bs_name_operation bob = {.owner_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  assert_ok(bs_names_import(fixture->names, fixture->scope, &receipt, "foo." ID, fixture->alice_address, VALUE_1, &bob,
                            &error));
}

/* A lifetime after its import, though it expires later, as its namespace was made ready later. */
static void an_imported_name_is_stuck_before_it_expires(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice},
                                 dry = {.owner_key = fixture->alice, .dry_run = true};
  struct bs_namespace_rules brief = rules;
  struct bs_ledger *ledger;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  uint64_t imported;
  struct bs_error error = {0};

  brief.lifetime = 9;
  reveal_with(fixture, ID, &brief);
  import_foo(fixture);
  imported = height_of(fixture);
  assert_ok(bs_ledger_open(&ledger, fixture->ledger, BS_DATABASE_WRITE, NULL, NULL, &error));
  mine_to(ledger, imported + 7);
  make_ready(fixture, ID);
  assert_int_equal(height_of(fixture), imported + 8);
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo." ID, VALUE_2, &alice, &error));
  assert_int_equal(receipt.block, imported + 9);
  assert_fails(bs_names_update(fixture->names, fixture->scope, &receipt, "foo." ID, VALUE_1, &alice, &error),
               BS_WORD_expired, "no longer be updated");
  assert_fails(
      bs_names_transfer(fixture->names, fixture->scope, &receipt, "foo." ID, fixture->bob_address, true, &alice,
                        &error),
      BS_WORD_expired, "no longer be transferred");
  assert_fails(bs_names_renew(fixture->names, fixture->scope, &receipt, "foo." ID, &alice, &error), BS_WORD_expired,
               "no longer be saved by a renewal");
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo." ID, &error));
  assert_false(record.expired);
  assert_int_equal(record.expires, imported + 8 + 9);
  assert_string_equal(record.value_hash, VALUE_2);
  assert_ok(bs_names_revoke(fixture->names, fixture->scope, &receipt, "foo." ID, &dry, &error));
  bs_name_receipt_clear(&receipt);
  mine_to(ledger, record.expires + 1);
  assert_ok(bs_names_register(fixture->names, fixture->scope, &receipt, "foo." ID, NULL, &alice, &error));
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo." ID, VALUE_1, &alice, &error));
  bs_ledger_close(ledger);
}

/* A reveal that was not made ready in time ends the namespace; its names stay in the index. */
static void a_name_whose_namespace_is_gone_has_expired(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_ledger *ledger;
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_name_record record;
  uint64_t imported;
  struct bs_error error = {0};

  reveal(fixture, ID);
  import_foo(fixture);
  imported = height_of(fixture);
  assert_ok(bs_ledger_open(&ledger, fixture->ledger, BS_DATABASE_WRITE, NULL, NULL, &error));
  /* as if it had been preordered long ago */
  assert_ok(bs_database_execute(ledger->database, "UPDATE namespaces SET block_number = block_number - 60000", &error));
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo." ID, &error));
  assert_false(record.expired);
  mine_to(ledger, imported + 1);
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo." ID, &error));
  assert_true(record.expired);
  assert_int_equal(record.expires, imported);
  assert_fails(bs_names_update(fixture->names, fixture->scope, &receipt, "foo." ID, VALUE_2, &alice, &error),
               BS_WORD_usage, "no namespace " ID);
  bs_ledger_close(ledger);
}

static void the_names_of_a_namespace(void **state) {
  struct fixture *fixture = *state;
  char *texts = NULL;
  size_t count;
  struct bs_error error = {0};

  assert_fails(bs_names_list_in_namespace(fixture->names, fixture->scope, &texts, &count, "id", 0, 9, &error),
               BS_WORD_not_found, "id does not exist"); /* nor does the ledger */
  register_name(fixture, "foo.id", fixture->alice);
  register_name(fixture, "bar.id", fixture->bob);
  assert_ok(bs_names_list_in_namespace(fixture->names, fixture->scope, &texts, &count, "id", 0, 9, &error));
  assert_int_equal(count, 2);
  assert_string_equal(texts, "bar.id");
  assert_string_equal(texts + 7, "foo.id");
  free(texts);
  assert_fails(bs_names_list_in_namespace(fixture->names, fixture->scope, &texts, &count, "nowhere", 0, 9, &error),
               BS_WORD_not_found, "nowhere");
  assert_fails(bs_names_list_in_namespace(fixture->names, fixture->scope, &texts, &count, "", 0, 9, &error),
               BS_WORD_usage, "namespace's id");
}

/* ---- blocks and names ---- */

static void questions_on_blocks(void **state) {
  struct fixture *fixture = *state;
  char consensus[3][BS_CONSENSUS_TEXT];
  struct seen seen = {0};
  struct bs_error error = {0};
  struct bs_names *names = fixture->names;
  uint64_t height;

  assert_fails(bs_names_operations_at(names, fixture->scope, 1, see, &seen, &error), BS_WORD_not_found, "no block 1");
  register_name(fixture, "foo.id", fixture->alice);
  height = height_of(fixture);
  assert_ok(bs_names_operations_at(names, fixture->scope, height, see, &seen, &error));
  assert_int_equal(seen.count, 2);
  assert_int_equal(seen.opcodes[1], BS_NAME_REGISTRATION);
  assert_fails(bs_names_operations_at(names, fixture->scope, height + 1, see, &seen, &error), BS_WORD_not_found, "block");
  assert_fails(bs_names_operations_at(names, fixture->scope, UINT64_MAX, see, &seen, &error), BS_WORD_not_found,
               "block");
  assert_ok(bs_names_consensus_range(names, fixture->scope, consensus, height - 1, height, &error));
  assert_ok(bs_names_consensus_at(names, fixture->scope, consensus[2], height, &error));
  assert_string_equal(consensus[1], consensus[2]);
  assert_string_not_equal(consensus[0], consensus[1]);
  assert_fails(bs_names_consensus_range(names, fixture->scope, consensus, height, height - 1, &error), BS_WORD_usage,
               "backwards");
  assert_fails(bs_names_consensus_range(names, fixture->scope, consensus, 0, BS_NAMES_RANGE_MAX, &error), BS_WORD_usage,
               "more than 1000");
  assert_fails(bs_names_consensus_range(names, fixture->scope, consensus, 0, UINT64_MAX, &error), BS_WORD_usage,
               "more than 1000");
  assert_fails(bs_names_consensus_range(names, fixture->scope, consensus, height, height + 1, &error), BS_WORD_not_found,
               "no block");
}

static void the_history_of_a_name(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct seen seen = {0};
  struct bs_error error = {0};

  register_name(fixture, "foo.id", fixture->alice);
  assert_ok(bs_names_update(fixture->names, fixture->scope, &receipt, "foo.id", VALUE_1, &alice, &error));
  assert_ok(bs_names_operations_on(fixture->names, fixture->scope, "foo.id", 0, UINT64_MAX, see, &seen, &error));
  assert_int_equal(seen.count, 2);
  assert_int_equal(seen.blocks[1], receipt.block);
  assert_fails(bs_names_operations_on(fixture->names, fixture->scope, "bar.id", 0, 9, see, &seen, &error),
               BS_WORD_not_found, "bar.id");
  assert_fails(bs_names_operations_on(fixture->names, fixture->scope, "foo.id", 9, 8, see, &seen, &error),
               BS_WORD_usage, "backwards");
  assert_fails(bs_names_operations_on(fixture->names, fixture->scope, "foo", 0, 9, see, &seen, &error), BS_WORD_usage,
               "foo");
}

/* ---- announcements ---- */

static void who_owns_a_name_announces(void **state) {
  struct fixture *fixture = *state;
  const struct bs_name_operation alice = {.owner_key = fixture->alice}, bob = {.owner_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_announcement announcement;
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_error error = {0};

  bs_hash160(hash, "hello", 5);
  assert_fails(bs_names_announce(fixture->names, fixture->scope, &receipt, hash, &alice, &error), BS_WORD_denied,
               "no name yet");
  register_name(fixture, "foo.id", fixture->alice);
  assert_fails(bs_names_announce(fixture->names, fixture->scope, &receipt, hash, &bob, &error), BS_WORD_denied,
               "owns no name");
  assert_ok(bs_names_announce(fixture->names, fixture->scope, &receipt, hash, &alice, &error));
  assert_ok(bs_names_announcements_at(fixture->names, fixture->scope, receipt.block, see_announcement, &announcement,
                                      &error));
  assert_memory_equal(announcement.hash, hash, sizeof hash);
  assert_string_equal(announcement.address, fixture->alice_address);
  assert_fails(bs_names_announcements_at(fixture->names, fixture->scope, 99, see_announcement, &announcement, &error),
               BS_WORD_not_found, "no block 99");
}

/* ---- transactions that are sent after they were made ---- */

/* Bob has coins, and preordered foo.id; the registration that would follow, by free(). */
static char *prepare_registration(struct fixture *fixture) {
  struct bs_name_operation bob = {.owner_key = fixture->bob};
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  struct bs_error error = {0};

  assert_ok(bs_names_preorder(fixture->names, fixture->scope, &receipt, "foo.id", NULL, &bob, &error));
  bob.dry_run = true;
  assert_ok(bs_names_register(fixture->names, fixture->scope, &receipt, "foo.id", NULL, &bob, &error));
  return receipt.raw;
}

static void a_transaction_in_time(void **state) {
  struct fixture *fixture = *state;
  char *raw = prepare_registration(fixture);
  struct bs_name_broadcast broadcast;
  struct bs_name_record record;
  struct bs_error error = {0};
  uint64_t height = height_of(fixture);

  assert_ok(bs_names_broadcast(fixture->names, fixture->scope, &broadcast, raw, true, &error));
  assert_true(broadcast.is_operation && broadcast.is_accepted);
  assert_int_equal(broadcast.block, height + 1);
  assert_int_equal(height_of(fixture), height);
  assert_ok(bs_names_broadcast(fixture->names, fixture->scope, &broadcast, raw, false, &error));
  assert_true(broadcast.is_operation && broadcast.is_accepted);
  assert_string_equal(broadcast.reason, "");
  assert_int_equal(height_of(fixture), height + 1);
  assert_ok(bs_names_lookup(fixture->names, fixture->scope, &record, "foo.id", &error));
  assert_string_equal(record.txid, broadcast.txid);
  assert_string_equal(record.owner, fixture->bob_address);
  free(raw);
}

static void a_transaction_too_late(void **state) {
  struct fixture *fixture = *state;
  char *raw = prepare_registration(fixture);
  struct bs_name_broadcast broadcast;
  struct bs_refused refused = {.vtxindex = 77};
  char txid[BS_TXID_TEXT];
  struct bs_error error = {0};

  register_name(fixture, "foo.id", fixture->alice);
  assert_ok(bs_names_broadcast(fixture->names, fixture->scope, &broadcast, raw, false, &error));
  assert_true(broadcast.is_operation && !broadcast.is_accepted);
  assert_non_null(strstr(broadcast.reason, "foo.id belongs to"));
  assert_ok(bs_names_refused_at(fixture->names, fixture->scope, broadcast.block, see_refused, &refused, &error));
  bs_txid_text(txid, refused.txid);
  assert_string_equal(txid, broadcast.txid);
  assert_string_equal(refused.reason, broadcast.reason);
  assert_int_equal(refused.vtxindex, 0);
  assert_fails(bs_names_broadcast(fixture->names, fixture->scope, &broadcast, raw, false, &error), BS_WORD_conflict,
               "spent already");
  free(raw);
}

static void transactions_that_are_none(void **state) {
  struct fixture *fixture = *state;
  char *raw = prepare_registration(fixture);
  struct bs_name_broadcast broadcast = {.block = 77};
  struct bs_error error = {0};
  uint64_t height = height_of(fixture);

  raw[strlen(raw) - 1] ^= 1; /* of the lock time, which is signed */
  assert_fails(bs_names_broadcast(fixture->names, fixture->scope, &broadcast, raw, false, &error), BS_WORD_forged,
               "signature");
  raw[strlen(raw) - 2] = '\0';
  assert_fails(bs_names_broadcast(fixture->names, fixture->scope, &broadcast, raw, false, &error), BS_WORD_usage,
               "malformed");
  raw[7] = 'x';
  assert_fails(bs_names_broadcast(fixture->names, fixture->scope, &broadcast, raw, false, &error), BS_WORD_usage,
               "hexadecimal");
  assert_fails(bs_names_broadcast(fixture->names, fixture->scope, &broadcast, "", false, &error), BS_WORD_usage,
               "malformed");
  assert_fails(bs_names_broadcast(fixture->names, fixture->scope, &broadcast, "0", false, &error), BS_WORD_usage,
               "hexadecimal");
  assert_int_equal(broadcast.block, 77);
  assert_int_equal(height_of(fixture), height);
  free(raw);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      NAMES_TEST(from_preorder_to_ready),
      NAMES_TEST(preorders_that_are_refused),
      NAMES_TEST(reveals_that_are_refused),
      NAMES_TEST(what_is_refused_until_it_is_ready_and_after),
      NAMES_TEST(imports_to_oneself),
      NAMES_TEST(a_price_above_all_coins),
      NAMES_TEST(an_imported_name_is_stuck_before_it_expires),
      NAMES_TEST(a_name_whose_namespace_is_gone_has_expired),
      NAMES_TEST(the_names_of_a_namespace),
      NAMES_TEST(questions_on_blocks),
      NAMES_TEST(the_history_of_a_name),
      NAMES_TEST(who_owns_a_name_announces),
      NAMES_TEST(a_transaction_in_time),
      NAMES_TEST(a_transaction_too_late),
      NAMES_TEST(transactions_that_are_none),
  };
  return RUN_TESTS(tests);
}

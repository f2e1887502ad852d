/* SPDX-License-Identifier: MIT */
/* What the ledger asks of transactions, and that all it derives follows from its blocks. */
#include <config.h>

#include "core/chain/ledger-private.h"
#include "core/codec/hex.h"
#include "t/lib/ledger.h"

/* A payment of alice's largest coin to herself, before anything was changed. */
static struct bs_draft payment(struct fixture *fixture, uint64_t satoshis) {
  struct bs_draft draft = {.input_count = 0};
  struct bs_coin coin = coin_of(fixture, fixture->alice, 0);
  unsigned char hash[BS_HASH160_SIZE];

  hash_of(hash, fixture->alice);
  bs_draft_spend(&draft, &coin, fixture->alice);
  bs_draft_pay(&draft, hash, satoshis);
  return draft;
}

static void sign(struct bs_buffer *raw, const struct bs_draft *draft) {
  unsigned char txid[BS_TXID_SIZE];
  struct bs_error error = {0};

  assert_ok(bs_draft_sign(raw, txid, draft, &error));
}

static void a_payment_without_operation_is_fine(void **state) {
  struct fixture *fixture = *state;
  struct bs_draft draft = payment(fixture, RICH);
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  sign(&raw, &draft);
  assert_ok(append(fixture, &raw, 1, &error));
  assert_int_equal(fixture->verdicts[0].verdict, BS_VERDICT_NO_OPERATION);
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
}

static void value_is_not_created(void **state) {
  struct fixture *fixture = *state;
  struct bs_draft draft = payment(fixture, RICH + 1);
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_ledger_tip before = tip_of(fixture);
  struct bs_error error = {0};

  sign(&raw, &draft);
  assert_fails(append(fixture, &raw, 1, &error), BS_WORD_malformed, "pays 1000000001");
  assert_int_equal(tip_of(fixture).height, before.height);
}

static void a_coin_is_spent_once(void **state) {
  struct fixture *fixture = *state;
  struct bs_draft draft = payment(fixture, RICH), other = payment(fixture, RICH - 1), twice = draft;
  struct bs_buffer raws[2] = {BS_BUFFER_INIT, BS_BUFFER_INIT};
  struct bs_error error = {0};

  bs_draft_spend(&twice, &twice.inputs[0].coin, fixture->alice);
  sign(&raws[0], &twice);
  assert_fails(append(fixture, raws, 1, &error), BS_WORD_conflict, "Input 1"); /* twice in one transaction */
  bs_buffer_clear(&raws[0]);
  sign(&raws[0], &draft);
  sign(&raws[1], &other);
  assert_fails(append(fixture, raws, 2, &error), BS_WORD_conflict, "spent already"); /* twice in one block */
  assert_ok(append(fixture, raws, 1, &error));
  assert_fails(append(fixture, raws, 1, &error), BS_WORD_conflict, "spent already"); /* the same again */
  assert_fails(append(fixture, &raws[1], 1, &error), BS_WORD_conflict, "spent already");
  bs_buffer_free(&raws[0]);
  bs_buffer_free(&raws[1]);
}

static void an_unknown_coin_cannot_be_spent(void **state) {
  struct fixture *fixture = *state;
  struct bs_draft draft = payment(fixture, RICH);
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  draft.inputs[0].coin.output = 1;
  sign(&raw, &draft);
  assert_fails(append(fixture, &raw, 1, &error), BS_WORD_conflict, "never existed");
}

/* Every byte of the transaction is signed, or is the signature, or names it. */
static void a_changed_transaction_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct bs_draft draft = payment(fixture, RICH);
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_ledger_tip before = tip_of(fixture);
  struct bs_error error = {0};

  sign(&raw, &draft);
  for (size_t i = 0; i < raw.length; i++) {
    raw.bytes[i] ^= 1;
    if (append(fixture, &raw, 1, &error)) fail_msg("accepted with byte %zu changed", i);
    raw.bytes[i] ^= 1;
  }
  assert_int_equal(tip_of(fixture).height, before.height);
  for (size_t i = 0; i < raw.length; i++) {
    struct bs_buffer cut = {raw.bytes, i, raw.capacity, false};

    if (append(fixture, &cut, 1, &error)) fail_msg("accepted when cut to %zu bytes", i);
  }
  assert_ok(append(fixture, &raw, 1, &error));
}

/* Anybody could write the push of the key in another way, which no signature covers. */
static void another_form_of_the_same_signature_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct bs_draft draft = payment(fixture, RICH);
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT, other BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_transaction transaction;
  unsigned char script[200];
  struct bs_error error = {0};
  size_t first;

  sign(&raw, &draft);
  assert_ok(bs_transaction_parse(&transaction, raw.bytes, raw.length, &error));
  first = 1 + (size_t)transaction.inputs[0].script[0];
  memcpy(script, transaction.inputs[0].script, first);
  script[first] = 0x4c; /* OP_PUSHDATA1, whose size follows */
  memcpy(script + first + 1, transaction.inputs[0].script + first, transaction.inputs[0].script_length - first);
  transaction.inputs[0].script = script;
  transaction.inputs[0].script_length++;
  bs_transaction_write(&other, &transaction);
  bs_transaction_free(&transaction);
  assert_fails(append(fixture, &other, 1, &error), BS_WORD_forged, "Input 0 does not hold");
  assert_ok(append(fixture, &raw, 1, &error));
}

/* Marker and flag behind the version, and for the one input no item: the transaction's id stays the same. */
static void witnesses_that_nobody_asks_for_are_refused(void **state) {
  struct fixture *fixture = *state;
  struct bs_draft draft = payment(fixture, RICH);
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT, other BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_transaction transaction;
  struct bs_error error = {0};

  sign(&raw, &draft);
  bs_buffer_add(&other, raw.bytes, 4);
  bs_buffer_add(&other, "\0\1", 2);
  bs_buffer_add(&other, raw.bytes + 4, raw.length - 8);
  bs_buffer_add(&other, "\0\0\0\0\0", 5);
  assert_ok(bs_transaction_parse(&transaction, other.bytes, other.length, &error));
  bs_transaction_free(&transaction);
  assert_fails(append(fixture, &other, 1, &error), BS_WORD_malformed, "witnesses");
  assert_ok(append(fixture, &raw, 1, &error));
}

static void only_the_owner_of_a_coin_spends_it(void **state) {
  struct fixture *fixture = *state;
  struct bs_draft draft = payment(fixture, RICH);
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char txid[BS_TXID_SIZE], hash[BS_HASH160_SIZE];
  struct bs_error error = {0};

  draft.inputs[0].key = fixture->bob;
  assert_fails(bs_draft_sign(&raw, txid, &draft, &error), BS_WORD_denied, "does not belong");
  hash_of(hash, fixture->bob);
  bs_script_pay_to(&draft.inputs[0].coin.script, hash); /* bob claims that the coin is his */
  sign(&raw, &draft);
  assert_fails(append(fixture, &raw, 1, &error), BS_WORD_forged, "does not belong");
}

static void a_coin_is_what_its_transaction_says(void **state) {
  struct fixture *fixture = *state;
  struct bs_coin coin = coin_of(fixture, fixture->alice, 0), foreign = coin_of(fixture, fixture->bob, 0),
                 taken = {.value = 7};
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  assert_ok(bs_ledger_get_transaction(fixture->ledger, &raw, NULL, coin.txid, &error));
  assert_fails(bs_coin_from_transaction(&taken, foreign.txid, 0, raw.bytes, raw.length, &error), BS_WORD_forged,
               "not the one");
  assert_fails(bs_coin_from_transaction(&taken, coin.txid, 1, raw.bytes, raw.length, &error), BS_WORD_forged,
               "no output 1");
  raw.bytes[raw.length - 10] ^= 1;
  assert_fails(bs_coin_from_transaction(&taken, coin.txid, 0, raw.bytes, raw.length, &error), BS_WORD_forged,
               "not the one");
  assert_int_equal(taken.value, 7);
}

static void coinbases_are_the_ledgers(void **state) {
  struct fixture *fixture = *state;
  struct bs_coin coin = coin_of(fixture, fixture->alice, 0);
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  assert_ok(bs_ledger_get_transaction(fixture->ledger, &raw, NULL, coin.txid, &error)); /* which is one */
  assert_fails(append(fixture, &raw, 1, &error), BS_WORD_denied, "coinbase");
}

/* One input without a script, one output, and two witness items of one and two bytes. */
#define WITH_WITNESS(second)                                                       \
  "010000000001011111111111111111111111111111111111111111111111111111111111111111" \
  "0000000000ffffffff"                                                             \
  "01e8030000000000001976a914111111111111111111111111111111111111111188ac"         \
  "0201aa" second "00000000"

static bool parse(struct bs_transaction *transaction, unsigned char raw[200], const char *text,
                  struct bs_error *error) {
  size_t length = strlen(text) / 2;

  assert_true(length <= 200 && bs_hex_decode(raw, length, text));
  return bs_transaction_parse(transaction, raw, length, error);
}

static void witnesses_are_read_and_not_hashed(void **state) {
  struct bs_transaction transaction;
  struct bs_buffer back BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char raw[200], txid[BS_TXID_SIZE];
  struct bs_error error = {0};

  (void)state;
  assert_fails(parse(&transaction, raw, WITH_WITNESS("05bbcc"), &error), BS_WORD_malformed, "malformed"); /* too long */
  assert_fails(parse(&transaction, raw, WITH_WITNESS("02bbcc") "00", &error), BS_WORD_malformed, "1 bytes too many");
  assert_ok(parse(&transaction, raw, WITH_WITNESS("02bbcc"), &error));
  assert_int_equal(transaction.input_count, 1);
  assert_int_equal(transaction.outputs[0].value, 1000);
  bs_transaction_write(&back, &transaction);
  bs_sha256d(txid, back.bytes, back.length);
  assert_memory_equal(txid, transaction.txid, sizeof txid);
  assert_int_equal(back.length, sizeof WITH_WITNESS("02bbcc") / 2 - 2 - 6); /* without marker, flag and items */
  bs_transaction_free(&transaction);
}

static void several_transactions_make_a_block(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation preorder = preorder_of(fixture, "foo.id", fixture->alice, fixture->alice),
                      registration = registration_of("foo.id");
  struct bs_buffer raws[2] = {BS_BUFFER_INIT, BS_BUFFER_INIT};
  struct bs_coin coin = coin_of(fixture, fixture->alice, 0);
  struct bs_transaction first;
  struct bs_error error = {0};

  make(&raws[0], &coin, fixture->alice, &preorder, NULL, 6400000);
  assert_ok(bs_transaction_parse(&first, raws[0].bytes, raws[0].length, &error));
  assert_ok(bs_coin_from_transaction(&coin, first.txid, 1, raws[0].bytes, raws[0].length, &error));
  make(&raws[1], &coin, fixture->alice, &registration, fixture->alice, 0); /* spends the change of the first */
  assert_ok(append(fixture, raws, 2, &error));
  assert_int_equal(fixture->verdicts[0].verdict, BS_VERDICT_ACCEPTED);
  assert_int_equal(fixture->verdicts[1].verdict, BS_VERDICT_ACCEPTED);
  assert_int_equal(entry_of(fixture, "foo.id").origin.vtxindex, 1);
  bs_transaction_free(&first);
  bs_buffer_free(&raws[0]);
  bs_buffer_free(&raws[1]);
}

static void only_accepted_operations_when_asked(void **state) {
  struct fixture *fixture = *state;
  struct bs_operation registration = registration_of("foo.id");
  struct bs_coin coin = coin_of(fixture, fixture->alice, 0);
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_raw given;
  struct bs_ledger_tip before = tip_of(fixture);
  uint64_t height = 77;
  struct bs_error error = {0};

  make(&raw, &coin, fixture->alice, &registration, fixture->alice, 0);
  given = (struct bs_raw){raw.bytes, raw.length};
  assert_ok(bs_ledger_begin(fixture->ledger, &error));
  assert_fails(bs_ledger_append(fixture->ledger, &height, NULL, &given, 1, true, &error), BS_WORD_denied,
               "not preordered");
  bs_ledger_rollback(fixture->ledger);
  assert_int_equal(height, 77);
  assert_int_equal(tip_of(fixture).height, before.height);
  assert_int_equal(coin_of(fixture, fixture->alice, 0).value, coin.value);
}

static void a_chain_id_names_its_genesis(void **state) {
  struct fixture *fixture = *state;
  struct bs_ledger *again = NULL, *other = NULL;
  const struct bs_operation twice[] = {{.opcode = BS_NAMESPACE_REVEAL,
                                        .name = "a",
                                        .version = 1,
                                        .rules = {.nonalpha_discount = 1, .no_vowel_discount = 1}},
                                       {.opcode = BS_NAMESPACE_REVEAL,
                                        .name = "a",
                                        .version = 1,
                                        .rules = {.nonalpha_discount = 1, .no_vowel_discount = 1}}};
  const struct bs_operation bad = {.opcode = BS_NAMESPACE_REVEAL, .name = "a", .version = 1};
  char path[100];
  struct bs_error error = {0};

  assert_ok(bs_ledger_open(&again, fixture->path, BS_DATABASE_READ, NULL, NULL, &error));
  assert_memory_equal(bs_ledger_chain_id(again), bs_ledger_chain_id(fixture->ledger), 32);
  bs_ledger_close(again);
  snprintf(path, sizeof path, "%s/other", fixture->directory);
  assert_fails(bs_ledger_open(&other, path, BS_DATABASE_CREATE, &(struct bs_ledger_genesis){twice, 2}, NULL, &error),
               BS_WORD_usage, "twice");
  assert_fails(bs_ledger_open(&other, path, BS_DATABASE_CREATE, &(struct bs_ledger_genesis){&bad, 1}, NULL, &error),
               BS_WORD_usage, "discounts");
  assert_ok(bs_ledger_open(&other, path, BS_DATABASE_CREATE, NULL, NULL, &error));
  assert_memory_not_equal(bs_ledger_chain_id(other), bs_ledger_chain_id(fixture->ledger), 32);
  bs_ledger_close(other);
}

static void replay_finds_what_was_tampered_with(void **state) {
  static const char *const tampering[] = {
      "UPDATE names SET address = '1BKufFedDrueBBFBXtiATB2PSdsBGZxf3N'",
      "UPDATE unspents SET value = value + 1",
      "UPDATE blocks SET consensus = zeroblob(16) WHERE height = 3",
      "DELETE FROM preorders",
      "UPDATE transactions SET raw = zeroblob(100) WHERE height = 4",
      "DELETE FROM blocks WHERE height = 2",
      "UPDATE chain SET nonce = zeroblob(32)",
  };
  struct fixture *fixture = *state;
  struct bs_operation preorder = preorder_of(fixture, "bar.id", fixture->bob, fixture->bob);
  char sound[100];
  struct bs_error error = {0};

  own(fixture, "foo.id", fixture->alice);
  assert_null(send(fixture, fixture->bob, &preorder, NULL, 6400000));
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
  for (size_t i = 0; i < sizeof tampering / sizeof tampering[0]; i++) {
    snprintf(sound, sizeof sound, "VACUUM INTO '%s/sound%zu'", fixture->directory, i);
    assert_ok(bs_database_execute(fixture->ledger->database, sound, &error));
    assert_ok(bs_database_execute(fixture->ledger->database, tampering[i], &error));
    assert_fails(bs_ledger_replay_check(fixture->ledger, &error), BS_WORD_corrupt, fixture->path);
    bs_ledger_close(fixture->ledger);
    snprintf(fixture->path, sizeof fixture->path, "%s/sound%zu", fixture->directory, i);
    open_ledger(fixture);
    assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      LEDGER_TEST(a_payment_without_operation_is_fine),
      LEDGER_TEST(value_is_not_created),
      LEDGER_TEST(a_coin_is_spent_once),
      LEDGER_TEST(an_unknown_coin_cannot_be_spent),
      LEDGER_TEST(a_changed_transaction_is_refused),
      LEDGER_TEST(another_form_of_the_same_signature_is_refused),
      LEDGER_TEST(witnesses_that_nobody_asks_for_are_refused),
      LEDGER_TEST(only_the_owner_of_a_coin_spends_it),
      LEDGER_TEST(a_coin_is_what_its_transaction_says),
      LEDGER_TEST(coinbases_are_the_ledgers),
      cmocka_unit_test(witnesses_are_read_and_not_hashed),
      LEDGER_TEST(several_transactions_make_a_block),
      LEDGER_TEST(only_accepted_operations_when_asked),
      LEDGER_TEST(a_chain_id_names_its_genesis),
      LEDGER_TEST(replay_finds_what_was_tampered_with),
  };
  return RUN_TESTS(tests);
}

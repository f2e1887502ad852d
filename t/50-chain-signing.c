/* SPDX-License-Identifier: MIT */
/* Transactions with witnesses: read, written and signed as BIP 143 says, with its own vectors. */
#include <config.h>

#include "core/chain/transaction.h"
#include "core/codec/hex.h"
#include "t/lib/unit.h"

/* "Native P2WPKH": the first input spends P2PK, the second P2WPKH. */
#define OUTPUTS \
  "02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac" \
  "9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac"
#define FIRST "fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000"
#define SECOND "ef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff"
#define UNSIGNED "0100000002" FIRST "00eeffffff" SECOND OUTPUTS "11000000"
#define SIGNATURE \
  "304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a" \
  "0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee"
#define PUBLIC_KEY "025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357"
#define SIGNED \
  "01000000000102" FIRST \
  "494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a1" \
  "9c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffff" SECOND OUTPUTS "000247" SIGNATURE "0121" PUBLIC_KEY "11000000"
#define DIGEST "c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670"
#define KEY "619c335025c7f4012e556c2a58b2506e30b8511b53ade95ea316fd8c3286feb9"

static void from_hex(struct bs_buffer *bytes, const char *text) {
  size_t length = strlen(text) / 2;
  unsigned char *room = bs_buffer_extend(bytes, length);

  assert_non_null(room);
  assert_true(bs_hex_decode(room, length, text));
}

static void assert_hex(const void *bytes, size_t length, const char *text) {
  char *shown = malloc(2 * length + 1);

  assert_non_null(shown);
  bs_hex_encode(shown, bytes, length);
  assert_string_equal(shown, text);
  free(shown);
}

static struct bs_key *key_of(const char *text) {
  struct bs_error error = {0};
  struct bs_key *key;

  assert_ok(bs_key_from_text(&key, text, strlen(text), &error));
  return key;
}

static void the_digest_is_that_of_the_vector(void **state) {
  struct bs_buffer raw = BS_BUFFER_INIT;
  struct bs_transaction transaction;
  struct bs_error error = {0};
  struct bs_key *key = key_of(KEY "01");
  unsigned char digest[BS_SHA256_SIZE], hash[BS_HASH160_SIZE], signature[72];
  size_t length;

  (void)state;
  from_hex(&raw, UNSIGNED);
  assert_ok(bs_transaction_parse(&transaction, raw.bytes, raw.length, &error));
  bs_public_key_hash(hash, bs_key_public(key));
  assert_hex(hash, sizeof hash, "1d0f172a0ecb48aee1be1f2687d2963ae33f71a1");
  assert_ok(bs_transaction_witness_digest(digest, &transaction, 1, hash, 600000000, &error));
  assert_hex(digest, sizeof digest, DIGEST);
  assert_true(bs_sign_der(signature, &length, key, digest));
  assert_hex(signature, length, SIGNATURE);
  bs_transaction_free(&transaction);
  bs_buffer_free(&raw);
  bs_key_free(key);
}

static void witnesses_are_written_as_they_were_read(void **state) {
  struct bs_buffer raw = BS_BUFFER_INIT, bare = BS_BUFFER_INIT, whole = BS_BUFFER_INIT;
  struct bs_transaction transaction;
  struct bs_error error = {0};
  unsigned char txid[BS_TXID_SIZE];

  (void)state;
  from_hex(&raw, SIGNED);
  assert_ok(bs_transaction_parse(&transaction, raw.bytes, raw.length, &error));
  bs_transaction_write(&bare, &transaction);
  bs_transaction_write_whole(&whole, &transaction);
  assert_hex(whole.bytes, whole.length, SIGNED);
  assert_int_equal(whole.length, bare.length + 2 + 1 + 1 + 1 + 71 + 1 + 33);
  bs_sha256d(txid, bare.bytes, bare.length);
  assert_memory_equal(txid, transaction.txid, sizeof txid);
  assert_int_equal(bs_transaction_virtual_size(bare.length, whole.length), bare.length + (110 + 3) / 4);
  assert_int_equal(transaction.inputs[0].witness_length, 1);
  bs_transaction_free(&transaction);
  bs_buffer_free(&raw);
  bs_buffer_free(&bare);
  bs_buffer_free(&whole);
}

/* ---- drafts ---- */

static struct bs_coin coin_of(const struct bs_key *key, bool with_witness, unsigned char number) {
  struct bs_coin coin = {.txid = {number}, .output = number, .value = 1000000};
  unsigned char hash[BS_HASH160_SIZE];

  if (with_witness) {
    bs_public_key_signer(hash, bs_key_public(key));
    bs_script_pay_to_witness(&coin.script, hash);
  } else {
    bs_public_key_hash(hash, bs_key_public(key));
    bs_script_pay_to(&coin.script, hash);
  }
  return coin;
}

/* Pays all but the fee to the first key. */
static size_t sign(struct bs_buffer *raw, struct bs_draft *draft, const struct bs_key *key) {
  unsigned char hash[BS_HASH160_SIZE], txid[BS_TXID_SIZE];
  struct bs_error error = {0};
  struct bs_transaction transaction;
  struct bs_buffer bare = BS_BUFFER_INIT;
  size_t size;

  bs_public_key_hash(hash, bs_key_public(key));
  bs_draft_pay(draft, hash, 5500);
  assert_ok(bs_draft_sign(raw, txid, draft, &error));
  assert_ok(bs_transaction_parse(&transaction, raw->bytes, raw->length, &error));
  assert_memory_equal(transaction.txid, txid, sizeof txid);
  for (size_t i = 0; i < transaction.input_count; i++)
    assert_int_equal(transaction.inputs[i].sequence, draft->is_replaceable ? 0xfffffffd : 0xffffffff);
  bs_transaction_write(&bare, &transaction);
  size = bs_transaction_virtual_size(bare.length, raw->length);
  bs_buffer_free(&bare);
  bs_transaction_free(&transaction);
  return size;
}

/* A signature has up to two bytes less than is reckoned with. */
static void the_virtual_size_is_known_before_signing(void **state) {
  struct bs_key *keys[] = {key_of(KEY), key_of(KEY "01")};

  (void)state;
  for (size_t i = 0; i < 8; i++) {
    struct bs_draft draft = {.is_replaceable = i % 2 != 0};
    struct bs_buffer raw = BS_BUFFER_INIT;
    struct bs_coin owner = coin_of(keys[i / 4], false, 1);
    size_t size;

    bs_draft_spend(&draft, &owner, keys[i / 4]);
    for (unsigned char j = 0; j < i % 4; j++) {
      struct bs_coin coin = coin_of(keys[j % 2], true, (unsigned char)(2 + j));

      bs_draft_spend(&draft, &coin, keys[j % 2]); /* the uncompressed key spends its compressed form's, too */
    }
    size = sign(&raw, &draft, keys[0]);
    assert_in_range(bs_draft_size(&draft), size, size + 2 * draft.input_count);
    bs_buffer_free(&raw);
  }
  bs_key_free(keys[0]);
  bs_key_free(keys[1]);
}

static void a_signed_witness_verifies(void **state) {
  struct bs_key *owner = key_of(KEY), *payer = key_of(KEY "01");
  struct bs_coin first = coin_of(owner, false, 1), second = coin_of(payer, true, 2);
  struct bs_draft draft = {.input_count = 0};
  struct bs_buffer raw = BS_BUFFER_INIT;
  struct bs_transaction transaction;
  struct bs_error error = {0};
  struct bs_public_key key;
  unsigned char digest[BS_SHA256_SIZE], hash[BS_HASH160_SIZE];
  const unsigned char *witness;

  (void)state;
  bs_draft_spend(&draft, &first, owner);
  bs_draft_spend(&draft, &second, payer);
  sign(&raw, &draft, owner);
  assert_ok(bs_transaction_parse(&transaction, raw.bytes, raw.length, &error));
  assert_ok(bs_transaction_check_input(&transaction, 0, first.script.bytes, first.script.length, &error));
  witness = transaction.inputs[1].witness;
  assert_int_equal(witness[0], 2);
  assert_int_equal(witness[1 + witness[1]], 1); /* SIGHASH_ALL */
  assert_true(bs_public_key_parse(&key, witness + 3 + witness[1], 33));
  bs_public_key_hash(hash, &key);
  assert_ok(bs_transaction_witness_digest(digest, &transaction, 1, hash, second.value, &error));
  assert_true(bs_verify_der(&key, digest, witness + 2, witness[1] - 1u));
  assert_ok(bs_transaction_witness_digest(digest, &transaction, 1, hash, second.value + 1, &error));
  assert_false(bs_verify_der(&key, digest, witness + 2, witness[1] - 1u)); /* the value is signed */
  bs_transaction_free(&transaction);
  bs_buffer_free(&raw);
  bs_key_free(owner);
  bs_key_free(payer);
}

static void another_key_does_not_sign(void **state) {
  struct bs_key *key = key_of(KEY), *other = key_of(DIGEST);
  struct bs_error error = {0};

  (void)state;
  for (int with_witness = 0; with_witness < 2; with_witness++) {
    struct bs_coin coin = coin_of(key, with_witness != 0, 1);
    struct bs_draft draft = {.input_count = 0};
    struct bs_buffer raw = BS_BUFFER_INIT;
    unsigned char txid[BS_TXID_SIZE];

    bs_draft_spend(&draft, &coin, other);
    assert_fails(bs_draft_sign(&raw, txid, &draft, &error), BS_WORD_denied, "does not belong to the key");
    bs_buffer_free(&raw);
  }
  bs_key_free(key);
  bs_key_free(other);
}

/* ---- coins ---- */

static void a_coin_is_what_its_transaction_says(void **state) {
  static const char script_hash[] = "0100000001" FIRST "00ffffffff01"
                                    "e80300000000000017a914000000000000000000000000000000000000000087"
                                    "00000000";
  static const char coinbase[] = "0100000001" "0000000000000000000000000000000000000000000000000000000000000000"
                                 "ffffffff" "020101" "ffffffff" "01e803000000000000160014"
                                 "1d0f172a0ecb48aee1be1f2687d2963ae33f71a1" "00000000";
  const char *const texts[] = {SIGNED, coinbase, script_hash};

  (void)state;
  for (size_t i = 0; i < 3; i++) {
    struct bs_buffer raw = BS_BUFFER_INIT;
    struct bs_transaction transaction;
    struct bs_error error = {0};
    struct bs_coin coin;

    from_hex(&raw, texts[i]);
    assert_ok(bs_transaction_parse(&transaction, raw.bytes, raw.length, &error));
    if (i == 2) {
      assert_fails(bs_coin_from_transaction(&coin, transaction.txid, 0, raw.bytes, raw.length, &error), BS_WORD_denied,
                   "neither P2PKH nor P2WPKH");
    } else {
      assert_ok(bs_coin_from_transaction(&coin, transaction.txid, 0, raw.bytes, raw.length, &error));
      assert_true(coin.is_coinbase == (i == 1));
      assert_int_equal(coin.value, i == 0 ? 112340000 : 1000);
      assert_true(bs_script_witness_hash(NULL, coin.script.bytes, coin.script.length) == (i == 1));
      transaction.txid[0] ^= 1;
      assert_fails(bs_coin_from_transaction(&coin, transaction.txid, 0, raw.bytes, raw.length, &error), BS_WORD_forged,
                   "not the one that was asked for");
    }
    bs_transaction_free(&transaction);
    bs_buffer_free(&raw);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_digest_is_that_of_the_vector),
      cmocka_unit_test(witnesses_are_written_as_they_were_read),
      cmocka_unit_test(the_virtual_size_is_known_before_signing),
      cmocka_unit_test(a_signed_witness_verifies),
      cmocka_unit_test(another_key_does_not_sign),
      cmocka_unit_test(a_coin_is_what_its_transaction_says),
  };

  return RUN_TESTS(tests);
}

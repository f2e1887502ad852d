/* SPDX-License-Identifier: MIT */
/* Blocks from their bytes: real ones, and every shape that is none. */
#include <config.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "core/bitcoind/block.h"
#include "core/codec/hex.h"
#include "t/lib/unit.h"

/* Block 0 of Bitcoin's main network. */
static const char first_block[] =
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a5132"
    "3a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c0101000000010000000000000000000000000000000000000000000000000000000000000000ffff"
    "ffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f"
    "6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a6"
    "7962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000";

/* Block 3 of a regtest chain: its coinbase has a witness, and an OP_RETURN of its own. */
static const char witness_block[] =
    "00000020832083d137348d878cd25932898a814ff1579484d3f444731e1acef9d8f8b501d5ac699798253465bd14721d4761726af47f14e0ac7e5f71"
    "f7742cc44cebe97dc0b1096bffff7f200400000001020000000001010000000000000000000000000000000000000000000000000000000000000000"
    "ffffffff025300ffffffff0200f2052a0100000016001400000000000000000000000000000000000000000000000000000000266a24aa21a9ede2f6"
    "1c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9012000000000000000000000000000000000000000000000000000000000"
    "0000000000000000";

static void unhex(struct bs_buffer *bytes, const char *hex) {
  assert_true(bs_hex_decode(bs_buffer_extend(bytes, strlen(hex) / 2), strlen(hex) / 2, hex));
}

static void test_real(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_bitcoin_block block;
  struct bs_error error = {0};
  char text[65];

  (void)state;
  unhex(&bytes, first_block);
  assert_ok(bs_bitcoin_block_parse(&block, bytes.bytes, bytes.length, &error));
  bs_txid_text(text, block.header.hash);
  assert_string_equal(text, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
  bs_txid_text(text, block.header.previous);
  assert_string_equal(text, "0000000000000000000000000000000000000000000000000000000000000000");
  assert_int_equal(block.header.time, 1231006505);
  assert_int_equal(block.count, 1);
  bs_txid_text(text, block.transactions[0].txid);
  assert_string_equal(text, "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b");
  bs_bitcoin_block_free(&block);
  assert_null(block.transactions);
}

static void test_witness(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_bitcoin_block block;
  struct bs_error error = {0};
  char text[65];

  (void)state;
  unhex(&bytes, witness_block);
  assert_ok(bs_bitcoin_block_parse(&block, bytes.bytes, bytes.length, &error));
  bs_txid_text(text, block.header.hash);
  assert_string_equal(text, "5972ec07b9624734af1de40f1428d188b07cd9bbac7f922d0d4cdcf2370db27d");
  assert_true(block.transactions[0].has_witnesses);
  bs_bitcoin_block_free(&block);
}

/* ---- made here ---- */

/* A transaction that differs from others by its lock time; number 0 is a coinbase. */
static void add_transaction(struct bs_buffer *bytes, unsigned number) {
  static const unsigned char txid[BS_TXID_SIZE] = {1};
  struct bs_transaction_input input = {.output = UINT32_MAX, .sequence = UINT32_MAX};
  struct bs_transaction_output output = {.value = 1};
  const struct bs_transaction transaction = {
      .version = 1, .lock_time = number, .inputs = &input, .input_count = 1, .outputs = &output, .output_count = 1};

  if (number > 0) memcpy(input.txid, txid, sizeof txid);
  bs_transaction_write(bytes, &transaction);
}

/* The root, from the last transaction to the first: each hash by its place in the tree. */
static void root_of(unsigned char root[BS_SHA256_SIZE], const unsigned *numbers, size_t count, size_t first, size_t width) {
  unsigned char pair[2 * BS_SHA256_SIZE];

  if (width == 1) {
    struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;

    add_transaction(&bytes, numbers[first]);
    bs_sha256d(root, bytes.bytes, bytes.length);
    return;
  }
  root_of(pair, numbers, count, first, width / 2);
  memcpy(pair + BS_SHA256_SIZE, pair, BS_SHA256_SIZE);
  if (first + width / 2 < count) root_of(pair + BS_SHA256_SIZE, numbers, count, first + width / 2, width / 2);
  bs_sha256d(root, pair, sizeof pair);
}

static void make_block(struct bs_buffer *bytes, const unsigned *numbers, size_t count) {
  unsigned char root[BS_SHA256_SIZE];
  size_t width = 1;

  while (width < count) width *= 2;
  root_of(root, numbers, count, 0, width);
  memset(bs_buffer_extend(bytes, 36), 0, 36);
  bs_buffer_add(bytes, root, sizeof root);
  memset(bs_buffer_extend(bytes, 12), 0, 12);
  bs_buffer_byte(bytes, (unsigned char)count);
  for (size_t i = 0; i < count; i++) add_transaction(bytes, numbers[i]);
}

static void test_trees(void **state) {
  static const unsigned numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

  (void)state;
  for (size_t count = 1; count <= 12; count++) {
    struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
    struct bs_bitcoin_block block;
    struct bs_error error = {0};

    make_block(&bytes, numbers, count);
    assert_ok(bs_bitcoin_block_parse(&block, bytes.bytes, bytes.length, &error));
    assert_int_equal(block.count, count);
    assert_int_equal(block.transactions[count - 1].lock_time, count - 1);
    bs_bitcoin_block_free(&block);
    bytes.bytes[40] ^= 1;
    assert_fails(bs_bitcoin_block_parse(&block, bytes.bytes, bytes.length, &error), BS_WORD_malformed,
                 "The transactions of the block are not those that its header is the hash of.");
  }
}

static void refuse(const struct bs_buffer *bytes, size_t length, const char *text) {
  struct bs_bitcoin_block block;
  struct bs_error error = {0};

  assert_fails(bs_bitcoin_block_parse(&block, bytes->bytes, length, &error), BS_WORD_malformed, text);
}

static void test_twice(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  static const unsigned same_root[] = {0, 1, 2, 2}; /* the root of 0, 1, 2 */

  (void)state;
  make_block(&bytes, same_root, 4);
  refuse(&bytes, bytes.length, "The block holds transactions twice.");
}

static void test_coinbases(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  static const unsigned none[] = {1, 2}, two[] = {0, 1, 0};

  (void)state;
  make_block(&bytes, none, 2);
  refuse(&bytes, bytes.length, "The first transaction of the block is no coinbase.");
  bs_buffer_clear(&bytes);
  make_block(&bytes, two, 3);
  refuse(&bytes, bytes.length, "Transaction 2 of the block is a second coinbase.");
}

static void test_cut(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;

  (void)state;
  unhex(&bytes, witness_block);
  for (size_t length = 0; length < bytes.length; length++) refuse(&bytes, length, "");
  refuse(&bytes, 79, "The block has 79 bytes, less than its header.");
  refuse(&bytes, 80, "The number of transactions in the block is malformed.");
  refuse(&bytes, 81, "The block is cut off: its transactions need more than its 81 bytes.");
  refuse(&bytes, bytes.length - 1, "Transaction 0 of the block, at byte 81: The transaction is malformed at byte");
  bs_buffer_byte(&bytes, 0);
  refuse(&bytes, bytes.length, "The block has 1 bytes too many at its end.");
}

static void test_counts(void **state) {
  static const struct {
    const char *count, *text;
  } cases[] = {
      {"00", "The block has no transaction."},
      {"02", "Transaction 1 of the block"},
      {"fd0100", "The number of transactions in the block is malformed."},
      {"fe01000000", "The number of transactions in the block is malformed."},
      {"ff0100000000000000", "The number of transactions in the block is malformed."},
      {"fdffff", "The block is cut off"},
      {"ffffffffffffffffff", "The block is cut off"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT, real BS_AUTO_BUFFER = BS_BUFFER_INIT;

    unhex(&real, first_block);
    bs_buffer_add(&bytes, real.bytes, 80);
    unhex(&bytes, cases[i].count);
    bs_buffer_add(&bytes, real.bytes + 81, real.length - 81);
    refuse(&bytes, bytes.length, cases[i].text);
  }
}

static void test_size(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;

  (void)state;
  memset(bs_buffer_extend(&bytes, BS_BITCOIN_BLOCK_MAX + 1), 0, BS_BITCOIN_BLOCK_MAX + 1);
  refuse(&bytes, bytes.length, "The block has more than 4000000 bytes.");
}

/* A transaction of a block may be larger than one that is sent. */
static void test_large(void **state) {
  const size_t script_length = 3000000;
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT, raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char *script BS_AUTO_FREE = calloc(1, script_length), root[BS_SHA256_SIZE];
  struct bs_transaction_input input = {.output = UINT32_MAX};
  struct bs_transaction_output output = {1, script, script_length};
  const struct bs_transaction transaction = {
      .version = 1, .inputs = &input, .input_count = 1, .outputs = &output, .output_count = 1};
  struct bs_bitcoin_block block;
  struct bs_error error = {0};

  (void)state;
  bs_transaction_write(&raw, &transaction);
  bs_sha256d(root, raw.bytes, raw.length);
  memset(bs_buffer_extend(&bytes, 80), 0, 80);
  memcpy(bytes.bytes + 36, root, sizeof root);
  bs_buffer_byte(&bytes, 1);
  bs_buffer_add(&bytes, raw.bytes, raw.length);
  assert_ok(bs_bitcoin_block_parse(&block, bytes.bytes, bytes.length, &error));
  assert_int_equal(block.transactions[0].outputs[0].script_length, script_length);
  bs_bitcoin_block_free(&block);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_real),   cmocka_unit_test(test_witness), cmocka_unit_test(test_trees),
      cmocka_unit_test(test_twice),  cmocka_unit_test(test_coinbases), cmocka_unit_test(test_cut),
      cmocka_unit_test(test_counts), cmocka_unit_test(test_size),    cmocka_unit_test(test_large),
  };

  return RUN_TESTS(tests);
}

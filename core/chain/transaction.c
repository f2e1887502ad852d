/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/chain/transaction.h"

#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"

#define SIGHASH_ALL 1
#define INPUT_SIZE_MIN 41 /* of one with an empty script; bounds what a count can promise */
#define OUTPUT_SIZE_MIN 9

struct reader {
  const unsigned char *at;
  size_t left;
  bool failed;
};

static const unsigned char *take(struct reader *reader, size_t length) {
  const unsigned char *bytes = reader->at;

  if (reader->failed || length > reader->left) {
    reader->failed = true;
    return NULL;
  }
  reader->at += length;
  reader->left -= length;
  return bytes;
}

static uint64_t take_integer(struct reader *reader, size_t width) {
  const unsigned char *bytes = take(reader, width);
  uint64_t value = 0;

  if (bytes == NULL) return 0;
  for (size_t i = width; i > 0; i--) value = value << 8 | bytes[i - 1];
  return value;
}

/* A count in Bitcoin's variable width; the shortest form only. */
static uint64_t take_count(struct reader *reader) {
  uint64_t first = take_integer(reader, 1), value, least;

  if (first < 0xfd) return first;
  value = take_integer(reader, first == 0xfd ? 2 : first == 0xfe ? 4 : 8);
  least = first == 0xfd ? 0xfd : first == 0xfe ? 0x10000 : UINT64_C(0x100000000);
  if (value < least) reader->failed = true;
  return value;
}

/* How many items of at least `size` bytes follow; more than fit fail here, before memory is asked for. */
static size_t take_length(struct reader *reader, size_t size) {
  uint64_t count = take_count(reader);

  if (count > reader->left / size) reader->failed = true;
  return reader->failed ? 0 : (size_t)count;
}

static void take_inputs(struct bs_transaction *transaction, struct reader *reader) {
  for (size_t i = 0; i < transaction->input_count; i++) {
    struct bs_transaction_input *input = &transaction->inputs[i];
    const unsigned char *txid = take(reader, BS_TXID_SIZE);

    if (txid != NULL) memcpy(input->txid, txid, BS_TXID_SIZE);
    input->output = (uint32_t)take_integer(reader, 4);
    input->script_length = take_length(reader, 1);
    input->script = take(reader, input->script_length);
    input->sequence = (uint32_t)take_integer(reader, 4);
  }
}

static void take_outputs(struct bs_transaction *transaction, struct reader *reader) {
  uint64_t sum = 0;

  for (size_t i = 0; i < transaction->output_count; i++) {
    struct bs_transaction_output *output = &transaction->outputs[i];

    output->value = take_integer(reader, 8);
    output->script_length = take_length(reader, 1);
    output->script = take(reader, output->script_length);
    if (output->value > BS_MONEY_MAX || (sum += output->value) > BS_MONEY_MAX) reader->failed = true;
  }
}

static void take_witnesses(struct bs_transaction *transaction, struct reader *reader) {
  for (size_t i = 0; i < transaction->input_count && !reader->failed; i++) {
    struct bs_transaction_input *input = &transaction->inputs[i];

    input->witness = reader->at;
    for (size_t items = take_length(reader, 1); items > 0 && !reader->failed; items--)
      take(reader, take_length(reader, 1));
    input->witness_length = (size_t)(reader->at - input->witness);
  }
}

/* Marker 0 in place of the number of inputs, flag 1: witnesses follow the outputs. */
static bool take_marker(struct reader *reader) {
  if (reader->left < 2 || reader->at[0] != 0 || reader->at[1] != 1) return false;
  take(reader, 2);
  return true;
}

static bool parse_parts(struct bs_transaction *transaction, struct reader *reader, struct bs_error *error) {
  transaction->version = (uint32_t)take_integer(reader, 4);
  transaction->has_witnesses = take_marker(reader);
  transaction->input_count = take_length(reader, INPUT_SIZE_MIN);
  if (transaction->input_count > 0) {
    transaction->inputs = calloc(transaction->input_count, sizeof *transaction->inputs);
    if (transaction->inputs == NULL) return bs_fail_memory(error);
  }
  take_inputs(transaction, reader);
  transaction->output_count = take_length(reader, OUTPUT_SIZE_MIN);
  if (transaction->output_count > 0) {
    transaction->outputs = calloc(transaction->output_count, sizeof *transaction->outputs);
    if (transaction->outputs == NULL) return bs_fail_memory(error);
  }
  take_outputs(transaction, reader);
  if (transaction->has_witnesses) take_witnesses(transaction, reader);
  transaction->lock_time = (uint32_t)take_integer(reader, 4);
  return true;
}

static bool hash_transaction(struct bs_transaction *transaction, struct bs_error *error) {
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_transaction_write(&raw, transaction);
  if (!bs_buffer_ok(&raw, error)) return false;
  bs_sha256d(transaction->txid, raw.bytes, raw.length);
  return true;
}

bool bs_transaction_read(struct bs_transaction *ret_transaction, size_t *ret_size, const unsigned char *raw, size_t length,
                         struct bs_error *error) {
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {0};
  struct reader reader = {raw, length, false};

  if (!parse_parts(&transaction, &reader, error)) return false;
  if (reader.failed)
    return bs_fail(error, BS_WORD_malformed, "The transaction is malformed at byte %zu of %zu.", length - reader.left,
                   length);
  if (transaction.input_count == 0) return bs_fail(error, BS_WORD_malformed, "The transaction has no input.");
  if (transaction.output_count == 0) return bs_fail(error, BS_WORD_malformed, "The transaction has no output.");
  if (!hash_transaction(&transaction, error)) return false;
  *ret_transaction = transaction;
  *ret_size = length - reader.left;
  transaction = (struct bs_transaction){0};
  return true;
}

bool bs_transaction_parse(struct bs_transaction *ret_transaction, const unsigned char *raw, size_t length,
                          struct bs_error *error) {
  struct bs_transaction transaction = {0};
  size_t size;

  if (length > BS_TRANSACTION_MAX)
    return bs_fail(error, BS_WORD_malformed, "The transaction has more than %u bytes.", BS_TRANSACTION_MAX);
  if (!bs_transaction_read(&transaction, &size, raw, length, error)) return false;
  if (size != length) {
    bs_transaction_free(&transaction);
    return bs_fail(error, BS_WORD_malformed, "The transaction has %zu bytes too many at its end.", length - size);
  }
  *ret_transaction = transaction;
  return true;
}

void bs_transaction_free(struct bs_transaction *transaction) {
  free(transaction->inputs);
  free(transaction->outputs);
  transaction->inputs = NULL;
  transaction->outputs = NULL;
}

static void write_count(struct bs_buffer *raw, uint64_t count) {
  if (count < 0xfd) {
    bs_buffer_byte(raw, (unsigned char)count);
  } else if (count < 0x10000) {
    bs_buffer_byte(raw, 0xfd);
    bs_buffer_little_endian(raw, count, 2);
  } else {
    bs_buffer_byte(raw, 0xfe);
    bs_buffer_little_endian(raw, count, 4);
  }
}

static void write_script(struct bs_buffer *raw, const unsigned char *script, size_t length) {
  write_count(raw, length);
  bs_buffer_add(raw, script, length);
}

static void write_outputs(struct bs_buffer *raw, const struct bs_transaction *transaction) {
  for (size_t i = 0; i < transaction->output_count; i++) {
    bs_buffer_little_endian(raw, transaction->outputs[i].value, 8);
    write_script(raw, transaction->outputs[i].script, transaction->outputs[i].script_length);
  }
}

static void write_outpoint(struct bs_buffer *raw, const struct bs_transaction_input *input) {
  bs_buffer_add(raw, input->txid, BS_TXID_SIZE);
  bs_buffer_little_endian(raw, input->output, 4);
}

static void write_witnesses(struct bs_buffer *raw, const struct bs_transaction *transaction) {
  for (size_t i = 0; i < transaction->input_count; i++) {
    const struct bs_transaction_input *input = &transaction->inputs[i];

    if (input->witness_length == 0) bs_buffer_byte(raw, 0);
    bs_buffer_add(raw, input->witness, input->witness_length);
  }
}

/* signing: SIZE_MAX, or the input that alone has a script, that of the output it spends. */
static void write_with(struct bs_buffer *raw, const struct bs_transaction *transaction, size_t signing,
                       const unsigned char *script, size_t script_length, bool with_witnesses) {
  bs_buffer_little_endian(raw, transaction->version, 4);
  if (with_witnesses) bs_buffer_add(raw, "\0\1", 2);
  write_count(raw, transaction->input_count);
  for (size_t i = 0; i < transaction->input_count; i++) {
    const struct bs_transaction_input *input = &transaction->inputs[i];

    write_outpoint(raw, input);
    if (signing == SIZE_MAX) {
      write_script(raw, input->script, input->script_length);
    } else {
      write_script(raw, script, i == signing ? script_length : 0);
    }
    bs_buffer_little_endian(raw, input->sequence, 4);
  }
  write_count(raw, transaction->output_count);
  write_outputs(raw, transaction);
  if (with_witnesses) write_witnesses(raw, transaction);
  bs_buffer_little_endian(raw, transaction->lock_time, 4);
}

void bs_transaction_write(struct bs_buffer *raw, const struct bs_transaction *transaction) {
  write_with(raw, transaction, SIZE_MAX, NULL, 0, false);
}

void bs_transaction_write_whole(struct bs_buffer *raw, const struct bs_transaction *transaction) {
  write_with(raw, transaction, SIZE_MAX, NULL, 0, transaction->has_witnesses);
}

size_t bs_transaction_virtual_size(size_t size, size_t whole) {
  return (3 * size + whole + 3) / 4;
}

bool bs_transaction_is_coinbase(const struct bs_transaction *transaction) {
  static const unsigned char zero[BS_TXID_SIZE];

  for (size_t i = 0; i < transaction->input_count; i++)
    if (memcmp(transaction->inputs[i].txid, zero, BS_TXID_SIZE) == 0) return true;
  return false;
}

bool bs_transaction_digest(unsigned char digest[BS_SHA256_SIZE], const struct bs_transaction *transaction,
                           size_t number, const unsigned char *script, size_t script_length, struct bs_error *error) {
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;

  write_with(&raw, transaction, number, script, script_length, false);
  bs_buffer_little_endian(&raw, SIGHASH_ALL, 4);
  if (!bs_buffer_ok(&raw, error)) return false;
  bs_sha256d(digest, raw.bytes, raw.length);
  return true;
}

bool bs_transaction_witness_digest(unsigned char digest[BS_SHA256_SIZE], const struct bs_transaction *transaction,
                                   size_t number, const unsigned char hash[BS_HASH160_SIZE], uint64_t value,
                                   struct bs_error *error) {
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT, outpoints BS_AUTO_BUFFER = BS_BUFFER_INIT,
                   sequences BS_AUTO_BUFFER = BS_BUFFER_INIT, outputs BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_buffer *const hashed[] = {&outpoints, &sequences, &outputs};
  unsigned char hashes[3][BS_SHA256_SIZE];
  struct bs_script code;

  for (size_t i = 0; i < transaction->input_count; i++) {
    write_outpoint(&outpoints, &transaction->inputs[i]);
    bs_buffer_little_endian(&sequences, transaction->inputs[i].sequence, 4);
  }
  write_outputs(&outputs, transaction);
  for (size_t i = 0; i < 3; i++) {
    if (!bs_buffer_ok(hashed[i], error)) return false;
    bs_sha256d(hashes[i], hashed[i]->bytes, hashed[i]->length);
  }
  bs_script_pay_to(&code, hash);
  bs_buffer_little_endian(&raw, transaction->version, 4);
  bs_buffer_add(&raw, hashes, 2 * sizeof hashes[0]);
  write_outpoint(&raw, &transaction->inputs[number]);
  write_script(&raw, code.bytes, code.length);
  bs_buffer_little_endian(&raw, value, 8);
  bs_buffer_little_endian(&raw, transaction->inputs[number].sequence, 4);
  bs_buffer_add(&raw, hashes[2], BS_SHA256_SIZE);
  bs_buffer_little_endian(&raw, transaction->lock_time, 4);
  bs_buffer_little_endian(&raw, SIGHASH_ALL, 4);
  if (!bs_buffer_ok(&raw, error)) return false;
  bs_sha256d(digest, raw.bytes, raw.length);
  return true;
}

/* A P2PKH input's script is exactly two direct pushes: signature with its type, public key.  By another form of the
 * same pushes anybody could change the transaction's id. */
static bool split_signature(const struct bs_transaction_input *input, const unsigned char **ret_signature,
                            size_t *ret_length, struct bs_public_key *ret_key) {
  const unsigned char *script = input->script, *key;
  size_t signature_length, key_length;

  if (input->script_length < 2 || script[0] < 2 || script[0] > 73) return false;
  signature_length = script[0];
  if (!bs_script_second_push(&key, &key_length, script, input->script_length)) return false;
  if (key != script + signature_length + 2 || key + key_length != script + input->script_length) return false;
  if (script[signature_length] != SIGHASH_ALL) return false;
  if (!bs_public_key_parse(ret_key, key, key_length)) return false;
  *ret_signature = script + 1;
  *ret_length = signature_length - 1;
  return true;
}

bool bs_transaction_check_input(const struct bs_transaction *transaction, size_t number, const unsigned char *script,
                                size_t script_length, struct bs_error *error) {
  unsigned char owner[BS_HASH160_SIZE], hash[BS_HASH160_SIZE], digest[BS_SHA256_SIZE];
  const unsigned char *signature;
  size_t length;
  struct bs_public_key key;

  if (bs_script_classify(owner, script, script_length) != BS_SCRIPT_PUBLIC_KEY_HASH)
    return bs_fail(error, BS_WORD_denied, "Input %zu spends an output that is not P2PKH; only those can be spent here.",
                   number);
  if (!split_signature(&transaction->inputs[number], &signature, &length, &key))
    return bs_fail(error, BS_WORD_forged,
                   "Input %zu does not hold a signature over the whole transaction and a public key.", number);
  bs_public_key_hash(hash, &key);
  if (memcmp(hash, owner, sizeof hash) != 0)
    return bs_fail(error, BS_WORD_forged,
                   "Input %zu is signed with a key that the output it spends does not belong to.", number);
  if (!bs_transaction_digest(digest, transaction, number, script, script_length, error)) return false;
  if (!bs_verify_der(&key, digest, signature, length))
    return bs_fail(error, BS_WORD_forged, "The signature of input %zu is not good for this transaction.", number);
  return true;
}

void bs_txid_text(char text[2 * BS_TXID_SIZE + 1], const unsigned char txid[BS_TXID_SIZE]) {
  bs_hex_encode_reversed(text, txid, BS_TXID_SIZE);
}

bool bs_txid_parse(unsigned char txid[BS_TXID_SIZE], const char *text) {
  unsigned char reversed[BS_TXID_SIZE];

  if (strlen(text) != sizeof reversed * 2 || !bs_hex_decode(reversed, BS_TXID_SIZE, text)) return false;
  for (size_t i = 0; i < BS_TXID_SIZE; i++) txid[i] = reversed[BS_TXID_SIZE - 1 - i];
  return true;
}

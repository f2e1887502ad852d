/* SPDX-License-Identifier: MIT */
/*
 * Blocks of transactions, made of any bytes, and applied to an index in memory.  The bytes are items, one after the
 * other, up to the first that is cut off:
 *
 *     00                            the block ends
 *     SENDER LENGTH(2) BYTES        a raw transaction (left out when it is none)
 *     SENDER|40 LENGTH(1) PAYLOAD COUNT(1) OUTPUTS
 *                                   a transaction with this payload; each output is a byte: its script in the low four
 *                                   bits, its value in the high ones
 *
 * SENDER: 01 to 0f, the number of the script that the first input spends.
 */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/chain/ledger-private.h"
#include "core/codec/hex.h"
#include "t/fuzz/targets.h"

#define BLOCKS_MAX 28
#define TRANSACTIONS_MAX 48 /* of one block */
#define FIRST_BLOCK 1000

/* Two indexes that are to say the same: the second one takes every block twice, rolling it back in between. */
struct world {
  struct bs_index index, again;
  uint64_t height;
  struct bs_buffer raws[TRANSACTIONS_MAX];
  struct bs_transaction parsed[TRANSACTIONS_MAX];
  struct bs_block_transaction transactions[TRANSACTIONS_MAX];
  size_t count;
};

/* The second push of every input of transactions that are made of parts. */
#define KEY "02e121352f706a6feed42970970c54bd53cbe157a86b5f972301cec9372c8cac09"

static const char *const scripts[16] = {
    "",
    "76a914c5581ba1c1ab038b2924b8a7eefc0555d6cc7b0688ac", /* the key's */
    "21" KEY "ac",
    "76a9144831afcaf6412cad556a1731b0c1ac42460a534e88ac",
    "76a914b54c877712c679185b045d29f5ceed6aae77652e88ac",
    "76a9142b1eea560125b9481079f75fba8979a747b0757a88ac",
    "a914c1d89ef6b8c2a61d9bb8428c195591f25d8d15b387",
    "a914000000000000000000000000000000000000000087",
    "76a914000000000000000000000000000000000000000088ac", /* burned */
    "51",
    "6a",
    "6a0568656c6c6f",
    "6a4cff",
    "0014c5581ba1c1ab038b2924b8a7eefc0555d6cc7b06",
    ("4104d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
     "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fbac"),
    "76a9",
};

static const uint64_t values[16] = {0,         1,          99,          100,         101,      5500,   10000,
                                    1000000,   400000000,  4000000000,  40000000000, 40000000, 1 << 30, 39999999999,
                                    BS_MONEY_MAX / 16, BS_MONEY_MAX};

/* By number, as bytes. */
static const unsigned char *script_of(size_t number, size_t *ret_length) {
  static unsigned char bytes[16][BS_SCRIPT_MAX + 1];

  *ret_length = strlen(scripts[number]) / 2;
  PROMISED(bs_hex_decode(bytes[number], *ret_length, scripts[number]));
  return bytes[number];
}

/* ---- the bytes ---- */

struct reader {
  const uint8_t *at;
  size_t left;
};

/* NULL: not so many. */
static const uint8_t *take(struct reader *reader, size_t length) {
  const uint8_t *bytes = reader->at;

  if (length > reader->left) return NULL;
  reader->at += length;
  reader->left -= length;
  return bytes;
}

static void add_output(struct bs_buffer *raw, uint64_t value, const void *script, size_t length) {
  bs_buffer_little_endian(raw, value, 8);
  if (length >= 0xfd) bs_buffer_byte(raw, 0xfd);
  bs_buffer_little_endian(raw, length, length >= 0xfd ? 2 : 1);
  bs_buffer_add(raw, script, length);
}

/* One input, whose second push is the key. */
static void add_input(struct bs_buffer *raw, uint64_t number) {
  static const unsigned char pushes[] = {1, 0, 33};
  unsigned char *key;

  bs_buffer_little_endian(raw, number, 8); /* the coin: another one each time */
  for (size_t i = 0; i < 28; i++) bs_buffer_byte(raw, 0xc0);
  bs_buffer_byte(raw, sizeof pushes + 33);
  bs_buffer_add(raw, pushes, sizeof pushes);
  key = bs_buffer_extend(raw, 33);
  PROMISED(key != NULL && bs_hex_decode(key, 33, KEY));
  bs_buffer_little_endian(raw, UINT32_MAX, 4);
}

static void add_payload(struct bs_buffer *raw, const uint8_t *payload, size_t length) {
  struct bs_buffer script BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_buffer_byte(&script, 0x6a);
  if (length >= 0x4c) bs_buffer_byte(&script, 0x4c);
  bs_buffer_byte(&script, (unsigned char)length);
  bs_buffer_add(&script, payload, length);
  add_output(raw, 0, script.bytes, script.length);
}

static bool read_parts(struct bs_buffer *raw, struct reader *reader, uint64_t number) {
  const uint8_t *length = take(reader, 1), *payload = length == NULL ? NULL : take(reader, *length),
                *count = payload == NULL ? NULL : take(reader, 1),
                *outputs = count == NULL ? NULL : take(reader, *count & 15);

  if (outputs == NULL) return false;
  bs_buffer_little_endian(raw, 1, 4);
  bs_buffer_byte(raw, 1);
  add_input(raw, number);
  bs_buffer_byte(raw, (unsigned char)(1 + (*count & 15)));
  add_payload(raw, payload, *length);
  for (size_t i = 0; i < (*count & 15); i++) {
    size_t script_length;
    const unsigned char *script = script_of(outputs[i] & 15, &script_length);

    add_output(raw, values[outputs[i] >> 4], script, script_length);
  }
  bs_buffer_little_endian(raw, 0, 4);
  return true;
}

static bool read_raw(struct bs_buffer *raw, struct reader *reader) {
  const uint8_t *length = take(reader, 2), *bytes = length == NULL ? NULL : take(reader, length[0] + 256u * length[1]);

  if (bytes == NULL) return false;
  bs_buffer_add(raw, bytes, length[0] + 256u * length[1]);
  return true;
}

/* False at the end of the block, and of the bytes. */
static bool read_transaction(struct world *world, struct reader *reader) {
  const uint8_t *kind = take(reader, 1);
  size_t i = world->count;
  struct bs_buffer *raw = &world->raws[i];
  struct bs_error error;

  if (kind == NULL || *kind == 0 || i == TRANSACTIONS_MAX) return false;
  bs_buffer_clear(raw);
  if ((*kind & 0x40) != 0 ? !read_parts(raw, reader, world->height * TRANSACTIONS_MAX + i) : !read_raw(raw, reader))
    return false;
  if (!bs_transaction_parse(&world->parsed[i], raw->bytes, raw->length, &error)) return true;
  world->transactions[i] = (struct bs_block_transaction){.transaction = &world->parsed[i], .vtxindex = i};
  if ((*kind & 15) != 0)
    world->transactions[i].sender = script_of(*kind & 15, &world->transactions[i].sender_length);
  world->count++;
  return true;
}

/* ---- the blocks ---- */

static void apply(const struct bs_index *index, struct bs_block_result *result, struct world *world) {
  struct bs_error error;

  PROMISED(bs_database_begin(index->database, &error));
  PROMISED(bs_rules_apply(index, result, world->height, world->transactions, world->count, &error));
  PROMISED(bs_database_commit(index->database, &error));
}

static void roll_back(const struct bs_index *index, uint64_t height) {
  struct bs_error error;

  PROMISED(bs_database_begin(index->database, &error));
  PROMISED(bs_index_rollback(index, height, &error));
  PROMISED(bs_database_commit(index->database, &error));
}

static void expect_same(const struct bs_block_result *one, const struct bs_block_result *other) {
  PROMISED(one->accepted == other->accepted);
  PROMISED(memcmp(one->operations_hash, other->operations_hash, sizeof one->operations_hash) == 0);
  PROMISED(memcmp(one->consensus, other->consensus, sizeof one->consensus) == 0);
}

static void apply_block(struct world *world) {
  struct bs_block_result result, again;

  apply(&world->index, &result, world);
  for (size_t i = 0; i < world->count; i++)
    PROMISED((world->transactions[i].verdict == BS_VERDICT_REFUSED) == (world->transactions[i].reason[0] != '\0'));
  apply(&world->again, &again, world);
  expect_same(&result, &again);
  roll_back(&world->again, world->height - 1);
  apply(&world->again, &again, world);
  expect_same(&result, &again);
  for (size_t i = 0; i < world->count; i++) bs_transaction_free(&world->parsed[i]);
  world->count = 0;
  world->height++;
}

static struct bs_index open_index(const struct bs_chain_parameters *parameters) {
  struct bs_index index = {.parameters = parameters};
  struct bs_error error;

  PROMISED(bs_database_open_memory(&index.database, &bs_ledger_kind, &error));
  return index;
}

void bs_fuzz_blocks(const uint8_t *bytes, size_t length) {
  static const struct bs_chain_parameters parameters = {.magic = {'i', 'd'},
                                                        .script_version = 5,
                                                        .first_block = FIRST_BLOCK,
                                                        .names_per_owner = 2,
                                                        .import_keys = 1,
                                                        .undo_blocks = 2,
                                                        .seed_first = FIRST_BLOCK - 1,
                                                        .seed_last = FIRST_BLOCK - 1,
                                                        .seed = {0x17, 0xac, 0x43, 0xc1}};
  struct reader reader = {bytes, length};
  struct world *world = calloc(1, sizeof *world);

  PROMISED(world != NULL);
  world->height = FIRST_BLOCK;
  world->index = open_index(&parameters);
  world->again = open_index(&parameters);
  for (size_t i = 0; i < BLOCKS_MAX && reader.left > 0; i++) {
    while (read_transaction(world, &reader)) continue;
    apply_block(world);
  }
  bs_database_close(world->index.database);
  bs_database_close(world->again.database);
  for (size_t i = 0; i < TRANSACTIONS_MAX; i++) bs_buffer_free(&world->raws[i]);
  free(world);
}

/* SPDX-License-Identifier: MIT */
/* The local chain: updates of one name, a block each, all in one commit; every signature is checked.  Making and signing
 * them is not timed. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/chain/ledger.h"
#include "tools/bench-index/bench.h"

#define NAME "bench-ledger.id"
#define BURNED 1000000u

struct writer {
  struct bs_ledger *ledger;
  struct bs_key *key;
  struct bs_coin coin; /* for the next transaction; its change */
  double spent;        /* in bs_ledger_append, microseconds */
};

static void append(struct writer *writer, const struct bs_operation *operation) {
  struct bs_draft draft = {.input_count = 0};
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char payload[BS_PAYLOAD_MAX], hash[BS_HASH160_SIZE], txid[BS_TXID_SIZE];
  uint64_t height;
  double from;
  struct bs_error error = {0};

  bs_public_key_hash(hash, bs_key_public(writer->key));
  bs_draft_spend(&draft, &writer->coin, writer->key);
  bs_draft_data(&draft, payload, bs_operation_write(payload, (const unsigned char *)"id", operation));
  bs_draft_pay(&draft, hash, writer->coin.value - BURNED);
  bs_draft_pay(&draft, (const unsigned char[BS_HASH160_SIZE]){0}, BURNED);
  bench_check(bs_draft_sign(&raw, txid, &draft, &error), &error);
  from = bench_now_us();
  bench_check(bs_ledger_append(writer->ledger, &height, NULL, &(struct bs_raw){raw.bytes, raw.length}, 1, true, &error), &error);
  writer->spent += bench_now_us() - from;
  bench_check(bs_coin_from_transaction(&writer->coin, txid, 1, raw.bytes, raw.length, &error), &error);
}

static struct bs_ledger_tip tip_of(struct writer *writer) {
  struct bs_ledger_tip tip;
  struct bs_error error = {0};

  bench_check(bs_ledger_get_tip(writer->ledger, &tip, &error), &error);
  return tip;
}

static void register_name(struct writer *writer) {
  struct bs_operation operation = {.opcode = BS_NAME_PREORDER, .quantity = 1};
  char address[BS_ADDRESS_TEXT];

  bs_key_address(address, writer->key, BS_NETWORK_MAIN);
  bs_name_hash(operation.hash, NAME, &writer->coin.script, address);
  memcpy(operation.consensus, tip_of(writer).consensus, sizeof operation.consensus);
  append(writer, &operation);
  operation = (struct bs_operation){.opcode = BS_NAME_REGISTRATION, .name = NAME};
  append(writer, &operation);
}

static void update_name(struct writer *writer, size_t turn) {
  struct bs_operation operation = {.opcode = BS_NAME_UPDATE};

  bs_update_hash(operation.name_hash, NAME, tip_of(writer).consensus);
  bs_hash160(operation.value_hash, &turn, sizeof turn);
  append(writer, &operation);
}

static void fund(struct writer *writer, size_t count) {
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_outpoint coin;
  unsigned char hash[BS_HASH160_SIZE];
  size_t found;
  struct bs_error error = {0};

  bs_public_key_hash(hash, bs_key_public(writer->key));
  bench_check(bs_ledger_grant(writer->ledger, hash, (count + 10) * BURNED, &error) &&
                  bs_ledger_get_unspents(writer->ledger, &coin, &found, 1, hash, &error) &&
                  bs_ledger_get_transaction(writer->ledger, &raw, NULL, coin.txid, &error) &&
                  bs_coin_from_transaction(&writer->coin, coin.txid, coin.output, raw.bytes, raw.length, &error),
              &error);
}

void bench_ledger(const char *path, size_t count) {
  struct writer writer = {.spent = 0};
  struct bs_error error = {0};

  bench_check(bs_key_generate(&writer.key, &error), &error);
  bench_check(bs_ledger_open(&writer.ledger, path, BS_DATABASE_CREATE, NULL, NULL, &error), &error);
  bench_check(bs_ledger_begin(writer.ledger, &error), &error);
  fund(&writer, count);
  register_name(&writer);
  writer.spent = 0;
  for (size_t i = 0; i < count; i++) update_name(&writer, i);
  bench_check(bs_ledger_commit(writer.ledger, &error), &error);
  bs_ledger_close(writer.ledger);
  bs_key_free(writer.key);
  bench_tell_rate(count, writer.spent, path);
}

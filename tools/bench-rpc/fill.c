/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bitcoind/chain.h"
#include "core/chain/ledger.h"
#include "tools/bench-rpc/bench.h"

#define NAMES_OF_OWNER 20

static void check(bool good, const struct bs_error *error) {
  if (good) return;
  fprintf(stderr, "bench-rpc: %s\n", error->message);
  bench_die(NULL);
}

/* Registered, or updated in a later block; twenty names have one owner. */
static void make(struct bs_name_entry *entry, unsigned long number, unsigned long block) {
  unsigned char hash[BS_HASH160_SIZE] = {0};
  unsigned long owner = number / NAMES_OF_OWNER;

  memset(entry, 0, sizeof *entry);
  snprintf(entry->name, sizeof entry->name, BENCH_NAME, number);
  memcpy(hash, &owner, sizeof owner);
  bs_script_pay_to(&entry->origin.sender, hash);
  entry->origin.public_key.length = 33;
  memset(entry->origin.public_key.bytes, 2, 33);
  bs_address_encode(entry->origin.address, 0, hash);
  snprintf(entry->origin.op, sizeof entry->origin.op, "+");
  memcpy(entry->origin.txid, &number, sizeof number);
  entry->origin.txid[sizeof number] = (unsigned char)block;
  entry->has_value = true;
  memset(entry->value_hash, (int)(number + block), sizeof entry->value_hash);
  entry->has_consensus = block > 1;
  entry->block_number = entry->preorder_block_number = entry->first_registered = entry->last_renewed = 1;
  entry->changed_block = block;
  snprintf(entry->op_fee, sizeof entry->op_fee, "6250");
  entry->listed = BS_LIST_BOTH;
}

/* What is filled: a ledger, or the index of a node, which needs no blocks to answer. */
struct target {
  struct bs_ledger *ledger;
  struct bs_bitcoin_chain *chain;
  const struct bs_index *index;
};

static void open_target(struct target *target, const struct bench_fill *fill) {
  struct bs_error error = {0};

  if (fill->is_index) {
    check(bs_bitcoin_chain_open(&target->chain, fill->path, bs_bitcoin_network_find("regtest"), 0, BS_DATABASE_CREATE, NULL,
                                &error) && bs_bitcoin_chain_begin(target->chain, &error), &error);
    target->index = bs_bitcoin_chain_index(target->chain);
  } else {
    check(bs_ledger_open(&target->ledger, fill->path, BS_DATABASE_CREATE, NULL, NULL, &error) &&
              bs_ledger_begin(target->ledger, &error), &error);
    target->index = bs_ledger_index(target->ledger);
  }
}

static void close_target(struct target *target, const struct bench_fill *fill) {
  struct bs_error error = {0};
  uint64_t height;

  if (fill->is_index) check(bs_bitcoin_chain_commit(target->chain, &error), &error);
  for (unsigned long i = 0; i <= fill->updates && !fill->is_index; i++)
    check(bs_ledger_append(target->ledger, &height, NULL, NULL, 0, false, &error), &error);
  if (!fill->is_index) check(bs_ledger_commit(target->ledger, &error), &error);
  bs_bitcoin_chain_close(target->chain);
  bs_ledger_close(target->ledger);
}

void bench_fill(const struct bench_fill *fill) {
  struct target target = {.ledger = NULL};
  struct bs_buffer text = BS_BUFFER_INIT;
  struct bs_error error = {0};

  open_target(&target, fill);
  for (unsigned long block = 1; block <= 1 + fill->updates; block++) /* as a chain has them: all names' first operations first */
    for (unsigned long i = 0; i < fill->names; i++) {
      struct bs_entry_context context = {.opcode = block == 1 ? BS_NAME_REGISTRATION : BS_NAME_UPDATE};
      struct bs_name_entry entry;

      make(&entry, i, block);
      memcpy(context.name_hash, &i, sizeof i);
      bs_buffer_clear(&text);
      bs_serialise_name(&text, &entry, &context);
      check((block <= fill->updates || bs_index_add_name(target.index, &entry, &error)) &&
                bs_index_put_operation(target.index, block, i, entry.origin.txid, context.opcode, entry.name, entry.value_hash,
                                       &text, &error),
            &error);
    }
  bs_buffer_free(&text);
  close_target(&target, fill);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chain/ledger.h"
#include "tools/bench-rpc/bench.h"

#define NAMES_OF_OWNER 20

static void check(bool good, const struct bs_error *error) {
  if (good) return;
  fprintf(stderr, "bench-rpc: %s\n", error->message);
  bench_die(NULL);
}

/* Registered, with a value; twenty names have one owner. */
static void make(struct bs_name_entry *entry, unsigned long number) {
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
  entry->has_value = true;
  memset(entry->value_hash, (int)number, sizeof entry->value_hash);
  entry->block_number = entry->preorder_block_number = entry->first_registered = entry->last_renewed = entry->changed_block = 1;
  snprintf(entry->op_fee, sizeof entry->op_fee, "6250");
  entry->listed = BS_LIST_BOTH;
}

void bench_fill(const char *path, unsigned long count) {
  struct bs_error error = {0};
  struct bs_ledger *ledger;
  struct bs_buffer text = BS_BUFFER_INIT;
  uint64_t height;

  check(bs_ledger_open(&ledger, path, BS_DATABASE_CREATE, NULL, NULL, &error) && bs_ledger_begin(ledger, &error), &error);
  for (unsigned long i = 0; i < count; i++) {
    const struct bs_entry_context context = {.opcode = BS_NAME_REGISTRATION};
    struct bs_name_entry entry;

    make(&entry, i);
    bs_serialise_name(&text, &entry, &context);
    check(bs_index_add_name(bs_ledger_index(ledger), &entry, &error) &&
              bs_index_put_operation(bs_ledger_index(ledger), 1, i, entry.origin.txid, BS_NAME_REGISTRATION, entry.name,
                                     entry.value_hash, &text, &error),
          &error);
  }
  check(bs_ledger_append(ledger, &height, NULL, NULL, 0, false, &error) && bs_ledger_commit(ledger, &error), &error);
  bs_buffer_free(&text);
  bs_ledger_close(ledger);
}

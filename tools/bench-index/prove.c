/* SPDX-License-Identifier: MIT */
/*
 * Proofs (core/names/proof.h) of a name that was changed last so and so many blocks below the pin, out of an index with one block
 * in ten that has operations; and what its hashing alone costs.
 */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/chain/consensus.h"
#include "core/names/proof-claim.h"
#include "tools/bench-index/bench.h"

#define BUSY 10      /* each so many blocks, one has operations */
#define OPERATIONS 2 /* in it */

/* The record of the name with this number, as it is after an update in the block. */
static void make_entry(struct bs_name_entry *entry, uint64_t number, uint64_t block) {
  unsigned char hash[BS_HASH160_SIZE];

  *entry = (struct bs_name_entry){.has_value = true, .block_number = block, .preorder_block_number = block,
                                  .first_registered = block, .last_renewed = block, .changed_block = block};
  bench_name(entry->name, number);
  bs_hash160(hash, &number, sizeof number);
  bs_script_pay_to(&entry->origin.sender, hash);
  bs_address_encode(entry->origin.address, 0, hash);
  memcpy(entry->value_hash, hash, sizeof hash);
  memcpy(entry->origin.txid, hash, sizeof hash);
  memcpy(entry->origin.op, "+", 2);
  memcpy(entry->op_fee, "1000", 5);
}

static void add_operation(const struct bs_index *index, struct bs_leaf *leaf, uint64_t number, uint64_t block,
                          uint64_t position) {
  struct bs_buffer serialised BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_entry_context context = {.opcode = BS_NAME_UPDATE};
  struct bs_name_entry entry;
  struct bs_error error = {0};

  make_entry(&entry, number, block);
  entry.origin.vtxindex = position;
  bs_serialise_name(&serialised, &entry, &context);
  bs_operation_leaf(leaf, serialised.bytes, serialised.length);
  bench_check(bs_index_put_operation(index, block, position, entry.origin.txid, BS_NAME_UPDATE, entry.name, entry.value_hash,
                                     &serialised, &error),
              &error);
}

void bench_add_block(const struct bs_index *index, unsigned char consensus[BS_CONSENSUS_SIZE], uint64_t block) {
  unsigned char operations[BS_SHA256_SIZE];
  struct bs_leaf leaves[OPERATIONS];
  size_t count = block % BUSY == 0 ? OPERATIONS : 0;
  struct bs_error error = {0};

  for (size_t i = 0; i < count; i++) add_operation(index, &leaves[i], OPERATIONS * block + i, block, i);
  bs_operations_hash(operations, leaves, count);
  bench_check(bs_index_close_block(index, consensus, block, operations, &error), &error);
}

void bench_fill_blocks(const char *path, size_t blocks) {
  struct bench_index file;

  bench_index_open(&file, path, BS_DATABASE_CREATE);
  for (uint64_t block = BENCH_FIRST_BLOCK; block < BENCH_FIRST_BLOCK + blocks; block++) {
    unsigned char consensus[BS_CONSENSUS_SIZE];

    bench_add_block(&file.index, consensus, block);
    if (block % 1000 == 0) bench_index_commit(&file);
  }
  bench_index_close(&file);
}

static bool ask_hashes(void *user, struct bs_block_hashes *blocks, size_t count, struct bs_error *error) {
  const struct bench_index *file = user;

  for (size_t i = 0; i < count; i++) {
    bool found;

    if (!bs_index_get_consensus(&file->index, blocks[i].consensus, blocks[i].operations, &found, blocks[i].block, error))
      return false;
    if (!found) bench_die("no such block");
  }
  return true;
}

static bool add(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct bs_buffer serialised BS_AUTO_BUFFER = BS_BUFFER_INIT;

  (void)block;
  bs_fields_write(&serialised, fields);
  return bs_buffer_ok(&serialised, error) && bs_operation_list_add(user, serialised.bytes, serialised.length, error);
}

static bool ask_operations(void *user, struct bs_operation_list *lists, const uint64_t *blocks, size_t count,
                           struct bs_error *error) {
  for (size_t i = 0; i < count; i++)
    if (!bs_index_operations_at(&((struct bench_index *)user)->index, blocks[i], add, &lists[i], error)) return false;
  return true;
}

void bench_prove_by(const struct bs_proof_source *source, const struct bs_pin *pin, uint64_t first_block, size_t back,
                    bool whole) {
  struct bs_name_entry entry;
  struct bs_claim claim = {.found = true, .has_name_space = true,
                           .name_space = {.id = "id", .state = BS_NAMESPACE_IS_READY,
                                          .rules = {.lifetime = BS_LIFETIME_INFINITE}}};
  uint64_t block = (pin->block - back) / BUSY * BUSY;
  struct bs_claim_result result;
  struct bs_proof *proof;
  struct bs_error error = {0};
  double from;

  make_entry(&entry, OPERATIONS * block, block);
  claim.name = entry.name;
  claim.entry = entry;
  memcpy(claim.name_space.id, bs_name_namespace(entry.name), strlen(bs_name_namespace(entry.name)) + 1);
  from = bench_now_us();
  bench_check(bs_proof_new(&proof, source, NULL, pin, first_block, &error), &error);
  bench_check(bs_claim_prove(proof, &result, &claim, whole ? BS_EXTENT_CURRENT : BS_EXTENT_INCLUDED, pin, first_block, &error),
              &error);
  printf("%.1f %zu %zu %zu", (bench_now_us() - from) / 1e3, (size_t)bs_proof_cost(proof)->blocks,
         (size_t)bs_proof_cost(proof)->questions, (size_t)bs_proof_cost(proof)->bytes);
  bs_proof_free(proof);
}

void bench_prove(const char *path, size_t blocks, size_t back, bool whole) {
  struct bench_index file;
  const struct bs_proof_source source = {&file, ask_hashes, ask_operations};
  struct bs_pin pin = {.block = BENCH_FIRST_BLOCK + blocks - 1};
  struct bs_error error = {0};
  bool found;

  bench_index_open(&file, path, BS_DATABASE_READ);
  bench_check(bs_index_get_consensus(&file.index, pin.consensus, NULL, &found, pin.block, &error), &error);
  bench_prove_by(&source, &pin, BENCH_FIRST_BLOCK, back, whole);
  putchar('\n');
  bench_index_close(&file);
}

/* As many blocks hashed, with as many inputs as one has, that lie in memory. */
void bench_floor_prove(size_t count) {
  struct bs_leaf inputs[16];
  unsigned char operations[BS_SHA256_SIZE] = {1}, consensus[BS_CONSENSUS_SIZE];
  double from = bench_now_us();

  for (size_t i = 0; i < 16; i++) {
    memset(inputs[i].bytes, (int)i, sizeof inputs[i].bytes);
    inputs[i].length = BS_CONSENSUS_SIZE;
  }
  for (size_t i = 0; i < count; i++) {
    bs_consensus_hash(consensus, operations, inputs, 16);
    memcpy(inputs[i % 16].bytes, consensus, sizeof consensus);
  }
  printf("%.1f\n", (bench_now_us() - from) / 1e3);
}

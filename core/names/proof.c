/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/proof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/chain/consensus.h"
#include "core/names/proof-private.h"

#define CHUNK 1000 /* blocks of one descent that are asked for together */
#define CHUNK_MIN 32 /* the first ones, where those below them may be remembered */
#define BLOCK_MAX (UINT64_C(1) << 62)

struct bs_proof {
  struct bs_proof_source source;
  struct bs_proof_memory memory;
  struct bs_pin pin;
  uint64_t first_block;
  struct bs_proof_table table;
  uint64_t *wanted; /* blocks of the next questions */
  size_t wanted_count, wanted_room;
  struct bs_proof_cost cost;
};

void bs_proof_free(struct bs_proof *proof) {
  if (proof == NULL) return;
  bs_proof_table_free(&proof->table);
  free(proof->wanted);
  free(proof);
}

const struct bs_proof_cost *bs_proof_cost(const struct bs_proof *proof) {
  return &proof->cost;
}

bool bs_proof_new(struct bs_proof **ret_proof, const struct bs_proof_source *source, const struct bs_proof_memory *memory,
                  const struct bs_pin *pin, uint64_t first_block, struct bs_error *error) {
  struct bs_proof *proof;
  struct bs_proof_block *top;

  if (pin->block < first_block || pin->block >= BLOCK_MAX)
    return bs_fail(error, BS_WORD_stale, "The pin's block %" PRIu64 " comes before the chain's first, %" PRIu64
                   ", or is no block: nothing can be proven by it.", pin->block, first_block);
  proof = calloc(1, sizeof *proof);
  if (proof == NULL) return bs_fail_memory(error);
  proof->source = *source;
  if (memory != NULL) proof->memory = *memory;
  proof->pin = *pin;
  proof->first_block = first_block;
  top = bs_proof_table_add(&proof->table, pin->block);
  if (top == NULL) {
    bs_proof_free(proof);
    return bs_fail_memory(error);
  }
  memcpy(top->consensus, pin->consensus, sizeof top->consensus);
  top->has_consensus = top->is_trusted = true;
  *ret_proof = proof;
  return true;
}

/* ---- questions ---- */

static bool want(struct bs_proof *proof, uint64_t number, bool operations, struct bs_error *error) {
  struct bs_proof_block *block = bs_proof_table_add(&proof->table, number);

  if (block == NULL) return bs_fail_memory(error);
  block->wants_operations |= operations;
  if (block->is_asked || (block->has_consensus && (block->has_operations || !block->wants_operations))) return true;
  if (proof->wanted_count == proof->wanted_room) {
    size_t room = proof->wanted_room == 0 ? BS_PROOF_BATCH : 2 * proof->wanted_room;
    uint64_t *wanted = realloc(proof->wanted, room * sizeof *wanted);

    if (wanted == NULL) return bs_fail_memory(error);
    proof->wanted = wanted;
    proof->wanted_room = room;
  }
  block->is_asked = true;
  proof->wanted[proof->wanted_count++] = number;
  return true;
}

/* All that a block's hash is recomputed from. */
static bool want_inputs(struct bs_proof *proof, uint64_t number, struct bs_error *error) {
  uint64_t backs[64];
  size_t count = bs_proof_inputs(backs, number, proof->first_block);

  for (size_t i = 0; i < count; i++)
    if (!want(proof, number - backs[i], false, error)) return false;
  return want(proof, number, true, error);
}

static int compare_numbers(const void *left, const void *right) {
  const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

  return (a > b) - (a < b);
}

/* A block may be asked for a second time, when its operations hash is needed after all: it has one consensus hash only. */
static bool take_answer(struct bs_proof *proof, const struct bs_block_hashes *answer, struct bs_error *error) {
  struct bs_proof_block *block = bs_proof_table_find(&proof->table, answer->block);

  block->is_asked = false;
  if (block->has_consensus && memcmp(block->consensus, answer->consensus, sizeof block->consensus) != 0)
    return bs_fail(error, BS_WORD_forged, "The name service gives block %" PRIu64 " another consensus hash than %s.",
                   block->block, block->block == proof->pin.block ? "the pin has" : "follows from the pinned one");
  memcpy(block->consensus, answer->consensus, sizeof block->consensus);
  block->has_consensus = true;
  if (!answer->wants_operations) return true;
  memcpy(block->operations, answer->operations, sizeof block->operations);
  block->has_operations = true;
  return true;
}

static bool ask_batch(struct bs_proof *proof, struct bs_block_hashes *batch, size_t first, size_t count, struct bs_error *error) {
  for (size_t i = 0; i < count; i++) {
    uint64_t number = proof->wanted[first + i];

    batch[i] = (struct bs_block_hashes){.block = number,
                                        .wants_operations = bs_proof_table_find(&proof->table, number)->wants_operations};
  }
  proof->cost.questions++;
  if (!proof->source.hashes(proof->source.user, batch, count, error)) return false;
  for (size_t i = 0; i < count; i++) {
    proof->cost.bytes += BS_CONSENSUS_SIZE + (batch[i].wants_operations ? BS_SHA256_SIZE : 0);
    if (!take_answer(proof, &batch[i], error)) return false;
  }
  return true;
}

/* A server that lacks a block below the pin ends before it, or its chain begins later than it says. */
static bool explain_missing(const struct bs_proof *proof, struct bs_error *error) {
  if (error->word != BS_WORD_not_found) return false;
  return bs_fail(error, BS_WORD_stale, "The name service lacks a block below the pin's block %" PRIu64 ": it is behind, or of "
                 "another chain.  %s", proof->pin.block, error->message);
}

static bool ask(struct bs_proof *proof, struct bs_error *error) {
  struct bs_block_hashes *batch BS_AUTO_FREE = calloc(BS_PROOF_BATCH, sizeof *batch);

  if (batch == NULL) return bs_fail_memory(error);
  if (proof->wanted_count > 0) qsort(proof->wanted, proof->wanted_count, sizeof *proof->wanted, compare_numbers);
  for (size_t at = 0; at < proof->wanted_count; at += BS_PROOF_BATCH) {
    size_t left = proof->wanted_count - at;

    if (!ask_batch(proof, batch, at, left < BS_PROOF_BATCH ? left : BS_PROOF_BATCH, error)) return explain_missing(proof, error);
  }
  proof->wanted_count = 0;
  return true;
}

/* ---- one block ---- */

static bool refuse(uint64_t number, struct bs_error *error) {
  return bs_fail(error, BS_WORD_forged, "What the name service answers about block %" PRIu64 " and those before it does not "
                 "hash to that block's consensus hash, which follows from the pin: the answers are false, or the pin is of "
                 "another chain.", number);
}

static bool are_distinct(const struct bs_leaf *leaves, size_t count) {
  for (size_t i = 1; i < count; i++)
    for (size_t k = 0; k < i; k++)
      if (memcmp(leaves[i].bytes, leaves[k].bytes, BS_CONSENSUS_SIZE) == 0) return false;
  return true;
}

/* Recomputes the hash of a block that is trusted; its inputs are from then on. */
static bool verify(struct bs_proof *proof, uint64_t number, struct bs_error *error) {
  struct bs_proof_block *block = bs_proof_table_find(&proof->table, number), *inputs[64];
  struct bs_leaf leaves[BS_CONSENSUS_PREVIOUS_MAX];
  unsigned char consensus[BS_CONSENSUS_SIZE];
  uint64_t backs[64];
  size_t count = bs_proof_inputs(backs, number, proof->first_block);

  if (block->is_verified) return true;
  for (size_t i = 0; i < count; i++) {
    inputs[i] = bs_proof_table_find(&proof->table, number - backs[i]);
    memcpy(leaves[i].bytes, inputs[i]->consensus, BS_CONSENSUS_SIZE);
    leaves[i].length = BS_CONSENSUS_SIZE;
  }
  bs_consensus_hash(consensus, block->operations, leaves, count);
  proof->cost.blocks++;
  if (!block->is_trusted || memcmp(consensus, block->consensus, sizeof consensus) != 0 || !are_distinct(leaves, count))
    return refuse(number, error);
  for (size_t i = 0; i < count; i++) inputs[i]->is_trusted = true;
  block->is_verified = true;
  return true;
}

/* ---- reaching a block ---- */

typedef bool (*visit_block)(struct bs_proof *proof, uint64_t number, struct bs_error *error);

/* The chain that shows the order of a block's inputs, from the block on: each is an input of the one before. */
static bool visit_inputs(struct bs_proof *proof, uint64_t number, visit_block visit, struct bs_error *error) {
  uint64_t backs[64];
  size_t count = bs_proof_inputs(backs, number, proof->first_block);

  if (!visit(proof, number, error)) return false;
  for (size_t i = 0; i < count; i++)
    if ((i > 0 && !visit(proof, number - backs[i] + 1, error)) || !visit(proof, number - backs[i], error)) return false;
  return true;
}

/* Jump by jump, each as far as it goes. */
static bool visit_path(struct bs_proof *proof, uint64_t target, visit_block visit, struct bs_error *error) {
  uint64_t number = proof->pin.block;

  while (number > target) {
    uint64_t backs[64];
    size_t count = bs_proof_inputs(backs, number, proof->first_block);

    if (!visit_inputs(proof, number, visit, error)) return false;
    while (backs[count - 1] > number - target) count--;
    number -= backs[count - 1];
  }
  return visit(proof, target, error);
}

static bool check_range(const struct bs_proof *proof, uint64_t block, struct bs_error *error) {
  if (block > proof->pin.block)
    return bs_fail(error, BS_WORD_stale, "Block %" PRIu64 " comes after the pin's block %" PRIu64
                   ": nothing about it can be proven without a newer pin.", block, proof->pin.block);
  return block >= proof->first_block ||
         bs_fail(error, BS_WORD_forged, "The name service tells of an operation in block %" PRIu64 ", but the chain begins "
                 "with block %" PRIu64 ".", block, proof->first_block);
}

/* Trusts what was trusted in an earlier proof by the same pin. */
static bool recall_reached(struct bs_proof *proof, bool *ret_found, uint64_t number, struct bs_error *error) {
  unsigned char consensus[BS_CONSENSUS_SIZE];
  struct bs_proof_block *block;

  *ret_found = false;
  if (proof->memory.recall_reached == NULL) return true;
  if (!proof->memory.recall_reached(proof->memory.user, ret_found, number, proof->pin.consensus, consensus, error)) return false;
  if (!*ret_found) return true;
  block = bs_proof_table_add(&proof->table, number);
  if (block == NULL) return bs_fail_memory(error);
  memcpy(block->consensus, consensus, sizeof consensus);
  block->has_consensus = block->is_trusted = true;
  return true;
}

bool bs_proof_reach(struct bs_proof *proof, uint64_t target, struct bs_error *error) {
  const struct bs_proof_block *block;
  bool found;

  if (!check_range(proof, target, error) || !recall_reached(proof, &found, target, error)) return false;
  if (found) return want_inputs(proof, target, error) && ask(proof, error) && verify(proof, target, error);
  if (!visit_path(proof, target, want_inputs, error) || !ask(proof, error) || !visit_path(proof, target, verify, error))
    return false;
  block = bs_proof_table_find(&proof->table, target);
  return proof->memory.keep_reached == NULL ||
         proof->memory.keep_reached(proof->memory.user, target, proof->pin.consensus, block->consensus, error);
}

/* ---- descending to a block ---- */

/* Block `number` and as many below it as follow from what was verified before; `number` becomes the first that does not. */
static bool recall_blocks(struct bs_proof *proof, uint64_t *number, uint64_t last, struct bs_error *error) {
  static const unsigned char none[BS_CONSENSUS_SIZE];

  while (proof->memory.recall != NULL && *number + 1 > last) {
    struct bs_proof_block *block = bs_proof_table_find(&proof->table, *number), *below;
    unsigned char operations[BS_SHA256_SIZE], previous[BS_CONSENSUS_SIZE];
    bool found;

    if (!proof->memory.recall(proof->memory.user, &found, *number, block->consensus, operations, previous, error)) return false;
    if (!found) return true;
    memcpy(block->operations, operations, sizeof operations);
    block->has_operations = block->is_verified = block->is_recalled = true;
    if ((*number)-- == proof->first_block) return true;
    if (memcmp(previous, none, sizeof previous) == 0)
      return bs_fail(error, BS_WORD_corrupt, "The remembered proofs are damaged.");
    below = bs_proof_table_add(&proof->table, *number);
    if (below == NULL) return bs_fail_memory(error);
    if (below->has_consensus && memcmp(below->consensus, previous, sizeof previous) != 0) return refuse(*number + 1, error);
    memcpy(below->consensus, previous, sizeof previous);
    below->has_consensus = below->is_trusted = true;
  }
  return true;
}

/* At most `most` blocks down from `number`, which becomes the one below them. */
static bool descend_chunk(struct bs_proof *proof, uint64_t *number, uint64_t last, uint64_t most, struct bs_error *error) {
  uint64_t lowest = *number - last < most ? last : *number - most + 1;

  for (uint64_t n = *number; n + 1 > lowest; n--)
    if (!want_inputs(proof, n, error)) return false;
  if (!ask(proof, error)) return false;
  for (uint64_t n = *number; n + 1 > lowest; n--)
    if (!verify(proof, n, error)) return false;
  *number = lowest - 1;
  return true;
}

/* Only a whole descent shows that no block was left out. */
static bool keep_blocks(struct bs_proof *proof, uint64_t last, struct bs_error *error) {
  static const struct bs_proof_block none;

  if (proof->memory.keep == NULL) return true;
  for (uint64_t n = proof->pin.block; n > last || n == proof->first_block; n--) {
    const struct bs_proof_block *block = bs_proof_table_find(&proof->table, n);
    const struct bs_proof_block *below = n == proof->first_block ? &none : bs_proof_table_find(&proof->table, n - 1);

    if (!block->is_recalled &&
        !proof->memory.keep(proof->memory.user, n, block->consensus, block->operations, below->consensus, error))
      return false;
    if (n == proof->first_block) break;
  }
  return true;
}

static bool descend(struct bs_proof *proof, uint64_t last, struct bs_error *error) {
  uint64_t number = proof->pin.block, most = proof->memory.recall == NULL ? CHUNK : CHUNK_MIN;

  while (number + 1 > last) { /* the number below 0 is 2^64 - 1 */
    if (!recall_blocks(proof, &number, last, error)) return false;
    if (number + 1 > last && !descend_chunk(proof, &number, last, most, error)) return false;
    most = 2 * most < CHUNK ? 2 * most : CHUNK;
  }
  return true;
}

bool bs_proof_descend(struct bs_proof *proof, uint64_t last, struct bs_error *error) {
  if (!(last == proof->first_block ? check_range(proof, last, error) : bs_proof_reach(proof, last, error))) return false;
  return descend(proof, last, error) && keep_blocks(proof, last, error);
}

/* ---- what was shown ---- */

bool bs_proof_is_empty(const struct bs_proof *proof, uint64_t number) {
  unsigned char empty[BS_SHA256_SIZE];

  bs_operations_hash(empty, NULL, 0);
  return memcmp(bs_proof_table_find(&proof->table, number)->operations, empty, sizeof empty) == 0;
}

bool bs_proof_operations(struct bs_proof *proof, struct bs_operation_list *ret_lists, const uint64_t *blocks, size_t count,
                         struct bs_error *error) {
  for (size_t i = 0; i < count; i++) ret_lists[i] = (struct bs_operation_list){.count = 0};
  proof->cost.questions++;
  if (!proof->source.operations(proof->source.user, ret_lists, blocks, count, error)) return explain_missing(proof, error);
  for (size_t i = 0; i < count; i++) {
    proof->cost.bytes += ret_lists[i].bytes.length;
    if (!bs_operation_list_check(&ret_lists[i], bs_proof_table_find(&proof->table, blocks[i])->operations, blocks[i], error))
      return false;
  }
  return true;
}

bool bs_proof_recall_quiet(const struct bs_proof *proof, bool *ret_found, uint64_t *ret_lowest, const char *name, uint64_t block,
                           struct bs_error *error) {
  const struct bs_proof_memory *memory = &proof->memory;

  *ret_found = false;
  return memory->recall_quiet == NULL ||
         memory->recall_quiet(memory->user, ret_found, ret_lowest, name, block,
                              bs_proof_table_find(&proof->table, block)->consensus, error);
}

bool bs_proof_keep_quiet(const struct bs_proof *proof, const char *name, uint64_t block, uint64_t lowest,
                         struct bs_error *error) {
  const struct bs_proof_memory *memory = &proof->memory;

  return memory->keep_quiet == NULL ||
         memory->keep_quiet(memory->user, name, block, bs_proof_table_find(&proof->table, block)->consensus, lowest, error);
}

/* ---- what it will cost ---- */

static bool estimate_reach(const struct bs_proof *proof, struct bs_proof_cost *cost, uint64_t block, struct bs_error *error) {
  struct bs_proof *trial;
  bool found, good;

  if (!bs_proof_new(&trial, &proof->source, &proof->memory, &proof->pin, proof->first_block, error)) return false;
  good = recall_reached(trial, &found, block, error) &&
         (found ? want_inputs(trial, block, error) : visit_path(trial, block, want_inputs, error));
  for (size_t i = 0; good && i < trial->wanted_count; i++) {
    bool operations = bs_proof_table_find(&trial->table, trial->wanted[i])->wants_operations;

    cost->blocks += operations;
    cost->bytes += BS_CONSENSUS_SIZE + (operations ? BS_SHA256_SIZE : 0);
  }
  cost->questions += (trial->wanted_count + BS_PROOF_BATCH - 1) / BS_PROOF_BATCH;
  bs_proof_free(trial);
  return good;
}

/* Inputs farther back than the descent goes are asked for besides. */
static void estimate_descent(const struct bs_proof *proof, struct bs_proof_cost *cost, uint64_t count) {
  uint64_t backs[64], chunks = (count + CHUNK - 1) / CHUNK, chunk = count < CHUNK ? count : CHUNK, farther = 0;
  size_t inputs = bs_proof_inputs(backs, proof->pin.block, proof->first_block);

  for (size_t i = 0; i < inputs; i++) farther += backs[i] >= count;
  cost->blocks += count;
  cost->bytes += count * (BS_CONSENSUS_SIZE + BS_SHA256_SIZE + farther * BS_CONSENSUS_SIZE);
  cost->questions += chunks * ((chunk * (1 + farther) + BS_PROOF_BATCH - 1) / BS_PROOF_BATCH);
}

bool bs_proof_estimate(const struct bs_proof *proof, struct bs_proof_cost *ret_cost, uint64_t block, bool whole,
                       struct bs_error *error) {
  struct bs_proof_cost cost = {.blocks = 0};

  if (!check_range(proof, block, error) ||
      (!(whole && block == proof->first_block) && !estimate_reach(proof, &cost, block, error)))
    return false;
  if (whole) estimate_descent(proof, &cost, proof->pin.block - block + 1);
  *ret_cost = cost;
  return true;
}

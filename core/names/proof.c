/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/proof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/chain/consensus.h"
#include "core/names/proof-private.h"

/* Blocks of a descent that are asked for, verified and kept together, each one jump: a few at first, so that also a call with
 * little time gets on. */
#define CHUNK_MIN 63
#define CHUNK 1023
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
  bool has_recalled;
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

bool bs_proof_has_recalled(const struct bs_proof *proof) {
  return proof->has_recalled;
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

/* What is known of the pin's block is not what the service says of it. */
static bool take_answer(struct bs_proof *proof, const struct bs_block_hashes *answer, struct bs_error *error) {
  struct bs_proof_block *block = bs_proof_table_find(&proof->table, answer->block);

  block->is_asked = false;
  if (block->has_consensus && !answer->has_consensus && memcmp(block->consensus, answer->consensus, sizeof block->consensus) != 0)
    return bs_fail(error, BS_WORD_forged, "The name service gives block %" PRIu64 " another consensus hash than the pin has.",
                   block->block);
  if (!answer->has_consensus) memcpy(block->consensus, answer->consensus, sizeof block->consensus);
  block->has_consensus = true;
  if (!answer->wants_operations) return true;
  memcpy(block->operations, answer->operations, sizeof block->operations);
  block->has_operations = true;
  return true;
}

static bool ask_batch(struct bs_proof *proof, struct bs_block_hashes *batch, size_t first, size_t count, struct bs_error *error) {
  for (size_t i = 0; i < count; i++) {
    uint64_t number = proof->wanted[first + i];
    const struct bs_proof_block *block = bs_proof_table_find(&proof->table, number);

    batch[i] = (struct bs_block_hashes){.block = number,
                                        .wants_operations = block->wants_operations,
                                        .has_consensus = block->has_consensus && number != proof->pin.block};
  }
  proof->cost.questions++;
  if (!proof->source.hashes(proof->source.user, batch, count, error)) return false;
  for (size_t i = 0; i < count; i++) {
    proof->cost.bytes += (batch[i].has_consensus ? 0 : BS_CONSENSUS_SIZE) + (batch[i].wants_operations ? BS_SHA256_SIZE : 0);
    if (!take_answer(proof, &batch[i], error)) return false;
  }
  return true;
}

/* What is remembered of a block, unless it contradicts what is known. */
static bool recall(struct bs_proof *proof, uint64_t number) {
  struct bs_proof_block *block = bs_proof_table_find(&proof->table, number);
  struct bs_block_hashes told = {.block = number, .wants_operations = block->wants_operations};

  if (proof->memory.recall == NULL || !proof->memory.recall(proof->memory.user, &told) ||
      (block->has_consensus && memcmp(block->consensus, told.consensus, sizeof told.consensus) != 0))
    return false;
  memcpy(block->consensus, told.consensus, sizeof told.consensus);
  block->has_consensus = block->keeps_consensus = true;
  if (told.wants_operations) memcpy(block->operations, told.operations, sizeof told.operations);
  block->has_operations = block->keeps_operations = told.wants_operations;
  block->is_asked = false;
  proof->has_recalled = true;
  return true;
}

static void recall_wanted(struct bs_proof *proof) {
  size_t left = 0;

  for (size_t i = 0; i < proof->wanted_count; i++)
    if (!recall(proof, proof->wanted[i])) proof->wanted[left++] = proof->wanted[i];
  proof->wanted_count = left;
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
  recall_wanted(proof);
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
static bool visit_path(struct bs_proof *proof, uint64_t from, uint64_t target, visit_block visit, struct bs_error *error) {
  for (uint64_t number = from; number > target;) {
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

static void keep(struct bs_proof *proof, struct bs_proof_block *block) {
  struct bs_block_hashes kept = {.block = block->block, .wants_operations = block->is_verified};

  if (proof->memory.keep == NULL || (block->keeps_consensus && (block->keeps_operations || !block->is_verified))) return;
  memcpy(kept.consensus, block->consensus, sizeof kept.consensus);
  if (block->is_verified) memcpy(kept.operations, block->operations, sizeof kept.operations);
  proof->memory.keep(proof->memory.user, &kept);
  block->keeps_consensus = true;
  block->keeps_operations = block->is_verified;
}

/* A block that was verified, with its inputs. */
static bool keep_inputs(struct bs_proof *proof, uint64_t number, struct bs_error *error) {
  uint64_t backs[64];
  size_t count = bs_proof_inputs(backs, number, proof->first_block);

  (void)error;
  keep(proof, bs_proof_table_find(&proof->table, number));
  for (size_t i = 0; i < count; i++) keep(proof, bs_proof_table_find(&proof->table, number - backs[i]));
  return true;
}

bool bs_proof_reach(struct bs_proof *proof, uint64_t target, struct bs_error *error) {
  uint64_t pin = proof->pin.block;

  return check_range(proof, target, error) && visit_path(proof, pin, target, want_inputs, error) && ask(proof, error) &&
         visit_path(proof, pin, target, verify, error) && visit_path(proof, pin, target, keep_inputs, error);
}

/* ---- descending to a block ---- */

static bool visit_run(struct bs_proof *proof, uint64_t top, uint64_t bottom, visit_block visit, struct bs_error *error) {
  for (uint64_t n = top; n > bottom; n--)
    if (!visit(proof, n, error)) return false;
  return visit(proof, bottom, error);
}

/* All blocks from the top, whose place in the chain was shown, to the bottom, whose place is shown first: only then was none
 * left out, and what was verified may be kept. */
static bool descend_chunk(struct bs_proof *proof, uint64_t top, uint64_t bottom, bool is_reached, struct bs_error *error) {
  uint64_t from = is_reached ? bottom : top;

  return visit_path(proof, from, bottom, want_inputs, error) && visit_run(proof, top, bottom, want_inputs, error) &&
         ask(proof, error) && (is_reached || visit_path(proof, from, bottom, verify, error)) &&
         visit_run(proof, top, bottom, verify, error) && visit_path(proof, from, bottom, keep_inputs, error) &&
         visit_run(proof, top, bottom, keep_inputs, error);
}

static bool descend(struct bs_proof *proof, uint64_t last, struct bs_error *error) {
  uint64_t top = proof->pin.block, most = CHUNK_MIN;

  for (;;) {
    uint64_t bottom = top - last > most ? top - most : last;

    if (!descend_chunk(proof, top, bottom, bottom == last, error)) return false;
    if (bottom == last) return true;
    top = bottom;
    if (most < CHUNK) most = 2 * most + 1;
  }
}

bool bs_proof_descend(struct bs_proof *proof, uint64_t last, struct bs_error *error) {
  return (last == proof->first_block ? check_range(proof, last, error) : bs_proof_reach(proof, last, error)) &&
         descend(proof, last, error);
}

/* ---- what was shown ---- */

const unsigned char *bs_proof_consensus(const struct bs_proof *proof, uint64_t block) {
  return bs_proof_table_find(&proof->table, block)->consensus;
}

bool bs_proof_is_empty(const struct bs_proof *proof, uint64_t number) {
  unsigned char empty[BS_SHA256_SIZE];

  bs_operations_hash(empty, NULL, 0);
  return memcmp(bs_proof_table_find(&proof->table, number)->operations, empty, sizeof empty) == 0;
}

static const unsigned char *operations_hash(const struct bs_proof *proof, uint64_t number) {
  return bs_proof_table_find(&proof->table, number)->operations;
}

/* What is remembered hangs on the block's operations hash, or is none. */
static bool recall_list(struct bs_proof *proof, struct bs_operation_list *list, uint64_t block) {
  struct bs_error why = {.word = BS_NO_WORD};

  if (proof->memory.recall_list == NULL) return false;
  if (proof->memory.recall_list(proof->memory.user, list, block) &&
      bs_operation_list_check(list, operations_hash(proof, block), block, &why))
    return true;
  bs_operation_list_free(list);
  return false;
}

static bool take_list(struct bs_proof *proof, struct bs_operation_list *list, uint64_t block, struct bs_error *error) {
  proof->cost.bytes += list->bytes.length;
  if (!bs_operation_list_check(list, operations_hash(proof, block), block, error)) return false;
  if (proof->memory.keep_list != NULL) proof->memory.keep_list(proof->memory.user, list, block);
  return true;
}

bool bs_proof_operations(struct bs_proof *proof, struct bs_operation_list *ret_lists, const uint64_t *blocks, size_t count,
                         struct bs_error *error) {
  struct bs_operation_list asked[BS_PROOF_LISTS];
  uint64_t wanted[BS_PROOF_LISTS];
  size_t places[BS_PROOF_LISTS], left = 0;
  bool good = true;

  for (size_t i = 0; i < count; i++) {
    ret_lists[i] = (struct bs_operation_list){.count = 0};
    if (recall_list(proof, &ret_lists[i], blocks[i])) continue;
    asked[left] = (struct bs_operation_list){.count = 0};
    wanted[left] = blocks[i];
    places[left++] = i;
  }
  if (left == 0) return true;
  proof->cost.questions++;
  good = proof->source.operations(proof->source.user, asked, wanted, left, error) || explain_missing(proof, error);
  for (size_t i = 0; i < left; i++) {
    good = good && take_list(proof, &asked[i], wanted[i], error);
    ret_lists[places[i]] = asked[i];
  }
  return good;
}

/* ---- what it will cost ---- */

static bool estimate_reach(const struct bs_proof *proof, struct bs_proof_cost *cost, uint64_t block, struct bs_error *error) {
  struct bs_proof *trial;
  bool good;

  if (!bs_proof_new(&trial, &proof->source, NULL, &proof->pin, proof->first_block, error)) return false;
  good = visit_path(trial, proof->pin.block, block, want_inputs, error);
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

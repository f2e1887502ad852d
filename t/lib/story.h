/* SPDX-License-Identifier: MIT */
/*
 * All that a ledger's blocks tell, in memory, and a server that answers from it, honestly until a test changes something: for the
 * tests of proofs.
 */
#ifndef BS_T_STORY_H
#define BS_T_STORY_H

#include "core/chain/consensus.h"
#include "core/names/proof-claim.h"
#include "t/lib/ledger.h"

#define STORY_BLOCKS 700

struct story_block {
  unsigned char consensus[BS_CONSENSUS_SIZE], operations[BS_SHA256_SIZE];
  struct bs_operation_list list;
};

struct story {
  uint64_t first, last;
  struct story_block blocks[STORY_BLOCKS];
  uint64_t as[STORY_BLOCKS]; /* of which block it tells when it is asked for one; itself */
  uint64_t ends;             /* from this block on it says that there is none */
  uint64_t questions;        /* how many it was asked */
  size_t most_lists;         /* blocks whose operations it tells at once; 0: any */
  uint64_t stops;            /* from which question on it takes too long; 0: never */
  uint64_t asked[STORY_BLOCKS]; /* how often for a block's operations */
};

static inline bool story_add(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct bs_buffer serialised BS_AUTO_BUFFER = BS_BUFFER_INIT;

  (void)block;
  bs_fields_write(&serialised, fields);
  return bs_operation_list_add(user, serialised.bytes, serialised.length, error);
}

static inline struct story *story_of(struct fixture *fixture) {
  struct story *story = calloc(1, sizeof *story);
  const struct bs_index *index = bs_ledger_index(fixture->ledger);
  struct bs_error error = {0};
  bool found;

  assert_non_null(story);
  story->first = 1;
  story->last = tip_of(fixture).height;
  story->ends = STORY_BLOCKS;
  assert_true(story->last < STORY_BLOCKS);
  for (uint64_t i = 0; i < STORY_BLOCKS; i++) story->as[i] = i;
  for (uint64_t i = 1; i <= story->last; i++) {
    struct story_block *block = &story->blocks[i];

    assert_ok(bs_index_get_consensus(index, block->consensus, block->operations, &found, i, &error));
    assert_true(found);
    assert_ok(bs_index_operations_at(index, i, story_add, &block->list, &error));
  }
  return story;
}

static inline void story_free(struct story *story) {
  for (uint64_t i = 0; i < STORY_BLOCKS; i++) bs_operation_list_free(&story->blocks[i].list);
  free(story);
}

static inline bool story_goes_on(struct story *story, struct bs_error *error) {
  if (story->stops == 0 || story->questions < story->stops) return ++story->questions > 0;
  return bs_fail(error, BS_WORD_deadline, "The time is over.");
}

static inline bool story_hashes(void *user, struct bs_block_hashes *blocks, size_t count, struct bs_error *error) {
  struct story *story = user;

  assert_true(count > 0 && count <= BS_PROOF_BATCH);
  if (!story_goes_on(story, error)) return false;
  for (size_t i = 0; i < count; i++) {
    uint64_t number = blocks[i].block;

    if (i > 0) assert_true(blocks[i - 1].block < number);
    if (number < story->first || number > story->last || number >= story->ends)
      return bs_fail(error, BS_WORD_not_found, "There is no block %d.", (int)number);
    memcpy(blocks[i].consensus, story->blocks[story->as[number]].consensus, BS_CONSENSUS_SIZE);
    if (blocks[i].wants_operations) memcpy(blocks[i].operations, story->blocks[story->as[number]].operations, BS_SHA256_SIZE);
  }
  return true;
}

static inline bool story_list(struct story *story, struct bs_operation_list *list, uint64_t block, struct bs_error *error) {
  const struct bs_operation_list *told = &story->blocks[story->as[block]].list;

  story->asked[block]++;
  for (size_t i = 0; i < told->count; i++) {
    size_t length;
    const unsigned char *serialised = bs_operation_list_at(told, i, &length);

    if (!bs_operation_list_add(list, serialised, length, error)) return false;
  }
  return true;
}

static inline bool story_operations(void *user, struct bs_operation_list *lists, const uint64_t *blocks, size_t count,
                                    struct bs_error *error) {
  struct story *story = user;

  assert_true(count > 0 && count <= BS_PROOF_LISTS);
  if (!story_goes_on(story, error)) return false;
  if (story->most_lists != 0 && count > story->most_lists) return bs_fail(error, BS_WORD_too_large, "Too much.");
  for (size_t i = 0; i < count; i++)
    if (!story_list(story, &lists[i], blocks[i], error)) return false;
  return true;
}

static inline struct bs_proof_source story_source(struct story *story) {
  return (struct bs_proof_source){story, story_hashes, story_operations};
}

/* The operations hash of the list as it is by now. */
static inline void story_seal(struct story_block *block) {
  struct bs_leaf *leaves = calloc(block->list.count + 1, sizeof *leaves);

  assert_non_null(leaves);
  for (size_t i = 0; i < block->list.count; i++) {
    size_t length;
    const unsigned char *serialised = bs_operation_list_at(&block->list, i, &length);

    bs_operation_leaf(&leaves[i], serialised, length);
  }
  bs_operations_hash(block->operations, leaves, block->list.count);
  free(leaves);
}

/* The consensus hashes from this block on, as the chain would have them with the operations hashes of now. */
static inline void story_rewrite(struct story *story, uint64_t from) {
  for (uint64_t n = from; n <= story->last; n++) {
    struct bs_leaf previous[BS_CONSENSUS_PREVIOUS_MAX];
    size_t count = 0;

    for (uint64_t back = 1; back <= n - story->first; back = 2 * back + 1) {
      memcpy(previous[count].bytes, story->blocks[n - back].consensus, BS_CONSENSUS_SIZE);
      previous[count++].length = BS_CONSENSUS_SIZE;
    }
    bs_consensus_hash(story->blocks[n].consensus, story->blocks[n].operations, previous, count);
  }
}

/* The list without operation `number`. */
static inline void story_drop(struct story_block *block, size_t number) {
  struct bs_operation_list less = {.count = 0};
  struct bs_error error = {0};

  for (size_t i = 0; i < block->list.count; i++) {
    size_t length;
    const unsigned char *serialised = bs_operation_list_at(&block->list, i, &length);

    if (i != number) assert_ok(bs_operation_list_add(&less, serialised, length, &error));
  }
  bs_operation_list_free(&block->list);
  block->list = less;
}

static inline void story_repeat(struct story_block *block, size_t number) {
  struct bs_buffer copy BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  size_t length;
  const unsigned char *serialised = bs_operation_list_at(&block->list, number, &length);

  bs_buffer_add(&copy, serialised, length);
  assert_ok(bs_operation_list_add(&block->list, copy.bytes, copy.length, &error));
}

static inline struct bs_pin pin_at(const struct story *story, uint64_t block) {
  struct bs_pin pin = {.block = block};

  memcpy(pin.consensus, story->blocks[block].consensus, sizeof pin.consensus);
  return pin;
}

/* What the ledger says now. */
static inline struct bs_claim claim_of(struct fixture *fixture, const char *name) {
  const struct bs_index *index = bs_ledger_index(fixture->ledger);
  struct bs_claim claim = {.name = name};
  struct bs_error error = {0};

  assert_ok(bs_index_get_name_in_namespace(index, &claim.entry, &claim.found, &claim.name_space, &claim.has_name_space, name,
                                           &error));
  if (!claim.found) return claim;
  assert_ok(bs_index_is_inherited(index, &claim.is_inherited, &claim.entry, &error));
  claim.is_expired = !claim.has_name_space || bs_name_last_block(&claim.entry, &claim.name_space) < tip_of(fixture).height;
  return claim;
}

static inline bool prove_with(struct story *story, struct bs_claim_result *result, const struct bs_claim *claim,
                              enum bs_extent extent, const struct bs_pin *pin, const struct bs_proof_memory *memory,
                              struct bs_proof_cost *cost, struct bs_error *error) {
  const struct bs_proof_source source = story_source(story);
  struct bs_proof *proof;
  bool good;

  if (!bs_proof_new(&proof, &source, memory, pin, story->first, error)) return false;
  good = bs_claim_prove(proof, result, claim, extent, pin, story->first, error);
  if (cost != NULL) *cost = *bs_proof_cost(proof);
  bs_proof_free(proof);
  return good;
}

static inline bool prove_claim(struct story *story, const struct bs_claim *claim, enum bs_extent extent, const struct bs_pin *pin,
                               struct bs_error *error) {
  struct bs_claim_result result;

  return prove_with(story, &result, claim, extent, pin, NULL, NULL, error);
}

#endif

/* SPDX-License-Identifier: MIT */
/* Proofs of what an honest server tells, and what they cost. */
#include <config.h>

#include "core/codec/hex.h"
#include "t/lib/telling.h"

static void a_record_is_included(void **state) {
  struct telling *telling = *state;
  struct bs_claim_result result;
  struct bs_error error = {0};

  for (uint64_t block = 300; block <= LAST; block += block < 310 ? 1 : 13) {
    struct bs_pin pin = pin_at(telling->story, block);

    assert_ok(prove_with(telling->story, &result, &telling->now, BS_EXTENT_INCLUDED, &pin, NULL, NULL, &error));
    assert_int_equal(result.extent, BS_EXTENT_INCLUDED);
  }
}

static void a_record_is_current(void **state) {
  struct telling *telling = *state;
  struct bs_pin pin = pin_at(telling->story, LAST);
  struct bs_claim_result result;
  struct bs_error error = {0};

  assert_ok(prove_with(telling->story, &result, &telling->now, BS_EXTENT_CURRENT, &pin, NULL, NULL, &error));
  assert_int_equal(result.extent, BS_EXTENT_CURRENT);
  assert_true(result.is_genesis);
  assert_true(result.expires == UINT64_MAX && !result.expired);
  pin = pin_at(telling->story, 300);
  assert_ok(prove_claim(telling->story, &telling->now, BS_EXTENT_CURRENT, &pin, &error));
  pin = pin_at(telling->story, 46);
  assert_ok(prove_claim(telling->story, &telling->of_42, BS_EXTENT_CURRENT, &pin, &error));
}

static void a_name_is_absent(void **state) {
  struct telling *telling = *state;
  struct bs_pin pin = pin_at(telling->story, LAST), early = pin_at(telling->story, 5);
  struct bs_claim foo = {.name = "foo.id"};
  struct bs_error error = {0};

  assert_ok(prove_claim(telling->story, &telling->nobody, BS_EXTENT_CURRENT, &pin, &error));
  assert_ok(prove_claim(telling->story, &foo, BS_EXTENT_CURRENT, &early, &error)); /* it came later */
}

static void every_pin_and_block_fit(void **state) {
  struct telling *telling = *state;
  const struct bs_proof_source source = story_source(telling->story);
  struct bs_error error = {0};

  for (uint64_t top = 1; top <= LAST; top += top < 70 ? 1 : 29) {
    struct bs_pin pin = pin_at(telling->story, top);

    for (uint64_t block = 1; block <= top; block += 1 + block / 16) {
      struct bs_proof *proof;
      struct bs_proof_cost cost;

      assert_ok(bs_proof_new(&proof, &source, NULL, &pin, 1, &error));
      assert_ok(bs_proof_estimate(proof, &cost, block, false, &error));
      assert_ok(bs_proof_reach(proof, block, &error));
      assert_int_equal(cost.bytes, bs_proof_cost(proof)->bytes);
      assert_int_equal(cost.questions, bs_proof_cost(proof)->questions);
      assert_true(cost.blocks >= bs_proof_cost(proof)->blocks);
      bs_proof_free(proof);
    }
  }
}

/* Most of a descent is known to its estimate. */
static void a_descent_costs_what_is_told(void **state) {
  struct telling *telling = *state;
  const struct bs_proof_source source = story_source(telling->story);
  struct bs_pin pin = pin_at(telling->story, LAST);
  struct bs_proof *proof;
  struct bs_proof_cost cost;
  struct bs_error error = {0};

  assert_ok(bs_proof_new(&proof, &source, NULL, &pin, 1, &error));
  assert_ok(bs_proof_estimate(proof, &cost, 1, true, &error));
  assert_ok(bs_proof_descend(proof, 1, &error));
  assert_int_equal(cost.blocks, LAST);
  assert_int_equal(bs_proof_cost(proof)->blocks, LAST);
  assert_true(cost.bytes >= bs_proof_cost(proof)->bytes - LAST * 8 && cost.bytes <= bs_proof_cost(proof)->bytes * 2);
  for (uint64_t block = 1; block <= LAST; block++)
    assert_int_equal(bs_proof_is_empty(proof, block), telling->story->blocks[block].list.count == 0);
  bs_proof_free(proof);
}

/* Only blocks that have operations are asked for them. */
static void an_empty_block_costs_no_list(void **state) {
  struct telling *telling = *state;
  struct bs_pin pin = pin_at(telling->story, LAST);
  struct bs_error error = {0};

  assert_ok(prove_claim(telling->story, &telling->nobody, BS_EXTENT_CURRENT, &pin, &error));
  for (uint64_t block = 1; block <= LAST; block++)
    assert_int_equal(telling->story->asked[block], telling->story->blocks[block].list.count > 0);
}

/* Where those of a question's blocks are too many, half of the blocks are asked for at a time. */
static void operations_come_by_halves(void **state) {
  struct telling *telling = *state;
  struct bs_pin pin = pin_at(telling->story, LAST);
  struct bs_error error = {0};

  telling->story->most_lists = 1;
  assert_ok(prove_claim(telling->story, &telling->nobody, BS_EXTENT_CURRENT, &pin, &error));
  for (uint64_t block = 1; block <= LAST; block++)
    assert_int_equal(telling->story->asked[block], telling->story->blocks[block].list.count > 0);
  assert_fails(prove_claim(telling->story, &telling->of_42, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_stale,
               "block 300 has a newer");
}

/* protocol.md 10.5: the first blocks of Bitcoin's chain, had they no operations. */
static void the_vectors_of_empty_blocks(void **state) {
  static const char *const hashes[] = {"2a9148d8b13939723d2aca16c75c6d68", "1c54465d3486f07be2c7a81af0ef44ad",
                                       "0efa29f955c6ae3bb5037039d89dba5e", "9daa6e59877b9e0ca4772a3df475abd2",
                                       "996ff3a1e5d612d4e4cf73dea04ccee6"};
  struct story *story = calloc(1, sizeof *story);
  struct bs_claim nobody = {.name = "nobody.id"};
  struct bs_pin pin;
  struct bs_error error = {0};

  (void)state;
  assert_non_null(story);
  story->first = 1;
  story->last = 5;
  story->ends = STORY_BLOCKS;
  for (uint64_t i = 1; i <= 5; i++) {
    story->as[i] = i;
    bs_operations_hash(story->blocks[i].operations, NULL, 0);
    assert_true(bs_hex_decode(story->blocks[i].consensus, BS_CONSENSUS_SIZE, hashes[i - 1]));
  }
  pin = pin_at(story, 5);
  assert_ok(prove_claim(story, &nobody, BS_EXTENT_CURRENT, &pin, &error));
  story_free(story);
}

/* A few hundred thousand blocks in front of the pin cost a walk some more jumps. */
static void reaching_far_is_cheap(void **state) {
  const struct bs_proof_source source = {NULL, NULL, NULL};
  const struct bs_pin pin = {.block = 1000000};
  struct bs_proof *proof;
  struct bs_proof_cost cost;
  struct bs_error error = {0};

  (void)state;
  assert_ok(bs_proof_new(&proof, &source, NULL, &pin, 1, &error));
  for (uint64_t back = 1; back < 1000000; back = back * 3 + 1) {
    assert_ok(bs_proof_estimate(proof, &cost, 1000000 - back, false, &error));
    assert_true(cost.bytes < 200 << 10);
    assert_true(cost.questions <= 5);
  }
  assert_ok(bs_proof_estimate(proof, &cost, 1, true, &error));
  assert_int_equal(cost.blocks, 1000000);
  bs_proof_free(proof);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TELLING_TEST(a_record_is_included),
      TELLING_TEST(a_record_is_current),
      TELLING_TEST(a_name_is_absent),
      TELLING_TEST(every_pin_and_block_fit),
      TELLING_TEST(a_descent_costs_what_is_told),
      TELLING_TEST(an_empty_block_costs_no_list),
      TELLING_TEST(operations_come_by_halves),
      cmocka_unit_test(the_vectors_of_empty_blocks),
      cmocka_unit_test(reaching_far_is_cheap),
  };
  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* Every way in which a server can lie about a name, each refused. */
#include <config.h>

#include "t/lib/telling.h"

/* The claim is refused, whatever of it is to be proven. */
static void assert_lie_(struct telling *telling, const struct story *truth, const struct bs_claim *claim, enum bs_word word,
                        const char *text, int line) {
  static const enum bs_extent extents[] = {BS_EXTENT_INCLUDED, BS_EXTENT_CURRENT};
  struct bs_pin pin = pin_at(truth, LAST);

  for (size_t i = 0; i < 2; i++) {
    struct bs_error error = {0};

    if (prove_claim(telling->story, claim, extents[i], &pin, &error)) fail_msg("line %d: believed", line);
    if (error.word != word || strstr(error.message, text) == NULL)
      fail_msg("line %d: word %s: %s", line, bs_word_text(error.word), error.message);
  }
}
#define assert_lie(telling, claim, word, text) assert_lie_(telling, truth, claim, word, text, __LINE__)

/* A second copy, which nobody lies in. */
#define WITH_TRUTH                              \
  struct telling *telling = *state;             \
  struct story *truth = story_of(telling->fixture)

/* ---- the record ---- */

static void a_false_record(void **state) {
  WITH_TRUTH;
  struct bs_claim claim = telling->now;

  claim.entry.value_hash[3] ^= 1;
  assert_lie(telling, &claim, BS_WORD_forged, "what its operation in block 300 does not");
  claim = telling->now;
  claim.entry.has_value = false;
  assert_lie(telling, &claim, BS_WORD_forged, "does not");
  claim = telling->now;
  claim.entry.origin.sender.bytes[5] ^= 1;
  assert_lie(telling, &claim, BS_WORD_forged, "does not");
  claim = telling->now;
  claim.entry.origin.address[5] = 'x';
  assert_lie(telling, &claim, BS_WORD_forged, "does not");
  claim = telling->now;
  claim.entry.last_renewed++;
  assert_lie(telling, &claim, BS_WORD_forged, "does not");
  claim = telling->now;
  claim.entry.revoked = true;
  assert_lie(telling, &claim, BS_WORD_forged, "does not");
  claim = telling->now;
  claim.entry.origin.vtxindex++;
  assert_lie(telling, &claim, BS_WORD_forged, "does not");
  claim = telling->now;
  claim.is_inherited = true;
  assert_lie(telling, &claim, BS_WORD_forged, "does not");
  story_free(truth);
}

static void an_old_record(void **state) {
  WITH_TRUTH;
  struct bs_pin pin = pin_at(truth, LAST);
  struct bs_error error = {0};

  assert_fails(prove_claim(telling->story, &telling->of_42, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_stale,
               "as of block 42, but block 300 has a newer operation on it, which it hides");
  assert_fails(prove_claim(telling->story, &telling->of_47, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_stale, "block 300");
  assert_ok(prove_claim(telling->story, &telling->of_42, BS_EXTENT_INCLUDED, &pin, &error)); /* which it was */
  pin = pin_at(truth, 47);
  assert_fails(prove_claim(telling->story, &telling->of_42, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_stale, "block 47 has");
  story_free(truth);
}

static void a_hidden_name(void **state) {
  WITH_TRUTH;
  const struct bs_claim claim = {.name = "foo.id"};

  assert_lie(telling, &claim, BS_WORD_forged, "foo.id is not registered, but block 300 has an operation on it");
  story_free(truth);
}

static void an_operation_in_another_block(void **state) {
  WITH_TRUTH;
  struct bs_claim claim = telling->now;

  struct bs_pin pin = pin_at(truth, LAST);
  struct bs_error error = {0};

  claim.entry.changed_block = 301;
  assert_lie(telling, &claim, BS_WORD_forged, "in block 301, which has none on it");
  claim.entry.changed_block = 299; /* the true one is a later one then */
  assert_fails(prove_claim(telling->story, &claim, BS_EXTENT_INCLUDED, &pin, &error), BS_WORD_forged,
               "in block 299, which has none");
  assert_fails(prove_claim(telling->story, &claim, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_stale, "block 300 has a newer");
  story_free(truth);
}

/* ---- hidden and changed operations ---- */

static void an_operation_is_hidden(void **state) {
  WITH_TRUTH;

  story_drop(&telling->story->blocks[300], 1);
  assert_lie(telling, &telling->now, BS_WORD_forged, "operations that the name service tells of block 300 are not those");
  story_seal(&telling->story->blocks[300]); /* with the hash that fits */
  assert_lie(telling, &telling->now, BS_WORD_forged, "about block 300 and those before it does not hash");
  story_free(truth);
}

static void a_later_operation_is_hidden(void **state) {
  WITH_TRUTH;
  struct bs_pin pin = pin_at(truth, LAST);
  struct bs_error error = {0};

  story_drop(&telling->story->blocks[300], 0);
  assert_fails(prove_claim(telling->story, &telling->of_47, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged,
               "block 300 are not");
  story_seal(&telling->story->blocks[300]);
  assert_fails(prove_claim(telling->story, &telling->of_47, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged, "block 300 and");
  bs_operation_list_free(&telling->story->blocks[300].list); /* an empty block */
  story_seal(&telling->story->blocks[300]);
  assert_fails(prove_claim(telling->story, &telling->of_47, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged, "block 300 and");
  story_free(truth);
}

static void the_history_is_another(void **state) {
  WITH_TRUTH;
  struct bs_pin pin = pin_at(truth, LAST);
  struct bs_error error = {0};

  bs_operation_list_free(&telling->story->blocks[300].list);
  story_seal(&telling->story->blocks[300]);
  story_rewrite(telling->story, 300); /* consistent in itself, up to its own last block */
  assert_fails(prove_claim(telling->story, &telling->of_47, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged,
               "block 420 another consensus hash than the pin has");
  assert_fails(prove_claim(telling->story, &telling->of_47, BS_EXTENT_INCLUDED, &pin, &error), BS_WORD_forged, "the pin has");
  memcpy(telling->story->blocks[LAST].consensus, pin.consensus, sizeof pin.consensus);
  assert_fails(prove_claim(telling->story, &telling->of_47, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged,
               "block 420 and those");
  pin = pin_at(telling->story, 400); /* who pins what the liar told gets what the liar tells */
  assert_ok(prove_claim(telling->story, &telling->of_47, BS_EXTENT_CURRENT, &pin, &error));
  story_free(truth);
}

/* ---- lists that have the root of another one ---- */

static void a_leaf_is_doubled(void **state) {
  WITH_TRUTH;
  struct bs_leaf leaves[4], root, doubled;
  struct story_block *block = &telling->story->blocks[300];

  assert_int_equal(block->list.count, 3);
  for (size_t i = 0; i < 3; i++) {
    size_t length;
    const unsigned char *serialised = bs_operation_list_at(&block->list, i, &length);

    bs_operation_leaf(&leaves[i], serialised, length);
  }
  leaves[3] = leaves[2];
  bs_merkle_root(&doubled, (struct bs_leaf[]){leaves[0], leaves[1], leaves[2], leaves[3]}, 4);
  bs_merkle_root(&root, leaves, 3);
  assert_memory_equal(root.bytes, doubled.bytes, BS_SHA256_SIZE); /* that is why */
  for (size_t i = 0; i < 3; i++) {
    story_repeat(block, i);
    assert_lie(telling, &telling->now, BS_WORD_forged, "block 300 twice");
    story_drop(block, 3);
  }
  story_free(truth);
}

static void a_list_is_cut_off(void **state) {
  WITH_TRUTH;

  story_drop(&telling->story->blocks[300], 2);
  assert_lie(telling, &telling->now, BS_WORD_forged, "block 300 are not");
  bs_operation_list_free(&telling->story->blocks[300].list);
  assert_lie(telling, &telling->now, BS_WORD_forged, "block 300 are not");
  story_free(truth);
}

/* The order of a list says nothing: that of the transactions does. */
static void a_list_is_in_another_order(void **state) {
  WITH_TRUTH;
  struct bs_pin pin = pin_at(truth, LAST);
  struct bs_error error = {0};

  for (size_t i = 0; i < 3; i++) {
    story_repeat(&telling->story->blocks[300], 0);
    story_drop(&telling->story->blocks[300], 0);
    assert_ok(prove_claim(telling->story, &telling->now, BS_EXTENT_CURRENT, &pin, &error));
  }
  story_free(truth);
}

/* The two halves of the row above the leaves, as if they were operations. */
static void an_inner_node_is_no_operation(void **state) {
  WITH_TRUTH;
  struct story_block *block = &telling->story->blocks[300];
  struct bs_error error = {0};
  unsigned char pair[2 * BS_SHA256_SIZE] = {0};

  bs_operation_list_free(&block->list);
  assert_ok(bs_operation_list_add(&block->list, pair, sizeof pair, &error));
  story_seal(block);
  story_rewrite(telling->story, 300);
  {
    struct bs_pin pin = pin_at(telling->story, LAST); /* even if the hashes were right */

    assert_fails(prove_claim(telling->story, &telling->now, BS_EXTENT_INCLUDED, &pin, &error), BS_WORD_malformed,
                 "block 300 is no operation of names");
  }
  story_free(truth);
}

static void another_spelling_of_an_operation(void **state) {
  WITH_TRUTH;
  struct bs_operation_list *list = &telling->story->blocks[300].list, other = {.count = 0};
  struct bs_buffer spelled BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  size_t length;
  const unsigned char *serialised = bs_operation_list_at(list, 0, &length);

  bs_buffer_add(&spelled, serialised, 2); /* "+:" */
  bs_buffer_byte(&spelled, '0');          /* "06:foo.id" */
  bs_buffer_add(&spelled, serialised + 2, length - 2);
  assert_ok(bs_operation_list_add(&other, spelled.bytes, spelled.length, &error));
  bs_operation_list_free(list);
  *list = other;
  story_seal(&telling->story->blocks[300]);
  story_rewrite(telling->story, 300);
  {
    struct bs_pin pin = pin_at(telling->story, LAST);

    assert_fails(prove_claim(telling->story, &telling->now, BS_EXTENT_INCLUDED, &pin, &error), BS_WORD_malformed, "no operation");
  }
  story_free(truth);
}

static void a_list_has_no_end(void **state) {
  struct bs_operation_list list = {.count = 0};
  unsigned char *much = calloc(1, BS_PROOF_LIST_BYTES + 1);
  struct bs_error error = {0};

  (void)state;
  assert_non_null(much);
  assert_fails(bs_operation_list_add(&list, much, BS_PROOF_LIST_BYTES + 1, &error), BS_WORD_too_large, "than a block has room");
  assert_ok(bs_operation_list_add(&list, much, BS_PROOF_LIST_BYTES, &error));
  assert_fails(bs_operation_list_add(&list, much, 1, &error), BS_WORD_too_large, "than a block has room");
  bs_operation_list_free(&list);
  for (size_t i = 0; i < BS_PROOF_LIST_COUNT; i++) assert_ok(bs_operation_list_add(&list, much, 2, &error));
  assert_fails(bs_operation_list_add(&list, much, 2, &error), BS_WORD_too_large, "than a block has room");
  bs_operation_list_free(&list);
  free(much);
}

/* ---- hashes of other blocks: all that follows is true, and of the wrong block ---- */

/* The walk of protocol.md 4.5 and nothing else: does it believe that this is block `target`? */
static bool plain_walk(const struct story *story, uint64_t pin, uint64_t target) {
  for (uint64_t n = pin;;) {
    struct bs_leaf previous[BS_CONSENSUS_PREVIOUS_MAX];
    unsigned char consensus[BS_CONSENSUS_SIZE];
    uint64_t next = n;
    size_t count = 0;

    for (uint64_t back = 1; back <= n - 1; back = 2 * back + 1) {
      memcpy(previous[count].bytes, story->blocks[story->as[n - back]].consensus, BS_CONSENSUS_SIZE);
      previous[count++].length = BS_CONSENSUS_SIZE;
      if (n - back >= target) next = n - back;
    }
    bs_consensus_hash(consensus, story->blocks[story->as[n]].operations, previous, count);
    if (memcmp(consensus, story->blocks[story->as[n]].consensus, sizeof consensus) != 0) return false;
    if (n == target) return true;
    n = next;
  }
}

/* Blocks 293 to 300 are told as 297 to 304, and the other way about, where the walk looks. */
static void an_operation_is_moved(void **state) {
  WITH_TRUTH;
  uint64_t *as = telling->story->as;
  struct bs_claim claim = telling->now;
  struct bs_pin pin = pin_at(truth, 307);
  struct bs_error error = {0};

  claim.entry.changed_block = 304; /* an input of block 307, as 300 is */
  as[304] = 300;
  as[300] = 304;
  for (uint64_t back = 1; back < 300; back = 2 * back + 1) as[304 - back] = 300 - back;
  assert_int_equal(as[303], 299);
  assert_true(plain_walk(telling->story, 307, 304)); /* which alone believes it */
  assert_fails(prove_claim(telling->story, &claim, BS_EXTENT_INCLUDED, &pin, &error), BS_WORD_forged, "does not hash");
  assert_fails(prove_claim(telling->story, &claim, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged, "does not hash");
  story_free(truth);
}

/*
 * Which block each tells when it is asked for the first, so that all of 46 to 50 hash to what they should, and the blocks 44, 45,
 * 47 and 48 are not among them (found by trying all permutations of inputs).
 */
static const uint64_t told_as[][2] = {{48, 46}, {47, 43}, {46, 42}, {45, 39}, {44, 40}, {43, 35}, {42, 48}, {41, 45}, {40, 36},
                                      {39, 41}, {35, 47}, {33, 31}, {32, 28}, {31, 27}, {17, 15}, {16, 12}, {15, 11}};

static void blocks_are_left_out(void **state) {
  WITH_TRUTH;
  struct bs_claim claim = telling->of_42;
  struct bs_pin pin = pin_at(truth, 50);
  struct bs_error error = {0};

  for (size_t i = 0; i < sizeof told_as / sizeof told_as[0]; i++) telling->story->as[told_as[i][0]] = told_as[i][1];
  for (uint64_t n = 50; n > 46; n--) assert_true(plain_walk(telling->story, n, n - 1)); /* each block alone is as it should be */
  claim.entry.changed_block = 46;
  assert_fails(prove_claim(telling->story, &claim, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged, "does not hash");
  assert_fails(prove_claim(telling->story, &claim, BS_EXTENT_INCLUDED, &pin, &error), BS_WORD_forged, "does not hash");
  story_free(truth);
}

/* An input that is there twice stands for a shorter list of them, as in an odd row: a block is told as one of a longer chain. */
static void an_input_is_doubled(void **state) {
  WITH_TRUTH;
  struct story *story = telling->story;
  struct bs_leaf leaves[4] = {{.length = BS_CONSENSUS_SIZE}, {.length = BS_CONSENSUS_SIZE}};
  unsigned char three[BS_CONSENSUS_SIZE], four[BS_CONSENSUS_SIZE], operations[BS_SHA256_SIZE] = {0}; /* sorted first */
  struct bs_pin pin = {.block = 8};
  struct bs_claim nobody = {.name = "nobody.id"};
  struct bs_error error = {0};

  memset(leaves[0].bytes, 0x70, BS_CONSENSUS_SIZE);
  memset(leaves[1].bytes, 0x71, BS_CONSENSUS_SIZE);
  leaves[2] = leaves[1];
  bs_consensus_hash(three, operations, leaves, 2);
  bs_consensus_hash(four, operations, leaves, 3);
  assert_memory_equal(three, four, sizeof three);
  memcpy(pin.consensus, four, sizeof four);
  for (size_t i = 0; i < 3; i++) memcpy(story->blocks[8 - ((2u << i) - 1)].consensus, leaves[i].bytes, BS_CONSENSUS_SIZE);
  memcpy(story->blocks[8].operations, operations, sizeof operations);
  memcpy(story->blocks[8].consensus, four, sizeof four);
  assert_fails(prove_claim(story, &nobody, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged, "block 8 and those");
  story_free(truth);
}

static void hashes_go_in_circles(void **state) {
  WITH_TRUTH;

  for (uint64_t n = 1; n <= LAST; n++) telling->story->as[n] = LAST;
  assert_lie(telling, &telling->now, BS_WORD_forged, "does not hash");
  for (uint64_t n = 1; n <= LAST; n++) telling->story->as[n] = n % 2 == 0 ? LAST : LAST - 1;
  assert_lie(telling, &telling->now, BS_WORD_forged, "does not hash");
  story_free(truth);
}

/* ---- blocks that cannot be ---- */

static void a_block_is_unreachable(void **state) {
  WITH_TRUTH;
  struct bs_pin pin = pin_at(truth, LAST);
  struct bs_claim claim = telling->now;
  struct bs_error error = {0};

  telling->story->ends = 250;
  assert_lie(telling, &telling->now, BS_WORD_stale, "lacks a block below the pin's block 420");
  telling->story->ends = STORY_BLOCKS;
  telling->story->first = 10; /* hides the first ones */
  assert_fails(prove_claim(telling->story, &telling->nobody, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged, "does not hash");
  telling->story->first = 1;
  claim.entry.changed_block = 0;
  assert_lie(telling, &claim, BS_WORD_forged, "the chain begins with block 1");
  story_free(truth);
}

/* Blocks before the first have a hash that was agreed on, not one that anything follows from. */
static void a_seeded_block(void **state) {
  WITH_TRUTH;
  const struct bs_proof_source source = story_source(telling->story);
  struct bs_claim claim = telling->now;
  struct bs_pin pin = pin_at(truth, LAST), seed = {.block = 3};
  struct bs_proof *proof;
  struct bs_error error = {0};

  assert_ok(bs_proof_new(&proof, &source, NULL, &pin, 5, &error));
  assert_fails(bs_proof_reach(proof, 3, &error), BS_WORD_forged, "in block 3, but the chain begins with block 5");
  bs_proof_free(proof);
  assert_fails(bs_proof_new(&proof, &source, NULL, &seed, 5, &error), BS_WORD_stale, "comes before the chain's first, 5");
  seed.block = UINT64_MAX;
  assert_fails(bs_proof_new(&proof, &source, NULL, &seed, 5, &error), BS_WORD_stale, "is no block");
  claim.entry.changed_block = UINT64_MAX;
  assert_lie(telling, &claim, BS_WORD_stale, "comes after the pin's block 420");
  story_free(truth);
}

static void the_pin_is_older(void **state) {
  WITH_TRUTH;
  struct bs_pin pin = pin_at(truth, 299);
  struct bs_error error = {0};

  assert_fails(prove_claim(telling->story, &telling->now, BS_EXTENT_INCLUDED, &pin, &error), BS_WORD_stale,
               "Block 300 comes after the pin's block 299: nothing about it can be proven without a newer pin");
  assert_fails(prove_claim(telling->story, &telling->now, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_stale, "without a newer pin");
  story_free(truth);
}

/* ---- the namespace ---- */

static void a_false_namespace(void **state) {
  WITH_TRUTH;
  struct bs_pin pin = pin_at(truth, LAST);
  struct bs_claim claim = telling->now;
  struct bs_error error = {0};

  claim.name_space.ready_block = 200;
  assert_fails(prove_claim(telling->story, &claim, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged,
               "was made ready or revealed in block 200, which has no such operation");
  claim.name_space.ready_block = 310;
  assert_fails(prove_claim(telling->story, &claim, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged, "was not ready when");
  claim = telling->now;
  claim.name_space.state = BS_NAMESPACE_REVEALED;
  assert_fails(prove_claim(telling->story, &claim, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_forged, "was not ready when");
  claim.has_name_space = false;
  assert_fails(prove_claim(telling->story, &claim, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_failed, "only that the name was");
  claim = telling->now;
  memcpy(claim.name_space.id, "xy", 3);
  assert_fails(prove_claim(telling->story, &claim, BS_EXTENT_CURRENT, &pin, &error), BS_WORD_failed, "only that the name was");
  story_free(truth);
}

/* ---- anything else: one byte of any answer ---- */

static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state % limit;
}

static void flip(struct story_block *block, unsigned what) {
  unsigned char bit = (unsigned char)(1u << random_below(8));

  if (what == 0) block->consensus[random_below(BS_CONSENSUS_SIZE)] ^= bit;
  else if (what == 1 || block->list.count == 0) block->operations[random_below(BS_SHA256_SIZE)] ^= bit;
  else block->list.bytes.bytes[random_below(block->list.bytes.length)] ^= bit;
}

/* A false record with any one change of the answers: never proven.  The true one: only where nobody looks at the change. */
static void any_byte_is_another(void **state) {
  WITH_TRUTH;
  struct bs_pin pin = pin_at(truth, LAST);
  struct bs_claim lie = telling->now;
  size_t refused = 0;

  lie.entry.value_hash[0] ^= 1;
  for (size_t round = 0; round < 3000; round++) {
    uint64_t block = random_below(4) == 0 ? 300 : 1 + random_below(LAST);
    unsigned what = (unsigned)random_below(3);
    struct story *story = story_of(telling->fixture);
    struct bs_error error = {0};
    bool whole = random_below(2) == 0;

    flip(&story->blocks[block], what);
    assert_false(prove_claim(story, &lie, whole ? BS_EXTENT_CURRENT : BS_EXTENT_INCLUDED, &pin, &error));
    error = (struct bs_error){0};
    if (!prove_claim(story, &telling->now, whole ? BS_EXTENT_CURRENT : BS_EXTENT_INCLUDED, &pin, &error)) {
      refused++;
      assert_true(error.word == BS_WORD_forged || error.word == BS_WORD_malformed);
    } else if (block >= 300 && whole) {
      fail_msg("block %d: a change of what %u tells was not noticed", (int)block, what);
    }
    story_free(story);
  }
  assert_true(refused > 1000);
  story_free(truth);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TELLING_TEST(a_false_record),
      TELLING_TEST(an_old_record),
      TELLING_TEST(a_hidden_name),
      TELLING_TEST(an_operation_in_another_block),
      TELLING_TEST(an_operation_is_hidden),
      TELLING_TEST(a_later_operation_is_hidden),
      TELLING_TEST(the_history_is_another),
      TELLING_TEST(a_leaf_is_doubled),
      TELLING_TEST(a_list_is_cut_off),
      TELLING_TEST(a_list_is_in_another_order),
      TELLING_TEST(an_inner_node_is_no_operation),
      TELLING_TEST(another_spelling_of_an_operation),
      cmocka_unit_test(a_list_has_no_end),
      TELLING_TEST(an_operation_is_moved),
      TELLING_TEST(blocks_are_left_out),
      TELLING_TEST(an_input_is_doubled),
      TELLING_TEST(hashes_go_in_circles),
      TELLING_TEST(a_block_is_unreachable),
      TELLING_TEST(a_seeded_block),
      TELLING_TEST(the_pin_is_older),
      TELLING_TEST(a_false_namespace),
      TELLING_TEST(any_byte_is_another),
  };
  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* What proofs remember: a proof that was interrupted goes on from there, and nothing that is remembered is believed. */
#include <config.h>

#include "t/lib/telling.h"

/* The memory: what was kept is in a story of its own. */
struct notes {
  struct story *story;
  bool has_consensus[STORY_BLOCKS], has_operations[STORY_BLOCKS], has_list[STORY_BLOCKS];
  size_t kept, lists; /* since the beginning */
  bool is_forgotten;
};

static bool recall(void *user, struct bs_block_hashes *block) {
  const struct notes *notes = user;
  uint64_t number = block->block;

  if (!notes->has_consensus[number] || (block->wants_operations && !notes->has_operations[number])) return false;
  number = notes->story->as[number];
  memcpy(block->consensus, notes->story->blocks[number].consensus, BS_CONSENSUS_SIZE);
  if (block->wants_operations) memcpy(block->operations, notes->story->blocks[number].operations, BS_SHA256_SIZE);
  return true;
}

static void keep(void *user, const struct bs_block_hashes *block) {
  struct notes *notes = user;
  struct story_block *noted = &notes->story->blocks[block->block];

  notes->kept++;
  notes->has_consensus[block->block] = true;
  memcpy(noted->consensus, block->consensus, BS_CONSENSUS_SIZE);
  if (!block->wants_operations) return;
  notes->has_operations[block->block] = true;
  memcpy(noted->operations, block->operations, BS_SHA256_SIZE);
}

static bool recall_list(void *user, struct bs_operation_list *list, uint64_t block) {
  struct notes *notes = user;
  struct bs_error error = {0};

  return notes->has_list[block] && story_list(notes->story, list, block, &error);
}

static void keep_list(void *user, const struct bs_operation_list *list, uint64_t block) {
  struct notes *notes = user;
  struct bs_operation_list *noted = &notes->story->blocks[block].list;
  struct bs_error error = {0};

  bs_operation_list_free(noted);
  for (size_t i = 0; i < list->count; i++) {
    size_t length;
    const unsigned char *serialised = bs_operation_list_at(list, i, &length);

    assert_ok(bs_operation_list_add(noted, serialised, length, &error));
  }
  notes->lists++;
  notes->has_list[block] = true;
}

static void forget(void *user) {
  ((struct notes *)user)->is_forgotten = true;
}

static struct bs_proof_memory memory_of(struct notes *notes) {
  return (struct bs_proof_memory){notes, recall, keep, recall_list, keep_list, forget};
}

static struct notes *take_notes(void) {
  struct notes *notes = calloc(1, sizeof *notes);

  assert_non_null(notes);
  notes->story = calloc(1, sizeof *notes->story);
  assert_non_null(notes->story);
  for (uint64_t i = 0; i < STORY_BLOCKS; i++) notes->story->as[i] = i;
  return notes;
}

/* All of what a liar would have told: somebody wrote it there. */
static struct notes *false_notes(struct story *story) {
  struct notes *notes = calloc(1, sizeof *notes);

  assert_non_null(notes);
  notes->story = story;
  for (uint64_t i = 1; i <= story->last; i++)
    notes->has_consensus[i] = notes->has_operations[i] = notes->has_list[i] = true;
  return notes;
}

static void free_notes(struct notes *notes) {
  story_free(notes->story);
  free(notes);
}

static bool prove(struct story *story, struct notes *notes, const struct bs_claim *claim, uint64_t pin_block,
                  const struct story *truth, struct bs_proof_cost *cost, struct bs_error *error) {
  const struct bs_proof_memory memory = memory_of(notes);
  struct bs_pin pin = pin_at(truth, pin_block);
  struct bs_claim_result result;

  return prove_with(story, &result, claim, BS_EXTENT_CURRENT, &pin, &memory, cost, error);
}

static void assert_true_notes(const struct notes *notes, const struct story *truth) {
  for (uint64_t i = 1; i < STORY_BLOCKS; i++) {
    if (notes->has_consensus[i])
      assert_memory_equal(notes->story->blocks[i].consensus, truth->blocks[i].consensus, BS_CONSENSUS_SIZE);
    if (notes->has_operations[i])
      assert_memory_equal(notes->story->blocks[i].operations, truth->blocks[i].operations, BS_SHA256_SIZE);
  }
}

static void what_was_verified_is_not_asked_for_again(void **state) {
  struct telling *telling = *state;
  struct notes *notes = take_notes();
  struct bs_proof_cost first, second, third;
  const struct bs_claim other = {.name = "other.id"};
  struct bs_error error = {0};

  assert_ok(prove(telling->story, notes, &telling->nobody, 400, telling->story, &first, &error));
  assert_true(first.questions > 0 && first.blocks == 400 && notes->lists > 0);
  assert_ok(prove(telling->story, notes, &telling->nobody, 400, telling->story, &second, &error));
  assert_true(second.questions == 0 && second.bytes == 0);
  assert_int_equal(second.blocks, 400); /* verified all the same */
  assert_ok(prove(telling->story, notes, &other, 400, telling->story, &second, &error)); /* of another name, too */
  assert_int_equal(second.questions, 0);
  assert_int_equal(telling->story->asked[300], 1);
  assert_ok(prove(telling->story, notes, &telling->nobody, LAST, telling->story, &third, &error)); /* by a newer pin */
  assert_true(third.bytes > 0 && third.bytes < first.bytes / 4);
  assert_ok(prove(telling->story, notes, &telling->now, 350, telling->story, &third, &error)); /* by an older one */
  assert_int_equal(third.questions, 0);
  assert_true_notes(notes, telling->story);
  free_notes(notes);
}

/* Each try has time for one question only. */
static void a_proof_that_is_interrupted_goes_on(void **state) {
  struct telling *telling = *state;
  struct notes *notes = take_notes();
  struct bs_proof_cost cost, whole;
  struct bs_error error = {0};
  uint64_t bytes = 0;
  size_t tries = 0;
  bool good;

  do {
    size_t kept = notes->kept;

    error = (struct bs_error){0};
    telling->story->stops = telling->story->questions + 1;
    good = prove(telling->story, notes, &telling->nobody, LAST, telling->story, &cost, &error);
    bytes += cost.bytes;
    if (!good && error.word != BS_WORD_deadline) fail_msg("%s", error.message);
    if (!good && notes->kept == kept && notes->lists == 0) fail_msg("try %zu got nowhere", tries);
    assert_true_notes(notes, telling->story);
  } while (!good && ++tries < 20);
  assert_true(good && tries >= 3);
  telling->story->stops = 0;
  {
    struct notes *fresh = take_notes();

    assert_ok(prove(telling->story, fresh, &telling->nobody, LAST, telling->story, &whole, &error));
    assert_int_equal(bytes, whole.bytes); /* nothing was asked for twice */
    free_notes(fresh);
  }
  free_notes(notes);
}

/* So is one that goes through the operations of many blocks: each question's are kept. */
static void operations_are_kept_as_they_come(void **state) {
  struct telling *telling = *state;
  struct notes *notes = take_notes();
  struct bs_error error = {0};

  assert_ok(prove(telling->story, notes, &telling->nobody, LAST, telling->story, NULL, &error));
  memset(notes->has_list, 0, sizeof notes->has_list);
  notes->has_list[300] = true;
  telling->story->asked[300] = telling->story->asked[42] = 0;
  assert_ok(prove(telling->story, notes, &telling->nobody, LAST, telling->story, NULL, &error));
  assert_int_equal(telling->story->asked[300], 0);
  assert_int_equal(telling->story->asked[42], 1);
  free_notes(notes);
}

/* After an interruption another server lies: it is refused, keeps nothing that is false, and costs nothing that was kept. */
static void a_lie_after_the_interruption(void **state) {
  struct telling *telling = *state;
  struct story *liar = story_of(telling->fixture);
  struct notes *notes = take_notes();
  struct bs_proof_cost cost, whole;
  struct bs_error error = {0};

  telling->story->stops = telling->story->questions + 2;
  assert_fails(prove(telling->story, notes, &telling->nobody, LAST, telling->story, NULL, &error), BS_WORD_deadline, "");
  assert_true(notes->kept > 0);
  liar->blocks[2].operations[7] ^= 1; /* where nobody was yet */
  assert_fails(prove(liar, notes, &telling->nobody, LAST, telling->story, NULL, &error), BS_WORD_forged, "block 2 ");
  assert_true_notes(notes, telling->story);
  liar->blocks[2].operations[7] ^= 1;
  story_drop(&liar->blocks[42], 0); /* an operation that nobody had seen */
  assert_fails(prove(liar, notes, &telling->nobody, LAST, telling->story, NULL, &error), BS_WORD_forged, "block 42 are not");
  assert_false(notes->has_list[42]);
  assert_true_notes(notes, telling->story);
  telling->story->stops = 0;
  assert_ok(prove(telling->story, notes, &telling->nobody, LAST, telling->story, &cost, &error));
  free_notes(notes);
  notes = take_notes();
  assert_ok(prove(telling->story, notes, &telling->nobody, LAST, telling->story, &whole, &error));
  assert_true(cost.bytes < whole.bytes);
  free_notes(notes);
  story_free(liar);
}

/* ---- a memory that somebody wrote lies into ---- */

static void a_false_history_is_remembered(void **state) {
  struct telling *telling = *state;
  struct story *lies = story_of(telling->fixture);
  struct notes *notes;
  struct bs_error error = {0};

  bs_operation_list_free(&lies->blocks[300].list); /* there is no newer operation */
  story_seal(&lies->blocks[300]);
  story_rewrite(lies, 300);
  notes = false_notes(lies);
  assert_fails(prove(telling->story, notes, &telling->of_47, LAST, telling->story, NULL, &error), BS_WORD_forged, "");
  memcpy(lies->blocks[LAST].consensus, telling->story->blocks[LAST].consensus, BS_CONSENSUS_SIZE); /* and its pin is right */
  assert_fails(prove(telling->story, notes, &telling->of_47, LAST, telling->story, NULL, &error), BS_WORD_forged,
               "does not hash");
  free_notes(notes);
}

static void an_empty_block_is_remembered(void **state) {
  struct telling *telling = *state;
  struct story *lies = story_of(telling->fixture);
  struct notes *notes;
  struct bs_error error = {0};

  bs_operation_list_free(&lies->blocks[300].list);
  notes = false_notes(lies); /* the list alone is false: it is asked for */
  assert_fails(prove(telling->story, notes, &telling->of_47, LAST, telling->story, NULL, &error), BS_WORD_stale,
               "block 300 has a newer operation");
  assert_int_equal(telling->story->asked[300], 1);
  bs_operation_list_free(&lies->blocks[300].list); /* the true one was kept */
  story_seal(&lies->blocks[300]);
  assert_fails(prove(telling->story, notes, &telling->of_47, LAST, telling->story, NULL, &error), BS_WORD_forged,
               "about block 300 and those before it does not hash");
  free_notes(notes);
}

/* As t/50-names-proof-lies.c has it told by a server: blocks 44, 45, 47 and 48 are not among those that are gone down. */
static void blocks_are_left_out_of_what_is_remembered(void **state) {
  static const uint64_t told_as[][2] = {{48, 46}, {47, 43}, {46, 42}, {45, 39}, {44, 40}, {43, 35}, {42, 48}, {41, 45}, {40, 36},
                                        {39, 41}, {35, 47}, {33, 31}, {32, 28}, {31, 27}, {17, 15}, {16, 12}, {15, 11}};
  struct telling *telling = *state;
  struct story *lies = story_of(telling->fixture);
  struct notes *notes = false_notes(lies);
  struct bs_claim claim = telling->of_42;
  struct bs_error error = {0};

  for (size_t i = 0; i < sizeof told_as / sizeof told_as[0]; i++) lies->as[told_as[i][0]] = told_as[i][1];
  claim.entry.changed_block = 46;
  assert_fails(prove(telling->story, notes, &claim, 50, telling->story, NULL, &error), BS_WORD_forged, "");
  free_notes(notes);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state % limit;
}

/* Whatever stands there: what is false is not proven, and what is true is refused at most. */
static void any_byte_of_it_is_another(void **state) {
  struct telling *telling = *state;
  size_t refused = 0;

  for (size_t round = 0; round < 300; round++) {
    struct story *lies = story_of(telling->fixture);
    struct notes *notes = false_notes(lies);
    struct bs_error error = {0};

    for (uint64_t changes = 1 + random_below(4); changes > 0; changes--) {
      struct story_block *block = &lies->blocks[random_below(3) == 0 ? 300 : 1 + random_below(LAST)];
      unsigned char bit = (unsigned char)(1u << random_below(8));
      uint64_t what = random_below(3);

      if (what == 0) block->consensus[random_below(BS_CONSENSUS_SIZE)] ^= bit;
      else if (what == 1 || block->list.count == 0) block->operations[random_below(BS_SHA256_SIZE)] ^= bit;
      else block->list.bytes.bytes[random_below(block->list.bytes.length)] ^= bit;
    }
    assert_false(prove(telling->story, notes, &telling->of_47, LAST, telling->story, NULL, &error));
    error = (struct bs_error){0};
    if (!prove(telling->story, notes, &telling->now, LAST, telling->story, NULL, &error)) {
      assert_int_equal(error.word, BS_WORD_forged);
      refused++;
    }
    free_notes(notes);
  }
  assert_true(refused > 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TELLING_TEST(what_was_verified_is_not_asked_for_again),
      TELLING_TEST(a_proof_that_is_interrupted_goes_on),
      TELLING_TEST(operations_are_kept_as_they_come),
      TELLING_TEST(a_lie_after_the_interruption),
      TELLING_TEST(a_false_history_is_remembered),
      TELLING_TEST(an_empty_block_is_remembered),
      TELLING_TEST(blocks_are_left_out_of_what_is_remembered),
      TELLING_TEST(any_byte_of_it_is_another),
  };
  return RUN_TESTS(tests);
}

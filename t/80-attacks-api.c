/* SPDX-License-Identifier: MIT */
/* Every forged record that t/lib/forge.h knows, through the public API: refused with its word, nothing handed out,
 * nothing changed. */
#include <config.h>

#include "t/lib/attack.h"

#define TEXT "the newest"

/* Authentic and newer: seeing it raises the floor, so that it needs a datum of its own. */
static bool raises(const struct forge_fault *fault) {
  return fault->get_word == BS_WORD_deleted || fault->get_word == BS_WORD_expired;
}

static const char *id_of(const struct forge_fault *fault) {
  return raises(fault) ? fault->name : ID;
}

/* Of each datum the reader has seen version 2 with TEXT. */
static void put_two(struct world *world, const char *id) {
  put_next(world, id, "the first");
  put_next(world, id, TEXT);
}

static void put_all(struct world *world) {
  const struct forge_fault *fault;

  begin_attack(world);
  put_two(world, ID);
  for (size_t i = 0; (fault = forge_fault_at(i)) != NULL; i++)
    if (raises(fault)) put_two(world, fault->name);
}

typedef void verdict(const struct forge_fault *fault, const struct answer *answer);

/* The fault in the liar's store. */
static void attack(struct world *world, const struct forge_fault *fault, verdict *judge) {
  unsigned char chain[32], before[BS_SHA256_SIZE], after[BS_SHA256_SIZE];
  struct bs_seen floor = floor_of(world, id_of(fault)), risen;
  struct forge of;
  struct answer answer;

  chain_of(world, chain);
  of = forge_of(world, chain, id_of(fault), 2, TEXT);
  give_forged(world, fault->name, &of);
  digest_stores(world, before);
  answer = ask(world, id_of(fault), NULL);
  judge(fault, &answer);
  end_answer(&answer);
  digest_stores(world, after);
  if (memcmp(before, after, sizeof after) != 0) fail_msg("%s: a store was changed", fault->name);
  risen = floor_of(world, id_of(fault));
  if (raises(fault) ? risen.ver != 3 : risen.ver != 2 || memcmp(risen.z, floor.z, sizeof floor.z) != 0)
    fail_msg("%s: the floor is version %d", fault->name, (int)risen.ver);
}

static void attack_all(struct world *world, const char *stores, verdict *judge) {
  const struct forge_fault *fault;

  put_all(world);
  open_session(world, stores);
  for (size_t i = 0; (fault = forge_fault_at(i)) != NULL; i++) attack(world, fault, judge);
}

/* The liar is named with what it did. */
static void assert_blamed(const struct forge_fault *fault, const struct answer *answer) {
  char text[64];

  /* What gives no bytes has failed; that it is why nothing could be reached is another matter. */
  snprintf(text, sizeof text, "\"code\": \"%s\"",
           bs_word_text(fault->get_word == BS_WORD_unreachable ? BS_WORD_failed : fault->get_word));
  assert_answer(answer, answer->word, "\"store\": \"liar\"", fault->name);
  assert_answer(answer, answer->word, text, fault->name);
}

static void is_refused(const struct forge_fault *fault, const struct answer *answer) {
  if (fault->get_word == BS_NO_WORD) {
    assert_answer(answer, "", "\"data\": \"" TEXT "\"", fault->name);
    return;
  }
  assert_int_equal(answer->result, bs_word_result(fault->get_word));
  assert_answer(answer, bs_word_text(fault->get_word), raises(fault) ? "\"ok\": true" : "\"ok\": false", fault->name);
  assert_blamed(fault, answer);
}

static void a_liar_alone_is_refused(void **state) {
  attack_all(*state, LIAR, is_refused);
}

/* Only what is newer and authentic counts beside the honest store. */
static void is_helped(const struct forge_fault *fault, const struct answer *answer) {
  if (raises(fault)) {
    assert_answer(answer, bs_word_text(fault->get_word), "", fault->name);
    return;
  }
  assert_answer(answer, "", "\"data\": \"" TEXT "\"", fault->name);
  assert_answer(answer, "", "\"ver\": 2,", fault->name);
  if (fault->get_word == BS_NO_WORD) return;
  assert_answer(answer, "", "\"store\": \"good\"", fault->name);
  assert_answer(answer, "", "\"believed\": false", fault->name);
  if (fault->get_word == BS_WORD_conflict) assert_answer(answer, "", "\"why\": \"Another content was signed", fault->name);
  else if (fault->get_word == BS_WORD_stale) assert_answer(answer, "", "\"why\": \"It is older than", fault->name);
  else assert_blamed(fault, answer);
}

static void an_honest_store_is_enough(void **state) {
  attack_all(*state, BOTH, is_helped);
}

static void an_honest_store_is_enough_where_the_first_counts(void **state) {
  attack_all(*state, "replication: {read: first}\n" BOTH, is_helped);
}

/* Of each byte one bit, another in each round: what is accepted is the very same version, its header or white space apart. */
static void flipped_bits_are_refused(void **state) {
  struct world *world = *state;
  struct bs_buffer record = BS_BUFFER_INIT;
  struct bs_seen floor;
  size_t accepted = 0;

  begin_attack(world);
  put_two(world, ID);
  floor = floor_of(world, ID);
  read_liar(world, ID, &record);
  open_session(world, LIAR);
  for (size_t bit = 0; bit < 8 * record.length; bit += 3) {
    struct answer answer;

    record.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    give_liar(world, ID, record.bytes, record.length);
    answer = ask(world, ID, NULL);
    if (answer.result == BLOCKSTORE_DONE) assert_answer(&answer, "", "\"data\": \"" TEXT "\"", "a flipped bit");
    else assert_int_equal(answer.result, BLOCKSTORE_FORGED);
    accepted += answer.result == BLOCKSTORE_DONE;
    end_answer(&answer);
    record.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
  }
  assert_in_range(accepted, 0, 8);
  assert_memory_equal(floor_of(world, ID).z, floor.z, sizeof floor.z);
  bs_buffer_free(&record);
}

static void cut_and_grown_records_are_refused(void **state) {
  struct world *world = *state;
  struct bs_buffer record = BS_BUFFER_INIT;

  begin_attack(world);
  put_two(world, ID);
  read_liar(world, ID, &record);
  open_session(world, LIAR);
  for (size_t length = 1; length < record.length; length += 7) {
    give_liar(world, ID, record.bytes, length);
    assert_get(world, ID, "malformed", "\"store\": \"liar\"");
  }
  bs_buffer_text(&record, "{}");
  give_liar(world, ID, record.bytes, record.length);
  assert_get(world, ID, "malformed", "\"store\": \"liar\"");
  bs_buffer_free(&record);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(a_liar_alone_is_refused),
      in_world(an_honest_store_is_enough),
      in_world(an_honest_store_is_enough_where_the_first_counts),
      in_world(flipped_bits_are_refused),
      in_world(cut_and_grown_records_are_refused),
  };

  return RUN_TESTS(tests);
}

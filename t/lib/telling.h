/* SPDX-License-Identifier: MIT */
/* A ledger of 420 blocks with a history that is worth lying about, told by t/lib/story.h. */
#ifndef BS_T_TELLING_H
#define BS_T_TELLING_H

#include "t/lib/story.h"

#define LAST 420

struct telling {
  struct fixture *fixture;
  struct story *story;
  struct bs_claim of_42, of_47; /* what the ledger said of foo.id in those blocks */
  struct bs_claim now, nobody;  /* of foo.id, changed last in block 300, and of a name that nobody has */
};

static inline void mine_up_to(struct fixture *fixture, uint64_t height) {
  mine(fixture, (int)(height - tip_of(fixture).height));
}

/* A block in which foo.id (alice's) and bar.id (bob's) are updated, and alice preorders something. */
static inline void busy_block(struct fixture *fixture, unsigned char value) {
  struct bs_operation operations[3] = {update_of(fixture, "foo.id", value), update_of(fixture, "bar.id", value),
                                       preorder_of(fixture, "baz.id", fixture->alice, fixture->alice)};
  const struct bs_key *keys[3] = {fixture->alice, fixture->bob, fixture->alice};
  struct bs_buffer raws[3] = {BS_BUFFER_INIT, BS_BUFFER_INIT, BS_BUFFER_INIT};
  struct bs_error error = {0};

  operations[2].hash[0] = value; /* of something */
  for (size_t i = 0; i < 3; i++) {
    struct bs_coin coin = coin_of(fixture, keys[i], i == 2);

    make(&raws[i], &coin, keys[i], &operations[i], NULL, i == 2 ? 10000 : 0);
  }
  assert_ok(append(fixture, raws, 3, &error));
  for (size_t i = 0; i < 3; i++) {
    if (fixture->verdicts[i].verdict != BS_VERDICT_ACCEPTED) fail_msg("%zu: %s", i, fixture->verdicts[i].reason);
    bs_buffer_free(&raws[i]);
  }
}

static inline int begin_telling(void **state) {
  struct telling *telling = calloc(1, sizeof *telling);
  struct bs_operation update;
  void *made;

  assert_non_null(telling);
  assert_int_equal(set_up(&made), 0);
  telling->fixture = made;
  for (size_t i = 0; i < 3; i++) grant(telling->fixture, telling->fixture->alice);
  own(telling->fixture, "foo.id", telling->fixture->alice);
  own(telling->fixture, "bar.id", telling->fixture->bob);
  mine_up_to(telling->fixture, 41);
  busy_block(telling->fixture, 0x42);
  telling->of_42 = claim_of(telling->fixture, "foo.id");
  mine_up_to(telling->fixture, 46);
  update = update_of(telling->fixture, "foo.id", 0x47);
  assert_null(send(telling->fixture, telling->fixture->alice, &update, NULL, 0));
  telling->of_47 = claim_of(telling->fixture, "foo.id");
  mine_up_to(telling->fixture, 299);
  busy_block(telling->fixture, 0x30);
  mine_up_to(telling->fixture, LAST);
  telling->now = claim_of(telling->fixture, "foo.id");
  telling->nobody = claim_of(telling->fixture, "nobody.id");
  assert_int_equal(telling->now.entry.changed_block, 300);
  telling->story = story_of(telling->fixture);
  *state = telling;
  return 0;
}

static inline int end_telling(void **state) {
  struct telling *telling = *state;
  void *fixture = telling->fixture;

  story_free(telling->story);
  free(telling);
  return tear_down(&fixture);
}

#define TELLING_TEST(function) cmocka_unit_test_setup_teardown(function, begin_telling, end_telling)

#endif

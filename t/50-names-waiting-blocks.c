/* SPDX-License-Identifier: MIT */
/* The blocks that are looked through for what became of an operation: which, how many, and how far in one call. */
#include <config.h>

#include "t/lib/waiting.h"

static struct {
  int asked, most; /* most 0: as many as may be */
  uint64_t first;
} refusals;

static bool count_refusals(void *state, uint64_t block, bs_visit_refused visit, void *user, struct bs_error *error) {
  if (refusals.asked == 0) refusals.first = block;
  if (++refusals.asked > refusals.most && refusals.most != 0) return bs_fail(error, BS_WORD_deadline, "It took too long.");
  return slow_provider.refused_at(state, block, visit, user, error);
}

/* After a month without it: each call looks at some of the blocks, and goes on where the last one was. */
static void blocks_are_looked_through_in_several_calls(void **state) {
  struct fixture *fixture = *state;
  const struct bs_names_config config = {.provider = "slow"};
  struct bs_provider counting = slow_provider;
  struct bs_pending_operation *items;
  struct bs_error error = {0};
  uint64_t first;
  size_t count;

  own(fixture, "foo.id");
  update(fixture, "foo.id", VALUE_1);
  {
    struct slow_transactions kept = slow->pool;

    slow_forget();
    slow_mine(255);
    slow->pool = kept;
  }
  slow_mine(1 + LAG); /* refused: its consensus hash is too old now */
  counting.refused_at = count_refusals;
  bs_names_close(fixture->one.names);
  assert_ok(bs_names_open_on(&fixture->one.names, &counting, &config, &error));
  bs_names_remember(fixture->one.names, fixture->one.state);
  memset(&refusals, 0, sizeof refusals);
  refusals.most = 50;
  assert_fails(bs_names_resume(fixture->one.names, NULL, &items, &count, NULL, NULL, &error), BS_WORD_deadline, "too long");
  first = refusals.first;
  memset(&refusals, 0, sizeof refusals);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, NULL);

    assert_int_equal(refusals.first, first + 50);
    assert_int_equal(refusals.asked, 200);
    assert_int_equal(listed.count, 1);
    assert_string_not_equal(listed.items[0].state, "lost");
  }
  memset(&refusals, 0, sizeof refusals);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, NULL);

    assert_int_equal(refusals.first, first + 250);
    assert_state(&listed, 0, "refused");
  }
  restart(fixture);
}

/* Nobody is asked for the refusal of what was found. */
static void what_was_found_is_not_looked_for_any_more(void **state) {
  struct fixture *fixture = *state;
  const struct bs_names_config config = {.provider = "slow"};
  struct bs_provider counting = slow_provider;
  struct bs_error error = {0};

  own(fixture, "foo.id");
  update(fixture, "foo.id", VALUE_1);
  slow_mine(1 + LAG);
  counting.refused_at = count_refusals;
  bs_names_close(fixture->one.names);
  assert_ok(bs_names_open_on(&fixture->one.names, &counting, &config, &error));
  bs_names_remember(fixture->one.names, fixture->one.state);
  memset(&refusals, 0, sizeof refusals);
  {
    struct listed listed AUTO_LISTED = resume(&fixture->one, NULL);

    assert_state(&listed, 0, "done");
    assert_int_equal(refusals.asked, 0);
  }
  restart(fixture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SLOW_TEST(blocks_are_looked_through_in_several_calls),
      SLOW_TEST(what_was_found_is_not_looked_for_any_more),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* When memory runs out, at whatever allocation, an operation that waits for a block says no_memory, and none is forgotten. */
#include <config.h>

#include "t/lib/memory.h"
#include "t/lib/waiting.h"

/* The node has memory of its own. */
static bool broadcast(void *state, struct bs_name_broadcast *ret_broadcast, const struct bs_buffer *raw, bool dry_run,
                      struct bs_error *error) {
  unsigned kept = left;
  bool good;

  left = UINT_MAX;
  good = slow_provider.broadcast(state, ret_broadcast, raw, dry_run, error);
  left = kept;
  return good;
}

static bool coins(void *state, struct bs_coin *coins, size_t *ret_count, size_t most, const unsigned char hash[BS_HASH160_SIZE],
                  struct bs_error *error) {
  unsigned kept = left;
  bool good;

  left = UINT_MAX;
  good = slow_provider.coins(state, coins, ret_count, most, hash, error);
  left = kept;
  return good;
}

static struct bs_provider frugal; /* the slow one with these */

static void begin(struct fixture *fixture) {
  const struct bs_names_config config = {.provider = "slow"};
  struct bs_error error = {0};

  own(fixture, "foo.id");
  frugal = slow_provider;
  frugal.broadcast = broadcast;
  frugal.coins = coins;
  bs_names_close(fixture->one.names);
  assert_ok(bs_names_open_on(&fixture->one.names, &frugal, &config, &error));
  bs_names_remember(fixture->one.names, fixture->one.state);
  slow_mine(LAG);
  slow->lag = 0;
  slow_mine(1);
}

/* All that was made gets into the chain, and nothing is left. */
static void finish(struct fixture *fixture) {
  for (int i = 0; i < 2; i++) {
    struct listed listed = resume(&fixture->one, fixture->alice);

    free_listed(&listed);
    slow_mine(1);
  }
  {
    struct listed listed = list(&fixture->one);

    assert_int_equal(listed.count, 0);
    free_listed(&listed);
  }
}

static struct fixture *now; /* of the test that runs */
static bool turn;

static bool update_once(struct bs_error *error) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  unsigned kept = left;

  left = UINT_MAX;
  finish(now); /* what the last try has left */
  left = kept;
  return bs_names_update(now->one.names, NULL, &receipt, "foo.id", VALUE_1, &now->by_alice, error);
}

static void an_operation(void **state) {
  now = *state;
  begin(now);
  assert_each_failure_is_said(update_once, 20);
  finish(now);
  assert_string_equal(lookup(&now->one, "foo.id").value_hash, VALUE_1);
}

static bool resume_once(struct bs_error *error) {
  struct bs_pending_operation *items;
  unsigned kept = left;
  size_t count;

  left = UINT_MAX;
  finish(now);
  assert_string_equal(lookup(&now->one, "foo.id").value_hash, turn ? VALUE_1 : VALUE_2);
  turn = !turn;
  update(now, "foo.id", turn ? VALUE_1 : VALUE_2);
  slow_forget();
  slow_mine(16); /* it is to be made anew */
  left = kept;
  if (!bs_names_resume(now->one.names, NULL, &items, &count, now->alice, NULL, error)) return false;
  free(items);
  return true;
}

static void making_one_anew(void **state) {
  now = *state;
  begin(now);
  turn = true;
  update(now, "foo.id", VALUE_1);
  assert_each_failure_is_said(resume_once, 20);
  finish(now);
  assert_string_equal(lookup(&now->one, "foo.id").value_hash, turn ? VALUE_1 : VALUE_2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SLOW_TEST(an_operation),
      SLOW_TEST(making_one_anew),
  };

  return RUN_TESTS(tests);
}

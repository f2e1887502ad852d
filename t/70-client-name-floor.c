/* SPDX-License-Identifier: MIT */
/* The block where a name was seen, on chains that lose blocks and on chains that do not. */
#include <config.h>

#include <string.h>

#include "core/client/name-floor.h"
#include "core/names/provider.h"
#include "t/lib/unit.h"

#define HEIGHT 9

/* A chain of HEIGHT blocks, each with a consensus hash of its number. */
static bool enter(void *state, const struct bs_scope *scope, bool write, bool *ret_exists, struct bs_error *error) {
  (void)state, (void)scope, (void)write, (void)error;
  *ret_exists = true;
  return true;
}

static void leave(void *state) {
  (void)state;
}

static const char *place(void *state) {
  (void)state;
  return "nowhere";
}

static bool consensus_at(void *state, unsigned char consensus[BS_CONSENSUS_SIZE], bool *ret_found, uint64_t block,
                         struct bs_error *error) {
  (void)state, (void)error;
  *ret_found = block <= HEIGHT;
  memset(consensus, (int)block, BS_CONSENSUS_SIZE);
  return true;
}

static bool always(void *state) {
  return state == NULL;
}

static bool never(void *state) {
  return state != NULL;
}

static void assert_fate(bool immediate, uint64_t block, const char *consensus, enum bs_fate expected) {
  const struct bs_provider provider = {.is_immediate = immediate ? always : never, .enter = enter, .leave = leave, .place = place,
                                       .consensus_at = consensus_at};
  struct bs_names names = {.provider = &provider, .mutex = PTHREAD_MUTEX_INITIALIZER};
  struct bs_name_seen floor = {.block = block};
  struct bs_error error = {0};
  enum bs_fate fate;

  memcpy(floor.consensus, consensus, strlen(consensus));
  assert_true(bs_name_floor_fate(&fate, &floor, &names, NULL, &error));
  assert_int_equal(fate, expected);
  assert_int_equal(error.word, BS_NO_WORD);
}

static void the_block_is_there(void **state) {
  (void)state;
  for (int immediate = 0; immediate < 2; immediate++) {
    assert_fate(immediate, 7, "07070707070707070707070707070707", BS_FATE_IN_CHAIN);
    assert_fate(immediate, 7, "", BS_FATE_IN_CHAIN); /* not known: as far as can be told */
  }
}

static void the_chain_ends_before_it(void **state) {
  (void)state;
  for (int immediate = 0; immediate < 2; immediate++)
    assert_fate(immediate, HEIGHT + 1, "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a", BS_FATE_BEYOND_CHAIN);
}

static void another_is_in_its_place(void **state) {
  (void)state;
  assert_fate(false, 7, "17070707070707070707070707070707", BS_FATE_LEFT_CHAIN);
  assert_fate(true, 7, "17070707070707070707070707070707", BS_FATE_REPLACED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_block_is_there),
      cmocka_unit_test(the_chain_ends_before_it),
      cmocka_unit_test(another_is_in_its_place),
  };

  return RUN_TESTS(tests);
}

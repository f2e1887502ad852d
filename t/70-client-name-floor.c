/* SPDX-License-Identifier: MIT */
/* The block where a name was seen, on chains that lose blocks and on chains that do not. */
#include <config.h>

#include <string.h>

#include "core/client/name-floor.h"
#include "core/names/provider.h"
#include "t/lib/unit.h"

static uint64_t height = 9;

/* A chain of so many blocks, each with a consensus hash of its number. */
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
  *ret_found = block <= height;
  memset(consensus, (int)block, BS_CONSENSUS_SIZE);
  return true;
}

static bool info(void *state, struct bs_names_info *ret_info, struct bs_error *error) {
  (void)state, (void)error;
  ret_info->exists = true;
  ret_info->height = height;
  return true;
}

static const char *elsewhere; /* what another server has at each block; NULL: nothing */

static bool has_elsewhere(void *state, bool *ret_has, uint64_t block, const unsigned char consensus[BS_CONSENSUS_SIZE],
                          struct bs_error *error) {
  (void)state, (void)block, (void)error;
  *ret_has = elsewhere != NULL && memcmp(elsewhere, consensus, BS_CONSENSUS_SIZE) == 0;
  return true;
}

static bool always(void *state) {
  return state == NULL;
}

static bool never(void *state) {
  return state != NULL;
}

static const struct bs_pin *pin;

static void assert_fate(bool immediate, uint64_t block, const char *consensus, enum bs_fate expected) {
  const struct bs_provider provider = {.is_immediate = immediate ? always : never, .enter = enter, .leave = leave, .place = place,
                                       .info = info, .consensus_at = consensus_at, .has_elsewhere = has_elsewhere};
  struct bs_names names = {.provider = &provider, .mutex = PTHREAD_MUTEX_INITIALIZER};
  struct bs_name_seen floor = {.block = block};
  struct bs_error error = {0};
  enum bs_fate fate;

  memcpy(floor.consensus, consensus, strlen(consensus));
  assert_true(bs_name_floor_fate(&fate, &floor, &names, pin, NULL, &error));
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
    assert_fate(immediate, height + 1, "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a", BS_FATE_BEYOND_CHAIN);
}

static void another_is_in_its_place(void **state) {
  (void)state;
  assert_fate(false, 7, "17070707070707070707070707070707", BS_FATE_LEFT_CHAIN);
  assert_fate(true, 7, "17070707070707070707070707070707", BS_FATE_REPLACED);
}

static void another_is_in_its_place_but_not_elsewhere(void **state) {
  (void)state;
  elsewhere = "\x17\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07";
  assert_fate(false, 7, "17070707070707070707070707070707", BS_FATE_REPLACED);
  assert_fate(false, 7, "27070707070707070707070707070707", BS_FATE_LEFT_CHAIN);
  elsewhere = NULL;
}

/* The pin's own block; another of below it, or none that the server could show, says t/70-cli-names-replay.t. */
static void a_pin_decides(void **state) {
  struct bs_pin at = {.block = 7};

  (void)state;
  pin = &at;
  memset(at.consensus, 0x17, sizeof at.consensus);
  assert_fate(false, 7, "17171717171717171717171717171717", BS_FATE_REPLACED);
  assert_fate(false, 7, "27171717171717171717171717171717", BS_FATE_REPLACED); /* it is neither the one nor the other */
  memset(at.consensus, 0x07, sizeof at.consensus);
  assert_fate(false, 7, "17171717171717171717171717171717", BS_FATE_LEFT_CHAIN);
  assert_fate(false, 8, "17171717171717171717171717171717", BS_FATE_LEFT_CHAIN); /* above it */
  pin = NULL;
}

/* However deep a block is, a chain of final blocks has it; no other loses one that is 100 deep. */
static void another_is_in_its_place_far_below(void **state) {
  (void)state;
  height = 107;
  assert_fate(false, 7, "17070707070707070707070707070707", BS_FATE_LEFT_CHAIN);
  assert_fate(false, 6, "17070707070707070707070707070707", BS_FATE_REPLACED);
  assert_fate(false, 6, "06060606060606060606060606060606", BS_FATE_IN_CHAIN);
  assert_fate(true, 7, "17070707070707070707070707070707", BS_FATE_REPLACED);
  height = 9;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_block_is_there),
      cmocka_unit_test(the_chain_ends_before_it),
      cmocka_unit_test(another_is_in_its_place),
      cmocka_unit_test(another_is_in_its_place_far_below),
      cmocka_unit_test(another_is_in_its_place_but_not_elsewhere),
      cmocka_unit_test(a_pin_decides),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/common/chance.h"
#include "t/lib/driver-host.h"

/* What the authors of SplitMix64 print for this seed. */
static void it_is_splitmix64(void **state) {
  static const uint64_t expected[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                      UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                      UINT64_C(16408922859458223821)};

  (void)state;
  for (uint64_t i = 0; i < 5; i++) assert_true(bs_chance_at(1234567, i) == expected[i]);
}

static void it_stays_below_the_bound_and_reaches_all(void **state) {
  unsigned seen[7] = {0};

  (void)state;
  for (uint64_t i = 0; i < 7000; i++) {
    uint64_t drawn = bs_chance_below(7, 42, i);

    assert_true(drawn < 7);
    seen[drawn]++;
  }
  for (int i = 0; i < 7; i++) assert_in_range(seen[i], 850, 1150);
  assert_int_equal(bs_chance_below(0, 42, 1), 0);
  assert_int_equal(bs_chance_below(1, 42, 1), 0);
}

static void the_seed_is_the_option(void **state) {
  static const struct host_setting given[] = {{"seed", "77"}, {NULL, NULL}}, negative[] = {{"seed", "-1"}, {NULL, NULL}},
                                   none[] = {{NULL, NULL}};
  const struct blockstore_settings settings[] = {{given}, {negative}, {none}};
  struct host_call call;
  uint64_t first;

  (void)state;
  host_call_init(&call);
  assert_int_equal(bs_chance_seed(&call.call, &settings[0]), 77);
  assert_true(bs_chance_seed(&call.call, &settings[1]) == UINT64_MAX);
  first = bs_chance_seed(&call.call, &settings[2]);
  assert_true(first <= UINT32_MAX);
  for (int i = 0; bs_chance_seed(&call.call, &settings[2]) == first; i++) assert_true(i < 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_splitmix64),
      cmocka_unit_test(it_stays_below_the_bound_and_reaches_all),
      cmocka_unit_test(the_seed_is_the_option),
  };

  return RUN_TESTS(tests);
}

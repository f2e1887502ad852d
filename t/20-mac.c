/* SPDX-License-Identifier: MIT */
/* The tags that show whether bytes changed. */
#include <config.h>

#include "core/crypto/mac.h"
#include "t/lib/unit.h"

#define UNUSED __attribute__((unused))

static struct bs_mac *mac;

static int set_up(void **state UNUSED) {
  struct bs_error error = {0};

  assert_ok(bs_mac_new(&mac, &error));
  return 0;
}

static int tear_down(void **state UNUSED) {
  bs_mac_free(mac);
  return 0;
}

static void tag(unsigned char result[BS_MAC_SIZE], struct bs_mac *with, uint64_t number, const char *text,
                size_t length) {
  struct bs_error error = {0};

  assert_ok(bs_mac_tag(with, result, number, text, length, &error));
}

static void the_same_bytes_have_the_same_tag(void **state UNUSED) {
  struct bs_error error = {0};
  unsigned char one[BS_MAC_SIZE];
  unsigned char other[BS_MAC_SIZE];
  struct bs_mac *copy;

  tag(one, mac, 7, "some bytes", 10);
  tag(other, mac, 8, "in between", 10);
  tag(other, mac, 7, "some bytes", 10);
  assert_true(bs_mac_equal(one, other));
  assert_ok(bs_mac_copy(&copy, mac, &error));
  tag(other, copy, 7, "some bytes", 10);
  assert_true(bs_mac_equal(one, other));
  bs_mac_free(copy);
}

static void other_bytes_lengths_places_and_keys_have_another(void **state UNUSED) {
  struct bs_error error = {0};
  unsigned char one[BS_MAC_SIZE];
  unsigned char other[BS_MAC_SIZE];
  struct bs_mac *fresh;

  tag(one, mac, 7, "some bytes", 10);
  tag(other, mac, 7, "some bytez", 10);
  assert_false(bs_mac_equal(one, other));
  tag(other, mac, 7, "some bytes", 9);
  assert_false(bs_mac_equal(one, other));
  tag(other, mac, 7, "some bytes", 11); /* and the NUL */
  assert_false(bs_mac_equal(one, other));
  tag(other, mac, 7 + (UINT64_C(1) << 40), "some bytes", 10);
  assert_false(bs_mac_equal(one, other));
  assert_ok(bs_mac_new(&fresh, &error));
  tag(other, fresh, 7, "some bytes", 10);
  assert_false(bs_mac_equal(one, other));
  bs_mac_free(fresh);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_same_bytes_have_the_same_tag, set_up, tear_down),
      cmocka_unit_test_setup_teardown(other_bytes_lengths_places_and_keys_have_another, set_up, tear_down),
  };

  return RUN_TESTS(tests);
}

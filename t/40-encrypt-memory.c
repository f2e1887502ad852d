/* SPDX-License-Identifier: MIT */
/* When memory runs out, the filter encrypt says so, and keeps none. */
#include <config.h>

#include "t/lib/memory.h"

#define NEEDED(condition) assert_true(condition)
#include "t/lib/encrypt.h"

static struct bs_crypt_keys keys;

static bool seal_once(struct bs_error *error) {
  struct bs_crypt_header header = header_of(&keys.all[0], BS_CRYPT_MUTABLE, "id", 1, "data", 4);
  struct bytes plain = bytes_of("data", 4);
  struct bs_crypt_seal seal;
  bool done = bs_crypt_seal_begin(&seal, &keys.all[0], &header, &plain.abi);

  bs_crypt_seal_end(&seal);
  return done ? true : bs_fail(error, BS_WORD_no_memory, "none");
}

static bool open_once(struct bs_error *error) {
  struct bs_crypt_open open;
  bool done = bs_crypt_open_begin(&open, NULL, &keys, BS_CRYPT_MUTABLE, NULL);

  bs_crypt_open_end(&open);
  return done ? true : bs_fail(error, BS_WORD_no_memory, "none");
}

static void no_memory_is_said(void **state) {
  (void)state;
  take_keys(&keys, MASTER);
  assert_each_failure_is_said(seal_once, 2);
  assert_each_failure_is_said(open_once, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(no_memory_is_said)};

  return RUN_TESTS(tests);
}

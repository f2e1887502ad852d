/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "plugins/common/upload.h"
#include "t/lib/driver-host.h"

#define DAY 86400

static bool has_no_entropy;

int __wrap_getentropy(void *buffer, size_t length);
int __real_getentropy(void *buffer, size_t length);

int __wrap_getentropy(void *buffer, size_t length) {
  if (!has_no_entropy) return __real_getentropy(buffer, length);
  errno = ENOSYS;
  return -1;
}

static void a_name_is_of_now_and_like_no_other(void **state) {
  struct host_call call;
  char one[BS_UPLOAD_NAME_SIZE], other[BS_UPLOAD_NAME_SIZE];
  time_t before = time(NULL);

  (void)state;
  host_call_init(&call);
  assert_int_equal(bs_upload_name(one, &call.call), BLOCKSTORE_STATUS_OK);
  assert_int_equal(bs_upload_name(other, &call.call), BLOCKSTORE_STATUS_OK);
  assert_string_not_equal(one, other);
  assert_int_equal(strlen(one), BS_UPLOAD_NAME_SIZE - 1);
  assert_in_range(strtoull(one, NULL, 16), before, time(NULL));
  assert_false(bs_upload_is_old(one, before + DAY));
  assert_true(bs_upload_is_old(one, time(NULL) + DAY + 1));
}

static void without_random_numbers_there_is_none(void **state) {
  struct host_call call;
  char name[BS_UPLOAD_NAME_SIZE];

  (void)state;
  host_call_init(&call);
  has_no_entropy = true;
  assert_int_equal(bs_upload_name(name, &call.call), BLOCKSTORE_STATUS_FAILED);
  has_no_entropy = false;
  assert_string_equal(call.sentence, "The system gives no random numbers.");
}

static void old_is_what_no_put_takes(void **state) {
  char name[64];

  (void)state;
  for (int age = -2; age <= 2; age++) {
    snprintf(name, sizeof name, "%016" PRIx64 "-0123456789abcdef", (uint64_t)(1700000000 - DAY - age));
    assert_int_equal(bs_upload_is_old(name, 1700000000), age > 0);
  }
  assert_false(bs_upload_is_old("00000000ffffffff-0123456789abcdef", 1700000000));
  assert_false(bs_upload_is_old("ffffffffffffffff-0123456789abcdef", 1700000000));
}

static void what_has_another_name_is_not_touched(void **state) {
  static const char *const names[] = {"",
                                      "mine",
                                      "0000000000000000",
                                      "0000000000000000-",
                                      "0000000000000000-0123456789abcde",
                                      "0000000000000000-0123456789abcdef0",
                                      "0000000000000000-0123456789abcdeF",
                                      "0000000000000000-0123456789abcdef/",
                                      "0000000000000000_0123456789abcdef",
                                      "000000000000000-0123456789abcdef",
                                      "00000000000000000-0123456789abcdef",
                                      "../0000000000000000-0123456789abcdef"};

  (void)state;
  assert_true(bs_upload_is_old("0000000000000000-0123456789abcdef", 1700000000));
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (bs_upload_is_old(names[i], 1700000000)) fail_msg("%s is old", names[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_name_is_of_now_and_like_no_other),
      cmocka_unit_test(without_random_numbers_there_is_none),
      cmocka_unit_test(old_is_what_no_put_takes),
      cmocka_unit_test(what_has_another_name_is_not_touched),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* What a session keeps of names: for how long, how much, and that it never hides what was written or seen since. */
#include <config.h>

#include "core/base/auto.h"
#include "core/client/cache.h"
#include "t/lib/unit.h"

static struct bs_error error;
static struct bs_cache cache;

static int begin(void **state) {
  (void)state;
  bs_cache_begin(&cache);
  return 0;
}

static int end(void **state) {
  (void)state;
  bs_cache_end(&cache);
  return 0;
}

static void release(struct bs_user_copy **copy) {
  bs_user_copy_release(*copy);
}
#define AUTO_COPY BS_AUTO(release)

/* A value hash that repeats a digit, and a user record of `size` bytes at least. */
static struct bs_user_copy *make_copy(char hash[41], unsigned number, size_t size) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_user_copy *copy;

  snprintf(hash, 41, "%040u", number);
  bs_buffer_format(&bytes, "{\"mutable_data\": [{\"id\": \"a\", \"pubkey\": "
                   "\"03d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3\", "
                           "\"urls\": []}, {\"id\": \"b\", \"urls\": []}, {\"id\": \"c\", \"pubkey\": \"03%064d\", "
                           "\"urls\": []}], \"name\": {\"formatted\": \"foo.id\"}, \"owner\": "
                           "\"12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4\", \"v\": \"3\", "
                           "\"x\": \"%*s\"}", 5, (int)size, "");
  assert_ok(bs_user_copy_new(&copy, "foo.id", hash, &bytes, &error));
  assert_null(bytes.bytes);
  return copy;
}

static bool has_user(const char *hash) {
  struct bs_user_copy *copy AUTO_COPY = bs_cache_find_user(&cache, "foo.id", hash);

  return copy != NULL;
}

static void user_records_are_found_by_their_hash(void **state) {
  char hash[41], other[41];
  struct bs_user_copy *copy AUTO_COPY = make_copy(hash, 1, 1), *found AUTO_COPY = NULL;

  (void)state;
  assert_false(has_user(hash));
  bs_cache_keep_user(&cache, copy);
  snprintf(other, sizeof other, "%040d", 2);
  assert_false(has_user(other));
  found = bs_cache_find_user(&cache, "foo.id", hash);
  assert_ptr_equal(found, copy);
  assert_null(bs_cache_find_user(&cache, "bar.id", hash)); /* another name is not proven by it */
}

static void the_oldest_of_too_many_goes(void **state) {
  char hashes[BS_CACHE_USERS + 1][41];

  (void)state;
  for (unsigned i = 0; i <= BS_CACHE_USERS; i++) {
    struct bs_user_copy *copy AUTO_COPY = make_copy(hashes[i], i + 1, 1);

    bs_cache_keep_user(&cache, copy);
  }
  assert_false(has_user(hashes[0]));
  for (unsigned i = 1; i <= BS_CACHE_USERS; i++) assert_true(has_user(hashes[i]));
}

/* Three of 24 MiB are more than 64. */
static void large_ones_make_room(void **state) {
  char hashes[3][41];

  (void)state;
  for (unsigned i = 0; i < 3; i++) {
    struct bs_user_copy *copy AUTO_COPY = make_copy(hashes[i], i + 1, (size_t)24 << 20);

    bs_cache_keep_user(&cache, copy);
  }
  assert_false(has_user(hashes[0]));
  assert_true(has_user(hashes[2]));
  assert_true(cache.user_bytes <= BS_CACHE_USER_BYTES);
}

static void a_record_that_is_none_is_refused(void **state) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_user_copy *copy;
  char hash[41];

  (void)state;
  bs_buffer_text(&bytes, "{}");
  snprintf(hash, sizeof hash, "%040d", 1);
  assert_fails(bs_user_copy_new(&copy, "foo.id", hash, &bytes, &error), BS_WORD_malformed, hash);
  assert_null(bytes.bytes);
}

static void routes_are_found_once_and_again(void **state) {
  char hash[41];
  struct bs_user_copy *copy AUTO_COPY = make_copy(hash, 1, 1);
  struct bs_public_key key;
  struct bs_route route;

  (void)state;
  for (int round = 0; round < 2; round++) {
    assert_true(bs_user_copy_route(copy, "a", &route, &key));
    assert_true(key.is_parsed && key.length == 33);
    assert_true(bs_json_string_is(route.id, "a", 1));
    assert_true(bs_user_copy_route(copy, "b", &route, &key));
    assert_true(key.length == 0 && route.pubkey.length == 0);
    assert_false(bs_user_copy_route(copy, "nothing", &route, &key));
    assert_true(bs_user_copy_route(copy, "c", &route, &key)); /* no point is there */
    assert_true(key.length == 0 && route.pubkey.length > 0);
  }
}

static void names_are_kept_for_their_time(void **state) {
  struct bs_name_record record = {.name = "foo.id", .block = 7}, found;

  (void)state;
  assert_false(bs_cache_find_name(&cache, &found, "foo.id", 60000));
  bs_cache_keep_name(&cache, &record);
  assert_true(bs_cache_find_name(&cache, &found, "foo.id", 60000));
  assert_int_equal(found.block, 7);
  assert_false(bs_cache_find_name(&cache, &found, "foo.id", 0));
  assert_false(bs_cache_find_name(&cache, &found, "bar.id", 60000));
  usleep(20000);
  assert_false(bs_cache_find_name(&cache, &found, "foo.id", 10));
  record.block = 8;
  bs_cache_keep_name(&cache, &record);
  assert_true(bs_cache_find_name(&cache, &found, "foo.id", 60000));
  assert_int_equal(found.block, 8);
  bs_cache_forget_name(&cache, "foo.id");
  bs_cache_forget_name(&cache, "bar.id");
  assert_false(bs_cache_find_name(&cache, &found, "foo.id", 60000));
}

static void the_oldest_of_too_many_names_goes(void **state) {
  struct bs_name_record record = {.block = 1}, found;

  (void)state;
  for (unsigned i = 0; i <= BS_CACHE_NAMES; i++) {
    snprintf(record.name, sizeof record.name, "foo-%u.id", i);
    bs_cache_keep_name(&cache, &record);
  }
  assert_false(bs_cache_find_name(&cache, &found, "foo-0.id", 60000));
  assert_true(bs_cache_find_name(&cache, &found, "foo-1.id", 60000));
  assert_true(bs_cache_find_name(&cache, &found, record.name, 60000));
}

#define in_cache(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      in_cache(user_records_are_found_by_their_hash), in_cache(the_oldest_of_too_many_goes), in_cache(large_ones_make_room),
      in_cache(a_record_that_is_none_is_refused),     in_cache(routes_are_found_once_and_again),
      in_cache(names_are_kept_for_their_time),
      in_cache(the_oldest_of_too_many_names_goes)};

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* When memory runs out, at whatever allocation: keys, user records and mutable records say no_memory
 * and leave their outputs alone. */
#include <config.h>

#include <unistd.h>

#include "core/base/auto.h"
#include "core/crypto/key.h"
#include "core/record/legacy.h"
#include "t/lib/datum.h"
#include "t/lib/legacy.h"
#include "t/lib/memory.h"

#define OWNER "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4"

static bool key_once(struct bs_error *error) {
  static const char text[] = "5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNj9";
  struct bs_key *key = NULL, *copy = NULL;
  bool ok = bs_key_from_text(&key, text, strlen(text), error) && bs_key_copy(&copy, key, error);

  assert_int_equal(copy != NULL, ok);
  bs_key_free(key);
  bs_key_free(copy);
  return ok;
}

static bool key_file_once(struct bs_error *error) {
  static const char text[] = "6e50431b955fe73f079469b24f06480aee44e4519282686433195b3c4b5336ef";
  char path[] = "/tmp/blockstore-memory-XXXXXX";
  struct bs_key *key = NULL, *back = NULL;
  bool ok;

  assert_non_null(mkdtemp(path));
  assert_int_equal(rmdir(path), 0);
  ok = bs_key_from_text(&key, text, strlen(text), error) && bs_key_to_file(key, path, BS_NETWORK_MAIN, error) &&
       bs_key_from_file(&back, path, error);
  assert_int_equal(back != NULL, ok);
  unlink(path);
  bs_key_free(key);
  bs_key_free(back);
  return ok;
}

static bool user_once(struct bs_error *error) {
  static const char text[] =
      "{\"v\": \"2\", \"immutable_data\": [\"d7d5ee7824ff93f94c3055af9382c86c68b5ca92\"], \"\\u0062\": 1, "
      "\"name\": {\"formatted\": \"foo.test\", \"\\u0061\": 1}, \"mutable_data\": ["
      "{\"id\": \"b\\n\", \"urls\": [\"\\n\"], \"\\u0061\": 1}, {\"urls\": [], \"id\": \"a\"}]}";
  const struct bs_user_change change = {.add_immutable = "0123456789abcdef0123456789abcdef01234567"};
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_user user = {.length = 0}, again = user;
  bool changed = false, ok;

  ok = bs_user_parse(&user, text, strlen(text), "foo.test", error) &&
       bs_user_write(&record, &changed, &user, "foo.test", OWNER, &change, error) &&
       bs_user_parse(&again, record.bytes, record.length, "foo.test", error);
  assert_int_equal(again.length > 0, ok);
  if (!changed) assert_int_equal(record.length, 0);
  assert_false(record.failed);
  return ok;
}

/* An old route with escapes becomes a new one. */
static bool routes_once(struct bs_error *error) {
  static const char text[] =
      "{\"v\": \"2\", \"name\": {\"formatted\": \"foo.test\"}, \"mutable_data\": ["
      "{\"id\": \"b\\n\", \"urls\": [\"\\n\"], \"\\u0061\": 1}, {\"urls\": [], \"id\": \"a\"}]}";
  static const char *const urls[] = {"x:1"};
  const struct bs_user_change change = {.route = {
      .action = BS_ROUTE_SET, .id = "b\n", .urls = urls, .url_count = 1, .key = bs_key_public(datum_key())}};
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_user user = {.length = 0};
  bool changed = false, ok;

  ok = bs_user_parse(&user, text, strlen(text), "foo.test", error) &&
       bs_user_write(&record, &changed, &user, "foo.test", OWNER, &change, error);
  assert_int_equal(changed, ok);
  if (!ok) assert_int_equal(record.length, 0);
  assert_false(record.failed);
  return ok;
}

static struct bs_buffer legacy = BS_BUFFER_INIT;

static bool mutable_once(struct bs_error *error) {
  const struct bs_authority authority = datum_authority();
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT, data BS_AUTO_BUFFER = BS_BUFFER_INIT,
                   tombstone BS_AUTO_BUFFER = BS_BUFFER_INIT, again BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_verified verified = {.statement.ver = 0};
  struct bs_mutable parsed = {.ver = 0};
  static const char text[] = "{\"mutable_data\": [{\"id\": \"a\", \"urls\": []}], \"name\": {\"formatted\": \"foo.test\"}, "
                             "\"v\": \"2\"}";
  struct bs_signed made;
  struct bs_user user;
  bool ok;

  if (!bs_user_parse(&user, text, strlen(text), "foo.test", error)) return false;
  ok = bs_mutable_sign(&record, &made, &datum, 2, 1000, DATUM_TEXT, strlen(DATUM_TEXT), datum_key(), error) &&
       bs_mutable_parse(&parsed, record.bytes, record.length, error) &&
       bs_mutable_verify(&verified, &data, &parsed, &datum, &authority, error) &&
       bs_mutable_verify(&verified, NULL, &parsed, &datum, &authority, error) &&
       bs_tombstone_sign(&tombstone, &made, &datum, 3, datum_key(), error) &&
       bs_mutable_parse(&parsed, legacy.bytes, legacy.length, error) &&
       bs_mutable_verify(&verified, NULL, &parsed, &datum, &authority, error) &&
       bs_mutable_decode(&again, &parsed, error) && bs_legacy_check(&parsed, datum.id, &user, error);
  assert_false(record.failed || data.failed || tombstone.failed);
  if (verified.statement.ver == 0) assert_int_equal(data.length, 0);
  if (parsed.ver == 0) assert_int_equal(verified.statement.ver, 0);
  return ok;
}

/* First of all: the context for secrets is made once for the process, or then not at all. */
static void keys(void **state) {
  struct bs_error error = {0};

  (void)state;
  assert_true(key_once(&error));
  assert_each_failure_is_said(key_once, 2);
}

static void key_files(void **state) {
  (void)state;
  assert_each_failure_is_said(key_file_once, 4);
}

static void user_records(void **state) {
  (void)state;
  assert_each_failure_is_said(user_once, 8);
}

static void changed_routes(void **state) {
  (void)state;
  datum_key();
  assert_each_failure_is_said(routes_once, 10);
}

static void mutable_records(void **state) {
  (void)state;
  legacy_write(&legacy, datum_key(), false, datum.id, 2, DATUM_TEXT, strlen(DATUM_TEXT));
  assert_each_failure_is_said(mutable_once, 8);
  bs_buffer_free(&legacy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys),
      cmocka_unit_test(key_files),
      cmocka_unit_test(user_records),
      cmocka_unit_test(changed_routes),
      cmocka_unit_test(mutable_records),
  };

  return RUN_TESTS(tests);
}

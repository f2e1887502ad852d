/* SPDX-License-Identifier: MIT */
/* Writing user records: what comes out for what was there and what changes. */
#include <config.h>

#include "core/crypto/digest.h"
#include "core/codec/hex.h"
#include "core/record/user.h"
#include "t/lib/unit.h"

#define KEY_A "0123456789abcdef0123456789abcdef01234567"
#define KEY_B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY_C "d7d5ee7824ff93f94c3055af9382c86c68b5ca92"
#define ZEROS "0000000000000000000000000000000000000000"
#define TWOS "2222222222222222222222222222222222222222"
#define FIVES "5555555555555555555555555555555555555555"
#define NINES "9999999999999999999999999999999999999999"
#define EFFS "ffffffffffffffffffffffffffffffffffffffff"
#define COMPRESSED "03d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
#define POINT                                                                                                          \
  "d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"                                                   \
  "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb"
#define OWNER "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4"
#define OTHER "1BaqZJqwt2dcdxt6oa3mwSK4DiEyfXCgnZ"
#define NAME "\"name\": {\"formatted\": \"foo.test\"}"
#define V2 NAME ", \"v\": \"2\"}"
#define V3 NAME ", \"owner\": \"" OWNER "\", \"v\": \"3\"}"

static struct bs_error error;

/* Writes `old` (NULL: none) with the change by OWNER; the result must be `expected` and readable. */
static void assert_written_changed(const char *old, const struct bs_user_change *change, const char *expected,
                                   bool expected_changed) {
  struct bs_buffer record = BS_BUFFER_INIT;
  struct bs_user user, again;
  bool changed = !expected_changed;

  if (old != NULL) assert_ok(bs_user_parse(&user, old, strlen(old), "foo.test", &error));
  assert_ok(bs_user_write(&record, &changed, old == NULL ? NULL : &user, "foo.test", OWNER, change, &error));
  assert_string_equal(bs_buffer_string(&record), expected);
  assert_int_equal(changed, expected_changed);
  assert_ok(bs_user_parse(&again, record.bytes, record.length, "foo.test", &error));
  assert_int_equal(again.generation, BS_USER_V3);
  assert_string_equal(again.owner, OWNER);
  bs_buffer_free(&record);
}

static void assert_written(const char *old, const struct bs_user_change *change, const char *expected) {
  assert_written_changed(old, change, expected, true);
  assert_written_changed(expected, change, expected, false); /* a change applied twice is one change */
}

static void a_name_without_a_record_gets_one(void **state) {
  (void)state;
  assert_written_changed(NULL, NULL, "{" V3, true);
  assert_written_changed(NULL, &(struct bs_user_change){.add_immutable = KEY_A},
                         "{\"immutable_data\": [\"" KEY_A "\"], " V3, true);
  assert_written_changed(NULL, &(struct bs_user_change){.remove_immutable = KEY_A}, "{" V3, true);
}

static void version_2_becomes_version_3(void **state) {
  (void)state;
  assert_written("{" V2, NULL, "{" V3);
  assert_written("{\"immutable_data\": [\"" KEY_C "\", \"" KEY_A "\", \"" KEY_C "\", \"" KEY_B "\"], " V2, NULL,
                 "{\"immutable_data\": [\"" KEY_A "\", \"" KEY_B "\", \"" KEY_C "\"], " V3);
  assert_written("{\"v\":\"2\",\"owner\":[\"me\"],\"name\":{\"formatted\":\"foo.test\"}}\n", NULL, "{" V3);
}

static void routes_are_sorted_and_canonical(void **state) {
  (void)state;
  assert_written(
      "{\"mutable_data\": [{\"urls\":[\"http:\\/\\/example.org\\/\\u00e9\" , \"x\"],\"id\":\"\\u0062\"},"
      "{\"ver_min\": 2,\"pubkey\":\"" COMPRESSED "\",\"deleted\":1,\"urls\":[ ],\"id\":\"a\\\"\\n\\u0001\"}], " V2,
      NULL,
      "{\"mutable_data\": [{\"deleted\": 1, \"id\": \"a\\\"\\n\\u0001\", \"pubkey\": \"" COMPRESSED
      "\", \"urls\": [], \"ver_min\": 2}, {\"id\": \"b\", \"urls\": [\"http://example.org/\xc3\xa9\", \"x\"]}], " V3);
}

static void public_keys_of_128_digits_get_their_prefix(void **state) {
  (void)state;
  assert_written("{\"mutable_data\": [{\"id\": \"a\", \"pubkey\": \"" POINT "\", \"urls\": []}], " V2, NULL,
                 "{\"mutable_data\": [{\"id\": \"a\", \"pubkey\": \"04" POINT "\", \"urls\": []}], " V3);
}

/* Their keys are sorted among ours, their values keep every byte. */
static void members_that_are_not_ours_are_kept(void **state) {
  (void)state;
  assert_written(
      "{\"v\": \"2\", \"website\" : [ \"http:\\/\\/x\" , 1.50e+1,{\"b\":1,\"a\" : \"\\u0041\"} ], \"bio\":\"\\u00e9\\/\","
      "\"b\\u0061r\": null, \"name\": {\"x\": { }, \"formatted\": \"foo.test\", \"alias\":\"\\u0041\"}}",
      NULL,
      "{\"bar\": null, \"bio\": \"\\u00e9\\/\", \"name\": {\"alias\": \"\\u0041\", \"formatted\": \"foo.test\", \"x\": { }}, "
      "\"owner\": \"" OWNER
      "\", \"v\": \"3\", \"website\": [ \"http:\\/\\/x\" , 1.50e+1,{\"b\":1,\"a\" : \"\\u0041\"} ]}");
  assert_written(
      "{\"mutable_data\": [{\"id\": \"a\", \"zone\": {\"b\":1, \"a\":2}, \"Urls\": 1e1, \"urls\": [], \"\\n\": 0}], " V2,
      NULL,
      "{\"mutable_data\": [{\"\\n\": 0, \"Urls\": 1e1, \"id\": \"a\", \"urls\": [], \"zone\": {\"b\":1, \"a\":2}}], " V3);
}

static void keys_are_added_where_they_belong(void **state) {
  static const char *const added[][4] = {
      /* the key, and how the three are listed then */
      {ZEROS, ZEROS, TWOS, NINES},
      {FIVES, TWOS, FIVES, NINES},
      {EFFS, TWOS, NINES, EFFS},
  };
  char expected[1024];

  (void)state;
  for (size_t i = 0; i < 3; i++) {
    const struct bs_user_change change = {.add_immutable = added[i][0]};

    snprintf(expected, sizeof expected, "{\"immutable_data\": [\"%s\", \"%s\", \"%s\"], " V3, added[i][1], added[i][2],
             added[i][3]);
    assert_written("{\"immutable_data\": [\"" TWOS "\", \"" NINES "\"], " V3, &change, expected);
    assert_written("{\"immutable_data\": [\"" NINES "\", \"" TWOS "\"], " V2, &change, expected);
  }
  assert_written("{\"immutable_data\": [\"" KEY_A "\"], " V3, &(struct bs_user_change){.add_immutable = KEY_B},
                 "{\"immutable_data\": [\"" KEY_A "\", \"" KEY_B "\"], " V3);
  assert_written("{\"immutable_data\": [\"" KEY_B "\"], " V3, &(struct bs_user_change){.add_immutable = KEY_A},
                 "{\"immutable_data\": [\"" KEY_A "\", \"" KEY_B "\"], " V3);
}

static void keys_are_removed(void **state) {
  static const char all[] = "{\"immutable_data\": [\"" KEY_A "\", \"" KEY_B "\", \"" KEY_C "\"], " V3;

  (void)state;
  assert_written(all, &(struct bs_user_change){.remove_immutable = KEY_A},
                 "{\"immutable_data\": [\"" KEY_B "\", \"" KEY_C "\"], " V3);
  assert_written(all, &(struct bs_user_change){.remove_immutable = KEY_B},
                 "{\"immutable_data\": [\"" KEY_A "\", \"" KEY_C "\"], " V3);
  assert_written(all, &(struct bs_user_change){.remove_immutable = KEY_C},
                 "{\"immutable_data\": [\"" KEY_A "\", \"" KEY_B "\"], " V3);
  assert_written("{\"immutable_data\": [\"" KEY_A "\", \"" KEY_A "\"], " V2,
                 &(struct bs_user_change){.remove_immutable = KEY_A}, "{" V3);
  assert_written(
      all,
      &(struct bs_user_change){.add_immutable = EFFS, .remove_immutable = KEY_B},
      "{\"immutable_data\": [\"" KEY_A "\", \"" KEY_C "\", \"" EFFS "\"], " V3);
}

/* Its hash is on the chain: a byte changed for nothing would be a transaction for nothing. */
static void a_change_that_changes_nothing_keeps_every_byte(void **state) {
  static const char odd[] =
      " {\"v\":\"3\",\"owner\":\"" OWNER "\", \"z\": 1 ,\"immutable_data\":[\"" KEY_A "\"]," NAME "}\r\n";

  (void)state;
  assert_written_changed(odd, NULL, odd, false);
  assert_written_changed(odd, &(struct bs_user_change){.add_immutable = KEY_A}, odd, false);
  assert_written_changed(odd, &(struct bs_user_change){.remove_immutable = KEY_B}, odd, false);
  assert_written_changed(odd, &(struct bs_user_change){.add_immutable = KEY_A, .remove_immutable = KEY_B}, odd, false);
  assert_written_changed(odd, &(struct bs_user_change){.add_immutable = KEY_B},
                         "{\"immutable_data\": [\"" KEY_A "\", \"" KEY_B "\"], " NAME ", \"owner\": \"" OWNER
                         "\", \"v\": \"3\", \"z\": 1}",
                         true);
}

static void a_new_owner_makes_a_new_record(void **state) {
  (void)state;
  assert_written_changed("{\"immutable_data\": [\"" KEY_A "\"], " NAME ", \"owner\": \"" OTHER "\", \"v\": \"3\"}",
                         NULL, "{\"immutable_data\": [\"" KEY_A "\"], " V3, true);
}

/* What the name's former owner routed is not taken over; an import, where the user hands over all of it, keeps it. */
static void a_new_owner_drops_the_routes_of_the_old(void **state) {
  static const char routes[] = "\"mutable_data\": [{\"id\": \"/a\", \"urls\": [\"file:///a\"]}], ";
  char old[512], kept[512];

  (void)state;
  snprintf(old, sizeof old, "{\"immutable_data\": [\"" KEY_A "\"], %s" NAME ", \"owner\": \"" OTHER "\", \"v\": \"3\"}", routes);
  assert_written_changed(old, &(struct bs_user_change){.add_immutable = KEY_B},
                         "{\"immutable_data\": [\"" KEY_A "\", \"" KEY_B "\"], " V3, true);
  assert_written_changed(old, &(struct bs_user_change){.add_immutable = KEY_A}, "{\"immutable_data\": [\""
                         KEY_A "\"], " V3, true);
  snprintf(kept, sizeof kept, "{\"immutable_data\": [\"" KEY_A "\"], %s" V3, routes);
  assert_written_changed(old, NULL, kept, true);
  assert_written_changed(kept, &(struct bs_user_change){.add_immutable = KEY_A}, kept, false);
}

static void empty_lists_are_not_written(void **state) {
  (void)state;
  assert_written("{\"immutable_data\": [], \"mutable_data\": [ ], " V2, NULL, "{" V3);
  assert_written("{\"immutable_data\": [\"" KEY_A "\"], " V3, &(struct bs_user_change){.remove_immutable = KEY_A},
                 "{" V3);
}

static void the_record_is_appended(void **state) {
  struct bs_buffer record = BS_BUFFER_INIT;
  bool changed = false;

  (void)state;
  bs_buffer_text(&record, "before ");
  assert_ok(bs_user_write(&record, &changed, NULL, "foo.test", OWNER, NULL, &error));
  assert_string_equal(bs_buffer_string(&record), "before {" V3);
  bs_buffer_free(&record);
}

static void assert_write_refused(const char *owner, const char *add, const char *remove, const char *reason) {
  const struct bs_user_change change = {.add_immutable = add, .remove_immutable = remove};
  struct bs_buffer record = BS_BUFFER_INIT;
  bool changed = true;

  bs_buffer_text(&record, "before");
  assert_fails(bs_user_write(&record, &changed, NULL, "foo.test", owner, &change, &error), BS_WORD_usage, reason);
  assert_string_equal(bs_buffer_string(&record), "before");
  assert_true(changed);
  bs_buffer_free(&record);
}

static void bad_arguments_are_refused(void **state) {
  static const char *const keys[] = {
      "",
      "a",
      "0123456789abcdef0123456789abcdef0123456",
      "0123456789abcdef0123456789abcdef012345678",
      "0123456789ABCDEF0123456789abcdef01234567",
      "0123456789abcdef0123456789abcdef0123456g",
      "\"], \"x\": [\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
  };

  (void)state;
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    assert_write_refused(OWNER, keys[i], NULL, "40 or 64 lower-case");
    assert_write_refused(OWNER, NULL, keys[i], "40 or 64 lower-case");
  }
  assert_write_refused("", KEY_A, NULL, "must be an address");
  assert_write_refused("alice", KEY_A, NULL, "must be an address");
  assert_write_refused(OWNER "1", KEY_A, NULL, "must be an address");
}

static void a_record_that_grows_too_large_is_refused(void **state) {
  static const char head[] = "{\"x\": \"", tail[] = "\", " V3;
  const struct bs_user_change change = {.add_immutable = KEY_A};
  struct bs_buffer old = BS_BUFFER_INIT, record = BS_BUFFER_INIT;
  struct bs_user user;
  unsigned char *fill;
  bool changed = false;
  size_t rest = BS_USER_RECORD_MAX - strlen(head) - strlen(tail);

  (void)state;
  bs_buffer_text(&old, head);
  fill = bs_buffer_extend(&old, rest);
  assert_non_null(fill);
  memset(fill, 'x', rest);
  bs_buffer_text(&old, tail);
  assert_ok(bs_user_parse(&user, old.bytes, old.length, "foo.test", &error));
  assert_fails(bs_user_write(&record, &changed, &user, "foo.test", OWNER, &change, &error), BS_WORD_too_large,
               "foo.test would have 33554496 bytes");
  assert_int_equal(record.length, 0);
  assert_ok(bs_user_write(&record, &changed, &user, "foo.test", OTHER, NULL, &error)); /* the largest there is */
  assert_int_equal(record.length, BS_USER_RECORD_MAX);
  bs_buffer_free(&old);
  bs_buffer_free(&record);
}

/* A list of many: keys come in no order, and each is found. */
static void many_keys_and_routes_are_sorted(void **state) {
  enum { COUNT = 2000 };
  struct bs_buffer old = BS_BUFFER_INIT, record = BS_BUFFER_INIT;
  const struct bs_user_change change = {.add_immutable = KEY_A};
  struct bs_user user;
  unsigned char digest[BS_SHA256_SIZE];
  bool changed = false;
  char key[65];

  (void)state;
  for (int list = 0; list < 2; list++) {
    bs_buffer_text(&old, list == 0 ? "{\"immutable_data\": [" : "], \"mutable_data\": [");
    for (int i = 0; i < COUNT; i++) {
      bs_sha256(digest, &i, sizeof i);
      bs_hex_encode(key, digest, 32);
      bs_buffer_format(&old, list == 0 ? "%s\"%s\"" : "%s{\"id\": \"\\u0069%s\", \"urls\": []}", i == 0 ? "" : ", ", key);
    }
  }
  bs_buffer_text(&old, "], " V2);
  assert_ok(bs_user_parse(&user, old.bytes, old.length, "foo.test", &error));
  assert_ok(bs_user_write(&record, &changed, &user, "foo.test", OWNER, &change, &error));
  assert_ok(bs_user_parse(&user, record.bytes, record.length, "foo.test", &error)); /* this checks the order */
  assert_int_equal(record.length + COUNT * strlen("\\u006"), /* the ids' escapes are gone */
                   old.length + strlen("\"" KEY_A "\", \"owner\": \"" OWNER "\", "));
  for (int i = 0; i < COUNT; i++) {
    bs_sha256(digest, &i, sizeof i);
    bs_hex_encode(key, digest, 32);
    assert_true(bs_user_has_immutable(&user, key));
  }
  bs_buffer_free(&old);
  bs_buffer_free(&record);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_name_without_a_record_gets_one),
      cmocka_unit_test(version_2_becomes_version_3),
      cmocka_unit_test(routes_are_sorted_and_canonical),
      cmocka_unit_test(public_keys_of_128_digits_get_their_prefix),
      cmocka_unit_test(members_that_are_not_ours_are_kept),
      cmocka_unit_test(keys_are_added_where_they_belong),
      cmocka_unit_test(keys_are_removed),
      cmocka_unit_test(a_change_that_changes_nothing_keeps_every_byte),
      cmocka_unit_test(a_new_owner_makes_a_new_record),
      cmocka_unit_test(a_new_owner_drops_the_routes_of_the_old),
      cmocka_unit_test(empty_lists_are_not_written),
      cmocka_unit_test(the_record_is_appended),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(a_record_that_grows_too_large_is_refused),
      cmocka_unit_test(many_keys_and_routes_are_sorted),
  };

  return RUN_TESTS(tests);
}

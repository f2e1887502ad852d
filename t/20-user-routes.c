/* SPDX-License-Identifier: MIT */
/* Routes that are set, deleted and dropped: deltas, which may meet any user record. */
#include <config.h>

#include "core/base/auto.h"
#include "core/record/route.h"
#include "core/record/statement.h"
#include "t/lib/unit.h"

#define PUBKEY "03d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
#define OTHER_PUBKEY "02d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
#define OWNER "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4"
#define OTHER "1BaqZJqwt2dcdxt6oa3mwSK4DiEyfXCgnZ"
#define IMMUTABLE "0123456789abcdef0123456789abcdef01234567"
#define NAME "\"name\": {\"formatted\": \"foo.test\"}"
#define V2 NAME ", \"v\": \"2\"}"
#define V3 NAME ", \"owner\": \"" OWNER "\", \"v\": \"3\"}"
#define WITH(routes) "{\"mutable_data\": [" routes "], " V3
#define A(more) "{\"id\": \"a\", \"pubkey\": \"" PUBKEY "\", \"urls\": [\"x:1\"]" more "}"
#define Z "{\"id\": \"Z\", \"urls\": []}"
#define B "{\"id\": \"b\", \"urls\": []}"
#define A_DELETED(ver) "{\"deleted\": " #ver ", \"id\": \"a\", \"urls\": []}"

static struct bs_error error;
/* Of PUBKEY. */
static const struct bs_public_key key = {
    .bytes = {0x03, 0xd6, 0xfd, 0x1b, 0xa0, 0xef, 0xfa, 0xf1, 0xe8, 0xd9, 0x4e, 0xa7, 0xb7, 0xa3, 0xd0, 0xef, 0x26,
              0xfe, 0xa0, 0x0a, 0x14, 0xce, 0x5f, 0xfc, 0xc1, 0x49, 0x5f, 0xe5, 0x88, 0xa2, 0xc6, 0xd0, 0xf3},
    .length = 33};

static const char *const one_url[] = {"x:1"};

static struct bs_user_change set(const char *id, uint64_t ver) {
  return (struct bs_user_change){
      .route = {.action = BS_ROUTE_SET, .id = id, .urls = one_url, .url_count = 1, .key = &key, .ver = ver}};
}

static struct bs_user_change delete_at(const char *id, uint64_t ver) {
  return (struct bs_user_change){.route = {.action = BS_ROUTE_DELETE, .id = id, .ver = ver}};
}

static struct bs_user_change drop(const char *id) {
  return (struct bs_user_change){.route = {.action = BS_ROUTE_DROP, .id = id}};
}

static void assert_written_changed(const char *old, const struct bs_user_change *change, const char *expected,
                                   bool expected_changed) {
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_user user, again;
  bool changed = !expected_changed;

  if (old != NULL) assert_ok(bs_user_parse(&user, old, strlen(old), "foo.test", &error));
  assert_ok(bs_user_write(&record, &changed, old == NULL ? NULL : &user, "foo.test", OWNER, change, &error));
  assert_string_equal(bs_buffer_string(&record), expected);
  assert_int_equal(changed, expected_changed);
  assert_ok(bs_user_parse(&again, record.bytes, record.length, "foo.test", &error));
}

/* A change applied twice is one change. */
static void assert_written(const char *old, struct bs_user_change change, const char *expected) {
  assert_written_changed(old, &change, expected, true);
  assert_written_changed(expected, &change, expected, false);
}

static void routes_are_added_where_they_belong(void **state) {
  (void)state;
  assert_written(NULL, set("a", 0), WITH(A("")));
  assert_written("{" V3, set("a", 0), WITH(A("")));
  assert_written("{" V2, set("a", 0), WITH(A("")));
  assert_written(WITH(B), set("a", 0), WITH(A("") ", " B));
  assert_written(WITH(Z ", " B), set("a", 0), WITH(Z ", " A("") ", " B));
  assert_written("{\"mutable_data\": [" B ", {\"urls\": [], \"id\": \"\\u0041\"}], " V2, set("a", 0),
                 WITH("{\"id\": \"A\", \"urls\": []}, " A("") ", " B));
}

static void all_that_is_told_is_written(void **state) {
  static const char *const urls[] = {"s3://b/\"\\", "\xc3\xa9"};
  const struct bs_user_change change = {
      .add_immutable = IMMUTABLE,
      .route = {.action = BS_ROUTE_SET, .id = "\n\"", .urls = urls, .url_count = 2, .key = &key, .ver = BS_VER_MAX}};

  (void)state;
  assert_written(NULL, change,
                 "{\"immutable_data\": [\"" IMMUTABLE "\"], \"mutable_data\": [{\"id\": \"\\n\\\"\", "
                 "\"pubkey\": \"" PUBKEY "\", \"urls\": [\"s3://b/\\\"\\\\\", \"\xc3\xa9\"], "
                 "\"ver_min\": 9007199254740991}], " V3);
  assert_written(NULL, (struct bs_user_change){.route = {.action = BS_ROUTE_SET, .id = "a", .key = &key}},
                 WITH("{\"id\": \"a\", \"pubkey\": \"" PUBKEY "\", \"urls\": []}"));
}

/* Whatever of it differs: URLs, key, version. */
static void routes_are_replaced(void **state) {
  (void)state;
  assert_written(WITH("{\"id\": \"a\", \"pubkey\": \"" OTHER_PUBKEY "\", \"urls\": [\"x:1\"]}, " B), set("a", 0),
                 WITH(A("") ", " B));
  assert_written(WITH("{\"id\": \"a\", \"urls\": [\"x:1\"]}"), set("a", 0), WITH(A("")));
  assert_written(WITH("{\"id\": \"a\", \"pubkey\": \"" PUBKEY "\", \"urls\": [\"x:1\", \"x:2\"]}"), set("a", 0),
                 WITH(A("")));
  assert_written(WITH("{\"id\": \"a\", \"pubkey\": \"" PUBKEY "\", \"urls\": [\"x:2\"]}"), set("a", 0), WITH(A("")));
  assert_written(WITH(A("")), set("a", 5), WITH(A(", \"ver_min\": 5")));
  assert_written("{\"mutable_data\": [{\"urls\": [], \"id\": \"\\u0061\"}], " V2, set("a", 0), WITH(A("")));
}

/* The route's own bytes stay as they are, too: nothing needs to go to the chain. */
static void a_route_that_is_there_is_no_change(void **state) {
  static const char odd[] = "{\"mutable_data\":[ {\"pubkey\":\"" PUBKEY "\","
                            "\"urls\":[\"x\\u003a1\"],\"id\":\"\\u0061\"}]," V3;
  const struct bs_user_change same = set("a", 0), none = drop("b"), higher = set("a", 2);

  (void)state;
  assert_written_changed(odd, &same, odd, false);
  assert_written_changed(odd, &none, odd, false);
  assert_written_changed(odd, &higher, WITH(A(", \"ver_min\": 2")), true);
}

/* What the former owner routed, or deleted, is not taken over. */
static void a_new_owner_starts_with_no_routes(void **state) {
  static const char old[] = "{\"mutable_data\": [" A_DELETED(4) ", " B "], " NAME ", \"owner\": \"" OTHER
                            "\", \"v\": \"3\"}";
  const struct bs_user_change again = set("a", 0), none = drop("b");

  (void)state;
  assert_written_changed(old, &again, WITH(A("")), true);
  assert_written_changed(old, &none, "{" V3, true);
  assert_written_changed(old, NULL, WITH(A_DELETED(4) ", " B), true); /* an import */
}

static void a_deleted_route_remembers_its_version_only(void **state) {
  (void)state;
  assert_written(WITH(A("") ", " B), delete_at("a", 4), WITH(A_DELETED(4) ", " B));
  assert_written(WITH(A(", \"ver_min\": 2")), delete_at("a", 4), WITH(A_DELETED(4)));
  assert_written(NULL, delete_at("a", 4), WITH(A_DELETED(4)));
  assert_written("{\"mutable_data\": [" B "], " V2, delete_at("a", 1), WITH(A_DELETED(1) ", " B));
  assert_written(WITH(A("")), delete_at("a", BS_VER_MAX), WITH(A_DELETED(9007199254740991)));
}

/* A delta may be older than the record that it meets: what readers rely on is never lowered. */
static void a_deletion_is_never_taken_back(void **state) {
  const struct bs_user_change older = delete_at("a", 3), same = delete_at("a", 4);

  (void)state;
  assert_written_changed(WITH(A_DELETED(4)), &same, WITH(A_DELETED(4)), false);
  assert_written_changed(WITH(A_DELETED(4)), &older, WITH(A_DELETED(4)), false);
  assert_written(WITH(A_DELETED(4)), delete_at("a", 5), WITH(A_DELETED(5)));
  assert_written(WITH(A(", \"ver_min\": 9")), delete_at("a", 5), WITH(A_DELETED(8)));
}

static void what_is_created_again_starts_above_its_deletion(void **state) {
  (void)state;
  assert_written(WITH(A_DELETED(4)), set("a", 0), WITH(A(", \"ver_min\": 5")));
  assert_written(WITH(A_DELETED(4)), set("a", 3), WITH(A(", \"ver_min\": 5")));
  assert_written(WITH(A_DELETED(4)), set("a", 5), WITH(A(", \"ver_min\": 5")));
  assert_written(WITH(A_DELETED(4)), set("a", 9), WITH(A(", \"ver_min\": 9")));
  assert_written(WITH(A_DELETED(1)), set("a", 0), WITH(A(", \"ver_min\": 2")));
}

static void ver_min_is_never_lowered(void **state) {
  const struct bs_user_change change = set("a", 0), lower = set("a", 4);

  (void)state;
  assert_written_changed(WITH(A(", \"ver_min\": 5")), &change, WITH(A(", \"ver_min\": 5")), false);
  assert_written_changed(WITH(A(", \"ver_min\": 5")), &lower, WITH(A(", \"ver_min\": 5")), false);
  assert_written("{\"mutable_data\": [" B ", " A(", \"ver_min\": 5") "], " V2, set("a", 0),
                 WITH(A(", \"ver_min\": 5") ", " B));
}

static void dropped_routes_are_gone(void **state) {
  (void)state;
  assert_written(WITH(A("") ", " B), drop("a"), WITH(B));
  assert_written(WITH(A("")), drop("a"), "{" V3);
  assert_written(WITH(A_DELETED(4) ", " B), drop("a"), WITH(B));
  assert_written("{\"mutable_data\": [" B "], " V2, drop("a"), WITH(B));
}

/* Members of a route that are not ours: kept, byte for byte, in their place by key. */
static void other_members_of_a_route_are_kept(void **state) {
  (void)state;
  assert_written(WITH("{\"id\": \"a\", \"t\": 1.50e+1, \"urls\": [], \"A\\u0042\":{\"b\":1, \"a\":\"\\u0041\"}}"),
                 set("a", 0),
                 WITH("{\"AB\": {\"b\":1, \"a\":\"\\u0041\"}, \"id\": \"a\", \"pubkey\": \"" PUBKEY
                      "\", \"t\": 1.50e+1, \"urls\": [\"x:1\"]}"));
  assert_written(WITH("{\"id\": \"a\", \"t\": [ ], \"urls\": []}"), delete_at("a", 1),
                 WITH("{\"deleted\": 1, \"id\": \"a\", \"t\": [ ], \"urls\": []}"));
}

static void one_route_among_many_changes(void **state) {
  enum { COUNT = 500 };
  struct bs_buffer old BS_AUTO_BUFFER = BS_BUFFER_INIT, expected BS_AUTO_BUFFER = BS_BUFFER_INIT;

  (void)state;
  for (int i = 0; i < COUNT; i++) {
    bs_buffer_format(&old, "%s{\"id\": \"a%03d\", \"urls\": []}", i == 0 ? "{\"mutable_data\": [" : ", ", i);
    if (i == 250)
      bs_buffer_text(&expected, ", {\"deleted\": 3, \"id\": \"a250\", \"urls\": []}");
    else
      bs_buffer_format(&expected, "%s{\"id\": \"a%03d\", \"urls\": []}", i == 0 ? "{\"mutable_data\": [" : ", ", i);
  }
  bs_buffer_text(&old, "], " V3);
  bs_buffer_text(&expected, "], " V3);
  assert_written(bs_buffer_string(&old), delete_at("a250", 3), bs_buffer_string(&expected));
}

static void assert_refused(const char *old, struct bs_user_change change, const char *reason) {
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_user user;
  bool changed = true;

  bs_buffer_text(&record, "before");
  if (old != NULL) assert_ok(bs_user_parse(&user, old, strlen(old), "foo.test", &error));
  assert_fails(bs_user_write(&record, &changed, old == NULL ? NULL : &user, "foo.test", OWNER, &change, &error),
               BS_WORD_usage, reason);
  assert_string_equal(bs_buffer_string(&record), "before");
  assert_true(changed);
}

static void what_is_no_id_or_version_is_refused(void **state) {
  char id[BS_ID_MAX + 2];

  (void)state;
  memset(id, 'x', sizeof id);
  id[BS_ID_MAX + 1] = '\0';
  assert_refused(NULL, set("", 0), "id of the data is empty");
  assert_refused(NULL, delete_at("", 1), "id of the data is empty");
  assert_refused(NULL, drop(""), "id of the data is empty");
  assert_refused(NULL, set("\xff", 0), "not UTF-8");
  assert_refused(NULL, set(id, 0), "more than 4096 bytes");
  assert_refused(NULL, set("a", BS_VER_MAX + 1), "ver_min 9007199254740992");
  assert_refused(NULL, delete_at("a", 0), "version 0 of a tombstone");
  assert_refused(NULL, delete_at("a", BS_VER_MAX + 1), "version 9007199254740992 of a tombstone");
}

static void what_is_no_route_is_refused(void **state) {
  const char *urls[BS_URLS_MAX + 1];
  struct bs_user_change change = set("a", 0);
  char url[BS_URL_MAX + 2];

  (void)state;
  for (size_t i = 0; i < BS_URLS_MAX + 1; i++) urls[i] = "x";
  memset(url, 'x', sizeof url);
  url[BS_URL_MAX + 1] = '\0';
  change.route.urls = urls;
  change.route.url_count = BS_URLS_MAX + 1;
  assert_refused(NULL, change, "has 17 URLs; 16 are allowed");
  change.route.url_count = BS_URLS_MAX;
  urls[15] = "";
  assert_refused(NULL, change, "1 to 2048 bytes");
  urls[15] = url;
  assert_refused(NULL, change, "1 to 2048 bytes");
  urls[15] = "\xff";
  assert_refused(NULL, change, "of UTF-8");
  change = set("a", 0);
  change.route.key = NULL;
  assert_refused(NULL, change, "no public key");
}

/* No version is left above the highest. */
static void the_highest_tombstone_is_final(void **state) {
  (void)state;
  assert_refused(WITH(A_DELETED(9007199254740991)), set("a", 0), "can't be used again");
  assert_written(WITH(A_DELETED(9007199254740991)), drop("a"), "{" V3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(routes_are_added_where_they_belong),
      cmocka_unit_test(all_that_is_told_is_written),
      cmocka_unit_test(routes_are_replaced),
      cmocka_unit_test(a_route_that_is_there_is_no_change),
      cmocka_unit_test(a_new_owner_starts_with_no_routes),
      cmocka_unit_test(a_deleted_route_remembers_its_version_only),
      cmocka_unit_test(a_deletion_is_never_taken_back),
      cmocka_unit_test(what_is_created_again_starts_above_its_deletion),
      cmocka_unit_test(ver_min_is_never_lowered),
      cmocka_unit_test(dropped_routes_are_gone),
      cmocka_unit_test(other_members_of_a_route_are_kept),
      cmocka_unit_test(one_route_among_many_changes),
      cmocka_unit_test(what_is_no_id_or_version_is_refused),
      cmocka_unit_test(what_is_no_route_is_refused),
      cmocka_unit_test(the_highest_tombstone_is_final),
  };

  return RUN_TESTS(tests);
}

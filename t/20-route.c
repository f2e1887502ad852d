/* SPDX-License-Identifier: MIT */
/* Routes of user records: found by id, with what they say. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/record/route.h"
#include "t/lib/unit.h"

#define COMPRESSED "03d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
#define POINT                                                                                                          \
  "d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"                                                   \
  "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb"
#define OWNER "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4"
#define NAME "\"name\": {\"formatted\": \"foo.test\"}"
#define V2 NAME ", \"v\": \"2\"}"
#define V3 NAME ", \"owner\": \"" OWNER "\", \"v\": \"3\"}"

static struct bs_error error;

static struct bs_user parse(const char *text) {
  struct bs_user user;

  assert_ok(bs_user_parse(&user, text, strlen(text), "foo.test", &error));
  return user;
}

static void assert_string(struct bs_json value, const char *expected) {
  assert_true(bs_json_string_is(value, expected, strlen(expected)));
}

static void a_route_says_what_it_says(void **state) {
  const struct bs_user user =
      parse("{\"mutable_data\": [{\"id\": \"\\u0061\", \"pubkey\": \"" COMPRESSED "\", \"urls\": [\"x:1\", \"y:2\"], "
            "\"ver_min\": 7, \"Deleted\": 3}, {\"deleted\": 9, \"id\": \"b\", \"urls\": []}], " V3);
  struct bs_json_iterator urls;
  struct bs_route route;
  struct bs_json url;

  (void)state;
  assert_true(bs_route_find(&route, &user, "a"));
  assert_string(route.id, "a");
  assert_string(route.pubkey, COMPRESSED);
  assert_int_equal(route.ver_min, 7);
  assert_int_equal(route.deleted, 0);
  urls = bs_json_begin(route.urls);
  assert_true(bs_json_next_item(&urls, &url));
  assert_string(url, "x:1");
  assert_true(bs_json_next_item(&urls, &url));
  assert_string(url, "y:2");
  assert_false(bs_json_next_item(&urls, &url));
  assert_true(bs_route_find(&route, &user, "b"));
  assert_int_equal(route.pubkey.length, 0);
  assert_int_equal(route.ver_min, 0);
  assert_int_equal(route.deleted, 9);
}

static void assert_not_found(const struct bs_user *user, const char *id) {
  struct bs_route route = {.ver_min = 77};

  assert_false(bs_route_find(&route, user, id));
  assert_int_equal(route.ver_min, 77);
}

static void what_is_not_there_is_not_found(void **state) {
  const struct bs_user empty = parse("{" V3), none = parse("{\"mutable_data\": [], " V2),
                       one = parse("{\"mutable_data\": [{\"urls\": [\"id\"], \"x\": {\"id\": \"c\"}, "
                                   "\"id\": \"a1\"}], " V2);

  (void)state;
  assert_not_found(&empty, "a");
  assert_not_found(&none, "a");
  assert_not_found(&one, "a");
  assert_not_found(&one, "a12");
  assert_not_found(&one, "A1");
  assert_not_found(&one, "c");
  assert_not_found(&one, "id");
  assert_not_found(&one, "");
}

static void all_routes_are_walked_in_order(void **state) {
  const struct bs_user user = parse("{\"mutable_data\": [{\"id\": \"b\", \"urls\": []}, "
                                    "{\"urls\": [], \"id\": \"a\"}], " V2),
                       empty = parse("{" V3);
  struct bs_json_iterator iterator = bs_routes_begin(&user);
  struct bs_route route;

  (void)state;
  assert_true(bs_routes_next(&iterator, &route));
  assert_string(route.id, "b");
  assert_true(bs_routes_next(&iterator, &route));
  assert_string(route.id, "a");
  assert_false(bs_routes_next(&iterator, &route));
  iterator = bs_routes_begin(&empty);
  assert_false(bs_routes_next(&iterator, &route));
}

static uint64_t lowest(uint64_t ver_min, uint64_t deleted) {
  return bs_route_lowest(&(struct bs_route){.ver_min = ver_min, .deleted = deleted});
}

static void versions_start_above_what_was_deleted(void **state) {
  (void)state;
  assert_int_equal(lowest(0, 0), 1);
  assert_int_equal(lowest(1, 0), 1);
  assert_int_equal(lowest(7, 0), 7);
  assert_int_equal(lowest(0, 1), 2);
  assert_int_equal(lowest(0, 6), 7);
  assert_int_equal(lowest(7, 6), 7);
  assert_int_equal(lowest(7, 7), 8);
  assert_int_equal(lowest(9, 6), 9);
  assert_int_equal(lowest(0, BS_JSON_INTEGER_MAX), BS_JSON_INTEGER_MAX + 1);
}

static bool key_of(struct bs_public_key *key, const char *digits, const char *version) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_route route;
  struct bs_user user;

  bs_buffer_format(&text, "{\"mutable_data\": [{\"id\": \"a\", \"pubkey\": \"%s\", \"urls\": []}], %s", digits,
                   version);
  user = parse(bs_buffer_string(&text));
  assert_true(bs_route_find(&route, &user, "a"));
  return bs_route_key(key, &route, &error);
}

static void keys_are_read_in_their_three_forms(void **state) {
  struct bs_public_key key, compressed;

  (void)state;
  assert_ok(key_of(&compressed, COMPRESSED, V3));
  assert_int_equal(compressed.length, 33);
  assert_ok(key_of(&key, "04" POINT, V3));
  assert_int_equal(key.length, 65);
  assert_true(bs_public_key_compress(&key, &key));
  assert_memory_equal(key.bytes, compressed.bytes, 33);
  assert_ok(key_of(&key, POINT, V2)); /* of 2015 */
  assert_int_equal(key.length, 65);
  assert_int_equal(key.bytes[0], 4);
  assert_true(bs_public_key_compress(&key, &key));
  assert_memory_equal(key.bytes, compressed.bytes, 33);
}

static void points_off_the_curve_are_malformed(void **state) {
  static const char off[] = "d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
                            "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fc";
  struct bs_public_key key = {.length = 77};
  char text[131] = "04";

  (void)state;
  assert_fails(key_of(&key, off, V2), BS_WORD_malformed, "no such point");
  memcpy(text + 2, off, sizeof off);
  assert_fails(key_of(&key, text, V3), BS_WORD_malformed, "no such point");
  assert_fails(key_of(&key, "020000000000000000000000000000000000000000000000000000000000000005", V3),
               BS_WORD_malformed, "no such point");
  assert_fails(bs_route_key(&key, &(struct bs_route){.ver_min = 0}, &error), BS_WORD_malformed, "no public key");
  assert_int_equal(key.length, 77);
}

/* What was hashed in 2015. */
static void the_whole_of_a_route_is_its_text(void **state) {
  const struct bs_user user = parse("{\"mutable_data\": [{\"id\": \"/my/second/datum\", \"pubkey\": \"04" POINT
                                    "\", \"urls\": [\"dht:a616f24007279684dcff42dc4e2a4516aa630a6f\"]}], " V2);
  struct bs_route route;
  char hash[41];

  (void)state;
  assert_true(bs_route_find(&route, &user, "/my/second/datum"));
  bs_user_hash(hash, route.whole.text, route.whole.length);
  assert_string_equal(hash, "346429605712e4c8b6f599588bdf1b5c3456e778");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_route_says_what_it_says),
      cmocka_unit_test(what_is_not_there_is_not_found),
      cmocka_unit_test(all_routes_are_walked_in_order),
      cmocka_unit_test(versions_start_above_what_was_deleted),
      cmocka_unit_test(keys_are_read_in_their_three_forms),
      cmocka_unit_test(points_off_the_curve_are_malformed),
      cmocka_unit_test(the_whole_of_a_route_is_its_text),
  };

  return RUN_TESTS(tests);
}

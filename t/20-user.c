/* SPDX-License-Identifier: MIT */
/* Reading user records: those that clients of 2015 wrote, those of now, and what is none. */
#include <config.h>

#include "core/record/user.h"
#include "t/lib/unit.h"

#define W0_PUBLIC                                                                                                      \
  "04d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"                                                 \
  "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb"
#define W1_PUBLIC                                                                                                      \
  "0471d2f9837c1b1b510986aac265009cedfb7e651aafcf9152df9453fd78147227"                                                 \
  "c69ac80e7c8cee31f9dd521947496697317652f65f2a4c3a70c525fec29568e0"
#define COMPRESSED "03d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
#define KEY_A "0123456789abcdef0123456789abcdef01234567"
#define KEY_B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY_C "d7d5ee7824ff93f94c3055af9382c86c68b5ca92"
#define OWNER "12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa4"
#define NAME "\"name\": {\"formatted\": \"foo.test\"}"
#define V2 NAME ", \"v\": \"2\"}"
#define V3 NAME ", \"owner\": \"" OWNER "\", \"v\": \"3\"}"
#define ROUTE(id) "{\"id\": \"" id "\", \"urls\": []}"

static struct bs_error error;

/* In memory of exactly its size, so that reading beyond it is noticed. */
static bool parse_bytes(struct bs_user *user, const char *bytes, size_t length, const char *name, void **memory) {
  *memory = malloc(length + (length == 0));
  assert_non_null(*memory);
  memcpy(*memory, bytes, length);
  return bs_user_parse(user, *memory, length, name, &error);
}

static bool parses(const char *text) {
  struct bs_user user;
  void *memory;
  bool good = parse_bytes(&user, text, strlen(text), "foo.test", &memory);

  free(memory);
  return good;
}

static void assert_malformed(const char *text, const char *reason) {
  assert_fails(parses(text), BS_WORD_malformed, reason);
}

#define RECORD_2015(key, id, public_key, number)                                                                       \
  "{\"immutable_data\": [\"" key "\"], \"mutable_data\": [{\"id\": \"" id "\", \"pubkey\": \"" public_key              \
  "\", \"urls\": [\"file:///tmp/blockstore-disk/mutable/" id "\"]}], \"name\": {\"formatted\": \"name" number          \
  ".test\"}, \"v\": \"2\"}"

static void records_of_2015_are_read(void **state) {
  static const struct {
    const char *record, *name, *key, *hash;
  } records[] = {
      {RECORD_2015(KEY_C, "my_first_datum", W0_PUBLIC, "0"), "name0.test", KEY_C,
       "d882311baa7b91ea6b1ce3964ffe3d236c7ecfcd"},
      {RECORD_2015("69d832d23a020c64ba0b44646e87ec657b4aaf43", "user_profile", COMPRESSED, "2"), "name2.test",
       "69d832d23a020c64ba0b44646e87ec657b4aaf43", "37e6fb00377546fa72e778887f059f0987bc508c"},
      {RECORD_2015("cf98495752c097f55c02c01df96b9fab73dac240", "a",
                   "03e8b2761c54a1ff5a81334420cf6bbe217633fefb5036f002fcfb4d2b5e955551", "4"),
       "name4.test", "cf98495752c097f55c02c01df96b9fab73dac240", "d8ce74461346a92aa6d28182afe23ea90abee872"},
      {RECORD_2015("d40cd63b7e29c0231a72465379a6692e78a21a5f", "a1", W0_PUBLIC, "5"), "name5.test",
       "d40cd63b7e29c0231a72465379a6692e78a21a5f", "0ec7ac3b3205ac3cb04fbe664a6869be623dd68e"},
      {RECORD_2015(KEY_C, "id with space", W0_PUBLIC, "6"), "name6.test", KEY_C,
       "5b55b746c058c52a6b59f34081cc0caac9fc5bdb"},
      {RECORD_2015("69d832d23a020c64ba0b44646e87ec657b4aaf43", "..", W1_PUBLIC, "8"), "name8.test",
       "69d832d23a020c64ba0b44646e87ec657b4aaf43", "cf325977c8d89a56de3ff07bd0a3b49aa92e3331"},
      {RECORD_2015("cf98495752c097f55c02c01df96b9fab73dac240", "emoji-not-ascii-free", W0_PUBLIC, "10"), "name10.test",
       "cf98495752c097f55c02c01df96b9fab73dac240", "38f77474e5728d65bbfa2e0600bedb9165e37a92"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
    size_t length = strlen(records[i].record);
    struct bs_user user;
    void *memory;
    char hash[41];

    assert_ok(parse_bytes(&user, records[i].record, length, records[i].name, &memory));
    assert_int_equal(user.generation, BS_USER_V2);
    assert_string_equal(user.owner, "");
    assert_true(bs_user_has_immutable(&user, records[i].key));
    assert_int_equal(bs_json_type(user.mutable_), BS_JSON_ARRAY);
    bs_user_hash(hash, memory, length);
    assert_string_equal(hash, records[i].hash);
    free(memory);
  }
}

/* Clients of 2015 escaped nothing: where a URL had a backslash the record is no JSON, and they could not read it
 * either. */
static void broken_escapes_of_2015_are_malformed(void **state) {
  (void)state;
  assert_malformed(
      "{\"mutable_data\": [{\"id\": \"/a\", \"urls\": [\"file:///tmp/blockstore-disk/mutable/\\x2fa\"]}], " V2,
      "The user record of foo.test: The JSON is wrong at byte 78");
}

static void hashes_are_those_of_2015(void **state) {
  static const char route[] = "{\"id\": \"/my/second/datum\", \"pubkey\": \"" W0_PUBLIC
                              "\", \"urls\": [\"dht:a616f24007279684dcff42dc4e2a4516aa630a6f\"]}";
  struct bs_buffer record = BS_BUFFER_INIT;
  char hash[41];

  (void)state;
  bs_user_hash(hash, "{" V2, strlen("{" V2));
  assert_string_equal(hash, "4e8ee7282d900da75acd58f0ef44e488d07cc439");
  bs_user_hash(hash, route, strlen(route));
  assert_string_equal(hash, "346429605712e4c8b6f599588bdf1b5c3456e778");
  bs_buffer_format(&record, "{\"immutable_data\": [\"%s\"], \"mutable_data\": [%s], %s", KEY_C, route, V2);
  bs_user_hash(hash, record.bytes, record.length);
  assert_string_equal(hash, "c9e076b866d2b9f932c46e2e3be6346ea9364ff2");
  assert_true(parses(bs_buffer_string(&record)));
  bs_buffer_free(&record);
}

static void current_records_are_read(void **state) {
  static const char text[] =
      " {\"immutable_data\": [\"" KEY_A "\", \"" KEY_B "\", \"" KEY_C
      "\"],\n \"mutable_data\": [" ROUTE("A") ", " ROUTE(
          "a") ", {\"deleted\": 3, \"id\": \"b\", \"urls\": [], \"ver_min\": 9007199254740991, \"mine\": null}, "
               "{\"id\":\"\\u00e9\",\"pubkey\":\"" COMPRESSED
               "\",\"urls\":[\"http://example.org/\\u00e9\"]}], \"x\": [1.5e3], " V3 "\n";
  struct bs_user user;
  void *memory;

  (void)state;
  assert_ok(parse_bytes(&user, text, strlen(text), "foo.test", &memory));
  assert_int_equal(user.generation, BS_USER_V3);
  assert_string_equal(user.owner, OWNER);
  assert_ptr_equal(user.bytes, memory);
  assert_int_equal(user.length, strlen(text));
  assert_int_equal(user.root.length, strlen(text) - 2);
  assert_true(bs_user_has_immutable(&user, KEY_A));
  assert_true(bs_user_has_immutable(&user, KEY_B));
  assert_true(bs_user_has_immutable(&user, KEY_C));
  assert_false(bs_user_has_immutable(&user, "d7d5ee7824ff93f94c3055af9382c86c68b5ca93"));
  assert_false(bs_user_has_immutable(&user, "0123456789abcdef0123456789abcdef0123456"));
  assert_false(bs_user_has_immutable(&user, ""));
  free(memory);
}

static void a_record_without_lists_has_none(void **state) {
  struct bs_user user;
  void *memory;

  (void)state;
  assert_ok(parse_bytes(&user, "{" V2, strlen("{" V2), "foo.test", &memory));
  assert_int_equal(user.immutable.length, 0);
  assert_int_equal(user.mutable_.length, 0);
  assert_false(bs_user_has_immutable(&user, KEY_A));
  free(memory);
}

/* What version 3 refuses below. */
static void version_2_tolerates_disorder(void **state) {
  (void)state;
  assert_ok(parses("{\"immutable_data\": [\"" KEY_C "\", \"" KEY_A "\", \"" KEY_C "\"], " V2));
  assert_ok(parses("{\"mutable_data\": [" ROUTE("b") ", " ROUTE("a") "], " V2));
  assert_ok(parses("{\"owner\": 7, " V2));
  assert_ok(parses(
      "{\"mutable_data\": [{\"id\": \"a\", \"urls\": [], \"pubkey\": "
      "\"d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3"
      "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb\"}], " V2));
}

static void what_is_no_record_is_malformed(void **state) {
  static const struct {
    const char *text, *reason;
  } bad[] = {
      {"", "The user record of foo.test: The JSON is wrong"},
      {"[]", "The user record of foo.test: It is no JSON object."},
      {"\"foo.test\"", "no JSON object"},
      {"null", "no JSON object"},
      {"{\"message\": \"reserved\", \"status\": 1}", "Its version, v, is missing"},
      {"{" V2 " {}", "follows the value"},
      {"{" V2 ",", "follows the value"},
      {"{\"v\": \"2\", " V2, "two members \"v\""},
      {"{\"\\u0076\": \"2\", " V2, "two members \"v\""},
      {"{\"x\": \"\xff\", " V2, "not UTF-8"},
      {"{" NAME "}", "v, is missing"},
      {"{" NAME ", \"V\": \"2\"}", "v, is missing"},
      {"{" NAME ", \"v\": 2}", "neither \"2\" nor \"3\""},
      {"{" NAME ", \"v\": \"\"}", "neither \"2\" nor \"3\""},
      {"{" NAME ", \"v\": \"1\"}", "neither \"2\" nor \"3\""},
      {"{" NAME ", \"v\": \"4\"}", "neither \"2\" nor \"3\""},
      {"{" NAME ", \"v\": \"22\"}", "neither \"2\" nor \"3\""},
      {"{" NAME ", \"v\": null}", "neither \"2\" nor \"3\""},
      {"{\"v\": \"2\"}", "name.formatted is no string"},
      {"{\"v\": \"2\", \"name\": {}}", "name.formatted is no string"},
      {"{\"v\": \"2\", \"name\": \"foo.test\"}", "name.formatted is no string"},
      {"{\"v\": \"2\", \"name\": {\"formatted\": [\"foo.test\"]}}", "name.formatted is no string"},
      {"{\"v\": \"2\", \"name\": {\"Formatted\": \"foo.test\"}}", "name.formatted is no string"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_malformed(bad[i].text, bad[i].reason);
}

static void the_record_of_another_name_is_refused(void **state) {
  static const char *const names[] = {"", "foo.tes", "foo.test2", "Foo.test", " foo.test", "bar.test"};
  char text[128];

  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(text, sizeof text, "{\"name\": {\"formatted\": \"%s\"}, \"v\": \"2\"}", names[i]);
    assert_fails(parses(text), BS_WORD_wrong_id, "of another name");
  }
}

static void version_3_needs_its_owner(void **state) {
  static const char *const owners[] = {
      "null",
      "1",
      "{}",
      "\"\"",
      "\"alice\"",
      "\"12HcV1f7XtQTgSPt7r1mpyr1ppfnX8fPa5\"",
      "\" " OWNER "\"",
      "\"1" OWNER "\"",
      "\"5JesPiN68qt44Hc2nT8qmyZ1JDwHebfoh9KQ52Lazb1m1LaKNj9\"",
      "[\"" OWNER "\"]",
  };
  char text[256];

  (void)state;
  assert_malformed("{" NAME ", \"v\": \"3\"}", "owner is missing");
  for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
    snprintf(text, sizeof text, "{\"owner\": %s, " NAME ", \"v\": \"3\"}", owners[i]);
    assert_malformed(text, "owner is no address");
  }
}

/* A record with this immutable_data, of either version. */
static void assert_keys_refused(const char *keys, const char *reason) {
  char text[1024];

  snprintf(text, sizeof text, "{\"immutable_data\": %s, " V2, keys);
  assert_malformed(text, reason);
  snprintf(text, sizeof text, "{\"immutable_data\": %s, " V3, keys);
  assert_malformed(text, reason);
}

static void immutable_keys_are_checked(void **state) {
  static const char *const items[] = {
      "1",
      "null",
      "{}",
      "[]",
      "\"\"",
      "\"a\"",
      "\"0123456789abcdef0123456789abcdef0123456\"",                           /* 39 */
      "\"0123456789abcdef0123456789abcdef012345678\"",                         /* 41 */
      "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\"",   /* 63 */
      "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0\"", /* 65 */
      "\"0123456789ABCDEF0123456789abcdef01234567\"",
      "\"0123456789abcdef0123456789abcdef0123456g\"",
      "\"0123456789abcdef0123456789abcdef012345 7\"",
      "\"\\u0030123456789abcdef0123456789abcdef01234567\"",
      "\"\\u0030123456789abcdef0123456789abcdef0\"", /* 40 with its escape */
  };
  char keys[512];

  (void)state;
  assert_keys_refused("{}", "immutable_data is no array");
  assert_keys_refused("\"" KEY_A "\"", "immutable_data is no array");
  assert_keys_refused("null", "immutable_data is no array");
  for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
    snprintf(keys, sizeof keys, "[\"" KEY_A "\", %s]", items[i]);
    assert_keys_refused(keys, "immutable_data[1] is not 40 or 64");
  }
}

static void version_3_keys_are_sorted_and_unique(void **state) {
  (void)state;
  assert_malformed("{\"immutable_data\": [\"" KEY_A "\", \"" KEY_A "\"], " V3,
                   "immutable_data[1] is out of order or there twice");
  assert_malformed("{\"immutable_data\": [\"" KEY_C "\", \"" KEY_A "\"], " V3, "immutable_data[1] is out of order");
  assert_malformed("{\"immutable_data\": [\"" KEY_A "\", \"" KEY_C "\", \"" KEY_B "\"], " V3,
                   "immutable_data[2] is out of order");
  assert_malformed("{\"immutable_data\": [\"" KEY_B "\", \"" KEY_A "\"], " V3,
                   "immutable_data[1] is out of order"); /* a prefix */
}

/* A record with this one route, of either version. */
static void assert_route_refused(const char *route, const char *reason) {
  struct bs_buffer text = BS_BUFFER_INIT;
  static const char *const rests[] = {V2, V3};

  for (size_t i = 0; i < 2; i++) {
    bs_buffer_format(&text, "{\"mutable_data\": [" ROUTE("0") ", %s], %s", route, rests[i]);
    assert_malformed(bs_buffer_string(&text), reason);
    bs_buffer_clear(&text);
  }
  bs_buffer_free(&text);
}

static void routes_are_checked(void **state) {
  static const struct {
    const char *route, *reason;
  } bad[] = {
      {"1", "mutable_data[1] is no object"},
      {"[]", "mutable_data[1] is no object"},
      {"\"a\"", "mutable_data[1] is no object"},
      {"{}", "mutable_data[1].id is not a string"},
      {"{\"urls\": []}", "mutable_data[1].id is not a string"},
      {"{\"id\": 1, \"urls\": []}", "mutable_data[1].id is not a string"},
      {"{\"id\": \"\", \"urls\": []}", "mutable_data[1].id is not a string of 1 to 4096 bytes"},
      {"{\"id\": null, \"urls\": []}", "mutable_data[1].id is not a string"},
      {"{\"id\": \"a\\u0000b\", \"urls\": []}", "U+0000"},
      {"{\"id\": \"a\"}", "mutable_data[1] has no array of urls"},
      {"{\"id\": \"a\", \"urls\": {}}", "mutable_data[1] has no array of urls"},
      {"{\"id\": \"a\", \"urls\": \"http://example.org\"}", "mutable_data[1] has no array of urls"},
      {"{\"id\": \"a\", \"urls\": [1]}", "mutable_data[1].urls[0] is not a string"},
      {"{\"id\": \"a\", \"urls\": [\"x\", \"\"]}", "mutable_data[1].urls[1] is not a string of 1 to 2048 bytes"},
      {"{\"id\": \"a\", \"urls\": [\"x\", [\"x\"]]}", "mutable_data[1].urls[1] is not a string"},
      {"{\"id\": \"a\", \"urls\": [\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"a\",\"b\""
       ",\"c\",\"d\",\"e\",\"f\",\"g\"]}",
       "mutable_data[1] has more than 16 urls"},
      {"{\"id\": \"a\", \"urls\": [], \"ver_min\": 0}", "mutable_data[1].ver_min is no version"},
      {"{\"id\": \"a\", \"urls\": [], \"ver_min\": -1}", "mutable_data[1].ver_min is no version"},
      {"{\"id\": \"a\", \"urls\": [], \"ver_min\": 1.0}", "mutable_data[1].ver_min is no version"},
      {"{\"id\": \"a\", \"urls\": [], \"ver_min\": 1e2}", "mutable_data[1].ver_min is no version"},
      {"{\"id\": \"a\", \"urls\": [], \"ver_min\": \"1\"}", "mutable_data[1].ver_min is no version"},
      {"{\"id\": \"a\", \"urls\": [], \"ver_min\": 9007199254740992}", "mutable_data[1].ver_min is no version"},
      {"{\"id\": \"a\", \"urls\": [], \"ver_min\": 01}", "begin with a zero"},
      {"{\"id\": \"a\", \"urls\": [], \"deleted\": true}", "mutable_data[1].deleted is no version"},
      {"{\"id\": \"a\", \"urls\": [], \"deleted\": 0}", "mutable_data[1].deleted is no version"},
      {"{\"id\": \"a\", \"urls\": [], \"deleted\": null}", "mutable_data[1].deleted is no version"},
      {"{\"id\": \"a\", \"urls\": [], \"deleted\": [1]}", "mutable_data[1].deleted is no version"},
  };

  (void)state;
  assert_malformed("{\"mutable_data\": {}, " V3, "mutable_data is no array");
  assert_malformed("{\"mutable_data\": null, " V2, "mutable_data is no array");
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_route_refused(bad[i].route, bad[i].reason);
}

static void public_keys_of_routes_are_checked(void **state) {
  static const char *const keys[] = {
      "null",
      "1",
      "\"\"",
      "\"02\"",
      "\"04d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3\"", /* 66 digits that begin like 130 */
      "\"03d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f\"",  /* 65 */
      "\"03D6FD1BA0EFFAF1E8D94EA7B7A3D0EF26FEA00A14CE5FFCC1495FE588A2C6D0F3\"",
      "\"13d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0f3\"",
      "\"03d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495fe588a2c6d0fg\"",
      "\"" COMPRESSED "5eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb\"", /* 130 that begin like 66 */
  };
  char route[512];

  (void)state;
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    snprintf(route, sizeof route, "{\"id\": \"a\", \"pubkey\": %s, \"urls\": []}", keys[i]);
    assert_route_refused(route, "mutable_data[1].pubkey is not a hexadecimal public key");
  }
  assert_malformed(
      "{\"mutable_data\": [{\"id\": \"a\", \"urls\": [], \"pubkey\": \"d6fd1ba0effaf1e8d94ea7b7a3d0ef26fea00a14ce5ffcc1495f"
      "e588a2c6d0f35eaa22c01a35bee5817f03d769a3a38a3bb50182c61449ad125555daf26396fb\"}], " V3,
      "pubkey is not");
}

static void ids_are_unique(void **state) {
  (void)state;
  assert_malformed("{\"mutable_data\": [" ROUTE("a") ", " ROUTE("b") ", " ROUTE("a") "], " V2,
                   "two routes with one id");
  assert_malformed("{\"mutable_data\": [" ROUTE("a") ", " ROUTE("b") ", " ROUTE("\\u0061") "], " V2,
                   "two routes with one id");
  assert_malformed("{\"mutable_data\": [" ROUTE("a") ", " ROUTE("\\u0061") "], " V3,
                   "mutable_data[1] is out of order or there twice");
  assert_malformed("{\"mutable_data\": [" ROUTE("b") ", " ROUTE("a") "], " V3, "mutable_data[1] is out of order");
  assert_malformed("{\"mutable_data\": [" ROUTE("a") ", " ROUTE("aa") ", " ROUTE("a0") "], " V3,
                   "mutable_data[2] is out of order");
  assert_ok(parses(
      "{\"mutable_data\": [" ROUTE("\\u0061") ", " ROUTE("\\u0062") ", " ROUTE("c") ", " ROUTE("\\\"") "], " V2));
}

/* One route with an id and a URL that `unit` makes, repeated. */
static bool parses_long(const char *unit, size_t ids, size_t urls) {
  struct bs_buffer text = BS_BUFFER_INIT;
  bool good;

  bs_buffer_text(&text, "{\"mutable_data\": [{\"id\": \"");
  for (size_t i = 0; i < ids; i++) bs_buffer_text(&text, unit);
  bs_buffer_text(&text, "\", \"urls\": [\"");
  for (size_t i = 0; i < urls; i++) bs_buffer_text(&text, unit);
  bs_buffer_text(&text, "\"]}], " V3);
  good = parses(bs_buffer_string(&text));
  bs_buffer_free(&text);
  return good;
}

static void lengths_are_of_the_unescaped_text(void **state) {
  (void)state;
  assert_ok(parses_long("a", 4096, 2048));
  assert_ok(parses_long("\\u00e9", 2048, 1024));
  assert_ok(parses_long("\xc3\xa9", 2048, 1024));
  assert_fails(parses_long("a", 4097, 1), BS_WORD_malformed, "mutable_data[0].id");
  assert_fails(parses_long("a", 1, 2049), BS_WORD_malformed, "mutable_data[0].urls[0]");
  assert_fails(parses_long("\\u00e9", 2049, 1), BS_WORD_malformed, "mutable_data[0].id");
  assert_fails(parses_long("\\u00e9", 1, 1025), BS_WORD_malformed, "mutable_data[0].urls[0]");
  assert_fails(parses_long("\xc3\xa9", 1, 1025), BS_WORD_malformed, "mutable_data[0].urls[0]");
}

static void size_and_depth_are_bounded(void **state) {
  size_t length = BS_USER_RECORD_MAX + 1;
  char *record = malloc(length);
  char nested[256] = "{" V2;
  struct bs_user user;

  (void)state;
  assert_non_null(record);
  memset(record, ' ', length);
  memcpy(record, "{" V2, strlen("{" V2));
  assert_ok(bs_user_parse(&user, record, length - 1, "foo.test", &error));
  assert_fails(bs_user_parse(&user, record, length, "foo.test", &error), BS_WORD_too_large, "33554433 bytes");
  free(record);
  for (size_t depth = 31; depth <= 32; depth++) { /* and the object around them */
    snprintf(nested, sizeof nested, "{\"x\": %.*s%.*s, " V2, (int)depth, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", (int)depth,
             "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
    if (depth == 31)
      assert_ok(parses(nested));
    else
      assert_malformed(nested, "too deeply");
  }
}

/* A record that is cut or changed anywhere is refused or read, never more. */
static void no_damage_is_read_beyond_the_end(void **state) {
  static const char text[] =
      "{\"immutable_data\": [\"" KEY_A "\"], \"mutable_data\": [{\"deleted\": 3, \"id\": \"\\u00e9\", \"pubkey\": "
      "\"" COMPRESSED "\", \"urls\": [\"a\\\"b\"], \"ver_min\": 4}], " V3;
  char damaged[sizeof text];
  struct bs_user user;
  void *memory;

  (void)state;
  for (size_t cut = 0; cut < strlen(text); cut++) {
    assert_false(parse_bytes(&user, text, cut, "foo.test", &memory));
    free(memory);
  }
  for (size_t at = 0; at < strlen(text); at++)
    for (size_t i = 0; i < 6; i++) {
      memcpy(damaged, text, sizeof text);
      damaged[at] = "\"\\[}0\xc3"[i];
      if (parse_bytes(&user, damaged, strlen(text), "foo.test", &memory)) bs_user_has_immutable(&user, KEY_A);
      free(memory);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_of_2015_are_read),
      cmocka_unit_test(broken_escapes_of_2015_are_malformed),
      cmocka_unit_test(hashes_are_those_of_2015),
      cmocka_unit_test(current_records_are_read),
      cmocka_unit_test(a_record_without_lists_has_none),
      cmocka_unit_test(version_2_tolerates_disorder),
      cmocka_unit_test(what_is_no_record_is_malformed),
      cmocka_unit_test(the_record_of_another_name_is_refused),
      cmocka_unit_test(version_3_needs_its_owner),
      cmocka_unit_test(immutable_keys_are_checked),
      cmocka_unit_test(version_3_keys_are_sorted_and_unique),
      cmocka_unit_test(routes_are_checked),
      cmocka_unit_test(public_keys_of_routes_are_checked),
      cmocka_unit_test(ids_are_unique),
      cmocka_unit_test(lengths_are_of_the_unescaped_text),
      cmocka_unit_test(size_and_depth_are_bounded),
      cmocka_unit_test(no_damage_is_read_beyond_the_end),
  };

  return RUN_TESTS(tests);
}

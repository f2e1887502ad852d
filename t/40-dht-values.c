/* SPDX-License-Identifier: MIT */
/* Where objects lie in the DHT, what their values look like, and what is made of an answer, which anybody may have filled. */
#include <config.h>

#include <inttypes.h>

#include "core/codec/hex.h"
#include "core/crypto/digest.h"
#include "plugins/dht/harvest.h"
#include "t/lib/driver-host.h"

#define NODE "http://node.example"

/* ---- where ---- */

/* Of another program: printf 'blockstore-dht-1\0m\0%s' ID | sha256sum | cut -c 1-40.  They stand in the manual, too. */
static void keys_are_derived_as_the_manual_says(void **state) {
  static const struct {
    enum dht_kind kind;
    const char *name, *hash;
  } vectors[] = {
      {DHT_MUTABLE, "0a8ce26f:alice.id:status", "8e0534a1af160d26f7829f1c7a18316969098344"},
      {DHT_IMMUTABLE, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
       "d84e9939cf400270604d16688e5fdfdbab8e77e6"},
      {DHT_IMMUTABLE, "b472a266d0bd89c13706a4132ccfb16f7c3b9fcb", "f180676b7a0beea3257c170a38d916563da552fd"},
      {DHT_MUTABLE, "b472a266d0bd89c13706a4132ccfb16f7c3b9fcb", "5eb5762f908d8c89d3f2ef457a3f814dfcc49e0b"},
      {DHT_MUTABLE, "\xc3\xa9 \x01%00/..", "0d735c52b4bec1b576b06021bbf9238dd68e2719"},
  };
  char hash[DHT_HASH_DIGITS + 1];

  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
    dht_place_derive(hash, vectors[i].kind, vectors[i].name);
    assert_string_equal(hash, vectors[i].hash);
  }
}

static void a_url_is_dht_and_40_digits(void **state) {
  static const char *const others[] = {"dht:",
                                       "dht:00112233445566778899aabbccddeeff0011223",
                                       "dht:00112233445566778899aabbccddeeff001122334",
                                       "dht:00112233445566778899aabbccddeeff00112233/",
                                       "dht:00112233445566778899aabbccddeeff00112233\n",
                                       "dht:00112233445566778899AABBccddeeff00112233",
                                       "DHT:00112233445566778899aabbccddeeff00112233",
                                       "dht://00112233445566778899aabbccddeeff00112233",
                                       "dht:0x112233445566778899aabbccddeeff00112233",
                                       " dht:00112233445566778899aabbccddeeff00112233",
                                       "dhtt:0112233445566778899aabbccddeeff00112233",
                                       "00112233445566778899aabbccddeeff00112233",
                                       "dh",
                                       ""};
  char hash[DHT_HASH_DIGITS + 1] = "";

  (void)state;
  assert_true(dht_place_of_url(hash, "dht:00112233445566778899aabbccddeeff00112233"));
  assert_string_equal(hash, "00112233445566778899aabbccddeeff00112233");
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (dht_place_of_url(hash, others[i])) fail_msg("taken: %s", others[i]);
}

static void a_key_is_a_hash_of_either_kind(void **state) {
  (void)state;
  assert_true(dht_place_is_key_of("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "", 0));
  assert_true(dht_place_is_key_of("b472a266d0bd89c13706a4132ccfb16f7c3b9fcb", "", 0));
  assert_false(dht_place_is_key_of("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "x", 1));
  assert_false(dht_place_is_key_of("b472a266d0bd89c13706a4132ccfb16f7c3b9fcb", "x", 1));
  assert_false(dht_place_is_key_of("e3b0c44298fc1c149afbf4c8996fb92427ae41e4", "", 0)); /* half of a SHA-256 */
}

/* ---- values ---- */

static void value_of(struct dht_value *ret_value, enum dht_kind kind, uint64_t version, const void *bytes, size_t length) {
  assert_true(dht_value_make(ret_value, kind, version, length));
  if (length > 0) memcpy(ret_value->whole + DHT_VALUE_HEAD, bytes, length);
}

/* As the proxy shows it, by free(). */
static char *line_of(enum dht_kind kind, uint64_t version, const void *bytes, size_t length) {
  struct dht_value value;
  char *line;

  value_of(&value, kind, version, bytes, length);
  line = dht_value_write(&value, false);
  assert_non_null(line);
  dht_value_free(&value);
  return line;
}

static void a_value_looks_as_the_manual_says(void **state) {
  struct dht_value value;
  char *line, *permanent;

  (void)state;
  value_of(&value, DHT_MUTABLE, 258, "hello", 5);
  line = dht_value_write(&value, false);
  permanent = dht_value_write(&value, true);
  assert_string_equal(line, "{\"data\":\"QlN2MW0AAAAAAAABAmhlbGxv\",\"id\":\"9042084466498088510\"}");
  assert_string_equal(permanent, "{\"data\":\"QlN2MW0AAAAAAAABAmhlbGxv\",\"id\":\"9042084466498088510\",\"permanent\":true}");
  dht_value_free(&value);
  free(line);
  free(permanent);
}

static void values_of_each_size_come_back(void **state) {
  static const size_t sizes[] = {0, 1, 2, 3, 1024, DHT_OBJECT_LARGEST};
  unsigned char *bytes = malloc(DHT_OBJECT_LARGEST);

  (void)state;
  assert_non_null(bytes);
  for (size_t i = 0; i < DHT_OBJECT_LARGEST; i++) bytes[i] = (unsigned char)(i * 7 + i / 251);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    char *line = line_of(DHT_IMMUTABLE, UINT64_MAX - i, bytes, sizes[i]);
    struct dht_value value;

    assert_true(strlen(line) < DHT_LINE_LONGEST);
    assert_int_equal(dht_value_read(&value, line, strlen(line)), DHT_LINE_OURS);
    assert_int_equal(value.kind, DHT_IMMUTABLE);
    assert_true(value.version == UINT64_MAX - i);
    assert_int_equal(value.length, sizes[i]);
    assert_memory_equal(value.whole + DHT_VALUE_HEAD, bytes, sizes[i]);
    dht_value_free(&value);
    free(line);
  }
  free(bytes);
}

static void the_same_bytes_have_the_same_number(void **state) {
  char number[21], again[21], other[21];

  (void)state;
  dht_place_number(number, "bytes", 5);
  dht_place_number(again, "bytes", 5);
  dht_place_number(other, "bytez", 5);
  assert_string_equal(number, again);
  assert_string_not_equal(number, other);
}

static void what_is_not_ours_is_told_apart(void **state) {
  static const struct {
    const char *line;
    enum dht_line expected;
  } rows[] = {
      {"{\"data\":\"aGVsbG8=\",\"id\":\"1\",\"type\":0}", DHT_LINE_FOREIGN},
      {"{\"data\":\"\"}", DHT_LINE_FOREIGN},
      {"{\"data\":\"!\"}", DHT_LINE_MALFORMED},
      {"{\"data\":\"====\"}", DHT_LINE_FOREIGN},
      {"{\"data\":\"aGVsbG8\xc3\"}", DHT_LINE_MALFORMED},
      {"{\"data\":7}", DHT_LINE_FOREIGN},
      {"{\"cypher\":\"aGVsbG8=\"}", DHT_LINE_FOREIGN},
      {"{}", DHT_LINE_FOREIGN},
      {"{\"data\":\"QlN2MW0AAAAAAAAA\"}", DHT_LINE_FOREIGN},     /* a head that is cut */
      {"{\"data\":\"QlN2MXgAAAAAAAAAAQ==\"}", DHT_LINE_FOREIGN}, /* of no kind */
      {"{\"data\":\"QlN2Mm0AAAAAAAAAAQ==\"}", DHT_LINE_FOREIGN}, /* another mark */
      {"{\"data\":\"QlN2MW0AAAAAAAAAAQ==\"}", DHT_LINE_OURS},
      {"[]", DHT_LINE_MALFORMED},
      {"\"data\"", DHT_LINE_MALFORMED},
      {"null", DHT_LINE_MALFORMED},
      {"<html>", DHT_LINE_MALFORMED},
      {"{\"data\":\"aGVsb", DHT_LINE_MALFORMED},
      {"{", DHT_LINE_MALFORMED},
      {" ", DHT_LINE_MALFORMED},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct dht_value value = {0};

    if (dht_value_read(&value, rows[i].line, strlen(rows[i].line)) != rows[i].expected) fail_msg("%s", rows[i].line);
    dht_value_free(&value);
  }
}

static void a_record_says_its_version(void **state) {
  static const struct {
    const char *record;
    uint64_t version;
  } rows[] = {
      {"{\"data\": \"\", \"id\": \"a\", \"sig\": \"v2:\", \"ver\": 7}", 7},
      {"{\"ver\": 9007199254740991}", (UINT64_C(1) << 53) - 1},
      {"{\"data\":\"\",\"id\":\"a\",\"sig\":\"\",\"ver\":\"12\"}", 12},
      {"{\"ver\": 9007199254740993}", 0},
      {"{\"ver\": -1}", 0},
      {"{\"ver\": 0}", 0},
      {"{\"ver\": \"\"}", 0},
      {"{\"ver\": \"12345678901234567\"}", 0},
      {"{\"ver\": \" 1\"}", 0},
      {"{\"ver\": null}", 0},
      {"{\"Ver\": 3}", 0},
      {"{}", 0},
      {"[3]", 0},
      {"3", 0},
      {"encrypted by a filter", 0},
      {"", 0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct dht_value value;

    value_of(&value, DHT_MUTABLE, 99, rows[i].record, strlen(rows[i].record));
    if (dht_value_record_version(&value) != rows[i].version) fail_msg("%s", rows[i].record);
    dht_value_free(&value);
  }
}

/* ---- answers ---- */

struct scene {
  struct host_call call;
  struct dht_harvest harvest;
};

static void begin(struct scene *scene, const char *key) {
  host_call_init(&scene->call);
  assert_int_equal(dht_harvest_begin(&scene->harvest, &scene->call.call, key == NULL ? DHT_MUTABLE : DHT_IMMUTABLE, key),
                   BLOCKSTORE_STATUS_OK);
  dht_harvest_reset(&scene->harvest, NODE);
}

static enum blockstore_status give_text(struct scene *scene, const char *text) {
  return scene->harvest.sink.write(&scene->harvest.sink, text, strlen(text));
}

/* A line of the answer; `text` is freed. */
static void give_line(struct scene *scene, char *text) {
  assert_int_equal(give_text(scene, text), BLOCKSTORE_STATUS_OK);
  assert_int_equal(give_text(scene, "\n"), BLOCKSTORE_STATUS_OK);
  free(text);
}

static void give_record(struct scene *scene, uint64_t claimed, const char *record) {
  give_line(scene, line_of(DHT_MUTABLE, claimed, record, strlen(record)));
}

static char *record_of(unsigned version, unsigned serial) {
  return host_path("{\"id\": \"%u\", \"ver\": %u}", serial, version);
}

static bool is_kept(const struct scene *scene, size_t at, const char *text) {
  const struct dht_value *value = &scene->harvest.best[at].value;

  return at < scene->harvest.count && value->length == strlen(text) &&
         memcmp(value->whole + DHT_VALUE_HEAD, text, value->length) == 0;
}

static void end(struct scene *scene) {
  dht_harvest_free(&scene->harvest);
}

static void an_answer_comes_in_any_pieces(void **state) {
  struct scene scene;
  char *text = host_path("%s\n%s\n", "{\"data\":\"QlN2MW0AAAAAAAAAAWhlbGxv\",\"id\":\"1\"}",
                         "{\"data\":\"QlN2MW0AAAAAAAAAAnRoZXJl\",\"id\":\"2\"}");

  (void)state;
  for (size_t step = 1; step <= strlen(text); step++) {
    begin(&scene, NULL);
    for (size_t at = 0; at < strlen(text); at += step)
      assert_int_equal(scene.harvest.sink.write(&scene.harvest.sink, text + at,
                                                strlen(text) - at < step ? strlen(text) - at : step),
                       BLOCKSTORE_STATUS_OK);
    assert_int_equal(dht_harvest_finish(&scene.harvest), BLOCKSTORE_STATUS_OK);
    assert_true(is_kept(&scene, 0, "there"));
    assert_true(is_kept(&scene, 1, "hello"));
    assert_int_equal(scene.harvest.count, 2);
    end(&scene);
  }
  free(text);
}

static void a_last_line_needs_no_end_but_must_be_whole(void **state) {
  struct scene scene;

  (void)state;
  begin(&scene, NULL);
  assert_int_equal(give_text(&scene, "{\"data\":\"QlN2MW0AAAAAAAAAAWhlbGxv\"}"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(dht_harvest_finish(&scene.harvest), BLOCKSTORE_STATUS_OK);
  assert_true(is_kept(&scene, 0, "hello"));
  assert_int_equal(give_text(&scene, "{\"data\":\"QlN2MW0AAAA"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(dht_harvest_finish(&scene.harvest), BLOCKSTORE_STATUS_FAILED);
  assert_string_equal(scene.call.sentence, NODE ": The answer has a line that is no value of OpenDHT; the URL must be that of a "
                                                "node's REST proxy.");
  end(&scene);
}

static void the_object_of_a_key_needs_nothing_beside_it(void **state) {
  struct scene scene;

  (void)state;
  begin(&scene, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"); /* hello */
  for (unsigned i = 0; i < 100; i++) {
    char *junk = host_path("junk %u", i);

    give_line(&scene, line_of(DHT_IMMUTABLE, 0, junk, strlen(junk)));
    free(junk);
  }
  assert_int_equal(scene.harvest.count, DHT_CANDIDATES);
  assert_int_equal(scene.harvest.left_out, 100 - DHT_CANDIDATES);
  assert_true(dht_harvest_is_crowded(&scene.harvest));
  give_line(&scene, line_of(DHT_IMMUTABLE, 0, "hello", 5));
  give_line(&scene, line_of(DHT_IMMUTABLE, 0, "more junk", 9));
  assert_int_equal(scene.harvest.count, 1);
  assert_true(is_kept(&scene, 0, "hello"));
  assert_false(dht_harvest_is_crowded(&scene.harvest));
  end(&scene);
}

static void values_of_others_are_left_out(void **state) {
  struct scene scene;

  (void)state;
  begin(&scene, NULL);
  for (unsigned i = 0; i < 100; i++) give_line(&scene, host_path("{\"data\":\"aGVsbG8=\",\"id\":\"%u\",\"type\":0}", i));
  give_line(&scene, line_of(DHT_IMMUTABLE, 9, "of the other kind", 17));
  assert_int_equal(scene.harvest.count, 0);
  assert_int_equal(scene.harvest.values, 101);
  assert_false(dht_harvest_is_crowded(&scene.harvest));
  give_record(&scene, 1, "ours");
  assert_true(is_kept(&scene, 0, "ours"));
  end(&scene);
}

static void a_value_is_kept_once(void **state) {
  struct scene scene;

  (void)state;
  begin(&scene, NULL);
  for (unsigned i = 0; i < 100; i++) give_record(&scene, i, "again");
  assert_int_equal(scene.harvest.count, 1);
  assert_true(scene.harvest.best[0].value.version == 99);
  assert_int_equal(scene.harvest.left_out, 0);
  give_record(&scene, 5, "");
  assert_int_equal(scene.harvest.count, 2);
  end(&scene);
}

/* What is signed counts, not what stands before it: a former record with a great claim does not displace the newest. */
static void the_highest_versions_that_are_signed_are_kept(void **state) {
  struct scene scene;
  char *newest = record_of(1000, 0);

  (void)state;
  begin(&scene, NULL);
  for (unsigned i = 0; i < 100; i++) {
    char *former = record_of(1 + i, i);

    give_record(&scene, (UINT64_C(1) << 53) - 1, former);
    if (i == 50) give_record(&scene, 1, newest);
    free(former);
  }
  for (unsigned i = 0; i < 40; i++) {
    char *opaque = host_path("opaque %u", i);

    give_record(&scene, UINT64_MAX, opaque);
    free(opaque);
  }
  assert_int_equal(scene.harvest.count, DHT_CANDIDATES);
  assert_true(is_kept(&scene, 0, newest));
  for (unsigned i = 1; i < DHT_CANDIDATES; i++) assert_true(scene.harvest.best[i].rank == 101 - i);
  assert_true(dht_harvest_is_crowded(&scene.harvest));
  free(newest);
  end(&scene);
}

/* As of a filter that encrypts. */
static void what_is_no_json_is_ordered_by_its_claim(void **state) {
  struct scene scene;

  (void)state;
  begin(&scene, NULL);
  give_record(&scene, 2, "second");
  give_record(&scene, 3, "third");
  give_record(&scene, 1, "first");
  assert_true(is_kept(&scene, 0, "third"));
  assert_true(is_kept(&scene, 1, "second"));
  assert_true(is_kept(&scene, 2, "first"));
  end(&scene);
}

static void what_is_kept_is_offered_one_by_one(void **state) {
  struct host_sink sink;
  struct scene scene;

  (void)state;
  host_sink_init(&sink);
  begin(&scene, NULL);
  give_record(&scene, 1, "one");
  give_record(&scene, 2, "");
  assert_int_equal(dht_harvest_give(&scene.harvest, &sink.sink), BLOCKSTORE_STATUS_OK);
  assert_int_equal(sink.begins, 2);
  assert_int_equal(sink.announced, 3);
  assert_memory_equal(sink.bytes, "one", 4);
  atomic_store(&scene.call.looks, 1);
  assert_int_equal(dht_harvest_give(&scene.harvest, &sink.sink), BLOCKSTORE_STATUS_CANCELLED);
  host_sink_free(&sink);
  end(&scene);
}

static void a_line_that_is_too_long_is_nobodys(void **state) {
  char *piece = malloc(DHT_LINE_LONGEST + 1);
  struct scene scene;

  (void)state;
  assert_non_null(piece);
  memset(piece, ' ', DHT_LINE_LONGEST);
  piece[0] = '{', piece[DHT_LINE_LONGEST - 1] = '}', piece[DHT_LINE_LONGEST] = '\0';
  begin(&scene, NULL);
  assert_int_equal(give_text(&scene, piece), BLOCKSTORE_STATUS_OK);
  assert_int_equal(give_text(&scene, "\n"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(scene.harvest.values, 1);
  for (int i = 0; i < 3; i++) assert_int_equal(give_text(&scene, piece), BLOCKSTORE_STATUS_OK);
  assert_int_equal(give_text(&scene, "\n"), BLOCKSTORE_STATUS_OK);
  assert_int_equal(scene.harvest.values, 2);
  give_record(&scene, 7, "beside it");
  assert_int_equal(scene.harvest.count, 1);
  piece[0] = '<';
  assert_int_equal(give_text(&scene, piece), BLOCKSTORE_STATUS_OK);
  assert_int_equal(give_text(&scene, " \n"), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(scene.call.sentence, "The answer has a line that is no value of OpenDHT"));
  free(piece);
  end(&scene);
}

static void an_answer_has_an_end(void **state) {
  static char piece[1 << 16];
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  struct scene scene;
  uint64_t sum = 0;

  (void)state;
  memset(piece, '\n', sizeof piece);
  begin(&scene, NULL);
  give_record(&scene, 1, "first");
  while (status == BLOCKSTORE_STATUS_OK && sum < 2 * DHT_ANSWER_MOST) {
    status = scene.harvest.sink.write(&scene.harvest.sink, piece, sizeof piece);
    sum += sizeof piece;
  }
  assert_int_equal(status, BLOCKSTORE_STATUS_FAILED);
  assert_in_range(sum, DHT_ANSWER_MOST, DHT_ANSWER_MOST + sizeof piece);
  assert_true(scene.harvest.overflowed);
  assert_true(dht_harvest_is_crowded(&scene.harvest));
  assert_non_null(strstr(scene.call.sentence, "More than 16 MiB stand under this key of the DHT"));
  assert_true(is_kept(&scene, 0, "first"));
  dht_harvest_reset(&scene.harvest, NODE);
  assert_int_equal(scene.harvest.count, 0);
  assert_false(dht_harvest_is_crowded(&scene.harvest));
  end(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_are_derived_as_the_manual_says),
      cmocka_unit_test(a_url_is_dht_and_40_digits),
      cmocka_unit_test(a_key_is_a_hash_of_either_kind),
      cmocka_unit_test(a_value_looks_as_the_manual_says),
      cmocka_unit_test(values_of_each_size_come_back),
      cmocka_unit_test(the_same_bytes_have_the_same_number),
      cmocka_unit_test(what_is_not_ours_is_told_apart),
      cmocka_unit_test(a_record_says_its_version),
      cmocka_unit_test(an_answer_comes_in_any_pieces),
      cmocka_unit_test(a_last_line_needs_no_end_but_must_be_whole),
      cmocka_unit_test(the_object_of_a_key_needs_nothing_beside_it),
      cmocka_unit_test(values_of_others_are_left_out),
      cmocka_unit_test(a_value_is_kept_once),
      cmocka_unit_test(the_highest_versions_that_are_signed_are_kept),
      cmocka_unit_test(what_is_no_json_is_ordered_by_its_claim),
      cmocka_unit_test(what_is_kept_is_offered_one_by_one),
      cmocka_unit_test(a_line_that_is_too_long_is_nobodys),
      cmocka_unit_test(an_answer_has_an_end),
  };

  return RUN_TESTS(tests);
}

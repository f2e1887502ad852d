/* SPDX-License-Identifier: MIT */
/* Mutable records of 2015: how they are read, and which of them could mean something else. */
#include <config.h>

#include "core/record/legacy.h"
#include "t/lib/datum.h"
#include "t/lib/legacy.h"

static struct bs_error error;

static void assert_hash(const struct bs_buffer *text, const char *expected) {
  char hash[41];

  bs_user_hash(hash, text->bytes, text->length);
  assert_string_equal(hash, expected);
}

#define HIGH_S "G0g1ZUaFqalINbhm+UdHeLaf3+p1iZweXWTi+j21EQLn86Q59RgvV81SjBZw17KGPmya7fB/BwX9X2kDUMBzZSo="
#define LOW_S "G0g1ZUaFqalINbhm+UdHeLaf3+p1iZweXWTi+j21EQLnDFvGCufQqDKtc+mPKE15wE4T7vYwQZo+YGlbPA/C3Bc="
#define RECORD(sig) \
  "{\"data\": \"aGVsbG8gd29ybGQgMg==\", \"id\": \"/my/second/datum\", \"sig\": \"" sig "\", \"ver\": \"2\"}"

static void the_best_known_record_has_its_hashes(void **state) {
  static const struct {
    const char *record, *hash, *delete_sig;
  } vectors[] = {
      {RECORD(HIGH_S), "da250132126187f6d706f7e3d6eda95c25158a5c",
       "G4RtTn1LW+r+PNBN2x5K8vpfBabmODOTbl0cuL6ryQJ3hieRHG/Fjk0Z92pCTc6Y0BoomW3ACu0KoWqBmJan51E="},
      {RECORD(LOW_S), "57363f1156a5db8edb926bac1344a170851d2223",
       "G4RtTn1LW+r+PNBN2x5K8vpfBabmODOTbl0cuL6ryQJ3edhu45A6cbLmCJW9sjFnLqCGQ3jvPbMxHmfc9DmOWfA="},
  };

  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
    struct bs_verified verified;
    char z[65], delete_sig[89];

    legacy_write(&record, datum_key(), i == 1, datum.id, 2, DATUM_TEXT, strlen(DATUM_TEXT));
    assert_string_equal(bs_buffer_string(&record), vectors[i].record);
    assert_hash(&record, vectors[i].hash);
    assert_ok(datum_read(&verified, record.bytes, record.length, &error));
    bs_hex_encode(z, verified.z, 32);
    assert_string_equal(z, "000000000000000000000000cc5dbb3ad0da52c31585367be163d94b347fa727");
    legacy_sign(delete_sig, datum_key(), i == 1, datum.id, strlen(datum.id));
    assert_string_equal(delete_sig, vectors[i].delete_sig);
  }
}

/* Some signers got it wrong, hence nobody looked at it. */
static void the_first_byte_of_a_signature_means_nothing(void **state) {
  unsigned char owner[BS_HASH160_SIZE];
  const struct bs_authority authorities[] = {datum_authority(), {.owner = owner}};
  struct bs_verified verified;
  struct bs_mutable record;

  (void)state;
  bs_public_key_hash(owner, bs_key_public(datum_key()));
  assert_ok(bs_mutable_parse(&record, RECORD(HIGH_S), strlen(RECORD(HIGH_S)), &error));
  for (unsigned first = 0; first < 256; first++)
    for (size_t i = 0; i < 2; i++) {
      record.signature[0] = (unsigned char)first;
      assert_ok(bs_mutable_verify(&verified, NULL, &record, &datum, &authorities[i], &error));
    }
}

static void assert_malformed(const char *record, const char *reason) {
  struct bs_verified verified;

  assert_fails(datum_read(&verified, record, strlen(record), &error), BS_WORD_malformed, reason);
}

#define DATA "\"data\": \"aGVsbG8gd29ybGQgMg==\""
#define ID "\"id\": \"/my/second/datum\""
#define SIG "\"sig\": \"" LOW_S "\""

/* As the readers of 2015 had it: extra keys were allowed, and are not looked at. */
static void other_members_are_passed_over(void **state) {
  static const char record[] = "{\"x\": {\"id\": \"a\"}, \"Ver\": 1, " DATA ", " ID ", " SIG ", \"ver\": \"2\"}";
  struct bs_verified verified;

  (void)state;
  assert_ok(datum_read(&verified, record, strlen(record), &error));
}

static void versions_are_strings_of_decimal_digits(void **state) {
  static const char *const versions[] = {
      "\"0\"", "\"-2\"", "\"+2\"", "\"02\"", "\" 2\"", "\"2 \"", "\"2.0\"", "\"2e0\"", "\"\"", "2", "null", "[]",
      "\"0x2\"", "\"2L\"", "\"2_0\"", "\"\\u0032\"", "\"9007199254740992\"", "\"99999999999999999999\""};
  char record[512];

  (void)state;
  for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
    snprintf(record, sizeof record, "{" DATA ", " ID ", " SIG ", \"ver\": %s}", versions[i]);
    assert_malformed(record, "its ver is no string");
  }
}

/* Nothing was escaped: an id with a quote or a backslash gave broken JSON, or another id. */
static void there_are_no_escapes(void **state) {
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;

  (void)state;
  assert_malformed("{" DATA ", \"id\": \"\\/my/second/datum\", " SIG ", \"ver\": \"2\"}", "its id has escapes");
  assert_malformed("{\"data\": \"aGVsbG8gd29ybGQgM\\u0067==\", " ID ", " SIG ", \"ver\": \"2\"}", "its data");
  assert_malformed("{" DATA ", " ID ", \"sig\": \"\\u0047\", \"ver\": \"2\"}", "its sig");
  legacy_write(&record, datum_key(), true, "a\"b", 1, "x", 1);
  assert_malformed(bs_buffer_string(&record), "The JSON is wrong");
  bs_buffer_clear(&record);
  legacy_write(&record, datum_key(), true, "a\\x2fb", 1, "x", 1);
  assert_malformed(bs_buffer_string(&record), "The JSON is wrong");
  bs_buffer_clear(&record);
  legacy_write(&record, datum_key(), true, "a\\nb", 1, "x", 1);
  assert_malformed(bs_buffer_string(&record), "its id has escapes");
}

static void what_is_no_record_of_2015_is_malformed(void **state) {
  (void)state;
  assert_malformed("{" DATA ", " ID ", " SIG "}", "its ver");
  assert_malformed("{" ID ", " SIG ", \"ver\": \"2\"}", "its data");
  assert_malformed("{" DATA ", " SIG ", \"ver\": \"2\"}", "its id");
  assert_malformed("{\"Data\": \"\", " ID ", " SIG ", \"ver\": \"2\"}", "its data");
  assert_malformed("{\"data\": null, " ID ", " SIG ", \"ver\": \"2\"}", "its data");
  assert_malformed("{\"data\": \"aGVsbG8gd29ybGQgMh==\", " ID ", " SIG ", \"ver\": \"2\"}", "canonical base64");
  assert_malformed("{\"deleted\": true, " ID ", " SIG ", \"ver\": \"2\"}", "sig is of 2015");
  assert_malformed("{" DATA ", \"deleted\": false, " ID ", " SIG ", \"ver\": \"2\"}", "sig is of 2015");
  assert_malformed("{" DATA ", \"expires\": \"1\", " ID ", " SIG ", \"ver\": \"2\"}", "sig is of 2015");
  assert_malformed("{" DATA ", " ID ", " SIG ", \"ver\": \"2\", \"ver\": \"2\"}", "two members");
}

static void other_data_are_forged(void **state) {
  static const char *const records[] = {
      "{\"data\": \"\", " ID ", " SIG ", \"ver\": \"2\"}",
      "{\"data\": \"aGVsbG8gd29ybGQgMw==\", " ID ", " SIG ", \"ver\": \"2\"}",
      "{" DATA ", " ID ", " SIG ", \"ver\": \"3\"}",
  };
  struct bs_verified verified;

  (void)state;
  for (size_t i = 0; i < 3; i++)
    assert_fails(datum_read(&verified, records[i], strlen(records[i]), &error), BS_WORD_forged, "by whom");
}

/* What no policy but ours could stop: one signature, two records. */
static void run_together_is_ambiguous(void **state) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_datum places[] = {{datum_chain, "foo.test", "a1"}, {datum_chain, "foo.test", "a"}};
  const struct bs_authority authority = datum_authority();
  struct bs_verified one, two;
  struct bs_mutable record;
  char other[256];

  (void)state;
  legacy_write(&text, datum_key(), true, "a1", 2, "x", 1);
  assert_ok(bs_mutable_parse(&record, text.bytes, text.length, &error));
  assert_ok(bs_mutable_verify(&one, NULL, &record, &places[0], &authority, &error));
  snprintf(other, sizeof other, "{\"data\": \"eA==\", \"id\": \"a\", %.*s, \"ver\": \"12\"}",
           (int)strlen("\"sig\": \"\"") + 88, strstr(bs_buffer_string(&text), "\"sig\""));
  assert_ok(bs_mutable_parse(&record, other, strlen(other), &error));
  assert_ok(bs_mutable_verify(&two, NULL, &record, &places[1], &authority, &error));
  assert_memory_equal(one.z, two.z, 32);
  assert_int_equal(two.statement.ver, 12);
}

/* What was signed to delete "a1" is also a record of "a". */
static void a_delete_signature_is_ambiguous(void **state) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT, user_text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_datum place = {datum_chain, "foo.test", "a"};
  const struct bs_authority authority = datum_authority();
  struct bs_verified verified;
  struct bs_mutable record;
  struct bs_user user;
  char delete_sig[89];

  (void)state;
  legacy_sign(delete_sig, datum_key(), true, "a1", 2);
  bs_buffer_format(&text, "{\"data\": \"\", \"id\": \"a\", \"sig\": \"%s\", \"ver\": \"1\"}", delete_sig);
  assert_ok(bs_mutable_parse(&record, text.bytes, text.length, &error));
  assert_ok(bs_mutable_verify(&verified, NULL, &record, &place, &authority, &error));
  bs_buffer_text(&user_text, "{\"mutable_data\": [{\"id\": \"a\", \"urls\": []}], "
                             "\"name\": {\"formatted\": \"foo.test\"}, \"v\": \"2\"}");
  assert_ok(bs_user_parse(&user, user_text.bytes, user_text.length, "foo.test", &error));
  assert_fails(bs_legacy_check(&record, "a", &user, &error), BS_WORD_forged, "no data");
}

static struct bs_mutable with(uint64_t ver, const char *base64) {
  return (struct bs_mutable){.ver = ver, .base64 = base64, .base64_length = strlen(base64)};
}

static void many_digits_are_ambiguous(void **state) {
  struct bs_mutable record = with(9999, "");

  (void)state;
  assert_false(bs_legacy_ver_is_long(&record));
  record.ver = 10000;
  assert_true(bs_legacy_ver_is_long(&record));
  record.ver = BS_VER_MAX;
  assert_true(bs_legacy_ver_is_long(&record));
}

static void four_digits_before_the_data_are_ambiguous(void **state) {
  static const char *const ambiguous[] = {"0000", "1234", "9999abcd"}, *const clear[] = {"", "123=", "12==", "a123",
                                                                                       "123a", "abcd1234"};
  struct bs_mutable record;

  (void)state;
  for (size_t i = 0; i < 3; i++) {
    record = with(1, ambiguous[i]);
    assert_true(bs_legacy_data_begin_with_digits(&record));
  }
  for (size_t i = 0; i < 6; i++) {
    record = with(1, clear[i]);
    assert_false(bs_legacy_data_begin_with_digits(&record));
  }
}

static bool fits(const char *id, uint64_t ver, const char *base64, const char *other) {
  const struct bs_mutable record = with(ver, base64);

  return bs_legacy_fits_id(&record, id, other, strlen(other));
}

static void an_id_with_digits_behind_is_told(void **state) {
  (void)state;
  assert_true(fits("a", 12, "eA==", "a1"));
  assert_true(fits("a1", 2, "eA==", "a"));
  assert_true(fits("a5", 1234, "eA==", "a"));
  assert_true(fits("a2015", 1, "eA==", "a"));
  assert_true(fits("a2015", 1, "eA==", "a20"));
  assert_true(fits("1", 23, "eA==", "12"));
  assert_false(fits("a1", 2, "eA==", "a1")); /* itself */
  assert_false(fits("a", 12, "eA==", "a12")); /* no digit is left for its version */
  assert_false(fits("a", 12, "eA==", "a123"));
  assert_false(fits("a", 12, "eA==", "b"));
  assert_false(fits("a", 12, "eA==", "a2"));
  assert_false(fits("ab1", 2, "eA==", "a"));
  assert_false(fits("ab", 2, "eA==", "a"));
  assert_false(fits("1a", 2, "eA==", "1"));
}

/* An id may end in what looks like a version and base64: of "a1bcd" with ver 2 are signed the bytes of "a" with ver 1. */
static void an_id_that_reaches_into_the_data_is_told(void **state) {
  (void)state;
  assert_true(fits("a", 1, "bcd2eA==", "a1bcd"));
  assert_true(fits("a1bcd", 2, "eA==", "a"));
  assert_true(fits("a", 12, "bcd2eA==", "a12bcd"));
  assert_true(fits("a", 1, "abcd", "a1abcd")); /* its delete signature */
  assert_true(fits("a", 1, "b234", "a1b"));    /* no data */
  assert_false(fits("a", 1, "bcd2eA==", "a1bcd2"));
  assert_false(fits("a", 1, "bcd2eA==", "a1bc"));
  assert_false(fits("a", 1, "bcd2eA==", "a1bce"));
  assert_true(fits("a", 1, "bc22eA==", "a1bc"));
  assert_false(fits("a", 1, "bc2aeA==", "a1bc")); /* five characters are no base64 */
  assert_false(fits("a", 1, "abcd", "a1abcd1"));
  assert_false(fits("a1bcde", 2, "eA==", "a"));
}

static void assert_check(const char *mutable_data, const char *id, uint64_t ver, const char *base64,
                         const char *reason) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const struct bs_mutable record = with(ver, base64);
  struct bs_user user;

  bs_buffer_format(&text, "{%s\"name\": {\"formatted\": \"foo.test\"}, \"v\": \"2\"}", mutable_data);
  assert_ok(bs_user_parse(&user, text.bytes, text.length, "foo.test", &error));
  if (reason == NULL)
    assert_ok(bs_legacy_check(&record, id, &user, &error));
  else
    assert_fails(bs_legacy_check(&record, id, &user, &error), BS_WORD_forged, reason);
}

static void the_check_asks_all_of_it(void **state) {
  static const char routes[] = "\"mutable_data\": [{\"id\": \"b\", \"urls\": []}, {\"id\": \"a\", \"urls\": []}, "
                               "{\"id\": \"a1\", \"urls\": []}], ";

  (void)state;
  assert_check("", "a", 12, "aaaa", NULL);
  assert_check(routes, "a", 2, "aaaa", NULL);
  assert_check(routes, "b", 12, "aaaa", NULL);
  assert_check(routes, "a", 12, "aaaa", "another id of the user record");
  assert_check(routes, "a1", 2, "aaaa", "another id of the user record");
  assert_check("\"mutable_data\": [{\"id\": \"\\u00611bcd\", \"urls\": []}], ", "a", 1, "bcd2eA==", "another id");
  assert_check(routes, "b", 1, "", "no data");
  assert_check(routes, "b", 12345, "aaaa", "more than four digits");
  assert_check(routes, "b", 1, "1234", "begins with four digits");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_best_known_record_has_its_hashes),
      cmocka_unit_test(the_first_byte_of_a_signature_means_nothing),
      cmocka_unit_test(other_members_are_passed_over),
      cmocka_unit_test(versions_are_strings_of_decimal_digits),
      cmocka_unit_test(there_are_no_escapes),
      cmocka_unit_test(what_is_no_record_of_2015_is_malformed),
      cmocka_unit_test(other_data_are_forged),
      cmocka_unit_test(run_together_is_ambiguous),
      cmocka_unit_test(a_delete_signature_is_ambiguous),
      cmocka_unit_test(many_digits_are_ambiguous),
      cmocka_unit_test(four_digits_before_the_data_are_ambiguous),
      cmocka_unit_test(an_id_with_digits_behind_is_told),
      cmocka_unit_test(an_id_that_reaches_into_the_data_is_told),
      cmocka_unit_test(the_check_asks_all_of_it),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* What a store, or whoever writes to it, can put in the place of a mutable record: nothing of it is believed. */
#include <config.h>

#include "core/base/auto.h"
#include "core/codec/base64.h"
#include "core/crypto/key-private.h"
#include "t/lib/datum.h"

static struct bs_error error;

#define DATA "\"data\": \"aGVsbG8gd29ybGQgMg==\""
#define ID "\"id\": \"/my/second/datum\""
#define SIG "\"sig\": \"" DATUM_SIG "\""
#define TOMBSTONE_SIG "\"sig\": \"" DATUM_TOMBSTONE_SIG "\""

static void assert_refused(const char *record, enum bs_word word, const char *reason) {
  struct bs_verified verified;

  assert_fails(datum_read(&verified, record, strlen(record), &error), word, reason);
}

static void assert_malformed(const char *record, const char *reason) {
  assert_refused(record, BS_WORD_malformed, reason);
}

static void what_is_no_record_is_malformed(void **state) {
  (void)state;
  assert_malformed("", "The mutable record: The JSON is wrong");
  assert_malformed("<html>404</html>", "The JSON is wrong");
  assert_malformed("[]", "no JSON object");
  assert_malformed("\"" DATUM_SIG "\"", "no JSON object");
  assert_malformed("{}", "id is no string");
  assert_malformed(DATUM_RECORD "x", "something follows");
  assert_malformed(DATUM_RECORD DATUM_RECORD, "something follows");
}

static void members_must_be_there(void **state) {
  (void)state;
  assert_malformed("{" ID ", " SIG ", \"ver\": 2}", "its data");
  assert_malformed("{" DATA ", " SIG ", \"ver\": 2}", "its id");
  assert_malformed("{" DATA ", " ID ", \"ver\": 2}", "its sig");
  assert_malformed("{" DATA ", " ID ", " SIG "}", "its ver");
  assert_malformed("{\"deleted\": true, " TOMBSTONE_SIG ", \"ver\": 3}", "its id");
  assert_malformed("{\"deleted\": true, " ID ", \"ver\": 3}", "its sig");
  assert_malformed("{\"deleted\": true, " ID ", " TOMBSTONE_SIG "}", "its ver");
}

static void members_are_no_others_and_each_once(void **state) {
  static const char *const extras[] = {"\"x\": 1", "\"Data\": \"\"", "\"VER\": 2", "\"iD\": \"a\"", "\"\": null",
                                       "\"Sig\": \"\"", "\"Expires\": 1", "\"Deleted\": true", "\"ver \": 2"};
  char record[512];

  (void)state;
  for (size_t i = 0; i < sizeof extras / sizeof extras[0]; i++) {
    snprintf(record, sizeof record, "{%s, " DATA ", " ID ", " SIG ", \"ver\": 2}", extras[i]);
    assert_malformed(record, "a member that no mutable record has");
  }
  assert_malformed("{" DATA ", " DATA ", " ID ", " SIG ", \"ver\": 2}", "two members \"data\"");
  assert_malformed("{" DATA ", " ID ", " ID ", " SIG ", \"ver\": 2}", "two members \"id\"");
  assert_malformed("{" DATA ", " ID ", " SIG ", " SIG ", \"ver\": 2}", "two members \"sig\"");
  assert_malformed("{" DATA ", " ID ", " SIG ", \"ver\": 2, \"v\\u0065r\": 2}", "two members \"ver\"");
}

static void wrong_case_is_not_the_same_key(void **state) {
  (void)state;
  assert_malformed("{\"Data\": \"aGVsbG8gd29ybGQgMg==\", " ID ", " SIG ", \"ver\": 2}", "no mutable record has");
  assert_malformed("{" DATA ", \"ID\": \"/my/second/datum\", " SIG ", \"ver\": 2}", "its id");
  assert_malformed("{" DATA ", " ID ", \"Sig\": \"" DATUM_SIG "\", \"ver\": 2}", "its sig");
  assert_malformed("{" DATA ", " ID ", " SIG ", \"Ver\": 2}", "no mutable record has");
}

static void assert_version_refused(const char *ver, const char *reason) {
  char record[512];

  snprintf(record, sizeof record, "{" DATA ", " ID ", " SIG ", \"ver\": %s}", ver);
  assert_malformed(record, reason);
  snprintf(record, sizeof record, "{\"deleted\": true, " ID ", " TOMBSTONE_SIG ", \"ver\": %s}", ver);
  assert_malformed(record, reason);
}

static void versions_are_integers_from_1_to_2_53_less_1(void **state) {
  static const char *const versions[] = {
      "0",     "-2",    "2.0",  "2e0",  "2E0",  "9007199254740992", "18446744073709551618",
      "20e-1", "\"2\"", "\"\"", "true", "null", "[2]", "{\"ver\": 2}", "-0"};

  (void)state;
  for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
    assert_version_refused(versions[i], "ver is no integer from 1");
  assert_version_refused("02", "must not begin with a zero");
  assert_version_refused("+2", "a value was expected");
  assert_version_refused("0x2", "',' or '}' was expected");
  assert_version_refused("NaN", "a value was expected");
}

static void expiry_is_an_integer_too(void **state) {
  static const char *const times[] = {"0", "-1", "1.5", "1e9", "9007199254740992", "\"1\"", "null", "false", "[]"};
  char record[512];

  (void)state;
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    snprintf(record, sizeof record, "{" DATA ", \"expires\": %s, " ID ", " SIG ", \"ver\": 2}", times[i]);
    assert_malformed(record, "expires is no integer from 1");
  }
}

static void tombstones_say_that_and_no_more(void **state) {
  (void)state;
  assert_malformed("{" DATA ", \"deleted\": true, " ID ", " TOMBSTONE_SIG ", \"ver\": 3}", "a tombstone with data");
  assert_malformed("{\"data\": \"\", \"deleted\": true, " ID ", " TOMBSTONE_SIG ", \"ver\": 3}", "a tombstone with");
  assert_malformed("{\"deleted\": true, \"expires\": 1, " ID ", " TOMBSTONE_SIG ", \"ver\": 3}", "a tombstone with");
  assert_malformed("{\"deleted\": false, " ID ", " TOMBSTONE_SIG ", \"ver\": 3}", "deleted is not true");
  assert_malformed("{\"deleted\": 1, " ID ", " TOMBSTONE_SIG ", \"ver\": 3}", "deleted is not true");
  assert_malformed("{\"deleted\": \"true\", " ID ", " TOMBSTONE_SIG ", \"ver\": 3}", "deleted is not true");
  assert_malformed("{\"deleted\": null, " ID ", " TOMBSTONE_SIG ", \"ver\": 3}", "deleted is not true");
  assert_malformed("{" DATA ", \"deleted\": false, " ID ", " SIG ", \"ver\": 2}", "deleted is not true");
  assert_malformed("{\"deleted\": true, \"x\": 1, " ID ", " TOMBSTONE_SIG ", \"ver\": 3}", "no mutable record has");
}

/* One of them signed, the other meant: neither is the other with no data. */
static void data_and_tombstones_are_not_exchanged(void **state) {
  struct bs_buffer record = BS_BUFFER_INIT;
  struct bs_signed made;
  char forged[512];

  (void)state;
  assert_ok(bs_mutable_sign(&record, &made, &datum, 3, 0, "", 0, datum_key(), &error));
  snprintf(forged, sizeof forged, "{\"deleted\": true, " ID ", \"sig\": \"%s\", \"ver\": 3}", made.sig);
  assert_refused(forged, BS_WORD_forged, "not signed by whom");
  assert_refused("{\"data\": \"\", " ID ", " TOMBSTONE_SIG ", \"ver\": 3}", BS_WORD_forged, "not signed by whom");
  bs_buffer_free(&record);
}

static void assert_data_refused(const char *base64) {
  char record[512];

  snprintf(record, sizeof record, "{\"data\": %s, " ID ", " SIG ", \"ver\": 2}", base64);
  assert_malformed(record, "its data are not canonical base64");
}

static void data_are_canonical_base64(void **state) {
  (void)state;
  assert_data_refused("\"aGVsbG8gd29ybGQgMh==\""); /* the unused bits */
  assert_data_refused("\"aGVsbG8gd29ybGQgMg\"");
  assert_data_refused("\"aGVsbG8gd29ybGQgMg=\"");
  assert_data_refused("\"aGVsbG8gd29ybGQgMg===\"");
  assert_data_refused("\"aGVsbG8gd29ybGQgMg== \"");
  assert_data_refused("\" aGVsbG8gd29ybGQgM==\"");
  assert_data_refused("\"aGVs bG8gd29ybGQgMg==\"");
  assert_data_refused("\"aGVs\\nbG8gd29ybGQgMg==\"");
  assert_data_refused("\"aG==bG8gd29ybGQgMg==\"");
  assert_data_refused("\"aGVs-_8gd29ybGQgMg==\"");
  assert_data_refused("\"\\u0061GVsbG8gd29ybGQgMg==\"");
  assert_data_refused("\"====\"");
  assert_data_refused("\"\xc3\xa9\xc3\xa9\"");
  assert_data_refused("null");
  assert_data_refused("[]");
  assert_data_refused("2222");
}

/* Where the reader cuts the text into pieces no padding may hide. */
static void padding_in_the_middle_of_much_is_seen(void **state) {
  enum { PIECE = 48 << 10 };
  struct bs_buffer record = BS_BUFFER_INIT;
  struct bs_verified verified;
  unsigned char *base64;

  (void)state;
  bs_buffer_text(&record, "{\"data\": \"");
  base64 = bs_buffer_extend(&record, 2 * PIECE);
  assert_non_null(base64);
  memset(base64, 'A', 2 * PIECE);
  bs_buffer_text(&record, "\", " ID ", " SIG ", \"ver\": 2}");
  base64 = record.bytes + strlen("{\"data\": \"");
  assert_fails(datum_read(&verified, record.bytes, record.length, &error), BS_WORD_forged, "not signed by whom");
  for (size_t end = PIECE - 8; end <= PIECE + 8; end += 4) {
    base64[end - 1] = '=';
    assert_fails(datum_read(&verified, record.bytes, record.length, &error), BS_WORD_malformed, "canonical base64");
    base64[end - 2] = '=';
    assert_fails(datum_read(&verified, record.bytes, record.length, &error), BS_WORD_malformed, "canonical base64");
    base64[end - 1] = base64[end - 2] = 'A';
  }
  bs_buffer_free(&record);
}

static void assert_sig_refused(const char *sig, const char *reason) {
  char record[512];

  snprintf(record, sizeof record, "{" DATA ", " ID ", \"sig\": %s, \"ver\": 2}", sig);
  assert_malformed(record, reason);
}

static void signatures_are_canonical_base64_of_65_bytes(void **state) {
  static const char mangled[] = "canonical base64 of 65 bytes";

  (void)state;
  assert_sig_refused("\"v2:\"", mangled);
  assert_sig_refused("\"v2\"", mangled); /* then it is one of 2015 */
  assert_sig_refused("\"\"", mangled);
  assert_sig_refused("\"v2:G7MQT2RJo6nPvWr8sKH+LlyVLoVw9zTi5jFh2DUK6bPvF81SLrPPvkxyIolGetFgDbUKQlDKgW66Qc9lsJ3819R=\"",
                     mangled);
  assert_sig_refused("\"v2:G7MQT2RJo6nPvWr8sKH+LlyVLoVw9zTi5jFh2DUK6bPvF81SLrPPvkxyIolGetFgDbUKQlDKgW66Qc9lsJ3819Q\"",
                     mangled);
  assert_sig_refused("\"v2:G7MQT2RJo6nPvWr8sKH+LlyVLoVw9zTi5jFh2DUK6bPvF81SLrPPvkxyIolGetFgDbUKQlDKgW66Qc9lsJ3819QA\"",
                     mangled);
  assert_sig_refused("\"v2:G7MQT2RJo6nPvWr8sKH+LlyVLoVw9zTi5jFh2DUK6bPvF81SLrPPvkxyIolGetFgDbUKQlDKgW66Qc9lsJ38\"",
                     mangled);
  assert_sig_refused("\"" DATUM_SIG "\\n\"", "sig is no string without escapes");
  assert_sig_refused("\"\\u00762:G7MQT2RJo6nPvWr8sKH+LlyVLoVw9zTi5jFh2DUK6bPvF81SLrPPvkxyIolGetFgDbUKQlDKgW66Qc9l\"",
                     "sig is no string without escapes");
  assert_sig_refused("2", "sig is no string");
  assert_sig_refused("[\"" DATUM_SIG "\"]", "sig is no string");
}

/* A sig of one generation, the rest of the other. */
static void generations_are_not_mixed(void **state) {
  static const char bare[] = "G7MQT2RJo6nPvWr8sKH+LlyVLoVw9zTi5jFh2DUK6bPvF81SLrPPvkxyIolGetFgDbUKQlDKgW66Qc9lsJ3819Q=";
  char record[512];

  (void)state;
  assert_malformed("{" DATA ", " ID ", " SIG ", \"ver\": \"2\"}", "its ver is no integer");
  snprintf(record, sizeof record, "{" DATA ", " ID ", \"sig\": \"%s\", \"ver\": 2}", bare);
  assert_malformed(record, "its ver is no string");
  snprintf(record, sizeof record, "{" DATA ", " ID ", \"sig\": \"V2:%s\", \"ver\": 2}", bare);
  assert_malformed(record, "canonical base64 of 65 bytes");
  snprintf(record, sizeof record, "{\"deleted\": true, " ID ", \"sig\": \"%s\", \"ver\": \"3\"}", bare);
  assert_malformed(record, "but its sig is of 2015");
  snprintf(record, sizeof record, "{" DATA ", \"expires\": 1, " ID ", \"sig\": \"%s\", \"ver\": \"3\"}", bare);
  assert_malformed(record, "but its sig is of 2015");
}

static void ids_are_strings_and_those_asked_for(void **state) {
  (void)state;
  assert_malformed("{" DATA ", \"id\": \"\", " SIG ", \"ver\": 2}", "its id is no string");
  assert_malformed("{" DATA ", \"id\": 1, " SIG ", \"ver\": 2}", "its id is no string");
  assert_malformed("{" DATA ", \"id\": \"/my/second/datum\\u0000\", " SIG ", \"ver\": 2}", "U+0000");
  assert_malformed("{" DATA ", \"id\": \"/my/second/datum\xff\", " SIG ", \"ver\": 2}", "not UTF-8");
  assert_refused("{" DATA ", \"id\": \"/my/second/datum2\", " SIG ", \"ver\": 2}", BS_WORD_wrong_id, "another id");
  assert_refused("{" DATA ", \"id\": \"/my/second/datu\", " SIG ", \"ver\": 2}", BS_WORD_wrong_id, "another id");
  assert_refused("{" DATA ", \"id\": \"/MY/second/datum\", " SIG ", \"ver\": 2}", BS_WORD_wrong_id, "another id");
  assert_refused("{" DATA ", \"id\": \"\\\\/my/second/datum\", " SIG ", \"ver\": 2}", BS_WORD_wrong_id, "another id");
  assert_refused("{\"deleted\": true, \"id\": \"x\", " TOMBSTONE_SIG ", \"ver\": 3}", BS_WORD_wrong_id, "another id");
}

/* An authentic record in a place that it was not signed for.  An id is told from another before anything is verified;
 * it doesn't help to rewrite it. */
static void a_record_is_for_its_place_only(void **state) {
  unsigned char other_chain[32];
  const struct bs_datum others[] = {{other_chain, datum.name, datum.id}, {datum_chain, "foo.tes", datum.id},
                                    {datum_chain, "bar.test", datum.id}, {datum_chain, datum.name, "/my/third/datum"}};
  struct bs_signed made;

  (void)state;
  memcpy(other_chain, datum_chain, 32);
  other_chain[31] ^= 1;
  for (size_t i = 0; i < 4; i++) {
    struct bs_buffer data BS_AUTO_BUFFER = BS_BUFFER_INIT, tombstone BS_AUTO_BUFFER = BS_BUFFER_INIT;
    struct bs_verified verified;
    char forged[512];

    assert_ok(bs_mutable_sign(&data, &made, &others[i], 2, 0, "x", 1, datum_key(), &error));
    assert_fails(datum_read(&verified, data.bytes, data.length, &error), i < 3 ? BS_WORD_forged : BS_WORD_wrong_id, "");
    snprintf(forged, sizeof forged, "{\"data\": \"eA==\", " ID ", \"sig\": \"%s\", \"ver\": 2}", made.sig);
    assert_refused(forged, BS_WORD_forged, "not for this name and id");
    assert_ok(bs_tombstone_sign(&tombstone, &made, &others[i], 3, datum_key(), &error));
    snprintf(forged, sizeof forged, "{\"deleted\": true, " ID ", \"sig\": \"%s\", \"ver\": 3}", made.sig);
    assert_refused(forged, BS_WORD_forged, "not for this name and id");
  }
}

/* Another's key, in the route or as owner; also the key whose point is the negative one, with the same x. */
static void only_the_authority_is_believed(void **state) {
  struct bs_public_key others[2];
  unsigned char owner[20] = {0};
  struct bs_authority authority = {.owner = owner};
  struct bs_key *key = NULL;
  struct bs_verified verified;
  struct bs_mutable record;

  (void)state;
  assert_ok(bs_key_generate(&key, &error));
  others[0] = *bs_key_public(key);
  assert_true(bs_public_key_compress(&others[1], bs_key_public(datum_key())));
  others[1].bytes[0] ^= 1;
  others[1].is_parsed = false;
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  for (size_t i = 0; i < 2; i++) {
    authority.key = &others[i];
    assert_fails(bs_mutable_verify(&verified, NULL, &record, &datum, &authority, &error), BS_WORD_forged, "by whom");
    bs_public_key_hash(owner, &others[i]);
    authority.key = NULL;
    assert_fails(bs_mutable_verify(&verified, NULL, &record, &datum, &authority, &error), BS_WORD_forged, "by whom");
  }
  bs_key_free(key);
}

/* The owner does not count where the route names a key. */
static void a_route_s_key_goes_before_the_owner(void **state) {
  unsigned char owner[20];
  struct bs_authority authority = {.owner = owner};
  struct bs_verified verified;
  struct bs_mutable record;
  struct bs_key *key = NULL;

  (void)state;
  assert_ok(bs_key_generate(&key, &error));
  bs_public_key_hash(owner, bs_key_public(datum_key()));
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  assert_ok(bs_mutable_verify(&verified, NULL, &record, &datum, &authority, &error));
  authority.key = bs_key_public(key);
  assert_fails(bs_mutable_verify(&verified, NULL, &record, &datum, &authority, &error), BS_WORD_forged, "by whom");
  bs_key_free(key);
}

static void assert_signature_refused(const unsigned char signature[65], enum bs_word word) {
  unsigned char owner[20];
  const struct bs_authority authorities[] = {datum_authority(), {.owner = owner}};
  struct bs_verified verified;
  struct bs_mutable record;

  bs_public_key_hash(owner, bs_key_public(datum_key()));
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  memcpy(record.signature, signature, 65);
  for (size_t i = 0; i < 2; i++)
    assert_fails(bs_mutable_verify(&verified, NULL, &record, &datum, &authorities[i], &error), word, "");
}

static void signatures_out_of_range_are_malformed(void **state) {
  unsigned char good[65], bad[65];
  struct bs_mutable record;

  (void)state;
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  memcpy(good, record.signature, 65);
  for (unsigned header = 0; header < 256; header++) {
    if (header >= 27 && header <= 34) continue;
    memcpy(bad, good, 65);
    bad[0] = (unsigned char)header;
    assert_signature_refused(bad, BS_WORD_malformed);
  }
  for (size_t part = 1; part <= 33; part += 32)
    for (int byte = 0; byte <= 0xff; byte += 0xff) {
      memcpy(bad, good, 65);
      memset(bad + part, byte, 32);
      assert_signature_refused(bad, BS_WORD_malformed);
    }
}

/* It verifies, and whoever has the one has the other: there is one signature of a version, not two. */
static void a_high_s_is_refused(void **state) {
  unsigned char signature[65];
  struct bs_mutable record;

  (void)state;
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  memcpy(signature, record.signature, 65);
  assert_true(secp256k1_ec_seckey_negate(bs_secp256k1_public(), signature + 33));
  assert_signature_refused(signature, BS_WORD_high_s);
  signature[0] = (unsigned char)(27 + ((signature[0] - 27) ^ 1));
  assert_signature_refused(signature, BS_WORD_high_s);
}

static void cut_and_extended_records_are_refused(void **state) {
  static const char *const records[] = {DATUM_RECORD, DATUM_TOMBSTONE};
  struct bs_verified verified;

  (void)state;
  for (size_t which = 0; which < 2; which++) {
    size_t length = strlen(records[which]);
    char extended[512];

    for (size_t cut = 0; cut < length; cut++)
      assert_fails(datum_read(&verified, records[which], cut, &error), BS_WORD_malformed, "The JSON is wrong");
    memcpy(extended, records[which], length);
    for (unsigned byte = 0; byte < 256; byte++) {
      extended[length] = (char)byte;
      if (strchr(" \n\r\t", (int)byte) != NULL && byte != 0) continue; /* white space may be there */
      assert_fails(datum_read(&verified, extended, length + 1, &error), BS_WORD_malformed, "The JSON is wrong");
    }
  }
}

/* Values changed as a whole, each well-formed. */
static void every_value_is_signed(void **state) {
  (void)state;
  assert_refused("{\"data\": \"aGVsbG8gd29ybGQgMw==\", " ID ", " SIG ", \"ver\": 2}", BS_WORD_forged, "by whom");
  assert_refused("{\"data\": \"\", " ID ", " SIG ", \"ver\": 2}", BS_WORD_forged, "by whom");
  assert_refused("{" DATA ", " ID ", " SIG ", \"ver\": 3}", BS_WORD_forged, "by whom");
  assert_refused("{" DATA ", " ID ", " SIG ", \"ver\": 9007199254740991}", BS_WORD_forged, "by whom");
  assert_refused("{" DATA ", \"expires\": 1, " ID ", " SIG ", \"ver\": 2}", BS_WORD_forged, "by whom");
  assert_refused("{" DATA ", \"expires\": 9007199254740991, " ID ", " SIG ", \"ver\": 2}", BS_WORD_forged, "by whom");
  assert_refused("{" DATA ", " ID ", " TOMBSTONE_SIG ", \"ver\": 2}", BS_WORD_forged, "by whom");
  assert_refused("{\"deleted\": true, " ID ", " TOMBSTONE_SIG ", \"ver\": 4}", BS_WORD_forged, "by whom");
}

/* A signed expiry cannot be taken away. */
static void expiry_cannot_be_dropped(void **state) {
  struct bs_buffer record = BS_BUFFER_INIT;
  struct bs_signed made;
  char forged[512];

  (void)state;
  assert_ok(bs_mutable_sign(&record, &made, &datum, 2, 1000, DATUM_TEXT, strlen(DATUM_TEXT), datum_key(), &error));
  snprintf(forged, sizeof forged, "{" DATA ", " ID ", \"sig\": \"%s\", \"ver\": 2}", made.sig);
  assert_refused(forged, BS_WORD_forged, "by whom");
  bs_buffer_free(&record);
}

static void nothing_is_left_of_what_was_refused(void **state) {
  const struct bs_authority authority = datum_authority();
  struct bs_verified verified = {.statement.ver = 77};
  struct bs_buffer data = BS_BUFFER_INIT;
  struct bs_mutable record = {.ver = 77};

  (void)state;
  bs_buffer_text(&data, "before");
  assert_fails(bs_mutable_parse(&record, "{}", 2, &error), BS_WORD_malformed, "");
  assert_int_equal(record.ver, 77);
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  record.ver++;
  assert_fails(bs_mutable_verify(&verified, &data, &record, &datum, &authority, &error), BS_WORD_forged, "");
  assert_int_equal(verified.statement.ver, 77);
  assert_string_equal(bs_buffer_string(&data), "before");
  record.base64_length -= 4;
  record.base64 -= 4;
  assert_fails(bs_mutable_decode(&data, &record, &error), BS_WORD_malformed, "canonical base64");
  assert_string_equal(bs_buffer_string(&data), "before");
  bs_buffer_free(&data);
}

static void a_record_that_is_too_large_is_refused_unread(void **state) {
  char *bytes = malloc(BS_MUTABLE_RECORD_MAX + 1);
  struct bs_verified verified;

  (void)state;
  assert_non_null(bytes);
  memset(bytes, ' ', BS_MUTABLE_RECORD_MAX + 1);
  memcpy(bytes, DATUM_RECORD, strlen(DATUM_RECORD));
  assert_ok(datum_read(&verified, bytes, BS_MUTABLE_RECORD_MAX, &error));
  error = (struct bs_error){0};
  assert_false(datum_read(&verified, bytes, BS_MUTABLE_RECORD_MAX + 1, &error));
  assert_int_equal(error.word, BS_WORD_too_large);
  assert_int_equal(error.result, BLOCKSTORE_FORGED);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_no_record_is_malformed),
      cmocka_unit_test(members_must_be_there),
      cmocka_unit_test(members_are_no_others_and_each_once),
      cmocka_unit_test(wrong_case_is_not_the_same_key),
      cmocka_unit_test(versions_are_integers_from_1_to_2_53_less_1),
      cmocka_unit_test(expiry_is_an_integer_too),
      cmocka_unit_test(tombstones_say_that_and_no_more),
      cmocka_unit_test(data_and_tombstones_are_not_exchanged),
      cmocka_unit_test(data_are_canonical_base64),
      cmocka_unit_test(padding_in_the_middle_of_much_is_seen),
      cmocka_unit_test(signatures_are_canonical_base64_of_65_bytes),
      cmocka_unit_test(generations_are_not_mixed),
      cmocka_unit_test(ids_are_strings_and_those_asked_for),
      cmocka_unit_test(a_record_is_for_its_place_only),
      cmocka_unit_test(only_the_authority_is_believed),
      cmocka_unit_test(a_route_s_key_goes_before_the_owner),
      cmocka_unit_test(signatures_out_of_range_are_malformed),
      cmocka_unit_test(a_high_s_is_refused),
      cmocka_unit_test(cut_and_extended_records_are_refused),
      cmocka_unit_test(every_value_is_signed),
      cmocka_unit_test(expiry_cannot_be_dropped),
      cmocka_unit_test(nothing_is_left_of_what_was_refused),
      cmocka_unit_test(a_record_that_is_too_large_is_refused_unread),
  };

  return RUN_TESTS(tests);
}

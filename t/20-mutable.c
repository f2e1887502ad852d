/* SPDX-License-Identifier: MIT */
/* Mutable records that are written, and read again. */
#include <config.h>

#include <inttypes.h>

#include "core/base/auto.h"
#include "core/codec/base64.h"
#include "core/record/user.h"
#include "t/lib/datum.h"

static struct bs_error error;

static void assert_hex(const unsigned char *bytes, size_t length, const char *expected) {
  char text[2 * 32 + 1];

  bs_hex_encode(text, bytes, length);
  assert_string_equal(text, expected);
}

static void the_record_of_the_vectors_is_written(void **state) {
  struct bs_buffer record = BS_BUFFER_INIT;
  struct bs_signed made;

  (void)state;
  bs_buffer_text(&record, "before ");
  assert_ok(bs_mutable_sign(&record, &made, &datum, 2, 0, DATUM_TEXT, strlen(DATUM_TEXT), datum_key(), &error));
  assert_string_equal(bs_buffer_string(&record), "before " DATUM_RECORD);
  assert_hex(made.z, 32, DATUM_Z_TEXT);
  assert_string_equal(made.sig, DATUM_SIG);
  bs_buffer_free(&record);
}

static void the_tombstone_of_the_vectors_is_written(void **state) {
  struct bs_buffer record = BS_BUFFER_INIT;
  struct bs_signed made;

  (void)state;
  assert_ok(bs_tombstone_sign(&record, &made, &datum, 3, datum_key(), &error));
  assert_string_equal(bs_buffer_string(&record), DATUM_TOMBSTONE);
  assert_hex(made.z, 32, "4ac18a20ad5a8c32335eccea3ccb7df88718d5425436f69d86d320e64ea63992");
  assert_string_equal(made.sig, DATUM_TOMBSTONE_SIG);
  bs_buffer_free(&record);
}

static void what_a_record_says_is_read(void **state) {
  struct bs_authority authority = datum_authority();
  struct bs_buffer data = BS_BUFFER_INIT;
  unsigned char sha256[32], signer[20];
  struct bs_public_key compressed;
  struct bs_verified verified;
  struct bs_mutable record;

  (void)state;
  bs_buffer_text(&data, "before ");
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  assert_int_equal(record.generation, BS_MUTABLE_CURRENT);
  assert_int_equal(record.base64_length, 20);
  assert_memory_equal(record.base64, "aGVsbG8gd29ybGQgMg==", 20);
  assert_ok(bs_mutable_verify(&verified, &data, &record, &datum, &authority, &error));
  assert_string_equal(bs_buffer_string(&data), "before " DATUM_TEXT);
  assert_int_equal(verified.statement.kind, BS_STATEMENT_DATA);
  assert_int_equal(verified.statement.ver, 2);
  assert_int_equal(verified.statement.expires, 0);
  assert_int_equal(verified.statement.length, strlen(DATUM_TEXT));
  bs_sha256(sha256, DATUM_TEXT, strlen(DATUM_TEXT));
  assert_memory_equal(verified.statement.sha256, sha256, 32);
  assert_hex(verified.z, 32, DATUM_Z_TEXT);
  assert_true(bs_public_key_compress(&compressed, authority.key));
  bs_public_key_hash(signer, &compressed); /* though the key is meant uncompressed */
  assert_memory_equal(verified.signer, signer, 20);
  bs_buffer_free(&data);
}

static void a_tombstone_is_read(void **state) {
  static const struct bs_statement expected = {.kind = BS_STATEMENT_TOMBSTONE, .ver = 3};
  struct bs_authority authority = datum_authority();
  struct bs_buffer data = BS_BUFFER_INIT;
  struct bs_verified verified;
  struct bs_mutable record;

  (void)state;
  assert_ok(bs_mutable_parse(&record, DATUM_TOMBSTONE, strlen(DATUM_TOMBSTONE), &error));
  assert_ok(bs_mutable_verify(&verified, &data, &record, &datum, &authority, &error));
  assert_memory_equal(&verified.statement, &expected, sizeof expected);
  assert_ok(bs_mutable_decode(&data, &record, &error));
  assert_int_equal(data.length, 0);
  bs_buffer_free(&data);
}

/* Writes, reads by key and by owner, and compares. */
static void assert_there_and_back(const struct bs_datum *of, const struct bs_key *key, uint64_t ver, uint64_t expires,
                                  const void *bytes, size_t length) {
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char owner[20];
  const struct bs_authority authorities[] = {{.key = bs_key_public(key)}, {.owner = owner}};
  struct bs_signed made;

  bs_public_key_hash(owner, bs_key_public(key));
  assert_ok(bs_mutable_sign(&record, &made, of, ver, expires, bytes, length, key, &error));
  for (size_t i = 0; i < 2; i++) {
    struct bs_buffer data BS_AUTO_BUFFER = BS_BUFFER_INIT, again BS_AUTO_BUFFER = BS_BUFFER_INIT;
    struct bs_verified verified, without_data;
    struct bs_mutable parsed;

    assert_ok(bs_mutable_parse(&parsed, record.bytes, record.length, &error));
    assert_ok(bs_mutable_verify(&verified, &data, &parsed, of, &authorities[i], &error));
    assert_ok(bs_mutable_verify(&without_data, NULL, &parsed, of, &authorities[i], &error));
    assert_ok(bs_mutable_decode(&again, &parsed, &error));
    assert_memory_equal(&verified, &without_data, sizeof verified);
    assert_memory_equal(verified.z, made.z, 32);
    assert_int_equal(verified.statement.ver, ver);
    assert_int_equal(verified.statement.expires, expires);
    assert_int_equal(verified.statement.length, length);
    assert_int_equal(data.length, length);
    assert_int_equal(again.length, length);
    if (length > 0) assert_memory_equal(data.bytes, bytes, length);
    if (length > 0) assert_memory_equal(again.bytes, bytes, length);
  }
}

static void data_of_every_length_come_back(void **state) {
  static const size_t piece = 36 << 10; /* of the reader and of the writer */
  struct bs_buffer bytes = BS_BUFFER_INIT;

  (void)state;
  for (size_t i = 0; i < 3 * piece + 8; i++) bs_buffer_byte(&bytes, (unsigned char)(i * i >> 3));
  for (size_t length = 0; length < 10; length++)
    assert_there_and_back(&datum, datum_key(), 1, 0, bytes.bytes, length);
  for (size_t pieces = 1; pieces <= 3; pieces++)
    for (size_t more = 0; more < 8; more++)
      assert_there_and_back(&datum, datum_key(), 1, 0, bytes.bytes, pieces * piece - 4 + more);
  bs_buffer_free(&bytes);
}

static void versions_and_expiry_come_back(void **state) {
  static const uint64_t values[] = {1, 2, 9, 10, UINT64_C(1) << 32, BS_VER_MAX};

  (void)state;
  for (size_t i = 0; i < 6; i++)
    for (size_t j = 0; j < 6; j++) assert_there_and_back(&datum, datum_key(), values[i], values[j], "x", 1);
}

static void ids_of_every_kind_come_back(void **state) {
  static const char *const ids[] = {"a", "\"", "\\", "a\nb\x01\x7f", "\xc3\xa9\xf0\x9f\x98\x80", "..", "a:b", " "};
  char longest[BS_ID_MAX + 1];

  (void)state;
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
    assert_there_and_back(&(struct bs_datum){datum_chain, "foo.test", ids[i]}, datum_key(), 1, 0, "x", 1);
  memset(longest, '\x01', BS_ID_MAX); /* six bytes each, in JSON */
  longest[BS_ID_MAX] = '\0';
  assert_there_and_back(&(struct bs_datum){datum_chain, "foo.test", longest}, datum_key(), 1, 0, "x", 1);
}

static void keys_of_both_forms_sign(void **state) {
  static const char compressed[] = DATUM_SECRET "01";
  struct bs_key *key = NULL;

  (void)state;
  assert_ok(bs_key_from_text(&key, compressed, strlen(compressed), &error));
  for (uint64_t ver = 1; ver < 20; ver++) assert_there_and_back(&datum, key, ver, 0, "x", 1);
  bs_key_free(key);
}

/* White space, the order of members, escapes in keys and id: the record's text is not what was signed. */
static void other_spellings_of_the_json_are_read(void **state) {
  static const char *const records[] = {
      " {\"ver\":2,\"sig\":\"" DATUM_SIG "\",\"id\":\"\\/my\\u002fsecond/datum\","
      "\"data\":\"aGVsbG8gd29ybGQgMg==\"}\r\n",
      "{\"d\\u0061ta\" : \"aGVsbG8gd29ybGQgMg==\", \"id\": \"/my/second/datum\", \"ver\": 2, "
      "\"sig\": \"" DATUM_SIG "\"}",
  };
  struct bs_verified verified;

  (void)state;
  for (size_t i = 0; i < 2; i++) assert_ok(datum_read(&verified, records[i], strlen(records[i]), &error));
}

/* The header is a hint: all eight give the same version of the same signer. */
static void every_header_is_believed_alike(void **state) {
  unsigned char owner[20];
  const struct bs_authority authorities[] = {datum_authority(), {.owner = owner}};
  struct bs_mutable record;
  struct bs_verified verified, first;

  (void)state;
  bs_public_key_hash(owner, bs_key_public(datum_key()));
  assert_ok(datum_read(&first, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  for (unsigned char header = 27; header <= 34; header++) {
    record.signature[0] = header;
    for (size_t i = 0; i < 2; i++) {
      assert_ok(bs_mutable_verify(&verified, NULL, &record, &datum, &authorities[i], &error));
      assert_memory_equal(&verified, &first, sizeof first);
    }
  }
}

/* The owner's address may be that of either form of the key. */
static void an_owner_is_known_by_both_forms(void **state) {
  unsigned char owner[20];
  const struct bs_authority authority = {.owner = owner};
  struct bs_public_key compressed;
  struct bs_mutable record;
  struct bs_verified verified;

  (void)state;
  assert_true(bs_public_key_compress(&compressed, bs_key_public(datum_key())));
  bs_public_key_hash(owner, &compressed);
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  assert_ok(bs_mutable_verify(&verified, NULL, &record, &datum, &authority, &error));
  assert_memory_equal(verified.signer, owner, 20);
}

static void assert_not_written(const struct bs_datum *of, uint64_t ver, uint64_t expires, size_t length,
                               enum bs_word word, const char *reason) {
  struct bs_buffer record = BS_BUFFER_INIT;
  struct bs_signed made = {.sig = "untouched"};

  bs_buffer_text(&record, "before");
  assert_fails(bs_mutable_sign(&record, &made, of, ver, expires, "", length, datum_key(), &error), word, reason);
  assert_string_equal(bs_buffer_string(&record), "before");
  assert_string_equal(made.sig, "untouched");
  bs_buffer_free(&record);
}

static void what_no_reader_would_take_is_not_written(void **state) {
  struct bs_buffer record = BS_BUFFER_INIT;
  struct bs_signed made;

  (void)state;
  assert_not_written(&datum, 0, 0, 0, BS_WORD_usage, "The version 0 is not");
  assert_not_written(&datum, BS_VER_MAX + 1, 0, 0, BS_WORD_usage, "The version 9007199254740992 is not");
  assert_not_written(&datum, 1, BS_VER_MAX + 1, 0, BS_WORD_usage, "time of expiry, 9007199254740992,");
  assert_not_written(&(struct bs_datum){datum_chain, "foo.test", ""}, 1, 0, 0, BS_WORD_usage, "is empty");
  assert_not_written(&(struct bs_datum){datum_chain, "foo.test", "\xff"}, 1, 0, 0, BS_WORD_usage, "not UTF-8");
  assert_not_written(&datum, 1, 0, BS_MUTABLE_RECORD_MAX, BS_WORD_too_large, "134217728 bytes of data");
  assert_not_written(&datum, 1, 0, SIZE_MAX, BS_WORD_too_large, "more than 134217728 bytes");
  assert_fails(bs_tombstone_sign(&record, &made, &datum, 0, datum_key(), &error), BS_WORD_usage, "The version 0");
  assert_fails(bs_tombstone_sign(&record, &made, &datum, BS_VER_MAX + 1, datum_key(), &error), BS_WORD_usage, "is not");
  assert_int_equal(record.length, 0);
}

/* The frame around the data is what makes the record too large. */
static void the_largest_record_is_written_and_read(void **state) {
  size_t frame = strlen(DATUM_RECORD) - 20, largest = (BS_MUTABLE_RECORD_MAX - frame) / 4 * 3;
  struct bs_buffer record = BS_BUFFER_INIT;
  unsigned char *bytes = calloc(largest + 1, 1);
  struct bs_verified verified;
  struct bs_signed made;

  (void)state;
  assert_non_null(bytes);
  assert_ok(bs_mutable_sign(&record, &made, &datum, 1, 0, bytes, largest, datum_key(), &error));
  assert_in_range(record.length, BS_MUTABLE_RECORD_MAX - 3, BS_MUTABLE_RECORD_MAX);
  assert_ok(datum_read(&verified, record.bytes, record.length, &error));
  assert_int_equal(verified.statement.length, largest);
  bs_buffer_clear(&record);
  assert_fails(bs_mutable_sign(&record, &made, &datum, 1, 0, bytes, largest + 1, datum_key(), &error),
               BS_WORD_too_large, "would have more than");
  assert_int_equal(record.length, 0);
  free(bytes);
  bs_buffer_free(&record);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_record_of_the_vectors_is_written),
      cmocka_unit_test(the_tombstone_of_the_vectors_is_written),
      cmocka_unit_test(what_a_record_says_is_read),
      cmocka_unit_test(a_tombstone_is_read),
      cmocka_unit_test(data_of_every_length_come_back),
      cmocka_unit_test(versions_and_expiry_come_back),
      cmocka_unit_test(ids_of_every_kind_come_back),
      cmocka_unit_test(keys_of_both_forms_sign),
      cmocka_unit_test(other_spellings_of_the_json_are_read),
      cmocka_unit_test(every_header_is_believed_alike),
      cmocka_unit_test(an_owner_is_known_by_both_forms),
      cmocka_unit_test(what_no_reader_would_take_is_not_written),
      cmocka_unit_test(the_largest_record_is_written_and_read),
  };

  return RUN_TESTS(tests);
}

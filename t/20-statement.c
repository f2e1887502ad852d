/* SPDX-License-Identifier: MIT */
/* What is signed: every field of a statement counts, each in its place. */
#include <config.h>

#include "core/record/user.h"
#include "t/lib/datum.h"

static struct bs_error error;

static struct bs_statement hello(void) {
  struct bs_statement statement = {.kind = BS_STATEMENT_DATA, .ver = 2, .length = strlen(DATUM_TEXT)};

  bs_sha256(statement.sha256, DATUM_TEXT, strlen(DATUM_TEXT));
  return statement;
}

static void assert_z(const struct bs_datum *of, const struct bs_statement *statement, const char *expected) {
  unsigned char z[32];
  char text[65];

  bs_statement_digest(z, of, statement);
  bs_hex_encode(text, z, sizeof z);
  assert_string_equal(text, expected);
}

static void statements_have_their_digests(void **state) {
  const struct bs_statement data = hello(), tombstone = {.kind = BS_STATEMENT_TOMBSTONE, .ver = 3};

  (void)state;
  assert_z(&datum, &data, DATUM_Z_TEXT);
  assert_z(&datum, &tombstone, "4ac18a20ad5a8c32335eccea3ccb7df88718d5425436f69d86d320e64ea63992");
}

/* P, byte for byte. */
static void the_digest_is_that_of_p(void **state) {
  struct bs_statement statement = hello();
  struct bs_buffer p = BS_BUFFER_INIT;
  unsigned char z[32], expected[32];

  (void)state;
  statement.ver = BS_VER_MAX;
  statement.expires = UINT64_C(0x1122334455667);
  bs_buffer_add(&p, "blockstore-mutable-v2\0\1", 23);
  bs_buffer_add(&p, datum_chain, 32);
  bs_buffer_add(&p, "\0\10foo.test\0\20/my/second/datum", 28);
  bs_buffer_add(&p, "\0\x1f\xff\xff\xff\xff\xff\xff\0\1\x12\x23\x34\x45\x56\x67\0\0\0\0\0\0\0\r", 24);
  bs_buffer_add(&p, statement.sha256, 32);
  bs_sha256(expected, p.bytes, p.length);
  bs_statement_digest(z, &datum, &statement);
  assert_memory_equal(z, expected, 32);
  bs_buffer_free(&p);
}

/* No two of these are signed by one signature; the boundary between name and id is a part of P. */
static void every_field_counts(void **state) {
  unsigned char other_chain[32];
  struct bs_datum data[] = {datum, datum, datum, datum, datum};
  struct bs_statement statements[] = {hello(), hello(), hello(), hello(), hello(), hello()};
  unsigned char z[11][32];
  size_t count = 0;

  (void)state;
  memcpy(other_chain, datum_chain, 32);
  other_chain[0] ^= 1;
  data[1].chain_id = other_chain;
  data[2].name = "foo.tesu";
  data[3].id = "/my/second/datun";
  data[4].name = "foo.test/my";
  data[4].id = "/second/datum";
  statements[1].kind = BS_STATEMENT_TOMBSTONE;
  statements[2].ver++;
  statements[3].expires++;
  statements[4].length++;
  statements[5].sha256[31] ^= 1;
  for (size_t i = 0; i < 5; i++) bs_statement_digest(z[count++], &data[i], &statements[0]);
  for (size_t i = 0; i < 6; i++) bs_statement_digest(z[count++], &datum, &statements[i]);
  assert_memory_equal(z[0], z[5], 32); /* the same, twice */
  for (size_t i = 1; i < count; i++)
    for (size_t j = 1; j < i; j++) assert_memory_not_equal(z[i], z[j], 32);
}

static void a_statement_expires_at_its_second(void **state) {
  struct bs_statement statement = hello();

  (void)state;
  assert_false(bs_statement_expired(&statement, UINT64_MAX));
  statement.expires = 1000;
  assert_false(bs_statement_expired(&statement, 0));
  assert_false(bs_statement_expired(&statement, 999));
  assert_true(bs_statement_expired(&statement, 1000));
  assert_true(bs_statement_expired(&statement, UINT64_MAX));
}

static void assert_data_id(const struct bs_datum *of, const char *expected) {
  struct bs_buffer text = BS_BUFFER_INIT;

  bs_data_id(&text, of);
  assert_string_equal(bs_buffer_string(&text), expected);
  bs_buffer_free(&text);
}

static void stores_see_chain_and_name(void **state) {
  static const unsigned char other_chain[32] = {[28] = 0xff, [31] = 1};

  (void)state;
  assert_data_id(&datum, "0a8ce26f:foo.test:/my/second/datum");
  assert_data_id(&(struct bs_datum){other_chain, "a.id", "b:c"}, "ff000001:a.id:b:c");
}

static void ids_are_utf8_of_1_to_4096_bytes(void **state) {
  char id[BS_ID_MAX + 2];

  (void)state;
  assert_ok(bs_id_check("a", &error));
  assert_ok(bs_id_check("\xf0\x9f\x98\x80 \"\\\n\x01", &error));
  memset(id, 'x', sizeof id);
  id[BS_ID_MAX] = '\0';
  assert_ok(bs_id_check(id, &error));
  id[BS_ID_MAX] = 'x';
  id[BS_ID_MAX + 1] = '\0';
  assert_fails(bs_id_check(id, &error), BS_WORD_usage, "more than 4096 bytes");
  assert_fails(bs_id_check("", &error), BS_WORD_usage, "is empty");
  assert_fails(bs_id_check("a\xff", &error), BS_WORD_usage, "not UTF-8");
  assert_fails(bs_id_check("\xc0\x80", &error), BS_WORD_usage, "not UTF-8");
  assert_fails(bs_id_check("\xed\xa0\x80", &error), BS_WORD_usage, "not UTF-8");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(statements_have_their_digests),
      cmocka_unit_test(the_digest_is_that_of_p),
      cmocka_unit_test(every_field_counts),
      cmocka_unit_test(a_statement_expires_at_its_second),
      cmocka_unit_test(stores_see_chain_and_name),
      cmocka_unit_test(ids_are_utf8_of_1_to_4096_bytes),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* A signature that verified is known again, and nothing else is. */
#include <config.h>

#include "core/base/auto.h"
#include "t/lib/datum.h"
#include "t/lib/legacy.h"

static struct bs_error error;
static struct bs_memo *memo;

static int begin(void **state) {
  (void)state;
  memo = bs_memo_new();
  return memo == NULL ? -1 : 0;
}

static int end(void **state) {
  (void)state;
  bs_memo_free(memo);
  return 0;
}

static size_t known(void) {
  size_t count = 0;

  for (size_t i = 0; i < BS_MEMO_ENTRIES; i++) count += memo->slots[i].is_used;
  return count;
}

/* By the datum's key, or only its owner. */
static bool read_with_memo(struct bs_verified *verified, struct bs_mutable *record, bool by_key) {
  unsigned char owner[BS_HASH160_SIZE];
  struct bs_authority authority = {.owner = owner, .memo = memo};

  bs_public_key_hash(owner, bs_key_public(datum_key()));
  if (by_key) authority.key = bs_key_public(datum_key());
  return bs_mutable_verify(verified, NULL, record, &datum, &authority, &error);
}

static void what_verified_is_known_again(void **state) {
  struct bs_verified first, again;
  struct bs_mutable record;

  (void)state;
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  for (int by_key = 0; by_key < 2; by_key++) {
    assert_ok(read_with_memo(&first, &record, by_key));
    assert_ok(read_with_memo(&again, &record, by_key));
    assert_memory_equal(again.z, first.z, sizeof first.z);
    assert_memory_equal(again.signer, first.signer, sizeof first.signer);
    assert_int_equal(known(), 1);
  }
}

static void a_signature_that_differs_in_a_bit_is_refused(void **state) {
  struct bs_verified verified;
  struct bs_mutable record;

  (void)state;
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  assert_ok(read_with_memo(&verified, &record, true));
  for (size_t bit = 8; bit < 8 * sizeof record.signature; bit++) { /* the header is a hint */
    record.signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
    assert_false(read_with_memo(&verified, &record, true));
    record.signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
  }
  assert_int_equal(known(), 1);
  assert_ok(read_with_memo(&verified, &record, true));
}

static void other_data_and_another_key_are_verified(void **state) {
  struct bs_key *stranger = NULL;
  struct bs_authority authority = {.memo = memo};
  struct bs_verified verified;
  struct bs_mutable record;

  (void)state;
  assert_ok(bs_mutable_parse(&record, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  assert_ok(read_with_memo(&verified, &record, true));
  record.ver++;
  assert_fails(read_with_memo(&verified, &record, true), BS_WORD_forged, "by whom");
  record.ver--;
  assert_ok(bs_key_generate(&stranger, &error));
  authority.key = bs_key_public(stranger);
  assert_fails(bs_mutable_verify(&verified, NULL, &record, &datum, &authority, &error), BS_WORD_forged, "by whom");
  bs_key_free(stranger);
}

/* What 2015 allowed is not what is allowed now, for one and the same digest and signature. */
static void generations_are_kept_apart(void **state) {
  struct bs_memo_entry entry = {.authority_length = BS_HASH160_SIZE, .allows_high_s = 1};
  unsigned char signer[BS_HASH160_SIZE] = {7}, found[BS_HASH160_SIZE] = {0};

  (void)state;
  bs_memo_keep(memo, &entry, signer);
  assert_true(bs_memo_find(memo, found, &entry));
  assert_memory_equal(found, signer, sizeof signer);
  entry.allows_high_s = 0;
  assert_false(bs_memo_find(memo, found, &entry));
}

static void the_newer_of_two_takes_the_place(void **state) {
  struct bs_memo_entry first = {.authority_length = 33}, second = {.authority_length = 33};
  unsigned char signer[BS_HASH160_SIZE] = {0};

  (void)state;
  first.z[0] = 1;
  second.z[0] = 2;
  bs_memo_keep(memo, &first, signer);
  bs_memo_keep(memo, &second, signer);
  assert_false(bs_memo_find(memo, signer, &first));
  assert_true(bs_memo_find(memo, signer, &second));
}

static void records_of_2015_are_known_too(void **state) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_verified verified;
  struct bs_mutable record;

  (void)state;
  legacy_write(&bytes, datum_key(), false, datum.id, 2, "hello", 5);
  assert_ok(bs_mutable_parse(&record, bytes.bytes, bytes.length, &error));
  for (int round = 0; round < 2; round++) assert_ok(read_with_memo(&verified, &record, true));
  record.signature[40] ^= 1;
  assert_fails(read_with_memo(&verified, &record, true), BS_WORD_forged, "by whom");
}

#define with_memo(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {with_memo(what_verified_is_known_again),
                                     with_memo(a_signature_that_differs_in_a_bit_is_refused),
                                     with_memo(other_data_and_another_key_are_verified), with_memo(generations_are_kept_apart),
                                     with_memo(the_newer_of_two_takes_the_place), with_memo(records_of_2015_are_known_too)};

  return RUN_TESTS(tests);
}

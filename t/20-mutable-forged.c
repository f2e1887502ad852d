/* SPDX-License-Identifier: MIT */
/* The faults of t/lib/forge.c: each is answered by its word, by key and by owner; and every bit of a record counts. */
#include <config.h>

#include "core/base/auto.h"
#include "t/lib/datum.h"
#include "t/lib/forge.h"
#include "t/lib/legacy.h"

static struct bs_error error;

static struct forge good(void) {
  return (struct forge){.datum = datum, .key = datum_key(), .ver = 2, .data = DATUM_TEXT, .length = strlen(DATUM_TEXT)};
}

static void write_forged(struct bs_buffer *record, const char *fault, const struct forge *of) {
  assert_non_null(forge_fault_find(fault));
  assert_ok(forge(record, forge_fault_find(fault), of, &error));
}

/* The word, or BS_NO_WORD and what was verified; also of the data, which must not be left over. */
static enum bs_word read_by(struct bs_verified *verified, const void *record, size_t length, const struct bs_datum *of,
                            const struct bs_authority *authority) {
  struct bs_buffer data BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_mutable parsed;

  error = (struct bs_error){0};
  if (bs_mutable_parse(&parsed, record, length, &error) &&
      bs_mutable_verify(verified, &data, &parsed, of, authority, &error))
    return BS_NO_WORD;
  assert_int_equal(data.length, 0);
  assert_int_equal(error.result, BLOCKSTORE_FORGED);
  return error.word;
}

/* By the route's key and by the owner's address, which must agree. */
static enum bs_word read_record(struct bs_verified *verified, const void *record, size_t length, const struct forge *of) {
  unsigned char owner[BS_HASH160_SIZE];
  const struct bs_authority by_key = {.key = bs_key_public(of->key)}, by_owner = {.owner = owner};
  struct bs_verified other;
  enum bs_word word = read_by(verified, record, length, &of->datum, &by_key);

  bs_public_key_hash(owner, bs_key_public(of->key));
  assert_int_equal(read_by(&other, record, length, &of->datum, &by_owner), word);
  if (word == BS_NO_WORD) assert_memory_equal(&other, verified, sizeof other);
  return word;
}

static void what_is_not_forged_is_what_we_write(void **state) {
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT, tombstone BS_AUTO_BUFFER = BS_BUFFER_INIT,
                   ours BS_AUTO_BUFFER = BS_BUFFER_INIT, expiring BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct forge of = good();
  struct bs_signed made;

  (void)state;
  write_forged(&record, "good", &of);
  assert_string_equal(bs_buffer_string(&record), DATUM_RECORD);
  write_forged(&tombstone, "deleted", &of);
  assert_string_equal(bs_buffer_string(&tombstone), DATUM_TOMBSTONE);
  of.datum.id = "\"\\\n\xc3\xa9";
  of.expires = 4102444800;
  write_forged(&expiring, "good", &of);
  assert_ok(bs_mutable_sign(&ours, &made, &of.datum, of.ver, of.expires, of.data, of.length, of.key, &error));
  assert_string_equal(bs_buffer_string(&expiring), bs_buffer_string(&ours));
}

/* For all faults but those of the whole, the words do not hang on what the datum is. */
static void assert_words(const struct forge *of) {
  const struct forge_fault *fault;

  for (size_t i = 0; (fault = forge_fault_at(i)) != NULL; i++) {
    struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
    struct bs_verified verified;
    enum bs_word word;

    assert_ok(forge(&record, fault, of, &error));
    word = read_record(&verified, record.bytes, record.length, of);
    if (word != fault->word)
      fail_msg("%s: %s: %s", fault->name, word == BS_NO_WORD ? "verified" : error.message, bs_buffer_string(&record));
  }
}

static void every_fault_is_answered_by_its_word(void **state) {
  struct forge of = good();
  struct bs_key *key = NULL;

  (void)state;
  assert_words(&of);
  of.datum.id = "a1";
  of.ver = 9007199254740990; /* one is needed above it */
  of.expires = 4102444800;
  assert_words(&of);
  of.data = "";
  of.length = 0;
  assert_ok(bs_key_generate(&key, &error));
  of.key = key;
  assert_words(&of);
  bs_key_free(key);
}

/* What a get answers to an authentic record, told from what it says beside the honest one. */
static enum bs_word judge(const struct bs_verified *verified, const struct bs_verified *honest, bool is_legacy) {
  if (is_legacy) return BS_WORD_downgrade;
  if (verified->statement.kind == BS_STATEMENT_TOMBSTONE) return BS_WORD_deleted;
  if (bs_statement_expired(&verified->statement, 1)) return BS_WORD_expired;
  if (verified->statement.ver < honest->statement.ver) return BS_WORD_stale;
  return memcmp(verified->z, honest->z, sizeof honest->z) == 0 ? BS_NO_WORD : BS_WORD_conflict;
}

static void authentic_records_are_what_their_words_say(void **state) {
  const struct forge of = good();
  const struct forge_fault *fault;
  struct bs_verified honest;
  unsigned count = 0;

  (void)state;
  assert_ok(datum_read(&honest, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  for (size_t i = 0; (fault = forge_fault_at(i)) != NULL; i++) {
    struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
    struct bs_verified verified;
    struct bs_mutable parsed;

    if (fault->word != BS_NO_WORD && fault->get_word != BS_WORD_unreachable) /* a store that gives no bytes gave no record */
      assert_int_equal(fault->word, fault->get_word);
    if (fault->word != BS_NO_WORD) continue;
    assert_ok(forge(&record, fault, &of, &error));
    assert_int_equal(read_record(&verified, record.bytes, record.length, &of), BS_NO_WORD);
    assert_ok(bs_mutable_parse(&parsed, record.bytes, record.length, &error));
    assert_int_equal(judge(&verified, &honest, parsed.generation == BS_MUTABLE_LEGACY), fault->get_word);
    count++;
  }
  assert_int_equal(count, 8);
}

static void faults_have_names_of_their_own(void **state) {
  const struct forge_fault *fault;

  (void)state;
  for (size_t i = 0; (fault = forge_fault_at(i)) != NULL; i++) assert_ptr_equal(forge_fault_find(fault->name), fault);
  assert_null(forge_fault_find("none"));
}

static void a_version_below_the_first_is_not_made(void **state) {
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct forge of = good();

  (void)state;
  of.ver = 1;
  assert_fails(forge(&record, forge_fault_find("stale"), &of, &error), BS_WORD_usage, "The fault stale needs a version");
  of.ver = BS_VER_MAX;
  assert_fails(forge(&record, forge_fault_find("deleted"), &of, &error), BS_WORD_usage, "above or below");
  assert_int_equal(record.length, 0);
}

/* Every bit of it: what is still believed is the same version of the same signer; only that of a hint, the header, can be. */
static void assert_every_bit_counts(const struct bs_buffer *record, const struct forge *of) {
  unsigned char *bytes = record->bytes;
  struct bs_verified first, verified;
  size_t header;

  assert_int_equal(read_record(&first, bytes, record->length, of), BS_NO_WORD);
  header = (size_t)((unsigned char *)memmem(bytes, record->length, "\"sig\": \"", 8) - bytes) + 8;
  if (memcmp(bytes + header, "v2:", 3) == 0) header += 3;
  for (size_t bit = 0; bit < 8 * record->length; bit++) {
    size_t at = bit / 8;
    bool is_read;

    bytes[at] ^= (unsigned char)(1 << bit % 8);
    is_read = read_record(&verified, bytes, record->length, of) == BS_NO_WORD;
    if (is_read && (at < header || at > header + 1)) fail_msg("bit %zu: %.*s", bit, (int)record->length, (const char *)bytes);
    if (is_read) assert_memory_equal(&verified, &first, sizeof first);
    bytes[at] ^= (unsigned char)(1 << bit % 8);
  }
}

static void assert_flips_of(const char *fault, const struct forge *of) {
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;

  write_forged(&record, fault, of);
  assert_every_bit_counts(&record, of);
}

static void every_flipped_bit_is_noticed(void **state) {
  struct forge of = good();

  (void)state;
  assert_flips_of("good", &of);
  assert_flips_of("deleted", &of);
  assert_flips_of("legacy", &of);
  of.datum.id = "\"\\\n\xc3\xa9/";
  of.expires = 4102444800;
  of.data = "x";
  of.length = 1;
  assert_flips_of("good", &of);
  assert_flips_of("deleted", &of);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_not_forged_is_what_we_write),
      cmocka_unit_test(every_fault_is_answered_by_its_word),
      cmocka_unit_test(authentic_records_are_what_their_words_say),
      cmocka_unit_test(faults_have_names_of_their_own),
      cmocka_unit_test(a_version_below_the_first_is_not_made),
      cmocka_unit_test(every_flipped_bit_is_noticed),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* Mutable records over several stores, some of which are old, slow, or lie: what is believed, who is waited for, what is said. */
#include <config.h>

#include <unistd.h>

#include "core/base/file.h"
#include "core/crypto/key-private.h"
#include "t/lib/legacy.h"
#include "t/lib/places.h"

#define LIMIT 5000

static struct bs_places places;
static struct bs_versions versions;
static struct bs_mutable_search search;
static struct bs_authority authority;
static struct bs_error error;
static struct bs_buffer pool[40]; /* the records of a test */
static size_t pooled;

static struct bs_buffer *fresh(void) {
  assert_true(pooled < sizeof pool / sizeof pool[0]);
  return &pool[pooled++];
}

static int begin(unsigned capabilities) {
  set_up_shelves(capabilities);
  authority = datum_authority();
  search = (struct bs_mutable_search){.datum = &datum, .authority = &authority, .limit = LIMIT, .budget_ms = 2000};
  return 0;
}

static int local(void **state) {
  (void)state;
  return begin(BS_CAPABILITY_DURABLE | BS_CAPABILITY_LOCAL);
}

static int remote(void **state) {
  (void)state;
  return begin(BS_CAPABILITY_DURABLE);
}

static int end(void **state) {
  bs_versions_free(&versions);
  bs_places_free(&places);
  while (pooled > 0) bs_buffer_free(&pool[--pooled]);
  return close_stores(state);
}

/* ---- records ---- */

static const struct bs_buffer *signed_by(const struct bs_key *key, const struct bs_datum *of, uint64_t ver, uint64_t expires,
                                         const void *data, size_t length) {
  struct bs_buffer *record = fresh();
  struct bs_signed made;

  assert_ok(bs_mutable_sign(record, &made, of, ver, expires, data, length, key, &error));
  return record;
}

static const struct bs_buffer *version(uint64_t ver, const char *text) {
  return signed_by(datum_key(), &datum, ver, 0, text, strlen(text));
}

/* A record of so many bytes in all. */
static const struct bs_buffer *record_of(uint64_t ver, size_t size) {
  struct bs_buffer *data = fresh();
  const struct bs_buffer *record;

  bs_buffer_add(data, version(ver, "")->bytes, 1);
  memset(bs_buffer_extend(data, size), (int)('a' + ver % 20), size);
  record = version(ver, "");
  data->length = (size - record->length) / 4 * 3;
  record = signed_by(datum_key(), &datum, ver, 0, data->bytes, data->length);
  bs_buffer_clear(data);
  bs_buffer_add(data, record->bytes, record->length);
  while (data->length < size) bs_buffer_byte(data, '\n'); /* white space at the end is allowed */
  return data;
}

static void lay_version(int store, uint64_t ver, const char *text) {
  const struct bs_buffer *record = version(ver, text);

  lay(store, record->bytes, record->length);
}

static const struct bs_buffer *forged(uint64_t ver) {
  static struct bs_key *mallory;

  if (mallory == NULL) assert_ok(bs_key_generate(&mallory, &error));
  return signed_by(mallory, &datum, ver, 0, "mine", 4);
}

static const struct bs_buffer *of_another_id(void) {
  static const struct bs_datum other = {datum_chain, "foo.test", "/other"};

  return signed_by(datum_key(), &other, 9, 0, "x", 1);
}

static const struct bs_buffer *with_high_s(void) {
  struct bs_buffer *record = fresh(), base64 = BS_BUFFER_INIT;
  struct bs_mutable parsed;

  assert_ok(bs_mutable_parse(&parsed, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  assert_true(secp256k1_ec_seckey_negate(bs_secp256k1_public(), parsed.signature + 33));
  bs_base64_encode(&base64, parsed.signature, 65);
  bs_buffer_text(record, DATUM_RECORD);
  memcpy(strstr((char *)record->bytes, "v2:") + 3, base64.bytes, base64.length);
  bs_buffer_free(&base64);
  return record;
}

static const struct bs_buffer *of_2015(void) {
  struct bs_buffer *record = fresh();

  legacy_write(record, datum_key(), true, datum.id, 2, "old", 3);
  return record;
}

/* ---- reading ---- */

static bool read_urls(const char *const *urls, size_t count) {
  bs_places_free(&places);
  bs_versions_free(&versions);
  return bs_places_find(&places, &replicas, urls, count, "id", 2000, &watch, &error) &&
         bs_places_read(&places, &versions, &search, &watch, &error);
}

static bool read_all(void) {
  return read_urls(NULL, 0);
}

static void assert_found(size_t number, uint64_t ver, const char *text, size_t place) {
  const struct bs_found *found = &versions.items[number];

  assert_true(number < versions.count);
  assert_int_equal(found->verified.statement.ver, ver);
  assert_int_equal(found->has_data, text != NULL);
  if (text != NULL) {
    assert_int_equal(found->data.length, strlen(text));
    assert_memory_equal(found->data.bytes, text, strlen(text));
  } else {
    assert_null(found->data.bytes);
  }
  assert_int_equal(found->place, place);
}

static void assert_answer(size_t place, enum bs_word word, const char *text) {
  const struct bs_replica *answer = &places.answers.items[place];

  assert_true(place < places.count);
  assert_int_equal(answer->is_good, word == BS_NO_WORD);
  if (answer->is_good) return;
  if (answer->error.word != word || strstr(answer->error.message, text) == NULL)
    fail_msg("%s: %s", bs_word_text(answer->error.word), answer->error.message);
  assert_int_equal(strncmp(answer->error.message, answer->name, strlen(answer->name)), 0);
  assert_int_equal(answer->error.message[strlen(answer->name)], ':');
}

static unsigned reads(int store) {
  return atomic_load(&shelves[store].reads);
}

/* ---- what is found ---- */

static void a_verified_version_is_told_whole(void **state) {
  unsigned char signer[BS_HASH160_SIZE];
  struct bs_public_key compressed;
  char z[2 * BS_SHA256_SIZE + 1];

  (void)state;
  lay_text(1, DATUM_RECORD);
  assert_ok(read_all());
  assert_int_equal(versions.count, 1);
  assert_found(0, 2, DATUM_TEXT, 1);
  assert_int_equal(versions.items[0].generation, BS_MUTABLE_CURRENT);
  assert_string_equal(versions.items[0].sig, DATUM_SIG);
  assert_string_equal(bs_buffer_string(&versions.items[0].record), DATUM_RECORD);
  bs_hex_encode(z, versions.items[0].verified.z, BS_SHA256_SIZE);
  assert_string_equal(z, DATUM_Z_TEXT);
  assert_true(bs_public_key_compress(&compressed, authority.key));
  bs_public_key_hash(signer, &compressed);
  assert_memory_equal(versions.items[0].verified.signer, signer, BS_HASH160_SIZE);
  assert_answer(0, BS_WORD_not_found, "does not hold it");
  assert_answer(1, BS_NO_WORD, "");
  assert_int_equal(places.items[1].ver, 2);
  assert_memory_equal(places.items[1].z, versions.items[0].verified.z, BS_SHA256_SIZE);
  assert_int_equal(places.items[0].ver, 0);
}

static void the_highest_version_goes_first(void **state) {
  (void)state;
  lay_version(0, 5, "five");
  lay_version(1, 7, "seven");
  lay_version(2, 6, "six");
  assert_ok(read_all());
  assert_int_equal(versions.count, 3);
  assert_found(0, 7, "seven", 1);
  assert_found(1, 6, NULL, 2);
  assert_found(2, 5, NULL, 0);
  assert_int_equal(versions.items[2].verified.statement.length, 4); /* what it says is still known */
  assert_true(versions.items[2].record.length > 0);
  for (size_t i = 0; i < 3; i++) assert_answer(i, BS_NO_WORD, "");
  assert_int_equal(places.items[0].ver, 5);
  assert_int_equal(places.items[1].ver, 7);
}

static void the_data_of_all_are_kept_when_wanted(void **state) {
  (void)state;
  search.keeps_all = true;
  lay_version(0, 5, "five");
  lay_version(0, 7, "seven");
  lay_version(0, 6, "six");
  lay_version(1, 1, "");
  assert_ok(read_all());
  assert_int_equal(versions.count, 4);
  assert_found(0, 7, "seven", 0);
  assert_found(1, 6, "six", 0);
  assert_found(2, 5, "five", 0);
  assert_found(3, 1, "", 1);
}

static void two_contents_of_one_version_are_both_found(void **state) {
  (void)state;
  lay_version(0, 4, "old");
  lay_version(0, 7, "one thing");
  lay_version(2, 7, "another");
  assert_ok(read_all());
  assert_int_equal(versions.count, 3);
  assert_true(versions.items[0].has_data && versions.items[1].has_data);
  assert_int_equal(versions.items[0].verified.statement.ver, 7);
  assert_int_equal(versions.items[1].verified.statement.ver, 7);
  assert_true(memcmp(versions.items[0].verified.z, versions.items[1].verified.z, BS_SHA256_SIZE) < 0);
  assert_found(2, 4, NULL, 0);
  assert_memory_not_equal(places.items[0].z, places.items[2].z, BS_SHA256_SIZE);
}

static void what_two_stores_give_is_found_once(void **state) {
  (void)state;
  lay_version(0, 7, "same");
  lay_version(1, 7, "same");
  assert_ok(read_all());
  assert_int_equal(versions.count, 1);
  assert_int_equal(versions.items[0].verified.statement.ver, 7);
  assert_answer(0, BS_NO_WORD, "");
  assert_answer(1, BS_NO_WORD, "");
  assert_memory_equal(places.items[0].z, places.items[1].z, BS_SHA256_SIZE);
}

static void of_one_store_s_candidates_all_that_verify_are_found(void **state) {
  const struct bs_buffer *bad = forged(9);

  (void)state;
  lay(1, bad->bytes, bad->length);
  lay_version(1, 3, "three");
  lay_text(1, "no record");
  lay_version(1, 4, "four");
  lay_version(1, 3, "three");
  assert_ok(read_all());
  assert_int_equal(versions.count, 2);
  assert_found(0, 4, "four", 1);
  assert_found(1, 3, NULL, 1);
  assert_answer(1, BS_NO_WORD, "");
  assert_int_equal(places.items[1].ver, 4);
}

static void every_url_of_a_store_is_a_place(void **state) {
  static const char *const urls[] = {"shelf:old", "shelf:older"};

  (void)state;
  shelves[0].handled[0] = "shelf:old";
  shelves[0].handled[1] = "shelf:older";
  lay_version(0, 8, "new");
  lay_version(0, 7, "old");
  shelves[0].candidates[0].url = "shelf:one";
  shelves[0].candidates[1].url = "shelf:old";
  assert_ok(read_urls(urls, 2));
  assert_int_equal(places.count, 5);
  assert_int_equal(versions.count, 2);
  assert_found(0, 8, "new", 0);
  assert_found(1, 7, NULL, 1);
  assert_answer(2, BS_WORD_not_found, "");
  assert_int_equal(places.items[1].ver, 7);
}

static void expired_and_deleted_versions_are_found_too(void **state) {
  const struct bs_buffer *expired = signed_by(datum_key(), &datum, 2, 1, "past", 4);

  (void)state;
  search.keeps_all = true;
  lay(0, expired->bytes, expired->length);
  lay_text(1, DATUM_TOMBSTONE);
  assert_ok(read_all());
  assert_int_equal(versions.count, 2);
  assert_found(0, 3, NULL, 1);
  assert_int_equal(versions.items[0].verified.statement.kind, BS_STATEMENT_TOMBSTONE);
  assert_string_equal(versions.items[0].sig, DATUM_TOMBSTONE_SIG);
  assert_found(1, 2, "past", 0);
  assert_int_equal(versions.items[1].verified.statement.expires, 1);
}

static void nothing_is_found_in_no_place(void **state) {
  (void)state;
  for (int i = 0; i < STORES; i++) shelves[i].own_url = NULL;
  assert_ok(read_all());
  assert_int_equal(versions.count, 0);
}

/* ---- what is refused ---- */

static void what_does_not_verify_is_told_with_its_word(void **state) {
  const struct bs_buffer *bad = forged(9), *other = of_another_id(), *high = with_high_s(), *old = of_2015();

  (void)state;
  lay(0, bad->bytes, bad->length);
  lay(1, other->bytes, other->length);
  lay(2, high->bytes, high->length);
  assert_ok(read_all());
  assert_int_equal(versions.count, 0);
  assert_answer(0, BS_WORD_forged, "not signed by whom");
  assert_answer(1, BS_WORD_wrong_id, "another id");
  assert_answer(2, BS_WORD_high_s, "high S");
  assert_int_equal(places.items[0].ver, 0);
  for (int i = 0; i < STORES; i++) shelves[i].candidates[0].bytes = NULL;
  lay_text(0, "no record");
  lay(1, old->bytes, old->length);
  lay(2, bad->bytes, bad->length - 1);
  assert_ok(read_all());
  assert_answer(0, BS_WORD_malformed, "The mutable record: The JSON is wrong");
  assert_answer(1, BS_WORD_downgrade, "2015");
  assert_answer(2, BS_WORD_malformed, "");
  assert_fails(bs_places_explain(&places, &replicas, "It", &error), BS_WORD_malformed, "one: The mutable record");
  assert_int_equal(places.answers.items[1].error.result, BLOCKSTORE_FORGED);
}

static void the_first_bad_candidate_gives_the_reason(void **state) {
  const struct bs_buffer *bad = forged(9);

  (void)state;
  lay(0, bad->bytes, bad->length);
  lay_text(0, "no record");
  shelves[0].status = BLOCKSTORE_STATUS_FAILED;
  assert_ok(read_all());
  assert_answer(0, BS_WORD_forged, "not signed by whom");
}

static void a_good_candidate_counts_whatever_the_store_says_then(void **state) {
  (void)state;
  lay_version(0, 2, "good");
  lay_version(0, 3, "cut short by what the store says");
  shelves[0].status = BLOCKSTORE_STATUS_TRANSIENT;
  assert_ok(read_all());
  assert_found(0, 2, "good", 0);
  assert_answer(0, BS_NO_WORD, "");
  assert_int_equal(reads(0), 1);
}

static bool admits_ver_2(void *user, const struct bs_mutable *record, struct bs_error *why) {
  assert_ptr_equal(user, &search);
  return record->ver == 2 || bs_fail(why, BS_WORD_stale, "Not version 2.");
}

static void the_caller_says_which_records_may_be_believed(void **state) {
  const struct bs_buffer *old = of_2015(), *bad = forged(3);

  (void)state;
  search.admits = admits_ver_2;
  search.user = &search;
  lay(0, old->bytes, old->length);
  lay(1, bad->bytes, bad->length); /* asked before the signature is looked at */
  assert_ok(read_all());
  assert_int_equal(versions.count, 1);
  assert_found(0, 2, "old", 0);
  assert_int_equal(versions.items[0].generation, BS_MUTABLE_LEGACY);
  assert_int_equal(strlen(versions.items[0].sig), 88);
  assert_answer(1, BS_WORD_stale, "Not version 2.");
}

static void success_without_bytes_is_none(void **state) {
  (void)state;
  shelves[0].is_hollow = true;
  lay(1, "", 0);
  lay_text(2, "");
  shelves[2].candidates[0].has_no_size = true;
  assert_ok(read_all());
  for (size_t i = 0; i < 3; i++) assert_answer(i, BS_WORD_failed, "reports success but gave no bytes");
}

/* But for its own URL, to decline which is a failure like others. */
static void a_store_that_does_not_handle_the_url_was_not_asked(void **state) {
  (void)state;
  for (int i = 0; i < STORES; i++) shelves[i].status = BLOCKSTORE_STATUS_UNHANDLED_URL;
  assert_ok(read_all());
  assert_true(places.answers.items[1].was_asked);
  places.items[1].is_own = false;
  assert_ok(bs_places_read(&places, &versions, &search, &watch, &error));
  assert_false(places.answers.items[1].was_asked);
  assert_fails(bs_places_explain(&places, &replicas, "It", &error), BS_WORD_unreachable, "one: The URL is none of this store's.");
}

static void what_may_pass_is_asked_again(void **state) {
  (void)state;
  lay_version(0, 2, "two");
  shelves[0].transient = 2;
  assert_ok(read_all());
  assert_found(0, 2, "two", 0);
  assert_int_equal(reads(0), 3);
  assert_int_equal(reads(1), 1);
}

/* ---- sizes ---- */

static void a_record_may_have_as_many_bytes_as_the_limit(void **state) {
  const struct bs_buffer *most = record_of(1, LIMIT), *over = record_of(2, LIMIT + 1);

  (void)state;
  assert_int_equal(over->length, LIMIT + 1);
  for (int unsized = 0; unsized < 2; unsized++) {
    for (int i = 0; i < STORES; i++) shelves[i].candidates[0].bytes = NULL;
    lay(0, most->bytes, most->length)->has_no_size = unsized;
    lay(1, over->bytes, over->length)->has_no_size = unsized;
    assert_ok(read_all());
    assert_int_equal(versions.count, 1);
    assert_int_equal(versions.items[0].verified.statement.ver, 1);
    assert_int_equal(versions.items[0].record.length, LIMIT);
    assert_answer(1, BS_WORD_too_large, "5000");
    assert_int_equal(places.answers.items[1].error.result, BLOCKSTORE_FORGED);
  }
}

static void an_endless_record_is_ended(void **state) {
  (void)state;
  shelves[1].is_endless = true;
  assert_ok(read_all());
  assert_answer(1, BS_WORD_too_large, "more than 5000 bytes");
  lay_version(2, 1, "one");
  assert_ok(read_all());
  assert_found(0, 1, "one", 2);
}

static void endless_candidates_are_ended(void **state) {
  (void)state;
  lay_version(0, 1, "one");
  shelves[0].repeats = UINT32_MAX - 1;
  lay_text(1, "no record");
  shelves[1].repeats = UINT32_MAX - 1;
  lay_text(2, "");
  shelves[2].repeats = UINT32_MAX - 1;
  assert_ok(read_all());
  assert_int_equal(versions.count, 1);
  assert_answer(0, BS_NO_WORD, "");
  assert_answer(1, BS_WORD_malformed, "");
  assert_answer(2, BS_WORD_failed, "more than 32 records");
}

static void the_bytes_of_a_long_record_are_not_kept(void **state) {
  const struct bs_buffer *most = record_of(1, BS_EVIDENCE_RECORD_MAX), *over = record_of(2, BS_EVIDENCE_RECORD_MAX + 1);

  (void)state;
  search.limit = 1u << 20;
  lay(0, most->bytes, most->length);
  lay(1, over->bytes, over->length)->has_no_size = true;
  assert_ok(read_all());
  assert_int_equal(versions.count, 2);
  assert_true(versions.items[0].has_data);
  assert_true(versions.items[0].data.length > 100000);
  assert_null(versions.items[0].record.bytes);
  assert_int_equal(versions.items[1].record.length, BS_EVIDENCE_RECORD_MAX);
}

/* A store may hold every version that there ever was. */
static void the_data_of_one_store_take_no_more_room_than_the_limit(void **state) {
  const struct bs_buffer *records[4];

  (void)state;
  search.keeps_all = true;
  for (size_t i = 0; i < 4; i++) {
    records[i] = record_of(i + 1, LIMIT);
    lay(0, records[i]->bytes, LIMIT);
  }
  assert_ok(read_all());
  assert_int_equal(versions.count, 4);
  assert_true(versions.items[0].has_data);
  for (size_t i = 1; i < 4; i++) assert_false(versions.items[i].has_data);
  lay(1, records[0]->bytes, LIMIT); /* another store gives what had no room */
  assert_ok(read_all());
  assert_int_equal(versions.count, 4);
  assert_true(versions.items[3].has_data);
  assert_int_equal(versions.items[3].data.length, versions.items[0].data.length);
}

/* ---- time ---- */

static void a_slow_store_is_not_waited_for_beyond_the_budget(void **state) {
  (void)state;
  search.budget_ms = 300;
  lay_version(0, 2, "two");
  lay_version(1, 3, "three");
  shelves[1].delay_ms = 60000;
  assert_ok(read_all());
  assert_int_equal(versions.count, 1);
  assert_found(0, 2, "two", 0);
  assert_answer(1, BS_WORD_unreachable, "It did not answer within 300 ms, ");
  assert_answer(2, BS_WORD_not_found, "");
  assert_int_equal(reads(1), 1);
}

static void within_the_budget_it_is_waited_for(void **state) {
  (void)state;
  lay_version(0, 2, "two");
  lay_version(1, 3, "three");
  shelves[1].delay_ms = 100;
  assert_ok(read_all());
  assert_found(0, 3, "three", 1);
  assert_int_equal(reads(1), 1);
}

static void when_nobody_else_has_it_a_slow_store_is_asked_again(void **state) {
  (void)state;
  search.budget_ms = 200;
  lay_version(1, 3, "three");
  shelves[1].delay_ms = 300;
  assert_ok(read_all());
  assert_found(0, 3, "three", 1);
  assert_int_equal(reads(0), 1);
  assert_int_equal(reads(1), 2);
  assert_answer(1, BS_NO_WORD, "");
}

static void beyond_the_budget_the_first_answer_ends_it(void **state) {
  (void)state;
  search.budget_ms = 50;
  lay_version(0, 3, "three");
  shelves[0].delay_ms = 150;
  shelves[1].delay_ms = 60000;
  assert_ok(read_all());
  assert_found(0, 3, "three", 0);
  assert_answer(1, BS_WORD_unreachable, "It did not answer within 50 ms, ");
}

/* As where nobody has it but one that cannot be reached: who wants to write may go on. */
static void who_says_nothing_is_left_when_the_others_have_nothing(void **state) {
  (void)state;
  bs_scope_close(watch.scope);
  assert_ok(bs_scope_open(&scopes, &watch.scope, 4000, &error));
  search.budget_ms = 50;
  shelves[1].delay_ms = 60000;
  assert_ok(read_all());
  assert_int_equal(versions.count, 0);
  assert_answer(1, BS_WORD_unreachable, "a third of the time that was left");
  assert_ok(bs_scope_check(watch.scope, &error));
}

static void one_place_alone_has_all_the_time(void **state) {
  (void)state;
  search.budget_ms = 50;
  shelves[1].own_url = shelves[2].own_url = NULL;
  lay_version(0, 3, "three");
  shelves[0].delay_ms = 150;
  assert_ok(read_all());
  assert_found(0, 3, "three", 0);
  assert_int_equal(reads(0), 1);
}

static void a_hanging_store_does_not_hold_up_the_others(void **state) {
  (void)state;
  bs_calls_set_grace(50);
  search.budget_ms = 50;
  lay_version(0, 2, "two");
  lay_version(1, 3, "three"); /* given when it is too late */
  shelves[1].never = true;
  assert_ok(read_all());
  assert_int_equal(versions.count, 1);
  assert_found(0, 2, "two", 0);
  assert_answer(1, BS_WORD_unreachable, "It did not answer within 50 ms, ");
}

static void when_all_hang_the_deadline_ends_it(void **state) {
  (void)state;
  bs_calls_set_grace(50);
  bs_scope_close(watch.scope);
  assert_ok(bs_scope_open(&scopes, &watch.scope, 1000, &error));
  search.budget_ms = 50;
  for (int i = 0; i < STORES; i++) shelves[i].never = true;
  assert_fails(read_all(), BS_WORD_deadline, "deadline");
  assert_int_equal(versions.count, 0);
  assert_int_equal(reads(0), 2);
}

static void what_verified_before_the_deadline_counts(void **state) {
  (void)state;
  bs_scope_close(watch.scope);
  assert_ok(bs_scope_open(&scopes, &watch.scope, 500, &error));
  lay_version(0, 2, "two");
  shelves[1].delay_ms = 60000;
  assert_ok(read_all());
  assert_found(0, 2, "two", 0);
}

static void *cancel_soon(void *user) {
  (void)user;
  sleep_ms(50);
  bs_scopes_cancel(&scopes);
  return NULL;
}

static void a_cancelled_read_ends(void **state) {
  pthread_t thread;

  (void)state;
  for (int i = 0; i < STORES; i++) shelves[i].delay_ms = 60000;
  assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
  assert_fails(read_all(), BS_WORD_cancelled, "cancelled");
  assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_read_that_is_cancelled_before_asks_nobody(void **state) {
  (void)state;
  assert_ok(bs_places_find(&places, &replicas, NULL, 0, "id", 2000, &watch, &error));
  bs_scopes_cancel(&scopes);
  assert_fails(bs_places_read(&places, &versions, &search, &watch, &error), BS_WORD_cancelled, "cancelled");
  for (int i = 0; i < STORES; i++) assert_int_equal(reads(i), 0);
}

/* ---- the first that is good enough ---- */

static bool is_at_least_3(void *user, const struct bs_found *found) {
  assert_ptr_equal(user, &search);
  return found->verified.statement.ver >= 3;
}

static void local_stores_are_asked_in_order_until_it_is_enough(void **state) {
  (void)state;
  search.takes_first = true;
  search.is_enough = is_at_least_3;
  search.user = &search;
  lay_version(0, 2, "two");
  lay_version(1, 3, "three");
  lay_version(2, 4, "four");
  assert_ok(read_all());
  assert_int_equal(versions.count, 2);
  assert_found(0, 3, "three", 1);
  assert_int_equal(reads(0) + reads(1), 2);
  assert_int_equal(reads(2), 0);
  assert_false(places.answers.items[2].was_asked);
}

static void when_nothing_is_enough_all_are_asked(void **state) {
  (void)state;
  search.takes_first = true;
  search.is_enough = is_at_least_3;
  search.user = &search;
  lay_version(0, 2, "two");
  assert_ok(read_all());
  assert_int_equal(versions.count, 1);
  for (int i = 0; i < STORES; i++) assert_int_equal(reads(i), 1);
}

static void whatever_verifies_is_enough_when_the_caller_does_not_say(void **state) {
  (void)state;
  search.takes_first = true;
  lay_version(1, 2, "two");
  assert_ok(read_all());
  assert_found(0, 2, "two", 1);
  assert_int_equal(reads(2), 0);
}

static void without_takes_first_all_are_asked(void **state) {
  (void)state;
  search.is_enough = is_at_least_3;
  search.user = &search;
  lay_version(0, 3, "three");
  assert_ok(read_all());
  assert_int_equal(reads(2), 1);
}

static void remote_stores_come_after_local_ones(void **state) {
  (void)state;
  open_shelf(2, BS_CAPABILITY_LOCAL);
  search.takes_first = true;
  lay_version(2, 2, "two");
  assert_ok(read_all());
  assert_found(0, 2, "two", 2);
  assert_int_equal(reads(0) + reads(1), 0);
}

static void remote_stores_are_asked_at_once_until_it_is_enough(void **state) {
  (void)state;
  open_shelf(0, BS_CAPABILITY_LOCAL);
  search.takes_first = true;
  lay_version(1, 2, "two");
  shelves[2].delay_ms = 60000;
  search.budget_ms = 60000;
  assert_ok(read_all());
  assert_found(0, 2, "two", 1);
  assert_int_equal(reads(0), 1);
  assert_answer(2, BS_WORD_cancelled, "");
}

static void whom_a_slow_local_store_left_no_time_is_asked_in_the_end(void **state) {
  (void)state;
  open_shelf(0, BS_CAPABILITY_LOCAL);
  search.takes_first = true;
  search.budget_ms = 50;
  shelves[0].delay_ms = 100;
  lay_version(2, 2, "two");
  assert_ok(read_all());
  assert_found(0, 2, "two", 2);
}

/* ---- writing ---- */

static bool put(size_t at_least, struct bs_feed *feed) {
  bool good = bs_replicas_put_mutable(&replicas, at_least, "0a8ce26f:foo.test:x", 7, "v2:sig", feed, &watch, &error);

  bs_feed_release(feed);
  return good;
}

static struct bs_feed *feed(void) {
  struct bs_feed *made;

  assert_ok(bs_feed_from_memory(&made, DATUM_RECORD, strlen(DATUM_RECORD), &error));
  return made;
}

static void put_tells_every_store_what_it_writes(void **state) {
  (void)state;
  assert_ok(put(3, feed()));
  for (int i = 0; i < STORES; i++) {
    assert_int_equal(atomic_load(&shelves[i].changes), 1);
    assert_string_equal(shelves[i].data_id, "0a8ce26f:foo.test:x");
    assert_string_equal(shelves[i].signature, "v2:sig");
    assert_int_equal(shelves[i].version, 7);
  }
}

static void put_follows_the_policy(void **state) {
  (void)state;
  shelves[1].change = BLOCKSTORE_STATUS_NO_SPACE;
  assert_ok(put(2, feed()));
  assert_int_equal(replicas.items[1].error.word, BS_WORD_no_space);
  assert_fails(put(3, feed()), BS_WORD_too_few, "2, and the policy asks for 3 durable ones: two: The store is full.");
  replicas.items[0].is_durable = false;
  assert_fails(put(2, feed()), BS_WORD_too_few, "1, and the policy asks for 2");
  replicas.items[1].is_required = true;
  assert_fails(put(1, feed()), BS_WORD_too_few, "A required store does not have it: two: The store is full.");
}

static void put_is_denied_when_all_deny(void **state) {
  (void)state;
  for (int i = 0; i < STORES; i++) shelves[i].change = BLOCKSTORE_STATUS_DENIED;
  assert_fails(put(1, feed()), BS_WORD_denied, "one: ");
}

static void put_fails_where_nothing_can_be_written(void **state) {
  (void)state;
  open_shelf(2, BS_CAPABILITY_READ_ONLY | BS_CAPABILITY_DURABLE);
  assert_ok(put(2, feed()));
  assert_int_equal(atomic_load(&shelves[2].changes), 0);
  assert_fails(put(3, feed()), BS_WORD_too_few, "three: The store can only be read (put_mutable).");
}

/* A long file, which is read again and again rather than held in memory. */
static void put_fails_when_the_source_changes(void **state) {
  char path[] = "/tmp/blockstore-replica-XXXXXX", byte = 'x';
  int fd = mkstemp(path);
  unsigned char digest[BS_SHA256_SIZE];
  struct bs_feed *made;

  (void)state;
  assert_true(fd >= 0);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(ftruncate(fd, BS_FEED_COPY + 1), 0);
  assert_ok(bs_feed_from_fd(&made, fd, 0, UINT64_MAX, &error));
  assert_ok(bs_feed_digest(made, digest, NULL, NULL, NULL, watch.scope, &error));
  assert_int_equal(pwrite(fd, &byte, 1, 500), 1);
  assert_fails(put(1, made), BS_WORD_changed, "one: ");
  close(fd);
}

static void delete_tells_every_store(void **state) {
  (void)state;
  shelves[1].change = BLOCKSTORE_STATUS_UNSUPPORTED;
  assert_ok(bs_replicas_delete_mutable(&replicas, "id", DATUM_TOMBSTONE_SIG, &watch, &error));
  for (int i = 0; i < STORES; i++) {
    assert_int_equal(atomic_load(&shelves[i].changes), 1);
    assert_string_equal(shelves[i].data_id, "id");
    assert_string_equal(shelves[i].signature, DATUM_TOMBSTONE_SIG);
  }
  assert_true(replicas.items[0].is_good);
  assert_int_equal(replicas.items[1].error.word, BS_WORD_failed);
  bs_scopes_cancel(&scopes);
  assert_fails(bs_replicas_delete_mutable(&replicas, "id", "", &watch, &error), BS_WORD_cancelled, "");
}

#define LOCAL(test) cmocka_unit_test_setup_teardown(test, local, end)
#define REMOTE(test) {#test " on workers", test, remote, end, NULL}
#define BOTH(test) LOCAL(test), REMOTE(test)

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH(a_verified_version_is_told_whole),
      BOTH(the_highest_version_goes_first),
      BOTH(the_data_of_all_are_kept_when_wanted),
      BOTH(two_contents_of_one_version_are_both_found),
      BOTH(what_two_stores_give_is_found_once),
      BOTH(of_one_store_s_candidates_all_that_verify_are_found),
      BOTH(every_url_of_a_store_is_a_place),
      LOCAL(expired_and_deleted_versions_are_found_too),
      LOCAL(nothing_is_found_in_no_place),
      BOTH(what_does_not_verify_is_told_with_its_word),
      LOCAL(the_first_bad_candidate_gives_the_reason),
      LOCAL(a_good_candidate_counts_whatever_the_store_says_then),
      BOTH(the_caller_says_which_records_may_be_believed),
      LOCAL(success_without_bytes_is_none),
      LOCAL(a_store_that_does_not_handle_the_url_was_not_asked),
      BOTH(what_may_pass_is_asked_again),
      BOTH(a_record_may_have_as_many_bytes_as_the_limit),
      BOTH(an_endless_record_is_ended),
      BOTH(endless_candidates_are_ended),
      BOTH(the_bytes_of_a_long_record_are_not_kept),
      BOTH(the_data_of_one_store_take_no_more_room_than_the_limit),
      REMOTE(a_slow_store_is_not_waited_for_beyond_the_budget),
      REMOTE(within_the_budget_it_is_waited_for),
      BOTH(when_nobody_else_has_it_a_slow_store_is_asked_again),
      REMOTE(beyond_the_budget_the_first_answer_ends_it),
      BOTH(one_place_alone_has_all_the_time),
      REMOTE(who_says_nothing_is_left_when_the_others_have_nothing),
      REMOTE(a_hanging_store_does_not_hold_up_the_others),
      REMOTE(when_all_hang_the_deadline_ends_it),
      REMOTE(what_verified_before_the_deadline_counts),
      BOTH(a_cancelled_read_ends),
      BOTH(a_read_that_is_cancelled_before_asks_nobody),
      LOCAL(local_stores_are_asked_in_order_until_it_is_enough),
      BOTH(when_nothing_is_enough_all_are_asked),
      LOCAL(whatever_verifies_is_enough_when_the_caller_does_not_say),
      LOCAL(without_takes_first_all_are_asked),
      REMOTE(remote_stores_come_after_local_ones),
      REMOTE(remote_stores_are_asked_at_once_until_it_is_enough),
      REMOTE(whom_a_slow_local_store_left_no_time_is_asked_in_the_end),
      BOTH(put_tells_every_store_what_it_writes),
      BOTH(put_follows_the_policy),
      BOTH(put_is_denied_when_all_deny),
      LOCAL(put_fails_where_nothing_can_be_written),
      BOTH(put_fails_when_the_source_changes),
      BOTH(delete_tells_every_store),
  };

  return RUN_TESTS(tests);
}

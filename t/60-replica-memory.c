/* SPDX-License-Identifier: MIT */
/* When memory runs out, at whatever allocation, finding, reading, explaining and writing mutable records say no_memory and leak
 * nothing. */
#include <config.h>

#include "t/lib/memory.h"
#include "t/lib/places.h"

static struct bs_buffer records[3];

static bool search_once(struct bs_replicas *asked, const struct bs_mutable_search *like, size_t expected,
                        struct bs_error *error) {
  static const char *const urls[] = {"shelf:old", "shelf:one", "x:"};
  struct bs_authority authority = datum_authority();
  struct bs_mutable_search search = *like;
  struct bs_places places BS_AUTO(bs_places_free) = {.items = NULL};
  struct bs_versions versions BS_AUTO(bs_versions_free) = {NULL, 0};
  bool good;

  search.datum = &datum;
  search.authority = &authority;
  if (!bs_places_find(&places, asked, urls, 3, "id", 2000, &watch, error)) {
    assert_int_equal(places.count, 0);
    return false;
  }
  good = bs_places_read(&places, &versions, &search, &watch, error);
  if (!good) assert_int_equal(versions.count, 0);
  if (!good) return false;
  /* What one store gave is enough, even when there was no memory for what another gives. */
  for (size_t i = 0; i < places.count; i++)
    if (places.answers.items[i].error.word == BS_WORD_no_memory) return bs_fail_memory(error);
  assert_int_equal(versions.count, expected);
  assert_false(bs_places_explain(&places, asked, "It", error));
  if (error->word == BS_WORD_no_memory) return false;
  *error = (struct bs_error){0};
  return true;
}

static bool read_all_once(struct bs_error *error) {
  return search_once(&replicas, &(struct bs_mutable_search){.limit = 1000, .budget_ms = 2000}, 3, error);
}

static bool read_one_once(struct bs_error *error) {
  struct bs_replicas one = {replicas.items, 1};

  return search_once(&one, &(struct bs_mutable_search){.limit = 1000, .budget_ms = 2000}, 2, error);
}

static bool is_never(void *user, const struct bs_found *found) {
  (void)user, (void)found;
  return false;
}

static bool read_in_order_once(struct bs_error *error) {
  const struct bs_mutable_search search = {.limit = 1000, .budget_ms = 2000, .takes_first = true, .keeps_all = true,
                                           .is_enough = is_never};

  return search_once(&replicas, &search, 3, error);
}

static bool write_once(struct bs_error *error) {
  struct bs_feed *feed = NULL;
  bool good = bs_feed_from_memory(&feed, "record", 6, error) &&
              bs_replicas_put_mutable(&replicas, 3, "id", 2, "sig", feed, &watch, error) &&
              bs_replicas_delete_mutable(&replicas, "id", "sig", &watch, error);

  bs_feed_release(feed);
  return good;
}

static int set_up(void **state) {
  struct bs_error error = {0};
  struct bs_signed made;

  for (uint64_t i = 0; i < 3; i++)
    assert_ok(bs_mutable_sign(&records[i], &made, &datum, i + 1, 0, "data", 4, datum_key(), &error));
  local_stores(state);
  shelves[0].handled[0] = "shelf:old";
  lay(0, records[0].bytes, records[0].length);
  lay(0, records[1].bytes, records[1].length)->has_no_size = true;
  lay(1, records[2].bytes, records[2].length);
  return 0;
}

static int tear_down(void **state) {
  for (size_t i = 0; i < 3; i++) bs_buffer_free(&records[i]);
  return close_stores(state);
}

static void reading_one(void **state) {
  (void)state;
  assert_each_failure_is_said(read_one_once, 15);
}

static void reading_all(void **state) {
  (void)state;
  assert_each_failure_is_said(read_all_once, 30);
}

static void reading_in_order(void **state) {
  (void)state;
  assert_each_failure_is_said(read_in_order_once, 30);
}

static void writing(void **state) {
  (void)state;
  assert_each_failure_is_said(write_once, 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(reading_one, set_up, tear_down),
      cmocka_unit_test_setup_teardown(reading_all, set_up, tear_down),
      cmocka_unit_test_setup_teardown(reading_in_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(writing, set_up, tear_down),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* Where mutable records may lie: the stores' own URLs, those of the route; and what is said when none of them has it. */
#include <config.h>

#include "t/lib/places.h"

static struct bs_places places;
static struct bs_error error;

static bool find(const char *const *urls, size_t count) {
  bs_places_free(&places);
  return bs_places_find(&places, &replicas, urls, count, "0a8ce26f:foo.test:/my/second/datum", 2000, &watch, &error);
}

static int forget(void **state) {
  bs_places_free(&places);
  return close_stores(state);
}

static void assert_place(size_t number, size_t store, const char *url, bool is_own, bool is_in_route) {
  const struct bs_place *place = &places.items[number];

  assert_true(number < places.count);
  assert_int_equal(places.answers.count, places.count);
  assert_string_equal(place->url, url);
  assert_int_equal(place->store, store);
  assert_int_equal(place->is_own, is_own);
  assert_int_equal(place->is_in_route, is_in_route);
  assert_int_equal(place->ver, 0);
  assert_ptr_equal(places.answers.items[number].store, replicas.items[store].store);
  assert_string_equal(places.answers.items[number].name, replicas.items[store].name);
  assert_false(places.answers.items[number].was_asked || places.answers.items[number].is_good);
}

/* ---- finding places ---- */

static void without_a_route_the_stores_own_urls_are_the_places(void **state) {
  (void)state;
  assert_ok(find(NULL, 0));
  assert_int_equal(places.count, 3);
  assert_place(0, 0, "shelf:one", true, false);
  assert_place(1, 1, "shelf:two", true, false);
  assert_place(2, 2, "shelf:three", true, false);
  assert_int_equal(places.unhandled, 0);
  for (int i = 0; i < STORES; i++) assert_int_equal(atomic_load(&shelves[i].handles), 0);
}

static void urls_of_the_route_go_to_who_handles_them(void **state) {
  static const char *const urls[] = {"shelf:old", "shelf:two", "http://elsewhere/", "shelf:old2"};

  (void)state;
  shelves[0].handled[0] = "shelf:old2";
  shelves[2].handled[0] = "shelf:old";
  shelves[2].handled[1] = "shelf:old2";
  assert_ok(find(urls, 4));
  assert_int_equal(places.count, 6);
  assert_place(0, 0, "shelf:one", true, false);
  assert_place(1, 0, "shelf:old2", false, true);
  assert_place(2, 1, "shelf:two", true, true);
  assert_place(3, 2, "shelf:three", true, false);
  assert_place(4, 2, "shelf:old", false, true);
  assert_place(5, 2, "shelf:old2", false, true);
  assert_int_equal(places.unhandled, 1);
  assert_int_equal(atomic_load(&shelves[1].handles), 3); /* never about its own */
}

static void a_url_that_stands_twice_is_one(void **state) {
  static const char *const urls[] = {"shelf:old", "shelf:old", "shelf:one", "shelf:one", "x:", "x:"};

  (void)state;
  shelves[0].handled[0] = "shelf:old";
  assert_ok(find(urls, 6));
  assert_int_equal(places.count, 4);
  assert_place(0, 0, "shelf:one", true, true);
  assert_place(1, 0, "shelf:old", false, true);
  assert_int_equal(places.unhandled, 1);
}

static void no_driver_sees_the_urls_of_an_enemy(void **state) {
  static char longest[2049 + 1], most[2048 + 1];
  static const char *const urls[] = {"x:\n", "x:\x1b[2J", "x:\x7f", "x:\xc2\x85", "", longest};
  static const char *const good[] = {"x:\xc2\xa0", most};

  (void)state;
  memset(longest, 'x', sizeof longest - 1);
  memset(most, 'x', sizeof most - 1);
  assert_ok(find(urls, 6));
  assert_int_equal(places.count, 3);
  assert_int_equal(places.unhandled, 6);
  for (int i = 0; i < STORES; i++) assert_int_equal(atomic_load(&shelves[i].handles), 0);
  assert_ok(find(good, 2));
  assert_int_equal(atomic_load(&shelves[0].handles), 2);
}

static void a_store_that_can_make_no_url_says_why(void **state) {
  static const char *const urls[] = {"shelf:old"};

  (void)state;
  shelves[1].own_url = NULL;
  shelves[1].make = BLOCKSTORE_STATUS_UNSUPPORTED;
  shelves[1].handled[0] = "shelf:old";
  assert_ok(find(urls, 1));
  assert_int_equal(places.count, 3);
  assert_place(1, 1, "shelf:old", false, true);
  assert_false(replicas.items[1].is_good);
  assert_string_equal(replicas.items[1].error.message, "two: The store cannot do that.");
}

static void a_store_that_ponders_where_it_keeps_it_is_left(void **state) {
  (void)state;
  shelves[1].ponders = true;
  bs_places_free(&places);
  assert_ok(bs_places_find(&places, &replicas, NULL, 0, "id", 50, &watch, &error));
  assert_int_equal(places.count, 2);
  assert_place(1, 2, "shelf:three", true, false);
  assert_int_equal(replicas.items[1].error.word, BS_WORD_unreachable);
}

static void a_store_that_makes_no_proper_url_fails(void **state) {
  static char longest[2049];
  static const struct {
    const char *url;
    size_t length;
    enum bs_word word;
    const char *message;
  } bad[] = {{"x:\n", 3, BS_WORD_failed, "control characters"},
             {"x:\0y", 4, BS_WORD_failed, "control characters"},
             {"x:\xff", 3, BS_WORD_failed, "is not UTF-8"},
             {"x:\xc3", 3, BS_WORD_failed, "is not UTF-8"},
             {longest, 2049, BS_WORD_too_large, "It offers 2049 bytes, the most is 2048."}};

  (void)state;
  memset(longest, 'x', sizeof longest);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    shelves[1].own_url = bad[i].url;
    shelves[1].own_length = bad[i].length;
    assert_ok(find(NULL, 0));
    assert_int_equal(places.count, 2);
    assert_false(replicas.items[1].is_good);
    assert_int_equal(replicas.items[1].error.word, bad[i].word);
    assert_non_null(strstr(replicas.items[1].error.message, bad[i].message));
    assert_int_equal(strncmp(replicas.items[1].error.message, "two: ", 5), 0);
  }
}

static void an_empty_url_is_none(void **state) {
  (void)state;
  shelves[1].own_url = NULL;
  shelves[1].make = BLOCKSTORE_STATUS_OK;
  assert_ok(find(NULL, 0));
  assert_int_equal(places.count, 2);
  assert_non_null(strstr(replicas.items[1].error.message, "two: The driver made a URL that is empty"));
}

static void a_store_that_is_not_open_is_no_place(void **state) {
  static const char *const urls[] = {"shelf:two", "shelf:one"};
  struct bs_store *store = replicas.items[1].store;

  (void)state;
  replicas.items[1].store = NULL;
  bs_fail(&replicas.items[1].error, BS_WORD_io, "two: The root is gone.");
  assert_ok(find(urls, 2));
  assert_int_equal(places.count, 2);
  assert_place(0, 0, "shelf:one", true, true);
  assert_place(1, 2, "shelf:three", true, false);
  assert_int_equal(places.unhandled, 1);
  replicas.items[1].store = store;
}

static void a_cancelled_search_finds_nothing(void **state) {
  (void)state;
  bs_scopes_cancel(&scopes);
  assert_fails(find(NULL, 0), BS_WORD_cancelled, "cancelled");
  assert_int_equal(places.count, 0);
}

/* ---- why nothing was found ---- */

static bool explained(void) {
  return bs_places_explain(&places, &replicas, "The data /x of foo.test", &error);
}

static void answers(size_t number, enum bs_word word) {
  struct bs_replica *answer = &places.answers.items[number];

  answer->was_asked = true;
  bs_fail(&answer->error, word, "%s: Reason %s.", answer->name, bs_word_text(word));
}

static void all_answer(enum bs_word word) {
  assert_ok(find(NULL, 0));
  for (size_t i = 0; i < places.count; i++) answers(i, word);
}

static void it_is_not_found_when_every_place_has_nothing(void **state) {
  static const char *const urls[] = {"x:"};

  (void)state;
  all_answer(BS_WORD_not_found);
  assert_fails(explained(), BS_WORD_not_found, "The data /x of foo.test was not found: one: Reason not_found. two: Reason");
  assert_ok(find(urls, 1));
  for (size_t i = 0; i < places.count; i++) answers(i, BS_WORD_not_found);
  assert_fails(explained(), BS_WORD_not_found, "URLs of its route that no store here handles: 1");
}

static void any_other_answer_makes_it_unreachable(void **state) {
  static const enum bs_word words[] = {BS_WORD_failed, BS_WORD_denied, BS_WORD_unreachable, BS_WORD_deadline, BS_WORD_io};

  (void)state;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    all_answer(BS_WORD_not_found);
    answers(1, words[i]);
    assert_fails(explained(), BS_WORD_unreachable, "not every store answered: one: Reason not_found. two: Reason ");
  }
}

static void who_was_not_asked_does_not_say_that_it_is_absent(void **state) {
  (void)state;
  all_answer(BS_WORD_not_found);
  places.answers.items[2].was_asked = false;
  assert_fails(explained(), BS_WORD_unreachable, "not every store answered");
}

static void without_any_place_it_is_unreachable(void **state) {
  (void)state;
  for (int i = 0; i < STORES; i++) {
    shelves[i].own_url = NULL;
    shelves[i].make = BLOCKSTORE_STATUS_FAILED;
  }
  assert_ok(find(NULL, 0));
  assert_int_equal(places.count, 0);
  assert_fails(explained(), BS_WORD_unreachable, "not every store answered: one: ");
}

static void a_store_without_a_url_or_not_open_is_unreachable(void **state) {
  struct bs_store *store = replicas.items[0].store;

  (void)state;
  shelves[1].own_url = NULL;
  shelves[1].make = BLOCKSTORE_STATUS_TOO_LARGE;
  all_answer(BS_WORD_not_found);
  assert_fails(explained(), BS_WORD_unreachable, "answered: two: It is too large for the store. one: Reason not_found.");
  shelves[1].own_url = "shelf:two";
  replicas.items[0].store = NULL;
  bs_fail(&replicas.items[0].error, BS_WORD_io, "one: The root is gone.");
  all_answer(BS_WORD_not_found);
  assert_fails(explained(), BS_WORD_unreachable, "one: The root is gone. two: Reason not_found.");
  replicas.items[0].store = store;
}

static void the_worst_answer_counts(void **state) {
  static const struct {
    enum bs_word word;
    enum blockstore_result result;
  } steps[] = {{BS_WORD_not_found, BLOCKSTORE_NOT_FOUND}, {BS_WORD_unreachable, BLOCKSTORE_TOO_FEW},
               {BS_WORD_expired, BLOCKSTORE_STALE}, {BS_WORD_high_s, BLOCKSTORE_FORGED}};

  (void)state;
  for (size_t high = 1; high < 4; high++)
    for (size_t low = 0; low < high; low++) {
      all_answer(BS_WORD_not_found);
      answers(0, steps[low].word);
      answers(2, steps[high].word);
      error = (struct bs_error){0};
      assert_false(explained());
      assert_int_equal(error.word, steps[high].word);
      assert_int_equal(error.result, steps[high].result);
    }
}

static void the_first_of_the_worst_gives_the_word(void **state) {
  (void)state;
  all_answer(BS_WORD_not_found);
  answers(1, BS_WORD_wrong_id);
  answers(2, BS_WORD_forged);
  assert_fails(explained(), BS_WORD_wrong_id,
               "The data /x of foo.test could not be read: one: Reason not_found. two: Reason wrong_id. three:");
  bs_fail_as(&places.answers.items[0].error, BLOCKSTORE_FORGED, BS_WORD_too_large, "one: It holds too much.");
  error = (struct bs_error){0};
  assert_false(explained());
  assert_int_equal(error.word, BS_WORD_too_large);
  assert_int_equal(error.result, BLOCKSTORE_FORGED);
}

#define LOCAL(test) cmocka_unit_test_setup_teardown(test, local_stores, forget)
#define REMOTE(test) {#test " on workers", test, remote_stores, forget, NULL}
#define BOTH(test) LOCAL(test), REMOTE(test)

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH(without_a_route_the_stores_own_urls_are_the_places),
      BOTH(urls_of_the_route_go_to_who_handles_them),
      LOCAL(a_url_that_stands_twice_is_one),
      LOCAL(no_driver_sees_the_urls_of_an_enemy),
      BOTH(a_store_that_can_make_no_url_says_why),
      REMOTE(a_store_that_ponders_where_it_keeps_it_is_left),
      LOCAL(a_store_that_makes_no_proper_url_fails),
      LOCAL(an_empty_url_is_none),
      LOCAL(a_store_that_is_not_open_is_no_place),
      BOTH(a_cancelled_search_finds_nothing),
      LOCAL(it_is_not_found_when_every_place_has_nothing),
      LOCAL(any_other_answer_makes_it_unreachable),
      LOCAL(who_was_not_asked_does_not_say_that_it_is_absent),
      LOCAL(without_any_place_it_is_unreachable),
      LOCAL(a_store_without_a_url_or_not_open_is_unreachable),
      LOCAL(the_worst_answer_counts),
      LOCAL(the_first_of_the_worst_gives_the_word),
  };

  return RUN_TESTS(tests);
}

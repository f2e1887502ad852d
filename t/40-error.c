/* SPDX-License-Identifier: MIT */
/* The filter error: which calls fail, how, and when. */
#include <config.h>

#include "t/lib/filter-host.h"

#define OPEN(...) (const struct host_setting[]){__VA_ARGS__, {NULL, NULL}}
#define ALL {"entries", "get"}, {"entries", "put"}, {"entries", "delete"}
#define STATUS(word) {"status", word}

static struct host_store store;
static struct host_sink sink;

static int end(void **state) {
  (void)state;
  host_store_close(&store);
  host_sink_free(&sink);
  return 0;
}

static void open_with(const struct host_setting *rows) {
  filter_open(&store, "error", rows);
  host_sink_init(&sink);
  below_holds("some data");
}

static enum blockstore_status get(void) {
  return store.driver->get_immutable_handler(store.self, &store.call.call, &sink.sink, "key");
}

static void put(const char *bytes, enum blockstore_status expected) {
  assert_int_equal(host_put_immutable(&store, "key", bytes, strlen(bytes)), expected);
}

static void it_fails_only_as_told(void **state) {
  (void)state;
  open_with(OPEN(ALL, STATUS("failed")));
  for (int i = 0; i < 100; i++) assert_int_equal(get(), BLOCKSTORE_STATUS_OK);
}

static void calls_fail_by_their_number(void **state) {
  (void)state;
  open_with(OPEN({"at", "2"}, {"at", "4"}, {"seed", "9"}, ALL, STATUS("failed")));
  assert_int_equal(get(), BLOCKSTORE_STATUS_OK);
  put("other", BLOCKSTORE_STATUS_FAILED);
  assert_string_equal(store.call.sentence, "The filter error lets call 2 (put_immutable) fail; its seed is 9.");
  assert_int_equal(below.asked, 1);
  assert_int_equal(get(), BLOCKSTORE_STATUS_OK);
  assert_int_equal(get(), BLOCKSTORE_STATUS_FAILED);
  assert_string_equal(store.call.sentence, "The filter error lets call 4 (get_immutable) fail; its seed is 9.");
  assert_int_equal(get(), BLOCKSTORE_STATUS_OK);
  assert_memory_equal(below.value, "some data", 9);
}

/* ---- which are counted ---- */

/* What each entry point answers, in the header's order; 'F' for FAILED, '.' for OK. */
static const char *answers_of(const char *entry) {
  const struct host_setting rows[] = {{"one_in", "1"}, {"entries", entry}, {"status", "failed"}, {NULL, NULL}};
  struct blockstore_call *call = &store.call.call;
  enum blockstore_status statuses[9];
  static char answers[10];
  struct host_source source;

  open_with(rows);
  host_source_init(&source, "bytes", 5);
  statuses[0] = store.driver->handles_url(store.self, call, "mine:id");
  statuses[1] = store.driver->make_mutable_url(store.self, call, &sink.sink, "id");
  statuses[2] = get();
  statuses[3] = store.driver->get_mutable_handler(store.self, call, &sink.sink, "mine:id");
  statuses[4] = store.driver->put_immutable_handler(store.self, call, "key", &source.source, NULL);
  statuses[5] = store.driver->put_mutable_handler(store.self, call, "id", 1, "v2:s", &source.source);
  statuses[6] = store.driver->delete_immutable_handler(store.self, call, "key", NULL);
  statuses[7] = store.driver->delete_mutable_handler(store.self, call, "id", "v2:s");
  statuses[8] = store.driver->check(store.self, call, &sink.sink);
  end(NULL);
  for (int i = 0; i < 9; i++)
    answers[i] = statuses[i] == BLOCKSTORE_STATUS_OK ? '.' : statuses[i] == BLOCKSTORE_STATUS_FAILED ? 'F' : '?';
  return answers;
}

static void entries_are_chosen(void **state) {
  static const struct {
    const char *entry, *answers;
  } rows[] = {{"get", "..FF....."},           {"put", "....FF..."},           {"delete", "......FF."},
              {"handles_url", "F........"},   {"make_mutable_url", ".F......."}, {"get_immutable", "..F......"},
              {"get_mutable", "...F....."},   {"put_immutable", "....F...."},    {"put_mutable", ".....F..."},
              {"delete_immutable", "......F.."}, {"delete_mutable", ".......F."}, {"check", "........F"}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_string_equal(answers_of(rows[i].entry), rows[i].answers);
}

static void only_those_are_counted(void **state) {
  (void)state;
  open_with(OPEN({"at", "2"}, {"entries", "put_immutable"}, STATUS("denied")));
  put("one", BLOCKSTORE_STATUS_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(get(), BLOCKSTORE_STATUS_OK);
  put("two", BLOCKSTORE_STATUS_DENIED);
}

/* ---- by chance ---- */

/* A letter for each of 300 gets. */
static void draw(char *ret_letters, const char *seed) {
  const struct host_setting rows[] = {{"one_in", "3"}, {"seed", seed}, {"entries", "get"}, STATUS("failed"), {NULL, NULL}};

  open_with(rows);
  for (int i = 0; i < 300; i++) ret_letters[i] = get() == BLOCKSTORE_STATUS_OK ? '.' : 'F';
  ret_letters[300] = '\0';
  end(NULL);
}

static void chance_follows_from_the_seed(void **state) {
  char first[301], again[301], other[301];
  unsigned failed = 0;

  (void)state;
  draw(first, "5");
  draw(again, "5");
  draw(other, "6");
  assert_string_equal(again, first);
  assert_true(strcmp(other, first) != 0);
  for (int i = 0; i < 300; i++) failed += first[i] == 'F';
  assert_in_range(failed, 70, 130);
}

/* ---- how ---- */

static void each_status_can_be_had(void **state) {
  static const struct {
    const char *word;
    enum blockstore_status status;
  } rows[] = {{"transient", BLOCKSTORE_STATUS_TRANSIENT}, {"failed", BLOCKSTORE_STATUS_FAILED},
              {"denied", BLOCKSTORE_STATUS_DENIED},       {"no_space", BLOCKSTORE_STATUS_NO_SPACE},
              {"too_large", BLOCKSTORE_STATUS_TOO_LARGE}, {"conflict", BLOCKSTORE_STATUS_CONFLICT},
              {"not_found", BLOCKSTORE_STATUS_NOT_FOUND}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    open_with(OPEN({"at", "1"}, {"retry_after", "700"}, ALL, STATUS(rows[i].word)));
    assert_int_equal(get(), rows[i].status);
    assert_int_equal(store.call.retry_after, rows[i].status == BLOCKSTORE_STATUS_TRANSIENT ? 700 : 0);
    end(NULL);
  }
}

/* ---- after so many bytes ---- */

static void a_get_is_cut_short(void **state) {
  (void)state;
  open_with(OPEN({"at", "1"}, {"at", "2"}, {"after", "7"}, {"seed", "1"}, ALL, STATUS("failed")));
  assert_int_equal(get(), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(sink.announced, 9);
  assert_int_equal(sink.length, 7);
  assert_memory_equal(sink.bytes, "some da", 7);
  assert_string_equal(store.call.sentence, "The filter error lets call 1 (get_immutable) fail; its seed is 1.");
  sink.room = 2; /* whatever else happens before is told */
  assert_int_equal(get(), BLOCKSTORE_STATUS_TOO_LARGE);
  assert_string_equal(store.call.sentence, "The store has its reasons.");
}

static void a_put_is_cut_short(void **state) {
  (void)state;
  open_with(OPEN({"at", "1"}, {"after", "7"}, ALL, STATUS("no_space")));
  put("other bytes", BLOCKSTORE_STATUS_NO_SPACE);
  assert_int_equal(below.asked, 1);
  assert_memory_equal(below.value, "some data", 9);
  put("other bytes", BLOCKSTORE_STATUS_OK);
  assert_memory_equal(below.value, "other bytes", 11);
}

/* The store did it, and nobody hears of that. */
static void what_is_shorter_is_done_and_lost(void **state) {
  (void)state;
  open_with(OPEN({"one_in", "1"}, {"after", "9"}, ALL, STATUS("transient")));
  put("nine byte", BLOCKSTORE_STATUS_TRANSIENT);
  assert_memory_equal(below.value, "nine byte", 9);
  assert_int_equal(get(), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(sink.length, 9);
  assert_int_equal(store.driver->delete_immutable_handler(store.self, &store.call.call, "key", NULL),
                   BLOCKSTORE_STATUS_TRANSIENT);
  assert_string_equal(below.entry, "delete_immutable");
}

static void what_the_store_refuses_it_refused(void **state) {
  (void)state;
  open_with(OPEN({"one_in", "1"}, {"after", "4"}, ALL, STATUS("transient")));
  below.answers[0].status = BLOCKSTORE_STATUS_DENIED;
  put("other", BLOCKSTORE_STATUS_DENIED);
  assert_string_equal(store.call.sentence, "The store has its reasons.");
}

static void wrong_options_are_refused(void **state) {
  (void)state;
  filter_refuses("error", OPEN({"entries", "gets"}, STATUS("failed")),
                 "entries: \"gets\" is none of get, put, delete, get_immutable, get_mutable, put_immutable, put_mutable, "
                 "delete_immutable, delete_mutable, make_mutable_url, handles_url or check.");
  filter_refuses("error", OPEN({"at", "1"}, {"at", "0"}, STATUS("failed")),
                 "at: \"0\" is no number of a call, of which the first is 1.");
  filter_refuses("error", OPEN({"at", "-1"}, STATUS("failed")), "at: \"-1\" is no number of a call, of which the first is 1.");
  filter_refuses("error", OPEN({"at", ""}, STATUS("failed")), "at: \"\" is no number of a call, of which the first is 1.");
  filter_refuses("error", OPEN({"at", "1234567890123456789"}, STATUS("failed")),
                 "at: \"1234567890123456789\" is no number of a call, of which the first is 1.");
  filter_refuses("error", OPEN({"one_in", "-1"}, STATUS("failed")), "one_in: This must be 0 (none by chance) or more.");
}

#define ERROR_TEST(test) cmocka_unit_test_teardown(test, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      ERROR_TEST(it_fails_only_as_told),
      ERROR_TEST(calls_fail_by_their_number),
      cmocka_unit_test(entries_are_chosen),
      ERROR_TEST(only_those_are_counted),
      cmocka_unit_test(chance_follows_from_the_seed),
      cmocka_unit_test(each_status_can_be_had),
      ERROR_TEST(a_get_is_cut_short),
      ERROR_TEST(a_put_is_cut_short),
      ERROR_TEST(what_is_shorter_is_done_and_lost),
      ERROR_TEST(what_the_store_refuses_it_refused),
      cmocka_unit_test(wrong_options_are_refused),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* Stores that answer a get of mutable data each in another wrong way: which word stands for all, and who gets memory. */
#include <config.h>

#include "t/lib/attack.h"

/* Of the same files, each with its own lie. */
#define TOLD(name, lie) "{name: " name ", driver: lying, root: liar, about: mutable, lie: " lie "}"

/* The reader has seen version 2; the liar's files have it, version 1 as the old one, and other content of version 2. */
static void begin(struct world *world) {
  struct bs_buffer old = BS_BUFFER_INIT, newest = BS_BUFFER_INIT, other = BS_BUFFER_INIT;
  char *file, *in_old = NULL;

  begin_attack(world);
  make_directory(world->place, "liar/old", 0755);
  put_next(world, ID, "the first");
  read_liar(world, ID, &old);
  put_next(world, ID, "the newest");
  read_liar(world, ID, &newest);
  give_signed(world, ID, 2, 0, "the rival's");
  read_liar(world, ID, &other);
  give_liar(world, ID, newest.bytes, newest.length);
  write_file(world->place, "liar/other", other.bytes, other.length);
  file = file_of_liar(world, ID);
  assert_true(asprintf(&in_old, "liar/old/%s", file + strlen("liar/")) >= 0);
  write_file(world->place, in_old, old.bytes, old.length);
  free(in_old);
  free(file);
  bs_buffer_free(&old);
  bs_buffer_free(&newest);
  bs_buffer_free(&other);
}

/* In the order in which they stand for all: the first that holds. */
static const struct {
  const char *lie, *word;
  enum blockstore_result result;
} kinds[] = {{"other", "conflict", BLOCKSTORE_CONFLICT},
             {"flip", "malformed", BLOCKSTORE_FORGED},
             {"old", "stale", BLOCKSTORE_STALE},
             {"denied", "unreachable", BLOCKSTORE_TOO_FEW},
             {"not_found", "not_found", BLOCKSTORE_NOT_FOUND}};
#define KINDS (sizeof kinds / sizeof kinds[0])

static void assert_pair(struct world *world, size_t first, size_t second, const char *read) {
  size_t expected = first < second ? first : second;
  struct answer answer;
  char *stores = NULL, *what = NULL;

  assert_true(asprintf(&what, "%s, then %s, read: %s", kinds[first].lie, kinds[second].lie, read) >= 0);
  assert_true(asprintf(&stores, "replication: {read: %s}\nstores: [" TOLD("a", "%s") ", " TOLD("b", "%s") "]\n", read,
                       kinds[first].lie, kinds[second].lie) >= 0);
  open_session(world, stores);
  answer = ask(world, ID, NULL);
  assert_answer(&answer, kinds[expected].word, "\"store\": \"a\"", what);
  assert_answer(&answer, kinds[expected].word, "\"store\": \"b\"", what);
  assert_int_equal(answer.result, kinds[expected].result);
  if (strstr(answer.document, "\"ok\": true") != NULL) fail_msg("%s: %s", what, answer.document);
  end_answer(&answer);
  free(stores);
  free(what);
}

static void the_worst_word_stands_for_all(void **state) {
  struct world *world = *state;
  struct bs_seen floor;

  begin(world);
  floor = floor_of(world, ID);
  for (size_t first = 0; first < KINDS; first++)
    for (size_t second = 0; second < KINDS; second++) {
      assert_pair(world, first, second, "newest");
      assert_pair(world, first, second, "first");
    }
  assert_memory_equal(floor_of(world, ID).z, floor.z, sizeof floor.z);
}

/* None of these is an answer of the datum's. */
static void a_store_that_fails_is_not_believed_to_know_why(void **state) {
  static const char *const failures[] = {"conflict", "no_space", "denied", "transient", "unhandled", "unknown",
                                         "negative", "cancelled", "short",  "long",      "nothing"};
  struct world *world = *state;

  begin(world);
  for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
    struct answer answer;
    char *stores = NULL;

    assert_true(asprintf(&stores, "stores: [" TOLD("a", "%s") "]\n", failures[i]) >= 0);
    open_session(world, stores);
    answer = ask(world, ID, NULL);
    assert_answer(&answer, "unreachable", "\"store\": \"a\"", failures[i]);
    if (strstr(answer.document, "\"ok\": true") != NULL) fail_msg("%s: %s", failures[i], answer.document);
    end_answer(&answer);
    free(stores);
  }
}

/* One good record is enough, whatever else the store does: hands out more, says it late, or makes false URLs, of which
 * the route needs none. */
static void one_good_record_is_enough(void **state) {
  static const char *const lies[] = {"on: get, lie: bad_then_good", "on: get, lie: good_then_bad", "on: get, lie: slow",
                                     "on: url, lie: empty",         "on: url, lie: control",       "on: url, lie: other",
                                     "on: url, lie: endless",       "on: url, lie: denied"};
  struct world *world = *state;

  begin(world);
  for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
    char *stores = NULL;

    assert_true(asprintf(&stores, "stores: [{name: a, driver: lying, root: liar, about: mutable, %s}]\n", lies[i]) >= 0);
    open_session(world, stores);
    assert_get(world, ID, "", "the newest");
    free(stores);
  }
}

static void who_never_answers_is_not_waited_for(void **state) {
  struct world *world = *state;

  begin(world);
  open_session(world, "timeouts: {budget: 200ms, operation: 2s}\nstores: [{name: a, driver: lying, root: liar, about: "
               "mutable, lie: hang, "
                      "inline: false}, {name: good, driver: disk, root: good}]\n");
  assert_get(world, ID, "", "the newest");
}

/* What is newest and authentic decides, whoever lies beside it. */
static void a_deletion_is_told_beside_forged_records(void **state) {
  struct world *world = *state;
  unsigned char chain[32];
  struct forge of;

  begin(world);
  chain_of(world, chain);
  of = forge_of(world, chain, ID, 3, "");
  give_signed(world, ID, 3, 1, "expired");
  open_session(world, "stores: [" TOLD("a", "none") ", " TOLD("b", "flip") "]\n");
  assert_get(world, ID, "malformed", "\"store\": \"b\""); /* 5 goes before 4 */
  give_forged(world, "deleted", &of);
  assert_get(world, ID, "deleted", "by version 4");
}

/* Ids are the user's, errors are documents all the same. */
static void any_id_can_be_named_in_an_error(void **state) {
  struct world *world = *state;
  static const struct bs_json_limits limits = {1 << 20, 32};
  char id[128];

  begin(world);
  open_session(world, "stores: [" TOLD("a", "denied") "]\n");
  for (size_t length = 60; length < 68; length++) {
    struct bs_error error = {0};
    struct answer answer;
    struct bs_json root;

    memset(id, 'x', length);
    snprintf(id + length, sizeof id - length, "\xf0\x9f\x92\xa9\n\"\\");
    open_session(world, BOTH);
    put_next(world, id, "text");
    open_session(world, "stores: [" TOLD("a", "denied") "]\n");
    answer = ask(world, id, NULL);
    assert_answer(&answer, "unreachable", "\"store\": \"a\"", id);
    assert_ok(bs_json_scan(&root, answer.document, strlen(answer.document), &limits, &error));
    end_answer(&answer);
  }
}

static void bodies_without_end_are_too_large(void **state) {
  struct world *world = *state;

  begin(world);
  open_session(world, "limits: {mutable_record: 1MiB}\nstores: [" TOLD("a", "endless") "]\n");
  assert_get(world, ID, "too_large", "\"result\": 5");
  open_session(world, "limits: {mutable_record: 1MiB}\nstores: [" TOLD("a", "huge") "]\n");
  assert_get(world, ID, "too_large", "\"result\": 5");
  open_session(world, "limits: {mutable_record: 1MiB}\nstores: [" TOLD("a", "endless") ", " TOLD("b", "none") "]\n");
  assert_get(world, ID, "", "the newest");
}

/* ---- one store, two records, and no room for both ---- */

#define LONG 600
#define SMALL_LIMIT "limits: {mutable_record: 1KiB}\nstores: [" TOLD("a", "both") "]\n"

static void give_long(const struct world *world, uint64_t ver, char letter, const char *as) {
  struct bs_buffer record = BS_BUFFER_INIT;
  char data[LONG + 1];

  memset(data, letter, LONG);
  data[LONG] = '\0';
  give_signed(world, ID, ver, 0, data);
  read_liar(world, ID, &record);
  if (as != NULL) write_file(world->place, as, record.bytes, record.length);
  bs_buffer_free(&record);
}

/* Data that were dropped are not handed out as no data: ask() compares. */
static void what_had_no_room_is_not_empty(void **state) {
  struct world *world = *state, newcomer;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  struct answer answer;

  begin(world);
  give_long(world, 4, 'x', "liar/other");
  give_long(world, 3, 'y', NULL);
  newcomer = open_elsewhere(world, "state2", SMALL_LIMIT);
  options.ver_max = 3;
  assert_get_as(&newcomer, ID, &options, "too_large", "\"result\": 5");
  assert_int_equal(floor_of(&newcomer, ID).ver, 0);
  answer = ask(&newcomer, ID, NULL);
  assert_answer(&answer, "", "\"data\": \"xxxx", "the higher one");
  end_answer(&answer);
  close_world(&newcomer);
}

static void nor_where_it_was_seen_before(void **state) {
  static const char letters[] = "xy";
  struct world *world = *state;

  begin(world);
  for (size_t i = 0; i < 2; i++) {
    char state_dir[] = "state2";
    struct world reader;
    struct answer answer;

    state_dir[5] = (char)('2' + i);
    give_long(world, 3, letters[i], NULL);
    reader = open_elsewhere(world, state_dir, LIAR);
    answer = ask(&reader, ID, NULL);
    assert_string_equal(answer.word, "");
    end_answer(&answer);
    close_world(&reader);
    give_long(world, 3, letters[1 - i], "liar/other");
    give_long(world, 3, letters[i], NULL);
    reader = open_elsewhere(world, state_dir, SMALL_LIMIT);
    answer = ask(&reader, ID, NULL);
    if (answer.result != BLOCKSTORE_DONE) assert_answer(&answer, "too_large", "\"result\": 5", "two contents");
    end_answer(&answer);
    close_world(&reader);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(the_worst_word_stands_for_all),
      in_world(a_store_that_fails_is_not_believed_to_know_why),
      in_world(one_good_record_is_enough),
      in_world(who_never_answers_is_not_waited_for),
      in_world(a_deletion_is_told_beside_forged_records),
      in_world(any_id_can_be_named_in_an_error),
      in_world(bodies_without_end_are_too_large),
      in_world(what_had_no_room_is_not_empty),
      in_world(nor_where_it_was_seen_before),
  };

  return RUN_TESTS(tests);
}

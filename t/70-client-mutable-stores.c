/* SPDX-License-Identifier: MIT */
/* Mutable data over several stores: policies, routes, slow and missing stores, what receipts tell, what ends a call. */
#include <config.h>

#include <pthread.h>

#include "t/lib/mutable.h"

#define DISK(name) "{name: " name ", driver: disk, root: " name "}"
#define LIAR(how) "{name: liar, driver: lying, root: liar" how "}"
#define THREE_STORES "stores: [" DISK("one") ", " DISK("two") ", " DISK("three") "]\n"
#define AT_LEAST(count) "replication: {write: {at_least: " count "}}\n"

static const char *reason_of(const struct blockstore_receipt *receipt, const char *store) {
  const char *reason, *last = NULL;
  bool found = false;

  for (size_t i = 0; i < blockstore_receipt_stores(receipt); i++) {
    if (strcmp(blockstore_receipt_store(receipt, i, &reason), store) != 0) continue;
    found = true;
    if (reason != NULL) last = reason;
  }
  if (!found) fail_msg("the receipt does not name %s", store);
  return last;
}

/* Versions 1 and 2, of which the last put went to these stores. */
static struct bs_buffer put_two(struct world *world, const char *stores) {
  struct bs_buffer first;

  open_with_name(world, stores);
  put_id(world, ID, "first");
  first = keep_record(world, "one", ID);
  put_id(world, ID, "second");
  return first;
}

/* ---- reading ---- */

static void stale_and_missing_stores(void **state) {
  struct world *world = *state, reader;
  struct bs_buffer first = put_two(world, THREE_STORES);
  struct blockstore_record *record;

  replay_record(world, "one", ID, &first);
  lose_record(world, "two", ID);
  assert_reads(world, ID, "second", 2);
  open_device(&reader, world, "state2", THREE_STORES);
  record = get_with(&reader, ID, "second", NULL);
  assert_string_equal(blockstore_record_store(record), "three");
  blockstore_record_free(record);
  close_world(&reader);
  bs_buffer_free(&first);
}

static void first_takes_the_first_that_is_believed(void **state) {
  static const char first_read[] = THREE_STORES "replication: {read: first}\n";
  struct world *world = *state, reader;
  struct bs_buffer first = put_two(world, THREE_STORES);
  struct blockstore_record *record;

  replay_record(world, "one", ID, &first);
  open_device(&reader, world, "state2", first_read);
  record = get_with(&reader, ID, "first", NULL); /* who knows nothing takes it */
  assert_says(blockstore_record_explanation(record), "It was not asked.");
  blockstore_record_free(record);
  close_world(&reader);
  open_session(world, first_read);
  record = get_with(world, ID, "second", NULL); /* who saw the second goes on */
  assert_string_equal(blockstore_record_store(record), "two");
  blockstore_record_free(record);
  bs_buffer_free(&first);
}

/* Its version is newer, but it takes longer than the budget. */
static void a_slow_store_is_not_waited_for(void **state) {
  static const char slow[] = "stores: [" DISK("one") ", " LIAR(", lie: slow, about: mutable, inline: false") "]\n"
                             "timeouts: {budget: 50ms}\n" AT_LEAST("1");
  struct world *world = *state;
  struct blockstore_record *record;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, "stores: [" DISK("one") ", " LIAR("") "]\n");
  put_id(world, ID, "first");
  open_session(world, slow);
  record = get_with(world, ID, "first", NULL);
  assert_string_equal(blockstore_record_store(record), "one");
  assert_says(blockstore_record_explanation(record), "timeouts.budget");
  blockstore_record_free(record);
  lose_record(world, "one", ID); /* with nobody else's answer it has all the time */
  record = get_with(world, ID, "first", NULL);
  assert_string_equal(blockstore_record_store(record), "liar");
  blockstore_record_free(record);
}

static void a_store_that_is_down(void **state) {
  struct world *world = *state;

  open_with_name(world, "stores: [" DISK("one") ", " DISK("two") "]\n");
  put_id(world, ID, "first");
  write_file(world->place, "no", "in the way", 10);
  open_session(world, "stores: [" DISK("one") ", {name: two, driver: disk, root: no/two}]\n" AT_LEAST("1"));
  assert_reads(world, ID, "first", 1);
  assert_int_equal(put_id(world, ID, "second"), 2);
  lose_record(world, "one", ID);
  assert_read_refused(world, ID, NULL, "unreachable", "no/two");
}

/* ---- policies ---- */

#define BAD(store) "{name: " store ", driver: lying, root: liar, lie: no_space, on: put, about: mutable}"

static void a_store_that_fails_is_told_of(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt = NULL;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, "stores: [" DISK("one") ", " BAD("bad") "]\n" AT_LEAST("1"));
  assert_done(put_with(world, &receipt, ID, "x", NULL, &error));
  assert_null(reason_of(receipt, "one"));
  assert_says(reason_of(receipt, "bad"), "bad: ");
  assert_says(blockstore_receipt_document(receipt), "\"ok\": false");
  blockstore_receipt_free(receipt);
  assert_reads(world, ID, "x", 1);
}

static void policies_that_are_not_met(void **state) {
  static const char *const configs[][2] = {
      {"stores: [" DISK("one") ", " BAD("bad") "]\n" AT_LEAST("2"), "asks for 2"},
      {"stores: [" DISK("one") ", " BAD("bad") "]\n" AT_LEAST("all"), "asks for 2"},
      {"stores: [" DISK("one") ", " BAD("bad") ", " BAD("worse") "]\n" AT_LEAST("majority"), "asks for 2"},
      {"stores: [" DISK("one") ", " BAD("bad") "]\nreplication: {write: {at_least: 1, require: [bad]}}\n", "A required store"}};
  struct world *world = *state;
  char hash[41];

  make_directory(world->place, "liar", 0700);
  for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
    open_session(world, configs[i][0]);
    if (i == 0) own(world, NAME);
    assert_refused(put_with(world, NULL, ID, "x", NULL, &error), "too_few", configs[i][1]);
    value_hash_of(world, hash, NAME);
    assert_string_equal(hash, "");
  }
  open_session(world, "stores: [" DISK("one") ", " DISK("two") ", " BAD("bad") "]\n" AT_LEAST("majority"));
  assert_int_equal(put_id(world, ID, "x"), 1);
}

/* ---- routes ---- */

static void a_store_that_came_later(void **state) {
  struct world *world = *state, reader;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_record *record;
  long before;

  open_with_name(world, ONE_STORE);
  assert_done(put_with(world, &receipt, ID, "first", NULL, &error));
  assert_null(strstr(blockstore_receipt_document(receipt), "missing_from_route"));
  blockstore_receipt_free(receipt);
  open_session(world, TWO_STORES);
  receipt = NULL;
  assert_done(put_with(world, &receipt, ID, "second", NULL, &error));
  assert_null(blockstore_receipt_txid(receipt));
  assert_says(blockstore_receipt_document(receipt), "\"missing_from_route\": [\n        \"two\"\n    ]");
  blockstore_receipt_free(receipt);
  assert_true(holds_record(world, "two", ID));
  lose_record(world, "one", ID); /* who has the store finds it there, route or not */
  assert_reads(world, ID, "second", 2);
  options.reroute = 1;
  receipt = NULL;
  assert_done(put_with(world, &receipt, ID, "third", &options, &error));
  assert_non_null(blockstore_receipt_txid(receipt));
  blockstore_receipt_free(receipt);
  record = get_with(world, ID, "third", NULL);
  assert_says(blockstore_record_route(record), "/one/mutable/");
  assert_says(blockstore_record_route(record), "/two/mutable/");
  blockstore_record_free(record);
  before = height(world);
  assert_done(put_with(world, &receipt, ID, "fourth", &options, &error)); /* nothing to change */
  assert_int_equal(height(world), before);
  blockstore_receipt_free(receipt);
  open_device(&reader, world, "state2", "stores: [" DISK("two") "]\n");
  assert_reads(&reader, ID, "fourth", 4);
  close_world(&reader);
}

/* The URL in the route leads a reader to it whose own store keeps things elsewhere. */
static void a_route_leads_into_a_store_of_another_name(void **state) {
  struct world *world = *state, reader;
  struct blockstore_record *record;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "first");
  open_device(&reader, world, "state2", "stores: [{name: other, driver: disk, root: one}]\n");
  record = get_with(&reader, ID, "first", NULL);
  assert_string_equal(blockstore_record_store(record), "other");
  blockstore_record_free(record);
  close_world(&reader);
}

static void no_store_makes_a_url(void **state) {
  struct world *world = *state;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, "stores: [" LIAR(", lie: denied, on: url") "]\n");
  assert_refused(put_with(world, NULL, ID, "x", NULL, &error), "too_few", "there is no route to it to be made.  liar: ");
}

/* ---- progress, and what ends a call ---- */

static void note_progress(void *user, const char *what, uint64_t done, uint64_t total) {
  unsigned *calls = user;

  ++*calls;
  assert_true(strcmp(what, "hashing") == 0 || strcmp(what, "storing") == 0 || strcmp(what, "reading") == 0 ||
              strcmp(what, "locating") == 0);
  assert_true(done <= total);
}

static void progress_is_told(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options put = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_get_mutable_options get = BLOCKSTORE_GET_MUTABLE_INIT;
  unsigned writes = 0, reads = 0;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, "stores: [" LIAR(", lie: slow, about: mutable, inline: false") "]\n");
  put.progress = get.progress = note_progress;
  put.user = &writes;
  assert_done(put_with(world, NULL, ID, "text", &put, &error));
  get.user = &reads;
  blockstore_record_free(get_with(world, ID, "text", &get));
  assert_true(writes > 0);
  assert_true(reads > 0);
}

#define WAITING "stores: [" LIAR(", lie: wait, about: mutable, inline: false") "]\n"

static void the_deadline_ends_it(void **state) {
  struct world *world = *state;
  struct blockstore_get_mutable_options get = BLOCKSTORE_GET_MUTABLE_INIT;
  struct blockstore_put_mutable_options put = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_delete_options delete = BLOCKSTORE_DELETE_INIT;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, "stores: [" LIAR("") "]\n");
  put_id(world, ID, "x");
  open_session(world, WAITING);
  get.deadline_ms = put.deadline_ms = delete.deadline_ms = 100;
  assert_read_refused(world, ID, &get, "deadline", "deadline");
  open_session(world, WAITING);
  assert_refused(put_with(world, NULL, ID, "y", &put, &error), "deadline", "deadline");
  open_session(world, WAITING);
  assert_refused(delete_with(world, NULL, ID, &delete, &error), "deadline", "deadline");
  open_session(world, "stores: [" LIAR("") "]\n");
  assert_reads(world, ID, "x", 1);
}

static enum blockstore_result got;

static void *get_in_thread(void *user) {
  struct world *world = user;
  struct blockstore_output *output = blockstore_output_to_memory(10);

  got = blockstore_get_mutable(world->session, output, NULL, NAME, ID, NULL, NULL);
  blockstore_output_free(output);
  return NULL;
}

static void another_thread_cancels(void **state) {
  struct world *world = *state;
  pthread_t thread;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, "stores: [" LIAR("") "]\n");
  put_id(world, ID, "x");
  open_session(world, WAITING);
  assert_int_equal(pthread_create(&thread, NULL, get_in_thread, world), 0);
  while (pthread_tryjoin_np(thread, NULL) != 0) {
    blockstore_cancel(world->session); /* until it meets the call */
    usleep(1000);
  }
  assert_int_equal(got, BLOCKSTORE_CANCELLED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(stale_and_missing_stores),
      in_world(first_takes_the_first_that_is_believed),
      in_world(a_slow_store_is_not_waited_for),
      in_world(a_store_that_is_down),
      in_world(a_store_that_fails_is_told_of),
      in_world(policies_that_are_not_met),
      in_world(a_store_that_came_later),
      in_world(a_route_leads_into_a_store_of_another_name),
      in_world(no_store_makes_a_url),
      in_world(progress_is_told),
      in_world(the_deadline_ends_it),
      in_world(another_thread_cancels),
  };

  return RUN_TESTS(tests);
}

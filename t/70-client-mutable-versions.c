/* SPDX-License-Identifier: MIT */
/* Which version a put of mutable data gets, and what a put that failed leaves behind. */
#include <config.h>

#include "t/lib/mutable.h"

#define VER_MAX ((UINT64_C(1) << 53) - 2) /* of data: there is a tombstone above it */
#define LEAP (UINT64_C(1) << 20)
#define GOOD_LIAR "stores: [{name: one, driver: disk, root: one}, {name: liar, driver: lying, root: liar}]\n"
#define BAD_LIAR "stores: [{name: one, driver: disk, root: one}, {name: liar, driver: lying, root: liar, lie: " \
  "no_space, on: put, about: mutable}]\n"
#define FROZEN_LIAR "stores: [{name: one, driver: disk, root: one}, {name: liar, driver: lying, root: liar, lie: " \
  "freeze, on: put, about: mutable}]\n"
#define ANY "replication: {write: {at_least: 1}}\n"
#define BOTH "replication: {write: {at_least: 2}}\n"

/* ---- the caller's version ---- */

static void a_version_that_is_given(void **state) {
  struct world *world = *state;

  open_with_name(world, ONE_STORE);
  assert_done(put_ver(world, "seven", 7, &error));
  assert_reads(world, ID, "seven", 7);
  assert_refused(put_ver(world, "six", 6, &error), "stale", "version 7 is known already");
  assert_refused(put_ver(world, "other", 7, &error), "stale", "version 7 is known already");
  assert_refused(put_ver(world, "seven", 6, &error), "stale", "version 7 is known already");
  assert_reads(world, ID, "seven", 7);
  assert_int_equal(put_id(world, ID, "eight"), 8);
}

/* The same content for the same version: the stores get it again. */
static void a_version_is_stored_again(void **state) {
  struct world *world = *state;

  open_with_name(world, TWO_STORES);
  assert_done(put_ver(world, "seven", 7, &error));
  lose_record(world, "two", ID);
  assert_done(put_ver(world, "seven", 7, &error));
  assert_true(holds_record(world, "two", ID));
  assert_reads(world, ID, "seven", 7);
  assert_int_equal(put_id(world, ID, "eight"), 8);
  assert_refused(put_ver(world, "seven", 7, &error), "stale", "version 8");
}

/* Expiry is signed as well: with another one it is another content. */
static void the_expiry_belongs_to_the_content(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;

  open_with_name(world, ONE_STORE);
  options.ver = 3;
  options.expires = 4000000000;
  assert_done(put_with(world, NULL, ID, "x", &options, &error));
  assert_done(put_with(world, NULL, ID, "x", &options, &error));
  options.expires++;
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "stale", "version 3");
}

static void leaps_must_be_forced(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;

  open_with_name(world, ONE_STORE);
  assert_refused(put_ver(world, "x", LEAP + 1, &error), "usage", "more than 2^20");
  assert_false(holds_record(world, "one", ID));
  assert_done(put_ver(world, "x", LEAP, &error));
  assert_refused(put_ver(world, "x", 2 * LEAP + 1, &error), "usage", "force");
  options.force = 1;
  options.ver = 2 * LEAP + 1;
  assert_done(put_with(world, NULL, ID, "y", &options, &error));
  assert_reads(world, ID, "y", 2 * LEAP + 1);
}

static void the_highest_version_is_the_last(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;

  open_with_name(world, ONE_STORE);
  options.force = 1;
  options.ver = VER_MAX + 1;
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "usage", "at most 2^53-2");
  options.ver = UINT64_MAX;
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "usage", "at most 2^53-2");
  options.ver = VER_MAX;
  assert_done(put_with(world, NULL, ID, "last", &options, &error));
  assert_reads(world, ID, "last", VER_MAX);
  assert_refused(put_with(world, NULL, ID, "other", &options, &error), "stale", "known already");
  options.ver = 0;
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "usage", "at most 2^53-2");
  assert_reads(world, ID, "last", VER_MAX);
  assert_int_equal(delete_id(world, ID), VER_MAX + 1);
  assert_read_refused(world, ID, NULL, "deleted", ID);
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "usage", "at most 2^53-2");
}

/* ---- the caller makes it ---- */

struct making {
  uint64_t last, ver; /* what it was given, what it gives */
  unsigned calls;
};

static uint64_t make_ver(void *user, const char *name, const char *id, uint64_t last) {
  struct making *making = user;

  assert_string_equal(name, NAME);
  assert_string_equal(id, ID);
  making->last = last;
  making->calls++;
  return making->ver;
}

static void a_version_that_is_made(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct making making = {.ver = 10};

  open_with_name(world, ONE_STORE);
  options.make_ver = make_ver;
  options.user = &making;
  assert_done(put_with(world, NULL, ID, "x", &options, &error));
  assert_int_equal(making.last, 0);
  assert_reads(world, ID, "x", 10);
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "usage", "10 is not above the last one known, 10");
  assert_int_equal(making.last, 10);
  making.ver = 0;
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "cancelled", "gave no version");
  making.ver = VER_MAX + 1;
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "usage", "at most 2^53-2");
  making.ver = 11 + LEAP;
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "usage", "more than 2^20");
  making.ver = 11;
  assert_done(put_with(world, NULL, ID, "y", &options, &error));
  assert_int_equal(making.calls, 6);
  options.ver = 12; /* goes before make_ver */
  assert_done(put_with(world, NULL, ID, "z", &options, &error));
  assert_int_equal(making.calls, 6);
  assert_reads(world, ID, "z", 12);
}

static void expires_is_a_version_number_of_seconds(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;

  open_with_name(world, ONE_STORE);
  options.expires = VER_MAX + 2;
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "usage", "time of expiry");
  options.expires = VER_MAX + 1;
  assert_done(put_with(world, NULL, ID, "x", &options, &error));
  assert_reads(world, ID, "x", 1);
}

/* ---- what a put that failed leaves ---- */

static void a_put_that_failed_is_repeated(void **state) {
  struct world *world = *state;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, GOOD_LIAR BOTH);
  assert_call_says_of(world, "pending", NULL, NULL, "\"versions\": []");
  open_session(world, BAD_LIAR BOTH);
  assert_refused(put_with(world, NULL, ID, "first", NULL, &error), "too_few", "liar");
  assert_call_says_of(world, "pending", NULL, NULL, "\"ver\": 1");
  assert_call_says_of(world, "pending", NULL, NULL, "\"id\": \"" ID "\"");
  assert_call_says_of(world, "pending", NULL, NULL, "\"user_records\": []");
  assert_read_refused(world, ID, NULL, "not_found", "no user record"); /* nothing that a reader sees */
  assert_refused(put_with(world, NULL, ID, "first", NULL, &error), "too_few", "liar");
  open_session(world, GOOD_LIAR BOTH);
  assert_int_equal(put_id(world, ID, "first"), 1);
  assert_call_says_of(world, "pending", NULL, NULL, "\"versions\": []");
  assert_reads(world, ID, "first", 1);
}

static void other_data_get_another_version(void **state) {
  struct world *world = *state;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, GOOD_LIAR BOTH);
  put_id(world, ID, "first");
  open_session(world, BAD_LIAR BOTH);
  assert_refused(put_with(world, NULL, ID, "second", NULL, &error), "too_few", "liar");
  assert_refused(put_ver(world, "third", 2, &error), "stale", "2"); /* what was signed is signed */
  assert_refused(put_with(world, NULL, ID, "third", NULL, &error), "too_few", "liar");
  open_session(world, GOOD_LIAR BOTH);
  assert_call_says_of(world, "pending", NULL, NULL, "\"ver\": 3");
  assert_int_equal(put_id(world, ID, "fourth"), 4);
  assert_reads(world, ID, "fourth", 4);
  assert_int_equal(put_id(world, ID, "third"), 5); /* its own version was superseded */
  assert_call_says_of(world, "pending", NULL, NULL, "\"versions\": []");
}

static void a_reserved_version_may_be_named(void **state) {
  struct world *world = *state;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, BAD_LIAR BOTH);
  assert_refused(put_ver(world, "x", 5, &error), "too_few", "liar");
  open_session(world, GOOD_LIAR BOTH);
  assert_refused(put_ver(world, "x", 4, &error), "stale", "5");
  assert_done(put_ver(world, "x", 5, &error));
  assert_reads(world, ID, "x", 5);
}

static void a_transaction_that_published_the_route(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_receipt *first = NULL, *again = NULL;
  char none[65];
  long before;

  open_with_name(world, TWO_STORES);
  assert_done(put_with(world, &first, ID, "x", NULL, &error));
  lose_record(world, "two", ID);
  before = height(world);
  options.txid = blockstore_receipt_txid(first);
  options.ver = 1;
  assert_done(put_with(world, &again, ID, "x", &options, &error));
  assert_string_equal(blockstore_receipt_txid(again), options.txid);
  assert_int_equal(height(world), before);
  assert_true(holds_record(world, "two", ID));
  assert_refused(put_with(world, NULL, "other", "x", &options, &error), "usage", "has no route to other");
  memset(none, 'a', 64);
  none[64] = '\0';
  options.txid = none;
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "not_found", none);
  options.txid = "123";
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "usage", "64 lower-case");
  blockstore_receipt_free(first);
  blockstore_receipt_free(again);
}

/* ---- what another device does meanwhile: while the caller makes a version ---- */

struct meanwhile {
  struct world *device;
  const char *const *puts; /* texts, up to NULL */
};

static uint64_t put_meanwhile(void *user, const char *name, const char *id, uint64_t last) {
  struct meanwhile *meanwhile = user;

  (void)name;
  for (; *meanwhile->puts != NULL; meanwhile->puts++) put_id(meanwhile->device, id, *meanwhile->puts);
  return last + 1;
}

/* The disk store forgets what the other device wrote; the liar, which says it took ours, still shows it. */
static enum blockstore_result put_while(struct world *world, const char *const *puts, struct blockstore_receipt **ret_receipt,
                                        struct blockstore_error **error) {
  struct world device;
  struct meanwhile meanwhile = {&device, puts};
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  enum blockstore_result result;

  open_device(&device, world, "state2", GOOD_LIAR);
  options.make_ver = put_meanwhile;
  options.user = &meanwhile;
  result = put_with(world, ret_receipt, ID, "ours", &options, error);
  close_world(&device);
  return result;
}

static void a_rival_of_the_same_version_is_reported(void **state) {
  static const char *const puts[] = {"theirs", NULL};
  struct world *world = *state, device;
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  glob_t evidence;
  char *pattern = path_in(world->place, "state/evidence-*.json");

  make_directory(world->place, "liar", 0700);
  open_with_name(world, GOOD_LIAR);
  put_id(world, ID, "first");
  open_session(world, FROZEN_LIAR ANY);
  assert_refused(put_while(world, puts, NULL, &error), "conflict", "version 2 of " ID);
  assert_int_equal(glob(pattern, 0, NULL, &evidence), 0);
  globfree(&evidence);
  assert_read_refused(world, ID, NULL, "conflict", "Two contents");
  assert_read_refused(world, ID, &options, "conflict", "Two contents");
  open_session(world, GOOD_LIAR);
  assert_int_equal(put_id(world, ID, "settled"), 3);
  assert_reads(world, ID, "settled", 3);
  open_device(&device, world, "state2", GOOD_LIAR);
  assert_reads(&device, ID, "settled", 3);
  close_world(&device);
  free(pattern);
}

static void a_rival_of_a_higher_version_supersedes(void **state) {
  static const char *const puts[] = {"second", "third", NULL};
  struct world *world = *state;
  struct blockstore_receipt *receipt = NULL;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, GOOD_LIAR);
  put_id(world, ID, "first");
  open_session(world, FROZEN_LIAR ANY);
  assert_done(put_while(world, puts, &receipt, &error));
  assert_int_equal(blockstore_receipt_ver(receipt), 2);
  assert_says(blockstore_receipt_document(receipt), "\"superseded_by\": 3");
  blockstore_receipt_free(receipt);
  assert_reads(world, ID, "third", 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(a_version_that_is_given),
      in_world(a_version_is_stored_again),
      in_world(the_expiry_belongs_to_the_content),
      in_world(leaps_must_be_forced),
      in_world(the_highest_version_is_the_last),
      in_world(a_version_that_is_made),
      in_world(expires_is_a_version_number_of_seconds),
      in_world(a_put_that_failed_is_repeated),
      in_world(other_data_get_another_version),
      in_world(a_reserved_version_may_be_named),
      in_world(a_transaction_that_published_the_route),
      in_world(a_rival_of_the_same_version_is_reported),
      in_world(a_rival_of_a_higher_version_supersedes),
  };

  return RUN_TESTS(tests);
}

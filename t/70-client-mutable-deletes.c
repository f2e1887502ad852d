/* SPDX-License-Identifier: MIT */
/* Deleted mutable data: gone for every reader, however often a store gives it back, until its owner puts it anew. */
#include <config.h>

#include "t/lib/mutable.h"

#define GOOD_LIAR "stores: [{name: one, driver: disk, root: one}, {name: liar, driver: lying, root: liar}]\n"
#define BAD_LIAR "stores: [{name: one, driver: disk, root: one}, {name: liar, driver: lying, root: liar, lie: " \
  "no_space, on: put, about: mutable}]\n"

static void nothing_to_delete(void **state) {
  struct world *world = *state;
  struct blockstore_delete_options options = BLOCKSTORE_DELETE_INIT;
  struct blockstore_receipt *receipt = NULL;
  long before;

  open_with_name(world, ONE_STORE);
  before = height(world);
  assert_int_equal(delete_id(world, ID), 0); /* the name has no user record */
  put_id(world, "other", "x");
  assert_int_equal(delete_id(world, ID), 0);
  options.purge = 1;
  assert_done(delete_with(world, &receipt, ID, &options, &error));
  assert_int_equal(blockstore_receipt_ver(receipt), 0);
  assert_null(blockstore_receipt_txid(receipt));
  blockstore_receipt_free(receipt);
  assert_int_equal(height(world), before + 1);
  assert_reads(world, "other", "x", 1);
}

static void deleted_for_every_reader(void **state) {
  struct world *world = *state, reader;
  struct blockstore_receipt *receipt = NULL;
  struct bs_buffer first;
  long before;

  open_with_name(world, TWO_STORES);
  put_id(world, ID, "first");
  first = keep_record(world, "one", ID);
  put_id(world, ID, "second");
  before = height(world);
  assert_done(delete_with(world, &receipt, ID, NULL, &error));
  assert_int_equal(blockstore_receipt_ver(receipt), 3);
  assert_non_null(blockstore_receipt_txid(receipt));
  assert_says(blockstore_receipt_document(receipt), "\"id\": \"" ID "\"");
  blockstore_receipt_free(receipt);
  assert_int_equal(height(world), before + 1);
  assert_read_refused(world, ID, NULL, "deleted", "version 3");
  assert_true(holds_record(world, "one", ID)); /* the tombstone */
  open_device(&reader, world, "state2", TWO_STORES);
  assert_read_refused(&reader, ID, NULL, "deleted", "version 3");
  replay_record(world, "one", ID, &first);
  replay_record(world, "two", ID, &first);
  assert_read_refused(&reader, ID, NULL, "deleted", "version 3");
  assert_call_says_of(&reader, "explain", NAME, ID, "\"code\": \"deleted\"");
  close_world(&reader);
  assert_int_equal(delete_id(world, ID), 0); /* twice */
  assert_int_equal(height(world), before + 1);
  bs_buffer_free(&first);
}

static void what_is_put_anew_begins_above(void **state) {
  struct world *world = *state, reader;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_record *record;
  struct bs_buffer first, anew;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "first");
  first = keep_record(world, "one", ID);
  assert_int_equal(delete_id(world, ID), 2);
  options.create = 0;
  assert_refused(put_with(world, NULL, ID, "x", &options, &error), "not_found", "none is to be made");
  assert_refused(put_ver(world, "x", 2, &error), "stale", "2");
  assert_int_equal(put_id(world, ID, "anew"), 3);
  record = get_with(world, ID, "anew", NULL);
  assert_says(blockstore_record_route(record), "\"ver_min\": 3");
  blockstore_record_free(record);
  anew = keep_record(world, "one", ID);
  open_device(&reader, world, "state2", ONE_STORE);
  replay_record(world, "one", ID, &first);
  assert_read_refused(&reader, ID, NULL, "stale", "below 3, from which the owner");
  assert_call_says_of(&reader, "explain", NAME, ID, "below the version from which the owner wants the data read");
  replay_record(world, "one", ID, &anew);
  assert_int_equal(put_id(&reader, ID, "again"), 4);
  assert_reads(world, ID, "again", 4);
  assert_int_equal(delete_id(&reader, ID), 5);
  close_world(&reader);
  assert_read_refused(world, ID, NULL, "deleted", "version 5");
  bs_buffer_free(&first);
  bs_buffer_free(&anew);
}

static void purging(void **state) {
  struct world *world = *state, reader;
  struct blockstore_delete_options options = BLOCKSTORE_DELETE_INIT;

  open_with_name(world, TWO_STORES);
  put_id(world, ID, "first");
  options.purge = 1;
  assert_done(delete_with(world, NULL, ID, &options, &error));
  assert_false(holds_record(world, "one", ID));
  assert_false(holds_record(world, "two", ID));
  assert_read_refused(world, ID, NULL, "deleted", "version 2");
  assert_done(delete_with(world, NULL, ID, &options, &error));
  open_device(&reader, world, "state2", TWO_STORES);
  assert_read_refused(&reader, ID, NULL, "deleted", "version 2");
  assert_int_equal(put_id(&reader, ID, "anew"), 3);
  close_world(&reader);
  assert_reads(world, ID, "anew", 3);
}

/* Data that was deleted may be purged later. */
static void purging_later(void **state) {
  struct world *world = *state;
  struct blockstore_delete_options options = BLOCKSTORE_DELETE_INIT;
  long before;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "first");
  delete_id(world, ID);
  before = height(world);
  options.purge = 1;
  assert_done(delete_with(world, NULL, ID, &options, &error));
  assert_false(holds_record(world, "one", ID));
  assert_int_equal(height(world), before);
}

static void a_delete_that_failed_is_repeated(void **state) {
  struct world *world = *state;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, GOOD_LIAR);
  put_id(world, ID, "first");
  open_session(world, BAD_LIAR);
  assert_refused(delete_with(world, NULL, ID, NULL, &error), "too_few", "liar");
  assert_call_says_of(world, "pending", NULL, NULL, "\"ver\": 2");
  open_session(world, GOOD_LIAR);
  assert_int_equal(delete_id(world, ID), 2);
  assert_call_says_of(world, "pending", NULL, NULL, "\"versions\": []");
  assert_read_refused(world, ID, NULL, "deleted", "version 2");
}

/* The owner thinks better of it. */
static void a_delete_that_failed_is_given_up(void **state) {
  struct world *world = *state;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, GOOD_LIAR);
  put_id(world, ID, "first");
  open_session(world, BAD_LIAR);
  assert_refused(delete_with(world, NULL, ID, NULL, &error), "too_few", "liar");
  open_session(world, GOOD_LIAR);
  assert_int_equal(put_id(world, ID, "second"), 3);
  assert_reads(world, ID, "second", 3);
}

static void the_transaction_of_a_delete(void **state) {
  struct world *world = *state;
  struct blockstore_delete_options options = BLOCKSTORE_DELETE_INIT;
  struct blockstore_receipt *put = NULL, *first = NULL, *again = NULL;
  long before;

  open_with_name(world, TWO_STORES);
  assert_done(put_with(world, &put, ID, "x", NULL, &error));
  options.txid = blockstore_receipt_txid(put);
  assert_refused(delete_with(world, NULL, ID, &options, &error), "usage", "does not say that " ID " is deleted");
  assert_done(delete_with(world, &first, ID, NULL, &error));
  lose_record(world, "two", ID);
  before = height(world);
  options.txid = blockstore_receipt_txid(first);
  assert_done(delete_with(world, &again, ID, &options, &error));
  assert_string_equal(blockstore_receipt_txid(again), options.txid);
  assert_int_equal(height(world), before);
  assert_true(holds_record(world, "two", ID)); /* its tombstone is there again */
  assert_read_refused(world, ID, NULL, "deleted", "version 2");
  blockstore_receipt_free(put);
  blockstore_receipt_free(first);
  blockstore_receipt_free(again);
}

/* ---- deleted while it is put, by another device ---- */

static uint64_t delete_meanwhile(void *user, const char *name, const char *id, uint64_t last) {
  (void)name;
  delete_id(user, id);
  return last + 1;
}

static enum blockstore_result put_while_deleted(struct world *world, int reroute, struct blockstore_error **error) {
  struct world device;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  enum blockstore_result result;

  open_device(&device, world, "state2", ONE_STORE);
  options.make_ver = delete_meanwhile;
  options.user = &device;
  options.reroute = reroute;
  result = put_with(world, NULL, ID, "ours", &options, error);
  close_world(&device);
  return result;
}

static void a_put_meets_a_delete(void **state) {
  struct world *world = *state;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "first");
  assert_refused(put_while_deleted(world, 0, &error), "conflict", "somebody else deleted the data");
  assert_read_refused(world, ID, NULL, "deleted", "version 2");
  assert_int_equal(put_id(world, ID, "anew"), 3);
  assert_reads(world, ID, "anew", 3);
}

/* The transaction of the second is based on what the name said before: it is made again, on what it says now. */
static void a_new_route_meets_a_delete(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "first");
  open_session(world, TWO_STORES);
  assert_done(put_while_deleted(world, 1, &error));
  options.create = 0;
  assert_done(put_with(world, NULL, ID, "second", &options, &error)); /* there is a route */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(nothing_to_delete),
      in_world(deleted_for_every_reader),
      in_world(what_is_put_anew_begins_above),
      in_world(purging),
      in_world(purging_later),
      in_world(a_delete_that_failed_is_repeated),
      in_world(a_delete_that_failed_is_given_up),
      in_world(the_transaction_of_a_delete),
      in_world(a_put_meets_a_delete),
      in_world(a_new_route_meets_a_delete),
  };

  return RUN_TESTS(tests);
}

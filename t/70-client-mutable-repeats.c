/* SPDX-License-Identifier: MIT */
/* What puts and deletes of mutable data repeat, what they mend on the way, and what they leave alone. */
#include <config.h>

#include "t/lib/mutable.h"

#define LIAR(how) "stores: [{name: one, driver: disk, root: one}, {name: liar, driver: lying, root: liar" how "}]\n"
#define ONE_HOUR "names: {max_age: 1h}\n"

static enum blockstore_result put_of(struct world *world, const char *id, const char *text, const char *txid,
                                     struct blockstore_error **error) {
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;

  options.txid = txid;
  return put_with(world, NULL, id, text, &options, error);
}

/* The transaction of the first put; by blockstore_receipt_free. */
static struct blockstore_receipt *put_first(struct world *world, const char *id, const char *text) {
  struct blockstore_receipt *receipt = NULL;

  assert_done(put_with(world, &receipt, id, text, NULL, &error));
  assert_non_null(blockstore_receipt_txid(receipt));
  return receipt;
}

/* ---- with the transaction of an earlier call ---- */

static void a_transaction_puts_its_own_bytes_again(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *first;
  const char *txid;

  open_with_name(world, TWO_STORES);
  first = put_first(world, ID, "x");
  txid = blockstore_receipt_txid(first);
  lose_record(world, "two", ID);
  assert_done(put_of(world, ID, "x", txid, &error));
  assert_true(holds_record(world, "two", ID));
  assert_refused(put_of(world, ID, "other", txid, &error), "conflict", "is version 1");
  assert_reads(world, ID, "x", 1);
  assert_int_equal(put_id(world, ID, "newer"), 2);
  assert_refused(put_of(world, ID, "x", txid, &error), "conflict", "is version 2");
  assert_reads(world, ID, "newer", 2);
  assert_int_equal(put_id(world, ID, "x"), 3);
  assert_done(put_of(world, ID, "x", txid, &error)); /* it is the newest again */
  assert_reads(world, ID, "x", 3);
  blockstore_receipt_free(first);
}

/* The old record lies in a store still: it is the one that the transaction's put wrote, and is not the newest. */
static void a_transaction_puts_nothing_back(void **state) {
  struct world *world = *state, device;
  struct blockstore_receipt *first;
  struct bs_buffer old;

  open_with_name(world, TWO_STORES);
  first = put_first(world, ID, "x");
  old = keep_record(world, "two", ID);
  assert_int_equal(put_id(world, ID, "newer"), 2);
  replay_record(world, "two", ID, &old);
  open_device(&device, world, "state2", TWO_STORES);
  assert_refused(put_of(&device, ID, "x", blockstore_receipt_txid(first), &error), "conflict", "is version 2");
  assert_reads(&device, ID, "newer", 2);
  close_world(&device);
  bs_buffer_free(&old);
  blockstore_receipt_free(first);
}

static void a_transaction_is_enough_where_all_is_lost(void **state) {
  struct world *world = *state, device;
  struct blockstore_receipt *first;

  open_with_name(world, TWO_STORES);
  first = put_first(world, ID, "x");
  lose_record(world, "one", ID);
  lose_record(world, "two", ID);
  open_device(&device, world, "state2", TWO_STORES);
  assert_done(put_of(&device, ID, "x", blockstore_receipt_txid(first), &error));
  assert_reads(&device, ID, "x", 1);
  close_world(&device);
  assert_reads(world, ID, "x", 1);
  blockstore_receipt_free(first);
}

/* What a store has of a former life is nothing of this one. */
static void a_transaction_begins_a_new_life(void **state) {
  struct world *world = *state, device;
  struct blockstore_receipt *again;
  struct bs_buffer tombstone;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "the first life");
  assert_int_equal(delete_id(world, ID), 2);
  tombstone = keep_record(world, "one", ID);
  again = put_first(world, ID, "the second");
  replay_record(world, "one", ID, &tombstone);
  open_device(&device, world, "state2", ONE_STORE);
  assert_done(put_of(&device, ID, "the second", blockstore_receipt_txid(again), &error));
  assert_reads(&device, ID, "the second", 4);
  close_world(&device);
  bs_buffer_free(&tombstone);
  blockstore_receipt_free(again);
}

/* On a device that knows nothing of it, too; nothing stays behind there. */
static void a_delete_is_repeated_anywhere(void **state) {
  struct world *world = *state, device;
  struct blockstore_delete_options options = BLOCKSTORE_DELETE_INIT;
  struct blockstore_receipt *deleted = NULL;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "x");
  assert_done(delete_with(world, &deleted, ID, NULL, &error));
  options.txid = blockstore_receipt_txid(deleted);
  lose_record(world, "one", ID);
  open_device(&device, world, "state2", ONE_STORE);
  assert_done(delete_with(&device, NULL, ID, &options, &error));
  assert_call_says_of(&device, "pending", NULL, NULL, "\"versions\": []");
  assert_true(holds_record(world, "one", ID));
  close_world(&device);
  blockstore_receipt_free(deleted);
}

/* A delete with the transaction of something else writes nothing over the data. */
static void a_transaction_deletes_nothing_else(void **state) {
  struct world *world = *state;
  struct blockstore_delete_options options = BLOCKSTORE_DELETE_INIT;
  struct blockstore_receipt *first;

  open_with_name(world, TWO_STORES);
  first = put_first(world, ID, "x");
  put_id(world, "other", "precious");
  options.txid = blockstore_receipt_txid(first);
  assert_refused(delete_with(world, NULL, "other", &options, &error), "usage", "does not say that other is deleted");
  assert_refused(delete_with(world, NULL, ID, &options, &error), "usage", "does not say that " ID " is deleted");
  assert_reads(world, "other", "precious", 1);
  assert_reads(world, ID, "x", 1);
  blockstore_receipt_free(first);
}

/* ---- a store that took a record, and is read again ---- */

static void a_store_that_cannot_be_read_now_has_it_all_the_same(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt = NULL;
  const char *reason;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, LIAR(""));
  put_id(world, ID, "first");
  open_session(world, LIAR(", lie: transient, on: get, about: mutable"));
  assert_done(put_with(world, &receipt, ID, "second", NULL, &error));
  for (size_t i = 0; i < blockstore_receipt_stores(receipt); i++) {
    blockstore_receipt_store(receipt, i, &reason);
    assert_null(reason);
  }
  blockstore_receipt_free(receipt);
  open_session(world, LIAR(""));
  lose_record(world, "one", ID);
  assert_reads(world, ID, "second", 2);
}

/* ---- what a put mends ---- */

static void a_lost_user_record_is_stored_again(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt = NULL;
  char hash[41];

  open_with_name(world, TWO_STORES);
  put_id(world, ID, "first");
  value_hash_of(world, hash, NAME);
  remove_object(world, "two", hash);
  lose_record(world, "two", ID);
  assert_done(put_with(world, &receipt, ID, "second", NULL, &error));
  assert_null(blockstore_receipt_txid(receipt)); /* it is the same one */
  blockstore_receipt_free(receipt);
  assert_true(holds_object(world, "two", hash));
  assert_true(holds_record(world, "two", ID));
  assert_reads(world, ID, "second", 2);
}

/* Where the datum itself is not missed nothing tells of it: who puts the same bytes again has the record stored, too. */
static void the_same_bytes_bring_the_user_record(void **state) {
  struct world *world = *state;
  char hash[41];

  open_with_name(world, TWO_STORES);
  put_id(world, ID, "first");
  value_hash_of(world, hash, NAME);
  remove_object(world, "two", hash);
  assert_int_equal(put_id(world, ID, "second"), 2);
  assert_false(holds_object(world, "two", hash)); /* other bytes cost no more than they must */
  assert_int_equal(put_id(world, ID, "second"), 3);
  assert_true(holds_object(world, "two", hash));
  open_session(world, "stores: [{name: two, driver: disk, root: two}]\n");
  assert_reads(world, ID, "second", 3);
}

/* Whoever owns the name may write any user record; a key that is none locks nobody out. */
static void a_route_without_a_usable_key_is_written_anew(void **state) {
  struct world *world = *state;
  char record[512];

  open_with_name(world, ONE_STORE);
  snprintf(record, sizeof record, "{\"mutable_data\": [{\"id\": \"" ID "\", \"pubkey\": \"03%064d\", \"urls\": []}], "
           "\"name\": {\"formatted\": \"" NAME "\"}, \"owner\": \"%s\", \"v\": \"3\"}", 5,
           blockstore_key_address(world->key, BLOCKSTORE_NETWORK_MAIN));
  blockstore_free(call(world, "update", NAME, record));
  assert_read_refused(world, ID, NULL, "malformed", "pubkey");
  assert_int_equal(put_id(world, ID, "mended"), 1);
  assert_reads(world, ID, "mended", 1);
  blockstore_free(call(world, "update", NAME, record));
  assert_read_refused(world, ID, NULL, "malformed", "pubkey");
  assert_int_equal(delete_id(world, ID), 2);
  assert_read_refused(world, ID, NULL, "deleted", "version 2");
}

/* ---- what is kept in memory ---- */

/* The session forgets what it knows of a name that it changes, whatever the method. */
static void a_change_shows_at_once(void **state) {
  struct world *world = *state;
  struct blockstore_key *bob;

  open_with_name(world, ONE_STORE ONE_HOUR);
  put_id(world, ID, "x");
  assert_reads(world, ID, "x", 1);
  assert_done(blockstore_key_generate(&bob, &error));
  blockstore_free(call(world, "transfer", NAME, blockstore_key_address(bob, BLOCKSTORE_NETWORK_MAIN)));
  assert_read_refused(world, ID, NULL, "owner_changed", NAME);
  blockstore_key_free(bob);
}

/* ---- another device's version, which is read here while ours is stored ---- */

struct race {
  struct world *world, device, reader;
  bool has_put, has_read;
};

static uint64_t put_two_elsewhere(void *user, const char *name, const char *id, uint64_t last) {
  struct race *race = user;

  (void)name;
  if (race->has_put) return last + 1;
  put_id(&race->device, id, "second");
  put_id(&race->device, id, "third");
  race->has_put = true;
  return last + 1;
}

static void read_it_here(void *user, const char *phase, uint64_t done, uint64_t total) {
  struct race *race = user;

  (void)phase, (void)done, (void)total;
  if (!race->has_put || race->has_read) return;
  race->has_read = true;
  assert_reads(&race->reader, ID, "third", 3);
}

static void a_newer_version_that_was_read_meanwhile(void **state) {
  static const char slow[] = LIAR(", lie: slow, on: put, about: mutable, inline: false");
  struct world *world = *state;
  struct race race = {.world = world};
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_receipt *receipt = NULL;

  make_directory(world->place, "liar", 0700);
  open_with_name(world, slow);
  put_id(world, ID, "first");
  open_device(&race.device, world, "state2", slow);
  open_device(&race.reader, world, "state", slow);
  options.make_ver = put_two_elsewhere;
  options.progress = read_it_here;
  options.user = &race;
  assert_done(put_with(world, &receipt, ID, "ours", &options, &error));
  assert_true(race.has_read);
  assert_int_equal(blockstore_receipt_ver(receipt), 2);
  assert_says(blockstore_receipt_document(receipt), "\"superseded_by\": 3");
  blockstore_receipt_free(receipt);
  assert_call_says_of(world, "pending", NULL, NULL, "\"versions\": []");
  close_world(&race.device);
  close_world(&race.reader);
}

/* ---- what is told ---- */

static void stores_are_not_named_for_what_they_did_not_decide(void **state) {
  struct world *world = *state;
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
  struct blockstore_error *error = NULL;

  open_with_name(world, TWO_STORES);
  put_id(world, ID, "x");
  assert_int_equal(blockstore_get_mutable(world->session, output, NULL, NAME, "none", NULL, &error), BLOCKSTORE_NOT_FOUND);
  assert_int_equal(blockstore_error_stores(error), 0);
  blockstore_error_free(error);
  lose_record(world, "one", ID);
  lose_record(world, "two", ID);
  assert_int_equal(blockstore_get_mutable(world->session, output, NULL, NAME, ID, NULL, &error), BLOCKSTORE_NOT_FOUND);
  assert_int_equal(blockstore_error_stores(error), 2);
  blockstore_error_free(error);
  blockstore_output_free(output);
}

static void urls_that_no_store_serves_are_counted(void **state) {
  struct world *world = *state, device;

  open_with_name(world, TWO_STORES);
  put_id(world, ID, "x");
  assert_call_says_of(world, "explain", NAME, ID, "\"unserved_urls\": 0");
  assert_call_says_of(world, "explain", NAME, ID, "\"conflicts\": []");
  open_device(&device, world, "state2", ONE_STORE);
  device.key = world->key;
  assert_call_says_of(&device, "explain", NAME, ID, "\"unserved_urls\": 1");
  close_world(&device);
}

/* Another device is first to make the route: the second try needs none, and has none of the first try's. */
static void the_other_device_made_the_route(void **state) {
  struct world *world = *state;
  struct race race = {.world = world};
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_receipt *receipt = NULL;
  long before;

  open_with_name(world, TWO_STORES);
  open_device(&race.device, world, "state2", TWO_STORES);
  before = height(world);
  options.make_ver = put_two_elsewhere;
  options.user = &race;
  assert_done(put_with(world, &receipt, ID, "ours", &options, &error));
  assert_null(blockstore_receipt_txid(receipt));
  assert_int_equal(height(world), before + 1);
  assert_reads(world, ID, "ours", blockstore_receipt_ver(receipt));
  blockstore_receipt_free(receipt);
  close_world(&race.device);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(a_transaction_puts_its_own_bytes_again),
      in_world(a_transaction_puts_nothing_back),
      in_world(a_transaction_is_enough_where_all_is_lost),
      in_world(a_transaction_begins_a_new_life),
      in_world(a_delete_is_repeated_anywhere),
      in_world(a_transaction_deletes_nothing_else),
      in_world(a_store_that_cannot_be_read_now_has_it_all_the_same),
      in_world(a_lost_user_record_is_stored_again),
      in_world(the_same_bytes_bring_the_user_record),
      in_world(a_route_without_a_usable_key_is_written_anew),
      in_world(a_change_shows_at_once),
      in_world(a_newer_version_that_was_read_meanwhile),
      in_world(the_other_device_made_the_route),
      in_world(stores_are_not_named_for_what_they_did_not_decide),
      in_world(urls_that_no_store_serves_are_counted),
  };

  return RUN_TESTS(tests);
}

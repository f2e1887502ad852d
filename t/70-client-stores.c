/* SPDX-License-Identifier: MIT */
/* Stores that are down, lie or lose data: what a put and a get make of them. */
#include <config.h>

#include "t/lib/client.h"

#define AT_LEAST_ONE TWO_STORES "replication: {write: {at_least: 1}}\n"

/* The reason that a receipt gives for a store, "" when there is none. */
static const char *reason_of(const struct blockstore_receipt *receipt, const char *store) {
  for (size_t i = 0; i < blockstore_receipt_stores(receipt); i++) {
    const char *reason;

    if (strcmp(blockstore_receipt_store(receipt, i, &reason), store) == 0) return reason == NULL ? "" : reason;
  }
  fail_msg("the receipt does not name %s", store);
  return NULL;
}

static enum blockstore_result put(struct world *world, const char *text, const char *txid,
                                  struct blockstore_receipt **ret_receipt, struct blockstore_error **error) {
  struct blockstore_put_immutable_options options = BLOCKSTORE_PUT_IMMUTABLE_INIT;
  struct blockstore_input *input = blockstore_input_from_memory(text, strlen(text));
  enum blockstore_result result;

  options.txid = txid;
  result = blockstore_put_immutable(world->session, ret_receipt, NAME, input, world->key, &options, error);
  blockstore_input_free(input);
  return result;
}

static void the_other_store_wins(void **state) {
  struct world *world = *state;
  char key[65], hash[41];

  open_with_name(world, TWO_STORES);
  put_text(world, key, "good bytes");
  value_hash_of(world, hash, NAME);
  tamper_object(world, "one", key);
  tamper_object(world, "one", hash);
  assert_holds(world, NAME, key, "good bytes", 10);
  remove_object(world, "one", key);
  remove_object(world, "one", hash);
  assert_holds(world, NAME, key, "good bytes", 10);
}

/* Who only reads needs no durable store; what was asked for is refused before anything is done. */
static void without_a_durable_store_nothing_is_written(void **state) {
  struct world *world = *state;
  struct blockstore_error *error = NULL;
  char key[65], hash[41], before[41];

  open_with_name(world, ONE_STORE);
  put_text(world, key, "good bytes");
  value_hash_of(world, before, NAME);
  open_session(world, "stores: [{name: one, driver: disk, root: one, durable: false}]\n");
  assert_holds(world, NAME, key, "good bytes", 10);
  assert_int_equal(put(world, "more bytes", NULL, NULL, &error), BLOCKSTORE_USAGE);
  assert_non_null(strstr(blockstore_error_message(error), "asks for 1 durable stores"));
  blockstore_error_free(error);
  value_hash_of(world, hash, NAME);
  assert_string_equal(hash, before);
}

/* Design 7: the first of 5, 7, 3 that holds; 3 only when every store said that it has none. */
static void the_worst_answer_is_told(void **state) {
  struct world *world = *state;
  char key[65];

  open_with_name(world, TWO_STORES);
  put_text(world, key, "good bytes");
  tamper_object(world, "one", key);
  tamper_object(world, "two", key);
  assert_get_refused(world, NAME, key, "corrupt", "two");
  remove_object(world, "two", key);
  assert_get_refused(world, NAME, key, "corrupt", "one");
  remove_object(world, "one", key);
  assert_get_refused(world, NAME, key, "not_found", key);
}

static void a_store_that_is_gone_may_have_had_it(void **state) {
  struct world *world = *state;
  struct blockstore_output *output = blockstore_output_to_memory(100);
  struct blockstore_error *said = NULL;
  const char *reason;
  char key[65];

  open_with_name(world, TWO_STORES);
  put_text(world, key, "good bytes");
  remove_object(world, "one", key);
  write_file(world->place, "no", "in the way", 10);
  open_session(world, "stores: [{name: one, driver: disk, root: one}, {name: two, driver: disk, root: no/two}]\n");
  assert_get_refused(world, NAME, key, "unreachable", "no/two");
  assert_int_equal(blockstore_get_immutable(world->session, output, NULL, NAME, key, NULL, &said), BLOCKSTORE_TOO_FEW);
  assert_int_equal(blockstore_error_stores(said), 2);
  assert_string_equal(blockstore_error_store(said, 0, &reason), "one");
  assert_non_null(reason);
  assert_string_equal(blockstore_error_store(said, 1, &reason), "two");
  assert_non_null(strstr(reason, "no/two"));
  assert_non_null(strstr(blockstore_error_document(said), "\"result\": 7"));
  blockstore_error_free(said);
  blockstore_output_free(output);
}

static void a_put_says_who_failed_and_can_be_taken_up(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt = NULL, *again = NULL;
  char key[65], hash[41];
  long before;

  open_with_name(world, AT_LEAST_ONE);
  put_text(world, key, "first");
  move(world, "two", "elsewhere");
  assert_done(put(world, "second", NULL, &receipt, &error));
  assert_string_equal(reason_of(receipt, "one"), "");
  assert_true(strlen(reason_of(receipt, "two")) > 0);
  assert_non_null(blockstore_receipt_txid(receipt));
  move(world, "elsewhere", "two");
  assert_false(holds_object(world, "two", blockstore_receipt_key(receipt)));
  before = height(world);
  assert_done(put(world, "second", blockstore_receipt_txid(receipt), &again, &error));
  assert_int_equal(height(world), before);
  assert_string_equal(blockstore_receipt_txid(again), blockstore_receipt_txid(receipt));
  assert_string_equal(reason_of(again, "two"), "");
  value_hash_of(world, hash, NAME);
  assert_true(holds_object(world, "two", blockstore_receipt_key(receipt)));
  assert_true(holds_object(world, "two", hash));
  blockstore_receipt_free(receipt);
  blockstore_receipt_free(again);
}

static void a_transaction_that_does_not_fit(void **state) {
  static const char unknown[] = "0000000000000000000000000000000000000000000000000000000000000001";
  struct world *world = *state;
  struct blockstore_receipt *receipt = put_bytes((open_with_name(world, TWO_STORES), world), NAME, "first", 5), *none = NULL;
  struct blockstore_delete_options delete = BLOCKSTORE_DELETE_INIT;

  assert_refused(put(world, "first", "abc", &none, &error), "usage", "64");
  assert_refused(put(world, "first", unknown, &none, &error), "not_found", unknown);
  assert_refused(put(world, "other", blockstore_receipt_txid(receipt), &none, &error), "usage", "other bytes");
  delete.txid = blockstore_receipt_txid(receipt);
  assert_refused(blockstore_delete_immutable(world->session, &none, NAME, blockstore_receipt_key(receipt), world->key,
                                             &delete, &error),
                 "usage", "still lists");
  assert_null(none);
  blockstore_receipt_free(receipt);
}

static void too_few_stores(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_error *said = NULL;
  char hash[41], after[41], key[65];

  open_with_name(world, TWO_STORES);
  put_text(world, key, "first");
  value_hash_of(world, hash, NAME);
  move(world, "two", "elsewhere");
  assert_int_equal(put(world, "second", NULL, &receipt, &said), BLOCKSTORE_TOO_FEW);
  assert_string_equal(blockstore_error_word(said), "too_few");
  assert_null(blockstore_error_txid(said));
  assert_null(receipt);
  blockstore_error_free(said);
  value_hash_of(world, after, NAME);
  assert_string_equal(hash, after);
  move(world, "elsewhere", "two");
  assert_done(put(world, "second", NULL, &receipt, &error)); /* nothing is left in its way */
  blockstore_receipt_free(receipt);
}

static void a_required_store_is_down(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt = NULL;

  write_file(world->place, "one", "", 0);
  open_with_name(world, TWO_STORES "replication: {write: {at_least: 1, require: [two]}}\n");
  assert_done(put(world, "without one", NULL, &receipt, &error));
  blockstore_receipt_free(receipt);
  receipt = NULL;
  open_session(world, TWO_STORES "replication: {write: {at_least: 1, require: [one]}}\n");
  assert_refused(put(world, "required", NULL, &receipt, &error), "too_few", "required");
  assert_null(receipt);
}

static void the_health_of_stores(void **state) {
  struct world *world = *state;
  char *json = NULL;

  open_with_name(world, TWO_STORES);
  assert_done(blockstore_stores(world->session, &json, &error));
  assert_null(strstr(json, "\"healthy\": false"));
  blockstore_free(json);
  move(world, "two", "elsewhere");
  assert_done(blockstore_stores(world->session, &json, &error));
  assert_non_null(strstr(json, "\"healthy\": false"));
  blockstore_free(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(without_a_durable_store_nothing_is_written),
      in_world(the_other_store_wins),
      in_world(the_worst_answer_is_told),
      in_world(a_store_that_is_gone_may_have_had_it),
      in_world(a_put_says_who_failed_and_can_be_taken_up),
      in_world(a_transaction_that_does_not_fit),
      in_world(too_few_stores),
      in_world(a_required_store_is_down),
      in_world(the_health_of_stores),
  };

  return RUN_TESTS(tests);
}

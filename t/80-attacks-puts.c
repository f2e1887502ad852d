/* SPDX-License-Identifier: MIT */
/* Stores and rivals against a put: what was signed by somebody else is not lost in silence, what was not stored is not
 * called so. */
#include <config.h>

#include "t/lib/attack.h"

#define LYING(lie) "stores: [{name: liar, driver: lying, root: liar, on: put, about: mutable, lie: " lie "}]\n"

static void refused_put(struct world *world, const char *text, const char *word, const char *says) {
  assert_refused(put_as(world, world->key, ID, text, NULL, &error), word, says);
}

/* A put of version 2 that failed: its version is reserved. */
static void begin_failed(struct world *world) {
  begin_attack(world);
  put_next(world, ID, "the first");
  open_session(world, LYING("denied"));
  refused_put(world, "ours", "denied", "liar");
  open_session(world, LIAR);
}

static void a_failed_put_is_resumed(void **state) {
  struct world *world = *state;

  begin_failed(world);
  put_next(world, ID, "ours");
  assert_int_equal(floor_of(world, ID).ver, 2);
  assert_get(world, ID, "", "ours");
}

static void a_failed_put_with_other_data_goes_above(void **state) {
  struct world *world = *state;

  begin_failed(world);
  put_next(world, ID, "others");
  assert_int_equal(floor_of(world, ID).ver, 3);
}

/* Meanwhile somebody else wrote that version: resuming would overwrite it. */
static void a_rival_of_the_reserved_version_is_not_overwritten(void **state) {
  struct world *world = *state;

  begin_failed(world);
  give_signed(world, ID, 2, 0, "the rival's");
  put_next(world, ID, "ours");
  assert_int_equal(floor_of(world, ID).ver, 3);
  assert_get(world, ID, "", "ours");
}

static void nor_by_a_put_that_names_the_version(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct bs_buffer before = BS_BUFFER_INIT, after = BS_BUFFER_INIT;

  begin_failed(world);
  give_signed(world, ID, 2, 0, "the rival's");
  read_liar(world, ID, &before);
  options.ver = 2;
  assert_refused(put_as(world, world->key, ID, "ours", &options, &error), "stale", "version 2 is known already");
  read_liar(world, ID, &after);
  assert_int_equal(before.length, after.length);
  assert_memory_equal(before.bytes, after.bytes, after.length);
  bs_buffer_free(&before);
  bs_buffer_free(&after);
}

/* The retry of a deletion that is long done must not bury what was put since. */
static void an_old_deletion_is_not_repeated_over_a_new_life(void **state) {
  struct world *world = *state;
  struct blockstore_delete_options options = BLOCKSTORE_DELETE_INIT;
  struct blockstore_receipt *receipt = NULL;

  begin_attack(world);
  put_next(world, ID, "the first life");
  assert_done(blockstore_delete_mutable(world->session, &receipt, NAME, ID, world->key, NULL, &error));
  options.txid = blockstore_receipt_txid(receipt);
  assert_done(blockstore_delete_mutable(world->session, NULL, NAME, ID, world->key, &options, &error));
  assert_get(world, ID, "deleted", "by version 2");
  put_next(world, ID, "the second");
  assert_refused(blockstore_delete_mutable(world->session, NULL, NAME, ID, world->key, &options, &error), "conflict",
                 "version 3");
  assert_get(world, ID, "", "the second");
  blockstore_receipt_free(receipt);
}

/* Nor is a put that repeats an old transaction a success where the name no longer says so. */
static void an_old_put_is_not_repeated_over_a_deletion(void **state) {
  struct world *world = *state;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_input *input = blockstore_input_from_memory("life", 4);
  struct blockstore_receipt *receipt = NULL;
  struct bs_buffer before = BS_BUFFER_INIT, after = BS_BUFFER_INIT;

  begin_attack(world);
  assert_done(blockstore_put_mutable(world->session, &receipt, NAME, ID, input, world->key, NULL, &error));
  put_next(world, ID, "next");
  options.txid = blockstore_receipt_txid(receipt);
  assert_get(world, ID, "", "next");
  delete_datum(world, ID);
  read_liar(world, ID, &before);
  assert_refused(put_as(world, world->key, ID, "life", &options, &error), "conflict", "is version 3");
  read_liar(world, ID, &after);
  assert_int_equal(before.length, after.length);
  assert_memory_equal(before.bytes, after.bytes, after.length);
  bs_buffer_free(&before);
  bs_buffer_free(&after);
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
}

/* ---- "success" without storing ---- */

#define PERJURED "stores: [{name: liar, driver: perjured, root: liar, on: put, about: mutable, lie: forget}]\n"

static void a_store_that_breaks_its_promise_did_not_take_it(void **state) {
  struct world *world = *state;

  begin_attack(world);
  put_next(world, ID, "the first");
  open_session(world, PERJURED);
  refused_put(world, "second", "too_few", "The store says that it has version 2, but does not give it back");
  assert_int_equal(floor_of(world, ID).ver, 1);
  open_session(world, BOTH);
  assert_get(world, ID, "", "the first");
  put_next(world, ID, "second");
  assert_int_equal(floor_of(world, ID).ver, 2);
}

static void keep_line(void *user, int level, const char *line) {
  char *kept = user;

  if (level <= 1) snprintf(kept, 256, "%s", line);
}

/* It may show it later; the version counts as written, and nothing older is believed. */
static void one_without_a_promise_is_told_of(void **state) {
  struct world *world = *state;
  char line[256] = "";

  begin_attack(world);
  put_next(world, ID, "the first");
  open_session(world, LYING("forget"));
  blockstore_set_log(keep_line, line, BLOCKSTORE_LOG_TO_WARNINGS);
  put_next(world, ID, "second");
  blockstore_set_log(NULL, NULL, BLOCKSTORE_LOG_TO_NOTHING);
  if (strstr(line, "liar: The store took version 2, but does not show it") == NULL) fail_msg("%s", line);
  assert_get(world, ID, "stale", "was seen before");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(a_failed_put_is_resumed),
      in_world(a_failed_put_with_other_data_goes_above),
      in_world(a_rival_of_the_reserved_version_is_not_overwritten),
      in_world(nor_by_a_put_that_names_the_version),
      in_world(an_old_deletion_is_not_repeated_over_a_new_life),
      in_world(an_old_put_is_not_repeated_over_a_deletion),
      in_world(a_store_that_breaks_its_promise_did_not_take_it),
      in_world(one_without_a_promise_is_told_of),
  };

  return RUN_TESTS(tests);
}

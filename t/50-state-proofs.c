/* SPDX-License-Identifier: MIT */
/* What proofs have verified, kept by consensus hash; a memory that is damaged or cannot be written is done without. */
#include <config.h>

#include "core/state/proofs.h"
#include "t/lib/state.h"

static const unsigned char here_hash[16] = {1}, there[16] = {2}, root[32] = {3};

static struct bs_proofs *open_proofs(const char *place) {
  struct bs_proofs *proofs = NULL;
  struct bs_error error = {0};

  assert_ok(bs_proofs_open(&proofs, place, NULL, &error));
  return proofs;
}

static void what_is_kept_is_found(void **state) {
  struct bs_proofs *proofs = open_proofs(*state);
  unsigned char operations[32], previous[16], consensus[16];
  uint64_t lowest;

  assert_false(bs_proofs_find(proofs, 7, here_hash, operations, previous));
  bs_proofs_keep(proofs, 7, here_hash, root, there);
  bs_proofs_keep_reached(proofs, 5, here_hash, there);
  bs_proofs_keep_quiet(proofs, "foo.id", 7, here_hash, 3);
  bs_proofs_close(proofs);
  proofs = open_proofs(*state);
  assert_true(bs_proofs_find(proofs, 7, here_hash, operations, previous));
  assert_memory_equal(operations, root, 32);
  assert_memory_equal(previous, there, 16);
  assert_true(bs_proofs_find_reached(proofs, 5, here_hash, consensus));
  assert_memory_equal(consensus, there, 16);
  assert_false(bs_proofs_find(proofs, 8, here_hash, operations, previous)); /* that hash is another block's */
  assert_false(bs_proofs_find(proofs, 7, there, operations, previous));
  assert_false(bs_proofs_find_reached(proofs, 5, there, consensus));
  assert_false(bs_proofs_find_reached(proofs, 6, here_hash, consensus));
  assert_true(bs_proofs_find_quiet(proofs, &lowest, "foo.id", 7, here_hash));
  assert_int_equal(lowest, 3);
  assert_false(bs_proofs_find_quiet(proofs, &lowest, "bar.id", 7, here_hash));
  assert_false(bs_proofs_find_quiet(proofs, &lowest, "foo.id", 7, there));
  assert_false(bs_proofs_find_quiet(proofs, &lowest, "foo.id", 8, here_hash));
  bs_proofs_close(proofs);
}

/* A proof may wait for a server for minutes, between what it keeps. */
static void nobody_waits_for_another_proof(void **state) {
  struct bs_proofs *slow = open_proofs(*state), *quick = open_proofs(*state);
  unsigned char consensus[16];
  uint64_t since = bs_clock_monotonic_ms();

  bs_proofs_keep_reached(slow, 5, here_hash, there);
  bs_proofs_keep_reached(quick, 6, here_hash, there);
  bs_proofs_close(quick);
  assert_true(bs_clock_monotonic_ms() - since < 3000);
  quick = open_proofs(*state);
  assert_true(bs_proofs_find_reached(quick, 6, here_hash, consensus));
  bs_proofs_close(slow);
  assert_true(bs_proofs_find_reached(quick, 5, here_hash, consensus));
  bs_proofs_close(quick);
}

/* Nor for long for anything else: what is remembered is not worth it. */
static void a_lock_is_not_waited_for(void **state) {
  char *file BS_AUTO_FREE = path_in(*state, "proofs.db");
  struct bs_proofs *proofs = open_proofs(*state);
  const struct bs_database_kind kind = {.noun = "memory of proofs", .application_id = 0x42535052, .version = 1};
  struct bs_database *database;
  struct bs_error error = {0};
  unsigned char consensus[16];
  uint64_t since;

  bs_proofs_keep_reached(proofs, 5, here_hash, there);
  bs_proofs_close(proofs);
  assert_ok(bs_database_open(&database, file, &kind, BS_DATABASE_WRITE, NULL, &error));
  assert_ok(bs_database_begin(database, &error));
  proofs = open_proofs(*state);
  bs_proofs_keep_reached(proofs, 6, here_hash, there);
  since = bs_clock_monotonic_ms();
  bs_proofs_close(proofs);
  assert_true(bs_clock_monotonic_ms() - since < 3000);
  bs_database_close(database);
  proofs = open_proofs(*state);
  assert_false(bs_proofs_find_reached(proofs, 6, here_hash, consensus));
  bs_proofs_close(proofs);
}

/* More than is kept in memory. */
static void many_are_kept(void **state) {
  struct bs_proofs *proofs = open_proofs(*state);
  unsigned char consensus[16];

  for (uint64_t block = 1; block <= 10000; block++) bs_proofs_keep_reached(proofs, block, here_hash, there);
  bs_proofs_close(proofs);
  proofs = open_proofs(*state);
  for (uint64_t block = 1; block <= 10000; block++) assert_true(bs_proofs_find_reached(proofs, block, here_hash, consensus));
  bs_proofs_close(proofs);
}

static void what_is_damaged_is_done_without(void **state) {
  struct bs_proofs *proofs;
  unsigned char operations[32], previous[16];

  write_file(*state, "proofs.db", "no database", 11);
  proofs = open_proofs(*state);
  assert_false(bs_proofs_find(proofs, 7, here_hash, operations, previous));
  bs_proofs_keep(proofs, 7, here_hash, root, there);
  bs_proofs_keep_reached(proofs, 5, here_hash, there);
  assert_false(bs_proofs_find(proofs, 7, here_hash, operations, previous));
  bs_proofs_close(proofs);
}

static void rows_of_a_wrong_length_are_none(void **state) {
  const struct bs_database_kind kind = {.noun = "memory of proofs", .application_id = 0x42535052, .schema = (const char *const[]){
      "CREATE TABLE verified (consensus BLOB PRIMARY KEY NOT NULL, block INTEGER NOT NULL, operations BLOB NOT NULL,"
      " previous BLOB NOT NULL) WITHOUT ROWID;"
      "CREATE TABLE reached (pin BLOB NOT NULL, block INTEGER NOT NULL, consensus BLOB NOT NULL, PRIMARY KEY (pin, block))"
      " WITHOUT ROWID;"
      "CREATE TABLE quiet (name TEXT NOT NULL, consensus BLOB NOT NULL, block INTEGER NOT NULL, lowest INTEGER NOT NULL,"
      " PRIMARY KEY (name, consensus)) WITHOUT ROWID;"}, .version = 1};
  char *file BS_AUTO_FREE = path_in(*state, "proofs.db");
  struct bs_database *database;
  struct bs_proofs *proofs;
  struct bs_error error = {0};
  unsigned char operations[32], previous[16];
  uint64_t lowest;

  assert_ok(bs_database_open(&database, file, &kind, BS_DATABASE_CREATE, NULL, &error));
  assert_ok(bs_database_execute(database, "INSERT INTO verified VALUES (x'01000000000000000000000000000000', 7, x'03', x'02');"
                                "INSERT INTO quiet VALUES ('foo.id', x'01000000000000000000000000000000', 7, 8)", &error));
  bs_database_close(database);
  proofs = open_proofs(*state);
  assert_false(bs_proofs_find(proofs, 7, here_hash, operations, previous));
  assert_false(bs_proofs_find_quiet(proofs, &lowest, "foo.id", 7, here_hash)); /* 8 is above 7 */
  bs_proofs_close(proofs);
}

static void where_nothing_can_be_kept(void **state) {
  char *nowhere BS_AUTO_FREE = path_in(*state, "nowhere");
  struct bs_proofs *proofs = open_proofs(nowhere);
  unsigned char consensus[16];

  bs_proofs_keep_reached(proofs, 5, here_hash, there);
  assert_false(bs_proofs_find_reached(proofs, 5, here_hash, consensus));
  bs_proofs_close(proofs);
  bs_proofs_close(NULL);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(what_is_kept_is_found),
      in_place(nobody_waits_for_another_proof),
      in_place(a_lock_is_not_waited_for),
      in_place(many_are_kept),
      in_place(what_is_damaged_is_done_without),
      in_place(rows_of_a_wrong_length_are_none),
      in_place(where_nothing_can_be_kept),
  };
  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* What proofs have verified, kept by consensus hash; a memory that is damaged or cannot be written is done without. */
#include <config.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

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
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char operations[32], consensus[16];

  assert_false(bs_proofs_find(proofs, 7, consensus, operations));
  bs_proofs_keep(proofs, 7, here_hash, root);
  bs_proofs_keep(proofs, 8, there, NULL);
  bs_proofs_keep_list(proofs, 7, "4:list,", 7);
  bs_proofs_close(proofs);
  proofs = open_proofs(*state);
  assert_true(bs_proofs_find(proofs, 7, consensus, operations));
  assert_memory_equal(consensus, here_hash, 16);
  assert_memory_equal(operations, root, 32);
  assert_true(bs_proofs_find(proofs, 8, consensus, NULL));
  assert_memory_equal(consensus, there, 16);
  assert_false(bs_proofs_find(proofs, 8, consensus, operations)); /* which was not kept */
  assert_false(bs_proofs_find(proofs, 9, consensus, NULL));
  assert_true(bs_proofs_find_list(proofs, 7, &bytes));
  assert_int_equal(bytes.length, 7);
  assert_memory_equal(bytes.bytes, "4:list,", 7);
  assert_false(bs_proofs_find_list(proofs, 8, &bytes));
  bs_proofs_close(proofs);
}

static void the_newest_counts(void **state) {
  struct bs_proofs *proofs = open_proofs(*state);
  unsigned char operations[32], consensus[16];

  bs_proofs_keep(proofs, 7, here_hash, root);
  bs_proofs_keep(proofs, 7, here_hash, NULL); /* loses nothing */
  bs_proofs_keep(proofs, 8, here_hash, root);
  bs_proofs_keep(proofs, 8, there, NULL); /* another block's operations go */
  bs_proofs_close(proofs);
  proofs = open_proofs(*state);
  assert_true(bs_proofs_find(proofs, 7, consensus, operations));
  assert_memory_equal(operations, root, 32);
  assert_false(bs_proofs_find(proofs, 8, consensus, operations));
  assert_true(bs_proofs_find(proofs, 8, consensus, NULL));
  assert_memory_equal(consensus, there, 16);
  bs_proofs_forget(proofs);
  bs_proofs_close(proofs);
  proofs = open_proofs(*state);
  assert_false(bs_proofs_find(proofs, 7, consensus, NULL));
  bs_proofs_close(proofs);
}

/* Its time is over, or it was cancelled: what it found out stays. */
static void an_end_of_time_loses_nothing(void **state) {
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;
  struct bs_proofs *proofs;
  unsigned char consensus[16];
  struct bs_error error = {0};

  for (int round = 0; round < 2; round++) {
    assert_ok(bs_scope_open(&scopes, &scope, round == 0 ? 1 : 60000, &error));
    assert_ok(bs_proofs_open(&proofs, *state, scope, &error));
    bs_proofs_keep(proofs, 5 + (uint64_t)round, here_hash, NULL);
    if (round == 0) usleep(5000);
    else bs_scopes_cancel(&scopes);
    assert_false(bs_scope_check(scope, &error));
    bs_proofs_close(proofs);
    bs_scope_close(scope);
  }
  bs_scopes_free(&scopes);
  proofs = open_proofs(*state);
  assert_true(bs_proofs_find(proofs, 5, consensus, NULL));
  assert_true(bs_proofs_find(proofs, 6, consensus, NULL));
  bs_proofs_close(proofs);
}

/* A proof may wait for a server for minutes, between what it keeps. */
static void nobody_waits_for_another_proof(void **state) {
  struct bs_proofs *slow = open_proofs(*state), *quick = open_proofs(*state);
  unsigned char consensus[16];
  uint64_t since = bs_clock_monotonic_ms();

  bs_proofs_keep(slow, 5, here_hash, NULL);
  bs_proofs_keep(quick, 6, here_hash, NULL);
  bs_proofs_close(quick);
  assert_true(bs_clock_monotonic_ms() - since < 3000);
  quick = open_proofs(*state);
  assert_true(bs_proofs_find(quick, 6, consensus, NULL));
  bs_proofs_close(slow);
  assert_true(bs_proofs_find(quick, 5, consensus, NULL));
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

  bs_proofs_keep(proofs, 5, here_hash, NULL);
  bs_proofs_close(proofs);
  assert_ok(bs_database_open(&database, file, &kind, BS_DATABASE_WRITE, NULL, &error));
  assert_ok(bs_database_begin(database, &error));
  proofs = open_proofs(*state);
  since = bs_clock_monotonic_ms();
  for (uint64_t block = 6; block <= 5000; block++) bs_proofs_keep(proofs, block, here_hash, NULL); /* some are to be written */
  assert_true(bs_clock_monotonic_ms() - since < 3000);
  bs_database_close(database);
  bs_proofs_keep(proofs, 9000, here_hash, NULL); /* nothing is given up by that */
  bs_proofs_close(proofs);
  proofs = open_proofs(*state);
  assert_false(bs_proofs_find(proofs, 6, consensus, NULL));
  assert_true(bs_proofs_find(proofs, 9000, consensus, NULL));
  bs_proofs_close(proofs);
}

/* More than is kept in memory. */
static void many_are_kept(void **state) {
  struct bs_proofs *proofs = open_proofs(*state);
  unsigned char consensus[16];

  for (uint64_t block = 1; block <= 10000; block++) bs_proofs_keep(proofs, block, here_hash, NULL);
  bs_proofs_close(proofs);
  proofs = open_proofs(*state);
  for (uint64_t block = 1; block <= 10000; block++) assert_true(bs_proofs_find(proofs, block, consensus, NULL));
  bs_proofs_close(proofs);
}

static uint64_t size_of(const char *place) {
  char *file BS_AUTO_FREE = path_in(place, "proofs.db");
  struct stat status;

  assert_int_equal(stat(file, &status), 0);
  return (uint64_t)status.st_size;
}

/* A newer pin is worth more than an older one: the lowest go. */
static void it_is_bounded(void **state) {
  enum { BOUND = 1 << 20, LIST = 1000 };
  static const unsigned char list[LIST] = {1};
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char consensus[16];
  struct bs_proofs *proofs = NULL;

  for (uint64_t block = 1; block <= 5000; block++) {
    if (block % 500 == 1) {
      bs_proofs_close(proofs);
      proofs = open_proofs(*state);
      bs_proofs_bound(proofs, BOUND);
    }
    bs_proofs_keep(proofs, block, here_hash, root);
    bs_proofs_keep_list(proofs, block, list, sizeof list);
  }
  bs_proofs_close(proofs);
  assert_true(size_of(*state) > BOUND / 2 && size_of(*state) < 3 * BOUND);
  proofs = open_proofs(*state);
  assert_true(bs_proofs_find(proofs, 5000, consensus, NULL) && bs_proofs_find_list(proofs, 5000, &bytes));
  assert_false(bs_proofs_find(proofs, 1, consensus, NULL) || bs_proofs_find_list(proofs, 1, &bytes));
  bs_proofs_close(proofs);
}

static void what_is_damaged_is_done_without(void **state) {
  struct bs_proofs *proofs;
  unsigned char operations[32], consensus[16];

  write_file(*state, "proofs.db", "no database", 11);
  proofs = open_proofs(*state);
  assert_false(bs_proofs_find(proofs, 7, consensus, operations));
  bs_proofs_keep(proofs, 7, here_hash, root);
  bs_proofs_keep_list(proofs, 7, "list", 4);
  assert_false(bs_proofs_find(proofs, 7, consensus, operations));
  bs_proofs_close(proofs);
}

static void rows_of_another_kind_are_none(void **state) {
  const struct bs_database_kind kind = {.noun = "memory of proofs", .application_id = 0x42535052, .version = 1};
  char *file BS_AUTO_FREE = path_in(*state, "proofs.db");
  struct bs_database *database;
  struct bs_proofs *proofs = open_proofs(*state);
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  unsigned char operations[32], consensus[16];

  bs_proofs_keep(proofs, 1, here_hash, root);
  bs_proofs_close(proofs);
  assert_ok(bs_database_open(&database, file, &kind, BS_DATABASE_WRITE, NULL, &error));
  assert_ok(bs_database_execute(database, "INSERT INTO blocks VALUES (7, x'01', zeroblob(32)), (8, 'text', 9),"
                                " (9, zeroblob(16), zeroblob(31)); INSERT INTO lists VALUES (7, 'text'),"
                                " (8, zeroblob(17000000))", &error));
  bs_database_close(database);
  proofs = open_proofs(*state);
  for (uint64_t block = 7; block <= 9; block++) assert_false(bs_proofs_find(proofs, block, consensus, operations));
  assert_true(bs_proofs_find(proofs, 9, consensus, NULL) && bs_proofs_find(proofs, 1, consensus, operations));
  assert_false(bs_proofs_find_list(proofs, 7, &bytes) || bs_proofs_find_list(proofs, 8, &bytes));
  bs_proofs_close(proofs);
}

/* A file that may not grow stands for a disk that is full. */
static void a_full_disk_is_done_without(void **state) {
  struct bs_proofs *proofs = open_proofs(*state);
  const struct rlimit little = {16384, RLIM_INFINITY}, much = {RLIM_INFINITY, RLIM_INFINITY};
  unsigned char consensus[16];
  void (*before)(int) = signal(SIGXFSZ, SIG_IGN);

  bs_proofs_keep(proofs, 1, here_hash, NULL);
  bs_proofs_close(proofs);
  proofs = open_proofs(*state);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
  for (uint64_t block = 2; block <= 10000; block++) bs_proofs_keep(proofs, block, there, root);
  bs_proofs_close(proofs);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &much), 0);
  signal(SIGXFSZ, before);
  proofs = open_proofs(*state);
  assert_true(bs_proofs_find(proofs, 1, consensus, NULL)); /* what was there is */
  assert_false(bs_proofs_find(proofs, 10000, consensus, NULL));
  bs_proofs_close(proofs);
}

static void where_nothing_can_be_kept(void **state) {
  char *nowhere BS_AUTO_FREE = path_in(*state, "nowhere");
  struct bs_proofs *proofs = open_proofs(nowhere);
  unsigned char consensus[16];

  bs_proofs_keep(proofs, 5, here_hash, NULL);
  assert_false(bs_proofs_find(proofs, 5, consensus, NULL));
  bs_proofs_close(proofs);
  bs_proofs_close(NULL);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(what_is_kept_is_found),
      in_place(the_newest_counts),
      in_place(an_end_of_time_loses_nothing),
      in_place(nobody_waits_for_another_proof),
      in_place(a_lock_is_not_waited_for),
      in_place(many_are_kept),
      in_place(what_is_damaged_is_done_without),
      in_place(rows_of_another_kind_are_none),
      in_place(it_is_bounded),
      in_place(a_full_disk_is_done_without),
      in_place(where_nothing_can_be_kept),
  };
  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* States of an older or a newer release, and damaged ones. */
#include <config.h>

#include <signal.h>
#include <sys/resource.h>

#include "core/state/underway.h"
#include "t/lib/state.h"

#define CHAIN_ONE "0100000000000000000000000000000000000000000000000000000000000000"

/* As release 0.1 made it. */
static const char *const old_schema[] = {
    "CREATE TABLE journal (id INTEGER PRIMARY KEY AUTOINCREMENT, chain TEXT NOT NULL, name TEXT NOT NULL,"
    " value_hash TEXT NOT NULL, txid TEXT, record BLOB NOT NULL);"
    "CREATE INDEX journal_by_name ON journal (chain, name, id);",
};

/* Runs SQL on PLACE/state/state.db, as a release that knows `version` schemas. */
static void alter(const char *place, int32_t version, const char *sql) {
  const struct bs_database_kind kind = {.noun = "state", .application_id = 0x42535354, .schema = old_schema, .version = version};
  char *directory BS_AUTO_FREE = path_in(place, "state");
  char *file BS_AUTO_FREE = path_in(place, "state/state.db");
  struct bs_database *database = NULL;
  struct bs_error error = {0};

  assert_ok(bs_file_make_directories(directory, 0700, &error));
  assert_ok(bs_database_open(&database, file, &kind, BS_DATABASE_CREATE, NULL, &error));
  assert_ok(bs_database_execute(database, sql, &error));
  bs_database_close(database);
}

static void make_old(const char *place) {
  alter(place, 1, "INSERT INTO journal (chain, name, value_hash, record) VALUES ('" CHAIN_ONE "', 'foo.id', 'aa', x'0102')");
}

static void an_old_state_is_brought_up_to_date_by_a_read(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_pending pending = BS_PENDING_INIT;
  struct bs_seen version = seen(1, 1, 1);
  struct bs_error error = {0};
  bool found;

  make_old(*state);
  assert_int_equal(recall(opened, &here, 1).clock, 0);
  assert_ok(bs_state_journal_find(opened, NULL, &found, &pending, CHAIN_ONE, "foo.id", &error));
  assert_true(found);
  assert_string_equal(pending.value_hash, "aa");
  bs_pending_clear(&pending);
  assert_ok(believe(opened, &here, &version, NULL, 10, &error));
  assert_int_equal(recall(opened, &here, 1).clock, 10);
}

/* What came after schema 2 is taken away again. */
static void a_state_without_operations_gets_them(void **state) {
  struct bs_state *opened = open_state(*state), *again AUTO_STATE = open_state(*state);
  struct bs_intent begun = intent(&here, 5, 1, 2);
  struct bs_underway *operations;
  struct bs_pending *items;
  struct bs_error error = {0};
  int64_t entry;
  size_t count;

  assert_ok(bs_state_intend(opened, NULL, &entry, &begun, &error));
  assert_ok(bs_state_journal_sent(opened, NULL, entry, "txid", &error));
  bs_state_free(opened);
  alter(*state, 3, "DROP TABLE operations; ALTER TABLE journal DROP COLUMN made_from; ALTER TABLE journal DROP COLUMN base;"
                   " ALTER TABLE journal DROP COLUMN is_whole; PRAGMA user_version = 2");
  assert_ok(bs_state_underway_list(again, NULL, &operations, &count, NULL, &error));
  assert_int_equal(count, 0);
  bs_underway_free(operations, count);
  assert_ok(bs_state_journal_list(again, NULL, &items, &count, CHAIN_ONE, "foo.id", &error));
  assert_int_equal(count, 1);
  assert_string_equal(items[0].txid, "txid");
  assert_string_equal(items[0].made_from, "");
  assert_string_equal(items[0].base, "");
  assert_false(items[0].is_whole);
  bs_pending_free(items, count);
  assert_int_equal(recall(again, &here, 1).reserved, 5);
}

static void or_by_a_write(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_intent begun = intent(&here, 5, 1, 2);
  struct bs_unfinished *items;
  struct bs_error error = {0};
  int64_t entry;
  size_t count;

  make_old(*state);
  assert_ok(bs_state_intend(opened, NULL, &entry, &begun, &error));
  assert_int_equal(entry, 2); /* its own of before, never sent, is gone; no number comes twice */
  assert_ok(bs_state_unfinished(opened, NULL, &items, &count, &error));
  assert_int_equal(count, 2);
  assert_int_equal(items[0].value_hash[0], '2');
  bs_unfinished_free(items, count);
}

static void a_newer_state_is_refused(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen version = seen(1, 1, 1);
  struct bs_recalled recalled;
  struct bs_error error = {0};

  make_old(*state);
  alter(*state, 1, "PRAGMA user_version = 99");
  assert_fails(bs_state_recall(opened, NULL, &recalled, &here, NULL, &error), BS_WORD_failed,
               "schema 99, written by a newer release");
  assert_fails(believe(opened, &here, &version, NULL, 10, &error), BS_WORD_failed, "schema 99");
}

static void another_file_is_refused(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_recalled recalled;
  struct bs_error error = {0};

  make_old(*state);
  alter(*state, 1, "PRAGMA application_id = 5");
  assert_fails(bs_state_recall(opened, NULL, &recalled, &here, NULL, &error), BS_WORD_corrupt, "not a state");
}

/* A state with everything in it, in which then `sql` is done. */
static void damage(const char *place, struct bs_state *opened, const char *sql) {
  struct bs_seen version = seen(5, 1, 1);
  struct bs_name_seen name = {.block = 3, .owner = "1owner"};
  struct bs_intent begun = intent(&here, 6, 2, 0);
  struct bs_error error = {0};
  int64_t entry;

  assert_ok(believe(opened, &here, &version, &name, 10, &error));
  assert_ok(bs_state_intend(opened, NULL, &entry, &begun, &error));
  alter(place, 3, sql);
}

/* What a damage of one value makes all of them say. */
static void assert_damaged(void **state, const char *sql, const char *text) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen version = seen(7, 1, 1);
  struct bs_intent begun = intent(&here, 7, 2, 0);
  const struct bs_belief belief = {.datum = &here, .version = &version, .now = 10};
  struct bs_recalled recalled;
  struct bs_error error = {0};
  int64_t entry;

  damage(*state, opened, sql);
  assert_fails(bs_state_recall(opened, NULL, &recalled, &here, NULL, &error), BS_WORD_corrupt, text);
  assert_fails(bs_state_believe(opened, NULL, &belief, &error), BS_WORD_corrupt, text);
  assert_fails(bs_state_intend(opened, NULL, &entry, &begun, &error), BS_WORD_corrupt, text);
  assert_fails(bs_state_conclude(opened, NULL, 0, &belief, &error), BS_WORD_corrupt, text);
}

static void a_missing_clock_is_no_empty_state(void **state) {
  assert_damaged(state, "DELETE FROM clock", "state is damaged: its clock is missing");
}

static void a_z_has_32_bytes(void **state) {
  assert_damaged(state, "UPDATE floors SET z = x'01'", "state is damaged: a stored value has a wrong size");
}

static void a_signer_has_20_bytes(void **state) {
  assert_damaged(state, "UPDATE floors SET signer = x'01'", "wrong size");
}

static void a_floor_has_a_version(void **state) {
  assert_damaged(state, "UPDATE floors SET ver = 0", "a stored version is out of range");
}

static void a_version_has_53_bits(void **state) {
  assert_damaged(state, "UPDATE floors SET ver = -1", "a stored version is out of range");
}

static void a_reservation_is_checked_too(void **state) {
  assert_damaged(state, "UPDATE reservations SET z = x'01'", "wrong size");
}

static void and_its_version(void **state) {
  assert_damaged(state, "UPDATE reservations SET ver = 0", "out of range");
}

static void an_owner_has_at_most_39_letters(void **state) {
  assert_damaged(state, "UPDATE names SET owner = '1234567890123456789012345678901234567890'", "wrong size");
}

static void a_damaged_reservation_is_not_listed(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_unfinished *items;
  struct bs_error error = {0};
  size_t count;

  damage(*state, opened, "UPDATE reservations SET ver = 0");
  assert_fails(bs_state_unfinished(opened, NULL, &items, &count, &error), BS_WORD_corrupt, "out of range");
  alter(*state, 3, "UPDATE reservations SET ver = 6, chain = x'01'");
  assert_fails(bs_state_unfinished(opened, NULL, &items, &count, &error), BS_WORD_corrupt, "wrong size");
}

/* A disk that was full once is no reason of what fails later. */
static void a_failure_is_told_with_its_own_reason(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_seen version = seen(1, 1, 1);
  struct rlimit before, small;
  struct bs_recalled recalled;
  struct bs_error error = {0};

  assert_ok(believe(opened, &here, &version, NULL, 10, &error));
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = (struct rlimit){4096, before.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  version.ver = 2;
  assert_false(believe(opened, &here, &version, NULL, 11, &error));
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  if (strstr(error.message, "File too large") == NULL) fail_msg("%s", error.message);
  alter(*state, 3, "DROP TABLE floors");
  assert_fails(bs_state_recall(opened, NULL, &recalled, &here, NULL, &error), BS_WORD_io, "no such table: floors.");
  if (strstr(error.message, "File too large") != NULL) fail_msg("%s", error.message);
}

/* In the mode of a rollback journal, who writes keeps out who reads. */
static void a_locked_file_is_not_copied_in_part(void **state) {
  const struct bs_database_kind kind = {.noun = "state", .application_id = 0x42535354, .schema = old_schema, .version = 1};
  char *file BS_AUTO_FREE = path_in(*state, "state/state.db");
  struct bs_database *database = NULL, *copied = NULL;
  struct bs_error error = {0};
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;
  sqlite3 *writer = NULL;

  make_old(*state);
  assert_ok(bs_scope_open(&scopes, &scope, 20, &error));
  assert_int_equal(sqlite3_open(file, &writer), SQLITE_OK);
  assert_int_equal(sqlite3_exec(writer, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL), SQLITE_OK);
  assert_ok(bs_database_open(&database, file, &kind, BS_DATABASE_READ, NULL, &error));
  assert_int_equal(sqlite3_exec(writer, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
  bs_database_scope(database, scope);
  assert_fails(bs_database_copy(&copied, database, &error), BS_WORD_deadline, "state.db: Another process keeps the state locked");
  assert_null(copied);
  bs_database_scope(database, NULL);
  assert_int_equal(sqlite3_exec(writer, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
  assert_ok(bs_database_copy(&copied, database, &error));
  bs_database_close(copied);
  bs_database_close(database);
  sqlite3_close(writer);
  bs_scope_close(scope);
  bs_scopes_free(&scopes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(an_old_state_is_brought_up_to_date_by_a_read),
      in_place(or_by_a_write),
      in_place(a_state_without_operations_gets_them),
      in_place(a_newer_state_is_refused),
      in_place(another_file_is_refused),
      in_place(a_missing_clock_is_no_empty_state),
      in_place(a_z_has_32_bytes),
      in_place(a_signer_has_20_bytes),
      in_place(a_floor_has_a_version),
      in_place(a_version_has_53_bits),
      in_place(a_reservation_is_checked_too),
      in_place(and_its_version),
      in_place(an_owner_has_at_most_39_letters),
      in_place(a_damaged_reservation_is_not_listed),
      in_place(a_failure_is_told_with_its_own_reason),
      in_place(a_locked_file_is_not_copied_in_part),
  };
  return RUN_TESTS(tests);
}

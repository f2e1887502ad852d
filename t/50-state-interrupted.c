/* SPDX-License-Identifier: MIT */
/* Statements that take long end with their scope; what is short is done also after it. */
#include <config.h>

#include <pthread.h>

#include "core/state/database.h"
#include "t/lib/unit.h"

#define ROWS 20000

enum { COUNT_WITHOUT_END, CHANGE_WITHOUT_END, ADD, HOW_MANY, ALL };

static const char *const statements[] = {
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "UPDATE numbers SET number = (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n)",
    "INSERT INTO numbers (number) VALUES (?1)",
    "SELECT count(*) FROM numbers",
    "SELECT number FROM numbers ORDER BY number",
};
static const char *const schema[] = {"CREATE TABLE numbers (number INTEGER NOT NULL)"};
static const struct bs_database_kind kind = {.noun = "file",
                                             .application_id = 7,
                                             .schema = schema,
                                             .version = 1,
                                             .statements = statements,
                                             .statement_count = sizeof statements / sizeof statements[0]};
static struct bs_error error;

struct fixture {
  struct bs_database *database;
  struct bs_scopes scopes;
  struct bs_scope *scope;
};

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);

  assert_non_null(fixture);
  assert_ok(bs_database_open_memory(&fixture->database, &kind, &error));
  assert_ok(bs_scope_open(&fixture->scopes, &fixture->scope, 0, &error));
  bs_database_scope(fixture->database, fixture->scope);
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;

  bs_database_close(fixture->database);
  bs_scope_close(fixture->scope);
  bs_scopes_free(&fixture->scopes);
  free(fixture);
  return 0;
}

static void end_in(struct fixture *fixture, uint64_t milliseconds) {
  fixture->scope->deadline_ms = bs_clock_monotonic_ms() + milliseconds;
}

static uint64_t count(struct fixture *fixture) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  assert_ok(bs_database_query(fixture->database, HOW_MANY, &row, BS_NO_VALUES, &error));
  return bs_row_integer(row, 0);
}

static bool run(struct fixture *fixture, size_t which) {
  error = (struct bs_error){0};
  return bs_database_run(fixture->database, which, BS_VALUES(bs_value_integer(7)), &error);
}

/* Without a parameter. */
static bool run_long(struct fixture *fixture, size_t which) {
  error = (struct bs_error){0};
  return bs_database_run(fixture->database, which, BS_NO_VALUES, &error);
}

static void a_long_question_ends_at_its_deadline(void **state) {
  struct fixture *fixture = *state;
  uint64_t from = bs_clock_monotonic_ms(), took;

  end_in(fixture, 50);
  assert_fails(run_long(fixture, COUNT_WITHOUT_END), BS_WORD_deadline, "");
  took = bs_clock_monotonic_ms() - from;
  assert_in_range(took, 50, 20000);
  assert_false(fixture->database->has_failed);
  fixture->scope->deadline_ms = BS_CLOCK_NEVER;
  assert_int_equal(count(fixture), 0); /* the connection goes on */
  end_in(fixture, 50);
  assert_fails(run_long(fixture, COUNT_WITHOUT_END), BS_WORD_deadline, "");
}

static void text_of_its_own_ends_as_well(void **state) {
  struct fixture *fixture = *state;

  end_in(fixture, 50);
  error = (struct bs_error){0};
  assert_fails(bs_database_execute(fixture->database, statements[COUNT_WITHOUT_END], &error), BS_WORD_deadline, "");
}

static void *cancel_soon(void *user) {
  struct timespec pause = {.tv_nsec = 50000000};

  nanosleep(&pause, NULL);
  bs_scopes_cancel(user);
  return NULL;
}

static void another_thread_cancels_it(void **state) {
  struct fixture *fixture = *state;
  pthread_t thread;

  assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &fixture->scopes), 0);
  assert_fails(run_long(fixture, COUNT_WITHOUT_END), BS_WORD_cancelled, "");
  pthread_join(thread, NULL);
}

/* More of them than there are steps between two looks at the scope. */
static void what_is_short_is_done_after_the_deadline(void **state) {
  struct fixture *fixture = *state;

  fixture->scope->deadline_ms = 1;
  for (int i = 0; i < ROWS; i++) assert_ok(run(fixture, ADD));
  for (int i = 0; i < ROWS / 10; i++) {
    assert_ok(bs_database_begin(fixture->database, &error));
    assert_ok(run(fixture, ADD));
    assert_ok(bs_database_commit(fixture->database, &error));
  }
  fixture->scope->deadline_ms = BS_CLOCK_NEVER;
  assert_int_equal(count(fixture), ROWS + ROWS / 10);
}

/* Also between two of its rows. */
static void a_long_walk_over_rows_ends(void **state) {
  struct fixture *fixture = *state;
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  uint64_t rows = 0;

  assert_ok(bs_database_begin(fixture->database, &error));
  for (int i = 0; i < ROWS; i++) assert_ok(run(fixture, ADD));
  assert_ok(bs_database_commit(fixture->database, &error));
  assert_ok(bs_database_query(fixture->database, ALL, &row, BS_NO_VALUES, &error));
  fixture->scope->deadline_ms = 1;
  error = (struct bs_error){0};
  while (row != NULL && bs_database_next(fixture->database, &row, &error)) rows++;
  assert_int_equal(error.word, BS_WORD_deadline);
  assert_in_range(rows, 1, ROWS - 1);
}

static void a_transaction_goes_with_it(void **state) {
  struct fixture *fixture = *state;

  assert_ok(run(fixture, ADD));
  assert_ok(bs_database_begin(fixture->database, &error));
  assert_ok(run(fixture, ADD));
  end_in(fixture, 50);
  assert_fails(run_long(fixture, CHANGE_WITHOUT_END), BS_WORD_deadline, "");
  bs_database_rollback(fixture->database);
  fixture->scope->deadline_ms = BS_CLOCK_NEVER;
  assert_int_equal(count(fixture), 1);
  assert_ok(bs_database_begin(fixture->database, &error));
  assert_ok(run(fixture, ADD));
  assert_ok(bs_database_commit(fixture->database, &error));
  assert_int_equal(count(fixture), 2);
}

/* Bringing a file up to date is done to its end. */
static void a_new_schema_takes_its_time(void **state) {
  static const char *const longer[] = {
      "CREATE TABLE numbers (number INTEGER NOT NULL)",
      "INSERT INTO numbers WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT i FROM n"};
  struct bs_database_kind newer = kind;
  char directory[] = "/tmp/blockstore-interrupted-XXXXXX", path[60];
  struct fixture *fixture = *state;
  struct fixture other = {.scope = fixture->scope};

  assert_non_null(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/file", directory);
  assert_ok(bs_database_open(&other.database, path, &kind, BS_DATABASE_CREATE, NULL, &error));
  bs_database_close(other.database);
  newer.schema = longer;
  newer.version = 2;
  fixture->scope->deadline_ms = 1;
  assert_ok(bs_database_open(&other.database, path, &newer, BS_DATABASE_WRITE, fixture->scope, &error));
  error = (struct bs_error){0};
  assert_fails(run_long(&other, COUNT_WITHOUT_END), BS_WORD_deadline, ""); /* which is heeded again */
  fixture->scope->deadline_ms = BS_CLOCK_NEVER;
  assert_int_equal(count(&other), 200000);
  bs_database_close(other.database);
  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s/file%s", directory, (const char *const[]){"", "-wal", "-shm"}[i]);
    unlink(path);
  }
  rmdir(directory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_long_question_ends_at_its_deadline), TEST(text_of_its_own_ends_as_well),
      TEST(another_thread_cancels_it),            TEST(what_is_short_is_done_after_the_deadline),
      TEST(a_long_walk_over_rows_ends),           TEST(a_transaction_goes_with_it),
      TEST(a_new_schema_takes_its_time),
  };

  return RUN_TESTS(tests);
}

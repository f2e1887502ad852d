/* SPDX-License-Identifier: MIT */
/* What is wrong with a ledger's file: each damage is found and named, and looking changes nothing. */
#include <config.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/base/file.h"
#include "core/chain/ledger-private.h"
#include "t/lib/ledger.h"
#include "t/lib/old-ledger.h"
#include "t/lib/survey.h"

#define STEP 149 /* bytes between two that are damaged; a prime, so that all places of a page are met */
#define CUT 1531 /* bytes that are cut off at a time */

/* Where time is short, as under valgrind, fewer are tried. */
static off_t step_of(off_t step) {
  return getenv("BLOCKSTORE_TEST_BRIEF") != NULL ? 9 * step : step;
}

/* Names of every kind, and what was refused. */
static void fill(struct fixture *fixture) {
  struct bs_operation update, registration = registration_of("foo.id");

  own(fixture, "foo.id", fixture->alice);
  own(fixture, "bar.id", fixture->bob);
  update = update_of(fixture, "foo.id", 7);
  assert_null(send(fixture, fixture->alice, &update, NULL, 0));
  assert_refused(send(fixture, fixture->bob, &registration, fixture->bob, 0), "belongs to");
}

/* All of it in the file, and nothing beside it. */
static void settle(struct fixture *fixture) {
  struct bs_error error = {0};

  assert_ok(bs_database_execute(fixture->ledger->database, "PRAGMA wal_checkpoint(TRUNCATE)", &error));
  bs_ledger_close(fixture->ledger);
  fixture->ledger = NULL;
  for (size_t i = 0; i < 2; i++) {
    char path[80];

    snprintf(path, sizeof path, "%s%s", fixture->path, (const char *const[]){"-wal", "-shm"}[i]);
    unlink(path);
  }
}

static void check(const struct fixture *fixture, struct bs_survey *survey) {
  struct bs_error error = {0};

  bs_survey_free(survey);
  assert_ok(bs_ledger_check(fixture->path, NULL, survey, &error));
  assert_ok(bs_survey_ok(survey, &error));
}

static void a_good_one_is_counted(void **state) {
  struct fixture *fixture = *state;
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  fill(fixture);
  check(fixture, &survey);
  assert_nothing_found(&survey);
  assert_int_equal(survey.examined_count, 1);
  assert_string_equal(survey.examined[0].what, "ledger");
  assert_string_equal(survey.examined[0].counts[0].name, "blocks");
  assert_int_equal(survey.examined[0].counts[0].number, tip_of(fixture).height);
  assert_string_equal(survey.examined[0].counts[1].name, "names");
  assert_int_equal(survey.examined[0].counts[1].number, 2);
}

/* PATH and what is behind it becomes DIRECTORY/copy and the same. */
static void copy_file(const struct fixture *fixture, const char *suffix) {
  char *from BS_AUTO_FREE = NULL, *to BS_AUTO_FREE = NULL;
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  int fd;

  assert_true(asprintf(&from, "%s%s", fixture->path, suffix) > 0 && asprintf(&to, "%s/copy%s", fixture->directory, suffix) > 0);
  assert_ok(bs_file_read(&bytes, from, 64u << 20, &error));
  assert_true(bytes.length > 0);
  fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  assert_int_equal(write(fd, bytes.bytes, bytes.length), bytes.length);
  close(fd);
}

/* The file and its log, as a process that was killed leaves them and a backup brings them back: without the index. */
static void what_is_in_the_log_counts(void **state) {
  struct fixture *fixture = *state;
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  char index[80];
  uint64_t height;

  fill(fixture);
  height = tip_of(fixture).height;
  copy_file(fixture, "");
  copy_file(fixture, "-wal");
  bs_ledger_close(fixture->ledger);
  fixture->ledger = NULL;
  snprintf(fixture->path, sizeof fixture->path, "%s/copy", fixture->directory);
  check(fixture, &survey);
  assert_nothing_found(&survey);
  assert_int_equal(survey.examined[0].counts[0].number, height);
  snprintf(index, sizeof index, "%s-shm", fixture->path);
  assert_int_equal(access(index, F_OK), -1);
}

static void there_may_be_none(void **state) {
  struct fixture *fixture = *state;
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  settle(fixture);
  unlink(fixture->path);
  check(fixture, &survey);
  assert_nothing_found(&survey);
  assert_int_equal(access(fixture->path, F_OK), -1);
}

/* One change of a row of each table, each undone by the next copy. */
static void each_row_that_does_not_follow_is_named(void **state) {
  static const struct {
    const char *sql, *where, *problem;
  } cases[] = {
      {"UPDATE names SET address = 'nobody' WHERE name = 'foo.id'", "table names, row foo.id", "not what follows"},
      {"UPDATE names SET value_hash = zeroblob(20) WHERE name = 'bar.id'", "table names, row bar.id", "not what follows"},
      {"DELETE FROM names WHERE name = 'bar.id'", "table names, row bar.id", "is missing"},
      {"INSERT INTO names SELECT 'more.id', sender, public_key, address, op, txid, vtxindex, value_hash, block_number,"
       " preorder_block_number, first_registered, last_renewed, revoked, op_fee, importer, importer_address, consensus, listed,"
       " changed_block FROM names WHERE name = 'foo.id'", "table names, row more.id", "does not follow"},
      {"UPDATE namespaces SET base = 5 WHERE id = 'id'", "table namespaces, row id", "not what follows"},
      {"DELETE FROM consensus WHERE block = 3", "table consensus, row 3", "is missing"},
      {"UPDATE operations SET opcode = 1 WHERE block = 4", "table operations, row 4 0", "not what follows"},
      {"DELETE FROM refused", "table refused, row", "is missing"},
      {"UPDATE unspents SET value = value + 1", "table unspents, row", "not what follows"},
      {"INSERT INTO expiries (block, name) VALUES (9, 'foo.id')", "table expiries, row 9 foo.id", "does not follow"},
      {"INSERT INTO import_keys VALUES ('id', 'x')", "table import_keys, row id x", "does not follow"},
      {"UPDATE blocks SET consensus = zeroblob(16) WHERE height = 2", "table blocks, row 2", "not what follows"},
      {"UPDATE transactions SET raw = x'00' WHERE height = 5", "block 5", "transaction"},
      {"UPDATE transactions SET raw = (SELECT raw FROM transactions WHERE height = 4) WHERE height = 5", "block 5",
       "spent already"},
      {"DELETE FROM transactions WHERE height = 3", "block 4", "spent already or never existed"},
      {"DELETE FROM blocks WHERE height = 3", "block 3", "The block is missing"},
      {"UPDATE blocks SET height = 1000000000000 WHERE height = 3", "block 3", "The block is missing"},
      {"UPDATE chain SET id = zeroblob(32)", "table chain", "not that of the genesis"},
      {"UPDATE chain SET id = x'00'", "ledger", "wrong size"},
      {"DELETE FROM genesis; INSERT INTO genesis VALUES (x'00')", "table chain", "does not begin with this chain's magic"},
      {"DELETE FROM genesis", "table chain", "not that of the genesis"},
      {"PRAGMA application_id = 7", "ledger", "not a ledger"},
      {"PRAGMA user_version = 99", "ledger", "newer release"},
      {"PRAGMA user_version = -1", "ledger", "no schema"},
      {"PRAGMA user_version = 0", "ledger", "old schema 0"},
  };
  struct fixture *fixture = *state;
  struct bs_buffer whole BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  fill(fixture);
  settle(fixture);
  assert_ok(bs_file_read(&whole, fixture->path, 64u << 20, &error));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
    int fd;

    assert_ok(bs_ledger_open(&fixture->ledger, fixture->path, BS_DATABASE_WRITE, NULL, NULL, &error));
    assert_ok(bs_database_execute(fixture->ledger->database, cases[i].sql, &error));
    settle(fixture);
    check(fixture, &survey);
    assert_found(&survey, BS_FINDING_ERROR, cases[i].where, cases[i].problem);
    fd = open(fixture->path, O_WRONLY | O_TRUNC | O_CLOEXEC); /* as the mend says: a copy from before */
    assert_int_equal(write(fd, whole.bytes, whole.length), whole.length);
    close(fd);
    check(fixture, &survey);
    assert_nothing_found(&survey);
  }
}

/* What matters of a ledger; NULL: it cannot be read.  The time of a block is in no hash, and reasons are for people. */
static char *content_of(const char *path) {
  static const char *const queries[] = {
      "SELECT quote(id) || quote(nonce) FROM chain", "SELECT quote(payload) FROM genesis ORDER BY payload",
      "SELECT height || quote(consensus) FROM blocks ORDER BY height",
      "SELECT height || position || quote(txid) || quote(raw) FROM transactions ORDER BY txid",
      "SELECT quote(txid) || output || value || quote(script) FROM unspents ORDER BY txid, output",
      "SELECT name || quote(sender) || address || quote(value_hash) || changed_block || revoked || listed FROM names ORDER BY"
          " name",
      "SELECT id || state || base || quote(buckets) FROM namespaces ORDER BY id",
      "SELECT block || quote(hash) || quote(operations_hash) FROM consensus ORDER BY block",
      "SELECT block || position || quote(txid) || opcode || quote(name) || quote(serialised) FROM operations ORDER BY block,"
          " position",
      "SELECT opcode || quote(hash) || quote(sender) || op_fee FROM preorders ORDER BY opcode, hash"};
  struct bs_buffer text = BS_BUFFER_INIT;
  struct bs_ledger *ledger = NULL;
  struct bs_error error = {0};
  bool good = bs_ledger_examine(&ledger, path, NULL, &error);

  for (size_t i = 0; good && i < sizeof queries / sizeof queries[0]; i++) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(ledger->database->sqlite, queries[i], -1, &statement, NULL);

    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
      bs_buffer_text(&text, (const char *)sqlite3_column_text(statement, 0));
      bs_buffer_byte(&text, '\n');
      code = SQLITE_OK;
    }
    good = code == SQLITE_DONE;
    sqlite3_finalize(statement);
  }
  bs_ledger_close(ledger);
  if (!good) bs_buffer_free(&text);
  return good ? bs_buffer_take(&text) : NULL;
}

/* A byte after the other turned over: what is said to be sound must be what it was. */
static void no_damage_is_taken_for_soundness(void **state) {
  struct fixture *fixture = *state;
  char *content BS_AUTO_FREE = NULL;
  struct stat status;
  int fd, sound = 0, damaged = 0;

  fill(fixture);
  settle(fixture);
  content = content_of(fixture->path);
  assert_non_null(content);
  assert_int_equal(stat(fixture->path, &status), 0);
  fd = open(fixture->path, O_RDWR | O_CLOEXEC);
  for (off_t at = 0; at < status.st_size; at += step_of(STEP)) {
    struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
    char *now BS_AUTO_FREE = NULL;
    unsigned char byte, other;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    other = byte ^ (at % 2 == 0 ? 0xff : 0x01);
    assert_int_equal(pwrite(fd, &other, 1, at), 1);
    check(fixture, &survey);
    now = survey.errors == 0 ? content_of(fixture->path) : NULL;
    if (survey.errors > 0) damaged++;
    else if (now != NULL && strcmp(now, content) == 0) sound++;
    else fail_msg("the damage at byte %ld was not found", (long)at);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
  }
  close(fd);
  assert_true(damaged * step_of(1) > 40 && sound > 0);
}

static void no_file_that_was_cut_off_is_sound(void **state) {
  struct fixture *fixture = *state;
  struct stat status;

  fill(fixture);
  settle(fixture);
  assert_int_equal(stat(fixture->path, &status), 0);
  for (off_t length = status.st_size - 1; length >= 0; length -= step_of(CUT)) {
    struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

    assert_int_equal(truncate(fixture->path, length), 0);
    check(fixture, &survey);
    assert_found(&survey, BS_FINDING_ERROR, fixture->path, length > 0 ? "The ledger is damaged" : "XX");
  }
}

static void an_older_one_is_replayed_as_it_will_be(void **state) {
  struct fixture *fixture = *state;
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_buffer before BS_AUTO_BUFFER = BS_BUFFER_INIT, after BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  fill(fixture);
  assert_ok(bs_database_execute(fixture->ledger->database, "DELETE FROM transactions WHERE height = (SELECT max(height) FROM"
                                " blocks)", &error));
  assert_ok(bs_database_execute(fixture->ledger->database, "DELETE FROM refused; " BACK_TO_SCHEMA_1 "PRAGMA user_version = 1",
                                &error));
  settle(fixture);
  assert_ok(bs_file_read(&before, fixture->path, 64u << 20, &error));
  check(fixture, &survey);
  assert_found(&survey, BS_FINDING_WARNING, fixture->path, "schema 1 of an older release");
  assert_found(&survey, BS_FINDING_ERROR, "table unspents", "from the blocks");
  assert_ok(bs_file_read(&after, fixture->path, 64u << 20, &error));
  assert_int_equal(before.length, after.length);
  assert_memory_equal(before.bytes, after.bytes, after.length);
}

static void one_of_an_older_release_is_sound(void **state) {
  struct fixture *fixture = *state;
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_error error = {0};

  own(fixture, "foo.id", fixture->alice);
  assert_ok(bs_database_execute(fixture->ledger->database, BACK_TO_SCHEMA_1 "PRAGMA user_version = 1", &error));
  settle(fixture);
  check(fixture, &survey);
  assert_int_equal(survey.errors, 0);
  assert_int_equal(survey.count, 1);
  assert_found(&survey, BS_FINDING_WARNING, fixture->path, "schema 1 of an older release");
  open_ledger(fixture); /* as the mend says: the next write */
  check(fixture, &survey);
  assert_nothing_found(&survey);
}

static void one_without_a_chain_only_waits(void **state) {
  struct fixture *fixture = *state;
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_error error = {0};

  assert_ok(bs_database_execute(fixture->ledger->database, "DELETE FROM chain; DELETE FROM genesis; DELETE FROM blocks;"
                                "DELETE FROM transactions; DELETE FROM unspents; DELETE FROM namespaces; DELETE FROM consensus",
                                    &error));
  settle(fixture);
  check(fixture, &survey);
  assert_int_equal(survey.errors, 0);
  assert_found(&survey, BS_FINDING_WARNING, fixture->path, "no chain yet");
  open_ledger(fixture);
  check(fixture, &survey);
  assert_nothing_found(&survey);
}

/* Who writes is not waited for, and what is seen is of one moment. */
static void a_writer_is_no_hindrance(void **state) {
  struct fixture *fixture = *state;
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_error error = {0};
  uint64_t height, mined;

  fill(fixture);
  height = tip_of(fixture).height;
  assert_ok(bs_ledger_begin(fixture->ledger, &error));
  assert_ok(bs_ledger_append(fixture->ledger, &mined, NULL, NULL, 0, true, &error));
  check(fixture, &survey);
  assert_nothing_found(&survey);
  assert_int_equal(survey.examined[0].counts[0].number, height);
  assert_ok(bs_ledger_commit(fixture->ledger, &error));
  check(fixture, &survey);
  assert_nothing_found(&survey);
  assert_int_equal(survey.examined[0].counts[0].number, height + 1);
}

/* Can another process begin to write, within so many milliseconds? */
static bool can_be_written(const struct fixture *fixture, unsigned patience) {
  struct bs_scopes scopes = {NULL};
  struct bs_ledger *ledger;
  struct bs_scope *scope;
  struct bs_error error = {0};
  int status;
  pid_t child = fork();

  if (child == 0) {
    bool can = bs_scope_open(&scopes, &scope, patience, &error) &&
               bs_ledger_open(&ledger, fixture->path, BS_DATABASE_WRITE, NULL, scope, &error) && bs_ledger_begin(ledger, &error);

    if (can) raise(SIGKILL); /* valgrind would give an exit status of its own for what lies around */
    _exit(1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status);
}

/* A process that closes any descriptor of a file loses its locks on it: it must not happen here. */
static void the_locks_of_a_writer_stay(void **state) {
  struct fixture *fixture = *state;
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_error error = {0};

  fill(fixture);
  assert_ok(bs_ledger_begin(fixture->ledger, &error));
  assert_false(can_be_written(fixture, 50));
  check(fixture, &survey);
  assert_nothing_found(&survey);
  assert_false(can_be_written(fixture, 50));
  bs_ledger_rollback(fixture->ledger);
  assert_true(can_be_written(fixture, 60000));
}

static void it_ends_when_it_is_cancelled(void **state) {
  struct fixture *fixture = *state;
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;
  struct bs_error error = {0};

  fill(fixture);
  assert_ok(bs_scope_open(&scopes, &scope, 0, &error));
  bs_scopes_cancel(&scopes);
  assert_fails(bs_ledger_check(fixture->path, scope, &survey, &error), BS_WORD_cancelled, "");
  bs_scope_close(scope);
  bs_scopes_free(&scopes);
}

static void a_missing_table_is_damage(void **state) {
  struct fixture *fixture = *state;
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_error error = {0};

  fill(fixture);
  assert_ok(bs_database_execute(fixture->ledger->database, "DROP TABLE names", &error));
  check(fixture, &survey);
  assert_found(&survey, BS_FINDING_ERROR, fixture->path, "no such table");
  assert_non_null(strstr(survey.items[0].mend, "back from a copy"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      LEDGER_TEST(a_good_one_is_counted),
      LEDGER_TEST(what_is_in_the_log_counts),
      LEDGER_TEST(there_may_be_none),
      LEDGER_TEST(each_row_that_does_not_follow_is_named),
      LEDGER_TEST(no_damage_is_taken_for_soundness),
      LEDGER_TEST(no_file_that_was_cut_off_is_sound),
      LEDGER_TEST(an_older_one_is_replayed_as_it_will_be),
      LEDGER_TEST(one_of_an_older_release_is_sound),
      LEDGER_TEST(one_without_a_chain_only_waits),
      LEDGER_TEST(a_writer_is_no_hindrance),
      LEDGER_TEST(the_locks_of_a_writer_stay),
      LEDGER_TEST(it_ends_when_it_is_cancelled),
      LEDGER_TEST(a_missing_table_is_damage),
  };

  return RUN_TESTS(tests);
}

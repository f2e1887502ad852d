/* SPDX-License-Identifier: MIT */
/* What is wrong with a state directory and its files: each damage is found and named, and looking changes nothing. */
#include <config.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "core/base/file.h"
#include "core/crypto/key.h"
#include "core/record/user.h"
#include "core/state/check.h"
#include "core/state/examine.h"
#include "core/state/state-private.h"
#include "t/lib/state.h"
#include "t/lib/survey.h"

#define OWNER "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"
#define STEP 61 /* bytes between two that are damaged */

/* ---- the file system, as a test wants it ---- */

static long file_system; /* 0: as it is */

#if defined(__USE_FILE_OFFSET64) && !defined(__LP64__) /* then that is what is called */
#define __real_statfs __real_statfs64
#define __wrap_statfs __wrap_statfs64
#endif
int __real_statfs(const char *path, struct statfs *status);
int __wrap_statfs(const char *path, struct statfs *status);
int __wrap_statfs(const char *path, struct statfs *status) {
  int result = __real_statfs(path, status);

  if (file_system != 0) status->f_type = (__fsword_t)file_system;
  return result;
}

/* ---- a state ---- */

/* A version as its owner signed it. */
static struct bs_seen sign(const char *id, uint64_t ver) {
  const struct bs_datum datum = {chain_one, "foo.id", id};
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_seen version = {.ver = ver, .length = 4};
  struct bs_signed signature;
  struct bs_key *key;
  struct bs_error error = {0};

  assert_ok(bs_key_generate(&key, &error));
  assert_ok(bs_mutable_sign(&record, &signature, &datum, ver, 0, "data", 4, key, &error));
  memcpy(version.z, signature.z, sizeof version.z);
  memcpy(version.sha256, signature.statement.sha256, sizeof version.sha256);
  memcpy(version.sig, signature.sig, sizeof version.sig);
  bs_public_key_signer(version.signer, bs_key_public(key));
  bs_key_free(key);
  return version;
}

/* Three versions, two of them of one datum, and an answer about their name. */
static void fill(const char *place) {
  struct bs_state *opened AUTO_STATE = open_state(place);
  const struct bs_name_seen name = {.block = 3, .vtxindex = 1, .owner = OWNER,
                                    .value_hash = "0123456789012345678901234567890123456789",
                                    .consensus = "01234567890123456789012345678901", .is_current = true};
  struct bs_error error = {0};

  for (size_t i = 0; i < 3; i++) {
    const char *id = i == 2 ? "status" : "notes";
    const struct bs_datum datum = {chain_one, "foo.id", id};
    struct bs_seen version = sign(id, i + 1);

    assert_ok(believe(opened, &datum, &version, &name, 10, &error));
  }
}

static void settle(const char *place) {
  for (size_t i = 0; i < 2; i++) {
    char *path BS_AUTO_FREE = path_in(place, (const char *const[]){"state/state.db-wal", "state/state.db-shm"}[i]);

    unlink(path);
  }
}

/* Runs SQL on the file, whatever it does to it. */
static void alter(const char *place, const char *sql) {
  char *file BS_AUTO_FREE = path_in(place, "state/state.db");
  struct bs_database *database = NULL;
  struct bs_error error = {0};

  assert_ok(bs_database_open(&database, file, &bs_state_kind, BS_DATABASE_WRITE, NULL, &error));
  assert_ok(bs_database_execute(database, sql, &error));
  assert_ok(bs_database_execute(database, "PRAGMA wal_checkpoint(TRUNCATE)", &error));
  bs_database_close(database);
  settle(place);
}

static size_t check(const char *place, struct bs_survey *survey) {
  char *directory BS_AUTO_FREE = path_in(place, "state");
  struct bs_remembered *names BS_AUTO_FREE = NULL;
  struct bs_error error = {0};
  size_t count = 0;

  bs_survey_free(survey);
  assert_ok(bs_state_check(directory, NULL, survey, &names, &count, &error));
  assert_ok(bs_survey_ok(survey, &error));
  return count;
}

static void check_directory(const char *place, struct bs_survey *survey) {
  char *directory BS_AUTO_FREE = path_in(place, "state");
  struct bs_error error = {0};
  bool exists;

  bs_survey_free(survey);
  assert_ok(bs_state_check_directory(directory, NULL, survey, &exists, &error));
  assert_ok(bs_survey_ok(survey, &error));
}

/* ---- the rows ---- */

static void a_good_state_is_counted(void **state) {
  char *directory BS_AUTO_FREE = path_in(*state, "state");
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_remembered *names BS_AUTO_FREE = NULL;
  struct bs_error error = {0};
  size_t count = 0;

  fill(*state);
  assert_ok(bs_state_check(directory, NULL, &survey, &names, &count, &error));
  assert_nothing_found(&survey);
  assert_int_equal(survey.examined_count, 2);
  assert_string_equal(survey.examined[0].counts[1].name, "floors");
  assert_int_equal(survey.examined[0].counts[1].number, 3);
  assert_int_equal(count, 1);
  assert_string_equal(names[0].name, "foo.id");
  assert_memory_equal(names[0].chain_id, chain_one, 32);
  assert_int_equal(names[0].seen.block, 3);
  assert_string_equal(names[0].seen.owner, OWNER);
  check_directory(*state, &survey);
  assert_nothing_found(&survey);
}

static void there_may_be_none(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  assert_int_equal(check(*state, &survey), 0);
  check_directory(*state, &survey);
  assert_nothing_found(&survey);
  assert_int_equal(survey.examined_count, 0);
}

static void each_row_that_cannot_be_right_is_named(void **state) {
  static const struct {
    const char *sql, *where, *problem;
  } cases[] = {
      {"UPDATE floors SET ver = 0 WHERE id = 'status'", "table floors, row foo.id status", "version is out of range"},
      {"UPDATE floors SET ver = 9007199254740992 WHERE id = 'status'", "floors", "version is out of range"},
      {"UPDATE floors SET ver = 'x' WHERE id = 'status'", "floors", "version is out of range"},
      {"UPDATE floors SET ver = 7 WHERE id = 'status'", "floors, row foo.id status", "z is not the digest"},
      {"UPDATE floors SET id = 'other' WHERE id = 'status'", "floors, row foo.id other", "z is not the digest"},
      {"UPDATE floors SET name = 'bar.id' WHERE id = 'status'", "floors, row bar.id", "z is not the digest"},
      {"UPDATE floors SET length = 5 WHERE id = 'status'", "floors", "z is not the digest"},
      {"UPDATE floors SET expires = 5 WHERE id = 'status'", "floors", "z is not the digest"},
      {"UPDATE floors SET is_tombstone = 1 WHERE id = 'status'", "floors", "z is not the digest"},
      {"UPDATE floors SET chain = zeroblob(32) WHERE id = 'status'", "floors", "z is not the digest"},
      {"UPDATE floors SET signer = zeroblob(20) WHERE id = 'status'", "floors", "signature does not verify"},
      {"UPDATE floors SET sig = (SELECT sig FROM floors WHERE id = 'notes') WHERE id = 'status'", "floors",
       "signature does not verify"},
      {"UPDATE floors SET sig = '' WHERE id = 'status'", "floors", "signature does not verify"},
      {"UPDATE floors SET sig = sig || 'x' WHERE id = 'status'", "floors", "signature is none"},
      {"UPDATE floors SET is_legacy = 1 WHERE id = 'status'", "floors", "marked as of 2015"},
      {"UPDATE floors SET is_legacy = 2 WHERE id = 'status'", "floors", "neither 0 nor 1"},
      {"UPDATE floors SET expires = -1 WHERE id = 'status'", "floors", "out of range"},
      {"UPDATE floors SET z = x'01' WHERE id = 'status'", "floors", "z has not 32 bytes"},
      {"UPDATE floors SET sha256 = 7 WHERE id = 'status'", "floors", "SHA-256 has not 32 bytes"},
      {"UPDATE floors SET signer = x'01' WHERE id = 'status'", "floors", "signer has not 20 bytes"},
      {"UPDATE floors SET chain = x'01' WHERE id = 'status'", "floors", "chain id has not 32 bytes"},
      {"UPDATE floors SET name = 'FOO' WHERE id = 'status'", "floors", "name is none"},
      {"UPDATE floors SET name = x'00' WHERE id = 'status'", "floors", "name is none"},
      {"UPDATE floors SET id = '' WHERE id = 'status'", "floors", "id is none"},
      {"UPDATE names SET chain = x'01'", "table names, row foo.id", "chain id has not 32 bytes"},
      {"UPDATE names SET name = 'no name'", "names", "name is none"},
      {"UPDATE names SET block = -1", "names, row foo.id", "block is out of range"},
      {"UPDATE names SET vtxindex = 'x'", "names", "block is out of range"},
      {"UPDATE names SET value_hash = '12'", "names", "value hash has not 40 digits"},
      {"UPDATE names SET owner = 'nobody'", "names", "owner is no address"},
      {"UPDATE names SET consensus = 'x'", "names", "consensus hash has not 32 digits"},
      {"UPDATE names SET is_current = 5", "names", "neither 0 nor 1"},
      {"UPDATE clock SET now = -1", "table clock", "time is out of range"},
      {"DELETE FROM clock", "table clock", "The table must have one row, and has 0."},
      {"INSERT INTO reservations VALUES (x'01', 'foo.id', 'notes', 5, zeroblob(32))", "table reservations, row foo.id notes",
       "chain id has not 32 bytes"},
      {"INSERT INTO reservations VALUES (zeroblob(32), 'foo', 'notes', 5, zeroblob(32))", "reservations", "name is none"},
      {"INSERT INTO reservations VALUES (zeroblob(32), 'foo.id', '', 5, zeroblob(32))", "reservations", "id is none"},
      {"INSERT INTO reservations VALUES (zeroblob(32), 'foo.id', 'notes', 0, zeroblob(32))", "reservations",
       "version is out of range"},
      {"INSERT INTO reservations VALUES (zeroblob(32), 'foo.id', 'notes', 5, x'01')", "reservations", "z has not 32 bytes"},
      {"INSERT INTO journal (chain, name, value_hash, record) VALUES ('12', 'foo.id', 'aa', x'00')", "table journal, row foo.id",
       "chain id has not 64 digits"},
      {"INSERT INTO journal (chain, name, value_hash, record) VALUES (lower(hex(zeroblob(32))), 'x', 'aa', x'00')", "journal",
       "name is none"},
      {"INSERT INTO journal (chain, name, value_hash, record) VALUES (lower(hex(zeroblob(32))), 'foo.id', 'aa', x'00')",
       "journal",
       "value hash has not 40 digits"},
      {"INSERT INTO journal (chain, name, value_hash, txid, record) VALUES (lower(hex(zeroblob(32))), 'foo.id',"
       " lower(hex(zeroblob(20))), '1',"
       " x'00')", "journal", "transaction id has not 64 digits"},
      {"INSERT INTO journal (chain, name, value_hash, record) VALUES (lower(hex(zeroblob(32))), 'foo.id',"
       " lower(hex(zeroblob(20))), x'00')",
       "journal", "not that of its value hash"},
      {"INSERT INTO journal (chain, name, value_hash, record) VALUES (lower(hex(zeroblob(32))), 'foo.id',"
       " '9f7fd096d37ed2c0e3f7f0cfc924beef4ffceb68', x'00')", "journal", "none of its name's"},
      {"DROP TABLE floors", "state.db", "no such table"},
      {"PRAGMA application_id = 5", "state.db", "not a state"},
      {"PRAGMA user_version = 99", "state.db", "newer release"},
      {"PRAGMA user_version = -3", "state.db", "no schema -3"},
  };
  char *file BS_AUTO_FREE = path_in(*state, "state/state.db");
  struct bs_buffer whole BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  fill(*state);
  settle(*state);
  assert_ok(bs_file_read(&whole, file, 64u << 20, &error));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

    alter(*state, cases[i].sql);
    check(*state, &survey);
    assert_found(&survey, BS_FINDING_ERROR, cases[i].where, cases[i].problem);
    write_file(*state, "state/state.db", whole.bytes, whole.length); /* as the mend says: a copy from before */
    check(*state, &survey);
    assert_nothing_found(&survey);
  }
}

static void so_is_a_damaged_operation_that_waits(void **state) {
  static const struct {
    const char *change, *problem;
  } cases[] = {
      {"chain = x'01'", "chain id has not 32 bytes"},
      {"opcode = 0", "its operation is none"},
      {"stage = 7", "its stage is none"},
      {"txid = x'01'", "transaction id has not 32 bytes"},
      {"inputs = x'01'", "inputs have a wrong size"},
      {"sender = x'01'", "key has not 20 bytes"},
      {"payer = x'01'", "key has not 20 bytes"},
      {"earlier = x'01'", "what it replaced have not 32 bytes"},
      {"raw = x''", "its transaction is missing"},
  };
  struct bs_survey good AUTO_SURVEY = BS_SURVEY_INIT;

  fill(*state);
  settle(*state);
  alter(*state, "INSERT INTO operations (chain, name, opcode, stage, txid, raw, earlier, inputs, value_hash, address, sender,"
                " payer, has_consensus, consensus_block, change, fee, block, looked, made, reason) VALUES (zeroblob(32),"
                " 'foo.id', 43, 2, zeroblob(32), x'01', x'', x'', '', '', zeroblob(20), zeroblob(20), 0, 0, 0, 0, 0, 0, 0, '')");
  check(*state, &good);
  assert_nothing_found(&good);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
    char sql[500];

    snprintf(sql, sizeof sql, "CREATE TABLE kept AS SELECT * FROM operations; UPDATE operations SET %s", cases[i].change);
    alter(*state, sql);
    check(*state, &survey);
    assert_found(&survey, BS_FINDING_ERROR, "table operations, row foo.id", cases[i].problem);
    alter(*state, "DELETE FROM operations; INSERT INTO operations SELECT * FROM kept; DROP TABLE kept");
  }
}

static void a_row_that_is_damaged_tells_nothing_of_its_name(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  fill(*state);
  settle(*state);
  alter(*state, "UPDATE names SET owner = 'nobody'");
  assert_int_equal(check(*state, &survey), 0);
}

static void damage_everywhere_is_told_up_to_a_point(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  fill(*state);
  settle(*state);
  alter(*state, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO floors"
                " SELECT chain, name, 'id' || i, signer, ver, z, is_tombstone, is_legacy, expires, length, sha256, sig"
                " FROM n, floors WHERE id = 'status'");
  check(*state, &survey);
  assert_int_equal(survey.count, BS_FINDINGS_MAX);
  assert_int_equal(survey.errors, 500);
  assert_int_equal(survey.left_out, 500 - BS_FINDINGS_MAX);
}

/* ---- what is no damage ---- */

static void writes_that_are_not_done_are_told(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_state *opened AUTO_STATE = open_state(*state);
  const char *record = "{\"immutable_data\": [], \"mutable_data\": [], \"name\": {\"formatted\": \"foo.id\"}, \"owner\":"
      " \"" OWNER "\", \"v\": \"3\"}";
  struct bs_intent begun = intent(&here, 6, 2, 0);
  struct bs_seen done = sign("notes", 6);
  struct bs_error error = {0};
  int64_t entry;
  char hash[41];

  fill(*state);
  bs_user_hash(hash, record, strlen(record));
  begun.value_hash = hash;
  begun.record = record;
  begun.record_length = strlen(record);
  memcpy(begun.z, done.z, sizeof begun.z);
  assert_ok(bs_state_intend(opened, NULL, &entry, &begun, &error));
  check(*state, &survey);
  assert_int_equal(survey.errors, 0);
  assert_int_equal(survey.count, 2);
  assert_found(&survey, BS_FINDING_WARNING, "state.db", "under foo.id is not done: version 6 is reserved for notes");
  assert_found(&survey, BS_FINDING_WARNING, "state.db", "under foo.id is not done: a user record is on its way");
  {
    struct bs_survey sent AUTO_SURVEY = BS_SURVEY_INIT;

    assert_ok(bs_state_journal_sent(opened, NULL, entry, "0000000000000000000000000000000000000000000000000000000000000000",
                                    &error));
    check(*state, &sent); /* the record waits for a block, and nothing is wrong with that */
    assert_int_equal(sent.count, 1);
  }
  {
    const struct bs_belief belief = {.datum = &here, .version = &done, .now = 10};

    assert_ok(bs_state_conclude(opened, NULL, entry, &belief, &error)); /* as the mend says: the write is done */
  }
  check(*state, &survey);
  assert_nothing_found(&survey);
}

static void a_clock_that_was_ahead_is_told(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  fill(*state);
  settle(*state);
  alter(*state, "UPDATE clock SET now = 4000000000");
  check(*state, &survey);
  assert_int_equal(survey.errors, 0);
  assert_found(&survey, BS_FINDING_WARNING, "state.db", "at the time 4000000000");
}

static void an_older_schema_is_told_and_left(void **state) {
  char *file BS_AUTO_FREE = path_in(*state, "state/state.db");
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_buffer before BS_AUTO_BUFFER = BS_BUFFER_INIT, after BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  fill(*state);
  settle(*state);
  alter(*state, "DROP TABLE clock; DROP TABLE names; DROP TABLE floors; DROP TABLE reservations; DROP TABLE operations;"
                " ALTER TABLE journal DROP COLUMN made_from; ALTER TABLE journal DROP COLUMN base;"
                " ALTER TABLE journal DROP COLUMN is_whole; PRAGMA user_version = 1");
  assert_ok(bs_file_read(&before, file, 64u << 20, &error));
  check(*state, &survey);
  assert_int_equal(survey.errors, 0);
  assert_found(&survey, BS_FINDING_WARNING, "state.db", "schema 1 of an older release");
  assert_ok(bs_file_read(&after, file, 64u << 20, &error));
  assert_int_equal(before.length, after.length);
  assert_memory_equal(before.bytes, after.bytes, after.length);
  {
    struct bs_state *opened AUTO_STATE = open_state(*state);

    recall(opened, &here, 1); /* as the mend says: the next read */
  }
  check(*state, &survey);
  assert_nothing_found(&survey);
}

/* ---- the file ---- */

/* All of the floors; NULL: they cannot be read. */
static char *floors_of(const char *place) {
  char *file BS_AUTO_FREE = path_in(place, "state/state.db");
  struct bs_database *database = NULL;
  struct bs_buffer text = BS_BUFFER_INIT;
  struct bs_error error = {0};
  sqlite3_stmt *statement = NULL;
  int code = SQLITE_ERROR;

  if (bs_database_examine(&database, file, &bs_state_kind, false, NULL, &error) &&
      sqlite3_prepare_v2(database->sqlite, "SELECT quote(chain) || name || id || quote(signer) || ver || quote(z) ||"
                         " is_tombstone || is_legacy"
                         " || expires || length || quote(sha256) || sig FROM floors ORDER BY id, ver", -1, &statement,
                             NULL) == SQLITE_OK)
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      bs_buffer_text(&text, (const char *)sqlite3_column_text(statement, 0));
      bs_buffer_byte(&text, '\n');
    }
  sqlite3_finalize(statement);
  bs_database_close(database);
  if (code != SQLITE_DONE) bs_buffer_free(&text);
  return code == SQLITE_DONE ? bs_buffer_take(&text) : NULL;
}

/* A byte after the other turned over: what is said to be sound still has every version that was seen. */
static void no_damage_of_a_floor_is_taken_for_soundness(void **state) {
  char *file BS_AUTO_FREE = path_in(*state, "state/state.db"), *floors BS_AUTO_FREE = NULL;
  int fd, sound = 0, damaged = 0;
  struct stat status;

  fill(*state);
  settle(*state);
  floors = floors_of(*state);
  assert_non_null(floors);
  assert_int_equal(stat(file, &status), 0);
  fd = open(file, O_RDWR | O_CLOEXEC);
  for (off_t at = 0; at < status.st_size; at += STEP) {
    struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
    char *now BS_AUTO_FREE = NULL;
    unsigned char byte, other;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    other = byte ^ (at % 2 == 0 ? 0xff : 0x01);
    assert_int_equal(pwrite(fd, &other, 1, at), 1);
    check(*state, &survey);
    now = survey.errors == 0 ? floors_of(*state) : NULL;
    if (survey.errors > 0) damaged++;
    else if (now != NULL && strcmp(now, floors) == 0) sound++;
    else fail_msg("the damage at byte %ld was not found", (long)at);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
  }
  close(fd);
  assert_true(damaged > 10 && sound > 0);
}

/* But where nothing of it was beyond: SQLite takes what is missing of the last page for zeros. */
static void no_file_that_was_cut_off_is_sound(void **state) {
  char *file BS_AUTO_FREE = path_in(*state, "state/state.db"), *floors BS_AUTO_FREE = NULL;
  struct stat status;

  fill(*state);
  settle(*state);
  floors = floors_of(*state);
  assert_int_equal(stat(file, &status), 0);
  for (off_t length = status.st_size - 1; length >= 0; length -= 509) {
    struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

    assert_int_equal(truncate(file, length), 0);
    check(*state, &survey);
    if (survey.errors == 0) {
      char *now BS_AUTO_FREE = floors_of(*state);

      assert_non_null(now);
      assert_string_equal(now, floors);
      assert_true(length > status.st_size - 4096);
    }
  }
}

/* The connection that wrote them lives, and so does the log. */
static void what_others_have_in_the_log_counts(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct bs_seen version = sign("notes", 9);
  struct bs_error error = {0};

  assert_ok(believe(opened, &here, &version, NULL, 10, &error));
  check(*state, &survey);
  assert_nothing_found(&survey);
  assert_int_equal(survey.examined[0].counts[1].number, 1);
  version = sign("notes", 10);
  assert_ok(believe(opened, &here, &version, NULL, 10, &error));
  check(*state, &survey);
  assert_int_equal(survey.examined[0].counts[1].number, 2);
}

/* What passes by itself: nobody is to remove a file for it. */
static void a_lack_of_descriptors_is_no_damage(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  struct rlimit all, none;
  const struct bs_finding *finding;

  fill(*state);
  settle(*state);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
  none = (struct rlimit){0, all.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  check(*state, &survey);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
  assert_int_equal(survey.count, 2);
  assert_found(&survey, BS_FINDING_WARNING, "state.sequence", "Too many open files");
  finding = find_finding(&survey, BS_FINDING_ERROR, "state.db", "Too many open files");
  assert_true(has_mend(finding) && strstr(finding->mend, "the file itself may be sound") != NULL);
  check(*state, &survey);
  assert_nothing_found(&survey);
}

/* ---- the directory ---- */

static void a_network_mount_is_told(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  fill(*state);
  file_system = 0x6969;
  check_directory(*state, &survey);
  file_system = 0;
  assert_int_equal(survey.errors, 0);
  assert_found(&survey, BS_FINDING_WARNING, "/state", "of the kind NFS");
}

static void a_file_of_somebody_else_is_told(void **state) {
  char *file BS_AUTO_FREE = path_in(*state, "state/state.db"), *directory BS_AUTO_FREE = path_in(*state, "state");
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  if (!is_root()) skip_because("only root can give a file away");
  fill(*state);
  assert_int_equal(chown(file, 4711, 4711), 0);
  check_directory(*state, &survey);
  assert_found(&survey, BS_FINDING_ERROR, "state.db", "belongs to user 4711");
  assert_int_equal(chown(file, 0, 0), 0);
  assert_int_equal(chown(directory, 4711, 4711), 0);
  check_directory(*state, &survey);
  assert_found(&survey, BS_FINDING_ERROR, "/state", "belongs to user 4711");
  assert_int_equal(chown(directory, 0, 0), 0);
  check_directory(*state, &survey);
  assert_nothing_found(&survey);
}

/* As another user than root, if it is root who runs this: 0 when all holds. */
static int as_somebody(const char *place, bool (*holds)(const char *place, struct bs_survey *survey)) {
  struct bs_survey survey = BS_SURVEY_INIT;
  int status;
  pid_t child;

  need_other_users();
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    /* What fails in here must not go on with the parent's tests. */
    bool good = setenv("CMOCKA_TEST_ABORT", "1", 1) == 0 && (geteuid() != 0 || setuid(65534) == 0) && holds(place, &survey);

    if (!good) find_finding(&survey, BS_FINDING_ERROR, "", "\n");
    bs_survey_free(&survey);
    _exit(good ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static bool cannot_be_read(const char *place, struct bs_survey *survey) {
  check(place, survey);
  return survey->errors == 1 && find_finding(survey, BS_FINDING_ERROR, "state.db", "cannot be read: Permission denied") != NULL;
}

static bool directory_cannot_be_read(const char *place, struct bs_survey *survey) {
  check_directory(place, survey);
  return survey->errors >= 1 && find_finding(survey, BS_FINDING_ERROR, "/state", "cannot be read: Permission denied") != NULL;
}

/* What belongs to root is no danger, and what cannot be written can be looked at. */
static bool is_read_only(const char *place, struct bs_survey *survey) {
  check_directory(place, survey);
  if (survey->errors > 0 || find_finding(survey, BS_FINDING_WARNING, "/state", "cannot be written") == NULL) return false;
  check(place, survey);
  return survey->errors == 0 && survey->examined_count > 0 && survey->examined[0].counts[1].number == 3;
}

static void who_may_not_is_told(void **state) {
  char *place = *state;

  fill(place);
  settle(place);
  change_mode(place, ".", 0755);
  change_mode(place, "state", 0555);
  change_mode(place, "state/state.db", 0444);
  change_mode(place, "state/state.sequence", 0444);
  assert_int_equal(as_somebody(place, is_read_only), 0);
  change_mode(place, "state/state.db", 0);
  assert_int_equal(as_somebody(place, cannot_be_read), 0);
  change_mode(place, "state", 0);
  assert_int_equal(as_somebody(place, directory_cannot_be_read), 0);
  change_mode(place, "state", 0700);
}

/* ---- the ledger in the directory, and other neighbours ---- */

static void check_with_ledger(const char *directory, const char *ledger, struct bs_survey *survey) {
  struct bs_error error = {0};
  bool exists;

  bs_survey_free(survey);
  assert_ok(bs_state_check_directory(directory, ledger, survey, &exists, &error));
  assert_true(exists);
}

/* However both are called, and whichever of the two is a link. */
static void the_ledger_is_no_stranger_by_any_path(void **state) {
  static const char *const cases[][2] = {
      {"state", "state/ledger.db"}, {"state", "state/./ledger.db"}, {"state/", "state/ledger.db"}, {"state", "state//ledger.db"},
      {"link", "state/ledger.db"},  {"state", "link/ledger.db"},    {"link/.", "to-ledger.db"},
  };
  char *link_path BS_AUTO_FREE = path_in(*state, "link"), *ledger_link BS_AUTO_FREE = path_in(*state, "to-ledger.db");
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  fill(*state);
  write_file(*state, "state/ledger.db", "x", 1);
  write_file(*state, "state/ledger.db-wal", "x", 1);
  change_mode(*state, "state/ledger.db", 0600);
  change_mode(*state, "state/ledger.db-wal", 0600);
  assert_int_equal(symlink("state", link_path), 0);
  assert_int_equal(symlink("state/ledger.db", ledger_link), 0);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char *directory BS_AUTO_FREE = path_in(*state, cases[i][0]), *ledger BS_AUTO_FREE = path_in(*state, cases[i][1]);

    check_with_ledger(directory, ledger, &survey);
    assert_nothing_found(&survey);
  }
}

static void a_stranger_may_be_of_another_configuration(void **state) {
  char *directory BS_AUTO_FREE = path_in(*state, "state"), *ledger BS_AUTO_FREE = path_in(*state, "ledger.db");
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  fill(*state);
  write_file(*state, "ledger.db", "x", 1);
  write_file(*state, "state/ledger.db", "x", 1);
  check_with_ledger(directory, ledger, &survey);
  assert_int_equal(survey.count, 1);
  assert_found(&survey, BS_FINDING_WARNING, "state/ledger.db", "none of the files that belong here");
  assert_string_equal(survey.items[0].mend, "This configuration does not use it. Another one may; else move it away.");
}

static void a_link_that_leads_nowhere_is_an_error(void **state) {
  char *file BS_AUTO_FREE = path_in(*state, "state/state.db");
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  fill(*state);
  settle(*state);
  assert_int_equal(unlink(file), 0);
  assert_int_equal(symlink("/nowhere/state.db", file), 0);
  check_directory(*state, &survey);
  assert_found(&survey, BS_FINDING_ERROR, "state.db", "The link leads to a file that is not there.");
  check(*state, &survey);
  assert_found(&survey, BS_FINDING_ERROR, "state.db", "The link leads to a file that is not there.");
  assert_string_equal(survey.items[0].mend, "Mount or bring back what it leads to.");
}

static void the_users_own_files_are_no_foreign_ones(void **state) {
  char *directory BS_AUTO_FREE = path_in(*state, "state");
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  if (!is_root()) skip_because("only root can give a directory away");
  fill(*state);
  assert_int_equal(chown(directory, 4711, 4711), 0);
  check_directory(*state, &survey);
  assert_int_equal(survey.errors, 1);
  assert_found(&survey, BS_FINDING_ERROR, "/state", "belongs to user 4711");
}

static bool own_file_is_owned(const char *place, struct bs_survey *survey) {
  check_directory(place, survey);
  return survey->errors == 0;
}

/* The state itself takes a directory of root's with files of the user's. */
static void a_file_of_the_users_in_roots_directory_is_owned(void **state) {
  char *file BS_AUTO_FREE = path_in(*state, "state/state.db");

  if (!is_root()) skip_because("only root can give a file away");
  fill(*state);
  change_mode(*state, ".", 0755);
  change_mode(*state, "state", 0755);
  assert_int_equal(chown(file, 65534, 65534), 0);
  assert_int_equal(as_somebody(*state, own_file_is_owned), 0);
  assert_int_equal(chown(file, 0, 0), 0);
}

static void time_that_is_over_is_a_finding(void **state) {
  char *directory BS_AUTO_FREE = path_in(*state, "state");
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;
  const struct bs_scope scope = {.fd = -1, .state = BS_SCOPE_OPEN, .deadline_ms = 1};
  struct bs_remembered *names BS_AUTO_FREE = NULL;
  struct bs_error error = {0};
  size_t count = 0;

  fill(*state);
  settle(*state);
  assert_ok(bs_state_check(directory, &scope, &survey, &names, &count, &error));
  assert_int_equal(survey.errors, 1);
  assert_non_null(strstr(survey.items[0].mend, "Run this again"));
}

static void a_missing_table_is_damage(void **state) {
  struct bs_survey survey AUTO_SURVEY = BS_SURVEY_INIT;

  fill(*state);
  settle(*state);
  alter(*state, "DROP TABLE floors");
  check(*state, &survey);
  assert_found(&survey, BS_FINDING_ERROR, "state.db", "no such table");
  assert_non_null(strstr(survey.items[0].mend, "back from a copy"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(a_good_state_is_counted),
      in_place(there_may_be_none),
      in_place(each_row_that_cannot_be_right_is_named),
      in_place(so_is_a_damaged_operation_that_waits),
      in_place(a_row_that_is_damaged_tells_nothing_of_its_name),
      in_place(damage_everywhere_is_told_up_to_a_point),
      in_place(writes_that_are_not_done_are_told),
      in_place(a_clock_that_was_ahead_is_told),
      in_place(an_older_schema_is_told_and_left),
      in_place(no_damage_of_a_floor_is_taken_for_soundness),
      in_place(no_file_that_was_cut_off_is_sound),
      in_place(what_others_have_in_the_log_counts),
      in_place(a_lack_of_descriptors_is_no_damage),
      in_place(a_network_mount_is_told),
      in_place(a_file_of_somebody_else_is_told),
      in_place(who_may_not_is_told),
      in_place(the_ledger_is_no_stranger_by_any_path),
      in_place(a_stranger_may_be_of_another_configuration),
      in_place(a_link_that_leads_nowhere_is_an_error),
      in_place(the_users_own_files_are_no_foreign_ones),
      in_place(a_file_of_the_users_in_roots_directory_is_owned),
      in_place(time_that_is_over_is_a_finding),
      in_place(a_missing_table_is_damage),
  };

  return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* Ledger files that are missing, damaged, foreign, newer, locked or not writable. */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/chain/ledger-private.h"
#include "core/chain/statements.h"
#include "t/lib/ledger.h"
#include "t/lib/old-ledger.h"

static bool reopen(struct fixture *fixture, enum bs_database_mode mode, struct bs_error *error) {
  bs_ledger_close(fixture->ledger);
  fixture->ledger = NULL;
  return bs_ledger_open(&fixture->ledger, fixture->path, mode, NULL, NULL, error);
}

/* All of it in the file itself, nothing beside it. */
static void settle(struct fixture *fixture) {
  struct bs_error error = {0};
  char path[80];

  assert_ok(bs_database_execute(fixture->ledger->database, "PRAGMA wal_checkpoint(TRUNCATE)", &error));
  bs_ledger_close(fixture->ledger);
  fixture->ledger = NULL;
  snprintf(path, sizeof path, "%s-wal", fixture->path);
  unlink(path);
  snprintf(path, sizeof path, "%s-shm", fixture->path);
  unlink(path);
}

static void overwrite(struct fixture *fixture, off_t offset, const void *bytes, size_t length) {
  int fd = open(fixture->path, O_WRONLY | O_CLOEXEC);

  assert_true(fd >= 0);
  assert_int_equal(pwrite(fd, bytes, length, offset), length);
  close(fd);
}

static void a_file_is_private_and_whole(void **state) {
  struct fixture *fixture = *state;
  struct stat status;
  char path[80];

  assert_int_equal(stat(fixture->path, &status), 0);
  assert_int_equal(status.st_mode & 07777, 0600);
  snprintf(path, sizeof path, "%s-wal", fixture->path);
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_mode & 07777, 0600);
}

static void a_missing_file_is_not_found(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  settle(fixture);
  unlink(fixture->path);
  assert_fails(reopen(fixture, BS_DATABASE_READ, &error), BS_WORD_not_found, "no ledger");
  assert_fails(reopen(fixture, BS_DATABASE_WRITE, &error), BS_WORD_not_found, "no ledger");
  assert_int_equal(access(fixture->path, F_OK), -1);
  snprintf(fixture->path, sizeof fixture->path, "%s/no/ledger", fixture->directory);
  assert_fails(reopen(fixture, BS_DATABASE_CREATE, &error), BS_WORD_io, "cannot be made");
  snprintf(fixture->path, sizeof fixture->path, "%s", fixture->directory);
  assert_fails(reopen(fixture, BS_DATABASE_CREATE, &error), BS_WORD_io, "regular file");
}

/* How many entries the fixture's directory has. */
static int entries(struct fixture *fixture) {
  DIR *handle = opendir(fixture->directory);
  int count = -2;

  assert_non_null(handle);
  while (readdir(handle) != NULL) count++;
  closedir(handle);
  return count;
}

static void making_one_leaves_nothing_else(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};
  int before;

  settle(fixture);
  before = entries(fixture);
  snprintf(fixture->path, sizeof fixture->path, "%s/new", fixture->directory);
  assert_ok(reopen(fixture, BS_DATABASE_CREATE, &error));
  settle(fixture);
  assert_int_equal(entries(fixture), before + 1);
}

static void touch(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  assert_true(fd >= 0);
  assert_int_equal(write(fd, "half a ledger", 13), 13);
  close(fd);
}

static void what_a_killed_process_was_making_is_removed(void **state) {
  static const char *const suffixes[] = {"", "-wal", "-journal"};
  struct fixture *fixture = *state;
  struct bs_error error = {0};
  char path[100];
  int before;

  settle(fixture);
  before = entries(fixture);
  snprintf(fixture->path, sizeof fixture->path, "%s/new", fixture->directory);
  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s.new%s", fixture->path, suffixes[i]);
    touch(path);
  }
  assert_ok(reopen(fixture, BS_DATABASE_CREATE, &error));
  assert_ok(append(fixture, NULL, 0, &error));
  settle(fixture);
  assert_int_equal(entries(fixture), before + 1);
}

static void making_one_waits_for_another_that_does(void **state) {
  struct fixture *fixture = *state;
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;
  struct bs_ledger *other;
  struct bs_error error = {0};
  char path[80];
  int fd = open(fixture->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  assert_int_equal(flock(fd, LOCK_EX), 0);
  assert_ok(bs_scope_open(&scopes, &scope, 50, &error));
  snprintf(path, sizeof path, "%s/new", fixture->directory);
  assert_fails(bs_ledger_open(&other, path, BS_DATABASE_CREATE, NULL, scope, &error), BS_WORD_deadline, "locked");
  bs_scopes_cancel(&scopes);
  assert_fails(bs_ledger_open(&other, path, BS_DATABASE_CREATE, NULL, scope, &error), BS_WORD_cancelled, "locked");
  assert_int_equal(access(path, F_OK), -1);
  close(fd);
  bs_scope_close(scope);
  assert_ok(bs_ledger_open(&other, path, BS_DATABASE_CREATE, NULL, NULL, &error));
  bs_ledger_close(other);
  bs_scopes_free(&scopes);
}

static void leftovers_of_a_removed_ledger_are_kept(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  unlink(fixture->path);
  assert_fails(reopen(fixture, BS_DATABASE_CREATE, &error), BS_WORD_corrupt, "-wal is still there");
}

static void another_file_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  settle(fixture);
  overwrite(fixture, 0, "This is no database.", 20);
  assert_fails(reopen(fixture, BS_DATABASE_WRITE, &error), BS_WORD_corrupt, "not a ledger");
  assert_fails(reopen(fixture, BS_DATABASE_READ, &error), BS_WORD_corrupt, "not a ledger");
  assert_int_equal(truncate(fixture->path, 0), 0);
  assert_fails(reopen(fixture, BS_DATABASE_CREATE, &error), BS_WORD_corrupt, "empty");
}

static void another_kind_of_database_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  assert_ok(bs_database_execute(fixture->ledger->database, "PRAGMA application_id = 7", &error));
  assert_fails(reopen(fixture, BS_DATABASE_WRITE, &error), BS_WORD_corrupt, "not a ledger");
}

static void a_newer_schema_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  assert_ok(bs_database_execute(fixture->ledger->database, "PRAGMA user_version = 99", &error));
  assert_fails(reopen(fixture, BS_DATABASE_WRITE, &error), BS_WORD_failed, "newer release");
  assert_fails(reopen(fixture, BS_DATABASE_READ, &error), BS_WORD_failed, "schema 99");
}

static void a_schema_below_0_is_damage(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  assert_ok(bs_database_execute(fixture->ledger->database, "PRAGMA user_version = -40000000", &error));
  assert_fails(reopen(fixture, BS_DATABASE_WRITE, &error), BS_WORD_corrupt, "no schema -40000000");
  assert_fails(reopen(fixture, BS_DATABASE_READ, &error), BS_WORD_corrupt, "no schema");
}

/* Each would be another value, or more text than there is room for. */
static void a_namespace_with_impossible_rules_is_damage(void **state) {
  static const char *const changes[] = {"version = 70000", "lifetime = -1",     "lifetime = 4294967296",
                                        "coeff = 999",     "base = -1",         "nonalpha_discount = 0",
                                        "no_vowel_discount = 16", "buckets = x'ffffffffffffffffffffffffffffffff'",
                                        "buckets = x'00'"};
  struct fixture *fixture = *state;

  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    char *sql BS_AUTO_FREE = NULL;
    struct bs_namespace_entry entry;
    struct bs_error error = {0};
    bool found;

    assert_ok(bs_ledger_begin(fixture->ledger, &error));
    assert_true(asprintf(&sql, "UPDATE namespaces SET %s", changes[i]) > 0);
    assert_ok(bs_database_execute(fixture->ledger->database, sql, &error));
    assert_fails(bs_index_get_namespace(bs_ledger_index(fixture->ledger), &entry, &found, "id", &error),
                 BS_WORD_corrupt, "");
    bs_ledger_rollback(fixture->ledger);
  }
}

/* The one number or text that a query answers. */
static char *answer_of(struct fixture *fixture, const char *sql, int column) {
  sqlite3_stmt *statement;
  char *answer;

  assert_int_equal(sqlite3_prepare_v2(fixture->ledger->database->sqlite, sql, -1, &statement, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
  answer = strdup((const char *)sqlite3_column_text(statement, column));
  sqlite3_finalize(statement);
  assert_non_null(answer);
  return answer;
}

static void assert_schema(struct fixture *fixture, const char *version) {
  char *answer BS_AUTO_FREE = answer_of(fixture, "PRAGMA user_version", 0);

  assert_string_equal(answer, version);
}

/* How the rows of a statement are found. */
static void assert_plan(struct fixture *fixture, enum bs_chain_statement which, const char *text) {
  char sql[800], *plan BS_AUTO_FREE = NULL;

  snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", bs_ledger_kind.statements[which]);
  plan = answer_of(fixture, sql, 3);
  if (strstr(plan, text) == NULL) fail_msg("%s", plan);
}

/* ---- old schemas ---- */

static bool count_refused(void *user, const struct bs_refused *refused, struct bs_error *error) {
  (void)refused;
  (void)error;
  ++*(int *)user;
  return true;
}

static int refused_at(struct fixture *fixture, uint64_t block) {
  struct bs_error error = {0};
  int count = 0;

  assert_ok(bs_index_refused_at(bs_ledger_index(fixture->ledger), block, count_refused, &count, &error));
  return count;
}

/* Names that the index lists, with commas: the owner's, or those of a namespace. */
static void assert_list(struct fixture *fixture, const struct bs_key *owner, const char *id, const char *expected) {
  const struct bs_index *index = bs_ledger_index(fixture->ledger);
  struct bs_buffer texts BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_script script;
  struct bs_error error = {0};
  size_t count;

  if (owner != NULL) {
    hash_of(hash, owner);
    bs_script_pay_to(&script, hash);
    assert_ok(bs_index_list(index, &texts, &count, &script, 0, 10, &error));
  } else {
    assert_ok(bs_index_list_in_namespace(index, &texts, &count, id, 0, 10, &error));
  }
  for (size_t i = 0; i < texts.length; i++)
    if (texts.bytes[i] == '\0') texts.bytes[i] = ',';
  assert_string_equal(bs_buffer_string(&texts), expected);
}

static void revoke_name(struct fixture *fixture, const char *name, const struct bs_key *key) {
  struct bs_operation operation = registration_of(name);

  operation.opcode = BS_NAME_REVOKE;
  assert_null(send(fixture, key, &operation, NULL, 0));
}

/* Of every kind of name one, in the order of their blocks.  new.brief has one block left, shut.brief three. */
static void fill(struct fixture *fixture) {
  struct bs_operation preorder;

  own(fixture, "old.brief", fixture->alice);
  own(fixture, "lost.brief", fixture->bob);
  revoke_name(fixture, "lost.brief", fixture->bob);
  own(fixture, "foo.id", fixture->alice);
  own(fixture, "gone.id", fixture->bob);
  revoke_name(fixture, "gone.id", fixture->bob);
  own(fixture, "new.brief", fixture->alice);
  own(fixture, "shut.brief", fixture->bob);
  revoke_name(fixture, "shut.brief", fixture->bob);
  preorder = preorder_of(fixture, "next.id", fixture->bob, fixture->bob);
  assert_null(send(fixture, fixture->bob, &preorder, NULL, price_of(fixture, "next.id")));
}

static bool refuse_announcement(void *user, const struct bs_announcement *announcement, struct bs_error *error) {
  (void)user;
  (void)announcement;
  return bs_fail(error, BS_WORD_failed, "There is an announcement.");
}

/* What fill made, by whatever schema. */
static void assert_filled(struct fixture *fixture) {
  const struct bs_index *index = bs_ledger_index(fixture->ledger);
  struct bs_name_entry entry = entry_of(fixture, "foo.id");
  struct bs_error error = {0};
  bool inherited;

  assert_ok(bs_index_is_inherited(index, &inherited, &entry, &error));
  assert_false(inherited);
  assert_list(fixture, fixture->alice, NULL, "foo.id,new.brief,");
  assert_list(fixture, fixture->bob, NULL, "");
  assert_list(fixture, NULL, "id", "foo.id,gone.id,");
  assert_list(fixture, NULL, "brief", "lost.brief,new.brief,old.brief,shut.brief,");
  assert_true(entry_of(fixture, "gone.id").revoked);
  assert_true(entry_of(fixture, "shut.brief").revoked);
  assert_false(entry_of(fixture, "lost.brief").revoked); /* since it expired */
  assert_int_equal(entry_of(fixture, "old.brief").listed, 0);
  assert_ok(bs_index_announcements_at(index, tip_of(fixture).height, refuse_announcement, NULL, &error));
}

/* Names expire when they would have, and what was begun goes on. */
static void assert_goes_on(struct fixture *fixture) {
  struct bs_operation registration = registration_of("foo.id"), update = update_of(fixture, "new.brief", 1),
                      transfer = {.opcode = BS_NAME_TRANSFER, .keep_data = true};

  assert_null(send(fixture, fixture->alice, &update, NULL, 0)); /* in its last block */
  assert_list(fixture, fixture->alice, NULL, "foo.id,");
  assert_refused(send(fixture, fixture->bob, &registration, fixture->bob, 0), "belongs to");
  assert_int_equal(refused_at(fixture, tip_of(fixture).height), 1);
  assert_true(entry_of(fixture, "shut.brief").revoked);
  bs_hash128(transfer.name_hash, "foo.id", strlen("foo.id"));
  memcpy(transfer.consensus, tip_of(fixture).consensus, sizeof transfer.consensus);
  assert_null(send(fixture, fixture->alice, &transfer, fixture->bob, 0));
  assert_list(fixture, fixture->bob, NULL, "foo.id,");
  assert_false(entry_of(fixture, "shut.brief").revoked); /* it expired with this block */
  assert_int_equal(entry_of(fixture, "shut.brief").listed, 0);
  registration = registration_of("next.id");
  assert_null(send(fixture, fixture->bob, &registration, fixture->bob, 0));
}

/* Read as it is, and brought up to date by who may write. */
static void bring_up_to_date(struct fixture *fixture, const char *back, const char *version) {
  struct bs_error error = {0};

  fill(fixture);
  assert_filled(fixture);
  assert_ok(bs_database_execute(fixture->ledger->database, back, &error));
  assert_ok(reopen(fixture, BS_DATABASE_READ, &error));
  assert_schema(fixture, version);
  assert_filled(fixture);
  assert_int_equal(refused_at(fixture, 1), 0);
  assert_fails(bs_ledger_replay_check(fixture->ledger, &error), BS_WORD_failed, "older schema");
  assert_ok(reopen(fixture, BS_DATABASE_WRITE, &error));
  assert_schema(fixture, "5");
  assert_plan(fixture, BS_SQL_newest_of_name, "operations_by_name");
  assert_plan(fixture, BS_SQL_count_of_sender, "COVERING INDEX names_by_sender");
  assert_plan(fixture, BS_SQL_block_of_consensus, "consensus_by_hash");
  assert_filled(fixture);
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
  assert_goes_on(fixture);
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
}

static void schema_1_is_read_and_brought_up_to_date(void **state) {
  bring_up_to_date(*state, BACK_TO_SCHEMA_1 "PRAGMA user_version = 1", "1");
}

static void schema_2_is_read_and_brought_up_to_date(void **state) {
  bring_up_to_date(*state, BACK_TO_SCHEMA_1 BS_INDEX_SCHEMA_2 "PRAGMA user_version = 2", "2");
}

static void schema_3_is_read_and_brought_up_to_date(void **state) {
  bring_up_to_date(*state, BACK_TO_SCHEMA_3 "PRAGMA user_version = 3", "3");
}

static void before_its_first_schema_a_ledger_is_none(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  assert_ok(bs_database_execute(fixture->ledger->database, "PRAGMA user_version = 0", &error));
  assert_fails(reopen(fixture, BS_DATABASE_READ, &error), BS_WORD_failed, "old schema 0");
}

/* Cut anywhere: an error, never an answer that is wrong, never a crash. */
static void a_truncated_ledger_is_corrupt(void **state) {
  struct fixture *fixture = *state;
  struct stat status;
  struct bs_error error = {0};

  own(fixture, "foo.id", fixture->alice);
  settle(fixture);
  assert_int_equal(stat(fixture->path, &status), 0);
  for (off_t length = status.st_size - 4096; length > 100; length -= 4096) {
    bool found;
    struct bs_name_entry entry;

    assert_int_equal(truncate(fixture->path, length), 0);
    error = (struct bs_error){0};
    if (reopen(fixture, BS_DATABASE_WRITE, &error) && bs_ledger_replay_check(fixture->ledger, &error))
      fail_msg("cut to %ld bytes it was taken for whole", (long)length);
    assert_true(error.word == BS_WORD_corrupt || error.word == BS_WORD_io);
    if (fixture->ledger != NULL &&
        bs_index_get_name(bs_ledger_index(fixture->ledger), &entry, &found, "foo.id", &error) && found)
      assert_string_equal(entry.name, "foo.id");
    bs_ledger_close(fixture->ledger);
    fixture->ledger = NULL;
  }
}

static void reading_never_writes(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};
  struct bs_ledger *reader;

  own(fixture, "foo.id", fixture->alice);
  assert_ok(bs_ledger_open(&reader, fixture->path, BS_DATABASE_READ, NULL, NULL, &error));
  assert_fails(bs_ledger_begin(reader, &error), BS_WORD_denied, "may not be written");
  bs_ledger_close(reader);
}

/* As an ordinary user, whose directory it isn't and whose file it isn't. */
static void read_as_somebody(struct fixture *fixture) {
  struct bs_ledger *ledger = NULL;
  struct bs_name_entry entry;
  struct bs_error error = {0};
  bool found;

  if (!bs_ledger_open(&ledger, fixture->path, BS_DATABASE_READ, NULL, NULL, &error) ||
      !bs_index_get_name(bs_ledger_index(ledger), &entry, &found, "foo.id", &error) || !found) {
    fprintf(stderr, "# %s\n", error.message);
    _exit(1);
  }
  if (bs_ledger_begin(ledger, &error) || error.word != BS_WORD_denied) _exit(3);
  bs_ledger_close(ledger);
  ledger = NULL;
  if (bs_ledger_open(&ledger, fixture->path, BS_DATABASE_WRITE, NULL, NULL, &error) && bs_ledger_begin(ledger, &error))
    _exit(4);
  _exit(0);
}

/* Runs `read` in a child that may write neither the fixture's file nor its directory; returns its exit status. */
static int in_a_reader(struct fixture *fixture, void (*read)(struct fixture *fixture)) {
  int status;
  pid_t child;

  need_other_users();
  assert_int_equal(chmod(fixture->path, 0444), 0);
  assert_int_equal(chmod(fixture->directory, 0555), 0);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (geteuid() == 0 && setuid(65534) < 0) _exit(2);
    read(fixture);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(chmod(fixture->directory, 0755), 0);
  return status;
}

static void a_ledger_that_may_not_be_written_is_read(void **state) {
  struct fixture *fixture = *state;
  char odd[sizeof fixture->path];

  own(fixture, "foo.id", fixture->alice);
  settle(fixture);
  assert_int_equal(in_a_reader(fixture, read_as_somebody), 0);
  snprintf(odd, sizeof odd, "%s/what?#%%41", fixture->directory); /* in a URI these would mean something */
  assert_int_equal(rename(fixture->path, odd), 0);
  memcpy(fixture->path, odd, sizeof odd);
  assert_int_equal(in_a_reader(fixture, read_as_somebody), 0);
}

static void read_with_a_log(struct fixture *fixture) {
  struct bs_ledger *ledger;
  struct bs_error error = {0};

  if (bs_ledger_open(&ledger, fixture->path, BS_DATABASE_READ, NULL, NULL, &error)) _exit(1);
  fprintf(stderr, "# %s\n", error.message);
  _exit(error.word == BS_WORD_denied && strstr(error.message, "ledger-wal") != NULL ? 0 : 2);
}

static void changes_that_may_not_be_taken_over_are_told(void **state) {
  struct fixture *fixture = *state;
  char path[80];

  settle(fixture);
  snprintf(path, sizeof path, "%s-wal", fixture->path);
  touch(path);
  assert_int_equal(in_a_reader(fixture, read_with_a_log), 0);
}

static void a_lock_is_waited_for_until_the_deadline(void **state) {
  struct fixture *fixture = *state;
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;
  struct bs_ledger *other;
  struct bs_error error = {0};

  assert_ok(bs_scope_open(&scopes, &scope, 50, &error));
  assert_ok(bs_ledger_open(&other, fixture->path, BS_DATABASE_WRITE, NULL, scope, &error));
  assert_ok(bs_ledger_begin(fixture->ledger, &error));
  assert_fails(bs_ledger_begin(other, &error), BS_WORD_deadline, "locked");
  bs_scopes_cancel(&scopes);
  assert_fails(bs_ledger_begin(other, &error), BS_WORD_cancelled, "locked");
  bs_ledger_rollback(fixture->ledger);
  assert_ok(bs_ledger_begin(other, &error));
  bs_ledger_close(other);
  assert_ok(bs_ledger_begin(fixture->ledger, &error)); /* closing let go of the lock */
  bs_scope_close(scope);
  bs_scopes_free(&scopes);
}

static void a_full_disk_is_told(void **state) {
  struct fixture *fixture = *state;
  struct bs_ledger_tip before = tip_of(fixture);
  struct bs_error error = {0};

  assert_ok(bs_database_execute(fixture->ledger->database, "PRAGMA max_page_count = 1",
                                &error)); /* the least it has already */
  for (int i = 0; i < 300; i++) {
    if (append(fixture, NULL, 0, &error)) continue;
    assert_int_equal(error.word, BS_WORD_no_space);
    assert_ok(bs_database_execute(fixture->ledger->database, "PRAGMA max_page_count = 100000", &error));
    assert_true(tip_of(fixture).height == before.height + (uint64_t)i);
    assert_ok(append(fixture, NULL, 0, &error));
    return;
  }
  fail_msg("300 blocks fit into a full file");
}

static void a_child_does_not_use_its_parents_ledger(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};
  int status;
  pid_t child = fork();

  assert_true(child >= 0);
  if (child == 0) {
    bool refused = !bs_ledger_begin(fixture->ledger, &error) && error.word == BS_WORD_failed;

    bs_ledger_close(fixture->ledger);
    if (refused) execlp("true", "true", (char *)NULL); /* what cannot be freed here is no leak */
    _exit(1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  mine(fixture, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      LEDGER_TEST(a_file_is_private_and_whole),
      LEDGER_TEST(a_missing_file_is_not_found),
      LEDGER_TEST(making_one_leaves_nothing_else),
      LEDGER_TEST(what_a_killed_process_was_making_is_removed),
      LEDGER_TEST(making_one_waits_for_another_that_does),
      LEDGER_TEST(leftovers_of_a_removed_ledger_are_kept),
      LEDGER_TEST(another_file_is_refused),
      LEDGER_TEST(another_kind_of_database_is_refused),
      LEDGER_TEST(a_newer_schema_is_refused),
      LEDGER_TEST(a_schema_below_0_is_damage),
      LEDGER_TEST(a_namespace_with_impossible_rules_is_damage),
      LEDGER_TEST(schema_1_is_read_and_brought_up_to_date),
      LEDGER_TEST(schema_2_is_read_and_brought_up_to_date),
      LEDGER_TEST(schema_3_is_read_and_brought_up_to_date),
      LEDGER_TEST(before_its_first_schema_a_ledger_is_none),
      LEDGER_TEST(a_truncated_ledger_is_corrupt),
      LEDGER_TEST(reading_never_writes),
      LEDGER_TEST(a_ledger_that_may_not_be_written_is_read),
      LEDGER_TEST(changes_that_may_not_be_taken_over_are_told),
      LEDGER_TEST(a_lock_is_waited_for_until_the_deadline),
      LEDGER_TEST(a_full_disk_is_told),
      LEDGER_TEST(a_child_does_not_use_its_parents_ledger),
  };
  return RUN_TESTS(tests);
}

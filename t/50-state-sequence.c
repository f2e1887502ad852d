/* SPDX-License-Identifier: MIT */
/* What was recalled is kept while nobody commits, in no process; and what is left by one that died in a commit. */
#include <config.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/state/sequence.h"
#include "t/lib/state.h"

static struct bs_error error;

/* Changes the floor behind everybody's back: only who asks the database sees it. */
static void smuggle(const char *place, unsigned ver) {
  char *path = path_in(place, "state/state.db"), sql[64];
  sqlite3 *sqlite;

  snprintf(sql, sizeof sql, "UPDATE floors SET ver = %u", ver);
  assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
  assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(sqlite);
  free(path);
}

/* A floor at version 1, recalled once. */
static struct bs_state *begin(const char *place) {
  struct bs_state *opened = open_state(place);
  const struct bs_seen first = seen(1, 'a', 1);

  assert_ok(believe(opened, &here, &first, NULL, 1, &error));
  assert_int_equal(recall(opened, &here, 1).version.ver, 1);
  return opened;
}

/* What a child cannot free is no leak. */
static void end_child(bool good) {
  if (good) execlp("true", "true", (char *)NULL);
  _exit(1);
}

static struct bs_sequence sequence_of(const char *place) {
  struct bs_sequence sequence;

  assert_true(bs_sequence_init(&sequence, path_in(place, "state/state.sequence")));
  return sequence;
}

static void a_recall_is_kept_until_somebody_commits(void **state) {
  struct bs_state *opened AUTO_STATE = begin(*state), *other AUTO_STATE = open_state(*state);
  const struct bs_name_seen name = {.block = 1, .owner = "1owner"};

  smuggle(*state, 5);
  assert_int_equal(recall(opened, &here, 1).version.ver, 1);
  assert_int_equal(recall(other, &here, 1).version.ver, 5);
  assert_ok(believe(other, &name_only, NULL, &name, 1, &error));
  assert_int_equal(recall(opened, &here, 1).version.ver, 5);
  assert_true(recall(opened, &here, 1).has_name);
}

static void every_write_counts(void **state) {
  struct bs_state *opened AUTO_STATE = begin(*state);
  const struct bs_intent begun = intent(&here, 9, 'b', 0);
  struct bs_belief done = {.datum = &here, .now = 2};
  struct bs_seen ninth = seen(9, 'b', 1);
  int64_t entry;

  assert_ok(bs_state_intend(opened, NULL, &entry, &begun, &error));
  assert_int_equal(recall(opened, &here, 1).reserved, 9);
  done.version = &ninth;
  assert_ok(bs_state_conclude(opened, NULL, entry, &done, &error));
  assert_int_equal(recall(opened, &here, 1).reserved, 0);
  assert_int_equal(recall(opened, &here, 1).version.ver, 9);
  assert_ok(bs_state_intend(opened, NULL, &entry, &(struct bs_intent){.datum = &here, .ver = 10}, &error));
  assert_int_equal(recall(opened, &here, 1).reserved, 10);
  assert_ok(bs_state_release(opened, NULL, &here, 10, &error));
  assert_int_equal(recall(opened, &here, 1).reserved, 0);
}

static void signers_names_and_chains_are_kept_apart(void **state) {
  struct bs_state *opened AUTO_STATE = begin(*state);
  const struct bs_datum others[] = {{chain_two, "foo.id", "notes"}, {chain_one, "bar.id", "notes"},
                                    {chain_one, "foo.id", "other"}};

  for (int round = 0; round < 2; round++) {
    assert_int_equal(recall(opened, &here, 1).version.ver, 1);
    assert_false(recall(opened, &here, 2).has_version);
    assert_false(recall(opened, &here, -1).has_version);
    assert_false(recall(opened, &name_only, 1).has_version);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) assert_false(recall(opened, &others[i], 1).has_version);
  }
}

static void another_process_is_seen_at_once(void **state) {
  struct bs_state *opened AUTO_STATE = begin(*state);
  pid_t child = fork();
  int status;

  assert_true(child >= 0);
  if (child == 0) {
    struct bs_state *own = open_state(*state);
    const struct bs_seen second = seen(2, 'b', 1);
    bool good = believe(own, &here, &second, NULL, 2, &error);

    bs_state_free(own);
    end_child(good);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_int_equal(recall(opened, &here, 1).version.ver, 2);
}

/* Odd for good, as far as anybody knows: nothing is kept, until the next commit counts on. */
static void who_dies_in_a_commit_hinders_nobody(void **state) {
  struct bs_state *opened AUTO_STATE = begin(*state);
  const struct bs_seen third = seen(3, 'c', 1);
  pid_t child = fork();

  assert_true(child >= 0);
  if (child == 0) {
    struct bs_sequence sequence = sequence_of(*state);

    end_child(bs_sequence_begin(&sequence, NULL, &error));
  }
  assert_int_equal(waitpid(child, NULL, 0), child);
  for (unsigned ver = 4; ver < 6; ver++) {
    smuggle(*state, ver);
    assert_int_equal(recall(opened, &here, 1).version.ver, ver);
  }
  smuggle(*state, 1);
  assert_ok(believe(opened, &here, &third, NULL, 3, &error));
  assert_int_equal(recall(opened, &here, 1).version.ver, 3);
  smuggle(*state, 7);
  assert_int_equal(recall(opened, &here, 1).version.ver, 3);
}

static void what_is_no_sequence_number_is_refused(void **state) {
  struct bs_state *opened = begin(*state), *again AUTO_STATE = open_state(*state);
  const struct bs_seen second = seen(2, 'b', 1);
  char *path = path_in(*state, "state/state.sequence");

  bs_state_free(opened);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(symlink("elsewhere", path), 0);
  assert_fails(believe(again, &here, &second, NULL, 2, &error), BS_WORD_io, "state.sequence");
  assert_int_equal(recall(again, &here, 1).version.ver, 1);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkdir(path, 0700), 0);
  assert_fails(believe(again, &here, &second, NULL, 2, &error), BS_WORD_io, "state.sequence");
  assert_int_equal(rmdir(path), 0);
  assert_ok(believe(again, &here, &second, NULL, 2, &error));
  free(path);
}

/* A commit within the scope. */
static bool commit_within(struct bs_state *opened, struct bs_scope *scope, unsigned ver) {
  const struct bs_seen version = seen(ver, 'v', 1);
  const struct bs_belief belief = {.datum = &here, .version = &version, .now = ver};

  return bs_state_believe(opened, scope, &belief, &error);
}

static void assert_waits_within_its_scope(struct bs_state *opened, unsigned ver, const char *text) {
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;

  assert_ok(bs_scope_open(&scopes, &scope, 50, &error));
  assert_fails(commit_within(opened, scope, ver), BS_WORD_deadline, text);
  bs_scopes_cancel(&scopes);
  assert_fails(commit_within(opened, scope, ver), BS_WORD_cancelled, text);
  bs_scope_close(scope);
  bs_scopes_free(&scopes);
}

/* Nothing is written to the file either: whoever has the lock may be about to. */
static void a_locked_file_is_waited_for_within_the_scope(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state), *other = begin(*state);
  char *path BS_AUTO_FREE = path_in(*state, "state/state.sequence");
  struct bs_sequence sequence = sequence_of(*state);
  uint64_t number = 10;
  struct stat status;
  int fd;

  bs_state_free(other);
  unlink(path);
  fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  assert_int_equal(flock(fd, LOCK_EX), 0);
  assert_waits_within_its_scope(opened, 2, "another process commits");
  assert_int_equal(fstat(fd, &status), 0);
  assert_int_equal(status.st_size, 0);
  assert_int_equal(recall(opened, &here, 1).version.ver, 1);
  assert_int_equal(write(fd, &number, sizeof number), sizeof number);
  close(fd);
  assert_ok(commit_within(opened, NULL, 2));
  bs_sequence_prepare(&sequence);
  assert_int_equal(bs_sequence_read(&sequence), 12);
  bs_sequence_free(&sequence);
}

static void so_is_another_thread(void **state) {
  struct bs_state *opened AUTO_STATE = begin(*state);
  struct bs_sequence sequence = sequence_of(*state);
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;

  (void)opened;
  assert_ok(bs_scope_open(&scopes, &scope, 50, &error));
  assert_ok(bs_sequence_begin(&sequence, scope, &error));
  assert_fails(bs_sequence_begin(&sequence, scope, &error), BS_WORD_deadline, "another thread commits");
  bs_sequence_end(&sequence);
  bs_scope_close(scope);
  assert_ok(bs_sequence_begin(&sequence, NULL, &error));
  assert_fails(bs_sequence_begin(&sequence, NULL, &error), BS_WORD_deadline, "within 5 seconds"); /* not for ever */
  bs_sequence_end(&sequence);
  bs_sequence_free(&sequence);
  bs_scopes_free(&scopes);
}

#define COUNTERS 8

/* Counts once, as soon as `start` ends, and tells the number while it alone counts. */
static void count_once(const char *place, int start, int tell) {
  struct bs_sequence sequence = sequence_of(place);
  uint64_t number;
  char byte;

  if (read(start, &byte, 1) != 0 || !bs_sequence_begin(&sequence, NULL, &error)) _exit(1);
  number = bs_sequence_read(&sequence);
  bs_sequence_end(&sequence);
  end_child(write(tell, &number, sizeof number) == sizeof number);
}

/* All of them find the file without its number. */
static void nobody_makes_a_number_that_another_counts(void **state) {
  char *directory = path_in(*state, "state"), *path = path_in(*state, "state/state.sequence");

  assert_int_equal(mkdir(directory, 0700), 0);
  for (int round = 0; round < 20; round++) {
    uint64_t numbers[COUNTERS], highest = 0, lowest = UINT64_MAX;
    int start[2], tell[2], status;

    unlink(path);
    assert_int_equal(pipe(start), 0);
    assert_int_equal(pipe(tell), 0);
    for (int i = 0; i < COUNTERS; i++) {
      pid_t child = fork();

      assert_true(child >= 0);
      if (child == 0) close(start[1]);
      if (child == 0) count_once(*state, start[0], tell[1]);
    }
    close(start[0]);
    close(start[1]);
    for (int i = 0; i < COUNTERS; i++) assert_true(wait(&status) > 0 && status == 0);
    assert_int_equal(read(tell[0], numbers, sizeof numbers), sizeof numbers);
    for (int i = 0; i < COUNTERS; i++) {
      highest = numbers[i] > highest ? numbers[i] : highest;
      lowest = numbers[i] < lowest ? numbers[i] : lowest;
    }
    assert_int_equal(highest - lowest, 2 * (COUNTERS - 1));
    close(tell[0]);
    close(tell[1]);
  }
  free(directory);
  free(path);
}

/* What `writer` commits, `reader` sees at once, and the other way round. */
static void assert_share(struct bs_state *writer, struct bs_state *reader, unsigned ver) {
  for (int i = 0; i < 2; i++, ver++) {
    assert_ok(commit_within(i == 0 ? writer : reader, NULL, ver));
    assert_int_equal(recall(i == 0 ? reader : writer, &here, 1).version.ver, ver);
    assert_int_equal(recall(i == 0 ? writer : reader, &here, 1).version.ver, ver);
  }
}

static void removed_files_are_not_written_to(void **state) {
  struct bs_state *opened AUTO_STATE = begin(*state), *other AUTO_STATE = open_state(*state);
  struct bs_state *later AUTO_STATE = open_state(*state);
  char *directory BS_AUTO_FREE = path_in(*state, "state");

  assert_share(opened, other, 5);
  assert_int_equal(nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
  assert_ok(commit_within(opened, NULL, 2)); /* below what stood in the removed file */
  assert_int_equal(recall(later, &here, 1).version.ver, 2);
  assert_share(opened, later, 3);
  assert_share(other, opened, 7);
}

static void a_removed_number_is_made_anew(void **state) {
  struct bs_state *opened AUTO_STATE = begin(*state), *later AUTO_STATE = open_state(*state);
  char *path BS_AUTO_FREE = path_in(*state, "state/state.sequence");

  assert_int_equal(unlink(path), 0);
  assert_ok(commit_within(opened, NULL, 2));
  assert_int_equal(recall(later, &here, 1).version.ver, 2);
  assert_share(opened, later, 3);
}

/* No connection is kept of a state that is gone; what is only read is not made. */
static void who_reads_finds_removed_files_gone(void **state) {
  const struct bs_datum unread = {chain_one, "foo.id", "unread"};
  struct bs_state *opened AUTO_STATE = begin(*state);
  char *directory BS_AUTO_FREE = path_in(*state, "state");

  assert_int_equal(nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
  assert_int_equal(recall(opened, &unread, 1).clock, 0);
  assert_int_equal(access(directory, F_OK), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(a_recall_is_kept_until_somebody_commits), in_place(every_write_counts),
      in_place(signers_names_and_chains_are_kept_apart),
      in_place(another_process_is_seen_at_once), in_place(who_dies_in_a_commit_hinders_nobody),
      in_place(what_is_no_sequence_number_is_refused), in_place(nobody_makes_a_number_that_another_counts),
      in_place(a_locked_file_is_waited_for_within_the_scope), in_place(so_is_another_thread),
      in_place(removed_files_are_not_written_to), in_place(a_removed_number_is_made_anew),
      in_place(who_reads_finds_removed_files_gone)};

  return RUN_TESTS(tests);
}

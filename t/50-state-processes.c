/* SPDX-License-Identifier: MIT */
/* Several processes and threads on one state, and processes that are killed in the middle. */
#include <config.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

#include "t/lib/state.h"

#define WRITERS 4
#define ROUNDS 60

/* One content a version, so that no belief is a conflict; it is written and looked for by all. */
static struct bs_seen version_of(uint64_t ver) {
  return seen(ver, (int)(ver % 251), 1);
}

/* Believes versions that go up and down, and looks: never below what it or another was told before; false when anything
 * failed. */
static bool raise_and_read(struct bs_state *opened, int writer) {
  struct bs_error error = {0};
  uint64_t highest = 0;

  for (uint64_t i = 1; i <= ROUNDS; i++) {
    struct bs_seen version = version_of(i + (uint64_t)writer * i % 7);
    struct bs_name_seen name = {.block = version.ver, .owner = "1owner"};
    struct bs_recalled recalled;

    if (believe(opened, &here, &version, &name, version.ver, &error)) highest = version.ver > highest ? version.ver : highest;
    else if (error.word != BS_WORD_stale) break;
    if (!bs_state_recall(opened, NULL, &recalled, &here, version.signer, &error)) break;
    version = version_of(recalled.version.ver);
    if (recalled.version.ver < highest || recalled.name.block < highest || recalled.clock < highest ||
        recalled.name.block != recalled.version.ver || memcmp(recalled.version.z, version.z, sizeof version.z) != 0)
      break;
    highest = recalled.version.ver;
    if (i == ROUNDS) return true;
  }
  fprintf(stderr, "# writer %d: highest %u: %s\n", writer, (unsigned)highest, error.message);
  return false;
}

static void assert_end(struct bs_state *opened) {
  uint64_t highest = 0;

  for (int writer = 0; writer < WRITERS; writer++)
    for (uint64_t i = 1; i <= ROUNDS; i++)
      if (i + (uint64_t)writer * i % 7 > highest) highest = i + (uint64_t)writer * i % 7;
  assert_int_equal(recall(opened, &here, 1).version.ver, highest);
}

/* Runs `work` in WRITERS processes, each with a state of its own. */
static void in_processes(const char *place, bool (*work)(struct bs_state *opened, int writer)) {
  pid_t children[WRITERS];

  for (int writer = 0; writer < WRITERS; writer++) {
    children[writer] = fork();
    assert_true(children[writer] >= 0);
    if (children[writer] == 0) {
      struct bs_state *opened = open_state(place);
      bool good = work(opened, writer);

      bs_state_free(opened);
      _exit(good ? 0 : 1);
    }
  }
  for (int writer = 0; writer < WRITERS; writer++) {
    int status;

    assert_int_equal(waitpid(children[writer], &status, 0), children[writer]);
    assert_int_equal(status, 0);
  }
}

struct worker {
  struct bs_state *state;
  bool (*work)(struct bs_state *opened, int writer);
  int number;
  bool good;
};

static void *run_worker(void *user) {
  struct worker *worker = user;

  worker->good = worker->work(worker->state, worker->number);
  return NULL;
}

/* The same in as many threads, with one state. */
static void in_threads(struct bs_state *opened, size_t count, bool (*work)(struct bs_state *opened, int writer)) {
  struct worker workers[16];
  pthread_t threads[16];

  for (size_t i = 0; i < count; i++) {
    workers[i] = (struct worker){opened, work, (int)i % WRITERS, false};
    assert_int_equal(pthread_create(&threads[i], NULL, run_worker, &workers[i]), 0);
  }
  for (size_t i = 0; i < count; i++) pthread_join(threads[i], NULL);
  for (size_t i = 0; i < count; i++) assert_true(workers[i].good);
}

static void floors_only_rise_among_processes(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);

  in_processes(*state, raise_and_read);
  assert_end(opened);
}

static void floors_only_rise_among_threads(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);

  in_threads(opened, WRITERS, raise_and_read);
  assert_end(opened);
}

static void more_threads_than_connections_are_kept(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);

  in_threads(opened, 16, raise_and_read);
  in_threads(opened, 16, raise_and_read);
  assert_end(opened);
}

static int told; /* the pipe to which reservations are told */

/* Reserves each version that nobody has, with a z of its own, and tells of it. */
static bool reserve_all(struct bs_state *opened, int writer) {
  struct bs_error error = {0};

  for (uint64_t ver = 1; ver <= ROUNDS; ver++) {
    struct bs_intent begun = intent(&here, ver, 1 + writer, 0);
    unsigned char line[2] = {(unsigned char)ver, (unsigned char)writer};
    int64_t entry;

    if (bs_state_intend(opened, NULL, &entry, &begun, &error)) {
      if (write(told, line, sizeof line) != sizeof line) return false;
    } else if (error.word != BS_WORD_conflict) {
      fprintf(stderr, "# writer %d: %s\n", writer, error.message);
      return false;
    }
  }
  return true;
}

/* No version was told of by two. */
static void assert_no_rivals(int fd) {
  int owners[ROUNDS + 1];
  unsigned char line[2];

  for (size_t i = 0; i <= ROUNDS; i++) owners[i] = -1;
  while (read(fd, line, sizeof line) == sizeof line) {
    if (owners[line[0]] >= 0 && owners[line[0]] != line[1]) fail_msg("version %u was reserved twice", line[0]);
    owners[line[0]] = line[1];
  }
  assert_true(owners[ROUNDS] >= 0);
}

static void no_version_is_reserved_twice_among_processes(void **state) {
  int pipes[2];

  assert_int_equal(pipe(pipes), 0);
  told = pipes[1];
  in_processes(*state, reserve_all);
  close(pipes[1]);
  assert_no_rivals(pipes[0]);
  close(pipes[0]);
}

static void no_version_is_reserved_twice_among_threads(void **state) {
  struct bs_state *opened AUTO_STATE = open_state(*state);
  int pipes[2];

  assert_int_equal(pipe(pipes), 0);
  told = pipes[1];
  in_threads(opened, WRITERS, reserve_all);
  close(pipes[1]);
  assert_no_rivals(pipes[0]);
  close(pipes[0]);
}

/* Writes version after version for ever, and tells of each that is done. */
static void write_until_killed(const char *place, uint64_t ver, int fd) {
  struct bs_state *opened = open_state(place);
  struct bs_error error = {0};

  for (;; ver++) {
    struct bs_seen version = version_of(ver);
    struct bs_intent begun = intent(&here, ver, version.z[0], 1);
    struct bs_belief belief = {.datum = &here, .version = &version, .now = ver};
    int64_t entry;

    if (!bs_state_intend(opened, NULL, &entry, &begun, &error) || !bs_state_conclude(opened, NULL, entry, &belief, &error) ||
        write(fd, &ver, sizeof ver) != sizeof ver)
      _exit(1);
  }
}

/* Starts one, kills it somewhere; the last version it told of. */
static uint64_t kill_one(const char *place, uint64_t from, int round) {
  uint64_t last, next;
  int pipes[2];
  pid_t child;

  assert_int_equal(pipe(pipes), 0);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    close(pipes[0]);
    write_until_killed(place, from, pipes[1]);
  }
  close(pipes[1]);
  assert_int_equal(read(pipes[0], &last, sizeof last), sizeof last);
  nanosleep(&(struct timespec){.tv_nsec = (17 * round % 8) * 700000 + 10000}, NULL);
  assert_int_equal(kill(child, SIGKILL), 0);
  assert_int_equal(waitpid(child, NULL, 0), child);
  while (read(pipes[0], &next, sizeof next) == sizeof next) last = next;
  close(pipes[0]);
  return last;
}

/* What was reserved and not concluded stands there whole, with its journal entry, or not at all. */
static void what_was_told_survives_a_kill(void **state) {
  uint64_t last = 0;

  for (int round = 0; round < 12; round++) {
    struct bs_state *opened AUTO_STATE = open_state(*state);
    struct bs_recalled recalled;
    struct bs_unfinished *items;
    struct bs_error error = {0};
    size_t count;

    last = kill_one(*state, last + 1, round);
    recalled = recall(opened, &here, 1);
    assert_true(recalled.version.ver == last || recalled.version.ver == last + 1);
    assert_int_equal(recalled.version.z[0], version_of(recalled.version.ver).z[0]);
    assert_ok(bs_state_unfinished(opened, NULL, &items, &count, &error));
    assert_int_equal(count, recalled.reserved == 0 ? 0 : 2);
    if (count > 0) assert_int_equal(recalled.reserved, recalled.version.ver + 1);
    bs_unfinished_free(items, count);
    last = recalled.version.ver;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(floors_only_rise_among_processes),
      in_place(floors_only_rise_among_threads),
      in_place(more_threads_than_connections_are_kept),
      in_place(no_version_is_reserved_twice_among_processes),
      in_place(no_version_is_reserved_twice_among_threads),
      in_place(what_was_told_survives_a_kill),
  };
  return RUN_TESTS(tests);
}

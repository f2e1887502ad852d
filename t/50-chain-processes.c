/* SPDX-License-Identifier: MIT */
/* Several processes and threads on one ledger, and processes that are killed in the middle. */
#include <config.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

#include "core/names/names.h"
#include "t/lib/ledger.h"

#define WRITERS 3
#define NAMES_EACH 4
#define PATIENCE_MS 120000

static struct bs_names *open_names(const char *ledger) {
  const struct bs_names_config config = {.provider = "embedded", .ledger = ledger, .create = true};
  struct bs_names *names = NULL;
  struct bs_error error = {0};

  return bs_names_open(&names, &config, &error) ? names : NULL;
}

static void value_text(char value[BS_VALUE_HASH_TEXT], int number) {
  snprintf(value, BS_VALUE_HASH_TEXT, "%040d", number);
}

/* Registers and updates its names, all with a key of its own; false when anything failed. */
static bool write_names(struct bs_names *names, int writer) {
  struct bs_scopes scopes = {NULL};
  struct bs_scope *scope;
  struct bs_key *key = NULL;
  struct bs_error error = {0};
  bool good = bs_key_generate(&key, &error) && bs_scope_open(&scopes, &scope, PATIENCE_MS, &error);

  for (int i = 0; good && i < NAMES_EACH; i++) {
    const struct bs_name_operation operation = {.owner_key = key};
    struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
    char name[BS_NAME_MAX + 1], value[BS_VALUE_HASH_TEXT];

    snprintf(name, sizeof name, "w%d-%d.id", writer, i);
    value_text(value, 100 * writer + i);
    good = bs_names_register(names, scope, &receipt, name, NULL, &operation, &error) &&
           bs_names_update(names, scope, &receipt, name, value, &operation, &error);
  }
  if (!good) fprintf(stderr, "# writer %d: %s\n", writer, error.message);
  if (key != NULL) bs_scope_close(scope);
  bs_key_free(key);
  bs_scopes_free(&scopes);
  return good;
}

static void check_names(struct fixture *fixture) {
  struct bs_error error = {0};

  for (int writer = 0; writer < WRITERS; writer++)
    for (int i = 0; i < NAMES_EACH; i++) {
      char name[BS_NAME_MAX + 1], value[BS_VALUE_HASH_TEXT], found[BS_VALUE_HASH_TEXT];
      struct bs_name_entry entry;

      snprintf(name, sizeof name, "w%d-%d.id", writer, i);
      value_text(value, 100 * writer + i);
      entry = entry_of(fixture, name);
      for (size_t j = 0; j < 20; j++) snprintf(found + 2 * j, 3, "%02x", entry.value_hash[j]);
      assert_string_equal(found, value);
    }
  assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
}

static void processes_lose_nothing(void **state) {
  struct fixture *fixture = *state;
  pid_t children[WRITERS];

  bs_ledger_close(fixture->ledger);
  snprintf(fixture->path, sizeof fixture->path, "%s/raced", fixture->directory); /* all of them will want to make it */
  fixture->ledger = NULL;
  for (int writer = 0; writer < WRITERS; writer++) {
    children[writer] = fork();
    assert_true(children[writer] >= 0);
    if (children[writer] == 0) {
      struct bs_names *names = open_names(fixture->path);
      bool good = names != NULL && write_names(names, writer);

      bs_names_close(names);
      _exit(good ? 0 : 1);
    }
  }
  for (int writer = 0; writer < WRITERS; writer++) {
    int status;

    assert_int_equal(waitpid(children[writer], &status, 0), children[writer]);
    assert_int_equal(status, 0);
  }
  open_ledger(fixture);
  check_names(fixture);
}

static struct bs_names *shared;
static atomic_int failures;

static void *write_in_thread(void *writer) {
  if (!write_names(shared, *(int *)writer)) atomic_fetch_add(&failures, 1);
  return NULL;
}

static void threads_share_one_connection(void **state) {
  struct fixture *fixture = *state;
  pthread_t threads[WRITERS];
  int numbers[WRITERS];

  shared = open_names(fixture->path);
  assert_non_null(shared);
  atomic_store(&failures, 0);
  for (int i = 0; i < WRITERS; i++) {
    numbers[i] = i;
    assert_int_equal(pthread_create(&threads[i], NULL, write_in_thread, &numbers[i]), 0);
  }
  for (int i = 0; i < WRITERS; i++) pthread_join(threads[i], NULL);
  bs_names_close(shared);
  assert_int_equal(atomic_load(&failures), 0);
  check_names(fixture);
}

/* Registers and updates for ever; tells of each finished update by one byte. */
static void write_until_killed(const char *path, int fd, int round) {
  struct bs_names *names = open_names(path);
  struct bs_key *key = NULL;
  struct bs_error error = {0};

  if (names == NULL || !bs_key_generate(&key, &error)) _exit(1);
  for (int i = 0; i < 25; i++) {
    const struct bs_name_operation operation = {.owner_key = key};
    struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
    char name[BS_NAME_MAX + 1], value[BS_VALUE_HASH_TEXT];
    unsigned char told = (unsigned char)i;

    snprintf(name, sizeof name, "killed-%d-%d.id", round, i);
    value_text(value, i);
    if (!bs_names_register(names, NULL, &receipt, name, NULL, &operation, &error)) _exit(1);
    if (!bs_names_update(names, NULL, &receipt, name, value, &operation, &error)) _exit(1);
    if (write(fd, &told, 1) != 1) _exit(1);
  }
  pause();
}

static void what_was_reported_survives_a_kill(void **state) {
  struct fixture *fixture = *state;
  struct bs_error error = {0};

  for (int round = 0; round < 8; round++) {
    int pipes[2], count = 0;
    unsigned char told;
    pid_t child;

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      close(pipes[0]);
      write_until_killed(fixture->path, pipes[1], round);
      _exit(1);
    }
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &told, 1), 1);
    nanosleep(&(struct timespec){.tv_nsec = (17 * round % 8) * 1300000}, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    for (count = 1; read(pipes[0], &told, 1) == 1;) count++;
    close(pipes[0]);
    for (int i = 0; i < count; i++) {
      char name[BS_NAME_MAX + 1];

      snprintf(name, sizeof name, "killed-%d-%d.id", round, i);
      assert_true(entry_of(fixture, name).has_value);
    }
    assert_ok(bs_ledger_replay_check(fixture->ledger, &error));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      LEDGER_TEST(processes_lose_nothing),
      LEDGER_TEST(threads_share_one_connection),
      LEDGER_TEST(what_was_reported_survives_a_kill),
  };
  return RUN_TESTS(tests);
}

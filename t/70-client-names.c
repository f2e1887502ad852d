/* SPDX-License-Identifier: MIT */
/* What a name lists, and who may change it: deletion, purge, other owners, writers at once, a put that was killed. */
#include <config.h>

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "t/lib/client.h"

static enum blockstore_result delete(struct world *world, const char *name, const char *key, int purge,
                                     struct blockstore_receipt **ret_receipt, struct blockstore_error **error) {
  struct blockstore_delete_options options = BLOCKSTORE_DELETE_INIT;

  options.purge = purge;
  return blockstore_delete_immutable(world->session, ret_receipt, name, key, world->key, &options, error);
}

static void deleting_drops_the_listing(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt = NULL;
  char key[65];

  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  assert_done(delete(world, NAME, key, 0, &receipt, &error));
  assert_non_null(blockstore_receipt_txid(receipt));
  assert_string_equal(blockstore_receipt_key(receipt), key);
  assert_get_refused(world, NAME, key, "not_found", "lists no");
  assert_true(holds_object(world, "one", key));
  blockstore_receipt_free(receipt);
}

/* Nothing to delete, nothing to pay for: not even for a name that has no record yet. */
static void what_is_not_listed_is_deleted(void **state) {
  static const char key[] = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
  struct world *world = *state;
  struct blockstore_receipt *receipt = NULL;
  char put[65];

  open_with_name(world, ONE_STORE);
  for (int i = 0; i < 2; i++) {
    long before = height(world);

    assert_done(delete(world, NAME, key, 0, &receipt, &error));
    assert_null(blockstore_receipt_txid(receipt));
    assert_int_equal(height(world), before);
    blockstore_receipt_free(receipt);
    receipt = NULL;
    put_text(world, put, "other");
  }
}

static void purging_deletes_the_bytes(void **state) {
  struct world *world = *state;
  char key[65];

  open_with_name(world, TWO_STORES);
  put_text(world, key, "text");
  assert_done(delete(world, NAME, key, 1, NULL, &error));
  assert_false(holds_object(world, "one", key));
  assert_false(holds_object(world, "two", key));
}

static void what_another_name_lists_is_not_purged(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt;
  char key[65], hash[41];

  open_with_name(world, ONE_STORE);
  own(world, "bobby.id");
  put_text(world, key, "text");
  receipt = put_bytes(world, "bobby.id", "text", 4);
  blockstore_receipt_free(receipt);
  assert_refused(delete(world, NAME, key, 1, NULL, &error), "conflict", "bobby.id");
  assert_holds(world, NAME, key, "text", 4); /* nothing was changed */
  value_hash_of(world, hash, "bobby.id");
  remove_object(world, "one", hash);
  open_session(world, ONE_STORE); /* which has not seen the record that is lost */
  assert_refused(delete(world, NAME, key, 1, NULL, &error), "unreachable", "bobby.id");
  assert_true(holds_object(world, "one", key));
}

/* By the lock that other processes hold, too; by close. */
static int hold_lists(const struct world *world, int operation) {
  char *path = path_in(world->place, "state/lock-lists");
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  assert_int_equal(flock(fd, operation), 0);
  free(path);
  return fd;
}

static enum blockstore_result put_shortly(struct world *world, const char *text, struct blockstore_error **error) {
  struct blockstore_put_immutable_options options = BLOCKSTORE_PUT_IMMUTABLE_INIT;
  struct blockstore_input *input = blockstore_input_from_memory(text, strlen(text));
  enum blockstore_result result;

  options.deadline_ms = 300;
  result = blockstore_put_immutable(world->session, NULL, NAME, input, world->key, &options, error);
  blockstore_input_free(input);
  return result;
}

static enum blockstore_result purge_shortly(struct world *world, const char *key, struct blockstore_error **error) {
  struct blockstore_delete_options options = BLOCKSTORE_DELETE_INIT;

  options.deadline_ms = 300;
  options.purge = 1;
  return blockstore_delete_immutable(world->session, NULL, NAME, key, world->key, &options, error);
}

static void puts_and_purges_wait_for_each_other(void **state) {
  struct world *world = *state;
  struct blockstore_receipt *receipt;
  char key[65];
  int lock;

  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  lock = hold_lists(world, LOCK_SH);
  assert_refused(purge_shortly(world, key, &error), "deadline", "While a put, or another purge, is in progress");
  assert_holds(world, NAME, key, "text", 4);
  assert_done(put_shortly(world, "other", &error)); /* puts do not */
  own(world, "bobby.id");
  receipt = put_bytes(world, "bobby.id", "text", 4);
  assert_refused(purge_shortly(world, key, &error), "conflict", "bobby.id"); /* without waiting */
  assert_done(delete(world, "bobby.id", key, 0, NULL, &error));
  close(lock);
  lock = hold_lists(world, LOCK_EX);
  assert_refused(put_shortly(world, "third", &error), "deadline", "While a purge is in progress");
  assert_done(put_shortly(world, "other", &error)); /* it is listed already: no purge takes it */
  close(lock);
  blockstore_receipt_free(receipt);
  assert_done(purge_shortly(world, key, &error));
  assert_false(holds_object(world, "one", key));
}

/* User records lie among the data, and would be purged by their hash. */
static void a_user_record_is_not_purged(void **state) {
  struct world *world = *state;
  char key[65], mine[41], others[41];

  open_with_name(world, ONE_STORE);
  own(world, "bobby.id");
  put_text(world, key, "text");
  blockstore_receipt_free(put_bytes(world, "bobby.id", "x", 1));
  value_hash_of(world, mine, NAME);
  value_hash_of(world, others, "bobby.id");
  assert_refused(delete(world, NAME, mine, 1, NULL, &error), "conflict", NAME);
  assert_refused(delete(world, NAME, others, 1, NULL, &error), "conflict", "bobby.id");
  assert_holds(world, NAME, key, "text", 4);
}

static void who_may_not(void **state) {
  struct world *world = *state;
  struct blockstore_input *input = blockstore_input_from_memory("x", 1);
  struct blockstore_key *owner, *thief = NULL;
  char key[65], missing[65] = "";

  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  assert_done(blockstore_key_generate(&thief, &error));
  owner = world->key;
  world->key = thief;
  assert_refused(blockstore_put_immutable(world->session, NULL, NAME, input, thief, NULL, &error), "denied",
                 blockstore_key_address(owner, BLOCKSTORE_NETWORK_MAIN));
  assert_refused(delete(world, NAME, key, 0, NULL, &error), "denied", NAME);
  world->key = owner;
  assert_refused(blockstore_put_immutable(world->session, NULL, "nobody.id", input, owner, NULL, &error), "not_found",
                 "nobody.id");
  assert_refused(blockstore_put_immutable(world->session, NULL, "No Name", input, owner, NULL, &error), "usage", "No Name");
  assert_get_refused(world, "nobody.id", key, "not_found", "nobody.id");
  assert_get_refused(world, "No Name", key, "usage", "No Name");
  assert_get_refused(world, NAME, "short", "usage", "64");
  memset(missing, 'e', 64);
  assert_get_refused(world, NAME, missing, "not_found", "lists no");
  assert_refused(delete(world, NAME, "short", 0, NULL, &error), "usage", "64");
  own(world, "bobby.id");
  assert_get_refused(world, "bobby.id", key, "not_found", "no user record");
  blockstore_key_free(thief);
  blockstore_input_free(input);
}

static void a_lost_user_record_is_an_error(void **state) {
  struct world *world = *state;
  const char *const arguments[] = {NAME};
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  char key[65], hash[41], *json = NULL;

  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  value_hash_of(world, hash, NAME);
  tamper_object(world, "one", hash);
  assert_refused(blockstore_call_method(world->session, &json, "lookup", arguments, 1, &options, &error), "corrupt", NAME);
  assert_refused(blockstore_call_method(world->session, &json, "lookup", arguments, 1, &options, &error), "corrupt", hash);
  remove_object(world, "one", hash);
  assert_refused(blockstore_call_method(world->session, &json, "lookup", arguments, 1, &options, &error), "not_found", hash);
  assert_null(json);
  assert_get_refused(world, NAME, key, "not_found", hash);
}

/* ---- at once ---- */

struct worker {
  struct world *world;
  pthread_t thread;
  char name[32];
  enum blockstore_result result;
};

static void *put_three(void *user) {
  struct worker *worker = user;

  for (char number = '1'; number <= '3' && worker->result == BLOCKSTORE_DONE; number++) {
    char text[40];
    struct blockstore_input *input;

    snprintf(text, sizeof text, "%s %c", worker->name, number);
    input = blockstore_input_from_memory(text, strlen(text));
    worker->result = blockstore_put_immutable(worker->world->session, NULL, worker->name, input, worker->world->key, NULL, NULL);
    blockstore_input_free(input);
  }
  return NULL;
}

static void *get_often(void *user) {
  struct worker *worker = user;
  struct blockstore_output *output = blockstore_output_to_memory(100);
  /* SHA-256 of "hello world" */
  static const char key[] = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

  for (int i = 0; i < 5 && worker->result == BLOCKSTORE_DONE; i++)
    worker->result = blockstore_get_immutable(worker->world->session, output, NULL, NAME, key, NULL, NULL);
  blockstore_output_free(output);
  return NULL;
}

/* "text", which the other name purges meanwhile. */
static void *put_the_text(void *user) {
  struct worker *worker = user;
  struct blockstore_input *input = blockstore_input_from_memory("text", 4);

  worker->result = blockstore_put_immutable(worker->world->session, NULL, worker->name, input, worker->world->key, NULL, NULL);
  blockstore_input_free(input);
  return NULL;
}

/* Whoever comes first: what was acknowledged is there. */
static void a_purge_takes_nothing_that_is_put_meanwhile(void **state) {
  enum { ROUNDS = 12 };
  struct world *world = *state;
  char key[65];

  open_with_name(world, ONE_STORE);
  for (int i = 0; i < ROUNDS; i++) {
    struct worker worker = {.world = world};

    snprintf(worker.name, sizeof worker.name, "writer%d.id", i);
    own(world, worker.name);
    put_text(world, key, "text");
    assert_int_equal(pthread_create(&worker.thread, NULL, put_the_text, &worker), 0);
    delete(world, NAME, key, 1, NULL, NULL); /* perhaps refused, as the other name lists it */
    pthread_join(worker.thread, NULL);
    assert_int_equal(worker.result, BLOCKSTORE_DONE);
    assert_holds(world, worker.name, key, "text", 4);
    assert_done(delete(world, worker.name, key, 0, NULL, &error));
  }
}

static void threads_share_a_session(void **state) {
  enum { PUTTERS = 4, GETTERS = 8 };
  struct world *world = *state;
  struct worker workers[PUTTERS + GETTERS];
  char key[65], *text;

  open_with_name(world, TWO_STORES);
  put_text(world, key, "hello world");
  for (int i = 0; i < PUTTERS; i++) {
    workers[i] = (struct worker){.world = world};
    snprintf(workers[i].name, sizeof workers[i].name, "writer%d.id", i);
    own(world, workers[i].name);
  }
  open_session(world, TWO_STORES); /* whose stores are not open yet */
  for (int i = 0; i < PUTTERS + GETTERS; i++) {
    if (i >= PUTTERS) workers[i] = (struct worker){.world = world};
    assert_int_equal(pthread_create(&workers[i].thread, NULL, i < PUTTERS ? put_three : get_often, &workers[i]), 0);
  }
  for (int i = 0; i < PUTTERS + GETTERS; i++) pthread_join(workers[i].thread, NULL);
  for (int i = 0; i < PUTTERS + GETTERS; i++) assert_int_equal(workers[i].result, BLOCKSTORE_DONE);
  for (int i = 0; i < PUTTERS; i++) {
    size_t listed = 0;

    text = call(world, "lookup", workers[i].name, NULL);
    for (const char *at = strstr(text, "immutable_data"); at != NULL && *at != ']'; at++) listed += *at == '"';
    assert_int_equal(listed, 1 + 2 * 3);
    blockstore_free(text);
  }
}

/* Puts with the command line, in a process of its own. */
static pid_t start_put(const struct world *world, const char *config, const char *text) {
  const char *build = getenv("builddir");
  char *program = path_in(build == NULL ? "." : build, "tools/bin/blockstore-cli");
  char *file = path_in(world->place, config), *key = path_in(world->place, "key");
  pid_t child = fork();

  if (child == 0) {
    if (freopen("/dev/null", "w", stdout) != NULL)
      execl(program, program, "-c", file, "-k", key, "put_immutable", NAME, text, (char *)NULL);
    _exit(127);
  }
  free(program);
  free(file);
  free(key);
  return child;
}

static int wait_for(pid_t child) {
  int status = 0;

  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static void assert_killed(int status) {
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void write_key(const struct world *world) {
  char *file = path_in(world->place, "key");

  assert_done(blockstore_key_write(world->key, file, BLOCKSTORE_NETWORK_MAIN, &error));
  free(file);
}

/* Keys of "1" to "6". */
static const char *const keys[] = {"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
                                   "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35",
                                   "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce",
                                   "4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a",
                                   "ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d",
                                   "e7f6c011776e8db7cd330b54174fd76f7d0216b612387a5ffcfb81e6f0919683"};
enum { KEYS = sizeof keys / sizeof keys[0] };

/* Half of the processes share the state directory and meet at its lock; the others meet the former at the ledger. */
static void processes_lose_no_entry(void **state) {
  static const char ledger[] = "names: {ledger: state/ledger.db}\n";
  struct world *world = *state;
  char *other;
  pid_t children[KEYS];

  open_with_name(world, ONE_STORE);
  write_key(world);
  assert_true(asprintf(&other, "state_dir: state2\n%s" ONE_STORE, ledger) >= 0);
  write_file(world->place, "other.yaml", other, strlen(other));
  free(other);
  for (int i = 0; i < KEYS; i++) {
    const char text[] = {(char)('1' + i), '\0'};

    children[i] = start_put(world, i % 2 == 0 ? "blockstore.yaml" : "other.yaml", text);
  }
  for (int i = 0; i < KEYS; i++) assert_int_equal(wait_for(children[i]), 0);
  for (int i = 0; i < KEYS; i++) {
    const char text[] = {(char)('1' + i), '\0'};

    assert_holds(world, NAME, keys[i], text, 1);
  }
}

static int journal_entries(const struct world *world) {
  char *file = path_in(world->place, "state/state.db");
  sqlite3_stmt *statement = NULL;
  sqlite3 *database = NULL;
  int count;

  assert_int_equal(sqlite3_open(file, &database), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(database, "SELECT count(*) FROM journal", -1, &statement, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
  count = sqlite3_column_int(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  free(file);
  return count;
}

static void a_killed_put_leaves_nothing_in_the_way(void **state) {
  struct world *world = *state;
  char key[65], hash[41], after[41];

  open_with_name(world, ONE_STORE);
  write_key(world);
  put_text(world, key, "before");
  value_hash_of(world, hash, NAME);
  close_world(world);
  free(write_config(world, "stores: [{name: one, driver: disk, root: one}, {name: killer, driver: acting, kill: true}]\n"));
  assert_killed(wait_for(start_put(world, "blockstore.yaml", "1")));
  assert_int_equal(journal_entries(world), 1);
  assert_true(holds_object(world, "one", keys[0]));
  open_session(world, ONE_STORE);
  value_hash_of(world, after, NAME);
  assert_string_equal(hash, after);
  assert_holds(world, NAME, key, "before", 6);
  assert_get_refused(world, NAME, keys[0], "not_found", "lists no");
  put_text(world, key, "before"); /* changes nothing, and yet clears the journal */
  assert_int_equal(journal_entries(world), 0);
}

static void a_put_after_a_killed_one(void **state) {
  struct world *world = *state;
  char key[65];

  open_with_name(world, ONE_STORE);
  write_key(world);
  close_world(world);
  free(write_config(world, "stores: [{name: one, driver: disk, root: one}, {name: killer, driver: acting, kill: true}]\n"));
  assert_killed(wait_for(start_put(world, "blockstore.yaml", "1")));
  open_session(world, ONE_STORE);
  put_text(world, key, "1");
  assert_holds(world, NAME, keys[0], "1", 1);
  assert_int_equal(journal_entries(world), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(deleting_drops_the_listing),
      in_world(what_is_not_listed_is_deleted),
      in_world(purging_deletes_the_bytes),
      in_world(what_another_name_lists_is_not_purged),
      in_world(puts_and_purges_wait_for_each_other),
      in_world(a_user_record_is_not_purged),
      in_world(who_may_not),
      in_world(a_lost_user_record_is_an_error),
      in_world(a_purge_takes_nothing_that_is_put_meanwhile),
      in_world(threads_share_a_session),
      in_world(processes_lose_no_entry),
      in_world(a_killed_put_leaves_nothing_in_the_way),
      in_world(a_put_after_a_killed_one),
  };

  return RUN_TESTS(tests);
}

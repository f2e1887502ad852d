/* SPDX-License-Identifier: MIT */
/*
 * Recorded runs on a file that is closed after each block, and whose processes are killed: in the middle of a block,
 * before its commit, and after it.  What was not committed did not happen, and what was did.
 */
#include <config.h>

#include <signal.h>
#include <sys/wait.h>

#include "t/lib/replayed.h"
#include "t/lib/tables.h"

enum moment { IN_THE_MIDDLE, BEFORE_COMMIT, AFTER_COMMIT };

static char directory[] = "/dev/shm/blockstore-XXXXXX"; /* in memory, where there is such a place */
static char file[sizeof directory + 120];               /* of the recording that is replayed */

/* NULL: the error says why.  Syncing is for power cuts, which are not tried here. */
static struct bs_database *open_file(enum bs_database_mode mode, struct bs_error *error) {
  struct bs_database *database;

  if (!bs_database_open(&database, file, &bs_ledger_kind, mode, NULL, error)) return NULL;
  if (bs_database_execute(database, "PRAGMA synchronous = OFF", error)) return database;
  bs_database_close(database);
  return NULL;
}

static struct bs_database *reopen(void) {
  struct bs_error error = {0};
  struct bs_database *database = open_file(BS_DATABASE_WRITE, &error);

  if (database == NULL) fail_msg("%s", error.message);
  return database;
}

/* ---- the process that is killed ---- */

/* Called before each statement. */
static int count_down(unsigned event, void *writes, void *statement, void *text) {
  (void)event;
  (void)text;
  if (!sqlite3_stmt_readonly(statement) && (*(uint64_t *)writes)-- == 0) raise(SIGKILL);
  return 0;
}

/* Returns only when something failed. */
static void apply_and_die(const struct recording *recording, const struct recording_block *block, enum moment moment,
                          uint64_t writes) {
  struct bs_block_result result;
  struct bs_error error = {0};
  struct bs_database *database = open_file(BS_DATABASE_WRITE, &error);
  const struct bs_index index = {database, &recording->parameters};

  if (database == NULL || !bs_database_begin(database, &error)) return;
  if (moment == IN_THE_MIDDLE) sqlite3_trace_v2(database->sqlite, SQLITE_TRACE_STMT, count_down, &writes);
  if (!bs_rules_apply(&index, &result, block->height, block->transactions, block->count, &error)) return;
  if (moment == AFTER_COMMIT && !bs_database_commit(database, &error)) return;
  raise(SIGKILL);
}

static void be_killed(const struct recording *recording, const struct recording_block *block, enum moment moment,
                      uint64_t writes) {
  pid_t child = fork();
  int status;

  assert_true(child >= 0);
  if (child == 0) {
    apply_and_die(recording, block, moment, writes);
    _exit(1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
    fail_msg("%s, block %" PRIu64 ": the block could not be applied", recording->name, block->height);
}

/* ---- the blocks ---- */

static void compare_file(const struct recording *recording, const struct recording_block *block, const char *before) {
  struct bs_database *database = reopen();
  char *after BS_AUTO_FREE = tables_text(database, NULL), *when BS_AUTO_FREE = NULL;

  assert_true(asprintf(&when, "%s, block %" PRIu64 ", killed before it was there", recording->name, block->height) > 0);
  compare_tables(before, after, when);
  bs_database_close(database);
}

/* Whoever makes the block is killed between two of its writes, elsewhere in each block; then before the commit. */
static void lose_block(const struct recording *recording, const struct recording_block *block) {
  struct bs_database *database = reopen();
  char *before BS_AUTO_FREE = tables_text(database, NULL);

  bs_database_close(database);
  be_killed(recording, block, IN_THE_MIDDLE, 1 + block->height % (2 + 3 * block->operation_count));
  compare_file(recording, block, before);
  be_killed(recording, block, BEFORE_COMMIT, 0);
  compare_file(recording, block, before);
}

/* What a block left is what a process that was not killed would have left. */
static void compare_block(const struct recording *recording, const struct recording_block *block) {
  unsigned char consensus[BS_CONSENSUS_SIZE], operations_hash[BS_SHA256_SIZE];
  struct bs_database *database = reopen();
  const struct bs_index index = {database, &recording->parameters};
  struct bs_error error = {0};
  bool found;

  assert_ok(bs_index_get_consensus(&index, consensus, operations_hash, &found, block->height, &error));
  if (!found) fail_msg("%s, block %" PRIu64 ": lost although it was committed", recording->name, block->height);
  compare_hash(recording, block->height, "consensus hash", block->consensus, consensus, sizeof consensus);
  compare_hash(recording, block->height, "operations hash", block->operations_hash, operations_hash,
               sizeof operations_hash);
  compare_operations(recording, block, database);
  bs_database_close(database);
}

static void make_block(const struct recording *recording, const struct recording_block *block) {
  struct bs_database *database = reopen();
  const struct bs_index index = {database, &recording->parameters};
  struct bs_error error = {0};

  assert_ok(bs_database_begin(database, &error));
  replay_block(recording, &index, block);
  assert_ok(bs_database_commit(database, &error));
  bs_database_close(database);
}

/* Of a telling recording every block is interrupted, of the others this one. */
static const struct recording_block *fullest(const struct recording *recording) {
  const struct recording_block *found = recording->blocks;

  for (size_t i = 1; i < recording->block_count; i++)
    if (recording->blocks[i].count > found->count) found = &recording->blocks[i];
  return found;
}

static void replay(void **state) {
  const struct recording *recording = *state;
  struct bs_error error = {0};
  struct bs_database *database;
  struct bs_index index;
  bool all = is_telling(recording->name) && !is_brief();

  snprintf(file, sizeof file, "%s/%s", directory, recording->name);
  database = open_file(BS_DATABASE_CREATE, &error);
  if (database == NULL) fail_msg("%s", error.message);
  bs_database_close(database);
  for (size_t i = 0; i < recording->block_count; i++) {
    const struct recording_block *block = &recording->blocks[i];

    if (!all && block != fullest(recording)) {
      make_block(recording, block);
      continue;
    }
    lose_block(recording, block);
    be_killed(recording, block, AFTER_COMMIT, 0);
    compare_block(recording, block);
  }
  database = reopen();
  index = (struct bs_index){database, &recording->parameters};
  compare_end(recording, &index);
  check_integrity(database);
  bs_database_close(database);
}

int main(void) {
  char command[sizeof directory + 10];
  int failed;

  if (access("/dev/shm", W_OK) != 0) snprintf(directory, sizeof directory, "/tmp/blockstore-XXXXXX");
  if (mkdtemp(directory) == NULL) return 1;
  failed = run_recordings(replay, !is_brief());
  snprintf(command, sizeof command, "rm -rf %s", directory);
  return system(command) != 0 || failed;
}

/* SPDX-License-Identifier: MIT */
/*
 * Recorded runs whose newest blocks are rolled back, one to as many as are kept, at every height: all tables are then
 * what they were at that height, and replaying the blocks leads to what was recorded again.
 */
#include <config.h>

#include "t/lib/replayed.h"
#include "t/lib/tables.h"

#define DEPTH 6

/* A recording on its index, and what the tables were at each height, the newest DEPTH + 1 of them. */
struct run {
  const struct recording *recording;
  struct bs_chain_parameters parameters;
  struct bs_index index;
  char *tables[DEPTH + 1]; /* of the height with this remainder */
};

/* How many changes are kept differs after rolling back: they are no part of what the blocks say. */
static char *current_tables(const struct run *run) {
  return tables_text(run->index.database, "undo");
}

static uint64_t first_height(const struct run *run) {
  return run->recording->blocks[0].height;
}

static char **tables_at(struct run *run, uint64_t height) {
  return &run->tables[height % (DEPTH + 1)];
}

static void compare_now(struct run *run, uint64_t height, const char *what, uint64_t other) {
  char *tables BS_AUTO_FREE = current_tables(run), *when BS_AUTO_FREE = NULL;

  assert_true(asprintf(&when, "%s, block %" PRIu64 ", %s %" PRIu64, run->recording->name, height, what, other) > 0);
  compare_tables(*tables_at(run, height), tables, when);
}

static void replay_up_to(struct run *run, uint64_t after, uint64_t height) {
  for (uint64_t next = after + 1; next <= height; next++)
    replay_block(run->recording, &run->index, &run->recording->blocks[next - first_height(run)]);
}

/* From `height` back by `depth` blocks, and there again. */
static void go_back(struct run *run, uint64_t height, uint64_t depth) {
  struct bs_error error = {0};

  if (!bs_index_rollback(&run->index, height - depth, &error))
    fail_msg("%s, block %" PRIu64 ", rolled back by %" PRIu64 ": %s", run->recording->name, height, depth,
             error.message);
  compare_now(run, height - depth, "rolled back from", height);
  replay_up_to(run, height - depth, height);
}

/* One block more than is kept cannot be undone.  What was undone until then is the caller's to take back. */
static void go_too_far(struct run *run, uint64_t height) {
  struct bs_error error;

  assert_ok(bs_database_execute(run->index.database, "SAVEPOINT far", &error));
  assert_fails(bs_index_rollback(&run->index, height - DEPTH - 1, &error), BS_WORD_not_found, "undone");
  assert_ok(bs_database_execute(run->index.database, "ROLLBACK TO far", &error));
  compare_now(run, height, "after trying to go back by", DEPTH + 1);
}

static void begin(struct run *run, const struct recording *recording) {
  struct bs_database *database;
  struct bs_error error = {0};

  *run = (struct run){.recording = recording, .parameters = recording->parameters};
  run->parameters.undo_blocks = DEPTH;
  assert_ok(bs_database_open_memory(&database, &bs_ledger_kind, &error));
  assert_ok(bs_database_begin(database, &error));
  run->index = (struct bs_index){database, &run->parameters};
  *tables_at(run, first_height(run) - 1) = current_tables(run);
}

static void end(struct run *run) {
  compare_end(run->recording, &run->index);
  check_integrity(run->index.database);
  bs_database_close(run->index.database);
  for (size_t i = 0; i <= DEPTH; i++) free(run->tables[i]);
}

static void replay(void **state) {
  const struct recording *recording = *state;
  uint64_t first = recording->blocks[0].height, last = first + recording->block_count - 1;
  bool every = is_telling(recording->name) && !is_brief(); /* depth at every height; else they take turns */
  struct run run;

  begin(&run, recording);
  for (uint64_t height = first; height <= last; height++) {
    replay_up_to(&run, height - 1, height);
    free(*tables_at(&run, height));
    *tables_at(&run, height) = current_tables(&run);
    for (uint64_t depth = 1; depth <= DEPTH && depth <= height - first + 1; depth++)
      if (every || height % DEPTH == depth % DEPTH) go_back(&run, height, depth);
    compare_now(&run, height, "after a way back and forth from", height);
  }
  if (last - first >= DEPTH) go_too_far(&run, last);
  end(&run);
}

int main(void) {
  return run_recordings(replay, !is_brief());
}

/* SPDX-License-Identifier: MIT */
/*
 * Random blocks: the rules and a model of them (t/lib/model.h), which share no code, come to the same.  A difference
 * names seed and block; BLOCKSTORE_TEST_SEED=N runs that one seed.  BLOCKSTORE_TEST_LONG=1: for minutes.
 */
#include <config.h>

#include <inttypes.h>

#include "core/base/auto.h"
#include "core/chain/ledger-private.h"
#include "core/chain/statements.h"
#include "core/codec/hex.h"
#include "t/lib/generator.h"
#include "t/lib/index-lines.h"
#include "t/lib/unit.h"

#define FIRST_BLOCK 1000

struct world {
  uint64_t seed;
  struct bs_chain_parameters parameters;
  struct bs_database *database;
  struct bs_index index;
  struct model model;
  struct generator generator;
};

/* How often what happened; the generator is to reach all of it. */
static struct {
  size_t accepted[256], refused[256]; /* by opcode */
  size_t renewed, waiting, completed, expired, empty, rolled_back;
} seen;

/* ---- one block ---- */

static void report(const struct world *world, const char *what) {
  print_error("seed %" PRIu64 ", block %" PRIu64 ": %s differ\n", world->seed, world->model.state.height, what);
}

static void report_transaction(const struct world *world, size_t i, enum bs_verdict of_model) {
  static const char *const verdicts[] = {"no operation", "accepted", "refused"};
  const struct bs_block_transaction *judged = &world->generator.transactions[i];
  const struct bs_buffer *raw = &world->generator.raws[i];
  char *digits = calloc(2, raw->length + 1), sender[2 * BS_SCRIPT_MAX + 1];

  assert_non_null(digits);
  bs_hex_encode(digits, raw->bytes, raw->length);
  bs_hex_encode(sender, judged->sender, judged->sender_length);
  fail_msg("seed %" PRIu64 ", block %" PRIu64 ", transaction %zu: the model says %s, the rules %s %s\nsender %s\n%s",
           world->seed, world->model.state.height, i, verdicts[of_model], verdicts[judged->verdict], judged->reason, sender, digits);
}

static void compare_operations(const struct world *world) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_error error = {0};
  const struct model *model = &world->model;

  assert_ok(bs_database_query(world->database, BS_SQL_operations_at, &row,
                              BS_VALUES(bs_value_integer(model->state.height)), &error));
  for (size_t i = 0; i < model->operation_count || row != NULL; i++) {
    const struct bs_buffer *expected = i < model->operation_count ? &model->operations[i] : NULL;
    size_t length = row == NULL ? 0 : (size_t)sqlite3_column_bytes(row, 0);

    if (expected == NULL || row == NULL || length != expected->length ||
        memcmp(sqlite3_column_blob(row, 0), expected->bytes, length) != 0)
      fail_msg("seed %" PRIu64 ", block %" PRIu64 ", operation %zu:\nmodel %.*s\nrules %.*s", world->seed,
               model->state.height, i, expected == NULL ? 0 : (int)expected->length,
               expected == NULL ? "" : (const char *)expected->bytes, (int)length,
               row == NULL ? "" : (const char *)sqlite3_column_blob(row, 0));
    assert_ok(bs_database_next(world->database, &row, &error));
  }
}

static void count_block(const struct world *world, const struct bs_block_result *result) {
  const struct model *model = &world->model;

  for (size_t i = 0; i < world->generator.count; i++) {
    if (world->generator.transactions[i].verdict == BS_VERDICT_ACCEPTED) seen.accepted[world->generator.opcodes[i]]++;
    if (world->generator.transactions[i].verdict == BS_VERDICT_REFUSED) seen.refused[world->generator.opcodes[i]]++;
  }
  seen.empty += world->generator.count == 0;
  seen.waiting += model->state.waiting_count > 0;
  seen.completed += model->operation_count > result->accepted;
  for (size_t i = 0; i < model->operation_count; i++)
    seen.renewed += strstr(bs_buffer_string(&model->operations[i]), ",2:::,") != NULL;
  for (size_t i = 0; i < model->state.name_count; i++) seen.expired += !model->state.names[i].has_hash;
}

static void apply_block(struct world *world) {
  struct generator *generator = &world->generator;
  enum bs_verdict of_model[GENERATOR_BLOCK];
  struct bs_block_result expected, result;
  struct bs_error error = {0};
  uint64_t height = world->model.state.height + 1;

  generator_next(generator);
  model_apply(&world->model, &expected, height, generator->transactions, generator->count);
  count_block(world, &expected);
  for (size_t i = 0; i < generator->count; i++) of_model[i] = generator->transactions[i].verdict;
  assert_ok(bs_database_begin(world->database, &error));
  assert_ok(bs_rules_apply(&world->index, &result, height, generator->transactions, generator->count, &error));
  assert_ok(bs_database_commit(world->database, &error));
  for (size_t i = 0; i < generator->count; i++)
    if (generator->transactions[i].verdict != of_model[i]) report_transaction(world, i, of_model[i]);
  compare_operations(world);
  if (memcmp(expected.operations_hash, result.operations_hash, sizeof result.operations_hash) != 0)
    report(world, "operations hashes"), fail();
  if (memcmp(expected.consensus, result.consensus, sizeof result.consensus) != 0) report(world, "consensus hashes"), fail();
}

/* ---- all that is known ---- */

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t sort_lines(char **lines, size_t most, char *text) {
  size_t count = 0;

  for (char *line; (line = strsep(&text, "\n")) != NULL && *line != '\0';) {
    assert_true(count < most);
    lines[count++] = line;
  }
  qsort(lines, count, sizeof *lines, compare_texts);
  return count;
}

static void compare_knowledge(const struct world *world) {
  static char *expected[10000], *got[10000];
  struct bs_buffer model BS_AUTO_BUFFER = BS_BUFFER_INIT, rules BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  size_t count, got_count;

  model_lines(&model, &world->model);
  assert_ok(index_lines(&rules, &world->index, world->model.state.height, &error));
  assert_non_null(bs_buffer_string(&model));
  assert_non_null(bs_buffer_string(&rules));
  count = sort_lines(expected, 10000, (char *)model.bytes);
  got_count = sort_lines(got, 10000, (char *)rules.bytes);
  for (size_t i = 0; i < count || i < got_count; i++)
    if (i >= count || i >= got_count || strcmp(expected[i], got[i]) != 0) {
      report(world, "lines");
      fail_msg("model: %s\nrules: %s", i < count ? expected[i] : "", i < got_count ? got[i] : "");
    }
}

/* ---- blocks ---- */

static void roll_back(struct world *world) {
  uint64_t most = world->model.undo_count < 6 ? world->model.undo_count : 6;
  struct bs_error error = {0};
  uint64_t height;

  if (most == 0) return;
  height = world->model.state.height - 1 - generator_below(&world->generator, most);
  model_rollback(&world->model, height);
  assert_ok(bs_database_begin(world->database, &error));
  assert_ok(bs_index_rollback(&world->index, height, &error));
  assert_ok(bs_database_commit(world->database, &error));
  compare_knowledge(world);
  seen.rolled_back++;
}

static void run_seed(uint64_t seed, size_t blocks) {
  static const char *const announcers[] = {"foo.n0", "foo.n1", NULL};
  struct world *world = calloc(1, sizeof *world);
  struct bs_error error = {0};

  assert_non_null(world);
  world->seed = seed;
  world->parameters = (struct bs_chain_parameters){.magic = {'i', 'd'},
                                                   .script_version = 5,
                                                   .first_block = FIRST_BLOCK,
                                                   .names_per_owner = 2 + seed % 4,
                                                   .import_keys = 3,
                                                   .announcers = seed % 2 == 0 ? announcers : NULL,
                                                   .undo_blocks = MODEL_UNDO,
                                                   .seed_first = FIRST_BLOCK - 4,
                                                   .seed_last = FIRST_BLOCK - 1,
                                                   .seed = {0x17, 0xac, 0x43, 0xc1}};
  assert_ok(bs_database_open_memory(&world->database, &bs_ledger_kind, &error));
  world->index = (struct bs_index){world->database, &world->parameters};
  model_init(&world->model, &world->parameters);
  generator_init(&world->generator, seed, &world->model);
  for (size_t i = 0; i < blocks; i++) {
    apply_block(world);
    if (i % 16 == 15) compare_knowledge(world);
    if (generator_below(&world->generator, 15) == 0) roll_back(world);
  }
  compare_knowledge(world);
  bs_database_close(world->database);
  generator_free(&world->generator);
  model_free(&world->model);
  free(world);
}

static void rules_and_model_agree(void **state) {
  const char *seed = getenv("BLOCKSTORE_TEST_SEED");
  size_t seeds = getenv("BLOCKSTORE_TEST_LONG") != NULL ? 1000 : 10;

  (void)state;
  if (seed != NULL) {
    run_seed(strtoull(seed, NULL, 10), 200);
    return;
  }
  for (uint64_t i = 0; i < seeds; i++) run_seed(i, 200);
}

static void the_generator_reaches_everything(void **state) {
  static const char opcodes[] = "?:+>~;*&!#";

  (void)state;
  for (const char *opcode = opcodes; *opcode != '\0'; opcode++) {
    print_message("# %c: %zu accepted, %zu refused\n", *opcode, seen.accepted[(unsigned char)*opcode],
                  seen.refused[(unsigned char)*opcode]);
    assert_true(seen.accepted[(unsigned char)*opcode] > 0 && seen.refused[(unsigned char)*opcode] > 0);
  }
  print_message("# renewed %zu, waiting %zu, completed %zu, expired %zu, empty %zu, rolled back %zu\n", seen.renewed,
                seen.waiting, seen.completed, seen.expired, seen.empty, seen.rolled_back);
  assert_true(seen.renewed > 0 && seen.waiting > 0 && seen.completed > 0 && seen.expired > 0 && seen.empty > 0 &&
              seen.rolled_back > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rules_and_model_agree),
                                     cmocka_unit_test(the_generator_reaches_everything)};

  return RUN_TESTS(tests);
}

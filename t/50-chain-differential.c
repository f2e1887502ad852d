/* SPDX-License-Identifier: MIT */
/*
 * Random blocks: the rules and a model of them (t/lib/model.h), which share no code, come to the same, also after some
 * blocks were rolled back.  A difference names seed and block.  BLOCKSTORE_TEST_SEED=N: that seed alone, and what the
 * block was; BLOCKSTORE_TEST_LONG=1: a hundred times as many.
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
#define BLOCKS 200 /* of one seed */
#define SEEDS 40
#define LINES_MAX 10000
#define YEAR 52595 /* blocks */

/* One chain, twice. */
struct world {
  uint64_t seed;
  struct bs_chain_parameters parameters;
  struct bs_index index;
  struct model model;
  struct generator generator;
  enum bs_verdict of_model[GENERATOR_BLOCK];
};

/* How often what happened: the generator is to reach all of it. */
static struct {
  size_t accepted[256], refused[256]; /* by opcode */
  size_t renewed, waiting, completed, expired, half_listed, empty, rolled_back;
} seen;

static const char *const verdicts[] = {"no operation", "accepted", "refused"};

/* ---- differences ---- */

static uint64_t height_of(const struct world *world) {
  return world->model.state.height;
}

/* Everything that leads to a difference, for whoever looks for its cause. */
static void tell_block(const struct world *world) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

  if (getenv("BLOCKSTORE_TEST_SEED") == NULL) return;
  for (size_t i = 0; i < world->generator.count; i++) {
    const struct bs_block_transaction *judged = &world->generator.transactions[i];
    const struct bs_buffer *raw = &world->generator.raws[i];
    char sender[2 * BS_SCRIPT_MAX + 1], *digits BS_AUTO_FREE = calloc(2, raw->length + 1);

    assert_non_null(digits);
    bs_hex_encode(digits, raw->bytes, raw->length);
    bs_hex_encode(sender, judged->sender, judged->sender_length);
    bs_buffer_format(&text, "# %zu %c: the model: %s, the rules: %s %s\n# from %s\n# %s\n", i,
                     world->generator.opcodes[i], verdicts[world->of_model[i]], verdicts[judged->verdict],
                     judged->reason, sender, digits);
  }
  bs_buffer_text(&text, "# the model after this block:\n");
  model_lines(&text, &world->model);
  fputs(bs_buffer_string(&text), stderr);
}

#define DIFFERS(world, ...)                                                                         \
  do {                                                                                              \
    tell_block(world);                                                                              \
    print_error("seed %" PRIu64 ", block %" PRIu64 ": ", (world)->seed, height_of(world));         \
    fail_msg(__VA_ARGS__);                                                                          \
  } while (0)

static void compare_verdicts(const struct world *world) {
  for (size_t i = 0; i < world->generator.count; i++)
    if (world->generator.transactions[i].verdict != world->of_model[i])
      DIFFERS(world, "transaction %zu: the model says %s, the rules %s %s", i, verdicts[world->of_model[i]],
              verdicts[world->generator.transactions[i].verdict], world->generator.transactions[i].reason);
}

static void compare_operation(const struct world *world, size_t i, sqlite3_stmt *row) {
  const struct bs_buffer *expected = i < world->model.operation_count ? &world->model.operations[i] : NULL;
  size_t length = row == NULL ? 0 : (size_t)sqlite3_column_bytes(row, 1);
  const char *got = row == NULL ? "" : sqlite3_column_blob(row, 1);

  if (expected == NULL || length != expected->length || memcmp(got, expected->bytes, length) != 0)
    DIFFERS(world, "operation %zu:\nmodel %.*s\nrules %.*s", i, expected == NULL ? 0 : (int)expected->length,
            expected == NULL ? "" : (const char *)expected->bytes, (int)length, got);
}

static void compare_operations(const struct world *world) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_error error = {0};

  assert_ok(bs_database_query(world->index.database, BS_SQL_operations_at, &row,
                              BS_VALUES(bs_value_integer(height_of(world))), &error));
  for (size_t i = 0; i < world->model.operation_count || row != NULL; i++) {
    compare_operation(world, i, row);
    assert_ok(bs_database_next(world->index.database, &row, &error));
  }
}

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t sort_lines(char *lines[LINES_MAX], struct bs_buffer *buffer) {
  char *text;
  size_t count = 0;

  assert_non_null(bs_buffer_string(buffer));
  text = (char *)buffer->bytes;
  for (char *line; (line = strsep(&text, "\n")) != NULL && *line != '\0'; lines[count++] = line)
    assert_true(count < LINES_MAX);
  qsort(lines, count, sizeof *lines, compare_texts);
  return count;
}

/* All that is known, field by field. */
static void compare_knowledge(const struct world *world) {
  static char *expected[LINES_MAX], *got[LINES_MAX];
  struct bs_buffer model BS_AUTO_BUFFER = BS_BUFFER_INIT, rules BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  size_t expected_count, count;

  model_lines(&model, &world->model);
  assert_ok(index_lines(&rules, &world->index, height_of(world), &error));
  expected_count = sort_lines(expected, &model);
  count = sort_lines(got, &rules);
  for (size_t i = 0; i < expected_count || i < count; i++)
    if (i >= expected_count || i >= count || strcmp(expected[i], got[i]) != 0)
      DIFFERS(world, "known afterwards:\nmodel %s\nrules %s", i < expected_count ? expected[i] : "",
              i < count ? got[i] : "");
}

/* ---- blocks ---- */

static void count_block(const struct world *world) {
  const struct model *model = &world->model;
  size_t accepted = 0;

  for (size_t i = 0; i < world->generator.count; i++) {
    accepted += world->of_model[i] == BS_VERDICT_ACCEPTED;
    seen.accepted[world->generator.opcodes[i]] += world->of_model[i] == BS_VERDICT_ACCEPTED;
    seen.refused[world->generator.opcodes[i]] += world->of_model[i] == BS_VERDICT_REFUSED;
  }
  for (size_t i = 0; i < model->operation_count; i++)
    seen.renewed += strstr(bs_buffer_string(&model->operations[i]), ",2:::,") != NULL;
  for (size_t i = 0; i < model->state.name_count; i++) {
    const struct model_name *name = &model->state.names[i];

    seen.expired += !name->has_hash;
    seen.half_listed += name->has_hash && !name->has_owner && !name->revoked;
  }
  seen.empty += world->generator.count == 0;
  seen.waiting += model->state.waiting_count > 0;
  seen.completed += model->operation_count > accepted;
}

static void apply_to_rules(struct world *world, struct bs_block_result *result) {
  struct bs_error error = {0};

  assert_ok(bs_database_begin(world->index.database, &error));
  assert_ok(bs_rules_apply(&world->index, result, height_of(world), world->generator.transactions,
                           world->generator.count, &error));
  assert_ok(bs_database_commit(world->index.database, &error));
}

/* What the generator has made is the next block. */
static void apply_block(struct world *world) {
  struct generator *generator = &world->generator;
  struct bs_block_result expected, result;

  model_apply(&world->model, &expected, height_of(world) + 1, generator->transactions, generator->count);
  for (size_t i = 0; i < generator->count; i++) world->of_model[i] = generator->transactions[i].verdict;
  count_block(world);
  apply_to_rules(world, &result);
  compare_verdicts(world);
  compare_operations(world);
  assert_int_equal(result.accepted, expected.accepted);
  if (memcmp(expected.operations_hash, result.operations_hash, sizeof result.operations_hash) != 0)
    DIFFERS(world, "another operations hash");
  if (memcmp(expected.consensus, result.consensus, sizeof result.consensus) != 0)
    DIFFERS(world, "another consensus hash");
}

/* Up to 6 blocks. */
static void roll_back(struct world *world) {
  uint64_t most = world->model.undo_count < 6 ? world->model.undo_count : 6;
  uint64_t height = height_of(world) - generator_below(&world->generator, most + 1);
  struct bs_error error = {0};

  model_rollback(&world->model, height);
  assert_ok(bs_database_begin(world->index.database, &error));
  assert_ok(bs_index_rollback(&world->index, height, &error));
  assert_ok(bs_database_commit(world->index.database, &error));
  compare_knowledge(world);
  seen.rolled_back++;
}

/* ---- tests ---- */

static struct world *open_world(uint64_t seed) {
  static const char *const announcers[] = {"foo.n0", "foo.n1", NULL};
  struct world *world = calloc(1, sizeof *world);
  struct bs_database *database;
  struct bs_error error = {0};

  assert_non_null(world);
  assert_ok(bs_database_open_memory(&database, &bs_ledger_kind, &error));
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
  world->index = (struct bs_index){database, &world->parameters};
  model_init(&world->model, &world->parameters);
  generator_init(&world->generator, seed, &world->model);
  return world;
}

static void close_world(struct world *world) {
  bs_database_close(world->index.database);
  generator_free(&world->generator);
  model_free(&world->model);
  free(world);
}

static void run(struct world *world, size_t blocks) {
  for (size_t i = 0; i < blocks; i++) {
    generator_next(&world->generator);
    apply_block(world);
    if (generator_below(&world->generator, 15) == 0) compare_knowledge(world);
    if (generator_below(&world->generator, 15) == 0) roll_back(world);
  }
  compare_knowledge(world);
}

static void run_seed(uint64_t seed) {
  struct world *world = open_world(seed);

  run(world, BLOCKS);
  close_world(world);
}

static size_t count_revealed(const struct world *world) {
  const struct model_state *known = &world->model.state;
  size_t count = 0;

  for (size_t i = 0; i < known->namespace_count; i++) count += !known->namespaces[i].is_ready;
  return count;
}

/* A namespace that is not made ready ends after a year; its names are still known, and it can be revealed again. */
static void rules_and_model_agree_after_a_quiet_year(void **state) {
  struct world *world = open_world(SEEDS);

  (void)state;
  alarm(0);
  do run(world, 1);
  while (count_revealed(world) < 2);
  generator_be_quiet(&world->generator);
  for (size_t i = 0; i < YEAR; i++) {
    apply_block(world);
    if (i % 1000 == 0) compare_knowledge(world);
  }
  assert_int_equal(count_revealed(world), 0);
  run(world, BLOCKS);
  close_world(world);
}

static void rules_and_model_agree(void **state) {
  uint64_t seeds = SEEDS;

  (void)state;
  if (getenv("BLOCKSTORE_TEST_BRIEF") != NULL) seeds = 1; /* as under valgrind */
  if (getenv("BLOCKSTORE_TEST_LONG") != NULL) {
    seeds *= 100;
    alarm(0);
  }
  for (uint64_t seed = 0; seed < seeds; seed++) run_seed(seed);
}

static uint64_t to_pay(double price) {
  uint64_t whole;

  if (price >= 9223372036854775808.0) return INT64_MAX;
  whole = (uint64_t)price;
  return (double)whole < price ? whole + 1 : whole;
}

/* Every coefficient, base and exponent; where time is short, some of each. */
static void prices_agree(void **state) {
  unsigned step = getenv("BLOCKSTORE_TEST_BRIEF") != NULL ? 101 : 1;

  (void)state;
  for (unsigned number = 0; number < 1u << 20; number += step) {
    uint8_t coeff = number & 255, base = number >> 8 & 255, power = number >> 16, discount = 1 + number % 15;
    struct bs_namespace_rules rules = {
        .coeff = coeff, .base = base, .buckets = {power}, .no_vowel_discount = discount};
    struct model_prices prices = {.coeff = coeff, .base = base, .buckets = {power}, .no_vowel_discount = discount};
    char expected[32], text[BS_FEE_TEXT];
    double expected_price = model_price(expected, &prices, "b.id");
    uint64_t price = bs_price_to_pay(&rules, "b.id");

    bs_price_text(text, &rules, "b.id");
    if (strcmp(text, expected) != 0 || price != to_pay(expected_price))
      fail_msg("%u * %u^%u / %u: the model says %s, %a, the rules %s, %" PRIu64, coeff, base, power, discount, expected,
               expected_price, text, price);
  }
}

static void the_generator_reaches_everything(void **state) {
  (void)state;
  for (const char *opcode = "?:+>~;*&!#"; *opcode != '\0'; opcode++) {
    size_t accepted = seen.accepted[(unsigned char)*opcode], refused = seen.refused[(unsigned char)*opcode];

    print_message("# %c: %zu accepted, %zu refused\n", *opcode, accepted, refused);
    assert_true(accepted > 0);
    assert_true(refused > 0);
  }
  assert_true(seen.renewed > 0);
  assert_true(seen.waiting > 0);
  assert_true(seen.completed > 0);
  assert_true(seen.expired > 0);
  assert_true(seen.half_listed > 0);
  assert_true(seen.empty > 0);
  assert_true(seen.rolled_back > 0);
}

static void rules_and_model_agree_about_one_seed(void **state) {
  (void)state;
  run_seed(strtoull(getenv("BLOCKSTORE_TEST_SEED"), NULL, 10));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(prices_agree), cmocka_unit_test(rules_and_model_agree),
                                     cmocka_unit_test(the_generator_reaches_everything)};
  const struct CMUnitTest brief[] = {cmocka_unit_test(prices_agree), cmocka_unit_test(rules_and_model_agree)};
  const struct CMUnitTest more[] = {cmocka_unit_test(prices_agree), cmocka_unit_test(rules_and_model_agree),
                                    cmocka_unit_test(the_generator_reaches_everything),
                                    cmocka_unit_test(rules_and_model_agree_after_a_quiet_year)};
  const struct CMUnitTest of_one[] = {cmocka_unit_test(rules_and_model_agree_about_one_seed)};

  if (getenv("BLOCKSTORE_TEST_SEED") != NULL) return RUN_TESTS(of_one);
  if (getenv("BLOCKSTORE_TEST_BRIEF") != NULL) return RUN_TESTS(brief);
  return getenv("BLOCKSTORE_TEST_LONG") != NULL ? RUN_TESTS(more) : RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* An index alone in its file, as that of a chain source is: derived data, so that losing the newest blocks is no harm. */
#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "core/chain/statements.h"
#include "tools/bench-index/bench.h"

static const char *const schema[] = {BS_INDEX_SCHEMA BS_INDEX_SCHEMA_2, BS_INDEX_SCHEMA_3, BS_INDEX_SCHEMA_4,
                                     BS_INDEX_SCHEMA_5};

static const char *const statements[] = {
#define STATEMENT_TEXT(name, text) text,
    BS_INDEX_STATEMENTS(STATEMENT_TEXT)
#undef STATEMENT_TEXT
};

static const struct bs_database_kind kind = {
    .noun = "index",
    .application_id = 0x42534958, /* "BSIX" */
    .schema = schema,
    .version = sizeof schema / sizeof schema[0],
    .derived = true,
    .statements = statements,
    .statement_count = sizeof statements / sizeof statements[0],
};

static const struct bs_chain_parameters parameters = {
    .magic = {'i', 'd'},
    .address_version = 0,
    .script_version = 5,
    .first_block = BENCH_FIRST_BLOCK,
    .names_per_owner = 25,
    .import_keys = 300,
    .seed_first = BENCH_FIRST_BLOCK - 1,
    .seed_last = BENCH_FIRST_BLOCK - 1,
    .seed = {0x5e, 0xed},
};

static void add_namespace(const struct bs_index *index, const char *id, uint32_t lifetime) {
  struct bs_operation reveal = {.opcode = BS_NAMESPACE_REVEAL, .version = 1};
  struct bs_error error = {0};

  reveal.rules = (struct bs_namespace_rules){.lifetime = lifetime,
                                             .coeff = 250,
                                             .base = 4,
                                             .buckets = {6, 5, 4, 3, 2, 1},
                                             .nonalpha_discount = 10,
                                             .no_vowel_discount = 10};
  snprintf(reveal.name, sizeof reveal.name, "%s", id);
  bench_check(bs_rules_add_genesis(index, &reveal, &error), &error);
}

void bench_index_open(struct bench_index *file, const char *path, enum bs_database_mode mode) {
  struct bs_error error = {0};

  bench_check(bs_database_open(&file->database, path, &kind, mode, NULL, &error), &error);
  file->index = (struct bs_index){file->database, &parameters};
  if (mode != BS_DATABASE_CREATE) return;
  bench_check(bs_database_begin(file->database, &error), &error);
  add_namespace(&file->index, "id", BS_LIFETIME_INFINITE);
  add_namespace(&file->index, "app", BENCH_LIFETIME);
}

void bench_index_commit(struct bench_index *file) {
  struct bs_error error = {0};

  bench_check(bs_database_commit(file->database, &error) && bs_database_begin(file->database, &error), &error);
}

void bench_index_close(struct bench_index *file) {
  struct bs_error error = {0};

  if (!file->database->read_only) bench_check(bs_database_commit(file->database, &error), &error);
  bs_database_close(file->database);
}

void bench_index_apply(struct bench_index *file, struct bs_block_result *result, uint64_t height, const struct bench_block *block,
                       enum bs_verdict *verdicts) {
  struct bs_transaction transactions[BLOCK_OPERATIONS];
  struct bs_block_transaction judged[BLOCK_OPERATIONS];
  struct bs_error error = {0};

  for (size_t i = 0; i < block->count; i++) {
    const struct bench_raw *raw = &block->raws[i];

    bench_check(bs_transaction_parse(&transactions[i], raw->bytes, raw->length, &error), &error);
    judged[i] = (struct bs_block_transaction){
        .transaction = &transactions[i], .vtxindex = i, .sender = raw->script, .sender_length = raw->script_length};
  }
  bench_check(bs_rules_apply(&file->index, result, height, judged, block->count, &error), &error);
  for (size_t i = 0; i < block->count; i++) {
    if (verdicts != NULL) verdicts[i] = judged[i].verdict;
    bs_transaction_free(&transactions[i]);
  }
  if (height % COMMIT_BLOCKS == 0) bench_index_commit(file);
}

uint64_t bench_scatter(uint64_t number) {
  number = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
  number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
  return number ^ number >> 31;
}

bool bench_name_expires(uint64_t number) {
  return number % 10 < 3;
}

void bench_name(char name[BS_NAME_MAX + 1], uint64_t number) {
  uint64_t random = bench_scatter(number);
  size_t length = 3 + random % 8;

  random /= 8;
  for (size_t i = 0; i < length; i++, random /= 26) name[i] = (char)('a' + random % 26);
  snprintf(name + length, BS_NAME_MAX + 1 - length, "%" PRIu64 ".%s", number, bench_name_expires(number) ? "app" : "id");
}

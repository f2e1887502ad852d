/* SPDX-License-Identifier: MIT */
/*
 * Recorded runs of the original name server: the rules must accept the same operations, serialise them to the same
 * bytes and come to the same consensus hash in every block.  t/vectors/names-*.txt, one line each: chain FIRST_BLOCK
 * SEED_FIRST SEED_LAST SEED | block HEIGHT | tx VTXINDEX RESULT OPCODE SENDER RAW | op SERIALISED | ops HASH |
 * consensus HASH
 */
#include <config.h>

#include <dirent.h>
#include <inttypes.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "core/chain/ledger-private.h"
#include "core/chain/statements.h"
#include "core/codec/hex.h"
#include "t/lib/unit.h"

#define TRANSACTIONS_MAX 200

struct scenario {
  const char *file;
  struct bs_chain_parameters parameters;
  struct bs_index index;
  uint64_t height;
  size_t count;
  struct bs_transaction transactions[TRANSACTIONS_MAX];
  struct bs_block_transaction judged[TRANSACTIONS_MAX];
  bool expected[TRANSACTIONS_MAX];
  struct bs_buffer bytes[2 * TRANSACTIONS_MAX];
  struct bs_buffer operations; /* text lines */
  char operations_hash[65];
};

static void decode(struct bs_buffer *bytes, const char *text) {
  size_t length = strlen(text) / 2;
  unsigned char *at = bs_buffer_extend(bytes, length);

  assert_non_null(at);
  assert_true(bs_hex_decode(at, length, text));
}

static void read_transaction(struct scenario *scenario, char *line) {
  struct bs_error error = {0};
  size_t i = scenario->count++;
  struct bs_buffer *raw = &scenario->bytes[2 * i], *sender = &scenario->bytes[2 * i + 1];
  char *at = line, *vtxindex = strsep(&at, " "), *result = strsep(&at, " "), *opcode = strsep(&at, " "),
       *script = strsep(&at, " ");

  (void)opcode;
  assert_true(i < TRANSACTIONS_MAX);
  bs_buffer_clear(raw);
  bs_buffer_clear(sender);
  decode(raw, at);
  decode(sender, script);
  assert_ok(bs_transaction_parse(&scenario->transactions[i], raw->bytes, raw->length, &error));
  scenario->expected[i] = strncmp(result, "accepted", 8) == 0;
  scenario->judged[i] = (struct bs_block_transaction){.transaction = &scenario->transactions[i],
                                                      .vtxindex = strtoull(vtxindex, NULL, 10),
                                                      .sender = sender->bytes,
                                                      .sender_length = sender->length};
}

static void compare_operations(struct scenario *scenario) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  assert_ok(bs_database_query(scenario->index.database, BS_SQL_operations_at, &row,
                              BS_VALUES(bs_value_integer(scenario->height)), &error));
  while (row != NULL) {
    bs_buffer_format(&text, "%.*s\n", sqlite3_column_bytes(row, 0), (const char *)sqlite3_column_blob(row, 0));
    assert_ok(bs_database_next(scenario->index.database, &row, &error));
  }
  if (text.length != scenario->operations.length ||
      (text.length > 0 && memcmp(text.bytes, scenario->operations.bytes, text.length) != 0))
    fail_msg("%s block %" PRIu64 ": serialised\n%sexpected\n%s", scenario->file, scenario->height,
             text.length > 0 ? bs_buffer_string(&text) : "",
             scenario->operations.length > 0 ? bs_buffer_string(&scenario->operations) : "");
}

static void end_block(struct scenario *scenario, const char *expected) {
  struct bs_block_result result;
  struct bs_error error = {0};
  char consensus[33], hash[65];

  assert_ok(bs_rules_apply(&scenario->index, &result, scenario->height, scenario->judged, scenario->count, &error));
  for (size_t i = 0; i < scenario->count; i++) {
    if ((scenario->judged[i].verdict == BS_VERDICT_ACCEPTED) != scenario->expected[i])
      fail_msg("%s block %" PRIu64 " transaction %zu: expected %s; reason: %s", scenario->file, scenario->height, i,
               scenario->expected[i] ? "accepted" : "refused", scenario->judged[i].reason);
    bs_transaction_free(&scenario->transactions[i]);
  }
  compare_operations(scenario);
  bs_hex_encode(hash, result.operations_hash, 32);
  bs_hex_encode(consensus, result.consensus, 16);
  assert_string_equal(hash, scenario->operations_hash);
  assert_string_equal(consensus, expected);
  scenario->count = 0;
  bs_buffer_clear(&scenario->operations);
}

static void read_chain(struct scenario *scenario, const char *line) {
  static const char *const announcers[] = {"judecn.id", "muneeb.id", "shea256.id", NULL};
  char seed[33];

  scenario->parameters = (struct bs_chain_parameters){.magic = {'i', 'd'}, .script_version = 5, .names_per_owner = 25, .import_keys = 5, .announcers = announcers};
  assert_int_equal(sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %32s", &scenario->parameters.first_block,
                          &scenario->parameters.seed_first, &scenario->parameters.seed_last, seed),
                   4);
  assert_true(bs_hex_decode(scenario->parameters.seed, 16, seed));
}

static void read_line(struct scenario *scenario, char *line) {
  char *word = strsep(&line, " ");

  if (strcmp(word, "chain") == 0) read_chain(scenario, line);
  if (strcmp(word, "block") == 0) scenario->height = strtoull(line, NULL, 10);
  if (strcmp(word, "tx") == 0) read_transaction(scenario, line);
  if (strcmp(word, "op") == 0) {
    decode(&scenario->operations, line);
    bs_buffer_byte(&scenario->operations, '\n');
  }
  if (strcmp(word, "ops") == 0) snprintf(scenario->operations_hash, sizeof scenario->operations_hash, "%s", line);
  if (strcmp(word, "consensus") == 0) end_block(scenario, line);
}

static void replay(const char *directory, const char *file) {
  struct scenario *scenario = calloc(1, sizeof *scenario);
  struct bs_database *database;
  struct bs_error error = {0};
  char *path, *line = NULL;
  size_t size = 0;
  FILE *stream;

  assert_non_null(scenario);
  assert_true(asprintf(&path, "%s/%s", directory, file) > 0);
  stream = fopen(path, "re");
  assert_non_null(stream);
  assert_ok(bs_database_open_memory(&database, &bs_ledger_kind, &error));
  assert_ok(bs_database_begin(database, &error));
  scenario->file = file;
  scenario->index = (struct bs_index){database, &scenario->parameters};
  while (getline(&line, &size, stream) > 0) {
    line[strcspn(line, "\n")] = '\0';
    read_line(scenario, line);
  }
  fclose(stream);
  bs_database_close(database);
  for (size_t i = 0; i < 2 * TRANSACTIONS_MAX; i++) bs_buffer_free(&scenario->bytes[i]);
  bs_buffer_free(&scenario->operations);
  free(scenario);
  free(line);
  free(path);
}

static void recorded_runs_are_repeated(void **state) {
  const char *directory = getenv("BLOCKSTORE_SCENARIOS"), *srcdir = getenv("srcdir");
  char *own = NULL;
  DIR *handle;
  size_t count = 0;

  (void)state;
  assert_true(asprintf(&own, "%s/t/vectors", srcdir == NULL ? "." : srcdir) > 0);
  if (directory == NULL) directory = own;
  handle = opendir(directory);
  assert_non_null(handle);
  for (struct dirent *entry; (entry = readdir(handle)) != NULL;) {
    if (strncmp(entry->d_name, "names-", 6) != 0) continue;
    replay(directory, entry->d_name);
    count++;
  }
  closedir(handle);
  free(own);
  assert_true(count > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(recorded_runs_are_repeated)};

  return RUN_TESTS(tests);
}

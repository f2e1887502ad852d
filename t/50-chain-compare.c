/* SPDX-License-Identifier: MIT */
/* What undoes a block, held against that of a replay: the same changes count, however they stand there. */
#include <config.h>

#include "core/chain/compare.h"
#include "core/chain/ledger-private.h"
#include "t/lib/unit.h"

#define KEYS 500

static struct bs_error error;

struct side {
  struct bs_database *database;
  struct bs_chain_parameters parameters;
  struct bs_index index;
};

static void begin(struct side *side) {
  *side = (struct side){.parameters = {.first_block = 1, .undo_blocks = 10}};
  assert_ok(bs_database_open_memory(&side->database, &bs_ledger_kind, &error));
  side->index = (struct bs_index){side->database, &side->parameters};
}

static void end(struct side *side) {
  bs_database_close(side->database);
}
#define AUTO_SIDE BS_AUTO(end)

/* A block that adds the keys `first` to `last`, in this order. */
static void add_block(struct side *side, uint64_t height, int first, int last) {
  struct bs_undo *undo;

  assert_ok(bs_undo_begin(&undo, &side->index, &error));
  for (int number = first;; number += first < last ? 1 : -1) {
    char address[20];

    snprintf(address, sizeof address, "key %d", number);
    assert_ok(bs_index_put_import_key(&side->index, "id", address, &error));
    if (number == last) break;
  }
  assert_ok(bs_undo_keep(undo, &side->index, height, &error));
  bs_undo_free(undo);
}

struct seen {
  int count;
  char where[60];
};

static void note(void *user, const char *where, const char *problem) {
  struct seen *seen = user;

  assert_string_equal(problem, "The row is not what follows from the blocks.");
  seen->count++;
  snprintf(seen->where, sizeof seen->where, "%s", where);
}

static struct seen compare(struct side *replayed, struct side *stored, uint64_t *block) {
  struct seen seen = {.count = 0};

  *block = UINT64_MAX;
  assert_ok(bs_undo_compare(block, replayed->database, stored->database, note, &seen, &error));
  return seen;
}

static bool same_bytes(struct side *a, struct side *b) {
  sqlite3_stmt *rows[2];
  bool is_same;
  int length;

  for (size_t i = 0; i < 2; i++) {
    sqlite3 *sqlite = (i == 0 ? a : b)->database->sqlite;

    assert_int_equal(sqlite3_prepare_v2(sqlite, "SELECT changes FROM undo", -1, &rows[i], NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(rows[i]), SQLITE_ROW);
  }
  length = sqlite3_column_bytes(rows[0], 0);
  is_same = length == sqlite3_column_bytes(rows[1], 0) &&
            memcmp(sqlite3_column_blob(rows[0], 0), sqlite3_column_blob(rows[1], 0), (size_t)length) == 0;
  for (size_t i = 0; i < 2; i++) sqlite3_finalize(rows[i]);
  return is_same;
}

static void the_order_of_changes_is_nothing(void **state) {
  struct side one AUTO_SIDE, other AUTO_SIDE;
  uint64_t block;

  (void)state;
  begin(&one);
  begin(&other);
  add_block(&one, 7, 1, KEYS);
  add_block(&other, 7, KEYS, 1);
  assert_false(same_bytes(&one, &other));
  assert_int_equal(compare(&one, &other, &block).count, 0);
  assert_int_equal(compare(&one, &one, &block).count, 0);
  assert_int_equal(block, UINT64_MAX);
}

static void another_change_is(void **state) {
  static const char *const spoilt[] = {"x''", "x'00'", "x'5401'", "substr(changes, 1, length(changes) - 1)", "changes || x'54'",
                                       "CAST(substr(changes, 1, 50) || x'FF' || substr(changes, 52) AS BLOB)",
                                       "zeroblob(length(changes))"};
  struct side one AUTO_SIDE, other AUTO_SIDE;
  struct seen seen;
  uint64_t block;

  (void)state;
  begin(&one);
  begin(&other);
  add_block(&one, 7, 1, KEYS);
  add_block(&other, 7, KEYS, 2);
  seen = compare(&one, &other, &block);
  assert_int_equal(seen.count, 1);
  assert_string_equal(seen.where, "table undo, row 7");
  assert_int_equal(block, 7);
  for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
    struct side bad AUTO_SIDE;
    char sql[150];

    begin(&bad);
    add_block(&bad, 7, 1, KEYS);
    assert_int_equal(compare(&one, &bad, &block).count, 0);
    snprintf(sql, sizeof sql, "UPDATE undo SET changes = %s", spoilt[i]);
    assert_ok(bs_database_execute(bad.database, sql, &error));
    assert_int_equal(compare(&one, &bad, &block).count, 1);
  }
}

/* How many are kept is no difference. */
static void fewer_or_older_ones_may_be_there(void **state) {
  struct side one AUTO_SIDE, other AUTO_SIDE;
  uint64_t block;

  (void)state;
  begin(&one);
  begin(&other);
  add_block(&other, 5, 3, 4);
  for (uint64_t height = 7; height < 10; height++) {
    add_block(&one, height, (int)height * 10, (int)height * 10 + 5);
    if (height != 8) add_block(&other, height, (int)height * 10, (int)height * 10 + 5);
  }
  assert_int_equal(compare(&one, &other, &block).count, 0);
  assert_ok(bs_database_execute(other.database, "UPDATE undo SET changes = x'' WHERE block = 7", &error));
  assert_int_equal(compare(&one, &other, &block).count, 1);
  assert_int_equal(block, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_order_of_changes_is_nothing),
      cmocka_unit_test(another_change_is),
      cmocka_unit_test(fewer_or_older_ones_may_be_there),
  };

  return RUN_TESTS(tests);
}

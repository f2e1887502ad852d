/* SPDX-License-Identifier: MIT */
/*
 * A name's record with its history, which one query gives, is what two tell: for every name of the recorded runs, with names
 * that expired and were registered anew, imports, transfers, and several operations in one block.
 */
#include <config.h>

#include "core/chain/index.h"

#include "t/lib/replayed.h"

/* What was visited, a line each, and how much of it. */
struct told {
  struct bs_buffer text;
  size_t names, operations;
};

static void tell_name(void *user, const struct bs_name_entry *entry) {
  struct told *told = user;

  told->names++;
  index_name_line(&told->text, entry);
  bs_buffer_format(&told->text, "listed=%u changed=%" PRIu64 "\n", entry->listed, entry->changed_block);
}

static bool tell_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct told *told = user;

  told->operations++;
  bs_buffer_format(&told->text, "block=%" PRIu64 " ", block);
  bs_fields_write(&told->text, fields);
  bs_buffer_byte(&told->text, '\n');
  return bs_buffer_ok(&told->text, error);
}

static bool refuse_operation(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  (void)user, (void)block, (void)fields;
  return bs_fail(error, BS_WORD_too_large, "No more.");
}

/* Returns how many operations the name has. */
static size_t check_name(const struct bs_index *index, const char *name) {
  struct told one = {.names = 0}, two = {.names = 0};
  const struct bs_history_visitor visitor = {tell_name, tell_operation, &one}, refusing = {tell_name, refuse_operation, &two};
  struct bs_name_entry entry;
  struct bs_error error = {0};
  bool found = false;

  assert_ok(bs_index_get_history(index, &found, name, &visitor, &error));
  assert_true(found);
  if (one.operations > 0)
    assert_fails(bs_index_get_history(index, &found, name, &refusing, &error), BS_WORD_too_large, "No more");
  bs_buffer_clear(&two.text);
  assert_ok(bs_index_get_name(index, &entry, &found, name, &error) && found);
  tell_name(&two, &entry);
  assert_ok(bs_index_operations_on(index, name, 0, INT64_MAX, tell_operation, &two, &error));
  assert_int_equal(one.names, 1);
  assert_int_equal(one.operations, two.operations);
  assert_string_equal(bs_buffer_string(&one.text), bs_buffer_string(&two.text));
  bs_buffer_free(&one.text);
  bs_buffer_free(&two.text);
  return two.operations;
}

static void test_histories(void **state) {
  const struct recording *recording = *state;
  const struct bs_history_visitor visitor = {tell_name, tell_operation, NULL};
  struct bs_database *database;
  struct bs_index index;
  struct bs_block_result result;
  struct bs_error error = {0};
  size_t operations = 0, names = 0;
  bool found = true;

  assert_ok(bs_database_open_memory(&database, &bs_ledger_kind, &error));
  assert_ok(bs_database_begin(database, &error));
  index = (struct bs_index){database, &recording->parameters};
  for (size_t i = 0; i < recording->block_count; i++) {
    const struct recording_block *block = &recording->blocks[i];

    assert_ok(bs_rules_apply(&index, &result, block->height, block->transactions, block->count, &error));
  }
  for (size_t i = 0; i < recording->line_count; i++)
    if (strcmp(recording->lines[i].kind, "name") == 0) {
      operations += check_name(&index, recording->lines[i].key);
      names++;
    }
  assert_true(operations >= names);
  assert_ok(bs_index_get_history(&index, &found, "nobody.none", &visitor, &error));
  assert_false(found);
  bs_database_close(database);
}

int main(void) {
  return run_recordings(test_histories, true);
}

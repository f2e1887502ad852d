/* SPDX-License-Identifier: MIT */
/* Every entry that there is at the end of the recorded runs comes through JSON unchanged. */
#include <config.h>

#include "core/names/entry-json.h"

#include "t/lib/replayed.h"

static const struct bs_json_limits limits = {1u << 16, 8};

static struct bs_json scan(struct bs_buffer *text) {
  struct bs_json root;
  struct bs_error error = {0};

  assert_ok(bs_json_scan(&root, text->bytes, text->length, &limits, &error));
  return root;
}

static bool same_lines(struct bs_buffer *one, struct bs_buffer *other) {
  return strcmp(bs_buffer_string(one), bs_buffer_string(other)) == 0;
}

static void check_name(const struct bs_name_entry *entry) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT, before BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_buffer after BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_entry again;
  struct bs_error error = {0};

  bs_name_to_json(&text, entry);
  if (!bs_name_from_json(&again, scan(&text), &error)) fail_msg("%s: %s", bs_buffer_string(&text), error.message);
  index_name_line(&before, entry);
  index_name_line(&after, &again);
  assert_true(same_lines(&before, &after));
  assert_int_equal(again.listed, entry->listed);
  assert_int_equal(again.changed_block, entry->changed_block);
}

static void check_namespace(const struct bs_namespace_entry *entry) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT, before BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_buffer after BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_namespace_entry again;
  struct bs_error error = {0};

  bs_namespace_to_json(&text, entry);
  if (!bs_namespace_from_json(&again, scan(&text), &error)) fail_msg("%s: %s", bs_buffer_string(&text), error.message);
  index_namespace_line(&before, entry);
  index_namespace_line(&after, &again);
  assert_true(same_lines(&before, &after));
}

static void check_preorder(const struct bs_preorder_entry *entry, enum bs_opcode opcode) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT, before BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_buffer after BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_preorder_entry again;
  struct bs_error error = {0};

  bs_preorder_to_json(&text, entry);
  if (!bs_preorder_from_json(&again, scan(&text), &error)) fail_msg("%s: %s", bs_buffer_string(&text), error.message);
  index_preorder_line(&before, entry, opcode);
  index_preorder_line(&after, &again, opcode);
  assert_true(same_lines(&before, &after));
}

/* The kind and key of each recorded line say what to get. */
static void check_line(const struct bs_index *index, const struct recording_line *line) {
  enum bs_opcode opcode = strcmp(line->kind, "preorder") == 0 ? BS_NAME_PREORDER : BS_NAMESPACE_PREORDER;
  unsigned char hash[BS_HASH160_SIZE];
  struct bs_name_entry name;
  struct bs_namespace_entry name_space;
  struct bs_preorder_entry preorder;
  struct bs_error error = {0};
  bool found;

  if (strcmp(line->kind, "name") == 0) {
    assert_ok(bs_index_get_name(index, &name, &found, line->key, &error) && found);
    check_name(&name);
  } else if (strcmp(line->kind, "namespace") == 0 || strcmp(line->kind, "revealed") == 0) {
    assert_ok(bs_index_get_namespace(index, &name_space, &found, line->key, &error) && found);
    check_namespace(&name_space);
  } else if (strcmp(line->kind, "preorder") == 0 || strcmp(line->kind, "namespace-preorder") == 0) {
    assert_true(bs_hex_decode(hash, sizeof hash, line->key));
    assert_ok(bs_index_get_preorder(index, &preorder, &found, opcode, hash, &error) && found);
    check_preorder(&preorder, opcode);
  }
}

static void test_entries(void **state) {
  const struct recording *recording = *state;
  struct bs_database *database;
  struct bs_index index;
  struct bs_block_result result;
  struct bs_error error = {0};

  assert_ok(bs_database_open_memory(&database, &bs_ledger_kind, &error));
  assert_ok(bs_database_begin(database, &error));
  index = (struct bs_index){database, &recording->parameters};
  for (size_t i = 0; i < recording->block_count; i++) {
    const struct recording_block *block = &recording->blocks[i];

    assert_ok(bs_rules_apply(&index, &result, block->height, block->transactions, block->count, &error));
  }
  for (size_t i = 0; i < recording->line_count; i++) check_line(&index, &recording->lines[i]);
  bs_database_close(database);
}

int main(void) {
  return run_recordings(test_entries, true);
}

/* SPDX-License-Identifier: MIT */
/* A recording that is replayed on an index in SQLite, and held against what was recorded. */
#ifndef BS_T_REPLAYED_H
#define BS_T_REPLAYED_H

#include <dirent.h>
#include <inttypes.h>

#include "core/base/auto.h"
#include "core/chain/ledger-private.h"
#include "core/chain/statements.h"
#include "core/codec/hex.h"
#include "t/lib/index-lines.h"
#include "t/lib/recording.h"
#include "t/lib/unit.h"

/* Bytes as they stand in a failure's message: printable, or as \xNN; in `text`, which is emptied first. */
static inline const char *printable(struct bs_buffer *text, const void *bytes, size_t length) {
  bs_buffer_clear(text);
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = ((const unsigned char *)bytes)[i];

    if (byte >= ' ' && byte <= '~' && byte != '\\')
      bs_buffer_byte(text, byte);
    else
      bs_buffer_format(text, "\\x%02x", byte);
  }
  return bs_buffer_string(text);
}

static inline void compare_hash(const struct recording *recording, uint64_t height, const char *what,
                                const unsigned char *expected, const unsigned char *got, size_t length) {
  char wanted[65], have[65];

  if (memcmp(expected, got, length) == 0) return;
  bs_hex_encode(wanted, expected, length);
  bs_hex_encode(have, got, length);
  fail_msg("%s, block %" PRIu64 ": %s: expected %s, got %s", recording->name, height, what, wanted, have);
}

static inline void compare_verdicts(const struct recording *recording, const struct recording_block *block) {
  static const char *const verdicts[] = {"no operation", "accepted", "refused"};

  for (size_t i = 0; i < block->count; i++) {
    const struct bs_block_transaction *judged = &block->transactions[i];

    if (!recording_is_verdict(block->verdicts[i], judged->verdict))
      fail_msg("%s, block %" PRIu64 ", transaction %" PRIu64 ": verdict: expected %s, got %s %s", recording->name,
               block->height, judged->vtxindex, recording_verdict_text(block->verdicts[i]), verdicts[judged->verdict],
               judged->reason);
  }
}

/* Which fields of a serialised operation differ is seen best with both one above the other. */
static inline void compare_operation(const struct recording *recording, uint64_t height, size_t number,
                                     const struct recording_bytes *expected, sqlite3_stmt *row) {
  struct bs_buffer wanted BS_AUTO_BUFFER = BS_BUFFER_INIT, have BS_AUTO_BUFFER = BS_BUFFER_INIT;
  size_t length = row == NULL ? 0 : (size_t)sqlite3_column_bytes(row, 1);
  const void *got = row == NULL ? "" : sqlite3_column_blob(row, 1);

  if (expected != NULL && row != NULL && length == expected->length && memcmp(got, expected->bytes, length) == 0)
    return;
  fail_msg("%s, block %" PRIu64 ", operation %zu: serialised:\nexpected %s\ngot      %s", recording->name, height,
           number, expected == NULL ? "none" : printable(&wanted, expected->bytes, expected->length),
           row == NULL ? "none" : printable(&have, got, length));
}

static inline void compare_operations(const struct recording *recording, const struct recording_block *block,
                                      struct bs_database *database) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_error error = {0};

  assert_ok(
      bs_database_query(database, BS_SQL_operations_at, &row, BS_VALUES(bs_value_integer(block->height)), &error));
  for (size_t i = 0; i < block->operation_count || row != NULL; i++) {
    compare_operation(recording, block->height, i, i < block->operation_count ? &block->operations[i] : NULL, row);
    assert_ok(bs_database_next(database, &row, &error));
  }
}

/* Applies the block and compares all that is recorded of it; in the caller's transaction. */
static inline void replay_block(const struct recording *recording, const struct bs_index *index,
                                const struct recording_block *block) {
  struct bs_block_result result;
  struct bs_error error = {0};

  if (!bs_rules_apply(index, &result, block->height, block->transactions, block->count, &error))
    fail_msg("%s, block %" PRIu64 ": %s", recording->name, block->height, error.message);
  compare_verdicts(recording, block);
  compare_operations(recording, block, index->database);
  compare_hash(recording, block->height, "operations hash", block->operations_hash, result.operations_hash,
               sizeof result.operations_hash);
  compare_hash(recording, block->height, "consensus hash", block->consensus, result.consensus, sizeof result.consensus);
}

/* ---- what is known at the end ---- */

static inline const struct recording_line *find_line(const struct recording_line *lines, size_t count,
                                                     const struct recording_line *wanted) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(lines[i].kind, wanted->kind) == 0 && strcmp(lines[i].key, wanted->key) == 0) return &lines[i];
  return NULL;
}

/* Two lines of one kind and key, word by word; the words of records are FIELD=VALUE. */
static inline void compare_line(const struct recording *recording, const struct recording_line *expected,
                                const struct recording_line *line) {
  const char *wanted = expected->text, *got = line->text;

  for (;;) {
    int wanted_length = (int)strcspn(wanted, " "), got_length = (int)strcspn(got, " ");

    if (wanted_length != got_length || memcmp(wanted, got, (size_t)got_length) != 0)
      fail_msg("%s, at the end: %s %s: expected %.*s, got %.*s", recording->name, expected->kind, expected->key,
               wanted_length, wanted, got_length, got);
    wanted += wanted_length;
    got += got_length;
    if (*wanted == '\0' && *got == '\0') return;
    wanted += *wanted == ' ';
    got += *got == ' ';
  }
}

/* Those of the index, taken apart in `text`; by free(). */
static inline struct recording_line *split_lines(size_t *ret_count, char *text) {
  struct recording_line *lines;
  size_t count = 0;

  for (const char *at = text; *at != '\0'; at++) count += *at == '\n';
  lines = calloc(count + 1, sizeof *lines);
  assert_non_null(lines);
  count = 0;
  for (char *line; (line = strsep(&text, "\n")) != NULL && *line != '\0'; count++)
    assert_true(recording_split_line(&lines[count], line));
  *ret_count = count;
  return lines;
}

/* All that there is in the lines of `text` is what was recorded. */
static inline void compare_lines(const struct recording *recording, struct bs_buffer *text) {
  struct recording_line *lines BS_AUTO_FREE = NULL;
  size_t count;

  assert_non_null(bs_buffer_string(text));
  lines = split_lines(&count, (char *)text->bytes);
  for (size_t i = 0; i < recording->line_count; i++) {
    const struct recording_line *expected = &recording->lines[i], *got = find_line(lines, count, expected);

    if (got == NULL)
      fail_msg("%s, at the end: %s %s: expected %s, got nothing", recording->name, expected->kind, expected->key,
               expected->text);
    else
      compare_line(recording, expected, got);
  }
  for (size_t i = 0; i < count; i++)
    if (find_line(recording->lines, recording->line_count, &lines[i]) == NULL)
      fail_msg("%s, at the end: %s %s: expected nothing, got %s", recording->name, lines[i].kind, lines[i].key,
               lines[i].text);
}

/* All that the index holds is what was recorded. */
static inline void compare_end(const struct recording *recording, const struct bs_index *index) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};

  assert_ok(index_lines(&text, index, recording->blocks[recording->block_count - 1].height, &error));
  compare_lines(recording, &text);
}

/* ---- one test for each recording ---- */

static inline char *recordings_path(const char *file) {
  const char *srcdir = getenv("srcdir");
  char *path;

  if (asprintf(&path, "%s/t/vectors/names/%s", srcdir == NULL ? "." : srcdir, file) < 0) abort();
  return path;
}

static inline int is_recording(const struct dirent *entry) {
  const char *dot = strrchr(entry->d_name, '.');

  return dot != NULL && strcmp(dot, ".txt") == 0;
}

/* Those that have some of everything: for what takes too long to be done with all.  By the recording's name, or that of
 * its file. */
static inline bool is_telling(const char *name) {
  static const char *const names[] = {"name_preorder_register_update_transfer_renew_revoke_verify_multi", "x_import",
                                      "x_import_expire", "x_multi1", "x_sameblock"};

  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcspn(name, ".") == strlen(names[i]) && strncmp(name, names[i], strlen(names[i])) == 0) return true;
  return false;
}

/* The recording's file comes as the test's initial state. */
static inline int open_recording(void **state) {
  char *path BS_AUTO_FREE = recordings_path(*state);
  struct recording *recording;
  struct bs_error error = {0};

  if (!recording_open(&recording, path, &error)) {
    print_error("%s\n", error.message);
    return -1;
  }
  *state = recording;
  return 0;
}

static inline int close_recording(void **state) {
  recording_close(*state);
  return 0;
}

/* As where a check takes ten or a hundred times as long. */
static inline bool is_brief(void) {
  return getenv("BLOCKSTORE_TEST_BRIEF") != NULL;
}

/* Runs `test` with each recording for its state, or with the telling ones only. */
static inline int run_recordings(CMUnitTestFunction test, bool all) {
  char *path BS_AUTO_FREE = recordings_path("");
  struct dirent **files;
  int found = scandir(path, &files, is_recording, alphasort), failed;
  struct CMUnitTest *tests = found > 0 ? calloc((size_t)found, sizeof *tests) : NULL;
  size_t count = 0;

  if (tests == NULL) {
    fprintf(stderr, "%s has no recordings.\n", path);
    return 1;
  }
  for (int i = 0; i < found; i++)
    if (all || is_telling(files[i]->d_name))
      tests[count++] = (struct CMUnitTest){files[i]->d_name, test, open_recording, close_recording, files[i]->d_name};
  alarm(600); /* as RUN_TESTS does, which needs an array of known size; valgrind takes minutes for some */
  cmocka_set_message_output(CM_OUTPUT_TAP);
  failed = _cmocka_run_group_tests(__FILE__, tests, count, NULL, NULL);
  for (int i = 0; i < found; i++) free(files[i]);
  free(files);
  free(tests);
  return failed;
}

#endif

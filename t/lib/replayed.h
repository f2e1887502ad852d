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
  size_t length = row == NULL ? 0 : (size_t)sqlite3_column_bytes(row, 0);
  const void *got = row == NULL ? "" : sqlite3_column_blob(row, 0);

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

  assert_ok(bs_database_query(database, BS_SQL_operations_at, &row, BS_VALUES(bs_value_integer(block->height)), &error));
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
  compare_hash(recording, block->height, "consensus hash", block->consensus, result.consensus,
               sizeof result.consensus);
}

/* ---- what is known at the end ---- */

/* The line of `lines` that begins with "KIND KEY "; what is behind that, up to the newline, or NULL. */
static inline const char *find_line(const char *lines, const struct recording_line *wanted) {
  char *start;
  const char *found, *at = lines;
  size_t length;

  assert_true(asprintf(&start, "%s %s ", wanted->kind, wanted->key) > 0);
  length = strlen(start);
  while ((found = strstr(at, start)) != NULL && found != lines && found[-1] != '\n') at = found + 1;
  free(start);
  return found == NULL ? NULL : found + length;
}

/* Two lines of one kind and key, word by word; the words of records are FIELD=VALUE. */
static inline void compare_line(const struct recording *recording, const struct recording_line *expected,
                                const char *got) {
  const char *wanted = expected->text;

  for (;;) {
    int wanted_length = (int)strcspn(wanted, " "), got_length = (int)strcspn(got, " \n");

    if (wanted_length != got_length || memcmp(wanted, got, (size_t)got_length) != 0)
      fail_msg("%s, at the end: %s %s: expected %.*s, got %.*s", recording->name, expected->kind, expected->key,
               wanted_length, wanted, got_length, got);
    wanted += wanted_length;
    got += got_length;
    if (*wanted == '\0' && *got == '\n') return;
    wanted += *wanted == ' ';
    got += *got == ' ';
  }
}

/* Every line of the index has one of the recording with its kind and key. */
static inline void find_surplus(const struct recording *recording, const char *lines) {
  for (const char *at = lines; *at != '\0'; at += strcspn(at, "\n") + 1) {
    size_t i = 0, kind = strcspn(at, " "), key = strcspn(at + kind + 1, " ");

    while (i < recording->line_count && (strlen(recording->lines[i].kind) != kind ||
                                         strncmp(recording->lines[i].kind, at, kind) != 0 ||
                                         strlen(recording->lines[i].key) != key ||
                                         strncmp(recording->lines[i].key, at + kind + 1, key) != 0))
      i++;
    if (i == recording->line_count)
      fail_msg("%s, at the end: expected nothing, got %.*s", recording->name, (int)strcspn(at, "\n"), at);
  }
}

/* All that the index holds is what was recorded. */
static inline void compare_end(const struct recording *recording, const struct bs_index *index) {
  struct bs_buffer buffer BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  const char *lines;

  assert_ok(index_lines(&buffer, index, recording->blocks[recording->block_count - 1].height, &error));
  lines = bs_buffer_string(&buffer);
  for (size_t i = 0; i < recording->line_count; i++) {
    const char *got = find_line(lines, &recording->lines[i]);

    if (got == NULL)
      fail_msg("%s, at the end: %s %s: expected %s, got nothing", recording->name, recording->lines[i].kind,
               recording->lines[i].key, recording->lines[i].text);
    else
      compare_line(recording, &recording->lines[i], got);
  }
  find_surplus(recording, lines);
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

/* Runs `test` with each recording for its state. */
static inline int run_recordings(CMUnitTestFunction test) {
  char *path BS_AUTO_FREE = recordings_path("");
  struct dirent **files;
  int count = scandir(path, &files, is_recording, alphasort), failed = 1;
  struct CMUnitTest *tests = count > 0 ? calloc((size_t)count, sizeof *tests) : NULL;

  if (tests == NULL) {
    fprintf(stderr, "%s has no recordings.\n", path);
    return 1;
  }
  for (int i = 0; i < count; i++)
    tests[i] = (struct CMUnitTest){files[i]->d_name, test, open_recording, close_recording, files[i]->d_name};
  alarm(120); /* as RUN_TESTS, whose array must have a size */
  cmocka_set_message_output(CM_OUTPUT_TAP);
  failed = _cmocka_run_group_tests(__FILE__, tests, (size_t)count, NULL, NULL);
  for (int i = 0; i < count; i++) free(files[i]);
  free(files);
  free(tests);
  return failed;
}

#endif

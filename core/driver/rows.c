/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/environment.h"
#include "core/base/file.h"
#include "core/base/nearest.h"

#define ROWS_MAX 64
#define EXTRA_MAX 16

bool bs_rows_refuse(const struct bs_rows_file *file, const struct bs_yaml *node, struct bs_error *error, const char *format,
                    ...) {
  char text[1024];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (node == NULL) return bs_fail(error, BS_WORD_config, "%s: %s", file->file, text);
  return bs_fail(error, BS_WORD_config, "%s:%u:%u: %s", file->file, node->line, node->column, text);
}

bool bs_rows_expect(const struct bs_rows_file *file, const struct bs_yaml *node, const char *expected, struct bs_error *error) {
  return bs_rows_refuse(file, node, error, "Expected here: %s", expected);
}

bool bs_rows_want_mapping(const struct bs_rows_file *file, const struct bs_yaml *node, const char *what, struct bs_error *error) {
  if (node->kind == BS_YAML_MAPPING) return true;
  return bs_rows_refuse(file, node, error, "%s must be a mapping (key: value lines).", what);
}

const char *bs_rows_suggest(char text[128], const char *word, const char *const *known, size_t count) {
  const char *nearest = bs_nearest(word, known, count);

  snprintf(text, 128, "%s%s%s", nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "." : nearest,
           nearest == NULL ? "" : "\"?");
  return text;
}

bool bs_rows_check_keys(const struct bs_rows_file *file, const struct bs_yaml *mapping, const char *const *known, size_t count,
                        struct bs_error *error) {
  for (size_t i = 0; i < mapping->count; i++) {
    const struct bs_yaml *key = mapping->keys[i];
    char nearest[128];
    bool found = false;

    for (size_t k = 0; k < count && !found; k++) found = strcmp(key->text, known[k]) == 0;
    if (!found)
      return bs_rows_refuse(file, key, error, "There is no key \"%s\" here%s", key->text,
                            bs_rows_suggest(nearest, key->text, known, count));
  }
  return true;
}

const char *bs_rows_scalar(const struct bs_rows_file *file, const struct bs_yaml *node, const char *expected,
                           struct bs_error *error) {
  const char *text;

  if (node->kind != BS_YAML_SCALAR || bs_yaml_is_null(node)) {
    bs_rows_expect(file, node, expected, error);
    return NULL;
  }
  text = bs_environment_expand(node->text, error);
  if (text == NULL) bs_context(error, "%s:%u:%u", file->file, node->line, node->column);
  return text;
}

static bool replace_text(char **slot, char *text, struct bs_error *error) {
  if (text == NULL) return bs_fail_memory(error);
  free(*slot);
  *slot = text;
  return true;
}

static bool is_text(const struct bs_row *row) {
  return row->type == BS_OPTION_PATH || row->type == BS_OPTION_STRING || row->type == BS_OPTION_ENUM;
}

static bool read_row(const struct bs_rows_file *file, void *members, const struct bs_row *row, const struct bs_yaml *node,
                     struct bs_error *error) {
  void *member = (char *)members + row->offset;
  char words[BS_EXPECTED_SIZE];
  const char *expected = bs_option_expected(words, row->type, row->values);
  const char *text = bs_rows_scalar(file, node, expected, error);
  int64_t number;

  if (text == NULL) return false;
  if (!bs_option_number(&number, row->type, text, row->values)) return bs_rows_expect(file, node, expected, error);
  if (row->type == BS_OPTION_PATH) {
    char *path = bs_file_expand(text, file->directory, error);

    if (path == NULL) return bs_context(error, "%s:%u:%u", file->file, node->line, node->column);
    return replace_text(member, path, error);
  }
  if (is_text(row)) return replace_text(member, strdup(text), error);
  if (number < row->least || number > row->most)
    return bs_rows_refuse(file, node, error, "%s: The value is outside its range (%lld to %lld%s).", row->key,
                          (long long)row->least, (long long)row->most,
                          row->type == BS_OPTION_DURATION ? " milliseconds" : row->type == BS_OPTION_SIZE ? " bytes" : "");
  *(int64_t *)member = number;
  return true;
}

bool bs_rows_read(const struct bs_rows_file *file, void *members, const struct bs_row *rows, size_t row_count,
                  const char *section, const char *const *extra, size_t extra_count, struct bs_error *error) {
  const struct bs_yaml *mapping = section[0] == '\0' ? file->root : bs_yaml_find(file->root, section);
  const char *known[ROWS_MAX + EXTRA_MAX];
  size_t count = 0;

  if (mapping == NULL) return true;
  if (!bs_rows_want_mapping(file, mapping, section, error)) return false;
  for (size_t i = 0; i < extra_count && i < EXTRA_MAX; i++) known[count++] = extra[i];
  for (size_t i = 0; i < row_count && count < ROWS_MAX + EXTRA_MAX; i++)
    if (strcmp(rows[i].section, section) == 0) known[count++] = rows[i].key;
  if (!bs_rows_check_keys(file, mapping, known, count, error)) return false;
  for (size_t i = 0; i < row_count; i++) {
    const struct bs_yaml *node = strcmp(rows[i].section, section) == 0 ? bs_yaml_find(mapping, rows[i].key) : NULL;

    if (node != NULL && !read_row(file, members, &rows[i], node, error)) return false;
  }
  return true;
}

void bs_rows_free(void *members, const struct bs_row *rows, size_t row_count) {
  for (size_t i = 0; i < row_count; i++)
    if (is_text(&rows[i])) free(*(char **)(void *)((char *)members + rows[i].offset));
}

bool bs_rows_append(char ***texts, size_t *count, char *text, struct bs_error *error) {
  char **grown;

  if (text == NULL) return bs_fail_memory(error);
  grown = realloc(*texts, (*count + 1) * sizeof *grown);
  if (grown == NULL) {
    free(text);
    return bs_fail_memory(error);
  }
  grown[(*count)++] = text;
  *texts = grown;
  return true;
}

bool bs_rows_read_list(const struct bs_rows_file *file, const struct bs_yaml *node, bool are_paths, char ***texts, size_t *count,
                       struct bs_error *error) {
  if (node->kind != BS_YAML_SEQUENCE) return bs_rows_expect(file, node, "a list such as [one, two]", error);
  for (size_t i = 0; i < node->count; i++) {
    const char *text = bs_rows_scalar(file, node->values[i], are_paths ? "a path" : "a name", error);
    char *copy;

    if (text == NULL) return false;
    copy = are_paths ? bs_file_expand(text, file->directory, error) : strdup(text);
    if (copy == NULL && are_paths)
      return bs_context(error, "%s:%u:%u", file->file, node->values[i]->line, node->values[i]->column);
    if (!bs_rows_append(texts, count, copy, error)) return false;
  }
  return true;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/survey.h"

#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "core/base/text.h"

static void free_finding(struct bs_finding *finding) {
  free(finding->where);
  free(finding->problem);
  free(finding->mend);
}

void bs_survey_free(struct bs_survey *survey) {
  for (size_t i = 0; i < survey->examined_count; i++) free(survey->examined[i].path);
  for (size_t i = 0; i < survey->count; i++) free_finding(&survey->items[i]);
  free(survey->examined);
  free(survey->items);
  *survey = (struct bs_survey)BS_SURVEY_INIT;
}

bool bs_survey_ok(const struct bs_survey *survey, struct bs_error *error) {
  return !survey->failed || bs_fail_memory(error);
}

/* Room for one more element of `size` bytes. */
static bool grow(struct bs_survey *survey, void **array, size_t count, size_t size) {
  void *grown = survey->failed ? NULL : realloc(*array, (count + 1) * size);

  if (grown == NULL) survey->failed = true;
  else *array = grown;
  return grown != NULL;
}

static char *copy(struct bs_survey *survey, const char *text) {
  char *copied = strdup(text);

  if (copied == NULL) survey->failed = true;
  else bs_text_tidy(copied); /* names of files and stored texts may be anything */
  return copied;
}

/* False: there was no memory, and what it owns is still the caller's. */
static bool push_examined(struct bs_survey *survey, struct bs_examined examined) {
  void *array = survey->examined;

  if (!grow(survey, &array, survey->examined_count, sizeof *survey->examined)) return false;
  survey->examined = array;
  survey->examined[survey->examined_count++] = examined;
  return true;
}

void bs_examined_add(struct bs_survey *survey, const char *what, const char *path) {
  if (push_examined(survey, (struct bs_examined){.what = what}) && path != NULL)
    survey->examined[survey->examined_count - 1].path = copy(survey, path);
}

void bs_examined_count(struct bs_survey *survey, const char *name, uint64_t number) {
  struct bs_examined *last;

  if (survey->failed || survey->examined_count == 0) return;
  last = &survey->examined[survey->examined_count - 1];
  if (last->count == BS_COUNTS_MAX) return;
  last->counts[last->count].name = name;
  last->counts[last->count++].number = number;
}

/* The last warning makes room for an error. */
static bool drop_warning(struct bs_survey *survey) {
  size_t at = survey->count;

  while (at > 0 && survey->items[at - 1].severity != BS_FINDING_WARNING) at--;
  if (at == 0) return false;
  free_finding(&survey->items[at - 1]);
  memmove(&survey->items[at - 1], &survey->items[at], (survey->count - at) * sizeof *survey->items);
  survey->count--;
  survey->left_out++;
  return true;
}

/* False: it was left out, and what it owns is still the caller's. */
static bool push(struct bs_survey *survey, struct bs_finding finding) {
  void *array = survey->items;

  if (survey->count == BS_FINDINGS_MAX && !(finding.severity == BS_FINDING_ERROR && drop_warning(survey))) {
    survey->left_out++;
    return false;
  }
  if (!grow(survey, &array, survey->count, sizeof *survey->items)) return false;
  survey->items = array;
  survey->items[survey->count++] = finding;
  return true;
}

void bs_finding_add(struct bs_survey *survey, enum bs_severity severity, const char *what, const char *where) {
  survey->errors += severity == BS_FINDING_ERROR;
  survey->is_kept = push(survey, (struct bs_finding){.severity = severity, .what = what});
  if (survey->is_kept) survey->items[survey->count - 1].where = copy(survey, where);
}

/* Takes the parts of *part over, one by one; what there is no room for stays. */
static void take_examined(struct bs_survey *survey, struct bs_survey *part) {
  for (size_t i = 0; i < part->examined_count; i++)
    if (push_examined(survey, part->examined[i])) part->examined[i].path = NULL;
}

static void take_items(struct bs_survey *survey, struct bs_survey *part) {
  for (size_t i = 0; i < part->count; i++)
    if (push(survey, part->items[i])) part->items[i] = (struct bs_finding){.what = NULL};
}

void bs_survey_move(struct bs_survey *survey, struct bs_survey *part) {
  take_examined(survey, part);
  take_items(survey, part);
  survey->errors += part->errors;
  survey->left_out += part->left_out;
  survey->failed |= part->failed;
  bs_survey_free(part);
}

/* Of the newest one, which was kept. */
__attribute__((format(printf, 3, 0)))
static void fill(struct bs_survey *survey, char **text, const char *format, va_list arguments) {
  char *formatted;

  if (survey->failed) return;
  if (vasprintf(&formatted, format, arguments) < 0) {
    survey->failed = true;
    return;
  }
  *text = copy(survey, formatted);
  free(formatted);
}

void bs_finding_problem(struct bs_survey *survey, const char *format, ...) {
  va_list arguments;

  if (!survey->is_kept) return;
  va_start(arguments, format);
  fill(survey, &survey->items[survey->count - 1].problem, format, arguments);
  va_end(arguments);
}

void bs_finding_mend(struct bs_survey *survey, const char *format, ...) {
  va_list arguments;

  if (!survey->is_kept) return;
  va_start(arguments, format);
  fill(survey, &survey->items[survey->count - 1].mend, format, arguments);
  va_end(arguments);
}

/* As one word of the shell. */
static void quote(struct bs_buffer *text, const char *path) {
  bs_buffer_byte(text, '\'');
  for (; *path != '\0'; path++) bs_buffer_text(text, *path == '\'' ? "'\\''" : (const char[]){*path, '\0'});
  bs_buffer_byte(text, '\'');
}

void bs_finding_mend_path(struct bs_survey *survey, const char *path, const char *format, ...) {
  struct bs_buffer quoted BS_AUTO_BUFFER = BS_BUFFER_INIT;
  char *begin BS_AUTO_FREE = NULL;
  va_list arguments;
  int length;

  if (!survey->is_kept) return;
  va_start(arguments, format);
  length = vasprintf(&begin, format, arguments);
  va_end(arguments);
  if (length < 0) begin = NULL;
  quote(&quoted, path);
  if (begin == NULL || bs_buffer_string(&quoted) == NULL) survey->failed = true;
  else bs_finding_mend(survey, "%s%s", begin, bs_buffer_string(&quoted));
}

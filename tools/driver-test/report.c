/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/text.h"

static const char *const outcome_names[] = {
    [OUTCOME_NONE] = "", [OUTCOME_PASSED] = "passed", [OUTCOME_FAILED] = "failed", [OUTCOME_SKIPPED] = "skipped"};

void report_begin(struct report *report, const struct subject *subject, size_t planned, bool wants_document) {
  const struct bs_metadata *metadata = subject->candidate->metadata;

  *report = (struct report){.rows = wants_document ? cJSON_CreateArray() : NULL};
  printf("TAP version 13\n1..%zu\n# %s", planned, subject->candidate->path);
  if (metadata != NULL) printf(": %s %s, ABI %u.%u", metadata->name, metadata->version, metadata->abi_major, metadata->abi_minor);
  if (subject->isolation != NULL) printf(", isolated (%s)", bs_isolate_text(subject->isolate));
  for (size_t i = 0; i < subject->filter_count; i++)
    printf("%s%s", i == 0 ? ", below " : ", ", subject->filters[i].name);
  printf("\n# seed %" PRIu64 "\n", subject->seed);
  fflush(stdout);
}

/* Every line behind "# ", as TAP has it. */
static void print_note(const char *label, const char *text) {
  char *copy BS_AUTO_FREE = strdup(text), *rest = NULL;

  if (copy == NULL) return;
  for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    bs_text_tidy(line);
    printf("#   %s%s\n", label, line);
  }
}

void report_add(struct report *report, const struct behaviour *behaviour, const struct verdict *verdict) {
  bool failed = verdict->outcome == OUTCOME_FAILED, skipped = verdict->outcome == OUTCOME_SKIPPED;
  cJSON *row = report->rows == NULL ? NULL : cJSON_CreateObject();

  report->counts[verdict->outcome]++;
  printf("%s %u - %s: %s%s%s\n", failed ? "not ok" : "ok", ++report->number, behaviour->name, behaviour->sentence,
         skipped ? " # SKIP " : "", skipped ? verdict->reason : "");
  if (failed) print_note("", verdict->reason);
  if (verdict->output != NULL && !skipped) print_note("printed: ", verdict->output);
  fflush(stdout);
  if (row == NULL) return;
  cJSON_AddStringToObject(row, "name", behaviour->name);
  cJSON_AddStringToObject(row, "behaviour", behaviour->sentence);
  cJSON_AddStringToObject(row, "outcome", outcome_names[verdict->outcome]);
  if (verdict->reason[0] != '\0') cJSON_AddStringToObject(row, "reason", verdict->reason);
  cJSON_AddNumberToObject(row, "milliseconds", (double)verdict->took_ms);
  cJSON_AddItemToArray(report->rows, row);
}

/* In the order in which they are asked. */
static void add_filters(cJSON *root, const struct subject *subject) {
  cJSON *filters = subject->filter_count == 0 ? NULL : cJSON_AddArrayToObject(root, "filters");

  for (size_t i = 0; i < subject->filter_count; i++)
    cJSON_AddItemToArray(filters, cJSON_CreateString(subject->filters[i].name));
}

static cJSON *document(struct report *report, const struct subject *subject) {
  cJSON *root = cJSON_CreateObject();
  const struct bs_metadata *metadata = subject->candidate->metadata;
  char number[24];

  snprintf(number, sizeof number, "%" PRIu64, subject->seed);
  cJSON_AddStringToObject(root, "file", subject->candidate->path);
  cJSON_AddStringToObject(root, "driver", subject->candidate->name);
  cJSON_AddStringToObject(root, "version", metadata == NULL ? "" : metadata->version);
  cJSON_AddStringToObject(root, "seed", number);
  if (subject->isolation != NULL) cJSON_AddStringToObject(root, "isolate", bs_isolate_text(subject->isolate));
  add_filters(root, subject);
  for (int i = OUTCOME_PASSED; i <= OUTCOME_SKIPPED; i++) cJSON_AddNumberToObject(root, outcome_names[i], report->counts[i]);
  cJSON_AddItemToObject(root, "behaviours", report->rows);
  report->rows = NULL;
  return root;
}

bool report_prepare(const char *path) {
  FILE *file = fopen(path, "ae");

  return file != NULL && fclose(file) == 0;
}

bool report_write(struct report *report, const struct subject *subject, const char *path) {
  cJSON *root = document(report, subject);
  char *text BS_AUTO_FREE = cJSON_Print(root);
  FILE *file = text == NULL ? NULL : fopen(path, "we");
  bool good = file != NULL && fprintf(file, "%s\n", text) >= 0;

  cJSON_Delete(root);
  return (file != NULL && fclose(file) == 0) && good;
}

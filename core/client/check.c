/* SPDX-License-Identifier: MIT */
/* What is wrong with state and ledger, and how to mend it: each room looks at its own, here it becomes a document. */
#include <config.h>

#include "core/client/check.h"

#include <unistd.h>

#include "core/base/auto.h"
#include "core/client/options.h"
#include "core/client/report.h"

static void close_names(struct bs_names **names) {
  bs_names_close(*names);
}

/* The names are held against a ledger only where nothing is wrong with that itself. */
static bool check_ledger(const struct blockstore_config *config, struct bs_names *names,
                         const struct bs_remembered *remembered, size_t count, struct bs_scope *scope,
                         struct bs_survey *survey, struct bs_error *error) {
  size_t before = survey->errors;

  return bs_names_check(names, scope, survey, error) &&
         (survey->errors > before || bs_check_names(names, config, remembered, count, scope, survey, error));
}

/* A directory that somebody named: the built-in configuration has one that nobody has used yet. */
static void tell_missing_state(const struct blockstore_config *config, struct bs_survey *survey) {
  if (config->built_in || bs_yaml_find(config->root, "state_dir") == NULL || access(config->state_dir, F_OK) == 0) return;
  bs_finding_add(survey, BS_FINDING_WARNING, "state directory", config->state_dir);
  bs_finding_problem(survey, "The state_dir of the configuration does not exist: what was seen before, if anything, is "
                     "not known here.");
  bs_finding_mend(survey, "Nothing, where it is new: the next command makes it.  If it was there before, set state_dir "
                  "in %s to where it is, or bring it back.", config->file);
}

/* Does the state remember a user record, which some store then has? */
static bool knows_record(const struct bs_remembered *remembered, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (remembered[i].seen.value_hash[0] != '\0') return true;
  return false;
}

static bool examine(const struct blockstore_config *config, struct bs_scope *scope, struct bs_survey *survey,
                    struct bs_error *error) {
  struct bs_names_config names_config = bs_config_names(config);
  struct bs_names *names BS_AUTO(close_names) = NULL;
  struct bs_remembered *remembered BS_AUTO_FREE = NULL;
  size_t count = 0;
  bool exists;

  names_config.examine = true;
  tell_missing_state(config, survey);
  return bs_names_open(&names, &names_config, error) &&
         bs_state_check_directory(config->state_dir, config->ledger, survey, &exists, error) &&
         (!exists || bs_state_check(config->state_dir, scope, survey, &remembered, &count, error)) &&
         check_ledger(config, names, remembered, count, scope, survey, error) &&
         (!exists || bs_check_evidence(config->state_dir, survey, error)) &&
         bs_check_stores(config, knows_record(remembered, count), survey, error);
}

static cJSON *examined_document(const struct bs_examined *examined) {
  cJSON *item = cJSON_CreateObject();

  bs_document_text(item, "what", examined->what);
  if (examined->path != NULL) bs_document_text(item, "path", examined->path);
  for (size_t i = 0; i < examined->count; i++) bs_document_number(item, examined->counts[i].name, examined->counts[i].number);
  return item;
}

static cJSON *finding_document(const struct bs_finding *finding) {
  cJSON *item = cJSON_CreateObject();

  bs_document_text(item, "severity", finding->severity == BS_FINDING_ERROR ? "error" : "warning");
  bs_document_text(item, "what", finding->what);
  bs_document_text(item, "where", finding->where);
  bs_document_text(item, "problem", finding->problem);
  bs_document_text(item, "mend", finding->mend);
  return item;
}

static cJSON *document(const struct bs_survey *survey) {
  cJSON *tree = cJSON_CreateObject(), *checked = bs_document_array(tree, "checked"), *list = bs_document_array(tree, "findings");

  bs_document_truth(tree, "sound", survey->errors == 0);
  for (size_t i = 0; i < survey->examined_count; i++) bs_document_append(checked, examined_document(&survey->examined[i]));
  for (size_t i = 0; i < survey->count; i++) bs_document_append(list, finding_document(&survey->items[i]));
  if (survey->left_out > 0) bs_document_number(tree, "left_out", survey->left_out);
  return tree;
}

/* Nobody can cancel it: there is no session. */
static struct bs_scope begin(const struct blockstore_config *config, const struct blockstore_check_options *options) {
  uint64_t timeout = options->deadline_ms == 0 ? (uint64_t)config->operation_ms : options->deadline_ms;

  return (struct bs_scope){.fd = -1, .deadline_ms = bs_clock_monotonic_ms() + timeout};
}

enum blockstore_result blockstore_check(const struct blockstore_config *config, char **ret_json, int *ret_sound,
                                        const struct blockstore_check_options *options, struct blockstore_error **error) {
  struct blockstore_check_options known = BLOCKSTORE_CHECK_INIT;
  struct bs_survey survey BS_AUTO(bs_survey_free) = BS_SURVEY_INIT;
  struct bs_report report = BS_REPORT_INIT;
  struct bs_scope scope;
  bool good = bs_options_take(&known, sizeof known, options, &report.error);

  scope = begin(config, &known);
  good = good && examine(config, &scope, &survey, &report.error) && bs_survey_ok(&survey, &report.error) &&
         bs_document_give(ret_json, document(&survey), &report.error);
  if (good) *ret_sound = survey.errors == 0;
  return bs_report_end(&report, good, error);
}

/* SPDX-License-Identifier: MIT */
/* The drivers of the plugin path, as documents: what they are, and which file is loaded or why none is. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/client/session.h"
#include "core/codec/hex.h"
#include "core/driver/catalog.h"
#include "core/driver/inside.h"
#include "core/driver/lockfile.h"
#include "core/driver/exact.h"
#include "core/driver/value.h"

static void add_options(cJSON *driver, const struct bs_metadata *metadata) {
  cJSON *options = bs_document_object(driver, "options");

  for (size_t i = 0; i < metadata->option_count; i++) {
    const struct bs_option *option = &metadata->options[i];
    cJSON *row = bs_document_object(options, option->key);

    bs_document_text(row, "type", bs_option_type_text(option->type));
    if (option->type == BS_OPTION_ENUM) bs_document_text(row, "values", option->values);
    bs_document_truth(row, "required", option->required);
    bs_document_text(row, "default", option->initial);
    bs_document_text(row, "help", option->help);
  }
}

/* The words of those that are set. */
static void add_words(cJSON *list, const struct bs_metadata_word *words, unsigned set) {
  for (; words->text != NULL; words++)
    if ((set & words->value) != 0) bs_document_append(list, cJSON_CreateString(words->text));
}

static void add_metadata(cJSON *driver, const struct bs_metadata *metadata) {
  cJSON *schemes = bs_document_array(driver, "url_schemes"), *capabilities = bs_document_array(driver, "capabilities");
  cJSON *needs = bs_document_array(driver, "declares_needs"); /* `needs` of `drivers why` are libraries */
  char abi[16];

  snprintf(abi, sizeof abi, "%u.%u", metadata->abi_major, metadata->abi_minor);
  bs_document_text(driver, "abi", abi);
  bs_document_text(driver, "version", metadata->version);
  bs_document_text(driver, "description", metadata->description);
  bs_document_text(driver, "kind", metadata->is_filter ? "filter" : "store");
  for (const struct bs_metadata_word *model = bs_threads_words; model->text != NULL; model++)
    if (model->value == metadata->threads) bs_document_text(driver, "threads", model->text);
  if (metadata->largest != UINT64_MAX) bs_document_number(driver, "largest_object", metadata->largest);
  for (size_t i = 0; i < metadata->scheme_count; i++) bs_document_append(schemes, cJSON_CreateString(metadata->schemes[i]));
  add_words(capabilities, bs_capability_words, metadata->capabilities);
  add_words(needs, bs_needs_words, metadata->needs);
  add_options(driver, metadata);
}

static void add_refusal(cJSON *item, const char *refused, enum bs_rule rule) {
  bs_document_text(item, "rule", refused == NULL ? NULL : bs_rule_text(rule));
  bs_document_text(item, "reason", refused);
}

static void add_directories(cJSON *tree, const struct bs_catalog *catalog) {
  cJSON *list = bs_document_array(tree, "directories");

  for (size_t i = 0; i < catalog->directory_count; i++) {
    cJSON *item = cJSON_CreateObject();

    bs_document_text(item, "path", catalog->directories[i].path);
    add_refusal(item, catalog->directories[i].refused, catalog->directories[i].rule);
    bs_document_append(list, item);
  }
}

/* What was found out of one file. */
static void add_verdict(cJSON *item, const struct bs_candidate *candidate) {
  bs_document_text(item, "file", candidate->path);
  add_refusal(item, candidate->refused, candidate->rule);
  bs_document_text(item, "shadowed_by", candidate->shadowed_by);
}

static cJSON *catalog_document(const struct bs_catalog *catalog) {
  cJSON *tree = cJSON_CreateObject(), *list;

  add_directories(tree, catalog);
  list = bs_document_array(tree, "drivers");
  for (size_t i = 0; i < catalog->candidate_count; i++) {
    const struct bs_candidate *candidate = catalog->candidates[i];
    cJSON *item = cJSON_CreateObject();

    bs_document_text(item, "name", candidate->name);
    add_verdict(item, candidate);
    if (candidate->metadata != NULL) add_metadata(item, candidate->metadata);
    bs_document_append(list, item);
  }
  return tree;
}

static bool list_drivers(const struct blockstore_config *config, char **ret_json, struct bs_error *error) {
  struct bs_catalog *catalog BS_AUTO_CATALOG = NULL;

  return bs_catalog_list(&catalog, (const char *const *)config->plugin_path, config->plugin_path_count, error) &&
         bs_document_give(ret_json, catalog_document(catalog), error);
}

/* The files named so; none, and then *ret_none is what loading the driver says.  Where it has come between these two looks
 * there is another. */
static bool find_candidates(struct bs_catalog **ret_catalog, const struct blockstore_config *config, const char *name,
                            struct bs_error *ret_none, struct bs_error *error) {
  const char *const *directories = (const char *const *)config->plugin_path;
  struct bs_catalog *catalog BS_AUTO_CATALOG = NULL;
  struct bs_candidate *candidate BS_AUTO_CANDIDATE = NULL;

  do {
    bs_catalog_free(catalog);
    catalog = NULL;
    bs_candidate_free(candidate);
    candidate = NULL;
    if (!bs_catalog_explain(&catalog, directories, config->plugin_path_count, name, error)) return false;
  } while (catalog->candidate_count == 0 &&
           bs_catalog_find(&candidate, directories, config->plugin_path_count, name, ret_none));
  if (ret_none->word == BS_WORD_no_memory) return bs_fail_memory(error);
  *ret_catalog = catalog;
  catalog = NULL;
  return true;
}

static bool list_candidates(const struct blockstore_config *config, char **ret_json, const char *name, struct bs_error *error) {
  struct bs_catalog *catalog BS_AUTO_CATALOG = NULL;
  struct bs_error none = {0};

  if (!find_candidates(&catalog, config, name, &none, error)) return false;
  if (catalog->candidate_count > 0) return bs_document_give(ret_json, catalog_document(catalog), error);
  *error = none;
  return false;
}

enum blockstore_result blockstore_drivers(const struct blockstore_config *config, char **ret_json, const char *name,
                                          struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;
  bool good = name == NULL ? list_drivers(config, ret_json, &report.error)
                           : list_candidates(config, ret_json, name, &report.error);

  return bs_report_end(&report, good, error);
}

/* ---- why one is loaded, or not ---- */

/* Hashes what would be loaded, and holds it against the lock, where one is asked for: what that does not admit is refused. */
static bool judge_bytes(struct bs_candidate *candidate, const struct blockstore_config *config, struct bs_error *error) {
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = NULL;
  struct bs_error refusal = {0};

  if (candidate->refused != NULL || (candidate->builtin != NULL && config->locked == NULL)) return true;
  if (bs_exact_digest(candidate, &refusal) &&
      (config->locked == NULL || (bs_lockfile_read(&lock, config->lock_file, config->locked_by, &refusal) &&
                                  bs_lockfile_admits(lock, candidate, config->lock_file, &refusal))))
    return true;
  if (refusal.word != BS_WORD_no_memory) candidate->refused = strdup(refusal.message);
  candidate->rule = (enum bs_rule)refusal.rule;
  return candidate->refused != NULL || bs_fail_memory(error);
}

/* What it needs, and what of that is not there; null for one that was refused before, or where it cannot be read. */
static void add_libraries(cJSON *item, const struct bs_libraries *libraries) {
  cJSON *needs, *missing;

  if (libraries == NULL) {
    bs_document_null(item, "needs");
    bs_document_null(item, "missing");
    return;
  }
  needs = bs_document_array(item, "needs");
  missing = bs_document_array(item, "missing");
  for (size_t i = 0; i < libraries->count; i++) {
    bs_document_append(needs, cJSON_CreateString(libraries->items[i].name));
    if (libraries->items[i].missing != NULL) bs_document_append(missing, cJSON_CreateString(libraries->items[i].name));
  }
}

static void add_digest(cJSON *item, const struct bs_candidate *candidate) {
  char text[2 * BS_SHA256_SIZE + 1];

  bs_hex_encode(text, candidate->sha256, BS_SHA256_SIZE);
  bs_document_text(item, "sha256", candidate->has_sha256 ? text : NULL);
}

static const char *verdict(const struct bs_candidate *candidate) {
  if (candidate->shadowed_by != NULL) return "shadowed";
  return candidate->refused != NULL ? "refused" : "loads";
}

/* The file that decides, loaded or refused; NULL: none does. */
static const struct bs_candidate *deciding(const struct bs_catalog *catalog) {
  for (size_t i = 0; i < catalog->candidate_count; i++)
    if (catalog->candidates[i]->shadowed_by == NULL) return catalog->candidates[i];
  return NULL;
}

/* Why none is loaded where no file decides: a directory that is refused does, or there is nothing. */
static const char *reason_without(const struct bs_catalog *catalog, const struct bs_error *none) {
  for (size_t i = 0; catalog->candidate_count > 0 && i < catalog->directory_count; i++)
    if (catalog->directories[i].refused != NULL && catalog->directories[i].rule != BS_RULE_missing)
      return catalog->directories[i].refused;
  return none->message;
}

static cJSON *why_document(const struct bs_catalog *catalog, const char *name, const struct bs_error *none, int *ret_loads) {
  cJSON *tree = cJSON_CreateObject(), *list = bs_document_array(tree, "candidates");
  const struct bs_candidate *candidate = deciding(catalog);
  const char *loads = candidate != NULL && candidate->refused == NULL ? candidate->path : NULL;

  for (size_t i = 0; i < catalog->candidate_count; i++) {
    cJSON *item = cJSON_CreateObject();

    bs_document_text(item, "verdict", verdict(catalog->candidates[i]));
    add_verdict(item, catalog->candidates[i]);
    add_libraries(item, catalog->candidates[i]->libraries);
    add_digest(item, catalog->candidates[i]);
    bs_document_append(list, item);
  }
  add_directories(tree, catalog);
  *ret_loads = loads != NULL;
  bs_document_text(tree, "driver", name);
  bs_document_text(tree, "loads", loads);
  bs_document_text(tree, "reason", candidate != NULL ? candidate->refused : reason_without(catalog, none));
  return tree;
}

static bool explain_driver(const struct blockstore_config *config, char **ret_json, int *ret_loads, const char *name,
                           struct bs_error *error) {
  struct bs_catalog *catalog BS_AUTO_CATALOG = NULL;
  struct bs_error none = {0};
  int loads;

  if (!find_candidates(&catalog, config, name, &none, error)) return false;
  for (size_t i = 0; i < catalog->candidate_count; i++)
    if (!judge_bytes(catalog->candidates[i], config, error)) return false;
  if (!bs_document_give(ret_json, why_document(catalog, name, &none, &loads), error))
    return false;
  *ret_loads = loads;
  return true;
}

enum blockstore_result blockstore_driver_why(const struct blockstore_config *config, char **ret_json, int *ret_loads,
                                             const char *name, struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;

  return bs_report_end(&report, explain_driver(config, ret_json, ret_loads, name, &report.error), error);
}

/* ---- who crashed ---- */

int blockstore_driver_at_fault(char *buffer, size_t size) {
  return bs_inside_tell(buffer, size);
}

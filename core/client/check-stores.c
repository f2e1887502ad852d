/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/client/check.h"
#include "core/driver/catalog.h"
#include "core/driver/options.h"

#define WHAT "stores"

/* A store as its options say where it is. */
struct placed {
  const struct bs_store_config *entry;
  struct bs_candidate *driver; /* NULL: it cannot be told */
  struct blockstore_settings *settings;
};

static bool place(struct placed *placed, const struct blockstore_config *config, const struct bs_store_config *entry,
                  struct bs_error *error) {
  const struct bs_options_place where = {config->file, config->directory, bs_config_core_keys, bs_config_core_key_count};

  placed->entry = entry;
  return bs_catalog_find(&placed->driver, (const char *const *)config->plugin_path, config->plugin_path_count,
                         entry->driver, error) &&
         bs_options_read(&placed->settings, placed->driver->metadata, entry->node, &where, error);
}

/* Sizes, times and switches say how a store is used, the others where it is. */
static bool says_where(enum bs_option_type type) {
  return type == BS_OPTION_STRING || type == BS_OPTION_INT || type == BS_OPTION_PATH || type == BS_OPTION_LIST ||
         type == BS_OPTION_ENUM || type == BS_OPTION_SECRET;
}

/* Where the path leads, as far as it is there; what is still to be made stands behind that as it is.  NULL: no memory. */
static char *resolve(const char *path) {
  char *head BS_AUTO_FREE = strdup(path), *real BS_AUTO_FREE = NULL, *whole = NULL;
  size_t length = head == NULL ? 0 : strlen(head);

  while (length > 0 && (real = realpath(head, NULL)) == NULL) {
    while (length > 0 && head[length - 1] != '/') length--;
    while (length > 0 && head[length - 1] == '/') length--;
    head[length] = '\0';
  }
  if (head == NULL || asprintf(&whole, "%s%s", real == NULL ? "" : real, path + length) < 0) return NULL;
  return whole;
}

static bool is_same_file(const char *a, const char *b) {
  char *first BS_AUTO_FREE = resolve(a), *second BS_AUTO_FREE = resolve(b);
  struct stat one, two;

  if (first != NULL && second != NULL && strcmp(first, second) == 0) return true;
  return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

static bool is_same_option(const struct placed *a, const struct placed *b, const struct bs_option *option) {
  for (size_t i = 0;; i++) {
    const char *first = bs_settings_text(a->settings, option->key, i), *second = bs_settings_text(b->settings, option->key, i);

    if (first == NULL || second == NULL) return first == second;
    if (strcmp(first, second) != 0 && !(option->type == BS_OPTION_PATH && is_same_file(first, second))) return false;
    if (option->type != BS_OPTION_LIST) return true;
  }
}

static bool is_set(const struct placed *placed, const struct bs_option *option) {
  return bs_yaml_find(placed->entry->node, option->key) != NULL;
}

/* Whoever has another secret has another account.  But a secret, or what nobody set, does not say where: drivers may know
 * that from elsewhere. */
static bool is_one_place(const struct placed *a, const struct placed *b) {
  bool is_told = false;

  if (a->settings == NULL || b->settings == NULL || strcmp(a->driver->name, b->driver->name) != 0) return false;
  for (size_t i = 0; i < a->driver->metadata->option_count; i++) {
    const struct bs_option *option = &a->driver->metadata->options[i];

    if (!says_where(option->type)) continue;
    if (!is_same_option(a, b, option)) return false;
    is_told |= option->type != BS_OPTION_SECRET && (is_set(a, option) || is_set(b, option));
  }
  return is_told;
}

static void tell_one_place(const struct blockstore_config *config, const struct placed *a, const struct placed *b,
                           struct bs_survey *survey) {
  bs_finding_add(survey, BS_FINDING_ERROR, WHAT, config->file);
  bs_finding_problem(survey, "The stores %s and %s are one place: what is written to both is counted twice, and kept once.",
                     a->entry->name, b->entry->name);
  bs_finding_mend(survey, "Give the store %s a place of its own, on a disk of its own, or take it out of the configuration.",
                  b->entry->name);
}

static void tell_missing(const struct placed *placed, const char *key, const char *path, struct bs_survey *survey) {
  bs_finding_add(survey, BS_FINDING_WARNING, WHAT, path);
  bs_finding_problem(survey, "The %s of the store %s does not exist.", key, placed->entry->name);
  bs_finding_mend(survey, "Nothing, where the store is new: the next command may make it.  If data were there before, set %s to"
                  " where they are, or mount or bring back what held them.", key);
}

/* A link that leads nowhere is not there either. */
static void look_for_paths(const struct placed *placed, struct bs_survey *survey) {
  for (size_t i = 0; placed->settings != NULL && i < placed->driver->metadata->option_count; i++) {
    const struct bs_option *option = &placed->driver->metadata->options[i];
    const char *path = option->type == BS_OPTION_PATH ? bs_settings_text(placed->settings, option->key, 0) : NULL;

    if (path != NULL && access(path, F_OK) < 0 && errno == ENOENT) tell_missing(placed, option->key, path, survey);
  }
}

static void tell_unknown(const struct blockstore_config *config, const struct placed *placed, const struct bs_error *error,
                         struct bs_survey *survey) {
  bs_finding_add(survey, BS_FINDING_WARNING, WHAT, config->file);
  bs_finding_problem(survey, "Where the store %s is cannot be told: %s", placed->entry->name, error->message);
  bs_finding_mend(survey, "See blockstore-cli drivers %s, and mend what the problem names.", placed->entry->driver);
}

static void free_placed(struct placed *placed, size_t count) {
  for (size_t i = 0; i < count; i++) {
    bs_candidate_free(placed[i].driver);
    bs_settings_free(placed[i].settings);
  }
}

static bool place_all(struct placed *placed, const struct blockstore_config *config, struct bs_survey *survey,
                      struct bs_error *error) {
  for (size_t i = 0; i < config->store_count; i++) {
    if (place(&placed[i], config, &config->stores[i], error)) continue;
    if (error->word == BS_WORD_no_memory) return false;
    tell_unknown(config, &placed[i], error, survey);
    *error = (struct bs_error){.word = BS_NO_WORD};
  }
  return true;
}

bool bs_check_stores(const struct blockstore_config *config, bool has_data, struct bs_survey *survey, struct bs_error *error) {
  struct placed *placed BS_AUTO_FREE = calloc(config->store_count + 1, sizeof *placed);
  bool good;

  if (placed == NULL) return bs_fail_memory(error);
  bs_examined_add(survey, WHAT, config->built_in ? NULL : config->file);
  bs_examined_count(survey, "stores", config->store_count);
  good = place_all(placed, config, survey, error);
  for (size_t i = 0; good && has_data && i < config->store_count; i++) look_for_paths(&placed[i], survey);
  for (size_t i = 0; good && i < config->store_count; i++)
    for (size_t k = i + 1; k < config->store_count; k++)
      if (is_one_place(&placed[i], &placed[k])) tell_one_place(config, &placed[i], &placed[k], survey);
  free_placed(placed, config->store_count);
  return good;
}

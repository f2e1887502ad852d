/* SPDX-License-Identifier: MIT */
/* The lock of drivers: written for what the configuration uses, and held against what is there. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/client/options.h"
#include "core/client/session.h"
#include "core/codec/hex.h"
#include "core/crypto/key.h"
#include "core/driver/exact.h"

/* Each driver and filter that the stores use, once; the texts are the config's. */
struct used {
  const char **names;
  size_t count;
};

static void free_used(struct used *used) {
  free(used->names);
}

static bool is_used(const struct used *used, const char *name) {
  for (size_t i = 0; i < used->count; i++)
    if (strcmp(used->names[i], name) == 0) return true;
  return false;
}

static bool use(struct used *used, const char *name, struct bs_error *error) {
  const char **grown;

  if (is_used(used, name)) return true;
  grown = reallocarray(used->names, used->count + 1, sizeof *grown);
  if (grown == NULL) return bs_fail_memory(error);
  grown[used->count++] = name;
  used->names = grown;
  return true;
}

static bool find_used(struct used *used, const struct blockstore_config *config, struct bs_error *error) {
  for (size_t i = 0; i < config->store_count; i++) {
    const struct bs_yaml *filters = bs_yaml_find(config->stores[i].node, "filters");

    if (!use(used, config->stores[i].driver, error)) return false;
    if (config->stores[i].isolate != BS_ISOLATE_NONE && !use(used, "exec", error)) return false;
    for (size_t k = 0; filters != NULL && k < filters->count; k++) {
      struct bs_yaml options;
      const char *name;

      if (bs_filter_item(&name, &options, filters->values[k]) && !use(used, name, error)) return false;
    }
  }
  return true;
}

static bool find_driver(struct bs_candidate **ret_candidate, const struct blockstore_config *config, const char *name,
                        struct bs_error *error) {
  return bs_catalog_find(ret_candidate, (const char *const *)config->plugin_path, config->plugin_path_count, name, error);
}

/* The file that the caller names, or the configuration; by free(). */
static char *path_of(const struct blockstore_config *config, const struct blockstore_lock_options *options,
                     struct bs_error *error) {
  char *path;

  if (options->file != NULL) return bs_file_expand(options->file, NULL, error);
  if (config->lock_file == NULL) {
    bs_fail(error, BS_WORD_usage, "There is no configuration file beside which the lock of drivers could stand: name a file.");
    return NULL;
  }
  path = strdup(config->lock_file);
  if (path == NULL) bs_fail_memory(error);
  return path;
}

static void add_digest(cJSON *item, const char *key, const unsigned char sha256[BS_SHA256_SIZE]) {
  char text[2 * BS_SHA256_SIZE + 1];

  bs_hex_encode(text, sha256, BS_SHA256_SIZE);
  bs_document_text(item, key, text);
}

/* ---- writing one ---- */

static bool add_used(struct bs_lockfile *lock, const struct blockstore_config *config, struct bs_error *error) {
  struct used used BS_AUTO(free_used) = {NULL, 0};

  if (!find_used(&used, config, error)) return false;
  for (size_t i = 0; i < used.count; i++) {
    struct bs_candidate *candidate BS_AUTO_CANDIDATE = NULL;

    if (!find_driver(&candidate, config, used.names[i], error) || !bs_lockfile_add(lock, candidate, error)) return false;
  }
  return true;
}

/* What else the plugin path has; what could not be loaded anyway is told. */
static bool add_others(struct bs_lockfile *lock, const struct blockstore_config *config, cJSON *left_out,
                       struct bs_error *error) {
  struct bs_catalog *catalog BS_AUTO_CATALOG = NULL;

  if (!bs_catalog_list(&catalog, (const char *const *)config->plugin_path, config->plugin_path_count, error)) return false;
  for (size_t i = 0; i < catalog->candidate_count; i++) {
    struct bs_candidate *candidate = catalog->candidates[i];
    cJSON *item;

    if (candidate->shadowed_by != NULL || candidate->builtin != NULL) continue;
    if (candidate->refused == NULL && !bs_lockfile_add(lock, candidate, error)) return false;
    if (candidate->refused == NULL) continue;
    item = cJSON_CreateObject();
    bs_document_text(item, "file", candidate->path);
    bs_document_text(item, "reason", candidate->refused);
    bs_document_append(left_out, item);
  }
  return true;
}

static bool write_file(const char *path, const struct bs_lockfile *lock, struct bs_error *error) {
  struct bs_replacement replacement BS_AUTO(bs_replacement_abort) = BS_REPLACEMENT_INIT;
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_lockfile_write(&bytes, lock);
  if (!bs_buffer_ok(&bytes, error)) return false;
  if (bytes.length > BS_LOCKFILE_MAX)
    return bs_fail(error, BS_WORD_too_large, "%s: The lock of drivers would have more than %u bytes.", path, BS_LOCKFILE_MAX);
  if (!bs_replacement_begin(&replacement, path, 0644, error)) return false;
  if (!bs_file_write_all(replacement.fd, bytes.bytes, bytes.length))
    return bs_fail_errno(error, "%s: The lock of drivers cannot be written", path);
  return bs_replacement_commit(&replacement, false, error);
}

static void add_locked(cJSON *list, const struct bs_locked *driver) {
  cJSON *item = cJSON_CreateObject();

  bs_document_text(item, "abi", driver->abi);
  bs_document_text(item, "name", driver->name);
  add_digest(item, "sha256", driver->sha256);
  bs_document_number(item, "size", driver->size);
  bs_document_text(item, "version", driver->version);
  bs_document_append(list, item);
}

/* In the place where the configuration looks for it, a lock of another key would refuse every driver. */
static bool check_signer(const struct bs_lockfile *lock, const struct blockstore_config *config,
                         const struct blockstore_lock_options *options, struct bs_error *error) {
  unsigned char signer[BS_HASH160_SIZE], version;

  if (config->locked == NULL || options->file != NULL ||
      (bs_address_decode(&version, signer, lock->signer) && memcmp(signer, config->locked_by, sizeof signer) == 0))
    return true;
  return bs_fail(error, BS_WORD_usage,
                 "The key is that of %s, and load.locked in %s wants the lock of drivers signed by %s: nothing was written."
                 "  Sign with that key, or name another file.", lock->signer, config->file, config->locked);
}

static bool lock_drivers(const struct blockstore_config *config, cJSON *tree, const struct blockstore_key *key,
                         const struct blockstore_lock_options *options, struct bs_error *error) {
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = NULL;
  char *path BS_AUTO_FREE = path_of(config, options, error);
  cJSON *list = bs_document_array(tree, "drivers"), *left_out = bs_document_array(tree, "left_out");

  if (path == NULL || !bs_lockfile_new(&lock, error) || !add_used(lock, config, error) ||
      (options->all != 0 && !add_others(lock, config, left_out, error)) || !bs_lockfile_sign(lock, key->key, error) ||
      !check_signer(lock, config, options, error) || !write_file(path, lock, error))
    return false;
  for (size_t i = 0; i < lock->count; i++) add_locked(list, &lock->drivers[i]);
  bs_document_text(tree, "file", path);
  bs_document_text(tree, "signer", lock->signer);
  return true;
}

enum blockstore_result blockstore_lock_drivers(const struct blockstore_config *config, char **ret_json,
                                               const struct blockstore_key *key, const struct blockstore_lock_options *options,
                                               struct blockstore_error **error) {
  struct blockstore_lock_options known = BLOCKSTORE_LOCK_INIT;
  struct bs_report report = BS_REPORT_INIT;
  cJSON *tree = cJSON_CreateObject();
  bool good = bs_options_take(&known, sizeof known, options, &report.error) &&
              lock_drivers(config, tree, key, &known, &report.error);

  if (good) good = bs_document_give(ret_json, tree, &report.error);
  else cJSON_Delete(tree);
  return bs_report_end(&report, good, error);
}

/* ---- holding one against what is there ---- */

/* *ret_same: as the lock has it.  False: for want of memory. */
static bool add_verdict(cJSON *list, const struct blockstore_config *config, const struct bs_locked *locked, const char *name,
                        bool *ret_same, struct bs_error *error) {
  struct bs_candidate *candidate BS_AUTO_CANDIDATE = NULL;
  struct bs_error reason = {0};
  cJSON *item = cJSON_CreateObject();
  const char *verdict;

  *ret_same = false;
  if (!find_driver(&candidate, config, name, &reason) || !bs_exact_digest(candidate, &reason)) verdict = "refused";
  else if (locked == NULL) verdict = "unlisted";
  else if (memcmp(candidate->sha256, locked->sha256, BS_SHA256_SIZE) != 0) verdict = "changed";
  else *ret_same = true, verdict = "same";
  bs_document_text(item, "name", name);
  bs_document_text(item, "verdict", verdict);
  bs_document_text(item, "file", candidate == NULL ? NULL : candidate->path);
  bs_document_text(item, "reason", reason.message);
  if (locked == NULL) bs_document_null(item, "listed");
  else add_digest(item, "listed", locked->sha256);
  if (candidate == NULL || !candidate->has_sha256) bs_document_null(item, "sha256");
  else add_digest(item, "sha256", candidate->sha256);
  bs_document_append(list, item);
  return reason.word != BS_WORD_no_memory || bs_fail_memory(error);
}

/* Names that the lock may not have, in `used` and, of all, in the catalog. */
static bool add_unlisted(cJSON *list, const struct blockstore_config *config, const struct bs_lockfile *lock, const char *name,
                         bool *same, struct bs_error *error) {
  bool this_one;

  if (bs_lockfile_find(lock, name) != NULL) return true;
  *same = false;
  return add_verdict(list, config, NULL, name, &this_one, error);
}

static bool add_all_unlisted(cJSON *list, const struct blockstore_config *config, const struct bs_lockfile *lock,
                             struct used *used, bool *same, struct bs_error *error) {
  struct bs_catalog *catalog BS_AUTO_CATALOG = NULL;

  if (!bs_catalog_list(&catalog, (const char *const *)config->plugin_path, config->plugin_path_count, error)) return false;
  for (size_t i = 0; i < catalog->candidate_count; i++) {
    const struct bs_candidate *candidate = catalog->candidates[i];

    if (candidate->shadowed_by == NULL && candidate->refused == NULL && candidate->builtin == NULL &&
        !is_used(used, candidate->name) && !add_unlisted(list, config, lock, candidate->name, same, error))
      return false;
  }
  return true;
}

static bool check_lock(const struct blockstore_config *config, cJSON *tree, bool *ret_same,
                       const struct blockstore_lock_options *options, struct bs_error *error) {
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = NULL;
  struct used used BS_AUTO(free_used) = {NULL, 0};
  char *path BS_AUTO_FREE = path_of(config, options, error);
  cJSON *list = bs_document_array(tree, "drivers");
  bool all = true, this_one;

  if (path == NULL || !bs_lockfile_read(&lock, path, config->locked == NULL ? NULL : config->locked_by, error) ||
      !find_used(&used, config, error))
    return false;
  for (size_t i = 0; i < lock->count; i++) {
    if (!add_verdict(list, config, &lock->drivers[i], lock->drivers[i].name, &this_one, error)) return false;
    all = all && this_one;
  }
  for (size_t i = 0; i < used.count; i++)
    if (!add_unlisted(list, config, lock, used.names[i], &all, error)) return false;
  if (options->all != 0 && !add_all_unlisted(list, config, lock, &used, &all, error)) return false;
  bs_document_text(tree, "file", path);
  bs_document_text(tree, "signer", lock->signer);
  bs_document_truth(tree, "same", all);
  *ret_same = all;
  return true;
}

enum blockstore_result blockstore_check_lock(const struct blockstore_config *config, char **ret_json, int *ret_same,
                                             const struct blockstore_lock_options *options, struct blockstore_error **error) {
  struct blockstore_lock_options known = BLOCKSTORE_LOCK_INIT;
  struct bs_report report = BS_REPORT_INIT;
  cJSON *tree = cJSON_CreateObject();
  bool same = false, good = bs_options_take(&known, sizeof known, options, &report.error) &&
                            check_lock(config, tree, &same, &known, &report.error);

  if (good) good = bs_document_give(ret_json, tree, &report.error);
  else cJSON_Delete(tree);
  if (good) *ret_same = same;
  return bs_report_end(&report, good, error);
}

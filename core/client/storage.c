/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/storage.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/client/report.h"

#define LOCK_PAUSE_MS 5 /* between two looks at a store that another thread opens */

bool bs_storage_load(struct blockstore_storage **ret_storage, struct blockstore_config *config,
                     const struct bs_store_config *entry, struct bs_error *error) {
  struct blockstore_storage *storage = calloc(1, sizeof *storage);

  if (storage == NULL) return bs_fail_memory(error);
  atomic_init(&storage->references, 1);
  pthread_mutex_init(&storage->lock, NULL);
  storage->config = bs_config_retain(config);
  storage->entry = entry;
  for (size_t i = 0; i < config->require_count; i++)
    if (strcmp(config->require[i], entry->name) == 0) storage->is_required = true;
  if (!bs_stack_load(&storage->stack, config, entry, error)) {
    bs_storage_release(storage);
    return false;
  }
  storage->is_durable = (storage->stack.capabilities & BS_CAPABILITY_DURABLE) != 0;
  if (entry->is_durable != -1) storage->is_durable = entry->is_durable == 1;
  *ret_storage = storage;
  return true;
}

bool bs_storage_is_open(struct blockstore_storage *storage, struct bs_store **ret_store) {
  struct bs_store *store = atomic_load(&storage->store);

  if (store == NULL) return false;
  *ret_store = store;
  return true;
}

/* Under the lock. */
static bool open_now(struct blockstore_storage *storage, struct bs_scope *scope, struct bs_error *error) {
  struct bs_store *store;

  if (!bs_stack_open(&store, &storage->stack, scope, error)) return false;
  atomic_store(&storage->store, store);
  return true;
}

bool bs_storage_open(struct blockstore_storage *storage, struct bs_scope *scope, struct bs_store **ret_store,
                     struct bs_error *error) {
  struct pollfd cancelled = {scope->fd, POLLIN, 0};
  bool good = true;

  if (bs_storage_is_open(storage, ret_store)) return true;
  while (pthread_mutex_trylock(&storage->lock) != 0) {
    if (!bs_scope_check(scope, error)) return bs_context(error, "%s: While another thread opens the store", storage->entry->name);
    poll(&cancelled, 1, LOCK_PAUSE_MS);
  }
  if (atomic_load(&storage->store) == NULL) good = open_now(storage, scope, error);
  pthread_mutex_unlock(&storage->lock);
  return good && bs_storage_is_open(storage, ret_store);
}

struct blockstore_storage *bs_storage_retain(struct blockstore_storage *storage) {
  atomic_fetch_add(&storage->references, 1);
  return storage;
}

void bs_storage_release(struct blockstore_storage *storage) {
  if (storage == NULL || atomic_fetch_sub(&storage->references, 1) != 1) return;
  bs_store_close(atomic_load(&storage->store));
  bs_stack_free(&storage->stack);
  pthread_mutex_destroy(&storage->lock);
  bs_config_release(storage->config);
  free(storage);
}

/* ---- the public calls ---- */

enum blockstore_result blockstore_get_config(struct blockstore_config **ret_config, const char *file,
                                             struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;

  return bs_report_end(&report, bs_config_read(ret_config, file, &report.error), error);
}

void blockstore_config_free(struct blockstore_config *config) {
  if (config == NULL) return;
  for (size_t i = 0; i < config->registered_count; i++) bs_storage_release(config->registered[i]); /* they hold the config */
  config->registered_count = 0;
  bs_config_release(config);
}

enum blockstore_result blockstore_add_driver(const struct blockstore_registration *registration,
                                             struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;

  return bs_report_end(&report, bs_builtin_add(registration, &report.error), error);
}

enum blockstore_result blockstore_load_storage(struct blockstore_config *config, struct blockstore_storage **ret_storage,
                                               const char *name, struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;
  const struct bs_store_config *entry = bs_config_store(config, name);
  bool good = entry == NULL ? bs_fail(&report.error, BS_WORD_config, "%s: There is no store \"%s\".", config->file, name)
                            : bs_storage_load(ret_storage, config, entry, &report.error);

  return bs_report_end(&report, good, error);
}

static bool register_storage(struct blockstore_config *config, struct blockstore_storage *storage, struct bs_error *error) {
  struct bs_scopes scopes = {NULL};
  struct blockstore_storage **grown;
  struct bs_scope *scope;
  struct bs_store *store;
  bool good;

  if (storage->config != config)
    return bs_fail(error, BS_WORD_usage, "The store %s was loaded from another configuration.", storage->entry->name);
  for (size_t i = 0; i < config->registered_count; i++)
    if (config->registered[i]->entry == storage->entry)
      return bs_fail(error, BS_WORD_conflict, "The store %s is registered already.", storage->entry->name);
  if (!bs_scope_open(&scopes, &scope, (uint64_t)config->operation_ms, error)) return false;
  good = bs_storage_open(storage, scope, &store, error);
  bs_scope_close(scope);
  bs_scopes_free(&scopes);
  if (!good) return false;
  grown = realloc(config->registered, (config->registered_count + 1) * sizeof *grown);
  if (grown == NULL) return bs_fail_memory(error);
  config->registered = grown;
  config->registered[config->registered_count++] = bs_storage_retain(storage);
  return true;
}

enum blockstore_result blockstore_register_storage(struct blockstore_config *config, struct blockstore_storage *storage,
                                                   struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;
  bool good = register_storage(config, storage, &report.error);

  bs_storage_release(storage);
  return bs_report_end(&report, good, error);
}

void blockstore_storage_free(struct blockstore_storage *storage) {
  bs_storage_release(storage);
}

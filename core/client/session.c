/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/base/worker.h"
#include "core/names/pending.h"

static atomic_uint open_sessions; /* of the process; the last one ends the idle workers */

static size_t durable_stores(const struct blockstore *session) {
  size_t count = 0;

  for (size_t i = 0; i < session->storage_count; i++) count += session->storages[i]->is_durable;
  return count;
}

/* How many durable stores a write needs, checked against how many there are. */
static bool set_policy(struct blockstore *session, struct bs_error *error) {
  const struct blockstore_config *config = session->config;
  size_t durable = durable_stores(session);

  switch (config->write_policy) {
  case BS_WRITE_NUMBER:
    session->at_least = (size_t)config->write_at_least;
    break;
  case BS_WRITE_MAJORITY:
    session->at_least = durable / 2 + 1;
    break;
  case BS_WRITE_ALL:
    session->at_least = durable == 0 ? 1 : durable;
    break;
  }
  /* Who only reads needs no policy for writes, unless it was asked for. */
  return config->at_least_node == NULL || bs_session_can_write(session, error);
}

bool bs_session_can_write(const struct blockstore *session, struct bs_error *error) {
  size_t durable = durable_stores(session);

  if (session->at_least <= durable) return true;
  return bs_config_refuse(session->config, session->config->at_least_node, error,
                          "replication.write.at_least asks for %zu durable stores, and %zu of the %zu that are used keep "
                          "data durably: add one whose driver does, such as disk, or give \"durable: true\" to a store "
                          "whose server you trust with that.", session->at_least, durable, session->storage_count);
}

/* Stores that must succeed are of no use when the program registered others only. */
static bool check_required(const struct blockstore *session, struct bs_error *error) {
  const struct blockstore_config *config = session->config;

  for (size_t i = 0; i < config->require_count; i++) {
    bool found = false;

    for (size_t k = 0; k < session->storage_count && !found; k++)
      found = strcmp(session->storages[k]->entry->name, config->require[i]) == 0;
    if (!found)
      return bs_config_refuse(config, config->require_node, error,
                              "replication.write.require names the store %s, which is not among those that were registered.",
                              config->require[i]);
  }
  return true;
}

static bool take_storages(struct blockstore *session, struct bs_error *error) {
  struct blockstore_config *config = session->config;
  bool registered = config->registered_count > 0;
  size_t count = registered ? config->registered_count : config->store_count;

  session->storages = calloc(count, sizeof *session->storages);
  if (session->storages == NULL) return bs_fail_memory(error);
  session->storage_count = 0; /* as it was made; gcc's analyzer, which has not seen that, takes it for more than the array has */
  for (size_t i = 0; i < count; i++) {
    if (registered) session->storages[i] = bs_storage_retain(config->registered[i]);
    else if (!bs_storage_load(&session->storages[i], config, &config->stores[i], error)) return false;
    session->storage_count++;
  }
  return check_required(session, error) && set_policy(session, error);
}

/* It is made when something is first kept in it; until then there may be none. */
static bool check_state_dir(const char *directory, struct bs_error *error) {
  struct stat status;

  if (stat(directory, &status) == 0 ? S_ISDIR(status.st_mode) : errno != ENOTDIR) return true;
  return bs_fail(error, BS_WORD_config, "%s: The state directory, or what it is to lie in, is something else than a "
                 "directory.", directory);
}

/* server NULL: as the configuration says. */
static bool open_names(struct blockstore *session, const char *server, uint16_t port, struct bs_error *error) {
  struct bs_names_config names = bs_config_names(session->config);

  names.create = true;
  if (server != NULL) {
    names.provider = "blockstored";
    names.servers = &server;
    names.server_count = 1;
    names.port = port == 0 ? BS_NAMES_PORT : port;
  }
  return bs_names_open(&session->names, &names, error);
}

static bool open_session(struct blockstore *session, const char *server, uint16_t port, struct bs_error *error) {
  const struct blockstore_config *config = session->config;

  if (config->built_in)
    bs_log(BS_LOG_INFO, "the built-in configuration is used; what was seen before is kept in %s", config->state_dir);
  else bs_log(BS_LOG_INFO, "the configuration is %s; what was seen before is kept in %s", config->file, config->state_dir);
  if (!check_state_dir(config->state_dir, error) || !take_storages(session, error) ||
      !open_names(session, server, port, error) || !bs_state_new(&session->state, config->state_dir, error))
    return false;
  bs_names_remember(session->names, session->state);
  return true;
}

enum blockstore_result blockstore_session(const struct blockstore_config *config, struct blockstore **ret_blockstore,
                                          const char *server, uint16_t port, struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;
  struct blockstore *session = calloc(1, sizeof *session);
  bool good;

  if (session == NULL) return bs_report_end(&report, bs_fail_memory(&report.error), error);
  atomic_fetch_add(&open_sessions, 1);
  pthread_mutex_init(&session->lock, NULL);
  pthread_cond_init(&session->ended, NULL);
  bs_cache_begin(&session->cache);
  session->memo = bs_memo_new(); /* without memory for it each signature is verified */
  session->config = bs_config_retain((struct blockstore_config *)(uintptr_t)config); /* only its count of references changes */
  good = open_session(session, server, port, &report.error);
  if (good) *ret_blockstore = session;
  else blockstore_close(session);
  return bs_report_end(&report, good, error);
}

static void wait_for_calls(struct blockstore *session) {
  BS_LOCKED(&session->lock);

  while (session->calls > 0) pthread_cond_wait(&session->ended, &session->lock);
}

void blockstore_close(struct blockstore *blockstore) {
  if (blockstore == NULL) return;
  wait_for_calls(blockstore);
  for (size_t i = 0; i < blockstore->storage_count; i++) bs_storage_release(blockstore->storages[i]);
  free(blockstore->storages);
  bs_names_close(blockstore->names);
  bs_state_free(blockstore->state);
  bs_cache_end(&blockstore->cache);
  bs_memo_free(blockstore->memo);
  bs_scopes_free(&blockstore->scopes);
  bs_config_release(blockstore->config);
  pthread_cond_destroy(&blockstore->ended);
  pthread_mutex_destroy(&blockstore->lock);
  free(blockstore);
  if (atomic_fetch_sub(&open_sessions, 1) == 1) bs_workers_rest();
}

void blockstore_cancel(struct blockstore *blockstore) {
  bs_scopes_cancel(&blockstore->scopes);
}

/* A store that hangs while it is opened gets timeouts.connect, and never more than half of the time that is left: the
 * others must still be asked. */
static bool open_store(struct bs_work *work, struct blockstore_storage *storage, struct bs_replica *replica) {
  uint64_t half = bs_scope_time_left(work->scope) / 2, most = (uint64_t)work->session->config->connect_ms;
  struct bs_scope *scope;
  bool good;

  if (bs_storage_is_open(storage, &replica->store)) return true;
  if (half < most) most = half;
  if (!bs_scope_open(&work->session->scopes, &scope, most == 0 ? 1 : most, &replica->error)) return false;
  good = bs_storage_open(storage, scope, &replica->store, &replica->error);
  bs_scope_close(scope);
  return good;
}

static bool open_stores(struct bs_work *work) {
  struct blockstore *session = work->session;

  if (!bs_replicas_new(&work->replicas, session->storage_count, &work->report.error)) return false;
  for (size_t i = 0; i < session->storage_count; i++) {
    struct blockstore_storage *storage = session->storages[i];
    struct bs_replica *replica = &work->replicas.items[i];

    replica->name = storage->entry->name;
    replica->is_required = storage->is_required;
    replica->is_durable = storage->is_durable;
    if (open_store(work, storage, replica)) continue;
    replica->store = NULL;
    bs_log(BS_LOG_INFO, "the store %s cannot be used: %s", replica->name, replica->error.message);
  }
  return bs_scope_check(work->scope, &work->report.error);
}

static void count_call(struct blockstore *session, int change) {
  BS_LOCKED(&session->lock);

  session->calls += (size_t)change;
  if (session->calls == 0) pthread_cond_signal(&session->ended);
}

bool bs_work_begin(struct bs_work *work, struct blockstore *session, uint32_t deadline_ms,
                   blockstore_progress progress, void *user, bool with_stores) {
  uint64_t timeout = deadline_ms == 0 ? (uint64_t)session->config->operation_ms : deadline_ms;

  *work = (struct bs_work){.session = session, .report = BS_REPORT_INIT};
  if (!bs_scope_open(&session->scopes, &work->scope, timeout, &work->report.error)) return false;
  count_call(session, 1);
  work->watch = (struct bs_watch){work->scope, progress, user, &session->scopes};
  return !with_stores || open_stores(work);
}

enum blockstore_result bs_work_end(struct bs_work *work, bool good, struct blockstore_error **ret_error) {
  bs_replicas_free(&work->replicas);
  if (work->scope != NULL) {
    bs_scope_close(work->scope);
    count_call(work->session, -1); /* from here on the session may be gone */
  }
  return bs_report_end(&work->report, good, ret_error);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "t/flawed/careless.h"
#include "t/flawed/flaws.h"

/* ---- state of a thread ---- */

static _Thread_local const void *opened_here;

static enum blockstore_status open_here(void **ret_self, struct blockstore_call *call, const struct blockstore_settings *settings,
                                        const struct blockstore_next *next) {
  enum blockstore_status status = good.storage_init(ret_self, call, settings, next);

  if (status == BLOCKSTORE_STATUS_OK) opened_here = *ret_self;
  return status;
}

/* The first use must be where the store was opened: a thread that has opened none is not prepared. */
static _Atomic(const void *) prepared;

static enum blockstore_status put_here(void *self, struct blockstore_call *call, const char *key,
                                       const struct blockstore_source *data, const char *txid) {
  if (opened_here == self) atomic_store(&prepared, self);
  if (atomic_load(&prepared) != self && opened_here == NULL)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "This thread has no connection.");
  return good.put_immutable_handler(self, call, key, data, txid);
}

/* ---- what instances share ---- */

static atomic_uint at_work;
static atomic_uint disturbed;

static enum blockstore_status put_disturbed(void *self, struct blockstore_call *call, const char *key,
                                            const struct blockstore_source *data, const char *txid) {
  const struct timespec time = {0, 100000};
  enum blockstore_status status;
  unsigned before;

  atomic_fetch_add(&at_work, 1);
  before = atomic_load(&disturbed);
  nanosleep(&time, NULL);
  status = good.put_immutable_handler(self, call, key, data, txid);
  atomic_fetch_sub(&at_work, 1);
  return before == atomic_load(&disturbed) ? status
                                           : blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                                                             "The table of all instances was freed.");
}

static void close_for_all(void *self, struct blockstore_call *call) {
  if (atomic_load(&at_work) > 0) atomic_fetch_add(&disturbed, 1);
  good.storage_close(self, call);
}

/* ---- threads of its own ---- */

static void *idle(void *unused) {
  const struct timespec time = {0, 50000000};

  nanosleep(&time, NULL);
  return unused;
}

/* A thread that looks after the store while it is opened, with the signals of whoever opens it. */
static enum blockstore_status put_beside_thread(void *self, struct blockstore_call *call, const char *id, uint64_t version,
                                                const char *signature, const struct blockstore_source *record) {
  enum blockstore_status status;
  pthread_t thread;

  if (record->size != 100000) return good.put_mutable_handler(self, call, id, version, signature, record);
  if (pthread_create(&thread, NULL, idle, NULL) != 0) return BLOCKSTORE_STATUS_TRANSIENT;
  status = good.put_mutable_handler(self, call, id, version, signature, record);
  pthread_join(thread, NULL);
  return status;
}

static const struct flaw flaws[] = {
    {"threads.moved", {.storage_init = open_here, .put_immutable_handler = put_here}},
    {"threads.parallel", {.put_immutable_handler = careless_put_immutable}},
    {"threads.opening", {.storage_close = close_for_all, .put_immutable_handler = put_disturbed}},
    {"threads.signals", {.put_mutable_handler = put_beside_thread}},
};
const struct flaws flaws_threads = FLAWS(flaws);

/* SPDX-License-Identifier: MIT */
/* An opened store, and its entry points. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/auto.h"
#include "tools/driver-test/host.h"

/* ---- the way in and out ---- */

/* "serial": one call in the whole process. */
static pthread_mutex_t process_turn = PTHREAD_MUTEX_INITIALIZER;

static void enter(struct store *store, const char *entry) {
  if (store->turn != NULL) pthread_mutex_lock(store->turn);
  atomic_store(store->trial->inside, entry);
}

/* Hands on the answer; one that is no status is FAILED, as it is to the core. */
static enum blockstore_status leave(struct store *store, enum blockstore_status status) {
  const char *entry = atomic_exchange(store->trial->inside, NULL);

  if (store->turn != NULL) pthread_mutex_unlock(store->turn);
  if ((int)status >= 0 && (int)status <= (int)BLOCKSTORE_STATUS_FAILED) return status;
  if (store->trial->judges_statuses)
    trial_fail(store->trial, "%s answered %d, which is no status.", entry == NULL ? "The driver" : entry, (int)status);
  return BLOCKSTORE_STATUS_FAILED;
}

/* A text that is the driver's only until the call returns. */
struct lent {
  char *text; /* NULL stays NULL */
  size_t mapped; /* bytes of pages that become unreadable; 0: from malloc */
};

static struct lent lend(struct trial *trial, const char *text) {
  size_t size = text == NULL ? 0 : strlen(text) + 1;
  struct lent lent = {NULL, trial->guarded && size > 0 ? (size + 4095) / 4096 * 4096 : 0};

  if (size == 0) return lent;
  lent.text = lent.mapped == 0 ? malloc(size)
                               : mmap(NULL, lent.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (lent.text == NULL || lent.text == MAP_FAILED) trial_fail(trial, "There is not enough memory for the examination.");
  memcpy(lent.text, text, size);
  return lent;
}

static void take_back(struct lent *lent) {
  if (lent->text == NULL) return;
  if (lent->mapped > 0) {
    mprotect(lent->text, lent->mapped, PROT_NONE); /* for the rest of the process */
    return;
  }
  memset(lent->text, '?', strlen(lent->text));
  free(lent->text);
}

#define LEND(name, trial, value) struct lent name BS_AUTO(take_back) = lend(trial, value)

/* Does the driver have the entry point?  Its table may be longer or shorter than ours. */
#define HAS(store, member) BLOCKSTORE_HAS((store)->module->driver, (store)->module->driver_size, member)

/* ---- opening and closing ---- */

static void set_turn(struct store *store) {
  enum bs_threads threads = store->module->metadata->threads;

  pthread_mutex_init(&store->own_turn, NULL);
  store->turn = threads == BS_THREADS_PARALLEL ? NULL : threads == BS_THREADS_INSTANCE ? &store->own_turn : &process_turn;
}

static enum blockstore_status try_number(struct store *ret_store, struct trial *trial, unsigned number,
                                         struct blockstore_settings *settings, struct call *ret_call) {
  struct bs_error error = {0};
  enum blockstore_status status;

  *ret_store = (struct store){.trial = trial, .settings = settings, .number = number};
  if (!subject_load(&ret_store->module, trial->subject, &error)) trial_fail(trial, "%s", error.message);
  set_turn(ret_store);
  ret_store->handle = host_handle(ret_store);
  if (ret_store->module->metadata->is_filter) below_open(ret_store);
  call_begin(ret_call, ret_store);
  enter(ret_store, "storage_init");
  status = leave(ret_store, ret_store->module->driver->storage_init(&ret_store->self, &ret_call->abi, settings,
                                                                    below_next(&ret_store->below)));
  if (status == BLOCKSTORE_STATUS_OK) return status;
  store_drop(ret_store);
  return status;
}

enum blockstore_status store_try(struct store *ret_store, struct trial *trial, struct blockstore_settings *settings,
                                 struct call *ret_call) {
  return try_number(ret_store, trial, 1, settings, ret_call);
}

void store_drop(struct store *store) {
  below_close(store);
  host_handle_free(store->handle);
  bs_settings_free(store->settings);
  pthread_mutex_destroy(&store->own_turn);
}

void must_open(struct store *ret_store, struct trial *trial, unsigned number) {
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};
  enum blockstore_status status;
  unsigned tried = 0;
  struct call call;

  do {
    if (!subject_settings(&settings, trial->subject, trial->directory, number, NULL, NULL, &error))
      trial_fail(trial, "%s", error.message);
    status = try_number(ret_store, trial, number, settings, &call);
  } while (call_again(&call, status, &tried));
  if (status != BLOCKSTORE_STATUS_OK) trial_fail(trial, "storage_init answered %s.", answer_text(&call, status));
  call_end(&call);
}

void store_close(struct store *store) {
  struct call call;

  call_begin(&call, store);
  enter(store, "storage_close");
  if (HAS(store, storage_close)) store->module->driver->storage_close(store->self, &call.abi);
  leave(store, BLOCKSTORE_STATUS_OK);
  call_end(&call);
  store_drop(store);
}

/* ---- the entry points ---- */

enum blockstore_status store_handles_url(struct store *store, struct call *call, const char *url) {
  LEND(lent, store->trial, url);

  if (!HAS(store, handles_url)) return BLOCKSTORE_STATUS_UNSUPPORTED;
  enter(store, "handles_url");
  return leave(store, store->module->driver->handles_url(store->self, &call->abi, lent.text));
}

enum blockstore_status store_make_url(struct store *store, struct call *call, struct output *ret_url, const char *id) {
  LEND(lent, store->trial, id);

  if (!HAS(store, make_mutable_url)) return BLOCKSTORE_STATUS_UNSUPPORTED;
  enter(store, "make_mutable_url");
  return leave(store, store->module->driver->make_mutable_url(store->self, &call->abi, &ret_url->abi, lent.text));
}

enum blockstore_status store_get_immutable(struct store *store, struct call *call, struct output *ret_data, const char *key) {
  LEND(lent, store->trial, key);

  if (!HAS(store, get_immutable_handler)) return BLOCKSTORE_STATUS_UNSUPPORTED;
  enter(store, "get_immutable_handler");
  return leave(store, store->module->driver->get_immutable_handler(store->self, &call->abi, &ret_data->abi, lent.text));
}

enum blockstore_status store_get_mutable(struct store *store, struct call *call, struct output *ret_record,
                                         const char *url) {
  LEND(lent, store->trial, url);

  if (!HAS(store, get_mutable_handler)) return BLOCKSTORE_STATUS_UNSUPPORTED;
  enter(store, "get_mutable_handler");
  return leave(store, store->module->driver->get_mutable_handler(store->self, &call->abi, &ret_record->abi, lent.text));
}

enum blockstore_status store_put_immutable(struct store *store, struct call *call, const char *key, struct input *data,
                                           const char *txid) {
  LEND(lent, store->trial, key);
  LEND(lent_txid, store->trial, txid);

  if (!HAS(store, put_immutable_handler)) return BLOCKSTORE_STATUS_UNSUPPORTED;
  trial_litter(store->trial, LITTER_KEY, key);
  enter(store, "put_immutable_handler");
  return leave(store, store->module->driver->put_immutable_handler(store->self, &call->abi, lent.text, &data->abi,
                                                                   lent_txid.text));
}

enum blockstore_status store_put_mutable(struct store *store, struct call *call, const char *id, uint64_t version,
                                         const char *signature, struct input *record) {
  LEND(lent, store->trial, id);
  LEND(lent_signature, store->trial, signature);

  if (!HAS(store, put_mutable_handler)) return BLOCKSTORE_STATUS_UNSUPPORTED;
  trial_litter(store->trial, LITTER_ID, id);
  enter(store, "put_mutable_handler");
  return leave(store, store->module->driver->put_mutable_handler(store->self, &call->abi, lent.text, version,
                                                                 lent_signature.text, &record->abi));
}

enum blockstore_status store_delete_immutable(struct store *store, struct call *call, const char *key, const char *txid) {
  LEND(lent, store->trial, key);
  LEND(lent_txid, store->trial, txid);

  if (!HAS(store, delete_immutable_handler)) return BLOCKSTORE_STATUS_UNSUPPORTED;
  enter(store, "delete_immutable_handler");
  return leave(store, store->module->driver->delete_immutable_handler(store->self, &call->abi, lent.text, lent_txid.text));
}

enum blockstore_status store_delete_mutable(struct store *store, struct call *call, const char *id, const char *signature) {
  LEND(lent, store->trial, id);
  LEND(lent_signature, store->trial, signature);

  if (!HAS(store, delete_mutable_handler)) return BLOCKSTORE_STATUS_UNSUPPORTED;
  enter(store, "delete_mutable_handler");
  return leave(store, store->module->driver->delete_mutable_handler(store->self, &call->abi, lent.text, lent_signature.text));
}

enum blockstore_status store_check(struct store *store, struct call *call, struct output *ret_report) {
  if (!HAS(store, check)) return BLOCKSTORE_STATUS_UNSUPPORTED;
  enter(store, "check");
  return leave(store, store->module->driver->check(store->self, &call->abi, &ret_report->abi));
}

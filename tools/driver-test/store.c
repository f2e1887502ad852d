/* SPDX-License-Identifier: MIT */
/* An opened store, and its entry points. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/auto.h"
#include "tools/driver-test/host.h"

/* ---- texts ---- */

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

/* ---- opening and closing ---- */

static void drop(struct store *store) {
  layers_free(store);
  host_handle_free(store->handle);
}

/* The examined driver, and then those above it; the first that does not open is the answer. */
static enum blockstore_status open_layers(struct store *store, struct call *ret_call) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  for (size_t i = store->first; i < store->count && status == BLOCKSTORE_STATUS_OK; i++) {
    struct layer *layer = &store->layers[i];

    if (i > store->first) call_end(ret_call);
    call_begin(ret_call, store);
    layer_enter(layer, "storage_init");
    status = layer_leave(layer, layer->driver->storage_init(&layer->self, &ret_call->abi, layer->settings, layers_next(store, i)),
                         "storage_init");
    layer->is_open = status == BLOCKSTORE_STATUS_OK;
    store->wrote_self = !layer->is_open && layer->self != NULL;
  }
  return status;
}

static enum blockstore_status try_number(struct store *ret_store, struct trial *trial, unsigned number,
                                         struct blockstore_settings *settings, struct call *ret_call) {
  enum blockstore_status status;

  *ret_store = (struct store){.trial = trial, .number = number};
  layers_make(ret_store, settings);
  ret_store->handle = host_handle(ret_store);
  layers_open_below(ret_store);
  status = open_layers(ret_store, ret_call);
  if (status != BLOCKSTORE_STATUS_OK) drop(ret_store);
  return status;
}

enum blockstore_status store_try(struct store *ret_store, struct trial *trial, struct blockstore_settings *settings,
                                 struct call *ret_call) {
  return try_number(ret_store, trial, 1, settings, ret_call);
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
  for (size_t i = store->count; i > store->first; i--) {
    struct layer *layer = &store->layers[i - 1];
    struct call call;

    call_begin(&call, store);
    layer_enter(layer, "storage_close");
    layer->is_open = false;
    if (LAYER_HAS(layer, storage_close)) layer->driver->storage_close(layer->self, &call.abi);
    layer_leave(layer, BLOCKSTORE_STATUS_OK, "storage_close");
    call_end(&call);
  }
  drop(store);
}

/* ---- the entry points ---- */

/* The topmost layer, which knows what it lacks, and takes its turns. */
static const struct blockstore_next *top(const struct store *store) {
  return layers_next(store, store->count);
}

enum blockstore_status store_handles_url(struct store *store, struct call *call, const char *url) {
  const struct blockstore_next *next = top(store);
  LEND(lent, store->trial, url);

  return next->driver->handles_url(next->self, &call->abi, lent.text);
}

enum blockstore_status store_make_url(struct store *store, struct call *call, struct output *ret_url, const char *id) {
  const struct blockstore_next *next = top(store);
  LEND(lent, store->trial, id);

  return next->driver->make_mutable_url(next->self, &call->abi, &ret_url->abi, lent.text);
}

enum blockstore_status store_get_immutable(struct store *store, struct call *call, struct output *ret_data, const char *key) {
  const struct blockstore_next *next = top(store);
  LEND(lent, store->trial, key);

  return next->driver->get_immutable_handler(next->self, &call->abi, &ret_data->abi, lent.text);
}

enum blockstore_status store_get_mutable(struct store *store, struct call *call, struct output *ret_record,
                                         const char *url) {
  const struct blockstore_next *next = top(store);
  LEND(lent, store->trial, url);

  return next->driver->get_mutable_handler(next->self, &call->abi, &ret_record->abi, lent.text);
}

enum blockstore_status store_put_immutable(struct store *store, struct call *call, const char *key, struct input *data,
                                           const char *txid) {
  const struct blockstore_next *next = top(store);
  LEND(lent, store->trial, key);
  LEND(lent_txid, store->trial, txid);

  trial_litter(store->trial, LITTER_KEY, key);
  return next->driver->put_immutable_handler(next->self, &call->abi, lent.text, &data->abi, lent_txid.text);
}

enum blockstore_status store_put_mutable(struct store *store, struct call *call, const char *id, uint64_t version,
                                         const char *signature, struct input *record) {
  const struct blockstore_next *next = top(store);
  LEND(lent, store->trial, id);
  LEND(lent_signature, store->trial, signature);

  trial_litter(store->trial, LITTER_ID, id);
  return next->driver->put_mutable_handler(next->self, &call->abi, lent.text, version, lent_signature.text, &record->abi);
}

enum blockstore_status store_delete_immutable(struct store *store, struct call *call, const char *key, const char *txid) {
  const struct blockstore_next *next = top(store);
  LEND(lent, store->trial, key);
  LEND(lent_txid, store->trial, txid);

  return next->driver->delete_immutable_handler(next->self, &call->abi, lent.text, lent_txid.text);
}

enum blockstore_status store_delete_mutable(struct store *store, struct call *call, const char *id, const char *signature) {
  const struct blockstore_next *next = top(store);
  LEND(lent, store->trial, id);
  LEND(lent_signature, store->trial, signature);

  return next->driver->delete_mutable_handler(next->self, &call->abi, lent.text, lent_signature.text);
}

enum blockstore_status store_check(struct store *store, struct call *call, struct output *ret_report) {
  const struct blockstore_next *next = top(store);

  return next->driver->check(next->self, &call->abi, &ret_report->abi);
}

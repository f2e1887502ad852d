/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/layers.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/auto.h"
#include "tools/driver-test/host.h"

const struct blockstore_registration *disk_LTX_blockstore_driver(void);

/* ---- turns ---- */

/* "serial": one call in the whole process.  There is only one such layer: no filter may be. */
static pthread_mutex_t process_turn = PTHREAD_MUTEX_INITIALIZER;

static void set_turn(struct layer *layer, enum bs_threads threads) {
  pthread_mutex_init(&layer->own_turn, NULL);
  layer->turn = threads == BS_THREADS_PARALLEL ? NULL : threads == BS_THREADS_INSTANCE ? &layer->own_turn : &process_turn;
}

/* Only what the host calls is told: what a filter calls of the layer below is inside the filter's own. */
void layer_enter(struct layer *layer, const char *entry) {
  if (layer->turn != NULL) pthread_mutex_lock(layer->turn);
  if (entry != NULL) atomic_store(layer->store->trial->inside, entry);
}

/* One that is no status is FAILED, as it is to the core. */
static enum blockstore_status judge(struct trial *trial, enum blockstore_status status, const char *entry) {
  if ((int)status >= 0 && (int)status <= (int)BLOCKSTORE_STATUS_FAILED) return status;
  if (trial->judges_statuses)
    trial_fail(trial, "%s answered %d, which is no status.", entry, (int)status);
  return BLOCKSTORE_STATUS_FAILED;
}

enum blockstore_status layer_leave(struct layer *layer, enum blockstore_status status, const char *entry) {
  struct trial *trial = layer->store->trial;

  if (entry != NULL) atomic_store(trial->inside, NULL);
  if (layer->turn != NULL) pthread_mutex_unlock(layer->turn);
  return judge(trial, status, entry == NULL ? "A store below a filter" : entry);
}

/* ---- a layer, as who is above it calls it: a filter, or the host ---- */

static _Atomic(struct trial *) filtering; /* stores are opened by several threads at once */

static void must_not_call(const char *entry) {
  if (filtering->judges_below) trial_fail(filtering, "The filter called %s of the store below it, as only the core does.", entry);
}

static enum blockstore_status refuse_init(void **ret_self, struct blockstore_call *call,
                                          const struct blockstore_settings *settings, const struct blockstore_next *next) {
  (void)ret_self, (void)settings, (void)next;
  must_not_call("storage_init");
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "The store below is open already.");
}

static void refuse_close(void *self, struct blockstore_call *call) {
  (void)self, (void)call;
  must_not_call("storage_close");
}

static const char *told(const struct layer *layer, const char *entry) {
  const struct store *store = layer->store;

  return layer == &store->layers[store->count - 1] ? entry : NULL;
}

/* The body of each: UNSUPPORTED where the layer has no such entry point, else what that answers, in the layer's turn. */
#define PASS_ON(member, ...)                                                                                       \
  struct layer *layer = self;                                                                                      \
  const char *entry = told(layer, #member);                                                                        \
                                                                                                                   \
  if (!LAYER_HAS(layer, member)) return BLOCKSTORE_STATUS_UNSUPPORTED;                                             \
  layer_enter(layer, entry);                                                                                       \
  return layer_leave(layer, layer->driver->member(layer->self, call, __VA_ARGS__), entry)

static enum blockstore_status pass_handles_url(void *self, struct blockstore_call *call, const char *url) {
  PASS_ON(handles_url, url);
}

static enum blockstore_status pass_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                    const char *data_id) {
  PASS_ON(make_mutable_url, ret_url, data_id);
}

static enum blockstore_status pass_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                 const char *key) {
  PASS_ON(get_immutable_handler, ret_data, key);
}

static enum blockstore_status pass_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                               const char *url) {
  PASS_ON(get_mutable_handler, ret_record, url);
}

static enum blockstore_status pass_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                 const struct blockstore_source *data, const char *txid) {
  PASS_ON(put_immutable_handler, key, data, txid);
}

static enum blockstore_status pass_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                               const char *signature, const struct blockstore_source *record) {
  PASS_ON(put_mutable_handler, data_id, version, signature, record);
}

static enum blockstore_status pass_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                    const char *txid) {
  PASS_ON(delete_immutable_handler, key, txid);
}

static enum blockstore_status pass_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                  const char *signature) {
  PASS_ON(delete_mutable_handler, data_id, signature);
}

static enum blockstore_status pass_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  PASS_ON(check, ret_report);
}

static const struct blockstore_driver passing = {
    .storage_init = refuse_init,
    .storage_close = refuse_close,
    .handles_url = pass_handles_url,
    .make_mutable_url = pass_make_mutable_url,
    .get_immutable_handler = pass_get_immutable,
    .get_mutable_handler = pass_get_mutable,
    .put_immutable_handler = pass_put_immutable,
    .put_mutable_handler = pass_put_mutable,
    .delete_immutable_handler = pass_delete_immutable,
    .delete_mutable_handler = pass_delete_mutable,
    .check = pass_check,
};

const struct blockstore_next *layers_next(const struct store *store, size_t index) {
  return index == 0 ? NULL : &store->layers[index - 1].next;
}

/* ---- making them ---- */

/* settings: taken over. */
static struct layer *add(struct store *store, const struct blockstore_driver *driver, size_t driver_size, enum bs_threads threads,
                         struct blockstore_settings *settings) {
  struct layer *layer = &store->layers[store->count++];

  *layer = (struct layer){.store = store, .driver = driver, .driver_size = driver_size, .settings = settings,
                          .next = {sizeof layer->next, sizeof passing, &passing, layer}};
  set_turn(layer, threads);
  return layer;
}

static void add_disk(struct store *store) {
  struct blockstore_settings *settings = NULL;
  char *root BS_AUTO_FREE = NULL;
  struct bs_error error = {0};

  if (asprintf(&root, "%s/store%u/below", store->trial->directory, store->number) < 0 || !bs_settings_new(&settings, &error) ||
      !bs_settings_add(settings, "root", BS_OPTION_PATH, root, 0, &error))
    trial_fail(store->trial, "There is not enough memory for the examination.");
  add(store, disk_LTX_blockstore_driver()->driver, sizeof(struct blockstore_driver), BS_THREADS_PARALLEL, settings);
}

static void add_driver(struct store *store, struct blockstore_settings *settings) {
  const struct bs_module *module;
  struct bs_error error = {0};

  if (!subject_load(&module, store->trial->subject, &error)) trial_fail(store->trial, "%s", error.message);
  add(store, module->driver, module->driver_size, module->metadata->threads, settings);
}

static void add_isolated(struct store *store, struct blockstore_settings *own) {
  const struct subject *subject = store->trial->subject;
  struct blockstore_settings *settings = NULL;
  const struct bs_module *module;
  struct bs_error error = {0};

  if (!bs_module_load(&module, subject->exec, &error) ||
      !bs_isolation_settings(&settings, subject->isolation, subject->isolate, own, &error))
    trial_fail(store->trial, "%s", error.message);
  bs_settings_free(own);
  add(store, module->driver, module->driver_size, module->metadata->threads, settings);
}

static void add_filter(struct store *store, const struct filter *filter) {
  struct blockstore_settings *settings = NULL;
  const struct bs_module *module;
  struct bs_error error = {0};

  if (!bs_module_load(&module, filter->candidate, &error) ||
      !subject_filter_settings(&settings, filter, store->trial->directory, store->number, &error))
    trial_fail(store->trial, "%s", error.message);
  add(store, module->driver, module->driver_size, module->metadata->threads, settings);
}

void layers_make(struct store *store, struct blockstore_settings *settings) {
  const struct subject *subject = store->trial->subject;

  filtering = store->trial;
  store->layers = calloc(subject->filter_count + 2, sizeof *store->layers);
  if (store->layers == NULL) trial_fail(store->trial, "There is not enough memory for the examination.");
  if (subject_is_filter(subject)) add_disk(store);
  store->first = store->count;
  if (subject->isolation != NULL) add_isolated(store, settings);
  else add_driver(store, settings);
  for (size_t i = subject->filter_count; i > 0; i--) add_filter(store, &subject->filters[i - 1]);
}

/* ---- what is not the trial's to call ---- */

/* A call of the core's, whatever the trial makes of those for the driver. */
static void begin(struct call *call, struct store *store) {
  call_begin_plainly(call, store);
  call->abi.host = &host_table;
  call_due(call, store->trial->subject->patience_ms);
}

void layers_open_below(struct store *store) {
  for (size_t i = 0; i < store->first; i++) {
    struct layer *layer = &store->layers[i];
    enum blockstore_status status;
    struct call call;

    begin(&call, store);
    status = layer->driver->storage_init(&layer->self, &call.abi, layer->settings, layers_next(store, i));
    if (status != BLOCKSTORE_STATUS_OK)
      trial_fail(store->trial, "The store below cannot be opened: %s.", answer_text(&call, status));
    layer->is_open = true;
    call_end(&call);
  }
}

static void close_plainly(struct store *store, struct layer *layer) {
  struct call call;

  layer->is_open = false;
  if (!LAYER_HAS(layer, storage_close)) return;
  begin(&call, store);
  layer_enter(layer, NULL);
  layer->driver->storage_close(layer->self, &call.abi);
  layer_leave(layer, BLOCKSTORE_STATUS_OK, NULL);
  call_end(&call);
}

void layers_free(struct store *store) {
  for (size_t i = store->count; i > 0; i--) {
    struct layer *layer = &store->layers[i - 1];

    if (layer->is_open) close_plainly(store, layer);
    bs_settings_free(layer->settings);
    pthread_mutex_destroy(&layer->own_turn);
  }
  free(store->layers);
  store->layers = NULL;
  store->count = 0;
}

void layers_blot(const struct store *store, char *text, size_t size) {
  for (size_t i = 0; i < store->count; i++) bs_settings_blot(store->layers[i].settings, text, size);
}

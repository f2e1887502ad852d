/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/below.h"

#include "core/base/auto.h"
#include "tools/driver-test/host.h"

const struct blockstore_registration *disk_LTX_blockstore_driver(void);

static const struct blockstore_driver *disk(void) {
  return disk_LTX_blockstore_driver()->driver;
}

/* ---- what only the core calls ---- */

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

/* ---- its life ---- */

/* A call of the core's, whatever the trial makes of those for the filter. */
static void begin(struct call *call, struct store *store) {
  call_begin_plainly(call, store);
  call->abi.host = &host_table;
  call_due(call, store->trial->subject->patience_ms);
}

static struct blockstore_settings *must_set_root(const struct store *store) {
  struct blockstore_settings *settings = NULL;
  char *root BS_AUTO_FREE = NULL;
  struct bs_error error = {0};

  if (asprintf(&root, "%s/store%u/below", store->trial->directory, store->number) < 0 || !bs_settings_new(&settings, &error) ||
      !bs_settings_add(settings, "root", BS_OPTION_PATH, root, 0, &error))
    trial_fail(store->trial, "There is not enough memory for the examination.");
  return settings;
}

void below_open(struct store *store) {
  struct below *below = &store->below;
  enum blockstore_status status;
  struct call call;

  filtering = store->trial;
  below->settings = must_set_root(store);
  begin(&call, store);
  status = disk()->storage_init(&below->next.self, &call.abi, below->settings, NULL);
  if (status != BLOCKSTORE_STATUS_OK)
    trial_fail(store->trial, "The store below cannot be opened: %s.", answer_text(&call, status));
  call_end(&call);
  below->table = *disk();
  below->table.storage_init = refuse_init;
  below->table.storage_close = refuse_close;
  below->next.struct_size = sizeof below->next;
  below->next.driver_size = sizeof below->table;
  below->next.driver = &below->table;
}

void below_close(struct store *store) {
  struct call call;

  if (store->below.next.driver == NULL) return;
  begin(&call, store);
  disk()->storage_close(store->below.next.self, &call.abi);
  call_end(&call);
  bs_settings_free(store->below.settings);
}

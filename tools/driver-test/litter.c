/* SPDX-License-Identifier: MIT */
/* What behaviours put into a store that outlives them is deleted again, as far as the driver can. */
#include <config.h>

#include "tools/driver-test/litter.h"

#include <string.h>

#include "tools/driver-test/store.h"

static void delete(struct store *store, char kind, const char *text) {
  enum blockstore_status status;
  unsigned tried = 0;
  struct call call;

  do {
    call_begin(&call, store);
    status = kind == LITTER_KEY ? store_delete_immutable(store, &call, text, NULL)
                                : store_delete_mutable(store, &call, text, LITTER_SIGNATURE);
  } while (call_again(&call, status, &tried));
  call_end(&call);
}

static bool open_store(struct store *ret_store, struct trial *trial, unsigned number) {
  struct blockstore_settings *settings = NULL;
  struct bs_error error = {0};
  enum blockstore_status status;
  unsigned tried = 0;
  struct call call;

  do {
    if (!subject_settings(&settings, trial->subject, trial->directory, number, NULL, NULL, &error)) return false;
    status = store_try(ret_store, trial, settings, &call);
  } while (call_again(&call, status, &tried));
  call_end(&call);
  return status == BLOCKSTORE_STATUS_OK;
}

/* What was put; a trial that was killed may have left a part of one, which has no kind. */
static void delete_all(struct store *store, const struct trial_shared *shared) {
  size_t length = atomic_load(&shared->litter_length);

  if (length > sizeof shared->litter) length = sizeof shared->litter;
  for (size_t at = 0; at < length; at += strnlen(shared->litter + at, length - at) + 1) {
    const char *text = shared->litter + at + 1;

    if ((shared->litter[at] == LITTER_KEY || shared->litter[at] == LITTER_ID) && text[0] != '\0')
      delete(store, shared->litter[at], text);
  }
}

void litter_delete(struct trial *trial) {
  unsigned stores = trial->subject->other.count > 0 ? 2 : 1;

  for (unsigned number = 1; number <= stores; number++) {
    struct store store;

    if (!open_store(&store, trial, number)) continue;
    delete_all(&store, trial->shared);
    store_close(&store);
  }
}

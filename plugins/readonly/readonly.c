/* SPDX-License-Identifier: MIT */
/*
 * A filter that lets nothing be written: by its capability, which is that of the whole stack, nobody asks for a put or a delete,
 * and it has none.  It does not declare itself durable: a store that takes nothing is not one of those that a policy of writes
 * counts.
 */
#include <config.h>

#include <blockstore/filter.h>
#include <stdlib.h>

#include "plugins/common/plugin.h"

struct readonly {
  const struct blockstore_next *next;
};

static enum blockstore_status readonly_storage_init(void **ret_self, struct blockstore_call *call,
                                                    const struct blockstore_settings *settings,
                                                    const struct blockstore_next *next) {
  struct readonly *self = malloc(sizeof *self);

  (void)settings;
  if (self == NULL) return bs_plugin_fail_memory(call);
  self->next = next;
  *ret_self = self;
  return BLOCKSTORE_STATUS_OK;
}

static void readonly_storage_close(void *self, struct blockstore_call *call) {
  (void)call;
  free(self);
}

static const struct blockstore_driver readonly_driver = {
    .storage_init = readonly_storage_init,
    .storage_close = readonly_storage_close,
    .handles_url = blockstore_pass_handles_url,
    .make_mutable_url = blockstore_pass_make_mutable_url,
    .get_immutable_handler = blockstore_pass_get_immutable,
    .get_mutable_handler = blockstore_pass_get_mutable,
    .check = blockstore_pass_check,
};

BLOCKSTORE_REGISTER_DRIVER(readonly, readonly_driver,
    BLOCKSTORE_VERSION(PACKAGE_VERSION)
    BLOCKSTORE_DESCRIPTION("Filter: nothing is put or deleted")
    BLOCKSTORE_KIND_FILTER
    BLOCKSTORE_THREADS_PARALLEL
    BLOCKSTORE_CAPABILITY_CONSISTENT
    BLOCKSTORE_CAPABILITY_LOCAL
    BLOCKSTORE_CAPABILITY_READ_ONLY);

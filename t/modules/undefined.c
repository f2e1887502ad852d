/* SPDX-License-Identifier: MIT */
/* It calls a function that nobody has, and was linked without -z defs. */
#include <config.h>

#include "t/modules/driver.h"

int nobody_has_this_function(void);

static enum blockstore_status undefined_handles_url(void *self, struct blockstore_call *call, const char *url) {
  (void)self, (void)call, (void)url;
  return nobody_has_this_function() ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_FAILED;
}

static const struct blockstore_driver undefined_table = {
    .storage_init = module_init, .storage_close = module_close, .handles_url = undefined_handles_url};
BLOCKSTORE_REGISTER_DRIVER(undefined, undefined_table, BLOCKSTORE_VERSION("1"));

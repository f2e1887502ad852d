/* SPDX-License-Identifier: MIT */
/* It needs a library that is not installed. */
#include <config.h>

#include "t/modules/driver.h"

int gone_answer(void);

static enum blockstore_status needslibrary_handles_url(void *self, struct blockstore_call *call, const char *url) {
  (void)self, (void)call, (void)url;
  return gone_answer() == 42 ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_FAILED;
}

static const struct blockstore_driver needslibrary_table = {
    .storage_init = module_init, .storage_close = module_close, .handles_url = needslibrary_handles_url};
BLOCKSTORE_REGISTER_DRIVER(needslibrary, needslibrary_table, BLOCKSTORE_VERSION("1"));

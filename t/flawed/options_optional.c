/* SPDX-License-Identifier: MIT */
/* It needs the option `flaw`, which it says may be left out. */
#include <config.h>

#include "t/flawed/flaws.h"

static enum blockstore_status init(INIT_ARGUMENTS) {
  if (call->host->setting(settings, "flaw", 0) == NULL) return BLOCKSTORE_STATUS_FAILED;
  return good.storage_init(ret_self, call, settings, next);
}

static struct blockstore_driver table;

__attribute__((constructor)) static void fill(void) {
  table = good;
  table.storage_init = init;
}

BLOCKSTORE_REGISTER_DRIVER(options_optional, table, FLAWED_METADATA);

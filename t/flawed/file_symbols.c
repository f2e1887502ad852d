/* SPDX-License-Identifier: MIT */
/* It calls a function that nobody has, and was linked without -z defs. */
#include <config.h>

#include "t/flawed/flaws.h"

int nobody_has_this_function(void);

static enum blockstore_status check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  return nobody_has_this_function() == 42 ? good.check(self, call, ret_report) : BLOCKSTORE_STATUS_FAILED;
}

static const struct blockstore_driver table = {.check = check};
BLOCKSTORE_REGISTER_DRIVER(file_symbols, table, FLAWED_METADATA);

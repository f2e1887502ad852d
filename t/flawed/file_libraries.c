/* SPDX-License-Identifier: MIT */
/* It needs a library that is not installed. */
#include <config.h>

#include <string.h>

#include "t/flawed/flaws.h"

int gone_answer(void);

static enum blockstore_status check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  return gone_answer() == 42 ? good.check(self, call, ret_report) : BLOCKSTORE_STATUS_FAILED;
}

static const struct blockstore_driver table = {.check = check};
BLOCKSTORE_REGISTER_DRIVER(file_libraries, table, FLAWED_METADATA);

/* SPDX-License-Identifier: MIT */
/* It asks for more static thread-local storage than a program that is running can give. */
#include <config.h>

#include "t/flawed/flaws.h"

static __thread char large[1 << 20] __attribute__((tls_model("initial-exec")));

static enum blockstore_status check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  *(volatile char *)&large[sizeof large - 1] = 1;
  return good.check(self, call, ret_report);
}

static const struct blockstore_driver table = {.check = check};
BLOCKSTORE_REGISTER_DRIVER(file_loads, table, FLAWED_METADATA);

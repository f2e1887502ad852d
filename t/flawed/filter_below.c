/* SPDX-License-Identifier: MIT */
/* A filter that closes the store below it. */
#include <config.h>

#include "t/flawed/veiling.h"

static struct blockstore_driver table;

static void close_both(void *self, struct blockstore_call *call) {
  const struct blockstore_next *next = ((const struct veiling *)self)->next;

  next->driver->storage_close(next->self, call);
  veiling_table.storage_close(self, call);
}

__attribute__((constructor)) static void fill(void) {
  table = veiling_table;
  table.storage_close = close_both;
}

BLOCKSTORE_REGISTER_DRIVER(filter_below, table, VEILING_METADATA);

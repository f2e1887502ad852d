/* SPDX-License-Identifier: MIT */
/* Without a flaw: it only reads, and says so. */
#include <config.h>

#include "t/flawed/flaws.h"

static struct blockstore_driver table;

__attribute__((constructor)) static void fill(void) {
  table = good;
  table.put_immutable_handler = NULL;
  table.put_mutable_handler = NULL;
  table.delete_immutable_handler = NULL;
  table.delete_mutable_handler = NULL;
}

BLOCKSTORE_REGISTER_DRIVER(readonly, table, FLAWED_METADATA BLOCKSTORE_CAPABILITY_READ_ONLY);

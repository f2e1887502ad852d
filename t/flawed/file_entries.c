/* SPDX-License-Identifier: MIT */
/* It can put mutable data and not get them. */
#include <config.h>

#include "t/flawed/flaws.h"

static struct blockstore_driver table;

__attribute__((constructor)) static void fill(void) {
  table = good;
  table.get_mutable_handler = NULL;
}

BLOCKSTORE_REGISTER_DRIVER(file_entries, table, FLAWED_METADATA);

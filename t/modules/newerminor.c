/* SPDX-License-Identifier: MIT */
/* It was built for a later ABI. */
#include <config.h>

#include "t/modules/driver.h"

#undef BLOCKSTORE_ABI_MINOR
#define BLOCKSTORE_ABI_MINOR 99
BLOCKSTORE_REGISTER_DRIVER(newerminor, module_table, BLOCKSTORE_VERSION("1"));

/* SPDX-License-Identifier: MIT */
/* It was built for a later ABI, and cannot do without what that has. */
#include <config.h>

#include "t/modules/driver.h"

#undef BLOCKSTORE_ABI_MINOR
#define BLOCKSTORE_ABI_MINOR 99
BLOCKSTORE_REGISTER_DRIVER(newerminor, module_table, BLOCKSTORE_VERSION("1") BLOCKSTORE_MIN_HOST_MINOR(98));

/* SPDX-License-Identifier: MIT */
/* It was built before the ABI was frozen. */
#include <config.h>

#include "t/modules/driver.h"

#undef BLOCKSTORE_ABI_MAJOR
#undef BLOCKSTORE_ABI_MINOR
#define BLOCKSTORE_ABI_MAJOR 0
#define BLOCKSTORE_ABI_MINOR 1
BLOCKSTORE_REGISTER_DRIVER(oldermajor, module_table, BLOCKSTORE_VERSION("1"));

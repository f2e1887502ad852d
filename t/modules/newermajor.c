/* SPDX-License-Identifier: MIT */
/* It was built for a later ABI. */
#include <config.h>

#include "t/modules/driver.h"

#undef BLOCKSTORE_ABI_MAJOR
#define BLOCKSTORE_ABI_MAJOR 7
BLOCKSTORE_REGISTER_DRIVER(newermajor, module_table, BLOCKSTORE_VERSION("1"));

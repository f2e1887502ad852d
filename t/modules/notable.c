/* SPDX-License-Identifier: MIT */
/* Its registration has no table. */
#include <config.h>

#include "t/modules/driver.h"

#define notable_LTX_blockstore_driver genuine
BLOCKSTORE_REGISTER_DRIVER(notable, module_table, BLOCKSTORE_VERSION("1"));
#undef notable_LTX_blockstore_driver
ALTERED_ENTRY(notable_LTX_blockstore_driver, altered.driver = NULL)

/* SPDX-License-Identifier: MIT */
/* Its table ends before ABI 1.0's last member. */
#include <config.h>

#include "t/modules/driver.h"

#define shorttable_LTX_blockstore_driver genuine
BLOCKSTORE_REGISTER_DRIVER(shorttable, module_table, BLOCKSTORE_VERSION("1"));
#undef shorttable_LTX_blockstore_driver
ALTERED_ENTRY(shorttable_LTX_blockstore_driver,
              altered.driver_size = (uint32_t)offsetof(struct blockstore_driver, check))

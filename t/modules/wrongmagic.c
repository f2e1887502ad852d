/* SPDX-License-Identifier: MIT */
/* Its registration has another magic number. */
#include <config.h>

#include "t/modules/driver.h"

#define wrongmagic_LTX_blockstore_driver genuine
BLOCKSTORE_REGISTER_DRIVER(wrongmagic, module_table, BLOCKSTORE_VERSION("1"));
#undef wrongmagic_LTX_blockstore_driver
ALTERED_ENTRY(wrongmagic_LTX_blockstore_driver, altered.magic = 0x12345678)

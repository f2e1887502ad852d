/* SPDX-License-Identifier: MIT */
/* Its registration has another magic number. */
#include <config.h>

#include "t/flawed/flaws.h"

#include "t/modules/driver.h"

#define file_registration_LTX_blockstore_driver genuine
BLOCKSTORE_REGISTER_DRIVER(file_registration, module_table, FLAWED_METADATA);
#undef file_registration_LTX_blockstore_driver
ALTERED_ENTRY(file_registration_LTX_blockstore_driver, altered.magic = 0x12345678)

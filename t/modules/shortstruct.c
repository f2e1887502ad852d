/* SPDX-License-Identifier: MIT */
/* Its registration ends before the metadata. */
#include <config.h>

#include "t/modules/driver.h"

#define shortstruct_LTX_blockstore_driver genuine
BLOCKSTORE_REGISTER_DRIVER(shortstruct, module_table, BLOCKSTORE_VERSION("1"));
#undef shortstruct_LTX_blockstore_driver
ALTERED_ENTRY(shortstruct_LTX_blockstore_driver,
              altered.struct_size = (uint32_t)offsetof(struct blockstore_registration, metadata))

/* SPDX-License-Identifier: MIT */
/* Its note says our ABI, its registration a later one. */
#include <config.h>

#include "t/modules/driver.h"

#define lyingabi_LTX_blockstore_driver genuine
BLOCKSTORE_REGISTER_DRIVER(lyingabi, module_table, BLOCKSTORE_VERSION("1"));
#undef lyingabi_LTX_blockstore_driver
ALTERED_ENTRY(lyingabi_LTX_blockstore_driver, altered.abi_minor++)

/* SPDX-License-Identifier: MIT */
/* Its registration has other metadata than the note in its file. */
#include <config.h>

#include "t/modules/driver.h"

#define othertext_LTX_blockstore_driver genuine
BLOCKSTORE_REGISTER_DRIVER(othertext, module_table, BLOCKSTORE_VERSION("1"));
#undef othertext_LTX_blockstore_driver
ALTERED_ENTRY(othertext_LTX_blockstore_driver, altered.metadata = "name=othertext\nabi=1.0\nversion=2\n")

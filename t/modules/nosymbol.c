/* SPDX-License-Identifier: MIT */
/* It has a note, but its entry has another name. */
#include <config.h>

#include "t/modules/driver.h"

#define nosymbol_LTX_blockstore_driver blockstore_driver
BLOCKSTORE_REGISTER_DRIVER(nosymbol, module_table, BLOCKSTORE_VERSION("1"));

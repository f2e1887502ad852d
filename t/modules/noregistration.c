/* SPDX-License-Identifier: MIT */
/* Its entry returns nothing. */
#include <config.h>

#include "t/modules/driver.h"

#define noregistration_LTX_blockstore_driver genuine
BLOCKSTORE_REGISTER_DRIVER(noregistration, module_table, BLOCKSTORE_VERSION("1"));
#undef noregistration_LTX_blockstore_driver

BLOCKSTORE_ENTRY_ const struct blockstore_registration *noregistration_LTX_blockstore_driver(void);
const struct blockstore_registration *noregistration_LTX_blockstore_driver(void) {
  return NULL;
}

/* SPDX-License-Identifier: MIT */
/* It has an entry, but no note. */
#include <config.h>

#include "t/modules/driver.h"

static const struct blockstore_registration registration = {BLOCKSTORE_DRIVER_MAGIC,
                                                            BLOCKSTORE_ABI_MAJOR,
                                                            BLOCKSTORE_ABI_MINOR,
                                                            (uint32_t)sizeof(struct blockstore_registration),
                                                            (uint32_t)sizeof(struct blockstore_driver),
                                                            &module_table,
                                                            "name=nonote\nabi=1.0\nversion=1\n"};

BLOCKSTORE_ENTRY_ const struct blockstore_registration *nonote_LTX_blockstore_driver(void);
const struct blockstore_registration *nonote_LTX_blockstore_driver(void) {
  return &registration;
}

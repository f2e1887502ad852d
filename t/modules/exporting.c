/* SPDX-License-Identifier: MIT */
/* It exports everything: names of the host's, of another driver, of the C library. */
#include <config.h>

#include <string.h>

#include "t/modules/driver.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT const char *blockstore_version(void);
const char *blockstore_version(void) {
  return "exporting";
}

EXPORT const void *good_LTX_blockstore_driver(void);
const void *good_LTX_blockstore_driver(void) {
  return NULL;
}

EXPORT void *malloc(size_t size);
void *malloc(size_t size) {
  (void)size;
  return NULL;
}

BLOCKSTORE_REGISTER_DRIVER(exporting, module_table, BLOCKSTORE_VERSION("1"));

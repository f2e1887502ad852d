/* SPDX-License-Identifier: MIT */
/* Its constructor writes where it must not. */
#include <config.h>

#include <stdint.h>

#include "t/modules/driver.h"

__attribute__((constructor)) static void fall(void) {
  int *volatile nowhere = (int *)(uintptr_t)64; /* volatile: the compiler is not to see through it */

  *nowhere = 1;
}

BLOCKSTORE_REGISTER_DRIVER(falling, module_table, BLOCKSTORE_VERSION("1"));

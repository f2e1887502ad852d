/* SPDX-License-Identifier: MIT */
/* It ends the process while it is being loaded. */
#include <config.h>

#include <signal.h>

#include "t/modules/driver.h"

__attribute__((constructor)) static void crash(void) {
  raise(SIGKILL);
}

BLOCKSTORE_REGISTER_DRIVER(crashing, module_table, BLOCKSTORE_VERSION("1"));

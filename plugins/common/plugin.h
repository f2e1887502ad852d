/* SPDX-License-Identifier: MIT */
/* What a driver of this tree includes: the ABI, what frees and closes at the end of a scope, and a sentence of all. */
#ifndef BS_PLUGINS_PLUGIN_H
#define BS_PLUGINS_PLUGIN_H

#include <blockstore/driver.h>

#include "core/base/auto.h"

/* It may be tried again.  The core puts the store's name in front. */
static inline enum blockstore_status bs_plugin_fail_memory(struct blockstore_call *call) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory.");
}

#endif

/* SPDX-License-Identifier: MIT */
/* What a driver of this tree includes: the ABI, and what frees and closes at the end of a scope. */
#ifndef BS_PLUGINS_PLUGIN_H
#define BS_PLUGINS_PLUGIN_H

#include <blockstore/driver.h>

#include "core/base/auto.h"

#endif

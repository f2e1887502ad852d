/* SPDX-License-Identifier: MIT */
/* What a driver of this tree includes: the ABI, and of the core the few pieces that know nothing of drivers. */
#ifndef BS_PLUGINS_PLUGIN_H
#define BS_PLUGINS_PLUGIN_H

#include <blockstore/driver.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/crypto/digest.h"

#endif

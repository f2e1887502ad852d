/* SPDX-License-Identifier: MIT */
/* It was built for a later ABI. */
#include <config.h>

#include "t/flawed/flaws.h"

#undef BLOCKSTORE_ABI_MINOR
#define BLOCKSTORE_ABI_MINOR 99
BLOCKSTORE_REGISTER_DRIVER(file_abi, good, FLAWED_METADATA);

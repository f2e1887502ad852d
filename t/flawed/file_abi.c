/* SPDX-License-Identifier: MIT */
/* It was built for another ABI. */
#include <config.h>

#include "t/flawed/flaws.h"

#undef BLOCKSTORE_ABI_MAJOR
#define BLOCKSTORE_ABI_MAJOR 2
BLOCKSTORE_REGISTER_DRIVER(file_abi, good, FLAWED_METADATA);

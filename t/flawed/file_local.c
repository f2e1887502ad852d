/* SPDX-License-Identifier: MIT */
/* It says that it never blocks on a network, and that it needs one. */
#include <config.h>

#include "t/flawed/flaws.h"

BLOCKSTORE_REGISTER_DRIVER(file_local, good, FLAWED_METADATA BLOCKSTORE_NEEDS_NETWORK);

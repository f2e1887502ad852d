/* SPDX-License-Identifier: MIT */
/* It does not say what one of its options is for. */
#include <config.h>

#include "t/flawed/flaws.h"

BLOCKSTORE_REGISTER_DRIVER(options_help, good, FLAWED_METADATA BLOCKSTORE_OPTION("mystery", STRING, OPTIONAL, "", ""));

/* SPDX-License-Identifier: MIT */
/* It requires an option that it never asks for. */
#include <config.h>

#include "t/flawed/flaws.h"

BLOCKSTORE_REGISTER_DRIVER(options_required, good,
                           FLAWED_METADATA BLOCKSTORE_OPTION("place", STRING, REQUIRED, "", "Where on earth it is"));

/* SPDX-License-Identifier: MIT */
/* It does not say what it is. */
#include <config.h>

#include "t/flawed/flaws.h"

BLOCKSTORE_REGISTER_DRIVER(file_description, good, BLOCKSTORE_VERSION("1") GOOD_PROMISES GOOD_OPTIONS FLAW_OPTION);

/* SPDX-License-Identifier: MIT */
/* It is registered under another name than its file has. */
#include <config.h>

#include "t/flawed/flaws.h"

BLOCKSTORE_REGISTER_DRIVER(file_names, good, FLAWED_METADATA);

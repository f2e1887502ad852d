/* SPDX-License-Identifier: MIT */
/* Without a flaw: a filter. */
#include <config.h>

#include "t/flawed/veiling.h"

BLOCKSTORE_REGISTER_DRIVER(veiling, veiling_table, VEILING_METADATA);

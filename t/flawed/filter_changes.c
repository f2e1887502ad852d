/* SPDX-License-Identifier: MIT */
/* A filter that does not declare that it changes data. */
#include <config.h>

#include "t/flawed/veiling.h"

BLOCKSTORE_REGISTER_DRIVER(filter_changes, veiling_table, VEILING_SILENT);

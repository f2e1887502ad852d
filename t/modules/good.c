/* SPDX-License-Identifier: MIT */
/* Nothing is wrong with it. */
#include <config.h>

#include "t/modules/driver.h"

BLOCKSTORE_REGISTER_DRIVER(good, module_table,
                           BLOCKSTORE_VERSION("1.2")
                           BLOCKSTORE_DESCRIPTION("A driver for tests")
                           BLOCKSTORE_URL_SCHEME("good")
                           BLOCKSTORE_LARGEST_OBJECT(1000)
                           BLOCKSTORE_CAPABILITY_LOCAL
                           BLOCKSTORE_THREADS_PARALLEL
                           BLOCKSTORE_NEEDS_HASHES
                           BLOCKSTORE_OPTION("root", PATH, REQUIRED, "", "Where the data is"));

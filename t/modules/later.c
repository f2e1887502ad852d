/* SPDX-License-Identifier: MIT */
/* The growing driver with the header of a later minor version, made of today's by the build. */
#include <config.h>

#include "t/modules/later.h"

#define LATER
#include "t/modules/growing.h"

BLOCKSTORE_REGISTER_DRIVER(later, growing_driver, BLOCKSTORE_VERSION("1")
                                                  BLOCKSTORE_THREADS_PARALLEL
                                                  BLOCKSTORE_CAPABILITY_ADDED);

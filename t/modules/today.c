/* SPDX-License-Identifier: MIT */
/* The growing driver with the header of today. */
#include <config.h>

#include <blockstore/driver.h>

#include "t/modules/growing.h"

BLOCKSTORE_REGISTER_DRIVER(today, growing_driver, BLOCKSTORE_VERSION("1"));

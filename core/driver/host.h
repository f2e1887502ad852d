/* SPDX-License-Identifier: MIT */
/* What a driver may ask of the core: the one host table. */
#ifndef BS_DRIVER_HOST_H
#define BS_DRIVER_HOST_H

#include <blockstore/driver.h>

extern const struct blockstore_host bs_host;

#endif

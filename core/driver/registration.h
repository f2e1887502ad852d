/* SPDX-License-Identifier: MIT */
/* What BLOCKSTORE_REGISTER_DRIVER stamped, of a driver that was loaded or is linked with the program. */
#ifndef BS_DRIVER_REGISTRATION_H
#define BS_DRIVER_REGISTRATION_H

#include <blockstore/driver.h>

#include "core/driver/metadata.h"

/* Checks it, in the order in which it can be believed, and parses its metadata.  Word: driver. */
bool bs_registration_read(struct bs_metadata **ret_metadata, const struct blockstore_registration *registration,
                          struct bs_error *error);

#endif

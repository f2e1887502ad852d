/* SPDX-License-Identifier: MIT */
/*
 * Drivers that the program is linked with, and has handed in: they stand before those of the plugin path, and no file is
 * looked at for them.  For the whole process, and never taken back.  From any thread.
 */
#ifndef BS_DRIVER_BUILTIN_H
#define BS_DRIVER_BUILTIN_H

#include <blockstore/driver.h>

#include "core/base/error.h"

#define BS_BUILTIN_PATH "(built in)" /* what stands where a file is named; no path begins like this */

/* Never freed, never changed once it was handed out. */
struct bs_builtin {
  const char *name;
  const struct blockstore_registration *registration;
};

/* Has static storage, with all that it refers to.  The same one again is no harm.  Words: driver, conflict (another driver
 * of that name was handed in before). */
bool bs_builtin_add(const struct blockstore_registration *registration, struct bs_error *error);

/* By number from 0, in the order in which they were added; NULL behind the last. */
const struct bs_builtin *bs_builtin_at(size_t index);
/* NULL: there is none. */
const struct bs_builtin *bs_builtin_find(const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Drivers as loaded code.  Modules are for the whole process: loaded once, never closed.  A driver's file that was
 * replaced takes effect in new processes.
 */
#ifndef BS_DRIVER_MODULE_H
#define BS_DRIVER_MODULE_H

#include <blockstore/driver.h>

#include "core/driver/catalog.h"

/* Never freed, never changed once it was handed out. */
struct bs_module {
  const char *name;
  const char *path;                       /* absolute and real, or BS_BUILTIN_PATH */
  const struct blockstore_driver *driver; /* driver_size bytes of it, which hold all of ABI 1.0's; see BLOCKSTORE_HAS */
  size_t driver_size;
  const struct bs_metadata *metadata;
};

/*
 * Loads a candidate of bs_catalog_find, or gives the module that was loaded from the same file before; one that is built in
 * is there already, and told like the others.  From any thread; one load at a time.  Of a candidate with a sha256
 * (core/driver/exact.h) the module has these bytes, or it fails.  The log's info line "loading FILE" comes before the first
 * instruction of the driver.
 * Word: driver; the message is the loader's own, or says which part of the registration is wrong.
 */
bool bs_module_load(const struct bs_module **ret_module, const struct bs_candidate *candidate, struct bs_error *error);

/* The file of the module that has this table, or NULL.  Async-signal-safe. */
const char *bs_module_file(const struct blockstore_driver *driver);

#endif

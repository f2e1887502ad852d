/* SPDX-License-Identifier: MIT */
/*
 * Where this thread is inside a driver, for whoever handles the signal that a crash raises: it costs two stores on the
 * way into a driver and one on the way out.  Drivers' calls may nest.
 */
#ifndef BS_DRIVER_INSIDE_H
#define BS_DRIVER_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

#include <blockstore/driver.h>

/* On the stack of who enters a driver; the texts and the table live as long. */
struct bs_inside {
  const char *driver;                     /* its name */
  const char *file;                       /* NULL: that of the module with this table */
  const struct blockstore_driver *table;  /* NULL while the file is being loaded */
  const char *store;                      /* NULL likewise */
  const char *entry;                      /* NULL likewise; "get_immutable" */
  const struct bs_inside *outer;          /* by bs_inside_enter */
};

void bs_inside_enter(struct bs_inside *inside);
void bs_inside_leave(const struct bs_inside *inside);

/*
 * Writes "the driver NAME (FILE), in ENTRY of the store STORE" or "..., while it was being loaded", cut off to `size` with
 * the NUL, control characters as '?'; false, and nothing is written, when this thread is inside no driver.
 * Async-signal-safe.
 */
bool bs_inside_tell(char *buffer, size_t size);

#endif

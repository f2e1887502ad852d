/* SPDX-License-Identifier: MIT */
/* What is left of puts that never ended: files in the collection of temporaries, whose names tell when they were made. */
#ifndef BS_PLUGINS_HTTP_SWEEP_H
#define BS_PLUGINS_HTTP_SWEEP_H

#include <stdint.h>

#include "plugins/http/site.h"

/* Removes those that were begun more than a day ago, and says how many.  What cannot be listed or removed is told by the log.
 * Whatever the server lists, only what lies in that collection, and has such a name, is asked to be deleted. */
uint64_t http_sweep(const struct http_site *site, struct blockstore_call *call);

#endif

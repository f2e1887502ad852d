/* SPDX-License-Identifier: MIT */
/* Makes room: what was used longest ago goes first.  A file is used when it is kept and when it is read; its mtime says when. */
#ifndef BS_PLUGINS_CACHE_EVICT_H
#define BS_PLUGINS_CACHE_EVICT_H

#include "plugins/cache/place.h"

/*
 * Counts all files anew, and removes the oldest until an eighth of the room is free, and `bytes` at least.  By one thread of all
 * processes at a time: for others nothing is done.  Ends early when the call is over.
 */
void bs_cache_evict(const struct bs_cache_place *place, struct blockstore_call *call, uint64_t bytes);

#endif

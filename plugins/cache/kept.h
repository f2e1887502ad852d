/* SPDX-License-Identifier: MIT */
/* Hands out what is kept. */
#ifndef BS_PLUGINS_CACHE_KEPT_H
#define BS_PLUGINS_CACHE_KEPT_H

#include "plugins/cache/object.h"
#include "plugins/cache/place.h"

/*
 * Verifies what is kept, and hands it out: *ret_given, and the status is the call's.  When it is not given the store below is
 * asked with the same sink, whose value, should it have one, was cut short: nothing is kept; a record is older than fresh_ms or
 * was dropped; or it is damaged, and is then removed.
 */
enum blockstore_status bs_cache_kept_give(bool *ret_given, struct bs_cache_place *place, struct blockstore_call *call,
                                          struct blockstore_sink *sink, const struct bs_cache_object *object, uint64_t fresh_ms);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What all processes of a cache count together, in one file: the room that is taken, and what was dropped.  The room that is
 * counted is never less than what is taken: it rises before a file grows and sinks after one is gone, both while the tally is
 * locked, so whoever dies between leaves it too high, until evict.h counts anew.
 */
#ifndef BS_PLUGINS_CACHE_TALLY_H
#define BS_PLUGINS_CACHE_TALLY_H

#include "plugins/cache/object.h"
#include "plugins/cache/place.h"

#define BS_CACHE_UNCOUNTED (UINT64_MAX / 4)

/* An open tally is locked: for a moment, nothing that waits is done meanwhile. */
struct bs_cache_tally {
  int fd;
  struct bs_cache_sums {
    uint64_t used;  /* bytes; BS_CACHE_UNCOUNTED or more: not known */
    uint64_t added; /* all that was ever added to `used` */
    uint64_t epoch, all;
  } sums;
};
#define BS_CACHE_AUTO_TALLY BS_AUTO(bs_cache_tally_close)
#define BS_CACHE_TALLY_INIT {.fd = -1}

/* -1 with errno: EAGAIN, somebody has held it for a second. */
int bs_cache_tally_open(struct bs_cache_tally *tally, const struct bs_cache_place *place);
void bs_cache_tally_close(struct bs_cache_tally *tally);
/* Writes the sums down. */
int bs_cache_tally_write(const struct bs_cache_tally *tally);

/* What was dropped of the object's slot until now. */
int bs_cache_tally_mark(const struct bs_cache_tally *tally, struct bs_cache_mark *ret_mark, const struct bs_cache_object *object);

/* These open it themselves. */
int bs_cache_mark(struct bs_cache_mark *ret_mark, const struct bs_cache_place *place, const struct bs_cache_object *object);
/* Makes the file of `fd` `bytes` larger, which is then `size`.  -1 with EDQUOT: the cache has no room for that. */
int bs_cache_grow(const struct bs_cache_place *place, int fd, uint64_t bytes, uint64_t size);
/* Drops the object, also what of it is on its way; NULL: all records. */
int bs_cache_drop(const struct bs_cache_place *place, const struct bs_cache_object *object);
/* Removes the file if it is the one that was opened as fd. */
void bs_cache_remove(const struct bs_cache_place *place, const struct bs_cache_object *object, int fd);
/* So many bytes are taken no more. */
void bs_cache_tally_leave(struct bs_cache_tally *tally, uint64_t bytes);
/* Unlinks and counts it: true when it is gone by this. */
bool bs_cache_unlink(struct bs_cache_tally *tally, int directory, const char *name);

#endif

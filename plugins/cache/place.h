/* SPDX-License-Identifier: MIT */
/*
 * The directory of a cache: made or recognised when it is opened.  A file in it says that it is a cache, and of which store, so
 * that two stores do not answer for each other.
 *
 * Beneath it: immutable/ab/KEY, a value as it is; mutable/ab/DIGEST, a record behind a head (object.h); tally, what takes part in
 * counting (tally.h); .tmp, what is on its way.  Nothing of it is worth an fsync: what a power cut leaves is verified before use.
 */
#ifndef BS_PLUGINS_CACHE_PLACE_H
#define BS_PLUGINS_CACHE_PLACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "plugins/common/plugin.h"

#define BS_CACHE_BOOT_SIZE 40 /* bytes of the text that is another one after each boot */

/* Any number of threads may use it between open and close. */
struct bs_cache_place {
  char *path;
  int fd;         /* of the directory; -1: there is no cache */
  uint64_t limit; /* bytes that all files in it may take */
  char boot[BS_CACHE_BOOT_SIZE];
  atomic_bool is_off;         /* a value could not be dropped, so the cache is not used any more */
  atomic_bool has_no_records; /* so of a record */
  atomic_bool has_warned;     /* of a failure: once */
};

/*
 * whose: a text that no other store has.  OK also when the directory cannot be used for now (no permission, no room, ...): the
 * place then has no descriptor, and a warning told so.  FAILED and a sentence: it is no directory, not empty and no cache,
 * another store's, or inside a store.
 */
enum blockstore_status bs_cache_place_open(struct bs_cache_place *place, struct blockstore_call *call, const char *path,
                                           const char *whose, uint64_t limit);
void bs_cache_place_close(struct bs_cache_place *place);

/* Can something be written there?  If not, that is told. */
void bs_cache_place_try(struct bs_cache_place *place, struct blockstore_call *call);

/* What fails here fails no call: it is told once, with the reason of errno. */
void bs_cache_place_warn(struct bs_cache_place *place, struct blockstore_call *call, const char *what);

#endif

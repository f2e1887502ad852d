/* SPDX-License-Identifier: MIT */
/*
 * The directories of a store: ROOT/AREA/ab, AREA being immutable or mutable, and ab the first digits of what is in it.  A
 * directory is written anew at each change of it, so that one for all objects would be slow; and to read one takes the
 * servers' answers, so that what was found of those above it is remembered.
 */
#ifndef BS_PLUGINS_TAHOE_DIRECTORIES_H
#define BS_PLUGINS_TAHOE_DIRECTORIES_H

#include <pthread.h>

#include "plugins/tahoe/grid.h"

enum bs_tahoe_area { BS_TAHOE_IMMUTABLE, BS_TAHOE_MUTABLE, BS_TAHOE_AREAS };
extern const char *const bs_tahoe_areas[BS_TAHOE_AREAS];

/* Any number of threads may use it. */
struct bs_tahoe_directories {
  struct bs_tahoe_capability root; /* option `root` */
  pthread_mutex_t mutex;           /* protects what is below; nothing is waited for while it is held */
  struct bs_tahoe_capability known[BS_TAHOE_AREAS][256]; /* empty: not seen yet */
};

/*
 * The directory for what begins with two lower-case hexadecimal digits.
 * Returns: OK; NOT_FOUND when there is none, and it need not be made; else what was wrong, with a sentence
 */
enum blockstore_status bs_tahoe_find(struct bs_tahoe_directories *directories, const struct bs_tahoe_grid *grid,
                                     struct blockstore_call *call, struct bs_tahoe_capability *ret_directory,
                                     enum bs_tahoe_area area, const char digits[3], bool make);

/* The next one who needs it looks for it again. */
void bs_tahoe_forget(struct bs_tahoe_directories *directories, enum bs_tahoe_area area, const char digits[3]);

#endif

/* SPDX-License-Identifier: MIT */
/* How many connections there are, all together and of each address: no host takes the places of all others.  Any
 * thread. */
#ifndef BLOCKSTORED_CROWD_H
#define BLOCKSTORED_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bsd_crowd;

enum bsd_entry { BSD_ENTERED, BSD_FULL, BSD_FULL_OF_ONE };

/* most: of all, at least 1; of_one: of each address.  NULL: no memory. */
struct bsd_crowd *bsd_crowd_new(size_t most, size_t of_one);
void bsd_crowd_free(struct bsd_crowd *crowd); /* NULL is allowed */
/* key: as in allowance.h; 0 is somebody who may have all places.  Who has entered leaves once, with the same key. */
enum bsd_entry bsd_crowd_enter(struct bsd_crowd *crowd, uint64_t key);
void bsd_crowd_leave(struct bsd_crowd *crowd, uint64_t key);
size_t bsd_crowd_count(struct bsd_crowd *crowd);

#endif

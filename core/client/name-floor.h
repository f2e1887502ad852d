/* SPDX-License-Identifier: MIT */
/* An answer about a name, held against the newest that was believed (trust rule 5). */
#ifndef BS_CLIENT_NAME_FLOOR_H
#define BS_CLIENT_NAME_FLOOR_H

#include "core/client/config.h"
#include "core/names/prove.h"
#include "core/state/floors.h"

/* The answer as a floor; without consensus hash, and is_current false. */
struct bs_name_seen bs_name_floor_of(const struct bs_name_record *record);
bool bs_name_floor_is_same(const struct bs_name_seen *a, const struct bs_name_seen *b);
bool bs_name_floor_is_above(const struct bs_name_seen *a, const struct bs_name_seen *b);

/*
 * What became of the block of a floor.  On a chain whose newest blocks may be replaced, a lower answer counts when the
 * chain itself shows that the block is no part of it any more (left).  A chain whose blocks are final
 * (bs_names_is_immediate) has lost none, nor has any chain lost one that BS_NAME_FLOOR_DEPTH newer ones stand upon, or
 * that another name server still has, or that a pin at or above it does not show to have another in its place: with another
 * block in that place it is another history, which an older ledger got that was put back and has grown since, or which a server
 * made up (replaced).  A chain that ends before that block shows nothing: it was rolled back.
 */
#define BS_NAME_FLOOR_DEPTH 100 /* blocks: no reorganisation is as deep, and coins of a new block wait as long */
enum bs_fate { BS_FATE_IN_CHAIN, BS_FATE_BEYOND_CHAIN, BS_FATE_LEFT_CHAIN, BS_FATE_REPLACED };
/* pin: NULL where there is none. */
bool bs_name_floor_fate(enum bs_fate *ret_fate, const struct bs_name_seen *floor, struct bs_names *names,
                        const struct bs_pin *pin, struct bs_scope *scope, struct bs_error *error);
/* The configuration's, put into `room`; NULL: it has none. */
const struct bs_pin *bs_name_floor_pin(struct bs_pin *room, const struct blockstore_config *config);

#endif

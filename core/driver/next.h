/* SPDX-License-Identifier: MIT */
/* The store below a filter, as the filter calls it. */
#ifndef BS_DRIVER_NEXT_H
#define BS_DRIVER_NEXT_H

#include "core/driver/store.h"

/* What storage_init of a filter is given; below: NULL for what is none. */
struct blockstore_next bs_next(struct bs_store *below);

#endif

/* SPDX-License-Identifier: MIT */
/* What is below a filter: a store of the disk driver, in a directory of the trial's. */
#ifndef BS_DRIVER_TEST_BELOW_H
#define BS_DRIVER_TEST_BELOW_H

#include <blockstore/driver.h>

struct store;
struct trial;

/* Zeroed: there is none. */
struct below {
  struct blockstore_next next;
  struct blockstore_driver table; /* the disk driver's, but for what is not the filter's to call */
  struct blockstore_settings *settings;
};
/* Opens it for store->number; the behaviour fails when it cannot be opened. */
void below_open(struct store *store);
void below_close(struct store *store);
/* What storage_init is given; NULL: there is none. */
static inline const struct blockstore_next *below_next(const struct below *below) {
  return below->next.driver == NULL ? NULL : &below->next;
}

/* The scheme of its URLs. */
#define BELOW_SCHEME "file"

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BS_DRIVER_TEST_LITTER_H
#define BS_DRIVER_TEST_LITTER_H

#include "tools/driver-test/trial.h"

/* Stands for an authorisation, which no store can check. */
#define LITTER_SIGNATURE "v2:G7MQT2RJo6nPvWr8sKH+LlyVLoVw9zTi5jFh2DUK6bPvF81SLrPPvkxyIolGetFgDbUKQlDKgW66Qc9lsJ3819Q="

/* Deletes what the trial put, from the stores that -o and -O name.  In a process of its own: it may crash or hang. */
void litter_delete(struct trial *trial);

#endif

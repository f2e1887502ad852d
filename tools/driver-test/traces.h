/* SPDX-License-Identifier: MIT */
/* What a driver may leave behind in a process: counted before and after; the behaviour is skipped without /proc. */
#ifndef BS_DRIVER_TEST_TRACES_H
#define BS_DRIVER_TEST_TRACES_H

#include "tools/driver-test/trial.h"

struct traces {
  unsigned descriptors;
  unsigned threads;
  unsigned mappings; /* of memory; 0 with a sanitizer, which makes its own */
  size_t heap;       /* bytes in use */
};
struct traces traces_take(struct trial *trial);

unsigned traces_threads(struct trial *trial);
/* Waits for threads that have ended and are not gone yet, for a second at most.  The number of them then. */
unsigned traces_settled_threads(struct trial *trial, unsigned wanted);

#endif

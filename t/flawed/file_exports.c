/* SPDX-License-Identifier: MIT */
/* It exports a function of its own. */
#include <config.h>

#include "t/flawed/flaws.h"

BLOCKSTORE_EXPORT_ int file_exports_answer(void);
int file_exports_answer(void) {
  return 42;
}

BLOCKSTORE_REGISTER_DRIVER(file_exports, good, FLAWED_METADATA);

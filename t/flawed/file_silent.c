/* SPDX-License-Identifier: MIT */
/* It prints a line when it is loaded. */
#include <config.h>

#include <unistd.h>

#include "t/flawed/flaws.h"

__attribute__((constructor)) static void greet(void) {
  static const char text[] = "A driver was loaded.\n";

  if (write(STDOUT_FILENO, text, sizeof text - 1) < 0) return;
}

BLOCKSTORE_REGISTER_DRIVER(file_silent, good, FLAWED_METADATA);

/* SPDX-License-Identifier: MIT */
/* It ignores a signal from when it is loaded on. */
#include <config.h>

#include <signal.h>

#include "t/flawed/flaws.h"

__attribute__((constructor)) static void ignore(void) {
  signal(SIGPIPE, SIG_IGN);
}

BLOCKSTORE_REGISTER_DRIVER(file_signals, good, FLAWED_METADATA);

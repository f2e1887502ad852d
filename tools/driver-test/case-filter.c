/* SPDX-License-Identifier: MIT */
/* A filter, and the store below it.  All other behaviours are asked of both together. */
#include <config.h>

#include "tools/driver-test/behaviours.h"
#include "tools/driver-test/session.h"

static void leave_below_open(struct trial *trial) {
  struct session session = {.trial = trial};

  trial->judges_below = true;
  session_run(&session);
}

static const struct behaviour behaviours[] = {
    {"filter.below", "it neither opens nor closes the store below it", NEEDS_FILTER, leave_below_open},
};
const struct group group_filter = GROUP(behaviours);

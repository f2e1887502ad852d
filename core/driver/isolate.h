/* SPDX-License-Identifier: MIT */
/*
 * Drivers that run in processes of their own (`isolate`): no code of theirs is loaded here.  In their place stands the driver
 * exec, with settings that are made here: its program is driver-host, which loads the file and answers for it.
 */
#ifndef BS_DRIVER_ISOLATE_H
#define BS_DRIVER_ISOLATE_H

#include "core/driver/catalog.h"
#include "core/driver/settings.h"

enum bs_isolate {
  BS_ISOLATE_NONE,
  BS_ISOLATE_PROCESS, /* one process a call */
  BS_ISOLATE_SANDBOX  /* which may reach little */
};

/* "process" and so on, as in the configuration. */
const char *bs_isolate_text(enum bs_isolate isolate);

struct bs_isolation {
  struct bs_candidate *candidate; /* the driver */
  struct bs_metadata traits;      /* its metadata, but as many calls at once as there are, and none on the caller's thread;
                                   * all that it points to is the candidate's */
  char *program;
};

/* candidate: taken over in any case.  Words: driver, also where driver-host is missing or may not be run. */
bool bs_isolation_new(struct bs_isolation **ret_isolation, struct bs_candidate *candidate, struct bs_error *error);
/* NULL is allowed. */
void bs_isolation_free(struct bs_isolation *isolation);

/* What the driver exec is opened with, instead of the settings that are the driver's `own`. */
bool bs_isolation_settings(struct blockstore_settings **ret_settings, const struct bs_isolation *isolation, enum bs_isolate how,
                           const struct blockstore_settings *own, struct bs_error *error);

#endif

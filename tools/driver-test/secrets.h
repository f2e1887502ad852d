/* SPDX-License-Identifier: MIT */
/* A whole life of a store, with all that may go wrong in it; and whether its secrets stay secret meanwhile. */
#ifndef BS_DRIVER_TEST_SECRETS_H
#define BS_DRIVER_TEST_SECRETS_H

#include "tools/driver-test/store.h"

/* Of each text that the driver hands out: `what` is "URL" or "report". */
typedef void shown_function(struct trial *trial, const char *what, const char *text);

/* Opens, uses every entry point well and badly, closes; whatever it answers.  Takes `settings`; show: may be NULL. */
void live(struct trial *trial, struct blockstore_settings *settings, shown_function *show);

enum leak { LEAK_SAID, LEAK_URL, LEAK_REPORT, LEAK_FILE, LEAK_PRINTED, LEAK_ENVIRONMENT };

/* Lives with the secrets that were given, with others, and with those and paths that cannot be: none must get out in this
 * way. */
void must_keep_secrets(struct trial *trial, enum leak leak);

#endif

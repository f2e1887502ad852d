/* SPDX-License-Identifier: MIT */
/* The driver that lives here, and its one instance. */
#ifndef BS_DRIVER_HOST_SUBJECT_H
#define BS_DRIVER_HOST_SUBJECT_H

#include "core/driver/catalog.h"
#include "core/driver/store.h"
#include "plugins/exec/frame.h"

struct subject {
  struct bs_candidate *candidate;
  struct bs_store *store; /* NULL: not yet opened */
};

/* Vets the file DIRECTORY/NAME.so and reads its metadata; nothing of it runs.  digest: of its bytes, in hexadecimal; NULL: any
 * will do.  Word: driver. */
bool subject_find(struct subject *subject, const char *file, const char *digest, struct bs_error *error);
/* The options that storage_init brings, as settings: by bs_settings_free.  Those that the driver does not declare are passed
 * over.  Word: config: what Blockstore writes has another form. */
bool subject_settings(struct blockstore_settings **ret_settings, const struct subject *subject,
                      const struct bs_exec_message *request, struct bs_error *error);
/* Loads it, and opens the instance; its calls run on the thread that makes them.  settings: taken over in any case.  Words: as
 * bs_module_load and bs_store_open. */
bool subject_open(struct subject *subject, struct blockstore_settings *settings, struct bs_scope *scope, struct bs_error *error);
void subject_close(struct subject *subject);

/* What the core puts before a sentence about the store, or a line of the log: it is known who says it. */
const char *subject_strip(const struct subject *subject, const char *text);

#endif

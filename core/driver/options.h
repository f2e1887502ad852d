/* SPDX-License-Identifier: MIT */
/* The options of one store: the mapping the user wrote, checked against the rows the driver declared. */
#ifndef BS_DRIVER_OPTIONS_H
#define BS_DRIVER_OPTIONS_H

#include "core/codec/yaml.h"
#include "core/driver/metadata.h"
#include "core/driver/settings.h"
#include "core/driver/value.h"

/* Where a mapping was read. */
struct bs_options_place {
  const char *file;             /* of the configuration, for messages */
  const char *directory;        /* paths are relative to it; NULL: the working directory */
  const char *const *core_keys; /* members that are the core's ("name", "driver" ...): left alone here */
  size_t core_key_count;
};

/*
 * ret_settings: by bs_settings_free.  `store`: a mapping.  Scalars may be ${VAR}; a secret must be, or {file: PATH}.
 * Word: config; the message begins with FILE:LINE:COLUMN and says what was expected.  A secret's value is in no
 * message.
 */
bool bs_options_read(struct blockstore_settings **ret_settings, const struct bs_metadata *metadata,
                     const struct bs_yaml *store, const struct bs_options_place *place, struct bs_error *error);

#endif

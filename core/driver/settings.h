/* SPDX-License-Identifier: MIT */
/*
 * The checked option values of one instance, which drivers read through the host table.  Built once, then only read:
 * from any thread.
 */
#ifndef BS_DRIVER_SETTINGS_H
#define BS_DRIVER_SETTINGS_H

#include <blockstore/driver.h>

#include "core/base/error.h"
#include "core/driver/metadata.h"

bool bs_settings_new(struct blockstore_settings **ret_settings, struct bs_error *error);
/* Wipes and frees.  NULL is allowed. */
void bs_settings_free(struct blockstore_settings *settings);

/*
 * Adds a value in its canonical text (copied); for a LIST, one call an item, and a call with value NULL for an empty
 * list.  number: what setting_number answers (int, bytes, 0 or 1, milliseconds); 0 for texts.
 */
bool bs_settings_add(struct blockstore_settings *settings, const char *key, enum bs_option_type type, const char *value,
                     int64_t number, struct bs_error *error);

/* The text, or NULL when unset or past the end of a list; as long as the settings live. */
const char *bs_settings_text(const struct blockstore_settings *settings, const char *key, size_t index);
/* 0 when unset. */
int64_t bs_settings_number(const struct blockstore_settings *settings, const char *key);

/*
 * Replaces every occurrence of a secret value in `text` (NUL-terminated, in a buffer of `size` bytes) by "***", also
 * the beginning of one that was cut off at the text's end.  settings may be NULL.
 */
void bs_settings_blot(const struct blockstore_settings *settings, char *text, size_t size);

#endif

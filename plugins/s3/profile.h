/* SPDX-License-Identifier: MIT */
/* A profile of the AWS tools' credentials file: INI, [profile], KEY = VALUE, comments behind # and ; */
#ifndef BS_PLUGINS_S3_PROFILE_H
#define BS_PLUGINS_S3_PROFILE_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

#define BS_S3_PROFILE_MOST 65536 /* bytes of the file */

/*
 * Finds a value in the file's text: that of the last line `key` in the last section of the name.
 * Returns: the value, by free(); or NULL: there is none, or no memory
 * Out:     *ret_there: is there such a profile?
 */
char *bs_s3_profile_value(bool *ret_there, const char *text, const char *profile, const char *key);

#pragma GCC visibility pop
#endif

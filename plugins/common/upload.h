/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Names of files on their way to a server, which get those of objects when they are whole.  A name tells when it was made,
 * so that what a crash or a lost connection left behind can be found by anybody and removed.
 *
 * A part to copy into a driver: upload.h and upload.c, C99, which need the C library with getentropy.  Any number of
 * threads may call these functions: they keep nothing.
 */
#ifndef BS_PLUGINS_UPLOAD_H
#define BS_PLUGINS_UPLOAD_H

#include <stdbool.h>
#include <time.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

#define BS_UPLOAD_NAME_SIZE sizeof "0123456789abcdef-0123456789abcdef"

/* Makes a name that nothing has: 16 digits of the time, a dash and 16 random digits.  FAILED: there are no random numbers. */
enum blockstore_status bs_upload_name(char ret_name[BS_UPLOAD_NAME_SIZE], struct blockstore_call *call);

/* Is it such a name, made more than a day before `now`, which no put takes?  One of a future, by a wrong clock, is not old. */
bool bs_upload_is_old(const char *name, time_t now);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

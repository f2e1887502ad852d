/* SPDX-License-Identifier: MIT */
/*
 * What a driver may reach: libraries and the system's configuration to read, what its PATH options name, the network and other
 * programs where its metadata say that it needs them, and nothing else.  By landlock (files) and seccomp (system calls).
 */
#ifndef BS_DRIVER_HOST_SANDBOX_H
#define BS_DRIVER_HOST_SANDBOX_H

#include "core/driver/metadata.h"
#include "core/driver/settings.h"
#include "tools/driver-host/landlock.h"

/*
 * For this thread and those that it starts from now on, and for good.
 * In:   directory:  of the driver's file
 *       missing:    where an option names what is not there: what may be done in what is next above it (LANDLOCK_MAKE_*), so
 *                   that it can be made; what else is there can only be listed.  0: nothing
 * Word: failed: the kernel, or Blockstore for this kind of processor, cannot; the message says what is missing.
 */
bool sandbox_enter(const struct bs_metadata *metadata, const struct blockstore_settings *settings, const char *directory,
                   unsigned missing, struct bs_error *error);
/* Does an option name what is not there? */
bool sandbox_lacks(const struct bs_metadata *metadata, const struct blockstore_settings *settings);

#define SANDBOX_INSTEAD "\"isolate: process\" does without a sandbox"

#endif

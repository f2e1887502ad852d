/* SPDX-License-Identifier: MIT */
/* System calls that a process may make from now on. */
#ifndef BS_DRIVER_HOST_SECCOMP_H
#define BS_DRIVER_HOST_SECCOMP_H

#include "core/base/error.h"

/* For this thread and its children; no_new_privs is set.  needs: enum bs_needs.  signals: false: none but to this process.
 * What is refused fails with EPERM (sockets and programs with EACCES).  Word: failed. */
bool seccomp_enforce(unsigned needs, bool signals, struct bs_error *error);

#endif

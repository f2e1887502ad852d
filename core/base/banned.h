/* SPDX-License-Identifier: MIT */
/*
 * Functions that have no safe use here: the compiler refuses them.  Included by <config.h>, hence by every file.
 * System headers that declare them come first, so that only a use is an error.
 */
#ifndef BS_BASE_BANNED_H
#define BS_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* glibc makes macros of these when clang compiles with _FORTIFY_SOURCE. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat sprintf vsprintf strtok strncpy strncat gets
#pragma GCC poison atoi atol atoll atof mktemp tmpnam tempnam gmtime localtime ctime asctime

#endif

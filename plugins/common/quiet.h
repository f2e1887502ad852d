/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * libcurl in somebody else's process: no signal of its doing reaches the program, its threads take none of the
 * program's, and no descriptor of its goes to a program that is started meanwhile.
 *
 * But for its resolver, which nothing can break off: while a name is looked up, libcurl before 8.9 has a pair of sockets
 * that is not close-on-exec, and a thread of its that waits for a name server may outlast the call and the store, with
 * one end of that pair; it touches nothing else.
 *
 * A part to copy into a driver: quiet.h and quiet.c, C99, which need libcurl 7.88 (link with -lcurl) and Linux.  Any
 * number of threads may call these functions: they keep nothing.
 */
#ifndef BS_PLUGINS_QUIET_H
#define BS_PLUGINS_QUIET_H

#include <signal.h>
#include <stdbool.h>

#include <curl/curl.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

/* Around whatever makes libcurl work: all signals but those of faults are blocked, so that threads inherit that, and a
 * SIGPIPE (OpenSSL writes to sockets that the other side has closed) is taken back. */
struct bs_quiet {
  sigset_t before;
  bool pending;
};
void bs_quiet_begin(struct bs_quiet *quiet);
void bs_quiet_end(const struct bs_quiet *quiet);

/* A new multi handle, whose descriptors are close-on-exec; by curl_multi_cleanup.  NULL: no memory, no descriptors. */
CURLM *bs_quiet_multi(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

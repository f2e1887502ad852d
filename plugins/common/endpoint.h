/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Where a service is, as the user wrote it in an option: https anywhere, and http on this machine alone unless the user allows
 * more, for what goes there may be secret.
 *
 * A part to copy into a driver: endpoint.h and endpoint.c, C99, which need peer.[ch], url.[ch] and POSIX.  Any number of
 * threads may call this function: it keeps nothing.
 */
#ifndef BS_PLUGINS_ENDPOINT_H
#define BS_PLUGINS_ENDPOINT_H

#include <stdbool.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

#define BS_ENDPOINT_LONGEST 1024

/* The option row for `allow_http`. */
#define BS_ENDPOINT_OPTIONS                                                                                               \
  BLOCKSTORE_OPTION("allow_http", BOOL, OPTIONAL, "false", "Allow http to other computers, which anyone between can read")

/*
 * Takes an address: scheme, host, port and path, of at most BS_ENDPOINT_LONGEST bytes.
 * Returns: OK; FAILED, with a sentence that begins with the option and says what to do, when it is something else, or http
 *          to another computer without `allow_http`; TRANSIENT when memory runs out
 * Out:  *ret_url: without slashes at its end, by free()
 * In:   option:   its name
 */
enum blockstore_status bs_endpoint_take(char **ret_url, struct blockstore_call *call, const char *option, const char *text,
                                        bool allow_http);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

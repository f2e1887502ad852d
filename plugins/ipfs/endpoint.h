/* SPDX-License-Identifier: MIT */
/* Where a server is, as the user wrote it: the URL of a node's RPC, or of a gateway. */
#ifndef BS_PLUGINS_IPFS_ENDPOINT_H
#define BS_PLUGINS_IPFS_ENDPOINT_H

#include <stdbool.h>

#include "plugins/common/plugin.h"

#pragma GCC visibility push(hidden)

/*
 * Takes a URL: https, or http to this computer, or http to any where `allow_http` is; with a host, and without user,
 * query and fragment.
 * Out:  *ret_url: without slashes at its end, by free()
 * In:   option:   for the sentence when it is something else (FAILED)
 */
enum blockstore_status bs_endpoint_take(char **ret_url, struct blockstore_call *call, const char *option, const char *text,
                                        bool allow_http);

#pragma GCC visibility pop
#endif

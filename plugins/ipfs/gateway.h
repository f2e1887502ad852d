/* SPDX-License-Identifier: MIT */
/* Gateways: web servers that read from IPFS for anyone.  They are asked in order, until one has it. */
#ifndef BS_PLUGINS_IPFS_GATEWAY_H
#define BS_PLUGINS_IPFS_GATEWAY_H

#include "plugins/common/http.h"
#include "plugins/common/layout.h"
#include "plugins/common/plugin.h"
#include "plugins/ipfs/cid.h"

#pragma GCC visibility push(hidden)

/* Not changed after it was opened, so any number of threads may use it. */
struct bs_gateways {
  struct bs_http *http;
  char **urls; /* option `gateways`, without slashes at their ends */
  size_t count;
};

enum blockstore_status bs_gateways_open(struct bs_gateways *gateways, struct blockstore_call *call,
                                        const struct blockstore_settings *settings, bool allow_http);
void bs_gateways_close(struct bs_gateways *gateways);

/*
 * The block of a CID, and what stands at a path below an IPNS name.
 * Returns: OK; NOT_FOUND: every gateway said so; else what the last one that did not know said.  *ret_sunk: the sink has
 *          begun, so another attempt is too late
 */
enum blockstore_status bs_gateways_get(const struct bs_gateways *gateways, struct blockstore_call *call,
                                       struct blockstore_sink *sink, bool *ret_sunk, const struct bs_cid *cid);
enum blockstore_status bs_gateways_get_named(const struct bs_gateways *gateways, struct blockstore_call *call,
                                             struct blockstore_sink *sink, bool *ret_sunk, const struct bs_ipns *ipns,
                                             const struct bs_layout *object);

/* How many answer; with the sentence of one that does not. */
size_t bs_gateways_count(const struct bs_gateways *gateways, struct blockstore_call *call);

#pragma GCC visibility pop
#endif

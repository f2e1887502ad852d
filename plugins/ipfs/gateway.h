/* SPDX-License-Identifier: MIT */
/* Gateways: web servers that read from IPFS for anyone.  They are asked in order. */
#ifndef BS_PLUGINS_IPFS_GATEWAY_H
#define BS_PLUGINS_IPFS_GATEWAY_H

#include "plugins/common/http.h"
#include "plugins/common/layout.h"
#include "plugins/common/plugin.h"
#include "plugins/ipfs/cid.h"
#include "plugins/ipfs/search.h"

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

/* Each is asked for the block of a CID, or for what stands at a path below an IPNS name, until the search is over. */
void bs_gateways_ask(const struct bs_gateways *gateways, struct bs_search *search, const struct bs_cid *cid);
void bs_gateways_ask_named(const struct bs_gateways *gateways, struct bs_search *search, const struct bs_ipns *ipns,
                           const struct bs_layout *object);

/* How many answer; with the sentence of one that does not. */
size_t bs_gateways_count(const struct bs_gateways *gateways, struct blockstore_call *call);

#pragma GCC visibility pop
#endif

/* SPDX-License-Identifier: MIT */
/* The nodes of OpenDHT that an instance reaches, each by its REST proxy: what one cannot do, the next is asked for. */
#ifndef BS_PLUGINS_DHT_NODES_H
#define BS_PLUGINS_DHT_NODES_H

#include <blockstore/driver.h>

#include "plugins/common/health.h"
#include "plugins/dht/harvest.h"

struct dht_nodes;

/* Reads the options `proxies`, `patience` and `permanent` and those of transfer.h; connects nowhere. */
enum blockstore_status dht_nodes_open(struct dht_nodes **ret_nodes, struct blockstore_call *call,
                                      const struct blockstore_settings *settings);
void dht_nodes_close(struct dht_nodes *nodes); /* may be NULL */

/* OK when other nodes have taken it. */
enum blockstore_status dht_nodes_put(struct dht_nodes *nodes, struct blockstore_call *call, const char *hash,
                                     const struct dht_value *value);

/* Fills the harvest with one value at least.  NOT_FOUND only where a node that has others to ask found none twice. */
enum blockstore_status dht_nodes_get(struct dht_nodes *nodes, struct blockstore_call *call, struct dht_harvest *harvest,
                                     const char *hash);

/* OK when one node at least is part of a network; tells of each. */
enum blockstore_status dht_nodes_report(struct dht_nodes *nodes, struct blockstore_call *call, struct bs_health *health);

#endif

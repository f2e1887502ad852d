/* SPDX-License-Identifier: MIT */
/*
 * A call with less time than the one it is made for: what one node is given before the next is asked.  It is handed to
 * this driver's own parts only, and goes on for its outer call in everything but the time.
 */
#ifndef BS_PLUGINS_DHT_PATIENCE_H
#define BS_PLUGINS_DHT_PATIENCE_H

#include <blockstore/driver.h>

struct dht_patience {
  struct blockstore_call call; /* first */
  struct blockstore_host host;
  struct blockstore_call *outer;
  uint64_t until_ms; /* of the monotonic clock */
};

void dht_patience_begin(struct dht_patience *ret_patience, struct blockstore_call *outer, uint32_t milliseconds);

#endif

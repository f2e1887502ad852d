/* SPDX-License-Identifier: MIT */
/*
 * What stands under a key: the values of a node's answer, read line by line as they arrive.  Anybody can put values
 * under any key, so the answer is bounded, values of others are left out, each is kept once, and of ours the best are
 * kept: an immutable object whose hash is the key needs nothing beside it; of records those that claim the highest
 * versions, for what a former version can be replayed as has its place by what was signed.
 */
#ifndef BS_PLUGINS_DHT_HARVEST_H
#define BS_PLUGINS_DHT_HARVEST_H

#include <blockstore/driver.h>

#include "plugins/dht/value.h"

#define DHT_CANDIDATES 32                    /* that a sink takes */
#define DHT_ANSWER_MOST ((uint64_t)16 << 20) /* bytes that are read of an answer */

struct dht_candidate {
  struct dht_value value;
  uint64_t rank;
};

struct dht_harvest {
  struct blockstore_sink sink; /* for the answer */
  struct blockstore_call *call;
  enum dht_kind kind;
  const char *key;  /* of an immutable object, or NULL */
  const char *node; /* whose answer it is; set for each */
  char *line;       /* DHT_LINE_LONGEST bytes, of which `used` are filled */
  size_t used;
  bool is_long;     /* the line has more than that: it is nobody's of ours */
  uint64_t taken;  /* bytes of the answer */
  size_t values;   /* lines of it */
  size_t count;    /* of what is kept, the best first */
  size_t left_out; /* values of ours for which there was no room */
  bool found;      /* best[0] is the immutable object */
  bool overflowed; /* there were more than DHT_ANSWER_MOST bytes */
  struct dht_candidate best[DHT_CANDIDATES];
};

/* Ends with dht_harvest_free, also when it fails. */
enum blockstore_status dht_harvest_begin(struct dht_harvest *ret_harvest, struct blockstore_call *call, enum dht_kind kind,
                                         const char *key);
/* Forgets what was kept, for the answer of `node`. */
void dht_harvest_reset(struct dht_harvest *harvest, const char *node);
/* The answer is over: reads its last line. */
enum blockstore_status dht_harvest_finish(struct dht_harvest *harvest);
/* There is more under the key than can be offered. */
bool dht_harvest_is_crowded(const struct dht_harvest *harvest);
/* Offers what was kept, one value at least. */
enum blockstore_status dht_harvest_give(const struct dht_harvest *harvest, struct blockstore_sink *ret_data);
void dht_harvest_free(struct dht_harvest *harvest);

#endif

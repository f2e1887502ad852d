/* SPDX-License-Identifier: MIT */
/*
 * A node as a store: every object is a file in a directory of the node's own mutable file system, at the path that
 * plugins/common/layout.h says; the directory is published under an IPNS name.  A file there is a link to content that
 * the node keeps as long as the link stands; so the link of an immutable key is the mapping from key to content.
 */
#ifndef BS_PLUGINS_IPFS_NODE_H
#define BS_PLUGINS_IPFS_NODE_H

#include <pthread.h>
#include <stdatomic.h>

#include "plugins/common/health.h"
#include "plugins/common/label.h"
#include "plugins/common/layout.h"
#include "plugins/ipfs/cid.h"
#include "plugins/ipfs/rpc.h"

#pragma GCC visibility push(hidden)

#define BS_NODE_BLOCK_MOST ((uint64_t)1 << 20) /* bytes of a datum that is one block, whose CID its key gives */
#define BS_NODE_CONTENT_MOST ((size_t)128)     /* bytes of a CID in any form */
#define BS_NODE_KEY "blockstore"               /* the key that publishes /blockstore */
#define BS_NODE_KEY_MOST (sizeof BS_NODE_KEY "-" + BS_LABEL_SHORTEST)

/* Used by any number of threads. */
struct bs_node {
  struct bs_rpc rpc;
  const char *directory;      /* option `directory` */
  char key[BS_NODE_KEY_MOST]; /* option `key`, or made from the directory */
  uint32_t search_ms;         /* option `search` */
  uint32_t publish_ms;        /* option `publish` */
  bool is_name_set;           /* option `ipns_name` */
  atomic_uint changes;        /* that are not yet published; who makes it 1 publishes */
  pthread_mutex_t mutex;      /* protects what follows */
  bool knows_name;
  struct bs_ipns name; /* option `ipns_name`, or what the node said */
};

/* Hands out what stands at the path. */
enum blockstore_status bs_node_get(struct bs_node *node, struct blockstore_call *call, struct blockstore_sink *sink,
                                   const struct bs_layout *object);
/* Lets the node look for a block in the network, for `search_ms` at most.  What it does not find is FAILED. */
enum blockstore_status bs_node_search(struct bs_node *node, struct blockstore_call *call, struct blockstore_sink *sink,
                                      const struct bs_cid *cid);
/* The same for a path below an IPNS name.  NOT_FOUND: what the name stands for has no such path. */
enum blockstore_status bs_node_search_name(struct bs_node *node, struct blockstore_call *call, struct blockstore_sink *sink,
                                           const struct bs_ipns *ipns, const struct bs_layout *object);

/* Immutable data: linked at the path.  `cid`: what its content must be, or NULL. */
enum blockstore_status bs_node_keep(struct bs_node *node, struct blockstore_call *call, const struct bs_layout *object,
                                    const struct blockstore_source *source, const struct bs_cid *cid);

/* Takes the link away; what nothing else leads to, and nobody has pinned, goes with the node's next garbage collection. */
enum blockstore_status bs_node_remove(struct bs_node *node, struct blockstore_call *call, const struct bs_layout *object);

/* ---- record.c ---- */

/* Records: never half-written, the newest stands at the path. */
enum blockstore_status bs_node_replace(struct bs_node *node, struct blockstore_call *call, const struct bs_layout *object,
                                       const struct blockstore_source *source);

/* Removes what puts left behind that were broken off a day ago or longer: how many.  Failing is told in the log. */
uint64_t bs_node_sweep(struct bs_node *node, struct blockstore_call *call);

/* ---- publish.c ---- */

/* The name under which the directory is published.  Asks the node once.  Where that has no key for it: makes one, or
 * NOT_FOUND. */
enum blockstore_status bs_node_name(struct bs_node *node, struct blockstore_call *call, struct bs_ipns *ret_ipns, bool may_make);
/* Publishes what the directory is now, within `publish_ms` and a quarter of the time that is left.  Failing is told in the
 * log: what was put is stored. */
void bs_node_publish(struct bs_node *node, struct blockstore_call *call);

/* Is the node usable?  On OK `health` has been begun, with what is to be known of the node. */
enum blockstore_status bs_node_report(struct bs_node *node, struct blockstore_call *call, struct bs_health *health);

/* ---- for these files: paths in the node's file system ---- */

/* The directory's path, then these two, by free(); NULL when memory runs out. */
char *bs_node_path(const struct bs_node *node, const char *then, const char *name);

/* What stands at the path: its CID, as the node writes it, and its bytes (BLOCKSTORE_SIZE_UNKNOWN: it did not say). */
struct bs_node_entry {
  char content[BS_NODE_CONTENT_MOST];
  uint64_t size;
};
enum blockstore_status bs_node_stat(struct bs_node *node, struct blockstore_call *call, struct bs_node_entry *ret_entry,
                                    const char *path);
/* OK also when nothing is there.  A directory goes with all that is in it. */
enum blockstore_status bs_node_unlink(struct bs_node *node, struct blockstore_call *call, const char *path);

#pragma GCC visibility pop
#endif

/* SPDX-License-Identifier: MIT */
/* What the room asks a node about its chain and its blocks.  Words: those of rpc.h; what else one fails with stands beside it. */
#ifndef BS_BITCOIND_NODE_H
#define BS_BITCOIND_NODE_H

#include "core/bitcoind/chain.h"
#include "core/bitcoind/rpc.h"

struct bs_node_info {
  uint64_t height;
  bool is_loading;      /* it still gets the blocks that others have */
  uint64_t first_block; /* that it has not pruned; 0: all are there */
};
/* Word: config (it is of another network). */
bool bs_node_info(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_node_info *ret_info,
                  const struct bs_bitcoin_network *network, struct bs_error *error);

/* A hash out of a result, displayed order there. */
bool bs_node_hash(const struct bs_rpc *rpc, const char *method, const struct bs_rpc_result *result,
                  unsigned char hash[BS_BITCOIN_HASH_SIZE], struct bs_error *error);
/* What a result has in hexadecimal, appended. */
bool bs_node_bytes(const struct bs_rpc *rpc, const char *method, const struct bs_rpc_result *result, struct bs_buffer *bytes,
                   struct bs_error *error);
/* The hashes of the blocks `first` to `first + count - 1`. */
bool bs_node_hashes(struct bs_rpc *rpc, const struct bs_scope *scope, unsigned char (*hashes)[BS_BITCOIN_HASH_SIZE],
                    uint64_t first, size_t count, struct bs_error *error);

/* Adds the call that tells what the block's transactions spend.  The node needs no index of transactions for it, but what it
 * keeps to undo the block. */
void bs_node_ask_senders(struct bs_rpc *rpc, const struct bs_bitcoin_block *block);
/* Out of its result: fills the senders of the operations (their `number` is given); the scripts are in *scripts, which must
 * outlive them. */
bool bs_node_read_senders(const struct bs_rpc *rpc, struct bs_buffer *scripts, struct bs_bitcoin_operation *operations,
                          size_t count, const struct bs_bitcoin_block *block, const struct bs_rpc_result *result,
                          struct bs_error *error);

#endif

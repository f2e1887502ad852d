/* SPDX-License-Identifier: MIT */
/* Bitcoin's networks: what is known of their chains, and of the names on them, before any block. */
#ifndef BS_CHAIN_NETWORKS_H
#define BS_CHAIN_NETWORKS_H

#include "core/chain/index.h"
#include "core/crypto/key.h"

struct bs_bitcoin_network {
  const char *name;     /* as the node says it: "main", "test", "signet", "regtest" */
  const char *chain_id; /* 64 hexadecimal digits: the hash of block 0 */
  enum bs_network addresses;
  unsigned char script_version;
  uint64_t first_block;
  bool is_fixed;     /* nobody may begin elsewhere */
  uint16_t rpc_port; /* of a node, unless it is told another */
};
extern const struct bs_bitcoin_network bs_bitcoin_networks[]; /* behind the last: name NULL */
/* NULL: there is none of that name. */
const struct bs_bitcoin_network *bs_bitcoin_network_find(const char *name);
/* What the rules need to know of it.  first_block 0: the network's.  Word: config (it may not be another one). */
bool bs_bitcoin_parameters(struct bs_chain_parameters *ret_parameters, const struct bs_bitcoin_network *network,
                           uint64_t first_block, struct bs_error *error);

#endif

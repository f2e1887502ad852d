/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/chain/networks.h"

#include <inttypes.h>
#include <string.h>

#define SEED_BLOCKS 4 /* before the first one */

const struct bs_bitcoin_network bs_bitcoin_networks[] = {
    {"main", "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f", BS_NETWORK_MAIN, 5, 373601, true, 8332},
    {"test", "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943", BS_NETWORK_TEST, 196, 1, false, 18332},
    {"signet", "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6", BS_NETWORK_TEST, 196, 1, false, 38332},
    {"regtest", "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206", BS_NETWORK_TEST, 196, 1, false, 18443},
    {.name = NULL},
};

const struct bs_bitcoin_network *bs_bitcoin_network_find(const char *name) {
  for (const struct bs_bitcoin_network *network = bs_bitcoin_networks; network->name != NULL; network++)
    if (strcmp(network->name, name) == 0) return network;
  return NULL;
}

bool bs_bitcoin_parameters(struct bs_chain_parameters *ret_parameters, const struct bs_bitcoin_network *network,
                           uint64_t first_block, struct bs_error *error) {
  static const unsigned char seed[BS_CONSENSUS_SIZE] = {0x17, 0xac, 0x43, 0xc1, 0xd8, 0x54, 0x9c, 0x31,
                                                        0x81, 0xb2, 0x00, 0xf1, 0xbf, 0x97, 0xeb, 0x7d};
  uint64_t first = first_block == 0 ? network->first_block : first_block;

  if (network->is_fixed && first != network->first_block)
    return bs_fail(error, BS_WORD_config, "The names of Bitcoin's network %s begin with block %" PRIu64 ", not with %" PRIu64 ".",
                   network->name, network->first_block, first);
  if (first > INT32_MAX)
    return bs_fail(error, BS_WORD_config, "There will be no block %" PRIu64 " to begin with.", first);
  *ret_parameters = (struct bs_chain_parameters){.magic = {'i', 'd'},
                                                 .address_version = bs_address_version(network->addresses),
                                                 .script_version = network->script_version,
                                                 .first_block = first,
                                                 .names_per_owner = 25,
                                                 .import_keys = 300,
                                                 .seed_first = first > SEED_BLOCKS ? first - SEED_BLOCKS : 0,
                                                 .seed_last = first - 1};
  memcpy(ret_parameters->seed, seed, sizeof seed);
  return true;
}

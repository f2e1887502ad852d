/* SPDX-License-Identifier: MIT */
/* A block of Bitcoin's chain, from its bytes.  Hashes are kept in the order in which they are hashed, as transaction ids are. */
#ifndef BS_BITCOIND_BLOCK_H
#define BS_BITCOIND_BLOCK_H

#include "core/chain/transaction.h"

#define BS_BITCOIN_BLOCK_MAX 4000000u /* bytes: no chain's blocks are larger, witnesses with them */
#define BS_BITCOIN_HEADER_SIZE 80
#define BS_BITCOIN_HASH_SIZE 32

struct bs_bitcoin_header {
  unsigned char hash[BS_BITCOIN_HASH_SIZE];
  unsigned char previous[BS_BITCOIN_HASH_SIZE];
  unsigned char merkle_root[BS_BITCOIN_HASH_SIZE];
  uint32_t time; /* Unix seconds, as whoever made it said */
};

/* Points into the bytes it was parsed from. */
struct bs_bitcoin_block {
  struct bs_bitcoin_header header;
  struct bs_transaction *transactions; /* by bs_bitcoin_block_free; the first one is the coinbase */
  size_t count;                        /* at least 1 */
};

/* All of the bytes must be the block, and its transactions those that the header is the hash of.  Whether the work was done that
 * the header needs, the node has looked.  Words: malformed (what is wrong, in a sentence), no_memory. */
bool bs_bitcoin_block_parse(struct bs_bitcoin_block *ret_block, const unsigned char *bytes, size_t length,
                            struct bs_error *error);
void bs_bitcoin_block_free(struct bs_bitcoin_block *block);

#endif

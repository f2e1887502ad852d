/* SPDX-License-Identifier: MIT */
/* What the files of the index share. */
#ifndef BS_BITCOIND_CHAIN_PRIVATE_H
#define BS_BITCOIND_CHAIN_PRIVATE_H

#include "core/bitcoind/chain.h"

#define BS_BITCOIN_CHAIN_APPLICATION 0x42534231 /* "BSB1" */

extern const struct bs_database_kind bs_bitcoin_chain_kind;

struct bs_bitcoin_chain {
  struct bs_database *database;
  const struct bs_bitcoin_network *network;
  struct bs_chain_parameters parameters;
  struct bs_index index;
  struct bs_bitcoin_tip tip; /* while tip_is_known: within a transaction for writing, when nobody else changes it */
  bool tip_is_known;
  bool is_writing;
};

/* Is it of its network and first block?  *ret_found false: it does not say yet.  Word: config. */
bool bs_bitcoin_chain_check_source(struct bs_bitcoin_chain *chain, bool *ret_found, struct bs_error *error);
/* As bs_bitcoin_chain_open_memory, for what memory may be too small for (bs_database_open_temporary). */
bool bs_bitcoin_chain_open_temporary(struct bs_bitcoin_chain **ret_chain, const struct bs_bitcoin_network *network,
                                     uint64_t first_block, struct bs_error *error);

#endif

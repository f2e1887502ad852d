/* SPDX-License-Identifier: MIT */
/* What the files of coins share. */
#ifndef BS_BITCOIND_WALLET_PRIVATE_H
#define BS_BITCOIND_WALLET_PRIVATE_H

#include "core/bitcoind/wallet.h"

struct bs_wallet {
  struct bs_rpc *node;
  struct bs_rpc *watching; /* calls to the wallet `name`; NULL: there is none */
  char *name;
  bool is_loaded; /* the wallet, as far as is known */
  enum bs_network addresses;
};

/* An output that may be a coin. */
struct bs_candidate {
  unsigned char txid[BS_TXID_SIZE];
  uint32_t output;
  uint64_t value;  /* as the node tells it, to sort by */
  uint64_t height; /* of its block; 0: it is in the mempool, or that is not known */
  uint64_t confirmations;
};
struct bs_candidates {
  struct bs_candidate *items; /* by free() */
  size_t count;
};
bool bs_candidates_add(struct bs_candidates *candidates, const struct bs_candidate *candidate, struct bs_error *error);
void bs_candidates_free(struct bs_candidates *candidates);

/* The scripts of a hash. */
struct bs_scripts {
  struct bs_script items[2];
};
bool bs_scripts_have(const struct bs_scripts *scripts, const unsigned char *script, size_t length);

/* Satoshis out of an amount of bitcoins as the node writes it. */
bool bs_node_amount(struct bs_json value, uint64_t *ret_satoshis);

/* watch.c: what the watching wallet has, mempool and all. */
bool bs_wallet_watch(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                     const unsigned char hash[BS_HASH160_SIZE], const struct bs_scripts *scripts, struct bs_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* What the files of coins share. */
#ifndef BS_BITCOIND_WALLET_PRIVATE_H
#define BS_BITCOIND_WALLET_PRIVATE_H

#include "core/bitcoind/wallet.h"

/* An output that may be a coin. */
struct bs_candidate {
  unsigned char txid[BS_TXID_SIZE];
  uint32_t output;
  bool is_witness; /* P2WPKH, not P2PKH */
  bool is_spare;   /* by bs_candidates_order: others go before it */
  bool is_immature; /* of a coinbase that cannot be spent yet; as a scan tells it */
  uint64_t value;  /* as the node tells it, to sort by */
  uint64_t height; /* of its block; 0: it is in the mempool, or that is not known */
  uint64_t confirmations;
};
struct bs_candidates {
  struct bs_candidate *items; /* by free() */
  size_t count;
};
bool bs_candidates_add(struct bs_candidates *candidates, const struct bs_candidate *candidate, struct bs_error *error);
bool bs_candidates_add_all(struct bs_candidates *candidates, const struct bs_candidates *others, struct bs_error *error);
void bs_candidates_free(struct bs_candidates *candidates);
/*
 * The first `most` are then those to take, the largest first: nothing tells of a hash whether it is that of an uncompressed key,
 * whose P2WPKH outputs nobody can spend, so each kind has half of the places if it needs them.  Who pays to a hash what cannot be
 * spent does not hide its coins by that, and neither does who pays very little to it many times.
 */
void bs_candidates_order(struct bs_candidates *candidates, size_t most);
#define BS_CANDIDATES_MAX 256 /* that are looked at */
/* Orders them, and drops those beyond BS_CANDIDATES_MAX. */
void bs_candidates_bound(struct bs_candidates *candidates);

/* What the node's set of coins had of a hash when `tip` was its newest block: that never changes. */
struct bs_scan {
  unsigned char hash[BS_HASH160_SIZE];
  unsigned char tip[BS_BITCOIN_HASH_SIZE];
  struct bs_candidates candidates;
  bool is_used;
};
#define BS_SCANS_KEPT 16

struct bs_wallet {
  struct bs_rpc *node;
  struct bs_rpc *watching; /* calls to the wallet `name`; NULL: there is none */
  char *name;
  bool is_loaded; /* the wallet, as far as is known */
  enum bs_network addresses;
  struct bs_scan scans[BS_SCANS_KEPT]; /* the newest ones */
  size_t next_scan;                    /* the place of the oldest */
};

/* The scripts of a hash: P2PKH, P2WPKH. */
struct bs_scripts {
  struct bs_script items[2];
};
/* *ret_witness: it is the second one. */
bool bs_scripts_have(const struct bs_scripts *scripts, bool *ret_witness, const unsigned char *script, size_t length);

/* Satoshis out of an amount of bitcoins as the node writes it. */
bool bs_node_amount(struct bs_json value, uint64_t *ret_satoshis);

/* Sends the `count` calls that were added, and waits for their answer. */
bool bs_wallet_ask(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_rpc_result *results, size_t count,
                   struct bs_error *error);
/* A while, before the node is asked the same again.  Words: deadline, cancelled. */
bool bs_wallet_pause(const struct bs_scope *scope, struct bs_error *error);

#define BS_TRANSACTIONS_MAX 16 /* at once: one may have 400 kB, twice as much in hexadecimal */
/* results[i]: the transaction that made items[i], of the node; with_proofs, for those in a block: results[count + i] its proof
 * (gettxoutproof).  At most BS_TRANSACTIONS_MAX. */
bool bs_wallet_transactions(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_rpc_result *results,
                            const struct bs_candidate *items, size_t count, bool with_proofs, struct bs_error *error);
/* Has the node not got it: its block was pruned, or it left mempool or chain?  That is told in the log. */
bool bs_wallet_lacks(const struct bs_rpc_result *transaction);

/* scan.c: what the node's set of coins has for the hash, immature ones, too, at most BS_CANDIDATES_MAX.  It waits while the node
 * goes over it for others.  Words: failed (it did so all the time), deadline (says what to do). */
bool bs_wallet_scan(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                    const unsigned char hash[BS_HASH160_SIZE], const struct bs_scripts *scripts, struct bs_error *error);
void bs_wallet_forget_scans(struct bs_wallet *wallet);

/* watch.c: what the watching wallet has, mempool and all, at most BS_CANDIDATES_MAX; none that is spent. */
bool bs_wallet_watch(struct bs_wallet *wallet, const struct bs_scope *scope, struct bs_candidates *candidates,
                     const unsigned char hash[BS_HASH160_SIZE], const struct bs_scripts *scripts, struct bs_error *error);

#endif

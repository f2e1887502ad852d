/* SPDX-License-Identifier: MIT */
/*
 * The transactions of a submission, one after the other, out of the coins of the owner or of somebody who pays for the
 * owner.
 */
#ifndef BS_NAMES_PAYMENT_H
#define BS_NAMES_PAYMENT_H

#include "core/names/provider.h"

#define BS_PURSE_MAX (BS_COINS_MAX + 16)
#define BS_DUST 5500u /* satoshis: what an output that only names an owner holds, and change at least */

/* The coins of one key, as the transactions made so far leave them. */
struct bs_purse {
  const struct bs_key *key;
  unsigned char hash[BS_HASH160_SIZE];
  unsigned char witness_hash[BS_HASH160_SIZE]; /* of the compressed key: P2WPKH coins have it */
  struct bs_coin coins[BS_PURSE_MAX];
  size_t count;
  uint64_t missing; /* how much a transaction lacked; 0: nothing did */
};

/* What was made of a transaction, for who must make it anew. */
struct bs_payment_made {
  struct bs_operation operation;
  struct bs_coin inputs[BS_DRAFT_INPUTS];
  size_t input_count;
  uint32_t change; /* the output that pays more when the fee is less */
  uint64_t fee;
  unsigned char txid[BS_TXID_SIZE];
};

struct bs_payment {
  const struct bs_names *names;
  struct bs_purse own; /* the owner's: input 0 of every transaction */
  struct bs_purse pay; /* unused when the owner pays */
  bool owner_pays;
  uint64_t rate; /* satoshis for 1,000 bytes */
  uint64_t fee;  /* of the transactions added since the coins were loaded */
  size_t size;   /* of the same: the virtual size, at most */
  struct bs_payment_made made[BS_BATCH_MAX]; /* by their number in the batch */
  bool is_replaceable; /* they are to wait for a block: replaceable, and without outputs that no node takes */
};

/* payer NULL: the owner.  The keys are referred to. */
void bs_payment_begin(struct bs_payment *payment, const struct bs_names *names, const struct bs_key *owner,
                      const struct bs_key *payer);
/* The at most BS_COINS_MAX largest coins of a hash (provider.h: coins). */
bool bs_coins_of(const struct bs_view *view, struct bs_coin *coins, size_t *ret_count, const unsigned char hash[BS_HASH160_SIZE],
                 struct bs_error *error);
/* The coins as the chain has them, and what a transaction costs: what was added before is forgotten. */
bool bs_payment_load(struct bs_payment *payment, struct bs_view *view, struct bs_error *error);
/* What a transaction has beside coins and change; zero: no such output. */
struct bs_payment_outputs {
  const struct bs_operation *operation;
  const unsigned char *recipient;  /* its hash */
  const unsigned char *value_hash; /* import: named by an output, too */
  uint64_t burn;                   /* satoshis */
};
/* Balances and signs a transaction and adds it to the batch.  Its outputs are in the order of protocol.md 3.1:
 * operation, recipient, value hash, change, burn.  Words: denied (the coins do not suffice), usage (the fee is above
 * the configured most). */
bool bs_payment_add(struct bs_payment *payment, struct bs_batch *batch, char ret_txid[BS_TXID_TEXT],
                    const struct bs_payment_outputs *outputs, struct bs_error *error);
/* What is burned where so much is due: a node may want more. */
uint64_t bs_payment_burned(const struct bs_payment *payment, uint64_t price);
/* Did the coins not suffice? */
bool bs_payment_lacks(const struct bs_payment *payment);
/* Makes what was missing, and more, on a chain that can. */
bool bs_payment_fund(const struct bs_payment *payment, struct bs_view *view, struct bs_error *error);

#endif

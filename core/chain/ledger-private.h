/* SPDX-License-Identifier: MIT */
/* What the files of the ledger share. */
#ifndef BS_CHAIN_LEDGER_PRIVATE_H
#define BS_CHAIN_LEDGER_PRIVATE_H

#include "core/chain/compare.h"
#include "core/chain/ledger.h"

struct bs_ledger {
  struct bs_database *database;
  struct bs_chain_parameters parameters;
  struct bs_index index;
  unsigned char chain_id[BS_CHAIN_ID_SIZE];
};

extern const struct bs_database_kind bs_ledger_kind;

struct bs_new_block {
  uint64_t height;
  uint64_t time;
  const struct bs_raw *transactions;
  size_t count;
  bool coinbase;      /* the first transaction is one, made here */
  bool only_accepted; /* a refused operation is a failure */
};
bool bs_ledger_append_block(struct bs_ledger *ledger, const struct bs_new_block *block,
                            struct bs_verdict_text *verdicts, struct bs_error *error);

#define BS_NONCE_SIZE 32
/* Gives the ledger its parameters from a chain id. */
void bs_ledger_set_chain(struct bs_ledger *ledger, const unsigned char chain_id[BS_CHAIN_ID_SIZE]);
/* Reads the chain's row; *ret_found false: there is no genesis yet. */
bool bs_ledger_read_chain(struct bs_ledger *ledger, unsigned char nonce[BS_NONCE_SIZE], bool *ret_found,
                          struct bs_error *error);
/* Stores nonce and namespaces (payloads, sorted), and makes the namespaces ready. */
bool bs_ledger_write_genesis(struct bs_ledger *ledger, const unsigned char nonce[BS_NONCE_SIZE],
                             const struct bs_raw *payloads, size_t count, struct bs_error *error);

/*
 * Replays all blocks into a ledger in memory, and visits what differs of the stored one: the first row of each table,
 * or the block at which it ends.  Within a transaction for reading.  False where it could not be done.
 */
bool bs_ledger_replay(struct bs_ledger *ledger, bs_replay_visit *visit, void *user, struct bs_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A chain whose transactions wait until the test mines them, over a ledger: a provider of names as a node would be one,
 * without a node.  The ledger is what the index has; behind it come blocks that it does not have yet (`lag` of them),
 * and a pool with a node's rules for conflicts and for replacement by fee.  All of it is shared with the test's child
 * processes, which may be killed.
 */
#ifndef BS_T_SLOW_CHAIN_H
#define BS_T_SLOW_CHAIN_H

#include "core/chain/ledger.h"
#include "core/names/provider.h"
#include "t/lib/unit.h"

#define SLOW_POOL 64
#define SLOW_RAW_MAX 4096

struct slow_transaction {
  unsigned char txid[BS_TXID_SIZE];
  unsigned char raw[SLOW_RAW_MAX];
  size_t length;
  uint64_t fee;
};
struct slow_transactions {
  struct slow_transaction items[SLOW_POOL];
  size_t count;
};

struct slow_chain {
  char ledger[100];
  uint64_t lag;
  uint64_t fee_rate;
  struct slow_transactions pool;
  struct slow_transactions blocks[32]; /* that the index does not have, the oldest first */
  size_t block_count;
  struct bs_coin extra; /* another that is listed; its value 0: none */
  bool hides_largest;   /* the largest coin is not listed: who does not know it spends another */
  uint64_t least_rate;  /* satoshis for 1,000 bytes that broadcast wants; 0: what a node wants at least */
  bool is_down;         /* broadcast takes nothing, and nobody knows */
  bool is_deaf;         /* broadcast takes it, and its answer is lost */
  bool refuses;         /* broadcast takes nothing, and says so */
  int kill_before, kill_after; /* the process is killed at the broadcast with this number; 0: never */
  int broadcasts;
};
extern struct slow_chain *slow;
extern const struct bs_provider slow_provider;

/* A fresh one over a new ledger at the path. */
void slow_begin(const char *ledger, uint64_t lag);
void slow_end(void);
void slow_grant(const struct bs_key *key, uint64_t satoshis);
/* A block of all of the pool, in its order, then empty ones. */
void slow_mine(size_t blocks);
/* One of the transaction `txid` of the pool (as displayed) alone; whatever it depends on must be in a block. */
void slow_mine_only(const char *txid);
/* One of a transaction that the pool need not have: what conflicts with it goes. */
void slow_mine_raw(const struct bs_buffer *raw);
/* The newest blocks that the index does not have are gone, their transactions in the pool again. */
void slow_reorganise(size_t blocks);
void slow_forget(void);             /* the pool */
bool slow_has(const char *txid);    /* in the pool */
/* The transaction of the pool, parsed; by bs_transaction_free. */
struct bs_transaction slow_transaction_of(const char *txid);

#endif

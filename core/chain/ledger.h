/* SPDX-License-Identifier: MIT */
/*
 * The `local` chain: a real chain of Bitcoin transactions in one SQLite file, with the index of its names beside them.
 * One block per submission; every signature is checked; coins come out of coinbase transactions that a call on the file
 * makes.  Whoever can write the file decides its names.
 *
 * A ledger belongs to one thread at a time; several processes and several opened ledgers may use one file at once.  All
 * that a submission does happens between bs_ledger_begin and bs_ledger_commit, under SQLite's write lock.  Killed at
 * any moment, the file holds the blocks that were committed and nothing else.
 *
 * Words of every function: those of core/state/database.h; what else one fails with stands beside it.
 */
#ifndef BS_CHAIN_LEDGER_H
#define BS_CHAIN_LEDGER_H

#include "core/base/survey.h"
#include "core/chain/rules.h"

#define BS_CHAIN_ID_SIZE 32
#define BS_LEDGER_NAMESPACE "id" /* ready in every ledger; its names never expire */

struct bs_ledger;

/* For a ledger that is made: further namespaces that are ready from the start; their version is 1.  NULL: none. */
struct bs_ledger_genesis {
  const struct bs_operation *namespaces; /* NAMESPACE_REVEALs */
  size_t count;
};

/* Words: not_found (no file, and mode is not create), usage (two genesis namespaces of one id, or a malformed one). */
bool bs_ledger_open(struct bs_ledger **ret_ledger, const char *path, enum bs_database_mode mode,
                    const struct bs_ledger_genesis *genesis, const struct bs_scope *scope, struct bs_error *error);
/* One in memory, for a trial: whatever is appended to it, nobody else sees.  It begins as `ledger` is now, with the
 * last schema; NULL: as one that was just made. */
bool bs_ledger_open_trial(struct bs_ledger **ret_trial, struct bs_ledger *ledger, struct bs_error *error);
void bs_ledger_close(struct bs_ledger *ledger); /* NULL is allowed; what was not committed did not happen */
void bs_ledger_scope(struct bs_ledger *ledger, const struct bs_scope *scope);

/* In displayed order; lives as long as the ledger. */
const unsigned char *bs_ledger_chain_id(const struct bs_ledger *ledger);
const struct bs_chain_parameters *bs_ledger_parameters(const struct bs_ledger *ledger);
const struct bs_index *bs_ledger_index(const struct bs_ledger *ledger);

struct bs_ledger_tip {
  uint64_t height;                            /* first block - 1 when there is no block yet */
  uint64_t time;                              /* Unix seconds; 0 when there is none */
  unsigned char consensus[BS_CONSENSUS_SIZE]; /* the seed when there is none */
};
bool bs_ledger_get_tip(struct bs_ledger *ledger, struct bs_ledger_tip *ret_tip, struct bs_error *error);
/* Appends the transaction; ret_height: of its block, NULL: not wanted.  Word: not_found. */
bool bs_ledger_get_transaction(struct bs_ledger *ledger, struct bs_buffer *ret_raw, uint64_t *ret_height,
                               const unsigned char txid[BS_TXID_SIZE], struct bs_error *error);

/* An unspent output, to be looked up. */
struct bs_outpoint {
  unsigned char txid[BS_TXID_SIZE];
  uint32_t output;
};
/* The at most `most` largest unspent outputs of the P2PKH address. */
bool bs_ledger_get_unspents(struct bs_ledger *ledger, struct bs_outpoint *outpoints, size_t *ret_count, size_t most,
                            const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error);

/* begin waits for other writers, as long as the scope allows. */
bool bs_ledger_begin(struct bs_ledger *ledger, struct bs_error *error);
bool bs_ledger_commit(struct bs_ledger *ledger, struct bs_error *error);
void bs_ledger_rollback(struct bs_ledger *ledger); /* nothing happens when nothing was begun */

struct bs_raw {
  const unsigned char *bytes;
  size_t length;
};
struct bs_verdict_text {
  enum bs_verdict verdict;
  char reason[200];
};

/*
 * The next block, with these transactions in this order (count 0: an empty one), between begin and commit.  All of them
 * must be good transactions; whether their operations are accepted is told in `verdicts` (as many; NULL: not wanted).
 * only_accepted: fails when one is refused.  After a failure roll back.
 * Words: malformed (also: creates value), forged (a signature), conflict (spends what is spent or never was), denied (a
 * coinbase, an output that is not P2PKH; with only_accepted, the reason of the refusal).
 */
bool bs_ledger_append(struct bs_ledger *ledger, uint64_t *ret_height, struct bs_verdict_text *verdicts,
                      const struct bs_raw *transactions, size_t count, bool only_accepted, struct bs_error *error);
/* A block whose coinbase pays `satoshis`, 1..BS_MONEY_MAX, to the P2PKH address; between begin and commit. */
bool bs_ledger_grant(struct bs_ledger *ledger, const unsigned char hash[BS_HASH160_SIZE], uint64_t satoshis,
                     struct bs_error *error);

/* Replays all blocks, signatures with them, into a fresh index and compares all that is derived.  Words: corrupt
 * (says what differs first), failed (opened to read only, and of an older schema). */
bool bs_ledger_replay_check(struct bs_ledger *ledger, struct bs_error *error);

/* What is wrong with the file at `path`, if there is one, and how to mend it; nothing is changed.  Words: no_memory, cancelled,
 * deadline. */
bool bs_ledger_check(const char *path, const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error);
/* For reading without making a file, be it one of SQLite's own. */
bool bs_ledger_examine(struct bs_ledger **ret_ledger, const char *path, const struct bs_scope *scope, struct bs_error *error);

#endif

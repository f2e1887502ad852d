/* SPDX-License-Identifier: MIT */
/*
 * What a provider of names implements.  names.c holds one lock around every call, so that a provider's state needs
 * none.
 */
#ifndef BS_NAMES_PROVIDER_H
#define BS_NAMES_PROVIDER_H

#include <pthread.h>

#include "core/chain/index.h"
#include "core/names/names.h"
#include "core/names/proof.h"

#define BS_COINS_MAX 24 /* unspent outputs of one address that are looked at: the largest */
#define BS_BATCH_MAX 2  /* transactions of one submission */

struct bs_view;
struct bs_state;

/* An unspent output with the whole transaction that made it. */
struct bs_unspent {
  struct bs_coin coin;
  uint64_t confirmations; /* 0: in no block yet */
  struct bs_buffer raw;
};

/* Transactions for one block, in order. */
struct bs_batch {
  struct bs_buffer raw[BS_BATCH_MAX];
  size_t count;
};
static inline void bs_batch_free(struct bs_batch *batch) {
  for (size_t i = 0; i < BS_BATCH_MAX; i++) bs_buffer_free(&batch->raw[i]);
}


/*
 * Makes the transactions of a submission from the chain as it is.  For embedded ledgers nothing can change until they
 * are in a block; a remote provider may ask a second time.
 */
typedef bool (*bs_build)(void *user, struct bs_view *view, struct bs_batch *batch, struct bs_error *error);

struct bs_provider {
  const char *name;
  const char *proven;

  bool (*open)(void **ret_state, const struct bs_names_config *config, struct bs_error *error);
  void (*close)(void *state);
  /* Before any of the following: ready for this call's scope.  *ret_exists false: there is no chain yet, and write
   * (which makes one, where it may) is not set.  A failed enter is not followed by leave. */
  bool (*enter)(void *state, const struct bs_scope *scope, bool write, bool *ret_exists, struct bs_error *error);
  void (*leave)(void *state);

  /* Is what is submitted in a block when it returns, and no block ever leaves the chain?  As far as is known after the calls
   * so far; without enter. */
  bool (*is_immediate)(void *state);
  /* Between hold and release, with other calls between them, all that is read is of one state of the chain, and costs
   * less; NULL where that cannot be. */
  bool (*hold)(void *state, struct bs_error *error);
  void (*release)(void *state);
  /* While it is held and something was read: is there no newer state?  False also where that is not known. */
  bool (*is_newest)(void *state);

  /* Whose addresses the chain's are; without enter. */
  bool (*network)(void *state, const struct bs_scope *scope, enum bs_network *ret_network, struct bs_error *error);
  /* What is wrong with the files that it keeps; without enter. */
  bool (*check)(void *state, const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error);
  const char *(*place)(void *state); /* the file or server, for messages */
  /* A block that the caller has seen before: an answer of a chain that ends far below it is old.  NULL where none can be. */
  void (*saw)(void *state, uint64_t block);
  /* After a call that failed and is left: was it for somebody who was asked for what he says of himself, and who is not asked
   * for that any more?  Then the same call may be made again.  NULL: never. */
  bool (*was_misled)(void *state);
  bool (*chain_id)(void *state, unsigned char chain_id[32], struct bs_error *error);
  bool (*info)(void *state, struct bs_names_info *info, struct bs_error *error);
  /* The block that the next transactions will be in, where the index is not behind the chain (info: node_height), and the
   * newest consensus hash. */
  bool (*tip)(void *state, uint64_t *ret_height, unsigned char consensus[BS_CONSENSUS_SIZE], struct bs_error *error);
  /* With its namespace, both as of one moment; ret_name_space NULL, which only a server asks: the name alone. */
  bool (*get_name)(void *state, struct bs_name_entry *ret_entry, bool *ret_found, struct bs_namespace_entry *ret_name_space,
                   bool *ret_name_space_found, const char *name, struct bs_error *error);
  /* Of the name that was got last: who alone says so, where several could be asked (as long as the state lives; NULL: nobody,
   * or a second one confirms it), and whether that is of blocks far beyond all that the others know.  NULL: there is only one. */
  void (*witness)(void *state, const char **ret_told_by, bool *ret_is_far);
  /* As bs_index_get_history; NULL where nobody is served. */
  bool (*get_history)(void *state, bool *ret_found, const char *name, const struct bs_history_visitor *visitor,
                      struct bs_error *error);
  bool (*is_inherited)(void *state, bool *ret_inherited, const struct bs_name_entry *entry, struct bs_error *error);
  bool (*get_namespace)(void *state, struct bs_namespace_entry *ret_entry, bool *ret_found, const char *id,
                        struct bs_error *error);
  bool (*get_preorder)(void *state, struct bs_preorder_entry *ret_entry, bool *ret_found, enum bs_opcode opcode,
                       const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error);
  bool (*list)(void *state, struct bs_buffer *texts, size_t *ret_count, const unsigned char *owner_hash,
               uint64_t offset, uint64_t count, struct bs_error *error);
  bool (*list_in_namespace)(void *state, struct bs_buffer *texts, size_t *ret_count, const char *id, uint64_t offset,
                            uint64_t count, struct bs_error *error);
  bool (*operations_at)(void *state, uint64_t block, bs_visit_operation visit, void *user, struct bs_error *error);
  bool (*operations_on)(void *state, const char *name, uint64_t first, uint64_t last, bs_visit_operation visit,
                        void *user, struct bs_error *error);
  bool (*announcements_at)(void *state, uint64_t block, bs_visit_announcement visit, void *user,
                           struct bs_error *error);
  bool (*refused_at)(void *state, uint64_t block, bs_visit_refused visit, void *user, struct bs_error *error);
  bool (*consensus_at)(void *state, unsigned char consensus[BS_CONSENSUS_SIZE], bool *ret_found, uint64_t block,
                       struct bs_error *error);
  /* Does anybody else who can be asked have this consensus hash at the block?  NULL: there is nobody else. */
  bool (*has_elsewhere)(void *state, bool *ret_has, uint64_t block, const unsigned char consensus[BS_CONSENSUS_SIZE],
                        struct bs_error *error);
  /* What the operations of a block hash to, and of which block a consensus hash is: for proofs (prove.h), and who serves
   * others.  NULL: not told. */
  bool (*operations_hash_at)(void *state, unsigned char hash[BS_SHA256_SIZE], bool *ret_found, uint64_t block,
                             struct bs_error *error);
  bool (*block_of)(void *state, uint64_t *ret_block, bool *ret_found, const unsigned char consensus[BS_CONSENSUS_SIZE],
                   struct bs_error *error);
  /* Both hashes of many blocks, ascending, at most BS_PROOF_BATCH; NULL: they are asked for one by one.  Word: not_found
   * (says which block). */
  bool (*hashes_of)(void *state, struct bs_block_hashes *blocks, size_t count, struct bs_error *error);
  /* The accepted operations of many blocks, at most BS_PROOF_LISTS; the same. */
  bool (*operations_of)(void *state, const uint64_t *blocks, size_t count, bs_visit_operation visit, void *user,
                        struct bs_error *error);

  bool (*find_value)(void *state, unsigned char value_hash[BS_HASH160_SIZE], bool *ret_found, bool *ret_update,
                     const unsigned char txid[BS_TXID_SIZE], const char *name, struct bs_error *error);

  /* What P2PKH and, where the chain is not immediate, P2WPKH outputs of this hash hold, and the next block may spend (no
   * coinbase that is not BS_COINBASE_MATURITY old).  The largest first, each checked against the whole transaction that
   * made it.  NULL: what unspents tells. */
  bool (*coins)(void *state, struct bs_coin *coins, size_t *ret_count, size_t most,
                const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error);
  /* The same for a client that builds its transactions itself, at most BS_COINS_MAX; NULL where nobody is served.  Each by
   * bs_unspent_free (moment.h). */
  bool (*unspents)(void *state, struct bs_unspent *unspents, size_t *ret_count, const unsigned char hash[BS_HASH160_SIZE],
                   struct bs_error *error);
  /* Satoshis that 1,000 bytes of a transaction should pay. */
  bool (*fee_rate)(void *state, uint64_t *ret_rate, struct bs_error *error);
  /* Makes coins out of nothing; NULL where that cannot be.  Only inside of submit. */
  bool (*fund)(void *state, const unsigned char hash[BS_HASH160_SIZE], uint64_t satoshis, struct bs_error *error);
  /* Calls build, then puts its transactions into a block.  A dry run, entered for reading, also where there is no chain
   * yet, only checks that it could; build sees a chain to try it on.  NULL where a chain is not immediate: what is built
   * there is kept, and then broadcast. */
  bool (*submit)(void *state, uint64_t *ret_block, bs_build build, void *user, bool dry_run, struct bs_error *error);
  /* One that was made elsewhere, whether or not its operation is accepted; fills what the answer says of that.  Where the
   * chain is not immediate, one that waits already, or is in a block, is no failure; the words conflict (its coins are
   * spent in the chain, or never were), contested (one that waits, too, spends them), malformed, forged, denied, usage and
   * too_large mean that the node does not take it, all others that it may have. */
  bool (*broadcast)(void *state, struct bs_name_broadcast *ret_broadcast, const struct bs_buffer *raw, bool dry_run,
                    struct bs_error *error);
};

/* What a build looks at. */
struct bs_view {
  const struct bs_provider *provider;
  void *state;
};

extern const struct bs_provider bs_provider_blockstored;
extern const struct bs_provider bs_provider_embedded;

/* bs_names_open with a provider that the program brings along; config->provider is not looked at. */
bool bs_names_open_on(struct bs_names **ret_names, const struct bs_provider *provider, const struct bs_names_config *config,
                      struct bs_error *error);

struct bs_names {
  const struct bs_provider *provider;
  void *state;
  pthread_mutex_t mutex; /* protects state, is_held */
  bool is_held;
  bool has_tip; /* is_held: the state's `next` and `consensus` as the provider's tip tells them; asked once */
  uint64_t next;
  unsigned char consensus[BS_CONSENSUS_SIZE];
  uint64_t max_fee;
  uint64_t max_price;
  struct bs_state *remembered; /* where operations that wait for a block are kept; NULL: nowhere */
};

/* For tests: a provider that takes the place of any that is configured; NULL.  No program sets it. */
extern const struct bs_provider *bs_names_stand_in;

#endif

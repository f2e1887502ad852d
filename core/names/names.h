/* SPDX-License-Identifier: MIT */
/*
 * The name service as the client sees it: what a name says, and the operations that change it.  It answers name records
 * only; user records and data are the client's work.
 *
 * Providers: "embedded", a chain in one file of this machine (core/chain/ledger.h).  Whoever can write that file
 * decides its names, and its names exist on this machine only.  "blockstored", one or more name servers, which are asked over
 * TCP or a unix socket (servers.h).  They are trusted like a certificate authority: what they say of names is believed, but for
 * what contradicts another server, or goes back.
 *
 * Threads: a struct bs_names may be used by any number of threads at once; calls on it run one after the other (one
 * connection, one mutex).  Several processes may use one ledger or server at once.  After fork() only the parent may use it:
 * the child's calls fail with word failed.
 *
 * A NULL scope has no deadline; a lock that another process holds is then waited for five seconds.
 *
 * Words: every function may fail with io, no_space, no_memory, corrupt (the ledger is damaged, or no ledger), failed
 * (it is of a newer release; used after a fork), denied (it may not be written), deadline or cancelled (the scope; also
 * when another process keeps the ledger locked); what else a function fails with stands beside it.  With servers also: no_names
 * (none can be used), malformed or forged (what one answers is no answer), conflict (another chain than before; two servers
 * contradict each other about a name), stale (it is too far behind to write by what it says), and what a server itself gives.
 */
#ifndef BS_NAMES_NAMES_H
#define BS_NAMES_NAMES_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/base/survey.h"
#include "core/base/scope.h"
#include "core/chain/fields.h"
#include "core/crypto/key.h"
#include "core/record/name.h"

#define BS_NAMES_NEVER UINT64_MAX /* the `expires` of a name that doesn't */
#define BS_TXID_TEXT 65           /* 64 hexadecimal digits, displayed order, and a NUL */
#define BS_VALUE_HASH_TEXT 41     /* 40 hexadecimal digits and a NUL */
#define BS_CONSENSUS_TEXT 33
#define BS_PROVEN_TEXT 32 /* "current_at ", a number and a NUL */

#define BS_NAMES_PORT 6264       /* of name servers */
#define BS_NAMES_SERVERS_MAX 16  /* of one configuration */

struct bs_names; /* an opened provider */
struct bs_bitcoind_config;

struct bs_names_config {
  const char *provider; /* "embedded", "blockstored" */
  const char *ledger;   /* embedded: path of the file; copied */
  bool create;          /* embedded: operations make the ledger when it is missing; lookups never do */
  bool examine;         /* embedded: only read, and make no file for it, also none of SQLite's own */
  const char *const *servers; /* blockstored: as in server-address.h, in order of preference; copied */
  size_t server_count;
  uint16_t port;        /* of those that name none */
  uint32_t connect_ms;  /* blockstored: most time for a connection; 0: 5 s */
  const char *chain;    /* blockstored: the id, 64 digits, that the chain must have; NULL: any, but always the same */
  const struct bs_bitcoind_config *bitcoind; /* of that provider (core/bitcoind/follow.h) */
  uint64_t max_fee; /* satoshis an operation may cost at most; 0: the defaults below */
  uint64_t max_price;
  uint64_t cache; /* embedded, bitcoind: bytes of it that are kept in memory; 0: as SQLite does, which is 2 MB */
};
#define BS_NAMES_MAX_FEE UINT64_C(100000)
#define BS_NAMES_MAX_PRICE UINT64_C(10000000)

/* Checks the configuration; opens no file yet.  Word: config.  The configuration may go afterwards. */
bool bs_names_open(struct bs_names **ret_names, const struct bs_names_config *config, struct bs_error *error);
void bs_names_close(struct bs_names *names); /* NULL is allowed */

/* Is a submission confirmed as soon as its function returns, and for good: no block ever leaves the chain?  A server says it
 * when it is first asked for something; until then it is taken for one of which that is not so. */
bool bs_names_is_immediate(struct bs_names *names);
/* How far its answers are proven, as in struct bs_names_info. */
const char *bs_names_proven(const struct bs_names *names);
bool bs_names_is_local(const struct bs_names *names); /* ... "local": nobody else's word is taken */
/* Whose addresses the chain's are. */
bool bs_names_network(struct bs_names *names, const struct bs_scope *scope, enum bs_network *ret_network,
                      struct bs_error *error);
/* The 32 bytes of design section 3, in displayed order.  Embedded: with `create` it makes the ledger when there is
 * none, as signatures need the id; without, no_names. */
bool bs_names_chain_id(struct bs_names *names, struct bs_scope *scope, unsigned char chain_id[32],
                       struct bs_error *error);

/* What is wrong with the files of the provider, and how to mend them; nothing is changed.  Words: no_memory, cancelled,
 * deadline. */
bool bs_names_check(struct bs_names *names, const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error);

struct bs_names_info {
  const char *provider; /* static */
  const char *proven;   /* static: "local"; "none": a server says so */
  const char *ledger;   /* the file, as long as `names` lives; NULL for a server */
  const char *server;   /* who answered, as long as `names` lives; NULL for a ledger */
  const char *network;  /* static: "local", or a network of Bitcoin: "main", "test", "signet", "regtest" */
  bool exists;          /* false: no ledger yet; what follows is zero */
  char chain_id[65];
  uint64_t first_block;
  uint64_t height;                   /* of the last block; first_block - 1 when there is none yet */
  uint64_t node_height;              /* of the chain's last, where the index is behind it by its confirmations; 0: it is not */
  bool is_index_only;                /* see bs_names_index_info */
  uint64_t block_time;               /* Unix seconds of the last block; 0: none */
  char consensus[BS_CONSENSUS_TEXT]; /* of the last block */
  uint64_t names;                    /* registered, revoked and expired ones with them */
};
bool bs_names_info(struct bs_names *names, struct bs_scope *scope, struct bs_names_info *ret_info,
                   struct bs_error *error);
/* The same without node_height, as far as no node has to be asked: it does not wait for one. */
bool bs_names_index_info(struct bs_names *names, struct bs_scope *scope, struct bs_names_info *ret_info,
                         struct bs_error *error);

struct bs_name_record {
  char name[BS_NAME_MAX + 1];
  char owner[BS_ADDRESS_TEXT]; /* P2PKH address */
  unsigned char owner_hash[BS_HASH160_SIZE];
  enum bs_network network; /* whose addresses the chain's are */
  char value_hash[BS_VALUE_HASH_TEXT]; /* "": none */
  bool is_inherited; /* the value hash was the name's already when it came to its owner */
  bool revoked;
  bool expired;
  uint64_t first_registered, last_renewed; /* blocks */
  /* The last block of its lifetime; BS_NAMES_NEVER.  An imported name's begins anew when its namespace is ready, but
   * the owner can update and transfer it only for a lifetime from the import on.  A name whose namespace is gone, never
   * made ready, has expired; when, is not kept: this is last_renewed then. */
  uint64_t expires;
  uint64_t block; /* of the newest operation on it, and its transaction's place in that block */
  uint64_t vtxindex;
  char txid[BS_TXID_TEXT]; /* of the newest operation */
  char proven[BS_PROVEN_TEXT]; /* "local", "none"; with a pin "included" or "current_at 373700" (prove.h) */
  /* The one of several servers whose word alone it is, as long as `names` lives; NULL: it is proven, a second one says the same,
   * or there is but one. */
  const char *told_by;
  bool is_far; /* ... and of blocks so far beyond what the others know that nothing is to be remembered of it */
  unsigned char chain_id[32]; /* displayed order */
  /* What get_name_blockchain_record also shows (protocol.md section 4.3). */
  char op[4];              /* ":" registered, "::" renewed, "+" updated, ... */
  const char *opcode;      /* static: "NAME_UPDATE" */
  char sender[51];         /* owner's script, hexadecimal */
  char sender_pubkey[131]; /* hexadecimal; "": none */
  uint64_t block_number;   /* as 4.3: where the present registration began */
  uint64_t preorder_block_number;
  uint64_t op_fee; /* satoshis */
};
/* Notes the height of a block that was seen before, by whatever means: a server whose chain ends far below it is behind. */
void bs_names_saw(struct bs_names *names, uint64_t block);
/* The record even of a revoked or expired name: look at the flags.  Words: usage (not a name), not_found (says where, and that
 * an embedded name lives on this machine only). */
bool bs_names_lookup(struct bs_names *names, struct bs_scope *scope, struct bs_name_record *ret_record,
                     const char *name, struct bs_error *error);

/* Names in byte order, at most `count` from number `offset` on; address NULL: all, else those it owns.  Returns them in
 * one allocation as NUL-terminated texts one behind the other, *ret_count of them; by free().  Revoked and expired
 * names are with the rest when address is NULL, and left out otherwise.  Word: usage (not an address). */
bool bs_names_list(struct bs_names *names, struct bs_scope *scope, char **ret_texts, size_t *ret_count,
                   const char *address, uint64_t offset, uint64_t count, struct bs_error *error);
/* Satoshis that registering or renewing it costs.  Words: usage, not_found (unknown namespace). */
bool bs_names_cost(struct bs_names *names, struct bs_scope *scope, uint64_t *ret_price, const char *name,
                   struct bs_error *error);
/* Are there as many satoshis at all? */
bool bs_names_is_payable(uint64_t price);
/* As bs_names_list, of one namespace.  Words: usage (not an id), not_found (neither revealed nor ready). */
bool bs_names_list_in_namespace(struct bs_names *names, struct bs_scope *scope, char **ret_texts, size_t *ret_count,
                                const char *id, uint64_t offset, uint64_t count, struct bs_error *error);
/* Satoshis that its preorder costs, whether or not there is one.  Word: usage (not an id). */
bool bs_names_namespace_cost(uint64_t *ret_price, const char *id, struct bs_error *error);

/* What visits is given fields that are valid during the call, and must not call the name service: its lock is held. */
/* The namespace's record, once: of its NAMESPACE_READY, or, as long as it is not ready, of its NAMESPACE_REVEAL.
 * Words: usage (not an id), not_found. */
bool bs_names_namespace(struct bs_names *names, struct bs_scope *scope, const char *id, bs_visit_operation visit,
                        void *user, struct bs_error *error);
/* The accepted operations of a block, in its order.  Word: not_found (no such block). */
bool bs_names_operations_at(struct bs_names *names, struct bs_scope *scope, uint64_t block, bs_visit_operation visit,
                            void *user, struct bs_error *error);
/* Those on a name in the blocks `first` to `last`, in the chain's order, from its first registration or import on.
 * Words: usage (not a name, a range that goes backwards), not_found (no such name). */
bool bs_names_operations_on(struct bs_names *names, struct bs_scope *scope, const char *name, uint64_t first,
                            uint64_t last, bs_visit_operation visit, void *user, struct bs_error *error);
/* Announcements of a block.  Word: not_found (no such block). */
bool bs_names_announcements_at(struct bs_names *names, struct bs_scope *scope, uint64_t block,
                               bs_visit_announcement visit, void *user, struct bs_error *error);
/* The operations of a block that were refused.  Word: not_found (no such block). */
bool bs_names_refused_at(struct bs_names *names, struct bs_scope *scope, uint64_t block, bs_visit_refused visit,
                         void *user, struct bs_error *error);

/* Word: not_found when there is no such block. */
bool bs_names_consensus_at(struct bs_names *names, struct bs_scope *scope, char consensus[BS_CONSENSUS_TEXT],
                           uint64_t block, struct bs_error *error);

/* Does another server than the one that answers, where several can be asked, have this consensus hash at the block? */
bool bs_names_has_elsewhere(struct bs_names *names, struct bs_scope *scope, bool *ret_has, const char *consensus, uint64_t block,
                            struct bs_error *error);

#define BS_NAMES_RANGE_MAX 1000
/* Of the blocks `first` to `last`: consensus[i] is that of block first + i; the caller's room.  Words: usage (a range
 * that goes backwards, or has more than BS_NAMES_RANGE_MAX blocks), not_found (says which block). */
bool bs_names_consensus_range(struct bs_names *names, struct bs_scope *scope, char (*consensus)[BS_CONSENSUS_TEXT],
                              uint64_t first, uint64_t last, struct bs_error *error);

struct bs_name_operation {
  const struct bs_key *owner_key;   /* signs input 0 */
  const struct bs_key *payment_key; /* whose coins pay; NULL: the owner's */
  bool dry_run; /* build, sign and check, on a copy of the ledger; receipt.raw is the transaction */
  /* update: the value hash ("": none) that the new one was made from; conflict when the name has another by now.
   * NULL: any. */
  const char *replaces;
};
#define BS_NAME_OPERATION_INIT \
  { NULL, NULL, false, NULL }

struct bs_name_receipt {
  char preorder_txid[BS_TXID_TEXT]; /* "" when none was sent by this call */
  char txid[BS_TXID_TEXT];
  uint64_t block; /* that holds txid; with `waits` the first that can */
  /* Static; NULL: it is in a block.  "sent": it waits for one; "preordered": nothing more could be sent before the preorder
   * is in the index: call it again then. */
  const char *waits;
  uint64_t price; /* burned, satoshis */
  uint64_t fee;   /* of all transactions sent */
  size_t size;    /* their virtual size, which the fee is for: at most */
  char owner[BS_ADDRESS_TEXT];
  char *raw; /* dry_run: hexadecimal of the (last) transaction; else NULL.  By bs_name_receipt_clear */
};
#define BS_NAME_RECEIPT_INIT \
  { "", "", 0, NULL, 0, 0, 0, "", NULL }
void bs_name_receipt_clear(struct bs_name_receipt *receipt);

/*
 * The operations.  All of one call happens in one transaction of the ledger: it is durable and confirmed on return, or
 * nothing happened.  Words of all: usage (not a name, no such namespace, an owner_key is missing, price or fee above
 * the configured most), expired.  Preorder and register may make the ledger: no_names when there is none and `create`
 * is not set.
 */
/* Only the first half of a registration, for an owner whose key may be elsewhere (owner_address NULL: owner_key's own).
 * Words: conflict (registered, or preordered before), denied (revoked). */
bool bs_names_preorder(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const char *name, const char *owner_address, const struct bs_name_operation *operation,
                       struct bs_error *error);
/* Preorder and register in one go, where blocks come at once; else the preorder, which does not tell the name, and, called
 * again when the index has it, the registration.  A preorder made before for the same key and name is used.  A name that
 * owner_key owns already is a conflict, also when it may be renewed.  Words: conflict (says who owns it), denied (25 names
 * already, or revoked). */
bool bs_names_register(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const char *name, const char *owner_address, const struct bs_name_operation *operation,
                       struct bs_error *error);
/* Another lifetime for a name that owner_key owns.  Words: not_found, denied. */
bool bs_names_renew(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                    const char *name, const struct bs_name_operation *operation, struct bs_error *error);
/* value_hash: 40 hexadecimal digits.  Words: not_found (not registered), denied (another owner: names both addresses;
 * or revoked), conflict (operation->replaces). */
bool bs_names_update(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                     const char *name, const char *value_hash, const struct bs_name_operation *operation,
                     struct bs_error *error);
/* From owner_key to the address, whose operations alone work from then on; keep_data false: the value hash goes.
 * Words: usage (no address of this chain, or the owner's own), not_found, denied (another owner, revoked, or the new
 * owner has 25 names already). */
bool bs_names_transfer(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const char *name, const char *owner_address, bool keep_data,
                       const struct bs_name_operation *operation, struct bs_error *error);
/* The name says nothing any more, and nothing changes it until it expires.  Words: not_found, denied (another owner, or
 * revoked before). */
bool bs_names_revoke(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                     const char *name, const struct bs_name_operation *operation, struct bs_error *error);

/*
 * Namespaces.  The key that preorders one also reveals it, for the key of an address: that one imports names, and makes
 * the namespace ready for everybody.  id: [a-z0-9_-], 1 to 19.
 */
/* reveal_address NULL: owner_key's own.  Words: conflict (there is one, or this key preordered it before). */
bool bs_names_namespace_preorder(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                                 const char *id, const char *reveal_address, const struct bs_name_operation *operation,
                                 struct bs_error *error);
/* Words: conflict (there is one), denied (no preorder by this key for this address), usage (rules out of range). */
bool bs_names_namespace_reveal(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                               const char *id, const char *reveal_address, const struct bs_namespace_rules *rules,
                               const struct bs_name_operation *operation, struct bs_error *error);
/* By the key of the reveal address.  Words: not_found (not revealed), conflict (ready), denied (not that key). */
bool bs_names_namespace_ready(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                              const char *id, const struct bs_name_operation *operation, struct bs_error *error);
/* A name with its owner and value into a namespace that is revealed and not ready; one that was imported before is
 * overwritten.  By the key of the reveal address, or, once that one has imported something, by a key derived from it.
 * Words: not_found (no such namespace), conflict (it is ready), denied (another key), usage. */
bool bs_names_import(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                     const char *name, const char *owner_address, const char *value_hash,
                     const struct bs_name_operation *operation, struct bs_error *error);

/* The hash160 of a message, for all who watch the chain; the message itself goes nowhere.  Word: denied (owner_key owns
 * no name). */
bool bs_names_announce(struct bs_names *names, struct bs_scope *scope, struct bs_name_receipt *ret_receipt,
                       const unsigned char hash[BS_HASH160_SIZE], const struct bs_name_operation *operation,
                       struct bs_error *error);

struct bs_name_broadcast {
  char txid[BS_TXID_TEXT];
  uint64_t block;    /* that holds it */
  bool is_operation; /* false: an ordinary payment */
  bool is_accepted;
  char reason[200]; /* why it was not; "" */
};
/* Puts a transaction that was signed elsewhere or before into a block.  A refused operation is no failure: its coins
 * are spent all the same.  dry_run: only tells what would become of it.  Words: usage (no transaction), forged (a
 * signature), conflict (its coins are spent, or never were), malformed (it pays more than it has), denied (a coinbase,
 * coins that are not P2PKH), no_names (there is no chain). */
bool bs_names_broadcast(struct bs_names *names, struct bs_scope *scope, struct bs_name_broadcast *ret_broadcast,
                        const char *hex, bool dry_run, struct bs_error *error);

/* The value hash that the accepted NAME_UPDATE `txid` set for `name`.  Words: usage (not a txid), not_found (no such
 * transaction on the name), wrong_id (it did something else). */
bool bs_names_transaction_value(struct bs_names *names, struct bs_scope *scope, char value_hash[BS_VALUE_HASH_TEXT],
                                const char *name, const char *txid, struct bs_error *error);

#endif

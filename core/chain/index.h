/* SPDX-License-Identifier: MIT */
/*
 * The index: what the blocks so far say about names, in SQLite.  Derived data: bs_rules_apply makes it, block by block.
 * Everything runs on the caller's connection and, for writes, in the caller's transaction.
 *
 * Getters set *ret_found; the entry is untouched when nothing was found.
 */
#ifndef BS_CHAIN_INDEX_H
#define BS_CHAIN_INDEX_H

#include "core/chain/entry.h"
#include "core/chain/fields.h"
#include "core/state/database.h"

#define BS_CONSENSUS_WINDOW 24 /* blocks for which a consensus hash is good */

/* What tells one chain from another; the caller's, for as long as an index uses it. */
struct bs_chain_parameters {
  unsigned char magic[2];
  unsigned char address_version; /* of P2PKH addresses */
  unsigned char script_version;  /* of P2SH addresses */
  uint64_t first_block;
  size_t names_per_owner;
  size_t import_keys; /* children of a namespace's key that may import into it */
  /* Names whose owners' announcements count; the last is NULL.  NULL: those of every owner of a name. */
  const char *const *announcers;
  uint64_t undo_blocks; /* how many of the newest blocks can be rolled back */
  /* A consensus hash that blocks before the first one are taken to have, so that the first operations can name one. */
  uint64_t seed_first, seed_last;
  unsigned char seed[BS_CONSENSUS_SIZE];
};

struct bs_index {
  struct bs_database *database;
  const struct bs_chain_parameters *parameters;
};

bool bs_index_get_name(const struct bs_index *index, struct bs_name_entry *ret_entry, bool *ret_found, const char *name,
                       struct bs_error *error);
/* The name and, in the chain's order, each of its operations, by one query.  begin: once, before the first operation; not
 * called where there is no such name. */
struct bs_history_visitor {
  void (*begin)(void *user, const struct bs_name_entry *entry);
  bs_visit_operation visit;
  void *user;
};
bool bs_index_get_history(const struct bs_index *index, bool *ret_found, const char *name,
                          const struct bs_history_visitor *visitor, struct bs_error *error);
/* Of a name that has none yet, and of any. */
bool bs_index_add_name(const struct bs_index *index, const struct bs_name_entry *entry, struct bs_error *error);
bool bs_index_put_name(const struct bs_index *index, const struct bs_name_entry *entry, struct bs_error *error);
/* All names there are, revoked and expired ones with them. */
bool bs_index_count(const struct bs_index *index, uint64_t *ret_count, struct bs_error *error);
/* Appends at most `most` of them, in byte order from number `offset` on, each with a NUL behind it.  owner NULL: of
 * all, else of those that it owns, without the revoked and the expired. */
bool bs_index_list(const struct bs_index *index, struct bs_buffer *texts, size_t *ret_count,
                   const struct bs_script *owner, uint64_t offset, uint64_t most, struct bs_error *error);
/* How many names count against the owner's quota. */
bool bs_index_count_owned(const struct bs_index *index, size_t *ret_count, const struct bs_script *owner,
                          struct bs_error *error);
/* The name of `owner`, in the list by hash, that a transfer's hash is of; never a revoked one. */
bool bs_index_find_transfer(const struct bs_index *index, char name[BS_NAME_MAX + 1], bool *ret_found,
                            const struct bs_script *owner, const unsigned char hash[BS_HASH128_SIZE],
                            struct bs_error *error);
/* The consensus hashes that operations of a block may name, the newest first. */
struct bs_window {
  unsigned char hashes[BS_CONSENSUS_WINDOW][BS_CONSENSUS_SIZE];
  size_t count;
};
bool bs_index_get_window(const struct bs_index *index, struct bs_window *ret_window, uint64_t height,
                         struct bs_error *error);
/* The name of `owner`, in the list of owners and not revoked, and the consensus hash out of the window, that an
 * update's hash is of. */
bool bs_index_find_update(const struct bs_index *index, char name[BS_NAME_MAX + 1],
                          unsigned char consensus[BS_CONSENSUS_SIZE], bool *ret_found, const struct bs_script *owner,
                          const unsigned char hash[BS_HASH128_SIZE], const struct bs_window *window,
                          struct bs_error *error);

/* opcode: NAME_PREORDER or NAMESPACE_PREORDER. */
bool bs_index_get_preorder(const struct bs_index *index, struct bs_preorder_entry *ret_entry, bool *ret_found,
                           enum bs_opcode opcode, const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error);
bool bs_index_put_preorder(const struct bs_index *index, const struct bs_preorder_entry *entry, enum bs_opcode opcode,
                           struct bs_error *error);
bool bs_index_drop_preorder(const struct bs_index *index, enum bs_opcode opcode,
                            const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error);

/* Has the sender a preorder of several names? */
bool bs_index_has_multi_preorder(const struct bs_index *index, bool *ret_found, const struct bs_script *sender,
                                 struct bs_error *error);

/* The sender's registrations that wait for others, at most the first 256, in order of arrival, in one allocation (by
 * free()) with room for one more. */
bool bs_index_get_pending(const struct bs_index *index, struct bs_pending_entry **ret_entries, size_t *ret_count,
                          const struct bs_script *sender, struct bs_error *error);
bool bs_index_put_pending(const struct bs_index *index, const struct bs_script *sender, uint64_t block,
                          const struct bs_pending_entry *entry, struct bs_error *error);
bool bs_index_drop_pending(const struct bs_index *index, const struct bs_script *sender, struct bs_error *error);

/* The addresses that may import into a revealed namespace, from its first import on. */
bool bs_index_find_import_key(const struct bs_index *index, bool *ret_found, const char *id, const char *address,
                              struct bs_error *error);
bool bs_index_put_import_key(const struct bs_index *index, const char *id, const char *address,
                             struct bs_error *error);
bool bs_index_drop_import_keys(const struct bs_index *index, const char *id, struct bs_error *error);

/* A name and its namespace, as of one moment; *ret_found and *ret_name_space_found say which of them there are.
 * ret_name_space NULL: the name alone. */
bool bs_index_get_name_in_namespace(const struct bs_index *index, struct bs_name_entry *ret_entry, bool *ret_found,
                                    struct bs_namespace_entry *ret_name_space, bool *ret_name_space_found,
                                    const char *name, struct bs_error *error);
bool bs_index_get_namespace(const struct bs_index *index, struct bs_namespace_entry *ret_entry, bool *ret_found,
                            const char *id, struct bs_error *error);
bool bs_index_put_namespace(const struct bs_index *index, const struct bs_namespace_entry *entry,
                            struct bs_error *error);

/* At the end of which block a name stops being listed.  A name that is put several times has to be dropped as often,
 * as the original kept a list (namespace_preorder_reveal_import_multi_ready).  UINT64_MAX: never, nothing is kept. */
bool bs_index_put_expiry(const struct bs_index *index, uint64_t block, const char *name, struct bs_error *error);
bool bs_index_drop_expiry(const struct bs_index *index, uint64_t block, const char *name, struct bs_error *error);
/* What ends with block `height`: names that expire, and namespaces that were revealed and not made ready, whose names
 * leave the lists. */
bool bs_index_expire(const struct bs_index *index, uint64_t height, struct bs_error *error);

/* Also of seeded blocks.  operations_hash: may be NULL; zero for seeded blocks. */
bool bs_index_get_consensus(const struct bs_index *index, unsigned char consensus[BS_CONSENSUS_SIZE],
                            unsigned char operations_hash[BS_SHA256_SIZE], bool *ret_found, uint64_t block,
                            struct bs_error *error);
/* Computes it from the block's operations hash and the chain so far, and keeps it. */
bool bs_index_close_block(const struct bs_index *index, unsigned char consensus[BS_CONSENSUS_SIZE], uint64_t height,
                          const unsigned char operations_hash[BS_SHA256_SIZE], struct bs_error *error);

/* An accepted operation, `position` counting those of its block.  name, value_hash: NULL when it has none. */
bool bs_index_put_operation(const struct bs_index *index, uint64_t block, uint64_t position,
                            const unsigned char txid[BS_TXID_SIZE], enum bs_opcode opcode, const char *name,
                            const unsigned char *value_hash, const struct bs_buffer *serialised,
                            struct bs_error *error);
/* An announcement: no operation that the operations hash is over. */
bool bs_index_put_announcement(const struct bs_index *index, uint64_t block, const struct bs_entry_origin *origin,
                               const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error);
/* What was refused, and why: of no weight for any later block. */
bool bs_index_put_refused(const struct bs_index *index, uint64_t block, uint64_t vtxindex,
                          const unsigned char txid[BS_TXID_SIZE], const char *reason, struct bs_error *error);
/* What the accepted update `txid` set for `name`; *ret_found: there is an accepted operation of that txid on it. */
bool bs_index_find_value(const struct bs_index *index, unsigned char value_hash[BS_HASH160_SIZE], bool *ret_found,
                         bool *ret_update, const unsigned char txid[BS_TXID_SIZE], const char *name,
                         struct bs_error *error);
/* Did the name come to its owner with the value that it has now? */
bool bs_index_is_inherited(const struct bs_index *index, bool *ret_inherited, const struct bs_name_entry *entry,
                           struct bs_error *error);

/*
 * Rolling back (undo.c): what a block changes is kept for the newest parameters->undo_blocks blocks.  Around the
 * changes of a block: begin, keep when they are good, free always.  *ret_undo is NULL when nothing is to be kept.
 */
struct bs_undo;
bool bs_undo_begin(struct bs_undo **ret_undo, const struct bs_index *index, struct bs_error *error);
bool bs_undo_keep(struct bs_undo *undo, const struct bs_index *index, uint64_t height, struct bs_error *error);
void bs_undo_free(struct bs_undo *undo);
/* Undoes all blocks above `height`, within the caller's write transaction.  Word: not_found (changes of one of them are
 * not kept), corrupt (what was kept is not what was once written). */
bool bs_index_rollback(const struct bs_index *index, uint64_t height, struct bs_error *error);
/* Is what is kept for rolling back what was once written?  *ret_block: where not, the first block of which it is not.  From
 * schema 5 of the index on. */
bool bs_undo_check(const struct bs_index *index, uint64_t *ret_block, bool *ret_whole, struct bs_error *error);

/* ---- questions.c ---- */
/* Names of one namespace, as bs_index_list. */
bool bs_index_list_in_namespace(const struct bs_index *index, struct bs_buffer *texts, size_t *ret_count,
                                const char *id, uint64_t offset, uint64_t most, struct bs_error *error);
/* The accepted operations of a block, in its order. */
bool bs_index_operations_at(const struct bs_index *index, uint64_t block, bs_visit_operation visit, void *user,
                            struct bs_error *error);
/* Those on a name in the blocks `first` to `last`, in the chain's order.  A preorder does not tell its name. */
bool bs_index_operations_on(const struct bs_index *index, const char *name, uint64_t first, uint64_t last,
                            bs_visit_operation visit, void *user, struct bs_error *error);
/* The block that has this consensus hash, no seeded one.  In a file of a schema before 5 all are looked through. */
bool bs_index_find_block(const struct bs_index *index, uint64_t *ret_block, bool *ret_found,
                         const unsigned char consensus[BS_CONSENSUS_SIZE], struct bs_error *error);
bool bs_index_announcements_at(const struct bs_index *index, uint64_t block, bs_visit_announcement visit,
                               void *user, struct bs_error *error);
/* What was refused of a block, in its order. */
bool bs_index_refused_at(const struct bs_index *index, uint64_t block, bs_visit_refused visit, void *user,
                         struct bs_error *error);
/* A file of an older schema that is only read may lack it. */
bool bs_index_has_table(const struct bs_index *index, bool *ret_has, const char *table, struct bs_error *error);

#endif

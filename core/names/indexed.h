/* SPDX-License-Identifier: MIT */
/*
 * What an index on this machine answers, for every provider that has one: its state begins with a struct bs_indexed, and its
 * table has BS_INDEXED_QUESTIONS.  The functions are provider.h's members of the same name.
 */
#ifndef BS_NAMES_INDEXED_H
#define BS_NAMES_INDEXED_H

#include "core/chain/index.h"
#include "core/names/provider.h"

struct bs_indexed {
  const struct bs_index *index; /* the provider's; NULL: it is not open, and not asked */
  uint64_t cache;               /* bytes of it that are kept in memory; 0: as SQLite does */
};

/* Another connection, to be asked from now on; it keeps as much as the cache says. */
bool bs_indexed_use(struct bs_indexed *indexed, const struct bs_index *index, struct bs_error *error);

bool bs_indexed_get_name(void *state, struct bs_name_entry *ret_entry, bool *ret_found,
                         struct bs_namespace_entry *ret_name_space, bool *ret_name_space_found, const char *name,
                         struct bs_error *error);
bool bs_indexed_get_history(void *state, bool *ret_found, const char *name, const struct bs_history_visitor *visitor,
                            struct bs_error *error);
bool bs_indexed_is_inherited(void *state, bool *ret_inherited, const struct bs_name_entry *entry, struct bs_error *error);
bool bs_indexed_get_namespace(void *state, struct bs_namespace_entry *ret_entry, bool *ret_found, const char *id,
                              struct bs_error *error);
bool bs_indexed_get_preorder(void *state, struct bs_preorder_entry *ret_entry, bool *ret_found, enum bs_opcode opcode,
                             const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error);
bool bs_indexed_list(void *state, struct bs_buffer *texts, size_t *ret_count, const unsigned char *owner_hash,
                     uint64_t offset, uint64_t count, struct bs_error *error);
bool bs_indexed_list_in_namespace(void *state, struct bs_buffer *texts, size_t *ret_count, const char *id, uint64_t offset,
                                  uint64_t count, struct bs_error *error);
bool bs_indexed_operations_at(void *state, uint64_t block, bs_visit_operation visit, void *user, struct bs_error *error);
bool bs_indexed_operations_on(void *state, const char *name, uint64_t first, uint64_t last, bs_visit_operation visit,
                              void *user, struct bs_error *error);
bool bs_indexed_announcements_at(void *state, uint64_t block, bs_visit_announcement visit, void *user,
                                 struct bs_error *error);
bool bs_indexed_refused_at(void *state, uint64_t block, bs_visit_refused visit, void *user, struct bs_error *error);
bool bs_indexed_consensus_at(void *state, unsigned char consensus[BS_CONSENSUS_SIZE], bool *ret_found, uint64_t block,
                             struct bs_error *error);
bool bs_indexed_operations_hash_at(void *state, unsigned char hash[BS_SHA256_SIZE], bool *ret_found, uint64_t block,
                                   struct bs_error *error);
bool bs_indexed_block_of(void *state, uint64_t *ret_block, bool *ret_found, const unsigned char consensus[BS_CONSENSUS_SIZE],
                         struct bs_error *error);
bool bs_indexed_find_value(void *state, unsigned char value_hash[BS_HASH160_SIZE], bool *ret_found, bool *ret_update,
                           const unsigned char txid[BS_TXID_SIZE], const char *name, struct bs_error *error);

#define BS_INDEXED_QUESTIONS                                                                                          \
  .get_name = bs_indexed_get_name, .get_history = bs_indexed_get_history, .is_inherited = bs_indexed_is_inherited,    \
  .get_namespace = bs_indexed_get_namespace, .get_preorder = bs_indexed_get_preorder, .list = bs_indexed_list,        \
  .list_in_namespace = bs_indexed_list_in_namespace, .operations_at = bs_indexed_operations_at,                       \
  .operations_on = bs_indexed_operations_on, .announcements_at = bs_indexed_announcements_at,                         \
  .refused_at = bs_indexed_refused_at, .consensus_at = bs_indexed_consensus_at,                                       \
  .operations_hash_at = bs_indexed_operations_hash_at, .block_of = bs_indexed_block_of,                               \
  .find_value = bs_indexed_find_value

#endif

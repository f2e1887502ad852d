/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/indexed.h"

#include <inttypes.h>
#include <stdio.h>

bool bs_indexed_use(struct bs_indexed *indexed, const struct bs_index *index, struct bs_error *error) {
  char sql[64];

  snprintf(sql, sizeof sql, "PRAGMA cache_size = -%" PRIu64, indexed->cache / 1024);
  if (indexed->cache != 0 && !bs_database_execute(index->database, sql, error)) return false;
  indexed->index = index;
  return true;
}

static const struct bs_index *index_of(const void *state) {
  return ((const struct bs_indexed *)state)->index;
}

bool bs_indexed_get_name(void *state, struct bs_name_entry *ret_entry, bool *ret_found,
                         struct bs_namespace_entry *ret_name_space, bool *ret_name_space_found, const char *name,
                         struct bs_error *error) {
  return bs_index_get_name_in_namespace(index_of(state), ret_entry, ret_found, ret_name_space, ret_name_space_found, name, error);
}

bool bs_indexed_get_history(void *state, bool *ret_found, const char *name, const struct bs_history_visitor *visitor,
                            struct bs_error *error) {
  return bs_index_get_history(index_of(state), ret_found, name, visitor, error);
}

bool bs_indexed_is_inherited(void *state, bool *ret_inherited, const struct bs_name_entry *entry, struct bs_error *error) {
  return bs_index_is_inherited(index_of(state), ret_inherited, entry, error);
}

bool bs_indexed_get_namespace(void *state, struct bs_namespace_entry *ret_entry, bool *ret_found, const char *id,
                              struct bs_error *error) {
  return bs_index_get_namespace(index_of(state), ret_entry, ret_found, id, error);
}

bool bs_indexed_get_preorder(void *state, struct bs_preorder_entry *ret_entry, bool *ret_found, enum bs_opcode opcode,
                             const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  return bs_index_get_preorder(index_of(state), ret_entry, ret_found, opcode, hash, error);
}

bool bs_indexed_list(void *state, struct bs_buffer *texts, size_t *ret_count, const unsigned char *owner_hash,
                     uint64_t offset, uint64_t count, struct bs_error *error) {
  struct bs_script owner;

  if (owner_hash != NULL) bs_script_pay_to(&owner, owner_hash);
  return bs_index_list(index_of(state), texts, ret_count, owner_hash == NULL ? NULL : &owner, offset, count, error);
}

bool bs_indexed_list_in_namespace(void *state, struct bs_buffer *texts, size_t *ret_count, const char *id, uint64_t offset,
                                  uint64_t count, struct bs_error *error) {
  return bs_index_list_in_namespace(index_of(state), texts, ret_count, id, offset, count, error);
}

bool bs_indexed_operations_at(void *state, uint64_t block, bs_visit_operation visit, void *user, struct bs_error *error) {
  return bs_index_operations_at(index_of(state), block, visit, user, error);
}

bool bs_indexed_operations_on(void *state, const char *name, uint64_t first, uint64_t last, bs_visit_operation visit,
                              void *user, struct bs_error *error) {
  return bs_index_operations_on(index_of(state), name, first, last, visit, user, error);
}

bool bs_indexed_announcements_at(void *state, uint64_t block, bs_visit_announcement visit, void *user,
                                 struct bs_error *error) {
  return bs_index_announcements_at(index_of(state), block, visit, user, error);
}

bool bs_indexed_refused_at(void *state, uint64_t block, bs_visit_refused visit, void *user, struct bs_error *error) {
  return bs_index_refused_at(index_of(state), block, visit, user, error);
}

bool bs_indexed_consensus_at(void *state, unsigned char consensus[BS_CONSENSUS_SIZE], bool *ret_found, uint64_t block,
                             struct bs_error *error) {
  return bs_index_get_consensus(index_of(state), consensus, NULL, ret_found, block, error);
}

bool bs_indexed_operations_hash_at(void *state, unsigned char hash[BS_SHA256_SIZE], bool *ret_found, uint64_t block,
                                   struct bs_error *error) {
  unsigned char consensus[BS_CONSENSUS_SIZE];

  return bs_index_get_consensus(index_of(state), consensus, hash, ret_found, block, error);
}

bool bs_indexed_block_of(void *state, uint64_t *ret_block, bool *ret_found, const unsigned char consensus[BS_CONSENSUS_SIZE],
                         struct bs_error *error) {
  return bs_index_find_block(index_of(state), ret_block, ret_found, consensus, error);
}

bool bs_indexed_find_value(void *state, unsigned char value_hash[BS_HASH160_SIZE], bool *ret_found, bool *ret_update,
                           const unsigned char txid[BS_TXID_SIZE], const char *name, struct bs_error *error) {
  return bs_index_find_value(index_of(state), value_hash, ret_found, ret_update, txid, name, error);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/chain/index.h"

#include <string.h>

#include "core/chain/consensus.h"
#include "core/chain/statements.h"

#define REVEAL_LIFETIME 52595 /* blocks from a namespace's preorder in which it must be made ready */

/* Six columns from `column` on; blobs of several sizes are bounded here. */
static bool read_origin(const struct bs_index *index, sqlite3_stmt *row, int column, struct bs_entry_origin *origin,
                        struct bs_error *error) {
  struct bs_database *database = index->database;

  origin->sender.length = (size_t)sqlite3_column_bytes(row, column);
  origin->public_key.length = (size_t)sqlite3_column_bytes(row, column + 1);
  if (origin->sender.length > BS_SCRIPT_MAX) origin->sender.length = 0; /* then the sizes differ below */
  if (origin->public_key.length > BS_PUBLIC_KEY_MAX) origin->public_key.length = 0;
  origin->vtxindex = bs_row_integer(row, column + 5);
  return bs_row_bytes(database, row, column, origin->sender.bytes, origin->sender.length, error) &&
         bs_row_bytes(database, row, column + 1, origin->public_key.bytes, origin->public_key.length, error) &&
         bs_row_text(database, row, column + 2, origin->address, sizeof origin->address, error) &&
         bs_row_text(database, row, column + 3, origin->op, sizeof origin->op, error) &&
         bs_row_bytes(database, row, column + 4, origin->txid, sizeof origin->txid, error);
}

static bool read_script(const struct bs_index *index, sqlite3_stmt *row, int column, struct bs_script *script,
                        struct bs_error *error) {
  size_t length = (size_t)sqlite3_column_bytes(row, column);

  script->length = length <= BS_SCRIPT_MAX ? length : 0;
  return bs_row_bytes(index->database, row, column, script->bytes, script->length, error);
}

/* A blob that may be NULL. */
static bool read_optional(const struct bs_index *index, sqlite3_stmt *row, int column, bool *ret_present, void *bytes,
                          size_t length, struct bs_error *error) {
  *ret_present = sqlite3_column_type(row, column) != SQLITE_NULL;
  return !*ret_present || bs_row_bytes(index->database, row, column, bytes, length, error);
}

static bool read_name(const struct bs_index *index, sqlite3_stmt *row, struct bs_name_entry *entry,
                      struct bs_error *error) {
  struct bs_database *database = index->database;

  entry->block_number = bs_row_integer(row, 8);
  entry->preorder_block_number = bs_row_integer(row, 9);
  entry->first_registered = bs_row_integer(row, 10);
  entry->last_renewed = bs_row_integer(row, 11);
  entry->revoked = bs_row_integer(row, 12) != 0;
  entry->listed = (unsigned)bs_row_integer(row, 17);
  entry->changed_block = bs_row_integer(row, 18);
  return bs_row_text(database, row, 0, entry->name, sizeof entry->name, error) &&
         read_origin(index, row, 1, &entry->origin, error) &&
         read_optional(index, row, 7, &entry->has_value, entry->value_hash, sizeof entry->value_hash, error) &&
         bs_row_text(database, row, 13, entry->op_fee, sizeof entry->op_fee, error) &&
         read_script(index, row, 14, &entry->importer, error) &&
         bs_row_text(database, row, 15, entry->importer_address, sizeof entry->importer_address, error) &&
         read_optional(index, row, 16, &entry->has_consensus, entry->consensus, sizeof entry->consensus, error);
}

/* The row stays open: what is read before it is let go of is of the same moment. */
static bool find_name(const struct bs_index *index, sqlite3_stmt **row, struct bs_name_entry *ret_entry,
                      const char *name, struct bs_error *error) {
  struct bs_name_entry entry = {0};

  if (!bs_database_query(index->database, BS_SQL_get_name, row, BS_VALUES(bs_value_text(name)), error)) return false;
  if (*row == NULL) return true;
  if (!read_name(index, *row, &entry, error)) return false;
  *ret_entry = entry;
  return true;
}

bool bs_index_get_name(const struct bs_index *index, struct bs_name_entry *ret_entry, bool *ret_found, const char *name,
                       struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!find_name(index, &row, ret_entry, name, error)) return false;
  *ret_found = row != NULL;
  return true;
}

#define FIRST_OF_OPERATION 19 /* behind the columns of a name */

/* The operation of the row, which is that of no name where there is none. */
static bool visit_row(sqlite3_stmt *row, const struct bs_history_visitor *visitor, struct bs_error *error) {
  struct bs_fields fields;

  if (sqlite3_column_type(row, FIRST_OF_OPERATION) == SQLITE_NULL) return true;
  return bs_fields_read(&fields, sqlite3_column_blob(row, FIRST_OF_OPERATION + 1),
                        (size_t)sqlite3_column_bytes(row, FIRST_OF_OPERATION + 1), error) &&
         visitor->visit(visitor->user, bs_row_integer(row, FIRST_OF_OPERATION), &fields, error);
}

bool bs_index_get_history(const struct bs_index *index, bool *ret_found, const char *name,
                          const struct bs_history_visitor *visitor, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_name_entry entry = {0};

  if (!bs_database_query(index->database, BS_SQL_get_history, &row, BS_VALUES(bs_value_text(name)), error)) return false;
  *ret_found = row != NULL;
  if (row == NULL) return true;
  if (!read_name(index, row, &entry, error)) return false;
  visitor->begin(visitor->user, &entry);
  while (row != NULL)
    if (!visit_row(row, visitor, error) || !bs_database_next(index->database, &row, error)) return false;
  return true;
}

bool bs_index_get_name_in_namespace(const struct bs_index *index, struct bs_name_entry *ret_entry, bool *ret_found,
                                    struct bs_namespace_entry *ret_name_space, bool *ret_name_space_found,
                                    const char *name, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!find_name(index, &row, ret_entry, name, error)) return false;
  if (ret_name_space != NULL &&
      !bs_index_get_namespace(index, ret_name_space, ret_name_space_found, bs_name_namespace(name), error))
    return false;
  *ret_found = row != NULL;
  return true;
}

static struct bs_value script_value(const struct bs_script *script) {
  return bs_value_blob(script->bytes, script->length);
}

/* which: BS_SQL_add_name or BS_SQL_change_name, which have the same parameters. */
static bool write_name(const struct bs_index *index, enum bs_chain_statement which, const struct bs_name_entry *entry,
                       struct bs_error *error) {
  const struct bs_entry_origin *origin = &entry->origin;

  return bs_database_run(
      index->database, which,
      BS_VALUES(bs_value_text(entry->name), script_value(&origin->sender),
                bs_value_blob(origin->public_key.bytes, origin->public_key.length), bs_value_text(origin->address),
                bs_value_text(origin->op), bs_value_blob(origin->txid, sizeof origin->txid),
                bs_value_integer(origin->vtxindex),
                bs_value_blob(entry->has_value ? entry->value_hash : NULL, sizeof entry->value_hash),
                bs_value_integer(entry->block_number), bs_value_integer(entry->preorder_block_number),
                bs_value_integer(entry->first_registered), bs_value_integer(entry->last_renewed),
                bs_value_integer(entry->revoked), bs_value_text(entry->op_fee), script_value(&entry->importer),
                bs_value_text(entry->importer_address),
                bs_value_blob(entry->has_consensus ? entry->consensus : NULL, sizeof entry->consensus),
                bs_value_integer(entry->listed), bs_value_integer(entry->changed_block)),
      error);
}

bool bs_index_add_name(const struct bs_index *index, const struct bs_name_entry *entry, struct bs_error *error) {
  return write_name(index, BS_SQL_add_name, entry, error);
}

/* Mostly nothing changes that an index is on: then none of them is written. */
bool bs_index_put_name(const struct bs_index *index, const struct bs_name_entry *entry, struct bs_error *error) {
  if (!write_name(index, BS_SQL_change_name, entry, error)) return false;
  return sqlite3_changes(index->database->sqlite) > 0 || write_name(index, BS_SQL_add_name, entry, error);
}

bool bs_index_count_owned(const struct bs_index *index, size_t *ret_count, const struct bs_script *owner,
                          struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!bs_database_query(index->database, BS_SQL_count_of_sender, &row,
                         BS_VALUES(bs_value_blob(owner->bytes, owner->length)), error))
    return false;
  *ret_count = row != NULL ? bs_row_integer(row, 0) : 0;
  return true;
}

bool bs_index_count(const struct bs_index *index, uint64_t *ret_count, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!bs_database_query(index->database, BS_SQL_count_names, &row, BS_NO_VALUES, error)) return false;
  *ret_count = row != NULL ? bs_row_integer(row, 0) : 0;
  return true;
}

bool bs_index_get_window(const struct bs_index *index, struct bs_window *ret_window, uint64_t height,
                         struct bs_error *error) {
  struct bs_window window = {.count = 0};

  for (uint64_t back = 1; back <= BS_CONSENSUS_WINDOW && back <= height; back++) {
    bool found;

    if (!bs_index_get_consensus(index, window.hashes[window.count], NULL, &found, height - back, error)) return false;
    if (found) window.count++;
  }
  *ret_window = window;
  return true;
}

/* The name of `owner` that is in `list` and `matches`. */
static bool find_owned(const struct bs_index *index, char name[BS_NAME_MAX + 1], bool *ret_found,
                       const struct bs_script *owner, enum bs_lists list,
                       bool (*matches)(void *user, const char *name), void *user, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  *ret_found = false;
  if (!bs_database_query(index->database, BS_SQL_names_of_sender, &row,
                         BS_VALUES(script_value(owner), bs_value_integer(list)), error))
    return false;
  while (row != NULL) {
    if (!bs_row_text(index->database, row, 0, name, BS_NAME_MAX + 1, error)) return false;
    *ret_found = matches(user, name);
    if (*ret_found) return true;
    if (!bs_database_next(index->database, &row, error)) return false;
  }
  return true;
}

static bool matches_transfer(void *user, const char *name) {
  unsigned char hash[BS_HASH128_SIZE];

  bs_hash128(hash, name, strlen(name));
  return memcmp(hash, user, sizeof hash) == 0;
}

bool bs_index_find_transfer(const struct bs_index *index, char name[BS_NAME_MAX + 1], bool *ret_found,
                            const struct bs_script *owner, const unsigned char hash[BS_HASH128_SIZE],
                            struct bs_error *error) {
  unsigned char wanted[BS_HASH128_SIZE];

  memcpy(wanted, hash, sizeof wanted);
  return find_owned(index, name, ret_found, owner, BS_LIST_BY_HASH, matches_transfer, wanted, error);
}

struct wanted_update {
  const unsigned char *hash;
  const struct bs_window *window;
  unsigned char consensus[BS_CONSENSUS_SIZE]; /* out: of the window, under which it matched */
};

static bool matches_update(void *user, const char *name) {
  struct wanted_update *wanted = user;
  unsigned char hash[BS_HASH128_SIZE];

  for (size_t i = 0; i < wanted->window->count; i++) {
    memcpy(wanted->consensus, wanted->window->hashes[i], BS_CONSENSUS_SIZE);
    bs_update_hash(hash, name, wanted->consensus);
    if (memcmp(hash, wanted->hash, sizeof hash) == 0) return true;
  }
  return false;
}

bool bs_index_find_update(const struct bs_index *index, char name[BS_NAME_MAX + 1],
                          unsigned char consensus[BS_CONSENSUS_SIZE], bool *ret_found, const struct bs_script *owner,
                          const unsigned char hash[BS_HASH128_SIZE], const struct bs_window *window,
                          struct bs_error *error) {
  struct wanted_update wanted = {.hash = hash, .window = window};

  if (!find_owned(index, name, ret_found, owner, BS_LIST_OF_OWNER, matches_update, &wanted, error)) return false;
  if (*ret_found) memcpy(consensus, wanted.consensus, BS_CONSENSUS_SIZE);
  return true;
}

bool bs_index_get_preorder(const struct bs_index *index, struct bs_preorder_entry *ret_entry, bool *ret_found,
                           enum bs_opcode opcode, const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_preorder_entry entry = {0};

  if (!bs_database_query(index->database, BS_SQL_get_preorder, &row,
                         BS_VALUES(bs_value_integer(opcode), bs_value_blob(hash, BS_HASH160_SIZE)), error))
    return false;
  *ret_found = row != NULL;
  if (row == NULL) return true;
  entry.block_number = bs_row_integer(row, 8);
  entry.op_fee = bs_row_integer(row, 9);
  if (!bs_row_bytes(index->database, row, 0, entry.hash, sizeof entry.hash, error) ||
      !read_origin(index, row, 1, &entry.origin, error) ||
      !bs_row_bytes(index->database, row, 7, entry.consensus, sizeof entry.consensus, error))
    return false;
  *ret_entry = entry;
  return true;
}

bool bs_index_put_preorder(const struct bs_index *index, const struct bs_preorder_entry *entry, enum bs_opcode opcode,
                           struct bs_error *error) {
  const struct bs_entry_origin *origin = &entry->origin;

  return bs_database_run(
      index->database, BS_SQL_put_preorder,
      BS_VALUES(bs_value_integer(opcode), bs_value_blob(entry->hash, sizeof entry->hash),
                bs_value_blob(origin->sender.bytes, origin->sender.length),
                bs_value_blob(origin->public_key.bytes, origin->public_key.length), bs_value_text(origin->address),
                bs_value_text(origin->op), bs_value_blob(origin->txid, sizeof origin->txid),
                bs_value_integer(origin->vtxindex), bs_value_blob(entry->consensus, sizeof entry->consensus),
                bs_value_integer(entry->block_number), bs_value_integer(entry->op_fee)),
      error);
}

bool bs_index_drop_preorder(const struct bs_index *index, enum bs_opcode opcode,
                            const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  return bs_database_run(index->database, BS_SQL_drop_preorder,
                         BS_VALUES(bs_value_integer(opcode), bs_value_blob(hash, BS_HASH160_SIZE)), error);
}

/* Is there a row? */
static bool exists(const struct bs_index *index, bool *ret_found, size_t which, const struct bs_value *values,
                   size_t count, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!bs_database_query(index->database, which, &row, values, count, error)) return false;
  *ret_found = row != NULL;
  return true;
}

bool bs_index_has_table(const struct bs_index *index, bool *ret_has, const char *table, struct bs_error *error) {
  return exists(index, ret_has, BS_SQL_has_table, BS_VALUES(bs_value_text(table)), error);
}

bool bs_index_has_multi_preorder(const struct bs_index *index, bool *ret_found, const struct bs_script *sender,
                                 struct bs_error *error) {
  return exists(index, ret_found, BS_SQL_multi_preorder_of_sender, BS_VALUES(script_value(sender)), error);
}

static bool read_pending(const struct bs_index *index, sqlite3_stmt *row, struct bs_pending_entry *entry,
                         struct bs_error *error) {
  struct bs_database *database = index->database;

  entry->vtxindex = bs_row_integer(row, 4);
  return bs_row_text(database, row, 0, entry->name, sizeof entry->name, error) &&
         read_script(index, row, 1, &entry->recipient, error) &&
         bs_row_text(database, row, 2, entry->recipient_address, sizeof entry->recipient_address, error) &&
         bs_row_bytes(database, row, 3, entry->txid, sizeof entry->txid, error);
}

static bool read_all_pending(const struct bs_index *index, sqlite3_stmt **row, struct bs_pending_entry **entries,
                             size_t *count, struct bs_error *error) {
  for (;; ++*count) {
    struct bs_pending_entry *grown = reallocarray(*entries, *count + 1, sizeof *grown);

    if (grown == NULL) return bs_fail_memory(error);
    *entries = grown;
    grown[*count] = (struct bs_pending_entry){.vtxindex = 0};
    if (*row == NULL) return true;
    if (!read_pending(index, *row, &grown[*count], error) || !bs_database_next(index->database, row, error))
      return false;
  }
}

bool bs_index_get_pending(const struct bs_index *index, struct bs_pending_entry **ret_entries, size_t *ret_count,
                          const struct bs_script *sender, struct bs_error *error) {
  struct bs_pending_entry *entries = NULL;
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  size_t count = 0;

  if (!bs_database_query(index->database, BS_SQL_pending_of_sender, &row, BS_VALUES(script_value(sender)), error))
    return false;
  if (!read_all_pending(index, &row, &entries, &count, error)) {
    free(entries);
    return false;
  }
  *ret_entries = entries;
  *ret_count = count;
  return true;
}

bool bs_index_put_pending(const struct bs_index *index, const struct bs_script *sender, uint64_t block,
                          const struct bs_pending_entry *entry, struct bs_error *error) {
  return bs_database_run(index->database, BS_SQL_put_pending,
                         BS_VALUES(script_value(sender), bs_value_integer(block), bs_value_integer(entry->vtxindex),
                                   bs_value_text(entry->name), script_value(&entry->recipient),
                                   bs_value_text(entry->recipient_address),
                                   bs_value_blob(entry->txid, sizeof entry->txid)),
                         error);
}

bool bs_index_drop_pending(const struct bs_index *index, const struct bs_script *sender, struct bs_error *error) {
  return bs_database_run(index->database, BS_SQL_drop_pending, BS_VALUES(script_value(sender)), error);
}

bool bs_index_find_import_key(const struct bs_index *index, bool *ret_found, const char *id, const char *address,
                              struct bs_error *error) {
  return exists(index, ret_found, BS_SQL_get_import_key, BS_VALUES(bs_value_text(id), bs_value_text(address)), error);
}

bool bs_index_put_import_key(const struct bs_index *index, const char *id, const char *address,
                             struct bs_error *error) {
  return bs_database_run(index->database, BS_SQL_put_import_key, BS_VALUES(bs_value_text(id), bs_value_text(address)),
                         error);
}

bool bs_index_drop_import_keys(const struct bs_index *index, const char *id, struct bs_error *error) {
  return bs_database_run(index->database, BS_SQL_drop_import_keys, BS_VALUES(bs_value_text(id)), error);
}

/* Values that no reveal can have would be other ones when they are told. */
static bool read_rules(const struct bs_index *index, sqlite3_stmt *row, struct bs_namespace_rules *rules,
                       struct bs_error *error) {
  struct bs_database *database = index->database;
  uint64_t lifetime, coeff, base, nonalpha, no_vowel;

  if (!bs_row_number(database, row, 12, &lifetime, 0, UINT32_MAX, error) ||
      !bs_row_number(database, row, 13, &coeff, 0, UINT8_MAX, error) ||
      !bs_row_number(database, row, 14, &base, 0, UINT8_MAX, error) ||
      !bs_row_number(database, row, 16, &nonalpha, 1, 15, error) ||
      !bs_row_number(database, row, 17, &no_vowel, 1, 15, error) ||
      !bs_row_bytes(database, row, 15, rules->buckets, BS_BUCKETS, error))
    return false;
  for (size_t i = 0; i < BS_BUCKETS; i++)
    if (rules->buckets[i] > 15)
      return bs_fail(error, BS_WORD_corrupt, "%s: A namespace's bucket exponent is out of its range.", database->path);
  rules->lifetime = (uint32_t)lifetime;
  rules->coeff = (uint8_t)coeff;
  rules->base = (uint8_t)base;
  rules->nonalpha_discount = (uint8_t)nonalpha;
  rules->no_vowel_discount = (uint8_t)no_vowel;
  return true;
}

static bool read_namespace(const struct bs_index *index, sqlite3_stmt *row, struct bs_namespace_entry *entry,
                           struct bs_error *error) {
  struct bs_database *database = index->database;
  uint64_t version;

  entry->state = bs_row_integer(row, 7) == BS_NAMESPACE_IS_READY ? BS_NAMESPACE_IS_READY : BS_NAMESPACE_REVEALED;
  entry->block_number = bs_row_integer(row, 18);
  entry->reveal_block = bs_row_integer(row, 19);
  entry->ready_block = bs_row_integer(row, 20);
  if (!bs_row_number(database, row, 11, &version, 0, UINT16_MAX, error)) return false;
  entry->version = (uint16_t)version;
  return bs_row_text(database, row, 0, entry->id, sizeof entry->id, error) &&
         read_origin(index, row, 1, &entry->origin, error) &&
         bs_row_bytes(database, row, 8, entry->hash, sizeof entry->hash, error) &&
         read_script(index, row, 9, &entry->recipient, error) &&
         bs_row_text(database, row, 10, entry->recipient_address, sizeof entry->recipient_address, error) &&
         read_rules(index, row, &entry->rules, error);
}

bool bs_index_get_namespace(const struct bs_index *index, struct bs_namespace_entry *ret_entry, bool *ret_found,
                            const char *id, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_namespace_entry entry = {0};

  if (!bs_database_query(index->database, BS_SQL_get_namespace, &row, BS_VALUES(bs_value_text(id)), error))
    return false;
  *ret_found = row != NULL;
  if (row == NULL) return true;
  if (!read_namespace(index, row, &entry, error)) return false;
  *ret_entry = entry;
  return true;
}

bool bs_index_put_namespace(const struct bs_index *index, const struct bs_namespace_entry *entry,
                            struct bs_error *error) {
  const struct bs_entry_origin *origin = &entry->origin;
  const struct bs_namespace_rules *rules = &entry->rules;

  return bs_database_run(
      index->database, BS_SQL_put_namespace,
      BS_VALUES(bs_value_text(entry->id), bs_value_blob(origin->sender.bytes, origin->sender.length),
                bs_value_blob(origin->public_key.bytes, origin->public_key.length), bs_value_text(origin->address),
                bs_value_text(origin->op), bs_value_blob(origin->txid, sizeof origin->txid),
                bs_value_integer(origin->vtxindex), bs_value_integer(entry->state),
                bs_value_blob(entry->hash, sizeof entry->hash),
                bs_value_blob(entry->recipient.bytes, entry->recipient.length), bs_value_text(entry->recipient_address),
                bs_value_integer(entry->version), bs_value_integer(rules->lifetime), bs_value_integer(rules->coeff),
                bs_value_integer(rules->base), bs_value_blob(rules->buckets, BS_BUCKETS),
                bs_value_integer(rules->nonalpha_discount), bs_value_integer(rules->no_vowel_discount),
                bs_value_integer(entry->block_number), bs_value_integer(entry->reveal_block),
                bs_value_integer(entry->ready_block)),
      error);
}

bool bs_index_put_expiry(const struct bs_index *index, uint64_t block, const char *name, struct bs_error *error) {
  if (block == UINT64_MAX) return true;
  return bs_database_run(index->database, BS_SQL_put_expiry, BS_VALUES(bs_value_integer(block), bs_value_text(name)),
                         error);
}

bool bs_index_drop_expiry(const struct bs_index *index, uint64_t block, const char *name, struct bs_error *error) {
  const struct bs_value key[] = {bs_value_integer(block), bs_value_text(name)};

  return block == UINT64_MAX || (bs_database_run(index->database, BS_SQL_take_expiry, key, 2, error) &&
                                 bs_database_run(index->database, BS_SQL_drop_expiry, key, 2, error));
}

/* A reveal that was not made ready in time, and its names.  There is hardly ever one: its names are only looked for then,
 * as that reads all of them. */
static bool lapse(const struct bs_index *index, const struct bs_value *now, struct bs_error *error) {
  bool found;

  if (!exists(index, &found, BS_SQL_get_lapsed, now, 2, error)) return false;
  return !found || (bs_database_run(index->database, BS_SQL_unlist_names_of_revealed, now, 2, error) &&
                    bs_database_run(index->database, BS_SQL_drop_keys_of_revealed, now, 2, error) &&
                    bs_database_run(index->database, BS_SQL_drop_namespaces_revealed, now, 2, error));
}

bool bs_index_expire(const struct bs_index *index, uint64_t height, struct bs_error *error) {
  const struct bs_value now[] = {bs_value_integer(height), bs_value_integer(REVEAL_LIFETIME)};

  return bs_database_run(index->database, BS_SQL_expire_names, now, 1, error) &&
         bs_database_run(index->database, BS_SQL_drop_expiries, now, 1, error) && lapse(index, now, error);
}

static bool is_seeded(const struct bs_chain_parameters *parameters, uint64_t block) {
  return block >= parameters->seed_first && block <= parameters->seed_last;
}

bool bs_index_get_consensus(const struct bs_index *index, unsigned char consensus[BS_CONSENSUS_SIZE],
                            unsigned char operations_hash[BS_SHA256_SIZE], bool *ret_found, uint64_t block,
                            struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  *ret_found = false;
  if (block < index->parameters->first_block) {
    if (!is_seeded(index->parameters, block)) return true;
    memcpy(consensus, index->parameters->seed, BS_CONSENSUS_SIZE);
    if (operations_hash != NULL) memset(operations_hash, 0, BS_SHA256_SIZE);
    *ret_found = true;
    return true;
  }
  if (!bs_database_query(index->database, BS_SQL_get_consensus, &row, BS_VALUES(bs_value_integer(block)), error))
    return false;
  if (row == NULL) return true;
  *ret_found = true;
  return bs_row_bytes(index->database, row, 0, consensus, BS_CONSENSUS_SIZE, error) &&
         (operations_hash == NULL || bs_row_bytes(index->database, row, 1, operations_hash, BS_SHA256_SIZE, error));
}

bool bs_index_close_block(const struct bs_index *index, unsigned char consensus[BS_CONSENSUS_SIZE], uint64_t height,
                          const unsigned char operations_hash[BS_SHA256_SIZE], struct bs_error *error) {
  struct bs_leaf previous[BS_CONSENSUS_PREVIOUS_MAX];
  size_t count = 0;

  for (uint64_t back = 1; back <= height && height - back >= index->parameters->first_block; back = back * 2 + 1) {
    bool found;

    if (!bs_index_get_consensus(index, previous[count].bytes, NULL, &found, height - back, error)) return false;
    if (!found)
      return bs_fail(error, BS_WORD_corrupt, "%s: A block's consensus hash is missing.", index->database->path);
    previous[count++].length = BS_CONSENSUS_SIZE;
  }
  bs_consensus_hash(consensus, operations_hash, previous, count);
  return bs_database_run(index->database, BS_SQL_put_consensus,
                         BS_VALUES(bs_value_integer(height), bs_value_blob(consensus, BS_CONSENSUS_SIZE),
                                   bs_value_blob(operations_hash, BS_SHA256_SIZE)),
                         error);
}

bool bs_index_put_operation(const struct bs_index *index, uint64_t block, uint64_t position,
                            const unsigned char txid[BS_TXID_SIZE], enum bs_opcode opcode, const char *name,
                            const unsigned char *value_hash, const struct bs_buffer *serialised,
                            struct bs_error *error) {
  return bs_database_run(
      index->database, BS_SQL_put_operation,
      BS_VALUES(bs_value_integer(block), bs_value_integer(position), bs_value_blob(txid, BS_TXID_SIZE),
                bs_value_integer(opcode), bs_value_text(name), bs_value_blob(value_hash, BS_HASH160_SIZE),
                bs_value_blob(serialised->bytes, serialised->length)),
      error);
}

bool bs_index_put_announcement(const struct bs_index *index, uint64_t block, const struct bs_entry_origin *origin,
                               const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  return bs_database_run(index->database, BS_SQL_put_announcement,
                         BS_VALUES(bs_value_integer(block), bs_value_integer(origin->vtxindex),
                                   bs_value_blob(origin->txid, sizeof origin->txid), bs_value_text(origin->address),
                                   bs_value_blob(hash, BS_HASH160_SIZE)),
                         error);
}

bool bs_index_put_refused(const struct bs_index *index, uint64_t block, uint64_t vtxindex,
                          const unsigned char txid[BS_TXID_SIZE], const char *reason, struct bs_error *error) {
  return bs_database_run(index->database, BS_SQL_put_refused,
                         BS_VALUES(bs_value_integer(block), bs_value_integer(vtxindex), bs_value_blob(txid, BS_TXID_SIZE),
                                   bs_value_text(reason)),
                         error);
}

bool bs_index_find_value(const struct bs_index *index, unsigned char value_hash[BS_HASH160_SIZE], bool *ret_found,
                         bool *ret_update, const unsigned char txid[BS_TXID_SIZE], const char *name,
                         struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!bs_database_query(index->database, BS_SQL_operation_on_name, &row,
                         BS_VALUES(bs_value_text(name), bs_value_blob(txid, BS_TXID_SIZE)), error))
    return false;
  *ret_found = row != NULL;
  *ret_update = row != NULL && bs_row_integer(row, 0) == BS_NAME_UPDATE;
  return !*ret_update || bs_row_bytes(index->database, row, 1, value_hash, BS_HASH160_SIZE, error);
}

bool bs_index_is_inherited(const struct bs_index *index, bool *ret_inherited, const struct bs_name_entry *entry,
                           struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  char opcode = entry->origin.op[0];

  if (entry->has_value && opcode == BS_NAME_REGISTRATION) { /* a renewal: it says nothing of what was before */
    if (!bs_database_query(index->database, BS_SQL_newest_of_name, &row,
                           BS_VALUES(bs_value_text(entry->name), bs_value_integer(BS_NAME_UPDATE),
                                     bs_value_integer(BS_NAME_IMPORT), bs_value_integer(BS_NAME_TRANSFER)),
                           error))
      return false;
    if (row != NULL) opcode = (char)bs_row_integer(row, 0);
  }
  *ret_inherited = entry->has_value && opcode == BS_NAME_TRANSFER;
  return true;
}

/* SPDX-License-Identifier: MIT */
/* What is asked of the index beyond what the rules need: lists, and the operations that were accepted. */
#include <config.h>

#include "core/chain/index.h"
#include "core/chain/statements.h"

static struct bs_value bounded(uint64_t number) {
  return bs_value_integer(number < INT64_MAX ? number : INT64_MAX);
}

/* The first column of every row, a text, with a NUL behind each. */
static bool list(const struct bs_index *index, struct bs_buffer *texts, size_t *ret_count, size_t which,
                 const struct bs_value *values, size_t value_count, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  size_t count = 0;

  if (!bs_database_query(index->database, which, &row, values, value_count, error)) return false;
  for (; row != NULL; count++) {
    bs_buffer_add(texts, sqlite3_column_text(row, 0), (size_t)sqlite3_column_bytes(row, 0));
    bs_buffer_byte(texts, '\0');
    if (!bs_database_next(index->database, &row, error)) return false;
  }
  *ret_count = count;
  return bs_buffer_ok(texts, error);
}

bool bs_index_list(const struct bs_index *index, struct bs_buffer *texts, size_t *ret_count,
                   const struct bs_script *owner, uint64_t offset, uint64_t most, struct bs_error *error) {
  if (owner == NULL)
    return list(index, texts, ret_count, BS_SQL_all_names, BS_VALUES(bounded(offset), bounded(most)), error);
  return list(index, texts, ret_count, BS_SQL_some_names_of_sender,
              BS_VALUES(bounded(offset), bounded(most), bs_value_blob(owner->bytes, owner->length)), error);
}

bool bs_index_list_in_namespace(const struct bs_index *index, struct bs_buffer *texts, size_t *ret_count,
                                const char *id, uint64_t offset, uint64_t most, struct bs_error *error) {
  return list(index, texts, ret_count, BS_SQL_names_of_namespace,
              BS_VALUES(bs_value_text(id), bounded(offset), bounded(most)), error);
}

/* Each row: block and serialised operation. */
static bool visit_all(const struct bs_index *index, size_t which, const struct bs_value *values, size_t count,
                      bs_visit_operation visit, void *user, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_fields fields;

  if (!bs_database_query(index->database, which, &row, values, count, error)) return false;
  while (row != NULL)
    if (!bs_fields_read(&fields, sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1), error) ||
        !visit(user, bs_row_integer(row, 0), &fields, error) || !bs_database_next(index->database, &row, error))
      return false;
  return true;
}

bool bs_index_operations_at(const struct bs_index *index, uint64_t block, bs_visit_operation visit, void *user,
                            struct bs_error *error) {
  return visit_all(index, BS_SQL_operations_at, BS_VALUES(bounded(block)), visit, user, error);
}

bool bs_index_operations_on(const struct bs_index *index, const char *name, uint64_t first, uint64_t last,
                            bs_visit_operation visit, void *user, struct bs_error *error) {
  return visit_all(index, BS_SQL_operations_of_name, BS_VALUES(bs_value_text(name), bounded(first), bounded(last)),
                   visit, user, error);
}

bool bs_index_find_block(const struct bs_index *index, uint64_t *ret_block, bool *ret_found,
                         const unsigned char consensus[BS_CONSENSUS_SIZE], struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!bs_database_query(index->database, BS_SQL_block_of_consensus, &row,
                         BS_VALUES(bs_value_blob(consensus, BS_CONSENSUS_SIZE)), error))
    return false;
  *ret_found = row != NULL;
  if (row != NULL) *ret_block = bs_row_integer(row, 0);
  return true;
}

static bool read_announcement(const struct bs_index *index, struct bs_announcement *announcement, sqlite3_stmt *row,
                              struct bs_error *error) {
  struct bs_database *database = index->database;

  announcement->vtxindex = bs_row_integer(row, 0);
  return bs_row_bytes(database, row, 1, announcement->txid, sizeof announcement->txid, error) &&
         bs_row_text(database, row, 2, announcement->address, sizeof announcement->address, error) &&
         bs_row_bytes(database, row, 3, announcement->hash, sizeof announcement->hash, error);
}

bool bs_index_announcements_at(const struct bs_index *index, uint64_t block, bs_visit_announcement visit,
                               void *user, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_announcement announcement;
  bool has;

  if (!bs_index_has_table(index, &has, "announcements", error)) return false;
  if (!has) return true;
  if (!bs_database_query(index->database, BS_SQL_announcements_of_block, &row, BS_VALUES(bounded(block)), error))
    return false;
  while (row != NULL)
    if (!read_announcement(index, &announcement, row, error) || !visit(user, &announcement, error) ||
        !bs_database_next(index->database, &row, error))
      return false;
  return true;
}

static bool read_refused(const struct bs_index *index, struct bs_refused *refused, sqlite3_stmt *row, struct bs_error *error) {
  refused->vtxindex = bs_row_integer(row, 0);
  return bs_row_bytes(index->database, row, 1, refused->txid, sizeof refused->txid, error) &&
         bs_row_text(index->database, row, 2, refused->reason, sizeof refused->reason, error);
}

bool bs_index_refused_at(const struct bs_index *index, uint64_t block, bs_visit_refused visit, void *user,
                         struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_refused refused;
  bool has;

  if (!bs_index_has_table(index, &has, "refused", error)) return false;
  if (!has) return true;
  if (!bs_database_query(index->database, BS_SQL_refused_of_block, &row, BS_VALUES(bounded(block)), error)) return false;
  while (row != NULL)
    if (!read_refused(index, &refused, row, error) || !visit(user, &refused, error) ||
        !bs_database_next(index->database, &row, error))
      return false;
  return true;
}

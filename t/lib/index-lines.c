/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/lib/index-lines.h"

#include <inttypes.h>

#include "core/codec/hex.h"

/* ---- fields ---- */

static void add_hex(struct bs_buffer *line, const unsigned char *bytes, size_t length) {
  char digits[2 * BS_SCRIPT_MAX + 1];

  bs_hex_encode(digits, bytes, length);
  bs_buffer_text(line, digits);
}

static void text_field(struct bs_buffer *line, const char *field, const char *text) {
  bs_buffer_format(line, " %s=", field);
  for (; *text != '\0'; text++)
    if (*text > ' ' && *text <= '~' && *text != '\\' && *text != '{')
      bs_buffer_byte(line, (unsigned char)*text);
    else
      bs_buffer_format(line, "\\x%02x", (unsigned char)*text);
}

static void number_field(struct bs_buffer *line, const char *field, uint64_t number) {
  bs_buffer_format(line, " %s=%" PRIu64, field, number);
}

static void hex_field(struct bs_buffer *line, const char *field, const unsigned char *bytes, size_t length) {
  bs_buffer_format(line, " %s=", field);
  add_hex(line, bytes, length);
}

static void script_field(struct bs_buffer *line, const char *field, const struct bs_script *script) {
  hex_field(line, field, script->bytes, script->length);
}

static void add_owner(struct bs_buffer *line, const struct bs_entry_origin *origin) {
  script_field(line, "sender", &origin->sender);
  hex_field(line, "sender_pubkey", origin->public_key.bytes, origin->public_key.length);
  text_field(line, "address", origin->address);
}

static void add_cause(struct bs_buffer *line, const struct bs_entry_origin *origin) {
  char txid[2 * BS_TXID_SIZE + 1];

  bs_txid_text(txid, origin->txid);
  text_field(line, "op", origin->op);
  text_field(line, "txid", txid);
  number_field(line, "vtxindex", origin->vtxindex);
}

/* ---- records ---- */

void index_name_line(struct bs_buffer *lines, const struct bs_name_entry *entry) {
  bs_buffer_format(lines, "name %s", entry->name);
  hex_field(lines, "value_hash", entry->value_hash, entry->has_value ? sizeof entry->value_hash : 0);
  add_owner(lines, &entry->origin);
  number_field(lines, "block_number", entry->block_number);
  number_field(lines, "preorder_block_number", entry->preorder_block_number);
  number_field(lines, "first_registered", entry->first_registered);
  number_field(lines, "last_renewed", entry->last_renewed);
  text_field(lines, "revoked", entry->revoked ? "True" : "False");
  add_cause(lines, &entry->origin);
  text_field(lines, "op_fee", entry->op_fee);
  script_field(lines, "importer", &entry->importer);
  text_field(lines, "importer_address", entry->importer_address);
  hex_field(lines, "consensus_hash", entry->consensus, entry->has_consensus ? sizeof entry->consensus : 0);
  bs_buffer_byte(lines, '\n');
}

static void buckets_field(struct bs_buffer *line, const uint8_t buckets[BS_BUCKETS]) {
  for (size_t i = 0; i < BS_BUCKETS; i++) bs_buffer_format(line, "%s%u", i == 0 ? " buckets=" : ",", buckets[i]);
}

void index_namespace_line(struct bs_buffer *lines, const struct bs_namespace_entry *entry) {
  bool is_ready = entry->state == BS_NAMESPACE_IS_READY;

  bs_buffer_format(lines, "%s %s", is_ready ? "namespace" : "revealed", entry->id);
  hex_field(lines, "namespace_id_hash", entry->hash, sizeof entry->hash);
  number_field(lines, "version", entry->version);
  add_owner(lines, &entry->origin);
  script_field(lines, "recipient", &entry->recipient);
  text_field(lines, "recipient_address", entry->recipient_address);
  number_field(lines, "block_number", entry->block_number);
  number_field(lines, "reveal_block", entry->reveal_block);
  add_cause(lines, &entry->origin);
  number_field(lines, "lifetime", entry->rules.lifetime);
  number_field(lines, "coeff", entry->rules.coeff);
  number_field(lines, "base", entry->rules.base);
  buckets_field(lines, entry->rules.buckets);
  number_field(lines, "nonalpha_discount", entry->rules.nonalpha_discount);
  number_field(lines, "no_vowel_discount", entry->rules.no_vowel_discount);
  if (is_ready) number_field(lines, "ready_block", entry->ready_block);
  bs_buffer_byte(lines, '\n');
}

void index_preorder_line(struct bs_buffer *lines, const struct bs_preorder_entry *entry, enum bs_opcode opcode) {
  bs_buffer_text(lines, opcode == BS_NAME_PREORDER ? "preorder " : "namespace-preorder ");
  add_hex(lines, entry->hash, sizeof entry->hash);
  hex_field(lines, "consensus_hash", entry->consensus, sizeof entry->consensus);
  add_owner(lines, &entry->origin);
  number_field(lines, "block_number", entry->block_number);
  add_cause(lines, &entry->origin);
  number_field(lines, "op_fee", entry->op_fee);
  bs_buffer_byte(lines, '\n');
}

/* ---- tables ---- */

/* Adds the line of one row. */
typedef bool row_line(struct bs_buffer *lines, const struct bs_index *index, sqlite3_stmt *row, struct bs_error *error);

static const char *text_of(sqlite3_stmt *row, int column) {
  return (const char *)sqlite3_column_text(row, column);
}

static bool name_row(struct bs_buffer *lines, const struct bs_index *index, sqlite3_stmt *row, struct bs_error *error) {
  struct bs_name_entry entry;
  bool found;

  if (!bs_index_get_name(index, &entry, &found, text_of(row, 0), error)) return false;
  if (found) index_name_line(lines, &entry);
  return true;
}

static bool namespace_row(struct bs_buffer *lines, const struct bs_index *index, sqlite3_stmt *row,
                          struct bs_error *error) {
  struct bs_namespace_entry entry;
  bool found;

  if (!bs_index_get_namespace(index, &entry, &found, text_of(row, 0), error)) return false;
  if (found) index_namespace_line(lines, &entry);
  return true;
}

static bool preorder_row(struct bs_buffer *lines, const struct bs_index *index, sqlite3_stmt *row,
                         struct bs_error *error) {
  enum bs_opcode opcode = (enum bs_opcode)sqlite3_column_int(row, 0);
  struct bs_preorder_entry entry;
  bool found;

  if (!bs_index_get_preorder(index, &entry, &found, opcode, sqlite3_column_blob(row, 1), error)) return false;
  if (found) index_preorder_line(lines, &entry, opcode);
  return true;
}

/* Kind, key and text are the row's own. */
static bool list_row(struct bs_buffer *lines, const struct bs_index *index, sqlite3_stmt *row, struct bs_error *error) {
  (void)index;
  (void)error;
  bs_buffer_format(lines, "%s %s %s\n", text_of(row, 0), text_of(row, 1), text_of(row, 2));
  return true;
}

static bool hash_row(struct bs_buffer *lines, const struct bs_index *index, sqlite3_stmt *row, struct bs_error *error) {
  unsigned char hash[BS_HASH128_SIZE];

  (void)index;
  (void)error;
  bs_hash128(hash, text_of(row, 0), strlen(text_of(row, 0)));
  bs_buffer_text(lines, "hash ");
  add_hex(lines, hash, sizeof hash);
  bs_buffer_format(lines, " %s\n", text_of(row, 0));
  return true;
}

/* An item of a list, in order: kind, key, what stands before the transaction id, the id, and whether the item is the
 * list's first and its last. */
static bool item_row(struct bs_buffer *lines, const struct bs_index *index, sqlite3_stmt *row, struct bs_error *error) {
  unsigned char bytes[BS_TXID_SIZE];
  char txid[2 * BS_TXID_SIZE + 1];

  if (!bs_row_bytes(index->database, row, 3, bytes, sizeof bytes, error)) return false;
  bs_txid_text(txid, bytes);
  if (sqlite3_column_int(row, 4)) bs_buffer_format(lines, "%s %s", text_of(row, 0), text_of(row, 1));
  bs_buffer_format(lines, " %s:%s", text_of(row, 2), txid);
  if (sqlite3_column_int(row, 5)) bs_buffer_byte(lines, '\n');
  return true;
}

/* In the order of the lines.  ?1: the height. */
static const struct {
  const char *sql;
  row_line *add;
} tables[] = {
    {"SELECT name FROM names ORDER BY name", name_row},
    {"SELECT id FROM namespaces ORDER BY state DESC, id", namespace_row},
    {"SELECT opcode, hash FROM preorders ORDER BY opcode DESC, hash", preorder_row},
    {"SELECT 'owner', lower(hex(sender)), group_concat(name, ' ')"
     " FROM (SELECT sender, name FROM names WHERE listed & 1 AND NOT revoked ORDER BY sender, name) GROUP BY sender",
     list_row},
    {"SELECT name FROM names WHERE listed & 2 ORDER BY name", hash_row},
    {"SELECT 'expires', block, group_concat(name, ' ')"
     " FROM (SELECT block, name FROM expiries WHERE block > ?1 ORDER BY block, name) GROUP BY block",
     list_row},
    {"SELECT 'imports', namespace, group_concat(address, ' ')"
     " FROM (SELECT namespace, address FROM import_keys ORDER BY namespace, address) GROUP BY namespace",
     list_row},
    {"SELECT 'waits', lower(hex(sender)), name, txid, lag(txid) OVER senders IS NULL, lead(txid) OVER senders IS NULL"
     " FROM pending WINDOW senders AS (PARTITION BY sender ORDER BY block, vtxindex) ORDER BY sender, block, vtxindex",
     item_row},
    {"SELECT 'history', name, block, txid, lag(txid) OVER names IS NULL, lead(txid) OVER names IS NULL"
     " FROM operations WHERE name IS NOT NULL"
     " WINDOW names AS (PARTITION BY name ORDER BY block, position) ORDER BY name, block, position",
     item_row},
};

static bool add_rows(struct bs_buffer *lines, const struct bs_index *index, sqlite3_stmt *rows, row_line *add,
                     struct bs_error *error) {
  int code;

  while ((code = sqlite3_step(rows)) == SQLITE_ROW)
    if (!add(lines, index, rows, error)) return false;
  return code == SQLITE_DONE || bs_fail(error, BS_WORD_io, "%s", sqlite3_errmsg(index->database->sqlite));
}

bool index_lines(struct bs_buffer *lines, const struct bs_index *index, uint64_t height, struct bs_error *error) {
  sqlite3 *sqlite = index->database->sqlite;

  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    sqlite3_stmt *rows;
    bool good;

    if (sqlite3_prepare_v2(sqlite, tables[i].sql, -1, &rows, NULL) != SQLITE_OK)
      return bs_fail(error, BS_WORD_io, "%s: %s", tables[i].sql, sqlite3_errmsg(sqlite));
    sqlite3_bind_int64(rows, 1, (int64_t)height);
    good = add_rows(lines, index, rows, tables[i].add, error);
    sqlite3_finalize(rows);
    if (!good) return false;
  }
  return bs_buffer_ok(lines, error);
}

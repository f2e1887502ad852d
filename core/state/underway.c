/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/state/underway.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/state/state-private.h"

#define INPUT_SIZE BS_UNDERWAY_INPUT_SIZE

enum {
  COLUMN_ID, COLUMN_CHAIN, COLUMN_NAME, COLUMN_OPCODE, COLUMN_STAGE, COLUMN_TXID, COLUMN_RAW, COLUMN_EARLIER, COLUMN_INPUTS,
  COLUMN_VALUE_HASH, COLUMN_ADDRESS, COLUMN_SENDER, COLUMN_PAYER, COLUMN_CONSENSUS_BLOCK, COLUMN_CHANGE, COLUMN_FEE,
  COLUMN_BLOCK, COLUMN_LOOKED, COLUMN_MADE, COLUMN_REASON, COLUMN_HAS_CONSENSUS, COLUMN_SPENT
};

void bs_underway_clear(struct bs_underway *operation) {
  bs_buffer_free(&operation->raw);
  bs_buffer_free(&operation->earlier);
  free(operation->inputs);
  *operation = (struct bs_underway){.id = 0};
}

bool bs_underway_was(const struct bs_underway *operation, const unsigned char txid[32]) {
  for (size_t i = 0; i < operation->earlier.length; i += 32)
    if (memcmp(operation->earlier.bytes + i, txid, 32) == 0) return true;
  return false;
}

void bs_underway_free(struct bs_underway *operations, size_t count) {
  for (size_t i = 0; i < count; i++) bs_underway_clear(&operations[i]);
  free(operations);
}

/* ---- rows ---- */

static void write_inputs(struct bs_buffer *bytes, const struct bs_underway *operation) {
  for (size_t i = 0; i < operation->input_count; i++) {
    const struct bs_underway_input *input = &operation->inputs[i];

    bs_buffer_add(bytes, input->txid, sizeof input->txid);
    bs_buffer_big_endian(bytes, input->output, 4);
    bs_buffer_big_endian(bytes, input->value, 8);
    bs_buffer_byte(bytes, (unsigned char)input->script_length);
    bs_buffer_add(bytes, input->script, sizeof input->script);
  }
}

static uint64_t read_number(const unsigned char *bytes, size_t width) {
  uint64_t number = 0;

  for (size_t i = 0; i < width; i++) number = number << 8 | bytes[i];
  return number;
}

static bool fail_row(struct bs_database *database, const char *what, struct bs_error *error) {
  return bs_fail(error, BS_WORD_corrupt, "%s: The state is damaged: %s of an operation that waits for a block.", database->path,
                 what);
}

static bool read_inputs(struct bs_database *database, struct bs_underway *operation, sqlite3_stmt *row, struct bs_error *error) {
  const unsigned char *bytes = sqlite3_column_blob(row, COLUMN_INPUTS);
  size_t length = (size_t)sqlite3_column_bytes(row, COLUMN_INPUTS), count = length / INPUT_SIZE;

  if (length % INPUT_SIZE != 0) return fail_row(database, "the inputs have a wrong size,", error);
  operation->inputs = calloc(count + 1, sizeof *operation->inputs);
  if (operation->inputs == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < count; i++, bytes += INPUT_SIZE) {
    struct bs_underway_input *input = &operation->inputs[i];

    memcpy(input->txid, bytes, sizeof input->txid);
    input->output = (uint32_t)read_number(bytes + 32, 4);
    input->value = read_number(bytes + 36, 8);
    input->script_length = bytes[44];
    if (input->script_length > sizeof input->script) return fail_row(database, "a script has a wrong size,", error);
    memcpy(input->script, bytes + 45, sizeof input->script);
  }
  operation->input_count = count;
  return true;
}

static void read_bytes(struct bs_buffer *bytes, sqlite3_stmt *row, int column) {
  bs_buffer_add(bytes, sqlite3_column_blob(row, column), (size_t)sqlite3_column_bytes(row, column));
}

static bool read_row(struct bs_database *database, struct bs_underway *operation, sqlite3_stmt *row, struct bs_error *error) {
  const uint64_t most = INT64_MAX;
  uint64_t opcode, stage, change;

  operation->id = sqlite3_column_int64(row, COLUMN_ID);
  read_bytes(&operation->raw, row, COLUMN_RAW);
  read_bytes(&operation->earlier, row, COLUMN_EARLIER);
  if (!bs_row_bytes(database, row, COLUMN_CHAIN, operation->chain_id, sizeof operation->chain_id, error) ||
      !bs_row_text(database, row, COLUMN_NAME, operation->name, sizeof operation->name, error) ||
      !bs_row_number(database, row, COLUMN_OPCODE, &opcode, 1, 127, error) ||
      !bs_row_number(database, row, COLUMN_STAGE, &stage, BS_STAGE_PLANNED, BS_STAGE_REFUSED, error) ||
      !bs_row_bytes(database, row, COLUMN_TXID, operation->txid, sizeof operation->txid, error) ||
      !bs_row_text(database, row, COLUMN_VALUE_HASH, operation->value_hash, sizeof operation->value_hash, error) ||
      !bs_row_text(database, row, COLUMN_ADDRESS, operation->address, sizeof operation->address, error) ||
      !bs_row_bytes(database, row, COLUMN_SENDER, operation->sender, sizeof operation->sender, error) ||
      !bs_row_bytes(database, row, COLUMN_PAYER, operation->payer, sizeof operation->payer, error) ||
      !bs_row_number(database, row, COLUMN_CONSENSUS_BLOCK, &operation->consensus_block, 0, most, error) ||
      !bs_row_number(database, row, COLUMN_CHANGE, &change, 0, UINT32_MAX, error) ||
      !bs_row_number(database, row, COLUMN_FEE, &operation->fee, 0, most, error) ||
      !bs_row_number(database, row, COLUMN_BLOCK, &operation->block, 0, most, error) ||
      !bs_row_number(database, row, COLUMN_SPENT, &operation->spent, 0, most, error) ||
      !bs_row_number(database, row, COLUMN_LOOKED, &operation->looked, 0, most, error) ||
      !bs_row_number(database, row, COLUMN_MADE, &operation->made, 0, most, error) ||
      !bs_row_text(database, row, COLUMN_REASON, operation->reason, sizeof operation->reason, error) ||
      !read_inputs(database, operation, row, error) || !bs_buffer_ok(&operation->raw, error) ||
      !bs_buffer_ok(&operation->earlier, error))
    return false;
  operation->opcode = (int)opcode;
  operation->stage = (enum bs_stage)stage;
  operation->change = (uint32_t)change;
  operation->has_consensus = sqlite3_column_int(row, COLUMN_HAS_CONSENSUS) != 0;
  return operation->earlier.length % 32 == 0 || fail_row(database, "the ids of earlier transactions have a wrong size,", error);
}

struct list {
  struct bs_underway *items;
  size_t count;
};

static void free_list(struct list *list) {
  bs_underway_free(list->items, list->count);
}

static bool append_row(struct bs_database *database, struct list *list, sqlite3_stmt *row, struct bs_error *error) {
  struct bs_underway *items = realloc(list->items, (list->count + 1) * sizeof *items);

  if (items == NULL) return bs_fail_memory(error);
  list->items = items;
  items[list->count] = (struct bs_underway){.id = 0};
  return read_row(database, &items[list->count++], row, error);
}

bool bs_state_underway_list(struct bs_state *state, struct bs_scope *scope, struct bs_underway **ret_operations,
                            size_t *ret_count, const unsigned char *chain_id, struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;
  sqlite3_stmt *row BS_AUTO_ROW = NULL; /* let go of before the connection is */
  struct list list BS_AUTO(free_list) = {NULL, 0};

  if (!bs_state_enter(&use, state, scope, false, error)) return false;
  if (use.database != NULL && !bs_database_query(use.database, BS_STATE_UNDERWAY_LIST, &row,
                                                 BS_VALUES(bs_value_blob(chain_id, 32)), error))
    return false;
  while (row != NULL)
    if (!append_row(use.database, &list, row, error) || !bs_database_next(use.database, &row, error)) return false;
  *ret_operations = list.items;
  *ret_count = list.count;
  list = (struct list){NULL, 0};
  return true;
}

/* ---- changes ---- */

/* The journal's user record of its transaction has the new id. */
static bool follow(struct bs_database *database, const struct bs_underway *operation, struct bs_error *error) {
  char new[65], old[65];

  if (operation->earlier.length < 32) return true;
  bs_hex_encode_reversed(new, operation->txid, 32);
  bs_hex_encode_reversed(old, operation->earlier.bytes + operation->earlier.length - 32, 32);
  return bs_database_run(database, BS_STATE_JOURNAL_FOLLOW, BS_VALUES(bs_value_text(new), bs_value_text(old)), error);
}

/* The journal's user record that a new transaction publishes. */
static bool join(struct bs_database *database, const struct bs_underway *operation, struct bs_error *error) {
  char txid[65], chain[65];

  if (operation->value_hash[0] == '\0') return true;
  bs_hex_encode_reversed(txid, operation->txid, 32);
  bs_hex_encode(chain, operation->chain_id, sizeof operation->chain_id);
  return bs_database_run(database, BS_STATE_JOURNAL_JOIN,
                         BS_VALUES(bs_value_text(txid), bs_value_text(chain), bs_value_text(operation->name),
                                   bs_value_text(operation->value_hash)),
                         error);
}

/* Empty ones, too, are no NULL. */
static struct bs_value bytes_of(const struct bs_buffer *buffer) {
  return bs_value_blob(buffer->length == 0 ? (const void *)"" : buffer->bytes, buffer->length);
}

static bool put(struct bs_database *database, struct bs_underway *operation, struct bs_error *error) {
  struct bs_buffer inputs BS_AUTO_BUFFER = BS_BUFFER_INIT;

  write_inputs(&inputs, operation);
  if (!bs_buffer_ok(&inputs, error)) return false;
  if (!bs_database_run(
          database, BS_STATE_UNDERWAY_PUT,
          BS_VALUES(operation->id == 0 ? bs_value_text(NULL) : bs_value_integer((uint64_t)operation->id),
                    bs_value_blob(operation->chain_id, 32), bs_value_text(operation->name),
                    bs_value_integer((uint64_t)operation->opcode), bs_value_integer(operation->stage),
                    bs_value_blob(operation->txid, 32), bytes_of(&operation->raw), bytes_of(&operation->earlier),
                    bytes_of(&inputs),
                    bs_value_text(operation->value_hash), bs_value_text(operation->address),
                    bs_value_blob(operation->sender, BS_HASH160_SIZE), bs_value_blob(operation->payer, BS_HASH160_SIZE),
                    bs_value_integer(operation->consensus_block), bs_value_integer(operation->change),
                    bs_value_integer(operation->fee), bs_value_integer(operation->block), bs_value_integer(operation->looked),
                    bs_value_integer(operation->made), bs_value_text(operation->reason),
                    bs_value_integer(operation->has_consensus), bs_value_integer(operation->spent)),
          error))
    return false;
  if (operation->id == 0) {
    operation->id = sqlite3_last_insert_rowid(database->sqlite);
    return join(database, operation, error);
  }
  return follow(database, operation, error);
}

/* What the rules refused is not published any more, whoever looks next. */
static bool end_refused(struct bs_database *database, const struct bs_underway *operation, struct bs_error *error) {
  char txid[65];

  if (operation->stage != BS_STAGE_REFUSED) return true;
  bs_hex_encode_reversed(txid, operation->txid, 32);
  return bs_database_run(database, BS_STATE_JOURNAL_REFUSED, BS_VALUES(bs_value_text(txid)), error);
}

static bool save(struct bs_database *database, struct bs_underway *operation, struct bs_error *error) {
  if (!operation->is_over) return put(database, operation, error);
  if (!end_refused(database, operation, error)) return false;
  if (operation->id == 0) return true;
  return follow(database, operation, error) &&
         bs_database_run(database, BS_STATE_UNDERWAY_END, BS_VALUES(bs_value_integer((uint64_t)operation->id)), error);
}

static bool bound(struct bs_database *database, const unsigned char *chain_id, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!bs_database_query(database, BS_STATE_UNDERWAY_COUNT, &row, BS_VALUES(bs_value_blob(chain_id, 32)), error)) return false;
  return row == NULL || bs_row_integer(row, 0) <= BS_UNDERWAY_MAX ||
         bs_fail(error, BS_WORD_too_large, "%d operations wait for a block already; run: blockstore-cli pending --resume",
                 BS_UNDERWAY_MAX);
}

bool bs_state_underway_save(struct bs_state *state, struct bs_scope *scope, struct bs_underway *const *operations, size_t count,
                            struct bs_error *error) {
  struct bs_state_use use BS_AUTO_USE = BS_STATE_USE_INIT;

  if (count == 0) return true;
  if (!bs_state_enter(&use, state, scope, true, error) || !bs_database_begin(use.database, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (!save(use.database, operations[i], error) || !bound(use.database, operations[i]->chain_id, error)) return false;
  return bs_database_commit(use.database, error);
}

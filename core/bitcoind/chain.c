/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/bitcoind/chain-private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/chain/statements.h"
#include "core/codec/hex.h"

/* source: one row. */
#define SCHEMA                                                                                                       \
  "CREATE TABLE source (network TEXT NOT NULL, first_block INTEGER NOT NULL);"                                        \
  "CREATE TABLE blocks (height INTEGER PRIMARY KEY, hash BLOB NOT NULL, time INTEGER NOT NULL);"

#define STATEMENTS(X)                                                                                                \
  X(get_source, "SELECT network, first_block FROM source")                                                            \
  X(put_source, "INSERT INTO source (network, first_block) VALUES (?1, ?2)")                                          \
  X(last_block, "SELECT blocks.height, blocks.hash, time, consensus.hash FROM blocks"                                 \
                " JOIN consensus ON consensus.block = blocks.height ORDER BY height DESC LIMIT 1")                    \
  X(hash_at, "SELECT hash FROM blocks WHERE height = ?1")                                                             \
  X(put_block, "INSERT INTO blocks (height, hash, time) VALUES (?1, ?2, ?3)")                                         \
  X(drop_blocks, "DELETE FROM blocks WHERE height > ?1")

/* Behind those of the index, whose numbers it knows itself. */
enum {
#define INDEX_NUMBER(name, text) INDEX_##name,
#define NUMBER(name, text) SQL_##name,
  BS_INDEX_STATEMENTS(INDEX_NUMBER) STATEMENTS(NUMBER)
#undef INDEX_NUMBER
#undef NUMBER
  SQL_COUNT
};

static const char *const schema[] = {BS_INDEX_SCHEMA, BS_INDEX_SCHEMA_2, BS_INDEX_SCHEMA_3, SCHEMA, BS_INDEX_SCHEMA_4,
                                     BS_INDEX_SCHEMA_5};

static const char *const statements[] = {
#define TEXT_OF(name, text) text,
    BS_INDEX_STATEMENTS(TEXT_OF) STATEMENTS(TEXT_OF)
#undef TEXT_OF
};

const struct bs_database_kind bs_bitcoin_chain_kind = {
    .noun = "index",
    .application_id = BS_BITCOIN_CHAIN_APPLICATION,
    .schema = schema,
    .version = sizeof schema / sizeof schema[0],
    .read_version = 4,
    .derived = true,
    .mend = "blockstored --reindex makes it again from the node",
    .statements = statements,
    .statement_count = SQL_COUNT,
};

/* ---- opening ---- */

static bool fail_other(const struct bs_bitcoin_chain *chain, const char *network, uint64_t first_block, struct bs_error *error) {
  return bs_fail(error, BS_WORD_config,
                 "%s is the index of the network %s from block %" PRIu64 " on, and not of %s from %" PRIu64
                 " on: give it another path, or remove it.",
                 chain->database->path, network, first_block, chain->network->name, chain->parameters.first_block);
}

bool bs_bitcoin_chain_check_source(struct bs_bitcoin_chain *chain, bool *ret_found, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  char network[16];

  if (!bs_database_query(chain->database, SQL_get_source, &row, BS_NO_VALUES, error)) return false;
  *ret_found = row != NULL;
  if (row == NULL) return true;
  if (!bs_row_text(chain->database, row, 0, network, sizeof network, error)) return false;
  if (strcmp(network, chain->network->name) == 0 && bs_row_integer(row, 1) == chain->parameters.first_block) return true;
  return fail_other(chain, network, bs_row_integer(row, 1), error);
}

/* Of a new file, unless another process was faster. */
static bool ensure_source(struct bs_bitcoin_chain *chain, struct bs_error *error) {
  bool found;

  if (!bs_bitcoin_chain_check_source(chain, &found, error)) return false;
  if (found) return true;
  if (chain->database->read_only)
    return bs_fail(error, BS_WORD_not_found, "%s: The index is still empty.", chain->database->path);
  if (!bs_bitcoin_chain_begin(chain, error)) return false;
  if (bs_bitcoin_chain_check_source(chain, &found, error) &&
      (found || bs_database_run(chain->database, SQL_put_source,
                                BS_VALUES(bs_value_text(chain->network->name), bs_value_integer(chain->parameters.first_block)),
                                error)))
    return bs_bitcoin_chain_commit(chain, error);
  bs_bitcoin_chain_abort(chain);
  return false;
}

static struct bs_bitcoin_chain *make(const struct bs_bitcoin_network *network, uint64_t first_block, struct bs_error *error) {
  struct bs_bitcoin_chain *chain = calloc(1, sizeof *chain);

  if (chain == NULL) {
    bs_fail_memory(error);
    return NULL;
  }
  chain->network = network;
  if (bs_bitcoin_parameters(&chain->parameters, network, first_block, error)) return chain;
  free(chain);
  return NULL;
}

/* The file is open, or that has failed. */
static bool finish_opening(struct bs_bitcoin_chain **ret_chain, struct bs_bitcoin_chain *chain, bool good,
                           struct bs_error *error) {
  chain->index = (struct bs_index){chain->database, &chain->parameters};
  if (!good || !ensure_source(chain, error)) {
    bs_bitcoin_chain_close(chain);
    return false;
  }
  *ret_chain = chain;
  return true;
}

bool bs_bitcoin_chain_open(struct bs_bitcoin_chain **ret_chain, const char *path, const struct bs_bitcoin_network *network,
                           uint64_t first_block, enum bs_database_mode mode, const struct bs_scope *scope,
                           struct bs_error *error) {
  struct bs_bitcoin_chain *chain = make(network, first_block, error);

  if (chain == NULL) return false;
  return finish_opening(ret_chain, chain, bs_database_open(&chain->database, path, &bs_bitcoin_chain_kind, mode, scope, error),
                        error);
}

bool bs_bitcoin_chain_open_memory(struct bs_bitcoin_chain **ret_chain, const struct bs_bitcoin_network *network,
                                  uint64_t first_block, struct bs_error *error) {
  struct bs_bitcoin_chain *chain = make(network, first_block, error);

  if (chain == NULL) return false;
  return finish_opening(ret_chain, chain, bs_database_open_memory(&chain->database, &bs_bitcoin_chain_kind, error), error);
}

bool bs_bitcoin_chain_open_temporary(struct bs_bitcoin_chain **ret_chain, const struct bs_bitcoin_network *network,
                                     uint64_t first_block, struct bs_error *error) {
  struct bs_bitcoin_chain *chain = make(network, first_block, error);

  if (chain == NULL) return false;
  return finish_opening(ret_chain, chain, bs_database_open_temporary(&chain->database, &bs_bitcoin_chain_kind, error), error);
}

void bs_bitcoin_chain_close(struct bs_bitcoin_chain *chain) {
  if (chain == NULL) return;
  bs_database_close(chain->database);
  free(chain);
}

void bs_bitcoin_chain_scope(struct bs_bitcoin_chain *chain, const struct bs_scope *scope) {
  bs_database_scope(chain->database, scope);
}

const char *bs_bitcoin_chain_path(const struct bs_bitcoin_chain *chain) {
  return chain->database->path;
}

const struct bs_index *bs_bitcoin_chain_index(const struct bs_bitcoin_chain *chain) {
  return &chain->index;
}

const struct bs_bitcoin_network *bs_bitcoin_chain_network(const struct bs_bitcoin_chain *chain) {
  return chain->network;
}

void bs_bitcoin_chain_id(const struct bs_bitcoin_chain *chain, unsigned char chain_id[BS_BITCOIN_CHAIN_ID_SIZE]) {
  bs_hex_decode(chain_id, BS_BITCOIN_CHAIN_ID_SIZE, chain->network->chain_id);
}

/* ---- reading ---- */

bool bs_bitcoin_chain_tip(struct bs_bitcoin_chain *chain, struct bs_bitcoin_tip *ret_tip, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_bitcoin_tip tip = {.height = chain->parameters.first_block - 1};

  if (chain->tip_is_known) {
    *ret_tip = chain->tip;
    return true;
  }
  if (!bs_database_query(chain->database, SQL_last_block, &row, BS_NO_VALUES, error)) return false;
  memcpy(tip.consensus, chain->parameters.seed, sizeof tip.consensus);
  if (row != NULL) {
    tip.height = bs_row_integer(row, 0);
    tip.time = bs_row_integer(row, 2);
    tip.has_block = true;
    if (!bs_row_bytes(chain->database, row, 1, tip.hash, sizeof tip.hash, error) ||
        !bs_row_bytes(chain->database, row, 3, tip.consensus, sizeof tip.consensus, error))
      return false;
  }
  *ret_tip = chain->tip = tip;
  chain->tip_is_known = chain->is_writing;
  return true;
}

bool bs_bitcoin_chain_hash_at(struct bs_bitcoin_chain *chain, unsigned char hash[BS_BITCOIN_HASH_SIZE], bool *ret_found,
                              uint64_t height, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;

  if (!bs_database_query(chain->database, SQL_hash_at, &row, BS_VALUES(bs_value_integer(height)), error)) return false;
  *ret_found = row != NULL;
  return row == NULL || bs_row_bytes(chain->database, row, 0, hash, BS_BITCOIN_HASH_SIZE, error);
}

/* ---- writing ---- */

bool bs_bitcoin_chain_begin(struct bs_bitcoin_chain *chain, struct bs_error *error) {
  chain->tip_is_known = false;
  chain->is_writing = bs_database_begin(chain->database, error);
  return chain->is_writing;
}

bool bs_bitcoin_chain_begin_read(struct bs_bitcoin_chain *chain, struct bs_error *error) {
  return bs_database_begin_read(chain->database, error);
}

bool bs_bitcoin_chain_commit(struct bs_bitcoin_chain *chain, struct bs_error *error) {
  chain->is_writing = chain->tip_is_known = false;
  return bs_database_commit(chain->database, error);
}

void bs_bitcoin_chain_abort(struct bs_bitcoin_chain *chain) {
  chain->is_writing = chain->tip_is_known = false;
  bs_database_rollback(chain->database);
}

bool bs_bitcoin_chain_find_operations(const struct bs_bitcoin_chain *chain, size_t **ret_numbers, size_t *ret_count,
                                      const struct bs_bitcoin_block *block, struct bs_error *error) {
  size_t *numbers BS_AUTO_FREE = NULL;
  size_t count = 0;

  for (size_t i = 1; i < block->count; i++) {
    if (!bs_rules_has_payload(&chain->parameters, &block->transactions[i])) continue;
    if (numbers == NULL) numbers = calloc(block->count - i, sizeof *numbers);
    if (numbers == NULL) return bs_fail_memory(error);
    numbers[count++] = i;
  }
  *ret_numbers = numbers;
  *ret_count = count;
  numbers = NULL;
  return true;
}

static bool apply(struct bs_bitcoin_chain *chain, uint64_t height, struct bs_block_result *result,
                  const struct bs_bitcoin_block *block, const struct bs_bitcoin_operation *operations, size_t count,
                  struct bs_error *error) {
  struct bs_block_transaction *judged BS_AUTO_FREE = calloc(count + 1, sizeof *judged);

  if (judged == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < count; i++)
    judged[i] = (struct bs_block_transaction){.transaction = &block->transactions[operations[i].number],
                                              .vtxindex = operations[i].number,
                                              .sender = operations[i].sender,
                                              .sender_length = operations[i].sender_length};
  return bs_rules_apply(&chain->index, result, height, judged, count, error);
}

bool bs_bitcoin_chain_append(struct bs_bitcoin_chain *chain, const struct bs_bitcoin_block *block,
                             const struct bs_bitcoin_operation *operations, size_t count, bool is_kept,
                             struct bs_error *error) {
  const struct bs_bitcoin_header *header = &block->header;
  struct bs_block_result result;
  struct bs_bitcoin_tip tip;

  if (!bs_bitcoin_chain_tip(chain, &tip, error)) return false;
  if (tip.has_block && memcmp(tip.hash, header->previous, sizeof tip.hash) != 0)
    return bs_fail(error, BS_WORD_conflict, "The block does not follow block %" PRIu64 " of the index.", tip.height);
  tip.height++;
  chain->parameters.undo_blocks = is_kept ? BS_BITCOIN_KEPT_BLOCKS : 0;
  if (!apply(chain, tip.height, &result, block, operations, count, error) ||
      !bs_database_run(chain->database, SQL_put_block,
                       BS_VALUES(bs_value_integer(tip.height), bs_value_blob(header->hash, sizeof header->hash),
                                 bs_value_integer(header->time)),
                       error))
    return false;
  tip.has_block = true;
  tip.time = header->time;
  memcpy(tip.hash, header->hash, sizeof tip.hash);
  memcpy(tip.consensus, result.consensus, sizeof tip.consensus);
  chain->tip = tip;
  chain->tip_is_known = chain->is_writing;
  return true;
}

bool bs_bitcoin_chain_unwind(struct bs_bitcoin_chain *chain, uint64_t height, struct bs_error *error) {
  chain->tip_is_known = false;
  if (!bs_index_rollback(&chain->index, height, error)) {
    if (error->word != BS_WORD_not_found) return false;
    return bs_fail(error, BS_WORD_conflict,
                   "%s: Blocks from %" PRIu64 " on have left the node's chain, and how to take them back was not kept.  If the"
                   " node is right, remove the index, with its -wal and -shm: it is made again.",
                   chain->database->path, height + 1);
  }
  return bs_database_run(chain->database, SQL_drop_blocks, BS_VALUES(bs_value_integer(height)), error);
}

bool bs_bitcoin_chain_is_removed(const struct bs_bitcoin_chain *chain) {
  return bs_database_is_removed(chain->database);
}

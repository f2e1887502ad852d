/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/chain/ledger.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/chain/ledger-private.h"
#include "core/chain/statements.h"

static const char *const schema[] = {BS_LEDGER_SCHEMA BS_INDEX_SCHEMA, BS_INDEX_SCHEMA_2, BS_INDEX_SCHEMA_3,
                                     BS_INDEX_SCHEMA_4, BS_INDEX_SCHEMA_5};

static const char *const statements[] = {
#define STATEMENT_TEXT(name, text) text,
    BS_INDEX_STATEMENTS(STATEMENT_TEXT) BS_LEDGER_STATEMENTS(STATEMENT_TEXT)
#undef STATEMENT_TEXT
};

const struct bs_database_kind bs_ledger_kind = {
    .noun = "ledger",
    .application_id = 0x42534c31, /* "BSL1" */
    .schema = schema,
    .version = sizeof schema / sizeof schema[0],
    .read_version = 1,
    .statements = statements,
    .statement_count = BS_SQL_COUNT,
};

const unsigned char *bs_ledger_chain_id(const struct bs_ledger *ledger) {
  return ledger->chain_id;
}

const struct bs_chain_parameters *bs_ledger_parameters(const struct bs_ledger *ledger) {
  return &ledger->parameters;
}

const struct bs_index *bs_ledger_index(const struct bs_ledger *ledger) {
  return &ledger->index;
}

void bs_ledger_scope(struct bs_ledger *ledger, const struct bs_scope *scope) {
  bs_database_scope(ledger->database, scope);
}

void bs_ledger_close(struct bs_ledger *ledger) {
  if (ledger == NULL) return;
  bs_database_close(ledger->database);
  free(ledger);
}

bool bs_ledger_get_tip(struct bs_ledger *ledger, struct bs_ledger_tip *ret_tip, struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_ledger_tip tip = {.height = ledger->parameters.first_block - 1};

  if (!bs_database_query(ledger->database, BS_SQL_last_block, &row, BS_NO_VALUES, error)) return false;
  memcpy(tip.consensus, ledger->parameters.seed, sizeof tip.consensus);
  if (row != NULL) {
    tip.height = bs_row_integer(row, 0);
    tip.time = bs_row_integer(row, 1);
    if (!bs_row_bytes(ledger->database, row, 2, tip.consensus, sizeof tip.consensus, error)) return false;
  }
  *ret_tip = tip;
  return true;
}

bool bs_ledger_get_transaction(struct bs_ledger *ledger, struct bs_buffer *ret_raw, uint64_t *ret_height,
                               const unsigned char txid[BS_TXID_SIZE], struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  char text[2 * BS_TXID_SIZE + 1];

  if (!bs_database_query(ledger->database, BS_SQL_get_transaction, &row, BS_VALUES(bs_value_blob(txid, BS_TXID_SIZE)),
                         error))
    return false;
  bs_txid_text(text, txid);
  if (row == NULL)
    return bs_fail(error, BS_WORD_not_found, "%s: There is no transaction %s.", ledger->database->path, text);
  if (ret_height != NULL) *ret_height = bs_row_integer(row, 0);
  bs_buffer_add(ret_raw, sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2));
  return bs_buffer_ok(ret_raw, error);
}

bool bs_ledger_get_unspents(struct bs_ledger *ledger, struct bs_outpoint *outpoints, size_t *ret_count, size_t most,
                            const unsigned char hash[BS_HASH160_SIZE], struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_script script;
  size_t count = 0;

  bs_script_pay_to(&script, hash);
  if (!bs_database_query(ledger->database, BS_SQL_unspents_of_script, &row,
                         BS_VALUES(bs_value_blob(script.bytes, script.length), bs_value_integer(most)), error))
    return false;
  while (row != NULL) {
    outpoints[count].output = (uint32_t)bs_row_integer(row, 1);
    if (!bs_row_bytes(ledger->database, row, 0, outpoints[count++].txid, BS_TXID_SIZE, error)) return false;
    if (!bs_database_next(ledger->database, &row, error)) return false;
  }
  *ret_count = count;
  return true;
}

bool bs_ledger_begin(struct bs_ledger *ledger, struct bs_error *error) {
  return bs_database_begin(ledger->database, error);
}

bool bs_ledger_commit(struct bs_ledger *ledger, struct bs_error *error) {
  return bs_database_commit(ledger->database, error);
}

void bs_ledger_rollback(struct bs_ledger *ledger) {
  bs_database_rollback(ledger->database);
}

/* ---- blocks ---- */

/* A transaction of the block that is being appended. */
struct incoming {
  struct bs_transaction transaction;
  struct bs_script sender;
};

/* Takes the output that an input spends: checks the signature, removes it, adds its value. */
static bool spend(struct bs_ledger *ledger, struct incoming *incoming, size_t number, uint64_t *value,
                  struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  const struct bs_transaction_input *input = &incoming->transaction.inputs[number];
  const struct bs_value outpoint[] = {bs_value_blob(input->txid, BS_TXID_SIZE), bs_value_integer(input->output)};
  struct bs_script script;

  if (!bs_database_query(ledger->database, BS_SQL_get_unspent, &row, outpoint, 2, error)) return false;
  if (row == NULL)
    return bs_fail(error, BS_WORD_conflict, "Input %zu spends an output that was spent already or never existed.",
                   number);
  script.length = (size_t)sqlite3_column_bytes(row, 1);
  if (script.length > sizeof script.bytes)
    return bs_fail(error, BS_WORD_denied, "Input %zu spends an output that is not P2PKH; only those can be spent here.",
                   number);
  if (!bs_row_bytes(ledger->database, row, 1, script.bytes, script.length, error)) return false;
  *value += bs_row_integer(row, 0);
  if (number == 0) incoming->sender = script;
  if (!bs_transaction_check_input(&incoming->transaction, number, script.bytes, script.length, error)) return false;
  return bs_database_run(ledger->database, BS_SQL_drop_unspent, outpoint, 2, error);
}

static bool spend_all(struct bs_ledger *ledger, struct incoming *incoming, struct bs_error *error) {
  const struct bs_transaction *transaction = &incoming->transaction;
  uint64_t in = 0, out = 0;

  for (size_t i = 0; i < transaction->input_count; i++)
    if (!spend(ledger, incoming, i, &in, error)) return false;
  for (size_t i = 0; i < transaction->output_count; i++) out += transaction->outputs[i].value;
  if (out > in)
    return bs_fail(error, BS_WORD_malformed, "The transaction pays %" PRIu64 " satoshis but has only %" PRIu64 ".", out,
                   in);
  return true;
}

static bool store(struct bs_ledger *ledger, const struct bs_transaction *transaction, const struct bs_raw *raw,
                  uint64_t height, uint64_t position, struct bs_error *error) {
  for (size_t i = 0; i < transaction->output_count; i++) {
    const struct bs_transaction_output *output = &transaction->outputs[i];

    if (bs_script_classify(NULL, output->script, output->script_length) == BS_SCRIPT_NULL_DATA) continue;
    if (!bs_database_run(
            ledger->database, BS_SQL_put_unspent,
            BS_VALUES(bs_value_blob(transaction->txid, BS_TXID_SIZE), bs_value_integer(i),
                      bs_value_integer(output->value), bs_value_blob(output->script, output->script_length)),
            error))
      return false;
  }
  return bs_database_run(ledger->database, BS_SQL_put_transaction,
                         BS_VALUES(bs_value_blob(transaction->txid, BS_TXID_SIZE), bs_value_integer(height),
                                   bs_value_integer(position), bs_value_blob(raw->bytes, raw->length)),
                         error);
}

static bool take_transaction(struct bs_ledger *ledger, struct incoming *incoming, const struct bs_raw *raw,
                             uint64_t height, uint64_t position, bool coinbase, struct bs_error *error) {
  if (!bs_transaction_parse(&incoming->transaction, raw->bytes, raw->length, error)) return false;
  if (incoming->transaction.has_witnesses) /* nothing signs them: anybody could add some */
    return bs_fail(error, BS_WORD_malformed, "The transaction has witnesses, which no output of this chain asks for.");
  if (bs_transaction_is_coinbase(&incoming->transaction)) {
    if (!coinbase) return bs_fail(error, BS_WORD_denied, "Only the ledger itself makes coinbase transactions.");
  } else if (!spend_all(ledger, incoming, error)) {
    return false;
  }
  return store(ledger, &incoming->transaction, raw, height, position, error);
}

static void describe(struct bs_block_transaction *judged, const struct incoming *incoming, size_t count) {
  for (size_t i = 0; i < count; i++)
    judged[i] = (struct bs_block_transaction){.transaction = &incoming[i].transaction,
                                              .vtxindex = i,
                                              .sender = incoming[i].sender.length > 0 ? incoming[i].sender.bytes : NULL,
                                              .sender_length = incoming[i].sender.length};
}

static bool tell_verdicts(struct bs_verdict_text *verdicts, const struct bs_block_transaction *judged, size_t count,
                          bool only_accepted, struct bs_error *error) {
  for (size_t i = 0; i < count; i++) {
    if (only_accepted && judged[i].verdict == BS_VERDICT_REFUSED)
      return bs_fail(error, BS_WORD_denied, "%s", judged[i].reason);
    if (verdicts == NULL) continue;
    verdicts[i].verdict = judged[i].verdict;
    memcpy(verdicts[i].reason, judged[i].reason, sizeof verdicts[i].reason);
  }
  return true;
}

/* Parses, checks, stores and judges; `incoming` and `judged` are `count` zeroed elements. */
static bool append_with(struct bs_ledger *ledger, const struct bs_new_block *block, struct incoming *incoming,
                        struct bs_block_transaction *judged, struct bs_verdict_text *verdicts, struct bs_error *error) {
  struct bs_block_result result;

  for (size_t i = 0; i < block->count; i++)
    if (!take_transaction(ledger, &incoming[i], &block->transactions[i], block->height, i, block->coinbase && i == 0,
                          error)) {
      if (block->count > 1) bs_context(error, "Transaction %zu of the block", i);
      return false;
    }
  describe(judged, incoming, block->count);
  if (!bs_rules_apply(&ledger->index, &result, block->height, judged, block->count, error) ||
      !tell_verdicts(verdicts, judged, block->count, block->only_accepted, error))
    return false;
  return bs_database_run(ledger->database, BS_SQL_put_block,
                         BS_VALUES(bs_value_integer(block->height), bs_value_integer(block->time),
                                   bs_value_blob(result.consensus, sizeof result.consensus)),
                         error);
}

bool bs_ledger_append_block(struct bs_ledger *ledger, const struct bs_new_block *block,
                            struct bs_verdict_text *verdicts, struct bs_error *error) {
  struct incoming *incoming BS_AUTO_FREE = calloc(block->count + 1, sizeof *incoming);
  struct bs_block_transaction *judged BS_AUTO_FREE = calloc(block->count + 1, sizeof *judged);
  bool good;

  if (incoming == NULL || judged == NULL) return bs_fail_memory(error);
  good = append_with(ledger, block, incoming, judged, verdicts, error);
  for (size_t i = 0; i < block->count; i++) bs_transaction_free(&incoming[i].transaction);
  return good;
}

/* Height and time of the next block. */
static bool next_block(struct bs_ledger *ledger, struct bs_new_block *block, struct bs_error *error) {
  struct bs_ledger_tip tip;
  uint64_t now = bs_clock_unix();

  if (!bs_ledger_get_tip(ledger, &tip, error)) return false;
  block->height = tip.height + 1;
  block->time = now > tip.time ? now : tip.time; /* never backwards */
  return true;
}

bool bs_ledger_append(struct bs_ledger *ledger, uint64_t *ret_height, struct bs_verdict_text *verdicts,
                      const struct bs_raw *transactions, size_t count, bool only_accepted, struct bs_error *error) {
  struct bs_new_block block = {.transactions = transactions, .count = count, .only_accepted = only_accepted};

  if (!next_block(ledger, &block, error) || !bs_ledger_append_block(ledger, &block, verdicts, error)) return false;
  *ret_height = block.height;
  return true;
}

bool bs_ledger_grant(struct bs_ledger *ledger, const unsigned char hash[BS_HASH160_SIZE], uint64_t satoshis,
                     struct bs_error *error) {
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_script script;
  unsigned char height[9] = {8}; /* a push of the block's height: no two coinbases are the same */
  struct bs_transaction_input input = {
      .output = UINT32_MAX, .script = height, .script_length = sizeof height, .sequence = UINT32_MAX};
  struct bs_transaction_output output = {satoshis, script.bytes, 0};
  struct bs_transaction transaction = {
      .version = 1, .inputs = &input, .input_count = 1, .outputs = &output, .output_count = 1};
  struct bs_new_block block = {.count = 1, .coinbase = true};

  bs_script_pay_to(&script, hash);
  output.script_length = script.length;
  if (!next_block(ledger, &block, error)) return false;
  for (size_t i = 0; i < 8; i++) height[i + 1] = (unsigned char)(block.height >> 8 * i);
  bs_transaction_write(&raw, &transaction);
  if (!bs_buffer_ok(&raw, error)) return false;
  block.transactions = &(struct bs_raw){raw.bytes, raw.length};
  return bs_ledger_append_block(ledger, &block, NULL, error);
}

/* SPDX-License-Identifier: MIT */
/* What is wrong with an index: by itself, and beside the blocks that it was made from. */
#include <config.h>

#include "core/bitcoind/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/bitcoind/chain-private.h"
#include "core/chain/compare.h"
#include "core/chain/consensus.h"
#include "core/chain/statements.h"
#include "core/state/examine.h"

#define WHAT "index"
#define MEND "blockstored --reindex makes it again from the node."

struct checking {
  const struct bs_subject *subject;
  const struct bs_bitcoin_network *network;
  uint64_t first_block;
  bool is_replayed;
  struct bs_database *copy; /* is_replayed: the index of one moment; NULL: there is none, or it is damaged */
};

static void close_copy(struct checking *checking) {
  bs_database_close(checking->copy);
  checking->copy = NULL;
}

/* Somewhere in the index. */
static void tell(const struct checking *checking, struct bs_survey *survey, const char *where, const char *problem) {
  char *place BS_AUTO_FREE = NULL;

  if (asprintf(&place, "%s, %s", checking->subject->path, where) < 0) {
    place = NULL;
    survey->failed = true;
    return;
  }
  bs_finding_add(survey, BS_FINDING_ERROR, WHAT, place);
  bs_finding_problem(survey, "%s", problem);
  bs_finding_mend(survey, "%s", checking->subject->mend);
}

static void tell_block(const struct checking *checking, struct bs_survey *survey, uint64_t height, const char *problem) {
  char where[40];

  snprintf(where, sizeof where, "block %" PRIu64, height);
  tell(checking, survey, where, problem);
}

/* ---- by itself ---- */

/* The operations hash of a block by its operations. */
static bool hash_operations(struct bs_bitcoin_chain *chain, uint64_t height, unsigned char hash[BS_SHA256_SIZE],
                            struct bs_error *error) {
  sqlite3_stmt *row BS_AUTO_ROW = NULL;
  struct bs_leaf *leaves BS_AUTO_FREE = NULL;
  size_t count = 0;

  if (!bs_database_query(chain->database, BS_SQL_operations_at, &row, BS_VALUES(bs_value_integer(height)), error)) return false;
  while (row != NULL) {
    struct bs_leaf *grown = reallocarray(leaves, count + 1, sizeof *leaves);

    if (grown == NULL) return bs_fail_memory(error);
    leaves = grown;
    bs_operation_leaf(&leaves[count++], sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1));
    if (!bs_database_next(chain->database, &row, error)) return false;
  }
  bs_operations_hash(hash, leaves, count);
  return true;
}

/* Has the block the consensus hash that it must have, if those before it are right? */
static bool check_block(struct bs_bitcoin_chain *chain, uint64_t height, bool *ret_right, struct bs_error *error) {
  unsigned char kept[BS_CONSENSUS_SIZE], made[BS_CONSENSUS_SIZE], kept_hash[BS_SHA256_SIZE], made_hash[BS_SHA256_SIZE];
  struct bs_leaf previous[BS_CONSENSUS_PREVIOUS_MAX];
  size_t count = 0;
  bool found;

  *ret_right = false;
  if (!bs_index_get_consensus(&chain->index, kept, kept_hash, &found, height, error)) return false;
  if (!found) return true;
  if (!hash_operations(chain, height, made_hash, error)) return false;
  for (uint64_t back = 1; back <= height - chain->parameters.first_block; back = 2 * back + 1) {
    previous[count].length = BS_CONSENSUS_SIZE;
    if (!bs_index_get_consensus(&chain->index, previous[count].bytes, NULL, &found, height - back, error)) return false;
    if (!found) return true;
    count++;
  }
  bs_consensus_hash(made, made_hash, previous, count);
  *ret_right = memcmp(made, kept, sizeof made) == 0 && memcmp(made_hash, kept_hash, sizeof made_hash) == 0;
  return true;
}

static bool check_blocks(const struct checking *checking, struct bs_bitcoin_chain *chain, uint64_t tip, struct bs_survey *survey,
                         struct bs_error *error) {
  for (uint64_t height = chain->parameters.first_block; height <= tip; height++) {
    bool is_right;

    if (chain->database->scope != NULL && !bs_scope_check(chain->database->scope, error)) return false;
    if (!check_block(chain, height, &is_right, error)) return false;
    if (is_right) continue;
    tell_block(checking, survey, height, "The consensus hash is not that of the block's operations and of the blocks before it.");
    break; /* those behind it have it in theirs */
  }
  return true;
}

/* A row of numbers. */
static bool ask_numbers(struct bs_database *database, const char *sql, int64_t *numbers, int count, struct bs_error *error) {
  sqlite3_stmt *statement = NULL;
  bool good = sqlite3_prepare_v2(database->sqlite, sql, -1, &statement, NULL) == SQLITE_OK &&
              sqlite3_step(statement) == SQLITE_ROW;

  for (int i = 0; i < count && good; i++) numbers[i] = sqlite3_column_int64(statement, i);
  if (!good) bs_database_fail(database, error);
  sqlite3_finalize(statement);
  return good;
}

/* Nothing may be of a block before the first or behind the last, and each between has its row. */
static bool check_bounds(const struct checking *checking, struct bs_bitcoin_chain *chain, uint64_t tip, struct bs_survey *survey,
                         struct bs_error *error) {
  static const struct {
    const char *table, *block;
  } tables[] = {{"blocks", "height"},       {"consensus", "block"}, {"operations", "block"},
                {"announcements", "block"}, {"refused", "block"},   {"undo", "block"}};
  int64_t first = (int64_t)chain->parameters.first_block, last = (int64_t)tip;

  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    const char *table = tables[i].table, *block = tables[i].block;
    int64_t numbers[3]; /* rows, and the least and the greatest block of them */
    char sql[200], where[60];

    snprintf(sql, sizeof sql, "SELECT %s FROM %s), (SELECT min(%s) FROM %s), (SELECT max(%s) FROM %s)",
             i < 2 ? "(SELECT count(*)" : "EXISTS (SELECT 1", table, block, table, block, table);
    if (!ask_numbers(chain->database, sql, numbers, 3, error)) return false;
    if (numbers[0] > 0 && (numbers[1] < first || numbers[2] > last)) {
      snprintf(where, sizeof where, "table %s, row %lld", table, (long long)(numbers[1] < first ? numbers[1] : numbers[2]));
      tell(checking, survey, where, "The row is of a block before the first or behind the last one of the index.");
    } else if (i < 2 && numbers[0] != last - first + 1) {
      snprintf(where, sizeof where, "table %s", table);
      tell(checking, survey, where, "There is not a row for each block.");
    }
  }
  return true;
}

/* What takes blocks back, of a schema that tells. */
static bool check_undo(const struct checking *checking, struct bs_bitcoin_chain *chain, int32_t version,
                       struct bs_survey *survey, struct bs_error *error) {
  uint64_t block;
  bool is_whole;
  char where[60];

  if (version < bs_bitcoin_chain_kind.version) return true;
  if (!bs_undo_check(&chain->index, &block, &is_whole, error)) return false;
  if (is_whole) return true;
  snprintf(where, sizeof where, "table undo, row %" PRIu64, block);
  tell(checking, survey, where, "What takes the block back is not what was once written.");
  return true;
}

static bool check_content(void *user, struct bs_database *database, int32_t version, struct bs_survey *survey,
                          struct bs_error *error) {
  struct checking *checking = user;
  struct bs_bitcoin_chain chain = {.database = database, .network = checking->network};
  struct bs_bitcoin_tip tip;
  uint64_t names;
  bool has_source;

  if (!bs_bitcoin_parameters(&chain.parameters, checking->network, checking->first_block, error)) return false;
  chain.index = (struct bs_index){database, &chain.parameters};
  if (!bs_bitcoin_chain_check_source(&chain, &has_source, error) || !bs_bitcoin_chain_tip(&chain, &tip, error) ||
      !bs_index_count(&chain.index, &names, error)) return false;
  bs_examined_count(survey, "blocks", tip.height + 1 - chain.parameters.first_block);
  bs_examined_count(survey, "names", names);
  if (!check_bounds(checking, &chain, tip.height, survey, error) ||
      !check_blocks(checking, &chain, tip.height, survey, error) || !check_undo(checking, &chain, version, survey, error))
    return false;
  close_copy(checking); /* of a first look, while which the file was written */
  return !checking->is_replayed || bs_database_copy_temporary(&checking->copy, database, error);
}

static struct bs_subject subject_of(const char *path) {
  return (struct bs_subject){.what = WHAT,
                             .path = path,
                             .kind = &bs_bitcoin_chain_kind,
                             .mend = MEND,
                             .upgrade = "Whoever follows the node brings it up to date; nothing is to be done."};
}

bool bs_bitcoin_chain_check(const char *path, const struct bs_bitcoin_network *network, uint64_t first_block,
                            const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error) {
  const struct bs_subject subject = subject_of(path);
  struct checking checking = {&subject, network, first_block, false, NULL};

  return bs_examine(&subject, scope, check_content, &checking, survey, error);
}

/* ---- beside the blocks ---- */

static const struct bs_table tables[] = {
    {"blocks", "*", "height", 1, true},
    BS_INDEX_TABLES,
    {"source", "*", "network, first_block", 2, false},
};

struct comparing {
  const struct checking *checking;
  struct bs_survey *survey;
};

static void note_difference(void *user, const char *where, const char *problem) {
  const struct comparing *comparing = user;

  tell(comparing->checking, comparing->survey, where, problem);
}

/* All tables, or, of a replay that did not get as far, those that are by block. */
static bool compare_tables(struct bs_bitcoin_chain *made, struct bs_bitcoin_chain *stored, bool is_whole, uint64_t *block,
                           struct comparing *comparing, struct bs_error *error) {
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    if (stored->database->scope != NULL && !bs_scope_check(stored->database->scope, error)) return false;
    if ((is_whole || tables[i].is_by_block) &&
        !bs_table_compare(block, made->database, stored->database, &tables[i], note_difference, comparing, error))
      return false;
  }
  return !is_whole || bs_undo_compare(block, made->database, stored->database, note_difference, comparing, error);
}

/* The first block goes before the rows. */
static bool compare(const struct checking *checking, struct bs_bitcoin_chain *made, struct bs_bitcoin_chain *stored,
                    struct bs_survey *survey, struct bs_error *error) {
  struct bs_survey part BS_AUTO(bs_survey_free) = BS_SURVEY_INIT;
  struct comparing comparing = {checking, &part};
  struct bs_bitcoin_tip made_tip, stored_tip;
  uint64_t block = UINT64_MAX;

  if (!bs_bitcoin_chain_tip(made, &made_tip, error) || !bs_bitcoin_chain_tip(stored, &stored_tip, error) ||
      !compare_tables(made, stored, made_tip.height == stored_tip.height, &block, &comparing, error))
    return false;
  if (block != UINT64_MAX)
    tell_block(checking, survey, block, "This is the first block of which the index has something else than follows from the"
               " node's.");
  bs_survey_move(survey, &part);
  return true;
}

static void tell_left(const struct checking *checking, uint64_t tip, uint64_t count, struct bs_survey *survey) {
  bs_finding_add(survey, BS_FINDING_WARNING, WHAT, checking->subject->path);
  bs_finding_problem(survey, "The blocks %" PRIu64 " to %" PRIu64 " have left the node's chain since they were indexed; they were"
                     " replayed as the index knows them.", tip - count + 1, tip);
  bs_finding_mend(survey, "Nothing: whoever follows the node takes them back.");
}

/* What stands in the way of a replay is not the index's fault, but for values that cannot be read. */
static bool tell_hindrance(const struct bs_subject *subject, const struct bs_bitcoind_config *config, struct bs_survey *survey,
                           struct bs_error *error) {
  if (error->word == BS_WORD_corrupt) return bs_examine_tell(subject, survey, error);
  if (error->word == BS_WORD_no_memory || error->word == BS_WORD_cancelled) return false;
  bs_finding_add(survey, BS_FINDING_ERROR, "node", config->rpc.url);
  bs_finding_problem(survey, "The blocks could not be replayed: %s", error->message);
  bs_finding_mend(survey, "See to what the problem names, and run this again; the index itself may be sound.");
  *error = (struct bs_error){.word = BS_NO_WORD};
  return true;
}

static bool replay(const struct checking *checking, struct bs_bitcoin_chain *made, struct bs_bitcoin_chain *stored,
                   const struct bs_bitcoind_config *config, const struct bs_replay_watch *watch, const struct bs_scope *scope,
                   struct bs_survey *survey, struct bs_error *error) {
  struct bs_follow_state state;
  struct bs_bitcoin_tip tip;
  int64_t sizes[2];

  if (!bs_bitcoin_chain_tip(stored, &tip, error) ||
      !ask_numbers(stored->database, "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size", sizes, 2, error))
    return false;
  if (watch->begin != NULL)
    watch->begin(tip.height + 1 - stored->parameters.first_block, 2 * (uint64_t)(sizes[0] * sizes[1]), watch->user);
  if (!bs_follow_again(made, stored, config, watch->tell, watch->user, scope, &state, error)) return false;
  if (!compare(checking, made, stored, survey, error)) return false;
  if (state.taken_back > 0) tell_left(checking, tip.height, state.taken_back, survey);
  bs_examined_count(survey, "replayed", state.height + 1 - stored->parameters.first_block);
  return true;
}

static void close_chain(struct bs_bitcoin_chain **chain) {
  bs_bitcoin_chain_close(*chain);
}

bool bs_bitcoin_chain_replay(const struct bs_bitcoind_config *config, const struct bs_replay_watch *watch,
                             const struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error) {
  const struct bs_subject subject = subject_of(config->index);
  const struct bs_bitcoin_network *network = bs_bitcoin_network_find(config->network);
  struct checking checking BS_AUTO(close_copy) = {&subject, network, config->first_block, true, NULL};
  struct bs_bitcoin_chain stored = {.network = network}, *made BS_AUTO(close_chain) = NULL;

  if (!bs_examine(&subject, scope, check_content, &checking, survey, error)) return false;
  if (checking.copy == NULL) return true;
  stored.database = checking.copy;
  if (!bs_bitcoin_parameters(&stored.parameters, network, config->first_block, error)) return false;
  stored.index = (struct bs_index){checking.copy, &stored.parameters};
  return (bs_bitcoin_chain_open_temporary(&made, network, config->first_block, error) &&
          replay(&checking, made, &stored, config, watch, scope, survey, error)) ||
         tell_hindrance(&subject, config, survey, error);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "core/client/check.h"
#include "core/client/name-floor.h"
#include "core/codec/hex.h"

#define WHAT "names"

struct holding {
  struct bs_names *names;
  const char *state_dir;
  const struct bs_pin *pin;
  struct bs_scope *scope;
  struct bs_survey *survey;
  struct bs_names_info info;
};

static bool is_local(const struct holding *holding) {
  return bs_names_is_local(holding->names);
}

static const char *noun(const struct holding *holding) {
  return is_local(holding) ? "ledger" : "name server's chain";
}

static void mend(const struct holding *holding) {
  if (!is_local(holding)) {
    bs_finding_mend(holding->survey, "Ask another name server (names.server in the configuration).  Where the chain was begun"
                    " anew on purpose: while no program uses the state directory, remove %s/state.db with its -wal and -shm; with"
                    " it goes all memory of what was seen, of any data.", holding->state_dir);
    return;
  }
  bs_finding_mend(holding->survey, "Bring the ledger back that was used before.  Where that is lost, or was meant to go: while"
                  " no program uses the state directory, remove %s/state.db with its -wal and -shm; with it goes all memory of"
                  " what was seen, of any data.", holding->state_dir);
}

static void add(const struct holding *holding, enum bs_severity severity) {
  const char *where = holding->info.ledger != NULL ? holding->info.ledger : holding->info.server;

  bs_finding_add(holding->survey, severity, WHAT, where != NULL ? where : holding->state_dir);
}

/* ---- one name ---- */

/* What the chain has of a name that was seen. */
enum answer { MISSING, BELOW, ABOVE };

/* What is below the floor counts only where the floor's block has left the chain, what is above it only in the same history. */
static bool hold(const struct holding *holding, const struct bs_remembered *remembered, enum answer answer,
                 struct bs_error *error) {
  static const char *const has[] = {[MISSING] = "does not have it", [BELOW] = "has an older or another state of it"};
  enum bs_fate fate;

  if (!bs_name_floor_fate(&fate, &remembered->seen, holding->names, holding->pin, holding->scope, error)) return false;
  if (fate == BS_FATE_LEFT_CHAIN || (answer == ABOVE && fate != BS_FATE_REPLACED)) return true;
  add(holding, BS_FINDING_ERROR);
  if (fate == BS_FATE_REPLACED)
    bs_finding_problem(holding->survey, "The name %s was seen as of block %" PRIu64
                       "; the %s has another block there: an older one was put back, and has grown since.",
                       remembered->name, remembered->seen.block, noun(holding));
  else
    bs_finding_problem(holding->survey, "The name %s was seen as of block %" PRIu64
                       "; the %s, which ends at block %" PRIu64 ", %s.",
                       remembered->name, remembered->seen.block, noun(holding), holding->info.height, has[answer]);
  mend(holding);
  return true;
}

static bool check_name(const struct holding *holding, const struct bs_remembered *remembered, struct bs_error *error) {
  struct bs_name_record record;
  struct bs_name_seen seen;

  if (!bs_names_lookup(holding->names, holding->scope, &record, remembered->name, error)) {
    if (error->word != BS_WORD_not_found) return false;
    *error = (struct bs_error){.word = BS_NO_WORD};
    return hold(holding, remembered, MISSING, error);
  }
  seen = bs_name_floor_of(&record);
  return bs_name_floor_is_same(&seen, &remembered->seen) ||
         hold(holding, remembered, bs_name_floor_is_above(&seen, &remembered->seen) ? ABOVE : BELOW, error);
}

/* ---- the chain ---- */

static void tell_no_ledger(const struct holding *holding, const struct bs_remembered *remembered, size_t count) {
  add(holding, BS_FINDING_ERROR);
  bs_finding_problem(holding->survey, "There is no %s, but the state remembers %zu of its names: %s%s.", noun(holding),
                     count, remembered->name, count > 1 ? " and others" : "");
  mend(holding);
}

/* Names of several chains are those of somebody who uses several; names of other chains only, of a ledger that was replaced. */
static void tell_other_chain(const struct holding *holding, const struct bs_remembered *other, size_t count, bool is_replaced) {
  char chain[65];

  bs_hex_encode(chain, other->chain_id, sizeof other->chain_id);
  add(holding, is_replaced ? BS_FINDING_ERROR : BS_FINDING_WARNING);
  if (count == 1)
    bs_finding_problem(holding->survey, "The state remembers a name, %s, of another chain than the %s's %s: %s.", other->name,
                       is_local(holding) ? "ledger" : "name server", holding->info.chain_id, chain);
  else
    bs_finding_problem(holding->survey, "The state remembers %zu names, such as %s, of other chains than the %s's %s: %s.",
                       count, other->name, is_local(holding) ? "ledger" : "name server", holding->info.chain_id, chain);
  if (is_replaced) mend(holding);
  else bs_finding_mend(holding->survey, "Nothing, where you use several %s on purpose; give each a state_dir of its own.",
                       is_local(holding) ? "ledgers" : "chains");
}

static bool is_ours(const struct bs_error *error) {
  return error->word == BS_WORD_no_memory;
}

static bool check_each(const struct holding *holding, const struct bs_remembered *remembered, size_t count,
                       struct bs_error *error) {
  const struct bs_remembered *other = NULL;
  unsigned char chain_id[32];
  size_t others = 0;

  bs_hex_decode(chain_id, sizeof chain_id, holding->info.chain_id);
  for (size_t i = 0; i < count; i++) {
    if (memcmp(remembered[i].chain_id, chain_id, sizeof chain_id) == 0) {
      if (!check_name(holding, &remembered[i], error)) return false;
    } else if (others++ == 0) {
      other = &remembered[i];
    }
  }
  if (other != NULL) tell_other_chain(holding, other, others, others == count);
  return true;
}

static bool hold_names(struct holding *holding, const struct bs_remembered *remembered, size_t count, struct bs_error *error) {
  if (!bs_names_info(holding->names, holding->scope, &holding->info, error)) return false;
  bs_examined_add(holding->survey, WHAT, holding->info.ledger != NULL ? holding->info.ledger : holding->info.server);
  bs_examined_count(holding->survey, "remembered", count);
  if (count == 0) return true;
  if (holding->info.exists) return check_each(holding, remembered, count, error);
  tell_no_ledger(holding, remembered, count);
  return true;
}

bool bs_check_names(struct bs_names *names, const struct blockstore_config *config, const struct bs_remembered *remembered,
                    size_t count, struct bs_scope *scope, struct bs_survey *survey, struct bs_error *error) {
  struct bs_pin pin;
  struct holding holding = {.names = names, .state_dir = config->state_dir, .pin = bs_name_floor_pin(&pin, config),
                            .scope = scope, .survey = survey};

  if (hold_names(&holding, remembered, count, error)) return true;
  if (is_ours(error)) return false;
  add(&holding, BS_FINDING_ERROR);
  bs_finding_problem(survey, "The names that were seen cannot be held against the %s: %s", noun(&holding), error->message);
  if (is_local(&holding)) bs_finding_mend(survey, "Run this again, while no other program uses the ledger.");
  else bs_finding_mend(survey, "Run this again when a name server answers.");
  *error = (struct bs_error){.word = BS_NO_WORD};
  return true;
}

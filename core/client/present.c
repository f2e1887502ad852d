/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/present.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/client/name-floor.h"
#include "core/client/unconfirmed.h"
#include "core/client/proving.h"
#include "core/codec/hex.h"

void bs_present_free(struct bs_present *present) {
  bs_user_copy_release(present->copy);
  present->copy = NULL;
}

/* ---- the name's record, and its floor (trust rule 5) ---- */

static struct bs_datum name_only(const struct bs_present *present) {
  return (struct bs_datum){present->record.chain_id, present->record.name, NULL};
}

/* After the sentence that says what is stale: what who put the older ledger back can do.  Who asks servers can ask others. */
static bool advise(struct bs_work *work) {
  struct bs_error *error = &work->report.error;

  if (!bs_names_is_local(work->session->names))
    return bs_fail(error, BS_WORD_stale, "%s  Ask another name server (names.server in the configuration).  Where the chain was "
                   "begun anew on purpose, remove %s/state.db with its -wal and -shm, while nothing runs: with it goes all "
                   "memory of what was seen, of any data.", error->message, work->session->config->state_dir);
  return bs_fail(error, BS_WORD_stale, "%s  Where that was you, bring the newer ledger back, or, while nothing runs, "
                 "remove %s/state.db with its -wal and -shm: with it goes all memory of what was seen, of any data.",
                 error->message, work->session->config->state_dir);
}

static bool refuse_replaced(struct bs_work *work, const char *name, const struct bs_name_seen *floor) {
  bs_fail(&work->report.error, BS_WORD_stale, "The name service answers for %s from another history than the one that "
          "was seen before, whose block %" PRIu64 " it does not have: an older %s was put back, and has grown "
          "since.", name, floor->block, bs_names_is_local(work->session->names) ? "ledger" : "chain");
  return advise(work);
}

static bool find_fate(struct bs_work *work, enum bs_fate *ret_fate, const struct bs_name_seen *floor) {
  struct bs_pin pin;

  return bs_name_floor_fate(ret_fate, floor, work->session->names, bs_name_floor_pin(&pin, work->session->config), work->scope,
                            &work->report.error);
}

/* The answer is below the floor. */
static bool check_left(struct bs_work *work, struct bs_present *present, const struct bs_name_seen *floor) {
  enum bs_fate fate;

  if (!find_fate(work, &fate, floor)) return false;
  present->has_left = fate == BS_FATE_LEFT_CHAIN;
  if (present->has_left) return true;
  if (fate == BS_FATE_REPLACED) return refuse_replaced(work, present->record.name, floor);
  bs_fail(&work->report.error, BS_WORD_stale, "The name service answers for %s as of block %" PRIu64
          ", but its state of block %" PRIu64
          " was seen before: the service was rolled back, or hides the newer state.", present->record.name,
          present->record.block, floor->block);
  return fate == BS_FATE_BEYOND_CHAIN && advise(work);
}

/* The answer is above the floor: it must have come after it. */
static bool check_history(struct bs_work *work, const struct bs_present *present, const struct bs_name_seen *floor) {
  enum bs_fate fate;

  return find_fate(work, &fate, floor) && (fate != BS_FATE_REPLACED || refuse_replaced(work, present->record.name, floor));
}

static bool is_below(const struct bs_name_seen *seen, const struct bs_recalled *recalled) {
  return recalled->has_name && !bs_name_floor_is_same(seen, &recalled->name) && !bs_name_floor_is_above(seen, &recalled->name);
}

/* A server that shows another chain than before would get round what was seen of its names, which belongs to that chain. */
static bool check_same_chain(struct bs_work *work, const struct bs_present *present, const struct bs_recalled *recalled) {
  struct bs_error *error = &work->report.error;
  char chain[65];
  bool known;

  if (recalled->has_name || work->session->config->chain != NULL || bs_names_is_local(work->session->names)) return true;
  if (!bs_state_knows_name(work->session->state, work->scope, &known, present->record.name, error)) return false;
  if (!known) return true;
  bs_hex_encode(chain, present->record.chain_id, sizeof present->record.chain_id);
  return bs_fail(error, BS_WORD_stale, "The name %s was seen on another chain than the one that the name server answers for now, "
                 "%s: what was seen there does not protect it here.  Where this is the chain that you mean, say so in the "
                 "configuration: names.chain: %s", present->record.name, chain, chain);
}

/* What the session kept, and what was asked before the floor was looked up, may have been overtaken by another call:
 * only an answer that was asked for again tells of the name service. */
static bool check_floor(struct bs_work *work, struct bs_present *present, const struct bs_recalled *recalled) {
  if (!check_same_chain(work, present, recalled)) return false;
  if (recalled->has_name) bs_names_saw(work->session->names, recalled->name.block);
  present->was_current = recalled->has_name && recalled->name.is_current;
  present->is_news = !present->record.is_far && /* a lie about blocks to come would stay until they do */
                     (!recalled->has_name || !bs_name_floor_is_same(&present->seen, &recalled->name) ||
                      (present->seen.is_current && !present->was_current));
  if (recalled->has_name && bs_name_floor_is_above(&present->seen, &recalled->name))
    return check_history(work, present, &recalled->name);
  if (!is_below(&present->seen, recalled)) return true;
  if (present->is_second) return check_left(work, present, &recalled->name);
  present->is_outdated = true;
  return bs_fail(&work->report.error, BS_WORD_stale, "A newer answer for %s was believed meanwhile.", present->record.name);
}

static bool is_alive(const struct bs_present *present) {
  return !present->record.revoked && !present->record.expired;
}

static bool check_alive(struct bs_work *work, const struct bs_present *present) {
  struct bs_error *error = &work->report.error;
  const struct bs_name_record *record = &present->record;

  if (is_alive(present)) return true;
  if (!bs_present_believe_name(work, present)) return false; /* nor may it come back to life */
  if (record->revoked)
    return bs_fail(error, BS_WORD_not_found, "The name %s was revoked by its owner; it says nothing any more.", record->name);
  return bs_fail(error, BS_WORD_expired, "The name %s expired at block %" PRIu64
                 "; it says nothing until it is registered again.", record->name, record->expires);
}

bool bs_present_check(struct bs_work *work, struct bs_present *present, const struct bs_recalled *recalled) {
  present->is_checked = check_floor(work, present, recalled) && check_alive(work, present);
  return present->is_checked;
}

/* The floor of a name that the service doesn't know.  There is no chain where the ledger is lost: then the state of any
 * chain counts. */
static bool recall_missing(struct bs_work *work, struct bs_recalled *ret_recalled, bool *ret_exists, const char *name) {
  struct bs_error *error = &work->report.error;
  struct bs_names_info info;
  unsigned char chain_id[32];
  const struct bs_datum datum = {chain_id, name, NULL};

  if (!bs_names_info(work->session->names, work->scope, &info, error)) return false;
  *ret_exists = info.exists;
  *ret_recalled = (struct bs_recalled){.clock = 0};
  if (!info.exists) return bs_state_knows_name(work->session->state, work->scope, &ret_recalled->has_name, name, error);
  bs_hex_decode(chain_id, sizeof chain_id, info.chain_id);
  return bs_state_recall(work->session->state, work->scope, ret_recalled, &datum, NULL, error);
}

/* A name that was seen before has been there: only a chain without the block where it was seen can say that it is not
 * registered. */
static bool refuse_missing(struct bs_work *work, const struct bs_name_seen *floor, bool exists, const char *name) {
  struct bs_error *error = &work->report.error, missing = *error;
  enum bs_fate fate = BS_FATE_BEYOND_CHAIN;

  if (exists && !find_fate(work, &fate, floor)) return false;
  if (fate == BS_FATE_REPLACED) return refuse_replaced(work, name, floor);
  if (fate == BS_FATE_LEFT_CHAIN) *error = missing;
  else bs_fail(error, BS_WORD_stale, "The name service does not know the name %s, which was seen before: the service "
               "was rolled back, or hides the newer state.  %s", name, missing.message);
  return fate == BS_FATE_BEYOND_CHAIN && advise(work);
}

/* What the name service says now.  Where it doesn't know a name that was seen, it is asked again: another call may just
 * have made it. */
static bool ask(struct bs_work *work, struct bs_name_record *ret_record, const char *name) {
  struct bs_error *error = &work->report.error, missing;
  struct bs_recalled recalled;
  bool exists;

  if (bs_proving_lookup(work, ret_record, name)) return true;
  if (error->word != BS_WORD_not_found) return false;
  missing = *error;
  if (!recall_missing(work, &recalled, &exists, name)) return false;
  *error = missing;
  if (!recalled.has_name) return false;
  if (bs_proving_lookup(work, ret_record, name)) return true;
  return error->word == BS_WORD_not_found && refuse_missing(work, &recalled.name, exists, name);
}

static void tell_answer(const struct bs_present *present) {
  const struct bs_name_record *record = &present->record;

  bs_log(BS_LOG_INFO, "the name service says: %s is owned by %s, its user record is %s, as of block %" PRIu64 "%s (proven: %s%s)",
         record->name, record->owner, record->value_hash[0] == '\0' ? "none" : record->value_hash, record->block,
         record->revoked ? "; it was revoked" : record->expired ? "; it has expired" : "", record->proven,
         present->is_cached ? "; asked before" : "");
  if (record->is_far)
    bs_log(BS_LOG_WARNING, "%s: the block of its newest operation, %" PRIu64 ", is far beyond what any other name server than %s"
           " knows: it is not remembered as seen", record->name, record->block, record->told_by);
}

/* max_age_ms 0: what the name service says now.  again: see check_floor. */
static bool look_up(struct bs_work *work, struct bs_present *present, const char *name, uint64_t max_age_ms, bool again) {
  struct bs_error *error = &work->report.error;

  bs_present_free(present);
  *present = (struct bs_present){.is_second = again};
  if (!bs_name_check(name, error)) return false;
  present->is_cached = max_age_ms > 0 && bs_cache_find_name(&work->session->cache, &present->record, name, max_age_ms);
  if (!present->is_cached && !ask(work, &present->record, name)) return false;
  present->seen = bs_name_floor_of(&present->record);
  tell_answer(present);
  return true;
}

static bool look_up_and_recall(struct bs_work *work, struct bs_present *present, struct bs_recalled *recalled,
                               const char *name, bool again) {
  struct bs_datum datum;

  if (!look_up(work, present, name, 0, again)) return false;
  datum = name_only(present);
  return bs_state_recall(work->session->state, work->scope, recalled, &datum, NULL, &work->report.error);
}

static bool look_up_and_check(struct bs_work *work, struct bs_present *present, const char *name, bool again) {
  struct bs_recalled recalled;

  return look_up_and_recall(work, present, &recalled, name, again) && bs_present_check(work, present, &recalled);
}

bool bs_present_name(struct bs_work *work, struct bs_present *ret_present, const char *name) {
  return look_up_and_check(work, ret_present, name, false) ||
         (ret_present->is_outdated && look_up_and_check(work, ret_present, name, true));
}

bool bs_present_need_newest(struct bs_work *work, const char *name) {
  struct bs_present present = BS_PRESENT_INIT;
  struct bs_recalled recalled;
  bool found = look_up_and_recall(work, &present, &recalled, name, false);

  if (found && check_floor(work, &present, &recalled)) return true;
  if (found && present.is_outdated) {
    found = look_up_and_recall(work, &present, &recalled, name, true);
    if (found && check_floor(work, &present, &recalled)) return true;
  }
  return !found && work->report.error.word == BS_WORD_not_found; /* what that means is told by who asked */
}

bool bs_present_renew(struct bs_work *work, struct bs_present *present) {
  struct bs_name_record record;

  if (!bs_names_lookup(work->session->names, work->scope, &record, present->record.name, &work->report.error)) return false;
  present->seen = bs_name_floor_of(&record);
  present->seen.is_current = true; /* no other is written */
  present->is_news = !record.is_far;
  return true;
}

bool bs_present_add_consensus(struct bs_work *work, struct bs_name_seen *seen) {
  return bs_names_consensus_at(work->session->names, work->scope, seen->consensus, seen->block, &work->report.error);
}

bool bs_present_believe(struct bs_work *work, const struct bs_present *present, const struct bs_datum *datum,
                        const struct bs_seen *version) {
  struct bs_name_seen seen = present->seen;
  const struct bs_datum only = name_only(present);
  const struct bs_belief belief = {.datum = datum == NULL ? &only : datum,
                                   .version = version,
                                   .name = present->is_news ? &seen : NULL,
                                   .replaces_name = present->has_left,
                                   .now = bs_clock_unix()};

  if (work->is_trial) return true;
  if (present->is_news && !bs_present_add_consensus(work, &seen)) return false;
  return bs_state_believe(work->session->state, work->scope, &belief, &work->report.error);
}

/* Has another call believed a newer answer since this one began?  Then what it read was the newest all the same. */
static bool was_overtaken(struct bs_work *work, const struct bs_present *present) {
  const struct bs_datum datum = name_only(present);
  struct bs_recalled recalled;

  return bs_state_recall(work->session->state, work->scope, &recalled, &datum, NULL, &work->report.error) && recalled.has_name &&
         bs_name_floor_is_above(&recalled.name, &present->seen);
}

bool bs_present_believe_name(struct bs_work *work, const struct bs_present *present) {
  struct bs_error *error = &work->report.error;

  if (!present->is_news || bs_present_believe(work, present, NULL, NULL)) return true;
  if (error->word == BS_WORD_stale && was_overtaken(work, present)) {
    *error = (struct bs_error){0};
    return true;
  }
  if (error->word != BS_WORD_denied) return false;
  bs_log(BS_LOG_WARNING, "What %s says now cannot be remembered: %s", present->record.name, error->message);
  *error = (struct bs_error){0};
  return true;
}

bool bs_present_refuse(struct bs_work *work, const struct bs_present *present) {
  struct bs_error *error = &work->report.error, why = *error;

  if (present->is_checked && bs_present_believe_name(work, present)) *error = why;
  return false;
}

bool bs_present_now(struct bs_work *work, uint64_t *ret_now, uint64_t clock) {
  struct bs_names_info info;
  uint64_t now = bs_clock_unix();

  if (!bs_names_info(work->session->names, work->scope, &info, &work->report.error)) return false;
  if (info.block_time > now) now = info.block_time;
  *ret_now = clock > now ? clock : now;
  return true;
}

/* ---- its user record ---- */

/* Takes the copy over. */
static void hold(struct bs_present *present, struct bs_user_copy *copy) {
  bs_present_free(present);
  present->copy = copy;
  /* Its writer did not own the name as its owner does, whatever he wrote: he may have named the buyer. */
  present->is_foreign = present->record.is_inherited && strcmp(copy->value_hash, present->record.value_hash) == 0;
  if (strcmp(copy->value_hash, present->record.value_hash) != 0) return; /* it waits for a block, and may never be in one */
  present->seen.is_current = copy->user.generation == BS_USER_V3;
  if (present->seen.is_current && !present->was_current && !present->record.is_far) present->is_news = true;
}

static bool hold_new(struct bs_work *work, struct bs_present *present, const char *name, const char *value_hash,
                     struct bs_buffer *bytes) {
  struct bs_user_copy *copy;

  if (!bs_user_copy_new(&copy, name, value_hash, bytes, &work->report.error)) return false;
  bs_cache_keep_user(&work->session->cache, copy);
  hold(present, copy);
  return true;
}

/* Without it nothing of the name can be read, nor put. */
static void advise_record(struct bs_error *error) {
  const struct bs_error told = *error;

  bs_fail(error, told.word, "%s  Bring it back from a copy of any store; or give the name another one: blockstore-cli "
          "help update.", told.message);
}

static bool fetch_user(struct bs_work *work, struct bs_present *present, const char *name, const char *value_hash) {
  struct bs_spool spool BS_AUTO(bs_spool_free);
  struct bs_buffer record BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error *error = &work->report.error;
  const struct bs_replica *giver;
  unsigned char *bytes;

  bs_spool_init(&spool, NULL);
  bs_replicas_forget(&work->replicas);
  if (!bs_replicas_get_immutable(&work->replicas, &spool, &giver, value_hash, (uint64_t)work->session->config->limit_user_record,
                                 &work->watch, error)) {
    struct bs_error why = *error;

    bs_context(error, "The user record %s of the name %s", value_hash, name);
    if (error->word == BS_WORD_not_found || error->word == BS_WORD_corrupt) advise_record(error);
    if (!bs_outcomes_add(&work->report.outcomes, &work->replicas, &why)) *error = why;
    return false;
  }
  bytes = bs_buffer_extend(&record, (size_t)spool.length);
  if (bytes == NULL) return bs_fail_memory(error);
  return bs_spool_read(&spool, bytes, (size_t)spool.length, 0, error) && hold_new(work, present, name, value_hash, &record);
}

bool bs_present_user(struct bs_work *work, struct bs_present *present, const char *name, const char *value_hash) {
  struct bs_user_copy *copy = bs_cache_find_user(&work->session->cache, name, value_hash);

  if (copy == NULL) return fetch_user(work, present, name, value_hash);
  bs_log(BS_LOG_INFO, "the user record %s is the one that was read before (%zu bytes)", value_hash, copy->bytes.length);
  hold(present, copy);
  return true;
}

bool bs_present_hold(struct bs_work *work, struct bs_present *present, const char *value_hash, struct bs_buffer *bytes) {
  return hold_new(work, present, present->record.name, value_hash, bytes);
}

void bs_present_drop_copy(struct bs_user_copy **copy) {
  bs_user_copy_release(*copy);
}

bool bs_present_load_user(struct bs_work *work, struct bs_present *present) {
  const char *name = present->record.name;
  bool is_pending = false;

  if (!bs_names_is_immediate(work->session->names) && !bs_unconfirmed_find(work, present, &is_pending)) return false;
  return is_pending || present->record.value_hash[0] == '\0' || bs_present_user(work, present, name, present->record.value_hash);
}

bool bs_present_look(struct bs_work *work, struct bs_present *ret_present, const char *name, bool again) {
  uint64_t max_age_ms = again ? 0 : (uint64_t)work->session->config->max_age_ms;

  return look_up(work, ret_present, name, max_age_ms, again) &&
         (!is_alive(ret_present) || bs_present_load_user(work, ret_present));
}

bool bs_present_load(struct bs_work *work, struct bs_present *ret_present, const char *name) {
  return bs_present_name(work, ret_present, name) && bs_present_load_user(work, ret_present);
}

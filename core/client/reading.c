/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/reading.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/codec/hex.h"

bool bs_reading_begin(struct bs_reading *reading, struct bs_work *work, const struct bs_present *present,
                      const struct bs_target *target, const char *data_id) {
  *reading = (struct bs_reading){.work = work, .present = present, .target = target,
                                 .bounds = {.lowest = 1, .ver_max = UINT64_MAX}};
  bs_replicas_forget(&work->replicas);
  return bs_places_find(&reading->places, &work->replicas, target->urls, target->url_count, data_id,
                        (uint32_t)work->session->config->budget_ms, &work->watch, &work->report.error);
}

void bs_reading_end(struct bs_reading *reading) {
  bs_versions_free(&reading->versions);
  bs_places_free(&reading->places);
}

void bs_reading_know(struct bs_reading *reading, const struct bs_recalled *recalled) {
  reading->recalled = *recalled;
  reading->has_recalled = true;
}

static bool recall_signer(struct bs_reading *reading, const unsigned char *signer) {
  struct bs_work *work = reading->work;

  if (!reading->has_recalled)
    reading->has_recalled = bs_state_recall(work->session->state, work->scope, &reading->recalled,
                                            &reading->target->datum, signer, &work->report.error);
  return reading->has_recalled;
}

/* What must be known to choose among versions: what was seen of their signer before, and the time where one of them expires. */
static bool recall(struct bs_reading *reading, const struct bs_versions *versions) {
  bool expires = false;

  if (!recall_signer(reading, versions->items[0].verified.signer)) return false;
  for (size_t i = 0; i < versions->count; i++) expires = expires || versions->items[i].verified.statement.expires > 0;
  return !expires || reading->bounds.now != 0 || bs_present_now(reading->work, &reading->bounds.now, reading->recalled.clock);
}

static const struct bs_seen *floor_of(const struct bs_reading *reading) {
  return reading->recalled.has_version ? &reading->recalled.version : NULL;
}

/* Would this version alone be believed?  What cannot be told now is left to bs_reading_choose. */
static bool is_enough(void *user, const struct bs_found *found) {
  struct bs_reading *reading = user;
  const struct bs_versions alone = {(struct bs_found *)(uintptr_t)found, 1};
  struct bs_choice choice;
  struct bs_error error;

  return recall(reading, &alone) && bs_choose(&choice, &alone, floor_of(reading), &reading->bounds, &error);
}

static bool admits(void *user, const struct bs_mutable *record, struct bs_error *error) {
  const struct bs_reading *reading = user;

  return bs_target_admits(reading->target, reading->present, record, error);
}

/* Before any store is asked: what others read or write meanwhile must not make old of what was the newest then. */
static bool recall_before(struct bs_reading *reading, const struct bs_public_key *key) {
  unsigned char signer[BS_HASH160_SIZE];

  if (key == NULL) return true; /* a route of 2015: who signed shows in the record */
  bs_public_key_signer(signer, key);
  return recall_signer(reading, signer);
}

bool bs_reading_ask(struct bs_reading *reading, const struct bs_authority *authority, bool takes_first) {
  const struct blockstore_config *config = reading->work->session->config;
  const struct bs_mutable_search search = {.datum = &reading->target->datum,
                                           .authority = authority,
                                           .limit = (uint64_t)config->limit_mutable_record,
                                           .budget_ms = (uint32_t)config->budget_ms,
                                           .takes_first = takes_first && strcmp(config->read, "first") == 0,
                                           .keeps_all = reading->bounds.accepts != NULL || reading->bounds.ver_max != UINT64_MAX,
                                           .admits = admits,
                                           .is_enough = is_enough,
                                           .user = reading};

  return recall_before(reading, authority->key) &&
         bs_places_read(&reading->places, &reading->versions, &search, &reading->work->watch, &reading->work->report.error);
}

static bool any_forged(const struct bs_places *places) {
  for (size_t i = 0; i < places->count; i++)
    if (!places->answers.items[i].is_good && places->answers.items[i].error.result == BLOCKSTORE_FORGED) return true;
  return false;
}

void bs_reading_what(char what[BS_READING_WHAT], const struct bs_datum *datum) {
  snprintf(what, BS_READING_WHAT, "The data %.64s%s of %s", datum->id, strlen(datum->id) > 64 ? "..." : "", datum->name);
}

/* What is wrong with a version that verified, where its store is to blame; NULL: nothing. */
static const char *fault_of(const struct bs_reading *reading, const struct bs_place *place, enum bs_word *ret_word) {
  const struct bs_seen *floor = floor_of(reading);
  const struct bs_found *newest = reading->choice.found != NULL ? reading->choice.found : reading->choice.raises;

  *ret_word = BS_WORD_stale;
  if (place->ver < reading->bounds.lowest) return "It is below the version from which the owner wants the data read.";
  if (floor != NULL && place->ver < floor->ver) return "It is older than a version that was seen before.";
  if (newest != NULL && place->ver < newest->verified.statement.ver) return "It is older than another store's.";
  if (place->ver != reading->choice.disputed) return NULL;
  *ret_word = BS_WORD_conflict;
  return "Another content was signed for this version.";
}

/* A read that fails names the stores whose versions were of no use. */
static void blame(struct bs_reading *reading) {
  for (size_t i = 0; i < reading->places.count; i++) {
    const struct bs_place *place = &reading->places.items[i];
    struct bs_replica *answer = &reading->places.answers.items[i];
    enum bs_word word;
    const char *fault = place->ver == 0 ? NULL : fault_of(reading, place, &word);

    if (fault == NULL) continue;
    answer->is_good = false;
    bs_fail(&answer->error, word, "%s: Version %" PRIu64 ": %s", answer->name, place->ver, fault);
  }
}

/* Why a version that verified is not the one that is believed. */
static const char *why_not(const struct bs_reading *reading, const struct bs_place *place) {
  const struct bs_found *raises = reading->choice.raises;
  enum bs_word word;
  const char *fault = fault_of(reading, place, &word);

  if (fault != NULL) return fault;
  if (raises == NULL || place->ver != raises->verified.statement.ver) return "It is outside the bounds that were asked for.";
  return raises->verified.statement.kind == BS_STATEMENT_TOMBSTONE ? "It is a tombstone: the data was deleted." : "It "
  "has expired.";
}

static bool is_believed(const struct bs_reading *reading, const struct bs_place *place) {
  const struct bs_found *chosen = reading->choice.found;

  return chosen != NULL && memcmp(chosen->verified.z, place->z, sizeof place->z) == 0;
}

/* Which of the versions that verified is taken, and why the others are not. */
static void tell(const struct bs_reading *reading) {
  const struct bs_found *found = reading->choice.found;
  const struct bs_replica *answers = reading->places.answers.items;

  for (size_t i = 0; i < reading->places.count; i++) {
    const struct bs_place *place = &reading->places.items[i];

    if (place->ver == 0 || is_believed(reading, place)) continue;
    bs_log(BS_LOG_INFO, "%s: version %" PRIu64 " is not taken: %s", answers[i].name, place->ver, why_not(reading, place));
  }
  if (found != NULL)
    bs_log(BS_LOG_INFO, "version %" PRIu64 " is taken, from %s (%zu bytes of data)", found->verified.statement.ver,
           answers[found->place].name, found->data.length);
}

static bool choose(struct bs_reading *reading, struct bs_error *error) {
  bool good = bs_choose(&reading->choice, &reading->versions, floor_of(reading), &reading->bounds, error);

  if (bs_log_wanted(BS_LOG_INFO)) tell(reading);
  return good;
}

/* By the answers of the stores alone. */
static bool fail_by_answers(const struct bs_reading *reading, const char *what, struct bs_error *error) {
  struct bs_error why;

  bs_places_explain(&reading->places, &reading->work->replicas, what, error);
  why = *error;
  if (why.result == BLOCKSTORE_FORGED || why.result == BLOCKSTORE_STALE)
    bs_fail_as(error, why.result, why.word, "%s  " BS_CHOICE_MEND, why.message);
  return false;
}

bool bs_reading_choose(struct bs_reading *reading) {
  struct bs_error *error = &reading->work->report.error;
  char what[BS_READING_WHAT];

  bs_reading_what(what, &reading->target->datum);
  reading->choice = (struct bs_choice){NULL, NULL, 0};
  if (reading->versions.count == 0) return fail_by_answers(reading, what, error);
  if (!recall(reading, &reading->versions)) return false;
  if (choose(reading, error)) return true;
  blame(reading);
  if (error->result == BLOCKSTORE_STALE && any_forged(&reading->places)) return fail_by_answers(reading, what, error);
  return bs_context(error, "%s", what);
}

/* ---- the explanation ---- */

static void add_text(struct bs_buffer *json, const char *key, const char *text) {
  bs_buffer_format(json, ", \"%s\": ", key);
  bs_json_write_string(json, text, strlen(text));
}

static void explain_version(const struct bs_reading *reading, const struct bs_place *place, struct bs_buffer *json) {
  bool believed = is_believed(reading, place);
  char z[2 * BS_SHA256_SIZE + 1];

  bs_hex_encode(z, place->z, sizeof place->z);
  bs_buffer_format(json, ", \"believed\": %s, \"ver\": %" PRIu64 ", \"z\": \"%s\"", believed ? "true" : "false", place->ver, z);
  if (!believed) add_text(json, "why", why_not(reading, place));
}

static void explain_failure(const struct bs_error *error, struct bs_buffer *json) {
  bs_buffer_text(json, ", \"believed\": false");
  add_text(json, "code", bs_word_text(error->word));
  add_text(json, "why", error->message);
}

static void begin_item(struct bs_buffer *json, const char *store) {
  bs_buffer_text(json, json->bytes[json->length - 1] == '[' ? "{\"store\": " : ", {\"store\": ");
  bs_json_write_string(json, store, strlen(store));
}

static void explain_place(const struct bs_reading *reading, size_t at, struct bs_buffer *json) {
  const struct bs_place *place = &reading->places.items[at];
  const struct bs_replica *answer = &reading->places.answers.items[at];

  begin_item(json, answer->name);
  add_text(json, "url", place->url);
  bs_buffer_format(json, ", \"in_route\": %s", place->is_in_route ? "true" : "false");
  if (place->ver != 0) explain_version(reading, place, json);
  else if (answer->was_asked) explain_failure(&answer->error, json);
  else bs_buffer_text(json, ", \"believed\": false, \"why\": \"It was not asked.\"");
  bs_buffer_byte(json, '}');
}

/* Stores that could not be opened, or have no place for it. */
static void explain_store(const struct bs_replica *replica, struct bs_buffer *json) {
  begin_item(json, replica->name);
  explain_failure(&replica->error, json);
  bs_buffer_byte(json, '}');
}

static bool has_place(const struct bs_reading *reading, size_t store) {
  for (size_t i = 0; i < reading->places.count; i++)
    if (reading->places.items[i].store == store) return true;
  return false;
}

void bs_reading_explain(const struct bs_reading *reading, struct bs_buffer *ret_json) {
  const struct bs_replicas *replicas = &reading->work->replicas;

  bs_buffer_byte(ret_json, '[');
  if (ret_json->failed) return;
  for (size_t i = 0; i < reading->places.count; i++) explain_place(reading, i, ret_json);
  for (size_t i = 0; reading->target != NULL && i < replicas->count; i++) /* else they answered for the user record at most */
    if (!has_place(reading, i)) explain_store(&replicas->items[i], ret_json);
  bs_buffer_byte(ret_json, ']');
}

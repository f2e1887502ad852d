/* SPDX-License-Identifier: MIT */
/* get_mutable, and explain: the same read, told instead of handed out. */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/client/evidence.h"
#include "core/client/io.h"
#include "core/client/options.h"
#include "core/client/reading.h"
#include "core/client/record.h"
#include "core/codec/hex.h"

#define ATTEMPTS 3 /* while other processes read newer versions */

/* One get in progress. */
struct getting {
  struct bs_work *work;
  const char *name, *id;
  struct blockstore_get_mutable_options options;
  unsigned char z[BS_SHA256_SIZE]; /* options.z */
  struct bs_present present;
  struct bs_target target;
  struct bs_recalled recalled;
  struct bs_reading reading;
  bool out_of_memory; /* the caller could not be asked */
};

static void forget(struct getting *getting) {
  bs_reading_end(&getting->reading);
  bs_target_free(&getting->target);
  bs_present_free(&getting->present);
  getting->reading = (struct bs_reading){.work = getting->work};
  getting->target = (struct bs_target)BS_TARGET_INIT;
}

/* The caller's own check, on a record that is not finished. */
static bool accepts(void *user, const struct bs_found *found) {
  struct getting *getting = user;
  struct blockstore_record *record = NULL;
  struct bs_error error;
  bool good = bs_record_new(&record, getting->name, &error) &&
              bs_record_describe(record, getting->id, &found->verified, found->sig, getting->present.record.network, &error) &&
              bs_record_rely(record, &getting->present.record, &error);

  getting->out_of_memory |= !good;
  if (good) good = getting->options.ver_check(getting->options.user, record, found->data.bytes, found->data.length) != 0;
  blockstore_record_free(record);
  return good;
}

static void set_bounds(struct getting *getting) {
  struct bs_bounds *bounds = &getting->reading.bounds;

  bounds->lowest = bs_route_lowest(&getting->target.route);
  bounds->ver_min = getting->options.ver_min;
  bounds->ver_max = getting->options.ver_max;
  bounds->z = getting->options.z == NULL ? NULL : getting->z;
  if (getting->options.ver_check != NULL) bounds->accepts = accepts;
  bounds->user = getting;
}

/* Where it is looked for, and what it must not be older than. */
static void tell_target(const struct getting *getting) {
  const struct bs_target *target = &getting->target;
  const struct bs_recalled *recalled = &getting->recalled;
  const struct bs_json key = target->route.pubkey;
  char what[BS_READING_WHAT], seen[64] = "no version of it was seen before";

  bs_reading_what(what, &target->datum);
  if (recalled->has_version) snprintf(seen, sizeof seen, "version %" PRIu64 " was seen before", recalled->version.ver);
  if (!target->has_route)
    bs_log(BS_LOG_INFO, "%s: there is no route to it; %s", what, seen);
  else if (target->route.deleted != 0)
    bs_log(BS_LOG_INFO, "%s: the user record says that it was deleted, by version %" PRIu64 "; %s", what,
           target->route.deleted, seen);
  else
    bs_log(BS_LOG_INFO, "%s: the route has %zu URLs and the key %.*s; %s", what, target->url_count,
           key.length == 0 ? 4 : (int)key.length, key.length == 0 ? "none" : key.text, seen);
}

/* What was seen before, of the name and of the datum.  The signer of a route without a key shows only when something verified. */
static bool recall(struct getting *getting) {
  const struct bs_target *target = &getting->target;
  unsigned char signer[BS_HASH160_SIZE];

  if (target->authority.key != NULL) bs_public_key_signer(signer, target->authority.key);
  if (!bs_state_recall(getting->work->session->state, getting->work->scope, &getting->recalled, &target->datum,
                       target->authority.key != NULL ? signer : NULL, &getting->work->report.error))
    return false;
  if (bs_log_wanted(BS_LOG_INFO)) tell_target(getting);
  return true;
}

/* Up to the versions. */
static bool look_once(struct getting *getting, bool again) {
  struct bs_work *work = getting->work;

  if (!bs_present_look(work, &getting->present, getting->name, again) ||
      !bs_target_find(work, &getting->target, &getting->present, getting->id) || !recall(getting) ||
      !bs_present_check(work, &getting->present, &getting->recalled) ||
      !bs_target_check_readable(work, &getting->target, &getting->present, &getting->recalled) ||
      !bs_reading_begin(&getting->reading, work, &getting->present, &getting->target, getting->target.data_id))
    return false;
  set_bounds(getting);
  if (getting->target.authority.key != NULL) bs_reading_know(&getting->reading, &getting->recalled);
  return bs_reading_ask(&getting->reading, &getting->target.authority, true);
}

static bool look(struct getting *getting) {
  if (look_once(getting, false)) return true;
  if (!getting->present.is_outdated) return false;
  forget(getting);
  return look_once(getting, true);
}

/* The floors rise, durably, before anything is handed out; also when all that is handed out is that the data is gone. */
static bool believe(struct getting *getting) {
  const struct bs_reading *reading = &getting->reading;
  const struct bs_found *raises = reading->choice.raises;
  struct bs_seen seen;
  bool is_known;

  if (raises == NULL) return !getting->present.is_news || bs_present_believe(getting->work, &getting->present, NULL, NULL);
  seen = bs_seen_of(raises);
  is_known = reading->recalled.has_version && reading->recalled.version.ver == seen.ver;
  if (is_known && !getting->present.is_news) return true;
  return bs_present_believe(getting->work, &getting->present, &getting->target.datum, is_known ? NULL : &seen);
}

/* The verdict.  *ret_again: another process has meanwhile read something newer. */
static bool decide(struct getting *getting, bool *ret_again) {
  struct bs_error *error = &getting->work->report.error, why;
  bool chosen = bs_reading_choose(&getting->reading);

  if (getting->out_of_memory) return bs_fail_memory(error);
  why = *error;
  if (getting->reading.choice.disputed != 0) bs_evidence_keep(&getting->reading);
  if (!believe(getting)) {
    *ret_again = error->word == BS_WORD_stale || error->word == BS_WORD_conflict;
    return false;
  }
  *error = why;
  return chosen;
}

static bool look_and_decide(struct getting *getting) {
  bool again = false;

  for (int attempt = 1;; attempt++) {
    forget(getting);
    if (!look(getting)) return bs_present_refuse(getting->work, &getting->present);
    if (decide(getting, &again)) break;
    if (!again || attempt == ATTEMPTS) return false;
    again = false;
  }
  if (getting->work->session->config->max_age_ms > 0 && !getting->present.is_cached)
    bs_cache_keep_name(&getting->work->session->cache, &getting->present.record);
  return true;
}

/* Before they were asked about the datum they have no part in what went wrong, unless the user record could not be had
 * of them. */
static bool keep_outcomes(struct getting *getting) {
  struct bs_report *report = &getting->work->report;
  struct bs_error none;

  if (getting->reading.target == NULL) return true;
  return bs_outcomes_add(&report->outcomes, &getting->reading.places.answers, &none) &&
         bs_outcomes_add(&report->outcomes, &getting->work->replicas, &none);
}

static char *copy_json(struct bs_json json) {
  return strndup(json.text, json.length);
}

static bool complete_record(const struct getting *getting, struct blockstore_record *record) {
  const struct bs_reading *reading = &getting->reading;
  const struct bs_found *found = reading->choice.found;
  struct bs_buffer explanation = BS_BUFFER_INIT, conflicts = BS_BUFFER_INIT;
  struct bs_error *error = &getting->work->report.error;

  if (!bs_record_describe(record, getting->id, &found->verified, found->sig, getting->present.record.network, error) ||
      !bs_record_rely(record, &getting->present.record, error))
    return false;
  record->is_first = !reading->recalled.has_version;
  bs_reading_explain(reading, &explanation);
  bs_evidence_list(reading, &conflicts);
  record->store = strdup(reading->places.answers.items[found->place].name);
  record->route = copy_json(getting->target.route.whole);
  record->explanation = bs_buffer_take(&explanation);
  record->conflicts = bs_buffer_take(&conflicts);
  if (record->store != NULL && record->route != NULL && record->explanation != NULL && record->conflicts != NULL) return true;
  return bs_fail_memory(error);
}

static bool make_record(const struct getting *getting, struct blockstore_record **ret_record) {
  struct blockstore_record *record;

  if (!bs_record_new(&record, getting->name, &getting->work->report.error)) return false;
  if (complete_record(getting, record)) {
    *ret_record = record;
    return true;
  }
  blockstore_record_free(record);
  return false;
}

static bool deliver(struct getting *getting, struct bs_output_use *use) {
  struct bs_found *found = (struct bs_found *)(uintptr_t)getting->reading.choice.found; /* of our own versions */
  uint64_t wanted = bs_output_limit(use->output);
  struct bs_error *error = &getting->work->report.error;

  if (found->data.length > wanted)
    return bs_fail(error, BS_WORD_too_large, "The data has %zu bytes, more than the %llu that the caller takes.",
                   found->data.length, (unsigned long long)wanted);
  return bs_output_deliver_buffer(use, &found->data, getting->work->scope, error);
}

static bool get_mutable(struct getting *getting, struct bs_output_use *use, struct blockstore_record **ret_record) {
  struct blockstore_record *record = NULL;
  struct bs_error *error = &getting->work->report.error;

  if (getting->options.z != NULL && !bs_hex_decode(getting->z, sizeof getting->z, getting->options.z))
    return bs_fail(error, BS_WORD_usage, "The z that tells two contents apart has 64 lower-case hexadecimal digits.");
  if (!look_and_decide(getting)) {
    keep_outcomes(getting);
    return false;
  }
  if (ret_record != NULL && !make_record(getting, &record)) return false;
  if (!deliver(getting, use)) {
    blockstore_record_free(record);
    return false;
  }
  if (ret_record != NULL) *ret_record = record;
  return true;
}

enum blockstore_result blockstore_get_mutable(struct blockstore *blockstore, struct blockstore_output *ret_data,
                                              struct blockstore_record **ret_record, const char *name, const char *id,
                                              const struct blockstore_get_mutable_options *options,
                                              struct blockstore_error **error) {
  struct getting getting = {.name = name, .id = id, .options = BLOCKSTORE_GET_MUTABLE_INIT, .target = BS_TARGET_INIT};
  struct bs_report early = BS_REPORT_INIT;
  struct bs_output_use use;
  struct bs_work work;
  bool good;

  if (!bs_options_take(&getting.options, sizeof getting.options, options, &early.error))
    return bs_report_end(&early, false, error);
  getting.work = &work;
  good = bs_work_begin(&work, blockstore, getting.options.deadline_ms, getting.options.progress, getting.options.user, true);
  if (good) {
    good = bs_output_begin(&use, ret_data, &work.report.error) && get_mutable(&getting, &use, ret_record);
    bs_output_end(&use);
  }
  forget(&getting);
  return bs_work_end(&work, good, error);
}

/* ---- explain ---- */

static void describe_floor(cJSON *answer, const struct bs_recalled *recalled) {
  char z[2 * BS_SHA256_SIZE + 1];
  cJSON *floor;

  if (!recalled->has_version) {
    bs_document_null(answer, "seen_before");
    return;
  }
  floor = bs_document_object(answer, "seen_before");
  bs_hex_encode(z, recalled->version.z, sizeof recalled->version.z);
  bs_document_number(floor, "ver", recalled->version.ver);
  bs_document_text(floor, "z", z);
  bs_document_truth(floor, "deleted", recalled->version.is_tombstone);
}

static bool describe_reading(const struct getting *getting, cJSON *answer) {
  struct bs_buffer stores BS_AUTO_BUFFER = BS_BUFFER_INIT, route BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_buffer conflicts BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_reading_explain(&getting->reading, &stores);
  if (getting->reading.choice.found == NULL) bs_buffer_text(&conflicts, "[]");
  else bs_evidence_list(&getting->reading, &conflicts);
  bs_buffer_add(&route, getting->target.route.whole.text, getting->target.route.whole.length);
  if (bs_buffer_string(&stores) == NULL || bs_buffer_string(&route) == NULL || bs_buffer_string(&conflicts) == NULL)
    return bs_fail_memory(&getting->work->report.error);
  bs_document_raw(answer, "stores", bs_buffer_string(&stores));
  bs_document_raw(answer, "conflicts", bs_buffer_string(&conflicts));
  if (getting->target.has_route) bs_document_raw(answer, "route", bs_buffer_string(&route));
  else bs_document_null(answer, "route");
  bs_document_number(answer, "unserved_urls", getting->reading.places.unhandled);
  describe_floor(answer, &getting->reading.recalled);
  return true;
}

/* What a get would say is the answer, not the failure of explain; but these are. */
static bool is_answer(const struct bs_error *error) {
  return error->result != BLOCKSTORE_ERROR && error->result != BLOCKSTORE_USAGE && error->result != BLOCKSTORE_CANCELLED &&
         error->result != BLOCKSTORE_NO_NAMES;
}

bool bs_explain(struct bs_work *work, cJSON *answer, const char *name, const char *id) {
  struct getting getting = {
      .work = work, .name = name, .id = id, .options = BLOCKSTORE_GET_MUTABLE_INIT,
      .target = BS_TARGET_INIT, .reading = {.work = work}};
  struct bs_error *error = &work->report.error;
  bool good = look(&getting) && bs_reading_choose(&getting.reading);

  if (good || is_answer(error)) {
    bs_document_text(answer, "name", name);
    bs_document_text(answer, "id", id);
    bs_document_truth(answer, "believed", good);
    if (good) bs_document_number(answer, "ver", getting.reading.choice.found->verified.statement.ver);
    if (!good) bs_document_text(answer, "code", bs_word_text(error->word));
    if (!good) bs_document_text(answer, "why", error->message);
    good = describe_reading(&getting, answer);
  }
  forget(&getting);
  return good;
}

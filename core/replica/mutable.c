/* SPDX-License-Identifier: MIT */
/* Asking the places of a mutable record, verifying what they give while it arrives, and putting together what they gave. */
#include <config.h>

#include "core/replica/mutable.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/replica/round.h"

#define CANDIDATES_MAX 32 /* of one place: a store that hands out records without end is stopped */

/* The reading of one datum; its own thread's, but for what an attempt gives. */
struct reading {
  struct bs_places *places;
  const struct bs_mutable_search *search;
  const struct bs_watch *watch;
  struct attempt *attempts; /* one a place */
  bool *chosen;             /* the places that are asked, or were too slow */
  struct bs_versions versions;
  bool is_late; /* the budget has passed with nothing verified: the first that is verified ends it */
  bool is_enough;
  bool out_of_memory;
};

/* What one place hands out; from bs_calls_run to `ended` it belongs to the call. */
struct attempt {
  struct bs_receiver receiver;
  const struct bs_mutable_search *search;
  size_t place;
  size_t candidates;           /* that were begun */
  struct bs_buffer record;     /* the one that is coming in */
  struct bs_versions versions; /* what verified */
  struct bs_error bad;         /* why the first that did not verify did not */
};

/* ---- versions ---- */

static void free_found(struct bs_found *found) {
  bs_buffer_free(&found->data);
  bs_buffer_free(&found->record);
}

void bs_versions_free(struct bs_versions *versions) {
  for (size_t i = 0; i < versions->count; i++) free_found(&versions->items[i]);
  free(versions->items);
  *versions = (struct bs_versions){NULL, 0};
}

static void drop_data(struct bs_found *found) {
  bs_buffer_free(&found->data);
  found->has_data = false;
}

static void drop_data_of_lower(struct bs_versions *versions) {
  for (size_t i = 1; i < versions->count; i++)
    if (versions->items[i].verified.statement.ver < versions->items[0].verified.statement.ver) drop_data(&versions->items[i]);
}

/* What one place gave, together, takes no more room than one record may; the highest version goes first. */
static void bound_data(struct bs_versions *versions, uint64_t limit) {
  uint64_t sum = 0;

  for (size_t i = 0; i < versions->count; i++) {
    sum += versions->items[i].data.length;
    if (i == 0 || sum <= limit) continue;
    sum -= versions->items[i].data.length;
    drop_data(&versions->items[i]);
  }
}

/* The higher version first; of one version the lower z. */
static int order(const struct bs_verified *a, const struct bs_verified *b) {
  if (a->statement.ver != b->statement.ver) return a->statement.ver > b->statement.ver ? -1 : 1;
  return memcmp(a->z, b->z, sizeof a->z);
}

/* Takes what it keeps of *found. */
static bool add(struct bs_versions *versions, struct bs_found *found, bool keeps_all, struct bs_error *error) {
  size_t at = 0;

  while (at < versions->count && order(&versions->items[at].verified, &found->verified) < 0) at++;
  if (at == versions->count || order(&versions->items[at].verified, &found->verified) > 0) {
    struct bs_found *grown = realloc(versions->items, (versions->count + 1) * sizeof *grown);

    if (grown == NULL) return bs_fail_memory(error);
    versions->items = grown;
    memmove(&grown[at + 1], &grown[at], (versions->count++ - at) * sizeof *grown);
    grown[at] = *found;
    *found = (struct bs_found){.place = found->place};
  } else if (found->has_data && !versions->items[at].has_data) {
    versions->items[at].data = found->data;
    versions->items[at].has_data = true;
    found->data = (struct bs_buffer)BS_BUFFER_INIT;
  }
  if (!keeps_all) drop_data_of_lower(versions);
  return true;
}

/* ---- one place: in the receiver, on the call's thread ---- */

static bool begin(void *user, uint64_t size, struct bs_error *error) {
  struct attempt *attempt = user;

  if (attempt->candidates++ == CANDIDATES_MAX)
    return bs_fail(error, BS_WORD_failed, "The store hands out more than %d records for one datum.", CANDIDATES_MAX);
  bs_buffer_clear(&attempt->record);
  if (size <= attempt->search->limit) bs_buffer_reserve(&attempt->record, (size_t)size);
  return bs_buffer_ok(&attempt->record, error);
}

static bool take(void *user, const void *bytes, size_t length, struct bs_error *error) {
  struct attempt *attempt = user;

  bs_buffer_add(&attempt->record, bytes, length);
  return bs_buffer_ok(&attempt->record, error);
}

static bool admits(const struct bs_mutable_search *search, const struct bs_mutable *record, struct bs_error *error) {
  if (search->admits != NULL) return search->admits(search->user, record, error);
  if (record->generation == BS_MUTABLE_CURRENT) return true;
  return bs_fail(error, BS_WORD_downgrade, "The mutable record is signed in the way of 2015, which is not believed here.");
}

static bool verify(struct bs_found *found, const struct attempt *attempt, struct bs_error *error) {
  const struct bs_mutable_search *search = attempt->search;
  const struct bs_versions *known = &attempt->versions;
  struct bs_mutable record;
  bool wants_data;

  if (!bs_mutable_parse(&record, attempt->record.bytes, attempt->record.length, error) ||
      !admits(search, &record, error))
    return false;
  wants_data = search->keeps_all || known->count == 0 || record.ver >= known->items[0].verified.statement.ver;
  if (!bs_mutable_verify(&found->verified, wants_data ? &found->data : NULL, &record, search->datum, search->authority, error))
    return false;
  found->has_data = wants_data && record.kind == BS_STATEMENT_DATA;
  found->generation = record.generation;
  memcpy(found->sig, record.sig.text + 1, record.sig.length - 2);
  return true;
}

/* A record that is not believed does not end the call: the next candidate may be the true one. */
static bool judge(struct attempt *attempt, struct bs_error *error) {
  struct bs_found found BS_AUTO(free_found) = {.place = attempt->place};

  if (!verify(&found, attempt, error)) {
    if (error->word == BS_WORD_no_memory) return false;
    if (attempt->bad.word == BS_NO_WORD) attempt->bad = *error;
    return true;
  }
  if (attempt->record.length <= BS_EVIDENCE_RECORD_MAX) {
    found.record = attempt->record;
    attempt->record = (struct bs_buffer)BS_BUFFER_INIT;
  }
  if (!add(&attempt->versions, &found, attempt->search->keeps_all, error)) return false;
  bound_data(&attempt->versions, attempt->search->limit);
  return true;
}

static bool end(void *user, struct bs_error *error) {
  struct attempt *attempt = user;
  bool good = attempt->record.length == 0 || judge(attempt, error);

  if (attempt->record.capacity > BS_EVIDENCE_RECORD_MAX) bs_buffer_free(&attempt->record);
  return good;
}

/* ---- one round: on the reader's thread ---- */

static const char *url_of(void *user, const struct bs_replica *answer) {
  const struct reading *reading = user;

  return reading->places->items[answer - reading->places->answers.items].url;
}

static const struct bs_receiver *receiver(void *user, struct bs_replica *answer) {
  const struct reading *reading = user;
  struct attempt *attempt = &reading->attempts[answer - reading->places->answers.items];

  attempt->receiver = (struct bs_receiver){reading->search->limit, attempt, begin, take, end};
  attempt->search = reading->search;
  attempt->place = (size_t)(attempt - reading->attempts);
  attempt->candidates = 0;
  attempt->bad.word = BS_NO_WORD;
  return &attempt->receiver;
}

static bool is_enough(const struct reading *reading) {
  const struct bs_mutable_search *search = reading->search;

  if (reading->is_late) return true;
  if (!search->takes_first) return false;
  for (size_t i = 0; i < reading->versions.count; i++)
    if (search->is_enough == NULL || search->is_enough(search->user, &reading->versions.items[i])) return true;
  return false;
}

static bool merge(struct bs_versions *versions, struct bs_versions *more, bool keeps_all) {
  struct bs_error error;

  if (versions->count == 0) {
    *versions = *more;
    *more = (struct bs_versions){NULL, 0};
  }
  for (size_t i = 0; i < more->count; i++)
    if (!add(versions, &more->items[i], keeps_all, &error)) return false;
  bs_versions_free(more);
  return true;
}

/* The answer says what the place is worth: good only with a verified version. */
static bool ended(void *user, struct bs_replica *answer) {
  struct reading *reading = user;
  struct attempt *attempt = &reading->attempts[answer - reading->places->answers.items];
  struct bs_place *place = &reading->places->items[attempt->place];

  bs_buffer_free(&attempt->record);
  answer->was_asked |= place->is_own; /* who declines the URL that is its own has failed */
  if (attempt->versions.count > 0) {
    const struct bs_verified *highest = &attempt->versions.items[0].verified;

    answer->is_good = true;
    place->ver = highest->statement.ver;
    memcpy(place->z, highest->z, sizeof place->z);
    reading->out_of_memory |= !merge(&reading->versions, &attempt->versions, reading->search->keeps_all);
    reading->is_enough = reading->out_of_memory || is_enough(reading);
  } else if (attempt->bad.word != BS_NO_WORD) {
    answer->is_good = false;
    answer->error = attempt->bad;
    bs_context(&answer->error, "%s", answer->name);
  } else if (answer->is_good) {
    answer->is_good = false;
    bs_fail(&answer->error, BS_WORD_failed, "%s: The store reports success but gave no bytes.", answer->name);
  }
  return reading->is_enough;
}

static uint64_t version_of(void *user, const struct bs_replica *answer) {
  const struct reading *reading = user;

  return reading->places->items[answer - reading->places->answers.items].ver;
}

/* Asks the chosen places. */
static bool ask(struct reading *reading, struct bs_scope *scope, struct bs_error *error) {
  const struct bs_watch watch = {scope, reading->watch->progress, reading->watch->user, reading->watch->scopes};
  const struct bs_round round = {.entry = BS_ENTRY_GET_MUTABLE,
                                 .what = "reading",
                                 .total = UINT64_MAX,
                                 .watch = &watch,
                                 .target = url_of,
                                 .receiver = receiver,
                                 .version = version_of,
                                 .ended = ended,
                                 .user = reading};

  return bs_round_run(&reading->places->answers, reading->chosen, &round, error);
}

/* ---- who is asked, and when ---- */

static bool choose(struct reading *reading, bool local, bool remote) {
  bool any = false;

  for (size_t i = 0; i < reading->places->count; i++)
    any |= reading->chosen[i] = reading->places->answers.items[i].store->is_inline ? local : remote;
  return any;
}

/* Local places, one after the other; then all others at once. */
static bool ask_in_order(struct reading *reading, struct bs_scope *scope, struct bs_error *error) {
  choose(reading, false, false);
  for (size_t i = 0; i < reading->places->count; i++) {
    if (!reading->places->answers.items[i].store->is_inline) continue;
    reading->chosen[i] = true;
    if (!ask(reading, scope, error)) return false;
    reading->chosen[i] = false;
    if (reading->is_enough) return true;
  }
  return !choose(reading, false, true) || ask(reading, scope, error);
}

static bool ask_all(struct reading *reading, struct bs_scope *scope, struct bs_error *error) {
  if (reading->search->takes_first) return ask_in_order(reading, scope, error);
  choose(reading, true, true);
  return ask(reading, scope, error);
}

/* That this time passes is no failure. */
static bool ask_within(struct reading *reading, uint32_t milliseconds,
                       bool (*how)(struct reading *reading, struct bs_scope *scope, struct bs_error *error),
                       struct bs_error *error) {
  const struct bs_watch *watch = reading->watch;
  uint32_t left = bs_scope_time_left(watch->scope);
  struct bs_scope *scope;
  bool good;

  if (milliseconds > left) milliseconds = left;
  if (!bs_scope_open(watch->scopes, &scope, milliseconds == 0 ? 1 : milliseconds, error)) return false;
  /* Looked at only now: who cancels from here on cancels both. */
  good = bs_scope_check(watch->scope, error) && how(reading, scope, error);
  bs_scope_close(scope);
  return good || (error->word == BS_WORD_deadline && bs_scope_check(watch->scope, error));
}

/* Chooses those that did not answer for lack of time, or were not even asked; how many. */
static size_t choose_slow(struct reading *reading) {
  size_t count = 0;

  for (size_t i = 0; i < reading->places->count; i++) {
    const struct bs_replica *answer = &reading->places->answers.items[i];

    reading->chosen[i] = !answer->is_good && (answer->error.word == BS_WORD_deadline || answer->error.word == BS_NO_WORD);
    count += reading->chosen[i];
  }
  return count;
}

static void tell_slow(struct reading *reading, uint32_t milliseconds, const char *why) {
  for (size_t i = 0; i < reading->places->count; i++) {
    struct bs_replica *answer = &reading->places->answers.items[i];

    if (!reading->chosen[i] || answer->is_good) continue;
    if (answer->error.word == BS_WORD_deadline || answer->error.word == BS_WORD_cancelled)
      bs_fail(&answer->error, BS_WORD_unreachable, "%s: It did not answer within %u ms, %s.", answer->name,
              (unsigned)milliseconds, why);
  }
}

/* Where others answered, but have nothing, two thirds of the time are left to whoever reads in order to write. */
static bool ask_slow(struct reading *reading, size_t count, struct bs_error *error) {
  uint32_t third = bs_scope_time_left(reading->watch->scope) / 3;
  bool good;

  reading->is_late = true;
  if (count == reading->places->count) return ask(reading, reading->watch->scope, error);
  good = ask_within(reading, third, ask, error);
  if (good && reading->versions.count == 0) tell_slow(reading, third, "a third of the time that was left");
  return good;
}

/* One place alone has all the time: nobody else's answer could be taken instead. */
static bool ask_with_patience(struct reading *reading, struct bs_error *error) {
  size_t slow;

  if (reading->places->count == 1) return ask_all(reading, reading->watch->scope, error);
  if (!ask_within(reading, reading->search->budget_ms, ask_all, error)) return false;
  slow = choose_slow(reading);
  if (slow == 0) return true;
  if (reading->versions.count == 0 && !ask_slow(reading, slow, error)) return false;
  if (reading->versions.count > 0)
    tell_slow(reading, reading->search->budget_ms, "the time that it has when another store answers (timeouts.budget)");
  return true;
}

static void free_reading(struct reading *reading) {
  for (size_t i = 0; reading->attempts != NULL && i < reading->places->count; i++) {
    bs_buffer_free(&reading->attempts[i].record);
    bs_versions_free(&reading->attempts[i].versions);
  }
  free(reading->attempts);
  free(reading->chosen);
  bs_versions_free(&reading->versions);
}

bool bs_places_read(struct bs_places *places, struct bs_versions *ret_findings, const struct bs_mutable_search *search,
                    const struct bs_watch *watch, struct bs_error *error) {
  struct reading reading BS_AUTO(free_reading) = {.places = places, .search = search, .watch = watch};
  bool good;

  reading.attempts = calloc(places->count + 1, sizeof *reading.attempts);
  reading.chosen = calloc(places->count + 1, sizeof *reading.chosen);
  if (reading.attempts == NULL || reading.chosen == NULL) return bs_fail_memory(error);
  good = places->count == 0 || ask_with_patience(&reading, error);
  if (reading.out_of_memory) return bs_fail_memory(error);
  if (!good && (error->word == BS_WORD_no_memory || reading.versions.count == 0)) return false;
  /* Our own lack of memory is a reason to fail when nothing was found. */
  if (reading.versions.count == 0 && !bs_round_had_memory(&places->answers, error)) return false;
  *ret_findings = reading.versions;
  reading.versions = (struct bs_versions){NULL, 0};
  return true;
}

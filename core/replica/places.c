/* SPDX-License-Identifier: MIT */
/* Where a mutable record may lie: the stores' own URLs and those of the route; and why it was in none of them. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/json.h"
#include "core/replica/mutable.h"
#include "core/replica/round.h"

#define URL_MAX 2048

/* The URL that one store makes. */
struct maker {
  struct bs_receiver receiver;
  struct bs_buffer url; /* with a NUL behind it once it is good */
};

struct making {
  struct bs_replicas *replicas;
  struct maker *makers; /* one a replica */
  uint32_t budget_ms;
};

void bs_places_free(struct bs_places *places) {
  for (size_t i = 0; i < places->count; i++) free(places->items[i].url);
  free(places->items);
  bs_replicas_free(&places->answers);
  *places = (struct bs_places){.items = NULL};
}

/* As they are in ASCII, and U+0080 to U+009F. */
static bool is_control(const unsigned char *at) {
  return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0);
}

/* May it be shown, logged, written into documents, and handed to a driver? */
static bool is_fit(const char *url) {
  size_t length = strnlen(url, URL_MAX + 1);

  for (size_t i = 0; i < length; i++)
    if (is_control((const unsigned char *)url + i)) return false;
  return length > 0 && length <= URL_MAX && bs_utf8_valid(url, length);
}

/* ---- the URLs that stores make ---- */

static bool begin(void *user, uint64_t size, struct bs_error *error) {
  struct maker *maker = user;

  bs_buffer_clear(&maker->url);
  if (size <= URL_MAX) bs_buffer_reserve(&maker->url, (size_t)size + 1);
  return bs_buffer_ok(&maker->url, error);
}

static bool take(void *user, const void *bytes, size_t length, struct bs_error *error) {
  struct maker *maker = user;

  bs_buffer_add(&maker->url, bytes, length);
  return bs_buffer_ok(&maker->url, error);
}

static bool end(void *user, struct bs_error *error) {
  struct maker *maker = user;
  const char *url = bs_buffer_string(&maker->url);

  if (url == NULL) return bs_fail_memory(error);
  if (is_fit(url) && strlen(url) == maker->url.length) return true;
  return bs_fail(error, BS_WORD_failed, "The driver made a URL that is empty, is not UTF-8, or has control characters in it.");
}

static const struct bs_receiver *receiver(void *user, struct bs_replica *replica) {
  const struct making *making = user;
  struct maker *maker = &making->makers[replica - making->replicas->items];

  maker->receiver = (struct bs_receiver){URL_MAX, maker, begin, take, end};
  return &maker->receiver;
}

/* Once a store has told, those that do more than compute are not waited for. */
static uint32_t patience(void *user) {
  const struct making *making = user;

  for (size_t i = 0; i < making->replicas->count; i++)
    if (making->replicas->items[i].is_good) return making->budget_ms;
  return UINT32_MAX;
}

static bool make_urls(struct making *making, const char *data_id, const struct bs_watch *watch, struct bs_error *error) {
  const struct bs_round round = {.entry = BS_ENTRY_MAKE_MUTABLE_URL,
                                 .arguments = {.target = data_id},
                                 .what = "locating",
                                 .total = UINT64_MAX,
                                 .watch = watch,
                                 .receiver = receiver,
                                 .patience = patience,
                                 .user = making};
  bool *all BS_AUTO_FREE = malloc(making->replicas->count + 1);

  making->makers = calloc(making->replicas->count + 1, sizeof *making->makers);
  if (all == NULL || making->makers == NULL) return bs_fail_memory(error);
  memset(all, true, making->replicas->count);
  return bs_round_run(making->replicas, all, &round, error) && bs_round_had_memory(making->replicas, error);
}

static void free_making(struct making *making) {
  for (size_t i = 0; making->makers != NULL && i < making->replicas->count; i++) bs_buffer_free(&making->makers[i].url);
  free(making->makers);
}

/* ---- the list of places ---- */

static bool allocate(struct bs_places *places, size_t most, struct bs_error *error) {
  places->items = calloc(most + 1, sizeof *places->items);
  if (places->items == NULL) return bs_fail_memory(error);
  if (!bs_replicas_new(&places->answers, most, error)) return false;
  places->answers.count = 0;
  return true;
}

/* `url` is taken over; NULL: there was no memory for it. */
static bool add(struct bs_places *places, const struct making *making, struct bs_place place, struct bs_error *error) {
  const struct bs_replica *replica = &making->replicas->items[place.store];

  if (place.url == NULL) return bs_fail_memory(error);
  places->items[places->count] = place;
  places->answers.items[places->count] = (struct bs_replica){.name = replica->name, .store = replica->store};
  places->answers.count = ++places->count;
  return true;
}

/* A URL that stands in the route twice is one. */
static bool counts(const char *const *urls, size_t number) {
  for (size_t i = 0; i < number; i++)
    if (strcmp(urls[i], urls[number]) == 0) return false;
  return true;
}

/* The store's own URL, which it need not be asked about, then all others that may be its. */
static bool list_store(struct bs_places *places, struct making *making, size_t store, const char *const *urls, size_t url_count,
                       struct bs_error *error) {
  struct bs_place *own = NULL;

  if (making->replicas->items[store].is_good) {
    own = &places->items[places->count];
    if (!add(places, making, (struct bs_place){store, bs_buffer_take(&making->makers[store].url), .is_own = true},
             error))
      return false;
  }
  for (size_t i = 0; i < url_count; i++) {
    if (own != NULL && strcmp(own->url, urls[i]) == 0) {
      own->is_in_route = true;
      continue;
    }
    if (!is_fit(urls[i]) || !counts(urls, i)) continue;
    if (!add(places, making, (struct bs_place){store, strdup(urls[i]), .is_in_route = true}, error)) return false;
  }
  return true;
}

static bool list(struct bs_places *places, struct making *making, const char *const *urls, size_t url_count,
                 struct bs_error *error) {
  const struct bs_replicas *replicas = making->replicas;

  if (!allocate(places, replicas->count * (1 + url_count), error)) return false;
  for (size_t i = 0; i < replicas->count; i++)
    if (replicas->items[i].store != NULL && !list_store(places, making, i, urls, url_count, error)) return false;
  return true;
}

/* ---- which of the route's URLs a store handles ---- */

static const char *url_of(void *user, const struct bs_replica *replica) {
  const struct bs_places *places = user;

  return places->items[replica - places->answers.items].url;
}

static void keep_handled(struct bs_places *places) {
  size_t kept = 0;

  for (size_t i = 0; i < places->count; i++) {
    struct bs_place place = places->items[i];
    struct bs_replica *answer = &places->answers.items[i];

    if (!place.is_own && !answer->is_good) {
      free(place.url);
      continue;
    }
    places->answers.items[kept] = (struct bs_replica){.name = answer->name, .store = answer->store};
    places->items[kept++] = place;
  }
  places->answers.count = places->count = kept;
}

static bool ask_who_handles(struct bs_places *places, const struct bs_watch *watch, struct bs_error *error) {
  const struct bs_round round = {
      .entry = BS_ENTRY_HANDLES_URL, .what = "locating", .total = UINT64_MAX, .watch = watch, .target = url_of, .user = places};
  bool *foreign BS_AUTO_FREE = malloc(places->count + 1);
  bool any = false;

  if (foreign == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < places->count; i++) any |= foreign[i] = !places->items[i].is_own;
  if (!any) return true;
  if (!bs_round_run(&places->answers, foreign, &round, error) || !bs_round_had_memory(&places->answers, error)) return false;
  keep_handled(places);
  return true;
}

static bool is_handled(const struct bs_places *places, const char *url) {
  for (size_t i = 0; i < places->count; i++)
    if (strcmp(places->items[i].url, url) == 0) return true;
  return false;
}

bool bs_places_find(struct bs_places *ret_places, struct bs_replicas *replicas, const char *const *urls, size_t url_count,
                    const char *data_id, uint32_t budget_ms, const struct bs_watch *watch, struct bs_error *error) {
  struct bs_places places BS_AUTO(bs_places_free) = {.items = NULL};
  struct making making BS_AUTO(free_making) = {replicas, NULL, budget_ms};

  if (!make_urls(&making, data_id, watch, error) || !list(&places, &making, urls, url_count, error) ||
      !ask_who_handles(&places, watch, error))
    return false;
  for (size_t i = 0; i < url_count; i++) places.unhandled += counts(urls, i) && !is_handled(&places, urls[i]);
  *ret_places = places;
  places = (struct bs_places){.items = NULL};
  return true;
}

/* ---- why nothing was found ---- */

struct reasons {
  struct bs_buffer text;
  const struct bs_error *first[BLOCKSTORE_CANCELLED + 1]; /* of each result */
  bool is_absent; /* whoever was asked has nothing */
};

static void tell(struct reasons *reasons, const char *message) {
  bs_buffer_format(&reasons->text, "%s%s", reasons->text.length == 0 ? "" : " ", message);
}

/* Who could not be opened, or could not say where it keeps the datum. */
static void take_replicas(struct reasons *reasons, const struct bs_places *places, const struct bs_replicas *replicas) {
  for (size_t i = 0; i < replicas->count; i++) {
    bool has_own = false;

    for (size_t k = 0; k < places->count && !has_own; k++) has_own = places->items[k].is_own && places->items[k].store == i;
    if (has_own) continue;
    reasons->is_absent = false;
    tell(reasons, replicas->items[i].error.message);
  }
}

static void take_answers(struct reasons *reasons, const struct bs_replicas *answers) {
  for (size_t i = 0; i < answers->count; i++) {
    const struct bs_replica *answer = &answers->items[i];

    reasons->is_absent = reasons->is_absent && answer->was_asked && !answer->is_good && answer->error.word == BS_WORD_not_found;
    if (answer->is_good) continue;
    tell(reasons, answer->error.message);
    if (reasons->first[answer->error.result] == NULL) reasons->first[answer->error.result] = &answer->error;
  }
}

static void free_reasons(struct reasons *reasons) {
  bs_buffer_free(&reasons->text);
}

bool bs_places_explain(const struct bs_places *places, const struct bs_replicas *replicas, const char *what,
                       struct bs_error *error) {
  /* Whether contents are in conflict is for who compares them: a store that says so has failed. */
  static const enum blockstore_result order[] = {BLOCKSTORE_FORGED, BLOCKSTORE_STALE};
  struct reasons reasons BS_AUTO(free_reasons) = {.is_absent = places->count > 0};

  take_replicas(&reasons, places, replicas);
  take_answers(&reasons, &places->answers);
  if (places->unhandled > 0)
    bs_buffer_format(&reasons.text, " (URLs of its route that no store here handles: %zu.)", places->unhandled);
  if (!bs_buffer_ok(&reasons.text, error)) return false;
  for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
    const struct bs_error *first = reasons.first[order[i]];

    if (first != NULL)
      return bs_fail_as(error, first->result, first->word, "%s could not be read: %s", what, bs_buffer_string(&reasons.text));
  }
  if (reasons.is_absent) return bs_fail(error, BS_WORD_not_found, "%s was not found: %s", what, bs_buffer_string(&reasons.text));
  return bs_fail(error, BS_WORD_unreachable, "%s was not found, and not every store answered: %s", what,
                 bs_buffer_string(&reasons.text));
}

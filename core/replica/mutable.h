/* SPDX-License-Identifier: MIT */
/*
 * Mutable records over several stores: where they may lie, what each store gives, verified as it arrives, and writing them.
 * Which of the verified versions is believed is the caller's decision.
 */
#ifndef BS_REPLICA_MUTABLE_H
#define BS_REPLICA_MUTABLE_H

#include "core/record/mutable.h"
#include "core/replica/replica.h"

#define BS_EVIDENCE_RECORD_MAX ((size_t)256 << 10) /* of longer records the bytes are not kept */

/* One URL of one store. */
struct bs_place {
  size_t store; /* its number among the replicas */
  char *url;
  bool is_own;      /* the store's own URL for the datum */
  bool is_in_route; /* the route names it */
  uint64_t ver; /* of the highest version that it gave and that verified, 0: none */
  unsigned char z[BS_SHA256_SIZE];
};

struct bs_places {
  struct bs_place *items;
  struct bs_replicas answers; /* one a place: what that place answered; is_good: a verified version */
  size_t count;
  size_t unhandled; /* URLs of the route that no store handles */
};

/*
 * For each store that is open: its own URL of `data_id`, then those of `urls` (the route's; count may be 0) that it handles.  A
 * store that can make no URL says why in its replica (is_good false), and is no place of its own.  A URL of more than 2,048
 * bytes, with control characters, or not UTF-8, is the store's failure.  Once one has told its URL, the others are waited for
 * `budget_ms` more.
 */
bool bs_places_find(struct bs_places *ret_places, struct bs_replicas *replicas, const char *const *urls, size_t url_count,
                    const char *data_id, uint32_t budget_ms, const struct bs_watch *watch, struct bs_error *error);
void bs_places_free(struct bs_places *places);

/* A version that verified. */
struct bs_found {
  struct bs_verified verified;
  enum bs_mutable_generation generation;
  char sig[BS_SIG_TEXT];   /* as it stands in the record */
  struct bs_buffer data;   /* decoded; freed when !has_data */
  bool has_data;           /* of a tombstone: false */
  struct bs_buffer record; /* as received; empty when longer than BS_EVIDENCE_RECORD_MAX */
  size_t place;            /* who gave it first */
};

/* Each z once, the highest version first. */
struct bs_versions {
  struct bs_found *items;
  size_t count;
};
void bs_versions_free(struct bs_versions *versions);

struct bs_mutable_search {
  const struct bs_datum *datum;
  const struct bs_authority *authority;
  uint64_t limit;      /* bytes of a record; a longer one is too_large, result BLOCKSTORE_FORGED */
  uint32_t budget_ms;  /* once something verified, slower places are not waited for beyond this */
  bool takes_first;    /* ask in order (local stores, then the others at once) until is_enough; else ask all at once */
  bool keeps_all;      /* keep the data of every version; else of the highest one (and its rivals) only */
  /* May a record of that form be believed at all?  Runs before its signature is looked at, on any thread, one at a time a place;
   * NULL: every record of the current generation, and none of 2015 (downgrade). */
  bool (*admits)(void *user, const struct bs_mutable *record, struct bs_error *error);
  /* On the caller's thread; asked about each that was found so far, again and again.  NULL: whatever verified. */
  bool (*is_enough)(void *user, const struct bs_found *found);
  void *user;
};

/*
 * Asks the places; what verified is added to *versions (empty on entry), why each other place gave nothing stands in its answer.
 * A place may hand out several candidates, at most 32: its highest counts, all that verified are found.  A record is held in
 * memory, at most `limit` bytes a place at a time; so are the data of what a place gave: beyond that those of its lower versions
 * are dropped.  Places slower than the budget are cancelled (unreachable); when nothing verified by then they are asked again,
 * with all the time of the watch, until one has a version that verifies.  A place that is the only one has that time at once.
 * True also when nothing was found.  False: cancelled or deadline before anything verified, no_memory.
 */
bool bs_places_read(struct bs_places *places, struct bs_versions *ret_findings, const struct bs_mutable_search *search,
                    const struct bs_watch *watch, struct bs_error *error);

/* Why nothing was found, always false: of all answers the first of results 5, 4, 7, 3 that holds, with that answer's word;
 * not_found only when every place was asked and has nothing.  `what` begins the sentence: "The data ... of ...". */
bool bs_places_explain(const struct bs_places *places, const struct bs_replicas *replicas, const char *what,
                       struct bs_error *error);

/* Puts a record under `data_id` into all stores; as bs_replicas_put_immutable. */
bool bs_replicas_put_mutable(struct bs_replicas *replicas, size_t at_least, const char *data_id, uint64_t version,
                             const char *signature, struct bs_feed *feed, const struct bs_watch *watch, struct bs_error *error);
/* As bs_replicas_delete_immutable; signature: the tombstone's. */
bool bs_replicas_delete_mutable(struct bs_replicas *replicas, const char *data_id, const char *signature,
                                const struct bs_watch *watch, struct bs_error *error);

#endif

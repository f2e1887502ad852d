/* SPDX-License-Identifier: MIT */
/* One entry point called on several stores, and again on those whose failure may pass: shared by reads and writes. */
#ifndef BS_REPLICA_ROUND_H
#define BS_REPLICA_ROUND_H

#include "core/replica/replica.h"

#define BS_ROUNDS 3           /* how often a store is asked that answers TRANSIENT */
#define BS_ROUND_PAUSE_MS 100 /* before the second round; doubled for the third */
#define BS_ROUND_PAUSE_MAX_MS 5000
#define BS_ROUND_MOVING_MS 5000 /* within which bytes must move, for a store to be waited for beyond the patience */

struct bs_round {
  enum bs_entry entry;
  struct bs_arguments arguments; /* the same for all, but for the receiver and perhaps the target */
  const char *what;              /* for progress */
  uint64_t total;
  const struct bs_watch *watch;
  const char *(*target)(void *user, const struct bs_replica *replica); /* NULL: that of `arguments` */
  /* The receiver for a store, prepared afresh for each attempt; NULL: the entry has none. */
  const struct bs_receiver *(*receiver)(void *user, struct bs_replica *replica);
  /* Of what a store gave and that verified, for the log.  NULL: that of `arguments`; 0: it has none. */
  uint64_t (*version)(void *user, const struct bs_replica *replica);
  /* After a call ended and its item is filled: may overrule it; true: enough, cancel the rest.  May be NULL. */
  bool (*ended)(void *user, struct bs_replica *replica);
  /* Then: for how many more milliseconds the others are waited for, beyond that only while bytes move; UINT32_MAX: as long as the
   * scope lasts.  The first answer that is less counts.  May be NULL. */
  uint32_t (*patience)(void *user);
  void *user;
};

/*
 * Asks those of `replicas` for which `chosen[i]` is set and that are open.  Fills was_asked, is_good and error of each; who calls
 * a URL to be read UNHANDLED_URL was not asked; who outlasted the patience is unreachable.
 * False only when the call itself must end (cancelled, deadline, no_memory).
 */
bool bs_round_run(struct bs_replicas *replicas, const bool *chosen, const struct bs_round *round, struct bs_error *error);
/* After rounds: false, with no_memory, when a call lacked memory of our own, which is no answer of its store. */
bool bs_round_had_memory(const struct bs_replicas *replicas, struct bs_error *error);

#endif

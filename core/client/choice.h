/* SPDX-License-Identifier: MIT */
/* Which of the versions that verified is believed (trust rules 4, 6 and 12).  Knows no stores and no state: only what
 * they said. */
#ifndef BS_CLIENT_CHOICE_H
#define BS_CLIENT_CHOICE_H

#include "core/replica/mutable.h"
#include "core/state/floors.h"

struct bs_bounds {
  uint64_t lowest;           /* of the route; at least 1 */
  uint64_t ver_min, ver_max; /* the caller's, inclusive */
  const unsigned char *z;    /* which of two contents of one version the caller chooses: it must be there; NULL: neither */
  uint64_t now;              /* Unix seconds, for what expires */
  bool (*accepts)(void *user, const struct bs_found *found); /* the caller's check; NULL: all */
  void *user;
};

struct bs_choice {
  const struct bs_found *found;  /* the version that is believed; NULL: none is */
  const struct bs_found *raises; /* what the floor rises to: `found`, or a tombstone, or what has expired; NULL: nothing */
  uint64_t disputed;             /* the version of which several contents were seen; 0: none */
};

/* What is said where stores have only what cannot be believed. */
#define BS_CHOICE_MEND "The owner's next put of it, or another store's copy, mends this."

/*
 * floor: of the signer, NULL: none.  What the bounds or the check pass over, and what is disputed, raises no floor.
 * Words: stale (the highest is below the floor, the route's or the caller's lowest), expired, deleted (the highest is a
 * tombstone), conflict (two contents of one version, and the floor is neither; or the chosen one is not there);
 * not_found (nothing is within ver_max, or all was refused by the check); too_large (FORGED: its data were not kept).
 * *ret_choice is filled in any case.
 */
bool bs_choose(struct bs_choice *ret_choice, const struct bs_versions *versions, const struct bs_seen *floor,
               const struct bs_bounds *bounds, struct bs_error *error);

/* As a floor. */
struct bs_seen bs_seen_of(const struct bs_found *found);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes over several stores: who is asked, in which order, how often again, when it is enough, and what of
 * that which comes back is believed.
 *
 * A struct bs_replicas and what hangs on it belong to one call; threads share only the stores.
 */
#ifndef BS_REPLICA_REPLICA_H
#define BS_REPLICA_REPLICA_H

#include "core/base/spool.h"
#include "core/driver/call.h"

/* One store as a call sees it, and what it answered. */
struct bs_replica {
  const char *name;       /* the configuration's; outlives the call */
  struct bs_store *store; /* NULL: it could not be opened, `error` says why */
  bool is_required;       /* a write fails without it */
  bool is_durable;        /* counts towards the policy */
  bool was_asked;
  bool is_good;          /* it did what it was asked */
  struct bs_error error; /* unless is_good */
};

struct bs_replicas {
  struct bs_replica *items;
  size_t count;
};

/* Where a call's bytes are watched, and what ends it. */
struct bs_watch {
  struct bs_scope *scope;
  void (*progress)(void *user, const char *what, uint64_t done, uint64_t total); /* NULL: nobody looks */
  void *user;
  struct bs_scopes *scopes; /* of `scope`: for a part of the call that gets less time */
};

/* Allocates `count` replicas, zeroed. */
bool bs_replicas_new(struct bs_replicas *ret_replicas, size_t count, struct bs_error *error);
void bs_replicas_free(struct bs_replicas *replicas);
/* Forgets what was answered, keeps who could not be opened. */
void bs_replicas_forget(struct bs_replicas *replicas);

/*
 * Puts `feed` under `key` into all of them.  Done when every required store and at least `at_least` durable ones have it;
 * the others' failures stay in their items.  Words: too_few (names each store that failed and why), denied or too_large when
 * that is why each of them failed, cancelled, deadline, changed (the source), no_memory.
 */
bool bs_replicas_put_immutable(struct bs_replicas *replicas, size_t at_least, const char *key, struct bs_feed *feed,
                               const char *txid, const struct bs_watch *watch, struct bs_error *error);

/*
 * Finds bytes whose hash is `key` (64 digits: SHA-256; 40: hash160), at most `limit` of them, and leaves them in `spool`;
 * *ret_giver: the store they came from.  Local stores are asked first, in order, then the others at once; the first that
 * verifies ends it.  Words, the first that holds: corrupt (bytes came, not those), too_large (with result
 * BLOCKSTORE_FORGED), unreachable (a store did not answer),
 * not_found (every store answered that it has none); cancelled, deadline; no_memory, io, no_space of our own.
 */
bool bs_replicas_get_immutable(struct bs_replicas *replicas, struct bs_spool *spool, const struct bs_replica **ret_giver,
                               const char *key, uint64_t limit, const struct bs_watch *watch, struct bs_error *error);

/* Holds what the stores answered to a put, as it stands in their items, against the policy; words as above. */
bool bs_replicas_judge(const struct bs_replicas *replicas, size_t at_least, struct bs_error *error);

/* Deletes the bytes from all; a store that cannot says so in its item.  Fails only on cancelled, deadline, no_memory. */
bool bs_replicas_delete_immutable(struct bs_replicas *replicas, const char *key, const char *txid, const struct bs_watch *watch,
                                  struct bs_error *error);

#endif

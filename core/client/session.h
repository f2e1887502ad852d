/* SPDX-License-Identifier: MIT */
/* A session: the only conductor of puts and gets. */
#ifndef BS_CLIENT_SESSION_H
#define BS_CLIENT_SESSION_H

#include "core/client/cache.h"
#include "core/client/report.h"
#include "core/client/storage.h"
#include "core/names/prove.h"
#include "core/record/memo.h"
#include "core/state/state.h"

/* Set when it is opened, then only read, but for the calls; what else changes has locks of its own. */
struct blockstore {
  struct blockstore_config *config;
  struct blockstore_storage **storages; /* in the order of the configuration, or of registration */
  size_t storage_count;
  size_t at_least; /* durable stores that a write needs */
  struct bs_names *names;
  struct bs_state *state;
  struct bs_cache cache;
  struct bs_memo *memo;
  struct bs_scopes scopes;
  pthread_mutex_t lock; /* calls */
  pthread_cond_t ended; /* the last of them has */
  size_t calls;         /* in flight */
};

/* The keys of the public API: a private key and its addresses. */
struct blockstore_key {
  struct bs_key *key;
  char addresses[2][BS_ADDRESS_TEXT]; /* by enum bs_network */
};

/* One public call in progress. */
struct bs_work {
  struct blockstore *session;
  struct bs_scope *scope;      /* NULL: not begun */
  struct bs_watch watch;       /* of `scope` and the caller's progress */
  struct bs_replicas replicas; /* the session's stores, opened as far as they could be */
  bool is_trial;               /* a dry run: nothing is remembered */
  struct {
    bool is_wanted;       /* by the caller: what is current at the pin, or a failure */
    uint64_t most_blocks; /* 0: the config's */
    bool is_done;
    struct bs_prove_result result; /* of the last one */
    char proven[BS_PROVEN_TEXT];   /* of the name record that was looked up last; "": none was */
    const char *told_by;           /* ... and whose word alone it is, as in it */
  } proving;
  struct bs_report report;
};

/* Are there as many durable stores as a write needs?  usage otherwise. */
bool bs_session_can_write(const struct blockstore *session, struct bs_error *error);

/* deadline_ms 0: the config's.  With stores: opens those that are not yet; one that fails is noted in its replica.  After
 * false, too, bs_work_end must be called. */
bool bs_work_begin(struct bs_work *work, struct blockstore *session, uint32_t deadline_ms,
                   blockstore_progress progress, void *user, bool with_stores);
/* Ends the call: frees what the work owns and makes the public error. */
enum blockstore_result bs_work_end(struct bs_work *work, bool good, struct blockstore_error **ret_error);

#endif

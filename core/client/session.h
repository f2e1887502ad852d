/* SPDX-License-Identifier: MIT */
/* A session: the only conductor of puts and gets. */
#ifndef BS_CLIENT_SESSION_H
#define BS_CLIENT_SESSION_H

#include "core/client/report.h"
#include "core/client/storage.h"
#include "core/names/names.h"
#include "core/record/user.h"
#include "core/state/state.h"

/* Set when it is opened, then only read, but for the calls; what else changes has locks of its own. */
struct blockstore {
  struct blockstore_config *config;
  struct blockstore_storage **storages; /* in the order of the configuration, or of registration */
  size_t storage_count;
  size_t at_least; /* durable stores that a write needs */
  struct bs_names *names;
  struct bs_state *state;
  struct bs_scopes scopes;
  pthread_mutex_t lock; /* calls */
  pthread_cond_t ended; /* the last of them has */
  size_t calls;         /* in flight */
};

/* The keys of the public API: a private key and its addresses. */
struct blockstore_key {
  struct bs_key *key;
  char addresses[2][BS_ADDRESS_TEXT]; /* by enum blockstore_network */
};

/* One public call in progress. */
struct bs_work {
  struct blockstore *session;
  struct bs_scope *scope;      /* NULL: not begun */
  struct bs_watch watch;       /* of `scope` and the caller's progress */
  struct bs_replicas replicas; /* the session's stores, opened as far as they could be */
  struct bs_report report;
};

/* deadline_ms 0: the config's.  With stores: opens those that are not yet; one that fails is noted in its replica.  After
 * false, too, bs_work_end must be called. */
bool bs_work_begin(struct bs_work *work, struct blockstore *session, uint32_t deadline_ms, blockstore_progress progress, void *user,
                   bool with_stores);
/* Ends the call: frees what the work owns and makes the public error. */
enum blockstore_result bs_work_end(struct bs_work *work, bool good, struct blockstore_error **ret_error);

/* ---- what a name says now ---- */

struct bs_present {
  struct bs_name_record record;
  struct bs_buffer bytes; /* of the user record; empty when the name has none */
  struct bs_user user;    /* of `bytes`; valid when they are not empty */
};
#define BS_PRESENT_INIT {.bytes = BS_BUFFER_INIT}
void bs_present_free(struct bs_present *present);
/* The name's record; refuses a revoked (not_found) and an expired one (expired). */
bool bs_present_name(struct bs_work *work, struct bs_present *ret_present, const char *name);
/* The same with its user record, the newest that this client knows of: a pending one goes before the confirmed. */
bool bs_present_load(struct bs_work *work, struct bs_present *ret_present, const char *name);
/* The user record under a value hash, from the stores or the journal, checked to be the name's. */
bool bs_present_user(struct bs_work *work, struct bs_present *present, const char *name, const char *value_hash);

/* ---- a change of a name's user record, in the order of trust rule 10 ---- */

struct bs_publication {
  const char *name;
  const struct blockstore_key *owner;
  const struct blockstore_key *payment; /* NULL: the owner's */
  const char *txid;                     /* that transaction was sent before: only replicate; NULL: send one when needed */
  struct bs_user_change change;         /* a delta */
  const char *record;                   /* or: the whole record, as somebody wrote it; NULL: the delta */
  size_t record_length;
  bool dry_run;
  /* Stores what the new record lists, before anything is announced.  NULL: nothing to store. */
  bool (*store_data)(void *user, struct bs_work *work);
  void *user;
  /* Out */
  char txid_sent[BS_TXID_TEXT]; /* "": none was needed */
  char value_hash[BS_VALUE_HASH_TEXT];
  struct bs_name_receipt receipt; /* of the operation; by bs_name_receipt_clear */
};
bool bs_publish(struct bs_work *work, struct bs_publication *publication);

#endif

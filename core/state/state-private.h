/* SPDX-License-Identifier: MIT */
/* What state.c and floors.c share: the state's connections and its statements. */
#ifndef BS_STATE_STATE_PRIVATE_H
#define BS_STATE_STATE_PRIVATE_H

#include <pthread.h>

#include "core/record/name.h"
#include "core/state/database.h"
#include "core/state/floors.h"
#include "core/state/sequence.h"
#include "core/state/state.h"

#define BS_STATE_IDLE_MAX 8 /* connections that are kept; where more calls are in flight, the others are opened anew */
#define BS_RECALL_ENTRIES 64

extern const struct bs_database_kind bs_state_kind;

enum bs_state_statement {
  BS_STATE_JOURNAL_FORGET,
  BS_STATE_JOURNAL_BEGIN,
  BS_STATE_JOURNAL_SENT,
  BS_STATE_JOURNAL_END,
  BS_STATE_JOURNAL_FIND,
  BS_STATE_JOURNAL_LIST,
  BS_STATE_JOURNAL_FOLLOW,
  BS_STATE_JOURNAL_JOIN,
  BS_STATE_JOURNAL_REFUSED,
  BS_STATE_UNDERWAY_LIST,
  BS_STATE_UNDERWAY_COUNT,
  BS_STATE_UNDERWAY_PUT,
  BS_STATE_UNDERWAY_END,
  BS_STATE_RECALL,
  BS_STATE_KNOWS_NAME,
  BS_STATE_FLOOR_RAISE,
  BS_STATE_NAME_RAISE,
  BS_STATE_CLOCK_RAISE,
  BS_STATE_RESERVE,
  BS_STATE_RELEASE,
  BS_STATE_RELEASE_UP_TO,
  BS_STATE_UNFINISHED,
};

struct bs_recall_entry {
  uint64_t sequence; /* under which it was recalled */
  unsigned char chain_id[32];
  char name[BS_NAME_MAX + 1]; /* "": nothing */
  char *id;
  bool has_signer;
  unsigned char signer[BS_HASH160_SIZE];
  struct bs_recalled recalled;
};

/* One place for each datum, by its hash: whoever comes later takes it. */
struct bs_recall_cache {
  pthread_mutex_t lock; /* entries */
  struct bs_recall_entry entries[BS_RECALL_ENTRIES];
};
bool bs_recall_find(struct bs_recall_cache *cache, uint64_t sequence, struct bs_recalled *ret_recalled,
                    const struct bs_datum *datum, const unsigned char *signer);
/* sequence: that stood before the query and after it. */
void bs_recall_keep(struct bs_recall_cache *cache, uint64_t sequence, const struct bs_recalled *recalled,
                    const struct bs_datum *datum, const unsigned char *signer);
void bs_recall_free(struct bs_recall_cache *cache);

struct bs_state {
  char *directory;
  char *file;
  struct bs_sequence sequence;
  struct bs_recall_cache recalls;
  pthread_mutex_t lock;                        /* of what follows */
  struct bs_database *idle[BS_STATE_IDLE_MAX]; /* connections that no call uses; the last is taken first, its cache is warm */
  size_t idle_count;
};

/* A connection for the time of one call.  A transaction that is still open when it is left is rolled back. */
struct bs_state_use {
  struct bs_state *state;
  struct bs_database *database; /* NULL: there is no state yet */
  bool commits;                 /* between begin and commit: the sequence number is odd */
};
#define BS_STATE_USE_INIT {NULL, NULL, false}
#define BS_AUTO_USE BS_AUTO(bs_state_leave)
/* `create` false: where there is no state, none is made. */
bool bs_state_enter(struct bs_state_use *ret_use, struct bs_state *state, struct bs_scope *scope, bool create,
                    struct bs_error *error);
void bs_state_leave(struct bs_state_use *use);
/* A write transaction of what bs_state_recall tells. */
bool bs_state_begin(struct bs_state_use *use, struct bs_error *error);
bool bs_state_commit(struct bs_state_use *use, struct bs_error *error);

/* A pause before a lock is tried again that was first tried at since_ms.  False, with cancelled or deadline, when there
 * is no time for it; scope NULL: there are five seconds. */
bool bs_state_pause(const struct bs_scope *scope, uint64_t since_ms, int milliseconds, struct bs_error *error);

/* The name's entries that were never sent go. */
bool bs_state_journal_clear(struct bs_database *database, const char *chain, const char *name, struct bs_error *error);
/* In an open transaction: the same, and a new one comes. */
bool bs_state_journal_add(struct bs_database *database, int64_t *ret_id, const char *chain, const struct bs_intent *intent,
                          struct bs_error *error);

#endif

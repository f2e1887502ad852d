/* SPDX-License-Identifier: MIT */
/*
 * What one user's Blockstore remembers between processes, in `state_dir` (0700).  Here: the journal of user records on
 * their way to the chain, and the locks of names (a file each, lock-NAME).  In the same database, state.db, and opened
 * by the same struct bs_state: what was seen of versions and names, and the versions that are reserved (floors.h).
 * Made when it is first written to; a directory that is missing reads as empty.
 *
 * Losing state.db loses no data: what was written remains authentic, but no version is known to be too old any more.
 * It and the other files may be removed, all of them together, while nobody uses them.  Who does use them notices with
 * the next commit or query, which goes to the new files; until then it may still answer from what it recalled.
 *
 * Threads: any number at once; processes: any number at once, on a local file system.
 */
#ifndef BS_STATE_STATE_H
#define BS_STATE_STATE_H

#include <stdint.h>

#include "core/base/buffer.h"
#include "core/base/scope.h"

struct bs_state;

/* Makes and opens nothing yet. */
bool bs_state_new(struct bs_state **ret_state, const char *directory, struct bs_error *error);
/* NULL is allowed. */
void bs_state_free(struct bs_state *state);

/* Makes the directory where it is missing, and refuses one that others own or can write (config). */
bool bs_state_make_directory(const struct bs_state *state, struct bs_error *error);

/*
 * The lock of a name among all processes that share the state: a put of one name at a time.  Released by close(*ret_fd), and
 * by the end of the process.  Waits within the scope.  Words: cancelled, deadline, io.
 */
bool bs_state_lock_name(struct bs_state *state, struct bs_scope *scope, int *ret_fd, const char *name, struct bs_error *error);
/* The lock of what names list, in the same way, behind that of the name: who has something listed shares it, who deletes bytes
 * that no name lists has it alone. */
bool bs_state_lock_lists(struct bs_state *state, struct bs_scope *scope, int *ret_fd, bool alone, struct bs_error *error);

/* A user record on its way: journaled before it goes to any store, gone once its transaction is confirmed. */
struct bs_pending {
  int64_t id; /* of the entry, given by the state */
  char name[38];
  char value_hash[41];
  char txid[65];           /* "": not sent as far as is known */
  struct bs_buffer record; /* the bytes, by bs_pending_clear */
  char made_from[41];      /* as struct bs_intent has them (floors.h) */
  char base[41];
  bool is_whole;
};
#define BS_PENDING_INIT {0, "", "", "", BS_BUFFER_INIT, "", "", false}
void bs_pending_clear(struct bs_pending *pending);
void bs_pending_free(struct bs_pending *items, size_t count);

/* An entry comes with bs_state_intend and goes with bs_state_conclude (floors.h); `chain` here: 64 digits.  Durable on return. */
bool bs_state_journal_sent(struct bs_state *state, struct bs_scope *scope, int64_t id, const char *txid, struct bs_error *error);
/* Drops the name's entries that were never sent.  Under the name's lock; makes no state. */
bool bs_state_journal_forget(struct bs_state *state, struct bs_scope *scope, const char *chain, const char *name,
                             struct bs_error *error);
/* All entries of the name, the oldest first, by bs_pending_free.  Reading makes no state. */
bool bs_state_journal_list(struct bs_state *state, struct bs_scope *scope, struct bs_pending **ret_items, size_t *ret_count,
                           const char *chain, const char *name, struct bs_error *error);
/* The newest entry of the name; *ret_found false when it has none.  Reading makes no state. */
bool bs_state_journal_find(struct bs_state *state, struct bs_scope *scope, bool *ret_found, struct bs_pending *ret_pending,
                           const char *chain, const char *name, struct bs_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* What state.c and floors.c share: the state's connections and its statements. */
#ifndef BS_STATE_STATE_PRIVATE_H
#define BS_STATE_STATE_PRIVATE_H

#include "core/state/database.h"
#include "core/state/state.h"

enum bs_state_statement {
  BS_STATE_JOURNAL_FORGET,
  BS_STATE_JOURNAL_BEGIN,
  BS_STATE_JOURNAL_SENT,
  BS_STATE_JOURNAL_END,
  BS_STATE_JOURNAL_FIND,
  BS_STATE_RECALL,
  BS_STATE_FLOOR_RAISE,
  BS_STATE_NAME_RAISE,
  BS_STATE_CLOCK_RAISE,
  BS_STATE_RESERVE,
  BS_STATE_RELEASE,
  BS_STATE_UNFINISHED,
};

/* A connection for the time of one call.  A transaction that is still open when it is left is rolled back. */
struct bs_state_use {
  struct bs_state *state;
  struct bs_database *database; /* NULL: there is no state yet */
};
#define BS_STATE_USE_INIT {NULL, NULL}
#define BS_AUTO_USE BS_AUTO(bs_state_leave)
/* `create` false: where there is no state, none is made. */
bool bs_state_enter(struct bs_state_use *ret_use, struct bs_state *state, struct bs_scope *scope, bool create, struct bs_error *error);
void bs_state_leave(struct bs_state_use *use);

/* In an open transaction: the name's entries that were never sent go, a new one comes. */
bool bs_state_journal_add(struct bs_database *database, int64_t *ret_id, const char *chain, const char *name, const char *value_hash,
                          const void *record, size_t length, struct bs_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The deadline and the cancellation of one API call, handed down to everything that waits on its behalf.
 *
 * A session owns a struct bs_scopes.  Each call opens a scope in it and closes it; bs_scopes_cancel, which is
 * async-signal-safe, cancels all that are open.  Scopes are kept for reuse until the session is freed, so that a
 * signal handler never meets a freed one or a descriptor that became somebody else's.
 */
#ifndef BS_BASE_SCOPE_H
#define BS_BASE_SCOPE_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/error.h"

enum bs_scope_state { BS_SCOPE_CLOSED, BS_SCOPE_OPEN, BS_SCOPE_CANCELLED };

struct bs_scope {
  struct bs_scope *next; /* set once, before the scope is published */
  atomic_int state;      /* enum bs_scope_state */
  int fd; /* eventfd: written once by whoever sets CANCELLED, readable until closed; kept until the session ends */
  uint64_t deadline_ms; /* on bs_clock_monotonic_ms; BS_CLOCK_NEVER: none */
};

struct bs_scopes {
  _Atomic(struct bs_scope *) first; /* only ever grows at its head */
};

/* A zeroed struct bs_scopes is ready.  No scope may be open when it is freed. */
void bs_scopes_free(struct bs_scopes *scopes);
/* timeout_ms 0: no deadline. */
bool bs_scope_open(struct bs_scopes *scopes, struct bs_scope **ret_scope, uint64_t timeout_ms, struct bs_error *error);
void bs_scope_close(struct bs_scope *scope);
void bs_scopes_cancel(struct bs_scopes *scopes);
void bs_scope_cancel(struct bs_scope *scope); /* that one alone; nothing where it is not open */

bool bs_scope_cancelled(const struct bs_scope *scope);
/* Milliseconds left: 0 when past or cancelled, UINT32_MAX when there is no deadline. */
uint32_t bs_scope_time_left(const struct bs_scope *scope);
/* False, with cancelled or deadline, when the call should stop. */
bool bs_scope_check(const struct bs_scope *scope, struct bs_error *error);

#endif

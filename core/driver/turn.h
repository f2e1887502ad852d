/* SPDX-License-Identifier: MIT */
/*
 * Turns: who may be inside a driver that takes one call at a time, per instance or in the whole process.  Waiting costs
 * no thread: whoever leaves starts the next.
 */
#ifndef BS_DRIVER_TURN_H
#define BS_DRIVER_TURN_H

#include "core/driver/call_private.h"

enum bs_turn_answer {
  BS_TURN_MINE,  /* enter the driver, then bs_turn_leave */
  BS_TURN_QUEUED, /* the call is WAITING: it becomes RUNNING on a worker, or READY when it is inline */
  BS_TURN_TAKEN, /* another call is inside, and `queue` was false */
  BS_TURN_LOST   /* an abandoned call is inside: waiting is useless */
};

/* The turn for a new store: NULL when parallel (all functions below allow it); serial: that of the driver's table. */
bool bs_turn_get(struct bs_turn **ret_turn, enum bs_threads threads, const struct blockstore_driver *driver,
                 struct bs_error *error);
void bs_turn_put(struct bs_turn *turn);

/* MINE: the state is RUNNING. */
enum bs_turn_answer bs_turn_enter(struct bs_call *call, bool queue);
/* The driver was left, or will not be entered.  Returns the next call, RUNNING, to be started on a worker, or NULL. */
struct bs_call *bs_turn_leave(struct bs_call *call);
/* Takes a WAITING call out of the queue; its reference is then the caller's.  False: it was not there any more. */
bool bs_turn_drop(struct bs_call *call);
/* The call inside was abandoned: nobody queues behind it until it leaves.  Returns those who did, WAITING still, by next_waiting,
 * each with a reference that is the caller's; NULL: none. */
struct bs_call *bs_turn_lose(struct bs_call *call);

#endif

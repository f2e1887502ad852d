/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/turn.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/auto.h"

struct bs_turn {
  const struct blockstore_driver *driver; /* whose serial turn; NULL: of one instance */
  struct bs_turn *next;                   /* these two under serial_lock */
  size_t references;
  pthread_mutex_t lock;   /* what follows.  Taken before the lock of a call, never after it. */
  struct bs_call *holder; /* is inside the driver, or about to enter; compared only */
  bool lost;              /* the holder was abandoned */
  struct bs_call *first;  /* the queue, each with a reference */
  struct bs_call *last;
};

static pthread_mutex_t serial_lock = PTHREAD_MUTEX_INITIALIZER; /* serial_turns, and the references of all turns */
static struct bs_turn *serial_turns;

static struct bs_turn *find_serial(const struct blockstore_driver *driver) {
  struct bs_turn *turn = serial_turns;

  while (turn != NULL && turn->driver != driver) turn = turn->next;
  return turn;
}

bool bs_turn_get(struct bs_turn **ret_turn, enum bs_threads threads, const struct blockstore_driver *driver,
                 struct bs_error *error) {
  struct bs_turn *turn = NULL;
  BS_LOCKED(&serial_lock);

  *ret_turn = NULL;
  if (threads == BS_THREADS_PARALLEL) return true;
  if (threads == BS_THREADS_SERIAL) turn = find_serial(driver);
  if (turn == NULL) {
    turn = calloc(1, sizeof *turn);
    if (turn == NULL) return bs_fail_memory(error);
    pthread_mutex_init(&turn->lock, NULL);
    if (threads == BS_THREADS_SERIAL) {
      turn->driver = driver;
      turn->next = serial_turns;
      serial_turns = turn;
    }
  }
  turn->references++;
  *ret_turn = turn;
  return true;
}

void bs_turn_put(struct bs_turn *turn) {
  struct bs_turn **at = &serial_turns;
  BS_LOCKED(&serial_lock);

  if (turn == NULL || --turn->references > 0) return;
  while (*at != NULL && *at != turn) at = &(*at)->next;
  if (*at != NULL) *at = turn->next;
  pthread_mutex_destroy(&turn->lock);
  free(turn);
}

static void set_state(struct bs_call *call, enum bs_call_state state) {
  BS_LOCKED(&call->lock);
  call->state = state;
}

/* Under the turn's lock. */
static void append(struct bs_turn *turn, struct bs_call *call) {
  set_state(call, BS_CALL_WAITING);
  call->next_waiting = NULL;
  if (turn->last != NULL)
    turn->last->next_waiting = call;
  else
    turn->first = call;
  turn->last = bs_call_retain(call);
}

enum bs_turn_answer bs_turn_enter(struct bs_call *call, bool queue) {
  struct bs_turn *turn = call->store->turn;

  if (turn == NULL) {
    set_state(call, BS_CALL_RUNNING);
    return BS_TURN_MINE;
  }
  BS_LOCKED(&turn->lock);
  if (turn->holder == NULL) {
    turn->holder = call;
    set_state(call, BS_CALL_RUNNING);
    return BS_TURN_MINE;
  }
  if (turn->lost) return BS_TURN_LOST;
  if (!queue) return BS_TURN_TAKEN;
  append(turn, call);
  return BS_TURN_QUEUED;
}

/* Under the turn's lock: the caller's thread is to run this inline call. */
static void wake_caller(struct bs_call *call) {
  const uint64_t one = 1;
  BS_LOCKED(&call->lock);

  call->state = BS_CALL_READY;
  while (write(call->group->wake_fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

struct bs_call *bs_turn_leave(struct bs_call *call) {
  struct bs_turn *turn = call->store->turn;
  struct bs_call *next;

  if (turn == NULL) return NULL;
  BS_LOCKED(&turn->lock);
  next = turn->first;
  turn->holder = next;
  turn->lost = false;
  if (next == NULL) return NULL;
  turn->first = next->next_waiting;
  if (turn->first == NULL) turn->last = NULL;
  if (!next->store->is_inline && next->parent == NULL) {
    set_state(next, BS_CALL_RUNNING);
    return next;
  }
  wake_caller(next);
  bs_call_release(next); /* not the last reference: the caller cannot leave without this turn's lock */
  return NULL;
}

bool bs_turn_drop(struct bs_call *call) {
  struct bs_turn *turn = call->store->turn;
  struct bs_call *before = NULL;
  BS_LOCKED(&turn->lock);

  for (struct bs_call *at = turn->first; at != NULL; before = at, at = at->next_waiting) {
    if (at != call) continue;
    if (before != NULL)
      before->next_waiting = call->next_waiting;
    else
      turn->first = call->next_waiting;
    if (turn->last == call) turn->last = before;
    return true;
  }
  return false;
}

struct bs_call *bs_turn_lose(struct bs_call *call) {
  struct bs_turn *turn = call->store->turn;
  struct bs_call *waiting;

  if (turn == NULL) return NULL;
  BS_LOCKED(&turn->lock);
  if (turn->holder != call) return NULL;
  waiting = turn->first;
  turn->lost = true;
  turn->first = turn->last = NULL;
  return waiting;
}

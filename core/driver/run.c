/* SPDX-License-Identifier: MIT */
/* Running calls together: on workers, on the caller's thread, until all have ended or were given up. */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/worker.h"
#include "core/driver/call_private.h"
#include "core/driver/host.h"
#include "core/driver/turn.h"

#define BELOW_PAUSE_MS 100 /* where nothing can be waited for */

static atomic_uint grace_ms = BS_CALL_GRACE_MS;

void bs_calls_set_grace(uint32_t milliseconds) {
  atomic_store(&grace_ms, milliseconds);
}

/* All of it belongs to the caller's thread, but for what bs_group says. */
struct run {
  struct bs_group group;
  struct bs_call *const *calls;
  size_t count;
  const struct bs_calls_watch *watch;
  enum bs_word stopped; /* why the rest is cancelled; BS_NO_WORD: it is not */
  uint64_t give_up_ms;  /* when, once stopped, what still runs is abandoned */
};

static enum bs_call_state state_of(struct bs_call *call) {
  BS_LOCKED(&call->lock);
  return call->state;
}

static void fail(struct bs_call *call, const struct bs_error *error) {
  bs_call_end(call, BLOCKSTORE_STATUS_FAILED, error);
}

/* Entering drivers */

static void start_on_worker(struct bs_call *call);

/* The turn is held, the state RUNNING (or ABANDONED meanwhile). */
static void perform(struct bs_call *call) {
  enum blockstore_status status = bs_call_enter(call);
  struct bs_call *next = bs_turn_leave(call);

  bs_call_finish(call, status);
  if (next != NULL) start_on_worker(next);
}

static void work(void *user) {
  perform(user);
  bs_call_release(user);
}

/* Takes over a reference. */
static void start_on_worker(struct bs_call *call) {
  struct bs_error error = {0};

  while (call != NULL && !bs_worker_run(work, call, &error)) {
    struct bs_call *next = bs_turn_leave(call);

    fail(call, &error);
    bs_call_release(call);
    call = next;
  }
}

static bool possible(struct bs_call *call) {
  struct bs_error error = {0};
  enum blockstore_status status;

  if (bs_call_possible(call, &status, &error)) return true;
  bs_call_end(call, status, &error);
  return false;
}

/* Makes the descriptor by which calls wake this thread. */
static bool can_wake(struct bs_group *group, struct bs_call *call) {
  struct bs_error error = {0};

  if (group->wake_fd < 0) group->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (group->wake_fd >= 0) return true;
  bs_fail_errno(&error, "An event descriptor could not be made");
  fail(call, &error);
  return false;
}

static void submit(struct bs_group *group, struct bs_call *call) {
  if (!possible(call) || !can_wake(group, call)) return;
  switch (bs_turn_enter(call, true)) {
  case BS_TURN_MINE: start_on_worker(bs_call_retain(call)); break;
  case BS_TURN_LOST: bs_call_end_behind_lost(call); break;
  case BS_TURN_QUEUED:
  case BS_TURN_TAKEN: break;
  }
}

static void submit_inline(struct bs_group *group, struct bs_call *call) {
  enum bs_turn_answer answer;

  if (!possible(call)) return;
  answer = bs_turn_enter(call, false);
  if (answer == BS_TURN_TAKEN) {
    if (!can_wake(group, call)) return;
    answer = bs_turn_enter(call, true);
  }
  if (answer == BS_TURN_MINE) perform(call);
  if (answer == BS_TURN_LOST) bs_call_end_behind_lost(call);
}

/* The loop's steps.  Each that returns true has changed something: the loop begins anew. */

static bool report(struct run *run) {
  bool any = false;

  for (size_t i = 0; i < run->count; i++) {
    struct bs_call *call = run->calls[i];

    if (call->reported || state_of(call) < BS_CALL_ENDED) continue;
    call->reported = true;
    any = true;
    if (run->watch->ended == NULL || !run->watch->ended(run->watch->user, call) || run->stopped != BS_NO_WORD) continue;
    run->stopped = BS_WORD_cancelled;
  }
  return any;
}

static void stop_call(struct run *run, struct bs_call *call) {
  bs_call_stop(call, run->stopped);
  switch (state_of(call)) {
  case BS_CALL_NEW: bs_call_end(call, BLOCKSTORE_STATUS_CANCELLED, NULL); break;
  case BS_CALL_WAITING:
    if (!bs_turn_drop(call)) break; /* it has just become READY or RUNNING, and is stopped */
    bs_call_end(call, BLOCKSTORE_STATUS_CANCELLED, NULL);
    bs_call_release(call);
    break;
  case BS_CALL_READY:
  case BS_CALL_RUNNING:
  case BS_CALL_ENDED:
  case BS_CALL_ABANDONED: break;
  }
}

static uint64_t until_of(const struct run *run) {
  return run->watch->until == NULL ? BS_CLOCK_NEVER : run->watch->until(run->watch->user);
}

/* When the scope has ended, or there is enough. */
static bool stop(struct run *run) {
  struct bs_error error;

  if (run->give_up_ms != 0) return false;
  if (run->stopped == BS_NO_WORD && !bs_scope_check(run->group.scope, &error)) run->stopped = error.word;
  if (run->stopped == BS_NO_WORD && bs_clock_monotonic_ms() >= until_of(run)) run->stopped = BS_WORD_cancelled;
  if (run->stopped == BS_NO_WORD) return false;
  run->give_up_ms = bs_clock_monotonic_ms() + atomic_load(&grace_ms);
  for (size_t i = 0; i < run->count; i++) stop_call(run, run->calls[i]);
  return true;
}

static void enter_ready(struct bs_call *call) {
  {
    BS_LOCKED(&call->lock);
    call->state = BS_CALL_RUNNING;
  }
  perform(call);
}

static bool run_inline(struct run *run) {
  for (size_t i = 0; i < run->count; i++) {
    struct bs_call *call = run->calls[i];

    switch (call->store->is_inline ? state_of(call) : BS_CALL_RUNNING) {
    case BS_CALL_NEW: submit_inline(&run->group, call); return true;
    case BS_CALL_READY: enter_ready(call); return true;
    case BS_CALL_WAITING:
    case BS_CALL_RUNNING:
    case BS_CALL_ENDED:
    case BS_CALL_ABANDONED: break;
    }
  }
  return false;
}

static bool give_up(struct run *run) {
  bool any = false;

  if (run->give_up_ms == 0 || bs_clock_monotonic_ms() < run->give_up_ms) return false;
  for (size_t i = 0; i < run->count; i++)
    if (!run->calls[i]->reported && !run->calls[i]->store->is_inline) any |= bs_call_abandon(run->calls[i]);
  return any;
}

static bool pending(const struct run *run) {
  for (size_t i = 0; i < run->count; i++)
    if (!run->calls[i]->reported) return true;
  return false;
}

/* Milliseconds until the loop has something to do of itself; -1: never. */
static int time_to_wait(const struct run *run) {
  uint64_t now = bs_clock_monotonic_ms();
  uint64_t until = run->give_up_ms != 0 ? run->give_up_ms : run->group.scope->deadline_ms;
  uint64_t tell = run->group.told_ms + BS_CALL_PROGRESS_MS, enough = until_of(run);

  if (run->give_up_ms == 0 && enough < until) until = enough;
  if (run->group.progress != NULL && tell < until) until = tell;
  if (until == BS_CLOCK_NEVER) return -1;
  if (until <= now) return 0;
  return until - now < 60000 ? (int)(until - now) : 60000;
}

static void wait_for_news(struct run *run) {
  int scope_fd = run->give_up_ms != 0 ? -1 : run->group.scope->fd; /* stays readable once cancelled */
  struct pollfd fds[] = {{run->group.wake_fd, POLLIN, 0}, {scope_fd, POLLIN, 0}};
  uint64_t count;

  if (poll(fds, 2, time_to_wait(run)) > 0 && (fds[0].revents & POLLIN) != 0)
    while (read(run->group.wake_fd, &count, sizeof count) < 0 && errno == EINTR) continue;
}

static void attach(struct bs_call *call, struct bs_group *group) {
  BS_LOCKED(&call->lock);
  if (call->state == BS_CALL_NEW) call->group = group;
}

static void loop(struct run *run) {
  for (;;) {
    bs_group_tell(&run->group);
    if (stop(run) || report(run) || run_inline(run)) continue;
    if (!pending(run)) return;
    if (!give_up(run)) wait_for_news(run);
  }
}

/* Its turn, or its parent's end. */
static void wait_for_turn(struct bs_group *group, struct bs_call *call) {
  struct blockstore_call *parent = &call->parent->abi;
  struct pollfd fds[] = {{group->wake_fd, POLLIN, 0}, {bs_host.cancel_fd(parent), POLLIN, 0}};

  poll(fds, 2, fds[1].fd < 0 ? BELOW_PAUSE_MS : -1);
  if (state_of(call) == BS_CALL_READY) {
    enter_ready(call);
  } else if (bs_host.time_left(parent) == 0 && bs_turn_drop(call)) {
    bs_call_end(call, BLOCKSTORE_STATUS_CANCELLED, NULL);
    bs_call_release(call);
  }
}

void bs_call_run_below(struct bs_call *call) {
  struct bs_group group = {.wake_fd = -1, .thread = pthread_self()};

  attach(call, &group);
  submit_inline(&group, call);
  while (state_of(call) < BS_CALL_ENDED) wait_for_turn(&group, call);
  if (group.wake_fd >= 0) close(group.wake_fd);
}

void bs_calls_run(struct bs_call *const *calls, size_t count, struct bs_scope *scope, const struct bs_calls_watch *watch) {
  static const struct bs_calls_watch nothing = {.ended = NULL};
  struct run run = {.calls = calls, .count = count, .watch = watch == NULL ? &nothing : watch};

  run.group = (struct bs_group){scope, -1, pthread_self(), run.watch->progress, run.watch->user, bs_clock_monotonic_ms()};

  for (size_t i = 0; i < count; i++) attach(calls[i], &run.group);
  for (size_t i = 0; i < count; i++)
    if (!calls[i]->store->is_inline && state_of(calls[i]) == BS_CALL_NEW) submit(&run.group, calls[i]);
  loop(&run);
  if (run.group.wake_fd >= 0) close(run.group.wake_fd);
}

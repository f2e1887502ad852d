/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/replica/round.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"

/* Of all attempts of a round. */
struct patience {
  uint64_t since_ms, until_ms; /* BS_CLOCK_NEVER: there is no end yet */
  uint64_t moved;              /* bytes of all calls then */
};

/* One round in progress: the calls, each with its replica as user. */
struct running {
  const struct bs_round *round;
  struct bs_call **calls;
  size_t count;
  bool is_enough; /* nobody is asked again */
  struct patience *patience;
};

static void release_calls(struct running *running) {
  for (size_t i = 0; i < running->count; i++) bs_call_release(running->calls[i]);
  free(running->calls);
}

static const char *target_of(const struct bs_round *round, const struct bs_replica *replica) {
  return round->target == NULL ? round->arguments.target : round->target(round->user, replica);
}

/* ---- the log ---- */

#define SHOWN_MAX 160 /* bytes of a target: an id may have thousands */

/* Where data may lie is asked of every store for every URL: that is for who debugs a driver. */
static enum bs_log_level level_of(enum bs_entry entry) {
  return entry == BS_ENTRY_MAKE_MUTABLE_URL || entry == BS_ENTRY_HANDLES_URL ? BS_LOG_DEBUG : BS_LOG_INFO;
}

static const char *success_of(enum bs_entry entry) {
  return entry == BS_ENTRY_GET_IMMUTABLE || entry == BS_ENTRY_GET_MUTABLE ? "verified" : "done";
}

static void describe(char *outcome, size_t size, const struct running *running, const struct bs_replica *replica,
                     const struct bs_call_result *result) {
  const struct bs_round *round = running->round;
  uint64_t version = round->version == NULL ? round->arguments.version : round->version(round->user, replica);

  if (replica->is_good && version != 0)
    snprintf(outcome, size, "%s: %s, version %" PRIu64, replica->name, success_of(round->entry), version);
  else if (replica->is_good)
    snprintf(outcome, size, "%s: %s", replica->name, success_of(round->entry));
  else if (running->is_enough && result->status == BLOCKSTORE_STATUS_CANCELLED)
    snprintf(outcome, size, "%s: not waited for any more", replica->name);
  else
    snprintf(outcome, size, "%s", replica->error.message);
}

/* What a store answered, and what was made of it. */
static void tell(const struct running *running, const struct bs_replica *replica, const struct bs_call *call) {
  const struct bs_round *round = running->round;
  const struct bs_call_result *result = bs_call_result(call);
  enum bs_log_level level = level_of(round->entry);
  const char *target = target_of(round, replica), *cut = strlen(target) > SHOWN_MAX ? "..." : "";
  char outcome[sizeof replica->error.message];

  if (!bs_log_wanted(level)) return;
  describe(outcome, sizeof outcome, running, replica, result);
  bs_log(level, "%s %.*s%s: %s (%" PRIu64 " bytes in %" PRIu64 " ms)", round->what, SHOWN_MAX, target, cut, outcome,
         bs_call_bytes(call), result->took_ms);
}

/* ---- a round ---- */

static uint64_t moved_by(const struct running *running) {
  uint64_t sum = 0;

  for (size_t i = 0; i < running->count; i++) sum += bs_call_bytes(running->calls[i]);
  return sum;
}

static void wait_until(struct running *running, uint64_t until_ms) {
  running->patience->until_ms = until_ms;
  running->patience->moved = moved_by(running);
}

static bool is_impatient(const struct running *running) {
  return bs_clock_monotonic_ms() >= running->patience->until_ms;
}

static uint64_t until(void *user) {
  struct running *running = user;

  if (is_impatient(running) && moved_by(running) > running->patience->moved)
    wait_until(running, bs_clock_monotonic_ms() + BS_ROUND_MOVING_MS);
  return running->patience->until_ms;
}

/* The first that has an end sets it. */
static void set_patience(struct running *running) {
  const struct bs_round *round = running->round;
  uint32_t more = UINT32_MAX;

  if (round->patience != NULL && running->patience->until_ms == BS_CLOCK_NEVER) more = round->patience(round->user);
  if (more == UINT32_MAX) return;
  running->patience->since_ms = bs_clock_monotonic_ms();
  wait_until(running, running->patience->since_ms + more);
}

/* What is said of a store that was left: it is no cancellation of the user's. */
static void tell_late(struct bs_replica *replica, const struct running *running) {
  uint64_t waited = bs_clock_monotonic_ms() - running->patience->since_ms;

  bs_fail(&replica->error, BS_WORD_unreachable, "%s: It did not answer within %" PRIu64 " ms after the others, and was left.",
          replica->name, waited);
}

static bool ended(void *user, struct bs_call *call) {
  struct running *running = user;
  const struct bs_round *round = running->round;
  struct bs_replica *replica = bs_call_user(call);
  const struct bs_call_result *result = bs_call_result(call);

  if (round->entry == BS_ENTRY_GET_MUTABLE && result->status == BLOCKSTORE_STATUS_UNHANDLED_URL) replica->was_asked = false;
  replica->is_good = result->status == BLOCKSTORE_STATUS_OK;
  if (!replica->is_good) replica->error = result->error;
  if (result->status == BLOCKSTORE_STATUS_CANCELLED && is_impatient(running) && replica->error.word == BS_WORD_cancelled)
    tell_late(replica, running);
  if (round->ended != NULL && round->ended(round->user, replica)) running->is_enough = true;
  if (bs_log_wanted(level_of(round->entry))) tell(running, replica, call);
  if (!running->is_enough) set_patience(running);
  return running->is_enough;
}

static void progress(void *user) {
  const struct running *running = user;
  const struct bs_round *round = running->round;
  uint64_t most = 0;

  for (size_t i = 0; i < running->count; i++) {
    uint64_t bytes = bs_call_bytes(running->calls[i]);

    if (bytes > most) most = bytes;
  }
  round->watch->progress(round->watch->user, round->what, most, round->total);
}

/* A call for each chosen store. */
static bool make_calls(struct running *running, struct bs_replicas *replicas, const bool *chosen, struct bs_error *error) {
  running->calls = calloc(replicas->count, sizeof *running->calls);
  if (running->calls == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < replicas->count; i++) {
    struct bs_replica *replica = &replicas->items[i];
    struct bs_arguments arguments = running->round->arguments;

    if (!chosen[i] || replica->store == NULL) continue;
    arguments.target = target_of(running->round, replica);
    if (running->round->receiver != NULL) arguments.receiver = running->round->receiver(running->round->user, replica);
    if (!bs_call_new(&running->calls[running->count], replica->store, running->round->entry, &arguments, error)) return false;
    bs_call_set_user(running->calls[running->count++], replica);
    replica->was_asked = true;
    replica->is_good = false;
  }
  return true;
}

/* Which of the chosen stores should be asked once more, and after how long.  One that wants to be left alone for longer than
 * there is holds up none of the others.  False: none. */
static bool choose_again(bool *chosen, uint32_t *ret_pause_ms, struct bs_replicas *replicas, const struct running *running,
                         unsigned number) {
  uint32_t pause = BS_ROUND_PAUSE_MS << number, most = bs_scope_time_left(running->round->watch->scope);
  bool any = false;

  if (running->is_enough || is_impatient(running)) return false;
  for (size_t i = 0; i < replicas->count; i++) chosen[i] = false;
  for (size_t i = 0; i < running->count; i++) {
    const struct bs_call_result *result = bs_call_result(running->calls[i]);
    struct bs_replica *replica = bs_call_user(running->calls[i]);

    if (result->status != BLOCKSTORE_STATUS_TRANSIENT || replica->is_good) continue;
    if (result->retry_after_ms >= most || result->retry_after_ms > BS_ROUND_PAUSE_MAX_MS) continue;
    chosen[replica - replicas->items] = any = true;
    if (result->retry_after_ms > pause) pause = result->retry_after_ms;
  }
  *ret_pause_ms = pause;
  return any;
}

static bool pause_for(const struct bs_round *round, uint32_t milliseconds, struct bs_error *error) {
  struct bs_scope *scope = round->watch->scope;
  struct pollfd poll_fd = {scope->fd, POLLIN, 0};
  uint32_t left = bs_scope_time_left(scope);

  if (milliseconds >= left) return false; /* no time for it: what was answered stands */
  bs_log(BS_LOG_INFO, "%s: stores that could not be reached are asked again in %u ms", round->what, (unsigned)milliseconds);
  poll(&poll_fd, 1, (int)milliseconds);
  return bs_scope_check(scope, error);
}

/* May the call go on?  If not for its time, the first store that used it up is named. */
static bool check_scope(const struct bs_round *round, const struct bs_replicas *replicas, struct bs_error *error) {
  if (bs_scope_check(round->watch->scope, error)) return true;
  for (size_t i = 0; error->word == BS_WORD_deadline && i < replicas->count; i++) {
    const struct bs_replica *replica = &replicas->items[i];

    if (replica->was_asked && !replica->is_good && replica->error.word == BS_WORD_deadline)
      return bs_fail(error, BS_WORD_deadline, "The call's deadline has passed: %s", replica->error.message);
  }
  return false;
}

bool bs_round_run(struct bs_replicas *replicas, const bool *chosen, const struct bs_round *round, struct bs_error *error) {
  bool *now BS_AUTO_FREE = calloc(replicas->count, sizeof *now);
  struct patience patience = {.until_ms = BS_CLOCK_NEVER};
  bool again = true;

  if (now == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < replicas->count; i++) now[i] = chosen[i];
  for (unsigned number = 0; again; number++) {
    struct running running BS_AUTO(release_calls) = {round, NULL, 0, false, &patience};
    const struct bs_calls_watch watch = {
        .ended = ended, .until = until, .progress = round->watch->progress == NULL ? NULL : progress, .user = &running};
    uint32_t pause = 0;

    if (!make_calls(&running, replicas, now, error)) return false;
    bs_calls_run(running.calls, running.count, round->watch->scope, &watch);
    if (!check_scope(round, replicas, error)) return false;
    again = number + 1 < BS_ROUNDS && choose_again(now, &pause, replicas, &running, number) &&
            pause_for(round, pause, error);
  }
  return check_scope(round, replicas, error);
}

bool bs_round_had_memory(const struct bs_replicas *replicas, struct bs_error *error) {
  for (size_t i = 0; i < replicas->count; i++)
    if (replicas->items[i].was_asked && !replicas->items[i].is_good && replicas->items[i].error.word == BS_WORD_no_memory)
      return bs_fail_memory(error);
  return true;
}

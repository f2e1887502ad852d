/* SPDX-License-Identifier: MIT */
/* How a call ends: stopped, answered by the driver, or given up; and what its result then is. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/driver/call_private.h"
#include "core/driver/turn.h"

static const struct {
  const char *text;
  enum bs_word word;
  const char *sentence; /* when the driver gave none */
} statuses[] = {
    [BLOCKSTORE_STATUS_OK] = {"OK", BS_NO_WORD, ""},
    [BLOCKSTORE_STATUS_NOT_FOUND] = {"NOT_FOUND", BS_WORD_not_found, "The store does not hold it."},
    [BLOCKSTORE_STATUS_UNHANDLED_URL] = {"UNHANDLED_URL", BS_WORD_failed, "The URL is none of this store's."},
    [BLOCKSTORE_STATUS_DENIED] = {"DENIED", BS_WORD_denied, "The store denies it."},
    [BLOCKSTORE_STATUS_NO_SPACE] = {"NO_SPACE", BS_WORD_no_space, "The store is full."},
    [BLOCKSTORE_STATUS_TOO_LARGE] = {"TOO_LARGE", BS_WORD_too_large, "It is too large for the store."},
    [BLOCKSTORE_STATUS_CONFLICT] = {"CONFLICT", BS_WORD_conflict, "The store holds other or newer bytes there."},
    [BLOCKSTORE_STATUS_TRANSIENT] = {"TRANSIENT", BS_WORD_unreachable, "The store cannot be reached now."},
    [BLOCKSTORE_STATUS_CANCELLED] = {"CANCELLED", BS_WORD_cancelled, "The call was cancelled."},
    [BLOCKSTORE_STATUS_UNSUPPORTED] = {"UNSUPPORTED", BS_WORD_failed, "The store cannot do that."},
    [BLOCKSTORE_STATUS_FAILED] = {"FAILED", BS_WORD_failed, "The driver failed."},
};

static bool known(enum blockstore_status status) {
  return (size_t)status < sizeof statuses / sizeof statuses[0];
}

enum bs_word bs_status_word(enum blockstore_status status) {
  return known(status) ? statuses[status].word : BS_WORD_failed;
}

const char *bs_status_text(enum blockstore_status status) {
  return known(status) ? statuses[status].text : "unknown";
}

/* All static functions below run under the call's lock. */

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than filters stand above a store */
static enum bs_word stop_word_of(struct bs_call *parent) {
  BS_LOCKED(&parent->lock);
  return parent->state == BS_CALL_RUNNING ? bs_call_stop_word(parent) : parent->stopped;
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than filters stand above a store */
enum bs_word bs_call_stop_word(const struct bs_call *call) {
  if (call->stopped != BS_NO_WORD) return call->stopped;
  if (call->parent != NULL) return stop_word_of(call->parent);
  if (call->group == NULL || bs_scope_time_left(call->group->scope) > 0) return BS_NO_WORD;
  return bs_scope_cancelled(call->group->scope) ? BS_WORD_cancelled : BS_WORD_deadline;
}

/* The last step into ENDED or ABANDONED: from here on nothing of the caller's is touched. */
static void shut(struct bs_call *call, enum bs_call_state state) {
  const uint64_t one = 1;
  int wake_fd = call->group == NULL ? -1 : call->group->wake_fd;

  call->state = state;
  call->group = NULL;
  if (call->entered_ms != 0) call->result.took_ms = bs_clock_monotonic_ms() - call->entered_ms;
  call->has_receiver = false;
  bs_feed_reader_end(&call->reader);
  while (state == BS_CALL_ENDED && wake_fd >= 0 && write(wake_fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

static void set_result(struct bs_call *call, enum blockstore_status status, enum bs_word word, const char *sentence) {
  call->result.status = status;
  if (status == BLOCKSTORE_STATUS_OK) return;
  if (status == BLOCKSTORE_STATUS_TRANSIENT) call->result.retry_after_ms = call->retry_after_ms;
  bs_fail(&call->result.error, word, "%s: %s", call->store->name, sentence);
}

/* A fault of the driver's: what it did. */
static void blame(struct bs_call *call, const char *what) {
  call->result.status = BLOCKSTORE_STATUS_FAILED;
  bs_fail(&call->result.error, BS_WORD_failed, "%s: The driver %s %s.", call->store->name, call->store->driver_name, what);
}

static void set_cancelled(struct bs_call *call) {
  enum bs_word word = bs_call_stop_word(call);

  if (word == BS_NO_WORD)
    blame(call, "says CANCELLED, but nobody cancelled it");
  else
    set_result(call, BLOCKSTORE_STATUS_CANCELLED, word,
               word == BS_WORD_deadline ? "The deadline passed before the store had answered."
                                        : "The call was cancelled.");
}

static void set_driver_result(struct bs_call *call, enum blockstore_status status) {
  const char *sentence = call->sentence;
  char unknown[64];

  if (!known(status)) {
    snprintf(unknown, sizeof unknown, "answered with the unknown status %d", (int)status);
    blame(call, unknown);
  } else if (status == BLOCKSTORE_STATUS_FAILED && sentence[0] == '\0') {
    blame(call, "failed without saying why");
  } else {
    if (sentence[0] == '\0') sentence = statuses[status].sentence;
    set_result(call, status, statuses[status].word, sentence);
    /* Bytes of a store's, not the user's. */
    if (status == BLOCKSTORE_STATUS_TOO_LARGE && call->has_receiver) call->result.error.result = BLOCKSTORE_FORGED;
  }
}

/* Source or sink refused: that counts, whatever the driver made of it. */
static void set_refused(struct bs_call *call) {
  if (call->refusal_error.word == BS_NO_WORD) {
    set_cancelled(call);
    return;
  }
  call->result.status = call->refusal;
  call->result.error = call->refusal_error;
  bs_context(&call->result.error, "%s", call->store->name);
}

void bs_call_finish(struct bs_call *call, enum blockstore_status status) {
  BS_LOCKED(&call->lock);
  bs_call_close_descriptors(call);
  if (call->state == BS_CALL_ABANDONED) return;
  if (status == BLOCKSTORE_STATUS_OK && call->refusal == BLOCKSTORE_STATUS_OK) bs_call_end_streams(call);
  if (call->refusal != BLOCKSTORE_STATUS_OK)
    set_refused(call);
  else if (status == BLOCKSTORE_STATUS_CANCELLED)
    set_cancelled(call);
  else
    set_driver_result(call, status);
  shut(call, BS_CALL_ENDED);
}

void bs_call_end(struct bs_call *call, enum blockstore_status status, const struct bs_error *error) {
  BS_LOCKED(&call->lock);
  if (call->state == BS_CALL_ABANDONED) return;
  if (error == NULL) {
    set_cancelled(call);
  } else {
    call->result.status = status;
    call->result.error = *error;
    bs_context(&call->result.error, "%s", call->store->name);
  }
  shut(call, BS_CALL_ENDED);
}

void bs_call_end_behind_lost(struct bs_call *call) {
  struct bs_error error = {0};

  bs_fail(&error, BS_WORD_failed, "The driver %s is still busy with a call that was given up.", call->store->driver_name);
  bs_call_end(call, BLOCKSTORE_STATUS_FAILED, &error);
}

void bs_call_stop(struct bs_call *call, enum bs_word word) {
  BS_LOCKED(&call->lock);
  if (call->state == BS_CALL_ENDED || call->stopped != BS_NO_WORD) return;
  call->stopped = word;
  bs_call_fire(call);
}

static bool give_up(struct bs_call *call) {
  BS_LOCKED(&call->lock);
  if (call->state != BS_CALL_RUNNING) return false;
  call->result.status = BLOCKSTORE_STATUS_CANCELLED;
  call->result.abandoned = true;
  bs_fail(&call->result.error, bs_call_stop_word(call),
          "%s: The driver %s did not return from %s in time and was given up.", call->store->name,
          call->store->driver_name, bs_entry_text(call->entry));
  shut(call, BS_CALL_ABANDONED);
  return true;
}

static struct bs_call *child_of(struct bs_call *call) {
  BS_LOCKED(&call->lock);
  return call->child == NULL ? NULL : bs_call_retain(call->child);
}

/* Whoever waits behind it need not wait for a deadline of its own. */
static void lose_turn(struct bs_call *call) {
  struct bs_call *waiting = bs_turn_lose(call);

  while (waiting != NULL) {
    struct bs_call *next = waiting->next_waiting;

    bs_call_end_behind_lost(waiting);
    bs_call_release(waiting);
    waiting = next;
  }
}

/* Its turn, and those of the calls below it. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than filters stand above a store */
static void lose_turns(struct bs_call *call) {
  struct bs_call *child = child_of(call);

  lose_turn(call);
  if (child == NULL) return;
  lose_turns(child);
  bs_call_release(child);
}

bool bs_call_abandon(struct bs_call *call) {
  if (!give_up(call)) return false;
  lose_turns(call);
  bs_log(BS_LOG_WARNING, "%s: The driver %s did not return from %s; its thread and this instance are left to it.",
         call->store->name, call->store->driver_name, bs_entry_text(call->entry));
  return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * Calls into drivers: made with bs_call_new, run together with bs_calls_run, read with bs_call_result, released.
 *
 * A driver may take forever, ignore its deadline, lie about what it did.  Whatever it does, once bs_calls_run has
 * returned, no receiver and no feed of the group is touched again.
 */
#ifndef BS_DRIVER_CALL_H
#define BS_DRIVER_CALL_H

#include "core/driver/feed.h"
#include "core/driver/store.h"

/* Past the deadline or a cancellation, a worker's call has so long to return before it is abandoned.  More than the
 * half second in which a driver that has no cancel_fd polls time_left. */
#define BS_CALL_GRACE_MS 700
#define BS_CALL_PROGRESS_MS 100

enum bs_entry {
  BS_ENTRY_OPEN, /* storage_init and storage_close: for store.c alone */
  BS_ENTRY_CLOSE,
  BS_ENTRY_HANDLES_URL,
  BS_ENTRY_MAKE_MUTABLE_URL,
  BS_ENTRY_GET_IMMUTABLE,
  BS_ENTRY_GET_MUTABLE,
  BS_ENTRY_PUT_IMMUTABLE,
  BS_ENTRY_PUT_MUTABLE,
  BS_ENTRY_DELETE_IMMUTABLE,
  BS_ENTRY_DELETE_MUTABLE,
  BS_ENTRY_CHECK
};

/*
 * Takes what a driver hands out: one value, or several candidates.  The functions run under the call's lock: on a
 * worker, or on the caller's thread for an inline store; one at a time; never after bs_calls_run has returned.  They
 * must not use the call.  One that returns false ends the call with its error; nothing further is handed to the
 * receiver.
 */
struct bs_receiver {
  uint64_t limit; /* the most bytes of one value */
  void *user;
  /* A value begins; size may be BLOCKSTORE_SIZE_UNKNOWN.  A value begun before and not ended was cut short: drop it. */
  bool (*begin)(void *user, uint64_t size, struct bs_error *error);
  bool (*write)(void *user, const void *bytes, size_t length, struct bs_error *error);
  /* The value is complete: all promised bytes came, and the driver went on to another or returned OK. */
  bool (*end)(void *user, struct bs_error *error);
};

/* What an entry point is given.  The texts are copied. */
struct bs_arguments {
  const char *target;    /* the key, URL or data id */
  const char *txid;      /* put_immutable, delete_immutable; may be NULL */
  const char *signature; /* put_mutable, delete_mutable */
  uint64_t version;      /* put_mutable */
  struct bs_feed *feed;  /* puts; retained until the call has ended or was revoked */
  const struct bs_receiver *receiver; /* gets, make_mutable_url, check; the struct and its user are the caller's */
};

struct bs_call;

bool bs_call_new(struct bs_call **ret_call, struct bs_store *store, enum bs_entry entry,
                 const struct bs_arguments *arguments, struct bs_error *error);
/* NULL is allowed.  Not while it runs. */
void bs_call_release(struct bs_call *call);
struct bs_store *bs_call_store(const struct bs_call *call);
/* For the caller: any pointer, kept and never used. */
void bs_call_set_user(struct bs_call *call, void *user);
void *bs_call_user(const struct bs_call *call);

/* What whoever runs calls hears and says meanwhile, all on the thread that runs them.  Each may be NULL. */
struct bs_calls_watch {
  /* Once for each call that ended, with its result final; true means enough: the rest is cancelled. */
  bool (*ended)(void *user, struct bs_call *call);
  /* When (bs_clock_monotonic_ms) what has come by then is enough; BS_CLOCK_NEVER: all are waited for.  Asked again and again. */
  uint64_t (*until)(void *user);
  /* At most every BS_CALL_PROGRESS_MS; see bs_call_bytes. */
  void (*progress)(void *user);
  void *user;
};

/*
 * Runs them all, each once: those on workers start first, then inline ones, one after the other, on this thread.
 * Returns when each has ended, or was abandoned.
 *
 * The end of the scope cancels all.  A cancelled call that still waits for its turn is dropped; one that runs on a worker
 * has BS_CALL_GRACE_MS to return, then it is abandoned: its source and sink answer CANCELLED ever after, the worker and
 * the instance are left to it, and the log names it.  An inline call is waited for.  (Less time for one group than for the
 * whole operation: open another scope.)
 * In:   watch:  NULL: nothing
 */
void bs_calls_run(struct bs_call *const *calls, size_t count, struct bs_scope *scope, const struct bs_calls_watch *watch);

/* Bytes that went through the source or the sink so far.  Any thread. */
uint64_t bs_call_bytes(const struct bs_call *call);

/* How a call ended; valid from `ended` on, as long as the call. */
struct bs_call_result {
  enum blockstore_status status; /* one of those of driver.h, nothing else */
  bool abandoned;
  uint32_t retry_after_ms; /* with TRANSIENT; 0: not said */
  uint64_t took_ms;        /* inside the driver, until it returned or was given up; 0: under 1 ms, or it was not entered */
  /* Unless OK: a word (below) and a sentence that begins with the store's name.  A failure of the feed or the receiver
   * stands here with its own word, and status FAILED (TOO_LARGE when the receiver's word is too_large). */
  struct bs_error error;
};
const struct bs_call_result *bs_call_result(const struct bs_call *call);

/*
 * The word for a driver's status: NOT_FOUND not_found, DENIED denied, NO_SPACE no_space, TOO_LARGE too_large, CONFLICT
 * conflict, TRANSIENT unreachable, CANCELLED cancelled (deadline when that was the reason), all others failed.
 */
enum bs_word bs_status_word(enum blockstore_status status);
/* "NOT_FOUND", static. */
const char *bs_status_text(enum blockstore_status status);

/* For tests: another grace period. */
void bs_calls_set_grace(uint32_t milliseconds);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The call object from inside: shared by call.c (its parts, the way into the driver), outcome.c (how it ends), stream.c
 * (source and sink), host.c (what drivers ask), turn.c (who may enter), run.c (groups) and next.c (filters).
 *
 * A filter calls the store below it by a child of its own call, on the same thread.  Deadline and cancellation are the
 * parent's, and a child is given up with its parent.  Of two locks the child's is taken first.
 *
 * States, changed under the call's lock:
 *
 *   NEW        made; bs_calls_run goes on to WAITING or RUNNING, or ENDED when the driver need not be asked
 *   WAITING    in the queue of its turn (left under the turn's lock too): READY, RUNNING, or ENDED when dropped, or when whoever
 *              is inside was abandoned
 *   READY      an inline call that has its turn: RUNNING as soon as the caller's thread is free
 *   RUNNING    a thread is inside the driver, or about to enter it: ENDED or ABANDONED
 *   ENDED      the result is final; source, sink and receiver are shut
 *   ABANDONED  the same, but a thread is still inside the driver; all it does on its return is to leave
 */
#ifndef BS_DRIVER_CALL_PRIVATE_H
#define BS_DRIVER_CALL_PRIVATE_H

#include <pthread.h>

#include "core/driver/call.h"

enum bs_call_state { BS_CALL_NEW, BS_CALL_WAITING, BS_CALL_READY, BS_CALL_RUNNING, BS_CALL_ENDED, BS_CALL_ABANDONED };

#define BS_CALL_MAGIC UINT32_C(0x314c4342)
#define BS_CALL_SENTENCE 1024 /* what a driver may say, with the NUL */
#define BS_CALL_RANGES 8

/* What calls share while bs_calls_run runs them; lives on its stack. */
struct bs_group {
  struct bs_scope *scope;
  int wake_fd;      /* eventfd, written when a call becomes READY or ENDED; -1 while no call needs it */
  pthread_t thread; /* of the caller; `progress` and `told_ms` are its own */
  void (*progress)(void *user);
  void *user;
  uint64_t told_ms;
};

struct bs_call_source {
  struct blockstore_source abi;
  struct bs_call *call;
};

struct bs_call_sink {
  struct blockstore_sink abi;
  struct bs_call *call;
};

/* Bytes [from, to) of the source that the driver has read. */
struct bs_range {
  uint64_t from;
  uint64_t to;
};

struct bs_call {
  struct blockstore_call abi;
  uint32_t magic;
  atomic_uint references; /* the maker's; and the machine's from WAITING or RUNNING until the driver has returned */

  /* Set by bs_call_new, then only read. */
  struct bs_store *store;
  enum bs_entry entry;
  char *target;
  char *txid;
  char *signature;
  uint64_t version;
  struct bs_call *parent; /* of a filter's call to the store below it: that filter's own, alive as long; else NULL */
  struct bs_call_source source;
  struct bs_call_sink sink;

  void *user;                  /* the maker's */
  bool reported;               /* run.c: `ended` ran */
  struct bs_call *next_waiting; /* under the turn's lock */
  atomic_uint_fast64_t bytes;

  pthread_mutex_t lock; /* all that follows; held while the receiver or the feed is used */
  enum bs_call_state state;
  struct bs_group *group;       /* NULL but within bs_calls_run; NULL once ENDED or ABANDONED */
  struct bs_call *child;        /* to the store below, while this one is inside it */
  enum bs_word stopped;         /* cancelled or deadline, once the group gave this call up */
  uint64_t entered_ms;          /* when a thread entered the driver, monotonic; 0: none did */
  int cancel_fd;                /* epoll over the next and the scope's; -1 until asked for */
  int timer_fd;                 /* timerfd: fires at the deadline, or at once when stopped */
  struct bs_feed_reader reader; /* puts */
  struct bs_range ranges[BS_CALL_RANGES]; /* disjoint; in no order */
  size_t range_count;                     /* SIZE_MAX: too many to follow, counts as all */
  bool has_receiver;
  struct bs_receiver receiver;
  bool value_open; /* begun and not ended */
  uint64_t value_size;
  uint64_t value_written;
  enum blockstore_status refusal; /* what source or sink answered since it is not OK any more */
  struct bs_error refusal_error;  /* why; no word: CANCELLED */
  char sentence[BS_CALL_SENTENCE]; /* the driver's last set_error */
  uint32_t retry_after_ms;
  struct bs_call_result result;
};

/* call.c */
/* The call behind a driver's, or NULL when it is none. */
struct bs_call *bs_call_of(struct blockstore_call *abi);
struct bs_call *bs_call_retain(struct bs_call *call);
/* "get_immutable", static. */
const char *bs_entry_text(enum bs_entry entry);
/* False when the driver cannot be asked at all: no such entry point, a read-only store, too many bytes. */
bool bs_call_possible(const struct bs_call *call, enum blockstore_status *ret_status, struct bs_error *error);
/* Enters the driver, on this thread, unless the call was stopped or abandoned before; returns its answer as it is. */
enum blockstore_status bs_call_enter(struct bs_call *call);

/* outcome.c */
/* RUNNING to ENDED, with what the driver answered; of an ABANDONED one only the descriptors are closed. */
void bs_call_finish(struct bs_call *call, enum blockstore_status status);
/* To ENDED, when the driver was not entered.  error: NULL for CANCELLED. */
void bs_call_end(struct bs_call *call, enum blockstore_status status, const struct bs_error *error);
/* The same, FAILED, as an abandoned call has the turn. */
void bs_call_end_behind_lost(struct bs_call *call);
/* Stops it: time_left becomes 0, cancel_fd readable.  word: cancelled or deadline. */
void bs_call_stop(struct bs_call *call, enum bs_word word);
/* RUNNING to ABANDONED; false when it ended meanwhile. */
bool bs_call_abandon(struct bs_call *call);
/* Under the lock: why the call should stop, or BS_NO_WORD. */
enum bs_word bs_call_stop_word(const struct bs_call *call);

/* host.c; under the lock */
void bs_call_fire(struct bs_call *call); /* makes cancel_fd readable, if there is one */
void bs_call_close_descriptors(struct bs_call *call);

/* stream.c */
void bs_call_begin_streams(struct bs_call *call);
/* Under the lock, once the driver said OK: ends the last value, checks that all bytes went through.  False: refused. */
bool bs_call_end_streams(struct bs_call *call);
/* On the caller's thread: runs the group's progress when it is time. */
void bs_group_tell(struct bs_group *group);

/* run.c: runs a call that has a parent, on this thread, which is inside that one's driver, until it has ended. */
void bs_call_run_below(struct bs_call *call);

#endif

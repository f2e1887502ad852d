/* SPDX-License-Identifier: MIT */
/*
 * One behaviour that a driver must show, tried in a process of its own: a driver that crashes, hangs, exits or leaves
 * something behind costs one behaviour, and every behaviour begins with a driver that is loaded afresh.
 *
 * A behaviour is a function that runs in that process.  It returns when the driver does as it should; otherwise it
 * calls trial_fail, from wherever it is, also from within what the driver calls, and from any thread.
 */
#ifndef BS_DRIVER_TEST_TRIAL_H
#define BS_DRIVER_TEST_TRIAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tools/driver-test/subject.h"

enum outcome { OUTCOME_NONE, OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_SKIPPED };

/* Without these a behaviour is skipped, and says why. */
enum needs {
  NEEDS_FILE = 1 << 0,       /* the file alone: the driver need not be loadable */
  NEEDS_LOADED = 1 << 1,     /* loaded; the store need not open */
  NEEDS_WRITES = 1 << 2,     /* not read-only */
  NEEDS_CONSISTENT = 1 << 3, /* declared capabilities */
  NEEDS_DURABLE = 1 << 4,
  NEEDS_APART = 1 << 5,      /* two stores that share nothing can be made: a @DIR@, or -O */
  NEEDS_FILTER = 1 << 6,     /* a filter, not only a store */
  NEEDS_HOST = 1 << 7,       /* what the driver asks of its host is seen: it is not isolated */
  NEEDED_BY_ALL = 1 << 8 /* when it is not shown, nothing after it is tried */
};

struct call;
struct trial;
struct behaviour {
  const char *name;     /* GROUP.WHAT, lower case, '-' between words */
  const char *sentence; /* what the driver does */
  unsigned needs;       /* NEEDS_FILE, NEEDS_LOADED or neither (the store opens), and the others */
  void (*run)(struct trial *trial);
};

#define TRIAL_REASON 4096
#define TRIAL_LITTER (1u << 20)
#define LITTER_KEY '\xff' /* in no text: they are no UTF-8 */
#define LITTER_ID '\xfe'

/* Shared with the parent. */
struct trial_shared {
  atomic_int outcome; /* enum outcome */
  atomic_bool claimed; /* by who says how it ended: it alone writes `reason`, then `outcome` */
  char reason[TRIAL_REASON];
  _Atomic(const char *) inside[2]; /* the entry point that the driver is in, a literal; NULL: none.  1: in a child process */
  atomic_uint_fast64_t due_ms;    /* when the driver must have returned, monotonic; 0: no matter */
  _Atomic(const char *) due_what; /* what it must do by then, a literal */
  atomic_size_t litter_length; /* may be more than there is room for */
  char litter[TRIAL_LITTER]; /* what was put: LITTER_KEY KEY or LITTER_ID ID, each with its NUL; zeros between */
};

struct trial {
  const struct behaviour *behaviour;
  const struct subject *subject;
  struct trial_shared *shared;
  _Atomic(const char *) *inside; /* this process's of the shared ones */
  const char *directory; /* its own, empty, 0700 */
  int output;            /* what stands for stdout and stderr meanwhile: a file without a name */
  atomic_uint made;      /* data and ids so far */
  void (*heard)(struct trial *trial, const char *text); /* of each text that the driver says; from any thread; may be NULL */
  bool guarded;          /* what calls were given becomes unreadable when they have returned */
  void (*begun)(struct call *call); /* of each call as it begins; may be NULL */
  uint64_t timeout_ms;   /* how long it may take in all */
  bool judges_statuses;  /* an answer that is no status is a failure */
  bool judges_below;     /* so is what is not a filter's to call of the store below */
  uint32_t patience_ms;  /* the deadline of its calls: the subject's, until it says otherwise */
  const struct blockstore_host *host; /* what its calls are given; NULL: host_table */
  bool lacks_cancel_fd;  /* its calls have none */
  uint32_t grown;        /* bytes that struct_size says beyond what the header knows, of calls, sources and sinks */
};

/* How one ended.  By value. */
struct verdict {
  enum outcome outcome;
  char reason[TRIAL_REASON]; /* of a failure or a skip: a sentence */
  char *output;              /* what was printed meanwhile, by free(); NULL: nothing */
  uint64_t took_ms;
};

/* One that is under way. */
struct run;
/* Begins it; timeout_ms: how long it may take in all.  NULL only when no process can be made (errno). */
struct run *trial_begin(const struct behaviour *behaviour, const struct subject *subject, uint64_t timeout_ms);
/* Has it ended, and was what it put deleted?  It is killed when its time is over, so this must be asked now and then, until it
 * is so. */
bool trial_is_over(struct run *run);
/* Of one that is over: how it ended.  Frees it. */
void trial_end(struct verdict *ret_verdict, struct run *run);

/* From now on SIGINT, SIGTERM and SIGHUP end the trial that runs, and what it put is deleted; a second one kills. */
void trial_catch_signals(void);
/* The signal that came, or 0. */
int trial_interrupted(void);

/* With all that is in it. */
void remove_directory(const char *path);

/* ---- for behaviours ---- */

void trial_fail(struct trial *trial, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
void trial_skip(struct trial *trial, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* From now on the driver has so long to return; it is killed when it does not, and the behaviour has failed: "the driver had not
 * WHAT".  0: no matter any more. */
void trial_due(struct trial *trial, uint32_t milliseconds, const char *what);

/* Remembers what is put, so that it can be deleted when all is over. */
void trial_litter(struct trial *trial, char kind, const char *text);

/* Runs `work` in a child process and waits: 0 when it returned, else the exit status (128 + the signal).  A failure in it is the
 * behaviour's. */
int trial_in_child(struct trial *trial, void (*work)(struct trial *trial, void *user), void *user);
/* The same in two steps: both go on meanwhile. */
pid_t trial_start_child(struct trial *trial, void (*work)(struct trial *trial, void *user), void *user);
int trial_wait_child(struct trial *trial, pid_t child);
/* Fails unless that status is 0; `what` ended so. */
void trial_must_end(struct trial *trial, int status, const char *what);
/* Runs `work` in a thread and waits for its end. */
void trial_in_thread(struct trial *trial, void *(*work)(void *user), void *user);

#endif

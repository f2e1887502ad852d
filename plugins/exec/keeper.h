/* SPDX-License-Identifier: MIT */
/*
 * The thread of a pool: it starts processes, so that they are killed when it ends, looks after those that wait, takes what all
 * of them print, and waits for those that end.
 */
#ifndef BS_EXEC_KEEPER_H
#define BS_EXEC_KEEPER_H

#include <pthread.h>

#include "plugins/exec/pool.h"

/* A process that is wanted: a new one, or one that comes back.  The pool's lock protects it. */
struct bs_exec_order {
  struct bs_exec_order *next;
  struct bs_exec_process *process; /* NULL: it could not be started */
  enum blockstore_status status;
  unsigned retry_after_ms; /* it was not tried: none is started before */
  pthread_cond_t done;
  bool is_done;
  bool is_left; /* while the thread starts it: nobody waits for it any more, and the thread frees it */
  char reason[BS_EXEC_REASON];
};

struct bs_exec_pool {
  const struct bs_exec_program *program;
  const struct blockstore_host *host;
  struct blockstore_store *store;
  int epoll; /* `wake`; of each process the pipe, and the pidfd once */
  int wake;
  pthread_t keeper;
  pthread_condattr_t monotonic; /* of orders */
  pthread_mutex_t lock;         /* what follows */
  unsigned count;               /* of processes, also those that are out, leave or are being started */
  struct bs_exec_order *orders; /* the first one first; while there are any, nobody waits for a request */
  struct bs_exec_process *idle; /* the last one used first */
  struct bs_exec_process *leaving;
  bool is_timed;            /* the thread sleeps for a while only, or is awake */
  bool is_closing;
  unsigned failures;        /* in a row, without a call that ended */
  uint64_t start_ms;        /* none is started before */
  char why[BS_EXEC_REASON]; /* the last failure */
};

/* Starts the thread of a pool whose lock is made.  False: there are no descriptors, or no thread. */
bool bs_exec_keeper_start(struct bs_exec_pool *pool);
/* Ends all processes, and the thread, within two seconds. */
void bs_exec_keeper_stop(struct bs_exec_pool *pool);
/* Under the lock: for how many milliseconds none is started; 0: they are.  ret_reason: else why: BS_EXEC_REASON bytes. */
unsigned bs_exec_keeper_pause(char *ret_reason, const struct bs_exec_pool *pool);
/* Makes it look at orders and lists. */
void bs_exec_keeper_wake(const struct bs_exec_pool *pool);
/* Hands it a process that has to end in so many milliseconds.  Under the lock; then wake it. */
void bs_exec_keeper_see_off(struct bs_exec_pool *pool, struct bs_exec_process *process, unsigned milliseconds);

/* NULL: there is no memory. */
struct bs_exec_order *bs_exec_order_new(const struct bs_exec_pool *pool);
void bs_exec_order_free(struct bs_exec_order *order);
/* Under the lock: takes out the first; NULL: there is none. */
struct bs_exec_order *bs_exec_order_next(struct bs_exec_pool *pool);
/* Under the lock: wakes who waits for it. */
void bs_exec_order_fulfil(struct bs_exec_order *order);

void bs_exec_push(struct bs_exec_process **list, struct bs_exec_process *process);
/* NULL: there is none. */
struct bs_exec_process *bs_exec_pop(struct bs_exec_process **list);

#endif

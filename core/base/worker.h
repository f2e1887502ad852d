/* SPDX-License-Identifier: MIT */
/*
 * Threads that take jobs.  An idle thread is reused, otherwise one is started; there is no upper bound, because a job
 * may never return.  They block all signals but
 * those that a fault of their own raises, which a program may handle; belong to the process, and never hold up its exit.
 */
#ifndef BS_BASE_WORKER_H
#define BS_BASE_WORKER_H

#include "core/base/error.h"

/* Runs job(user) on a thread of its own, soon.  False (no_memory, failed): no thread could be started. */
bool bs_worker_run(void (*job)(void *user), void *user, struct bs_error *error);

/* Ends the threads that are idle and waits for them; those with a job are left alone.  Any thread but a worker may
 * call it at any time: the next job starts a new thread. */
void bs_workers_rest(void);

#endif

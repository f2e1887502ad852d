/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/auto.h"

#define IDLE_MOST 16 /* threads kept for the next job */
#define REST_MS 100  /* how long bs_workers_rest waits for jobs that are just ending */

struct worker {
  struct worker *next; /* in the list of idle ones */
  pthread_t thread;
  pthread_cond_t wake; /* job was set, or resting */
  void (*job)(void *user); /* NULL: idle */
  void *user;
  bool resting; /* to end, and to be joined by who set it */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* what follows, and all members of every worker */
static pthread_cond_t less_busy = PTHREAD_COND_INITIALIZER; /* busy_count fell */
static struct worker *idle;
static size_t idle_count;
static size_t busy_count; /* with a job */

/* Under the lock.  True: it has a job again; false: it ends. */
static bool wait_for_job(struct worker *worker) {
  worker->job = NULL;
  busy_count--;
  pthread_cond_broadcast(&less_busy);
  if (idle_count >= IDLE_MOST) {
    pthread_detach(worker->thread);
    pthread_cond_destroy(&worker->wake);
    free(worker);
    return false;
  }
  worker->next = idle;
  idle = worker;
  idle_count++;
  while (worker->job == NULL && !worker->resting) pthread_cond_wait(&worker->wake, &lock);
  return !worker->resting;
}

static void *work(void *user) {
  struct worker *worker = user;

  pthread_mutex_lock(&lock);
  do {
    void (*job)(void *) = worker->job;
    void *job_user = worker->user;

    pthread_mutex_unlock(&lock);
    job(job_user);
    pthread_mutex_lock(&lock);
  } while (wait_for_job(worker));
  pthread_mutex_unlock(&lock);
  return NULL;
}

/* Under the lock: the new thread waits for it before it looks at `worker`, whose `thread` is then set. */
static int start(struct worker *worker) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
  sigset_t blocked;
  sigset_t saved;
  int number;

  sigfillset(&blocked);
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
    sigdelset(&blocked, faults[i]); /* blocked, a fault kills past its handler */
  pthread_sigmask(SIG_SETMASK, &blocked, &saved);
  number = pthread_create(&worker->thread, NULL, work, worker);
  pthread_sigmask(SIG_SETMASK, &saved, NULL);
  return number;
}

static bool hire(void (*job)(void *user), void *user, struct bs_error *error) {
  struct worker *worker = calloc(1, sizeof *worker);
  int number;

  if (worker == NULL) return bs_fail_memory(error);
  pthread_cond_init(&worker->wake, NULL);
  worker->job = job;
  worker->user = user;
  number = start(worker);
  if (number == 0) {
    busy_count++;
    return true;
  }
  pthread_cond_destroy(&worker->wake);
  free(worker);
  return bs_fail(error, BS_WORD_failed, "A thread could not be started: %s", strerrordesc_np(number));
}

bool bs_worker_run(void (*job)(void *user), void *user, struct bs_error *error) {
  struct worker *worker;
  BS_LOCKED(&lock);

  worker = idle;
  if (worker == NULL) return hire(job, user, error);
  idle = worker->next;
  idle_count--;
  busy_count++;
  worker->job = job;
  worker->user = user;
  pthread_cond_signal(&worker->wake);
  return true;
}

/* Gives threads whose job is just ending a moment to become idle. */
static void wait_for_idle(void) {
  struct timespec until;

  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += REST_MS * 1000000L;
  until.tv_sec += until.tv_nsec / 1000000000L;
  until.tv_nsec %= 1000000000L;
  while (busy_count > 0 && pthread_cond_timedwait(&less_busy, &lock, &until) == 0) continue;
}

static struct worker *take_all_idle(void) {
  struct worker *all;
  BS_LOCKED(&lock);

  wait_for_idle();
  all = idle;
  idle = NULL;
  idle_count = 0;
  for (struct worker *worker = all; worker != NULL; worker = worker->next) {
    worker->resting = true;
    pthread_cond_signal(&worker->wake);
  }
  return all;
}

void bs_workers_rest(void) {
  struct worker *worker = take_all_idle();

  while (worker != NULL) {
    struct worker *next = worker->next;

    pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->wake);
    free(worker);
    worker = next;
  }
}

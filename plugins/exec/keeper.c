/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/exec/keeper.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "plugins/common/plugin.h"

#define IDLE_MS 10000     /* after so long all but one are dismissed */
#define LEAVE_MS 2000     /* that one has to end by itself */
#define CLOSE_MS 1400     /* the same when the store is closed */
#define CLOSED_MS 1900    /* after which nobody is waited for any more */
#define SWEEP_MS 20       /* between two looks at processes that end and have no pidfd */
#define LOOK_MS 1000      /* the same of those that wait */
#define EVENTS 16
#define STACK ((size_t)256 << 10)

void bs_exec_push(struct bs_exec_process **list, struct bs_exec_process *process) {
  process->next = *list;
  *list = process;
}

struct bs_exec_process *bs_exec_pop(struct bs_exec_process **list) {
  struct bs_exec_process *process = *list;

  if (process != NULL) *list = process->next;
  return process;
}

void bs_exec_keeper_wake(const struct bs_exec_pool *pool) {
  eventfd_write(pool->wake, 1);
}

void bs_exec_keeper_see_off(struct bs_exec_pool *pool, struct bs_exec_process *process, unsigned milliseconds) {
  process->since_ms = bs_exec_now_ms() + milliseconds;
  bs_exec_push(&pool->leaving, process);
}

unsigned bs_exec_keeper_pause(char *ret_reason, const struct bs_exec_pool *pool) {
  uint64_t now_ms = bs_exec_now_ms();
  unsigned left_ms = pool->start_ms > now_ms ? (unsigned)(pool->start_ms - now_ms) : 0;

  if (left_ms > 0)
    snprintf(ret_reason, BS_EXEC_REASON, "It failed %u times in a row and is not started for another %u ms: %.1000s",
             pool->failures, left_ms, pool->why);
  return left_ms;
}

struct bs_exec_order *bs_exec_order_new(const struct bs_exec_pool *pool) {
  struct bs_exec_order *order = calloc(1, sizeof *order);

  if (order != NULL) pthread_cond_init(&order->done, &pool->monotonic);
  return order;
}

void bs_exec_order_free(struct bs_exec_order *order) {
  pthread_cond_destroy(&order->done);
  free(order);
}

struct bs_exec_order *bs_exec_order_next(struct bs_exec_pool *pool) {
  struct bs_exec_order *order = pool->orders;

  if (order != NULL) pool->orders = order->next;
  return order;
}

void bs_exec_order_fulfil(struct bs_exec_order *order) {
  order->is_done = true;
  pthread_cond_signal(&order->done);
}

/* ---- what follows runs on the thread, under the lock ---- */

/* What an event is about: a process, and in the lowest bit whether it is its end. */
static bool watch(const struct bs_exec_pool *pool, int fd, uint32_t events, struct bs_exec_process *process, unsigned is_end) {
  struct epoll_event event = {.events = events, .data = {.u64 = (uint64_t)(uintptr_t)process | is_end}};

  return epoll_ctl(pool->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Also where a child of the host's has these descriptors, too: closing them would not be enough. */
static void unwatch(const struct bs_exec_pool *pool, const struct bs_exec_process *process) {
  struct epoll_event none = {0};

  epoll_ctl(pool->epoll, EPOLL_CTL_DEL, process->said.fd, &none);
  if (process->pidfd >= 0) epoll_ctl(pool->epoll, EPOLL_CTL_DEL, process->pidfd, &none);
}

static void dismiss(struct bs_exec_pool *pool, struct bs_exec_process *process, unsigned milliseconds) {
  bs_exec_process_dismiss(process, milliseconds);
  bs_exec_keeper_see_off(pool, process, milliseconds);
}

/* The lock is open meanwhile: it may take its time. */
static void start_one(struct bs_exec_pool *pool, struct bs_exec_order *order) {
  pthread_mutex_unlock(&pool->lock);
  order->status = bs_exec_process_start(&order->process, order->reason, pool->program, pool->host, pool->store);
  if (order->process != NULL) {
    watch(pool, order->process->said.fd, EPOLLIN, order->process, 0);
    if (order->process->pidfd >= 0 && !watch(pool, order->process->pidfd, EPOLLIN | EPOLLONESHOT, order->process, 1)) {
      close(order->process->pidfd);
      order->process->pidfd = -1;
    }
  }
  pthread_mutex_lock(&pool->lock);
}

static void deliver(struct bs_exec_pool *pool) {
  struct bs_exec_order *order;

  while (pool->count < pool->program->processes_most && (order = bs_exec_order_next(pool)) != NULL) {
    order->retry_after_ms = bs_exec_keeper_pause(order->reason, pool);
    if (order->retry_after_ms > 0) { /* the calls that waited while it failed are told, and not tried one after the other */
      order->status = BLOCKSTORE_STATUS_TRANSIENT;
      bs_exec_order_fulfil(order);
      continue;
    }
    pool->count++;
    start_one(pool, order);
    if (order->process == NULL) pool->count--;
    if (!order->is_left) {
      bs_exec_order_fulfil(order);
      continue;
    }
    if (order->process != NULL) bs_exec_keeper_see_off(pool, order->process, 0); /* it has had no storage_init */
    bs_exec_order_free(order);
  }
}

/* Without a pidfd, as on an old kernel, it has to be looked for. */
static bool has_ended(struct bs_exec_process *process) {
  char how[80];

  return process->has_ended || (process->pidfd < 0 && bs_exec_process_wait(process, 0, how, sizeof how));
}

/* Dismisses those that have waited for too long or have ended; the first, which waits since a shorter time, may stay. */
static void thin_out(struct bs_exec_pool *pool) {
  uint64_t now_ms = bs_exec_now_ms();

  for (struct bs_exec_process **place = &pool->idle; *place != NULL;) {
    struct bs_exec_process *process = *place;
    bool is_old = place != &pool->idle && process->since_ms + IDLE_MS <= now_ms;

    if (!pool->is_closing && !is_old && !has_ended(process)) {
      place = &process->next;
      continue;
    }
    *place = process->next;
    dismiss(pool, process, pool->is_closing ? CLOSE_MS : LEAVE_MS);
  }
}

/* Takes those that are gone out of the list of those that leave, and kills those that should be. */
static struct bs_exec_process *collect(struct bs_exec_pool *pool) {
  struct bs_exec_process *gone = NULL;

  for (struct bs_exec_process **place = &pool->leaving; *place != NULL;) {
    struct bs_exec_process *process = *place;

    if (bs_exec_process_reap(process)) {
      *place = process->next;
      bs_exec_push(&gone, process);
      pool->count--;
      continue;
    }
    if (!process->is_killed && process->since_ms <= bs_exec_now_ms()) bs_exec_process_kill(process);
    place = &process->next;
  }
  return gone;
}

static int sooner(int most_ms, uint64_t when_ms) {
  uint64_t now_ms = bs_exec_now_ms(), left_ms = when_ms <= now_ms ? 0 : when_ms - now_ms;

  return most_ms >= 0 && (uint64_t)most_ms < left_ms ? most_ms : (int)left_ms + 1;
}

/* How long there is nothing to do; -1: until something happens. */
static int pause_of(const struct bs_exec_pool *pool) {
  int pause_ms = -1;

  for (const struct bs_exec_process *process = pool->leaving; process != NULL; process = process->next) {
    if (!process->is_killed) pause_ms = sooner(pause_ms, process->since_ms);
    if (process->pidfd < 0 || pool->is_closing) pause_ms = sooner(pause_ms, bs_exec_now_ms() + SWEEP_MS);
  }
  for (const struct bs_exec_process *process = pool->idle; process != NULL; process = process->next) {
    if (process != pool->idle) pause_ms = sooner(pause_ms, process->since_ms + IDLE_MS);
    if (process->pidfd < 0) pause_ms = sooner(pause_ms, bs_exec_now_ms() + LOOK_MS);
  }
  return pause_ms;
}

/* One round; returns what is gone. */
static struct bs_exec_process *tidy(struct bs_exec_pool *pool, int *ret_pause_ms) {
  struct bs_exec_process *gone;

  thin_out(pool);
  gone = collect(pool);
  deliver(pool); /* those that are gone have made room */
  *ret_pause_ms = pause_of(pool);
  pool->is_timed = *ret_pause_ms >= 0;
  return gone;
}

/* ---- and without the lock ---- */

static void free_all(const struct bs_exec_pool *pool, struct bs_exec_process *list) {
  struct bs_exec_process *process;
  char last[BS_EXEC_SAID_LAST + 1];

  while ((process = bs_exec_pop(&list)) != NULL) {
    bs_exec_said_last(&process->said, last); /* so that it is logged */
    unwatch(pool, process);
    bs_exec_process_free(process);
  }
}

static void hear(struct bs_exec_pool *pool, const struct epoll_event *event) {
  struct bs_exec_process *process = (struct bs_exec_process *)(uintptr_t)(event->data.u64 & ~UINT64_C(1));
  eventfd_t count;

  if (process == NULL) {
    eventfd_read(pool->wake, &count);
  } else if ((event->data.u64 & 1) != 0) {
    pthread_mutex_lock(&pool->lock);
    process->has_ended = true;
    pthread_mutex_unlock(&pool->lock);
  } else {
    bs_exec_said_take(&process->said);
    /* Nobody has the other end any more, and there would be events without end. */
    if ((event->events & EPOLLHUP) != 0 && (event->events & EPOLLIN) == 0) {
      struct epoll_event none = {0};

      epoll_ctl(pool->epoll, EPOLL_CTL_DEL, process->said.fd, &none);
    }
  }
}

/* Those that leave already have no more time than the others now. */
static void hasten(struct bs_exec_pool *pool, uint64_t now_ms) {
  for (struct bs_exec_process *process = pool->leaving; process != NULL; process = process->next)
    if (process->since_ms > now_ms + CLOSE_MS) process->since_ms = now_ms + CLOSE_MS;
}

static void *keep(void *user) {
  struct bs_exec_pool *pool = user;
  uint64_t closing_ms = 0;

  for (;;) {
    struct epoll_event events[EVENTS];
    struct bs_exec_process *gone;
    bool is_over;
    int pause_ms, count;

    pthread_mutex_lock(&pool->lock);
    if (pool->is_closing && closing_ms == 0) hasten(pool, closing_ms = bs_exec_now_ms());
    gone = tidy(pool, &pause_ms);
    is_over = pool->is_closing && (pool->leaving == NULL || bs_exec_now_ms() >= closing_ms + CLOSED_MS);
    pthread_mutex_unlock(&pool->lock);
    free_all(pool, gone);
    if (is_over) return NULL;
    count = epoll_wait(pool->epoll, events, EVENTS, pause_ms);
    for (int i = 0; i < count; i++) hear(pool, &events[i]);
  }
}

/* ---- starting and stopping ---- */

/* A thread of its own, with all signals blocked but those of faults. */
static bool start_thread(struct bs_exec_pool *pool) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
  pthread_attr_t attributes;
  sigset_t all, before;
  int answer;

  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, STACK);
  sigfillset(&all);
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(&all, faults[i]);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  answer = pthread_create(&pool->keeper, &attributes, keep, pool);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return answer == 0;
}

static void close_descriptors(const struct bs_exec_pool *pool) {
  if (pool->epoll >= 0) close(pool->epoll);
  if (pool->wake >= 0) close(pool->wake);
}

bool bs_exec_keeper_start(struct bs_exec_pool *pool) {
  pool->epoll = epoll_create1(EPOLL_CLOEXEC);
  pool->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pool->is_timed = true;
  if (pool->epoll >= 0 && pool->wake >= 0 && watch(pool, pool->wake, EPOLLIN, NULL, 0) && start_thread(pool)) return true;
  close_descriptors(pool);
  return false;
}

void bs_exec_keeper_stop(struct bs_exec_pool *pool) {
  struct bs_exec_process *process;

  pthread_mutex_lock(&pool->lock);
  pool->is_closing = true;
  pthread_mutex_unlock(&pool->lock);
  bs_exec_keeper_wake(pool);
  pthread_join(pool->keeper, NULL);
  while ((process = bs_exec_pop(&pool->leaving)) != NULL) { /* killed, and not yet gone: it waits for a disk, say */
    pool->host->log(pool->store, BLOCKSTORE_LOG_WARNING, "A process of the program does not end, though it was killed.");
    bs_exec_process_free(process);
  }
  close_descriptors(pool);
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/exec/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "plugins/common/plugin.h"

#define IDLE_MS 10000     /* after so long all but one are dismissed */
#define LEAVE_MS 2000     /* that one has to end by itself */
#define CLOSE_MS 1400     /* the same when the store is closed */
#define CLOSED_MS 1900    /* after which nobody is waited for any more */
#define PAUSE_MS 100      /* before it is started for the third time without having ended a call, then twice that */
#define LONGEST_MS 30000
#define SLICE_MS 50       /* between two looks at the time of a call that waits for a process */
#define SWEEP_MS 20       /* between two looks at processes that end and have no pidfd */
#define LOOK_MS 1000      /* the same of those that wait */
#define KILLED_MS 60      /* how long a call waits for what it has killed */
#define EVENTS 16
#define STACK ((size_t)256 << 10)

/* A process that is wanted.  The pool's lock protects it. */
struct order {
  struct order *next;
  struct bs_exec_process *process; /* NULL: it could not be started */
  enum blockstore_status status;
  bool is_done;
  bool is_left; /* nobody waits for it any more: the thread frees it */
  char reason[BS_EXEC_REASON];
};

struct bs_exec_pool {
  const struct bs_exec_program *program;
  const struct blockstore_host *host;
  struct blockstore_store *store;
  int epoll; /* `wake`; of each process the pipe, and the pidfd once */
  int wake;
  pthread_t keeper;
  pthread_mutex_t lock;              /* what follows */
  pthread_cond_t delivered;          /* an order is done */
  struct order *orders;
  struct bs_exec_process *idle;      /* the last one used first */
  struct bs_exec_process *leaving;
  bool is_timed;                     /* the thread sleeps for a while only, or is awake */
  bool is_closing;
  unsigned failures;                 /* in a row, without a call that ended */
  uint64_t start_ms;                 /* none is started before */
  char why[BS_EXEC_REASON];          /* the last failure */
};

/* ---- lists ---- */

static void push(struct bs_exec_process **list, struct bs_exec_process *process) {
  process->next = *list;
  *list = process;
}

static struct bs_exec_process *pop(struct bs_exec_process **list) {
  struct bs_exec_process *process = *list;

  if (process != NULL) *list = process->next;
  return process;
}

static void wake(const struct bs_exec_pool *pool) {
  eventfd_write(pool->wake, 1);
}

/* ---- the keeper: the thread that looks after processes; the functions here run on it, under the lock ---- */

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

static void leave_by(struct bs_exec_pool *pool, struct bs_exec_process *process, unsigned milliseconds) {
  process->since_ms = bs_exec_now_ms() + milliseconds;
  push(&pool->leaving, process);
}

static void dismiss(struct bs_exec_pool *pool, struct bs_exec_process *process, unsigned milliseconds) {
  bs_exec_process_dismiss(process, milliseconds);
  leave_by(pool, process, milliseconds);
}

/* The lock is open meanwhile: it may take its time. */
static void start_one(struct bs_exec_pool *pool, struct order *order) {
  pthread_mutex_unlock(&pool->lock);
  order->status = bs_exec_process_start(&order->process, order->reason, pool->program, pool->host, pool->store);
  if (order->process != NULL) {
    watch(pool, order->process->said.fd, EPOLLIN, order->process, 0);
    if (order->process->pidfd >= 0) watch(pool, order->process->pidfd, EPOLLIN | EPOLLONESHOT, order->process, 1);
  }
  pthread_mutex_lock(&pool->lock);
}

static void deliver(struct bs_exec_pool *pool) {
  while (pool->orders != NULL) {
    struct order *order = pool->orders;

    pool->orders = order->next;
    if (!order->is_left) start_one(pool, order);
    order->is_done = true;
    if (!order->is_left) continue;
    if (order->process != NULL) leave_by(pool, order->process, 0); /* it has had no storage_init */
    free(order);
  }
  pthread_cond_broadcast(&pool->delivered);
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
      push(&gone, process);
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

  deliver(pool);
  thin_out(pool);
  gone = collect(pool);
  *ret_pause_ms = pause_of(pool);
  pool->is_timed = *ret_pause_ms >= 0;
  return gone;
}

/* ---- and without the lock ---- */

static void free_all(const struct bs_exec_pool *pool, struct bs_exec_process *list) {
  struct bs_exec_process *process;
  char last[BS_EXEC_SAID_LAST + 1];

  while ((process = pop(&list)) != NULL) {
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

/* ---- opening and closing ---- */

/* A thread of its own, with all signals blocked but those of faults. */
static bool start_keeper(struct bs_exec_pool *pool) {
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

static void destroy(struct bs_exec_pool *pool) {
  if (pool->epoll >= 0) close(pool->epoll);
  if (pool->wake >= 0) close(pool->wake);
  pthread_cond_destroy(&pool->delivered);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}

enum blockstore_status bs_exec_pool_open(struct bs_exec_pool **ret_pool, struct blockstore_call *call,
                                         const struct bs_exec_program *program) {
  struct bs_exec_pool *pool = calloc(1, sizeof *pool);
  pthread_condattr_t monotonic;

  if (pool == NULL) return bs_plugin_fail_memory(call);
  pool->program = program;
  pool->host = call->host;
  pool->store = call->store;
  pthread_mutex_init(&pool->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&pool->delivered, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pool->epoll = epoll_create1(EPOLL_CLOEXEC);
  pool->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pool->is_timed = true;
  if (pool->epoll < 0 || pool->wake < 0 || !watch(pool, pool->wake, EPOLLIN, NULL, 0) || !start_keeper(pool)) {
    destroy(pool);
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There are not enough descriptors or threads.");
  }
  *ret_pool = pool;
  return BLOCKSTORE_STATUS_OK;
}

void bs_exec_pool_close(struct bs_exec_pool *pool) {
  struct bs_exec_process *process;

  pthread_mutex_lock(&pool->lock);
  pool->is_closing = true;
  pthread_mutex_unlock(&pool->lock);
  wake(pool);
  pthread_join(pool->keeper, NULL);
  while ((process = pop(&pool->leaving)) != NULL) { /* killed, and not yet gone: a process that waits for a disk, say */
    pool->host->log(pool->store, BLOCKSTORE_LOG_WARNING, "A process of the program does not end, though it was killed.");
    bs_exec_process_free(process);
  }
  destroy(pool);
}

/* ---- giving out ---- */

/* Is there something to read, be it the end?  Then it is no good. */
static bool has_spoken(const struct bs_exec_process *process) {
  struct pollfd channel = {.fd = process->channel, .events = POLLIN};

  return poll(&channel, 1, 0) != 0;
}

/* One that waits; NULL: none. */
static struct bs_exec_process *take_idle(struct bs_exec_pool *pool) {
  struct bs_exec_process *process;
  bool any = false;

  BS_LOCKED(&pool->lock);
  while ((process = pop(&pool->idle)) != NULL && has_spoken(process)) {
    bs_exec_process_kill(process);
    leave_by(pool, process, 0);
    any = true;
  }
  if (any) wake(pool);
  return process;
}

static enum blockstore_status look_at_pause(struct bs_exec_pool *pool, struct blockstore_call *call) {
  char why[BS_EXEC_REASON];
  uint64_t now_ms = bs_exec_now_ms(), left_ms;
  unsigned failures;

  {
    BS_LOCKED(&pool->lock);
    left_ms = pool->start_ms > now_ms ? pool->start_ms - now_ms : 0;
    failures = pool->failures;
    memcpy(why, pool->why, sizeof why);
  }
  if (left_ms == 0) return BLOCKSTORE_STATUS_OK;
  call->host->retry_after(call, (uint32_t)left_ms);
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT,
                         "It failed %u times in a row and is not started for another %u ms: %s", failures,
                         (unsigned)left_ms, why);
}

static void sleep_a_slice(struct bs_exec_pool *pool) {
  struct timespec until;

  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += SLICE_MS * 1000000L;
  until.tv_sec += until.tv_nsec / 1000000000L;
  until.tv_nsec %= 1000000000L;
  pthread_cond_timedwait(&pool->delivered, &pool->lock, &until);
}

/* Has the keeper start one.  The order is the caller's again when it is done; else it is left, and NULL. */
static struct order *wait_for_order(struct bs_exec_pool *pool, struct blockstore_call *call, struct order *order) {
  BS_LOCKED(&pool->lock);
  order->next = pool->orders;
  pool->orders = order;
  wake(pool);
  while (!order->is_done) {
    sleep_a_slice(pool);
    if (order->is_done || call->host->time_left(call) > 0) continue;
    order->is_left = true;
    return NULL;
  }
  return order;
}

static enum blockstore_status start(struct bs_exec_process **ret_process, struct bs_exec_pool *pool,
                                    struct blockstore_call *call) {
  struct order *order = calloc(1, sizeof *order);
  enum blockstore_status status;

  if (order == NULL) return bs_plugin_fail_memory(call);
  order = wait_for_order(pool, call, order);
  if (order == NULL) return blockstore_go_on(call);
  status = order->status;
  if (status == BLOCKSTORE_STATUS_OK) *ret_process = order->process;
  else blockstore_fail(call, status, "%s", order->reason);
  free(order);
  return status;
}

/* What is no answer to storage_init must not be taken for one to the call that it is made for. */
static enum blockstore_status refuse(const struct bs_exec_pool *pool, struct blockstore_call *call,
                                     enum blockstore_status status) {
  switch (status) {
  case BLOCKSTORE_STATUS_OK:
  case BLOCKSTORE_STATUS_DENIED:
  case BLOCKSTORE_STATUS_NO_SPACE:
  case BLOCKSTORE_STATUS_TRANSIENT:
  case BLOCKSTORE_STATUS_CANCELLED:
  case BLOCKSTORE_STATUS_FAILED: return status;
  case BLOCKSTORE_STATUS_UNSUPPORTED:
  case BLOCKSTORE_STATUS_NOT_FOUND:
  case BLOCKSTORE_STATUS_UNHANDLED_URL:
  case BLOCKSTORE_STATUS_TOO_LARGE:
  case BLOCKSTORE_STATUS_CONFLICT: break;
  }
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "%s: It answered \"%s\" to storage_init.", pool->program->path,
                         bs_exec_status_word(status));
}

/* The settings of the store, which may be secret, are in its buffer no longer than they are needed. */
static enum blockstore_status greet(struct bs_exec_process *process, const struct bs_exec_pool *pool,
                                    struct blockstore_call *call, enum bs_exec_end *ret_end) {
  const struct bs_exec_program *program = pool->program;
  enum blockstore_status status;
  char key[64];

  bs_exec_process_request(process, "storage_init", call->host->time_left(call));
  bs_exec_line_number(&process->line, "version", BS_EXEC_VERSION);
  for (size_t i = 0; i < program->option_count; i++) {
    const char *option = program->options[i], *value = strchr(option, '=') + 1;

    snprintf(key, sizeof key, "option.%.*s", (int)(value - 1 - option), option);
    bs_exec_line_text(&process->line, key, value);
  }
  if (program->secret != NULL) bs_exec_line_text(&process->line, "option.secret", program->secret);
  status = bs_exec_exchange(process, ret_end, call, program->path, NULL, NULL);
  explicit_bzero(process->line.text, sizeof process->line.text);
  return refuse(pool, call, status);
}

enum blockstore_status bs_exec_pool_take(struct bs_exec_process **ret_process, struct bs_exec_pool *pool,
                                         struct blockstore_call *call) {
  struct bs_exec_process *process;
  enum blockstore_status status = blockstore_go_on(call);
  enum bs_exec_end end = BS_EXEC_WAITS;

  if (status != BLOCKSTORE_STATUS_OK) return status;
  process = take_idle(pool);
  if (process == NULL) {
    status = look_at_pause(pool, call);
    if (status == BLOCKSTORE_STATUS_OK) status = start(&process, pool, call);
    if (status != BLOCKSTORE_STATUS_OK || process == NULL) return status;
    status = greet(process, pool, call, &end);
    if (status != BLOCKSTORE_STATUS_OK) {
      bs_exec_pool_give(pool, process, end == BS_EXEC_WAITS ? BS_EXEC_SILENT : end);
      return status;
    }
  }
  *ret_process = process;
  return BLOCKSTORE_STATUS_OK;
}

/* ---- taking back ---- */

static void count_failure(struct bs_exec_pool *pool, const char *why) {
  uint64_t pause_ms = PAUSE_MS;

  snprintf(pool->why, sizeof pool->why, "%s", why);
  if (++pool->failures < 2) return;
  for (unsigned i = 2; i < pool->failures && pause_ms < LONGEST_MS; i++) pause_ms *= 2;
  pool->start_ms = bs_exec_now_ms() + (pause_ms < LONGEST_MS ? pause_ms : LONGEST_MS);
}

void bs_exec_pool_give(struct bs_exec_pool *pool, struct bs_exec_process *process, enum bs_exec_end end) {
  char how[80];

  if (end != BS_EXEC_WAITS) {
    bs_exec_process_kill(process);
    bs_exec_process_wait(process, KILLED_MS, how, sizeof how); /* so that nothing of the call is still done after it */
  }
  BS_LOCKED(&pool->lock);
  if (end == BS_EXEC_WAITS) {
    pool->failures = 0;
    process->since_ms = bs_exec_now_ms();
    push(&pool->idle, process);
    if ((process->next != NULL || process->pidfd < 0) && !pool->is_timed) wake(pool);
    return;
  }
  if (end == BS_EXEC_BROKEN) count_failure(pool, process->why);
  leave_by(pool, process, 0);
  wake(pool);
}

unsigned bs_exec_pool_waiting(struct bs_exec_pool *pool) {
  unsigned count = 0;

  BS_LOCKED(&pool->lock);
  for (const struct bs_exec_process *process = pool->idle; process != NULL; process = process->next) count++;
  return count;
}

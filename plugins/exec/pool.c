/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/exec/pool.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "plugins/common/plugin.h"
#include "plugins/exec/keeper.h"

#define PAUSE_MS 100      /* before it is started for the third time without having ended a call, then twice that */
#define LONGEST_MS 30000
#define SLICE_MS 50       /* between two looks at the time of a call that waits for a process */
#define LEAVE_MS 2000     /* one whose last call is over has to end by itself */
#define KILLED_MS 60      /* how long a call waits for what it has killed */

static void destroy(struct bs_exec_pool *pool) {
  pthread_condattr_destroy(&pool->monotonic);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}

enum blockstore_status bs_exec_pool_open(struct bs_exec_pool **ret_pool, struct blockstore_call *call,
                                         const struct bs_exec_program *program) {
  struct bs_exec_pool *pool = calloc(1, sizeof *pool);

  if (pool == NULL) return bs_plugin_fail_memory(call);
  pool->program = program;
  pool->host = call->host;
  pool->store = call->store;
  pthread_mutex_init(&pool->lock, NULL);
  pthread_condattr_init(&pool->monotonic);
  pthread_condattr_setclock(&pool->monotonic, CLOCK_MONOTONIC);
  if (!bs_exec_keeper_start(pool)) {
    destroy(pool);
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There are not enough descriptors or threads.");
  }
  *ret_pool = pool;
  return BLOCKSTORE_STATUS_OK;
}

void bs_exec_pool_close(struct bs_exec_pool *pool) {
  bs_exec_keeper_stop(pool);
  destroy(pool);
}

/* ---- giving out ---- */

/* Is there something to read, be it the end?  Then it is no good. */
static bool has_spoken(const struct bs_exec_process *process) {
  struct pollfd channel = {.fd = process->channel, .events = POLLIN};

  return poll(&channel, 1, 0) != 0;
}

/* Under the lock. */
static void discard(struct bs_exec_pool *pool, struct bs_exec_process *process) {
  bs_exec_process_kill(process);
  bs_exec_keeper_see_off(pool, process, 0);
  bs_exec_keeper_wake(pool);
}

/* Under the lock.  One that waits; NULL: none. */
static struct bs_exec_process *pop_idle(struct bs_exec_pool *pool) {
  struct bs_exec_process *process;

  while ((process = bs_exec_pop(&pool->idle)) != NULL && has_spoken(process)) discard(pool, process);
  return process;
}

static struct bs_exec_process *take_idle(struct bs_exec_pool *pool) {
  BS_LOCKED(&pool->lock);
  return pop_idle(pool);
}

static enum blockstore_status fail_paused(struct blockstore_call *call, unsigned left_ms, const char *why) {
  call->host->retry_after(call, left_ms);
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%s", why);
}

static enum blockstore_status look_at_pause(struct bs_exec_pool *pool, struct blockstore_call *call) {
  char why[BS_EXEC_REASON];
  unsigned left_ms;

  {
    BS_LOCKED(&pool->lock);
    left_ms = bs_exec_keeper_pause(why, pool);
  }
  return left_ms > 0 ? fail_paused(call, left_ms, why) : BLOCKSTORE_STATUS_OK;
}

static void sleep_a_slice(struct bs_exec_pool *pool, struct bs_exec_order *order) {
  struct timespec until;

  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += SLICE_MS * 1000000L;
  until.tv_sec += until.tv_nsec / 1000000000L;
  until.tv_nsec %= 1000000000L;
  pthread_cond_timedwait(&order->done, &pool->lock, &until);
}

/* Under the lock.  Behind all others; unless one has come back just now. */
static void enqueue(struct bs_exec_pool *pool, struct bs_exec_order *order) {
  struct bs_exec_order **place = &pool->orders;

  order->process = pop_idle(pool);
  order->is_done = order->process != NULL;
  if (order->is_done) return;
  while (*place != NULL) place = &(*place)->next;
  *place = order;
  bs_exec_keeper_wake(pool);
}

/* Under the lock.  One that has come back may have ended meanwhile, which is no failure of the call that it is handed to: that
 * waits for another, still before all others. */
static bool is_served(struct bs_exec_pool *pool, struct bs_exec_order *order) {
  if (!order->is_done || order->process == NULL || order->process->last_id == 0 || !has_spoken(order->process))
    return order->is_done;
  discard(pool, order->process);
  order->process = NULL;
  order->is_done = false;
  order->next = pool->orders;
  pool->orders = order;
  return false;
}

/* Under the lock.  The keeper may be at it: then it frees it. */
static void withdraw(struct bs_exec_pool *pool, struct bs_exec_order *order) {
  struct bs_exec_order **place = &pool->orders;

  while (*place != NULL && *place != order) place = &(*place)->next;
  order->is_left = *place == NULL;
  if (order->is_left) return;
  *place = order->next;
  bs_exec_order_free(order);
}

/* The order is the caller's again when it is done; else it is not, and false. */
static bool wait_for_order(struct bs_exec_pool *pool, struct blockstore_call *call, struct bs_exec_order *order,
                           bool *ret_was_full) {
  BS_LOCKED(&pool->lock);
  enqueue(pool, order);
  while (!is_served(pool, order)) {
    sleep_a_slice(pool, order);
    if (order->is_done || call->host->time_left(call) > 0) continue;
    *ret_was_full = pool->count >= pool->program->processes_most;
    withdraw(pool, order);
    return false;
  }
  return true;
}

/* Of a call whose time is over the caller is told that alone: what else there is to say goes into the log. */
static enum blockstore_status give_up(const struct bs_exec_pool *pool, struct blockstore_call *call, bool was_full) {
  if (was_full)
    blockstore_log(call, BLOCKSTORE_LOG_WARNING,
                   "%.400s: All of its processes, %u at once, were busy until a call's time was over.", pool->program->path,
                   pool->program->processes_most);
  return blockstore_go_on(call);
}

/* One that comes back, or that the keeper starts: what is ordered first is had first. */
static enum blockstore_status obtain(struct bs_exec_process **ret_process, struct bs_exec_pool *pool,
                                     struct blockstore_call *call) {
  struct bs_exec_order *order = bs_exec_order_new(pool);
  enum blockstore_status status;
  bool was_full = false;

  if (order == NULL) return bs_plugin_fail_memory(call);
  if (!wait_for_order(pool, call, order, &was_full)) return give_up(pool, call, was_full);
  status = order->status;
  if (status == BLOCKSTORE_STATUS_OK) *ret_process = order->process;
  else if (order->retry_after_ms > 0) fail_paused(call, order->retry_after_ms, order->reason);
  else blockstore_fail(call, status, "%s", order->reason);
  bs_exec_order_free(order);
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
    const struct bs_exec_option *option = &program->options[i];

    snprintf(key, sizeof key, "option.%.*s", (int)option->key_length, option->key);
    bs_exec_line_text(&process->line, key, option->value);
  }
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
    if (status == BLOCKSTORE_STATUS_OK) status = obtain(&process, pool, call);
    if (status != BLOCKSTORE_STATUS_OK || process == NULL) return status;
  }
  if (process->last_id == 0) status = greet(process, pool, call, &end);
  if (status == BLOCKSTORE_STATUS_OK) *ret_process = process;
  else bs_exec_pool_give(pool, process, end == BS_EXEC_WAITS ? BS_EXEC_SILENT : end);
  return status;
}

/* ---- taking back ---- */

static void count_failure(struct bs_exec_pool *pool, const char *why) {
  uint64_t pause_ms = PAUSE_MS;

  snprintf(pool->why, sizeof pool->why, "%s", why);
  if (++pool->failures < 2) return;
  for (unsigned i = 2; i < pool->failures && pause_ms < LONGEST_MS; i++) pause_ms *= 2;
  pool->start_ms = bs_exec_now_ms() + (pause_ms < LONGEST_MS ? pause_ms : LONGEST_MS);
}

/* A call ended: it works. */
static void forget_failures(struct bs_exec_pool *pool) {
  pool->failures = 0;
  pool->start_ms = 0;
}

/* To who waits for one, or else it waits for a request. */
static void hand_on(struct bs_exec_pool *pool, struct bs_exec_process *process) {
  struct bs_exec_order *order = bs_exec_order_next(pool);

  if (order != NULL) {
    order->process = process;
    bs_exec_order_fulfil(order);
    return;
  }
  process->since_ms = bs_exec_now_ms();
  bs_exec_push(&pool->idle, process);
  if ((process->next != NULL || process->pidfd < 0) && !pool->is_timed) bs_exec_keeper_wake(pool);
}

void bs_exec_pool_give(struct bs_exec_pool *pool, struct bs_exec_process *process, enum bs_exec_end end) {
  char how[80];

  if (end != BS_EXEC_WAITS && end != BS_EXEC_LEAVES) {
    bs_exec_process_kill(process);
    bs_exec_process_wait(process, KILLED_MS, how, sizeof how); /* so that nothing of the call is still done after it */
  }
  BS_LOCKED(&pool->lock);
  if (end == BS_EXEC_WAITS) {
    forget_failures(pool);
    hand_on(pool, process);
    return;
  }
  if (end == BS_EXEC_BROKEN) count_failure(pool, process->why);
  if (end == BS_EXEC_LEAVES) {
    forget_failures(pool);
    bs_exec_process_dismiss(process, LEAVE_MS);
  }
  bs_exec_keeper_see_off(pool, process, end == BS_EXEC_LEAVES ? LEAVE_MS : 0);
  bs_exec_keeper_wake(pool);
}

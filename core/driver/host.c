/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/driver/call_private.h"

#define LINE_MOST 2048 /* of a log line, with the NUL */

/* What a driver says, for people, without secrets. */
static void take_text(char *buffer, size_t size, const struct bs_store *store, const char *text) {
  int length = snprintf(buffer, size, "%s", text == NULL ? "" : text);

  if (length < 0) buffer[0] = '\0';
  bs_settings_blot(store->settings, buffer, size);
  bs_text_tidy(buffer);
}

/* Who asks for the stores is told, too.  Of several the first tells most. */
static void keep_warning(struct bs_store *store, const char *text) {
  char *copy = strdup(text), *none = NULL;

  if (copy != NULL && !atomic_compare_exchange_strong(&store->warning, &none, copy)) free(copy);
}

static void host_log(struct blockstore_store *handle, enum blockstore_log_level level, const char *line) {
  struct bs_store *store = bs_store_of(handle);
  int number = (int)level < 0 || (int)level > (int)BS_LOG_DEBUG ? (int)BS_LOG_INFO : (int)level;
  bool is_first = number <= (int)BS_LOG_WARNING && store != NULL && atomic_load(&store->warning) == NULL;
  char text[LINE_MOST];

  if (store == NULL || (!is_first && !bs_log_wanted((enum bs_log_level)number))) return;
  take_text(text, sizeof text, store, line);
  if (is_first) keep_warning(store, text);
  bs_log((enum bs_log_level)number, "%s: %s", store->name, text);
}

static void host_set_error(struct blockstore_call *abi, const char *sentence) {
  struct bs_call *call = bs_call_of(abi);
  char text[BS_CALL_SENTENCE];

  if (call == NULL) return;
  take_text(text, sizeof text, call->store, sentence);
  BS_LOCKED(&call->lock);
  if (call->state == BS_CALL_RUNNING) memcpy(call->sentence, text, sizeof text);
}

static void host_retry_after(struct blockstore_call *abi, uint32_t milliseconds) {
  struct bs_call *call = bs_call_of(abi);

  if (call == NULL) return;
  BS_LOCKED(&call->lock);
  if (call->state == BS_CALL_RUNNING) call->retry_after_ms = milliseconds;
}

/* What a failing call of the store below said stands there, too (next.c). */
static const char *host_get_error(struct blockstore_call *abi) {
  struct bs_call *call = bs_call_of(abi);

  return call == NULL ? "" : call->sentence;
}

static uint32_t host_get_retry_after(struct blockstore_call *abi) {
  struct bs_call *call = bs_call_of(abi);

  if (call == NULL) return 0;
  BS_LOCKED(&call->lock);
  return call->retry_after_ms;
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than filters stand above a store */
static uint32_t host_time_left(struct blockstore_call *abi) {
  struct bs_call *call = bs_call_of(abi);

  if (call == NULL) return 0;
  BS_LOCKED(&call->lock);
  if (call->state != BS_CALL_RUNNING || call->stopped != BS_NO_WORD) return 0;
  return call->parent != NULL ? host_time_left(&call->parent->abi) : bs_scope_time_left(call->group->scope);
}

/* A timer that fires at the deadline. */
static int timer_until(uint64_t deadline_ms) {
  struct itimerspec when = {0};
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

  if (fd < 0 || deadline_ms == BS_CLOCK_NEVER) return fd;
  when.it_value.tv_sec = (time_t)(deadline_ms / 1000);
  when.it_value.tv_nsec = (long)(deadline_ms % 1000) * 1000000L;
  if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL) == 0) return fd;
  close(fd);
  return -1;
}

static bool watch(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN};

  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void bs_call_close_descriptors(struct bs_call *call) {
  if (call->cancel_fd >= 0) close(call->cancel_fd);
  if (call->timer_fd >= 0) close(call->timer_fd);
  call->cancel_fd = -1;
  call->timer_fd = -1;
}

static void make_cancel_fd(struct bs_call *call) {
  const struct bs_scope *scope = call->group->scope;

  call->timer_fd = timer_until(scope->deadline_ms);
  call->cancel_fd = epoll_create1(EPOLL_CLOEXEC);
  if (call->timer_fd < 0 || call->cancel_fd < 0 || !watch(call->cancel_fd, call->timer_fd) ||
      (scope->fd >= 0 && !watch(call->cancel_fd, scope->fd)))
    bs_call_close_descriptors(call);
  if (call->stopped != BS_NO_WORD) bs_call_fire(call);
}

/* The scope may soon be somebody else's: from now on the timer alone, long past, keeps the descriptor readable. */
void bs_call_fire(struct bs_call *call) {
  const struct itimerspec now = {.it_value = {.tv_nsec = 1}};

  if (call->cancel_fd < 0) return;
  timerfd_settime(call->timer_fd, TFD_TIMER_ABSTIME, &now, NULL);
  if (call->group->scope->fd >= 0) epoll_ctl(call->cancel_fd, EPOLL_CTL_DEL, call->group->scope->fd, NULL);
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than filters stand above a store */
static int host_cancel_fd(struct blockstore_call *abi) {
  struct bs_call *call = bs_call_of(abi);

  if (call == NULL) return -1;
  BS_LOCKED(&call->lock);
  if (call->parent != NULL) return host_cancel_fd(&call->parent->abi);
  if (call->cancel_fd < 0 && call->state == BS_CALL_RUNNING) make_cancel_fd(call);
  return call->cancel_fd;
}

const struct blockstore_host bs_host = {
    .magic = BLOCKSTORE_HOST_MAGIC,
    .abi_major = BLOCKSTORE_ABI_MAJOR,
    .abi_minor = BLOCKSTORE_ABI_MINOR,
    .struct_size = sizeof(struct blockstore_host),
    .log = host_log,
    .set_error = host_set_error,
    .retry_after = host_retry_after,
    .time_left = host_time_left,
    .cancel_fd = host_cancel_fd,
    .setting = bs_settings_text,
    .setting_number = bs_settings_number,
    .get_error = host_get_error,
    .get_retry_after = host_get_retry_after,
};

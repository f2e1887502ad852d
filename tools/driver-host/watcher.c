/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-host/watcher.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

#include "core/base/auto.h"

/* For one piece of news; with 0 for none but the channel's end. */
static void wait_for(const struct watcher *watcher, uint32_t events) {
  struct epoll_event event = {.events = events | EPOLLONESHOT};

  epoll_ctl(watcher->epoll, EPOLL_CTL_MOD, watcher->fd, &event);
}

/* The news may be of a call before, whose answer was read meanwhile. */
static void look(struct watcher *watcher) {
  struct pollfd channel = {.fd = watcher->fd, .events = POLLIN};

  BS_LOCKED(&watcher->lock);
  if (watcher->scope == NULL) return;
  if (poll(&channel, 1, 0) > 0) {
    bs_scope_cancel(watcher->scope);
    watcher->scope = NULL;
  } else {
    wait_for(watcher, EPOLLIN);
  }
}

static void *watch(void *user) {
  struct watcher *watcher = user;

  for (;;) {
    struct epoll_event event;

    if (epoll_wait(watcher->epoll, &event, 1, -1) > 0) look(watcher);
  }
  return NULL;
}

bool watcher_start(struct watcher *watcher, int fd, struct bs_error *error) {
  struct epoll_event event = {.events = EPOLLONESHOT};
  sigset_t all, before;
  pthread_t thread;
  bool started;

  *watcher = (struct watcher){.fd = fd, .epoll = epoll_create1(EPOLL_CLOEXEC)};
  pthread_mutex_init(&watcher->lock, NULL);
  if (watcher->epoll < 0 || epoll_ctl(watcher->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
    return bs_fail_errno(error, "The channel cannot be watched");
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  started = pthread_create(&thread, NULL, watch, watcher) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started || bs_fail(error, BS_WORD_failed, "A thread could not be started.");
}

void watcher_look(struct watcher *watcher, struct bs_scope *scope) {
  BS_LOCKED(&watcher->lock);
  watcher->scope = scope;
  wait_for(watcher, EPOLLIN);
}

void watcher_leave(struct watcher *watcher) {
  BS_LOCKED(&watcher->lock);
  watcher->scope = NULL;
  wait_for(watcher, 0);
}

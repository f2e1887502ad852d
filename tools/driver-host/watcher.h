/* SPDX-License-Identifier: MIT */
/*
 * A thread that looks at the channel while a call runs in which nothing is asked of Blockstore: then there is nothing to read
 * but a cancel, or the channel's end, and the call is cancelled.
 */
#ifndef BS_DRIVER_HOST_WATCHER_H
#define BS_DRIVER_HOST_WATCHER_H

#include <pthread.h>

#include "core/base/scope.h"

struct watcher {
  int fd;
  int epoll;
  pthread_mutex_t lock;
  struct bs_scope *scope; /* that the channel's news cancel; NULL: nobody looks */
};

bool watcher_start(struct watcher *watcher, int fd, struct bs_error *error);
/* From now on, and no longer: by the thread that serves. */
void watcher_look(struct watcher *watcher, struct bs_scope *scope);
void watcher_leave(struct watcher *watcher);

#endif

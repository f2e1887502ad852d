/* SPDX-License-Identifier: MIT */
/* Scope cleanup: what a function owns is released on every way out of it. */
#ifndef BS_BASE_AUTO_H
#define BS_BASE_AUTO_H

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* A variable whose `destroy(&variable)` runs when it leaves its scope. */
#define BS_AUTO(destroy) __attribute__((__cleanup__(destroy)))

#define BS_AUTO_FREE BS_AUTO(bs_auto_free)   /* a pointer from malloc */
#define BS_AUTO_CLOSE BS_AUTO(bs_auto_close) /* a descriptor; negative: none */

static inline void bs_auto_free(void *pointer_to_pointer) {
  free(*(void **)pointer_to_pointer);
}

static inline void bs_auto_close(const int *fd) {
  if (*fd >= 0) close(*fd);
}

static inline void bs_auto_unlock(pthread_mutex_t **mutex) {
  pthread_mutex_unlock(*mutex);
}

/* Locks until the end of the scope.  At most one of these in a scope. */
#define BS_LOCKED(mutex)                                                  \
  pthread_mutex_t *bs_locked_ BS_AUTO(bs_auto_unlock) = (mutex);          \
  pthread_mutex_lock(bs_locked_)

#endif

/* SPDX-License-Identifier: MIT */
/* For tests linked with -Wl,--wrap=pthread_create: threads that cannot be started. */
#ifndef BS_T_THREADS_H
#define BS_T_THREADS_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

static bool refuse_threads;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *user);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *user);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *user) {
  return refuse_threads ? EAGAIN : __real_pthread_create(thread, attributes, start, user);
}

#endif

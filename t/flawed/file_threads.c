/* SPDX-License-Identifier: MIT */
/* It starts a thread when it is loaded. */
#include <config.h>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "t/flawed/flaws.h"

static void *wait(void *nothing) {
  pause();
  return nothing;
}

__attribute__((constructor)) static void start(void) {
  sigset_t all, before;
  pthread_t thread;

  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pthread_create(&thread, NULL, wait, NULL) == 0) pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

BLOCKSTORE_REGISTER_DRIVER(file_threads, good, FLAWED_METADATA);

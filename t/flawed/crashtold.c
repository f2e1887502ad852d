/* SPDX-License-Identifier: MIT */
/* Without a flaw: it has a thread, which leaves the signals of faults open, and no others. */
#include <config.h>

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "t/flawed/flaws.h"

static struct blockstore_driver table;

static void *idle(void *unused) {
  const struct timespec time = {0, 50000000};

  nanosleep(&time, NULL);
  return unused;
}

static enum blockstore_status put_beside_thread(void *self, struct blockstore_call *call, const char *id, uint64_t version,
                                                const char *signature, const struct blockstore_source *record) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
  enum blockstore_status status;
  sigset_t blocked, before;
  pthread_t thread;
  int number;

  sigfillset(&blocked);
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(&blocked, faults[i]);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  number = pthread_create(&thread, NULL, idle, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (number != 0) return BLOCKSTORE_STATUS_TRANSIENT;
  status = good.put_mutable_handler(self, call, id, version, signature, record);
  pthread_join(thread, NULL);
  return status;
}

__attribute__((constructor)) static void fill(void) {
  table = good;
  table.put_mutable_handler = put_beside_thread;
}

BLOCKSTORE_REGISTER_DRIVER(crashtold, table, FLAWED_METADATA);

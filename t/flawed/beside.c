/* SPDX-License-Identifier: MIT */
/* Crashes when a store is closed, on a thread of its own. */
#include <config.h>

#include <pthread.h>
#include <stdlib.h>

#include "t/flawed/flaws.h"

static struct blockstore_driver table;

static void *fall(void *unused) {
  abort();
  return unused;
}

static void fall_beside(void *self, struct blockstore_call *call) {
  pthread_t thread;

  good.storage_close(self, call);
  if (pthread_create(&thread, NULL, fall, NULL) == 0) pthread_join(thread, NULL);
}

__attribute__((constructor)) static void fill(void) {
  table = good;
  table.storage_close = fall_beside;
}

BLOCKSTORE_REGISTER_DRIVER(beside, table, FLAWED_METADATA);

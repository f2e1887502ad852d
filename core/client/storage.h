/* SPDX-License-Identifier: MIT */
/* A configured store with its drivers loaded: opened when first wanted, shared by the sessions that use it. */
#ifndef BS_CLIENT_STORAGE_H
#define BS_CLIENT_STORAGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/client/stack.h"

struct blockstore_storage {
  atomic_uint references;
  struct blockstore_config *config; /* a reference */
  const struct bs_store_config *entry;
  bool is_required; /* by the write policy */
  bool is_durable;  /* the configuration says so, or else its driver and its filters */
  pthread_mutex_t lock;             /* stack and store, and opening it */
  struct bs_stack stack;            /* modules and capabilities: only read */
  _Atomic(struct bs_store *) store; /* NULL until opened; set under the lock, once */
};

/* Finds, vets and loads the drivers and checks their options; opens nothing.  Words: driver, config. */
bool bs_storage_load(struct blockstore_storage **ret_storage, struct blockstore_config *config,
                     const struct bs_store_config *entry, struct bs_error *error);
/* Sets *ret_store and says true when it is open already. */
bool bs_storage_is_open(struct blockstore_storage *storage, struct bs_store **ret_store);
/* The open store, which lives as long as the storage.  Waits within the scope, also for another thread that opens it. */
bool bs_storage_open(struct blockstore_storage *storage, struct bs_scope *scope, struct bs_store **ret_store,
                     struct bs_error *error);
struct blockstore_storage *bs_storage_retain(struct blockstore_storage *storage);
/* The last one closes the store.  NULL is allowed. */
void bs_storage_release(struct blockstore_storage *storage);

#endif

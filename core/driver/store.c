/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/store.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/driver/call_private.h"
#include "core/driver/next.h"
#include "core/driver/turn.h"

#define STORE_MAGIC UINT32_C(0x31545342)

static void destroy(struct bs_store *store) {
  store->handle.magic = 0;
  bs_turn_put(store->turn);
  bs_settings_free(store->settings);
  free(store->name);
  free(store->driver_name);
  free(atomic_load(&store->warning));
  free(store);
}

struct bs_store *bs_store_retain(struct bs_store *store) {
  atomic_fetch_add(&store->references, 1);
  return store;
}

void bs_store_release(struct bs_store *store) {
  if (store != NULL && atomic_fetch_sub(&store->references, 1) == 1) destroy(store);
}

struct bs_store *bs_store_of(struct blockstore_store *handle) {
  return handle != NULL && handle->magic == STORE_MAGIC ? (struct bs_store *)(void *)handle : NULL;
}

/* What a stack is good for: a promise holds where all make it, a warning where one gives it. */
unsigned bs_store_capabilities(unsigned above, unsigned below) {
  static const unsigned promises = BS_CAPABILITY_DURABLE | BS_CAPABILITY_LOCAL | BS_CAPABILITY_CONSISTENT;

  return (above & below & promises) | ((above | below) & ~promises);
}

static bool set_traits(struct bs_store *store, const struct bs_metadata *metadata, int inline_override,
                       struct bs_error *error) {
  const struct bs_store *below = store->below;

  store->threads = metadata->threads;
  store->capabilities = metadata->capabilities;
  if (below != NULL) store->capabilities = bs_store_capabilities(store->capabilities, below->capabilities);
  store->largest = below == NULL || metadata->largest < below->largest ? metadata->largest : below->largest;
  store->is_inline = inline_override < 0 ? (store->capabilities & BS_CAPABILITY_LOCAL) != 0 : inline_override != 0;
  return bs_turn_get(&store->turn, metadata->threads, store->driver, error);
}

static bool name_it(struct bs_store *store, const char *name, const char *driver_name, struct bs_error *error) {
  store->name = strdup(name);
  store->driver_name = strdup(driver_name);
  return store->name != NULL && store->driver_name != NULL ? true : bs_fail_memory(error);
}

static struct bs_store *new_store(struct blockstore_settings *settings, struct bs_error *error) {
  struct bs_store *store = calloc(1, sizeof *store);

  if (store == NULL) {
    bs_settings_free(settings);
    bs_fail_memory(error);
    return NULL;
  }
  store->handle.magic = STORE_MAGIC;
  atomic_init(&store->references, 1);
  atomic_init(&store->users, 1);
  store->settings = settings;
  return store;
}

/* Runs storage_init or storage_close alone. */
static bool run_alone(struct bs_store *store, enum bs_entry entry, struct bs_scope *scope, struct bs_error *error) {
  const struct bs_arguments none = {0};
  struct bs_call *call;
  bool done;

  if (!bs_call_new(&call, store, entry, &none, error)) return false;
  bs_calls_run(&call, 1, scope, NULL);
  done = bs_call_result(call)->status == BLOCKSTORE_STATUS_OK;
  if (!done) *error = bs_call_result(call)->error;
  bs_call_release(call);
  return done;
}

bool bs_store_open(struct bs_store **ret_store, const char *name, const char *driver_name,
                   const struct blockstore_driver *driver, size_t driver_size, const struct bs_metadata *metadata,
                   struct blockstore_settings *settings, int inline_override, struct bs_store *below, struct bs_scope *scope,
                   struct bs_error *error) {
  struct bs_store *store = new_store(settings, error);

  if (store == NULL) {
    bs_store_close(below);
    return false;
  }
  store->driver = driver;
  store->driver_size = driver_size;
  store->below = below;
  store->next = bs_next(below);
  if (!name_it(store, name, driver_name, error) || !set_traits(store, metadata, inline_override, error) ||
      !run_alone(store, BS_ENTRY_OPEN, scope, error)) {
    bs_store_close(store);
    return false;
  }
  *ret_store = store;
  return true;
}

/* The opener's only: false when a call is still inside the driver, which then closes the instance when it leaves. */
static bool is_only_user(struct bs_store *store) {
  unsigned users = atomic_load(&store->users);

  while (users > 1)
    if (atomic_compare_exchange_weak(&store->users, &users, users - 1)) return false;
  return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than filters stand above a store */
void bs_store_closed(struct bs_store *store) {
  struct bs_store *below = store->below;

  store->below = NULL;
  bs_store_close(below);
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than filters stand above a store */
static void close_instance(struct bs_store *store) {
  struct bs_scope scope = {.fd = -1, .deadline_ms = bs_clock_monotonic_ms() + BS_STORE_CLOSE_MS};
  struct bs_error error = {0};

  if (!store->is_open || !BLOCKSTORE_HAS(store->driver, store->driver_size, storage_close) ||
      run_alone(store, BS_ENTRY_CLOSE, &scope, &error)) {
    bs_store_closed(store);
    return;
  }
  if (!store->is_open) { /* abandoned in storage_close, and so is what is below, until that returns */
    if (atomic_fetch_sub(&store->users, 1) == 1) bs_store_closed(store);
    return;
  }
  /* Never entered: the driver may go on using what it was given. */
  bs_store_retain(store);
  bs_log(BS_LOG_WARNING, "%s: The instance could not be closed and is left open: %s", store->name, error.message);
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than filters stand above a store */
void bs_store_close(struct bs_store *store) {
  if (store == NULL) return;
  if (is_only_user(store))
    close_instance(store);
  else
    bs_log(BS_LOG_WARNING, "%s: The driver %s is still inside a call: it is closed when that returns.", store->name,
           store->driver_name);
  bs_store_release(store);
}

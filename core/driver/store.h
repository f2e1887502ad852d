/* SPDX-License-Identifier: MIT */
/*
 * An opened instance of a driver.  Refcounted, because a call that was abandoned inside the driver still uses it: the
 * opener's reference goes with bs_store_close, each call (core/driver/call.h) holds one.  Members are set while
 * opening, then only read.
 *
 * A filter stands above another store, `below`, which it alone calls (core/driver/next.h).  A stack of them is one store for
 * all others: the topmost.
 */
#ifndef BS_DRIVER_STORE_H
#define BS_DRIVER_STORE_H

#include <stdatomic.h>

#include <blockstore/driver.h>

#include "core/base/scope.h"
#include "core/driver/metadata.h"
#include "core/driver/settings.h"

#define BS_STORE_CLOSE_MS 2000 /* how long storage_close may take before it is abandoned */

/* What drivers know as their store. */
struct blockstore_store {
  uint32_t magic;
};

struct bs_turn;

struct bs_store {
  struct blockstore_store handle; /* its magic is that of a live store */
  atomic_uint references;
  atomic_uint users; /* the opener, until bs_store_close, and each call inside the driver; the last one closes it */
  char *name;        /* of the instance, from the configuration */
  char *driver_name; /* disk */
  const struct blockstore_driver *driver;
  size_t driver_size; /* valid bytes of *driver */
  void *self;         /* the driver's */
  atomic_bool is_open; /* storage_init returned OK, storage_close was not called; for who is the only user */
  struct blockstore_settings *settings;
  enum bs_threads threads;
  unsigned capabilities; /* enum bs_capability; of the whole stack from here down, and so is what follows */
  uint64_t largest;      /* bytes of an object; UINT64_MAX: not said */
  bool is_inline;        /* calls run on the caller's thread */
  struct bs_turn *turn;  /* of this instance or of the whole driver; NULL: parallel */
  struct bs_store *below; /* of a filter: open as long as it is; else NULL */
  struct blockstore_next next; /* as the filter knows it */
  _Atomic(char *) warning; /* the first that the driver has logged, or error; NULL: none yet.  Then it stays. */
};

/*
 * Runs storage_init, within the scope.  `driver` (a table of driver_size bytes) has static storage; `metadata` is only
 * read; `settings` is taken over in any case; inline_override: 0 or 1, or -1 as the metadata say; below: NULL but for a
 * filter, taken over in any case: it is closed after the filter.
 * A storage_init that does not return is abandoned like any call.  Words: as bs_call_result.
 */
bool bs_store_open(struct bs_store **ret_store, const char *name, const char *driver_name,
                   const struct blockstore_driver *driver, size_t driver_size, const struct bs_metadata *metadata,
                   struct blockstore_settings *settings, int inline_override, struct bs_store *below, struct bs_scope *scope,
                   struct bs_error *error);

/* Runs storage_close, then that of the store below; unless a call was abandoned in the instance: then that call does it, when it
 * returns, and the log names it.  The caller has no call of its own in flight.  NULL is allowed. */
void bs_store_close(struct bs_store *store);

/* For who was the last user of an instance that is closed: gives up the store below. */
void bs_store_closed(struct bs_store *store);
/* enum bs_capability of a filter above a store, of those of both. */
unsigned bs_store_capabilities(unsigned above, unsigned below);

struct bs_store *bs_store_retain(struct bs_store *store);
void bs_store_release(struct bs_store *store);
/* The store behind a driver's handle, or NULL when it is none. */
struct bs_store *bs_store_of(struct blockstore_store *handle);

#endif

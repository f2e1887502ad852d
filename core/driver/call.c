/* SPDX-License-Identifier: MIT */
/* One call: what it is made of, and the way into the driver. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/driver/call_private.h"
#include "core/driver/host.h"
#include "core/driver/inside.h"

/* What each entry point is given. */
enum { TARGET = 1 << 0, FEED = 1 << 1, RECEIVER = 1 << 2, SIGNATURE = 1 << 3, CHANGES = 1 << 4 };

static const struct {
  const char *text;
  unsigned needs;
} entries[] = {
    [BS_ENTRY_OPEN] = {"storage_init", 0},
    [BS_ENTRY_CLOSE] = {"storage_close", 0},
    [BS_ENTRY_HANDLES_URL] = {"handles_url", TARGET},
    [BS_ENTRY_MAKE_MUTABLE_URL] = {"make_mutable_url", TARGET | RECEIVER},
    [BS_ENTRY_GET_IMMUTABLE] = {"get_immutable", TARGET | RECEIVER},
    [BS_ENTRY_GET_MUTABLE] = {"get_mutable", TARGET | RECEIVER},
    [BS_ENTRY_PUT_IMMUTABLE] = {"put_immutable", TARGET | FEED | CHANGES},
    [BS_ENTRY_PUT_MUTABLE] = {"put_mutable", TARGET | FEED | SIGNATURE | CHANGES},
    [BS_ENTRY_DELETE_IMMUTABLE] = {"delete_immutable", TARGET | CHANGES},
    [BS_ENTRY_DELETE_MUTABLE] = {"delete_mutable", TARGET | SIGNATURE | CHANGES},
    [BS_ENTRY_CHECK] = {"check", RECEIVER},
};

const char *bs_entry_text(enum bs_entry entry) {
  return entries[entry].text;
}

/* Making and releasing */

static void destroy(struct bs_call *call) {
  bs_call_close_descriptors(call);
  bs_feed_reader_end(&call->reader);
  pthread_mutex_destroy(&call->lock);
  bs_store_release(call->store);
  free(call->target);
  free(call->txid);
  free(call->signature);
  call->magic = 0;
  free(call);
}

void bs_call_release(struct bs_call *call) {
  if (call != NULL && atomic_fetch_sub(&call->references, 1) == 1) destroy(call);
}

struct bs_call *bs_call_of(struct blockstore_call *abi) {
  struct bs_call *call = (struct bs_call *)(void *)abi;

  return abi != NULL && call->magic == BS_CALL_MAGIC ? call : NULL;
}

struct bs_call *bs_call_retain(struct bs_call *call) {
  atomic_fetch_add(&call->references, 1);
  return call;
}

static bool copy_text(char **ret_copy, const char *text, struct bs_error *error) {
  if (text == NULL) return true;
  *ret_copy = strdup(text);
  return *ret_copy != NULL ? true : bs_fail_memory(error);
}

static bool take_arguments(struct bs_call *call, const struct bs_arguments *arguments, struct bs_error *error) {
  call->version = arguments->version;
  if (arguments->feed != NULL) bs_feed_reader_begin(&call->reader, arguments->feed);
  call->has_receiver = arguments->receiver != NULL;
  if (call->has_receiver) call->receiver = *arguments->receiver;
  return copy_text(&call->target, arguments->target, error) && copy_text(&call->txid, arguments->txid, error) &&
         copy_text(&call->signature, arguments->signature, error);
}

static bool complete(enum bs_entry entry, const struct bs_arguments *arguments, struct bs_error *error) {
  unsigned needs = entries[entry].needs;

  if ((needs & TARGET) != 0 && arguments->target == NULL)
    return bs_fail(error, BS_WORD_usage, "The call has no target.");
  if ((needs & SIGNATURE) != 0 && arguments->signature == NULL)
    return bs_fail(error, BS_WORD_usage, "The call has no signature.");
  if (((needs & FEED) != 0) != (arguments->feed != NULL) || ((needs & RECEIVER) != 0) != (arguments->receiver != NULL))
    return bs_fail(error, BS_WORD_usage, "The call has a feed or a receiver too many or too few.");
  return true;
}

bool bs_call_new(struct bs_call **ret_call, struct bs_store *store, enum bs_entry entry,
                 const struct bs_arguments *arguments, struct bs_error *error) {
  struct bs_call *call;

  if (!complete(entry, arguments, error)) return false;
  call = calloc(1, sizeof *call);
  if (call == NULL) return bs_fail_memory(error);
  atomic_init(&call->references, 1);
  pthread_mutex_init(&call->lock, NULL);
  call->magic = BS_CALL_MAGIC;
  call->store = bs_store_retain(store);
  call->entry = entry;
  call->cancel_fd = call->timer_fd = -1;
  call->abi = (struct blockstore_call){sizeof call->abi, 0, &bs_host, &store->handle};
  if (!take_arguments(call, arguments, error)) {
    destroy(call);
    return false;
  }
  bs_call_begin_streams(call);
  *ret_call = call;
  return true;
}

struct bs_store *bs_call_store(const struct bs_call *call) {
  return call->store;
}

void bs_call_set_user(struct bs_call *call, void *user) {
  call->user = user;
}

void *bs_call_user(const struct bs_call *call) {
  return call->user;
}

uint64_t bs_call_bytes(const struct bs_call *call) {
  return atomic_load_explicit(&call->bytes, memory_order_relaxed);
}

const struct bs_call_result *bs_call_result(const struct bs_call *call) {
  return &call->result;
}

/* Into the driver */

static bool has_entry(const struct bs_store *store, enum bs_entry entry) {
  const struct blockstore_driver *driver = store->driver;
  size_t size = store->driver_size;

  switch (entry) {
  case BS_ENTRY_OPEN: return BLOCKSTORE_HAS(driver, size, storage_init);
  case BS_ENTRY_CLOSE: return BLOCKSTORE_HAS(driver, size, storage_close);
  case BS_ENTRY_HANDLES_URL: return BLOCKSTORE_HAS(driver, size, handles_url);
  case BS_ENTRY_MAKE_MUTABLE_URL: return BLOCKSTORE_HAS(driver, size, make_mutable_url);
  case BS_ENTRY_GET_IMMUTABLE: return BLOCKSTORE_HAS(driver, size, get_immutable_handler);
  case BS_ENTRY_GET_MUTABLE: return BLOCKSTORE_HAS(driver, size, get_mutable_handler);
  case BS_ENTRY_PUT_IMMUTABLE: return BLOCKSTORE_HAS(driver, size, put_immutable_handler);
  case BS_ENTRY_PUT_MUTABLE: return BLOCKSTORE_HAS(driver, size, put_mutable_handler);
  case BS_ENTRY_DELETE_IMMUTABLE: return BLOCKSTORE_HAS(driver, size, delete_immutable_handler);
  case BS_ENTRY_DELETE_MUTABLE: return BLOCKSTORE_HAS(driver, size, delete_mutable_handler);
  case BS_ENTRY_CHECK: return BLOCKSTORE_HAS(driver, size, check);
  default: return false;
  }
}

static enum blockstore_status open_instance(struct bs_call *call) {
  struct bs_store *store = call->store;
  const struct blockstore_next *next = store->below == NULL ? NULL : &store->next;
  enum blockstore_status status = store->driver->storage_init(&store->self, &call->abi, store->settings, next);

  store->is_open = status == BLOCKSTORE_STATUS_OK;
  return status;
}

static enum blockstore_status close_instance(struct bs_store *store, struct blockstore_call *abi) {
  store->is_open = false;
  store->driver->storage_close(store->self, abi);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status dispatch(struct bs_call *call) {
  const struct blockstore_driver *driver = call->store->driver;
  void *self = call->store->self;
  struct blockstore_call *abi = &call->abi;
  struct blockstore_sink *sink = &call->sink.abi;
  const struct blockstore_source *source = &call->source.abi;

  switch (call->entry) {
  case BS_ENTRY_OPEN: return open_instance(call);
  case BS_ENTRY_CLOSE: return close_instance(call->store, abi);
  case BS_ENTRY_HANDLES_URL: return driver->handles_url(self, abi, call->target);
  case BS_ENTRY_MAKE_MUTABLE_URL: return driver->make_mutable_url(self, abi, sink, call->target);
  case BS_ENTRY_GET_IMMUTABLE: return driver->get_immutable_handler(self, abi, sink, call->target);
  case BS_ENTRY_GET_MUTABLE: return driver->get_mutable_handler(self, abi, sink, call->target);
  case BS_ENTRY_PUT_IMMUTABLE: return driver->put_immutable_handler(self, abi, call->target, source, call->txid);
  case BS_ENTRY_PUT_MUTABLE:
    return driver->put_mutable_handler(self, abi, call->target, call->version, call->signature, source);
  case BS_ENTRY_DELETE_IMMUTABLE: return driver->delete_immutable_handler(self, abi, call->target, call->txid);
  case BS_ENTRY_DELETE_MUTABLE: return driver->delete_mutable_handler(self, abi, call->target, call->signature);
  case BS_ENTRY_CHECK: return driver->check(self, abi, sink);
  default: return BLOCKSTORE_STATUS_UNSUPPORTED;
  }
}

bool bs_call_possible(const struct bs_call *call, enum blockstore_status *ret_status, struct bs_error *error) {
  const struct bs_store *store = call->store;
  const char *text = bs_entry_text(call->entry);

  *ret_status = BLOCKSTORE_STATUS_UNSUPPORTED;
  if ((entries[call->entry].needs & CHANGES) != 0 && (store->capabilities & BS_CAPABILITY_READ_ONLY) != 0)
    return bs_fail(error, BS_WORD_failed, "The store can only be read (%s).", text);
  if (!has_entry(store, call->entry))
    return bs_fail(error, BS_WORD_failed, "The driver %s has no %s.", store->driver_name, text);
  if (call->source.abi.size <= store->largest) return true;
  *ret_status = BLOCKSTORE_STATUS_TOO_LARGE;
  return bs_fail(error, BS_WORD_too_large, "The store takes objects of at most %ju bytes; this has %ju.",
                 (uintmax_t)store->largest, (uintmax_t)call->source.abi.size);
}

/* Counts the call as a user of its instance, unless it need not start any more. */
static bool begin(struct bs_call *call) {
  BS_LOCKED(&call->lock);
  if (call->state != BS_CALL_RUNNING || bs_call_stop_word(call) != BS_NO_WORD) return false;
  atomic_fetch_add(&call->store->users, 1);
  call->entered_ms = bs_clock_monotonic_ms();
  return true;
}

static void go_inside(struct bs_inside *inside, const struct bs_store *store, enum bs_entry entry) {
  *inside = (struct bs_inside){
      .driver = store->driver_name, .table = store->driver, .store = store->name, .entry = bs_entry_text(entry)};
  bs_inside_enter(inside);
}

/* The last user of an instance that its opener has given up closes it. */
static void leave(struct bs_call *call) {
  struct bs_store *store = call->store;
  struct bs_inside inside;

  if (atomic_fetch_sub(&store->users, 1) != 1) return;
  if (store->is_open && has_entry(store, BS_ENTRY_CLOSE)) {
    go_inside(&inside, store, BS_ENTRY_CLOSE);
    close_instance(store, &call->abi);
    bs_inside_leave(&inside);
  }
  bs_store_closed(store);
}

enum blockstore_status bs_call_enter(struct bs_call *call) {
  enum blockstore_status status;
  struct bs_inside inside;

  if (!begin(call)) return BLOCKSTORE_STATUS_CANCELLED;
  bs_log(BS_LOG_DEBUG, "%s: entering %s of the driver %s", call->store->name, bs_entry_text(call->entry),
         call->store->driver_name);
  go_inside(&inside, call->store, call->entry);
  status = dispatch(call);
  bs_inside_leave(&inside);
  leave(call);
  return status;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "t/flawed/flaws.h"
#include "t/flawed/wrap.h"

#define FOREVER UINT32_MAX

/* ---- the driver is told that there is time ---- */

static bool is_past(const struct wrapped_call *call) {
  return wrap_now_ms() >= call->due_ms;
}

static bool has_descriptor(const struct wrapped_call *call) {
  return call->real->host->cancel_fd(call->real) >= 0;
}

/* Does not see a cancellation during the first read or write. */
static uint32_t miss_first(struct wrapped_call *call, uint32_t left) {
  if (left == 0 && call->looks == 2 && !is_past(call) && has_descriptor(call)) call->state = 1;
  return call->state == 1 ? FOREVER : left;
}

/* Does not see one during a later one. */
static uint32_t miss_later(struct wrapped_call *call, uint32_t left) {
  if (left == 0 && call->looks == 3) call->state = 1;
  return call->state == 1 ? FOREVER : left;
}

/* Does not see the deadline pass. */
static uint32_t miss_deadline(struct wrapped_call *call, uint32_t left) {
  if (left == 0 && call->looks > 1 && is_past(call)) call->state = 1;
  return call->state == 1 ? FOREVER : left;
}

/* Relies on the descriptor. */
static uint32_t miss_without_descriptor(struct wrapped_call *call, uint32_t left) {
  return has_descriptor(call) ? left : FOREVER;
}

static enum blockstore_status put_key(void *self, struct blockstore_call *call, const char *key,
                                      const struct blockstore_source *data,
                                      uint32_t (*left)(struct wrapped_call *call, uint32_t left)) {
  struct wrapped_call wrapped;

  wrap_call(&wrapped, call, left);
  return good.put_immutable_handler(self, &wrapped.abi, key, data, NULL);
}

static enum blockstore_status put_on(void *self, struct blockstore_call *call, const char *key,
                                     const struct blockstore_source *data, const char *txid) {
  (void)txid;
  return put_key(self, call, key, data, miss_first);
}

static enum blockstore_status put_to_end(void *self, struct blockstore_call *call, const char *key,
                                         const struct blockstore_source *data, const char *txid) {
  (void)txid;
  return put_key(self, call, key, data, miss_later);
}

static enum blockstore_status put_late(void *self, struct blockstore_call *call, const char *key,
                                       const struct blockstore_source *data, const char *txid) {
  (void)txid;
  return put_key(self, call, key, data, miss_deadline);
}

static enum blockstore_status put_blindly(void *self, struct blockstore_call *call, const char *key,
                                          const struct blockstore_source *data, const char *txid) {
  (void)txid;
  return put_key(self, call, key, data, miss_without_descriptor);
}

static enum blockstore_status put_record_on(void *self, struct blockstore_call *call, const char *id, uint64_t version,
                                            const char *signature, const struct blockstore_source *record) {
  struct wrapped_call wrapped;

  wrap_call(&wrapped, call, miss_first);
  return good.put_mutable_handler(self, &wrapped.abi, id, version, signature, record);
}

static enum blockstore_status get_on(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                     const char *key) {
  struct wrapped_call wrapped;

  wrap_call(&wrapped, call, miss_first);
  return good.get_immutable_handler(self, &wrapped.abi, ret_data, key);
}

static enum blockstore_status get_record_on(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                            const char *url) {
  struct wrapped_call wrapped;

  wrap_call(&wrapped, call, miss_first);
  return good.get_mutable_handler(self, &wrapped.abi, ret_record, url);
}

static enum blockstore_status get_late(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                       const char *key) {
  struct wrapped_call wrapped;

  wrap_call(&wrapped, call, miss_deadline);
  return good.get_immutable_handler(self, &wrapped.abi, ret_data, key);
}

/* The instance that a cancelled call has left in the middle of something. */
static _Atomic(void *) stuck;

static enum blockstore_status get_stuck(void *self, struct blockstore_call *call, const char *key,
                                        const struct blockstore_source *data, const char *txid) {
  enum blockstore_status status = good.put_immutable_handler(self, call, key, data, txid);

  if (status == BLOCKSTORE_STATUS_OK && atomic_load(&stuck) == self)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "The last answer is not read yet.");
  if (status == BLOCKSTORE_STATUS_CANCELLED && call->host->time_left(call) == 0) atomic_store(&stuck, self);
  return status;
}

/* ---- the driver waits ---- */

/* As if for a server, which does not answer. */
static void wait_long(struct blockstore_call *call) {
  const struct timespec time = {4, 0};

  if (call->host->time_left(call) == 0) nanosleep(&time, NULL);
}

static enum blockstore_status wait_to_open(void **ret_self, struct blockstore_call *call,
                                           const struct blockstore_settings *settings, const struct blockstore_next *next) {
  wait_long(call);
  return good.storage_init(ret_self, call, settings, next);
}

static enum blockstore_status wait_to_get(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                          const char *key) {
  wait_long(call);
  return good.get_immutable_handler(self, call, ret_data, key);
}

static enum blockstore_status wait_for_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                           const char *id) {
  wait_long(call);
  return good.make_mutable_url(self, call, ret_url, id);
}

static enum blockstore_status wait_to_delete(void *self, struct blockstore_call *call, const char *id, const char *signature) {
  wait_long(call);
  return good.delete_mutable_handler(self, call, id, signature);
}

static enum blockstore_status wait_to_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  wait_long(call);
  return good.check(self, call, ret_report);
}

static const struct flaw flaws[] = {
    {"deadlines.put-immutable", {.put_immutable_handler = put_on}},
    {"deadlines.put-mutable", {.put_mutable_handler = put_record_on}},
    {"deadlines.get-immutable", {.get_immutable_handler = get_on}},
    {"deadlines.get-mutable", {.get_mutable_handler = get_record_on}},
    {"deadlines.slow-source", {.put_immutable_handler = put_late}},
    {"deadlines.slow-sink", {.get_immutable_handler = get_late}},
    {"deadlines.past", {.get_immutable_handler = wait_to_get}},
    {"deadlines.urls", {.make_mutable_url = wait_for_url}},
    {"deadlines.opening", {.storage_init = wait_to_open}},
    {"deadlines.delete", {.delete_mutable_handler = wait_to_delete}},
    {"deadlines.check", {.check = wait_to_check}},
    {"deadlines.no-descriptor", {.put_immutable_handler = put_blindly}},
    {"deadlines.other-thread", {.put_immutable_handler = put_to_end}},
    {"deadlines.go-on", {.put_immutable_handler = get_stuck}},
};
const struct flaws flaws_deadlines = FLAWS(flaws);

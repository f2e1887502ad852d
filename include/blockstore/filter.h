/* SPDX-License-Identifier: MIT */
/*
 * blockstore/filter.h: what a filter leaves as it is.  These are functions of the filter's own, compiled into it; the ABI is
 * driver.h.
 *
 * A filter has every entry point, as one that is missing is not passed by but BLOCKSTORE_STATUS_UNSUPPORTED.  Where it changes
 * nothing it names one of these.  What its storage_init gives as *ret_self must begin with the `next` that it was given:
 *
 *   struct mine {
 *     const struct blockstore_next *next;
 *     ...
 *   };
 *
 * Where one is added for an entry point that came after ABI 1.0, it asks first whether the store below has that
 * (BLOCKSTORE_HAS); those that stand here are always there.
 */
#ifndef BLOCKSTORE_FILTER_H
#define BLOCKSTORE_FILTER_H

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline const struct blockstore_next *blockstore_next_of(void *self) {
  return *(const struct blockstore_next *const *)self;
}

static inline enum blockstore_status blockstore_pass_handles_url(void *self, struct blockstore_call *call, const char *url) {
  const struct blockstore_next *next = blockstore_next_of(self);

  return next->driver->handles_url(next->self, call, url);
}

static inline enum blockstore_status blockstore_pass_make_mutable_url(void *self, struct blockstore_call *call,
                                                                      struct blockstore_sink *ret_url, const char *data_id) {
  const struct blockstore_next *next = blockstore_next_of(self);

  return next->driver->make_mutable_url(next->self, call, ret_url, data_id);
}

static inline enum blockstore_status blockstore_pass_get_immutable(void *self, struct blockstore_call *call,
                                                                   struct blockstore_sink *ret_data, const char *key) {
  const struct blockstore_next *next = blockstore_next_of(self);

  return next->driver->get_immutable_handler(next->self, call, ret_data, key);
}

static inline enum blockstore_status blockstore_pass_get_mutable(void *self, struct blockstore_call *call,
                                                                 struct blockstore_sink *ret_record, const char *url) {
  const struct blockstore_next *next = blockstore_next_of(self);

  return next->driver->get_mutable_handler(next->self, call, ret_record, url);
}

static inline enum blockstore_status blockstore_pass_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                                   const struct blockstore_source *data, const char *txid) {
  const struct blockstore_next *next = blockstore_next_of(self);

  return next->driver->put_immutable_handler(next->self, call, key, data, txid);
}

static inline enum blockstore_status blockstore_pass_put_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                                 uint64_t version, const char *signature,
                                                                 const struct blockstore_source *record) {
  const struct blockstore_next *next = blockstore_next_of(self);

  return next->driver->put_mutable_handler(next->self, call, data_id, version, signature, record);
}

static inline enum blockstore_status blockstore_pass_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                                      const char *txid) {
  const struct blockstore_next *next = blockstore_next_of(self);

  return next->driver->delete_immutable_handler(next->self, call, key, txid);
}

static inline enum blockstore_status blockstore_pass_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                                    const char *signature) {
  const struct blockstore_next *next = blockstore_next_of(self);

  return next->driver->delete_mutable_handler(next->self, call, data_id, signature);
}

static inline enum blockstore_status blockstore_pass_check(void *self, struct blockstore_call *call,
                                                           struct blockstore_sink *ret_report) {
  const struct blockstore_next *next = blockstore_next_of(self);

  return next->driver->check(next->self, call, ret_report);
}

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/*
 * A filter under test, without the core: above a store that keeps one value, answers as it is told and counts what is asked of
 * it.  Like the core, it leaves what it said of a failure in the call; unlike the core, it hands on what source and sink answer.
 */
#ifndef BS_T_FILTER_HOST_H
#define BS_T_FILTER_HOST_H

#include <pthread.h>
#include <stdbool.h>

#include "t/lib/driver-host.h"

#define BELOW_MOST 32 /* answers that can be told */

/* One answer of the store. */
struct below_answer {
  enum blockstore_status status;
  uint32_t retry_after_ms;
  bool moves;      /* the value is given or taken also when the status is not OK */
  bool is_endless; /* what it gives is of a size that is not said */
  size_t give;     /* bytes of it that are given; 0: all */
};

static struct below {
  struct below_answer answers[BELOW_MOST]; /* then OK */
  unsigned asked;                          /* how often, of all entry points */
  char entry[32], target[80], txid[80], signature[80];
  uint64_t version;
  char value[256];
  size_t length;
  pthread_mutex_t lock; /* asked and value */
} below = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline void below_reset(void) {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

  below = (struct below){.lock = lock};
}

static inline enum blockstore_status below_end(struct blockstore_call *call, const struct below_answer *answer) {
  bool good = answer->status == BLOCKSTORE_STATUS_OK;

  call->host->set_error(call, good ? "" : "The store has its reasons.");
  call->host->retry_after(call, answer->retry_after_ms);
  return answer->status;
}

static inline struct below_answer below_note(const char *entry, const char *target, const char *txid, const char *signature) {
  static const struct below_answer good = {.status = BLOCKSTORE_STATUS_OK};
  struct below_answer answer;

  pthread_mutex_lock(&below.lock);
  snprintf(below.entry, sizeof below.entry, "%s", entry);
  snprintf(below.target, sizeof below.target, "%s", target);
  snprintf(below.txid, sizeof below.txid, "%s", txid == NULL ? "none" : txid);
  snprintf(below.signature, sizeof below.signature, "%s", signature == NULL ? "none" : signature);
  answer = below.asked < BELOW_MOST ? below.answers[below.asked] : good;
  below.asked++;
  pthread_mutex_unlock(&below.lock);
  return answer;
}

static inline enum blockstore_status below_give(struct blockstore_call *call, struct blockstore_sink *sink,
                                                struct below_answer answer) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  size_t give = answer.give == 0 ? below.length : answer.give;

  if (answer.status == BLOCKSTORE_STATUS_OK || answer.moves) {
    status = sink->begin(sink, answer.is_endless ? BLOCKSTORE_SIZE_UNKNOWN : below.length);
    if (status == BLOCKSTORE_STATUS_OK) status = sink->write(sink, below.value, give / 2);
    if (status == BLOCKSTORE_STATUS_OK) status = sink->write(sink, below.value + give / 2, give - give / 2);
  }
  if (status != BLOCKSTORE_STATUS_OK) answer = (struct below_answer){.status = status};
  return below_end(call, &answer);
}

static inline enum blockstore_status below_take(struct blockstore_call *call, const struct blockstore_source *source,
                                                struct below_answer answer) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  char value[sizeof below.value];

  if (answer.status == BLOCKSTORE_STATUS_OK || answer.moves) {
    size_t size = (size_t)source->size, half = size / 2;

    assert_true(size <= sizeof value);
    status = source->read_at(source, value, half, 0);
    if (status == BLOCKSTORE_STATUS_OK) status = source->read_at(source, value + half, size - half, half);
    pthread_mutex_lock(&below.lock);
    if (status == BLOCKSTORE_STATUS_OK) memcpy(below.value, value, below.length = size);
    pthread_mutex_unlock(&below.lock);
  }
  if (status != BLOCKSTORE_STATUS_OK) answer = (struct below_answer){.status = status};
  return below_end(call, &answer);
}

static inline enum blockstore_status below_plain(struct blockstore_call *call, struct below_answer answer) {
  return below_end(call, &answer);
}

static inline enum blockstore_status below_handles(void *self, struct blockstore_call *call, const char *url) {
  (void)self;
  return below_plain(call, below_note("handles_url", url, NULL, NULL));
}

static inline enum blockstore_status below_make(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                                const char *data_id) {
  (void)self;
  return below_give(call, sink, below_note("make_mutable_url", data_id, NULL, NULL));
}

static inline enum blockstore_status below_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                                         const char *key) {
  (void)self;
  return below_give(call, sink, below_note("get_immutable", key, NULL, NULL));
}

static inline enum blockstore_status below_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                                       const char *url) {
  (void)self;
  return below_give(call, sink, below_note("get_mutable", url, NULL, NULL));
}

static inline enum blockstore_status below_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                         const struct blockstore_source *data, const char *txid) {
  (void)self;
  return below_take(call, data, below_note("put_immutable", key, txid, NULL));
}

static inline enum blockstore_status below_put_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                       uint64_t version, const char *signature,
                                                       const struct blockstore_source *record) {
  struct below_answer answer = below_note("put_mutable", data_id, NULL, signature);

  (void)self;
  below.version = version;
  return below_take(call, record, answer);
}

static inline enum blockstore_status below_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                            const char *txid) {
  (void)self;
  return below_plain(call, below_note("delete_immutable", key, txid, NULL));
}

static inline enum blockstore_status below_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                          const char *signature) {
  (void)self;
  return below_plain(call, below_note("delete_mutable", data_id, NULL, signature));
}

static inline enum blockstore_status below_check(void *self, struct blockstore_call *call, struct blockstore_sink *sink) {
  (void)self;
  return below_give(call, sink, below_note("check", "", NULL, NULL));
}

static const struct blockstore_driver below_driver = {
    .handles_url = below_handles,
    .make_mutable_url = below_make,
    .get_immutable_handler = below_get_immutable,
    .get_mutable_handler = below_get_mutable,
    .put_immutable_handler = below_put_immutable,
    .put_mutable_handler = below_put_mutable,
    .delete_immutable_handler = below_delete_immutable,
    .delete_mutable_handler = below_delete_mutable,
    .check = below_check,
};
static const struct blockstore_next below_next = {sizeof below_next, sizeof below_driver, &below_driver, NULL};

/* The filter's storage_init above that store, which is as new. */
static inline enum blockstore_status filter_try(struct host_store *store, const char *filter, const struct host_setting *rows) {
  struct blockstore_settings settings = {rows};

  below_reset();
  host_call_init(&store->call);
  store->self = NULL;
  store->driver = host_load(filter);
  return store->driver->storage_init(&store->self, &store->call.call, &settings, &below_next);
}

static inline void filter_open(struct host_store *store, const char *filter, const struct host_setting *rows) {
  if (filter_try(store, filter, rows) != BLOCKSTORE_STATUS_OK) fail_msg("storage_init: %s", store->call.sentence);
}

/* It does not open, and says this. */
static inline void filter_refuses(const char *filter, const struct host_setting *rows, const char *sentence) {
  struct host_store store;

  assert_int_equal(filter_try(&store, filter, rows), BLOCKSTORE_STATUS_FAILED);
  assert_string_equal(store.call.sentence, sentence);
}

static inline void below_holds(const char *value) {
  below.length = strlen(value);
  memcpy(below.value, value, below.length);
}

#endif

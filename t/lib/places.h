/* SPDX-License-Identifier: MIT */
/* For tests of mutable records over several stores: stores that give what a test lays into them, in the manner it says. */
#ifndef BS_T_PLACES_H
#define BS_T_PLACES_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include <blockstore/driver.h>

#include "core/base/auto.h"
#include "core/base/worker.h"
#include "core/replica/mutable.h"
#include "t/lib/datum.h"

enum { STORES = 3, CANDIDATES = 5, URLS = 4 };

/* A record under a URL; NULL: under any. */
struct candidate {
  const char *url;
  const void *bytes;
  size_t length;
  bool has_no_size; /* handed out without its size, in pieces */
};

/* One test store: its `self`. */
struct shelf {
  const char *own_url; /* NULL: it can make none, with the status `make` */
  size_t own_length;   /* 0: that of the text */
  enum blockstore_status make;
  const char *handled[URLS]; /* beside its own */
  struct candidate candidates[CANDIDATES];
  enum blockstore_status status; /* what get answers; OK without a candidate: NOT_FOUND */
  bool is_hollow;                /* get answers OK and gives nothing */
  bool is_endless;               /* get writes one byte after the other until it is refused */
  unsigned repeats;              /* hands out its candidates so often again */
  long delay_ms;                 /* get takes so long, unless it is cancelled before */
  unsigned transient;            /* so many reads answer TRANSIENT first */
  bool never;                    /* get does not return until the test ends */
  bool ponders;                  /* make_mutable_url waits until it is cancelled */
  enum blockstore_status change; /* what put and delete answer */
  uint64_t version;              /* of the last put; delete: 0 */
  char data_id[128], signature[128];
  atomic_uint makes, handles, reads, changes;
  atomic_uint inside; /* reads that have not returned */
};

static struct shelf shelves[STORES];
static struct bs_replicas replicas;
static struct bs_scopes scopes;
static struct bs_watch watch;
static sem_t released; /* posted at the end of a test for each read that never returned */

static struct shelf *opening; /* whose store is being opened */

static enum blockstore_status shelf_init(void **ret_self, struct blockstore_call *call,
                                         const struct blockstore_settings *settings,
                                         const struct blockstore_next *next) {
  (void)call, (void)settings, (void)next;
  *ret_self = opening;
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status shelf_handles(void *self, struct blockstore_call *call, const char *url) {
  struct shelf *shelf = self;

  (void)call;
  atomic_fetch_add(&shelf->handles, 1);
  for (int i = 0; i < URLS && shelf->handled[i] != NULL; i++)
    if (strcmp(shelf->handled[i], url) == 0) return BLOCKSTORE_STATUS_OK;
  return BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static inline void sleep_ms(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

  nanosleep(&time, NULL);
}

static enum blockstore_status shelf_make(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                         const char *data_id) {
  struct shelf *shelf = self;
  size_t length = shelf->own_length;

  (void)data_id;
  atomic_fetch_add(&shelf->makes, 1);
  while (shelf->ponders && call->host->time_left(call) > 0) sleep_ms(2);
  if (shelf->own_url == NULL) return shelf->make;
  if (length == 0) length = strlen(shelf->own_url);
  return sink->begin(sink, length) == BLOCKSTORE_STATUS_OK ? sink->write(sink, shelf->own_url, length) : BLOCKSTORE_STATUS_FAILED;
}

/* False: cancelled. */
static bool shelf_waits(struct shelf *shelf, struct blockstore_call *call) {
  struct timespec from, now;

  while (shelf->never && sem_wait(&released) < 0) continue;
  clock_gettime(CLOCK_MONOTONIC, &from);
  do {
    if (call->host->time_left(call) == 0) return false;
    if (shelf->delay_ms > 0) sleep_ms(2);
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 < shelf->delay_ms);
  return true;
}

static enum blockstore_status shelf_hand_out(struct blockstore_sink *sink, const struct candidate *candidate) {
  size_t piece = candidate->has_no_size ? 100 : candidate->length;
  enum blockstore_status status = sink->begin(sink, candidate->has_no_size ? BLOCKSTORE_SIZE_UNKNOWN : candidate->length);

  for (size_t at = 0; status == BLOCKSTORE_STATUS_OK && at < candidate->length; at += piece) {
    size_t rest = candidate->length - at;

    status = sink->write(sink, (const char *)candidate->bytes + at, rest < piece ? rest : piece);
  }
  return status;
}

static enum blockstore_status shelf_give(struct shelf *shelf, struct blockstore_call *call,
                                         struct blockstore_sink *sink, const char *url) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  bool any = shelf->is_hollow;

  if (atomic_fetch_add(&shelf->reads, 1) < shelf->transient) return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "Busy.");
  if (!shelf_waits(shelf, call)) return BLOCKSTORE_STATUS_CANCELLED;
  while (shelf->is_endless && status == BLOCKSTORE_STATUS_OK) status = sink->write(sink, "e", 1);
  for (unsigned k = 0; k <= shelf->repeats && status == BLOCKSTORE_STATUS_OK; k++)
    for (int i = 0; i < CANDIDATES && shelf->candidates[i].bytes != NULL && status == BLOCKSTORE_STATUS_OK; i++) {
      if (shelf->candidates[i].url != NULL && strcmp(shelf->candidates[i].url, url) != 0) continue;
      status = shelf_hand_out(sink, &shelf->candidates[i]);
      any = true;
    }
  if (status != BLOCKSTORE_STATUS_OK) return status;
  return shelf->status == BLOCKSTORE_STATUS_OK && !any ? BLOCKSTORE_STATUS_NOT_FOUND : shelf->status;
}

static enum blockstore_status shelf_get(void *self, struct blockstore_call *call, struct blockstore_sink *sink, const char *url) {
  struct shelf *shelf = self;
  enum blockstore_status status;

  atomic_fetch_add(&shelf->inside, 1);
  status = shelf_give(shelf, call, sink, url);
  atomic_fetch_sub(&shelf->inside, 1);
  return status;
}

static void shelf_note(struct shelf *shelf, const char *data_id, uint64_t version, const char *signature) {
  atomic_fetch_add(&shelf->changes, 1);
  shelf->version = version;
  snprintf(shelf->data_id, sizeof shelf->data_id, "%s", data_id);
  snprintf(shelf->signature, sizeof shelf->signature, "%s", signature);
}

static enum blockstore_status shelf_put(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                        const char *signature, const struct blockstore_source *record) {
  struct shelf *shelf = self;
  char buffer[64 << 10];
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  (void)call;
  shelf_note(shelf, data_id, version, signature);
  if (shelf->change != BLOCKSTORE_STATUS_OK) return shelf->change;
  for (uint64_t at = 0; at < record->size && status == BLOCKSTORE_STATUS_OK; at += sizeof buffer) {
    uint64_t rest = record->size - at;

    status = record->read_at(record, buffer, rest < sizeof buffer ? (size_t)rest : sizeof buffer, at);
  }
  return status;
}

static enum blockstore_status shelf_delete(void *self, struct blockstore_call *call, const char *data_id, const char *signature) {
  struct shelf *shelf = self;

  (void)call;
  shelf_note(shelf, data_id, 0, signature);
  return shelf->change;
}

static const struct blockstore_driver shelf_driver = {.storage_init = shelf_init,
                                                      .handles_url = shelf_handles,
                                                      .make_mutable_url = shelf_make,
                                                      .get_mutable_handler = shelf_get,
                                                      .put_mutable_handler = shelf_put,
                                                      .delete_mutable_handler = shelf_delete};

/* Opens a store: on the caller's thread when local, else on workers. */
static inline void open_shelf(int number, unsigned capabilities) {
  static const char *const names[STORES] = {"one", "two", "three"}, *const urls[STORES] = {"shelf:one", "shelf:two",
                                                                                           "shelf:three"};
  const struct bs_metadata metadata = {.largest = UINT64_MAX, .threads = BS_THREADS_PARALLEL, .capabilities = capabilities};
  struct blockstore_settings *settings = NULL;
  struct bs_store *store = NULL;
  struct bs_error error = {0};

  shelves[number].own_url = urls[number];
  assert_ok(bs_settings_new(&settings, &error));
  opening = &shelves[number];
  assert_ok(bs_store_open(&store, names[number], "shelf", &shelf_driver, sizeof shelf_driver, &metadata, settings, -1, NULL,
                          watch.scope, &error));
  bs_store_close(replicas.items[number].store);
  replicas.items[number] = (struct bs_replica){.name = names[number], .store = store, .is_durable = true};
}

static inline int set_up_shelves(unsigned capabilities) {
  struct bs_error error = {0};

  memset(shelves, 0, sizeof shelves);
  sem_init(&released, 0, 0);
  assert_ok(bs_scope_open(&scopes, &watch.scope, 10000, &error));
  watch.scopes = &scopes;
  assert_ok(bs_replicas_new(&replicas, STORES, &error));
  for (int i = 0; i < STORES; i++) open_shelf(i, capabilities);
  return 0;
}

static inline int local_stores(void **state) {
  (void)state;
  return set_up_shelves(BS_CAPABILITY_DURABLE | BS_CAPABILITY_LOCAL);
}

static inline int remote_stores(void **state) {
  (void)state;
  return set_up_shelves(BS_CAPABILITY_DURABLE);
}

/* Nothing of a test runs on. */
static inline int close_stores(void **state) {
  (void)state;
  for (int i = 0; i < STORES; i++)
    for (unsigned k = 0; shelves[i].never && k < atomic_load(&shelves[i].reads); k++) sem_post(&released);
  for (int i = 0; i < STORES; i++) {
    while (atomic_load(&shelves[i].inside) > 0) sleep_ms(1);
    bs_store_close(replicas.items[i].store);
  }
  bs_replicas_free(&replicas);
  bs_scope_close(watch.scope);
  bs_calls_set_grace(BS_CALL_GRACE_MS);
  bs_workers_rest();
  bs_scopes_free(&scopes);
  return 0;
}

/* Lays a record into a store, behind those that are there. */
static inline struct candidate *lay(int store, const void *bytes, size_t length) {
  struct candidate *candidate = shelves[store].candidates;

  while (candidate->bytes != NULL) candidate++;
  assert_true(candidate < shelves[store].candidates + CANDIDATES);
  *candidate = (struct candidate){NULL, bytes, length, false};
  return candidate;
}

static inline struct candidate *lay_text(int store, const char *text) {
  return lay(store, text, strlen(text));
}

#endif

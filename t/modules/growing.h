/* SPDX-License-Identifier: MIT */
/*
 * A store of one value, or a filter above one, that looks at what there is more than it must have.  Compiled with the
 * header of today, and with that of a later minor version (LATER), in which every struct has a member more, `added`.
 */
#ifndef BS_T_MODULES_GROWING_H
#define BS_T_MODULES_GROWING_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef LATER
#define ADDED(table) BLOCKSTORE_HAS(table, (table)->struct_size, added)
#else
#define ADDED(table) ((void)(table), false)
#endif

struct growing {
  const struct blockstore_next *next;
  bool source, sink; /* whether the last one had more */
  size_t length;
  char bytes[64];
};

static enum blockstore_status growing_init(void **ret_self, struct blockstore_call *call,
                                           const struct blockstore_settings *settings,
                                           const struct blockstore_next *next) {
  struct growing *growing = calloc(1, sizeof *growing);

  (void)settings;
  if (growing == NULL) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "There is not enough memory.");
  growing->next = next;
  *ret_self = growing;
  return BLOCKSTORE_STATUS_OK;
}

static void growing_close(void *self, struct blockstore_call *call) {
  (void)call;
  free(self);
}

static enum blockstore_status growing_get(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                          const char *key) {
  struct growing *growing = self;
  const struct blockstore_next *next = growing->next;

  growing->sink = ADDED(ret_data);
#ifdef LATER
  if (strcmp(key, "added") == 0) return BLOCKSTORE_STATUS_ADDED;
#endif
  return next == NULL ? ret_data->write(ret_data, growing->bytes, growing->length)
                      : next->driver->get_immutable_handler(next->self, call, ret_data, key);
}

static enum blockstore_status growing_put(void *self, struct blockstore_call *call, const char *key,
                                          const struct blockstore_source *data, const char *txid) {
  struct growing *growing = self;
  const struct blockstore_next *next = growing->next;

  growing->source = ADDED(data);
  if (next != NULL) return next->driver->put_immutable_handler(next->self, call, key, data, txid);
  growing->length = data->size < sizeof growing->bytes ? (size_t)data->size : sizeof growing->bytes;
  return data->read_at(data, growing->bytes, growing->length, 0);
}

/* What it saw: 1 or 0 for each. */
static enum blockstore_status growing_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  const struct blockstore_host *host = call->host;
  const struct growing *growing = self;
  bool below = growing->next != NULL && BLOCKSTORE_HAS(growing->next->driver, growing->next->driver_size, check);
  char report[100];
  int length = snprintf(report, sizeof report, "below %d; added: host %d call %d source %d sink %d next %d", below, ADDED(host),
                        ADDED(call), growing->source, growing->sink, growing->next != NULL && ADDED(growing->next));

  return ret_report->write(ret_report, report, (size_t)length);
}

#ifdef LATER
static enum blockstore_status growing_added(void *self, struct blockstore_call *call) {
  (void)self, (void)call;
  abort(); /* nobody knows it yet */
}
#endif

static const struct blockstore_driver growing_driver = {
    .storage_init = growing_init,
    .storage_close = growing_close,
    .get_immutable_handler = growing_get,
    .put_immutable_handler = growing_put,
    .check = growing_check,
#ifdef LATER
    .added = growing_added,
#endif
};

#endif

/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "passing.h"

static const struct {
  const char *text;
  enum bs_passing_kind kind;
} entries[BS_PASSING_ENTRIES] = {
    [BS_PASSING_HANDLES_URL] = {"handles_url", BS_PASSING_URL},
    [BS_PASSING_MAKE_MUTABLE_URL] = {"make_mutable_url", BS_PASSING_URL},
    [BS_PASSING_GET_IMMUTABLE] = {"get_immutable", BS_PASSING_GET},
    [BS_PASSING_GET_MUTABLE] = {"get_mutable", BS_PASSING_GET},
    [BS_PASSING_PUT_IMMUTABLE] = {"put_immutable", BS_PASSING_PUT},
    [BS_PASSING_PUT_MUTABLE] = {"put_mutable", BS_PASSING_PUT},
    [BS_PASSING_DELETE_IMMUTABLE] = {"delete_immutable", BS_PASSING_DELETE},
    [BS_PASSING_DELETE_MUTABLE] = {"delete_mutable", BS_PASSING_DELETE},
    [BS_PASSING_CHECK] = {"check", BS_PASSING_LOOK},
};

const char *bs_passing_text(enum bs_passing_entry entry) {
  return entries[entry].text;
}

enum bs_passing_kind bs_passing_kind_of(enum bs_passing_entry entry) {
  return entries[entry].kind;
}

enum blockstore_status bs_passing_on(const struct blockstore_next *next, struct blockstore_call *call,
                                     const struct bs_passing *passing) {
  const struct blockstore_driver *driver = next->driver;
  const char *target = passing->target;

  switch (passing->entry) {
  case BS_PASSING_HANDLES_URL: return driver->handles_url(next->self, call, target);
  case BS_PASSING_MAKE_MUTABLE_URL: return driver->make_mutable_url(next->self, call, passing->sink, target);
  case BS_PASSING_GET_IMMUTABLE: return driver->get_immutable_handler(next->self, call, passing->sink, target);
  case BS_PASSING_GET_MUTABLE: return driver->get_mutable_handler(next->self, call, passing->sink, target);
  case BS_PASSING_PUT_IMMUTABLE:
    return driver->put_immutable_handler(next->self, call, target, passing->source, passing->txid);
  case BS_PASSING_PUT_MUTABLE:
    return driver->put_mutable_handler(next->self, call, target, passing->version, passing->signature, passing->source);
  case BS_PASSING_DELETE_IMMUTABLE: return driver->delete_immutable_handler(next->self, call, target, passing->txid);
  case BS_PASSING_DELETE_MUTABLE: return driver->delete_mutable_handler(next->self, call, target, passing->signature);
  case BS_PASSING_CHECK: return driver->check(next->self, call, passing->sink);
  case BS_PASSING_ENTRIES: break;
  }
  return BLOCKSTORE_STATUS_UNSUPPORTED;
}

static enum blockstore_status through(void *self, struct blockstore_call *call, const struct bs_passing *passing) {
  return ((const struct bs_passing_filter *)self)->through(self, call, passing);
}

enum blockstore_status bs_passing_handles_url(void *self, struct blockstore_call *call, const char *url) {
  const struct bs_passing passing = {.entry = BS_PASSING_HANDLES_URL, .target = url};

  return through(self, call, &passing);
}

enum blockstore_status bs_passing_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                   const char *data_id) {
  const struct bs_passing passing = {.entry = BS_PASSING_MAKE_MUTABLE_URL, .target = data_id, .sink = ret_url};

  return through(self, call, &passing);
}

enum blockstore_status bs_passing_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                const char *key) {
  const struct bs_passing passing = {.entry = BS_PASSING_GET_IMMUTABLE, .target = key, .sink = ret_data};

  return through(self, call, &passing);
}

enum blockstore_status bs_passing_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                              const char *url) {
  const struct bs_passing passing = {.entry = BS_PASSING_GET_MUTABLE, .target = url, .sink = ret_record};

  return through(self, call, &passing);
}

enum blockstore_status bs_passing_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                const struct blockstore_source *data, const char *txid) {
  const struct bs_passing passing = {.entry = BS_PASSING_PUT_IMMUTABLE, .target = key, .source = data, .txid = txid};

  return through(self, call, &passing);
}

enum blockstore_status bs_passing_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                              const char *signature, const struct blockstore_source *record) {
  const struct bs_passing passing = {
      .entry = BS_PASSING_PUT_MUTABLE, .target = data_id, .source = record, .signature = signature, .version = version};

  return through(self, call, &passing);
}

enum blockstore_status bs_passing_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                   const char *txid) {
  const struct bs_passing passing = {.entry = BS_PASSING_DELETE_IMMUTABLE, .target = key, .txid = txid};

  return through(self, call, &passing);
}

enum blockstore_status bs_passing_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                 const char *signature) {
  const struct bs_passing passing = {.entry = BS_PASSING_DELETE_MUTABLE, .target = data_id, .signature = signature};

  return through(self, call, &passing);
}

enum blockstore_status bs_passing_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report) {
  const struct bs_passing passing = {.entry = BS_PASSING_CHECK, .target = "", .sink = ret_report};

  return through(self, call, &passing);
}

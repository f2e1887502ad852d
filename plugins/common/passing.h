/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * What passes through a filter, as one struct: for a filter that does the same whatever is called, such as to wait before it or
 * to try it again.  It has one function, `through`, and its table names those of this part:
 *
 *   struct mine {
 *     struct bs_passing_filter filter;
 *     ...
 *   };
 *
 *   static enum blockstore_status mine_through(void *self, struct blockstore_call *call, const struct bs_passing *passing) {
 *     struct mine *mine = self;
 *
 *     ...
 *     return bs_passing_on(mine->filter.next, call, passing);
 *   }
 *
 * A part to copy into a driver: passing.h and passing.c, C99, which need the C library only.  Any number of threads may call
 * these functions: they keep nothing.
 */
#ifndef BS_PLUGINS_PASSING_H
#define BS_PLUGINS_PASSING_H

#include <stdint.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

enum bs_passing_entry {
  BS_PASSING_HANDLES_URL,
  BS_PASSING_MAKE_MUTABLE_URL,
  BS_PASSING_GET_IMMUTABLE,
  BS_PASSING_GET_MUTABLE,
  BS_PASSING_PUT_IMMUTABLE,
  BS_PASSING_PUT_MUTABLE,
  BS_PASSING_DELETE_IMMUTABLE,
  BS_PASSING_DELETE_MUTABLE,
  BS_PASSING_CHECK,
  BS_PASSING_ENTRIES /* how many there are */
};

enum bs_passing_kind {
  BS_PASSING_URL, /* handles_url and make_mutable_url, which are computed and ask no store */
  BS_PASSING_GET,
  BS_PASSING_PUT,
  BS_PASSING_DELETE,
  BS_PASSING_LOOK, /* check */
  BS_PASSING_KINDS
};

/* "get_immutable", as the core's log and sentences name it. */
const char *bs_passing_text(enum bs_passing_entry entry);
enum bs_passing_kind bs_passing_kind_of(enum bs_passing_entry entry);

/* One call.  A filter that changes something passes on a copy. */
struct bs_passing {
  enum bs_passing_entry entry;
  const char *target;                     /* the key, the data id or the URL; "" of check */
  struct blockstore_sink *sink;           /* of a get, make_mutable_url and check; else NULL */
  const struct blockstore_source *source; /* of a put; else NULL */
  const char *txid;                       /* of put_immutable and delete_immutable, or NULL */
  const char *signature;                  /* of put_mutable and delete_mutable */
  uint64_t version;                       /* of put_mutable */
};

/* What a filter's own struct begins with, so that blockstore/filter.h serves it, too. */
struct bs_passing_filter {
  const struct blockstore_next *next; /* as storage_init was given it */
  /* self: the filter's own struct.  Returns what the entry point answers. */
  enum blockstore_status (*through)(void *self, struct blockstore_call *call, const struct bs_passing *passing);
};

/* Asks the store below. */
enum blockstore_status bs_passing_on(const struct blockstore_next *next, struct blockstore_call *call,
                                     const struct bs_passing *passing);

/* For the table: each calls `through`. */
enum blockstore_status bs_passing_handles_url(void *self, struct blockstore_call *call, const char *url);
enum blockstore_status bs_passing_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                   const char *data_id);
enum blockstore_status bs_passing_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                const char *key);
enum blockstore_status bs_passing_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                              const char *url);
enum blockstore_status bs_passing_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                const struct blockstore_source *data, const char *txid);
enum blockstore_status bs_passing_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                              const char *signature, const struct blockstore_source *record);
enum blockstore_status bs_passing_delete_immutable(void *self, struct blockstore_call *call, const char *key, const char *txid);
enum blockstore_status bs_passing_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                 const char *signature);
enum blockstore_status bs_passing_check(void *self, struct blockstore_call *call, struct blockstore_sink *ret_report);

/* The table's members, all of them but storage_init and storage_close. */
#define BS_PASSING_TABLE                                                                                               \
  .handles_url = bs_passing_handles_url, .make_mutable_url = bs_passing_make_mutable_url,                              \
  .get_immutable_handler = bs_passing_get_immutable, .get_mutable_handler = bs_passing_get_mutable,                    \
  .put_immutable_handler = bs_passing_put_immutable, .put_mutable_handler = bs_passing_put_mutable,                    \
  .delete_immutable_handler = bs_passing_delete_immutable, .delete_mutable_handler = bs_passing_delete_mutable,        \
  .check = bs_passing_check

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

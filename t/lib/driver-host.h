/* SPDX-License-Identifier: MIT */
/*
 * A driver under test, without the core: a host table, calls, settings, sources and sinks that a test holds in its
 * hand and can make fail where it likes.  Failing helpers end the test.
 */
#ifndef BS_T_DRIVER_HOST_H
#define BS_T_DRIVER_HOST_H

#include <stdatomic.h>

#include <blockstore/driver.h>

#include "t/lib/unit.h"

/* One call; may be used for many entry points, one after the other. */
struct host_call {
  struct blockstore_call call;
  char sentence[1024]; /* the last set_error */
  atomic_int looks;    /* time_left answers 0 after so many looks; negative: never */
  uint64_t deadline;   /* milliseconds of CLOCK_MONOTONIC, from when on it answers 0; 0: none */
  int cancel_fd;       /* -1: none */
  uint32_t retry_after; /* the last */
};
void host_call_init(struct host_call *call);

/* The option rows of an instance; the array ends with a NULL key.  Numbers: decimal text, or true and false; a list: a
 * row for each item. */
struct host_setting {
  const char *key;
  const char *value;
};
struct blockstore_settings {
  const struct host_setting *rows;
};

/* Bytes of the test's own.  The read that reaches `fail_at` (UINT64_MAX: none) answers `fail_with`. */
struct host_source {
  struct blockstore_source source;
  const unsigned char *bytes;
  uint64_t fail_at;
  enum blockstore_status fail_with;
};
void host_source_init(struct host_source *source, const void *bytes, size_t length);

/* Keeps what it gets; by host_sink_free.  The write that goes beyond `room` bytes answers `fail_with`. */
struct host_sink {
  struct blockstore_sink sink;
  unsigned char *bytes; /* with a NUL behind them */
  size_t length;
  uint64_t announced;
  unsigned begins;
  size_t room;
  enum blockstore_status fail_with;
};
void host_sink_init(struct host_sink *sink);
void host_sink_free(struct host_sink *sink);

/* An instance of plugins/.libs/NAME.so of this build tree, or else of t/modules/.libs/NAME.so. */
struct host_store {
  const struct blockstore_driver *driver;
  void *self;
  struct host_call call; /* of the helpers below; threads use calls of their own */
};
const struct blockstore_registration *host_registration(const char *name);
const struct blockstore_driver *host_load(const char *name);
enum blockstore_status host_store_begin(struct host_store *store, const struct blockstore_driver *driver,
                                        const struct host_setting *settings);
enum blockstore_status host_store_try(struct host_store *store, const char *driver,
                                      const struct host_setting *settings);
void host_store_open(struct host_store *store, const char *driver, const struct host_setting *settings);
void host_store_close(struct host_store *store);

/* By their status; the URL by free(). */
enum blockstore_status host_put_immutable(struct host_store *store, const char *key, const void *bytes, size_t length);
enum blockstore_status host_put_mutable(struct host_store *store, const char *data_id, const void *bytes,
                                        size_t length);
char *host_url(struct host_store *store, const char *data_id);
/* The get must answer exactly these bytes, announced rightly. */
void host_holds_immutable(struct host_store *store, const char *key, const void *bytes, size_t length);
void host_holds_mutable(struct host_store *store, const char *data_id, const void *bytes, size_t length);
enum blockstore_status host_get_immutable(struct host_store *store, const char *key);
enum blockstore_status host_get_url(struct host_store *store, const char *url);

/* A fresh directory (by free()), and its end with all that is in it. */
char *host_directory(void);
void host_directory_remove(char *path);
/* A path in it, formatted; by free(). */
char *host_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

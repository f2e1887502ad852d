/* SPDX-License-Identifier: MIT */
/*
 * Calls, sources and sinks that stand before those of the core and lie to the good driver: for the flaws.  A
 * function that is NULL hands everything on.
 */
#ifndef BS_T_FLAWED_WRAP_H
#define BS_T_FLAWED_WRAP_H

#include <blockstore/driver.h>

struct wrapped_call {
  struct blockstore_call abi;
  struct blockstore_host host; /* of which the good driver uses set_error, time_left and nothing else once it is open */
  struct blockstore_call *real;
  uint32_t (*left)(struct wrapped_call *call, uint32_t left); /* what the driver is told */
  unsigned looks;    /* how often it asked */
  uint64_t due_ms;   /* when the time is over, unless the call is cancelled before */
  int state;         /* the flaw's own */
};
void wrap_call(struct wrapped_call *call, struct blockstore_call *real, uint32_t (*left)(struct wrapped_call *call,
                                                                                         uint32_t left));
/* Monotonic. */
uint64_t wrap_now_ms(void);

struct wrapped_source {
  struct blockstore_source abi;
  const struct blockstore_source *real;
  enum blockstore_status (*read)(struct wrapped_source *source, void *buffer, size_t length, uint64_t offset);
  enum blockstore_status failed; /* what the source answered that was not OK */
  uint64_t failed_at;            /* offset of that read */
  size_t failed_length;
};
void wrap_source(struct wrapped_source *source, const struct blockstore_source *real);
/* For `read`: asks the real one and notes a failure. */
enum blockstore_status wrap_read(struct wrapped_source *source, void *buffer, size_t length, uint64_t offset);

struct wrapped_sink {
  struct blockstore_sink abi;
  struct blockstore_sink *real;
  uint64_t announced;
  uint64_t written;
  enum blockstore_status refused; /* what the sink answered that was not OK */
  enum blockstore_status (*begin)(struct wrapped_sink *sink, uint64_t size);
};
void wrap_sink(struct wrapped_sink *sink, struct blockstore_sink *real);

#endif

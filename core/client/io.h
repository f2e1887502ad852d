/* SPDX-License-Identifier: MIT */
/* Where a call's bytes come from and go to. */
#ifndef BS_CLIENT_IO_H
#define BS_CLIENT_IO_H

#include "core/base/file.h"
#include "core/base/scope.h"
#include "core/base/spool.h"
#include "core/driver/feed.h"
#include "core/replica/replica.h"

/* An input made readable: a feed and what it reads from. */
struct bs_input_use {
  struct bs_feed *feed;
  struct bs_spool spool; /* what could not be read in place */
  int fd;                /* a file that was opened here, or -1 */
};
/* The most bytes, and what the configuration calls that. */
struct bs_input_limit {
  uint64_t most;
  const char *key;
};
/* The watch is told "reading" of what must be spooled.  Words: usage (no such file, a directory), too_large, io, failed (the
 * callback), cancelled, deadline.  After false, too, bs_input_end must be called. */
bool bs_input_begin(struct bs_input_use *use, const struct blockstore_input *input, const struct bs_input_limit *limit,
                    const struct bs_watch *watch, struct bs_error *error);
void bs_input_end(struct bs_input_use *use);

/* An output ready to take unverified bytes where nobody sees them. */
struct bs_output_use {
  struct blockstore_output *output;
  struct bs_spool spool;
  struct bs_replacement replacement; /* to a file */
  int fd;                            /* of a device or pipe named as a file; -1: none */
};
/* What it takes at most. */
uint64_t bs_output_limit(const struct blockstore_output *output);
/* Words: usage, io, denied.  After false, too, bs_output_end must be called. */
bool bs_output_begin(struct bs_output_use *use, struct blockstore_output *output, struct bs_error *error);
/* Hands the spool's bytes, now verified, to their place. */
bool bs_output_deliver(struct bs_output_use *use, const struct bs_scope *scope, struct bs_error *error);
/* The same with bytes in memory instead of the spool's; an output to memory takes the buffer over. */
bool bs_output_deliver_buffer(struct bs_output_use *use, struct bs_buffer *bytes, const struct bs_scope *scope,
                              struct bs_error *error);
void bs_output_end(struct bs_output_use *use);

#endif

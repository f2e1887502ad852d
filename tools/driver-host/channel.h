/* SPDX-License-Identifier: MIT */
/*
 * The channel to Blockstore, seen from the program (blockstore-exec(7)): lines and bytes.  What is no message, what nobody has
 * asked for, and the channel's end in the midst of something end the process: there is nobody to tell.
 */
#ifndef BS_DRIVER_HOST_CHANNEL_H
#define BS_DRIVER_HOST_CHANNEL_H

#include <pthread.h>

#include "core/base/scope.h"
#include "plugins/exec/frame.h"

struct channel {
  int fd;
  size_t start, end; /* of what came and was not yet read */
  char in[BS_EXEC_LINE_MOST];
  pthread_mutex_t lock; /* what follows: the driver's threads log when they like */
  bool is_serving;      /* a request, which what is sent belongs to */
  uint64_t id;          /* of it */
  struct bs_exec_line line;
};

void channel_begin(struct channel *channel, int fd);

/* ---- by the thread that serves ---- */

/* The next request, whose bytes stay until more is read.  False: there are no more. */
bool channel_next(struct channel *channel, struct bs_exec_message *ret_request);
/* Is there something that was read and not looked at? */
bool channel_has_more(const struct channel *channel);
/* Fills the buffer with that part of what is to be stored.  False: the call is cancelled. */
bool channel_ask(struct channel *channel, void *buffer, size_t length, uint64_t offset);
void channel_send_begin(struct channel *channel, uint64_t size);
void channel_send_data(struct channel *channel, const void *bytes, size_t length);
/* sentence: NULL: none; retry_after_ms 0: not said.  is_last: no other request is wanted. */
void channel_send_done(struct channel *channel, enum blockstore_status status, const char *sentence, uint32_t retry_after_ms,
                       bool is_last);

/* ---- by any thread ---- */

/* Between two requests it goes to standard error. */
void channel_send_log(struct channel *channel, enum blockstore_log_level level, const char *text);

/* Says why, and ends the process. */
void channel_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif

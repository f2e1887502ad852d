/* SPDX-License-Identifier: MIT */
/*
 * The channel to Blockstore, seen from the program (blockstore-exec(7)): lines and bytes.  With what is no message, and what
 * nobody has asked for, it is over, as with its end: there is nobody to tell, and nothing more is read.  What cannot be sent
 * whole ends it, too.
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
  bool is_over;      /* nothing more is read */
  char why[200];     /* that is Blockstore's fault, as a sentence; "": it is not */
  pthread_mutex_t lock; /* what follows: the driver's threads log when they like */
  bool is_serving;      /* a request, which what is sent belongs to */
  uint64_t id;          /* of it */
  struct bs_exec_line line;
  size_t held_length; /* what is sent with the next message, so that Blockstore is woken once for a small value */
  char held[4096];
};

void channel_begin(struct channel *channel, int fd);

/* ---- by the thread that serves ---- */

/* Each is false once the channel is over.  First those that read from it, by who has the call's lock. */

/* The next request, whose bytes stay until more is read. */
bool channel_next(struct channel *channel, struct bs_exec_message *ret_request);
/* Is there something that was read and not looked at? */
bool channel_has_more(const struct channel *channel);
/* Fills the buffer with that part of what is to be stored.  False also: the call is cancelled. */
bool channel_ask(struct channel *channel, void *buffer, size_t length, uint64_t offset);
/* What a message must have: without it the channel is over. */
bool channel_text(struct channel *channel, const char **ret_text, const struct bs_exec_message *message, const char *key);
bool channel_number(struct channel *channel, uint64_t *ret_number, const struct bs_exec_message *message, const char *key);
/* It is over; the first reason stays.  Returns false. */
bool channel_break(struct channel *channel, const char *format, ...) __attribute__((format(printf, 2, 3)));

void channel_send_begin(struct channel *channel, uint64_t size);
/* is_whole: they are the last of their value, and may wait for what is said next. */
void channel_send_data(struct channel *channel, const void *bytes, size_t length, bool is_whole);
/* sentence: NULL: none; retry_after_ms 0: not said.  is_last: no other request is wanted. */
void channel_send_done(struct channel *channel, enum blockstore_status status, const char *sentence, uint32_t retry_after_ms,
                       bool is_last);

/* ---- by any thread ---- */

/* Between two requests it goes to standard error. */
void channel_send_log(struct channel *channel, enum blockstore_log_level level, const char *text);

#endif

/* SPDX-License-Identifier: MIT */
/* What a process prints: whole lines go into the log as they come, and the last of them are kept. */
#ifndef BS_EXEC_SAID_H
#define BS_EXEC_SAID_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <blockstore/driver.h>

#define BS_EXEC_SAID_LAST ((size_t)400) /* bytes of the last lines */
#define BS_EXEC_SAID_LINE ((size_t)1000) /* bytes of a line; a longer one becomes several */

/* Any number of threads may take what is there: each takes other bytes. */
struct bs_exec_said {
  int fd; /* the pipe's end to read from, which does not block; -1: none */
  const struct blockstore_host *host;
  struct blockstore_store *store;
  pthread_mutex_t lock; /* what follows */
  size_t length;        /* of the line that has not ended */
  size_t last_length;
  char line[BS_EXEC_SAID_LINE + 1];
  char last[BS_EXEC_SAID_LAST + 1];
};
void bs_exec_said_begin(struct bs_exec_said *said, const struct blockstore_host *host, struct blockstore_store *store, int fd);
/* Closes the pipe. */
void bs_exec_said_end(struct bs_exec_said *said);
/* Takes what is there, 64 KiB at most. */
void bs_exec_said_take(struct bs_exec_said *said);
/* Takes all that is there, and the line that has not ended as one that has; "" when nothing was ever printed. */
void bs_exec_said_last(struct bs_exec_said *said, char ret_text[BS_EXEC_SAID_LAST + 1]);

/* Makes one line of UTF-8 without control characters of any text: what is none becomes '?'. */
void bs_exec_tidy(char *text);

#endif

/* SPDX-License-Identifier: MIT */
/* What other threads give a loop to do, on its own thread and in the order that it came in. */
#ifndef BLOCKSTORED_MAILBOX_H
#define BLOCKSTORED_MAILBOX_H

#include <event2/event.h>
#include <stdbool.h>

#include "core/base/error.h"

/* Part of what it is about; zeroed but for `open`.  Who opens it owns it. */
struct bsd_letter {
  struct bsd_letter *next;
  bool is_waiting; /* the mailbox's: it was put in, and not opened yet */
  void (*open)(struct bsd_letter *letter);
};

struct bsd_mailbox;

/* base: of the loop whose it is.  Words: no_memory, failed. */
bool bsd_mailbox_open(struct bsd_mailbox **ret_mailbox, struct event_base *base, struct bs_error *error);
/* Any thread.  Nothing happens where it is waiting in there. */
void bsd_mailbox_put(struct bsd_mailbox *mailbox, struct bsd_letter *letter);
/* When its loop has ended, and nobody puts anything in any more: opens what is left.  NULL is allowed. */
void bsd_mailbox_close(struct bsd_mailbox *mailbox);

#endif

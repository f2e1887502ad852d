/* SPDX-License-Identifier: MIT */
/*
 * One connection to a name server, over TCP or a unix socket, that carries netstrings.  It never blocks but in poll, which also
 * watches the caller's scope.  One thread at a time.
 *
 * A name is resolved by getaddrinfo on a worker thread, for no longer than anything else here may take: past that the answer
 * is waited for no more, and the thread goes when it comes.
 *
 * Messages go on after "The name server X ".  Words: no_names (it cannot be reached, or hung up), malformed (what came is no
 * frame, or larger than the limit), deadline, cancelled, no_memory.
 */
#ifndef BS_NAMES_LINK_H
#define BS_NAMES_LINK_H

#include "core/base/buffer.h"
#include "core/base/scope.h"
#include "core/names/server-address.h"

#define BS_LINK_REPLY_MAX (8u << 20) /* bytes of a frame that comes */

/* How long to wait for something. */
struct bs_patience {
  const struct bs_scope *scope; /* NULL: none */
  uint64_t until_ms;            /* on bs_clock_monotonic_ms: the server's share of the scope's time */
};

struct bs_link;

bool bs_link_open(struct bs_link **ret_link, const struct bs_server_address *address, const struct bs_patience *patience,
                  struct bs_error *error);
void bs_link_close(struct bs_link *link); /* NULL is allowed */

/* Sends the payload as a frame and waits for one; *ret_reply gets the payload.  After a failure the link is of no more use. */
bool bs_link_exchange(struct bs_link *link, struct bs_buffer *ret_reply, const struct bs_buffer *payload,
                      const struct bs_patience *patience, struct bs_error *error);
/* The same in two, so that several frames can be on their way; the replies come in their order. */
bool bs_link_send(struct bs_link *link, const struct bs_buffer *payload, const struct bs_patience *patience,
                  struct bs_error *error);
bool bs_link_receive(struct bs_link *link, struct bs_buffer *ret_reply, const struct bs_patience *patience,
                     struct bs_error *error);
/* How many replies are still to come: with any the link is of no use for another exchange. */
size_t bs_link_waiting(const struct bs_link *link);
/* Has the other side said or ended something without being asked? */
bool bs_link_is_over(const struct bs_link *link);
/* Did the last exchange fail because the other side had ended the link, before a byte of its answer came? */
bool bs_link_has_ended(const struct bs_link *link);
/* Exchanges so far, each with all of its frames. */
size_t bs_link_used(const struct bs_link *link);

#endif

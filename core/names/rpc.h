/* SPDX-License-Identifier: MIT */
/*
 * Requests and replies of the RPC of name servers as bytes (protocol.md 2.1): {"id", "method", "params", "version"} there, an
 * array with the one result back, or a fault.  A method's own failure is the result {"error": sentence, "code": word}.
 */
#ifndef BS_NAMES_RPC_H
#define BS_NAMES_RPC_H

#include "core/codec/json.h"

/* What came back; the result's span is of the bytes. */
struct bs_reply {
  struct bs_buffer bytes;
  struct bs_json result;
  bool is_answer; /* the server did what was asked, be it to refuse: no other server would answer otherwise */
};
#define BS_REPLY_INIT {.bytes = BS_BUFFER_INIT}
#define BS_AUTO_REPLY BS_AUTO(bs_reply_free)
void bs_reply_free(struct bs_reply *reply);

/* params: what stands within the brackets, as JSON. */
void bs_request_write(struct bs_buffer *json, const char *method, const char *params);
/*
 * Reads reply->bytes.  False: a fault (no_names), no reply at all (malformed), or the method's own error, whose word comes
 * through, but for those of a call that the server has given up (no_names).  Messages go on after "The name server X ".
 */
bool bs_reply_read(struct bs_reply *reply, struct bs_error *error);

/* Takes a result apart.  False, with malformed or forged: it is none. */
typedef bool (*bs_read_result)(void *user, struct bs_json result, struct bs_error *error);
/*
 * The replies to a batch, an array of requests in one frame: as many, in their order, each result given to `read`.  The first
 * that is none ends it.  missed: called instead where the server had no more room in its reply for a request's result, which
 * is to be asked for again; NULL: that is a failure.
 */
bool bs_reply_read_batch(struct bs_reply *reply, size_t count, bs_read_result read, void (*missed)(void *user), void *user,
                         struct bs_error *error);

#endif

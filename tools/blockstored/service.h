/* SPDX-License-Identifier: MIT */
/*
 * Requests and their replies as bytes; no connections.  A frame holds one request, or a batch of them, an array; its reply
 * is one JSON text.
 *
 * What is wrong with a request as such is told as a fault; what a method fails with, as its result.
 */
#ifndef BLOCKSTORED_SERVICE_H
#define BLOCKSTORED_SERVICE_H

#include "core/codec/json.h"
#include "tools/blockstored/cache.h"
#include "tools/blockstored/follower.h"
#include "tools/blockstored/method.h"
#include "tools/blockstored/metrics.h"
#include "tools/blockstored/settings.h"

#define BSD_FRAME_MAX 131072            /* bytes of a request of broadcast_transaction */
#define BSD_REPLY_MAX (8u << 20)        /* bytes of the reply to a frame */
#define BSD_RESULT_MAX (4u << 20)       /* bytes from which on a list is not continued */
#define BSD_BATCH_MAX 256               /* requests of a frame */

/* One for each loop, so that two of them share nothing that they look at for every request.  Only that of the first loop has
 * what the other lanes need. */
struct bsd_service {
  const struct bsd_settings *settings;
  struct bsd_service *first;         /* the first loop's; itself there */
  struct bsd_follower *follower;     /* of a Bitcoin node, the first one's; NULL: the local chain */
  struct bs_names *names[BSD_LANES]; /* opened apart: a lane does not wait for another's lock */
  struct bs_scopes scopes;
  struct bs_scope *scope[BSD_LANES]; /* open as long as the service is; its deadline is set for each frame */
  struct bs_buffer texts[BSD_LANES]; /* of the arguments of the lane's request */
  struct bs_buffer rooms[BSD_LANES]; /* for what its method has to keep meanwhile */
  struct bsd_cache *cache;           /* of the loop's thread, as what follows it */
  struct bs_moment moment;
  bool has_info;
  struct bs_names_info info; /* of that moment: to count the names takes a while */
  bool has_recent;
  struct bs_buffer recent; /* of that moment: what the page tells of the newest blocks */
  struct bsd_metrics metrics; /* what this loop counts, and the first one's lanes */
};

/* The first loop's. */
bool bsd_service_open(struct bsd_service *service, const struct bsd_settings *settings, struct bs_error *error);
/* That of another loop; it is closed before the first one. */
bool bsd_service_open_beside(struct bsd_service *service, struct bsd_service *first, struct bs_error *error);
void bsd_service_close(struct bsd_service *service);
/* Looks at the chain's end, so that no reply of a former state is given.  On the loop's thread. */
void bsd_service_look(struct bsd_service *service);

/* The same, and from there on until the release all answers of the loop's thread are of that state, unless it is held again
 * after a newer one was committed.  To hold what is held costs next to nothing. */
void bsd_service_hold(struct bsd_service *service);
void bsd_service_release(struct bsd_service *service);

/* What the index is, by the loop's thread; where a state is held, of that one. */
bool bsd_service_info(struct bsd_service *service, struct bs_names_info *ret_info, struct bs_error *error);
/* Bytes of replies that were not taken yet, of all loops. */
static inline atomic_ullong *bsd_service_waiting(const struct bsd_service *service) {
  return &service->first->metrics.replies_waiting;
}
/* Do as many of them wait as may?  Then no more are made.  Any thread. */
bool bsd_service_is_full(const struct bsd_service *service);
/* How the index stands to its source; a local chain is its own.  Any thread. */
void bsd_service_node(const struct bsd_service *service, struct bsd_node *ret_node);
/* True: the source has ended for good; with the reason. */
bool bsd_service_has_failed(const struct bsd_service *service, struct bs_error *ret_error);

/* One request; spans of its bytes. */
struct bsd_request {
  struct bs_json method, params;
  bool has_method, has_params;
  const struct bsd_method *known; /* NULL: there is none of that name */
};

/* One frame that has arrived; spans of its bytes. */
struct bsd_frame {
  struct bs_json root;
  struct bsd_request one; /* where it is no batch */
  bool is_json;       /* false: `error` says what is wrong */
  size_t requests;    /* at least 1 */
  size_t cost;        /* of all of them, at least as many */
  enum bsd_lane lane; /* the slowest of its methods' */
  bool is_local;      /* who asks is on this machine */
  struct bs_error error;
};
void bsd_frame_read(struct bsd_frame *frame, const struct bsd_service *service, bool is_local, const void *bytes,
                    size_t length);
/* Appends the reply.  On the lane's thread. */
void bsd_frame_answer(const struct bsd_frame *frame, struct bsd_service *service, struct bs_buffer *reply);
/* Appends that for each of its requests, instead of answering it.  Any thread. */
void bsd_frame_refuse(const struct bsd_frame *frame, const struct bs_error *why, struct bs_buffer *reply);

/* {"fault": ..., "faultCode": ..., "faultString": ...}. */
#define BSD_FAILURE 8002
#define BSD_NO_SUCH_FUNCTION (-32601)
void bsd_fault_write(struct bs_buffer *reply, int code, const char *sentence);

#endif

/* SPDX-License-Identifier: MIT */
/* What takes long, on a thread of its own for each lane; a job is done on the loop's thread again. */
#ifndef BLOCKSTORED_LANE_H
#define BLOCKSTORED_LANE_H

#include <event2/event.h>

#include "tools/blockstored/service.h"

/* A frame on its way through a lane. */
struct bsd_job {
  struct bsd_job *next;
  enum bsd_lane lane;
  uint64_t key;  /* who asks, as in allowance.h; 0: nobody in particular */
  bool is_local; /* he is on this machine */
  struct bs_buffer request, reply;
  atomic_bool is_dropped; /* nobody waits for it */
  void (*done)(struct bsd_job *job, void *user); /* on the loop's thread; not called when it was dropped */
  void *user;
};

struct bsd_lanes;

bool bsd_lanes_open(struct bsd_lanes **ret_lanes, struct bsd_service *service, struct event_base *base, struct bs_error *error);
/* Ends what is on its way, and waits for it.  NULL is allowed. */
void bsd_lanes_close(struct bsd_lanes *lanes);
/* Makes a job of the bytes (copied) and starts it.  A lane has a bound, of which one address has a part only.
 * Words: no_names (the server is busy; a sentence for who asked), no_memory, failed (no thread). */
struct bsd_job *bsd_lanes_run(struct bsd_lanes *lanes, enum bsd_lane lane, uint64_t key, bool is_local, const void *bytes,
                              size_t length, void (*done)(struct bsd_job *job, void *user), void *user, struct bs_error *error);
/* Nobody waits for it any more: what has not begun will not, and a search for coins ends. */
void bsd_lanes_drop(struct bsd_lanes *lanes, struct bsd_job *job);
void bsd_job_free(struct bsd_job *job);

#endif

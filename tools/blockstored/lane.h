/* SPDX-License-Identifier: MIT */
/* What takes long, on a thread of its own for each lane; a job is done on the thread of the loop that it came from. */
#ifndef BLOCKSTORED_LANE_H
#define BLOCKSTORED_LANE_H

#include "tools/blockstored/mailbox.h"
#include "tools/blockstored/service.h"

struct bsd_job;

/* Who asks, and where he hears what came of it. */
struct bsd_asker {
  uint64_t key;  /* as in allowance.h; 0: nobody in particular */
  bool is_local; /* he is on this machine */
  struct bsd_mailbox *mailbox; /* of his loop */
  void (*done)(struct bsd_job *job, void *user); /* on the loop's thread; not called when it was dropped */
  void *user;
  size_t cost; /* of the frame; 0 as 1 */
};

/* A frame on its way through a lane. */
struct bsd_job {
  struct bsd_letter letter; /* when it is done */
  struct bsd_job *next;
  struct bsd_service *service;
  enum bsd_lane lane;
  struct bsd_asker asker;
  struct bs_buffer request, reply;
  uint64_t turn;          /* in its lane: the lowest is next */
  size_t counted;         /* bytes of the reply, among those that wait to be taken */
  atomic_bool is_dropped; /* nobody waits for it */
};

struct bsd_lanes;

/* service: the first loop's. */
bool bsd_lanes_open(struct bsd_lanes **ret_lanes, struct bsd_service *service, struct bs_error *error);
/* Ends what is on its way, and waits for it; the mailboxes are closed thereafter, and then the service.  NULL is allowed. */
void bsd_lanes_close(struct bsd_lanes *lanes);
/* Makes a job of the bytes (copied) and starts it.  A lane has a bound, of which one address has a part only; addresses take
 * turns, by the cost of what they ask.  Any loop.
 * Words: no_names (the server is busy; a sentence for who asked), no_memory, failed (no thread). */
struct bsd_job *bsd_lanes_run(struct bsd_lanes *lanes, enum bsd_lane lane, const struct bsd_asker *asker, const void *bytes,
                              size_t length, struct bs_error *error);
/* Nobody waits for it any more: what has not begun will not, and a search for coins ends. */
void bsd_lanes_drop(struct bsd_lanes *lanes, struct bsd_job *job);
/* Its reply stands elsewhere now, and is counted there: so that what waits never seems to be less.  In `done`, or after it. */
void bsd_job_taken(struct bsd_job *job);
void bsd_job_free(struct bsd_job *job);

#endif

/* SPDX-License-Identifier: MIT */
/* How long a step that follows the node may take: as long as it comes forward, and some time without.  Pure; milliseconds on a
 * clock that nobody sets. */
#ifndef BLOCKSTORED_PROGRESS_H
#define BLOCKSTORED_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define BSD_STEP_MS 600000 /* what was committed of a longer step stays, and the next one goes on there */

struct bsd_progress {
  uint64_t least_ms;   /* of silence that is borne; set by who owns it, as is silence_ms at first */
  uint64_t silence_ms; /* now: more where nothing at all came in that time, as a slow node's next batch would never come else */
  uint64_t last_ms;    /* when it came forward last */
  uint64_t until_ms;   /* the step's own end */
};

/* The node has said how it stands: a step begins. */
void bsd_progress_begin(struct bsd_progress *progress, uint64_t now_ms);
/* Blocks were committed. */
void bsd_progress_come(struct bsd_progress *progress, uint64_t now_ms);
/* When the step ends as things are. */
uint64_t bsd_progress_deadline(const struct bsd_progress *progress);
/* The deadline has passed: was it for silence?  Then the next one is borne for twice as long, BSD_STEP_MS at most. */
bool bsd_progress_was_silence(struct bsd_progress *progress, uint64_t now_ms);

#endif

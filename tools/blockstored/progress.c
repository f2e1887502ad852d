/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/progress.h"

void bsd_progress_begin(struct bsd_progress *progress, uint64_t now_ms) {
  progress->last_ms = now_ms;
  progress->until_ms = now_ms + BSD_STEP_MS;
}

void bsd_progress_come(struct bsd_progress *progress, uint64_t now_ms) {
  progress->last_ms = now_ms;
  progress->silence_ms = progress->least_ms;
}

uint64_t bsd_progress_deadline(const struct bsd_progress *progress) {
  uint64_t silent = progress->last_ms + progress->silence_ms;

  return silent < progress->until_ms ? silent : progress->until_ms;
}

bool bsd_progress_was_silence(struct bsd_progress *progress, uint64_t now_ms) {
  if (now_ms < progress->last_ms + progress->silence_ms) return false;
  progress->silence_ms = 2 * progress->silence_ms < BSD_STEP_MS ? 2 * progress->silence_ms : BSD_STEP_MS;
  return true;
}

/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/traces.h"

#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "tools/driver-test/tasks.h"

#define NAP_MS 5
#define SETTLE_MS 1000

static unsigned count_lines(const char *path) {
  FILE *file = fopen(path, "re");
  unsigned count = 0;
  int letter;

  if (file == NULL) return 0;
  while ((letter = getc_unlocked(file)) != EOF) count += letter == '\n';
  fclose(file);
  return count;
}

unsigned traces_threads(struct trial *trial) {
  struct list threads;

  list_threads(&threads, trial);
  return (unsigned)threads.count;
}

static unsigned count_descriptors(struct trial *trial) {
  struct list descriptors;

  list_descriptors(&descriptors, trial);
  return (unsigned)descriptors.count;
}

unsigned traces_settled_threads(struct trial *trial, unsigned wanted) {
  const struct timespec nap = {0, NAP_MS * 1000000L};
  unsigned count = traces_threads(trial);

  for (unsigned waited = 0; count > wanted && waited < SETTLE_MS; waited += NAP_MS) {
    nanosleep(&nap, NULL);
    count = traces_threads(trial);
  }
  return count;
}

/* Of a sanitizer's allocator, when there is one: it maps memory as it likes, and keeps what was freed. */
extern size_t __sanitizer_get_current_allocated_bytes(void) /* NOLINT(bugprone-reserved-identifier): its name */
    __attribute__((__weak__));

struct traces traces_take(struct trial *trial) {
  struct traces traces = {.threads = traces_threads(trial), .descriptors = count_descriptors(trial)};
  struct mallinfo2 heap = mallinfo2();

  if (__sanitizer_get_current_allocated_bytes != NULL) {
    traces.heap = __sanitizer_get_current_allocated_bytes();
  } else {
    traces.heap = heap.uordblks + heap.hblkhd;
    traces.mappings = count_lines("/proc/self/maps");
  }
  return traces;
}

/* SPDX-License-Identifier: MIT */
/* Threads that put, get, overwrite and delete at once, for a while. */
#ifndef BS_DRIVER_TEST_CREW_H
#define BS_DRIVER_TEST_CREW_H

#include "tools/driver-test/object.h"

#define CREW_MOST 8
#define CREW_SHARED 4 /* objects that all of them put and get */

struct crew {
  struct trial *trial;
  bool keeps[KINDS];
  struct object shared[CREW_SHARED];
  char *id;                        /* all put records under it */
  char *url;
  struct datum records[CREW_MOST]; /* one of each worker */
  atomic_uint_fast64_t version;    /* of the newest that one of them began to put under it */
  atomic_bool over;
};

/* Works in the store until crew->over is set: worker `number`. */
struct worker {
  struct crew *crew;
  struct store *store;
  unsigned number;
};
void *worker_run(void *worker);

/* store: opened, to see what it keeps. */
void crew_make(struct crew *ret_crew, struct store *store);
void crew_free(struct crew *crew);
/* Runs so many workers, with stores[0] or a store each, for so long. */
void crew_work(struct crew *crew, struct store *stores, bool each, unsigned workers, uint32_t milliseconds);

#endif

/* SPDX-License-Identifier: MIT */
/* Behaviours that are tried at once, and told in the order in which they were begun. */
#ifndef BS_DRIVER_TEST_JOBS_H
#define BS_DRIVER_TEST_JOBS_H

#include "tools/driver-test/trial.h"

struct job {
  const struct behaviour *behaviour;
  struct run *run; /* NULL: it has ended, and the verdict is there */
  struct verdict verdict;
};

struct jobs {
  struct job *items;
  size_t count; /* begun */
  size_t told;
  unsigned running;
  /* Of each when all before it were told. */
  void (*tell)(void *user, const struct behaviour *behaviour, const struct verdict *verdict);
  void *user;
};
/* Room for so many.  False: there is no memory. */
bool jobs_make(struct jobs *ret_jobs, size_t room);
/* All have ended. */
void jobs_free(struct jobs *jobs);

/* One that is under way, or has a verdict already. */
void jobs_add(struct jobs *jobs, const struct behaviour *behaviour, struct run *run, const struct verdict *verdict);
/* Waits until no more than so many run. */
void jobs_wait(struct jobs *jobs, unsigned most);

#endif

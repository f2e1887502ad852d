/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/jobs.h"

#include <stdlib.h>
#include <time.h>

#define NAP_FIRST_NS 200000
#define NAP_MOST_NS 10000000

bool jobs_make(struct jobs *ret_jobs, size_t room) {
  *ret_jobs = (struct jobs){.items = calloc(room + 1, sizeof *ret_jobs->items)};
  return ret_jobs->items != NULL;
}

void jobs_free(struct jobs *jobs) {
  for (size_t i = 0; i < jobs->count; i++) free(jobs->items[i].verdict.output);
  free(jobs->items);
}

/* Those that have ended, up to the first that has not. */
static void tell(struct jobs *jobs) {
  for (; jobs->told < jobs->count && jobs->items[jobs->told].run == NULL; jobs->told++)
    jobs->tell(jobs->user, jobs->items[jobs->told].behaviour, &jobs->items[jobs->told].verdict);
}

void jobs_add(struct jobs *jobs, const struct behaviour *behaviour, struct run *run, const struct verdict *verdict) {
  struct job *job = &jobs->items[jobs->count++];

  *job = (struct job){.behaviour = behaviour, .run = run};
  if (run == NULL) job->verdict = *verdict;
  else jobs->running++;
  tell(jobs);
}

/* Has any ended? */
static bool look(struct jobs *jobs) {
  unsigned before = jobs->running;

  for (size_t i = jobs->told; i < jobs->count; i++) {
    struct job *job = &jobs->items[i];

    if (job->run == NULL || !trial_is_over(job->run)) continue;
    trial_end(&job->verdict, job->run);
    job->run = NULL;
    jobs->running--;
  }
  return jobs->running < before;
}

void jobs_wait(struct jobs *jobs, unsigned most) {
  long nap = NAP_FIRST_NS;

  while (jobs->running > most) {
    const struct timespec time = {0, nap};

    if (look(jobs)) {
      nap = NAP_FIRST_NS;
      tell(jobs);
      continue;
    }
    nanosleep(&time, NULL);
    if (nap < NAP_MOST_NS) nap *= 2;
  }
}

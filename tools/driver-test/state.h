/* SPDX-License-Identifier: MIT */
/* What belongs to the whole process, or to the thread that calls, and is not a driver's to change. */
#ifndef BS_DRIVER_TEST_STATE_H
#define BS_DRIVER_TEST_STATE_H

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include "tools/driver-test/trial.h"

#define STATE_SIGNALS 65
#define STATE_LIMITS 16

struct state {
  sigset_t mask;
  struct sigaction actions[STATE_SIGNALS];
  stack_t stack;
  char *locale;
  bool has_own_locale; /* of this thread */
  char number[16];     /* 1.5, printed */
  char *directory;
  mode_t umask;
  char *environment; /* all of it, one a line */
  struct rlimit limits[STATE_LIMITS];
  int nice;
  int scheduler;
  cpu_set_t processors;
  int rounding;
  int traps;       /* floating point exceptions that are */
  bool loses_tiny; /* numbers below the smallest normal one become 0 */
};
/* Never freed: it lasts as long as the trial. */
void state_take(struct state *ret_state, struct trial *trial);

/* Fail the behaviour where `before` is not what is now. */
void must_keep_signals(struct trial *trial, const struct state *before);
void must_keep_locale(struct trial *trial, const struct state *before);
void must_keep_directory(struct trial *trial, const struct state *before);
void must_keep_umask(struct trial *trial, const struct state *before);
void must_keep_environment(struct trial *trial, const struct state *before);
void must_keep_limits(struct trial *trial, const struct state *before);
void must_keep_floating(struct trial *trial, const struct state *before);

#endif

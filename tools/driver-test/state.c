/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/state.h"

#include <errno.h>
#include <fenv.h>
#include <float.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buffer.h"

extern char **environ;

static char *copy_environment(void) {
  struct bs_buffer text = BS_BUFFER_INIT;

  for (char **entry = environ; entry != NULL && *entry != NULL; entry++) bs_buffer_format(&text, "%s\n", *entry);
  return bs_buffer_take(&text);
}

static bool loses_tiny(void) {
  volatile double tiny = DBL_MIN;

  tiny /= 2;
  return tiny <= 0;
}

void state_take(struct state *ret_state, struct trial *trial) {
  *ret_state = (struct state){.locale = strdup(setlocale(LC_ALL, NULL)),
                              .has_own_locale = uselocale((locale_t)0) != LC_GLOBAL_LOCALE,
                              .directory = getcwd(NULL, 0),
                              .umask = umask(077),
                              .environment = copy_environment(),
                              .scheduler = sched_getscheduler(0),
                              .rounding = fegetround(),
                              .traps = fegetexcept(),
                              .loses_tiny = loses_tiny()};
  umask(ret_state->umask);
  if (ret_state->locale == NULL || ret_state->directory == NULL || ret_state->environment == NULL)
    trial_fail(trial, "The state of the process cannot be had: %s", strerror(errno));
  snprintf(ret_state->number, sizeof ret_state->number, "%.1f", 1.5);
  pthread_sigmask(SIG_SETMASK, NULL, &ret_state->mask);
  for (int signal = 1; signal < STATE_SIGNALS; signal++) sigaction(signal, NULL, &ret_state->actions[signal]);
  sigaltstack(NULL, &ret_state->stack);
  for (int i = 0; i < STATE_LIMITS; i++) getrlimit((__rlimit_resource_t)i, &ret_state->limits[i]);
  errno = 0;
  ret_state->nice = getpriority(PRIO_PROCESS, 0);
  sched_getaffinity(0, sizeof ret_state->processors, &ret_state->processors);
}

/* SA_RESTORER, which sigaction(2) sets by itself and shows: a library that puts back what was there has it, too. */
#define RESTORER 0x04000000

void must_keep_signals(struct trial *trial, const struct state *before) {
  struct state now;

  state_take(&now, trial);
  for (int signal = 1; signal < STATE_SIGNALS; signal++) {
    if (signal == 32 || signal == 33) continue; /* the C library's */
    if (sigismember(&before->mask, signal) != sigismember(&now.mask, signal))
      trial_fail(trial, "The driver changed the signal mask: signal %d is %sblocked now.", signal,
                 sigismember(&now.mask, signal) == 1 ? "" : "not ");
    if (before->actions[signal].sa_handler != now.actions[signal].sa_handler ||
        ((before->actions[signal].sa_flags ^ now.actions[signal].sa_flags) & ~RESTORER) != 0)
      trial_fail(trial, "The driver changed what signal %d does.", signal);
  }
  if (before->stack.ss_sp != now.stack.ss_sp || before->stack.ss_flags != now.stack.ss_flags)
    trial_fail(trial, "The driver changed the alternate signal stack.");
}

void must_keep_locale(struct trial *trial, const struct state *before) {
  struct state now;

  state_take(&now, trial);
  if (strcmp(before->locale, now.locale) != 0) trial_fail(trial, "The driver changed the locale from %s to %s.",
                                                          before->locale, now.locale);
  if (before->has_own_locale != now.has_own_locale) trial_fail(trial, "The driver changed the locale of the calling thread.");
  if (strcmp(before->number, now.number) != 0) trial_fail(trial, "Since the driver came, 1.5 is printed as %s.", now.number);
}

void must_keep_directory(struct trial *trial, const struct state *before) {
  struct state now;

  state_take(&now, trial);
  if (strcmp(before->directory, now.directory) != 0)
    trial_fail(trial, "The driver changed the working directory from %s to %s.", before->directory, now.directory);
}

void must_keep_umask(struct trial *trial, const struct state *before) {
  struct state now;

  state_take(&now, trial);
  if (before->umask != now.umask)
    trial_fail(trial, "The driver changed the umask from %03o to %03o.", (unsigned)before->umask, (unsigned)now.umask);
}

void must_keep_environment(struct trial *trial, const struct state *before) {
  struct state now;

  state_take(&now, trial);
  if (strcmp(before->environment, now.environment) != 0) trial_fail(trial, "The driver changed the environment.");
}

void must_keep_limits(struct trial *trial, const struct state *before) {
  struct state now;

  state_take(&now, trial);
  for (int i = 0; i < STATE_LIMITS; i++)
    if (before->limits[i].rlim_cur != now.limits[i].rlim_cur || before->limits[i].rlim_max != now.limits[i].rlim_max)
      trial_fail(trial, "The driver changed resource limit %d (sys/resource.h).", i);
  if (before->nice != now.nice) trial_fail(trial, "The driver changed the priority from %d to %d.", before->nice, now.nice);
  if (before->scheduler != now.scheduler) trial_fail(trial, "The driver changed the scheduling policy.");
  if (memcmp(&before->processors, &now.processors, sizeof now.processors) != 0)
    trial_fail(trial, "The driver changed the processors that the thread may run on.");
}

void must_keep_floating(struct trial *trial, const struct state *before) {
  struct state now;

  state_take(&now, trial);
  if (before->rounding != now.rounding) trial_fail(trial, "The driver changed how floating point numbers are rounded.");
  if (before->traps != now.traps) trial_fail(trial, "The driver changed which floating point exceptions are signals.");
  if (before->loses_tiny != now.loses_tiny)
    trial_fail(trial, "Since the driver came, numbers below DBL_MIN are 0: it was linked with -ffast-math.");
}

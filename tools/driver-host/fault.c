/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-host/fault.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "core/driver/inside.h"

static const struct {
  int number;
  const char *name;
} faults[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"},
              {SIGABRT, "SIGABRT"}, {SIGSYS, "SIGSYS"}};
#define FAULTS (sizeof faults / sizeof faults[0])

static char stack[65536]; /* for a driver that overflows the stack */

static void tell(const char *name) {
  char where[4800], line[sizeof where + 32], *at;

  if (!bs_inside_tell(where, sizeof where)) return;
  at = stpcpy(stpcpy(stpcpy(stpcpy(line, name), " inside "), where), "\n");
  while (write(STDERR_FILENO, line, (size_t)(at - line)) < 0 && errno == EINTR) continue;
}

/* A fault comes again of itself once the handler has returned; a signal that was sent is sent again. */
static void on_fault(int number, siginfo_t *info, void *context) {
  const struct sigaction otherwise = {.sa_handler = SIG_DFL};

  (void)context;
  for (size_t i = 0; i < FAULTS; i++)
    if (faults[i].number == number) tell(faults[i].name);
  sigaction(number, &otherwise, NULL);
  if (info->si_code <= 0) raise(number);
}

void fault_watch(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  stack_t ours = {.ss_sp = stack, .ss_size = sizeof stack}, theirs;

  if (sigaltstack(NULL, &theirs) == 0 && (theirs.ss_flags & SS_DISABLE) != 0) sigaltstack(&ours, NULL); /* a sanitizer's stays */
  for (size_t i = 0; i < FAULTS; i++) sigaction(faults[i].number, &action, NULL);
}

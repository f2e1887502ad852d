/* SPDX-License-Identifier: MIT */
/* A driver that crashes: one line says which it was, then the process ends as it would have without us. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tools/blockstore-cli/cli.h"

#define WHERE_MOST 5600 /* a path may have 4,095 bytes */

static const struct {
  int number;
  const char *name;
} faults[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"}};
#define FAULTS (sizeof faults / sizeof faults[0])

static struct sigaction before[FAULTS]; /* what was to be done without us */
static char stack[65536]; /* of the main thread's handler, for a driver that overflows the stack; workers have none */

/* One line, by one write: all that is called here may be called in a handler. */
static void tell(const char *signal_name) {
  static const char advice[] =
      ".  The fault is most likely the driver's: tell who made it, and take the store out of the configuration until "
      "it is mended.  What was reported as done is done.\n";
  char where[WHERE_MOST], line[sizeof where + sizeof advice + 64], *at = line;

  if (!blockstore_driver_at_fault(where, sizeof where)) return;
  if (cli_progress_take()) at = stpcpy(at, CLI_ERASE);
  at = stpcpy(stpcpy(stpcpy(at, "blockstore-cli: "), signal_name), " inside ");
  at = stpcpy(stpcpy(at, where), advice);
  while (write(STDERR_FILENO, line, (size_t)(at - line)) < 0 && errno == EINTR) continue;
}

/* A fault of this thread comes again of itself once the handler has returned, and a core dump then shows where; a
 * signal that was sent is sent again.  One that came from elsewhere is nobody's fault. */
static void on_fault(int number, siginfo_t *info, void *context) {
  int saved = errno;

  (void)context;
  for (size_t i = 0; i < FAULTS; i++) {
    if (faults[i].number != number) continue;
    if (info->si_code > 0 || info->si_pid == getpid()) tell(faults[i].name);
    sigaction(number, &before[i], NULL);
  }
  if (info->si_code <= 0) raise(number);
  errno = saved;
}

void cli_watch_drivers(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  stack_t ours = {.ss_sp = stack, .ss_size = sizeof stack}, theirs;

  if (sigaltstack(NULL, &theirs) == 0 && (theirs.ss_flags & SS_DISABLE) != 0) sigaltstack(&ours, NULL); /* a sanitizer's stays */
  for (size_t i = 0; i < FAULTS; i++) sigaction(faults[i].number, &action, &before[i]);
}

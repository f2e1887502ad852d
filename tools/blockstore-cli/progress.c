/* SPDX-License-Identifier: MIT */
/* The progress bar: one line of a terminal's stderr, drawn when a call takes longer than half a second. */
#include <config.h>

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "tools/blockstore-cli/cli.h"

#define SHOW_AFTER_MS 500
#define MIB (1024.0 * 1024.0)

static atomic_bool shown; /* log lines erase the bar, and they come from any thread */

bool cli_progress_take(void) {
  return atomic_exchange(&shown, false);
}

void cli_progress_erase(void) {
  if (cli_progress_take()) fputs(CLI_ERASE, stderr);
}

static int64_t now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1; /* never 0 */
}

static int columns(void) {
  struct winsize size;

  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void draw(const char *what, uint64_t done, uint64_t total, double speed) {
  char line[512], bar[256];
  int width, room = columns() - 1; /* the last column would wrap */

  if (total == UINT64_MAX || total == 0) {
    width = snprintf(line, sizeof line, "%s %.1f MiB  %.1f MiB/s", what, (double)done / MIB, speed);
  } else {
    double part = done < total ? (double)done / (double)total : 1;
    int cells = room - (int)strlen(what) - 26, filled;

    if (cells > (int)sizeof bar - 1) cells = (int)sizeof bar - 1;
    if (cells < 0) cells = 0;
    filled = (int)(part * cells);
    memset(bar, '.', sizeof bar);
    memset(bar, '#', (size_t)filled);
    width = snprintf(line, sizeof line, "%s %3d%% [%.*s] %.1f MiB/s", what, (int)(part * 100), cells, bar, speed);
  }
  if (width < 0) return;
  fprintf(stderr, CLI_ERASE "%.*s", room, line);
  atomic_store(&shown, true);
}

static void progress(void *user, const char *what, uint64_t done, uint64_t total) {
  struct cli_progress *state = &((struct cli *)user)->progress;
  int64_t now = now_ms(), took;

  if (state->began == 0) state->began = now;
  if (state->what == NULL || strcmp(state->what, what) != 0 || done < state->done) {
    state->what = what;
    state->what_began = now;
  }
  state->done = done;
  if (now - state->began < SHOW_AFTER_MS) return;
  took = now - state->what_began;
  draw(what, done, total, took > 0 ? (double)done / MIB * 1000 / (double)took : 0);
}

blockstore_progress cli_progress_callback(const struct cli *cli) {
  if (cli->given[CLI_QUIET] > 0 || !isatty(STDERR_FILENO)) return NULL;
  return cli->given[CLI_RAW] > 0 && isatty(STDOUT_FILENO) ? NULL : progress; /* it would stand amid the data */
}

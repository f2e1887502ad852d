/* SPDX-License-Identifier: MIT */
/* What a command needs open: config, keys, the session; and the signals that cancel it. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "tools/blockstore-cli/cli.h"

static struct blockstore *volatile cancellable; /* the handler's */
static volatile sig_atomic_t caught;

int cli_signal(void) {
  return caught;
}

static void on_signal(int number) {
  struct blockstore *blockstore = cancellable;
  int saved = errno;

  caught = number;
  if (blockstore != NULL) blockstore_cancel(blockstore);
  errno = saved;
}

/* Until the session is open, and again after it, a signal simply ends the process.  A second one does so at any time.
 * Without SA_RESTART: a read of a pipe or a terminal that waits must return. */
static void catch_signals(struct blockstore *blockstore) {
  static const int numbers[] = {SIGINT, SIGTERM};
  struct sigaction action = {.sa_handler = blockstore != NULL ? on_signal : SIG_DFL, .sa_flags = (int)SA_RESETHAND};
  struct sigaction old;

  cancellable = blockstore;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) sigaction(numbers[i], &action, NULL);
}

static void log_line(void *user, int level, const char *line) {
  static const char *const names[] = {"error", "warning", "information", "debug"};

  (void)user;
  cli_progress_erase();
  /* stderr has no buffer: should a driver crash the process, the last line that stands names it */
  fprintf(stderr, "blockstore-cli: %s: %s\n", names[level < 0 ? 0 : level > 3 ? 3 : level], line);
}

static const char *key_file(const struct cli *cli) {
  const char *file = cli->value[CLI_KEY] != NULL ? cli->value[CLI_KEY] : getenv("BLOCKSTORE_KEY_FILE");

  return file != NULL && *file == '\0' ? NULL : file;
}

bool cli_read_keys(struct cli *cli) {
  const char *file = key_file(cli);

  if (file == NULL) {
    cli_fail(cli, BLOCKSTORE_USAGE, "key",
             "The command %s needs the owner's key: give its file with -k or in BLOCKSTORE_KEY_FILE; "
             "blockstore-cli keygen FILE makes one.", cli->command->name);
    return false;
  }
  if (blockstore_key_from_file(&cli->key, file, &cli->error) != BLOCKSTORE_DONE) return false;
  return cli->value[CLI_PAYMENT_KEY] == NULL ||
         blockstore_key_from_file(&cli->payment_key, cli->value[CLI_PAYMENT_KEY], &cli->error) == BLOCKSTORE_DONE;
}

/* What goes on with what was begun does as much as it can without. */
static bool may_use_keys(const struct cli *cli) {
  return cli->given[CLI_RESUME] > 0 && (key_file(cli) != NULL || cli->value[CLI_PAYMENT_KEY] != NULL);
}

bool cli_open(struct cli *cli) {
  enum cli_needs needs = cli->command->needs;

  if (cli->given[CLI_VERBOSE] > 0)
    blockstore_set_log(log_line, NULL,
                       cli->given[CLI_VERBOSE] > 1 ? BLOCKSTORE_LOG_TO_ALL : BLOCKSTORE_LOG_TO_INFORMATION);
  if (needs >= CLI_CONFIG_READ &&
      blockstore_get_config(&cli->config, cli->value[CLI_CONFIG], &cli->error) != BLOCKSTORE_DONE)
    return false;
  if ((needs >= CLI_OWNER || may_use_keys(cli)) && !cli_read_keys(cli)) return false;
  if (needs >= CLI_SESSION) {
    cli_watch_drivers();
    if (blockstore_session(cli->config, &cli->blockstore, NULL, 0, &cli->error) != BLOCKSTORE_DONE) return false;
    catch_signals(cli->blockstore);
  }
  return true;
}

void cli_close(struct cli *cli) {
  if (cli->blockstore != NULL) {
    catch_signals(NULL);
    blockstore_close(cli->blockstore);
  }
  blockstore_key_free(cli->key);
  blockstore_key_free(cli->payment_key);
  blockstore_config_free(cli->config);
}

/* SPDX-License-Identifier: MIT */
/* blockstored -c FILE: a server of names. */
#include <config.h>

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tools/blockstored/errands.h"
#include "core/state/database.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/server.h"
#include "tools/blockstored/settings.h"

#define DEFAULT_FILE SYSCONFDIR "/blockstore/blockstored.yaml"

static const char usage_text[] =
    "Usage: blockstored [-c FILE] [--check [--chain] | --reindex]\n"
    "Answers questions on names over RPC, from a chain on this machine or from a Bitcoin node.\n"
    "\n"
    "  -c, --config FILE  the configuration [" DEFAULT_FILE "]\n"
    "      --check        examine the configuration, and the ledger or index that it names, say how to\n"
    "                     mend what is wrong, and end; a server may run meanwhile\n"
    "      --chain        with --check: replay all blocks of the node, and compare the index with them\n"
    "      --reindex      make the index anew from the node, and end; a server may run meanwhile\n"
    "  -h, --help         this\n"
    "      --version      which version this is\n"
    "\n"
    "blockstored(8) describes the configuration and all methods.\n";

static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                        {"chain", no_argument, NULL, 'b'},
                                        {"check", no_argument, NULL, 'k'},
                                        {"help", no_argument, NULL, 'h'},
                                        {"reindex", no_argument, NULL, 'r'},
                                        {"version", no_argument, NULL, 'V'},
                                        {NULL, 0, NULL, 0}};

/* What was asked for. */
struct command {
  const char *file;
  bool check, chain, reindex;
};

/* Exit status as blockstore-cli's: 2 for usage and configuration, 10 or 130 for what was cancelled, 1 for the rest. */
static int complain(const struct bs_error *error) {
  fprintf(stderr, "blockstored: %s\n", error->message);
  if (error->word == BS_WORD_cancelled) return bsd_errand_signal() == SIGINT ? 128 + SIGINT : 10;
  return error->result == BLOCKSTORE_USAGE ? 2 : 1;
}

static enum bs_log_level level_of(const char *word) {
  return word[0] == 'e' ? BS_LOG_ERROR : word[0] == 'w' ? BS_LOG_WARNING : word[0] == 'i' ? BS_LOG_INFO : BS_LOG_DEBUG;
}

static int check(const struct bsd_settings *settings, const struct command *command) {
  struct bs_error error = {0};
  bool sound;

  if (!bsd_check(settings, command->file, command->chain, &sound, &error)) return complain(&error);
  if (sound) return 0;
  fputs("blockstored: Something is wrong; \"findings\" in the document says what, and how to mend it.\n", stderr);
  return 1;
}

static int reindex(const struct bsd_settings *settings) {
  struct bs_error error = {0};

  return bsd_reindex(settings, &error) ? 0 : complain(&error);
}

static int serve(const struct bsd_settings *settings) {
  struct bs_error error = {0};

  bsd_journal_open(level_of(settings->log_level), strcmp(settings->log_format, "json") == 0);
  bs_database_count_nothing();
  return bsd_server_run(settings, &error) ? 0 : complain(&error);
}

static int run(const struct command *command) {
  struct bsd_settings *settings;
  struct bs_error error = {0};
  int status;

  if (!bsd_settings_read(&settings, command->file, &error)) {
    complain(&error);
    return 2;
  }
  status = command->check ? check(settings, command) : command->reindex ? reindex(settings) : serve(settings);
  bsd_settings_free(settings);
  return status;
}

static int refuse(const char *what) {
  fprintf(stderr, "blockstored: %s; see blockstored --help.\n", what);
  return 2;
}

int main(int count, char **arguments) {
  struct command command = {.file = DEFAULT_FILE};
  int option;

  /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet */
  while ((option = getopt_long(count, arguments, "c:h", options, NULL)) >= 0) switch (option) {
      case 'c': command.file = optarg; break;
      case 'b': command.chain = true; break;
      case 'k': command.check = true; break;
      case 'r': command.reindex = true; break;
      case 'h': fputs(usage_text, stdout); return 0;
      case 'V': puts("blockstored " PACKAGE_VERSION); return 0;
      default: fputs("blockstored: See blockstored --help.\n", stderr); return 2;
    }
  if (optind < count) {
    fprintf(stderr, "blockstored: There is no argument \"%s\"; see blockstored --help.\n", arguments[optind]);
    return 2;
  }
  if (command.check && command.reindex) return refuse("--check changes nothing, and --reindex does: give one of them");
  if (command.chain && !command.check) return refuse("--chain goes with --check");
  return run(&command);
}

/* SPDX-License-Identifier: MIT */
/* blockstored -c FILE: a server of names. */
#include <config.h>

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "tools/blockstored/journal.h"
#include "tools/blockstored/server.h"
#include "tools/blockstored/settings.h"

#define DEFAULT_FILE SYSCONFDIR "/blockstore/blockstored.yaml"

static const char usage_text[] =
    "Usage: blockstored [-c FILE] [--check]\n"
    "Answers questions on names over RPC, from a chain on this machine or from a Bitcoin node.\n"
    "\n"
    "  -c, --config FILE  the configuration [" DEFAULT_FILE "]\n"
    "      --check        read the configuration, say what is wrong with it, and end\n"
    "  -h, --help         this\n"
    "      --version      which version this is\n"
    "\n"
    "blockstored(8) describes the configuration and all methods.\n";

static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                        {"check", no_argument, NULL, 'k'},
                                        {"help", no_argument, NULL, 'h'},
                                        {"version", no_argument, NULL, 'V'},
                                        {NULL, 0, NULL, 0}};

/* Exit status as blockstore-cli's: 2 for usage and configuration, 1 for the rest. */
static int complain(const struct bs_error *error) {
  fprintf(stderr, "blockstored: %s\n", error->message);
  return error->result == BLOCKSTORE_USAGE ? 2 : 1;
}

static enum bs_log_level level_of(const char *word) {
  return word[0] == 'e' ? BS_LOG_ERROR : word[0] == 'w' ? BS_LOG_WARNING : word[0] == 'i' ? BS_LOG_INFO : BS_LOG_DEBUG;
}

static int run(const char *file, bool check) {
  struct bsd_settings *settings;
  struct bs_error error = {0};
  int status = 0;

  if (!bsd_settings_read(&settings, file, &error)) {
    complain(&error);
    return 2;
  }
  if (check) {
    printf("%s: This configuration can be used.\n", file);
  } else {
    bsd_journal_open(level_of(settings->log_level), strcmp(settings->log_format, "json") == 0);
    if (!bsd_server_run(settings, &error)) status = complain(&error);
  }
  bsd_settings_free(settings);
  return status;
}

int main(int count, char **arguments) {
  const char *file = DEFAULT_FILE;
  bool check = false;
  int option;

  /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet */
  while ((option = getopt_long(count, arguments, "c:h", options, NULL)) >= 0) switch (option) {
      case 'c': file = optarg; break;
      case 'k': check = true; break;
      case 'h': fputs(usage_text, stdout); return 0;
      case 'V': puts("blockstored " PACKAGE_VERSION); return 0;
      default: fputs("blockstored: See blockstored --help.\n", stderr); return 2;
    }
  if (optind < count) {
    fprintf(stderr, "blockstored: There is no argument \"%s\"; see blockstored --help.\n", arguments[optind]);
    return 2;
  }
  return run(file, check);
}

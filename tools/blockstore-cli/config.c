/* SPDX-License-Identifier: MIT */
/* Set up: init, config, drivers, stores, check. */
#include <config.h>

#include <string.h>

#include "tools/blockstore-cli/cli.h"

static enum blockstore_result run_init(struct cli *cli) {
  return blockstore_init(&cli->json, cli->value[CLI_CONFIG], &cli->error);
}

static enum blockstore_result run_config(struct cli *cli) {
  return blockstore_config_document(cli->config, &cli->json, &cli->error);
}

static enum blockstore_result run_drivers(struct cli *cli) {
  return blockstore_drivers(cli->config, &cli->json, cli->count > 0 ? cli->arguments[0] : NULL, &cli->error);
}

static enum blockstore_result run_stores(struct cli *cli) {
  return blockstore_stores(cli->blockstore, &cli->json, &cli->error);
}

/* A member of the document itself begins a line with four spaces, and no text within holds a line's end. */
static enum blockstore_result run_check(struct cli *cli) {
  enum blockstore_result result = blockstore_check(cli->config, &cli->json, &cli->error);

  if (result == BLOCKSTORE_DONE && strstr(cli->json, "\n    \"sound\": true") == NULL)
    cli->verdict = "Something is wrong; \"findings\" in the document says what, and how to mend it.";
  return result;
}

const struct cli_command cli_setup_commands[] = {
    {"init", "", "write a config file to start from",
     "Makes the config file (-c FILE, else the user's), the state directory and the ledger that it\n"
     "names.  An existing file is never overwritten.\n",
     0, CLI_NOTHING, run_init},
    {"config", "", "show the configuration in force, defaults included", "Secrets are shown as ***.\n", 0,
     CLI_CONFIG_READ, run_config},
    {"drivers", "[NAME]", "list the drivers of the plugin path",
     "With NAME: every candidate for that driver, and why one was refused.  Nothing is loaded.\n", 0, CLI_CONFIG_READ,
     run_drivers},
    {"stores", "", "list the stores and their health", "The member \"healthy\" is false when one is not usable.\n", 0,
     CLI_SESSION, run_stores},
    {"check", "", "examine state and ledger, and say how to mend what is wrong",
     "For after a crash, a backup that was restored, a home that was copied.  Nothing is changed.  Each of\n"
     "the \"findings\" says where it is, the \"problem\" and what will \"mend\" it.  The exit status is 0 when\n"
     "\"sound\" is true, warnings or not, and 1 when it is false.  What is in the stores is not looked at:\n"
     "see stores and explain.\n",
     0, CLI_CONFIG_READ, run_check},
    {0},
};

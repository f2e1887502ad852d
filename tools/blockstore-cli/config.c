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

static enum blockstore_result run_why(struct cli *cli) {
  int loads = 0;
  enum blockstore_result result = blockstore_driver_why(cli->config, &cli->json, &loads, cli->arguments[1], &cli->error);

  if (result == BLOCKSTORE_DONE && !loads) cli->verdict = "No driver is loaded; \"reason\" in the document says why.";
  return result;
}

static enum blockstore_result run_lock(struct cli *cli) {
  struct blockstore_lock_options options = BLOCKSTORE_LOCK_INIT;
  enum blockstore_result result;
  int same = 0;

  options.file = cli->count > 1 ? cli->arguments[1] : NULL;
  options.all = cli->given[CLI_ALL] > 0;
  if (cli->given[CLI_CHECK] == 0) {
    if (!cli_read_keys(cli)) return cli->error != NULL ? blockstore_error_result(cli->error) : BLOCKSTORE_USAGE;
    return blockstore_lock_drivers(cli->config, &cli->json, cli->key, &options, &cli->error);
  }
  result = blockstore_check_lock(cli->config, &cli->json, &same, &options, &cli->error);
  if (result == BLOCKSTORE_DONE && !same)
    cli->verdict = "The drivers are not those of the lock; \"drivers\" in the document says which.";
  return result;
}

/* A driver may be called "why": the word alone is its name.  One that is called "lock" is asked for by "why lock". */
static enum blockstore_result run_drivers(struct cli *cli) {
  if (cli->count > 0 && strcmp(cli->arguments[0], "lock") == 0) return run_lock(cli);
  for (size_t i = CLI_ALL; i <= CLI_CHECK; i++)
    if (cli->given[i] > 0)
      return cli_fail(cli, BLOCKSTORE_USAGE, "usage", "The option --%s belongs to: blockstore-cli drivers lock",
                      cli_options[i].name);
  if (cli->count > 1) return run_why(cli);
  return blockstore_drivers(cli->config, &cli->json, cli->count > 0 ? cli->arguments[0] : NULL, &cli->error);
}

static enum blockstore_result run_stores(struct cli *cli) {
  enum blockstore_result result = blockstore_stores(cli->blockstore, &cli->json, &cli->error);
  const char *healthy = result == BLOCKSTORE_DONE ? cli_member(cli->json, "healthy") : NULL;

  if (healthy != NULL && *healthy == 'f') cli->verdict = "Not every store is usable; \"stores\" in the document says why.";
  return result;
}

static enum blockstore_result run_check(struct cli *cli) {
  struct blockstore_check_options options = BLOCKSTORE_CHECK_INIT;
  enum blockstore_result result;
  int sound = 0;

  options.deadline_ms = cli->deadline_ms;
  result = blockstore_check(cli->config, &cli->json, &sound, &options, &cli->error);
  if (result == BLOCKSTORE_DONE && !sound)
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
    {"drivers", "[why|lock] [NAME]", "list the drivers of the plugin path, or lock them",
     "With NAME: those of that name alone.  With why NAME: which file would be loaded, or why none is; for\n"
     "every candidate the \"rule\" that refused it, the libraries that it \"needs\", and which are \"missing\".\n"
     "The exit status is then 1 when none is loaded.  No code of any file runs.\n"
     "With lock [FILE]: writes drivers.lock, beside the config file or where FILE says: the drivers that the\n"
     "stores use, with their SHA-256, signed with the key (-k).  Whose config says load: {locked: ADDRESS}\n"
     "loads these alone.  With --check the exit status is 1 when they are not those of the lock.\n",
     CLI_TAKES(CLI_ALL) | CLI_TAKES(CLI_CHECK), CLI_CONFIG_READ, run_drivers},
    {"stores", "", "list the stores and their health",
     "When one is not usable, the member \"healthy\" is false and the exit status 1.\n", 0, CLI_SESSION, run_stores},
    {"check", "", "examine state and ledger, and say how to mend what is wrong",
     "For after a crash, a backup that was restored, a home that was copied.  Nothing is changed.  Each of\n"
     "the \"findings\" says where it is, the \"problem\" and what will \"mend\" it.  The exit status is 0 when\n"
     "\"sound\" is true, warnings or not, and 1 when it is false.  What is in the stores is not looked at:\n"
     "see stores and explain.\n",
     CLI_TAKES(CLI_DEADLINE), CLI_CONFIG_READ, run_check},
    {0},
};

/* SPDX-License-Identifier: MIT */
/* blockstore-cli: the commands and their dispatch. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/blockstore-cli/cli.h"

static enum blockstore_result run_help(struct cli *cli) {
  cli->command = NULL;
  if (cli->count > 0 && !cli_find_command(cli)) return BLOCKSTORE_USAGE;
  cli_help(cli->command);
  return BLOCKSTORE_DONE;
}

const struct cli_command cli_help_commands[] = {
    {"help", "[COMMAND]", "this text, or what a command does", "", 0, CLI_NOTHING, run_help},
    {"completion", "SHELL", "print a script that completes commands and options in a shell",
     "SHELL: bash, zsh or fish.  An installation has them where the shells look.\n"
     "bash: source <(blockstore-cli completion bash); zsh: the same, after compinit;\n"
     "fish: blockstore-cli completion fish | source.\n",
     0, CLI_NOTHING, cli_run_completion},
    {0},
};

const struct cli_group cli_groups[] = {
    {"Set up", cli_setup_commands},       {"Keys", cli_key_commands},  {"Names", cli_name_commands},
    {"Namespaces", cli_namespace_commands}, {"The chain", cli_chain_commands},
    {"Immutable data", cli_data_commands}, {"Mutable data", cli_mutable_commands}, {"Help", cli_help_commands}, {0},
};

static enum blockstore_result run(struct cli *cli, int argc, char **argv) {
  if (!cli_parse(cli, argc, argv)) return BLOCKSTORE_USAGE;
  if (cli->given[CLI_HELP] > 0) return run_help(cli);
  if (cli->given[CLI_VERSION] > 0) {
    printf("blockstore-cli %s\n", blockstore_version());
    return BLOCKSTORE_DONE;
  }
  if (!cli_find_command(cli) || !cli_check_usage(cli)) return BLOCKSTORE_USAGE;
  if (!cli_open(cli)) return cli->error != NULL ? blockstore_error_result(cli->error) : BLOCKSTORE_USAGE;
  return cli->command->run(cli);
}

/* A standard descriptor that the caller closed would be given to the next file that is opened, which our output would
 * then overwrite.  These fail every write and read instead. */
static void occupy_standard_descriptors(void) {
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
      _exit(BLOCKSTORE_ERROR);
}

int main(int argc, char **argv) {
  struct cli cli = {0};
  enum blockstore_result result;
  int status;

  occupy_standard_descriptors();
  signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error with a message, */
  signal(SIGXFSZ, SIG_IGN); /* and so is a file that may not grow */
  result = run(&cli, argc, argv);
  cli_close(&cli);
  status = cli_print(&cli, result);
  status = cli_finish(&cli, status);
  blockstore_error_free(cli.error);
  blockstore_free(cli.json);
  free(cli.text);
  return status;
}

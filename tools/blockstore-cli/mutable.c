/* SPDX-License-Identifier: MIT */
/* Mutable data: put, get, delete, explain. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "tools/blockstore-cli/cli.h"

/* The number that an option names, from 1 to 2^53-1; the option that is not given leaves it alone. */
static bool take_number(struct cli *cli, uint64_t *number, enum cli_option_name option) {
  const char *text = cli->value[option];
  unsigned long long value;
  char *end;

  if (cli->given[option] == 0) return true;
  errno = 0;
  value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value == 0 || value >> 53 != 0)
    return cli_refuse(cli, "--%s: A number from 1 to 2^53-1 was expected, not \"%s\".", cli_options[option].name, text);
  *number = value;
  return true;
}

static enum blockstore_result run_put_mutable(struct cli *cli) {
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_input *data CLI_AUTO(cli_free_input) = cli_open_data(cli->arguments[2]);
  struct blockstore_receipt *receipt CLI_AUTO(cli_free_receipt) = NULL;
  enum blockstore_result result;

  if (!take_number(cli, &options.ver, CLI_VER) || !take_number(cli, &options.expires, CLI_EXPIRES)) return BLOCKSTORE_USAGE;
  options.create = cli->given[CLI_NO_CREATE] == 0;
  options.reroute = cli->given[CLI_REROUTE] > 0;
  options.force = cli->given[CLI_FORCE] > 0;
  options.txid = cli->value[CLI_TXID];
  options.payment_key = cli->payment_key;
  options.deadline_ms = cli->deadline_ms;
  options.progress = cli_progress_callback(cli);
  options.user = cli;
  result = blockstore_put_mutable(cli->blockstore, &receipt, cli->arguments[0], cli->arguments[1], data, cli->key, &options,
                                  &cli->error);
  return cli_answer_receipt(cli, result, &receipt);
}

static enum blockstore_result run_get_mutable(struct cli *cli) {
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  struct blockstore_output *output CLI_AUTO(cli_free_output) = NULL;
  struct blockstore_record *record CLI_AUTO(cli_free_record) = NULL;
  enum blockstore_result result;

  if (!take_number(cli, &options.ver_min, CLI_VER_MIN) || !take_number(cli, &options.ver_max, CLI_VER_MAX)) return BLOCKSTORE_USAGE;
  options.z = cli->value[CLI_Z];
  options.deadline_ms = cli->deadline_ms;
  options.progress = cli_progress_callback(cli);
  options.user = cli;
  output = cli_open_output(cli);
  result = blockstore_get_mutable(cli->blockstore, output, &record, cli->arguments[0], cli->arguments[1], &options, &cli->error);
  return cli_answer_data(cli, result, &record, output);
}

static enum blockstore_result run_delete_mutable(struct cli *cli) {
  return cli_delete(cli, blockstore_delete_mutable);
}

const struct cli_command cli_mutable_commands[] = {
    {"put_mutable", "NAME ID DATA", "store a new version of data under a name",
     "ID: what the data is called, 1 to 4,096 bytes.  DATA: text, @FILE for a file's bytes, - for stdin;\n"
     "text that begins with @ is written @@.  The first version of an ID makes the route to it, which\n"
     "takes a transaction; further ones do not.  A put that failed may simply be repeated.\n",
     CLI_WRITES | CLI_TAKES(CLI_VER) | CLI_TAKES(CLI_EXPIRES) | CLI_TAKES(CLI_NO_CREATE) | CLI_TAKES(CLI_REROUTE) | CLI_TAKES(CLI_FORCE),
     CLI_OWNER, run_put_mutable},
    {"get_mutable", "NAME ID", "fetch the newest version of data, verified",
     "Never one below a version that was seen before.  The document holds the data as get_immutable's does,\n"
     "and what each store gave.\n",
     CLI_TAKES(CLI_DEADLINE) | CLI_TAKES(CLI_OUTPUT) | CLI_TAKES(CLI_RAW) | CLI_TAKES(CLI_VER_MIN) | CLI_TAKES(CLI_VER_MAX) |
         CLI_TAKES(CLI_Z),
     CLI_SESSION, run_get_mutable},
    {"delete_mutable", "NAME ID", "delete data for every reader",
     "A signed tombstone takes the data's place, and the user record says that it was deleted.  With --purge\n"
     "the stores delete its bytes, too.\n",
     CLI_WRITES | CLI_TAKES(CLI_PURGE), CLI_OWNER, run_delete_mutable},
    {"explain", "NAME ID", "show what each store gives for data, and why it is believed or not",
     "Fetches as get_mutable does, but hands out no data and remembers nothing.\n", CLI_TAKES(CLI_DEADLINE), CLI_SESSION,
     cli_run_method},
    {"pending", "", "show the writes that were begun and are not done", "", CLI_TAKES(CLI_DEADLINE), CLI_SESSION, cli_run_method},
    {0},
};

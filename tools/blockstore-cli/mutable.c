/* SPDX-License-Identifier: MIT */
/* Mutable data: put, get, delete, explain. */
#include <config.h>

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "tools/blockstore-cli/cli.h"

#define VERSION_MAX ((UINT64_C(1) << 53) - 1)
#define TIME_MAX UINT64_C(253402300799) /* the last second of the year 9999 */

/* Of data that is written: the last version of all is for the tombstone that deletes the one before it. */
static bool take_version(struct cli *cli, uint64_t *version) {
  return cli_take_number(cli, version, CLI_VER, VERSION_MAX - 1, "2^53-2");
}

static bool take_bound(struct cli *cli, uint64_t *version, enum cli_option_name option) {
  return cli_take_number(cli, version, option, VERSION_MAX, "2^53-1");
}

/* What has expired when it is written nobody could read; what is beyond the year 9999 was not meant as seconds. */
static bool take_expiry(struct cli *cli, uint64_t *expires) {
  time_t now = time(NULL);

  if (!cli_take_number(cli, expires, CLI_EXPIRES, TIME_MAX, "253402300799, seconds since 1970 up to the year 9999,"))
    return false;
  if (cli->given[CLI_EXPIRES] == 0 || now < 0 || *expires > (uint64_t)now) return true;
  return cli_refuse(cli, "--expires: The time %" PRIu64 " is past: it is %" PRIu64 " now, in seconds since 1970.",
                    *expires, (uint64_t)now);
}

static enum blockstore_result run_put_mutable(struct cli *cli) {
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct blockstore_input *data CLI_AUTO(cli_free_input) = cli_open_data(cli->arguments[2]);
  struct blockstore_receipt *receipt CLI_AUTO(cli_free_receipt) = NULL;
  enum blockstore_result result;

  if (!take_version(cli, &options.ver) || !take_expiry(cli, &options.expires)) return BLOCKSTORE_USAGE;
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

  if (!take_bound(cli, &options.ver_min, CLI_VER_MIN) || !take_bound(cli, &options.ver_max, CLI_VER_MAX)) return BLOCKSTORE_USAGE;
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

static enum blockstore_result run_pending(struct cli *cli) {
  static const char *const resume[] = {"true"};

  return cli_call_method(cli, resume, cli->given[CLI_RESUME] > 0);
}

const struct cli_command cli_mutable_commands[] = {
    {"put_mutable", "NAME ID DATA", "store a new version of data under a name",
     "ID: what the data is called, 1 to 4,096 bytes.  DATA: text, @FILE for a file's bytes, - for stdin;\n"
     "text that begins with @ is written @@.  The first version of an ID makes the route to it, which\n"
     "takes a transaction; further ones do not.  A put that failed may simply be repeated.\n",
     CLI_WRITES | CLI_TAKES(CLI_VER) | CLI_TAKES(CLI_EXPIRES) | CLI_TAKES(CLI_NO_CREATE) |
     CLI_TAKES(CLI_REROUTE) | CLI_TAKES(CLI_FORCE),
     CLI_OWNER, run_put_mutable},
    {"get_mutable", "NAME ID", "fetch the newest version of data, verified",
     "Never one below a version that was seen before.  The document holds the data as get_immutable's does,\n"
     "and what each store gave.\n",
     CLI_TAKES(CLI_DEADLINE) | CLI_TAKES(CLI_OUTPUT) | CLI_TAKES(CLI_RAW) | CLI_TAKES(CLI_VER_MIN) | CLI_TAKES(CLI_VER_MAX) |
         CLI_TAKES(CLI_Z),
     CLI_SESSION, run_get_mutable},
    {"delete_mutable", "NAME ID", "delete data for every reader",
     "A signed tombstone takes the data's place, and the user record says that it was deleted.  With --purge\n"
     "the stores delete its bytes, too.  Data that has no route, or is deleted already, is a success.\n",
     CLI_WRITES | CLI_TAKES(CLI_PURGE), CLI_OWNER, run_delete_mutable},
    {"explain", "NAME ID", "show what each store gives for data, and why it is believed or not",
     "Fetches as get_mutable does, but hands out no data and remembers nothing.  The exit status is 0 whenever\n"
     "it could tell: what get_mutable would fail with is in \"code\" and \"why\".\n",
     CLI_TAKES(CLI_DEADLINE), CLI_SESSION, cli_run_method},
    {"pending", "", "show what was begun and is not done, or go on with it",
     "Operations that wait for a block, user records on their way, versions that are reserved.  --resume: what\n"
     "a node forgot is sent again, what is about to be too old is made anew, and what was preordered is\n"
     "registered; with -k, as that needs the key.\n",
     CLI_TAKES(CLI_DEADLINE) | CLI_TAKES(CLI_RESUME) | CLI_TAKES(CLI_PAYMENT_KEY), CLI_SESSION, run_pending},
    {0},
};

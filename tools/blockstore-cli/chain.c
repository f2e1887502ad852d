/* SPDX-License-Identifier: MIT */
/* The chain below the names: its blocks, and what goes into them as it is. */
#include <config.h>

#include <string.h>

#include "tools/blockstore-cli/cli.h"

static enum blockstore_result run_nameops(struct cli *cli) {
  const char *const arguments[] = {cli->arguments[0], "true"};

  return cli_call_method(cli, arguments, cli->given[CLI_REFUSED] > 0 ? 2 : 1);
}

static enum blockstore_result run_announce(struct cli *cli) {
  const char *message = cli->arguments[0];
  char *text CLI_AUTO(cli_free) = NULL;
  enum blockstore_result result = BLOCKSTORE_DONE;

  if (message[0] == '@' && message[1] == '@') {
    message++;
  } else {
    result = cli_take_text(cli, &message, &text, "message");
  }
  return result != BLOCKSTORE_DONE ? result : cli_call_method(cli, &message, 1);
}

/* The line may end as lines do. */
static enum blockstore_result run_broadcast(struct cli *cli) {
  const char *hex = cli->arguments[0];
  char *text CLI_AUTO(cli_free) = NULL;
  enum blockstore_result result = cli_take_text(cli, &hex, &text, "transaction");

  if (result != BLOCKSTORE_DONE) return result;
  for (size_t end = text == NULL ? 0 : strlen(text); end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r'); end--)
    text[end - 1] = '\0';
  return cli_call_method(cli, &hex, 1);
}

const struct cli_command cli_chain_commands[] = {
    {"get_consensus_at", "BLOCK", "show the consensus hash of a block", "", CLI_ASKS, CLI_SESSION, cli_run_method},
    {"get_consensus_range", "FIRST LAST", "show the consensus hashes of the blocks FIRST to LAST",
     "Both with the rest; at most 1000.\n", CLI_ASKS, CLI_SESSION, cli_run_method},
    {"get_nameops_at", "BLOCK", "show the operations that a block holds", "", CLI_ASKS | CLI_TAKES(CLI_REFUSED),
     CLI_SESSION, run_nameops},
    {"announce", "MESSAGE", "put the hash of a message on the chain",
     "MESSAGE: text, @FILE for a file's text, - for stdin, both with all their bytes, also a newline at the end;\n"
     "text that begins with @ is written @@.  40 hexadecimal digits are the hash160 of a message.  The message\n"
     "itself goes nowhere.\n",
     CLI_TELLS, CLI_OWNER, run_announce},
    {"broadcast_transaction", "HEX", "send a transaction that was made before",
     "HEX: a signed transaction, such as --dry-run shows, @FILE with one, or - for stdin.  The answer says\n"
     "whether its operation was accepted, or refused and why; a refused one is in the block all the same, and\n"
     "its coins are spent.  With --dry-run it is only checked.\n",
     CLI_TAKES(CLI_DEADLINE) | CLI_TAKES(CLI_DRY_RUN), CLI_SESSION, run_broadcast},
    {0},
};

/* SPDX-License-Identifier: MIT */
/* Keys: keygen. */
#include <config.h>

#include "tools/blockstore-cli/cli.h"

static enum blockstore_result run_keygen(struct cli *cli) {
  enum blockstore_network network = cli->given[CLI_TEST] > 0 ? BLOCKSTORE_NETWORK_TEST : BLOCKSTORE_NETWORK_MAIN;
  const char *file = cli->arguments[0];
  struct cli_object object;
  enum blockstore_result result;

  result = blockstore_key_generate(&cli->key, &cli->error);
  if (result == BLOCKSTORE_DONE) result = blockstore_key_write(cli->key, file, network, &cli->error);
  if (result != BLOCKSTORE_DONE) return result;
  cli_object_begin(&object);
  cli_object_string(&object, "address", blockstore_key_address(cli->key, network));
  cli_object_string(&object, "file", file);
  cli_object_string(&object, "network", network == BLOCKSTORE_NETWORK_TEST ? "test" : "main");
  return cli_object_end(&object, cli);
}

const struct cli_command cli_key_commands[] = {
    {"keygen", "FILE", "make a private key and show its address",
     "Writes the key to FILE, which must not exist, for the user alone (mode 0600).  Whoever has the\n"
     "file owns the names; without it nobody does.  Keep a copy.\n",
     CLI_TAKES(CLI_TEST), CLI_NOTHING, run_keygen},
    {0},
};

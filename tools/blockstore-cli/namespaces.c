/* SPDX-License-Identifier: MIT */
/* Namespaces: how they come to be, and what is in them. */
#include <config.h>

#include "tools/blockstore-cli/cli.h"

/* The library takes what are options here as arguments; NULL is what it takes for granted. */
static enum blockstore_result run_reveal(struct cli *cli) {
  const char *const arguments[] = {cli->arguments[0],
                                   cli->count > 1 ? cli->arguments[1] : NULL,
                                   cli->value[CLI_LIFETIME],
                                   cli->value[CLI_COEFF],
                                   cli->value[CLI_BASE],
                                   cli->value[CLI_BUCKETS],
                                   cli->value[CLI_NONALPHA_DISCOUNT],
                                   cli->value[CLI_NO_VOWEL_DISCOUNT]};

  return cli_call_method(cli, arguments, sizeof arguments / sizeof arguments[0]);
}

#define RULES                                                                                             \
  (CLI_TAKES(CLI_LIFETIME) | CLI_TAKES(CLI_COEFF) | CLI_TAKES(CLI_BASE) | CLI_TAKES(CLI_BUCKETS) |        \
   CLI_TAKES(CLI_NONALPHA_DISCOUNT) | CLI_TAKES(CLI_NO_VOWEL_DISCOUNT))

const struct cli_command cli_namespace_commands[] = {
    {"get_namespace_cost", "NAMESPACE", "show what preordering a namespace costs", "", CLI_ASKS, CLI_SESSION,
     cli_run_method},
    {"get_namespace_blockchain_record", "NAMESPACE", "show what the chain says of a namespace",
     "Its state is ready, or revealed as long as names are imported.\n", CLI_ASKS, CLI_SESSION, cli_run_method},
    {"get_names_in_namespace", "NAMESPACE [OFFSET [COUNT]]", "list the names of a namespace",
     "Expired and revoked ones too; at most COUNT names, from number OFFSET (0 is the first) on.\n", CLI_ASKS,
     CLI_SESSION, cli_run_method},
    {"namespace_preorder", "NAMESPACE [REVEAL_ADDRESS]", "claim a namespace without telling which, and pay for it",
     "REVEAL_ADDRESS: who is to import its names and to make it ready; else the owner's key.\n", CLI_TELLS, CLI_OWNER,
     cli_run_method},
    {"namespace_reveal", "NAMESPACE [REVEAL_ADDRESS]", "tell which namespace was preordered, and its rules",
     "The same key and REVEAL_ADDRESS as in the preorder.  What its names cost and how long they live cannot\n"
     "be changed later: see it first with --dry-run.\n",
     CLI_TELLS | RULES, CLI_OWNER, run_reveal},
    {"namespace_ready", "NAMESPACE", "open a namespace: from now on anybody can register names in it",
     "By the key of the reveal address.  No name can be imported after it.\n", CLI_TELLS, CLI_OWNER, cli_run_method},
    {"name_import", "NAME ADDRESS VALUE_HASH", "give a name of a namespace that is not ready yet to its owner",
     "ADDRESS: who is to own it.  VALUE_HASH: 40 hexadecimal digits in lower case, the hash of its user\n"
     "record.  The first is imported by the key of the reveal address, further ones also by keys derived from\n"
     "it.  A name that was imported before is overwritten.  It costs the fee alone.  Its owner must renew it\n"
     "within a lifetime of the import, when the namespace is ready.\n",
     CLI_TELLS, CLI_OWNER, cli_run_method},
    {0},
};

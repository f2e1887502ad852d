/* SPDX-License-Identifier: MIT */
/* Names: what the name service is asked and told.  The library answers each with a document. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/blockstore-cli/cli.h"

enum blockstore_result cli_call_method(struct cli *cli, const char *const *arguments, size_t count) {
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;

  options.owner_key = cli->key;
  options.payment_key = cli->payment_key;
  options.dry_run = cli->given[CLI_DRY_RUN] > 0;
  options.deadline_ms = cli->deadline_ms;
  options.prove = cli->given[CLI_PROVE] > 0;
  options.prove_blocks = cli->prove_blocks;
  return blockstore_call_method(cli->blockstore, &cli->json, cli->command->name, arguments, count, &options,
                                &cli->error);
}

enum blockstore_result cli_run_method(struct cli *cli) {
  return cli_call_method(cli, cli->arguments, cli->count);
}

static enum blockstore_result run_lookup(struct cli *cli) {
  if (cli->given[CLI_PROVE_BLOCKS] > 0 && cli->given[CLI_PROVE] == 0)
    return cli_fail(cli, BLOCKSTORE_USAGE, "usage", "--prove-blocks goes with --prove only.");
  if (!cli_take_number(cli, &cli->prove_blocks, CLI_PROVE_BLOCKS, 100000000, "100000000")) return BLOCKSTORE_USAGE;
  return cli_run_method(cli);
}

/* ---- texts that may come from a file ---- */

#define TEXT_LIMIT ((size_t)32 << 20)

static void close_file(FILE **file) {
  if (*file != NULL) fclose(*file);
}

static enum blockstore_result refuse(struct cli *cli, const char *file, const char *noun, const char *why) {
  return cli_fail(cli, BLOCKSTORE_USAGE, "usage", "%s: The %s cannot be read: %s", file, noun, why);
}

static enum blockstore_result read_text(struct cli *cli, char **ret_text, const char *file, const char *noun) {
  bool is_stdin = strcmp(file, "-") == 0;
  FILE *opened CLI_AUTO(close_file) = is_stdin ? NULL : fopen(file, "re");
  FILE *in = is_stdin ? stdin : opened;
  char *text CLI_AUTO(cli_free) = malloc(TEXT_LIMIT + 1); /* pages that are not touched cost nothing */
  size_t length;

  if (text == NULL) return cli_no_memory(cli);
  length = in != NULL ? fread(text, 1, TEXT_LIMIT + 1, in) : 0;
  if (cli_signal() != 0) return cli_fail(cli, BLOCKSTORE_CANCELLED, "cancelled", "Cancelled; nothing was sent.");
  if (in == NULL || ferror(in)) return refuse(cli, file, noun, strerrordesc_np(errno));
  if (length > TEXT_LIMIT) return refuse(cli, file, noun, "it is larger than 32 MiB");
  if (memchr(text, '\0', length) != NULL) return refuse(cli, file, noun, "it is no text");
  text[length] = '\0';
  *ret_text = text;
  text = NULL;
  return BLOCKSTORE_DONE;
}

enum blockstore_result cli_take_text(struct cli *cli, const char **argument, char **ret_text, const char *noun) {
  bool is_file = (*argument)[0] == '@';
  enum blockstore_result result;

  if (!is_file && strcmp(*argument, "-") != 0) return BLOCKSTORE_DONE;
  result = read_text(cli, ret_text, *argument + is_file, noun);
  if (result == BLOCKSTORE_DONE) *argument = *ret_text;
  return result;
}

static enum blockstore_result run_update(struct cli *cli) {
  const char *txid = cli->count > 2 ? cli->arguments[2] : cli->value[CLI_TXID];
  const char *arguments[3] = {cli->arguments[0], cli->arguments[1], txid};
  char *text CLI_AUTO(cli_free) = NULL;
  enum blockstore_result result;

  if (cli->count > 2 && cli->given[CLI_TXID] > 0)
    return cli_fail(cli, BLOCKSTORE_USAGE, "usage", "The TXID is given twice.");
  result = cli_take_text(cli, &arguments[1], &text, "record");
  return result != BLOCKSTORE_DONE ? result : cli_call_method(cli, arguments, txid != NULL ? 3 : 2);
}

const struct cli_command cli_name_commands[] = {
    {"ping", "", "ask the name service whether it is there", "", CLI_ASKS, CLI_SESSION, cli_run_method},
    {"getinfo", "", "show the state of the name service", "", CLI_ASKS, CLI_SESSION, cli_run_method},
    {"lookup", "NAME", "show a name's user record and name record",
     "The user record comes from the stores and is checked against the name record.  With --prove names.pin\n"
     "of the config must prove the name record as of its block; where --prove-blocks says nothing,\n"
     "names.prove_blocks bounds what that may cost.\n",
     CLI_ASKS | CLI_TAKES(CLI_PROVE) | CLI_TAKES(CLI_PROVE_BLOCKS), CLI_SESSION, run_lookup},
    {"get_name_blockchain_record", "NAME", "show what the chain says of a name", "", CLI_ASKS, CLI_SESSION,
     cli_run_method},
    {"get_name_blockchain_history", "NAME [FIRST [LAST]]", "show what was done to a name, and what it was after each",
     "In the blocks FIRST to LAST, else in all.  A preorder does not tell its name.\n", CLI_ASKS, CLI_SESSION,
     cli_run_method},
    {"get_name_cost", "NAME", "show what registering or renewing a name costs", "", CLI_ASKS, CLI_SESSION,
     cli_run_method},
    {"get_all_names", "[OFFSET [COUNT]]", "list the names that were ever registered",
     "Expired and revoked ones too; at most COUNT names, from number OFFSET (0 is the first) on.\n", CLI_ASKS,
     CLI_SESSION, cli_run_method},
    {"get_names_owned_by_address", "ADDRESS", "list the names of an owner", "", CLI_ASKS, CLI_SESSION, cli_run_method},
    {"preorder", "NAME [ADDRESS]", "claim a name without telling which",
     "ADDRESS: who is to own it; else the owner's key.  register does this by itself where blocks\n"
     "allow.\n",
     CLI_TELLS, CLI_OWNER, cli_run_method},
    {"register", "NAME [ADDRESS]", "register a name, with its preorder where blocks allow",
     "ADDRESS: who is to own it; else the owner's key.  After preorder: the same key and ADDRESS.\n", CLI_TELLS,
     CLI_OWNER, cli_run_method},
    {"renew", "NAME", "pay for another lifetime of a name",
     "Before it has expired.  Who owns 25 names can renew none of them: transfer one before.\n", CLI_TELLS, CLI_OWNER,
     cli_run_method},
    {"update", "NAME RECORD [TXID]", "set a name's user record",
     "RECORD: a user record, @FILE with one, - for stdin, or 40 hexadecimal digits in lower\n"
     "case, the hash of one.  TXID (or --txid): the transaction that an earlier try sent; it is not sent again.\n",
     CLI_TELLS | CLI_TAKES(CLI_TXID), CLI_OWNER, run_update},
    {"transfer", "NAME ADDRESS [KEEPDATA]", "give a name to another owner",
     "ADDRESS: who is to own it.  KEEPDATA: true, so that its immutable data stays readable and its mutable\n"
     "data can be put again by the new owner, or false, so that the name has none; true if it is not given.\n",
     CLI_TELLS, CLI_OWNER, cli_run_method},
    {"revoke", "NAME", "end a name: it has no data and nobody can change it",
     "Until it expires, which may be never; it cannot be taken back.\n", CLI_TELLS, CLI_OWNER, cli_run_method},
    {0},
};

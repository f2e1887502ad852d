/* SPDX-License-Identifier: MIT */
/* Data under a name: what both kinds share, and immutable data. */
#include <config.h>

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "tools/blockstore-cli/cli.h"

#define DOCUMENT_LIMIT ((size_t)16 << 20) /* bytes of data that go into a document */

void cli_free_input(struct blockstore_input **input) {
  blockstore_input_free(*input);
}

void cli_free_output(struct blockstore_output **output) {
  blockstore_output_free(*output);
}

void cli_free_record(struct blockstore_record **record) {
  blockstore_record_free(*record);
}

void cli_free_receipt(struct blockstore_receipt **receipt) {
  blockstore_receipt_free(*receipt);
}

/* The policy was met; what a store did not do is told all the same. */
static void warn_of_stores(const struct blockstore_receipt *receipt) {
  for (size_t i = 0; i < blockstore_receipt_stores(receipt); i++) {
    const char *reason;

    blockstore_receipt_store(receipt, i, &reason);
    if (reason != NULL) cli_warn("%s", reason);
  }
}

enum blockstore_result cli_answer_receipt(struct cli *cli, enum blockstore_result result,
                                          struct blockstore_receipt *const *receipt) {
  if (result != BLOCKSTORE_DONE) return result;
  warn_of_stores(*receipt);
  return cli_answer(cli, blockstore_receipt_document(*receipt));
}

struct blockstore_input *cli_open_data(const char *data) {
  if (strcmp(data, "-") == 0) return blockstore_input_from_fd(STDIN_FILENO);
  if (data[0] == '@' && data[1] != '@') return blockstore_input_from_file(data + 1);
  if (data[0] == '@') data++;
  return blockstore_input_from_memory(data, strlen(data));
}

static bool goes_to_file(const struct cli *cli) {
  return cli->given[CLI_OUTPUT] > 0;
}

static bool goes_to_stdout(const struct cli *cli) {
  return cli->given[CLI_RAW] > 0;
}

struct blockstore_output *cli_open_output(const struct cli *cli) {
  if (goes_to_stdout(cli)) return blockstore_output_to_fd(STDOUT_FILENO);
  if (goes_to_file(cli)) return blockstore_output_to_file(cli->value[CLI_OUTPUT]);
  return blockstore_output_to_memory(DOCUMENT_LIMIT);
}

/* What the document would say of data that goes to stdout alone: first_seen and conflicts are for mutable data. */
static void warn_of_doubts(const struct blockstore_record *record) {
  const char *conflicts = blockstore_record_conflicts(record);

  if (blockstore_record_first_seen(record) != 0)
    cli_warn("No version of this data was seen before: it is authentic, but whether it is the newest cannot be told.");
  if (conflicts != NULL && strcmp(conflicts, "[]") != 0)
    cli_warn("Other content was signed for version %" PRIu64 ", too: this one has the z %s; blockstore-cli explain "
             "shows the other.", blockstore_record_ver(record), blockstore_record_z(record));
}

enum blockstore_result cli_answer_data(struct cli *cli, enum blockstore_result result, struct blockstore_record *const *record,
                                       const struct blockstore_output *output) {
  bool to_document = !goes_to_stdout(cli) && !goes_to_file(cli);

  if (to_document && result == BLOCKSTORE_USAGE && strcmp(blockstore_error_word(cli->error), "too_large") == 0) {
    blockstore_error_free(cli->error);
    cli->error = NULL;
    return cli_fail(cli, result, "too_large",
                    "The data is larger than the 16 MiB that a document holds; use --output or --raw.");
  }
  if (result != BLOCKSTORE_DONE) return result;
  if (goes_to_stdout(cli)) {
    warn_of_doubts(*record);
    return result;
  }
  if (to_document) return blockstore_record_document_with_data(*record, output, &cli->json, &cli->error);
  return cli_answer(cli, blockstore_record_document(*record));
}

/* ---- put ---- */

static enum blockstore_result run_put_immutable(struct cli *cli) {
  struct blockstore_put_immutable_options options = BLOCKSTORE_PUT_IMMUTABLE_INIT;
  struct blockstore_input *data CLI_AUTO(cli_free_input) = cli_open_data(cli->arguments[1]);
  struct blockstore_receipt *receipt CLI_AUTO(cli_free_receipt) = NULL;
  enum blockstore_result result;

  options.txid = cli->value[CLI_TXID];
  options.payment_key = cli->payment_key;
  options.deadline_ms = cli->deadline_ms;
  options.progress = cli_progress_callback(cli);
  options.user = cli;
  result = blockstore_put_immutable(cli->blockstore, &receipt, cli->arguments[0], data, cli->key, &options,
                                    &cli->error);
  return cli_answer_receipt(cli, result, &receipt);
}

/* ---- get ---- */

static enum blockstore_result run_get_immutable(struct cli *cli) {
  struct blockstore_get_immutable_options options = BLOCKSTORE_GET_IMMUTABLE_INIT;
  struct blockstore_output *output CLI_AUTO(cli_free_output) = cli_open_output(cli);
  struct blockstore_record *record CLI_AUTO(cli_free_record) = NULL;
  enum blockstore_result result;

  options.deadline_ms = cli->deadline_ms;
  options.progress = cli_progress_callback(cli);
  options.user = cli;
  result = blockstore_get_immutable(cli->blockstore, output, &record, cli->arguments[0], cli->arguments[1], &options,
                                    &cli->error);
  return cli_answer_data(cli, result, &record, output);
}

/* ---- delete ---- */

enum blockstore_result cli_delete(struct cli *cli, cli_deletion *delete) {
  struct blockstore_delete_options options = BLOCKSTORE_DELETE_INIT;
  struct blockstore_receipt *receipt CLI_AUTO(cli_free_receipt) = NULL;
  enum blockstore_result result;

  options.purge = cli->given[CLI_PURGE] > 0;
  options.txid = cli->value[CLI_TXID];
  options.payment_key = cli->payment_key;
  options.deadline_ms = cli->deadline_ms;
  result = delete(cli->blockstore, &receipt, cli->arguments[0], cli->arguments[1], cli->key, &options, &cli->error);
  return cli_answer_receipt(cli, result, &receipt);
}

static enum blockstore_result run_delete_immutable(struct cli *cli) {
  return cli_delete(cli, blockstore_delete_immutable);
}

const struct cli_command cli_data_commands[] = {
    {"put_immutable", "NAME DATA", "store data under a name, for good",
     "DATA: text, @FILE for a file's bytes, - for stdin; text that begins with @ is written @@.\n"
     "The receipt says the data's key.  A put that failed after its transaction went out names it:\n"
     "give it to the next try with --txid.\n",
     CLI_WRITES, CLI_OWNER, run_put_immutable},
    {"get_immutable", "NAME KEY", "fetch data by its key, verified",
     "KEY: 64 (for data of 2015: 40) hexadecimal digits.  The document holds the data as \"data\", or as\n"
     "\"data_base64\" where it is not UTF-8 text, up to 16 MiB; with --output FILE the data goes to the\n"
     "file instead, with --raw to stdout.  No byte is written before all are verified.\n",
     CLI_TAKES(CLI_DEADLINE) | CLI_TAKES(CLI_OUTPUT) | CLI_TAKES(CLI_RAW), CLI_SESSION, run_get_immutable},
    {"delete_immutable", "NAME KEY", "take data off a name's list",
     "The bytes stay in the stores, unless --purge is given, which is refused while another known name\n"
     "lists them.  Data that is not on the list is a success.\n",
     CLI_WRITES | CLI_TAKES(CLI_PURGE), CLI_OWNER, run_delete_immutable},
    {0},
};

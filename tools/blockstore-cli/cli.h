/* SPDX-License-Identifier: MIT */
/*
 * What the files of blockstore-cli share.  The tool knows the library by its public header alone.
 *
 * A run: options and command are parsed (options.c), what the command needs is opened (session.c), its handler leaves a
 * document or a failure in struct cli, everything is closed, and the document or the failure is printed (output.c).
 * Handlers print nothing, so that a signal never meets a half-written document.
 */
#ifndef BLOCKSTORE_CLI_H
#define BLOCKSTORE_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <blockstore/blockstore.h>

#define CLI_AUTO(destroy) __attribute__((__cleanup__(destroy)))

static inline void cli_free(void *pointer_to_pointer) {
  free(*(void **)pointer_to_pointer);
}

enum cli_option_name {
  CLI_CONFIG,
  CLI_KEY,
  CLI_VERBOSE,
  CLI_QUIET,
  CLI_HELP,
  CLI_COMMON, /* those above go with every command */
  CLI_PAYMENT_KEY = CLI_COMMON,
  CLI_OUTPUT,
  CLI_RAW,
  CLI_DEADLINE,
  CLI_DRY_RUN,
  CLI_PURGE,
  CLI_VER,
  CLI_VER_MIN,
  CLI_VER_MAX,
  CLI_Z,
  CLI_EXPIRES,
  CLI_NO_CREATE,
  CLI_REROUTE,
  CLI_FORCE,
  CLI_TXID,
  CLI_LIFETIME,
  CLI_COEFF,
  CLI_BASE,
  CLI_BUCKETS,
  CLI_NONALPHA_DISCOUNT,
  CLI_NO_VOWEL_DISCOUNT,
  CLI_REFUSED,
  CLI_RESUME,
  CLI_PROVE,
  CLI_PROVE_BLOCKS,
  CLI_TEST,
  CLI_ALL,
  CLI_CHECK,
  CLI_VERSION,
  CLI_OPTIONS
};

struct cli_option {
  const char *name;
  char letter;          /* '\0': none */
  const char *argument; /* what --help calls it, a noun; NULL: takes none */
  const char *help;
};
extern const struct cli_option cli_options[CLI_OPTIONS];

/* What an argument is, as its noun says: the rows stand in options.c. */
enum cli_kind {
  CLI_IS_WORD, /* anything */
  CLI_IS_FILE,
  CLI_IS_TEXT,     /* itself, or @FILE with it; what begins with @ is written @@ */
  CLI_IS_CONTENTS, /* the same, but it never begins with @ */
  CLI_IS_COMMAND,
  CLI_IS_ONE_OF /* of `words`, for completion; whoever takes it may take others */
};
struct cli_argument {
  char noun[24];
  bool is_optional;
  enum cli_kind kind;
  const char *words; /* with blanks between */
};

/* What is opened before a handler runs; each includes those before it. */
enum cli_needs { CLI_NOTHING, CLI_CONFIG_READ, CLI_SESSION, CLI_OWNER };

struct cli;
struct cli_command {
  const char *name;
  const char *arguments; /* "NAME [ADDRESS]", nouns: how many there may be, and of what kind, is read from this */
  const char *help;      /* one line */
  const char *details;   /* more lines for `help COMMAND`, each ended; "" */
  uint64_t options;      /* CLI_TAKES of those beyond the common ones */
  enum cli_needs needs;
  enum blockstore_result (*run)(struct cli *cli);
};
#define CLI_TAKES(option) (UINT64_C(1) << (option))
_Static_assert(CLI_OPTIONS <= 64, "an option has a bit of struct cli_command.options");
#define CLI_WRITES (CLI_TAKES(CLI_DEADLINE) | CLI_TAKES(CLI_PAYMENT_KEY) | CLI_TAKES(CLI_TXID)) /* of all that write data */

/* A table of commands, ended by one without a name. */
struct cli_group {
  const char *title;
  const struct cli_command *commands;
};
extern const struct cli_group cli_groups[]; /* ended by one without a title */
extern const struct cli_command cli_setup_commands[], cli_key_commands[], cli_name_commands[], cli_namespace_commands[],
    cli_chain_commands[], cli_data_commands[], cli_mutable_commands[], cli_help_commands[];

struct cli_progress {
  int64_t began; /* of the first report, monotonic ms; 0: none yet */
  const char *what;
  uint64_t done;
  int64_t what_began;
};

struct cli {
  /* The command line. */
  const struct cli_command *command;
  const char *const *arguments;
  size_t count;
  unsigned given[CLI_OPTIONS];    /* how often */
  const char *value[CLI_OPTIONS]; /* the last */
  uint32_t deadline_ms;           /* 0: the config's */
  uint64_t prove_blocks;          /* the same */

  /* What the command asked for. */
  struct blockstore_config *config;
  struct blockstore *blockstore;
  struct blockstore_key *key, *payment_key;
  struct cli_progress progress;

  /* What it left.  On success json or text, or neither when the output is not a document. */
  char *json; /* the library's, by blockstore_free */
  char *text; /* ours, by free */
  const char *verdict; /* beside a document with bad news: a line on stderr, and the exit status is 1; NULL: none */
  struct blockstore_error *error; /* the library's failure; else our own: */
  const char *word;
  char message[1024];
};

/* ---- options.c ---- */
/* Sorts argv into options and arguments (moved to its front); false: refused. */
bool cli_parse(struct cli *cli, int argc, char **argv);
/* The command that arguments[0] names, which is taken off them; false: refused. */
bool cli_find_command(struct cli *cli);
/* Options and arguments against the command's row. */
bool cli_check_usage(struct cli *cli);
/* The number that an option names, from 1 to `most`, in words `limit`; the option that is not given leaves it alone. */
bool cli_take_number(struct cli *cli, uint64_t *number, enum cli_option_name option, uint64_t most, const char *limit);
/* Takes the next one off *at, the arguments of a command's row or that of an option's; false: none is left. */
bool cli_next_argument(struct cli_argument *ret_argument, const char **at);

/* ---- session.c ---- */
bool cli_open(struct cli *cli);
/* The keys, for a command that needs them now and then; cli_close frees them. */
bool cli_read_keys(struct cli *cli);
void cli_close(struct cli *cli);
/* SIGINT or SIGTERM when one came while a session was open, else 0. */
int cli_signal(void);

/* ---- output.c ---- */
/* Our own failure: word and message for the error document; returns `result`. */
enum blockstore_result cli_fail(struct cli *cli, enum blockstore_result result, const char *word,
                                const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same for a mistake on the command line; false. */
#define cli_refuse(cli, ...) (cli_fail(cli, BLOCKSTORE_USAGE, "usage", __VA_ARGS__) == BLOCKSTORE_DONE)
enum blockstore_result cli_no_memory(struct cli *cli);
/* The value of the document's own member, as it stands there: a text with its quotes.  NULL: it has none. */
const char *cli_member(const char *document, const char *name);
/* Leaves a copy of a library object's document. */
enum blockstore_result cli_answer(struct cli *cli, const char *document);
/* Prints document or failure; returns the exit status. */
int cli_print(struct cli *cli, enum blockstore_result result);
/* One line on stderr, of a command that did what it was asked. */
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Flushes stdout; returns `status`, or 1 when it could not be written, and says on stderr what was done all the same. */
int cli_finish(const struct cli *cli, int status);

/* A document of our own, one flat object; the caller adds the members sorted by name. */
struct cli_object {
  FILE *file; /* NULL: no memory */
  char *text;
  size_t length;
  bool any;
};
void cli_object_begin(struct cli_object *object);
/* Bytes that are no UTF-8 come out as U+FFFD.  bytes NULL: null. */
void cli_object_text(struct cli_object *object, const char *name, const void *bytes, size_t length);
void cli_object_string(struct cli_object *object, const char *name, const char *string);
void cli_object_number(struct cli_object *object, const char *name, uint64_t number);
enum blockstore_result cli_object_end(struct cli_object *object, struct cli *cli);
/* UTF-8 without U+0000. */
bool cli_is_text(const void *bytes, size_t length);

/* ---- data.c ---- */
void cli_free_input(struct blockstore_input **input);
void cli_free_output(struct blockstore_output **output);
void cli_free_record(struct blockstore_record **record);
void cli_free_receipt(struct blockstore_receipt **receipt);
/* DATA: text, @FILE, or -; options.c has refused an @ alone. */
struct blockstore_input *cli_open_data(const char *data);
/* Where --output, --raw or neither says that the data of a get goes. */
struct blockstore_output *cli_open_output(const struct cli *cli);
enum blockstore_result cli_answer_data(struct cli *cli, enum blockstore_result result, struct blockstore_record *const *record,
                                       const struct blockstore_output *output);
enum blockstore_result cli_answer_receipt(struct cli *cli, enum blockstore_result result,
                                          struct blockstore_receipt *const *receipt);

/* What both deletes of the library look like. */
typedef enum blockstore_result cli_deletion(struct blockstore *blockstore, struct blockstore_receipt **ret_receipt,
                                            const char *name, const char *what, const struct blockstore_key *key,
                                            const struct blockstore_delete_options *options, struct blockstore_error **error);
enum blockstore_result cli_delete(struct cli *cli, cli_deletion *delete);

/* ---- names.c ---- */
/* Of the commands that ask the name service, and of those that change something. */
#define CLI_ASKS CLI_TAKES(CLI_DEADLINE)
#define CLI_TELLS (CLI_TAKES(CLI_DEADLINE) | CLI_TAKES(CLI_PAYMENT_KEY) | CLI_TAKES(CLI_DRY_RUN))

/* Calls the library's method of the command's name, with the command's options. */
enum blockstore_result cli_call_method(struct cli *cli, const char *const *arguments, size_t count);
/* The same with the command's arguments as they are. */
enum blockstore_result cli_run_method(struct cli *cli);
/* Where *argument is "-" or @FILE, it becomes the text of stdin or of that file, which is *ret_text, by free; other
 * arguments stay.  noun: what it is, for messages. */
enum blockstore_result cli_take_text(struct cli *cli, const char **argument, char **ret_text, const char *noun);

/* ---- progress.c ---- */
/* The callback for a call, NULL when no bar is wanted; its user is the struct cli. */
blockstore_progress cli_progress_callback(const struct cli *cli);
/* Takes the bar off the line; from any thread. */
void cli_progress_erase(void);
/* The same for a signal handler: true, and CLI_ERASE is to be written. */
bool cli_progress_take(void);
#define CLI_ERASE "\r\033[K"

/* ---- fault.c ---- */
/* From now on a crash inside a driver is told on stderr before it ends the process. */
void cli_watch_drivers(void);

/* ---- completion.c ---- */
#define CLI_SHELLS "bash zsh fish"
enum blockstore_result cli_run_completion(struct cli *cli);
/* Prints a text for the inside of single quotes, with a backslash before each of `marked`.  quote: what an apostrophe becomes. */
void cli_print_escaped(const char *text, const char *marked, const char *quote);

/* ---- completion-SHELL.c: each prints the script that completes the command line in that shell. ---- */
void cli_complete_in_bash(void);
void cli_complete_in_zsh(void);
void cli_complete_in_fish(void);

/* ---- help.c ---- */
/* NULL: on all commands. */
void cli_help(const struct cli_command *command);

#endif

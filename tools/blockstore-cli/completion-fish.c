/* SPDX-License-Identifier: MIT */
/* The script for fish: a `complete` for each option and each argument of a known kind, each with its condition. */
#include <config.h>

#include "tools/blockstore-cli/cli.h"

static void print_quoted(const char *text) {
  putchar('\'');
  cli_print_escaped(text, "\\'", "'");
  putchar('\'');
}

/* Beyond the fixed functions: the commands, and which options wait for a word. */
static void print_tables(void) {
  fputs("# Options whose argument is the next word.\n"
        "set -g __blockstore_cli_waiting '^(-[^-]*[",
        stdout);
  for (size_t i = 0; i < CLI_OPTIONS; i++)
    if (cli_options[i].letter != '\0' && cli_options[i].argument != NULL) putchar(cli_options[i].letter);
  fputs("]|--(", stdout);
  for (size_t i = 0; i < CLI_OPTIONS; i++)
    if (cli_options[i].argument != NULL) printf("%s%s", i == 0 ? "" : "|", cli_options[i].name);
  puts("))$'\n\n"
       "# In a command - is as good as _: what was typed stays.\n"
       "function __blockstore_cli_commands\n"
       "    set -l typed (commandline -ct)\n"
       "    set -l start (string escape --style=regex -- (string replace -a -- - _ $typed))\n"
       "    printf '%s\\t%s\\n' \\");
  for (const struct cli_group *group = cli_groups; group->title != NULL; group++)
    for (const struct cli_command *row = group->commands; row->name != NULL; row++) {
      printf("        %s ", row->name);
      print_quoted(row->help);
      puts(" \\");
    }
  puts("        | string replace -r -- \"^$start\" \"$typed\"\n"
       "end\n");
}

static const char functions[] =
    "# The command and its arguments before the cursor, without the options.\n"
    "function __blockstore_cli_words\n"
    "    set -l skip 0\n"
    "    set -l plain 0\n"
    "    for word in (commandline -opc)[2..]\n"
    "        if test $skip = 1\n"
    "            set skip 0\n"
    "        else if test $plain = 1; or not string match -qr -- '^-.' $word\n"
    "            printf '%s\\n' $word\n"
    "        else if test $word = --\n"
    "            set plain 1\n"
    "        else if string match -qr -- $__blockstore_cli_waiting $word\n"
    "            set skip 1\n"
    "        end\n"
    "    end\n"
    "end\n"
    "\n"
    "# COMMAND...: one of them was given.\n"
    "function __blockstore_cli_is\n"
    "    set -l words (__blockstore_cli_words)\n"
    "    set -q words[1]; and contains -- (string replace -a -- - _ $words[1]) $argv\n"
    "end\n"
    "\n"
    "# COUNT COMMAND...: one of them was given, and stands with its arguments in so many words.  0: none was.\n"
    "function __blockstore_cli_at\n"
    "    test (count (__blockstore_cli_words)) = $argv[1]; or return\n"
    "    test $argv[1] = 0; or __blockstore_cli_is $argv[2..]\n"
    "end\n"
    "\n"
    "# Of an argument that may be @FILE.\n"
    "function __blockstore_cli_data\n"
    "    set -l typed (commandline -ct)\n"
    "    string match -q -- '@*' $typed; or return\n"
    "    set -l files (__fish_complete_path (string sub -s 2 -- $typed))\n"
    "    set -q files[1]; and printf '@%s\\n' $files\n"
    "end\n";

/* What offers that which the argument may be. */
static void print_kind(const struct cli_argument *argument) {
  if (argument->kind == CLI_IS_FILE) fputs(" -F", stdout);
  if (argument->kind == CLI_IS_ONE_OF) printf(" -a '%s'", argument->words);
  if (argument->kind == CLI_IS_COMMAND) fputs(" -a '(__blockstore_cli_commands)'", stdout);
  if (argument->kind == CLI_IS_TEXT || argument->kind == CLI_IS_CONTENTS) fputs(" -a '(__blockstore_cli_data)'", stdout);
}

/* Of commands those that take it are its condition. */
static void print_condition(size_t option) {
  if (option < CLI_COMMON) return;
  fputs(option == CLI_VERSION ? " -n '__blockstore_cli_at 0" : " -n '__blockstore_cli_is", stdout);
  for (const struct cli_group *group = cli_groups; group->title != NULL; group++)
    for (const struct cli_command *row = group->commands; row->name != NULL; row++)
      if ((row->options & CLI_TAKES(option)) != 0) printf(" %s", row->name);
  putchar('\'');
}

static void print_option(size_t option) {
  const struct cli_option *row = &cli_options[option];
  const char *at = row->argument;
  struct cli_argument argument;

  fputs("complete -c blockstore-cli", stdout);
  print_condition(option);
  if (row->letter != '\0') printf(" -s %c", row->letter);
  printf(" -l %s", row->name);
  if (at != NULL && cli_next_argument(&argument, &at)) {
    fputs(argument.kind == CLI_IS_FILE ? " -r" : " -x", stdout);
    print_kind(&argument);
  }
  fputs(" -d ", stdout);
  print_quoted(row->help);
  putchar('\n');
}

static void print_arguments(const struct cli_command *command) {
  const char *at = command->arguments;
  struct cli_argument argument;

  for (unsigned count = 1; cli_next_argument(&argument, &at); count++) {
    if (argument.kind == CLI_IS_WORD) continue;
    printf("complete -c blockstore-cli -n '__blockstore_cli_at %u %s'", count, command->name);
    print_kind(&argument);
    putchar('\n');
  }
}

void cli_complete_in_fish(void) {
  printf("# fish completion of blockstore-cli %s, printed by: blockstore-cli completion fish\n\n", blockstore_version());
  print_tables();
  puts(functions);
  puts("complete -c blockstore-cli -f\n"
       "complete -c blockstore-cli -n '__blockstore_cli_at 0' -a '(__blockstore_cli_commands)'");
  for (size_t i = 0; i < CLI_OPTIONS; i++) print_option(i);
  for (const struct cli_group *group = cli_groups; group->title != NULL; group++)
    for (const struct cli_command *row = group->commands; row->name != NULL; row++) print_arguments(row);
}

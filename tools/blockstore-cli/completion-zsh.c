/* SPDX-License-Identifier: MIT */
/* The script for zsh: the tables as specifications of _arguments. */
#include <config.h>

#include "tools/blockstore-cli/cli.h"

#define APOSTROPHE "'\\''"

/* ":NOUN:" and how it is completed. */
static void print_action(const struct cli_argument *argument) {
  static const char *const actions[] = {[CLI_IS_WORD] = " ",
                                        [CLI_IS_FILE] = "_files",
                                        [CLI_IS_TEXT] = "_blockstore-cli_data",
                                        [CLI_IS_CONTENTS] = "_blockstore-cli_data",
                                        [CLI_IS_COMMAND] = "_blockstore-cli_commands"};

  printf("%s:%s:", argument->is_optional ? ":" : "", argument->noun);
  if (argument->kind == CLI_IS_ONE_OF) printf("(%s)", argument->words);
  else fputs(actions[argument->kind], stdout);
}

/* mark: of _arguments, before the option: * for one that may be given again, ! for one that is taken but not offered. */
static void print_option(size_t option, const char *mark) {
  const struct cli_option *row = &cli_options[option];
  const char *at = row->argument;
  struct cli_argument argument;
  bool takes = at != NULL && cli_next_argument(&argument, &at);

  fputs("    '", stdout);
  fputs(mark, stdout);
  if (row->letter != '\0') printf("'{-%c%s,--%s%s}'", row->letter, takes ? "+" : "", row->name, takes ? "=" : "");
  else printf("--%s%s", row->name, takes ? "=" : "");
  putchar('[');
  cli_print_escaped(row->help, "]\\", APOSTROPHE);
  putchar(']');
  if (takes) print_action(&argument);
  puts("'");
}

static void print_commands(void) {
  puts("_blockstore-cli_commands() {\n  local -a commands=(");
  for (const struct cli_group *group = cli_groups; group->title != NULL; group++)
    for (const struct cli_command *row = group->commands; row->name != NULL; row++) {
      printf("    '%s:", row->name);
      cli_print_escaped(row->help, ":\\", APOSTROPHE);
      puts("'");
    }
  puts("  )\n"
       "  _describe -t commands command commands -M 'm:-=_' # in a command - is as good as _\n"
       "}\n\n"
       "_blockstore-cli_data() {\n"
       "  compset -P @ && _files\n"
       "}\n");
}

static void print_command(const struct cli_command *command) {
  const char *at = command->arguments;
  struct cli_argument argument;

  if (command->options == 0 && *at == '\0') {
    printf("    %s) ;;\n", command->name);
    return;
  }
  printf("    %s) specs+=(\n", command->name);
  for (size_t i = CLI_COMMON; i < CLI_OPTIONS; i++)
    if ((command->options & CLI_TAKES(i)) != 0) print_option(i, "*");
  for (unsigned number = 1; cli_next_argument(&argument, &at); number++) {
    printf("    '%u", number);
    print_action(&argument);
    puts("'");
  }
  puts("    ) ;;");
}

/* Options may stand before the command, too: those of commands are known then, but only the common ones offered. */
static void print_options(void) {
  puts("_blockstore-cli() {\n"
       "  local curcontext=$curcontext state state_descr line\n"
       "  local -A opt_args\n"
       "  local -a specs=(");
  for (size_t i = 0; i < CLI_COMMON; i++) print_option(i, "*");
  puts("  ) others=(");
  for (size_t i = CLI_COMMON; i < CLI_OPTIONS; i++)
    if (i != CLI_VERSION) print_option(i, "!*");
  print_option(CLI_VERSION, "");
  puts("  )\n\n"
       "  _arguments -C -s -S -A '-*' $specs $others '1:command:_blockstore-cli_commands' '*:::argument:->arguments' && return\n"
       "  [[ $state == arguments ]] || return 1\n"
       "  words=($line[1] \"$words[@]\")\n"
       "  ((CURRENT++))\n"
       "  curcontext=${curcontext%:*:*}:blockstore-cli-$line[1]:\n"
       "  case ${line[1]//-/_} in");
}

void cli_complete_in_zsh(void) {
  printf("#compdef blockstore-cli\n# zsh completion of blockstore-cli %s, printed by: blockstore-cli completion "
         "zsh\n\n", blockstore_version());
  print_commands();
  print_options();
  for (const struct cli_group *group = cli_groups; group->title != NULL; group++)
    for (const struct cli_command *row = group->commands; row->name != NULL; row++) print_command(row);
  puts("    *) return 1 ;;\n"
       "  esac\n"
       "  _arguments -s -S $specs\n"
       "}\n\n"
       "# As a file of $fpath it is the function; read by source it only says which one there is.\n"
       "if [[ $funcstack[1] == _blockstore-cli ]]; then\n"
       "  _blockstore-cli \"$@\"\n"
       "else\n"
       "  compdef _blockstore-cli blockstore-cli\n"
       "fi");
}

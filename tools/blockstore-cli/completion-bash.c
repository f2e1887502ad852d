/* SPDX-License-Identifier: MIT */
/*
 * The script for bash.  The tables become three functions, which say what may follow; the fourth is the same for any
 * tables.  It uses nothing of the bash-completion package.
 *
 * What may follow, its kind: empty, nothing (of an option: it has no argument); word, anything; path; @path; cmd;
 * or = and words to choose from.
 */
#include <config.h>

#include <string.h>

#include "tools/blockstore-cli/cli.h"

/* A kind as one word of the script. */
static void print_kind(const struct cli_argument *argument) {
  static const char *const kinds[] = {
      [CLI_IS_WORD] = "word", [CLI_IS_FILE] = "path", [CLI_IS_TEXT] = "@path",
      [CLI_IS_CONTENTS] = "@path", [CLI_IS_COMMAND] = "cmd"};

  if (argument->kind == CLI_IS_ONE_OF) printf("'=%s'", argument->words);
  else fputs(kinds[argument->kind], stdout);
}

static void print_option_words(size_t option) {
  if (cli_options[option].letter != '\0') printf(" -%c", cli_options[option].letter);
  printf(" --%s", cli_options[option].name);
}

static void print_command(const struct cli_command *command) {
  const char *at = command->arguments;
  struct cli_argument argument;

  printf("    %s)\n", command->name);
  if (command->options != 0) {
    fputs("      options+='", stdout);
    for (size_t i = CLI_COMMON; i < CLI_OPTIONS; i++)
      if ((command->options & CLI_TAKES(i)) != 0) print_option_words(i);
    puts("'");
  }
  fputs("      kinds=(", stdout);
  for (const char *between = ""; cli_next_argument(&argument, &at); between = " ") {
    fputs(between, stdout);
    print_kind(&argument);
  }
  puts(")\n      ;;");
}

/* In a command's name - is as good as _. */
static void print_commands(void) {
  puts("# Sets the kinds of a command's arguments, and adds its options.\n"
       "_blockstore_cli_command() {\n"
       "  case ${1//-/_} in");
  for (const struct cli_group *group = cli_groups; group->title != NULL; group++)
    for (const struct cli_command *row = group->commands; row->name != NULL; row++) print_command(row);
  puts("  esac\n}\n");
  fputs("_blockstore_cli_commands='", stdout);
  for (const struct cli_group *group = cli_groups; group->title != NULL; group++)
    for (const struct cli_command *row = group->commands; row->name != NULL; row++) printf(" %s", row->name);
  puts("'\n");
}

/* The letters of options that have an argument, or that have none, as the inside of brackets. */
static void print_letters(bool with_argument) {
  for (size_t i = 0; i < CLI_OPTIONS; i++)
    if (cli_options[i].letter != '\0' && (cli_options[i].argument != NULL) == with_argument) putchar(cli_options[i].letter);
}

static void print_options(void) {
  puts("# Sets the kind of an option's argument.\n"
       "_blockstore_cli_option() {\n"
       "  kind=\n"
       "  case $1 in");
  for (size_t i = 0; i < CLI_OPTIONS; i++) {
    const char *at = cli_options[i].argument;
    struct cli_argument argument;

    if (at == NULL || !cli_next_argument(&argument, &at)) continue;
    if (cli_options[i].letter != '\0') printf("    -%c | --%s) kind=", cli_options[i].letter, cli_options[i].name);
    else printf("    --%s) kind=", cli_options[i].name);
    print_kind(&argument);
    puts(" ;;");
  }
  puts("  esac\n}\n");
}

static void print_common(void) {
  fputs("_blockstore_cli() {\n  local options='", stdout);
  for (size_t i = 0; i < CLI_COMMON; i++) print_option_words(i);
  print_option_words(CLI_VERSION);
  fputs("' letters='^(-[", stdout);
  print_letters(false);
  fputs("]*)([", stdout);
  print_letters(true);
  puts("])(.*)$'");
}

static const char files[] =
    "# Files and directories that begin with $part.  Readline knows by itself how to quote them, but not behind an @.\n"
    "_blockstore_cli_files() {\n"
    "  local file quoted=''\n"
    "  [[ ${words[-1]} == *[\\\"\\']* ]] && quoted=1\n"
    "  part=${part#[\\\"\\']}\n"
    "  [[ -n $quoted ]] || part=${part//\\\\/}\n"
    "  [[ -n $head && $part == \\~* ]] && return # the shell would not expand it there\n"
    "  [[ $head == @ ]] || compopt -o filenames 2>/dev/null\n"
    "  while IFS= read -r file; do\n"
    "    [[ -d ${file/#\\~\\//\"$HOME\"/} ]] && file+=/\n"
    "    [[ $head == @ && -z $quoted ]] && printf -v file %q \"$file\"\n"
    "    COMPREPLY+=(\"${head#\"$lead\"}$file\")\n"
    "  done < <(compgen -f -- \"$part\")\n"
    "  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null\n"
    "}\n";

static const char rest[] =
    "  local line=${COMP_LINE:0:COMP_POINT} words=() kinds=() kind='' command='' plain='' head='' word blank part lead\n"
    "\n"
    "  # Bash cuts words at = : and @, too; what has no blank between belongs together.\n"
    "  for word in \"${COMP_WORDS[@]:0:COMP_CWORD+1}\"; do\n"
    "    blank=${line%%[![:space:]]*}\n"
    "    line=${line#\"$blank\"}\n"
    "    [[ $line == \"$word\"* ]] || word=$line # the cursor stands within it\n"
    "    if [[ -z $blank && ${#words[@]} -gt 0 ]]; then\n"
    "      words[-1]+=$word\n"
    "    else\n"
    "      words+=(\"$word\")\n"
    "    fi\n"
    "    line=${line#\"$word\"}\n"
    "  done\n"
    "\n"
    "  part=${words[-1]}\n"
    "  lead=${part%\"$2\"} # readline replaces the rest, $2\n"
    "  lead=${lead//[\\\"\\']/}\n"
    "  part=${part#[\\\"\\']}\n"
    "  for word in \"${words[@]:1:${#words[@]}-2}\"; do\n"
    "    if [[ -n $kind ]]; then\n"
    "      kind=\n"
    "    elif [[ -z $plain && $word == -- ]]; then\n"
    "      plain=1\n"
    "    elif [[ -z $plain && $word == --* ]]; then\n"
    "      _blockstore_cli_option \"$word\" # with = in it, it is none of those that wait for a word\n"
    "    elif [[ -z $plain && $word == -?* ]]; then\n"
    "      [[ $word =~ $letters && -z ${BASH_REMATCH[3]} ]] && _blockstore_cli_option \"-${BASH_REMATCH[2]}\"\n"
    "    elif [[ -z $command ]]; then\n"
    "      command=$word\n"
    "      options=${options% --version}\n"
    "      _blockstore_cli_command \"$command\"\n"
    "    else\n"
    "      kinds=(\"${kinds[@]:1}\")\n"
    "    fi\n"
    "  done\n"
    "\n"
    "  if [[ -n $kind ]]; then\n"
    "    :\n"
    "  elif [[ -z $plain && $part == --*=* ]]; then\n"
    "    head=${part%%=*}=\n"
    "    _blockstore_cli_option \"${part%%=*}\"\n"
    "  elif [[ -z $plain && $part =~ $letters && -n ${BASH_REMATCH[3]} ]]; then\n"
    "    head=${BASH_REMATCH[1]}${BASH_REMATCH[2]}\n"
    "    _blockstore_cli_option \"-${BASH_REMATCH[2]}\"\n"
    "  elif [[ -z $plain && $part == -* ]]; then\n"
    "    kind=\"=$options\"\n"
    "  elif [[ -z $command ]]; then\n"
    "    kind=cmd\n"
    "  else\n"
    "    kind=${kinds[0]}\n"
    "  fi\n"
    "  [[ $kind == @path && $part == @* ]] && head=@ kind=path\n"
    "  part=${part#\"$head\"}\n"
    "  COMPREPLY=()\n"
    "  case $kind in\n"
    "    path) _blockstore_cli_files ;;\n"
    "    cmd) mapfile -t COMPREPLY < <(compgen -W \"$_blockstore_cli_commands\" -- \"${part//-/_}\") ;;\n"
    "    =*) mapfile -t COMPREPLY < <(compgen -W \"${kind#=}\" -- \"$part\") ;;\n"
    "  esac\n"
    "}\n"
    "\n"
    "complete -F _blockstore_cli blockstore-cli";

void cli_complete_in_bash(void) {
  printf("# bash completion of blockstore-cli %s, printed by: blockstore-cli completion bash\n", blockstore_version());
  print_commands();
  print_options();
  puts(files);
  print_common();
  puts(rest);
}
